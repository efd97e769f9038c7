/* SPDX-License-Identifier: Apache-2.0 */
#include "model_intel.h"

#include <asm/cache.h>
#include <asm/io.h>
#include <string.h>
#include <xen/mm.h>

enum { CAP = 0x08, ECAP = 0x10, COMMAND = 0x18, ROOT = 0x20, FAULT_STATUS = 0x34, FAULT_CONTROL = 0x38, PROTECTED = 0x64,
       QUEUE_HEAD = 0x80, QUEUE_TAIL = 0x88, QUEUE = 0x90, INTERRUPTS = 0xb8 };

#define TE (1u << 31)
#define SRTP (1u << 30)
#define AFL (1u << 28)
#define WBF (1u << 27)
#define QIE (1u << 26)
#define IRE (1u << 25)
#define SIRTP (1u << 24)
#define CFI (1u << 23)
#define KEPT (TE | AFL | QIE | IRE | CFI)
#define PTE_OURS (0x000ffffffffff000ull | 3)
#define PTE_SNOOP (1ull << 11)

struct model_unit model[MODEL_UNITS];
struct model_function model_functions[8];
static char written_back[MODEL_MEMORY]; /* what units see that do not look into caches */
static uint32_t config_address;

/* -- what a unit remembers ------------------------------------------------------------------------- */

enum kind { NOTHING, CONTEXT, TRANSLATION, INTERRUPT };
#define REMEMBERED 512
static struct remembered {
    enum kind kind;
    const struct model_unit *unit;
    uint64_t key;      /* device; dfn; handle */
    uint16_t id;       /* of the domain; 0: of what is absent */
    bool write;
    uint64_t value[2];
} remembered[REMEMBERED];

static struct remembered *recall(const struct model_unit *u, enum kind kind, uint64_t key, uint16_t id)
{
    for (unsigned i = 0; i < REMEMBERED; i++) {
        struct remembered *r = &remembered[i];

        if (r->kind == kind && r->unit == u && r->key == key && (kind != TRANSLATION || r->id == id)) {
            return r;
        }
    }
    return NULL;
}

static void keep(const struct model_unit *u, enum kind kind, uint64_t key, uint16_t id, bool write, const uint64_t value[2])
{
    unsigned i = 0;

    while (i < REMEMBERED - 1 && remembered[i].kind != NOTHING) {
        i++;
    }
    remembered[i] = (struct remembered){ kind, u, key, id, write, { value[0], value[1] } };
}

/* key or id: ~0 for all */
static void forget(const struct model_unit *u, enum kind kind, uint64_t key, uint64_t id)
{
    for (unsigned i = 0; i < REMEMBERED; i++) {
        struct remembered *r = &remembered[i];

        if (r->kind == kind && r->unit == u && (key == ~0ull || r->key == key) && (id == ~0ull || r->id == id)) {
            r->kind = NOTHING;
        }
    }
}

/* -- registers and memory -------------------------------------------------------------------------- */

static uint32_t *reg32(struct model_unit *u, unsigned offset)
{
    return (uint32_t *)(void *)((char *)u->reg + offset);
}

static uint64_t *reg(struct model_unit *u, unsigned offset)
{
    return &u->reg[offset / 8];
}

static uint32_t *status(struct model_unit *u)
{
    return reg32(u, 0x1c);
}

void cache_write_back(const volatile void *p)
{
    uint64_t addr = virt_to_maddr((const void *)(uintptr_t)p) & ~63ull;

    memcpy(written_back + addr, model_memory(addr), 64);
}

/* A table as the unit sees it. */
static const uint64_t *table(struct model_unit *u, uint64_t addr)
{
    addr &= 0x000ffffffffff000ull;
    CHECK(model_memory(addr) != NULL);
    return *reg(u, ECAP) & MODEL_ECAP_C ? model_memory(addr) : (const uint64_t *)(const void *)(written_back + addr);
}

void *ioremap(paddr_t base, size_t size)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        if (base == MODEL_ADDR + i * MODEL_SIZE) {
            CHECK(size <= MODEL_SIZE);
            return model[i].reg;
        }
    }
    return NULL;
}

