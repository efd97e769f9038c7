/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated device memory, as a table of regions: the local APIC's page, before the guest switches to x2APIC; what PCI has in
 * memory; and where a PC has something that a PVH domain lacks, which takes writes in silence.
 */
#include <asm/hvm.h>

#include <asm/decode.h>
#include <xen/domain.h>
#include <xen/guest_access.h>
#include <xen/vpci.h>

#define APIC_PAGE 0xfee00000ull

struct region {
    bool (*has)(struct vcpu *v, gaddr_t gaddr, bool write);
    uint32_t (*read)(struct vcpu *v, gaddr_t gaddr, unsigned size);
    void (*write)(struct vcpu *v, gaddr_t gaddr, unsigned size, uint32_t value);
    bool words_only; /* accesses of other sizes make no sense */
};

/* The page is the local APIC's only while the guest has it switched on, in xAPIC mode. */
static bool apic_has(struct vcpu *v, gaddr_t gaddr, bool write)
{
    (void)write;
    return (gaddr & PAGE_MASK) == APIC_PAGE && !(gaddr & 15) && (v->arch->lapic.base & 0xc00) == 0x800;
}

static uint32_t apic_read(struct vcpu *v, gaddr_t gaddr, unsigned size)
{
    (void)size;
    return vlapic_read(v, gaddr & (PAGE_SIZE - 1));
}

static void apic_write(struct vcpu *v, gaddr_t gaddr, unsigned size, uint32_t value)
{
    (void)size;
    vlapic_write(v, gaddr & (PAGE_SIZE - 1), value);
}

static bool pci_has(struct vcpu *v, gaddr_t gaddr, bool write)
{
    (void)write;
    return vpci_is_memory(v->domain, gaddr);
}

static uint32_t pci_memory_read(struct vcpu *v, gaddr_t gaddr, unsigned size)
{
    return vpci_memory_read(v->domain, gaddr, size);
}

static void pci_memory_write(struct vcpu *v, gaddr_t gaddr, unsigned size, uint32_t value)
{
    vpci_memory_write(v->domain, gaddr, size, value);
}

/* In place of the hole there, for a domain that has a bus. */
static bool ioapic_has(struct vcpu *v, gaddr_t gaddr, bool write)
{
    (void)write;
    return v->domain->vpci != NULL && (gaddr & PAGE_MASK) == VPCI_IOAPIC;
}

static uint32_t ioapic_read(struct vcpu *v, gaddr_t gaddr, unsigned size)
{
    (void)size;
    return vpci_ioapic_read(v->domain, gaddr & (PAGE_SIZE - 1));
}

static void ioapic_write(struct vcpu *v, gaddr_t gaddr, unsigned size, uint32_t value)
{
    (void)size;
    vpci_ioapic_write(v->domain, gaddr & (PAGE_SIZE - 1), value);
}

/* Reads map a page of ones there, and do not come here: hole.c. The local APIC's page is no hole while it is one. */
static bool hole_has(struct vcpu *v, gaddr_t gaddr, bool write)
{
    return write && hvm_is_hole(gaddr) &&
           ((gaddr & PAGE_MASK) != APIC_PAGE || (v->arch->lapic.base & 0xc00) != 0x800);
}

static uint32_t hole_read(struct vcpu *v, gaddr_t gaddr, unsigned size)
{
    (void)v;
    (void)gaddr;
    (void)size;
    return 0xffffffff;
}

static void hole_write(struct vcpu *v, gaddr_t gaddr, unsigned size, uint32_t value)
{
    (void)v;
    (void)gaddr;
    (void)size;
    (void)value;
}

static const struct region regions[] = {
    { .has = apic_has, .read = apic_read, .write = apic_write, .words_only = true },
    { .has = ioapic_has, .read = ioapic_read, .write = ioapic_write, .words_only = true },
    { .has = pci_has, .read = pci_memory_read, .write = pci_memory_write },
    { .has = hole_has, .read = hole_read, .write = hole_write },
};

static const struct region *find(struct vcpu *v, gaddr_t gaddr, bool write)
{
    for (unsigned i = 0; i < ARRAY_SIZE(regions); i++) {
        if (regions[i].has(v, gaddr, write)) {
            return &regions[i];
        }
    }
    return NULL;
}

static bool guest_in_64bit(const struct vmcb *c)
{
    return (c->efer & EFER_LMA) && (c->cs.attr & 0x200);
}

static uint64_t mask_of(unsigned size)
{
    return size == 4 ? 0xffffffff : (1u << 8 * size) - 1;
}

/* A word clears the upper half of the register, smaller parts leave the rest. */
static void load(struct vcpu *v, const struct decoded *insn, uint32_t value)
{
    uint64_t *reg = hvm_reg(v, insn->reg), kept = insn->size == 4 ? 0 : *reg & ~mask_of(insn->size);

    *reg = kept | (value & mask_of(insn->size));
}

static void access(struct vcpu *v, const struct region *r, gaddr_t gaddr, const struct decoded *insn)
{
    uint32_t old = 0;

    if (!insn->write || insn->exchange) {
        old = r->read(v, gaddr, insn->size);
    }
    if (insn->write) {
        r->write(v, gaddr, insn->size, insn->immediate ? insn->value
                                                      : (uint32_t)(*hvm_reg(v, insn->reg) & mask_of(insn->size)));
    }
    if (!insn->write || insn->exchange) {
        load(v, insn, old);
    }
}

bool hvm_mmio(struct vcpu *v, gaddr_t gaddr, bool write)
{
    struct vmcb *c = v->arch->vmcb;
    bool mode64 = guest_in_64bit(c);
    uint64_t linear = mode64 ? c->rip : (uint32_t)(c->cs.base + c->rip);
    const struct region *r = find(v, gaddr, write);
    struct decoded insn;
    uint8_t bytes[15];
    size_t n;

    if (r == NULL) {
        return false;
    }
    n = fetch_from_guest(bytes, linear, sizeof(bytes));
    if (decode_move(bytes, n, mode64, &insn) || (write && !insn.write) || (r->words_only && insn.size != 4)) {
        return false;
    }
    access(v, r, gaddr, &insn);
    hvm_advance(v, insn.length);
    return true;
}
