/* SPDX-License-Identifier: Apache-2.0 */
/* No softirq runs here; who works long asks whether to stop, and is told what the test says. */
#include "fake.h"

#include <xen/softirq.h>

bool softirq_pending(void)
{
    return fake_preempt;
}

void softirq_raise(enum softirq nr)
{
    (void)nr;
}
