/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder. All functions are called with the lock of struct vpci held. */
#ifndef COMMON_VPCI_PRIVATE_H
#define COMMON_VPCI_PRIVATE_H

#include <xen/device_irq.h>
#include <xen/lock.h>
#include <xen/pci.h>
#include <xen/vpci.h>

#define VPCI_CAPS_MAX 8

/* A capability as the domain sees it: where the device has it, the next one as it is shown. */
struct vpci_cap {
    uint8_t id, at, size, next;
};

struct vpci_bar {
    gaddr_t at;     /* as the domain has written it */
    bool mapped;    /* there */
};

struct vpci_msi {
    bool enabled;
    struct msi_message message; /* as the domain has written it */
    uint32_t mask;              /* bit 0 */
};

struct vpci_msix_entry {
    struct msi_message message; /* as the domain has written it */
    bool masked;
    bool bound;                 /* its interrupt can arrive; the device's entry says where it goes */
};

struct vpci_msix {
    bool enabled, masked;       /* bits 15 and 14 of its control */
    unsigned count;             /* entries shown */
    struct vpci_msix_entry entry[IOMMU_IRQS_MAX];
};

struct vpci_function {
    struct pci_function *host;  /* constant */
    bool gone;                  /* taken away: reads all ones */
    bool returned;              /* and reset: others may have it */
    bool complained;            /* vpci_no_interrupt() has said so */
    uint16_t command;           /* as the domain has written it */
    uint8_t line;               /* same: a byte that means nothing here */
    unsigned cap_count;         /* constant, with the table */
    struct vpci_cap cap[VPCI_CAPS_MAX];
    struct vpci_bar bar[PCI_BARS];
    struct vpci_msi msi;
    struct vpci_msix msix;
    struct device_irq irq[IOMMU_IRQS_MAX];
};

struct vpci {
    spinlock_t lock;
    uint32_t selected;          /* port 0xcf8 */
    unsigned count;
    struct vpci_function function[IOMMU_DEVICES_MAX]; /* slots 1, 2...; in step with the domain's devices */
};

#define BYTES_MASK(size) ((size) == 4 ? 0xffffffffu : (1u << 8 * (size)) - 1)

/* -- config.c: a function's configuration, by whole words ------------------------------------------ */
uint32_t vpci_word_read(struct vpci_function *f, unsigned reg);
void vpci_word_write(struct domain *d, struct vpci_function *f, unsigned reg, uint32_t value);

/* -- caps.c ---------------------------------------------------------------------------------------- */
/** Choose what is shown of the device's list. */
void vpci_caps_find(struct vpci_function *f);
/** The capability that a word belongs to, or NULL. */
const struct vpci_cap *vpci_cap_at(const struct vpci_function *f, unsigned reg);
uint32_t vpci_cap_read(struct vpci_function *f, const struct vpci_cap *cap, unsigned reg);
void vpci_cap_write(struct domain *d, struct vpci_function *f, const struct vpci_cap *cap, unsigned reg, uint32_t value);

/* -- bar.c ----------------------------------------------------------------------------------------- */
/** Give every BAR a place from *next on, which moves on. @return false: there is no room below VPCI_BARS_END */
bool vpci_bars_place(struct vpci_function *f, gaddr_t *next);
uint32_t vpci_bar_read(const struct vpci_function *f, unsigned i);
void vpci_bar_write(struct domain *d, struct vpci_function *f, unsigned i, uint32_t value);
/** Map what is to be decoded, and nothing else; after a change of the command word. */
void vpci_bars_follow(struct domain *d, struct vpci_function *f);
/** Is page number `page` of BAR i one that holds the table of MSI-X, which domains never see? */
bool vpci_bar_page_is_table(const struct pci_function *host, unsigned i, uint64_t page);

/* -- msi.c, msix.c --------------------------------------------------------------------------------- */
/** An interrupt cannot be bound: say so once, since the domain can ask as often as it likes. */
void vpci_no_interrupt(const struct domain *d, struct vpci_function *f, int error);
unsigned vpci_msi_size(const struct vpci_function *f);
uint32_t vpci_msi_read(const struct vpci_function *f, unsigned offset);
void vpci_msi_write(struct domain *d, struct vpci_function *f, unsigned offset, uint32_t value);
void vpci_msi_off(struct vpci_function *f);

void vpci_msix_start(struct vpci_function *f);
uint32_t vpci_msix_read(const struct vpci_function *f, unsigned offset);
void vpci_msix_write(struct domain *d, struct vpci_function *f, unsigned offset, uint32_t value);
void vpci_msix_off(struct vpci_function *f);
/** Words of a page that holds the table; offset: in the BAR. */
uint32_t vpci_table_read(const struct vpci_function *f, unsigned bar, uint64_t offset);
void vpci_table_write(struct domain *d, struct vpci_function *f, unsigned bar, uint64_t offset, uint32_t value);

#endif
