/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"
#include "model_intel.h"

#include <stdio.h>
#include <string.h>

#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/iommu.h>
#include <xen/time.h>

#include "../../../xen/arch/x86/iommu/intel.h"

#define CAP (0x08 / 8)
#define ECAP (0x10 / 8)
#define DISK 0x00fau
#define NET 0x0333u
#define IOAPIC 0xff00u

const struct iommu_ops iommu_amd = NO_DRIVER;

static void each_cap(uint64_t without, uint64_t with)
{
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        model[i].reg[CAP] = (model[i].reg[CAP] & ~without) | with;
    }
}

static void host(void)
{
    acpi_info.ioapic_count = 1;
    acpi_info.ioapic[0].id = 2;
    acpi_info.dmar.ioapic_count = 1;
    acpi_info.dmar.ioapic[0] = (struct acpi_ioapic_device){ .id = 2, .device = IOAPIC };
    acpi_info.dmar.remaps_interrupts = true;
    acpi_info.dmar.pci_all = true;
    acpi_info.dmar.unit_count = 2;
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        acpi_info.dmar.unit[i] = MODEL_ADDR + i * MODEL_SIZE;
        model[i].reg[CAP] = MODEL_CAP;
        model[i].reg[ECAP] = MODEL_ECAP;
        model[i].answers = ~0u;
    }
}

/* -- machines -------------------------------------------------------------------------------------- */

static void three_levels(void)
{
    each_cap(MODEL_CAP_48 | MODEL_CAP_BITS(64), MODEL_CAP_BITS(39));
}

/* One of the two is enough. */
static void remembers_what_is_absent(void)
{
    model[1].reg[CAP] |= MODEL_CAP_CM;
}

static void looks_into_no_cache(void)
{
    model[1].reg[ECAP] &= ~(uint64_t)MODEL_ECAP_C;
}

static void holds_writes_back(void)
{
    each_cap(0, MODEL_CAP_RWBF);
}

static void snoops(void)
{
    model[0].reg[ECAP] |= MODEL_ECAP_SC;
    model[1].reg[ECAP] |= MODEL_ECAP_SC;
}

static void all_at_once(void)
{
    three_levels();
    remembers_what_is_absent();
    looks_into_no_cache();
    holds_writes_back();
    model[0].reg[ECAP] |= MODEL_ECAP_SC;
}

static void boot(void)
{
    CHECK(model_boot());
    model_log_clear();
}

static void boot_fails(const char *logged, const char *panic)
{
    CHECK(!model_boot());
    CHECK(model_log_count(logged) == 1);
    CHECK(strstr(model_panic, panic) != NULL);
    CHECK(model_now_ns < NS_PER_S && strcmp(iommu_name(), "none") == 0);
}

static struct iommu_domain *domain(uint64_t tables)
{
    struct iommu_domain *dom = iommu_intel.domain_create(30000, tables);

    CHECK(dom != NULL && dom->ops == &iommu_intel);
    return dom;
}

/* -- start ----------------------------------------------------------------------------------------- */

static void init_quarantines_every_device(void)
{
    CHECK(model_boot());
    CHECK(strcmp(iommu_name(), "intel") == 0 && iommu_remaps_interrupts());
    CHECK(model_log_count("iommu: intel, every device in quarantine, interrupt messages too") == 1);
    for (unsigned i = 0; i < 65536; i++) {
        for (unsigned unit = 0; unit < 2; unit++) {
            CHECK(model_dma(unit, (uint16_t)i, 0x200000) != 0);
            CHECK(model_interrupt(unit, (uint16_t)i, 0xfeeff000, 0xf2) == -1);
        }
        CHECK(model_interrupt(0, DISK, 0xfee00010 | (i & 0x7fff) << 5 | i >> 15 << 2, 0) == -1);
    }
    CHECK(model_log_count("firmware asks") == 0);
}

static void init_without_interrupts(void)
{
    CHECK(model_boot() && !iommu_remaps_interrupts() && model_log_count("interrupt messages not") == 1);
    CHECK(model_interrupt(0, DISK, 0xfee00000, 0x40) == -2 && model_dma(0, DISK, 0) != 0);
}

static void firmware_says_no(void)
{
    acpi_info.dmar.remaps_interrupts = false;
    model_firmware(0);
}

