/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include "fake.h"

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/device_irq.h>
#include <xen/pci.h>
#include <xen/softirq.h>
#include <xen/time.h>

#include "../../../xen/common/vpci/vpci_private.h"

#define DEVICES 8 /* slots of bus 0 */

struct domain *world_d;
unsigned world_flushes, world_map_fails, world_messages;
bool world_remaps;
struct msi_message world_last;

void world_fail(const char *file, int line, const char *what)
{
    printf("# %s:%d: not so: %s\n# log: %s\n", file, line, what, fake_log);
    fflush(stdout);
    abort();
}

/* -- the memory map: an open hash of pages --------------------------------------------------------- */

#define SLOTS 16384u

static struct entry {
    uint64_t gfn, mfn;
    enum p2m_type type; /* P2M_INVALID: free, or was taken and is not */
    bool used;
} entries[SLOTS];
static unsigned used_count, register_count;

static struct entry *entry_of(uint64_t gfn, bool make)
{
    unsigned i = (unsigned)(gfn * 0x9e3779b97f4a7c15ull >> 50) % SLOTS;

    while (entries[i].used && entries[i].gfn != gfn) {
        i = (i + 1) % SLOTS;
    }
    if (!entries[i].used && make) {
        CHECK(++used_count < SLOTS);
        entries[i] = (struct entry){ .gfn = gfn, .used = true };
    }
    return &entries[i];
}

int p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, unsigned order, enum p2m_type type)
{
    struct entry *e;

    CHECK(d == world_d && order == P2M_ORDER_4K && type == P2M_DEVICE);
    if (gfn_x(gfn) >= P2M_GFN_LIMIT) {
        return -EINVAL;
    }
    if (world_map_fails != 0 && --world_map_fails == 0) {
        return -ENOMEM;
    }
    if (used_count > SLOTS / 2) { /* forget the holes */
        return -ENOMEM;
    }
    e = entry_of(gfn_x(gfn), true);
    if (e->type != P2M_INVALID) {
        return -EEXIST;
    }
    e->mfn = mfn_x(mfn);
    e->type = type;
    register_count++;
    return 0;
}

int p2m_unmap_if(struct domain *d, gfn_t gfn, unsigned set, mfn_t mfn, struct p2m_batch *batch)
{
    struct entry *e = entry_of(gfn_x(gfn), false);

    CHECK(d == world_d && set == P2M_SET(P2M_DEVICE));
    if (e->type == P2M_INVALID) {
        return -ENOENT;
    }
    if (e->type != P2M_DEVICE || e->mfn != mfn_x(mfn)) {
        return -EBUSY;
    }
    e->type = P2M_INVALID;
    register_count--;
    batch->flush = true;
    return 0;
}

void p2m_batch_flush(struct domain *d, struct p2m_batch *batch)
{
    CHECK(d == world_d);
    world_flushes += batch->flush;
    batch->flush = false;
}

enum world_memory world_at(uint64_t gaddr, uint64_t *maddr)
{
    const struct entry *e = entry_of(gaddr >> PAGE_SHIFT, false);

    *maddr = e->mfn << PAGE_SHIFT | (gaddr & 0xfff);
    return e->type == P2M_INVALID ? WORLD_NOTHING : e->type == P2M_DEVICE ? WORLD_REGISTERS : WORLD_RAM;
}

void world_ram(uint64_t gaddr, bool there)
{
    struct entry *e = entry_of(gaddr >> PAGE_SHIFT, true);

    if (e->type != P2M_DEVICE) {
        e->type = there ? P2M_RAM_RW : P2M_INVALID;
        e->mfn = 0x1234;
    }
}

unsigned world_registers(void)
{
    return register_count;
}

/* -- the IOMMU ------------------------------------------------------------------------------------- */

static struct iommu_domain iommu;
static bool attached[DEVICES];
static struct {
    bool on;
    uint8_t vector;
    uint32_t apic_id;
} routes[DEVICES][IOMMU_IRQS_MAX];

static unsigned slot_of(uint16_t device)
{
    CHECK(device >> 3 < DEVICES && (device & 7) == 0);
    return device >> 3;
}

