/* SPDX-License-Identifier: Apache-2.0 */
#include "bus.h"

#include <asm/io.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <xen/acpi.h>
#include <xen/mm.h>
#include <xen/pci.h>

#define FUNCTIONS_MAX 80
#define MAPPINGS_MAX 64
#define RAM_END 0x10000000ull

struct acpi_info acpi_info;
unsigned bus_vanishes, bus_reads, bus_writes;

static struct bus_function functions[FUNCTIONS_MAX];
static unsigned function_count;
static uint32_t selected;
static struct {
    uint64_t addr, size;
    void *at;
} mapped[MAPPINGS_MAX];
static unsigned mapped_count;

void bus_clear(void)
{
    memset(functions, 0, sizeof(functions));
    function_count = 0;
    bus_vanishes = bus_reads = bus_writes = 0;
    acpi_info.mcfg_addr = 0xb0000000;
    acpi_info.mcfg_bus_last = 3;
}

struct bus_function *bus_find(uint16_t id)
{
    for (unsigned i = 0; i < function_count; i++) {
        if (functions[i].id == id) {
            return &functions[i];
        }
    }
    return NULL;
}

void bus_put(struct bus_function *f, unsigned reg, unsigned size, uint32_t value)
{
    memcpy(f->config + reg, &value, size);
}

uint32_t bus_get(const struct bus_function *f, unsigned reg, unsigned size)
{
    uint32_t value = 0;

    memcpy(&value, f->config + reg, size);
    return value;
}

static void writable(struct bus_function *f, unsigned reg, unsigned size, uint32_t mask)
{
    memcpy(f->writable + reg, &mask, size);
}

struct bus_function *bus_add(uint16_t id, uint16_t class)
{
    struct bus_function *f = &functions[function_count];

    assert(function_count < FUNCTIONS_MAX && bus_find(id) == NULL);
    function_count++;
    f->id = id;
    bus_put(f, 0, 4, 0x12345678);
    bus_put(f, PCI_CLASS + 2, 2, class);
    bus_put(f, PCI_SUBSYSTEM, 4, 0x87654321);
    writable(f, PCI_COMMAND, 2, 0x07ff);
    writable(f, PCI_INTERRUPT, 1, 0xff);
    return f;
}

void bus_bar(struct bus_function *f, unsigned i, uint64_t addr, uint64_t size, unsigned flags)
{
    bus_put(f, PCI_BAR(i), 4, (uint32_t)addr | flags);
    writable(f, PCI_BAR(i), 4, (uint32_t)~(size - 1) & ~15u);
    if ((flags & 6) == 4 && i < 5) {
        bus_put(f, PCI_BAR(i + 1), 4, (uint32_t)(addr >> 32));
        writable(f, PCI_BAR(i + 1), 4, (uint32_t)(~(size - 1) >> 32));
    }
}

void bus_cap(struct bus_function *f, unsigned at, uint8_t id, uint8_t next)
{
    f->config[PCI_COMMAND + 2] |= 0x10;
    if (f->config[PCI_CAPABILITIES] == 0) {
        f->config[PCI_CAPABILITIES] = (uint8_t)at;
    }
    f->config[at] = id;
    if (at < 255) {
        f->config[at + 1] = next;
    }
}

void bus_msi(struct bus_function *f, unsigned at, uint8_t next, unsigned control)
{
    unsigned data = at + (control & 0x80 ? 12 : 8);

    bus_cap(f, at, PCI_CAP_MSI, next);
    bus_put(f, at + 2, 2, control);
    writable(f, at + 2, 2, 0x71);
    writable(f, at + 4, 4, ~3u);
    if (control & 0x80) {
        writable(f, at + 8, 4, ~0u);
    }
    writable(f, data, 2, 0xffff);
    if (control & 0x100) {
        writable(f, data + 4, 4, 1);
    }
}

void bus_msix(struct bus_function *f, unsigned at, uint8_t next, unsigned count, uint32_t table, uint32_t pba)
{
    bus_cap(f, at, PCI_CAP_MSIX, next);
    if (at + 12 <= 256) {
        bus_put(f, at + 2, 2, count - 1);
        writable(f, at + 2, 2, 0xc000);
        bus_put(f, at + 4, 4, table);
        bus_put(f, at + 8, 4, pba);
    }
}

void bus_express(struct bus_function *f, unsigned at, uint8_t next, bool flr)
{
    bus_cap(f, at, PCI_CAP_EXPRESS, next);
    f->express = at;
    bus_put(f, at + 2, 2, 2);
    bus_put(f, at + 4, 4, flr ? 1u << 28 : 0);
    writable(f, at + 8, 2, 0x7fff);
}

void bus_pm(struct bus_function *f, unsigned at, uint8_t next, bool no_soft_reset)
{
    bus_cap(f, at, PCI_CAP_PM, next);
    f->pm = at;
    bus_put(f, at + 4, 2, no_soft_reset ? 8 : 0);
    writable(f, at + 4, 2, 3);
}

