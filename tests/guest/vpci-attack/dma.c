/* SPDX-License-Identifier: Apache-2.0 */
/* DMA to everything that is not the domain's. */
#include "attack.h"

#include "../change.h"

#include <runtime/grant.h>

#define LENGTH 64u
#define MINE 0xa5u

/* Where a multiboot loader puts the hypervisor: these of the domain's own pages are given back, so that its devices' addresses are the host's. */
#define IMAGE_START 0x200000ul
#define IMAGE_END 0x300000ul
#define IMAGE_STEP 0x10000ul

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static bool all_are(const uint8_t *p, uint8_t value, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (((const volatile uint8_t *)p)[i] != value) {
            return false;
        }
    }
    return true;
}

/* All engines at once, one address each. */
static void volley(const uint64_t *addrs, unsigned int count)
{
    for (unsigned int at = 0; at < count; at += EDUS) {
        for (unsigned int i = 0; i < EDUS && at + i < count; i++) {
            edu_write(edu[i], addrs[at + i], LENGTH);
        }
        for (unsigned int i = 0; i < EDUS; i++) {
            (void)edu_wait(edu[i]);
        }
    }
}

static bool reaches(const uint8_t *p)
{
    memset(page, 0, sizeof(page));
    edu_write(edu[0], (uintptr_t)p, LENGTH);
    (void)edu_wait(edu[0]);
    return all_are(p, MINE, LENGTH) && all_are(p + LENGTH, 0, LENGTH);
}

static long reservation(unsigned int op, uint64_t addr)
{
    xen_pfn_t gfn = addr >> PAGE_SHIFT;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, &gfn);
    return hc_memory_op(op, &r);
}

static void image(void)
{
    uint8_t *mine = page_alloc(1024);
    uint64_t addrs[(IMAGE_END - IMAGE_START) / IMAGE_STEP];
    unsigned int bad = 0, n = 0;

    tap_ok(mine != NULL && (uintptr_t)mine <= IMAGE_START && (uintptr_t)mine + 1024 * PAGE_SIZE >= IMAGE_END,
           "own pages have the numbers of the hypervisor's");
    for (uint64_t addr = IMAGE_START; addr < IMAGE_END; addr += IMAGE_STEP) {
        bad += reservation(XENMEM_decrease_reservation, addr) != 1;
        addrs[n++] = addr;
    }
    volley(addrs, n);
    tap_ok(bad == 0 && all_goes_on(), "DMA to the hypervisor's image: %u places, given back before", n);
    for (unsigned int i = 0; i < n; i++) {
        bad += reservation(XENMEM_populate_physmap, addrs[i]) != 1;
        bad += !all_are((const uint8_t *)(uintptr_t)addrs[i], 0, PAGE_SIZE);
    }
    tap_is(bad, 0, "nothing was written to who has them now");
    page_free(mine, 1024);
}

static void leaks(void)
{
    const uint64_t places[] = {
        0x1000000, 0x2000000, 0xf000000, 0xfec00000, 0xfed80000, 0xfee00000, 0xb0000000,
    };
    unsigned int bad = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
        edu_read(edu[0], places[i], LENGTH);
        bad += !edu_wait(edu[0]);
        memset(page, 0, sizeof(page));
        edu_write(edu[0], (uintptr_t)page, LENGTH);
        (void)edu_wait(edu[0]);
        /* Either the device has kept what it had, or it got what reads as nothing. */
        bad += !all_are(page, MINE, LENGTH) && !all_are(page, 0, LENGTH) && !all_are(page, 0xff, LENGTH);
    }
    tap_is(bad, 0, "DMA from there reads nothing");
}

/*
 * What another domain has granted is within reach while it is mapped, as it is granted: a disk's driver could not serve a guest
 * otherwise.
 */
static void granted(void)
{
    struct grant_map ro, rw;
    uint64_t was;
    long bad;

    tap_is(grant_map(BYSTANDER, REF_READABLE, true, &ro) | grant_map(BYSTANDER, REF_WRITABLE, false, &rw), 0, "granted pages");
    edu_write(edu[0], (uintptr_t)ro.page, LENGTH);
    edu_write(edu[1], (uintptr_t)rw.page, LENGTH);
    (void)edu_wait(edu[0]);
    (void)edu_wait(edu[1]);
    tap_ok(all_are(rw.page, MINE, LENGTH) && all_are(ro.page, 0, PAGE_SIZE) && all_goes_on(),
           "DMA to them writes where it may");
    was = (uintptr_t)rw.page;
    memset(rw.page, 0, LENGTH);
    bad = grant_unmap(&ro) | grant_unmap(&rw);
    edu_write(edu[1], was, LENGTH);
    (void)edu_wait(edu[1]);
    bad |= grant_map(BYSTANDER, REF_WRITABLE, false, &rw);
    tap_ok(bad == 0 && all_are(rw.page, 0, PAGE_SIZE), "and nowhere when they are given back");
    (void)grant_unmap(&rw);
}

static void load(unsigned int i)
{
    memset(page, MINE, sizeof(page));
    edu_read(edu[i], (uintptr_t)page, LENGTH);
    (void)edu_wait(edu[i]);
}

void dma_tests(void)
{
    uint64_t addrs[32];
    unsigned int n = 0;

    for (unsigned int i = 0; i < EDUS; i++) {
        load(i);
    }
    tap_ok(reaches(page), "a device reaches the domain's memory, both ways");
    image();
    for (uint64_t addr = 0x1000000; addr < 0x10000000; addr += 0xc00000) {
        addrs[n++] = addr;
    }
    addrs[n++] = 0xffff000;
    volley(addrs, n);
    tap_ok(all_goes_on(), "DMA beyond the domain's memory, where others have theirs: %u places", n);
    static const uint64_t registers[] = {
        0xfec00000, 0xfed00000, 0xfed40000, 0xfed80000, 0xfed80008, 0xfed82000, 0xfed90000, 0xb0000000, 0xb0010000, 0xe0000000,
        0xfe000000, 0xfe800000, 0xfe900000, 0xfea00000, 0xfeb00000, 0xfebf0000, 0x100000000, 0x8000000000, 0xfffffffff000,
    };
    volley(registers, ARRAY_SIZE(registers));
    tap_ok(all_goes_on(), "DMA to registers of the IOMMU, of the I/O APIC and others: %u places", (unsigned int)ARRAY_SIZE(registers));
    n = 0;
    for (unsigned int i = 0; i < EDUS; i++) {
        addrs[n++] = edu[i] + EDU_LIVES;
    }
    addrs[n++] = pci_read32(NVME_SLOT, PCI_BAR0) & ~15u;
    addrs[n++] = (pci_read32(NVME_SLOT, PCI_BAR0) & ~15u) + 0x2000;
    mmio_write(edu[1] + EDU_LIVES, 5);
    volley(addrs, n);
    tap_ok(all_goes_on() && mmio_read(edu[1] + EDU_LIVES) == ~5u, "DMA to the domain's own devices");
    granted();
    leaks();
    for (unsigned int i = 0; i < EDUS; i++) {
        load(i);
    }
}