static int irq_route(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                     struct msi_message *message)
{
    CHECK(dom == &iommu && index < IOMMU_IRQS_MAX && attached[slot_of(device)]);
    CHECK(vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST && apic_id % 3 == 0 && apic_id / 3 < cpu_count);
    if (!world_remaps) {
        return -ENODEV;
    }
    routes[slot_of(device)][index].on = true;
    routes[slot_of(device)][index].vector = vector;
    routes[slot_of(device)][index].apic_id = apic_id;
    *message = (struct msi_message){ .addr = WORLD_MESSAGE_ADDR, .data = WORLD_MESSAGE_DATA(device, index) };
    return 0;
}

static void irq_refuse(struct iommu_domain *dom, uint16_t device, unsigned index)
{
    CHECK(dom == &iommu && index < IOMMU_IRQS_MAX && attached[slot_of(device)]);
    routes[slot_of(device)][index].on = false;
}

static const struct iommu_ops ops = { .irq_route = irq_route, .irq_refuse = irq_refuse };

int iommu_attach(struct domain *d, uint16_t device)
{
    CHECK(d == world_d);
    if (attached[slot_of(device)]) {
        return -EBUSY;
    }
    attached[slot_of(device)] = true;
    return 0;
}

void iommu_detach(struct domain *d, uint16_t device)
{
    CHECK(d == world_d);
    for (unsigned i = 0; i < IOMMU_IRQS_MAX; i++) {
        CHECK(!routes[slot_of(device)][i].on);
    }
    attached[slot_of(device)] = false;
}

/* -- pins of I/O APICs: there is one that is free --------------------------------------------------- */

int ioapic_gsi_is_free(uint32_t gsi)
{
    return gsi == WORLD_GSI ? 0 : -ENOENT;
}

int ioapic_route_gsi(uint32_t gsi, uint8_t vector, uint32_t apic_id)
{
    (void)vector;
    (void)apic_id;
    return ioapic_gsi_is_free(gsi);
}

void ioapic_close_gsi(uint32_t gsi)
{
    CHECK(gsi == WORLD_GSI);
}

/* -- CPUs, and what they run ----------------------------------------------------------------------- */

struct cpu cpus[MAX_CPUS];
unsigned cpu_count, fake_cpu;
static void (*softirq)(void);
static bool raised[MAX_CPUS];

void softirq_register(enum softirq nr, void (*fn)(void))
{
    CHECK(nr == SOFTIRQ_DEVICE);
    softirq = fn;
}

void softirq_raise(enum softirq nr)
{
    CHECK(nr == SOFTIRQ_DEVICE);
    raised[fake_cpu] = true;
}

void world_run_cpus(void)
{
    for (fake_cpu = 0; fake_cpu < cpu_count; fake_cpu++) {
        if (raised[fake_cpu]) {
            raised[fake_cpu] = false;
            softirq();
        }
    }
    fake_cpu = 0;
}

bool world_routed(uint16_t device, unsigned index)
{
    return attached[slot_of(device)] && routes[slot_of(device)][index].on;
}

bool world_raise_only(uint16_t device, unsigned index)
{
    if (!world_routed(device, index)) {
        return false;
    }
    fake_cpu = routes[slot_of(device)][index].apic_id / 3;
    device_irq_arrived(routes[slot_of(device)][index].vector);
    fake_cpu = 0;
    return true;
}

bool world_raise(uint16_t device, unsigned index)
{
    bool let = world_raise_only(device, index);

    world_run_cpus();
    return let;
}

void arch_domain_message(struct domain *d, const struct msi_message *message)
{
    CHECK(d == world_d);
    world_messages++;
    world_last = *message;
}

void world_pass(uint64_t ns)
{
    struct vpci *p = world_d->vpci;

    fake_now_ns += ns;
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX * IOMMU_IRQS_MAX; i++) {
        struct timer *t = &p->function[i / IOMMU_IRQS_MAX].irq[i % IOMMU_IRQS_MAX].timer;

        if (t->armed && t->expires_ns <= fake_now_ns) {
            t->armed = false;
            t->fn(t->arg);
        }
    }
}

/* -- coming and going ------------------------------------------------------------------------------ */

