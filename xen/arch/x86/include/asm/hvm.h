/* SPDX-License-Identifier: Apache-2.0 */
/* A PVH vCPU: registers, control block, local APIC, and the exits' helpers. */
#ifndef ASM_HVM_H
#define ASM_HVM_H

#include <asm/regs.h>
#include <asm/svm.h>
#include <asm/vlapic.h>
#include <xen/vcpu.h>

struct guest_regs { /* what vmrun does not keep; order known to svm/run.S */
    uint64_t rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
};

struct arch_vcpu {
    struct guest_regs regs;
    struct vmcb *vmcb;      /* owned page */
    paddr_t vmcb_pa;
    void *fpu;              /* owned, 512 bytes, 16-aligned */
    unsigned fpu_cpu;       /* CPU that loaded it last */
    struct vlapic lapic;
    uint64_t tsc_aux;
    uint32_t pkru;          /* not offered, but CR4.PKE makes it usable where the CPU has it */
    uint64_t dr[4];
    bool dr_live;           /* the CPU's DR0-3 are this vCPU's */
    bool nmi_pending;
    bool offered_callback;  /* the virtual interrupt of this entry is the domain's callback, not the APIC's */
    bool runstate_dirty;    /* write the guest's runstate area before the next entry */
    uint8_t upcall_vector;  /* 0: by the domain's callback */
    uint64_t asid_generation;
    unsigned asid_cpu;
    uint64_t flush_seq;     /* domain's flush count at the last entry */
    uint64_t exception;     /* event to inject at the next entry, SVM encoding, 0 none */
    uint64_t reinject;      /* event whose delivery the last exit cut short, 0 none */
    uint64_t mtrr_def, mtrr_fixed[11], mtrr_var[16];
    uint64_t exit_count;
};

struct arch_domain {
    uint8_t *iopm;          /* owned; own permission map when the domain has ports, else NULL */
    uint64_t flush_count;   /* atomic: TLB flush requests of this domain; wide, so that no guest can make it wrap */
    uint8_t callback_vector;/* HVM_PARAM_CALLBACK_IRQ type 2, 0 none */
};

/* Exits (svm/exit.c) reach these. */
void hvm_cpuid(struct vcpu *v, uint32_t leaf, uint32_t sub, uint32_t r[4]);
/** @return 0, or -EPERM when the guest must see #GP. */
int hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
int hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
uint32_t hvm_io_read(struct vcpu *v, uint16_t port, unsigned size);
void hvm_io_write(struct vcpu *v, uint16_t port, unsigned size, uint32_t value);
/** Nested fault at gaddr: emulate local APIC accesses, drop writes to holes. @return false when the access makes no sense. */
bool hvm_mmio(struct vcpu *v, gaddr_t gaddr, bool write);

/** Read fault where PCs have ROMs and firmware tables: let it read ones. @return false elsewhere. */
bool hvm_is_hole(gaddr_t gaddr);
bool hvm_hole_read(struct domain *d, gaddr_t gaddr);
void hvm_hole_init(void);

#define EXC_DB 1
#define EXC_UD 6
#define EXC_GP 13
#define EXC_PF 14
#define EXC_AC 17
/** Queue an exception with its error code (has_error) for the next entry. */
void hvm_inject_exception(struct vcpu *v, unsigned vector, bool has_error, uint32_t error);
uint64_t *hvm_reg(struct vcpu *v, unsigned nr); /* x86 register number 0..15 */
/** Step over an instruction of known length. */
static inline void hvm_advance(struct vcpu *v, unsigned length)
{
    struct vmcb *c = v->arch->vmcb;

    c->rip += length;
    if (unlikely(!(c->efer & EFER_LMA) || !(c->cs.attr & 0x200))) {
        c->rip &= 0xffffffff;
    }
    c->int_shadow = 0;
}

/** Startup IPI: real mode at page << 12; v is not running. */
void svm_vcpu_startup(struct vcpu *v, uint8_t page);
/** Ports first..last are not d's any more; no vCPU of d reaches them after the return. */
void arch_domain_close_ports(struct domain *d, uint16_t first, uint16_t last);
void arch_domain_destroy(struct domain *d);

#endif
