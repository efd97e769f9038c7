/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"
#include "model.h"

#include <string.h>

#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/iommu.h>
#include <xen/time.h>

#include "../../../xen/arch/x86/iommu/amd_event.h"

#define INVALIDATE_ALL (1u << 6)
#define DISK 0x00fau

const struct iommu_ops iommu_intel = NO_DRIVER;

static void host(void)
{
    acpi_info.ioapic_count = 1;
    acpi_info.ioapic[0].id = 2;
    acpi_info.ivrs.ioapic_count = 1;
    acpi_info.ivrs.ioapic[0] = (struct acpi_ioapic_device){ .id = 2, .device = 0xa0 };
    acpi_info.ivrs.iommu_count = 1;
    acpi_info.mcfg_addr = MODEL_MCFG;
    acpi_info.mcfg_bus_last = 255;
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        acpi_info.ivrs.iommu[i] = (struct acpi_iommu){
            .addr = MODEL_ADDR + i * sizeof(model[0].reg), .device = (uint16_t)(0x10 + i),
        };
        model[i].reg[0x30 / 8] = INVALIDATE_ALL;
        model[i].answers = ~0u;
    }
}

static void boot(void)
{
    CHECK(model_boot());
    model_log_clear();
}

static void faults(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        CHECK(model_dma(0, DISK, 0x1000u * i) != 0);
    }
}

static void init_quarantines_every_device(void)
{
    CHECK(model_boot());
    CHECK(strcmp(iommu_name(), "amd") == 0 && iommu_remaps_interrupts());
    CHECK(model_log_count("iommu: amd, every device in quarantine, interrupt messages too") == 1);
    for (unsigned i = 0; i < 65536; i++) {
        CHECK(model_dma(0, (uint16_t)i, 0x200000) != 0);
        CHECK(!model_interrupt(0, (uint16_t)i)); /* nothing as it is, an I/O APIC's neither */
    }
    CHECK(model[0].invalidations == 1);
}

static void init_unknown_ioapic_lets_interrupts_pass(void)
{
    acpi_info.ivrs.ioapic[0].id = 3;
    CHECK(model_boot());
    CHECK(!iommu_remaps_interrupts());
    CHECK(model_log_count("interrupt messages not") == 1);
    CHECK(model_interrupt(0, DISK) && model_dma(0, DISK, 0) != 0);
}

static void init_takes_over_from_firmware(void)
{
    model[0].reg[0x18 / 8] = 1u << 1 | 1u << 13 | 1u << 16; /* HtTunEn, PPR log, guest translation */
    model[0].reg[0x20 / 8] = 0x100003;                      /* an exclusion range for all */
    model[0].reg[0x28 / 8] = 0x7ffff000;
    model[0].reg[0x2020 / 8] = 1;                           /* overflow */
    acpi_info.ivrs.ivmd_count = 3;
    CHECK(model_boot());
    CHECK(model[0].reg[0x20 / 8] == 0);
    CHECK((model[0].reg[0x18 / 8] & (1u << 1 | 1u << 13 | 1u << 16)) == 1u << 1);
    CHECK(!(model[0].reg[0x2020 / 8] & 1));
    CHECK(model_log_count("firmware asks for 3 ranges") == 1);
}

static void init_without_invalidate_all_names_each_device(void)
{
    model[0].reg[0x30 / 8] = 0;
    CHECK(model_boot());
    CHECK(model[0].domain_forgotten[0] == 1 && model[0].invalidations == 0);
    for (unsigned i = 0; i < 65536; i++) {
        CHECK(model[0].forgotten[i] == 1);
    }
}

static void init_every_unit(void)
{
    acpi_info.ivrs.iommu_count = 2;
    boot();
    CHECK(model_dma(0, DISK, 0x1000) != 0 && model_dma(1, 0x4321, 0x2000) != 0);
    model_second();
    CHECK(model_log_count("device 00:1f.2: IO_PAGE_FAULT address 0x1000 ") == 1);
    CHECK(model_log_count("device 43:04.1: IO_PAGE_FAULT address 0x2000 ") == 1);
}

/* No answer at all, and none after some: while there is room for commands, and while it waits for room. */
static void init_silent_unit_stops_the_boot(void)
{
    model[0].answers = 0;
    CHECK(!model_boot());
    CHECK(strstr(model_panic, "the IOMMU (amd) cannot be used (error 5)") != NULL);
    CHECK(model_now_ns < NS_PER_S);
    CHECK(strcmp(iommu_name(), "none") == 0);
}

