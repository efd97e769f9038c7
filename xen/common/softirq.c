/* SPDX-License-Identifier: Apache-2.0 */
#include <xen/softirq.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/lib.h>

static void (*handlers[SOFTIRQ_COUNT])(void);

void softirq_register(enum softirq nr, void (*fn)(void))
{
    handlers[nr] = fn;
}

void softirq_raise(enum softirq nr)
{
    __atomic_fetch_or(&this_cpu()->softirqs, 1u << nr, __ATOMIC_RELAXED);
}

void softirq_raise_on(unsigned cpu, enum softirq nr)
{
    uint32_t old = __atomic_fetch_or(&cpus[cpu].softirqs, 1u << nr, __ATOMIC_SEQ_CST);

    if (cpu != cpu_id() && !(old & 1u << nr)) {
        lapic_ipi(cpus[cpu].apic_id, VECTOR_IPI);
    }
}

bool softirq_pending(void)
{
    return read_once(this_cpu()->softirqs) != 0;
}

void softirq_run(void)
{
    struct cpu *c = this_cpu();

    while (read_once(c->softirqs)) {
        uint32_t bits = __atomic_exchange_n(&c->softirqs, 0, __ATOMIC_ACQUIRE);

        while (bits) {
            unsigned nr = (unsigned)__builtin_ctz(bits);

            bits &= bits - 1;
            if (handlers[nr]) {
                handlers[nr]();
            }
        }
    }
}