static struct model_unit *unit_of(const volatile void *a, unsigned *offset)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        uintptr_t at = (uintptr_t)a - (uintptr_t)model[i].reg;

        if (at < MODEL_SIZE) {
            *offset = (unsigned)at;
            return &model[i];
        }
    }
    model_fail(__FILE__, __LINE__, "an address of registers");
}

uint32_t readl(const volatile void *a)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    return *reg32(u, offset);
}

uint64_t readq(const volatile void *a)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    CHECK(offset % 8 == 0);
    return *reg(u, offset);
}

void outl(uint16_t port, uint32_t v)
{
    CHECK(port == 0xcf8 && v >> 31);
    config_address = v;
}

uint32_t inl(uint16_t port)
{
    const struct model_function *f = model_functions;

    CHECK(port == 0xcfc);
    for (; f->id != 0; f++) {
        if (f->device == (config_address >> 8 & 0xffff)) {
            switch (config_address & 0xff) {
            case 0:
                return f->id;
            case 0x0c:
                return (uint32_t)f->many << 23;
            case 0x18:
                return (uint32_t)f->last << 16 | (uint32_t)f->first << 8 | f->device >> 8;
            default:
                CHECK(!"a register of configuration");
            }
        }
    }
    return ~0u;
}

/* -- orders ---------------------------------------------------------------------------------------- */

static void forget_interrupts(struct model_unit *u, uint64_t o)
{
    CHECK((o & ~0x0000fffff800001full) == 0);
    if (o & 0x10) {
        CHECK((o & 0xf8000000) == 0);
        forget(u, INTERRUPT, o >> 32 & 0xffff, ~0ull);
    } else {
        u->interrupts_forgotten = true;
        forget(u, INTERRUPT, ~0ull, ~0ull);
    }
}

static void order(struct model_unit *u, const uint64_t *o)
{
    uint64_t id = o[0] >> 16 & 0xffff, device = o[0] >> 32 & 0xffff;

    u->orders++;
    switch (o[0] & 0xff) {
    case 0x11: /* contexts, all */
        CHECK(o[0] == 0x11 && o[1] == 0);
        u->contexts_forgotten = true;
        forget(u, CONTEXT, ~0ull, ~0ull);
        break;
    case 0x31: /* of a device, under a domain's id */
        CHECK((o[0] & ~0x0000ffffffff0031ull) == 0 && o[1] == 0);
        forget(u, CONTEXT, device, id);
        break;
    case 0xd2: /* translations, all, when accesses under way are done */
        CHECK(o[0] == 0xd2 && o[1] == 0 && u->contexts_forgotten);
        u->translations_forgotten = true;
        forget(u, TRANSLATION, ~0ull, ~0ull);
        break;
    case 0xe2: /* of a domain */
        CHECK((o[0] & ~0xffff00e2ull) == 0 && o[1] == 0);
        forget(u, TRANSLATION, ~0ull, id);
        break;
    case 0x04:
    case 0x14:
        forget_interrupts(u, o[0]);
        CHECK(o[1] == 0);
        break;
    case 0x25: /* wait, with a write */
        CHECK((o[0] & 0xffffff00) == 0 && o[1] % 4 == 0);
        CHECK(u->writes_flushed || !(*reg(u, CAP) & MODEL_CAP_RWBF));
        u->writes_flushed = false;
        *(uint32_t *)model_memory(o[1]) = (uint32_t)(o[0] >> 32);
        u->orders--;
        break;
    default:
        CHECK(!"an order");
    }
}

static void run_orders(struct model_unit *u)
{
    CHECK((*reg(u, QUEUE) & 0xfff) == 0 && *reg(u, QUEUE_TAIL) < 4096 && *reg(u, QUEUE_TAIL) % 16 == 0);
    while (*reg(u, QUEUE_HEAD) != *reg(u, QUEUE_TAIL) && u->answers > 0) {
        order(u, (uint64_t *)model_memory(*reg(u, QUEUE)) + *reg(u, QUEUE_HEAD) / 8);
        *reg(u, QUEUE_HEAD) = (*reg(u, QUEUE_HEAD) + 16) % 4096;
        u->answers--;
    }
}

