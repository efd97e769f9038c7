/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capabilities: the device's list, less what is not in the table below. A list that runs in circles, or whose members overlap, is
 * cut at the first one that makes no sense.
 */
#include "vpci_private.h"

#include <xen/lib.h>

#define CONFIG_START 0x40u
#define EXPRESS_SIZE_1 0x14u /* version 1, of a function that is no port: what follows is not there (PCIe 1.1, 7.8) */
#define EXPRESS_SIZE 0x3cu
#define EXPRESS_TYPE_MASK 0x00f00000u
#define EXPRESS_TYPE_INTEGRATED 0x00900000u /* PCIe 4.0, 7.5.3.2: it sits on the root bus */
#define EXPRESS_FLR 0x10000000u
#define MSIX_SIZE 12u

static unsigned msi_size(const struct vpci_function *f, unsigned at)
{
    (void)at;
    return vpci_msi_size(f);
}

static unsigned msix_size(const struct vpci_function *f, unsigned at)
{
    (void)at;
    return f->host->msix != 0 ? MSIX_SIZE : 0;
}

static unsigned express_size(const struct vpci_function *f, unsigned at)
{
    return (pci_read(f->host->id, at + 2, 2) & 15) == 1 ? EXPRESS_SIZE_1 : EXPRESS_SIZE;
}

/* PCI 3.0, appendix H: the length is in the third byte. */
static unsigned vendor_size(const struct vpci_function *f, unsigned at)
{
    return pci_read(f->host->id, at + 2, 1);
}

static uint32_t host_word(const struct vpci_function *f, unsigned offset, unsigned at)
{
    return pci_read(f->host->id, at + offset, 4);
}

/* Which device it is, and what it can; not the link above it, which is not the domain's, nor its reset, which is ours. */
static uint32_t express_word(const struct vpci_function *f, unsigned offset, unsigned at)
{
    uint32_t value = host_word(f, offset, at);

    switch (offset) {
    case 0:
        return (value & ~EXPRESS_TYPE_MASK) | EXPRESS_TYPE_INTEGRATED;
    case 4:
        return value & ~EXPRESS_FLR;
    case 0x08:
    case 0x24:
    case 0x28:
        return value;
    default:
        return 0;
    }
}

static uint32_t msi_word(const struct vpci_function *f, unsigned offset, unsigned at)
{
    (void)at;
    return vpci_msi_read(f, offset);
}

static uint32_t msix_word(const struct vpci_function *f, unsigned offset, unsigned at)
{
    (void)at;
    return vpci_msix_read(f, offset);
}

/* read gives the words as they are, but for the first half of the first; write NULL: dropped. */
static const struct known {
    uint8_t id;
    unsigned (*size)(const struct vpci_function *f, unsigned at); /* 0: not shown */
    uint32_t (*read)(const struct vpci_function *f, unsigned offset, unsigned at);
    void (*write)(struct domain *d, struct vpci_function *f, unsigned offset, uint32_t value);
} known[] = {
    { PCI_CAP_MSI, msi_size, msi_word, vpci_msi_write },
    { PCI_CAP_MSIX, msix_size, msix_word, vpci_msix_write },
    { PCI_CAP_EXPRESS, express_size, express_word, NULL },
    { PCI_CAP_VENDOR, vendor_size, host_word, NULL },
};

static const struct known *find_known(uint8_t id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(known); i++) {
        if (known[i].id == id) {
            return &known[i];
        }
    }
    return NULL;
}

const struct vpci_cap *vpci_cap_at(const struct vpci_function *f, unsigned reg)
{
    for (unsigned i = 0; i < f->cap_count; i++) {
        if (reg >= f->cap[i].at && reg < f->cap[i].at + (unsigned)f->cap[i].size) {
            return &f->cap[i];
        }
    }
    return NULL;
}

static bool is_free(const struct vpci_function *f, unsigned at, unsigned size)
{
    for (unsigned i = 0; i < f->cap_count; i++) {
        if (at < f->cap[i].at + (unsigned)f->cap[i].size && f->cap[i].at < at + size) {
            return false;
        }
    }
    return true;
}

static bool shown_already(const struct vpci_function *f, uint8_t id)
{
    for (unsigned i = 0; i < f->cap_count; i++) {
        if (f->cap[i].id == id && id != PCI_CAP_VENDOR) {
            return true;
        }
    }
    return false;
}

static unsigned size_of(const struct vpci_function *f, uint8_t id, unsigned at)
{
    const struct known *k = find_known(id);

    return k != NULL && !shown_already(f, id) ? ROUND_UP(k->size(f, at), 4u) : 0;
}

void vpci_caps_find(struct vpci_function *f)
{
    unsigned left = PCI_CAPS_MAX, at = 0;

    while ((at = pci_next_cap(f->host->id, at, &left)) != 0 && f->cap_count < VPCI_CAPS_MAX) {
        uint8_t id = (uint8_t)pci_read(f->host->id, at, 1);
        unsigned size = size_of(f, id, at);

        if (size < 4 || at < CONFIG_START) {
            continue;
        }
        if (size > PCI_CONFIG_SIZE - at || !is_free(f, at, size)) {
            return;
        }
        if (f->cap_count > 0) {
            f->cap[f->cap_count - 1].next = (uint8_t)at;
        }
        f->cap[f->cap_count++] = (struct vpci_cap){ .id = id, .at = (uint8_t)at, .size = (uint8_t)size };
    }
}

uint32_t vpci_cap_read(struct vpci_function *f, const struct vpci_cap *cap, unsigned reg)
{
    unsigned offset = reg - cap->at;
    uint32_t value = find_known(cap->id)->read(f, offset, cap->at);

    return offset != 0 ? value : (value & 0xffff0000) | (uint32_t)cap->next << 8 | cap->id;
}

void vpci_cap_write(struct domain *d, struct vpci_function *f, const struct vpci_cap *cap, unsigned reg, uint32_t value)
{
    const struct known *k = find_known(cap->id);

    if (k->write != NULL) {
        k->write(d, f, reg - cap->at, value);
    }
}
