/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that was given a device: the device reaches the domain's memory, at the domain's addresses, and nothing else.
 *
 * Source: <xen/iommu.h>; docs/formats.md, bulkhead,devices. A correct hypervisor keeps what the device reaches in step with the
 * domain's memory: a page given back is out of the device's reach before it goes anywhere, a page got is in it. A
 * broken one keeps the device with the dead when the domain is restarted, or leaves it in reach when the policy takes it away; gives it host addresses, lets it keep pages the domain has no more, so that the next owner finds the
 * disk's answer in them, or gives it what is not RAM.
 */
#include "../ahci.h"
#include "../change.h"
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <string.h>

#include <public/memory.h>
#include <public/sched.h>

/* Beyond the domain's memory; by the host's addresses, where it has its frame table, its heap and other domains' memory. */
#define OUTSIDE_START 0x1000000u
#define OUTSIDE_END 0x10000000u
#define OUTSIDE_STEP 0x10000u
#define ANSWER_AT 0x40u
#define ANSWER 0x34u          /* FIS type, register, device to host: Serial ATA 3.0, 10.5.5 */
#define PAGES 64u

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static uint8_t many[PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

#define BRIDGE (0x80000000u | 4u << 11) /* 00:04.0, see behind.dts */

static bool start(void)
{
    return start_cmdline_get("behind", NULL, 0) ? ahci_start_behind(BRIDGE, 1) : ahci_start();
}

static bool answered(const uint8_t *p)
{
    return ((const volatile uint8_t *)p)[ANSWER_AT] == ANSWER;
}

static uint32_t addr_of(const void *p)
{
    return (uint32_t)(virt_to_gfn(p) << PAGE_SHIFT);
}

static long reservation(unsigned int op, void *p)
{
    xen_pfn_t gfn = virt_to_gfn(p);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };

    set_xen_guest_handle(r.extent_start, &gfn);
    return hc_memory_op(op, &r);
}

/* Is any byte of the page set? */
static bool touched(const uint8_t *p)
{
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        if (p[i] != 0) {
            return true;
        }
    }
    return false;
}

/* Give a page back, with the device's translation of it in use just before and just after; then look who gets it. */
static unsigned int given_back(void)
{
    unsigned int bad = 0;

    for (unsigned int i = 0; i < PAGES; i++) {
        shoot(addr_of(many[i]));
        bad += !answered(many[i]);
        bad += reservation(XENMEM_decrease_reservation, many[i]) != 1;
        shoot(addr_of(many[i]));
        bad += reservation(XENMEM_populate_physmap, many[i]) != 1;
        bad += touched(many[i]);
        shoot(addr_of(many[i]));
        bad += !answered(many[i]);
    }
    return bad;
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

/* The device is left with work to do and an address to write to. */
static void first_life(void)
{
    start();
    shoot(addr_of(page));
    boolean_set("second_life", true, true);
    domain_shutdown(SHUTDOWN_reboot);
}

void stub_main(void)
{
    if (!second_life()) {
        first_life();
    }
    tap_plan(9);
    tap_ok(start(), "the disk controller is there, with a disk");
    shoot(addr_of(page));
    tap_ok(answered(page), "it reaches the domain's page at %#x", addr_of(page));
    page[ANSWER_AT] = 0;
    shoot(addr_of(page));
    tap_ok(answered(page), "and again");
    tap_is(given_back(), 0, "%u pages given back, taken again, with the device at them all the time", PAGES);
    for (uint32_t addr = OUTSIDE_START; addr < OUTSIDE_END; addr += OUTSIDE_STEP) {
        shoot(addr);
    }
    time_delay_ns(1100 * NS_PER_MS); /* the log is read every second */
    tap_is(given_back(), 0, "the same after shots at what is not the domain's memory");
    page[ANSWER_AT] = 0;
    shoot(addr_of(page));
    tap_ok(answered(page), "its own page is still reached");
    tap_is(boolean_set("may_disk", false, true), 0, "the policy takes the device away");
    page[ANSWER_AT] = 0;
    shoot(addr_of(page));
    tap_ok(!answered(page), "it reaches the domain's memory no more");
    tap_is(reservation(XENMEM_decrease_reservation, many[0]), 1, "and pages can be given back as before");
    tap_done();
}
