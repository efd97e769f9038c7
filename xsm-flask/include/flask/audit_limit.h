/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much one source may put on record: so many events in a window of time, the rest counted. Several
 * CPUs ask at once where a domain has several vCPUs; there is no lock, and no event escapes both counts.
 */
#ifndef FLASK_AUDIT_LIMIT_H
#define FLASK_AUDIT_LIMIT_H

#include <xen/types.h>
#include <xsm/xsm.h>

#define AUDIT_WINDOW_NS 1000000000ULL

/** @return whether one more event of the window that `now_ns` is in fits; if not it has been counted */
bool audit_limit_take(struct xsm_audit_limit *l, uint64_t now_ns, uint32_t per_window);
/** The same with another window than AUDIT_WINDOW_NS. */
bool audit_limit_take_in(struct xsm_audit_limit *l, uint64_t now_ns, uint64_t window_ns, uint32_t per_window);

/**
 * Events over the limit that nobody has reported yet, once the window in which they came is over.
 * The caller reports them: they are not counted any more.
 */
uint64_t audit_limit_lost(struct xsm_audit_limit *l, uint64_t now_ns);

#endif
