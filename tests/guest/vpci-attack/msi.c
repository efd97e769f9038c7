/* SPDX-License-Identifier: Apache-2.0 */
/* Messages: through the registers that the domain sees, and as DMA that looks like one. */
#include "attack.h"

#include <runtime/smp.h>
#include <runtime/trap.h>

#define VECTOR 0x61u
#define OTHER_VECTOR 0x62u
#define ADDR 0xfee00000u
#define EVERY_CPU 0xfeeff000u

static volatile unsigned int taken[256];

static void take(unsigned int vector, void *arg)
{
    (void)arg;
    taken[vector]++;
}

static void msi(unsigned int slot, uint32_t addr, uint32_t data, bool on)
{
    pci_write32(slot, EDU_MSI + 4, addr);
    pci_write32(slot, EDU_MSI + 8, 0);
    pci_write32(slot, EDU_MSI + 12, data);
    pci_write32(slot, EDU_MSI, on ? 1u << 16 : 0);
}

static unsigned int all_taken(void)
{
    unsigned int sum = 0;

    for (unsigned int v = 0; v < 256; v++) {
        sum += taken[v];
    }
    return sum;
}

/* Raise one and see how many came. */
static unsigned int raise(unsigned int i)
{
    unsigned int before = all_taken();
    uint64_t end = time_now_ns() + 20 * NS_PER_MS;

    mmio_write(edu[i] + EDU_RAISE, 1);
    mmio_write(edu[i] + EDU_ACK, 1);
    while (all_taken() == before && time_now_ns() < end) {
        cpu_relax();
    }
    return all_taken() - before;
}

/* A word, written by the device to where messages go: every mode of delivery, vectors of the hypervisor, of exceptions, of nobody. */
static void raw(void)
{
    static const uint32_t words[] = {
        0x00, 0x01, 0x02, 0x08, 0x0e, 0x40, 0x41, VECTOR, 0xef, 0xf0, 0xf1, 0xf2, 0xf3, 0xff,
        0x140, 0x202, 0x400, 0x4500, 0xc500, 0x608, 0x7f0, 0x4061, 0x8061, 0xffffffff,
    };
    static const uint32_t places[] = { ADDR, EVERY_CPU, 0xfee01000, 0xfee00014, 0xfeef0ff8 };
    static uint32_t word[EDUS] __attribute__((aligned(PAGE_SIZE)));
    unsigned int before = all_taken();

    for (unsigned int n = 0; n < ARRAY_SIZE(words); n += EDUS) {
        for (unsigned int i = 0; i < EDUS; i++) {
            word[i] = words[n + i];
            edu_read(edu[i], (uintptr_t)&word[i], 4);
        }
        for (unsigned int i = 0; i < EDUS; i++) {
            (void)edu_wait(edu[i]);
            edu_write(edu[i], places[(n + i) % ARRAY_SIZE(places)], 4);
        }
        for (unsigned int i = 0; i < EDUS; i++) {
            (void)edu_wait(edu[i]);
        }
    }
    tap_ok(all_goes_on(), "%u words written to where messages go, by DMA", (unsigned int)ARRAY_SIZE(words));
    tap_is(all_taken() - before, 0, "none of them arrives");
}

static void forbidden(void)
{
    static const struct {
        uint32_t addr, data;
    } messages[] = {
        { ADDR, 0 }, { ADDR, 2 }, { ADDR, 0xf },                               /* vectors below 16 */
        { ADDR, 0x202 }, { ADDR, 0x400 }, { ADDR, 0x4500 }, { ADDR, 0x608 }, { ADDR, 0x700 + VECTOR }, { ADDR, 0x300 + VECTOR }, /* modes */
        { 0xfee63000, VECTOR }, { 0xfeefe000, VECTOR },                        /* CPUs that are not there */
        { 0xfed00000, VECTOR }, { 0, VECTOR }, { 0xfffffffc, VECTOR },         /* no place for messages */
    };
    unsigned int came = 0;

    for (unsigned int n = 0; n < ARRAY_SIZE(messages); n++) {
        msi(1, messages[n].addr, messages[n].data, true);
        came += raise(0);
    }
    tap_is(came, 0, "messages that make no sense are dropped: %u", (unsigned int)ARRAY_SIZE(messages));
}

void msi_tests(void)
{
    unsigned int came = 0;

    for (unsigned int v = 32; v < 256; v++) {
        (void)trap_handle_vector(v, take, NULL);
    }
    irq_enable();
    msi(1, ADDR, VECTOR, true);
    for (unsigned int i = 0; i < 10; i++) {
        came += raise(0);
    }
    tap_ok(came == 10 && taken[VECTOR] == 10, "interrupts arrive at the vector that the domain has chosen: %u", came);
    msi(1, ADDR, OTHER_VECTOR, true);
    msi(2, ADDR, VECTOR, true);
    came = raise(0) + raise(1);
    tap_ok(came == 2 && taken[OTHER_VECTOR] == 1 && taken[VECTOR] == 11, "and at another, and of two devices");
    raw();
    forbidden();
    msi(1, ADDR, VECTOR, false);
    msi(2, ADDR, VECTOR, false);
    tap_is(raise(0) + raise(1), 0, "switched off, none");
    tap_ok(all_goes_on(), "and the others go on");
}