static void a_unit_cannot(void)
{
    model[1].reg[ECAP] &= ~(uint64_t)MODEL_ECAP_IR;
}

static void an_ioapic_is_unknown(void)
{
    acpi_info.ioapic_count = 2;
    acpi_info.ioapic[1].id = 3;
}

/* The model sees to it that translation stays on. */
static void init_takes_over_from_firmware(void)
{
    each_cap(0, MODEL_CAP_PMR);
    model_firmware(0);
    model_firmware(1);
    acpi_info.dmar.rmrr_count = 3;
    CHECK(model_boot());
    CHECK(model_log_count("firmware asks for 3 ranges") == 1);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_dma(unit, DISK, 0x1000) != 0);
        CHECK(model_interrupt(unit, DISK, 0xfee00000, 0x40) == -1);
        CHECK((model[unit].reg[0x60 / 8] >> 32) == 0); /* ranges are open */
        CHECK((model[unit].reg[0x38 / 8] & 1u << 31) != 0);
    }
    model_log_clear();
    model_second();
    CHECK(model_log_count("device 12:06.4") == 0 && model_log_count("lost") == 0);
    CHECK(model_log_count("device 00:1f.2") == 4);
}

static void init_queue_that_never_empties_stops_the_boot(void)
{
    model_firmware(1);
    model[1].reg[0x80 / 8] = 0;
    boot_fails("the unit at 0xfed92000 cannot be started (error 5)", "the IOMMU (intel) cannot be used (error 5)");
}

static void init_silent_unit_stops_the_boot(void)
{
    model[1].answers = 0;
    boot_fails("the unit at 0xfed92000 cannot be started", "(error 5)");
}

static void init_unit_that_falls_silent_stops_the_boot(void)
{
    model[0].answers = 2;
    boot_fails("the unit at 0xfed90000 cannot be started", "(error 5)");
}

static void init_no_registers_stops_the_boot(void)
{
    model[1].reg[CAP] = model[1].reg[ECAP] = ~0ull;
    boot_fails("the unit at 0xfed92000 has no registers", "(error 19)");
}

static void init_no_queue_stops_the_boot(void)
{
    model[1].reg[ECAP] &= ~(uint64_t)MODEL_ECAP_QI;
    boot_fails("takes no queue of orders", "(error 19)");
}

static void init_no_drain_stops_the_boot(void)
{
    model[0].reg[CAP] &= ~(1ull << 54);
    boot_fails("does not wait for accesses under way", "(error 19)");
}

static void init_units_without_common_tables_stop_the_boot(void)
{
    model[0].reg[CAP] &= ~MODEL_CAP_39;
    model[1].reg[CAP] &= ~MODEL_CAP_48;
    boot_fails("has no tables of 3 or 4 levels as the others have", "(error 19)");
}

/* -- which devices are behind a unit ---------------------------------------------------------------- */

static void listed(void)
{
    static const struct model_function f[] = {
        { 0x0000, 0x29c08086, false, 0, 0 }, { 0x0020, 0x000c1b36, false, 1, 3 }, { 0x00fa, 0x29228086, true, 0, 0 },
        { 0x00f8, 0x29188086, true, 0, 0 }, { 0x0308, 0x11e81234, false, 0, 0 },
    };

    memcpy(model_functions, f, sizeof(f));
    acpi_info.dmar.pci_all = false;
    acpi_info.dmar.scope_count = 4;
    acpi_info.dmar.scope[0].device = 0x0000;
    acpi_info.dmar.scope[1] = (struct acpi_dmar_scope){ .device = 0x0020, .is_bridge = true };
    acpi_info.dmar.scope[2].device = 0x00fa;
    acpi_info.dmar.scope[3].device = 0x00f8;
}

static void init_listed_devices_are_enough(void)
{
    listed();
    boot();
    CHECK(iommu_intel.attach(domain(10), 0x0308) == 0); /* behind the bridge */
    CHECK(iommu_intel.attach(domain(10), 0x00fa) == 0);
    CHECK(iommu_intel.attach(domain(10), 0x00f9) == -1);
    CHECK(iommu_intel.attach(domain(10), 0x0400) == -1);
}

