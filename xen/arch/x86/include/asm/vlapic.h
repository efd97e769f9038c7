/* SPDX-License-Identifier: Apache-2.0 */
/* The emulated local APIC of a vCPU, xAPIC and x2APIC. Source: Intel SDM vol. 3A, chapter 11. */
#ifndef ASM_VLAPIC_H
#define ASM_VLAPIC_H

#include <xen/timer.h>
#include <xen/types.h>

struct vcpu;

struct vlapic {
    uint64_t base;          /* MSR 0x1b */
    uint64_t irr[4];        /* atomic; other CPUs set bits */
    uint64_t isr[4];        /* owning vCPU only */
    uint32_t tpr, ldr, dfr, svr, esr, lvt[7], icr_high, timer_initial, timer_divide;
    uint64_t timer_start_ns;
    struct timer timer;
    bool sipi_wait;         /* after INIT, until SIPI */
};

void vlapic_init(struct vcpu *v);
/** Its timer ends for good; v does not run any more. May be called again. */
void vlapic_destroy(struct vcpu *v);
/** Make vector pending; any CPU may call it. Does not wake. */
void vlapic_set_irr(struct vcpu *v, uint8_t vector);
/** Highest deliverable vector above the processor priority, or -1. */
int vlapic_pending(struct vcpu *v);
/** The vector leaves IRR for the CPU: one that comes meanwhile is another one. Either accepted later, or set again. */
void vlapic_offer(struct vcpu *v, uint8_t vector);
/** The guest took it: it is in service until EOI. */
void vlapic_accept(struct vcpu *v, uint8_t vector);
/** Register file by xAPIC offset (0x20, 0x30...). */
uint32_t vlapic_read(struct vcpu *v, unsigned offset);
void vlapic_write(struct vcpu *v, unsigned offset, uint32_t value);
/** x2APIC MSR 0x800..0x83f. @return 0 or -EPERM. */
int vlapic_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
int vlapic_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
int vlapic_set_base(struct vcpu *v, uint64_t value);
uint32_t vlapic_id(const struct vcpu *v);

#endif
