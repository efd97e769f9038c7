/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU's control block: creation, the states it starts in, its registers. */
#include "svm_internal.h"

#include <asm/cpu.h>
#include <asm/time.h>
#include <xen/domain.h>
#include <xen/errno.h>

#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93
#define ATTR_CODE16 0x9b
#define ATTR_DATA16 0x93
#define ATTR_TSS 0x8b
#define ATTR_LDT 0x82

static void set_intercepts(struct vmcb *c)
{
    c->dr_read = c->dr_write = 0xffff;
    /* Delivering these can raise them again, for ever, with no window for an interrupt: each is to make an exit. */
    c->exceptions = 1u << EXC_DB | 1u << EXC_AC;
    c->misc1 = SVM_INTR | SVM_NMI | SVM_SMI | SVM_INIT | SVM_RDPMC | SVM_CPUID | SVM_INVD | SVM_HLT |
               SVM_INVLPGA | SVM_IOIO | SVM_MSR | SVM_TASK | SVM_SHUTDOWN;
    c->misc2 = SVM_VMRUN | SVM_VMMCALL | SVM_VMLOAD | SVM_VMSAVE | SVM_STGI | SVM_CLGI | SVM_SKINIT |
               SVM_WBINVD | SVM_MONITOR | SVM_MWAIT | SVM_MWAIT_ARMED | SVM_XSETBV |
               SVM_RDPRU;
}

int arch_vcpu_create(struct vcpu *v)
{
    struct arch_vcpu *a = xzalloc(struct arch_vcpu);
    struct vmcb *c;

    if (!a) {
        return -ENOMEM;
    }
    a->vmcb = pages_alloc(0);
    a->fpu = pages_alloc(0);
    if (!a->vmcb || !a->fpu) {
        pages_free(a->vmcb, 0);
        pages_free(a->fpu, 0);
        xfree(a);
        return -ENOMEM;
    }
    v->arch = a;
    a->vmcb_pa = virt_to_maddr(a->vmcb);
    *(uint16_t *)a->fpu = 0x37f;                            /* FCW */
    *(uint32_t *)(void *)((char *)a->fpu + 24) = 0x1f80;    /* MXCSR */
    c = a->vmcb;
    set_intercepts(c);
    c->iopm = virt_to_maddr(svm_iopm);
    c->msrpm = virt_to_maddr(svm_msrpm);
    c->int_ctl = SVM_INT_CTL_V_MASKING;
    c->np_enable = 1;
    c->n_cr3 = mfn_x(v->domain->p2m.root) << PAGE_SHIFT;
    c->g_pat = 0x0007040600070406ull;
    a->asid_cpu = ~0u;
    a->fpu_cpu = ~0u;
    vlapic_init(v);
    return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;

    vlapic_destroy(v);
    pages_free(a->vmcb, 0);
    pages_free(a->fpu, 0);
    xfree(a);
    v->arch = NULL;
}

static void set_data_segments(struct vmcb *c, struct vmcb_seg seg)
{
    c->ds = c->es = c->fs = c->gs = c->ss = seg;
}

static void reset_registers(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;

    memset(&v->arch->regs, 0, sizeof(v->arch->regs));
    c->gdtr = c->idtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
    c->ldtr = (struct vmcb_seg){ 0, ATTR_LDT, 0xffff, 0 };
    c->tr = (struct vmcb_seg){ 0, ATTR_TSS, 0x67, 0 };
    c->cpl = 0;
    c->efer = EFER_SVME;
    c->cr3 = c->cr4 = c->cr2 = 0;
    c->dr7 = 0x400;
    c->dr6 = 0xffff0ff0;
    c->rflags = 2;
    c->rsp = c->rax = 0;
    c->int_shadow = 0;
    c->event_inject = 0;
}

/* A domain with I/O ports of its own gets a permission map of its own, so that using them makes no exit. */
static void open_ports(struct domain *d)
{
    uint8_t *map;

    if (!d->ioport_range_count || d->arch->iopm) {
        return;
    }
    map = pages_alloc(2);
    if (!map) {
        /* At a restart others may have taken the memory; all ports stay closed then. */
        pr_err("domain %u %s: no memory for its I/O permission map, it gets no ports", d->id, d->name);
        return;
    }
    memset(map, 0xff, 3 * PAGE_SIZE);
    for (unsigned i = 0; i < d->ioport_range_count; i++) {
        for (unsigned p = d->ioports[i].first; p <= d->ioports[i].last; p++) {
            map[p / 8] &= (uint8_t)~(1u << (p % 8));
        }
    }
    d->arch->iopm = map;
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        d->vcpu[i]->arch->vmcb->iopm = virt_to_maddr(map);
    }
}

