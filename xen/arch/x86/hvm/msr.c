/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Model-specific registers of a PVH domain. Those that vmload and vmsave keep never come here. The rest is one table: kept
 * values (MTRRs, which have no effect under nested paging), constants, and the few that do something.
 */
#include <asm/hvm.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/guest_access.h>

#define MSR_APIC_BASE 0x1b
#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_VAR 0x200
#define MSR_PAT 0x277
#define MSR_MTRR_DEF 0x2ff
#define MSR_HYPERCALL_PAGE 0x40000000
#define MTRR_CAP 0x508 /* 8 variable, fixed ranges, write combining */

static const uint32_t mtrr_fixed[11] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
                                         0x26b, 0x26c, 0x26d, 0x26e, 0x26f };

/* Read as zero, writes ignored: what Linux looks at on AMD and can do without. */
static const uint32_t ignored[] = {
    0x8b,       0x17,       0x179,      0x17a,      0x17b,      0x1d9,      0x400,      0x401,      0x402,
    0x403,      0x404,      0x405,      0x406,      0x407,      0xc0010000, 0xc0010001, 0xc0010002, 0xc0010003,
    0xc0010004, 0xc0010005, 0xc0010006, 0xc0010007, 0xc0010010, 0xc0010015, 0xc001001f, 0xc0010055, 0xc0010061,
    0xc0010062, 0xc0010063, 0xc0010064, 0xc0010140, 0xc0010141, 0xc0011004, 0xc0011005, 0xc0011020, 0xc0011021,
    0xc0011022, 0xc0011023, 0xc0011029, 0xc001102a,
};

static bool is_ignored(uint32_t msr)
{
    for (unsigned i = 0; i < ARRAY_SIZE(ignored); i++) {
        if (ignored[i] == msr) {
            return true;
        }
    }
    return false;
}

static uint64_t *mtrr(struct vcpu *v, uint32_t msr)
{
    if (msr == MSR_MTRR_DEF) {
        return &v->arch->mtrr_def;
    }
    if (msr >= MSR_MTRR_VAR && msr < MSR_MTRR_VAR + 16) {
        return &v->arch->mtrr_var[msr - MSR_MTRR_VAR];
    }
    for (unsigned i = 0; i < ARRAY_SIZE(mtrr_fixed); i++) {
        if (mtrr_fixed[i] == msr) {
            return &v->arch->mtrr_fixed[i];
        }
    }
    return NULL;
}

static bool pat_valid(uint64_t value)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t t = (uint8_t)(value >> (8 * i));

        if (t > 7 || t == 2 || t == 3) {
            return false;
        }
    }
    return true;
}

/*
 * The hypercall page: 128 slots of 32 bytes, mov number to eax, vmmcall, ret. Kernels since 6.1 call directly.
 * Source: Xen ABI, public/arch-x86/cpuid.h, leaf 2.
 */
static int hypercall_page(struct vcpu *v, uint64_t value)
{
    uint8_t slot[32];
    gaddr_t page = value & PAGE_MASK;

    if (value & ~PAGE_MASK) {
        return -EPERM; /* one page, index 0 */
    }
    for (unsigned i = 0; i < 128; i++) {
        memset(slot, 0xcc, sizeof(slot));
        slot[0] = 0xb8;
        slot[1] = (uint8_t)i;
        slot[2] = slot[3] = slot[4] = 0;
        slot[5] = 0x0f;
        slot[6] = 0x01;
        slot[7] = 0xd9;
        slot[8] = 0xc3;
        if (copy_to_gaddr(v->domain, page + i * sizeof(slot), slot, sizeof(slot))) {
            return -EPERM;
        }
    }
    return 0;
}

int hvm_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    struct vmcb *c = v->arch->vmcb;
    uint64_t *kept;

    if (msr >= 0x800 && msr < 0x900) {
        return vlapic_rdmsr(v, msr, value);
    }
    switch (msr) {
    case MSR_EFER:
        *value = c->efer & ~EFER_SVME;
        return 0;
    case MSR_APIC_BASE:
        *value = v->arch->lapic.base;
        return 0;
    case MSR_MTRR_CAP:
        *value = MTRR_CAP;
        return 0;
    case MSR_PAT:
        *value = c->g_pat;
        return 0;
    case MSR_TSC_AUX:
        *value = v->arch->tsc_aux;
        return cpu_has_rdtscp ? 0 : -EPERM;
    case 0x10:
        *value = rdtsc();
        return 0;
    case MSR_HYPERCALL_PAGE:
        *value = 0;
        return 0;
    default:
        break;
    }
    kept = mtrr(v, msr);
    if (kept) {
        *value = *kept;
        return 0;
    }
    *value = 0;
    return is_ignored(msr) ? 0 : -EPERM;
}

static int write_efer(struct vmcb *c, uint64_t value)
{
    uint64_t known = EFER_SCE | EFER_LME | EFER_NXE;

    if (value & ~(known | EFER_LMA)) {
        return -EPERM;
    }
    if ((c->cr0 & 0x80000000u) && ((value ^ c->efer) & EFER_LME)) {
        return -EPERM; /* not while paging is on */
    }
    c->efer = (value & known) | (c->efer & EFER_LMA) | EFER_SVME;
    return 0;
}

int hvm_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t *kept;

    if (msr >= 0x800 && msr < 0x900) {
        return vlapic_wrmsr(v, msr, value);
    }
    switch (msr) {
    case MSR_EFER:
        return write_efer(v->arch->vmcb, value);
    case MSR_APIC_BASE:
        return vlapic_set_base(v, value);
    case MSR_PAT:
        if (!pat_valid(value)) {
            return -EPERM;
        }
        v->arch->vmcb->g_pat = value;
        return 0;
    case MSR_TSC_AUX:
        if (!cpu_has_rdtscp || value >> 32) {
            return -EPERM;
        }
        v->arch->tsc_aux = value;
        wrmsr(MSR_TSC_AUX, value);
        return 0;
    case MSR_HYPERCALL_PAGE:
        return hypercall_page(v, value);
    case 0x10:
        return 0; /* the TSC is not the guest's to set */
    default:
        break;
    }
    kept = mtrr(v, msr);
    if (kept) {
        *kept = value;
        return 0;
    }
    return is_ignored(msr) ? 0 : -EPERM;
}
