/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the PVH entry to stub_main(): takes what the start info says into private memory, brings up
 * the parts of the runtime in order, and ends the domain.
 */
#include <runtime/start.h>

#include <runtime/console.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/sched.h>

#include "internal.h"

#define CMDLINE_SIZE 1024u
#define MEMORY_ROWS 64u
#define MODULE_ROWS 4u
#define LOW_GIB (UINT64_C(1) << 30)

static char cmdline[CMDLINE_SIZE];
static struct start_memory memory_map[MEMORY_ROWS];
static unsigned int memory_rows;
static struct hvm_modlist_entry modules[MODULE_ROWS];
static unsigned int module_count;
static uint64_t rsdp_paddr;

/* Ranges that the page allocator must leave alone: they stay readable for the program. */
bool start_info_range(unsigned int index, uint64_t *addr, uint64_t *size)
{
    if (index >= module_count) {
        return false;
    }
    *addr = modules[index].paddr;
    *size = modules[index].size;
    return true;
}

const char *start_cmdline(void)
{
    return cmdline;
}

bool start_cmdline_get(const char *name, char *value, size_t size)
{
    size_t name_len = strlen(name);
    bool found = false;
    const char *p = cmdline;

    while (*p != '\0') {
        const char *end = p;

        while (*end != '\0' && *end != ' ') {
            end++;
        }
        if ((size_t)(end - p) >= name_len && strncmp(p, name, name_len) == 0 &&
            (p + name_len == end || p[name_len] == '=')) {
            const char *from = p + name_len == end ? end : p + name_len + 1;
            size_t len = (size_t)(end - from);

            found = true;
            if (size != 0) {
                len = len < size - 1 ? len : size - 1;
                memcpy(value, from, len);
                value[len] = '\0';
            }
        }
        p = *end == ' ' ? end + 1 : end;
    }
    return found;
}

unsigned int start_module_count(void)
{
    return module_count;
}

void *start_module(unsigned int index, size_t *size)
{
    if (index >= module_count || modules[index].paddr >= LOW_GIB ||
        modules[index].size > LOW_GIB - modules[index].paddr) {
        return NULL;
    }
    *size = modules[index].size;
    return (void *)(uintptr_t)modules[index].paddr;
}

uint64_t start_rsdp(void)
{
    return rsdp_paddr;
}

const struct start_memory *start_memory_map(unsigned int index)
{
    return index < memory_rows ? &memory_map[index] : NULL;
}

void domain_shutdown(unsigned int reason)
{
    struct sched_shutdown arg = { .reason = reason };

    irq_disable();
    for (;;) {
        hc_sched_op(SCHEDOP_shutdown, &arg);
        __asm__ volatile("hlt");
    }
}

void rt_panic(const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printk("panic: %s\n", text);
    domain_shutdown(SHUTDOWN_crash);
}

void abort(void)
{
    rt_panic("abort() from %p", __builtin_return_address(0));
}

/* The first GiB is all that the first page tables map; the start info must lie in it. */
static const void *low(uint64_t paddr, uint64_t size)
{
    return paddr != 0 && paddr < LOW_GIB && size <= LOW_GIB - paddr
           ? (const void *)(uintptr_t)paddr : NULL;
}

static const char *take_memory_map(const struct hvm_start_info *si)
{
    const struct hvm_memmap_table_entry *rows;

    if (si->memmap_entries > MEMORY_ROWS) {
        return "the memory map has more than 64 rows";
    }
    rows = low(si->memmap_paddr, si->memmap_entries * sizeof(*rows));
    if (rows == NULL) {
        return "the memory map is not below 1 GiB";
    }
    for (memory_rows = 0; memory_rows < si->memmap_entries; memory_rows++) {
        memory_map[memory_rows].addr = rows[memory_rows].addr;
        memory_map[memory_rows].size = rows[memory_rows].size;
        memory_map[memory_rows].type = rows[memory_rows].type;
    }
    return NULL;
}

