/* SPDX-License-Identifier: Apache-2.0 */
/* Capabilities of functions of the host, MSI-X, resets, and one that goes away in the middle. */
#include "pci_test.h"

/* -- capabilities ---------------------------------------------------------------------------------- */

static void capabilities_in_a_circle_are_cut(void)
{
    struct bus_function *b = nic();
    unsigned left = PCI_CAPS_MAX, steps = 0;

    bus_cap(b, 0x40, PCI_CAP_VENDOR, 0x50);
    bus_cap(b, 0x50, PCI_CAP_VENDOR, 0x40);
    CHECK(found()->msi == 0);
    for (unsigned at = 0; (at = pci_next_cap(NIC, at, &left)) != 0;) {
        steps++;
    }
    CHECK(steps == PCI_CAPS_MAX);
}

static void capability_that_points_at_itself_is_cut(void)
{
    struct bus_function *b = nic();

    bus_cap(b, 0x40, PCI_CAP_VENDOR, 0x40);
    CHECK(found()->express == 0);
    CHECK(bus_reads < 1000);
}

/* 48 fit into configuration; a list that has 60 is one that comes back. */
static void list_of_sixty_is_cut(void)
{
    struct bus_function *b = nic();

    for (unsigned at = 0x40; at < 0x100; at += 4) {
        bus_cap(b, at, PCI_CAP_VENDOR, (uint8_t)(at + 4 < 0x100 ? at + 4 : 0x48));
    }
    bus_msi(b, 0xe8, 0xf4, 0);
    CHECK(found()->msi == 0xe8);
}

static void capability_in_the_header_ends_the_list(void)
{
    struct bus_function *b = nic();

    bus_cap(b, 0x10, PCI_CAP_VENDOR, 0x50);
    bus_msi(b, 0x50, 0, 0);
    CHECK(found()->msi == 0);
}

static void list_without_its_bit_is_none(void)
{
    struct bus_function *b = nic();

    bus_msi(b, 0x50, 0, 0);
    b->config[PCI_COMMAND + 2] = 0;
    CHECK(found()->msi == 0);
}

static void capabilities_cut_off_by_the_end_are_none(void)
{
    struct bus_function *b = nic();
    struct pci_function *f;

    bus_cap(b, 0xfc, PCI_CAP_MSI, 0xf8);
    bus_cap(b, 0xf8, PCI_CAP_MSIX, 0xf4);
    bus_cap(b, 0xf4, PCI_CAP_EXPRESS, 0);
    b->config[0] = b->config[1] = b->config[2] = b->config[3] = 0x11; /* where an offset that wraps would read a function level reset */
    f = found();
    CHECK(f->msi == 0 && f->msix == 0 && f->express == 0 && f->reset_kind == PCI_RESET_NONE);
}

static void express_of_version_1_is_known(void)
{
    struct bus_function *b = nic();

    bus_express(b, 0xe8, 0, true);
    bus_put(b, 0xea, 2, 1);
    CHECK(found()->express == 0xe8);
}

/* -- MSI-X ----------------------------------------------------------------------------------------- */

static void table_of_msix_is_mapped_once(void)
{
    struct bus_function *b = nic();
    struct pci_function *f, *again;

    bus_msix(b, 0x70, 0, 65, 0x2000, 0x3000);
    f = found();
    CHECK(f->msix == 0x70 && f->msix_count == 65 && f->msix_offset == 0x2000 && f->pba_offset == 0x3000);
    CHECK(bus_mapped(REGISTERS + 0x2000) == (void *)(uintptr_t)f->msix_table);
    CHECK(bus_mapped(REGISTERS + 0x2000 + 65 * 16) == NULL);
    CHECK(look(&again) == 0 && again == f);
}

