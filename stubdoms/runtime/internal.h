/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the runtime know of each other; no program includes this.
 */
#ifndef RUNTIME_INTERNAL_H
#define RUNTIME_INTERNAL_H

#include <runtime/smp.h>
#include <runtime/trap.h>
#include <runtime/xen.h>
#include <public/arch-x86/hvm/start_info.h>

#define UPCALL_VECTOR 0xf3u
#define SPURIOUS_VECTOR 0xffu

#define IST_STACK_SIZE 8192u

/* Bounds of the image, from the linker script. */
extern char __image_start[], __image_end[];
extern char __text_start[], __text_end[];
extern char __rodata_start[], __rodata_end[];
extern char __stack_guard[], __stack_top[];

/* Registers as entry.S saves them. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
    uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* Where trap_try() goes on; layout known to entry.S. */
struct trap_jump {
    uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
};

struct trap_scope {
    struct trap_jump jump;
    struct trap_scope *outer;
    struct trap_info_rt info;
};

struct tss64 {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t iomap;
} __attribute__((packed));

/* One per vCPU, reached through GS; only its own vCPU writes it unless said otherwise. */
struct rt_cpu {
    struct rt_cpu *self;             /* offset 0, entry.S and cpu_self() rely on it */
    unsigned int index;
    uint32_t apic_id;
    volatile uint32_t upcall;        /* an upcall came since the loop last looked */
    unsigned long upcall_count;
    struct trap_scope *scope;        /* innermost trap_try(), NULL outside */
    unsigned int timer_port;         /* VIRQ_TIMER of this vCPU, 0: none */
    uint64_t timer_armed_ns;         /* what the one-shot timer was last set to, 0: nothing */
    uint32_t online;                 /* set by the vCPU, read by smp_start() */
    void (*work)(void *arg);         /* written by smp_start() while idle, cleared when done */
    void *work_arg;
    uint64_t stack_top;
    uint64_t gdt[7];
    struct tss64 tss;
    uint8_t ist_stack[IST_STACK_SIZE] __attribute__((aligned(16)));
};

static inline struct rt_cpu *cpu_self(void)
{
    struct rt_cpu *cpu;

    __asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

static inline void cpuid(uint32_t leaf, uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    __asm__ volatile("cpuid" : "=a"(*a), "=b"(*b), "=c"(*c), "=d"(*d) : "0"(leaf), "2"(0));
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

/* entry.S */
int trap_enter(struct trap_jump *jump) __attribute__((returns_twice));
void trap_leave(const struct trap_jump *jump) __attribute__((noreturn));
extern uint8_t hypercall_use_vmcall;
extern uint64_t ap_stack;
extern char ap_trampoline_start[], ap_trampoline_end[];
extern char ap_trampoline_cr3[], ap_trampoline_gdt_base[], ap_trampoline_gdt[];
extern char ap_trampoline_ljmp[], ap_trampoline_prot[];
extern char trap_stubs[];

/* start.c; the first three are called from entry.S */
void rt_start(uint64_t start_info_paddr) __attribute__((noreturn));
bool start_info_range(unsigned int index, uint64_t *addr, uint64_t *size);

/* trap.c */
void trap_dispatch(struct trap_frame *frame);
void trap_init_cpu(struct rt_cpu *cpu);

/* mm.c, pages.c */
void mm_init(void);
uint64_t mm_cr3(void);
void pages_init(void);

/* apic.c */
void apic_init_cpu(struct rt_cpu *cpu);
void apic_eoi(void);
void apic_send(uint32_t apic_id, uint32_t command);

/* evtchn.c, time.c, grant.c, console.c, smp.c */
void event_init(void);
void event_init_cpu(struct rt_cpu *cpu);
void event_upcall_taken(void);
unsigned int timer_run(void);
uint64_t timer_next(void);
void grant_init(void);
void console_init(void);
extern struct rt_cpu cpu0;
struct rt_cpu *smp_cpu_state(unsigned int cpu);
void ap_main(void) __attribute__((noreturn));

/* heap.c */
void heap_init(void);

#endif
