/* SPDX-License-Identifier: Apache-2.0 */
/* A domain's functions: how they come and go, and which of them an access is for. */
#include "vpci_private.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define SELECT_ENABLE 0x80000000u

/* The host bridge, slot 0: a generic one (PCI 3.0, appendix D: class 06 00), without BARs or capabilities. */
#define BRIDGE_ID 0x00081b36u
#define BRIDGE_CLASS 0x06000000u

/* -- coming and going ------------------------------------------------------------------------------ */

int vpci_create(struct domain *d)
{
    struct vpci *p = xzalloc(struct vpci);

    if (p == NULL) {
        return -ENOMEM;
    }
    spin_lock_init(&p->lock, LOCK_VPCI);
    vpci_ioapic_start(p);
    __atomic_store_n(&d->vpci, p, __ATOMIC_RELEASE); /* the domain can be found already */
    return 0;
}

/* The slot of a function, or an empty one when it has none; NULL: none is empty. Lock held. */
static struct vpci_function *slot_of(struct vpci *p, uint16_t device)
{
    struct vpci_function *empty = NULL;

    for (unsigned i = IOMMU_DEVICES_MAX; i-- > 0; ) {
        struct vpci_function *f = &p->function[i];

        if (f->state == VPCI_EMPTY) {
            empty = f;
        } else if (f->host->id == device) {
            return f;
        }
    }
    return empty;
}

/* The end of what is in use of the range for BARs. */
static gaddr_t places_end(const struct vpci *p)
{
    gaddr_t end = VPCI_BARS_START;

    for (unsigned i = 0; i < IOMMU_DEVICES_MAX * PCI_BARS; i++) {
        const struct vpci_function *f = &p->function[i / PCI_BARS];
        const struct vpci_bar *bar = &f->bar[i % PCI_BARS];

        if (f->state == VPCI_SHOWN && bar->at < VPCI_BARS_END) {
            end = max(end, bar->at + f->host->bar[i % PCI_BARS].size);
        }
    }
    return end;
}

static void show(struct domain *d, struct vpci_function *f)
{
    unsigned i = (unsigned)(f - d->vpci->function);

    vpci_caps_find(f);
    vpci_msix_start(f);
    f->state = VPCI_SHOWN;
    if (vpci_has_line(f)) {
        write_once(d->pci_lines, true);
    }
    d->devices[i] = f->host->id;
    d->device_count = max(d->device_count, i + 1);
    __atomic_fetch_or(&d->devices_held, 1u << i, __ATOMIC_RELEASE);
}

/* The reset is over. Lock held. */
static void empty(struct vpci_function *f)
{
    struct pci_function *host = f->host;

    f->state = VPCI_EMPTY;
    f->host = NULL;
    host->clean = true;
    pci_disclaim(host);
}

static int arrive(struct domain *d, struct vpci_function *f, const char **why)
{
    gaddr_t next = places_end(d->vpci);
    int ret;

    if (!vpci_bars_place(f, &next)) {
        *why = "there is no room for its BARs";
        return -ENOSPC;
    }
    ret = iommu_attach(d, f->host->id);
    if (ret != 0) {
        *why = "the IOMMU cannot hold it";
        return ret;
    }
    f->host->clean = false;
    show(d, f);
    return 0;
}

/* The first step, into an empty slot. What a description says counts when it is this domain's. Lock held. */
static int come(struct domain *d, struct vpci_function *f, struct pci_function *host, const struct pci_terms *terms,
                const char **why)
{
    if (!pci_claim(host, d)) {
        *why = "another domain has it";
        return -EBUSY;
    }
    *f = (struct vpci_function){ .state = VPCI_COMES, .host = host };
    if (terms != NULL) {
        host->terms = *terms;
    }
    if (!host->clean) { /* one that comes back from its last owner has been reset already */
        pci_reset_begin(host);
    }
    return 0;
}

static int attach(struct domain *d, struct pci_function *host, const struct pci_terms *terms, const char **why)
{
    struct vpci_function *f = slot_of(d->vpci, host->id);
    int ret = 0;

    if (d->vpci->closed) {
        *why = "the domain ends";
        return -ESRCH;
    }
    if (f == NULL) {
        *why = "the domain has as many as it can";
        return -ENOSPC;
    }
    if (f->state == VPCI_SHOWN || f->state == VPCI_LEAVES) {
        *why = "the domain has it";
        return -EEXIST;
    }
    if (f->state == VPCI_EMPTY) {
        ret = come(d, f, host, terms, why);
        if (ret != 0) {
            return ret;
        }
    }
    if (pci_reset_step(host) != 0) {
        return -ERESTART;
    }
    ret = arrive(d, f, why);
    if (ret != 0) {
        empty(f);
    }
    return ret;
}

int vpci_attach(struct domain *d, uint16_t device, const struct pci_terms *terms, const char **why)
{
    struct pci_function *host;
    int ret;

    if (d->vpci == NULL) {
        *why = "the domain has no PCI bus";
        return -EOPNOTSUPP;
    }
    ret = pci_function_get(device, &host, why);
    if (ret != 0) {
        return ret;
    }
    if (host->reset_kind == PCI_RESET_NONE && !(terms != NULL ? terms : &host->terms)->unreset) {
        *why = "it cannot be reset, and the description does not say to take it so";
        return -EOPNOTSUPP;
    }
    spin_lock(&d->vpci->lock);
    ret = attach(d, host, terms, why);
    spin_unlock(&d->vpci->lock);
    return ret;
}

