/* SPDX-License-Identifier: Apache-2.0 */
/* Registers where something else is: what is there wins. */
#include "attack.h"

#include "../change.h"

#include <public/version.h>

#define MIB 0x100000ul
#define ACPI_TABLES 0xfc000000u
#define SPECIAL_PAGES 0xfef00000u /* the MiB of XenStore's and the console's rings is the one before */
#define APIC 0xfee00000u
#define NVME_TABLE 0x2000u
#define NVME_VERSION 0x08u

static void move(unsigned int slot, uint32_t to)
{
    pci_write32(slot, PCI_BAR0, to);
}

/* Move edu 0 over what is there, look that it is there still, and back. */
static bool over(uint32_t place, bool (*same)(uint32_t place))
{
    bool ok;

    move(1, place);
    ok = same(place);
    move(1, (uint32_t)edu[0]);
    return ok && edu_answers(edu[0]);
}

static bool memory_is_same(uint32_t place)
{
    volatile uint32_t *word = (volatile uint32_t *)(uintptr_t)(place + 0x80004);
    uint32_t old = *word;
    bool ok;

    *word = 0x5a5a1234;
    ok = *word == 0x5a5a1234;
    *word = old;
    return ok;
}

static bool other_is_same(uint32_t place)
{
    mmio_write(edu[1] + EDU_LIVES, 0x77);
    mmio_write(edu[0] + EDU_LIVES, 0x88); /* where it was: nobody */
    return place == edu[1] && mmio_read(edu[1] + EDU_LIVES) == ~0x77u && mmio_read(edu[0] + EDU_LIVES) == ~0u;
}

static bool configuration_is_same(uint32_t place)
{
    (void)place;
    return pci_read32(2, 0) == EDU_ID && pci_read32(1, PCI_BAR0) == PCI_WINDOW;
}

static bool goes_on(uint32_t place)
{
    (void)place;
    return all_goes_on();
}

static bool tables_are_same(uint32_t place)
{
    return memcmp((const void *)(uintptr_t)place, "RSD PTR ", 8) == 0;
}

/* While the BAR is there: no page can be put there, and those there cannot be taken for memory. */
static unsigned int taken_for_memory(void)
{
    xen_pfn_t gfn = edu[0] >> PAGE_SHIFT;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = gfn };
    unsigned int bad = 0;

    set_xen_guest_handle(r.extent_start, &gfn);
    bad += hc_memory_op(XENMEM_populate_physmap, &r) == 1;
    bad += hc_memory_op(XENMEM_decrease_reservation, &r) == 1;
    bad += hc_memory_op(XENMEM_remove_from_physmap, &remove) == 0;
    bad += mm_map_space(XENMAPSPACE_grant_table, 0, gfn) == 0;
    bad += mm_map_space(XENMAPSPACE_shared_info, 0, gfn) == 0;
    /* A hypercall's argument in registers of a device. */
    bad += hc_memory_op(XENMEM_current_reservation, (void *)(uintptr_t)edu[0]) >= 0;
    bad += hc_xen_version(XENVER_extraversion, (void *)(uintptr_t)edu[0]) >= 0;
    (void)mm_map(gfn, 1, MM_WRITE | MM_UNCACHED);
    return bad + !edu_answers(edu[0]);
}

static void nvme(void)
{
    uint64_t bar = pci_read32(NVME_SLOT, PCI_BAR0) & ~15u, table = bar + NVME_TABLE;
    uint32_t version;

    pci_write32(NVME_SLOT, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    (void)mm_map(bar >> PAGE_SHIFT, 4, MM_WRITE | MM_UNCACHED);
    version = mmio_read(bar + NVME_VERSION);
    tap_ok(version >= 0x10000 && version < 0x30000, "the disk controller answers: version %#x", version);
    mmio_write(table, 0xfee00000);
    mmio_write(table + 8, 0x61);
    mmio_write(table + 12, 0);
    mmio_write(table + 40 * 16 + 8, 0x61); /* the device has 65 entries, and shows 32 */
    mmio_write(table + 0xff0, 0xffffffff);
    tap_ok(mmio_read(table) == 0xfee00000 && mmio_read(table + 8) == 0x61 && mmio_read(table + 40 * 16 + 8) == 0 &&
           mmio_read(table + 0xff0) == 0, "its table of MSI-X is the hypervisor's, not the device's");
    pci_write32(NVME_SLOT, PCI_BAR0 + 4, 0xffffffff);
    tap_ok(mmio_read(bar + NVME_VERSION) == ~0u && all_goes_on(), "beyond the end of addresses it is nowhere");
    pci_write32(NVME_SLOT, PCI_BAR0 + 4, 4);
    (void)mm_map((4ul << 32 | bar) >> PAGE_SHIFT, 4, MM_WRITE | MM_UNCACHED);
    tap_ok(mmio_read((4ul << 32 | bar) + NVME_VERSION) == version && mmio_read((4ul << 32 | table) + 8) == 0x61,
           "above 4 GiB it is there again");
    pci_write32(NVME_SLOT, PCI_BAR0 + 4, 0);
}

void bar_tests(void)
{
    unsigned int bad = 0;

    tap_ok(over(4 * MIB, memory_is_same) && over(0, goes_on), "over the domain's own memory");
    tap_ok(over((uint32_t)edu[1], other_is_same), "over another device");
    tap_ok(over(PCI_WINDOW, configuration_is_same), "over configuration");
    (void)mm_map(ACPI_TABLES >> PAGE_SHIFT, 1, 0);
    tap_ok(over(ACPI_TABLES, tables_are_same), "over the ACPI tables");
    tap_ok(over(APIC, goes_on) && over(SPECIAL_PAGES, goes_on) && over(0xfec00000, goes_on), "over the local APIC, and rings");
    for (unsigned int i = 0; i < 200; i++) {
        move(1, (uint32_t)(0xc0000000u + (i * 7 % 480 << 20)));
        pci_write32(1, PCI_COMMAND, i & 1 ? 0 : PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    }
    pci_write32(1, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    move(1, (uint32_t)edu[0]);
    tap_ok(edu_answers(edu[0]) && edu_answers(edu[1]) && all_goes_on(), "all over the place");
    bad = taken_for_memory();
    tap_is(bad, 0, "registers are no memory");
    nvme();
}