static void init_device_behind_no_unit_stops_the_boot(void)
{
    listed();
    acpi_info.dmar.scope[2].device = 0x00fb;
    boot_fails("iommu: device 00:1f.2 is behind no unit", "(error 19)");
}

static void init_bus_behind_no_bridge_stops_the_boot(void)
{
    listed();
    acpi_info.dmar.scope[1].is_bridge = false;
    boot_fails("iommu: device 03:01.0 is behind no unit", "(error 19)");
}

/* -- faults ---------------------------------------------------------------------------------------- */

static void drain_shows_each_and_counts(void)
{
    boot();
    model_second();
    CHECK(model_log[0] == '\0');
    CHECK(model_dma(0, DISK, 0x1234) != 0 && model_access(1, 0x4321, 0x5000, false) == MODEL_BLOCKED);
    CHECK(model_interrupt(1, NET, 0xfee00010 | 77 << 5, 0) == -1);
    model_second();
    CHECK(model_log_count("blocked: device 00:1f.2: context entry not present address 0x1000 ") == 1);
    CHECK(model_log_count("blocked: device 43:04.1: context entry not present address 0x5000 ") == 1);
    CHECK(model_log_count("blocked: device 03:06.3: interrupt: entry not present address 0x4d ") == 1);
    model_log_clear();
    model_second();
    CHECK(model_log[0] == '\0');
}

/* Four records: around, over, and on again. */
static void drain_goes_on_after_an_overflow(void)
{
    boot();
    for (unsigned i = 0; i < 10; i++) {
        char text[64];

        for (unsigned j = 0; j < 3; j++) {
            CHECK(model_dma(0, DISK, (uint64_t)(i * 4 + j) << 12) != 0);
        }
        model_log_clear();
        model_second();
        CHECK(model_log_count("blocked: device") == 3 && model_log_count("lost") == 0);
        snprintf(text, sizeof(text), "address 0x%x000 ", i * 4 + 2);
        CHECK(model_log_count(text) == 1);
    }
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned j = 0; j < 9; j++) {
            CHECK(model_dma(0, DISK, 0x1000) != 0);
        }
        model_log_clear();
        model_second();
        CHECK(model_log_count("blocked: device") == 4 && model_log_count("iommu: 0 faults not shown, and others lost") == 1);
    }
    CHECK(model[0].dropped == 15);
}

/* Firmware's faults have moved the place where the unit goes on. */
static void drain_begins_with_the_oldest(void)
{
    const char *first, *last;

    model[0].record_next = 2;
    boot();
    for (unsigned i = 1; i <= 3; i++) {
        CHECK(model_dma(0, DISK, (uint64_t)i << 12) != 0);
    }
    model_second();
    first = strstr(model_log, "address 0x1000 ");
    last = strstr(model_log, "address 0x3000 ");
    CHECK(first != NULL && last != NULL && first < last);
}

static void decode_names_reasons(void)
{
    static const struct {
        unsigned reason;
        const char *name;
    } cases[] = {
        { 0, "unknown reason" }, { 1, "root entry not present" }, { 5, "write not permitted" },
        { 0x1f, "unknown reason" }, { 0x26, "interrupt: of another device" }, { 0xff, "unknown reason" },
    };
    struct iommu_fault f;

    for (unsigned i = 0; i < 6; i++) {
        uint64_t record[2] = { 0x123456789abcdef0, (uint64_t)cases[i].reason << 32 | 0x4321 };

        CHECK(!intel_fault_decode(record, &f));
        record[1] |= 1ull << 63;
        CHECK(intel_fault_decode(record, &f) && f.device == 0x4321 && strcmp(f.what, cases[i].name) == 0);
        CHECK(f.addr == (cases[i].reason >= 0x20 ? 0x1234 : 0x123456789abcd000));
    }
}

/* -- devices of a domain --------------------------------------------------------------------------- */