/* Nothing of it arrives or leaves from here on. Lock held. */
static void leave(struct domain *d, struct vpci_function *f)
{
    unsigned i = (unsigned)(f - d->vpci->function);

    if (f->state == VPCI_SHOWN) {
        vpci_msi_off(f);
        vpci_msix_off(f);
        vpci_line_off(f);
        pci_quiet(f->host);
        f->state = VPCI_LEAVES;
        vpci_bars_follow(d, f);
        iommu_detach(d, f->host->id);
        __atomic_fetch_and(&d->devices_held, ~(1u << i), __ATOMIC_RELAXED);
        pci_reset_begin(f->host);
    }
    f->state = VPCI_LEAVES;
}

int vpci_detach(struct domain *d, uint16_t device)
{
    struct vpci *p = d->vpci;
    struct vpci_function *f;
    int ret = -ENODEV;

    if (p == NULL) {
        return ret;
    }
    spin_lock(&p->lock);
    f = slot_of(p, device);
    if (f != NULL && f->state != VPCI_EMPTY) {
        leave(d, f);
        ret = -ERESTART;
        if (pci_reset_step(f->host) == 0) {
            empty(f);
            ret = 0;
        }
    }
    spin_unlock(&p->lock);
    return ret;
}

bool vpci_is_moving(struct domain *d, uint16_t device)
{
    struct vpci *p = d->vpci;
    bool moving = false;

    if (p == NULL) {
        return false;
    }
    spin_lock(&p->lock);
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        const struct vpci_function *f = &p->function[i];

        moving = moving || ((f->state == VPCI_COMES || f->state == VPCI_LEAVES) && f->host->id == device);
    }
    spin_unlock(&p->lock);
    return moving;
}

void vpci_remove(struct domain *d, unsigned i)
{
    spin_lock(&d->vpci->lock);
    if (d->vpci->function[i].state == VPCI_SHOWN) {
        leave(d, &d->vpci->function[i]);
    }
    spin_unlock(&d->vpci->lock);
}

int vpci_release(struct domain *d)
{
    struct vpci *p = d->vpci;
    bool waits = false;

    if (p == NULL) {
        return 0;
    }
    spin_lock(&p->lock);
    p->closed = true;
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        struct vpci_function *f = &p->function[i];

        if (f->state == VPCI_EMPTY) {
            continue;
        }
        leave(d, f);
        if (pci_reset_step(f->host) == 0) {
            empty(f);
        } else {
            waits = true;
        }
    }
    spin_unlock(&p->lock);
    return waits ? -ERESTART : 0;
}

void vpci_free(struct domain *d)
{
    xfree(d->vpci);
    d->vpci = NULL;
}

/* -- configuration --------------------------------------------------------------------------------- */

static uint32_t bridge_word(unsigned reg)
{
    return reg == PCI_ID ? BRIDGE_ID : reg == PCI_CLASS ? BRIDGE_CLASS : 0;
}

/* The function with this number on the domain's bus, NULL: none. */
static struct vpci_function *find(struct vpci *p, unsigned slot_function)
{
    unsigned slot = slot_function >> 3;

    if (slot_function & 7 || slot == 0 || slot > IOMMU_DEVICES_MAX || p->function[slot - 1].state != VPCI_SHOWN) {
        return NULL;
    }
    return &p->function[slot - 1];
}

static uint32_t config_read(struct vpci *p, unsigned id, unsigned reg, unsigned size)
{
    struct vpci_function *f = id <= 0xff ? find(p, id) : NULL;
    uint32_t word = 0xffffffff;

    if (id == 0) {
        word = bridge_word(reg & ~3u);
    } else if (f != NULL) {
        word = vpci_word_read(f, reg & ~3u);
    }
    return word >> 8 * (reg & 3) & BYTES_MASK(size);
}

static void config_write(struct domain *d, unsigned id, unsigned reg, unsigned size, uint32_t value)
{
    struct vpci_function *f = id <= 0xff ? find(d->vpci, id) : NULL;
    uint32_t mask = BYTES_MASK(size) << 8 * (reg & 3);

    if (f != NULL) {
        value = value << 8 * (reg & 3) & mask;
        vpci_word_write(d, f, reg & ~3u, (vpci_word_read(f, reg & ~3u) & ~mask) | value);
    }
}

#define PORT_SELECT 0xcf8u
#define PORT_DATA 0xcfcu

/* Within one word; others are not accesses to configuration (PCI 3.0, 3.2.2.3.2). */
static bool is_data(const struct vpci *p, uint16_t port, unsigned size)
{
    return (p->selected & SELECT_ENABLE) && port >= PORT_DATA && port + size <= PORT_DATA + 4u;
}

