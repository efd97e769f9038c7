/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables a domain finds: RSDP, XSDT, FADT (hardware-reduced: no PM timer, no SCI, no legacy
 * devices), DSDT (power-off, and the TPM's locality 0 for the domain that owns it), MADT with one local
 * APIC per vCPU, TPM2; for a domain with devices SSDT (the host bridge) and MCFG. All in one page.
 * Source: ACPI Specification 6.4, chapter 5; TCG ACPI Specification 1.3.
 */
#ifndef LAUNCH_ACPI_TABLES_H
#define LAUNCH_ACPI_TABLES_H

#include <xen/types.h>

#define LAUNCH_ACPI_CPU_MAX 64

struct launch_acpi {
    gaddr_t base;         /* of the page; the RSDP is at its start. Below 4 GiB */
    unsigned vcpu_count;  /* 1..LAUNCH_ACPI_CPU_MAX */
    bool tpm;
    uint32_t tpm_base;    /* of locality 0 */
    bool pci;             /* pci.asl, and the window of <xen/vpci.h> */
    uint16_t sleep_port;  /* sleep control register; status is the next port */
};

/**
 * Fill the page, which is zero.
 * @return bytes used
 */
size_t launch_acpi_build(const struct launch_acpi *in, uint8_t page[PAGE_SIZE]);

#endif
