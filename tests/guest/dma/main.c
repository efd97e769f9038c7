/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that drives a device turns the device against the hypervisor.
 *
 * Source: Serial ATA AHCI 1.3.1 (3.3, port registers; 10.4.2, port reset; 4.2.1, received FIS structure). The domain was given
 * PCI configuration and the I/O registers of a disk controller. After each port reset the controller writes the disk's first
 * answer, 20 bytes, to the address it was told, by DMA: here one place after the other in the hypervisor's image. A network
 * controller sends a message for an interrupt that software asks for (82574 datasheet, 10.2.4.3, ICS): here the vector by which the
 * hypervisor stops a CPU, NMI, and INIT. With the word messages=remappable on the command line, entries of Intel's table of interrupts
 * instead: QEMU 7.2 lets messages that name vector and CPU themselves through, which real units do not.
 *
 * A correct hypervisor has the devices in quarantine: nothing is written or interrupted, the machine goes on, and the console shows device and
 * address of the first ones, then how many there were. QEMU 7.2 has no log of faults for AMD, and only tells that there were some. With
 * a broken hypervisor the first shots change its text and data, the messages stop CPUs, and the run ends in a triple fault, a
 * panic or silence.
 */
#include "../ahci.h"
#include "../guest.h"

#include <runtime/start.h>
#include <runtime/tap.h>

#include <public/version.h>

#define NETWORK_CONTROLLER (0x80000000u | 5u << 11) /* 00:05.0, see options */
#define E1000E 0x10d38086u

/* Message-signalled interrupts: PCI Local Bus Specification 3.0, 6.8.1; where the 82574 has them: datasheet, 9.1.2 */
#define MSI 0xd0
#define MSI_ENABLE (1u << 16)
#define MSI_64BIT (1u << 23)
#define MSI_EVERY_CPU 0xfeeff000u
#define MSI_STOP_CPU 0xf2u
#define MSI_NMI (4u << 8)
#define MSI_INIT (5u << 8 | 1u << 14)
/* In the format that names an entry of a table instead: Intel VT-d specification D51397, 5.1.2.2 */
#define MSI_ENTRY(handle) (0xfee00010u | (handle) << 5)
#define MSI_ADD_DATA (1u << 3)

struct message {
    uint32_t addr, data;
    const char *what;
};
static const struct message plain[3] = {
    { MSI_EVERY_CPU, MSI_STOP_CPU, "the vector that stops a CPU, as a message to all" },
    { MSI_EVERY_CPU, MSI_NMI, "NMI to all" },
    { MSI_EVERY_CPU, MSI_INIT, "INIT to all" },
};
static const struct message remappable[3] = {
    { MSI_ENTRY(0), 0, "the entry of the console's interrupt" },
    { MSI_ENTRY(0x1234), 0, "an entry that nobody has" },
    { MSI_ENTRY(0) | MSI_ADD_DATA, 0xffff, "the last entry" },
};

/* Registers of the 82574 through an index and a data register: datasheet, 10.2.1 and 9.1.1 */
#define NET_INDEX (PORTS + 0x20)
#define NET_DATA (PORTS + 0x24)
#define NET_CAUSE 0xc0     /* ICR: read to clear */
#define NET_CAUSE_SET 0xc8 /* ICS */
#define NET_MASK_SET 0xd0  /* IMS */
#define NET_LINK (1u << 2)

/* Where a multiboot loader puts the hypervisor, and as much of it as has text, data and stacks of importance. */
#define IMAGE_START 0x200000u
#define IMAGE_END 0x2a0000u
#define STEP 0x100u

static uint32_t net_read(uint32_t reg)
{
    out32(NET_INDEX, reg);
    return in32(NET_DATA);
}

static void net_write(uint32_t reg, uint32_t v)
{
    out32(NET_INDEX, reg);
    out32(NET_DATA, v);
}

/* @return whether the controller asked for the interrupt */
static bool interrupt(const struct message *m)
{
    uint32_t control = config_read(NETWORK_CONTROLLER, MSI) & ~MSI_ENABLE;

    config_write(NETWORK_CONTROLLER, MSI, control);
    config_write(NETWORK_CONTROLLER, MSI + 4, m->addr);
    config_write(NETWORK_CONTROLLER, MSI + 8, 0);
    config_write(NETWORK_CONTROLLER, control & MSI_64BIT ? MSI + 12 : MSI + 8, m->data);
    config_write(NETWORK_CONTROLLER, MSI, control | MSI_ENABLE);
    (void)net_read(NET_CAUSE);
    net_write(NET_MASK_SET, NET_LINK);
    net_write(NET_CAUSE_SET, NET_LINK);
    return net_read(NET_CAUSE) & NET_LINK;
}

static bool machine_goes_on(void)
{
    uint64_t then = time_now_ns();

    time_delay_ns(1500 * NS_PER_MS); /* the log is read every second */
    return time_now_ns() > then && hc_xen_version(XENVER_version, NULL) == (4 << 16 | 17);
}

void stub_main(void)
{
    const struct message *messages = start_cmdline_get("messages", NULL, 0) ? remappable : plain;
    uint32_t addr, shots = 0;

    tap_plan(9);
    tap_ok(ahci_start(), "the disk controller is there, with a disk");

    shoot(IMAGE_START);
    tap_ok(machine_goes_on(), "one write to the hypervisor's first page");
    for (addr = IMAGE_START; addr < IMAGE_END; addr += STEP, shots++) {
        shoot(addr);
    }
    tap_ok(machine_goes_on(), "%u writes all over it", shots);
    shoot(IMAGE_START);
    tap_ok(machine_goes_on(), "and one after the log was full");

    tap_is(config_read(NETWORK_CONTROLLER, CONFIG_ID), E1000E, "the network controller is there");
    config_write(NETWORK_CONTROLLER, CONFIG_BAR2, NET_INDEX);
    config_write(NETWORK_CONTROLLER, CONFIG_COMMAND, COMMAND_IO_AND_MASTER);
    for (unsigned int i = 0; i < 3; i++) {
        tap_ok(interrupt(&messages[i]) && machine_goes_on(), "%s", messages[i].what);
    }
    tap_is(config_read(NETWORK_CONTROLLER, MSI) & 0xff, 5, "these were messages");
    tap_done();
}