static void attach_reaches_what_is_mapped_alone(void)
{
    struct iommu_domain *dom;
    uint64_t a;

    boot();
    dom = domain(100);
    CHECK(iommu_intel.map(dom, 0x1ff, 0x700, 3, true) == 0); /* across two tables */
    CHECK(iommu_intel.map(dom, 0x4000000, 0x900, 1, false) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_dma(unit, DISK, 0x1ff000) != 0);
    }
    CHECK(iommu_intel.attach(dom, DISK) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_access(unit, DISK, 0x1ff123, true) == 0x700123);
        CHECK(model_access(unit, DISK, 0x201fff, false) == 0x702fff);
        CHECK(model_access(unit, DISK, 0x4000000000, false) == 0x900000);
        CHECK(model_dma(unit, DISK, 0x4000000000) != 0);
        for (a = 0; a < 0x1000000; a += 0x1000) {
            CHECK((a >= 0x1ff000 && a < 0x202000) || model_access(unit, DISK, a, false) == MODEL_BLOCKED);
        }
        for (a = 12; a < 64; a++) {
            CHECK(a == 21 || a == 38 || model_access(unit, DISK, 1ull << a, false) == MODEL_BLOCKED);
        }
        CHECK(model_access(unit, DISK + 1, 0x1ff000, false) == MODEL_BLOCKED);
    }
}

static void attach_twice_is_refused(void)
{
    struct iommu_domain *a, *b;

    boot();
    a = domain(10);
    b = domain(10);
    CHECK(iommu_intel.attach(a, DISK) == 0);
    CHECK(iommu_intel.attach(b, DISK) == -16 && iommu_intel.attach(a, DISK) == -16);
    for (uint16_t i = 1; i < IOMMU_DEVICES_MAX; i++) {
        CHECK(iommu_intel.attach(a, i) == 0);
    }
    CHECK(iommu_intel.attach(a, 100) == -28);
    CHECK(iommu_intel.attach(b, IOAPIC) == -1);
    iommu_intel.detach(b, DISK); /* not its own */
    CHECK(iommu_intel.attach(b, DISK) == -16);
    iommu_intel.detach(a, 2);
    CHECK(iommu_intel.attach(a, 100) == 0);
}

static void unmap_and_flush_before_reuse(void)
{
    struct iommu_domain *a, *b;

    boot();
    a = domain(10);
    b = domain(10);
    CHECK(iommu_intel.map(a, 1, 0x700, 2, true) == 0 && iommu_intel.map(b, 1, 0x800, 1, true) == 0);
    CHECK(iommu_intel.attach(a, DISK) == 0 && iommu_intel.attach(b, NET) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_access(unit, DISK, 0x1000, true) == 0x700000 && model_access(unit, NET, 0x1000, true) == 0x800000);
        CHECK(model_dma(unit, DISK, 0x5000) != 0);
    }
    iommu_intel.unmap(a, 1);
    iommu_intel.unmap(a, 0x12345);
    iommu_intel.unmap(a, ~0ull >> 12);
    CHECK(model_access(0, DISK, 0x1000, true) == 0x700000); /* still remembered: what flush is for */
    iommu_intel.flush(a);
    CHECK(model_dma(0, DISK, 0x1000) != 0 && model_dma(1, DISK, 0x1000) != 0);
    CHECK(model_access(0, DISK, 0x2000, true) == 0x701000 && model_access(1, DISK, 0x2000, true) == 0x701000);
    /* In place of something, and in place of nothing. */
    CHECK(iommu_intel.map(a, 2, 0x777, 1, false) == 0);
    CHECK(model_dma(0, DISK, 0x5000) != 0 && model_dma(1, DISK, 0x5000) != 0);
    CHECK(iommu_intel.map(a, 5, 0x555, 1, true) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_dma(unit, DISK, 0x2000) != 0 && model_access(unit, DISK, 0x2000, false) == 0x777000);
        CHECK(model_access(unit, DISK, 0x5000, true) == 0x555000);
        CHECK(model_access(unit, NET, 0x1000, true) == 0x800000);
    }
}

