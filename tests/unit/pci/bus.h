/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCI bus for host tests, behind the ports of configuration mechanism 1. Functions hold what a test puts into their configuration,
 * however odd; which bits can be written is part of it. A reset by FLR, power state or the bridge above takes a function back to what it was
 * when bus_ready() was called, but for BARs and the command word, which are 0 then.
 */
#ifndef TEST_PCI_BUS_H
#define TEST_PCI_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BUS_PADDR_END (1ull << 40) /* what the CPU can address */

struct bus_function {
    uint16_t id;
    uint8_t config[256], writable[256], first[256];
    unsigned pm, express;   /* where these capabilities are, 0: nowhere */
    unsigned resets, flrs;
};

/** Nothing is on the bus, and nothing is mapped. */
void bus_clear(void);
/** A function with these identities, no BARs and no capabilities. */
struct bus_function *bus_add(uint16_t id, uint16_t class);
struct bus_function *bus_find(uint16_t id);
void bus_put(struct bus_function *f, unsigned reg, unsigned size, uint32_t value);
uint32_t bus_get(const struct bus_function *f, unsigned reg, unsigned size);
/** A BAR; flags: its low four bits. A wide one takes two. */
void bus_bar(struct bus_function *f, unsigned i, uint64_t addr, uint64_t size, unsigned flags);
/** A capability; next: as the register says, whatever it is. */
void bus_cap(struct bus_function *f, unsigned at, uint8_t id, uint8_t next);
void bus_msi(struct bus_function *f, unsigned at, uint8_t next, unsigned control);
void bus_msix(struct bus_function *f, unsigned at, uint8_t next, unsigned count, uint32_t table, uint32_t pba);
void bus_express(struct bus_function *f, unsigned at, uint8_t next, bool flr);
void bus_pm(struct bus_function *f, unsigned at, uint8_t next, bool no_soft_reset);
/** A port with one bus behind it. */
struct bus_function *bus_bridge(uint16_t id, uint8_t secondary);
/** All functions are as they come out of a reset. */
void bus_ready(void);

extern unsigned bus_vanishes;    /* not 0: that read from now on, and all after, find nothing any more */
extern unsigned bus_reads, bus_writes;

/** The host's end of a mapping of registers, NULL: there is none there. Exactly as long as was asked for. */
uint32_t *bus_mapped(uint64_t addr);
/** All of them are 0. */
void bus_forget_registers(void);

#endif