/* -- commands -------------------------------------------------------------------------------------- */

static void turned(struct model_unit *u, uint32_t what, bool on)
{
    switch (what) {
    case TE:
        CHECK(on && (*status(u) & SRTP) && u->contexts_forgotten && u->translations_forgotten);
        break;
    case QIE:
        CHECK(on || *reg(u, QUEUE_HEAD) == *reg(u, QUEUE_TAIL));
        CHECK(!on || *reg(u, QUEUE_TAIL) == 0);
        *reg(u, QUEUE_HEAD) = 0;
        break;
    case IRE:
        CHECK(!on || ((*status(u) & SIRTP) && u->interrupts_forgotten));
        break;
    default:
        CHECK(!on);
        break;
    }
    *status(u) = on ? *status(u) | what : *status(u) & ~what;
}

static void command(struct model_unit *u, uint32_t v)
{
    uint32_t changed = (v ^ *status(u)) & KEPT, once = v & ~KEPT;

    CHECK(__builtin_popcount(changed) + __builtin_popcount(once) <= 1);
    if (u->answers == 0) {
        return;
    }
    if (changed) {
        turned(u, changed, v & changed);
    }
    switch (once) {
    case SRTP:
        u->root = *reg(u, ROOT);
        CHECK((u->root & 0xfff) == 0);
        u->contexts_forgotten = u->translations_forgotten = false;
        *status(u) |= SRTP;
        break;
    case SIRTP:
        u->interrupts = *reg(u, INTERRUPTS);
        CHECK((u->interrupts & 0xff0) == 0);
        u->interrupts_forgotten = false;
        *status(u) |= SIRTP;
        break;
    case WBF:
        CHECK(*reg(u, CAP) & MODEL_CAP_RWBF);
        u->writes_flushed = true;
        break;
    default:
        CHECK(once == 0);
    }
}

static uint64_t *record(struct model_unit *u, unsigned i)
{
    return reg(u, MODEL_RECORDS_AT) + 2 * i;
}

static void pending_changed(struct model_unit *u)
{
    bool any = false, was = *reg32(u, FAULT_STATUS) & 2;
    unsigned first = 0;

    for (unsigned i = MODEL_RECORDS; i-- > 0;) {
        if (record(u, i)[1] >> 63) {
            any = true;
            first = i;
        }
    }
    *reg32(u, FAULT_STATUS) = (*reg32(u, FAULT_STATUS) & ~2u) | (any ? 2 : 0);
    if (any && !was) {
        *reg32(u, FAULT_STATUS) = (*reg32(u, FAULT_STATUS) & 0xff) | first << 8;
    }
}

void writel(volatile void *a, uint32_t v)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    switch (offset) {
    case COMMAND:
        command(u, v);
        return;
    case FAULT_STATUS:
        *reg32(u, offset) &= ~(v & 0x7d);
        return;
    case PROTECTED:
        CHECK(*reg(u, CAP) & MODEL_CAP_PMR);
        *reg32(u, offset) = (v & 1u << 31) | v >> 31;
        return;
    case FAULT_CONTROL:
        *reg32(u, offset) = v;
        return;
    default:
        CHECK(offset >= MODEL_RECORDS_AT && offset % 16 == 12);
        *reg32(u, offset) &= ~(v & 1u << 31);
        pending_changed(u);
    }
}

void writeq(volatile void *a, uint64_t v)
{
    unsigned offset;
    struct model_unit *u = unit_of(a, &offset);

    CHECK(offset == ROOT || offset == QUEUE_TAIL || offset == QUEUE || offset == INTERRUPTS);
    CHECK(offset != QUEUE || !(*status(u) & QIE));
    *reg(u, offset) = v;
    if (offset == QUEUE_TAIL && (*status(u) & QIE)) {
        run_orders(u);
    }
}

