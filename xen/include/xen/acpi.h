/* SPDX-License-Identifier: Apache-2.0 */
/* The host's ACPI tables, read once at boot by a bounds-checked reader. */
#ifndef XEN_ACPI_H
#define XEN_ACPI_H

#include <xen/types.h>

#define ACPI_MAX_CPUS 64
#define ACPI_MAX_IOAPICS 8
#define ACPI_MAX_OVERRIDES 16
#define ACPI_MAX_IOMMUS 8      /* AMD's */
#define ACPI_MAX_DMAR_UNITS 32 /* Intel's: one for each root complex, and for graphics */
#define ACPI_MAX_DMAR_SCOPE 128

struct acpi_ioapic {
    uint32_t id, addr, gsi_base;
};
struct acpi_override {
    uint8_t source;
    uint32_t gsi;
    uint16_t flags;
};
struct acpi_tpm2_info {
    bool present;
    uint32_t start_method; /* 6 TIS, 7 CRB */
    uint64_t control_area;
    uint64_t log_addr; /* LASA, 0 none */
    uint32_t log_size; /* LAML */
};
/* An AMD IOMMU: a PCI function of segment 0 with registers at addr. */
struct acpi_iommu {
    uint64_t addr;
    uint16_t device; /* bus, device, function */
};
/* An I/O APIC whose interrupts an IOMMU sees, with the PCI function that they seem to come from. */
struct acpi_ioapic_device {
    uint8_t id;
    uint16_t device;
};
struct acpi_ivrs {
    unsigned iommu_count; /* 0: no table */
    struct acpi_iommu iommu[ACPI_MAX_IOMMUS];
    unsigned ioapic_count;
    struct acpi_ioapic_device ioapic[ACPI_MAX_IOAPICS];
    unsigned ivmd_count; /* ranges that firmware wants its devices to reach */
};
/* A PCI function that is behind a unit; a bridge with all behind it. */
struct acpi_dmar_scope {
    uint16_t device;
    bool is_bridge;
};
struct acpi_dmar {
    unsigned unit_count; /* 0: no table */
    uint64_t unit[ACPI_MAX_DMAR_UNITS]; /* registers */
    bool pci_all;           /* one of them has all devices that no other has */
    unsigned scope_count; /* for the rest; more than there is room for are left out, as those behind bridges */
    struct acpi_dmar_scope scope[ACPI_MAX_DMAR_SCOPE];
    bool remaps_interrupts; /* firmware says that the platform can */
    unsigned ioapic_count;
    struct acpi_ioapic_device ioapic[ACPI_MAX_IOAPICS];
    unsigned rmrr_count; /* ranges that firmware wants its devices to reach */
};
struct acpi_info {
    uint32_t lapic_addr;
    unsigned cpu_count;
    uint32_t cpu_apic_id[ACPI_MAX_CPUS]; /* enabled ones, boot CPU's anywhere */
    unsigned ioapic_count;
    struct acpi_ioapic ioapic[ACPI_MAX_IOAPICS];
    unsigned override_count;
    struct acpi_override override[ACPI_MAX_OVERRIDES];
    uint64_t hpet_addr;  /* 0 none */
    uint32_t pm_timer_port; /* 0 none */
    bool pm_timer_32bit;
    uint16_t pm1a_cnt_port; /* for power off */
    uint8_t s5_sleep_type;  /* from the DSDT's _S5_, 0 if not found */
    bool reset_valid;
    uint8_t reset_space, reset_value;
    uint64_t reset_addr;
    uint64_t mcfg_addr;
    uint8_t mcfg_bus_first, mcfg_bus_last;
    struct acpi_ivrs ivrs;
    struct acpi_dmar dmar;
    struct acpi_tpm2_info tpm2;
};
extern struct acpi_info acpi_info;

/**
 * Read the tables from rsdp (0: search the BIOS area). Memory is reached through the direct map or ioremap() by map().
 * @return 0; -ENOENT no RSDP; -EINVAL a needed table is malformed (named in a log line); -ENOSPC more
 *         entries of a kind than there is room for
 */
int acpi_init(paddr_t rsdp, const void *(*map)(paddr_t addr, size_t size)) must_check;

#endif
