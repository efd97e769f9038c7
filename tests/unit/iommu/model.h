/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of AMD IOMMUs as the specification has them (48882 rev. 3), for what the emulator does not do: the log of events,
 * its overflow, units without INVALIDATE_IOMMU_ALL, and units that stop answering. It checks what a driver must not do:
 * a command that is none, a log entry that was not zeroed before it is used again, a unit enabled without a device table.
 */
#ifndef TEST_IOMMU_MODEL_H
#define TEST_IOMMU_MODEL_H

#include "host.h"

#define MODEL_UNITS 2u
#define MODEL_ADDR 0xfed80000ull /* registers of unit 0; 16 KiB each */
#define MODEL_MCFG 0xb0000000ull /* unit n is device 00:02.n */

struct model_unit {
    uint64_t reg[0x4000 / 8]; /* index: offset / 8 */
    uint16_t config[2048];
    unsigned answers;       /* commands it still carries out */
    unsigned invalidations; /* of everything */
    uint8_t forgotten[65536]; /* how often each device was invalidated by itself */
    uint8_t irqs_forgotten[65536]; /* how often each device's interrupt table was */
    unsigned domain_forgotten[65536]; /* how often the translations of each id were */
    unsigned dropped;       /* events for which there was no room */
};
extern struct model_unit model[MODEL_UNITS];
#define MODEL_BLOCKED (~0ull)
/**
 * A device tries to write (or read) memory. Translations are remembered until they are invalidated.
 * @return the host's address it reaches; MODEL_BLOCKED, and the unit has logged it
 */
uint64_t model_access(unsigned unit, uint16_t device, uint64_t addr, bool write);
/** A write. @return 0: it is let through */
int model_dma(unsigned unit, uint16_t device, uint64_t addr);
/** May an interrupt message of the device pass? */
bool model_interrupt(unsigned unit, uint16_t device);

#endif