void model_firmware(unsigned unit)
{
    struct model_unit *u = &model[unit];
    uint64_t *queue = model_memory(MODEL_MEMORY - 0x1000);

    *status(u) = TE | SRTP | QIE | IRE | SIRTP | CFI | AFL;
    u->root = MODEL_MEMORY - 0x2000;
    u->interrupts = MODEL_MEMORY - 0x3000;
    queue[0] = 0x11;
    *reg(u, QUEUE) = MODEL_MEMORY - 0x1000;
    *reg(u, QUEUE_HEAD) = *reg(u, QUEUE_TAIL) = 16;
    *reg32(u, FAULT_STATUS) = 1;
    record(u, 2)[1] = 1ull << 63 | 2ull << 32 | 0x1234;
    pending_changed(u);
    *reg32(u, PROTECTED) = 1u << 31 | 1;
}

/* -- faults ---------------------------------------------------------------------------------------- */

static void fault(struct model_unit *u, uint64_t word0, uint16_t device, unsigned reason, bool read)
{
    uint64_t *r = record(u, u->record_next);

    if (*reg32(u, FAULT_STATUS) & 1) {
        u->dropped++;
        return;
    }
    if (r[1] >> 63) {
        *reg32(u, FAULT_STATUS) |= 1;
        u->dropped++;
        return;
    }
    r[0] = word0;
    r[1] = 1ull << 63 | (uint64_t)read << 62 | (uint64_t)reason << 32 | device;
    u->record_next = (u->record_next + 1) % MODEL_RECORDS;
    pending_changed(u);
}

/* -- devices --------------------------------------------------------------------------------------- */

/* The context entry of a device. @return 0, or the reason why there is none */
static unsigned context(struct model_unit *u, uint16_t device, uint64_t found[2])
{
    const struct remembered *r = recall(u, CONTEXT, device, 0);
    const uint64_t *root = table(u, u->root), *c;

    if (r == NULL) {
        CHECK((root[2 * (device >> 8)] & 0xffe) == 0 && root[2 * (device >> 8) + 1] == 0);
        if (!(root[2 * (device >> 8)] & 1)) {
            return 1;
        }
        c = table(u, root[2 * (device >> 8)]) + 2 * (device & 255);
        memcpy(found, c, 16);
        if ((found[0] & 1) || (*reg(u, CAP) & MODEL_CAP_CM)) {
            keep(u, CONTEXT, device, found[0] & 1 ? (uint16_t)(found[1] >> 8) : 0, false, found);
        }
    } else {
        memcpy(found, r->value, 16);
    }
    return found[0] & 1 ? 0 : 2;
}

/* @return 0, or the reason why not */
static unsigned translate(struct model_unit *u, const uint64_t context_entry[2], uint64_t dfn, bool write, uint64_t *frame)
{
    uint16_t id = (uint16_t)(context_entry[1] >> 8);
    const struct remembered *r = recall(u, TRANSLATION, dfn, id);
    unsigned level = (unsigned)(context_entry[1] & 7) + 2;
    uint64_t e = context_entry[0] | 3, rights = 3, value[2];

    if (r != NULL && (!write || r->write || (*reg(u, CAP) & MODEL_CAP_CM))) {
        *frame = r->value[0] >> 12;
        return r->value[0] & (write ? 2 : 1) ? 0 : write ? 5 : 6;
    }
    CHECK((context_entry[1] & ~0xffff07ull) == 0 && (context_entry[0] & 0xffe) == 0 && id != 0);
    CHECK(id < 1u << (4 + 2 * (*reg(u, CAP) & 7)) && (*reg(u, CAP) >> 8 & 1u << (level - 2)));
    if (dfn >> (9 * level) || dfn >> ((*reg(u, CAP) >> 16 & 63) + 1 - 12)) {
        return 4;
    }
    while (level-- > 0 && (e & 3)) {
        e = table(u, e)[dfn >> (9 * level) & 511];
        if (e & 3) {
            CHECK((e & ~(PTE_OURS | (level == 0 && (*reg(u, ECAP) & MODEL_ECAP_SC) ? PTE_SNOOP : 0))) == 0);
        }
        rights &= e;
    }
    value[0] = (e & 0x000ffffffffff000ull) | rights;
    value[1] = 0;
    if (rights != 0 || (*reg(u, CAP) & MODEL_CAP_CM)) {
        forget(u, TRANSLATION, dfn, id);
        keep(u, TRANSLATION, dfn, id, rights & 2, value);
    }
    *frame = value[0] >> 12;
    return rights & (write ? 2 : 1) ? 0 : write ? 5 : 6;
}

