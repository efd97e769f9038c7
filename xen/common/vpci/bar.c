/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BARs: the domain says where it wants a device's registers, and finds them there when it has switched decoding on and nothing
 * else is in the way: its own memory, another BAR, the end of its address space. A BAR that cannot be put where it is wanted is
 * nowhere, as on a bus where another device answers.
 */
#include "vpci_private.h"

#include <xen/domain.h>
#include <xen/lib.h>

#define BAR_WIDE 4u
#define BAR_PREFETCHABLE 8u
#define MSIX_ENTRY 16u

bool vpci_bar_page_is_table(const struct pci_function *host, unsigned i, uint64_t page)
{
    uint64_t first = host->msix_offset >> PAGE_SHIFT;
    uint64_t last = (host->msix_offset + (uint64_t)host->msix_count * MSIX_ENTRY - 1) >> PAGE_SHIFT;

    return host->msix != 0 && i == host->msix_bar && page >= first && page <= last;
}

static void unmap(struct domain *d, struct vpci_function *f, unsigned i, uint64_t pages)
{
    const struct pci_bar *host = &f->host->bar[i];
    struct p2m_batch batch;

    p2m_batch_init(&batch);
    for (uint64_t n = 0; n < pages; n++) {
        if (!vpci_bar_page_is_table(f->host, i, n)) {
            (void)!p2m_unmap_if(d, _gfn((f->bar[i].at >> PAGE_SHIFT) + n), P2M_SET(P2M_DEVICE),
                                _mfn((host->addr >> PAGE_SHIFT) + n), &batch);
        }
    }
    p2m_batch_flush(d, &batch);
}

/* All or nothing; PCI_BAR_PAGES_MAX bounds it. */
static void map(struct domain *d, struct vpci_function *f, unsigned i)
{
    const struct pci_bar *host = &f->host->bar[i];
    uint64_t pages = host->size >> PAGE_SHIFT, n;
    int ret = 0;

    for (n = 0; ret == 0 && n < pages; n++) {
        if (!vpci_bar_page_is_table(f->host, i, n)) {
            ret = p2m_map(d, _gfn((f->bar[i].at >> PAGE_SHIFT) + n), _mfn((host->addr >> PAGE_SHIFT) + n), P2M_ORDER_4K,
                          P2M_DEVICE);
        }
    }
    if (ret != 0) {
        pr_debug("domain %u %s: BAR %u cannot be at %#llx (error %d)", d->id, d->name, i,
                 (unsigned long long)f->bar[i].at, -ret);
        unmap(d, f, i, n - 1);
    }
    f->bar[i].mapped = ret == 0;
}

void vpci_bars_follow(struct domain *d, struct vpci_function *f)
{
    bool decodes = (f->command & PCI_COMMAND_MEMORY) && f->state == VPCI_SHOWN;

    for (unsigned i = 0; i < PCI_BARS; i++) {
        if (f->bar[i].mapped && !decodes) {
            f->bar[i].mapped = false;
            unmap(d, f, i, f->host->bar[i].size >> PAGE_SHIFT);
        } else if (!f->bar[i].mapped && decodes && f->host->bar[i].size != 0) {
            map(d, f, i);
        }
    }
}

bool vpci_bars_place(struct vpci_function *f, gaddr_t *next)
{
    for (unsigned i = 0; i < PCI_BARS; i++) {
        uint64_t size = f->host->bar[i].size;

        if (size == 0) {
            continue;
        }
        *next = ROUND_UP(*next, size);
        if (size > VPCI_BARS_END - *next) {
            return false;
        }
        f->bar[i].at = *next;
        *next += size;
    }
    return true;
}

/* The BAR that a number belongs to, and whether the number is its upper half. */
static unsigned bar_of(const struct vpci_function *f, unsigned i, bool *upper)
{
    *upper = i > 0 && f->host->bar[i - 1].size != 0 && f->host->bar[i - 1].wide;
    return *upper ? i - 1 : i;
}

uint32_t vpci_bar_read(const struct vpci_function *f, unsigned i)
{
    bool upper;
    unsigned n = bar_of(f, i, &upper);
    const struct pci_bar *host = &f->host->bar[n];

    if (host->size == 0) {
        return 0;
    }
    if (upper) {
        return (uint32_t)(f->bar[n].at >> 32);
    }
    return (uint32_t)f->bar[n].at | (host->wide ? BAR_WIDE : 0) | (host->prefetchable ? BAR_PREFETCHABLE : 0);
}

void vpci_bar_write(struct domain *d, struct vpci_function *f, unsigned i, uint32_t value)
{
    bool upper;
    unsigned n = bar_of(f, i, &upper);
    const struct pci_bar *host = &f->host->bar[n];
    gaddr_t at = f->bar[n].at;

    if (host->size == 0) {
        return;
    }
    at = upper ? (at & 0xffffffff) | (gaddr_t)value << 32 : (at & ~0xffffffffull) | value;
    at &= ~(host->size - 1);
    if (at == f->bar[n].at) {
        return;
    }
    if (f->bar[n].mapped) {
        f->bar[n].mapped = false;
        unmap(d, f, n, host->size >> PAGE_SHIFT);
    }
    f->bar[n].at = at;
    vpci_bars_follow(d, f);
}
