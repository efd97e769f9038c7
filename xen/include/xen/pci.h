/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions of the host, segment 0: configuration space, what a function has, and its reset. A function is looked at when it
 * is first wanted for a domain; what was found then stays true, because nobody but the hypervisor writes its configuration.
 * Source: PCI Local Bus Specification 3.0; PCI Express Base Specification 4.0; PCI Bus Power Management 1.2.
 */
#ifndef XEN_PCI_H
#define XEN_PCI_H

#include <xen/types.h>

struct domain;

/* Offsets in configuration space (PCI 3.0, 6.1) and the bits that are used here. */
#define PCI_ID 0x00u
#define PCI_COMMAND 0x04u /* and status, the upper half */
#define PCI_CLASS 0x08u
#define PCI_HEADER 0x0eu
#define PCI_BAR(i) (0x10u + 4 * (i))
#define PCI_SUBSYSTEM 0x2cu
#define PCI_CAPABILITIES 0x34u
#define PCI_INTERRUPT 0x3cu
#define PCI_CONFIG_SIZE 0x100u

#define PCI_COMMAND_IO 0x0001u
#define PCI_COMMAND_MEMORY 0x0002u
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_COMMAND_NO_INTX 0x0400u
#define PCI_STATUS_CAPABILITIES 0x00100000u
#define PCI_STATUS_INTERRUPT 0x00080000u

#define PCI_CAP_PM 0x01u
#define PCI_CAP_MSI 0x05u
#define PCI_CAP_VENDOR 0x09u
#define PCI_CAP_EXPRESS 0x10u
#define PCI_CAP_MSIX 0x11u

#define PCI_BARS 6u
#define PCI_BAR_PAGES_MAX 4096u /* of a function, together: bounds all work on them */

/* A memory BAR; a wide one takes the next number too, which then has size 0. */
struct pci_bar {
    paddr_t addr;
    uint64_t size; /* bytes, 0: none */
    bool wide, prefetchable;
};

/* How a function is brought to its initial state. */
enum pci_reset_kind { PCI_RESET_NONE, PCI_RESET_FLR, PCI_RESET_PM, PCI_RESET_BUS };

/* What a description says of a function beside its number. */
struct pci_terms {
    bool unreset;  /* it is taken though it cannot be reset */
    bool has_line; /* its INTx is pin gsi of the I/O APICs */
    uint32_t gsi;
};

struct pci_function {
    uint16_t id;              /* bus, device, function; constant, as all down to reset_kind */
    struct pci_bar bar[PCI_BARS];
    uint8_t msi, msix, express; /* offsets of these capabilities, 0: none */
    uint16_t msi_control;       /* as it was found: which registers there are */
    uint16_t express_control;   /* same, of the device: sizes of packets, as firmware has set them */
    unsigned msix_count;        /* entries of its table */
    unsigned msix_bar, pba_bar;
    uint32_t msix_offset, pba_offset; /* in those BARs */
    volatile uint8_t *msix_table;     /* all of it, mapped for good; NULL: none */
    volatile uint8_t *msix_pba;
    enum pci_reset_kind reset_kind;
    uint16_t bridge;            /* PCI_RESET_BUS: the port above it */
    int refused;                /* 0, or why it cannot be given, as pci_function_get() said the first time */
    const char *refused_why;
    struct pci_terms terms;     /* as the description of its last owner has it; its owner's, on its way to the domain */
    struct domain *owner;       /* atomic: who has it, or it is on its way to or from; NULL: nobody. Not a reference */
    bool clean;                 /* it has been reset, and nobody has had it since; for its owner only, as what follows */
    unsigned reset_step;        /* 0: none is under way */
    uint64_t reset_until_ns;
};

/** Size bytes (1, 2, 4) of configuration at reg, which is a multiple of size. All ones where nothing is. */
uint32_t pci_read(uint16_t id, unsigned reg, unsigned size);
void pci_write(uint16_t id, unsigned reg, unsigned size, uint32_t value);

/**
 * Walk the list of capabilities. @param at  0 for the first. @return offset of the next one, 0: the end. Ends always: a
 * list that runs in circles is cut.
 * @param left  in and out: steps that may still be taken; the caller starts with PCI_CAPS_MAX
 */
#define PCI_CAPS_MAX 48u
unsigned pci_next_cap(uint16_t id, unsigned at, unsigned *left);

/**
 * Look at a function, the first time; find it, later. It is switched off: it decodes and sends nothing; one that is refused stays as it is.
 * @param why  out, on failure: what is wrong with it, for a message
 * @return 0; -ENODEV nothing there; -EPERM a bridge, or an IOMMU; -ENXIO firmware has given a BAR no address; -E2BIG its BARs;
 *         -EBUSY one is not its alone, or not where devices have registers; -ENOSPC no room for another one
 */
int pci_function_get(uint16_t id, struct pci_function **out, const char **why) must_check;
/** Become its owner. @return false: somebody is */
bool pci_claim(struct pci_function *f, struct domain *d) must_check;
/** It has been reset. */
void pci_disclaim(struct pci_function *f);
/** It sends nothing any more, no memory access and no interrupt; MSI and MSI-X are off. */
void pci_quiet(const struct pci_function *f);
/** Start a reset; f is quiet, and whatever it was told before is forgotten once pci_reset_step() has returned 0. */
void pci_reset_begin(struct pci_function *f);
/** @return 0 done: it has its addresses again, and is quiet; -EAGAIN time has to pass */
int pci_reset_step(struct pci_function *f) must_check;

#endif