static void init_unit_that_falls_silent_stops_the_boot(void)
{
    model[0].reg[0x30 / 8] = 0;
    model[0].answers = 1000;
    CHECK(!model_boot());
    CHECK(strstr(model_panic, "(error 5)") != NULL && model_now_ns < NS_PER_S);
}

static void init_second_unit_silent_stops_the_boot(void)
{
    acpi_info.ivrs.iommu_count = 2;
    model[1].answers = 0;
    CHECK(!model_boot());
    CHECK(model_log_count("the unit at 0xfed84000 cannot be started") == 1);
}

static void init_no_registers_stops_the_boot(void)
{
    memset(model[0].reg, 0xff, sizeof(model[0].reg));
    CHECK(!model_boot());
    CHECK(strstr(model_panic, "(error 19)") != NULL);
}

static void init_by_words(void)
{
    options.iommu = IOMMU_NONE;
    CHECK(model_boot());
    CHECK(strcmp(iommu_name(), "none") == 0 && model[0].reg[0x18 / 8] == 0);
    CHECK(model_log_count("iommu=none: DMA of devices is not held back") == 1);
    iommu_drain();
    acpi_info.ivrs.iommu_count = 0;
    options.iommu = IOMMU_IF_FOUND;
    CHECK(model_boot());
    CHECK(model_log_count("iommu: none: firmware describes none") == 1);
    options.iommu = IOMMU_REQUIRED;
    CHECK(!model_boot());
    CHECK(strstr(model_panic, "iommu=on: firmware describes none") != NULL);
}

static void drain_shows_few_and_counts_all(void)
{
    boot();
    model_second();
    CHECK(model_log[0] == '\0');
    faults(3);
    model_second();
    CHECK(model_log_count("blocked: device 00:1f.2: IO_PAGE_FAULT address 0x") == 3);
    CHECK(model_log_count("address 0x2000 ") == 1 && model_log_count("not shown") == 0);
    model_log_clear();
    faults(100);
    model_second();
    CHECK(model_log_count("blocked: device") == 8);
    CHECK(model_log_count("iommu: 92 faults not shown, 103 since boot") == 1);
    model_log_clear();
    model_second();
    CHECK(model_log[0] == '\0');
}

static void drain_follows_the_log_around(void)
{
    boot();
    for (unsigned i = 1; i <= 10; i++) {
        faults(3001);
        model_log_clear();
        model_second();
    }
    CHECK(model[0].dropped == 0);
    CHECK(model_log_count("iommu: 2993 faults not shown, 30010 since boot") == 1);
}

static void drain_goes_on_after_an_overflow(void)
{
    boot();
    for (unsigned i = 1; i <= 3; i++) {
        model_log_clear();
        faults(6000);
        model_second();
        CHECK(model_log_count("iommu: 4087 faults not shown, and others lost") == 1);
        CHECK(model[0].dropped == i * 1905u);
    }
    model_log_clear();
    faults(1);
    model_second();
    CHECK(model_log_count("blocked: device 00:1f.2") == 1 && model_log_count("lost") == 0);
}

/* A device that faults all the time does not keep a CPU in the drain. */
static void drain_is_bounded(void)
{
    acpi_info.ivrs.iommu_count = 2;
    boot();
    for (unsigned i = 0; i < 4000; i++) {
        CHECK(model_dma(0, DISK, 0) != 0 && model_dma(1, DISK, 0) != 0);
    }
    model_second();
    CHECK(model_log_count("iommu: 4088 faults not shown, 4096 since boot") == 1);
    model_second();
    CHECK(model_log_count("iommu: 3896 faults not shown, 8000 since boot") == 1);
}

static void drain_tells_what_was_not_logged(void)
{
    boot();
    model[0].config[3] = 1u << 11 | 1u << 4;
    model_second();
    CHECK(model_log_count("blocked: accesses that the hardware did not log, 1 faults or more") == 1);
    CHECK(!(model[0].config[3] & 1u << 11));
    model_second();
    CHECK(model_log_count("did not log") == 1);
    faults(1);
    model_second();
    CHECK(model_log_count("did not log") == 1 && model_log_count("blocked: device") == 1);
}