uint32_t vpci_port_read(struct domain *d, uint16_t port, unsigned size)
{
    struct vpci *p = d->vpci;
    uint32_t value = 0xffffffff;

    if (p == NULL) {
        return value;
    }
    spin_lock(&p->lock);
    if (port == PORT_SELECT && size == 4) {
        value = p->selected;
    } else if (is_data(p, port, size)) {
        value = config_read(p, p->selected >> 8 & 0xffff, (p->selected & 0xfc) + (port & 3u), size);
    }
    spin_unlock(&p->lock);
    return value;
}

void vpci_port_write(struct domain *d, uint16_t port, unsigned size, uint32_t value)
{
    struct vpci *p = d->vpci;

    if (p == NULL) {
        return;
    }
    spin_lock(&p->lock);
    if (port == PORT_SELECT && size == 4) {
        p->selected = value & ~3u;
    } else if (is_data(p, port, size)) {
        config_write(d, p->selected >> 8 & 0xffff, (p->selected & 0xfc) + (port & 3u), size, value);
    }
    spin_unlock(&p->lock);
}

/* -- memory ---------------------------------------------------------------------------------------- */

static bool is_window(gaddr_t gaddr)
{
    return gaddr >= VPCI_WINDOW && gaddr < VPCI_WINDOW + VPCI_WINDOW_SIZE;
}

/* The function and BAR whose table of MSI-X is in the page of gaddr. Lock held. */
static struct vpci_function *find_table(struct vpci *p, gaddr_t gaddr, unsigned *bar)
{
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX; i++) {
        struct vpci_function *f = &p->function[i];
        const struct vpci_bar *b;

        if (f->state != VPCI_SHOWN || f->host->msix == 0) {
            continue;
        }
        *bar = f->host->msix_bar;
        b = &f->bar[*bar];
        if (b->mapped && gaddr >= b->at && gaddr - b->at < f->host->bar[*bar].size &&
            vpci_bar_page_is_table(f->host, *bar, (gaddr - b->at) >> PAGE_SHIFT)) {
            return f;
        }
    }
    return NULL;
}

/* Where registers can be, or are said to be; what is mapped there never comes here. As on a bus where nobody answers. */
static bool is_bus(const struct vpci *p, gaddr_t gaddr)
{
    if (gaddr >= VPCI_BARS_START && gaddr < VPCI_BARS_END) {
        return true;
    }
    for (unsigned i = 0; i < IOMMU_DEVICES_MAX * PCI_BARS; i++) {
        const struct vpci_function *f = &p->function[i / PCI_BARS];
        unsigned bar = i % PCI_BARS;

        if (f->state == VPCI_SHOWN && f->host->bar[bar].size != 0 && gaddr - f->bar[bar].at < f->host->bar[bar].size) {
            return true;
        }
    }
    return false;
}

bool vpci_is_memory(struct domain *d, gaddr_t gaddr)
{
    struct vpci *p = d->vpci;
    bool found;

    if (p == NULL) {
        return false;
    }
    spin_lock(&p->lock);
    found = is_window(gaddr) || is_bus(p, gaddr);
    spin_unlock(&p->lock);
    return found;
}

/* A bus of the window has 1 MiB, a function 4 KiB, of which the first 256 bytes are there and the others read 0. */
static uint32_t window_read(struct vpci *p, gaddr_t gaddr, unsigned size)
{
    unsigned reg = gaddr & 0xfff, id = (unsigned)((gaddr - VPCI_WINDOW) >> 12);

    if (reg >= PCI_CONFIG_SIZE) {
        return find(p, id) != NULL || id == 0 ? 0 : BYTES_MASK(size);
    }
    return config_read(p, id, reg, size);
}

uint32_t vpci_memory_read(struct domain *d, gaddr_t gaddr, unsigned size)
{
    struct vpci *p = d->vpci;
    struct vpci_function *f;
    uint32_t value = BYTES_MASK(size);
    unsigned bar;

    if (gaddr & (size - 1)) {
        return value;
    }
    spin_lock(&p->lock);
    if (is_window(gaddr)) {
        value = window_read(p, gaddr, size);
    } else if ((f = find_table(p, gaddr, &bar)) != NULL) {
        value = vpci_table_read(f, bar, (gaddr & ~3ull) - f->bar[bar].at) >> 8 * (gaddr & 3) & BYTES_MASK(size);
    }
    spin_unlock(&p->lock);
    return value;
}

void vpci_memory_write(struct domain *d, gaddr_t gaddr, unsigned size, uint32_t value)
{
    struct vpci *p = d->vpci;
    struct vpci_function *f;
    unsigned bar;

    if (gaddr & (size - 1)) {
        return;
    }
    spin_lock(&p->lock);
    if (is_window(gaddr)) {
        if ((gaddr & 0xfff) < PCI_CONFIG_SIZE) {
            config_write(d, (unsigned)((gaddr - VPCI_WINDOW) >> 12), gaddr & 0xfff, size, value);
        }
    } else if (size == 4 && (f = find_table(p, gaddr, &bar)) != NULL) { /* 6.8.2: others are undefined */
        vpci_table_write(d, f, bar, gaddr - f->bar[bar].at, value);
    }
    spin_unlock(&p->lock);
}
