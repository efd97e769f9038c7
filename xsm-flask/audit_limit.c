/* SPDX-License-Identifier: Apache-2.0 */
/* Number of the window and events in it are one word, so that both change at once. */
#include <flask/audit_limit.h>

#define WINDOW_SHIFT 32

bool audit_limit_take(struct xsm_audit_limit *l, uint64_t now_ns, uint32_t per_window)
{
    return audit_limit_take_in(l, now_ns, AUDIT_WINDOW_NS, per_window);
}

bool audit_limit_take_in(struct xsm_audit_limit *l, uint64_t now_ns, uint64_t window_ns, uint32_t per_window)
{
    uint64_t now = now_ns / window_ns;
    uint64_t old = __atomic_load_n(&l->used, __ATOMIC_RELAXED), taken;

    do {
        /* A CPU whose clock is behind uses the window that another one has begun. */
        taken = old >> WINDOW_SHIFT < now ? now << WINDOW_SHIFT : old;
        if ((uint32_t)taken >= per_window) {
            __atomic_fetch_add(&l->lost, 1, __ATOMIC_RELAXED);
            return false;
        }
        taken++;
    } while (!__atomic_compare_exchange_n(&l->used, &old, taken, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return true;
}

uint64_t audit_limit_lost(struct xsm_audit_limit *l, uint64_t now_ns)
{
    uint64_t window = __atomic_load_n(&l->used, __ATOMIC_RELAXED) >> WINDOW_SHIFT;

    if (window >= now_ns / AUDIT_WINDOW_NS || __atomic_load_n(&l->lost, __ATOMIC_RELAXED) == 0) {
        return 0;
    }
    return __atomic_exchange_n(&l->lost, 0, __ATOMIC_RELAXED);
}
