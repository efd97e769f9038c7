/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that interrupts as fast as its owner can make it takes no more than its budget: a bystander keeps more than nine tenths of what it
 * does.
 *
 * Source: <xen/device_irq.h>; ../pci.h. The driver writes to the register of an edu device that raises an interrupt, all the time; in turns
 * its messages are on and off, and what the bystander has done meanwhile is compared. Time is instructions, so that nothing else on this
 * machine counts. A broken hypervisor passes all interrupts on, at the bystander's expense, or loses the last one.
 */
#include "../pci.h"

#include <runtime/console.h>
#include <runtime/grant.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>
#include <string.h>

#define DRIVER 1
#define BYSTANDER 2
#define FIRST_REF 8u
#define VECTOR 0x61u
#define TURNS 4u
#define TURN_NS (100 * NS_PER_MS) /* some turns on the CPU for both */
#define LEAST_PERCENT 90u
#define PER_MS 64u /* as docs/run.md has it */

static union {
    struct {
        volatile uint64_t rounds;
        volatile uint32_t stop;
    };
    char bytes[PAGE_SIZE];
} page __attribute__((aligned(PAGE_SIZE)));

static volatile unsigned long taken, raised;
static uint64_t edu;

static void bystander_main(void)
{
    grant_ref_t ref;

    if (grant_give(DRIVER, virt_to_gfn(&page), false, &ref) != 0 || ref != FIRST_REF) {
        rt_panic("grant %u", ref);
    }
    while (!page.stop) {
        for (volatile unsigned int i = 0; i < 100; i++) {
        }
        page.rounds++;
    }
}

static void take(unsigned int vector, void *arg)
{
    (void)vector;
    (void)arg;
    taken++;
}

/* @return rounds of the bystander in a turn */
static uint64_t turn(const __typeof__(page) *theirs, bool storm)
{
    uint64_t before, end;

    pci_write32(1, EDU_MSI, storm ? 1u << 16 : 0);
    before = theirs->rounds;
    end = time_now_ns() + TURN_NS;
    while (time_now_ns() < end) {
        mmio_write(edu + EDU_RAISE, 1);
        raised++;
    }
    return theirs->rounds - before;
}

/* Percent that are left in a storm; and what came of it. */
static unsigned long measure(const __typeof__(page) *theirs, unsigned long *per_ms, unsigned long *sent)
{
    uint64_t calm = 0, storm = 0;
    unsigned long got = 0, tried = 0;

    for (unsigned int i = 0; i < TURNS; i++) {
        unsigned long before = taken, raised_before = raised;

        storm += turn(theirs, true);
        got += taken - before;
        tried += raised - raised_before;
        calm += turn(theirs, false);
    }
    *per_ms = got / (TURNS * TURN_NS / NS_PER_MS);
    *sent = tried / (TURNS * TURN_NS / NS_PER_MS);
    return (unsigned long)(storm * 100 / (calm != 0 ? calm : 1));
}

static void driver_main(void)
{
    static struct grant_map map;
    unsigned long percent, per_ms, sent;
    const __typeof__(page) *theirs;

    tap_plan(4);
    while (grant_map(BYSTANDER, FIRST_REF, false, &map) != 0) {
        cpu_relax();
    }
    theirs = map.page;
    edu = edu_start(1);
    (void)trap_handle_vector(VECTOR, take, NULL);
    irq_enable();
    pci_write32(1, EDU_MSI + 4, 0xfee00000);
    pci_write32(1, EDU_MSI + 12, VECTOR);
    tap_ok(edu_answers(edu), "the device is there");
    percent = measure(theirs, &per_ms, &sent);
    tap_ok(percent >= LEAST_PERCENT, "the bystander keeps %lu %% in a storm", percent);
    tap_ok(per_ms > 0 && per_ms <= PER_MS + 2, "%lu interrupts in a millisecond, of %lu", per_ms, sent);
    pci_write32(1, EDU_MSI, 1u << 16);
    taken = 0;
    time_delay_ns(5 * NS_PER_MS);
    mmio_write(edu + EDU_RAISE, 1);
    time_delay_ns(5 * NS_PER_MS);
    tap_ok(taken >= 1, "after it, one arrives");
    ((__typeof__(page) *)map.page)->stop = 1;
    tap_done();
}

void stub_main(void)
{
    char role[16] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "bystander") == 0) {
        bystander_main();
    } else {
        driver_main();
    }
}