static void table_of_msix_outside_is_not_used(void)
{
    static const struct {
        unsigned count;
        uint32_t table, pba;
        bool fits;
    } where[] = {
        { 16, 0x3f00, 0, true },        /* up to the last byte */
        { 17, 0x3f00, 0, false },
        { 2048, 0, 0x2000, false },     /* 32 KiB */
        { 16, 0x4000, 0, false },
        { 16, 0xfffffff8, 0, false },   /* would wrap */
        { 1, 0x1, 0, false },           /* a BAR that is not there */
        { 1, 0x6, 0, false },           /* numbers that mean nothing */
        { 1, 0x7, 0, false },
        { 1, 0, 0x3ff8, true },
        { 65, 0, 0x3ff8, false },       /* pending bits: 16 bytes */
        { 1, 0, 0x7, false },
        { 16, 0, 0x80, true },          /* pending bits in the table: odd, but its own business */
    };

    for (unsigned i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
        struct pci_function *f;
        struct bus_function *b;
        const char *why;

        bus_clear();
        b = bus_add((uint16_t)(0x28 + 8 * i), 0x0200);
        bus_bar(b, 0, REGISTERS, 0x4000, 0);
        bus_msix(b, 0x70, 0, where[i].count, where[i].table, where[i].pba);
        bus_ready();
        CHECK(pci_function_get(b->id, &f, &why) == 0);
        CHECK((f->msix != 0) == where[i].fits);
    }
}

/* -- a function that goes away --------------------------------------------------------------------- */

/* At whichever read: nothing that is kept points outside, and it ends. */
static void vanishing_at_any_read_is_survived(void)
{
    unsigned reads, seen[2] = { 0, 0 };

    for (unsigned n = 0; n < 2000; n++) {
        struct pci_function *f;
        struct bus_function *b;
        const char *why = NULL;
        pid_t pid = fork();
        int status;

        if (pid == 0) {
            b = nic();
            bus_msi(b, 0x50, 0x70, 0x180);
            bus_msix(b, 0x70, 0x80, 16, 0x2000, 0x3000);
            bus_express(b, 0x80, 0, true);
            bus_ready();
            bus_vanishes = n + 1;
            if (pci_function_get(NIC, &f, &why) != 0) {
                CHECK(why != NULL);
                _exit(2);
            }
            for (unsigned i = 0; i < PCI_BARS; i++) {
                CHECK(f->bar[i].size <= PCI_BAR_PAGES_MAX * PAGE_SIZE && !(f->bar[i].size & (f->bar[i].size - 1)));
                CHECK(f->bar[i].size == 0 || !host_uses(f->bar[i].addr, f->bar[i].size));
            }
            pci_reset_begin(f);
            for (unsigned i = 0; pci_reset_step(f) != 0; i++) {
                CHECK(i < 10);
                fake_now_ns += 200 * NS_PER_MS;
            }
            _exit(bus_vanishes > 1 ? 4 : 3);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) >= 2);
        reads = (unsigned)WEXITSTATUS(status);
        if (reads == 4) {
            CHECK(seen[0] > 3 && seen[1] > 3);
            return;
        }
        seen[reads - 2]++;
    }
    CHECK(!"it stays");
}

/* -- resets ---------------------------------------------------------------------------------------- */

/* Runs a reset; @return milliseconds until it is done. */
static unsigned reset(struct pci_function *f)
{
    uint64_t began = fake_now_ns;

    pci_reset_begin(f);
    CHECK((bus_get(bus_find(f->id), PCI_COMMAND, 2) & 7) == 0);
    while (pci_reset_step(f) == -11) {
        fake_now_ns += NS_PER_MS / 4;
        CHECK(fake_now_ns - began < NS_PER_S);
    }
    CHECK(pci_reset_step(f) == 0);
    return (unsigned)((fake_now_ns - began) / NS_PER_MS);
}

static void dirty(struct bus_function *b, unsigned msi)
{
    bus_put(b, PCI_COMMAND, 2, 7);
    bus_put(b, msi + 2, 2, bus_get(b, msi + 2, 2) | 1);
    bus_put(b, msi + 4, 4, 0xfee01000);
}

