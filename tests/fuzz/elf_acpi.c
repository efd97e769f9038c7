/* SPDX-License-Identifier: Apache-2.0 */
/* The input is the BIOS area of a host with ACPI tables; sums are made right, so that more is reached. */
#include "../unit/drivers/tables.h"
#include "manifest_elf_runner.h"

#include <stdlib.h>
#include <string.h>

#include <xen/acpi.h>

bool fuzz_seed_accepted;

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static struct host host;

    host_q35(&host, 8);
    if (host.used > max) {
        abort();
    }
    memcpy(buf, host.bytes, host.used);
    return host.used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct host host;
    uint32_t tables[7];
    unsigned i;

    host_q35(&host, 8);
    memcpy(tables, (uint32_t[]){ host_q35_madt, host_q35_fadt, host_q35_dsdt, host_q35_tpm2,
                                 host_q35_mcfg, host_q35_ivrs, host_q35_dmar }, sizeof(tables));
    memcpy(host.bytes, data, size < host.used ? size : host.used);
    for (i = 0; i < 7; i++) {
        uint32_t length;

        memcpy(&length, host.bytes + tables[i] + 4, 4);
        if (length <= HOST_SIZE - tables[i]) {
            host_fix(&host, tables[i]);
        }
    }
    host_finish(&host);
    if (acpi_init(HOST_BASE + host.rsdp, host_map) == 0) {
        fuzz_seed_accepted = true;
        if (acpi_info.cpu_count > ACPI_MAX_CPUS || acpi_info.ioapic_count > ACPI_MAX_IOAPICS ||
            acpi_info.override_count > ACPI_MAX_OVERRIDES ||
            acpi_info.ivrs.iommu_count > ACPI_MAX_IOMMUS || acpi_info.ivrs.ioapic_count > ACPI_MAX_IOAPICS ||
            acpi_info.dmar.unit_count > ACPI_MAX_DMAR_UNITS || acpi_info.dmar.ioapic_count > ACPI_MAX_IOAPICS) {
            abort();
        }
    }
    return 0;
}
