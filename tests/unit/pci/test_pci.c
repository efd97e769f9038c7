/* SPDX-License-Identifier: Apache-2.0 */
/* What functions of the host have for BARs, and which are not given, odd and hostile ones too. */
#include "pci_test.h"

static void bars_of_all_kinds_are_measured_and_left(void)
{
    struct bus_function *b = bus_add(NIC, 0x0200);
    struct pci_function *f;

    bus_bar(b, 0, REGISTERS, 0x4000, 0);
    bus_bar(b, 1, 0xc000, 0x20, 1);
    bus_bar(b, 2, 0x4000000000ull, 0x100000, 0xc);
    bus_bar(b, 4, 0xfd100000, 0x80, 0);
    f = found();
    CHECK(f->bar[0].addr == REGISTERS && f->bar[0].size == 0x4000 && !f->bar[0].wide && !f->bar[0].prefetchable);
    CHECK(f->bar[1].size == 0);
    CHECK(f->bar[2].addr == 0x4000000000ull && f->bar[2].size == 0x100000 && f->bar[2].wide && f->bar[2].prefetchable);
    CHECK(f->bar[3].size == 0 && f->bar[5].size == 0);
    CHECK(f->bar[4].size == 0x1000); /* a page */
    CHECK(bus_get(b, 0x10, 4) == REGISTERS && bus_get(b, 0x18, 4) == 0xc && bus_get(b, 0x1c, 4) == 0x40);
    CHECK(bus_get(b, PCI_COMMAND, 2) == 0x402); /* memory, no INTx; neither ports nor DMA */
}

static void bars_that_cannot_be_given_are_refused(void)
{
    static const struct {
        uint64_t addr, size;
        int error;
    } odd[] = {
        { 0, 0x1000, -6 },                   /* no address */
        { 0xfd000800, 0x800, -16 },          /* the second half of a page */
        { 0xfc000000, 0x2000000, -7 },       /* 32 MiB */
        { 0x00400000, 0x1000, -16 },         /* memory */
        { 0x0ffff000, 0x1000, -16 },         /* its last page */
        { 0xfee00000, 0x1000, -16 },         /* what the hypervisor drives */
        { 0xfec00000, 0x400000, -16 },       /* round it */
        { 0xb0300000, 0x1000, -16 },         /* configuration */
        { 0xfd000000, 0x100000000, -6 },     /* no bit can be written */
        { 0, 0x100000000, 0 },               /* same, and none is set: none */
    };

    for (unsigned i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct pci_function *f;
        struct bus_function *b;
        const char *why;
        unsigned reads;

        bus_clear();
        b = bus_add((uint16_t)(0x28 + 8 * i), 0x0200);
        bus_bar(b, 0, odd[i].addr, odd[i].size, 0);
        bus_put(b, PCI_COMMAND, 2, 7);
        bus_ready();
        CHECK(pci_function_get(b->id, &f, &why) == odd[i].error);
        CHECK((bus_get(b, PCI_COMMAND, 2) & 7) == (odd[i].error == 0 ? 2 : 7)); /* as it was, or quiet */
        reads = bus_reads;
        CHECK(pci_function_get(b->id, &f, &why) == odd[i].error);
        CHECK(bus_reads == reads); /* the long look is taken once */
    }
}

/* The CPU takes no notice of the upper bits, or reads its own into them. */
static void bars_beyond_what_the_cpu_can_address_are_refused(void)
{
    static const uint64_t beyond[] = {
        BUS_PADDR_END, BUS_PADDR_END | 0xfd000000, 1ull << 51, 1ull << 52 | 0x00400000, 1ull << 53 | 0xfd000000,
        1ull << 63 | 0x00400000, 0xfffffffffff00000, 0xffffffff00400000,
    };

    for (unsigned i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
        struct pci_function *f;
        struct bus_function *b;
        const char *why = "";

        bus_clear();
        b = bus_add((uint16_t)(0x80 + 8 * i), 0x0200);
        bus_bar(b, 0, beyond[i], 0x100000, 0x4);
        bus_ready();
        CHECK(pci_function_get(b->id, &f, &why) == -6);
        CHECK(strstr(why, "cannot reach") != NULL);
    }
}

static void bar_of_a_size_that_is_none_enxio(void)
{
    struct bus_function *b = nic();

    memcpy(b->writable + 0x10, &(uint32_t){ 0xffff5000 }, 4);
    bus_put(b, 0x10, 4, 0xfd000000);
    refused(-6);
}

