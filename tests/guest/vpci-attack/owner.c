/* SPDX-License-Identifier: Apache-2.0 */
/* Who has a device, and until when: a second life, the policy, and death in the middle of it all. */
#include "attack.h"

#include "../change.h"

#include <public/sched.h>
#include <runtime/start.h>

#define NVME_CONFIG 0x14u /* bit 0: enabled; NVM Express 1.4, 3.1.5 */
#define NVME_STATUS 0x1cu
#define LENGTH 64u

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static uint64_t nvme_start(void)
{
    uint64_t bar = pci_read32(NVME_SLOT, PCI_BAR0) & ~15u;

    pci_write32(NVME_SLOT, PCI_COMMAND, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
    (void)mm_map(bar >> PAGE_SHIFT, 4, MM_WRITE | MM_UNCACHED);
    return bar;
}

/* Ends with DMA under way, BARs mapped, interrupts on, and a controller that is enabled. */
void first_life(void)
{
    uint64_t bar = nvme_start(), registers = edu_start(1);

    mmio_write(bar + 0x24, 0x00010001);                 /* queues of two */
    mmio_write64(bar + 0x28, (uintptr_t)page);
    mmio_write64(bar + 0x30, (uintptr_t)page);
    mmio_write(bar + NVME_CONFIG, 0x00460001);
    if (!(mmio_read(bar + NVME_STATUS) & 1)) {
        rt_panic("the controller cannot be enabled");
    }
    pci_write32(NVME_SLOT, 0x40, 0x80000000);
    pci_write32(1, EDU_MSI + 4, 0xfee00000);
    pci_write32(1, EDU_MSI, 1u << 16);
    edu_write(registers, (uintptr_t)page, LENGTH);
    boolean_set("second_life", true, true);
    domain_shutdown(SHUTDOWN_reboot);
}

static bool is_zero(void)
{
    for (unsigned int i = 0; i < LENGTH; i++) {
        if (((volatile uint8_t *)page)[i] != 0) {
            return false;
        }
    }
    return true;
}

void owner_tests(void)
{
    uint64_t bar = pci_read32(NVME_SLOT, PCI_BAR0) & ~15u;
    unsigned int bad = 0;

    tap_ok(!(mmio_read(bar + NVME_CONFIG) & 1) && !(mmio_read(bar + NVME_STATUS) & 1), "a device was reset before this life");
    edu_write(edu[2], (uintptr_t)page, LENGTH);
    (void)edu_wait(edu[2]);
    tap_ok(!is_zero(), "DMA works");
    memset(page, 0, sizeof(page));
    pci_write32(3, EDU_MSI, 1u << 16);
    edu_write(edu[2], (uintptr_t)page, LENGTH);
    tap_is(boolean_set("may_edu", false, true), 0, "the policy takes a device away while DMA is under way");
    time_delay_ns(300 * NS_PER_MS);
    for (uint32_t reg = 0; reg < 256; reg += 4) {
        bad += pci_read32(3, reg) != ~0u;
        pci_write32(3, reg, 0x00010006);
    }
    tap_ok(is_zero() && bad == 0, "nothing is written, and its configuration reads as nothing");
    tap_ok(mmio_read(edu[2] + EDU_LIVES) == ~0u && edu_answers(edu[0]) && all_goes_on(), "nor are its registers there; others' are");
    edu_write(edu[0], (uintptr_t)page, LENGTH);
    edu_write(edu[1], (uintptr_t)page, LENGTH);
    tap_ok(true, "now to die, with DMA under way");
    bystander->stop = 1;
    domain_shutdown(SHUTDOWN_crash);
}
