/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of a PVH domain. It has none but those given to it, which make no exit. What an unmodified kernel probes in vain is
 * answered so that it gives up at once: a PIT that reads 0 fails Linux's quick calibration in one step (an absent one, all
 * ones, costs it 100,000 reads), port 0x61 with bit 5 set ends the slow one, PCI type 1 has no bus but that of devices the
 * domain holds.
 */
#include <asm/hvm.h>

#include <xen/domain.h>
#include <xen/vpci.h>

#include <public/sched.h>

#include "../../../launch/pvh.h"

#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_RESET 0xfe
#define SLEEP_ENABLE 0x20 /* ACPI 6.4, 4.8.3.7: sleep control register */

uint32_t hvm_io_read(struct vcpu *v, uint16_t port, unsigned size)
{
    if (vpci_is_port(port)) {
        return vpci_port_read(v->domain, port, size);
    }
    if ((port >= 0x40 && port <= 0x43) || port == KEYBOARD_COMMAND || port == PVH_SLEEP_PORT ||
        port == PVH_SLEEP_PORT + 1) {
        return 0;
    }
    return 0xffffffff;
}

/* The two ways by which a kernel says goodbye to a PC. */
void hvm_io_write(struct vcpu *v, uint16_t port, unsigned size, uint32_t value)
{
    if (vpci_is_port(port)) {
        vpci_port_write(v->domain, port, size, value);
        return;
    }
    if (size != 1) {
        return;
    }
    if (port == PVH_SLEEP_PORT && (value & SLEEP_ENABLE)) {
        domain_shutdown(v->domain, SHUTDOWN_poweroff);
    } else if (port == KEYBOARD_COMMAND && value == KEYBOARD_RESET) {
        domain_shutdown(v->domain, SHUTDOWN_reboot);
    }
}
