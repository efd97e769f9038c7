/* SPDX-License-Identifier: Apache-2.0 */
/* What each CPU sets up for itself, and the features all must have. */
#include <asm/cpu.h>

#include <asm/lapic.h>
#include <asm/paging.h>
#include <asm/svm.h>
#include <asm/trap.h>
#include <xen/lib.h>
#include <xsm/avc_hit.h>

struct cpu cpus[MAX_CPUS];
unsigned cpu_count = 1;
bool cpu_has_smep, cpu_has_smap, cpu_has_umip, cpu_has_rdtscp, cpu_has_xsave, cpu_has_pdpe1gb,
    cpu_has_pku, cpu_has_ibpb;
unsigned cpu_paddr_bits = 36; /* AMD64 APM 3, CPUID 8000_0008: without that leaf */

#define GDT_CODE 0x00af9b000000ffffull
#define GDT_DATA 0x00cf93000000ffffull
#define SELECTOR_TSS 0x20

void cpu_features_init(void)
{
    uint32_t r[4], max_leaf;

    cpuid_count(0, 0, r);
    max_leaf = r[0];
    cpuid_count(1, 0, r);
    cpu_has_xsave = r[2] & 1u << 26;
    if (max_leaf >= 7) {
        cpuid_count(7, 0, r);
        cpu_has_smep = r[1] & 1u << 7;
        cpu_has_smap = r[1] & 1u << 20;
        cpu_has_umip = r[2] & 1u << 2;
        cpu_has_pku = r[2] & 1u << 3;
    }
    cpuid_count(0x80000001, 0, r);
    cpu_has_rdtscp = r[3] & 1u << 27;
    cpu_has_pdpe1gb = r[3] & 1u << 26;
    cpuid_count(0x80000000, 0, r);
    if (r[0] >= 0x80000008) {
        cpuid_count(0x80000008, 0, r);
        cpu_has_ibpb = r[1] & 1u << 12;
        cpu_paddr_bits = min(r[0] & 0xff, 52u);
    }
}

static void load_descriptors(struct cpu *c)
{
    uint64_t base = (uint64_t)&c->tss;
    struct {
        uint16_t limit;
        uint64_t base;
    } __packed d = { sizeof(c->gdt) - 1, (uint64_t)c->gdt };

    c->gdt[1] = GDT_CODE;
    c->gdt[2] = GDT_DATA;
    c->gdt[4] = (sizeof(c->tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | ((base >> 24) & 0xff) << 56;
    c->gdt[5] = base >> 32;
    c->tss.iomap = sizeof(c->tss);
    __asm__ volatile("lgdt %0\n"
                     "pushq $8\n leaq 1f(%%rip), %%rax\n pushq %%rax\n lretq\n1:\n"
                     "movl $16, %%eax\n movl %%eax, %%ds\n movl %%eax, %%es\n movl %%eax, %%ss\n"
                     "xorl %%eax, %%eax\n movl %%eax, %%fs\n movl %%eax, %%gs\n" ::"m"(d)
                     : "rax", "memory");
    wrmsr(0xc0000101, (uint64_t)c);
    idt_load();
    __asm__ volatile("ltr %%ax" ::"a"(SELECTOR_TSS));
}

static void load_control_registers(void)
{
    uint64_t cr4 = 0x6a0; /* PAE, PGE, OSFXSR, OSXMMEXCPT */

    cr4 |= (cpu_has_smep ? 1ull << 20 : 0) | (cpu_has_smap ? 1ull << 21 : 0) | (cpu_has_umip ? 1ull << 11 : 0);
    cr4 |= cpu_has_pku ? 1ull << 22 : 0; /* to switch PKRU; no page of ours is a user page */
    if (cpu_has_xsave) {
        /* Guests get no XSAVE: XCR0 keeps only x87, so that no state we do not switch can be used. */
        __asm__ volatile("mov %0, %%cr4" ::"r"(cr4 | 1ull << 18));
        __asm__ volatile("xsetbv" ::"c"(0), "a"(1), "d"(0));
    }
    __asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
    __asm__ volatile("mov %0, %%cr0" ::"r"(0x80010033ull)); /* PG WP NE ET MP PE */
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE | EFER_SCE);
    wrmsr(0x277, 0x0007040600070406ull); /* PAT: WB WT UC- UC, twice: the reset value */
}

void cpu_init_this(unsigned id, uint32_t apic_id)
{
    struct cpu *c = &cpus[id];

    c->self = c;
    c->id = id;
    c->apic_id = apic_id;
    if (c->avc == NULL) {
        c->avc = xsm_avc_boot; /* until the policy engine has one for each */
    }
    spin_lock_init(&c->timer_lock, LOCK_TIMER);
    list_init(&c->timers);
    load_descriptors(c);
    load_control_registers();
    c->online = true;
}