static void is_as_new(const struct bus_function *b, unsigned msi)
{
    CHECK(b->resets == 1);
    CHECK(bus_get(b, PCI_COMMAND, 2) == 0x402 && bus_get(b, 0x10, 4) == REGISTERS);
    CHECK(!(bus_get(b, msi + 2, 2) & 1) && bus_get(b, msi + 4, 4) == 0);
}

static void reset_by_function_level(void)
{
    struct bus_function *b = nic();
    struct pci_function *f;

    bus_msi(b, 0x50, 0x80, 0x80);
    bus_express(b, 0x80, 0x60, true);
    bus_pm(b, 0x60, 0, false);
    bus_put(b, 0x88, 2, 0x2810); /* what firmware has agreed with the port above */
    f = found();
    CHECK(f->reset_kind == PCI_RESET_FLR);
    dirty(b, 0x50);
    bus_put(b, 0x88, 2, 0x1234);
    CHECK(reset(f) >= 100);
    is_as_new(b, 0x50);
    CHECK(b->flrs == 1 && bus_get(b, 0x88, 2) == 0x2810);
}

static void reset_by_power_state(void)
{
    struct bus_function *b = nic();
    struct pci_function *f;

    bus_msi(b, 0x50, 0x60, 0x80);
    bus_pm(b, 0x60, 0, false);
    f = found();
    CHECK(f->reset_kind == PCI_RESET_PM);
    dirty(b, 0x50);
    CHECK(reset(f) >= 20);
    is_as_new(b, 0x50);
    CHECK((bus_get(b, 0x64, 2) & 3) == 0);
}

static void reset_by_the_bridge_above(void)
{
    struct bus_function *b, *port = bus_bridge(0x0008, 1);
    struct pci_function *f;
    const char *why;

    b = bus_add(0x0100, 0x0200);
    bus_bar(b, 0, REGISTERS, 0x4000, 0);
    bus_msi(b, 0x50, 0x60, 0x80);
    bus_pm(b, 0x60, 0, true);
    bus_ready();
    CHECK(pci_function_get(0x0100, &f, &why) == 0);
    CHECK(f->reset_kind == PCI_RESET_BUS && f->bridge == 0x0008);
    dirty(b, 0x50);
    CHECK(reset(f) >= 102);
    is_as_new(b, 0x50);
    CHECK(!(bus_get(port, 0x3e, 2) & 0x40));
}

static void bus_with_others_on_it_is_not_reset(void)
{
    struct bus_function *b;
    struct pci_function *f;
    const char *why;

    (void)bus_bridge(0x0008, 1);
    b = bus_add(0x0100, 0x0200);
    bus_bar(b, 0, REGISTERS, 0x4000, 0);
    (void)bus_add(0x0101, 0x0200);
    bus_ready();
    CHECK(pci_function_get(0x0100, &f, &why) == 0 && f->reset_kind == PCI_RESET_NONE);
    (void)reset(f);
    CHECK(b->resets == 0 && bus_get(b, 0x10, 4) == REGISTERS);
}

static void power_state_that_keeps_is_no_reset(void)
{
    struct bus_function *b = nic();

    bus_pm(b, 0x60, 0, true);
    CHECK(found()->reset_kind == PCI_RESET_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(capabilities_in_a_circle_are_cut),
        CASE(capability_that_points_at_itself_is_cut),
        CASE(list_of_sixty_is_cut),
        CASE(capability_in_the_header_ends_the_list),
        CASE(list_without_its_bit_is_none),
        CASE(capabilities_cut_off_by_the_end_are_none),
        CASE(express_of_version_1_is_known),
        CASE(table_of_msix_is_mapped_once),
        CASE(table_of_msix_outside_is_not_used),
        CASE(vanishing_at_any_read_is_survived),
        CASE(reset_by_function_level),
        CASE(reset_by_power_state),
        CASE(reset_by_the_bridge_above),
        CASE(bus_with_others_on_it_is_not_reset),
        CASE(power_state_that_keeps_is_no_reset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
