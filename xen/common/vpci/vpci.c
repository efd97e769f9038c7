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

static struct vpci *get(struct domain *d)
{
    if (d->vpci == NULL) {
        d->vpci = xzalloc(struct vpci);
    }
    return d->vpci;
}

static gaddr_t places_end(const struct vpci *p)
{
    gaddr_t end = VPCI_BARS_START;

    for (unsigned i = 0; i < p->count * PCI_BARS; i++) {
        const struct vpci_function *f = &p->function[i / PCI_BARS];

        end = max(end, f->bar[i % PCI_BARS].at + f->host->bar[i % PCI_BARS].size);
    }
    return end;
}

/* One that comes back from its last owner has been reset already. */
static void wait_for_reset(struct pci_function *host)
{
    if (!host->clean && host->reset_step == 0) {
        pci_reset_begin(host);
    }
    while (pci_reset_step(host) != 0) {
        cpu_relax();
    }
}

static int add(struct domain *d, struct vpci *p, struct pci_function *host, const char **why)
{
    struct vpci_function *f = &p->function[p->count];
    gaddr_t next = places_end(p);
    int ret;

    if (__atomic_load_n(&host->held, __ATOMIC_ACQUIRE)) {
        *why = "another domain has it";
        return -EBUSY;
    }
    f->host = host;
    if (!vpci_bars_place(f, &next)) {
        *why = "there is no room for its BARs";
        return -ENOSPC;
    }
    wait_for_reset(host);
    ret = iommu_attach(d, host->id);
    if (ret != 0) {
        *why = "the IOMMU cannot hold it";
        return ret;
    }
    __atomic_store_n(&host->held, true, __ATOMIC_RELAXED);
    host->clean = false;
    vpci_caps_find(f);
    vpci_msix_start(f);
    d->devices[d->device_count++] = host->id;
    d->devices_held |= 1u << p->count++;
    return 0;
}

int vpci_add(struct domain *d, uint16_t device, bool unreset, const char **why)
{
    struct vpci *p = get(d);
    struct pci_function *host;
    int ret;

    if (p == NULL || p->count == IOMMU_DEVICES_MAX) {
        *why = "it has too many devices, or there is no memory";
        return -ENOMEM;
    }
    ret = pci_function_get(device, &host, why);
    if (ret != 0) {
        return ret;
    }
    if (host->reset_kind == PCI_RESET_NONE && !unreset) {
        *why = "it cannot be reset, and the description does not say to take it so";
        return -EOPNOTSUPP;
    }
    ret = add(d, p, host, why);
    if (ret != 0) {
        p->function[p->count] = (struct vpci_function){ .host = NULL };
    }
    return ret;
}

/* Nothing of it arrives or leaves from here on. Lock held. */
static void silence(struct domain *d, struct vpci_function *f)
{
    vpci_msi_off(f);
    vpci_msix_off(f);
    pci_quiet(f->host);
    f->gone = true;
    iommu_detach(d, f->host->id);
    pci_reset_begin(f->host);
}

void vpci_remove(struct domain *d, unsigned i)
{
    struct vpci_function *f = &d->vpci->function[i];

    spin_lock(&d->vpci->lock);
    if (!f->gone) {
        silence(d, f);
        vpci_bars_follow(d, f);
        __atomic_fetch_and(&d->devices_held, ~(1u << i), __ATOMIC_RELAXED);
    }
    spin_unlock(&d->vpci->lock);
}

int vpci_release(struct domain *d)
{
    struct vpci *p = d->vpci;
    bool waits = false;

    for (unsigned i = 0; p != NULL && i < p->count; i++) {
        struct vpci_function *f = &p->function[i];

        spin_lock(&p->lock);
        if (!f->gone) {
            silence(d, f);
        }
        if (!f->returned && pci_reset_step(f->host) != 0) {
            waits = true;
        } else if (!f->returned) {
            f->returned = true;
            f->host->clean = true;
            __atomic_store_n(&f->host->held, false, __ATOMIC_RELEASE);
        }
        spin_unlock(&p->lock);
    }
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

    return slot_function & 7 || slot == 0 || slot > p->count ? NULL : &p->function[slot - 1];
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
    for (unsigned i = 0; i < p->count; i++) {
        struct vpci_function *f = &p->function[i];
        const struct vpci_bar *b = &f->bar[f->host->msix_bar % PCI_BARS];

        *bar = f->host->msix_bar % PCI_BARS;
        if (b->mapped && !f->gone && gaddr >= b->at && gaddr - b->at < f->host->bar[*bar].size &&
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
    for (unsigned i = 0; i < p->count * PCI_BARS; i++) {
        const struct vpci_function *f = &p->function[i / PCI_BARS];
        unsigned bar = i % PCI_BARS;

        if (f->host->bar[bar].size != 0 && gaddr - f->bar[bar].at < f->host->bar[bar].size) {
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
