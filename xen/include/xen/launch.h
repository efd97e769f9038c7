/* SPDX-License-Identifier: Apache-2.0 */
/* From modules to running domains: manifest or legacy mode. */
#ifndef XEN_LAUNCH_H
#define XEN_LAUNCH_H

#include <xen/boot.h>

#include <public/xen.h>
#include <xsm/xsm.h>

/** Load the policy the modules name (or the built-in one in legacy mode), before the first domain exists. Panics with one line on error. */
void launch_policy(const struct boot_info *bi);
/** Build, measure and start every domain. Panics with one line that names the module and node on error. */
void launch_domains(const struct boot_info *bi);

/**
 * A domain is gone that is to come back: have it built anew from its measured modules, measured with its start counter one
 * higher, and started, in pieces between which guests run; at once, or after a pause if it comes back often. It has the label
 * `sid`, which is the one it had at its end: what a relabelling took away does not come back by a restart. What goes wrong later
 * is logged.
 * @param reason  of its end, SHUTDOWN_*
 * @return 0; -ENOENT not a domain of the manifest that is to be restarted
 */
int launch_restart(domid_t id, xsm_sid_t sid, uint32_t reason) must_check;
/** Is a domain still to come back? */
bool launch_restart_pending(void);

struct launch_waiting {
    bool absent;      /* it is to come back, and is not there yet */
    domid_t id;
    const char *name; /* borrowed for ever */
    xsm_sid_t sid;    /* the label it will have */
};
/** Domain number i of the manifest, in any order. @return false: there are not so many */
bool launch_restart_waiting(unsigned i, struct launch_waiting *out) must_check;

#endif
