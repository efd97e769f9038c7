/* SPDX-License-Identifier: Apache-2.0 */
/* Emulated device memory: the local APIC's page, before the guest switches to x2APIC. */
#include <asm/hvm.h>

#include <asm/decode.h>
#include <xen/domain.h>
#include <xen/guest_access.h>

#define APIC_PAGE 0xfee00000ull

static bool guest_in_64bit(const struct vmcb *c)
{
    return (c->efer & EFER_LMA) && (c->cs.attr & 0x200);
}

/* The page is the local APIC's only while the guest has it switched on, in xAPIC mode. */
static bool is_apic(const struct vcpu *v, gaddr_t gaddr)
{
    return (gaddr & PAGE_MASK) == APIC_PAGE && (v->arch->lapic.base & 0xc00) == 0x800;
}

static void apic_access(struct vcpu *v, unsigned offset, const struct decoded *insn)
{
    uint32_t old = 0;

    if (!insn->write || insn->exchange) {
        old = vlapic_read(v, offset);
    }
    if (insn->write) {
        vlapic_write(v, offset, insn->immediate ? insn->value : (uint32_t)*hvm_reg(v, insn->reg));
    }
    if (!insn->write || insn->exchange) {
        *hvm_reg(v, insn->reg) = old;
    }
}

bool hvm_mmio(struct vcpu *v, gaddr_t gaddr, bool write)
{
    struct vmcb *c = v->arch->vmcb;
    bool mode64 = guest_in_64bit(c), apic = is_apic(v, gaddr);
    uint64_t linear = mode64 ? c->rip : (uint32_t)(c->cs.base + c->rip);
    unsigned offset = (unsigned)(gaddr & (PAGE_SIZE - 1));
    struct decoded insn;
    uint8_t bytes[15];
    size_t n;

    if ((apic && (offset & 15)) || (!apic && !(write && hvm_is_hole(gaddr)))) {
        return false;
    }
    n = fetch_from_guest(bytes, linear, sizeof(bytes));
    if (decode_move(bytes, n, mode64, &insn) || (write && !insn.write) || (apic && insn.byte)) {
        return false;
    }
    if (apic) {
        apic_access(v, offset, &insn);
    } else if (insn.exchange) {
        *hvm_reg(v, insn.reg) = 0xffffffff;
    }
    hvm_advance(v, insn.length);
    return true;
}
