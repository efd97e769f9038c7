/* SPDX-License-Identifier: Apache-2.0 */
/* What a domain sees of its devices, and what its accesses make of them: configuration, BARs, the window, and the end. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include <xen/pci.h>

#include "../../../xen/common/vpci/vpci_private.h"

#define ALL 15u
#define ONES 0xffffffffu
#define MEMORY 2u
#define EDU_BAR 0xc0000000u /* where the first one is placed */

static enum world_memory at(uint64_t gaddr)
{
    uint64_t maddr;

    return world_at(gaddr, &maddr);
}

static void edu(void)
{
    world_start(1u << WORLD_EDU);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    CHECK(at(EDU_BAR) == WORLD_REGISTERS && world_registers() == 256);
}

/* -- what there is --------------------------------------------------------------------------------- */

static void bus_shows_bridge_and_own_functions(void)
{
    world_start(ALL);
    for (unsigned slot = 0; slot < 32; slot++) {
        CHECK(guest_read(slot, 0, 4) == (slot == 0 ? 0x00081b36 : slot <= 4 ? 0x12345678 : ONES));
        guest_write(slot + 32, 0, 4, 0); /* bus 1 and more */
        CHECK(guest_read(slot + 32, 0, 4) == ONES && guest_read(32 * 255 + slot, 0, 4) == ONES);
    }
    for (unsigned function = 1; function < 8; function++) {
        vpci_port_write(world_d, 0xcf8, 4, 0x80000000u | 1 << 11 | function << 8);
        CHECK(vpci_port_read(world_d, 0xcfc, 4) == ONES);
    }
    CHECK(guest_read(1, PCI_HEADER, 1) == 0 && guest_read(1, 0x0a, 2) == 0x00ff && guest_read(1, 0x2e, 2) == 0x8765);
    world_check();
    world_end();
}

static void ports_take_their_sizes_alone(void)
{
    world_start(1u << WORLD_EDU);
    CHECK(guest_read(1, 0, 1) == 0x78 && guest_read(1, 1, 1) == 0x56 && guest_read(1, 2, 2) == 0x1234);
    (void)guest_read(1, 0, 4);
    for (unsigned port = 0xcf8; port <= 0xcff; port++) {
        for (unsigned size = 1; size <= 4; size *= 2) {
            uint32_t v = vpci_port_read(world_d, (uint16_t)port, size);
            bool data = port >= 0xcfc && port + size <= 0xd00;

            CHECK(data ? v == (0x12345678ull >> 8 * (port & 3) & BYTES_MASK(size)) :
                  port == 0xcf8 && size == 4 ? v == (0x80000000u | 1 << 11) : v == ONES);
        }
    }
    vpci_port_write(world_d, 0xcf8, 2, 0);
    vpci_port_write(world_d, 0xcf9, 1, 6); /* on a PC: reset */
    vpci_port_write(world_d, 0xcfb, 1, 0);
    CHECK(vpci_port_read(world_d, 0xcf8, 4) == (0x80000000u | 1 << 11));
    vpci_port_write(world_d, 0xcf8, 4, 1 << 11); /* not enabled */
    CHECK(vpci_port_read(world_d, 0xcfc, 4) == ONES);
    vpci_port_write(world_d, 0xcf8, 4, ONES);
    CHECK(vpci_port_read(world_d, 0xcf8, 4) == ~3u && vpci_port_read(world_d, 0xcfc, 4) == ONES);
    world_end();
}

static void domain_without_devices_has_no_bus(void)
{
    world_start(0);
    CHECK(guest_read(0, 0, 4) == ONES && !vpci_is_memory(world_d, VPCI_WINDOW) && !vpci_is_memory(world_d, EDU_BAR));
    CHECK(vpci_release(world_d) == 0);
    world_end();
}

