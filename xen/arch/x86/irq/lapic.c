/* SPDX-License-Identifier: Apache-2.0 */
/* The host's local APIC: xAPIC by memory, x2APIC by MSR when firmware switched it on. Source: Intel SDM vol. 3A, chapter 11. */
#include <asm/lapic.h>

#include <asm/cpu.h>
#include <asm/io.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/time.h>

#define LAPIC_ID 0x20
#define LAPIC_TPR 0x80
#define LAPIC_EOI 0xb0
#define LAPIC_SVR 0xf0
#define LAPIC_ICR_LOW 0x300
#define LAPIC_ICR_HIGH 0x310
#define LAPIC_LVT_TIMER 0x320
#define LAPIC_LVT_LINT0 0x350
#define LAPIC_LVT_LINT1 0x360
#define LAPIC_LVT_ERROR 0x370
#define LAPIC_TIMER_INITIAL 0x380
#define LAPIC_TIMER_CURRENT 0x390
#define LAPIC_TIMER_DIVIDE 0x3e0
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define ICR_PENDING 0x1000u
#define LEAST_NS 20000u

static volatile uint8_t *regs;
static bool x2apic;
static uint64_t ticks_per_ms;

static uint32_t lapic_get(unsigned r)
{
    return x2apic ? (uint32_t)rdmsr(0x800 + (r >> 4)) : readl(regs + r);
}

static void lapic_put(unsigned r, uint32_t v)
{
    if (x2apic) {
        wrmsr(0x800 + (r >> 4), v);
    } else {
        writel(regs + r, v);
    }
}

static void icr_write(uint32_t apic_id, uint32_t low)
{
    uint64_t f;

    if (x2apic) {
        wrmsr(0x830, (uint64_t)apic_id << 32 | low);
        return;
    }
    f = irq_save();
    while (lapic_get(LAPIC_ICR_LOW) & ICR_PENDING) {
        cpu_relax();
    }
    lapic_put(LAPIC_ICR_HIGH, apic_id << 24);
    lapic_put(LAPIC_ICR_LOW, low);
    irq_restore(f);
}

void lapic_init_boot(paddr_t base)
{
    x2apic = rdmsr(0x1b) & 0x400;
    if (!x2apic) {
        regs = ioremap(base, PAGE_SIZE);
        if (!regs) {
            panic("boot: cannot map the local APIC");
        }
    }
    lapic_init_this();
}

void lapic_init_this(void)
{
    lapic_put(LAPIC_TPR, 0);
    lapic_put(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    lapic_put(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_put(LAPIC_LVT_LINT1, LVT_MASKED);
    lapic_put(LAPIC_LVT_ERROR, LVT_MASKED);
    lapic_put(LAPIC_SVR, 0x100 | VECTOR_SPURIOUS);
    lapic_put(LAPIC_TIMER_DIVIDE, 0xb); /* by 1 */
    lapic_put(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR_TIMER);
}

uint32_t lapic_this_id(void)
{
    return x2apic ? lapic_get(LAPIC_ID) : lapic_get(LAPIC_ID) >> 24;
}

void lapic_eoi(void)
{
    lapic_put(LAPIC_EOI, 0);
}

void lapic_ipi(uint32_t apic_id, uint8_t vector)
{
    icr_write(apic_id, 0x4000u | vector);
}

void lapic_init_ipi(uint32_t apic_id)
{
    icr_write(apic_id, 0x4500);
}

void lapic_startup_ipi(uint32_t apic_id, uint8_t page)
{
    icr_write(apic_id, 0x4600u | page);
}

/*
 * Whoever is interrupted sets it anew, so once is all it is asked for. It repeats nevertheless: an interrupt that gets lost, as
 * happens in emulators (docs/run.md), comes again instead of leaving the CPU asleep for ever. LEAST_NS is for the second
 * not to come while the first is still being served.
 */
void lapic_timer_set(uint64_t delta_ns)
{
    uint64_t ticks;

    if (!delta_ns) {
        lapic_put(LAPIC_TIMER_INITIAL, 0);
        return;
    }
    delta_ns = max(min(delta_ns, NS_PER_S), LEAST_NS);
    ticks = delta_ns * ticks_per_ms / NS_PER_MS;
    lapic_put(LAPIC_TIMER_INITIAL, (uint32_t)max(min(ticks, 0xffffffffull), 1ull));
}

void lapic_timer_calibrate(void (*wait_10ms)(void))
{
    uint32_t left;

    lapic_put(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    lapic_put(LAPIC_TIMER_INITIAL, 0xffffffff);
    wait_10ms();
    left = lapic_get(LAPIC_TIMER_CURRENT);
    lapic_put(LAPIC_TIMER_INITIAL, 0);
    lapic_put(LAPIC_LVT_TIMER, LVT_PERIODIC | VECTOR_TIMER);
    ticks_per_ms = (0xffffffffu - left) / 10;
    if (!ticks_per_ms) {
        panic("boot: the local APIC timer does not count");
    }
}
