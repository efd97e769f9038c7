/* SPDX-License-Identifier: Apache-2.0 */
/* decode: a physical interrupt or a PCI function as the object of a call, by the label that the policy gives it. */
#ifndef HYPERCALLS_RESOURCES_H
#define HYPERCALLS_RESOURCES_H

#include <xen/hypercall_row.h>

static inline int irq_object(struct call *c, uint32_t irq)
{
    c->audit.irq = irq;
    c->audit.have |= XSM_AUDIT_IRQ;
    return xsm_pirq_sid(irq, &c->sid[PARTY_OBJECT]);
}

/* sbdf: segment << 16 | bus << 8 | devfn */
static inline int device_object(struct call *c, uint32_t sbdf)
{
    c->audit.device = sbdf;
    c->audit.have |= XSM_AUDIT_DEVICE;
    return xsm_device_sid(sbdf, &c->sid[PARTY_OBJECT]);
}

#endif