struct bus_function *bus_bridge(uint16_t id, uint8_t secondary)
{
    struct bus_function *f = bus_add(id, 0x0604);

    f->config[PCI_HEADER] = 1;
    f->config[0x19] = secondary;
    writable(f, 0x3e, 2, 0x40);
    return f;
}

void bus_ready(void)
{
    for (unsigned i = 0; i < function_count; i++) {
        struct bus_function *f = &functions[i];

        memcpy(f->first, f->config, sizeof(f->first));
        f->first[PCI_COMMAND] = f->first[PCI_COMMAND + 1] = 0;
        for (unsigned n = 0; (f->config[PCI_HEADER] & 0x7f) == 0 && n < 6 * 4; n++) {
            f->first[0x10 + n] &= (uint8_t)~f->writable[0x10 + n];
        }
        if (f->express != 0) {
            f->first[f->express + 8] = f->first[f->express + 9] = 0;
        }
    }
}

static void reset(struct bus_function *f)
{
    memcpy(f->config, f->first, sizeof(f->config));
    f->resets++;
}

/* -- ports ----------------------------------------------------------------------------------------- */

static struct bus_function *chosen(uint16_t port, unsigned size)
{
    assert(port >= 0xcfc && port + size <= 0xd00 && (port & (size - 1)) == 0);
    assert(selected >> 31);
    return bus_vanishes == 1 ? NULL : bus_find((uint16_t)(selected >> 8));
}

static uint32_t in(uint16_t port, unsigned size)
{
    const struct bus_function *f = chosen(port, size);

    bus_reads++;
    bus_vanishes -= bus_vanishes > 1;
    return f != NULL ? bus_get(f, (selected & 0xfc) + (port & 3u), size) : 0xffffffff;
}

static void wrote(struct bus_function *f, unsigned reg, uint32_t value, uint8_t old)
{
    if (f->express != 0 && reg == f->express + 8 && value & 0x8000) {
        f->flrs++;
        reset(f);
    } else if (f->pm != 0 && reg == f->pm + 4 && (old & 3) == 3 && (value & 3) == 0 && !(f->config[reg] & 8)) {
        reset(f);
    } else if (reg == 0x3e && f->config[PCI_HEADER] == 1 && value & 0x40 && !(old & 0x40)) {
        for (unsigned i = 0; i < function_count; i++) {
            if (functions[i].id >> 8 == f->config[0x19]) {
                reset(&functions[i]);
            }
        }
    }
}

static void out(uint16_t port, unsigned size, uint32_t value)
{
    struct bus_function *f = chosen(port, size);
    unsigned reg = (selected & 0xfc) + (port & 3u);
    uint8_t old;

    bus_writes++;
    if (f == NULL) {
        return;
    }
    old = f->config[reg];
    for (unsigned i = 0; i < size; i++) {
        uint8_t mask = f->writable[reg + i];

        f->config[reg + i] = (uint8_t)((f->config[reg + i] & ~mask) | (value >> 8 * i & mask));
    }
    wrote(f, reg, value, old);
}

uint8_t inb(uint16_t port)
{
    return (uint8_t)in(port, 1);
}

uint16_t inw(uint16_t port)
{
    return (uint16_t)in(port, 2);
}

uint32_t inl(uint16_t port)
{
    return in(port, 4);
}

void outb(uint16_t port, uint8_t v)
{
    out(port, 1, v);
}

void outw(uint16_t port, uint16_t v)
{
    out(port, 2, v);
}

void outl(uint16_t port, uint32_t v)
{
    if (port == 0xcf8) {
        assert((v & 0x7f000003) == 0);
        selected = v;
        return;
    }
    out(port, 4, v);
}

/* -- registers in memory --------------------------------------------------------------------------- */

void *ioremap(paddr_t base, size_t size)
{
    assert(mapped_count < MAPPINGS_MAX && base >= RAM_END);
    mapped[mapped_count].addr = base;
    mapped[mapped_count].size = size;
    mapped[mapped_count].at = calloc(1, size);
    return mapped[mapped_count++].at;
}

bool paddr_exists(paddr_t base, uint64_t size)
{
    return base < BUS_PADDR_END && size <= BUS_PADDR_END - base;
}

bool host_uses(paddr_t base, uint64_t size)
{
    return base < RAM_END || (base <= 0xfee00000 && base + size > 0xfee00000);
}

uint32_t *bus_mapped(uint64_t addr)
{
    for (unsigned i = mapped_count; i-- > 0;) {
        if (addr >= mapped[i].addr && addr - mapped[i].addr < mapped[i].size) {
            return (uint32_t *)((char *)mapped[i].at + (addr - mapped[i].addr));
        }
    }
    return NULL;
}

void bus_forget_registers(void)
{
    for (unsigned i = 0; i < mapped_count; i++) {
        memset(mapped[i].at, 0, mapped[i].size);
    }
}

uint32_t readl(const volatile void *a)
{
    return *(const volatile uint32_t *)a;
}

void writel(volatile void *a, uint32_t v)
{
    *(volatile uint32_t *)a = v;
}
