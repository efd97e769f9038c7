/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model of Intel's IOMMUs as the specification has them (D51397 rev. 3.4), for what the emulator does not do: several units and
 * fault records, caches that are not looked into, memory of contexts and interrupts, messages in the old format, units that stop
 * answering. It checks what a driver must not do: change two things by one command, orders that are none, a queue turned off
 * that is not empty, entries with reserved bits, translation before anything was forgotten.
 */
#ifndef TEST_IOMMU_MODEL_INTEL_H
#define TEST_IOMMU_MODEL_INTEL_H

#include "host.h"

#define MODEL_UNITS 2u
#define MODEL_ADDR 0xfed90000ull /* registers of unit 0 */
#define MODEL_SIZE 0x2000u
#define MODEL_RECORDS 4u
#define MODEL_RECORDS_AT 0x1fc0u /* past the first page */

#define MODEL_CAP_CM (1ull << 7)
#define MODEL_CAP_RWBF (1ull << 4)
#define MODEL_CAP_PMR (3ull << 5)
#define MODEL_CAP_39 (1ull << 9)
#define MODEL_CAP_48 (1ull << 10)
#define MODEL_CAP_BITS(n) (((uint64_t)(n) - 1) << 16)
#define MODEL_CAP_DRAINS (3ull << 54)
#define MODEL_CAP_RECORDS ((uint64_t)(MODEL_RECORDS_AT / 16) << 24 | (uint64_t)(MODEL_RECORDS - 1) << 40)
#define MODEL_CAP (6u | MODEL_CAP_39 | MODEL_CAP_48 | MODEL_CAP_BITS(48) | MODEL_CAP_DRAINS | MODEL_CAP_RECORDS)
#define MODEL_ECAP_C 1u
#define MODEL_ECAP_QI 2u
#define MODEL_ECAP_IR 8u
#define MODEL_ECAP_SC 0x80u
#define MODEL_ECAP (MODEL_ECAP_C | MODEL_ECAP_QI | MODEL_ECAP_IR)

struct model_unit {
    uint64_t reg[MODEL_SIZE / 8]; /* index: offset / 8 */
    unsigned answers;       /* commands and orders it still carries out */
    unsigned orders;        /* that it has carried out, but for waits */
    bool writes_flushed;    /* since the last wait */
    unsigned dropped;       /* faults for which there was no room */
    /* what was set last */
    uint64_t root, interrupts;
    bool contexts_forgotten, translations_forgotten, interrupts_forgotten; /* all, since then */
    unsigned record_next;
};
extern struct model_unit model[MODEL_UNITS];

/** Turn a unit on as firmware may hand it over: own tables, an order in the queue, messages of the old format pass. */
void model_firmware(unsigned unit);

#define MODEL_BLOCKED (~0ull)
/**
 * A device tries to write (or read) memory. What a unit reads of tables it remembers until it is told to forget it.
 * @return the host's address it reaches; MODEL_BLOCKED, and the unit has recorded it
 */
uint64_t model_access(unsigned unit, uint16_t device, uint64_t addr, bool write);
/** A write. @return 0: it is let through */
int model_dma(unsigned unit, uint16_t device, uint64_t addr);

/**
 * A device writes to the local APICs' range.
 * @return vector | apic id << 8 | 1 << 17 for a level; -1 blocked; -2 passed as it is
 */
int model_interrupt(unsigned unit, uint16_t device, uint64_t addr, uint32_t data);
/** An I/O APIC raises the pin with this redirection entry. */
int model_pin(unsigned unit, uint16_t device, uint64_t entry);

/* A function on the PCI buses; a bridge to the buses first to last. The model has those up to the first with id 0. */
struct model_function {
    uint16_t device;
    uint32_t id;
    bool many;
    uint8_t first, last;
};
extern struct model_function model_functions[8];

#endif
