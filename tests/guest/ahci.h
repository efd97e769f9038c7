/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk controller as a device that writes where it is told: Serial ATA AHCI 1.3.1 (3.3, port registers; 10.4.2, port reset; 4.2.1,
 * received FIS structure). After each port reset it writes the disk's first answer, 20 bytes, to an address of ours, by DMA.
 */
#ifndef TESTS_GUEST_AHCI_H
#define TESTS_GUEST_AHCI_H

#include <runtime/xen.h>

/* PCI configuration, mechanism 1: PCI Local Bus Specification 3.0, 3.2.2.3.2 */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA 0xcfc
#define DISK_CONTROLLER (0x80000000u | 31u << 11 | 2u << 8) /* 00:1f.2, as on every Q35 */
#define CONFIG_ID 0x00
#define CONFIG_COMMAND 0x04
#define CONFIG_BAR2 0x18
#define CONFIG_BAR4 0x20
#define CONFIG_IO_WINDOW 0x1c /* of a bridge, in units of 4 KiB: PCI-to-PCI Bridge Architecture 1.2, 3.2.5.6 */
#define COMMAND_IO_AND_MASTER 5u
#define ICH9_AHCI 0x29228086u
/* AHCI registers through an index and a data register: AHCI 1.3.1, 2.4.2 */
#define PORTS 0xd000
#define INDEX (PORTS + 0x10)
#define DATA (PORTS + 0x14)
#define HOST_CONTROL 0x04
#define HOST_ENABLE (1u << 31)
#define P0_FIS_BASE 0x108
#define P0_FIS_BASE_HIGH 0x10c
#define P0_COMMAND 0x118
#define P0_STATUS 0x128
#define P0_CONTROL 0x12c
#define STATUS_PRESENT 3u
#define RECEIVE (1u << 4)
#define SPIN_UP (1u << 1)
#define RESET 1u

static inline void out32(uint16_t port, uint32_t v)
{
    __asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}

static inline uint32_t in32(uint16_t port)
{
    uint32_t v;

    __asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static inline uint32_t config_read(uint32_t device, uint32_t reg)
{
    out32(CONFIG_ADDRESS, device | reg);
    return in32(CONFIG_DATA);
}

static inline void config_write(uint32_t device, uint32_t reg, uint32_t v)
{
    out32(CONFIG_ADDRESS, device | reg);
    out32(CONFIG_DATA, v);
}

static inline uint32_t ahci_read(uint32_t reg)
{
    out32(INDEX, reg);
    return in32(DATA);
}

static inline void ahci_write(uint32_t reg, uint32_t v)
{
    out32(INDEX, reg);
    out32(DATA, v);
}

/* The disk's answer to a reset goes to addr + 0x40. */
static inline void shoot(uint32_t addr)
{
    ahci_write(P0_COMMAND, 0);
    ahci_write(P0_FIS_BASE, addr);
    ahci_write(P0_FIS_BASE_HIGH, 0);
    ahci_write(P0_CONTROL, RESET);
    ahci_write(P0_CONTROL, 0);
    ahci_write(P0_COMMAND, SPIN_UP | RECEIVE);
}

/* @return whether there is a disk, after which shots can be fired */
static inline bool ahci_start_at(uint32_t controller)
{
    config_write(controller, CONFIG_BAR4, PORTS);
    config_write(controller, CONFIG_COMMAND, COMMAND_IO_AND_MASTER);
    ahci_write(HOST_CONTROL, HOST_ENABLE);
    return config_read(controller, CONFIG_ID) == ICH9_AHCI && (ahci_read(P0_STATUS) & 15) == STATUS_PRESENT;
}

static inline bool ahci_start(void)
{
    return ahci_start_at(DISK_CONTROLLER);
}

/* The first function behind a bridge. */
static inline bool ahci_start_behind(uint32_t bridge, unsigned int bus)
{
    uint32_t window = config_read(bridge, CONFIG_IO_WINDOW) & ~0xf0f0u;

    config_write(bridge, CONFIG_IO_WINDOW, window | PORTS >> 8 | (PORTS >> 8) << 8);
    config_write(bridge, CONFIG_COMMAND, COMMAND_IO_AND_MASTER);
    return ahci_start_at(0x80000000u | bus << 16);
}

#endif
