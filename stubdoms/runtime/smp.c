/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Further vCPUs. APIC ids come from ACPI's MADT, in its order; without one they are guessed to be
 * twice the vCPU's number, as Xen gives them. One vCPU is started at a time.
 */
#include <runtime/smp.h>

#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <string.h>

#include <public/arch-x86/hvm/start_info.h>

#include "internal.h"

#define TRAMPOLINE UINT64_C(0x8000)
#define AP_STACK_PAGES 8u
#define ICR_INIT 0x4500u
#define ICR_STARTUP 0x4600u
#define MADT_LAPIC 0u
#define MADT_X2APIC 9u
#define ACPI_MAX 65536u

struct rt_cpu cpu0;
uint64_t ap_stack;

static struct rt_cpu *cpus[SMP_CPU_MAX] = { &cpu0 };
static uint32_t apic_ids[SMP_CPU_MAX];
static unsigned int cpu_count;

unsigned int smp_cpu(void)
{
    return cpu_self()->index;
}

struct rt_cpu *smp_cpu_state(unsigned int cpu)
{
    return cpu < SMP_CPU_MAX ? cpus[cpu] : NULL;
}

static uint32_t load32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* Make @size bytes of physical memory readable where RAM does not do so already. */
static const uint8_t *acpi_map(uint64_t paddr, size_t size)
{
    uint64_t first = paddr >> PAGE_SHIFT;
    uint64_t last = (paddr + size - 1) >> PAGE_SHIFT;
    uint8_t byte;

    if (paddr == 0 || size > ACPI_MAX) {
        return NULL;
    }
    for (uint64_t gfn = first; gfn <= last; gfn++) {
        if (trap_read8((const void *)(uintptr_t)(gfn << PAGE_SHIFT), &byte) != TRAP_NONE &&
            mm_map(gfn, 1, 0) != 0) {
            return NULL;
        }
    }
    return (const uint8_t *)(uintptr_t)paddr;
}

static const uint8_t *acpi_table(uint64_t paddr, const char *signature, uint32_t *length)
{
    const uint8_t *t = acpi_map(paddr, 36);

    if (t == NULL || memcmp(t, signature, 4) != 0) {
        return NULL;
    }
    *length = load32(t + 4);
    return *length >= 36 ? acpi_map(paddr, *length) : NULL;
}

static void madt_read(const uint8_t *madt, uint32_t length)
{
    uint32_t at = 44;

    while (at + 2 <= length && madt[at + 1] >= 2 && at + madt[at + 1] <= length &&
           cpu_count < SMP_CPU_MAX) {
        const uint8_t *e = madt + at;

        if (e[0] == MADT_LAPIC && e[1] >= 8 && (load32(e + 4) & 1) != 0) {
            apic_ids[cpu_count++] = e[3];
        } else if (e[0] == MADT_X2APIC && e[1] >= 16 && (load32(e + 8) & 1) != 0) {
            apic_ids[cpu_count++] = load32(e + 4);
        }
        at += e[1];
    }
}

static void find_cpus(void)
{
    const uint8_t *rsdp = start_rsdp() != 0 ? acpi_map(start_rsdp(), 36) : NULL;
    const uint8_t *xsdt, *madt;
    uint32_t length, madt_length;

    if (rsdp == NULL || memcmp(rsdp, "RSD PTR ", 8) != 0) {
        return;
    }
    xsdt = acpi_table(load64(rsdp + 24), "XSDT", &length);
    for (uint32_t at = 36; xsdt != NULL && at + 8 <= length; at += 8) {
        madt = acpi_table(load64(xsdt + at), "APIC", &madt_length);
        if (madt != NULL) {
            madt_read(madt, madt_length);
            return;
        }
    }
}

unsigned int smp_cpu_count(void)
{
    if (cpu_count == 0) {
        find_cpus();
    }
    if (cpu_count == 0) {
        cpu_count = 1;
        for (uint32_t i = 0; i < SMP_CPU_MAX; i++) {
            apic_ids[i] = 2 * i;
        }
    }
    return cpu_count;
}

/* A vCPU that smp_start() woke, on its own stack. */
void ap_main(void)
{
    struct rt_cpu *cpu = NULL;

    for (unsigned int i = 1; i < SMP_CPU_MAX; i++) {
        if (cpus[i] != NULL && cpus[i]->stack_top == ap_stack) {
            cpu = cpus[i];
        }
    }
    if (cpu == NULL) {
        for (;;) {
            __asm__ volatile("cli; hlt");
        }
    }
    trap_init_cpu(cpu);
    apic_init_cpu(cpu);
    event_init_cpu(cpu);
    irq_enable();
    __atomic_store_n(&cpu->online, 1u, __ATOMIC_RELEASE);
    for (;;) {
        void (*work)(void *) = __atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE);

        if (work == NULL) {
            cpu_relax();
            continue;
        }
        work(cpu->work_arg);
        __atomic_store_n(&cpu->work, NULL, __ATOMIC_RELEASE);
    }
}

