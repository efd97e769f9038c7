/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include <asm/io.h>
#include <xen/mm.h>

enum { TABLE = 0, COMMANDS = 0x8, EVENTS = 0x10, CONTROL = 0x18, EXCLUSION = 0x20, COMMAND_HEAD = 0x2000,
       COMMAND_TAIL = 0x2008, EVENT_HEAD = 0x2010, EVENT_TAIL = 0x2018, STATUS = 0x2020 };

struct model_unit model[MODEL_UNITS];

void *ioremap(paddr_t base, size_t size)
{
    CHECK(size <= sizeof(model[0].reg));
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        if (base == MODEL_ADDR + i * sizeof(model[0].reg)) {
            return model[i].reg;
        }
        if (base == MODEL_MCFG + ((0x10ull + i) << 12)) {
            return model[i].config;
        }
    }
    return NULL;
}

/* -- the units ------------------------------------------------------------------------------------- */

#define REMEMBERED 256
static struct {
    const struct model_unit *unit;
    uint16_t device, id;
    bool write;
    uint64_t dfn, frame;
} remembered[REMEMBERED];

static uint64_t *reg(struct model_unit *u, unsigned offset)
{
    return &u->reg[offset / 8];
}

static uint64_t *memory(uint64_t base)
{
    base &= 0x000ffffffffff000ull;
    return model_memory(base);
}

static void command(struct model_unit *u, const uint64_t *c)
{
    switch (c[0] >> 60) {
    case 1: /* COMPLETION_WAIT with a store */
        CHECK((c[0] & 7) == 1 && (c[0] >> 52 & 0xff) == 0);
        *(uint64_t *)maddr_to_virt(c[0] & 0x000ffffffffffff8ull) = c[1];
        break;
    case 2: /* INVALIDATE_DEVTAB_ENTRY */
        CHECK((c[0] & 0x0fffffffffff0000ull) == 0 && c[1] == 0);
        u->forgotten[c[0] & 0xffff]++;
        break;
    case 3: /* INVALIDATE_IOMMU_PAGES of one id: all addresses, tables too */
        CHECK((c[0] & 0x0fff0000ffffffffull) == 0 && c[1] == 0x7ffffffffffff003ull);
        u->domain_forgotten[c[0] >> 32 & 0xffff]++;
        for (unsigned i = 0; i < REMEMBERED; i++) {
            if (remembered[i].unit == u && remembered[i].id == (c[0] >> 32 & 0xffff)) {
                remembered[i].unit = NULL;
            }
        }
        break;
    case 5: /* INVALIDATE_INTERRUPT_TABLE */
        CHECK((c[0] & 0x0fffffffffff0000ull) == 0 && c[1] == 0);
        u->irqs_forgotten[c[0] & 0xffff]++;
        break;
    case 8: /* INVALIDATE_IOMMU_ALL, where there is such a command */
        CHECK((c[0] & 0x0fffffffffffffffull) == 0 && c[1] == 0 && (*reg(u, 0x30) & 1u << 6));
        u->invalidations++;
        break;
    default:
        CHECK(!"a command");
    }
}

static void run_commands(struct model_unit *u)
{
    uint64_t size = 16ull << (*reg(u, COMMANDS) >> 56 & 15);

    CHECK(*reg(u, COMMAND_TAIL) < size);
    while (*reg(u, COMMAND_HEAD) != *reg(u, COMMAND_TAIL) && u->answers > 0) {
        command(u, memory(*reg(u, COMMANDS)) + *reg(u, COMMAND_HEAD) / 8);
        *reg(u, COMMAND_HEAD) = (*reg(u, COMMAND_HEAD) + 16) % size;
        u->answers--;
    }
}

static void control_changed(struct model_unit *u)
{
    uint64_t v = *reg(u, CONTROL);
    bool on = v & 1, log = on && (v & 1u << 2), commands = on && (v & 1u << 12);

    if (on) {
        CHECK((*reg(u, TABLE) & 0x1ff) == 0x1ff && memory(*reg(u, TABLE)) != NULL);
        CHECK(!(*reg(u, EXCLUSION) & 1));
    }
    *reg(u, STATUS) = (*reg(u, STATUS) & ~0x18ull) | (uint64_t)log << 3 | (uint64_t)commands << 4;
    if (commands) {
        run_commands(u);
    }
}

static struct model_unit *unit_of(const volatile void *a, unsigned *offset)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        uintptr_t at = (uintptr_t)a - (uintptr_t)model[i].reg;

        if (at < sizeof(model[i].reg)) {
            *offset = (unsigned)at;
            return &model[i];
        }
    }
    model_fail(__FILE__, __LINE__, "an address of registers");
}