static void detach_back_into_quarantine(void)
{
    struct iommu_domain *a, *b;

    boot();
    a = domain(10);
    b = domain(10);
    CHECK(iommu_intel.map(a, 1, 0x700, 1, true) == 0 && iommu_intel.map(b, 1, 0x800, 1, true) == 0);
    CHECK(iommu_intel.attach(a, DISK) == 0 && iommu_intel.attach(a, NET) == 0);
    CHECK(model_dma(1, DISK, 0x1000) == 0 && model_dma(1, NET, 0x1000) == 0);
    iommu_intel.detach(a, DISK);
    CHECK(model_dma(1, DISK, 0x1000) != 0 && model_dma(1, NET, 0x1000) == 0);
    CHECK(iommu_intel.attach(b, DISK) == 0);
    CHECK(model_access(1, DISK, 0x1000, true) == 0x800000);
    iommu_intel.detach_all(a);
    CHECK(model_dma(1, NET, 0x1000) != 0);
    iommu_intel.flush(a);
    iommu_intel.domain_free(a);
    a = domain(10); /* with the same id, perhaps */
    CHECK(iommu_intel.attach(a, NET) == 0 && model_dma(1, NET, 0x1000) != 0);
    CHECK(model_access(1, DISK, 0x1000, true) == 0x800000);
    iommu_intel.domain_free(b); /* takes back what is left */
    CHECK(model_dma(1, DISK, 0x1000) != 0);
}

static void map_without_tables_changes_nothing(void)
{
    struct iommu_domain *dom;

    boot();
    dom = domain(intel_units.levels + 1); /* the root, and one way down and a table more */
    CHECK(iommu_intel.map(dom, 0, 0x700, 1, true) == 0);
    CHECK(iommu_intel.attach(dom, DISK) == 0);
    CHECK(iommu_intel.map(dom, 1, 0x800, 1024 + 511, true) == -12);
    CHECK(model_dma(0, DISK, 0x1000) != 0);
    CHECK(iommu_intel.map(dom, 1, 0x800, 1023, true) == 0);
    CHECK(model_access(0, DISK, 0x3ff000, true) == 0xbfe000 && model_access(0, DISK, 0, true) == 0x700000);
    CHECK(iommu_intel.map(dom, intel_units.frame_limit - 1, 0x700, 2, true) == -12);
    CHECK(iommu_intel.map(dom, 1ull << 40, 0x700, 1, true) == -12);
}

/* Where nothing absent is remembered, new pages cost no order. */
static void map_orders_only_what_it_must(void)
{
    struct iommu_domain *dom;
    unsigned orders;

    boot();
    dom = domain(10);
    CHECK(iommu_intel.attach(dom, DISK) == 0);
    orders = model[0].orders;
    CHECK(iommu_intel.map(dom, 0, 0x700, 300, true) == 0 && model[0].orders == orders);
    CHECK(iommu_intel.map(dom, 299, 0x700, 300, true) == 0 && model[0].orders == orders + 1);
    iommu_intel.detach_all(dom);
    orders = model[0].orders;
    CHECK(iommu_intel.map(dom, 0, 0x700, 300, true) == 0 && model[0].orders == orders);
    iommu_intel.flush(dom);
    CHECK(model[0].orders == orders);
}

static void domain_ids_are_few(void)
{
    struct iommu_domain *dom[16];

    model[1].reg[CAP] &= ~7ull; /* 16, of which 0 is nobody's */
    boot();
    for (unsigned i = 1; i < 16; i++) {
        dom[i] = domain(10);
        CHECK(iommu_intel.attach(dom[i], (uint16_t)i) == 0 && model_dma(0, (uint16_t)i, 0) != 0);
    }
    CHECK(iommu_intel.domain_create(1, 10) == NULL);
    iommu_intel.domain_free(dom[7]);
    CHECK(iommu_intel.attach(domain(10), 7) == 0);
    CHECK(iommu_intel.domain_create(1, 10) == NULL);
}

/* Whoever cannot be told is dangerous: the page must not go anywhere. */
static void flush_without_answer_stops_the_machine(void)
{
    struct iommu_domain *dom;

    boot();
    dom = domain(10);
    CHECK(iommu_intel.map(dom, 1, 0x700, 1, true) == 0 && iommu_intel.attach(dom, DISK) == 0);
    model[1].answers = 0;
    CHECK(model_panics(iommu_intel.flush, dom));
    CHECK(strstr(model_panic, "does not answer any more") != NULL);
}

static void flush_goes_around_the_queue(void)
{
    struct iommu_domain *dom;

    boot();
    dom = domain(10);
    CHECK(iommu_intel.attach(dom, DISK) == 0);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK(iommu_intel.map(dom, 1, 0x700 + i, 1, true) == 0);
        CHECK(model_access(i & 1, DISK, 0x1000, true) == (0x700ull + i) << 12);
    }
}

/* -- interrupts ------------------------------------------------------------------------------------ */

