/* SPDX-License-Identifier: Apache-2.0 */
/* How many interrupts came in the current millisecond: device_irq.h bounds a device's, and a domain's together. */
#ifndef XEN_IRQ_BUDGET_H
#define XEN_IRQ_BUDGET_H

#include <xen/types.h>

struct irq_budget {
    uint64_t window_ns; /* when the millisecond began */
    unsigned count;
};

#endif