/* Every register of every function, all ones and then all zeros: what stays is what a guest may change. */
static void registers_keep_what_may_be_written(void)
{
    for (unsigned f = 0; f < WORLD_FUNCTIONS; f++) {
        world_start(1u << f);
        for (unsigned reg = 0; reg < 256; reg += 4) {
            uint32_t was = guest_read(1, reg, 4), ones, zeros;
            const struct vpci_cap *cap = vpci_cap_at(&world_d->vpci->function[0], reg);

            guest_write(1, reg, 4, ONES);
            world_check();
            ones = guest_read(1, reg, 4);
            guest_write(1, reg, 4, 0);
            world_check();
            zeros = guest_read(1, reg, 4);
            if (reg == PCI_COMMAND) {
                CHECK((ones ^ zeros) == 0x546 && (zeros & 0xffff) == 0);
            } else if (reg == PCI_INTERRUPT) {
                CHECK(ones == 0xff && zeros == 0);
            } else if (f == WORLD_NVME && reg == PCI_BAR(1)) {
                CHECK(ones == ONES && zeros == 0); /* the upper half */
            } else if (reg >= PCI_BAR(0) && reg < PCI_BAR(6)) {
                CHECK((zeros & ~15u) == 0 && (ones & 15) == (was & 15) && (was != 0 || ones == 0));
            } else if (cap != NULL && cap->id == PCI_CAP_MSI) {
                continue; /* test_vpci_irq.c */
            } else if (cap != NULL && cap->id == PCI_CAP_MSIX && reg == cap->at) {
                CHECK((ones ^ zeros) == 0xc0000000);
            } else {
                CHECK(ones == was && zeros == was);
            }
        }
        world_end();
    }
}

static void bytes_and_halves_write_their_part(void)
{
    world_start(1u << WORLD_EDU);
    guest_write(1, PCI_COMMAND, 1, 6);
    guest_write(1, PCI_COMMAND + 1, 1, 5);
    CHECK(guest_read(1, PCI_COMMAND, 2) == 0x506);
    guest_write(1, PCI_COMMAND + 2, 2, 0xffff); /* status */
    CHECK(guest_read(1, PCI_COMMAND, 4) == 0x100506);
    guest_write(1, PCI_BAR(0) + 2, 2, 0xc120);
    CHECK(guest_read(1, PCI_BAR(0), 4) == 0xc1200000);
    guest_write(1, PCI_BAR(0) + 3, 1, 0xd1);
    CHECK(guest_read(1, PCI_BAR(0), 4) == 0xd1200000 && at(0xd1200000) == WORLD_REGISTERS);
    world_check();
    world_end();
}

static void capabilities_are_those_that_are_known(void)
{
    world_start(ALL);
    CHECK(guest_cap(1, PCI_CAP_MSI) == 0x40);
    CHECK(guest_cap(2, PCI_CAP_MSIX) == 0x40 && guest_cap(2, PCI_CAP_EXPRESS) == 0x80 && guest_cap(2, PCI_CAP_PM) == 0);
    CHECK(!(guest_read(2, 0x84, 4) & 1u << 28) && (guest_read(2, 0x82, 2) >> 4 & 15) == 9); /* no reset, on the root bus */
    CHECK(guest_cap(3, PCI_CAP_MSI) == 0xd0 && guest_cap(3, PCI_CAP_MSIX) == 0xa0);
    CHECK(guest_read(3, 0xe0 + 0x14, 4) == 0); /* version 1 is short */
    /* The overlapping one ends the list. */
    CHECK(guest_cap(4, PCI_CAP_MSI) == 0x48 && guest_cap(4, PCI_CAP_VENDOR) == 0x70 && guest_read(4, 0x71, 1) == 0x80);
    CHECK(guest_read(4, 0x80, 2) == PCI_CAP_VENDOR && guest_cap(4, PCI_CAP_PM) == 0);
    world_end();
}

/* -- BARs ------------------------------------------------------------------------------------------ */

static void bars_are_placed_and_measured(void)
{
    world_start(ALL);
    guest_write(2, PCI_BAR(0), 4, ONES);
    guest_write(2, PCI_BAR(1), 4, ONES);
    CHECK(guest_read(2, PCI_BAR(0), 4) == (0xffffc000 | 4) && guest_read(2, PCI_BAR(1), 4) == ONES);
    guest_write(1, PCI_BAR(0), 4, ONES);
    CHECK(guest_read(1, PCI_BAR(0), 4) == 0xfff00000);
    for (unsigned slot = 1; slot <= 4; slot++) {
        for (unsigned bar = 0; bar < 6; bar++) {
            uint64_t place = world_d->vpci->function[slot - 1].bar[bar].at;

            CHECK(place == 0 || (slot <= 2 && bar == 0) || (place >= VPCI_BARS_START && place < VPCI_BARS_END));
        }
    }
    CHECK(guest_read(3, PCI_BAR(2), 4) == 0); /* ports */
    world_check();
    world_end();
}