#define ARRIVES(vector, apic_id) ((int)((vector) | (apic_id) << 8))

static void irq_route_arrives_from_its_device_alone(void)
{
    struct iommu_domain *dom;
    struct msi_message disk[2], net, again;

    boot();
    dom = domain(10);
    CHECK(iommu_intel.irq_route(dom, DISK, 0, 0x41, 1, &net) == -19);
    CHECK(iommu_intel.attach(dom, DISK) == 0 && iommu_intel.attach(dom, NET) == 0);
    CHECK(iommu_intel.irq_route(dom, DISK, 0, 0x41, 1, &disk[0]) == 0);
    CHECK(iommu_intel.irq_route(dom, DISK, 31, 0x42, 255, &disk[1]) == 0);
    CHECK(iommu_intel.irq_route(dom, NET, 0, 0x51, 3, &net) == 0);
    CHECK(iommu_intel.irq_route(dom, NET, 1, 0x52, 256, &again) == -19); /* no such CPU can be named */
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_interrupt(unit, DISK, disk[0].addr, disk[0].data) == ARRIVES(0x41, 1));
        CHECK(model_interrupt(unit, DISK, disk[1].addr, disk[1].data) == ARRIVES(0x42, 255));
        CHECK(model_interrupt(unit, NET, net.addr, net.data) == ARRIVES(0x51, 3));
        CHECK(model_interrupt(unit, NET, disk[0].addr, disk[0].data) == -1);
        CHECK(model_interrupt(unit, DISK + 1, disk[0].addr, disk[0].data) == -1);
        /* What a hostile device may make of its message. */
        for (uint32_t data = 0; data < 0x20000; data++) {
            CHECK(model_interrupt(unit, DISK, disk[0].addr, data) ==
                  (data == 0 ? ARRIVES(0x41, 1) : data == 31 ? ARRIVES(0x42, 255) : -1));
        }
        CHECK(model_interrupt(unit, DISK, 0xfee01000, 0x41) == -1);
    }
    CHECK(disk[0].addr == disk[1].addr); /* MSI has one address for all of a function's */
    CHECK(iommu_intel.irq_route(dom, DISK, 0, 0x43, 2, &again) == 0);
    CHECK(again.addr == disk[0].addr && again.data == disk[0].data);
    CHECK(model_interrupt(1, DISK, again.addr, again.data) == ARRIVES(0x43, 2));
    iommu_intel.irq_refuse(dom, DISK, 31);
    CHECK(model_interrupt(1, DISK, disk[1].addr, disk[1].data) == -1);
    CHECK(model_interrupt(1, DISK, again.addr, again.data) == ARRIVES(0x43, 2));
    iommu_intel.detach(dom, DISK);
    CHECK(model_interrupt(1, DISK, again.addr, again.data) == -1);
    CHECK(model_interrupt(1, NET, net.addr, net.data) == ARRIVES(0x51, 3));
    iommu_intel.irq_refuse(dom, DISK, 0);
    CHECK(iommu_intel.attach(dom, 0x77) == 0); /* has the place now */
    CHECK(model_interrupt(1, DISK, again.addr, again.data) == -1 && model_interrupt(1, 0x77, again.addr, again.data) == -1);
}

static void irq_route_without_remapping_is_refused(void)
{
    struct iommu_domain *dom;
    struct msi_message message;

    acpi_info.dmar.remaps_interrupts = false;
    boot();
    dom = domain(10);
    CHECK(iommu_intel.attach(dom, DISK) == 0);
    CHECK(iommu_intel.irq_route(dom, DISK, 0, 0x41, 1, &message) == -19);
    iommu_intel.irq_refuse(dom, DISK, 0);
    iommu_intel.detach(dom, DISK);
}

static void irq_entries_for_every_device_and_no_more(void)
{
    struct iommu_domain *dom = NULL;
    struct msi_message message;
    unsigned i;

    boot();
    for (i = 0; i < 2047; i++) {
        dom = i % 4 == 0 ? domain(10) : dom;
        CHECK(iommu_intel.attach(dom, (uint16_t)i) == 0);
    }
    CHECK(iommu_intel.irq_route(dom, 2046, 31, 0x41, 1, &message) == 0);
    CHECK(model_interrupt(0, 2046, message.addr, message.data) == ARRIVES(0x41, 1));
    CHECK(iommu_intel.attach(dom, 2047) == -28);
    iommu_intel.detach(dom, 2046);
    CHECK(iommu_intel.attach(dom, 2047) == 0);
}

