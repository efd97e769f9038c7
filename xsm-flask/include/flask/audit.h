/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One line per question that policy wants logged, in the form that audit2allow and its like read:
 *   avc:  denied  { send } for domid=5 target=3 port=7 scontext=u:r:t tcontext=u:r:t tclass=event permissive=0
 * and one record in the ring of the CPU (<flask/audit_ring.h>). The record has class and permissions as they were asked; the
 * line has those that the policy in force knows: where it lacks a class of ours, the published ones that answer in its place,
 * in a line for each class. Whoever turns lines into rules gets rules that the policy understands. Both are limited per
 * source, which is a domain; what is left out is counted, and the count is reported when the window of the source has ended.
 */
#ifndef FLASK_AUDIT_H
#define FLASK_AUDIT_H

#include <flask/audit_limit.h>
#include <xen/types.h>
#include <xsm/xsm.h>

#define AUDIT_LINES_PER_WINDOW 32U
#define AUDIT_LINES_OF_ALL 48U
#define AUDIT_RECORDS_PER_WINDOW 256U
/*
 * Of a trace. What a domain may is some 150 permissions, once for each CPU, and comes in a burst when it starts; but two labels that
 * share a place in the cache push each other out, and whoever asks about them in turn has a new line each time.
 */
#define AUDIT_TRACE_LINES 1024U
#define AUDIT_TRACE_WINDOW_NS (60 * AUDIT_WINDOW_NS)

struct audit_event {
    xsm_sid_t ssid, tsid;
    uint16_t tclass;
    uint32_t permissions;        /* those refused, or granted, that the line is about */
    bool denied, permissive;
    bool traced;                 /* granted, and told for xsm_trace() alone: a line with a limit of its own, no record */
    bool revoked;                /* about something held, see xsm_audit_revocation() */
    enum xsm_revocation how;
    const struct xsm_audit *object;
};

/**
 * Write the record, and put the line or lines together in `buf` and emit them; or count either. Nothing where no
 * permission is named. Lock not held.
 *
 * @return whether all that there is to say is on the console
 */
bool audit_emit(const struct audit_event *ev, char *buf, size_t size);
/** Put on record that the mode is this from now on; that a policy or booleans came into force. No line, no limit. */
void audit_mode(bool enforcing);
void audit_policy(const char *what, uint64_t seqno);
/** Forget what the shared source has done, at the end of a host program. */
void audit_fini(void);

#endif
