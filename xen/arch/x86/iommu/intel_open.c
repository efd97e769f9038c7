/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the units can do. Devices and domains have the same tables in all of them, so that what counts is what the least of
 * them can; one that cannot keep the promises of <xen/iommu.h> stops the boot.
 * Source: D51397 rev. 3.4, 11.4.2 (Capability Register), 11.4.3 (Extended Capability Register).
 */
#include "intel_unit.h"

#include <asm/io.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

#define REG_CAP 0x08u
#define REG_ECAP 0x10u

#define CAP_IDS_LOG2(cap) (4 + 2 * ((unsigned)(cap) & 7))
#define CAP_CACHING_MODE (1ull << 7)
#define CAP_3_LEVELS (1ull << 9)        /* SAGAW */
#define CAP_4_LEVELS (1ull << 10)
#define CAP_ADDRESS_BITS(cap) (((unsigned)((cap) >> 16) & 63) + 1)
#define CAP_DRAINS (3ull << 54)         /* DWD, DRD */
#define ECAP_COHERENT (1ull << 0)
#define ECAP_QUEUE (1ull << 1)
#define ECAP_INTERRUPTS (1ull << 3)
#define ECAP_SNOOP (1ull << 7)

#define IDS_LOG2_MAX 16u

struct intel_unit intel_unit[ACPI_MAX_DMAR_UNITS];
unsigned intel_unit_count;
struct intel_units intel_units;

/* The fault records may lie past the first page of registers. */
static int unit_open(struct intel_unit *u, paddr_t addr)
{
    size_t size;

    u->addr = addr;
    u->regs = ioremap(addr, PAGE_SIZE);
    u->queue = pages_alloc(0);
    u->done = pages_alloc(0);
    if (u->regs == NULL || u->queue == NULL || u->done == NULL) {
        return -ENOMEM;
    }
    u->cap = readq(u->regs + REG_CAP);
    size = INTEL_CAP_FAULTS_AT(u->cap) + INTEL_CAP_FAULTS(u->cap) * INTEL_FAULT_SIZE;
    if (u->cap != ~0ull && size > PAGE_SIZE) {
        u->regs = ioremap(addr, size);
    }
    return u->regs != NULL ? 0 : -ENOMEM;
}

static int unusable(paddr_t addr, const char *why)
{
    pr_err("iommu: the unit at %#llx %s", (unsigned long long)addr, why);
    return -ENODEV;
}

int intel_units_open(void)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;
    uint64_t widths = CAP_3_LEVELS | CAP_4_LEVELS;
    unsigned bits = 64;

    intel_units = (struct intel_units){
        .id_limit = 1u << IDS_LOG2_MAX, .coherent = true, .snoops = true, .interrupts = true,
    };
    for (; intel_unit_count < dmar->unit_count; intel_unit_count++) {
        struct intel_unit *u = &intel_unit[intel_unit_count];
        int ret = unit_open(u, dmar->unit[intel_unit_count]);
        uint64_t ecap;

        if (ret != 0) {
            return ret;
        }
        ecap = readq(u->regs + REG_ECAP);
        if (u->cap == ~0ull) {
            return unusable(u->addr, "has no registers");
        }
        if (!(ecap & ECAP_QUEUE)) {
            return unusable(u->addr, "takes no queue of orders");
        }
        if ((u->cap & CAP_DRAINS) != CAP_DRAINS) {
            return unusable(u->addr, "does not wait for accesses under way");
        }
        widths &= u->cap;
        bits = min(bits, CAP_ADDRESS_BITS(u->cap));
        intel_units.id_limit = min(intel_units.id_limit, 1u << min(CAP_IDS_LOG2(u->cap), IDS_LOG2_MAX));
        intel_units.coherent = intel_units.coherent && (ecap & ECAP_COHERENT);
        intel_units.snoops = intel_units.snoops && (ecap & ECAP_SNOOP);
        intel_units.interrupts = intel_units.interrupts && (ecap & ECAP_INTERRUPTS);
        intel_units.remembers_absent |= (u->cap & (CAP_CACHING_MODE | INTEL_CAP_WRITE_BUFFERS)) != 0;
        if (widths == 0) {
            return unusable(u->addr, "has no tables of 3 or 4 levels as the others have");
        }
    }
    intel_units.levels = widths & CAP_4_LEVELS ? 4 : 3;
    bits = min(bits, PAGE_SHIFT + 9 * intel_units.levels);
    intel_units.frame_limit = bits > PAGE_SHIFT ? 1ull << (bits - PAGE_SHIFT) : 0;
    return 0;
}