/* Where the start info has no map (version 0, or an initial domain), the hypervisor tells. */
static const char *ask_memory_map(void)
{
    static struct e820_row {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) rows[MEMORY_ROWS];
    struct xen_memory_map arg = { .nr_entries = MEMORY_ROWS };

    set_xen_guest_handle(arg.buffer, rows);
    if (hc_memory_op(XENMEM_memory_map, &arg) != 0 || arg.nr_entries > MEMORY_ROWS) {
        return "no memory map, neither in the start info nor from the hypervisor";
    }
    for (memory_rows = 0; memory_rows < arg.nr_entries; memory_rows++) {
        memory_map[memory_rows].addr = rows[memory_rows].addr;
        memory_map[memory_rows].size = rows[memory_rows].size;
        memory_map[memory_rows].type = rows[memory_rows].type;
    }
    return NULL;
}

static const char *take_start_info(uint64_t paddr)
{
    const struct hvm_start_info *si = low(paddr, sizeof(*si));
    const struct hvm_modlist_entry *list;
    const char *text;

    if (si == NULL || si->magic != XEN_HVM_START_MAGIC_VALUE) {
        return "no start info with the PVH magic value";
    }
    rsdp_paddr = si->rsdp_paddr;
    text = low(si->cmdline_paddr, CMDLINE_SIZE);
    if (text != NULL) {
        memcpy(cmdline, text, strnlen(text, CMDLINE_SIZE - 1));
    }
    text = si->version >= 1 && si->memmap_entries != 0 ? take_memory_map(si) : ask_memory_map();
    if (text != NULL) {
        return text;
    }
    if (si->nr_modules > MODULE_ROWS) {
        return "more than 4 modules";
    }
    list = low(si->modlist_paddr, si->nr_modules * sizeof(*list));
    if (si->nr_modules != 0 && list == NULL) {
        return "the module list is not below 1 GiB";
    }
    if (si->nr_modules != 0) {
        memcpy(modules, list, si->nr_modules * sizeof(*list));
    }
    module_count = si->nr_modules;
    return NULL;
}

static void choose_hypercall_instruction(void)
{
    uint32_t a, b, c, d;

    cpuid(0, &a, &b, &c, &d);
    /* "Genu" and "Cent": VT-x; AMD and Hygon: SVM. */
    hypercall_use_vmcall = b == 0x756e6547u || b == 0x746e6543u;
}

void rt_start(uint64_t start_info_paddr)
{
    const char *wrong;

    choose_hypercall_instruction();
    cpu0.stack_top = (uint64_t)(uintptr_t)__stack_top;
    trap_init_cpu(&cpu0);
    wrong = take_start_info(start_info_paddr);
    if (wrong != NULL) {
        rt_panic("start: %s", wrong);
    }
    pages_init();
    mm_init();
    heap_init();
    console_init();
    apic_init_cpu(&cpu0);
    event_init();
    event_init_cpu(&cpu0);
    grant_init();
    irq_enable();
    stub_main();
    domain_shutdown(SHUTDOWN_poweroff);
}

long hvm_param_get(uint32_t index, uint64_t *value)
{
    struct xen_hvm_param arg = { .domid = DOMID_SELF, .index = index };
    long rc = hc_hvm_op(HVMOP_get_param, &arg);

    if (rc == 0) {
        *value = arg.value;
    }
    return rc;
}

long hvm_param_set(uint32_t index, uint64_t value)
{
    struct xen_hvm_param arg = { .domid = DOMID_SELF, .index = index, .value = value };

    return hc_hvm_op(HVMOP_set_param, &arg);
}

domid_t domain_self(void)
{
    uint32_t base, a, b, c, d;

    for (base = 0x40000000u; base < 0x40010000u; base += 0x100u) {
        cpuid(base, &a, &b, &c, &d);
        /* "XenVMMXenVMM" */
        if (b == 0x566e6558u && c == 0x65584d4du && d == 0x4d4d566eu && a >= base + 4) {
            cpuid(base + 4, &a, &b, &c, &d);
            return (a & (1u << 4)) != 0 ? (domid_t)c : DOMID_SELF;
        }
    }
    return DOMID_SELF;
}