/* What a host had found out stays: the same functions each time, as they are between two owners. */
static void make_functions(void)
{
    static bool made;
    struct bus_function *f;

    for (unsigned i = 0; made && i < WORLD_FUNCTIONS; i++) {
        f = bus_find(WORLD_ID(i));
        memcpy(f->config, f->first, sizeof(f->config));
        bus_put(f, PCI_COMMAND, 2, 0x402);
        f->flrs = f->resets = 0;
    }
    bus_forget_registers();
    if (made) {
        return;
    }
    made = true;
    bus_clear();
    f = bus_add(WORLD_ID(WORLD_EDU), 0x00ff);
    bus_bar(f, 0, 0xfe000000, 0x100000, 0);
    bus_msi(f, 0x40, 0, 0x80);

    f = bus_add(WORLD_ID(WORLD_NVME), 0x0108);
    bus_bar(f, 0, 0x1000000000ull, 0x4000, 4);
    bus_msix(f, 0x40, 0x80, 65, 0x2000, 0x3000);
    bus_express(f, 0x80, 0x60, true);
    bus_pm(f, 0x60, 0, true);

    f = bus_add(WORLD_ID(WORLD_NIC), 0x0200);
    bus_bar(f, 0, 0xfe200000, 0x20000, 0);
    bus_bar(f, 2, 0xc000, 0x20, 1);
    bus_bar(f, 3, 0xfe240000, 0x4000, 0);
    bus_pm(f, 0xc8, 0xd0, false);
    bus_msi(f, 0xd0, 0xe0, 0x80);
    bus_express(f, 0xe0, 0xa0, false);
    bus_put(f, 0xe2, 2, 1);
    bus_msix(f, 0xa0, 0, 5, 0x3 | 0x0, 0x3 | 0x800);

    f = bus_add(WORLD_ID(WORLD_ODD), 0x0300);
    bus_bar(f, 5, 0xfe300000, 0x1000, 4);
    bus_bar(f, 1, 0xfe302000, 0x80, 0);
    bus_msi(f, 0x48, 0x70, 0x10a);
    bus_cap(f, 0x70, PCI_CAP_VENDOR, 0x80);
    bus_put(f, 0x72, 1, 0x0d);
    bus_cap(f, 0x80, PCI_CAP_VENDOR, 0x84);
    bus_put(f, 0x82, 1, 0x10);
    bus_cap(f, 0x84, PCI_CAP_VENDOR, 0x40); /* in the last one: the end of what is shown */
    bus_put(f, 0x86, 1, 8);
    bus_pm(f, 0xc0, 0, false);
    bus_ready();
    for (unsigned i = 0; i < WORLD_FUNCTIONS; i++) {
        f = bus_find(WORLD_ID(i));
        memcpy(f->first + PCI_BAR(0), f->config + PCI_BAR(0), 4 * PCI_BARS);
    }
}

int world_attach(uint16_t device, const struct pci_terms *terms, const char **why)
{
    int ret = world_d->vpci == NULL ? vpci_create(world_d) : 0;

    CHECK(ret == 0);
    do {
        ret = vpci_attach(world_d, device, terms, why);
    } while (ret == -ERESTART);
    return ret;
}

int world_add(enum world_function f, const char **why)
{
    const struct pci_terms terms = { .unreset = f == WORLD_EDU || f == WORLD_ODD };

    return world_attach(WORLD_ID(f), &terms, why);
}

void world_start(unsigned functions)
{
    const char *why;

    fake_core_reset();
    fake_now_ns = NS_PER_S;
    fake_now_step_ns = 100; /* resets take time */
    make_functions();
    memset(entries, 0, sizeof(entries));
    memset(routes, 0, sizeof(routes));
    used_count = register_count = world_flushes = world_map_fails = world_messages = 0;
    world_remaps = true;
    cpu_count = 2;
    for (unsigned i = 0; i < MAX_CPUS; i++) {
        cpus[i] = (struct cpu){ .id = i, .apic_id = 3 * i };
    }
    device_irq_init();
    iommu.ops = &ops;
    world_d = fake_domain_new(1, 1, 1);
    world_d->vcpu[0]->sched.cpu = 1;
    world_d->p2m.iommu = &iommu;
    for (uint64_t at = 0; at < WORLD_RAM_END; at += 16 << 20) {
        world_ram(at, true);
    }
    for (unsigned f = 0; f < WORLD_FUNCTIONS; f++) {
        CHECK(!(functions >> f & 1) || world_add(f, &why) == 0);
    }
}

