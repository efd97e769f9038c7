/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits: reason -> row -> handler. Instruction lengths are known for all that are handled here (or come from the CPU
 * where it saves the next RIP); nothing is decoded but local APIC accesses, in hvm/mmio.c.
 */
#include "svm_internal.h"

#include <asm/cpu.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/hypercall.h>
#include <xen/sched.h>

#include <public/hvm/params.h>
#include <public/sched.h>

static void exit_nothing(struct vcpu *v)
{
    (void)v;
}

static void exit_ud(struct vcpu *v)
{
    hvm_inject_exception(v, EXC_UD, false, 0);
}

static void exit_gp(struct vcpu *v)
{
    hvm_inject_exception(v, EXC_GP, true, 0);
}

/* Intercepted only so that there is an exit: the guest gets it as it came. DR6 is in the control block already. */
static void exit_db(struct vcpu *v)
{
    hvm_inject_exception(v, EXC_DB, false, 0);
}

static void exit_ac(struct vcpu *v)
{
    hvm_inject_exception(v, EXC_AC, true, 0);
}

static void exit_cpuid(struct vcpu *v)
{
    struct guest_regs *g = &v->arch->regs;
    uint32_t r[4];

    hvm_cpuid(v, (uint32_t)v->arch->vmcb->rax, (uint32_t)g->rcx, r);
    v->arch->vmcb->rax = r[0];
    g->rbx = r[1];
    g->rcx = r[2];
    g->rdx = r[3];
    hvm_advance(v, 2);
}

#define OPCODE_HLT 0xf4
#define RFLAGS_TF 0x100ull

static void exit_hlt(struct vcpu *v)
{
    hvm_advance(v, 1);
    vcpu_block(v);
}

static void exit_skip2(struct vcpu *v)
{
    hvm_advance(v, 2);
}

static void exit_msr(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;
    struct guest_regs *g = &v->arch->regs;
    uint32_t msr = (uint32_t)g->rcx;
    uint64_t value = (uint32_t)c->rax | g->rdx << 32;
    int rc;

    if (c->exit_info1) {
        rc = hvm_wrmsr(v, msr, value);
    } else {
        rc = hvm_rdmsr(v, msr, &value);
        if (!rc) {
            c->rax = (uint32_t)value;
            g->rdx = value >> 32;
        }
    }
    if (rc) {
        exit_gp(v);
    } else {
        hvm_advance(v, 2);
    }
}

/* exit_info1 of IOIO: APM vol. 2, 15.10.2. */
#define IOIO_IN 1u
#define IOIO_STRING 4u

static void exit_io(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;
    uint32_t info = (uint32_t)c->exit_info1;
    uint16_t port = (uint16_t)(info >> 16);
    unsigned size = info >> 4 & 7;

    if (info & IOIO_STRING) {
        exit_gp(v);
        return;
    }
    if (info & IOIO_IN) {
        uint32_t value = hvm_io_read(v, port, size);

        if (size == 4) {
            c->rax = value;
        } else {
            uint64_t mask = size == 1 ? 0xff : 0xffff;

            c->rax = (c->rax & ~mask) | (value & mask);
        }
    } else {
        hvm_io_write(v, port, size, (uint32_t)c->rax);
    }
    c->rip = c->exit_info2;
    c->int_shadow = 0;
}

static bool in_long_mode(const struct vmcb *c)
{
    return (c->efer & EFER_LMA) && (c->cs.attr & 0x200);
}

static void exit_vmmcall(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;
    struct guest_regs *g = &v->arch->regs;
    struct hypercall hc;
    long rc;

    if (c->cpl != 0) {
        exit_ud(v);
        return;
    }
    if (!in_long_mode(c)) { /* the 32-bit ABI is not offered */
        c->rax = (uint32_t)-ENOSYS;
        hvm_advance(v, 3);
        return;
    }
    hc.nr = c->rax;
    hc.arg[0] = g->rdi;
    hc.arg[1] = g->rsi;
    hc.arg[2] = g->rdx;
    hc.arg[3] = g->r10;
    hc.arg[4] = g->r8;
    hc.arg[5] = g->r9;
    rc = hypercall_dispatch(&hc);
    if (unlikely(rc == -ERESTART)) {
        c->rax = hc.nr;
        g->rdi = hc.arg[0];
        g->rsi = hc.arg[1];
        g->rdx = hc.arg[2];
        g->r10 = hc.arg[3];
        g->r8 = hc.arg[4];
        g->r9 = hc.arg[5];
        return;
    }
    c->rax = (uint64_t)rc;
    hvm_advance(v, 3);
}