static bool page_is_ram(uint64_t addr)
{
    const struct start_memory *row;

    for (unsigned int i = 0; (row = start_memory_map(i)) != NULL; i++) {
        if (row->type == XEN_HVM_MEMMAP_TYPE_RAM && row->addr <= addr &&
            addr + PAGE_SIZE <= row->addr + row->size) {
            return true;
        }
    }
    return false;
}

static void patch32(uint8_t *page, const char *what, uint64_t value)
{
    uint32_t v = (uint32_t)value;

    memcpy(page + (what - ap_trampoline_start), &v, sizeof(v));
}

static int trampoline_install(void)
{
    uint8_t *page = (uint8_t *)(uintptr_t)TRAMPOLINE;

    if (!page_is_ram(TRAMPOLINE) || mm_cr3() >> 32 != 0) {
        return -XEN_ENOMEM;
    }
    if (mm_map(TRAMPOLINE >> PAGE_SHIFT, 1, MM_WRITE) != 0) {
        return -XEN_ENOMEM;
    }
    memcpy(page, ap_trampoline_start, (size_t)(ap_trampoline_end - ap_trampoline_start));
    patch32(page, ap_trampoline_cr3, mm_cr3());
    patch32(page, ap_trampoline_gdt_base,
            TRAMPOLINE + (uint64_t)(ap_trampoline_gdt - ap_trampoline_start));
    patch32(page, ap_trampoline_ljmp,
            TRAMPOLINE + (uint64_t)(ap_trampoline_prot - ap_trampoline_start));
    return mm_map(TRAMPOLINE >> PAGE_SHIFT, 1, MM_EXEC);
}

static int bring_up(unsigned int index)
{
    size_t pages = (sizeof(struct rt_cpu) + PAGE_SIZE - 1) >> PAGE_SHIFT;
    struct rt_cpu *cpu = page_alloc(pages);
    char *stack = page_alloc(AP_STACK_PAGES + 1);
    uint64_t deadline;

    if (cpu == NULL || stack == NULL || trampoline_install() != 0) {
        return -XEN_ENOMEM;
    }
    mm_unmap(virt_to_gfn(stack), 1);
    cpu->index = index;
    cpu->stack_top = (uint64_t)(uintptr_t)(stack + (AP_STACK_PAGES + 1) * PAGE_SIZE);
    cpus[index] = cpu;
    ap_stack = cpu->stack_top;
    smp_mb();
    apic_send(apic_ids[index], ICR_INIT);
    time_delay_ns(10 * NS_PER_MS);
    deadline = time_now_ns() + 2 * NS_PER_S;
    for (int i = 0; i < 2; i++) {
        apic_send(apic_ids[index], ICR_STARTUP | (uint32_t)(TRAMPOLINE >> PAGE_SHIFT));
        time_delay_ns(NS_PER_MS);
    }
    while (__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE) == 0) {
        if (time_now_ns() > deadline) {
            cpus[index] = NULL;
            return -XEN_ETIMEDOUT;
        }
        cpu_relax();
    }
    return 0;
}

int smp_start(unsigned int cpu, void (*fn)(void *arg), void *arg)
{
    int rc;

    (void)smp_cpu_count();
    if (cpu == 0 || cpu >= SMP_CPU_MAX || (cpu_count > 1 && cpu >= cpu_count)) {
        return -XEN_EINVAL;
    }
    if (cpus[cpu] == NULL) {
        rc = bring_up(cpu);
        if (rc != 0) {
            return rc;
        }
    }
    if (!smp_idle(cpu)) {
        return -XEN_EBUSY;
    }
    cpus[cpu]->work_arg = arg;
    __atomic_store_n(&cpus[cpu]->work, fn, __ATOMIC_RELEASE);
    return 0;
}

bool smp_idle(unsigned int cpu)
{
    return cpu >= SMP_CPU_MAX || cpus[cpu] == NULL ||
           __atomic_load_n(&cpus[cpu]->work, __ATOMIC_ACQUIRE) == NULL;
}

void smp_wait(unsigned int cpu)
{
    while (!smp_idle(cpu)) {
        cpu_relax();
    }
}
