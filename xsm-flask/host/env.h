/* SPDX-License-Identifier: Apache-2.0 */
/* Knobs of the engine's environment in host programs. */
#ifndef XSM_FLASK_HOST_ENV_H
#define XSM_FLASK_HOST_ENV_H

#include <xen/types.h>

#define HOST_ENV_CPUS 4096U                  /* as many as xsm_init() takes */

extern unsigned int host_env_cpu;            /* who asks: its cache, its count */
extern long host_env_fail_after;             /* allocations until all fail; -1 never */
extern long host_env_live;                   /* allocations not yet freed */
extern size_t host_env_bytes;                /* bytes ever allocated */
extern uint64_t host_env_time_ns;            /* what xsm_env_now_ns() answers */
extern void (*host_env_audit)(const char *line);
extern int host_env_locked;                  /* the policy lock is held */

#endif