uint64_t readq(const volatile void *a)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    return *reg(u, offset);
}

void writeq(volatile void *a, uint64_t v)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    if (offset == STATUS) {
        *reg(u, STATUS) &= ~(v & 0x67);
        return;
    }
    *reg(u, offset) = v;
    switch (offset) {
    case CONTROL:
        control_changed(u);
        break;
    case EVENTS:
        CHECK(!(*reg(u, STATUS) & 1u << 3));
        *reg(u, EVENT_HEAD) = *reg(u, EVENT_TAIL) = 0;
        break;
    case COMMAND_TAIL:
        if (*reg(u, STATUS) & 1u << 4) {
            run_commands(u);
        }
        break;
    default:
        break;
    }
}

static bool is_config(const volatile void *a)
{
    return a == &model[0].config[3] || a == &model[1].config[3];
}

uint16_t readw(const volatile void *a)
{
    CHECK(is_config(a));
    return *(const volatile uint16_t *)a;
}

void writew(volatile void *a, uint16_t v)
{
    CHECK(is_config(a));
    *(volatile uint16_t *)a &= (uint16_t)~v; /* all that is written back to clear */
}

static void log_event(struct model_unit *u, uint64_t w0, uint64_t w1)
{
    uint64_t size = 16ull << (*reg(u, EVENTS) >> 56 & 15), tail = *reg(u, EVENT_TAIL), *at;

    if (!(*reg(u, STATUS) & 1u << 3) || (*reg(u, STATUS) & 1)) {
        u->dropped++;
        return;
    }
    if ((tail + 16) % size == *reg(u, EVENT_HEAD)) {
        *reg(u, STATUS) |= 1;
        u->dropped++;
        return;
    }
    at = memory(*reg(u, EVENTS)) + tail / 8;
    CHECK(at[0] == 0 && at[1] == 0);
    at[0] = w0;
    at[1] = w1;
    *reg(u, EVENT_TAIL) = (tail + 16) % size;
    *reg(u, STATUS) |= 2;
}

/* 2.2.3: from the entry of the device down; the rights of all levels together. */
static bool walk(const uint64_t *dte, uint64_t addr, bool write, uint64_t *frame)
{
    uint64_t right = 1ull << (write ? 62 : 61), e = dte[0];
    unsigned level = e >> 9 & 7;

    CHECK((e & 2) && level >= 1 && level <= 6 && (e & 0x0ff00000000001fcull) == 0);
    while ((e & 1) && (e & right)) {
        unsigned next;

        if (level == 0) {
            *frame = (e & 0x000ffffffffff000ull) >> 12;
            return true;
        }
        e = memory(e)[addr >> (3 + 9 * level) & 511];
        next = e >> 9 & 7;
        if (e & 1) {
            CHECK(next == level - 1 && (e & 0x8ff00000000001feull & ~(1ull << 60)) == 0);
        }
        level--;
    }
    return false;
}

uint64_t model_access(unsigned unit, uint16_t device, uint64_t addr, bool write)
{
    struct model_unit *u = &model[unit];
    const uint64_t *dte;
    uint64_t frame;

    if (!(*reg(u, CONTROL) & 1)) {
        return addr;
    }
    dte = memory(*reg(u, TABLE)) + 4 * device;
    if (!(dte[0] & 1)) {
        return addr;
    }
    for (unsigned i = 0; i < REMEMBERED; i++) {
        if (remembered[i].unit == u && remembered[i].device == device && remembered[i].dfn == addr >> 12 &&
            (remembered[i].write || !write)) {
            return remembered[i].frame << 12 | (addr & 0xfff);
        }
    }
    if (walk(dte, addr, write, &frame)) {
        unsigned i = 0;

        while (i < REMEMBERED - 1 && remembered[i].unit != NULL) {
            i++;
        }
        remembered[i].unit = u;
        remembered[i].device = device;
        remembered[i].id = (uint16_t)dte[1];
        remembered[i].write = write;
        remembered[i].dfn = addr >> 12;
        remembered[i].frame = frame;
        return frame << 12 | (addr & 0xfff);
    }
    u->config[3] |= 1u << 11;
    log_event(u, 2ull << 60 | (uint64_t)write << 53 | device, addr); /* IO_PAGE_FAULT */
    return MODEL_BLOCKED;
}

int model_dma(unsigned unit, uint16_t device, uint64_t addr)
{
    return model_access(unit, device, addr, true) == MODEL_BLOCKED ? -1 : 0;
}

bool model_interrupt(unsigned unit, uint16_t device)
{
    const uint64_t *dte = memory(*reg(&model[unit], TABLE)) + 4 * device;

    return !(dte[0] & 1) || !(dte[2] & 1) || (dte[2] >> 60 & 3) == 1;
}
