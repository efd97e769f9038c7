/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of a PVH domain. It has none but those given to it, which make no exit. What an unmodified kernel probes in vain is
 * answered so that it gives up at once: a PIT that reads 0 fails Linux's quick calibration in one step (an absent one, all
 * ones, costs it 100,000 reads), port 0x61 with bit 5 set ends the slow one, PCI type 1 has no bus.
 */
#include <asm/hvm.h>

#include <xen/domain.h>

uint32_t hvm_io_read(struct vcpu *v, uint16_t port, unsigned size)
{
    (void)v;
    (void)size;
    if (port >= 0x40 && port <= 0x43) {
        return 0;
    }
    return 0xffffffff;
}

void hvm_io_write(struct vcpu *v, uint16_t port, unsigned size, uint32_t value)
{
    (void)v;
    (void)port;
    (void)size;
    (void)value;
}
