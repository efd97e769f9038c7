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

bool hvm_mmio(struct vcpu *v, gaddr_t gaddr, bool write)
{
    struct vmcb *c = v->arch->vmcb;
    bool mode64 = guest_in_64bit(c);
    uint64_t linear = mode64 ? c->rip : (uint32_t)(c->cs.base + c->rip);
    unsigned offset = (unsigned)(gaddr & (PAGE_SIZE - 1));
    struct decoded insn;
    uint8_t bytes[15];
    uint32_t old = 0;
    size_t n;

    if ((gaddr & PAGE_MASK) != APIC_PAGE || (v->arch->lapic.base & 0xc00) != 0x800 || offset & 15) {
        return false;
    }
    n = fetch_from_guest(bytes, linear, sizeof(bytes));
    if (decode_move(bytes, n, mode64, &insn) || (write && !insn.write)) {
        return false;
    }
    if (!insn.write || insn.exchange) {
        old = vlapic_read(v, offset);
    }
    if (insn.write) {
        vlapic_write(v, offset, insn.immediate ? insn.value : (uint32_t)*hvm_reg(v, insn.reg));
    }
    if (!insn.write || insn.exchange) {
        *hvm_reg(v, insn.reg) = old;
    }
    hvm_advance(v, insn.length);
    return true;
}
