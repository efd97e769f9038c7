/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts that the AMD driver lets through, read from the tables as a unit reads them (48882 rev. 3, 2.2.2.1 and 2.2.5), which remembers
 * an entry until it is told to forget the device's.
 */
#include "model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/errno.h>

#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/iommu.h>
#include <xen/mm.h>

#define DISK 0x00fau
#define NIC 0x0018u

const struct iommu_ops iommu_intel = NO_DRIVER;
static const struct iommu_ops *const amd = &iommu_amd;

static void host(void)
{
    acpi_info.ioapic_count = 1;
    acpi_info.ioapic[0].id = 2;
    acpi_info.ivrs.ioapic_count = 1;
    acpi_info.ivrs.ioapic[0] = (struct acpi_ioapic_device){ .id = 2, .device = 0xa0 };
    acpi_info.ivrs.iommu_count = MODEL_UNITS;
    acpi_info.mcfg_addr = MODEL_MCFG;
    acpi_info.mcfg_bus_last = 255;
    for (unsigned i = 0; i < MODEL_UNITS; i++) {
        acpi_info.ivrs.iommu[i] = (struct acpi_iommu){
            .addr = MODEL_ADDR + i * sizeof(model[0].reg), .device = (uint16_t)(0x10 + i),
        };
        model[i].reg[0x30 / 8] = 1u << 6;
        model[i].answers = ~0u;
    }
}

struct arrival {
    bool arrives;
    uint8_t vector, apic_id;
};

/* What a unit remembers of entries, and when: a device's count of invalidations then. */
static struct {
    bool valid;
    uint16_t device, index;
    uint8_t forgotten;
    uint32_t entry;
} remembered[MODEL_UNITS][256];
static unsigned remembered_count[MODEL_UNITS];

static uint32_t entry_of(unsigned unit, uint16_t device, unsigned index, const uint64_t *dte)
{
    const uint32_t *table = maddr_to_virt(dte[2] & 0x000fffffffffffc0ull);
    unsigned i = 0;

    while (i < remembered_count[unit] && (remembered[unit][i].device != device || remembered[unit][i].index != index)) {
        i++;
    }
    if (i == remembered_count[unit]) {
        CHECK(remembered_count[unit]++ < 256);
        remembered[unit][i].valid = false;
    }
    if (!remembered[unit][i].valid || remembered[unit][i].forgotten != model[unit].irqs_forgotten[device]) {
        remembered[unit][i].valid = true;
        remembered[unit][i].device = device;
        remembered[unit][i].index = (uint16_t)index;
        remembered[unit][i].forgotten = model[unit].irqs_forgotten[device];
        remembered[unit][i].entry = table[index];
    }
    return remembered[unit][i].entry;
}

/* A device writes this to the range of messages. */
static struct arrival message(unsigned unit, uint16_t device, uint32_t data)
{
    const uint64_t *dte = (const uint64_t *)maddr_to_virt(model[unit].reg[0] & 0x000ffffffffff000ull) + 4 * device;
    struct arrival a = { .arrives = false };
    unsigned index = data & 0x7ff;
    uint32_t e;

    CHECK((dte[0] & 1) && (dte[2] & 1)); /* never as it is */
    CHECK((dte[2] >> 60 & 3) != 1);
    CHECK(!(dte[2] >> 56 & 7) && !(dte[2] >> 62)); /* no INIT, NMI, ExtINT, LINT0, LINT1 */
    if ((dte[2] >> 60 & 3) != 2 || index >= 1u << (dte[2] >> 1 & 15)) {
        return a;
    }
    e = entry_of(unit, device, index, dte);
    if (e & 1) {
        CHECK((e & 0xff0000fe) == 0); /* fixed, physical, edge */
        a = (struct arrival){ true, (uint8_t)(e >> 16), (uint8_t)(e >> 8) };
    }
    return a;
}

static struct iommu_domain *domain(uint16_t domid)
{
    struct iommu_domain *dom = amd->domain_create(domid, 10);

    CHECK(dom != NULL);
    return dom;
}

static void boot(void)
{
    CHECK(model_boot() && iommu_remaps_interrupts());
}

static void pins_of_ioapics_go_by_a_table(void)
{
    uint64_t entry = 0x0300000000002030ull; /* CPU 3, active low, vector 0x30 */
    struct arrival a;

    boot();
    CHECK(!message(0, 0xa0, 0x30).arrives && !message(0, 0xa0, 4).arrives);
    CHECK(iommu_ioapic_entry(2, 4, &entry) == 0 && (entry & 0x7ff) == 4 && (entry & 0x2000));
    a = message(0, 0xa0, entry & 0x7ff);
    CHECK(a.arrives && a.vector == 0x30 && a.apic_id == 3);
    CHECK(!message(0, 0xa0, 0x30).arrives && !message(0, DISK, 4).arrives);
    entry = 0x0100000000000055ull;
    CHECK(iommu_ioapic_entry(2, 4, &entry) == 0);
    a = message(0, 0xa0, 4);
    CHECK(a.arrives && a.vector == 0x55 && a.apic_id == 1);
    CHECK(iommu_ioapic_entry(7, 4, &entry) == -ENOENT); /* firmware has named no such */
    CHECK(amd->attach(domain(1), 0xa0) == -EPERM);
}

