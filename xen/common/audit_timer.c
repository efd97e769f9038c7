/* SPDX-License-Identifier: Apache-2.0 */
/* Once a second the policy engine may print what its rate limit swallowed, so that a source that falls silent is still accounted for. */
#include <xen/audit_timer.h>

#include <xen/domain.h>
#include <xen/time.h>
#include <xen/timer.h>
#include <xsm/xsm.h>

static struct timer timer;

static void flush(void *arg)
{
    (void)arg;
    xsm_audit_flush(NULL);
    for (struct domain *d = domain_next(NULL); d != NULL; d = domain_next(d)) {
        xsm_audit_flush(&d->audit);
    }
    timer_set(&timer, time_now_ns() + NS_PER_S);
}

void audit_timer_start(void)
{
    timer_init(&timer, flush, NULL);
    timer_set(&timer, time_now_ns() + NS_PER_S);
}