void arch_domain_close_ports(struct domain *d, uint16_t first, uint16_t last)
{
    uint8_t *map = d->arch->iopm;

    if (!map) {
        return; /* none are open: it has not started, or there was no memory for the map */
    }
    for (unsigned p = first; p <= last; p++) {
        __atomic_fetch_or(&map[p / 8], (uint8_t)(1u << (p % 8)), __ATOMIC_RELAXED);
    }
    arch_p2m_flush(d); /* out of the guest, in case the CPU keeps a copy of the map */
}

void arch_domain_destroy(struct domain *d)
{
    if (d->arch) {
        pages_free(d->arch->iopm, 2);
        xfree(d->arch);
        d->arch = NULL;
    }
}

void arch_vcpu_set_pvh(struct vcpu *v, uint32_t entry, uint32_t start_info)
{
    struct vmcb *c = v->arch->vmcb;

    open_ports(v->domain);
    reset_registers(v);
    c->cs = (struct vmcb_seg){ 8, ATTR_CODE32, 0xffffffff, 0 };
    set_data_segments(c, (struct vmcb_seg){ 16, ATTR_DATA32, 0xffffffff, 0 });
    c->cr0 = 0x11;
    c->rip = entry;
    v->arch->regs.rbx = start_info;
    arch_vcpu_update_time(v);
}

/* Where a startup IPI puts a CPU: real mode at page << 12. */
void svm_vcpu_startup(struct vcpu *v, uint8_t page)
{
    struct vmcb *c = v->arch->vmcb;

    reset_registers(v);
    c->cs = (struct vmcb_seg){ (uint16_t)(page << 8), ATTR_CODE16, 0xffff, (uint64_t)page << 12 };
    set_data_segments(c, (struct vmcb_seg){ 0, ATTR_DATA16, 0xffff, 0 });
    c->cr0 = 0x10;
    c->rip = 0;
    arch_vcpu_update_time(v);
}

uint64_t *hvm_reg(struct vcpu *v, unsigned nr)
{
    struct guest_regs *r = &v->arch->regs;
    uint64_t *const map[16] = { &v->arch->vmcb->rax, &r->rcx, &r->rdx, &r->rbx,
                                &v->arch->vmcb->rsp, &r->rbp, &r->rsi, &r->rdi,
                                &r->r8,  &r->r9,  &r->r10, &r->r11,
                                &r->r12, &r->r13, &r->r14, &r->r15 };

    return map[nr & 15];
}

void hvm_inject_exception(struct vcpu *v, unsigned vector, bool has_error, uint32_t error)
{
    v->arch->exception = SVM_EVENT_VALID | SVM_EVENT_EXCEPTION | vector |
                         (has_error ? SVM_EVENT_ERROR | (uint64_t)error << 32 : 0);
}

void arch_vcpu_paging(struct vcpu *v, struct guest_paging *out)
{
    const struct vmcb *c = v->arch->vmcb;

    out->epoch = v->arch->exit_count;
    out->cr0 = c->cr0;
    out->cr3 = c->cr3;
    out->cr4 = c->cr4;
    out->efer = c->efer;
    out->rflags = c->rflags;
    out->cpl = c->cpl;
}

void arch_vcpu_show(struct vcpu *v)
{
    const struct vmcb *c = v->arch->vmcb;
    const struct guest_regs *r = &v->arch->regs;

    pr_err("vCPU %u rip %016lx cs %x rflags %lx rsp %016lx cpl %u", v->id, c->rip, c->cs.sel, c->rflags,
           c->rsp, c->cpl);
    pr_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx", c->rax, r->rbx, r->rcx, r->rdx);
    pr_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
    pr_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
    pr_err("r13 %016lx r14 %016lx r15 %016lx", r->r13, r->r14, r->r15);
    pr_err("cr0 %lx cr2 %016lx cr3 %lx cr4 %lx efer %lx exit %lx info %lx %lx", c->cr0, c->cr2, c->cr3,
           c->cr4, c->efer, c->exit_code, c->exit_info1, c->exit_info2);
}

void arch_vcpu_update_time(struct vcpu *v)
{
    struct vcpu_info *info = read_once(v->info);
    uint64_t base;
    uint32_t mul, version;
    int8_t shift;

    if (!info) {
        return;
    }
    tsc_scale(&base, &mul, &shift);
    version = read_once(info->time.version);
    write_once(info->time.version, (version + 1) | 1);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    write_once(info->time.tsc_timestamp, base);
    write_once(info->time.system_time, 0);
    write_once(info->time.tsc_to_system_mul, mul);
    write_once(info->time.tsc_shift, shift);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    write_once(info->time.version, ((version + 1) | 1) + 1);
}