void world_end(void)
{
    struct vpci *p = world_d->vpci;
    int ret;

    for (unsigned i = 0; (ret = vpci_release(world_d)) == -ERESTART; i++) {
        CHECK(i < 1000);
        fake_now_ns += NS_PER_MS;
    }
    CHECK(ret == 0 && vpci_release(world_d) == 0 && world_d->device_irq_count == 0);
    for (unsigned i = 0; i < WORLD_FUNCTIONS; i++) {
        const struct bus_function *b = bus_find(WORLD_ID(i));

        CHECK(!attached[slot_of(b->id)] && !(bus_get(b, PCI_COMMAND, 2) & 5));
        for (unsigned n = 0; n < IOMMU_IRQS_MAX; n++) {
            CHECK(!world_raise(b->id, n));
        }
    }
    for (unsigned i = 0; p != NULL && i < IOMMU_DEVICES_MAX * IOMMU_IRQS_MAX; i++) {
        CHECK(!p->function[i / IOMMU_IRQS_MAX].irq[i % IOMMU_IRQS_MAX].timer.armed);
        CHECK(p->function[i / IOMMU_IRQS_MAX].state == VPCI_EMPTY);
    }
    vpci_free(world_d);
    fake_domains_free();
}

/* -- what always holds ----------------------------------------------------------------------------- */

static bool is_table(const struct pci_function *h, unsigned bar, uint64_t page)
{
    uint64_t table = h->msix_offset, end = table + 16ull * h->msix_count;

    return h->msix != 0 && bar == h->msix_bar && page + 1 > table >> PAGE_SHIFT && page << PAGE_SHIFT < end;
}

/* Every page of registers belongs to a BAR of a function that the domain has, where it says, and decodes. */
static void check_map(const struct vpci *p)
{
    unsigned expected = 0;

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX * PCI_BARS; i++) {
        const struct vpci_function *f = &p->function[i / PCI_BARS];
        unsigned bar = i % PCI_BARS;
        bool decodes = (f->command & PCI_COMMAND_MEMORY) && f->state == VPCI_SHOWN;
        uint64_t maddr;

        CHECK(!f->bar[bar].mapped || decodes);
        for (uint64_t n = 0; f->bar[bar].mapped && n < f->host->bar[bar].size >> PAGE_SHIFT; n++) {
            if (is_table(f->host, bar, n)) {
                CHECK(world_at(f->bar[bar].at + (n << PAGE_SHIFT), &maddr) != WORLD_REGISTERS ||
                      maddr >> PAGE_SHIFT != (f->host->bar[bar].addr >> PAGE_SHIFT) + n);
                continue;
            }
            expected++;
            CHECK(world_at(f->bar[bar].at + (n << PAGE_SHIFT), &maddr) == WORLD_REGISTERS);
            CHECK(maddr == f->host->bar[bar].addr + (n << PAGE_SHIFT));
        }
    }
    CHECK(register_count == expected);
}

/* Of the device's configuration nothing has changed but what this list has, and that is right. */
static void check_config(const struct vpci_function *f)
{
    const struct bus_function *b = bus_find(f->host->id);
    unsigned command = bus_get(b, PCI_COMMAND, 2), msi = f->host->msi, msix = f->host->msix;
    bool msi_on = msi != 0 && (bus_get(b, msi + 2, 2) & 1), msix_on = msix != 0 && (bus_get(b, msix + 2, 2) & 0x8000);
    unsigned data = msi + (f->host->msi_control & 0x80 ? 12 : 8);
    uint8_t now[256];

    if (f->state != VPCI_SHOWN) {
        CHECK(!(command & 5) && !msi_on && !msix_on && !attached[slot_of(b->id)]);
        return;
    }
    CHECK(command == (0x402u | (f->command & PCI_COMMAND_MASTER)));
    CHECK(!(msi_on && msix_on));
    for (unsigned i = 0; i < PCI_BARS; i++) {
        CHECK(f->host->bar[i].size == 0 || (bus_get(b, PCI_BAR(i), 4) & ~15u) == (uint32_t)f->host->bar[i].addr);
    }
    memcpy(now, b->config, sizeof(now));
    if (msi != 0) {
        uint32_t addr = bus_get(b, msi + 4, 4);

        CHECK(addr == WORLD_MESSAGE_ADDR || (addr == 0 && !msi_on));
        CHECK(bus_get(b, data, 2) == (addr == 0 ? 0 : (WORLD_MESSAGE_DATA(b->id, 0) & 0xffff)));
        CHECK(!(bus_get(b, msi + 2, 2) & 0x70));
        memcpy(now + msi + 2, b->first + msi + 2, 2);
        memcpy(now + msi + 4, b->first + msi + 4, 4);
        memcpy(now + data, b->first + data, 2);
        memcpy(now + data + 4, b->first + data + 4, f->host->msi_control & 0x100 ? 4 : 0);
    }
    if (msix != 0) {
        memcpy(now + msix + 2, b->first + msix + 2, 2);
    }
    memcpy(now + PCI_COMMAND, b->first + PCI_COMMAND, 2);
    memcpy(now + PCI_BAR(0), b->first + PCI_BAR(0), 4 * PCI_BARS);
    CHECK(memcmp(now, b->first, sizeof(now)) == 0);
}

