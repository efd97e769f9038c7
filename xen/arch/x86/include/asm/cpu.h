/* SPDX-License-Identifier: Apache-2.0 */
/* Per-CPU state and the instructions that touch it. */
#ifndef ASM_CPU_H
#define ASM_CPU_H

#include <xen/list.h>
#include <xen/lock.h>
#include <xen/types.h>

#define MAX_CPUS 64

struct domain;
struct vcpu;
struct xsm_avc;

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iomap;
} __packed;
BUILD_ASSERT(sizeof(struct tss) == 104); /* AMD APM vol. 2, 12.2.5 */

struct cpu {
    struct cpu *self;      /* offset 0: read through %gs */
    struct xsm_avc *avc;   /* the policy engine's cache; offset 8 */
    uint64_t avc_hits;     /* offset 16 */
    struct vcpu *vcpu;     /* NULL while idle */
    unsigned id;
    uint32_t apic_id;
    uint32_t softirqs;     /* atomic bits */
    bool online;
    uint32_t entries;      /* into guests, so that a waiter sees that this CPU left in between */
    bool in_guest;         /* between clgi and stgi around vmrun */
    uint32_t flush_seen;   /* counts acknowledged flush requests */
    uint32_t flush_wanted; /* atomic */

    paddr_t vmcb_host;     /* host state for vmload */
    uint32_t asid_next;
    uint64_t asid_generation;
    const struct domain *domain_before; /* that ran here last; compared only */
    struct vcpu *fpu_owner; /* whose x87 and SSE state was loaded last; compared only */

    spinlock_t timer_lock;
    struct list timers;    /* timer_lock, by expiry */
    struct timer *timer_running;

    uint64_t gdt[8];
    struct tss tss;
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned cpu_count;    /* online CPUs; constant after boot */
extern bool cpu_has_smep, cpu_has_smap, cpu_has_umip, cpu_has_rdtscp, cpu_has_xsave, cpu_has_pdpe1gb,
    cpu_has_pku, cpu_has_ibpb;
extern unsigned cpu_paddr_bits; /* of a physical address that mean something; the CPU ignores or refuses those above */

static inline struct cpu *this_cpu(void)
{
    struct cpu *c;

    __asm__ volatile("mov %%gs:0, %0" : "=r"(c));
    return c;
}
static inline unsigned cpu_id(void)
{
    return this_cpu()->id;
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr) : "memory");
    return (uint64_t)hi << 32 | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
/** rdmsr that survives a missing register. @return 0 or -EFAULT with *v zero. */
static inline int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo = 0, hi = 0;
    int rc = 0;

    __asm__ volatile("1: rdmsr\n2:\n"
                     ".section .text.fixup, \"ax\"\n3: movl $-14, %0\n jmp 2b\n.previous\n"
                     ".section .ex_table, \"a\"\n.quad 1b, 3b\n.previous"
                     : "+r"(rc), "+a"(lo), "+d"(hi)
                     : "c"(msr));
    *v = (uint64_t)hi << 32 | lo;
    return rc;
}
static inline void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    __asm__ volatile("cpuid" : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3]) : "a"(leaf), "c"(sub));
}
static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}
static inline void irq_enable(void)
{
    __asm__ volatile("sti" ::: "memory");
}
static inline void irq_disable(void)
{
    __asm__ volatile("cli" ::: "memory");
}
static inline uint64_t irq_save(void)
{
    uint64_t f;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(f)::"memory");
    return f;
}
static inline void irq_restore(uint64_t f)
{
    if (f & 0x200) {
        irq_enable();
    }
}
static inline uint64_t read_cr3(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr3, %0" : "=r"(v));
    return v;
}
static inline void write_cr3(uint64_t v)
{
    __asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}
static inline uint64_t read_cr2(void)
{
    uint64_t v;

    __asm__ volatile("mov %%cr2, %0" : "=r"(v));
    return v;
}

/** Processor set-up that every CPU does for itself: GDT, TSS, IDT, control registers, MSRs. */
void cpu_init_this(unsigned id, uint32_t apic_id);
/** Read feature bits once, on the boot CPU; panics when something required is missing. */
void cpu_features_init(void);
/** Bring up the other CPUs (at most max, 0 = all). */
void smp_boot(unsigned max_count);
/** Entered by each CPU once it is up: runs vCPUs or idles, for ever. */
void cpu_run(void) noreturn_fn;
void cpu_run_on_own_stack(void) noreturn_fn; /* the same, for the boot CPU */

/* Vectors. */
#define VECTOR_UART 0x30
#define VECTOR_TIMER 0xf0
#define VECTOR_IPI 0xf1
#define VECTOR_HALT 0xf2
#define VECTOR_SPURIOUS 0xff

#endif