/* Everything can be written: 16 bytes, of which a domain gets the page. */
static void bar_of_all_ones_is_a_page(void)
{
    struct bus_function *b = nic();

    memcpy(b->writable + 0x10, &(uint32_t){ 0xfffffff0 }, 4);
    CHECK(found()->bar[0].size == 0x1000);
}

static void wide_bar_without_a_second_half_is_narrow(void)
{
    struct bus_function *b = nic();
    struct pci_function *f;

    bus_bar(b, 5, 0xfd200000, 0x1000, 4);
    f = found();
    CHECK(f->bar[5].size == 0x1000 && !f->bar[5].wide);
}

static void many_bars_together_are_bounded(void)
{
    struct bus_function *b = nic();

    bus_bar(b, 1, 0xf0000000, 0x800000, 0);
    bus_bar(b, 2, 0xf1000000, 0x800000, 0);
    refused(-7);
}

static void bars_at_one_place_are_refused(void)
{
    struct bus_function *b = nic();

    bus_bar(b, 1, REGISTERS + 0x3000, 0x1000, 0);
    refused(-16);
}

static void bar_in_a_page_with_anothers_is_refused(void)
{
    struct bus_function *b = bus_add(OTHER, 0x0200);

    (void)nic();
    bus_bar(b, 5, REGISTERS + 0x3f00, 0x100, 0);
    refused(-16);
}

static void bar_with_a_port_of_a_bridge_inside_is_refused(void)
{
    struct bus_function *b = bus_bridge(OTHER, 1);

    (void)nic();
    bus_put(b, PCI_BAR(0), 4, 4);
    bus_put(b, PCI_BAR(1), 4, 0);
    bus_put(b, PCI_BAR(0), 4, (uint32_t)REGISTERS | 4);
    refused(-16);
}

/* What a bridge has where others have BARs 2 to 5 are its windows. */
static void window_of_a_bridge_is_no_bar(void)
{
    struct bus_function *b = bus_bridge(OTHER, 1);

    (void)nic();
    bus_put(b, 0x20, 4, (uint32_t)REGISTERS);
    (void)found();
}

static void other_functions_are_found_by_their_header(void)
{
    struct bus_function *first = bus_add(OTHER, 0x0200), *last = bus_add(OTHER + 7, 0x0200);

    (void)nic();
    bus_bar(last, 0, REGISTERS, 0x1000, 0);
    first->config[PCI_HEADER] = 0x80;
    refused(-16);
}

/* One function: the others are its echo. */
static void echoes_are_not_other_functions(void)
{
    (void)bus_add(OTHER, 0x0200);
    (void)nic();
    bus_bar(bus_add(OTHER + 7, 0x0200), 0, REGISTERS, 0x1000, 0);
    (void)found();
}

static void bridges_and_iommus_are_not_given(void)
{
    static const uint16_t classes[] = { 0x0600, 0x0601, 0x0680, 0x0806 };

    for (unsigned i = 0; i < 4; i++) {
        bus_clear();
        (void)bus_add(NIC, classes[i]);
        refused(-1);
        CHECK(bus_writes == 0); /* left alone */
    }
    bus_clear();
    (void)bus_bridge(NIC, 1);
    refused(-1);
    bus_clear();
    refused(-19);
}

static void more_functions_than_there_is_room_for(void)
{
    struct pci_function *f;
    const char *why;

    for (uint16_t i = 0; i <= 64; i++) {
        (void)bus_add((uint16_t)(i * 8), 0x0200);
    }
    bus_ready();
    for (uint16_t i = 0; i <= 64; i++) {
        CHECK(pci_function_get((uint16_t)(i * 8), &f, &why) == (i < 64 ? 0 : -28));
    }
    CHECK(pci_function_get(8, &f, &why) == 0 && f->id == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bars_of_all_kinds_are_measured_and_left),
        CASE(bars_that_cannot_be_given_are_refused),
        CASE(bars_beyond_what_the_cpu_can_address_are_refused),
        CASE(bar_of_a_size_that_is_none_enxio),
        CASE(bar_of_all_ones_is_a_page),
        CASE(wide_bar_without_a_second_half_is_narrow),
        CASE(many_bars_together_are_bounded),
        CASE(bars_at_one_place_are_refused),
        CASE(bar_in_a_page_with_anothers_is_refused),
        CASE(bar_with_a_port_of_a_bridge_inside_is_refused),
        CASE(window_of_a_bridge_is_no_bar),
        CASE(other_functions_are_found_by_their_header),
        CASE(echoes_are_not_other_functions),
        CASE(bridges_and_iommus_are_not_given),
        CASE(more_functions_than_there_is_room_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