static void decoding_maps_and_unmaps(void)
{
    edu();
    world_check();
    guest_write(1, PCI_COMMAND, 2, 0);
    CHECK(world_registers() == 0 && at(EDU_BAR) == WORLD_NOTHING && world_flushes == 1);
    guest_write(1, PCI_COMMAND, 2, 0);
    CHECK(world_flushes == 1);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    guest_write(1, PCI_COMMAND, 2, MEMORY | 4);
    CHECK(world_registers() == 256);
    world_check();
    world_end();
}

static void bar_moves_at_once(void)
{
    edu();
    guest_write(1, PCI_BAR(0), 4, 0xd0000000);
    CHECK(at(EDU_BAR) == WORLD_NOTHING && at(0xd0000000) == WORLD_REGISTERS && at(0xd00ff000) == WORLD_REGISTERS);
    CHECK(world_flushes == 1);
    guest_write(1, PCI_BAR(0), 4, 0xd0000fff); /* below its size */
    CHECK(world_flushes == 1 && guest_read(1, PCI_BAR(0), 4) == 0xd0000000);
    world_check();
    world_end();
}

static void bar_over_memory_is_nowhere(void)
{
    edu();
    guest_write(1, PCI_BAR(0), 4, 0x01000000); /* its first page is RAM */
    CHECK(world_registers() == 0 && at(0x01000000) == WORLD_RAM);
    world_check();
    world_ram(0x02080000, true);
    guest_write(1, PCI_BAR(0), 4, 0x02000000);
    world_ram(0x02000000, false);
    guest_write(1, PCI_COMMAND, 2, MEMORY); /* again: the middle is RAM still */
    CHECK(world_registers() == 0 && at(0x02080000) == WORLD_RAM);
    world_ram(0x02080000, false);
    world_ram(0x020ff000, true);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 0); /* the last page */
    world_ram(0x020ff000, false);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 256);
    guest_write(1, PCI_BAR(0), 4, EDU_BAR);
    CHECK(world_registers() == 256 && at(EDU_BAR) == WORLD_REGISTERS);
    world_check();
    world_end();
}

static void bar_without_tables_is_nowhere(void)
{
    world_start(1u << WORLD_EDU);
    world_map_fails = 200;
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 0);
    world_check();
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 256);
    world_end();
}

static void bar_over_another_is_nowhere(void)
{
    uint64_t maddr;

    world_start(1u << WORLD_EDU | 1u << WORLD_NIC);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    guest_write(2, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 256 + 32 + 3);
    guest_write(2, PCI_BAR(0), 4, EDU_BAR + 0xe0000);
    CHECK(world_registers() == 256 + 3);
    CHECK(world_at(EDU_BAR + 0xe0000, &maddr) == WORLD_REGISTERS && maddr == 0xfe0e0000);
    world_check();
    guest_write(2, PCI_BAR(3), 4, EDU_BAR); /* with the table: no page of it is seen through the other */
    CHECK(world_registers() == 256 && world_at(EDU_BAR, &maddr) == WORLD_REGISTERS && maddr == 0xfe000000);
    world_check();
    guest_write(1, PCI_BAR(0), 4, 0xd0000000);
    guest_write(2, PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 256 + 32 + 3);
    world_check();
    world_end();
}

static void wide_bar_goes_high_and_not_beyond(void)
{
    static const struct {
        uint32_t upper, lower;
        bool there;
    } places[] = {
        { 0x00000001, 0, true }, { 0x00007fff, 0xffffc000, true }, { 0x0000ffff, 0xffffc000, true },
        { 0x00010000, 0, false }, { 0xffffffff, 0xffffc000, false }, { 0xffffffff, 0, false }, { 0x80000000, 0, false },
        { 0, 0xffffc000, true }, { 0, 0, false },
    };

    world_start(1u << WORLD_NVME);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    for (unsigned i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        guest_write(1, PCI_BAR(1), 4, places[i].upper);
        world_check();
        guest_write(1, PCI_BAR(0), 4, places[i].lower);
        world_check();
        CHECK(world_registers() == (places[i].there ? 3 : 0));
        CHECK(!places[i].there || at((uint64_t)places[i].upper << 32 | places[i].lower) == WORLD_REGISTERS);
    }
    world_end();
}

static void table_of_msix_is_never_mapped(void)
{
    world_start(1u << WORLD_NVME | 1u << WORLD_NIC);
    guest_write(1, PCI_COMMAND, 2, MEMORY);
    guest_write(2, PCI_COMMAND, 2, MEMORY);
    for (unsigned i = 0; i < 2; i++) {
        const struct vpci_function *f = &world_d->vpci->function[i];

        CHECK(at(f->bar[f->host->msix_bar].at + f->host->msix_offset) == WORLD_NOTHING);
    }
    CHECK(world_registers() == 3 + 32 + 3);
    world_check();
    world_end();
}

