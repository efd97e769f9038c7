/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices are behind a unit. Mostly one unit has all that no other has. Where firmware lists them instead, functions and
 * bridges with all behind them, a function that is not on the list would reach memory as if there were no IOMMU: one that
 * is there at boot stops the boot, and none is ever given away. The scan costs a few milliseconds, and only then.
 * Sources: D51397 rev. 3.4, 8.3 (INCLUDE_PCI_ALL, device scope); PCI Local Bus Specification 3.0, 3.2.2.3.2, 6.1; PCI-to-PCI Bridge
 * Architecture Specification 1.2, 3.2.5.
 */
#include "intel.h"

#include <asm/io.h>
#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u
#define CONFIG_ID 0x00u
#define CONFIG_TYPE 0x0cu  /* byte 2 */
#define CONFIG_BUSES 0x18u /* primary, secondary, subordinate bus of a bridge */
#define ABSENT 0xffffffffu
#define MANY_FUNCTIONS 0x800000u

static bool bus_is_behind[256]; /* constant after intel_scope_check() */

static uint32_t config_read(uint16_t device, uint32_t reg)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)device << 8 | reg);
    return inl(CONFIG_DATA);
}

bool intel_scope_has(uint16_t device)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;

    if (dmar->pci_all || bus_is_behind[device >> 8]) {
        return true;
    }
    for (unsigned i = 0; i < dmar->scope_count; i++) {
        if (dmar->scope[i].device == device) {
            return true;
        }
    }
    return false;
}

/* The buses behind the bridges of the list, as firmware has numbered them. */
static void bridges_read(void)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;

    for (unsigned i = 0; i < dmar->scope_count; i++) {
        uint16_t device = dmar->scope[i].device;
        uint32_t buses = config_read(device, CONFIG_BUSES);
        unsigned first = buses >> 8 & 0xff, last = buses >> 16 & 0xff;

        if (dmar->scope[i].is_bridge && config_read(device, CONFIG_ID) != ABSENT && first > device >> 8) {
            for (unsigned bus = first; bus <= last; bus++) {
                bus_is_behind[bus] = true;
            }
        }
    }
}

int intel_scope_check(void)
{
    unsigned device = 0;

    if (acpi_info.dmar.pci_all) {
        return 0;
    }
    bridges_read();
    while (device < 65536) {
        uint16_t d = (uint16_t)device;
        bool there = config_read(d, CONFIG_ID) != ABSENT;

        if (there && !intel_scope_has(d)) {
            pr_err("iommu: device %02x:%02x.%x is behind no unit that firmware describes", d >> 8, d >> 3 & 31, d & 7);
            return -ENODEV;
        }
        /* Function 0 tells whether there are others. */
        device += d % 8 == 0 && !(there && (config_read(d, CONFIG_TYPE) & MANY_FUNCTIONS)) ? 8 : 1;
    }
    return 0;
}
