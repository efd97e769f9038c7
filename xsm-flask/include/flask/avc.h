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
#include <xsm/avc_hit.h>

#define AVC_TRANSITION_SLOTS 32U

struct avc_transition {
    uint64_t pair, tag;          /* as in struct xsm_avc_entry */
    xsm_sid_t sid;
};

struct avc_cpu {
    struct xsm_avc hot;          /* first: this is what xsm_env_avc_at(0) is */
    uint64_t misses, denials;
    struct avc_transition transition[AVC_TRANSITION_SLOTS];
    char line[1280];             /* where audit lines are put together */
};

/** Whether xsm_init() has been called. */
bool avc_ready(void);
void avc_fini(void);

/** Move the sequence number on. Lock held. */
void policy_changed(void);

#endif