static void exit_npf(struct vcpu *v)
{
    const struct vmcb *c = v->arch->vmcb;
    bool write = c->exit_info1 & 2;

    if (hvm_mmio(v, c->exit_info2, write) || (!write && hvm_hole_read(v->domain, c->exit_info2))) {
        return;
    }
    domain_crash(v->domain, "%s at guest physical %lx, where nothing is (fault %lx)",
                 c->exit_info1 & 16 ? "execution" : write ? "write" : "read", c->exit_info2, c->exit_info1);
}

static void exit_shutdown(struct vcpu *v)
{
    struct domain *d = v->domain;
    uint64_t reason = read_once(d->hvm_params[HVM_PARAM_TRIPLE_FAULT_REASON]);

    /* A triple fault is also how a kernel without other means restarts; which it was, the registers tell. */
    pr_warn("domain %u %s: triple fault", d->id, d->name);
    arch_vcpu_show(v);
    domain_shutdown(d, reason <= SHUTDOWN_MAX ? (uint32_t)reason : SHUTDOWN_crash);
}

static void exit_debug_register(struct vcpu *v)
{
    svm_load_debug(v->arch);
}

static void exit_unknown(struct vcpu *v)
{
    domain_crash(v->domain, "exit %lx, which is not handled", v->arch->vmcb->exit_code);
}

#define EXIT_LOW_COUNT 0x90

static void (*const exits[EXIT_LOW_COUNT])(struct vcpu *v) = {
    [0x00 ... 0x1f] = exit_unknown,
    [0x20 ... 0x3f] = exit_debug_register,
    [0x40] = exit_unknown,
    [0x41] = exit_db,
    [0x42 ... 0x50] = exit_unknown,
    [0x51] = exit_ac,
    [0x52 ... 0x5f] = exit_unknown,
    [0x60] = exit_nothing, /* INTR */
    [0x61] = exit_nothing, /* NMI */
    [0x62] = exit_nothing, /* SMI */
    [0x63] = exit_nothing, /* INIT */
    [0x64] = exit_nothing, /* VINTR: the window is open now */
    [0x65 ... 0x6e] = exit_unknown,
    [0x6f] = exit_gp, /* RDPMC */
    [0x70 ... 0x71] = exit_unknown,
    [0x72] = exit_cpuid,
    [0x73 ... 0x75] = exit_unknown,
    [0x76] = exit_skip2, /* INVD: caches stay coherent */
    [0x77] = exit_unknown,
    [0x78] = exit_hlt,
    [0x79] = exit_unknown,
    [0x7a] = exit_ud, /* INVLPGA */
    [0x7b] = exit_io,
    [0x7c] = exit_msr,
    [0x7d] = exit_gp, /* task switch */
    [0x7e] = exit_unknown,
    [0x7f] = exit_shutdown,
    [0x80] = exit_ud, /* VMRUN */
    [0x81] = exit_vmmcall,
    [0x82 ... 0x88] = exit_ud, /* VMLOAD, VMSAVE, STGI, CLGI, SKINIT, RDTSCP, ICEBP */
    [0x89] = exit_skip2, /* WBINVD */
    [0x8a ... 0x8c] = exit_ud, /* MONITOR, MWAIT */
    [0x8d] = exit_ud, /* XSETBV */
    [0x8e] = exit_ud, /* RDPRU */
    [0x8f] = exit_unknown,
};

/*
 * Kernels sleep by "sti; hlt": no interrupt comes in between, so none is served whose work they then sleep over. An exit there
 * leaves that to the CPU, which is told of the shadow at the next entry; but there are CPUs (QEMU's) that forget about it,
 * and the guest sleeps for ever. So the hlt is carried out here, as its own exit would be.
 */
static void finish_sti_hlt(struct vcpu *v)
{
    struct arch_vcpu *a = v->arch;
    struct vmcb *c = a->vmcb;
    uint64_t linear = in_long_mode(c) ? c->rip : (uint32_t)(c->cs.base + c->rip);
    uint8_t opcode;

    if (!(a->reinject | a->exception) && c->cpl == 0 && !(c->rflags & RFLAGS_TF) &&
        fetch_from_guest(&opcode, linear, 1) == 1 && opcode == OPCODE_HLT) {
        exit_hlt(v);
    }
}

void svm_handle_exit(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;
    uint64_t code = c->exit_code;

    if (unlikely(c->exit_int_info & SVM_EVENT_VALID)) {
        /* Delivery was cut short by this exit; software interrupts are simply executed again. */
        if ((c->exit_int_info >> 8 & 7) != 4) {
            v->arch->reinject = c->exit_int_info;
        }
    }
    if (code == 0x81) {
        exit_vmmcall(v);
    } else if (code < EXIT_LOW_COUNT) {
        exits[array_index_nospec(code, EXIT_LOW_COUNT)](v);
    } else if (code == 0x400) {
        exit_npf(v);
    } else {
        exit_unknown(v);
    }
    if (unlikely(c->int_shadow & 1)) {
        finish_sti_hlt(v);
    }
}
