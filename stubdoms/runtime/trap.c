/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor tables of a vCPU, and where exceptions and interrupts go. Double faults and machine
 * checks run on a stack of their own, so that an overflow into the guard page still gets reported.
 */
#include <runtime/trap.h>

#include <runtime/console.h>
#include <runtime/start.h>
#include <string.h>

#include <public/sched.h>

#include "internal.h"

#define SEL_CODE 0x08u
#define SEL_TSS 0x18u
#define MSR_GS_BASE 0xc0000101u
#define VECTOR_NMI 2u
#define VECTOR_MC 18u

struct idt_gate {
    uint16_t offset0;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset1;
    uint32_t offset2;
    uint32_t reserved;
};

struct table_ptr {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static struct idt_gate idt[256];
static void (*vector_fn[256])(unsigned int vector, void *arg);
static void *vector_arg[256];

static void idt_fill(void)
{
    for (unsigned int v = 0; v < 256; v++) {
        uint64_t at = (uint64_t)(uintptr_t)trap_stubs + v * 16u;

        idt[v].offset0 = (uint16_t)at;
        idt[v].offset1 = (uint16_t)(at >> 16);
        idt[v].offset2 = (uint32_t)(at >> 32);
        idt[v].selector = SEL_CODE;
        idt[v].type = 0x8e;
        idt[v].ist = v == TRAP_DF || v == VECTOR_NMI || v == VECTOR_MC ? 1 : 0;
    }
}

void trap_init_cpu(struct rt_cpu *cpu)
{
    uint64_t base = (uint64_t)(uintptr_t)&cpu->tss;
    uint64_t limit = sizeof(cpu->tss) - 1;
    struct table_ptr gdt_ptr = { sizeof(cpu->gdt) - 1, (uint64_t)(uintptr_t)cpu->gdt };
    struct table_ptr idt_ptr = { sizeof(idt) - 1, (uint64_t)(uintptr_t)idt };

    if (cpu == &cpu0) {
        idt_fill();
    }
    cpu->self = cpu;
    cpu->tss.ist[0] = (uint64_t)(uintptr_t)(cpu->ist_stack + IST_STACK_SIZE);
    cpu->tss.iomap = sizeof(cpu->tss);
    cpu->gdt[1] = UINT64_C(0x00af9b000000ffff);
    cpu->gdt[2] = UINT64_C(0x00cf93000000ffff);
    cpu->gdt[3] = limit | ((base & 0xffffff) << 16) | (UINT64_C(0x89) << 40) |
                  (((base >> 24) & 0xff) << 56);
    cpu->gdt[4] = base >> 32;
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "pushq %2\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tltr %w3"
                     : : "m"(gdt_ptr), "m"(idt_ptr), "i"(SEL_CODE), "r"(SEL_TSS)
                     : "rax", "memory");
    wrmsr(MSR_GS_BASE, (uint64_t)(uintptr_t)cpu);
}

static void report(const struct trap_frame *f, uint64_t cr2)
{
    printk("exception %lu error %#lx at rip %#lx, vCPU %u\n"
           "  rsp %#018lx rflags %#lx cr2 %#lx\n"
           "  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n"
           "  rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n"
           "  r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n"
           "  r13 %016lx r14 %016lx r15 %016lx\n",
           f->vector, f->error, f->rip, cpu_self()->index, f->rsp, f->rflags, cr2,
           f->rax, f->rbx, f->rcx, f->rdx, f->rsi, f->rdi, f->rbp, f->r8,
           f->r9, f->r10, f->r11, f->r12, f->r13, f->r14, f->r15);
}

static void exception(struct trap_frame *f)
{
    struct rt_cpu *cpu = cpu_self();
    struct trap_scope *scope = cpu->scope;
    uint64_t cr2;

    __asm__ volatile("movq %%cr2, %0" : "=r"(cr2));
    if (scope == NULL || f->vector == VECTOR_NMI || f->vector == VECTOR_MC) {
        report(f, cr2);
        domain_shutdown(SHUTDOWN_crash);
    }
    scope->info.vector = (int)f->vector;
    scope->info.error = f->error;
    scope->info.rip = f->rip;
    scope->info.cr2 = f->vector == TRAP_PF ? cr2 : 0;
    cpu->scope = scope->outer;
    if ((f->rflags & 0x200) != 0) {
        irq_enable();
    }
    trap_leave(&scope->jump);
}

void trap_dispatch(struct trap_frame *f)
{
    struct rt_cpu *cpu = cpu_self();

    if (f->vector < 32) {
        exception(f);
        return;
    }
    if (f->vector == SPURIOUS_VECTOR) {
        return;
    }
    if (f->vector == UPCALL_VECTOR) {
        cpu->upcall = 1;
        cpu->upcall_count++;
        event_upcall_taken();
    } else if (vector_fn[f->vector] != NULL) {
        vector_fn[f->vector]((unsigned int)f->vector, vector_arg[f->vector]);
    }
    apic_eoi();
}

int trap_try(void (*fn)(void *arg), void *arg, struct trap_info_rt *info)
{
    struct rt_cpu *cpu = cpu_self();
    struct trap_scope scope;

    memset(&scope, 0, sizeof(scope));
    scope.outer = cpu->scope;
    scope.info.vector = TRAP_NONE;
    if (trap_enter(&scope.jump) == 0) {
        cpu->scope = &scope;
        compiler_barrier();
        fn(arg);
        compiler_barrier();
        cpu->scope = scope.outer;
    }
    compiler_barrier();
    if (info != NULL) {
        *info = scope.info;
    }
    return READ_ONCE(scope.info.vector);
}

int trap_handle_vector(unsigned int vector, void (*fn)(unsigned int vector, void *arg), void *arg)
{
    if (vector < 32 || vector >= 256 || vector == UPCALL_VECTOR || vector == SPURIOUS_VECTOR) {
        return -XEN_EINVAL;
    }
    vector_fn[vector] = NULL;
    compiler_barrier();
    vector_arg[vector] = arg;
    compiler_barrier();
    vector_fn[vector] = fn;
    return 0;
}

struct probe {
    volatile uint8_t *p;
    uint32_t msr;
    uint64_t value;
};

static void probe_read(void *arg)
{
    struct probe *probe = arg;

    probe->value = *probe->p;
}

static void probe_write(void *arg)
{
    struct probe *probe = arg;

    *probe->p = (uint8_t)probe->value;
}

static void probe_rdmsr(void *arg)
{
    struct probe *probe = arg;

    probe->value = rdmsr(probe->msr);
}

static void probe_wrmsr(void *arg)
{
    struct probe *probe = arg;

    wrmsr(probe->msr, probe->value);
}

int trap_read8(const volatile void *p, uint8_t *value)
{
    struct probe probe = { .p = (volatile uint8_t *)(uintptr_t)p };
    int vector = trap_try(probe_read, &probe, NULL);

    *value = (uint8_t)probe.value;
    return vector;
}

int trap_write8(volatile void *p, uint8_t value)
{
    struct probe probe = { .p = p, .value = value };

    return trap_try(probe_write, &probe, NULL);
}

int trap_rdmsr(uint32_t msr, uint64_t *value)
{
    struct probe probe = { .msr = msr };
    int vector = trap_try(probe_rdmsr, &probe, NULL);

    *value = probe.value;
    return vector;
}

int trap_wrmsr(uint32_t msr, uint64_t value)
{
    struct probe probe = { .msr = msr, .value = value };

    return trap_try(probe_wrmsr, &probe, NULL);
}
