/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain with devices for host tests: the code of vpci, of device interrupts and of the host's PCI functions as they are, over a bus
 * of functions (../pci/bus.h), a memory map, an IOMMU that remembers what it routes, and CPUs that run when a test says so.
 * world_check() tells whether what must always hold does.
 */
#ifndef TEST_VPCI_WORLD_H
#define TEST_VPCI_WORLD_H

#include "bus.h"

#include <xen/domain.h>
#include <xen/vpci.h>

/* The functions there are, and where they are on the bus; all can be had. */
enum world_function {
    WORLD_EDU,   /* 00:03.0: one BAR of 1 MiB, MSI of 64 bits; no reset */
    WORLD_NVME,  /* 00:04.0: a wide BAR of 16 KiB, table of 65 in its third page, pending bits in the fourth; FLR */
    WORLD_NIC,   /* 00:05.0: BARs of 128 KiB, 32 bytes (ports), 16 KiB with table and pending bits of 5 in one page; MSI too */
    WORLD_ODD,   /* 00:06.0: 64 bits in BAR 5, MSI of 32 bits with masks, vendor's capabilities that overlap */
    WORLD_FUNCTIONS
};
#define WORLD_ID(f) ((uint16_t)((3 + (f)) << 3))

extern struct domain *world_d;

/** A new domain with functions: bits. Slot 1 is the lowest. */
void world_start(unsigned functions);
/** The end of the domain: everything is as it was. */
void world_end(void);
/** Give it a function, on the bus that it gets when it has none. @return as vpci_attach(), which is called until its time has passed */
int world_attach(uint16_t device, const struct pci_terms *terms, const char **why);
int world_add(enum world_function f, const char **why);

/* -- its memory map -------------------------------------------------------------------------------- */

#define WORLD_GSI 20u
#define WORLD_RAM_END 0x40000000ull /* of the domain: a page each 16 MiB stands for all */
enum world_memory { WORLD_NOTHING, WORLD_RAM, WORLD_REGISTERS };
/** What is mapped at an address; maddr: out, the host's. */
enum world_memory world_at(uint64_t gaddr, uint64_t *maddr);
/** RAM at a place, or none any more. */
void world_ram(uint64_t gaddr, bool there);
unsigned world_registers(void); /* pages mapped */
extern unsigned world_flushes;
extern unsigned world_map_fails; /* not 0: that page from now on cannot be mapped */

/* -- interrupts ------------------------------------------------------------------------------------ */

/** The message with which a device raises interrupt number index, once it was routed. */
#define WORLD_MESSAGE_ADDR 0xfee00000ull
#define WORLD_MESSAGE_DATA(device, index) ((uint32_t)(device) << 8 | (index))
/** Is that interrupt let through? */
bool world_routed(uint16_t device, unsigned index);
/** The device sends it, and CPUs run. @return whether it was let through */
bool world_raise(uint16_t device, unsigned index);
/** It comes in, and CPUs do not run yet. */
bool world_raise_only(uint16_t device, unsigned index);
void world_run_cpus(void);
/** Time passes, and timers that are due run. */
void world_pass(uint64_t ns);
extern bool world_remaps;          /* false: nothing can be routed */
extern unsigned world_messages;    /* delivered to the domain */
extern struct msi_message world_last;

/* -------------------------------------------------------------------------------------------------- */

/** Ends the process with a line when one of these does not hold. */
void world_check(void);

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            world_fail(__FILE__, __LINE__, #what);                                                 \
        }                                                                                          \
    } while (0)
void world_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/* -- a guest's accesses ---------------------------------------------------------------------------- */

uint32_t guest_read(unsigned slot, unsigned reg, unsigned size);
void guest_write(unsigned slot, unsigned reg, unsigned size, uint32_t value);
/** The offset of a capability in what the guest sees, 0: there is none. */
unsigned guest_cap(unsigned slot, uint8_t id);

#endif