/* -- devices of a domain --------------------------------------------------------------------------- */

static struct iommu_domain *domain(uint16_t domid, uint64_t tables)
{
    struct iommu_domain *dom = iommu_amd.domain_create(domid, tables);

    CHECK(dom != NULL && dom->ops == &iommu_amd);
    return dom;
}

static void attach_reaches_what_is_mapped_alone(void)
{
    struct iommu_domain *dom;
    uint64_t a;

    acpi_info.ivrs.iommu_count = 2;
    boot();
    dom = domain(5, 100);
    CHECK(iommu_amd.map(dom, 0x1ff, 0x700, 3, true) == 0); /* across two tables */
    CHECK(iommu_amd.map(dom, 0x800000000, 0x900, 1, false) == 0);
    CHECK(model_dma(0, DISK, 0x1ff000) != 0);
    CHECK(iommu_amd.attach(dom, DISK) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_access(unit, DISK, 0x1ff123, true) == 0x700123);
        CHECK(model_access(unit, DISK, 0x201fff, false) == 0x702fff);
        CHECK(model_access(unit, DISK, 0x800000000000, false) == 0x900000);
        CHECK(model_dma(unit, DISK, 0x800000000000) != 0);
        for (a = 0; a < 0x1000000; a += 0x1000) {
            CHECK((a >= 0x1ff000 && a < 0x202000) || model_access(unit, DISK, a, false) == MODEL_BLOCKED);
        }
        for (a = 12; a < 64; a++) {
            CHECK(a == 21 || a == 47 || model_access(unit, DISK, 1ull << a, false) == MODEL_BLOCKED);
        }
        CHECK(model_access(unit, DISK + 1, 0x1ff000, false) == MODEL_BLOCKED);
        CHECK(!model_interrupt(unit, DISK));
    }
}

static void attach_twice_is_refused(void)
{
    struct iommu_domain *a, *b;

    boot();
    a = domain(1, 10);
    b = domain(2, 10);
    CHECK(iommu_amd.attach(a, DISK) == 0);
    CHECK(iommu_amd.attach(b, DISK) == -16 && iommu_amd.attach(a, DISK) == -16);
    for (uint16_t i = 1; i < IOMMU_DEVICES_MAX; i++) {
        CHECK(iommu_amd.attach(a, i) == 0);
    }
    CHECK(iommu_amd.attach(a, 100) == -28);
    CHECK(iommu_amd.attach(b, 0xa0) == -1); /* the I/O APIC's */
    iommu_amd.detach(b, DISK); /* not its own */
    CHECK(iommu_amd.attach(b, DISK) == -16);
}

static void unmap_and_flush_before_reuse(void)
{
    struct iommu_domain *a, *b;

    acpi_info.ivrs.iommu_count = 2;
    boot();
    a = domain(1, 10);
    b = domain(2, 10);
    CHECK(iommu_amd.map(a, 1, 0x700, 2, true) == 0 && iommu_amd.map(b, 1, 0x800, 1, true) == 0);
    CHECK(iommu_amd.attach(a, DISK) == 0 && iommu_amd.attach(b, 0x33) == 0);
    CHECK(model_access(0, DISK, 0x1000, true) == 0x700000 && model_access(1, DISK, 0x1000, true) == 0x700000);
    CHECK(model_access(0, 0x33, 0x1000, true) == 0x800000);
    iommu_amd.unmap(a, 1);
    iommu_amd.unmap(a, 0x12345);
    CHECK(model_access(0, DISK, 0x1000, true) == 0x700000); /* still remembered: what flush is for */
    iommu_amd.flush(a);
    CHECK(model_dma(0, DISK, 0x1000) != 0 && model_dma(1, DISK, 0x1000) != 0);
    CHECK(model_access(0, DISK, 0x2000, true) == 0x701000);
    CHECK(model_access(0, 0x33, 0x1000, true) == 0x800000 && model[0].domain_forgotten[3] == 1);
    CHECK(iommu_amd.map(a, 2, 0x777, 1, false) == 0);
    CHECK(model_dma(0, DISK, 0x2000) != 0 && model_access(0, DISK, 0x2000, false) == 0x777000);
}