uint64_t model_access(unsigned unit, uint16_t device, uint64_t addr, bool write)
{
    struct model_unit *u = &model[unit];
    uint64_t entry[2], frame;
    unsigned reason;

    if (!(*status(u) & TE)) {
        return addr;
    }
    reason = context(u, device, entry);
    reason = reason != 0 ? reason : translate(u, entry, addr >> 12, write, &frame);
    if (reason != 0) {
        fault(u, addr & ~0xfffull, device, reason, !write);
        return MODEL_BLOCKED;
    }
    return frame << 12 | (addr & 0xfff);
}

int model_dma(unsigned unit, uint16_t device, uint64_t addr)
{
    return model_access(unit, device, addr, true) == MODEL_BLOCKED ? -1 : 0;
}

/* -- interrupts ------------------------------------------------------------------------------------ */

static int blocked(struct model_unit *u, uint16_t device, unsigned handle, unsigned reason)
{
    fault(u, (uint64_t)handle << 48, device, reason, false);
    return -1;
}

static int remapped(struct model_unit *u, uint16_t device, unsigned handle)
{
    const struct remembered *r = recall(u, INTERRUPT, handle, 0);
    uint64_t e[2];

    if (handle >= 2u << (u->interrupts & 15)) {
        return blocked(u, device, handle, 0x21);
    }
    memcpy(e, r != NULL ? r->value : table(u, u->interrupts + handle * 16ull) + handle % 256 * 2, 16);
    if (r == NULL) {
        keep(u, INTERRUPT, handle, 0, false, e); /* absent ones too: nothing forbids it where CM is set */
    }
    if (!(e[0] & 1)) {
        return blocked(u, device, handle, 0x22);
    }
    CHECK((e[0] & ~0x0000ff0000ff0011ull) == 0 && (e[1] >> 16) == 4);
    if ((e[1] & 0xffff) != device) {
        return blocked(u, device, handle, 0x26);
    }
    return (int)((e[0] >> 16 & 0xff) | (e[0] >> 40 & 0xff) << 8 | (e[0] >> 4 & 1) << 17);
}

int model_interrupt(unsigned unit, uint16_t device, uint64_t addr, uint32_t data)
{
    struct model_unit *u = &model[unit];

    CHECK(addr >> 20 == 0xfee);
    if (!(*status(u) & IRE)) {
        return -2;
    }
    if (!(addr & 0x10)) {
        return *status(u) & CFI ? -2 : blocked(u, device, 0, 0x25);
    }
    if ((addr & 8) && data >> 16) {
        return blocked(u, device, 0, 0x20);
    }
    return remapped(u, device, (unsigned)((addr >> 5 & 0x7fff) | (addr >> 2 & 1) << 15) + (addr & 8 ? data : 0));
}

int model_pin(unsigned unit, uint16_t device, uint64_t entry)
{
    unsigned handle = (unsigned)(entry >> 49 | (entry >> 11 & 1) << 15);
    int got;

    if (!(entry & 1ull << 48)) {
        return model_interrupt(unit, device, 0xfee00000 | entry >> 56 << 12, (uint32_t)entry & 0xff);
    }
    CHECK((entry & 0x0000ffffffff5700ull & ~(1ull << 16)) == 0);
    got = remapped(&model[unit], device, handle);
    CHECK(got < 0 || ((got & 0xff) == (int)(entry & 0xff) && (got >> 17 & 1) == (int)(entry >> 15 & 1)));
    return got;
}
