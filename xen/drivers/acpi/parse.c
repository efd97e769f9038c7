/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small tables. Source: ACPI Specification 6.4, 5.2.9 (FADT), 7.4.2 (_S5); PCI Firmware
 * Specification 3.3, 4.1.2 (MCFG); IA-PC HPET Specification 1.0a, 3.2.4; TCG ACPI Specification 1.3 (TPM2).
 */
#include "parse.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define SPACE_MEMORY 0
#define SPACE_IO 1

#define FADT_MINIMUM 116u /* of ACPI 1.0 */
#define FADT_RESET_REG_SUP (1u << 10)
#define FADT_TMR_VAL_EXT (1u << 8)
#define FADT_HW_REDUCED (1u << 20)
#define HPET_MINIMUM 56u
#define MCFG_ENTRIES 44u
#define MCFG_ENTRY 16u
#define TPM2_MINIMUM 52u
#define TPM2_LOG 64u /* where LAML and LASA are, in revision 4 with full start method parameters */

static int too_short(const struct acpi_table *t, uint32_t minimum)
{
    pr_err("ACPI: table %s: %u bytes, expected at least %u", t->signature, t->size, minimum);
    return -EINVAL;
}

int acpi_parse_mcfg(const struct acpi_table *t, struct acpi_info *info)
{
    uint32_t at;

    for (at = MCFG_ENTRIES; at < t->size; at += MCFG_ENTRY) {
        if (t->size - at < MCFG_ENTRY) {
            return too_short(t, at + MCFG_ENTRY);
        }
        if (acpi_field(t, at + 8, 2) != 0) {
            continue; /* PCI segments other than 0 */
        }
        info->mcfg_addr = acpi_field(t, at, 8);
        info->mcfg_bus_first = (uint8_t)acpi_field(t, at + 10, 1);
        info->mcfg_bus_last = (uint8_t)acpi_field(t, at + 11, 1);
        if (info->mcfg_bus_last < info->mcfg_bus_first) {
            pr_err("ACPI: table MCFG: buses %u to %u at offset %u", info->mcfg_bus_first,
                   info->mcfg_bus_last, at + 10);
            return -EINVAL;
        }
        return 0;
    }
    return 0;
}

int acpi_parse_hpet(const struct acpi_table *t, struct acpi_info *info)
{
    if (t->size < HPET_MINIMUM) {
        return too_short(t, HPET_MINIMUM);
    }
    if (acpi_field(t, 40, 1) == SPACE_MEMORY) {
        info->hpet_addr = acpi_field(t, 44, 8);
    }
    return 0;
}

int acpi_parse_tpm2(const struct acpi_table *t, struct acpi_info *info)
{
    if (t->size < TPM2_MINIMUM) {
        return too_short(t, TPM2_MINIMUM);
    }
    info->tpm2.present = true;
    info->tpm2.control_area = acpi_field(t, 40, 8);
    info->tpm2.start_method = (uint32_t)acpi_field(t, 48, 4);
    if (t->size >= TPM2_LOG + 12) {
        info->tpm2.log_size = (uint32_t)acpi_field(t, TPM2_LOG, 4);
        info->tpm2.log_addr = acpi_field(t, TPM2_LOG + 4, 8);
    }
    return 0;
}

/* A register: the 64-bit description when there is one, else the port number of ACPI 1.0. */
static uint32_t io_port(const struct acpi_table *t, uint32_t old, uint32_t gas)
{
    uint64_t address = acpi_field(t, gas + 4, 8);

    if (address != 0 && acpi_field(t, gas, 1) == SPACE_IO && address <= 0xffff) {
        return (uint32_t)address;
    }
    address = acpi_field(t, old, 4);
    return address <= 0xffff ? (uint32_t)address : 0;
}

int acpi_parse_fadt(const struct acpi_table *t, struct acpi_info *info, paddr_t *dsdt)
{
    uint32_t flags = (uint32_t)acpi_field(t, 112, 4);

    if (t->size < FADT_MINIMUM) {
        return too_short(t, FADT_MINIMUM);
    }
    *dsdt = acpi_field(t, 140, 8);
    if (*dsdt == 0) {
        *dsdt = acpi_field(t, 40, 4);
    }
    if ((flags & FADT_HW_REDUCED) == 0) {
        info->pm_timer_port = acpi_field(t, 91, 1) >= 4 ? io_port(t, 76, 208) : 0;
        info->pm_timer_32bit = (flags & FADT_TMR_VAL_EXT) != 0;
        info->pm1a_cnt_port = (uint16_t)io_port(t, 64, 172);
    }
    if ((flags & FADT_RESET_REG_SUP) != 0 && t->size >= 129) {
        info->reset_valid = true;
        info->reset_space = (uint8_t)acpi_field(t, 116, 1);
        info->reset_addr = acpi_field(t, 120, 8);
        info->reset_value = (uint8_t)acpi_field(t, 128, 1);
    }
    return 0;
}

/*
 * No AML interpreter: the name _S5_ behind a NameOp, then PackageOp, its length (1 to 4 bytes), the number of
 * elements, and the first one as a byte or a constant.
 */
void acpi_parse_dsdt(const struct acpi_table *t, struct acpi_info *info)
{
    uint32_t at;

    for (at = ACPI_HEADER_SIZE + 1; at + 8 <= t->size; at++) {
        const uint8_t *p = t->data + at;
        uint32_t element;
        uint64_t first;

        if (memcmp(p, "_S5_", 4) != 0 || p[4] != 0x12 ||
            (p[-1] != 0x08 && !(p[-1] == '\\' && p[-2] == 0x08))) {
            continue;
        }
        element = at + 5 + 1 + (p[5] >> 6) + 1;
        first = acpi_field(t, element, 1);
        if (first == 0x0a) {
            first = acpi_field(t, element + 1, 1);
        }
        info->s5_sleep_type = (uint8_t)(first & 7);
        return;
    }
}