/* -- the window, and places where nothing is -------------------------------------------------------- */

static void window_is_the_same_configuration(void)
{
    world_start(ALL);
    for (unsigned slot = 0; slot <= 5; slot++) {
        uint64_t base = VPCI_WINDOW + (slot << 15);

        for (unsigned reg = 0; reg < 256; reg++) {
            for (unsigned size = 1; size <= 4; size *= 2) {
                CHECK(vpci_memory_read(world_d, base + reg, size) ==
                      (reg & (size - 1) ? BYTES_MASK(size) : guest_read(slot, reg, size)));
            }
        }
        CHECK(vpci_memory_read(world_d, base + 0x100, 4) == (slot <= 4 ? 0 : ONES));
        CHECK(vpci_memory_read(world_d, base + 0xffc, 4) == (slot <= 4 ? 0 : ONES));
        CHECK(vpci_memory_read(world_d, base + 0x1000, 4) == ONES); /* function 1 */
        vpci_memory_write(world_d, base + 0x104, 4, ONES);
    }
    CHECK(guest_read(1, PCI_COMMAND, 2) == 0);
    vpci_memory_write(world_d, VPCI_WINDOW + (1 << 15) + PCI_COMMAND, 2, MEMORY);
    CHECK(world_registers() == 256);
    vpci_memory_write(world_d, VPCI_WINDOW + (1 << 15) + PCI_COMMAND + 1, 2, 0); /* not aligned: dropped */
    CHECK(world_registers() == 256);
    CHECK(vpci_is_memory(world_d, VPCI_WINDOW) && vpci_is_memory(world_d, VPCI_WINDOW + VPCI_WINDOW_SIZE - 1));
    CHECK(!vpci_is_memory(world_d, VPCI_WINDOW + VPCI_WINDOW_SIZE) && !vpci_is_memory(world_d, VPCI_BARS_START - 1));
    CHECK(!vpci_is_memory(world_d, 0xfee00000) && !vpci_is_memory(world_d, 0));
    world_check();
    world_end();
}

static void place_where_nobody_answers_reads_ones(void)
{
    world_start(1u << WORLD_NVME);
    CHECK(vpci_is_memory(world_d, VPCI_BARS_START) && vpci_memory_read(world_d, VPCI_BARS_START + 0x2000, 4) == ONES);
    vpci_memory_write(world_d, VPCI_BARS_START + 0x2000, 4, 0x1234);
    CHECK(vpci_is_memory(world_d, VPCI_BARS_END - 1) && vpci_memory_read(world_d, VPCI_BARS_END - 1, 1) == 0xff);
    guest_write(1, PCI_BAR(1), 4, 0x12);
    CHECK(vpci_is_memory(world_d, 0x12c0002000ull) && !vpci_is_memory(world_d, 0x12c0004000ull));
    world_end();
}

/* -- coming and going ------------------------------------------------------------------------------ */

static void function_taken_away_reads_ones(void)
{
    world_start(1u << WORLD_EDU | 1u << WORLD_NVME);
    guest_write(1, PCI_COMMAND, 2, MEMORY | 4);
    guest_write(2, PCI_COMMAND, 2, MEMORY | 4);
    vpci_remove(world_d, 1);
    world_check();
    CHECK(world_registers() == 256 && world_d->devices_held == 1);
    for (unsigned reg = 0; reg < 256; reg += 4) {
        CHECK(guest_read(2, reg, 4) == ONES);
        guest_write(2, reg, 4, 0x80000007);
        world_check();
    }
    CHECK(guest_read(1, 0, 4) == 0x12345678);
    vpci_remove(world_d, 1);
    CHECK(vpci_memory_read(world_d, 0xc0100000, 4) == ONES);
    CHECK(vpci_memory_read(world_d, 0xc0102000, 4) == ONES); /* where its table was */
    vpci_memory_write(world_d, 0xc0102000, 4, 7);
    world_check();
    world_end();
}

