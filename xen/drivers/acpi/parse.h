/* SPDX-License-Identifier: Apache-2.0 */
/* What is read from each table, into struct acpi_info. Tables have been opened, so sums are right. */
#ifndef ACPI_PARSE_H
#define ACPI_PARSE_H

#include "table.h"

#include <xen/acpi.h>

/* @return 0; -EINVAL malformed; -ENOSPC more entries than there is room for; both are logged */
int acpi_parse_madt(const struct acpi_table *t, struct acpi_info *info) must_check;
int acpi_parse_mcfg(const struct acpi_table *t, struct acpi_info *info) must_check;
int acpi_parse_hpet(const struct acpi_table *t, struct acpi_info *info) must_check;
int acpi_parse_dmar(const struct acpi_table *t, struct acpi_info *info) must_check;
int acpi_parse_ivrs(const struct acpi_table *t, struct acpi_info *info) must_check;
int acpi_parse_tpm2(const struct acpi_table *t, struct acpi_info *info) must_check;
/** @param dsdt  out: its address, 0 none */
int acpi_parse_fadt(const struct acpi_table *t, struct acpi_info *info, paddr_t *dsdt) must_check;
/** Look for the package that _S5_ names; absent is fine. */
void acpi_parse_dsdt(const struct acpi_table *t, struct acpi_info *info);

#endif
