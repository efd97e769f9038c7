/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A network card without MSI, which interrupts by its line: pin 16 of the domain's I/O APIC, as the first function of its bus.
 *
 * Source: 8254x Software Developer's Manual, 13.4.17 to 13.4.20 (ICR, ICS, IMS, IMC); 82093AA datasheet, 3.2; <xen/vpci.h>. A correct
 * hypervisor delivers the line to the vector that the pin names while the pin is open, again after the end of the interrupt for
 * as long as the card asserts it, and nothing while pin or command word close it. A broken one loses the line that is
 * asserted still, or never ends.
 */
#include "../guest.h"
#include "../pci.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>

#define BAR 0xc0000000u
#define CARD 0x100e8086u
#define ICR 0xc0u  /* causes; reading clears them and the line */
#define ICS 0xc8u  /* raises causes */
#define IMS 0xd0u  /* lets causes interrupt */
#define IMC 0xd8u
#define CAUSE 1u   /* a descriptor was written back */

#define IOAPIC 0xfec00000u
#define PIN 16u
#define MASKED 0x10000u
#define LEVEL_LOW 0xa000u
#define VECTOR 0x51u

static volatile unsigned int count, quiet_after;

static uint32_t card_read(uint32_t reg)
{
    return *(const volatile uint32_t *)(uintptr_t)(BAR + reg);
}

static void card_write(uint32_t reg, uint32_t v)
{
    *(volatile uint32_t *)(uintptr_t)(BAR + reg) = v;
}

static void pin_write(uint32_t low)
{
    *(volatile uint32_t *)(uintptr_t)IOAPIC = 0x11 + 2 * PIN;
    *(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10) = 0;
    *(volatile uint32_t *)(uintptr_t)IOAPIC = 0x10 + 2 * PIN;
    *(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10) = low;
}

static uint32_t ioapic_read(uint32_t index)
{
    *(volatile uint32_t *)(uintptr_t)IOAPIC = index;
    return *(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10);
}

/* Serves the card at the interrupt number quiet_after, not before. */
static void handler(unsigned int vector, void *arg)
{
    (void)vector;
    (void)arg;
    if (++count >= quiet_after) {
        (void)card_read(ICR);
    }
}

static void raise_card(unsigned int after)
{
    count = 0;
    quiet_after = after;
    card_write(ICS, CAUSE);
}

static bool stays(unsigned int value)
{
    return !wait_for(&count, value + 1, 20) && count == value;
}

void stub_main(void)
{
    tap_plan(16);
    tap_is(pci_read32(1, 0), CARD, "the card is there");
    tap_is(pci_read32(1, 0x3c) >> 8 & 0xff, 1, "with a line, A");
    pci_write32(1, PCI_BAR0, BAR);
    pci_write32(1, PCI_COMMAND, (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
    tap_is(mm_map(BAR >> PAGE_SHIFT, 1, MM_WRITE | MM_UNCACHED) | mm_map(IOAPIC >> PAGE_SHIFT, 1, MM_WRITE | MM_UNCACHED), 0,
           "its registers, and the I/O APIC");
    tap_is(ioapic_read(1) >> 16 & 0xff, 23, "which has 24 pins");
    tap_is(ioapic_read(0x10 + 2 * PIN), MASKED, "all closed");
    tap_is(trap_handle_vector(VECTOR, handler, NULL), 0, "a handler");
    card_write(IMC, 0xffffffff);
    (void)card_read(ICR);
    card_write(IMS, CAUSE);

    raise_card(1);
    tap_ok(stays(0), "a closed pin is not heard");
    pin_write(LEVEL_LOW | VECTOR);
    tap_ok(wait_for(&count, 1, 1000), "until it is opened: the line is asserted");
    tap_ok(stays(1), "once, since the card was served");
    raise_card(1);
    tap_ok(wait_for(&count, 1, 1000) && stays(1), "and again");
    raise_card(5);
    tap_ok(wait_for(&count, 5, 1000) && stays(5), "a card that is not served interrupts again after each end");
    pin_write(MASKED | LEVEL_LOW | VECTOR);
    raise_card(1);
    tap_ok(stays(0), "closed");
    pin_write(LEVEL_LOW | VECTOR);
    tap_ok(wait_for(&count, 1, 1000) && stays(1), "opened");
    pci_write32(1, PCI_COMMAND, (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER) | 0x400);
    raise_card(1);
    tap_ok(stays(0), "closed by the command word");
    pci_write32(1, PCI_COMMAND, (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
    tap_ok(wait_for(&count, 1, 1000) && stays(1), "opened by it");
    for (unsigned int i = 0; i < 0x100; i++) {
        *(volatile uint32_t *)(uintptr_t)IOAPIC = i;
        *(volatile uint32_t *)(uintptr_t)(IOAPIC + 0x10) = 0xffffffff;
    }
    tap_is(ioapic_read(0x10 + 2 * 23) & ~0x1afffu, 0, "what cannot be written reads 0");
    tap_done();
}