static void pin_arrives_from_its_ioapic_alone(void)
{
    uint64_t edge = 3ull << 56 | 0x31, level = 1ull << 56 | 0xa0cf, pin = 0;

    boot();
    CHECK(iommu_ioapic_entry(2, 4, &edge) == 0 && iommu_ioapic_entry(2, 9, &level) == 0);
    for (unsigned unit = 0; unit < 2; unit++) {
        CHECK(model_pin(unit, IOAPIC, edge) == ARRIVES(0x31, 3));
        CHECK(model_pin(unit, IOAPIC, level) == (ARRIVES(0xcf, 1) | 1 << 17));
        CHECK(model_pin(unit, DISK, edge) == -1);
        CHECK(model_pin(unit, IOAPIC, 3ull << 56 | 0x31) == -1); /* as it was without */
    }
    CHECK(level & 1u << 13); /* low: the pin's own */
    edge = 0x32;
    CHECK(iommu_ioapic_entry(2, 4, &edge) == 0 && model_pin(1, IOAPIC, edge) == ARRIVES(0x32, 0));
    CHECK(iommu_ioapic_entry(5, 4, &edge) == -2);
    for (unsigned i = 10; i < 40; i++) {
        CHECK(iommu_ioapic_entry(2, i, &pin) == 0);
    }
    CHECK(iommu_ioapic_entry(2, 40, &pin) == -28);
}

static void pin_without_remapping_is_as_it_is(void)
{
    uint64_t entry = 3ull << 56 | 0x31;

    acpi_info.dmar.remaps_interrupts = false;
    boot();
    CHECK(iommu_ioapic_entry(2, 4, &entry) == 0 && entry == (3ull << 56 | 0x31));
}

#define ON(change, name) { #name " " #change, in_own_process, NULL, NULL, &(struct one){ name, change } }
#define ON_EVERY(name)                                                                             \
    CASE(name), ON(three_levels, name), ON(remembers_what_is_absent, name), ON(looks_into_no_cache, name),             \
    ON(holds_writes_back, name), ON(snoops, name), ON(all_at_once, name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EVERY(init_quarantines_every_device),
        ON(firmware_says_no, init_without_interrupts),
        ON(a_unit_cannot, init_without_interrupts),
        ON(an_ioapic_is_unknown, init_without_interrupts),
        ON_EVERY(init_takes_over_from_firmware),
        CASE(init_queue_that_never_empties_stops_the_boot),
        CASE(init_silent_unit_stops_the_boot),
        CASE(init_unit_that_falls_silent_stops_the_boot),
        CASE(init_no_registers_stops_the_boot),
        CASE(init_no_queue_stops_the_boot),
        CASE(init_no_drain_stops_the_boot),
        CASE(init_units_without_common_tables_stop_the_boot),
        CASE(init_listed_devices_are_enough),
        CASE(init_device_behind_no_unit_stops_the_boot),
        CASE(init_bus_behind_no_bridge_stops_the_boot),
        CASE(drain_shows_each_and_counts),
        CASE(drain_goes_on_after_an_overflow),
        CASE(drain_begins_with_the_oldest),
        CASE(decode_names_reasons),
        ON_EVERY(attach_reaches_what_is_mapped_alone),
        CASE(attach_twice_is_refused),
        ON_EVERY(unmap_and_flush_before_reuse),
        ON_EVERY(detach_back_into_quarantine),
        CASE(map_without_tables_changes_nothing),
        ON(three_levels, map_without_tables_changes_nothing),
        CASE(map_orders_only_what_it_must),
        CASE(domain_ids_are_few),
        CASE(flush_without_answer_stops_the_machine),
        ON_EVERY(flush_goes_around_the_queue),
        ON_EVERY(irq_route_arrives_from_its_device_alone),
        CASE(irq_route_without_remapping_is_refused),
        CASE(irq_entries_for_every_device_and_no_more),
        ON_EVERY(pin_arrives_from_its_ioapic_alone),
        CASE(pin_without_remapping_is_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