static void detach_back_into_quarantine(void)
{
    struct iommu_domain *a, *b;

    boot();
    a = domain(1, 10);
    b = domain(2, 10);
    CHECK(iommu_amd.map(a, 1, 0x700, 1, true) == 0 && iommu_amd.map(b, 1, 0x800, 1, true) == 0);
    CHECK(iommu_amd.attach(a, DISK) == 0 && iommu_amd.attach(a, 0x33) == 0);
    CHECK(model_dma(0, DISK, 0x1000) == 0 && model_dma(0, 0x33, 0x1000) == 0);
    iommu_amd.detach(a, DISK);
    CHECK(model_dma(0, DISK, 0x1000) != 0 && model_dma(0, 0x33, 0x1000) == 0);
    CHECK(iommu_amd.attach(b, DISK) == 0);
    CHECK(model_access(0, DISK, 0x1000, true) == 0x800000);
    iommu_amd.detach_all(a);
    CHECK(model_dma(0, 0x33, 0x1000) != 0);
    iommu_amd.flush(a);
    iommu_amd.domain_free(a);
    CHECK(model_access(0, DISK, 0x1000, true) == 0x800000);
    iommu_amd.domain_free(b); /* takes back what is left */
    CHECK(model_dma(0, DISK, 0x1000) != 0);
}

static void map_without_tables_changes_nothing(void)
{
    struct iommu_domain *dom;

    boot();
    dom = domain(1, 5); /* the root, and one way down and a table more */
    CHECK(iommu_amd.map(dom, 0, 0x700, 1, true) == 0);
    CHECK(iommu_amd.attach(dom, DISK) == 0);
    CHECK(iommu_amd.map(dom, 1, 0x800, 1024 + 511, true) == -12);
    CHECK(model_dma(0, DISK, 0x1000) != 0);
    CHECK(iommu_amd.map(dom, 1, 0x800, 1023, true) == 0);
    CHECK(model_access(0, DISK, 0x3ff000, true) == 0xbfe000 && model_access(0, DISK, 0, true) == 0x700000);
}

/* Whoever cannot be told is dangerous: the page must not go anywhere. */
static void flush_without_answer_stops_the_machine(void)
{
    struct iommu_domain *dom;

    boot();
    dom = domain(1, 10);
    CHECK(iommu_amd.map(dom, 1, 0x700, 1, true) == 0 && iommu_amd.attach(dom, DISK) == 0);
    model[0].answers = 0;
    CHECK(model_panics(iommu_amd.flush, dom));
    CHECK(strstr(model_panic, "does not answer any more") != NULL);
}

static void decode_names_events(void)
{
    static const struct {
        uint64_t code;
        const char *name;
    } events[] = {
        { 1, "ILLEGAL_DEV_TABLE_ENTRY" }, { 4, "PAGE_TAB_HARDWARE_ERROR" }, { 0, "unknown event" }, { 15, "unknown event" },
    };
    uint64_t entry[2] = { 0, 0 };
    struct iommu_fault fault;

    CHECK(!amd_event_decode(entry, &fault));
    for (unsigned i = 0; i < 4; i++) {
        entry[0] = events[i].code << 60 | 0x0fff000000001234;
        entry[1] = 0x123456789000;
        CHECK(amd_event_decode(entry, &fault));
        CHECK(fault.device == 0x1234 && fault.addr == 0x123456789000 && strcmp(fault.what, events[i].name) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(init_quarantines_every_device),
        CASE(init_unknown_ioapic_lets_interrupts_pass),
        CASE(init_takes_over_from_firmware),
        CASE(init_without_invalidate_all_names_each_device),
        CASE(init_every_unit),
        CASE(init_silent_unit_stops_the_boot),
        CASE(init_unit_that_falls_silent_stops_the_boot),
        CASE(init_second_unit_silent_stops_the_boot),
        CASE(init_no_registers_stops_the_boot),
        CASE(init_by_words),
        CASE(drain_shows_few_and_counts_all),
        CASE(drain_follows_the_log_around),
        CASE(drain_goes_on_after_an_overflow),
        CASE(drain_is_bounded),
        CASE(drain_tells_what_was_not_logged),
        CASE(attach_reaches_what_is_mapped_alone),
        CASE(attach_twice_is_refused),
        CASE(unmap_and_flush_before_reuse),
        CASE(detach_back_into_quarantine),
        CASE(map_without_tables_changes_nothing),
        CASE(flush_without_answer_stops_the_machine),
        CASE(decode_names_events),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
