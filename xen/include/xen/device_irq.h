/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts of devices that domains hold: a vector of a CPU, routed by the IOMMU, becomes an interrupt of an emulated local APIC.
 * A device can send at any rate: what it may send in a millisecond is bounded, what is over the bound becomes one interrupt
 * when the millisecond is over.
 */
#ifndef XEN_DEVICE_IRQ_H
#define XEN_DEVICE_IRQ_H

#include <xen/iommu.h>
#include <xen/irq_budget.h>
#include <xen/timer.h>

struct domain;

#define DEVICE_IRQ_PER_MS 64u
#define DEVICE_IRQ_PER_MS_ALL 128u /* of a domain's together: it may have many */
#define DEVICE_IRQS_PER_DOMAIN 64u

/* One interrupt of one device; owned by vpci, zero while unbound. */
struct device_irq {
    struct domain *d;           /* borrowed; NULL: not bound. Constant while bound, as the four that follow */
    uint16_t device;
    unsigned index;             /* number of the device's interrupt: IOMMU_IRQS_MAX */
    bool is_line;               /* it comes by a pin of an I/O APIC, gsi, and not by message */
    uint32_t gsi;
    unsigned cpu;
    uint8_t vector;
    struct msi_message guest;   /* what the domain has written: whom to interrupt; lock of device_irq.c */
    struct irq_budget budget;   /* same lock, as all that follows but the timer */
    bool held;                  /* too many came, it is refused until the timer fires */
    struct timer timer;
};

/**
 * Let interrupt number index of device arrive in d, as guest says. Not for one that is bound.
 * @param host  out: what the device is to send
 * @return 0; -ENODEV as iommu_ops.irq_route; -ENOSPC no vector, or d has DEVICE_IRQS_PER_DOMAIN of them; -ENOMEM
 */
int device_irq_bind(struct device_irq *irq, struct domain *d, uint16_t device, unsigned index, struct msi_message guest,
                    struct msi_message *host) must_check;
/**
 * The same for the line of a device, by its edge: pin gsi of the host's I/O APICs, which is d's alone from then on.
 * @return as device_irq_bind(); -ENOENT there is no such pin; -EBUSY somebody has it
 */
int device_irq_bind_line(struct device_irq *irq, struct domain *d, uint16_t device, uint32_t gsi, struct msi_message guest) must_check;
/** The line of a bound one is asserted still: as if it came again. */
void device_irq_again(struct device_irq *irq);
/** From now on it goes where guest says. */
void device_irq_change(struct device_irq *irq, struct msi_message guest);
/** It arrives no more, once this has returned. Nothing happens to one that is not bound. */
void device_irq_unbind(struct device_irq *irq);

void device_irq_init(void);
/** Vectors, of every CPU, that are for devices; the trap code passes them on. Interrupts are off. */
#define VECTOR_DEVICE_FIRST 0x40u
#define VECTOR_DEVICE_LAST 0xefu
void device_irq_arrived(uint8_t vector);

/** Duty of the architecture: deliver what a message of a device says to d's local APICs. What makes no sense is dropped. */
void arch_domain_message(struct domain *d, const struct msi_message *message);

#endif