static void nothing_arrives_that_was_not_routed(void)
{
    boot();
    CHECK(amd->attach(domain(1), DISK) == 0);
    for (uint32_t data = 0; data < 0x10000; data++) { /* NMI, SMI, INIT, all vectors */
        CHECK(!message(0, DISK, data).arrives && !message(0, NIC, data).arrives);
        remembered_count[0] = 0;
    }
}

static void what_was_routed_arrives_there_alone(void)
{
    struct iommu_domain *a, *b;
    struct msi_message m, again;

    boot();
    a = domain(1);
    b = domain(2);
    CHECK(amd->attach(a, DISK) == 0 && amd->attach(b, NIC) == 0);
    CHECK(amd->irq_route(a, DISK, 5, 0x77, 3, &m) == 0);
    CHECK(m.addr >> 20 == 0xfee && (m.data & 0x7ff) == 5);
    for (unsigned unit = 0; unit < MODEL_UNITS; unit++) {
        struct arrival got = message(unit, DISK, m.data);

        CHECK(got.arrives && got.vector == 0x77 && got.apic_id == 3);
        CHECK(!message(unit, NIC, m.data).arrives && !message(unit, DISK, 4).arrives && !message(unit, DISK, 6).arrives);
        CHECK(!message(unit, DISK, 0x77).arrives);
    }
    CHECK(amd->irq_route(a, DISK, 5, 0x78, 1, &again) == 0 && again.addr == m.addr && again.data == m.data);
    CHECK(message(0, DISK, m.data).vector == 0x78 && message(1, DISK, m.data).apic_id == 1);
    CHECK(amd->irq_route(b, DISK, 0, 0x40, 0, &m) == -19); /* another's */
    CHECK(amd->irq_route(a, 0x1234, 0, 0x40, 0, &m) == -19);
    CHECK(amd->irq_route(a, DISK, 0, 0x40, 256, &m) == -19); /* beyond 8 bits: another CPU */
    CHECK(!message(0, DISK, 0).arrives);
    amd->irq_refuse(b, DISK, 5);
    CHECK(message(0, DISK, 5).arrives);
}

static void refused_is_refused_on_return(void)
{
    struct iommu_domain *a;
    struct msi_message m;

    boot();
    a = domain(1);
    CHECK(amd->attach(a, DISK) == 0);
    for (unsigned i = 0; i < IOMMU_IRQS_MAX; i++) {
        CHECK(amd->irq_route(a, DISK, i, (uint8_t)(0x40 + i), 0, &m) == 0 && message(0, DISK, m.data).arrives);
        CHECK(message(1, DISK, m.data).arrives);
    }
    amd->irq_refuse(a, DISK, 7);
    for (unsigned i = 0; i < IOMMU_IRQS_MAX; i++) {
        CHECK(message(0, DISK, i).arrives == (i != 7) && message(1, DISK, i).arrives == (i != 7));
    }
}

static void detached_sends_nothing_and_leaves_nothing(void)
{
    struct iommu_domain *a, *b;
    struct msi_message m;

    boot();
    a = domain(1);
    b = domain(2);
    CHECK(amd->attach(a, DISK) == 0 && amd->attach(a, NIC) == 0);
    CHECK(amd->irq_route(a, DISK, 1, 0x50, 0, &m) == 0 && amd->irq_route(a, NIC, 1, 0x51, 0, &m) == 0);
    CHECK(message(0, DISK, 1).arrives && message(0, NIC, 1).arrives);
    amd->detach(a, DISK);
    CHECK(!message(0, DISK, 1).arrives && message(0, NIC, 1).vector == 0x51);
    CHECK(amd->irq_route(a, DISK, 1, 0x50, 0, &m) == -19);
    CHECK(amd->attach(b, DISK) == 0 && !message(0, DISK, 1).arrives);
    amd->detach_all(a);
    CHECK(!message(1, NIC, 1).arrives);
}

/* Firmware does not tell of all I/O APICs: messages pass as they are, so that no device's can be routed. */
static void without_remapping_nothing_is_routed(void)
{
    struct iommu_domain *a;
    struct msi_message m;

    acpi_info.ivrs.ioapic[0].id = 3;
    CHECK(model_boot() && !iommu_remaps_interrupts());
    a = domain(1);
    CHECK(amd->attach(a, DISK) == 0 && amd->irq_route(a, DISK, 0, 0x40, 0, &m) == -19);
    amd->irq_refuse(a, DISK, 0);
}

struct one {
    void (*fn)(void);
};

static void in_own_process(void **state)
{
    const struct one *one = *state;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        host();
        one->fn();
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

#define CASE(name) { #name, in_own_process, NULL, NULL, &(struct one){ name } }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pins_of_ioapics_go_by_a_table),
        CASE(nothing_arrives_that_was_not_routed),
        CASE(what_was_routed_arrives_there_alone),
        CASE(refused_is_refused_on_return),
        CASE(detached_sends_nothing_and_leaves_nothing),
        CASE(without_remapping_nothing_is_routed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
