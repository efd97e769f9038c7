/* SPDX-License-Identifier: Apache-2.0 */
/* A unit, between those who open it (intel_open.c), order it (intel_unit.c) and read its faults (intel_fault.c). */
#ifndef X86_IOMMU_INTEL_UNIT_H
#define X86_IOMMU_INTEL_UNIT_H

#include "intel.h"

#include <xen/acpi.h>

/* D51397 rev. 3.4, 11.4.2, CAP */
#define INTEL_CAP_WRITE_BUFFERS (1ull << 4) /* RWBF */
#define INTEL_CAP_PROTECTED (3ull << 5)     /* PLMR, PHMR */
#define INTEL_CAP_FAULTS_AT(cap) (((unsigned)((cap) >> 24) & 0x3ff) * 16)
#define INTEL_CAP_FAULTS(cap) (((unsigned)((cap) >> 40) & 0xff) + 1)
#define INTEL_FAULT_SIZE 16u

struct intel_unit {
    paddr_t addr;              /* constant after init, as all but what says otherwise */
    volatile uint8_t *regs;
    uint64_t cap;
    struct intel_order *queue; /* owned page */
    uint32_t *done;            /* owned page; the unit writes here */
    uint32_t on;               /* lock held: of GCMD, what stays on */
    uint32_t tail;             /* lock held; bytes */
    uint32_t done_last;        /* lock held; number of the last wait */
    unsigned fault_next;       /* boot CPU only: where the next record is expected */
};
extern struct intel_unit intel_unit[ACPI_MAX_DMAR_UNITS];
extern unsigned intel_unit_count;

/** Drop what was recorded so far. */
void intel_faults_start(struct intel_unit *u);

#endif
