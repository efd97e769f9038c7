/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space by ports (PCI 3.0, 3.2.2.3.2): the first 256 bytes of every function, which is all that is needed. The
 * pair of ports is one register for all CPUs.
 */
#include <xen/pci.h>

#include <asm/io.h>
#include <xen/lock.h>

#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define CONFIG_ENABLE 0x80000000u

static spinlock_t lock = SPINLOCK_INIT(LOCK_PCI_CONFIG); /* innermost */

static void select_register(uint16_t id, unsigned reg)
{
    outl(CONFIG_ADDRESS, CONFIG_ENABLE | (uint32_t)id << 8 | (reg & 0xfc));
}

uint32_t pci_read(uint16_t id, unsigned reg, unsigned size)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + (reg & 3));
    uint32_t value;

    spin_lock(&lock);
    select_register(id, reg);
    value = size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port);
    spin_unlock(&lock);
    return value;
}

void pci_write(uint16_t id, unsigned reg, unsigned size, uint32_t value)
{
    uint16_t port = (uint16_t)(CONFIG_DATA + (reg & 3));

    spin_lock(&lock);
    select_register(id, reg);
    if (size == 1) {
        outb(port, (uint8_t)value);
    } else if (size == 2) {
        outw(port, (uint16_t)value);
    } else {
        outl(port, value);
    }
    spin_unlock(&lock);
}
