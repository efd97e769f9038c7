/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that holds devices turns them, and what it sees of PCI, against everybody else.
 *
 * Source: <xen/vpci.h>, <xen/iommu.h>, ../pci.h. The driver has three edu devices, DMA engines that copy to any address, and an
 * NVMe controller; a bystander looks at its own memory all the time. With a correct hypervisor a device reaches the driver's memory, at the
 * driver's addresses, and nothing else, and interrupts the driver alone, with vectors that may be; registers appear where
 * nothing else is; what the driver had is gone when the policy says so, or it dies. A broken one lets the hypervisor, the bystander or the
 * machine be written to, or lets a CPU be interrupted by what it does not expect: it ends in a panic, a triple fault or silence.
 */
#include "attack.h"

#include "../change.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>

#include <public/version.h>

uint64_t edu[EDUS];
struct shared *bystander;

#define PATTERN_PAGES 256u

/* -- the bystander --------------------------------------------------------------------------------- */

static union {
    struct shared shared;
    char bytes[PAGE_SIZE];
} page __attribute__((aligned(PAGE_SIZE)));
static uint8_t readable[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE))); /* all zero, whatever devices do */
static uint8_t writable[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static uint64_t pattern(size_t i)
{
    return i * 0x9e3779b97f4a7c15ul;
}

static uint32_t count_wrong(const volatile uint64_t *words, size_t count)
{
    uint32_t wrong = 0;

    for (size_t i = 0; i < count; i++) {
        wrong += words[i] != pattern(i);
    }
    for (size_t i = 0; i < sizeof(readable); i++) {
        wrong += ((const volatile uint8_t *)readable)[i] != 0;
    }
    return wrong;
}

static void lend(const void *p, bool readonly, enum ref wanted)
{
    grant_ref_t ref;

    if (grant_give(DRIVER, virt_to_gfn(p), readonly, &ref) != 0 || ref != (grant_ref_t)wanted) {
        rt_panic("grant %u", ref);
    }
}

static void bystander_main(void)
{
    uint64_t *words = page_alloc(PATTERN_PAGES);
    size_t count = PATTERN_PAGES * PAGE_SIZE / 8;

    for (size_t i = 0; i < count; i++) {
        words[i] = pattern(i);
    }
    lend(&page, false, REF_SHARED);
    lend(readable, true, REF_READABLE);
    lend(writable, false, REF_WRITABLE);
    while (!page.shared.stop) {
        page.shared.wrong += count_wrong(words, count);
        page.shared.iterations++;
    }
}

/* -- the driver ------------------------------------------------------------------------------------ */

bool all_goes_on(void)
{
    uint32_t then = bystander->iterations;
    uint64_t end = time_now_ns() + 5 * NS_PER_S;

    while (bystander->iterations - then < 2 && time_now_ns() < end) {
        cpu_relax();
    }
    return bystander->iterations - then >= 2 && bystander->wrong == 0 && hc_xen_version(XENVER_version, NULL) == (4 << 16 | 17);
}

static bool second_life(void)
{
    static const char name[] = "second_life";
    struct xen_flask_op op = { .cmd = FLASK_GETBOOL, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.boolean.bool_id = ~0u;
    op.u.boolean.size = sizeof(name) - 1;
    set_xen_guest_handle(op.u.boolean.name, (char *)(uintptr_t)name);
    return hc_xsm_op(&op) == 0 && op.u.boolean.enforcing != 0;
}

static struct shared *meet(void)
{
    static struct grant_map map;
    uint64_t end = time_now_ns() + 5 * NS_PER_S;

    while (grant_map(BYSTANDER, REF_SHARED, false, &map) != 0) {
        if (time_now_ns() > end) {
            rt_panic("no bystander");
        }
        cpu_relax();
    }
    return map.page;
}

void stub_main(void)
{
    char role[16] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "bystander") == 0) {
        bystander_main();
        return;
    }
    if (!second_life()) {
        first_life();
    }
    tap_plan(2 + DMA_CASES + MSI_CASES + BAR_CASES + OWNER_CASES);
    bystander = meet();
    tap_ok(pci_read32(1, 0) == EDU_ID && pci_read32(2, 0) == EDU_ID && pci_read32(3, 0) == EDU_ID &&
           (pci_read32(NVME_SLOT, 0) & 0xffff) == 0x1b36 && pci_read32(NVME_SLOT + 1, 0) == ~0u, "the devices are there");
    for (unsigned int i = 0; i < EDUS; i++) {
        edu[i] = edu_start(1 + i);
    }
    tap_ok(edu_answers(edu[0]) && edu_answers(edu[1]) && edu_answers(edu[2]), "and answer");
    dma_tests();
    msi_tests();
    bar_tests();
    owner_tests();
}
