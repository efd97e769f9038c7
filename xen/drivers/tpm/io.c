/* SPDX-License-Identifier: Apache-2.0 */
/* The TPM driver's only contact with hardware and clock, so that the rest runs on the host. */
#include "internal.h"

#include <asm/io.h>
#include <xen/lock.h>
#include <xen/mm.h>
#include <xen/time.h>

volatile uint8_t *tpm_io_map(uint64_t maddr, size_t size)
{
    return ioremap(maddr, size);
}

uint8_t tpm_io_read8(const volatile uint8_t *reg)
{
    return readb(reg);
}

uint32_t tpm_io_read32(const volatile uint8_t *reg)
{
    return readl(reg);
}

void tpm_io_write8(volatile uint8_t *reg, uint8_t value)
{
    writeb(reg, value);
}

void tpm_io_write32(volatile uint8_t *reg, uint32_t value)
{
    writel(reg, value);
}

uint64_t tpm_io_now_ns(void)
{
    return time_now_ns();
}

void tpm_io_relax(void)
{
    cpu_relax();
}