/* A message in the device's table is the IOMMU's, and is sent only when both sides want it. */
static void check_table(const struct vpci_function *f)
{
    const struct bus_function *b = bus_find(f->host->id);
    uint32_t *table = (uint32_t *)(uintptr_t)f->host->msix_table;
    unsigned control = f->host->msix != 0 ? bus_get(b, f->host->msix + 2u, 2) : 0;

    for (unsigned n = 0; f->host->msix != 0 && f->state == VPCI_SHOWN && n < f->host->msix_count; n++) {
        const uint32_t *e = table + 4 * n;

        CHECK(e[1] == 0 && e[0] == (e[2] == 0 ? 0 : WORLD_MESSAGE_ADDR) && !(e[3] & ~1u));
        CHECK(e[2] == 0 || (n < IOMMU_IRQS_MAX && e[2] == WORLD_MESSAGE_DATA(b->id, n)));
        if (control >> 15 && !(control & 0x4000) && !(e[3] & 1)) {
            CHECK(n < f->msix.count && !f->msix.entry[n].masked && f->irq[n].d == world_d && e[2] != 0);
            CHECK(world_routed(b->id, n) || f->irq[n].held);
        }
    }
}

static void check_irqs(const struct vpci *p)
{
    unsigned bound = 0;

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX * IOMMU_IRQS_MAX; i++) {
        const struct vpci_function *f = &p->function[i / IOMMU_IRQS_MAX];
        const struct device_irq *irq = &f->irq[i % IOMMU_IRQS_MAX];

        bound += irq->d != NULL;
        CHECK(irq->d == NULL || (f->state == VPCI_SHOWN && (f->msi.enabled || f->msix.enabled)));
        CHECK(irq->d != NULL || !irq->timer.armed);
        CHECK(irq->held == irq->timer.armed || irq->d == NULL);
        CHECK(f->state == VPCI_EMPTY || world_routed(f->host->id, i % IOMMU_IRQS_MAX) == (irq->d != NULL && !irq->held));
    }
    CHECK(world_d->device_irq_count == bound);
}

void world_check(void)
{
    const struct vpci *p = world_d->vpci;

    CHECK(!spin_is_locked(&p->lock));
    check_map(p);
    check_irqs(p);
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        if (p->function[i].state == VPCI_EMPTY) {
            continue;
        }
        check_config(&p->function[i]);
        check_table(&p->function[i]);
    }
    for (uint64_t at = 0; at < WORLD_RAM_END; at += 16 << 20) {
        uint64_t maddr;

        CHECK(world_at(at, &maddr) != WORLD_REGISTERS || register_count != 0);
    }
}

/* -- a guest's accesses ---------------------------------------------------------------------------- */

uint32_t guest_read(unsigned slot, unsigned reg, unsigned size)
{
    vpci_port_write(world_d, 0xcf8, 4, 0x80000000u | slot << 11 | (reg & 0xfc));
    return vpci_port_read(world_d, (uint16_t)(0xcfc + (reg & 3)), size);
}

void guest_write(unsigned slot, unsigned reg, unsigned size, uint32_t value)
{
    vpci_port_write(world_d, 0xcf8, 4, 0x80000000u | slot << 11 | (reg & 0xfc));
    vpci_port_write(world_d, (uint16_t)(0xcfc + (reg & 3)), size, value);
}

unsigned guest_cap(unsigned slot, uint8_t id)
{
    unsigned at = guest_read(slot, PCI_CAPABILITIES, 1), steps = 0;

    while (at != 0 && guest_read(slot, at, 1) != id) {
        CHECK(at >= 0x40 && (at & 3) == 0 && ++steps < 16);
        at = guest_read(slot, at + 1, 1);
    }
    return at;
}