/* One reset between two owners is enough. */
static void function_is_reset_between_owners(void)
{
    struct bus_function *b;
    const char *why;

    world_start(1u << WORLD_NVME);
    b = bus_find(WORLD_ID(WORLD_NVME));
    CHECK(world_add(WORLD_NVME, &why) == -EEXIST && strcmp(why, "the domain has it") == 0);
    CHECK(guest_read(2, 0, 4) == ONES);
    CHECK(b->flrs <= 1); /* who asked in vain has not reset it under the other */
    guest_write(1, PCI_COMMAND, 2, 6);
    b->flrs = 0;
    CHECK(!vpci_is_moving(world_d, WORLD_ID(WORLD_NVME)));
    CHECK(vpci_release(world_d) == -ERESTART && !(bus_get(b, PCI_COMMAND, 2) & 4));
    CHECK(vpci_is_moving(world_d, WORLD_ID(WORLD_NVME)) && !vpci_is_moving(world_d, WORLD_ID(WORLD_EDU)));
    world_end();
    CHECK(b->flrs == 1);
    world_start(1u << WORLD_NVME);
    CHECK(b->flrs == 0);
    vpci_remove(world_d, 0);
    CHECK(world_add(WORLD_NVME, &why) == -EEXIST);
    world_end();
    CHECK(b->flrs == 1);
}

/* A description that names what another domain has changes nothing for that one. */
static void words_about_what_another_has_do_not_count(void)
{
    const struct pci_terms line = { .unreset = true, .has_line = true, .gsi = 16 };
    struct pci_function *host;
    struct domain other;
    const char *why;

    world_start(0);
    CHECK(pci_function_get(WORLD_ID(WORLD_NIC), &host, &why) == 0);
    host->terms = (struct pci_terms){ .gsi = 0 };
    CHECK(pci_claim(host, &other));
    CHECK(world_attach(WORLD_ID(WORLD_NIC), &line, &why) == -EBUSY);
    CHECK(!host->terms.has_line && !host->terms.unreset);
    pci_disclaim(host);
    CHECK(world_attach(WORLD_ID(WORLD_NIC), &line, &why) == 0);
    CHECK(host->terms.has_line && host->terms.gsi == 16);
    world_end();
}

static void function_without_reset_needs_the_word(void)
{
    const struct pci_terms plain = { .unreset = false };
    struct pci_function *host;
    const char *why;

    world_start(0);
    CHECK(pci_function_get(WORLD_ID(WORLD_EDU), &host, &why) == 0);
    host->terms.unreset = true; /* of its last owner */
    CHECK(world_attach(WORLD_ID(WORLD_EDU), &plain, &why) == -EOPNOTSUPP);
    host->terms.unreset = false;
    CHECK(world_attach(WORLD_ID(WORLD_EDU), NULL, &why) == -EOPNOTSUPP);
    CHECK(world_attach(WORLD_ID(WORLD_NIC), NULL, &why) == 0);
    CHECK(world_attach(0x00f8, NULL, &why) == -ENODEV);
    CHECK(guest_read(1, 0x0a, 2) == 0x0200 && guest_read(2, 0, 4) == ONES);
    world_check();
    world_end();
}

static void table_of_entries_is_bounded_to_what_is_shown(void)
{
    world_start(1u << WORLD_NVME);
    CHECK((guest_read(1, 0x42, 2) & 0x7ff) == IOMMU_IRQS_MAX - 1);
    for (unsigned n = 0; n < 65; n++) {
        CHECK(bus_mapped(0x1000002000ull)[4 * n + 3] == 1); /* all masked */
    }
    world_end();
}

/* -------------------------------------------------------------------------------------------------- */

static void one(void **state)
{
    void (**fn)(void) = (void (**)(void))state;

    (*fn)();
}

#define CASE(name) { #name, one, NULL, NULL, name }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bus_shows_bridge_and_own_functions),
        CASE(ports_take_their_sizes_alone),
        CASE(domain_without_devices_has_no_bus),
        CASE(registers_keep_what_may_be_written),
        CASE(bytes_and_halves_write_their_part),
        CASE(capabilities_are_those_that_are_known),
        CASE(bars_are_placed_and_measured),
        CASE(decoding_maps_and_unmaps),
        CASE(bar_moves_at_once),
        CASE(bar_over_memory_is_nowhere),
        CASE(bar_without_tables_is_nowhere),
        CASE(bar_over_another_is_nowhere),
        CASE(wide_bar_goes_high_and_not_beyond),
        CASE(table_of_msix_is_never_mapped),
        CASE(window_is_the_same_configuration),
        CASE(place_where_nobody_answers_reads_ones),
        CASE(function_taken_away_reads_ones),
        CASE(function_is_reset_between_owners),
        CASE(words_about_what_another_has_do_not_count),
        CASE(function_without_reset_needs_the_word),
        CASE(table_of_entries_is_bounded_to_what_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
