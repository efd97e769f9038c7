/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IDT and what happens behind it. An exception in the hypervisor is either one the exception table expects (a probing
 * rdmsr) or a bug, which ends the machine with registers and a backtrace.
 */
#include <asm/trap.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <asm/paging.h>
#include <xen/device_irq.h>
#include <xen/lib.h>

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};
BUILD_ASSERT(sizeof(struct idt_gate) == 16); /* AMD APM vol. 2, 8.9.1 */

struct ex_entry {
    uint64_t fault, fixup;
};

extern char trap_stubs[];
extern const struct ex_entry extable_start[], extable_end[];

#define STUB_SIZE 16
#define EXCEPTIONS 32

static struct idt_gate idt[256] __aligned_to(16);
static void (*irq_handlers[256])(void);

static const char *const exception_names[EXCEPTIONS] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode",
    "device not available", "double fault", "coprocessor overrun", "invalid TSS", "segment not present",
    "stack fault", "general protection", "page fault", "reserved", "x87 error", "alignment check",
    "machine check", "SIMD error", "virtualisation", "control protection",
};

void idt_init(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t a = (uint64_t)trap_stubs + (uint64_t)i * STUB_SIZE;
        uint8_t ist = i == 8 ? 1 : i == 2 ? 2 : i == 18 ? 3 : 0;

        idt[i] = (struct idt_gate){ .offset_low = (uint16_t)a, .selector = 8, .ist = ist, .type = 0x8e,
                                    .offset_mid = (uint16_t)(a >> 16),
                                    .offset_high = (uint32_t)(a >> 32) };
    }
}

void idt_load(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed d = { sizeof(idt) - 1, (uint64_t)idt };

    __asm__ volatile("lidt %0" ::"m"(d));
}

void irq_set_handler(uint8_t vector, void (*fn)(void))
{
    irq_handlers[vector] = fn;
}

static bool in_stacks(uint64_t a)
{
    return (a >= STACK_BASE && a < STACK_BASE + MAX_CPUS * STACKS_PER_CPU * STACK_SLOT) || a >= HV_BASE;
}

void trap_show(const struct cpu_regs *r)
{
    const uint64_t *frame = (const uint64_t *)r->rbp;

    pr_err("rip %016lx cs %lx rflags %lx rsp %016lx error %lx cr2 %016lx", r->rip, r->cs, r->rflags,
           r->rsp, r->error, read_cr2());
    pr_err("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
    pr_err("rsi %016lx rdi %016lx rbp %016lx r8  %016lx", r->rsi, r->rdi, r->rbp, r->r8);
    pr_err("r9  %016lx r10 %016lx r11 %016lx r12 %016lx", r->r9, r->r10, r->r11, r->r12);
    for (unsigned i = 0; i < 12 && in_stacks((uint64_t)frame) && !((uint64_t)frame & 7); i++) {
        pr_err("  called from %016lx", frame[1]);
        if (frame[0] <= (uint64_t)frame) {
            break;
        }
        frame = (const uint64_t *)frame[0];
    }
}

static bool fixup(struct cpu_regs *r)
{
    for (const struct ex_entry *e = extable_start; e < extable_end; e++) {
        if (e->fault == r->rip) {
            r->rip = e->fixup;
            return true;
        }
    }
    return false;
}

void trap_handle(struct cpu_regs *r);

void trap_handle(struct cpu_regs *r)
{
    unsigned vector = (unsigned)r->vector & 255;

    if (vector < EXCEPTIONS) {
        if (vector == 2) {
            pr_warn("CPU %u: NMI", cpu_id());
            return;
        }
        if (fixup(r)) {
            return;
        }
        trap_show(r);
        panic("CPU %u: %s in the hypervisor", cpu_id(),
              exception_names[vector] ? exception_names[vector] : "exception");
    }
    if (vector == VECTOR_SPURIOUS) {
        return;
    }
    lapic_eoi();
    if (vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST) {
        device_irq_arrived((uint8_t)vector);
    } else if (irq_handlers[vector]) {
        irq_handlers[vector]();
    } else {
        pr_warn("CPU %u: unexpected interrupt vector %#x", cpu_id(), vector);
    }
}
