/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The access vector cache. Each CPU has its own direct-mapped table that only it writes and reads, so
 * a hit needs neither lock nor atomic operation. An entry is stamped with the sequence number of the
 * policy it was computed from; whatever changes the answers moves that number on, and with it every
 * entry of every CPU is stale at once.
 */
#ifndef FLASK_AVC_H
#define FLASK_AVC_H

#include <xen/types.h>
#include <xsm/xsm.h>

#define AVC_SLOTS 512U           /* entries per CPU, a power of two */
#define AVC_TRANSITION_SLOTS 32U

struct avc_entry {
    xsm_sid_t ssid, tsid;
    uint64_t stamp;              /* policy_stamp | class; 0 never valid */
    uint32_t loud;               /* refused, to be logged when granted, or not looked up yet */
    uint32_t allowed;
    uint32_t audited;            /* to be logged, as granted or refused */
    uint32_t decided;            /* looked up; the others are 0 in `allowed` */
};

struct avc_transition {
    xsm_sid_t ssid, tsid;
    uint64_t stamp;
    xsm_sid_t sid;
};

struct avc_cpu {
    struct avc_entry entry[AVC_SLOTS];
    uint64_t hits, misses, denials;
    struct avc_transition transition[AVC_TRANSITION_SLOTS];
    char line[1280];             /* where audit lines are put together */
};

_Static_assert(sizeof(struct avc_entry) == 32, "an entry is half a cache line");

/** Whether xsm_init() has been called. */
bool avc_ready(void);
void avc_fini(void);

/** Move the sequence number on. Lock held. */
void policy_changed(void);

#endif
