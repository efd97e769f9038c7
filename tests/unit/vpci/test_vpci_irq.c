/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a domain's devices: MSI and MSI-X as the domain programs them, what the device holds, and the bounds on what arrives. */
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "fake.h"
#include <asm/cpu.h>
#include <xen/device_irq.h>
#include <xen/pci.h>
#include <xen/time.h>

#include "../../../xen/common/vpci/vpci_private.h"

#define ONES 0xffffffffu
#define GUEST_ADDR 0xfee02000u
#define GUEST_DATA 0x41u

static struct bus_function *bus_of(enum world_function f)
{
    return bus_find(WORLD_ID(f));
}

/* -- MSI ------------------------------------------------------------------------------------------- */

#define EDU_MSI 0x40u
#define ODD_MSI 0x48u

static void edu_msi(void)
{
    world_start(1u << WORLD_EDU);
    guest_write(1, EDU_MSI + 4, 4, GUEST_ADDR);
    guest_write(1, EDU_MSI + 12, 2, GUEST_DATA);
    guest_write(1, EDU_MSI + 2, 2, 1);
    CHECK(guest_read(1, EDU_MSI + 2, 2) == 0x81);
    world_check();
}

static void msi_arrives_where_the_domain_said(void)
{
    edu_msi();
    CHECK(bus_get(bus_of(WORLD_EDU), EDU_MSI + 2, 2) == 0x81);
    CHECK(bus_get(bus_of(WORLD_EDU), EDU_MSI + 4, 4) == WORLD_MESSAGE_ADDR);
    CHECK(guest_read(1, EDU_MSI + 4, 4) == GUEST_ADDR && guest_read(1, EDU_MSI + 12, 4) == GUEST_DATA);
    CHECK(world_raise(WORLD_ID(WORLD_EDU), 0) && world_messages == 1);
    CHECK(world_last.addr == GUEST_ADDR && world_last.data == GUEST_DATA);
    guest_write(1, EDU_MSI + 4, 4, ONES);
    guest_write(1, EDU_MSI + 8, 4, ONES);
    guest_write(1, EDU_MSI + 12, 4, ONES);
    world_check();
    CHECK(guest_read(1, EDU_MSI + 4, 4) == ~3u && guest_read(1, EDU_MSI + 8, 4) == ONES);
    CHECK(guest_read(1, EDU_MSI + 12, 4) == 0xffff);
    CHECK(world_raise(WORLD_ID(WORLD_EDU), 0) && world_last.addr == ~3ull && world_last.data == 0xffff);
    guest_write(1, EDU_MSI + 2, 2, 0);
    CHECK(!world_raise(WORLD_ID(WORLD_EDU), 0) && world_messages == 2 && world_d->device_irq_count == 0);
    world_check();
    world_end();
}

static void msi_has_one_message(void)
{
    world_start(1u << WORLD_EDU | 1u << WORLD_ODD);
    for (unsigned slot = 1; slot <= 2; slot++) { /* the second can do 32 */
        unsigned at = guest_cap(slot, PCI_CAP_MSI);

        CHECK((guest_read(slot, at + 2, 2) & 0x7e) == 0);
        guest_write(slot, at + 2, 2, 0x71);
        CHECK((guest_read(slot, at + 2, 2) & 0x7f) == 1);
        CHECK((bus_get(bus_of(slot == 1 ? WORLD_EDU : WORLD_ODD), at + 2, 2) & 0x71) == 1);
        world_check();
    }
    world_end();
}

static void msi_with_masks_masks_the_device(void)
{
    world_start(1u << WORLD_ODD);
    CHECK(guest_read(1, ODD_MSI + 2, 2) == 0x100);
    guest_write(1, ODD_MSI + 12, 4, ONES);
    CHECK(guest_read(1, ODD_MSI + 12, 4) == 1 && bus_get(bus_of(WORLD_ODD), ODD_MSI + 12, 4) == 1);
    guest_write(1, ODD_MSI + 12, 4, 0);
    CHECK(guest_read(1, ODD_MSI + 12, 4) == 0 && bus_get(bus_of(WORLD_ODD), ODD_MSI + 12, 4) == 0);
    guest_write(1, ODD_MSI + 16, 4, ONES); /* pending */
    CHECK(guest_read(1, ODD_MSI + 16, 4) == 0);
    world_check();
    world_end();
}

/* What a device says of its registers after it was looked at moves nothing. */
static void msi_of_a_device_that_changes_its_mind(void)
{
    edu_msi();
    bus_put(bus_of(WORLD_EDU), EDU_MSI + 2, 2, 0x171);
    guest_write(1, EDU_MSI + 8, 4, 1);
    guest_write(1, EDU_MSI + 12, 4, 0x99);
    CHECK(guest_read(1, EDU_MSI + 2, 2) == 0x81 && bus_get(bus_of(WORLD_EDU), EDU_MSI + 16, 4) == 0);
    CHECK(bus_get(bus_of(WORLD_EDU), EDU_MSI + 4, 4) == WORLD_MESSAGE_ADDR);
    guest_write(1, EDU_MSI + 2, 2, 0);
    CHECK(bus_get(bus_of(WORLD_EDU), EDU_MSI + 2, 2) == 0x100 || !(bus_get(bus_of(WORLD_EDU), EDU_MSI + 2, 2) & 1));
    world_end();
}

static void no_remapping_no_interrupt(void)
{
    world_start(1u << WORLD_EDU | 1u << WORLD_NVME);
    world_remaps = false;
    for (unsigned i = 0; i < 100; i++) {
        guest_write(1, EDU_MSI + 2, 2, 1);
    }
    CHECK(guest_read(1, EDU_MSI + 2, 2) == 0x80 && !(bus_get(bus_of(WORLD_EDU), EDU_MSI + 2, 2) & 1));
    CHECK(strstr(fake_log, "no interrupt") != NULL && strstr(strstr(fake_log, "no interrupt") + 1, "no interrupt") == NULL);
    guest_write(2, 0x42, 2, 0x8000);
    CHECK(world_d->device_irq_count == 0);
    world_check();
    world_end();
}

/* -- MSI-X ----------------------------------------------------------------------------------------- */

#define NVME_MSIX 0x40u
#define NVME_BAR 0xc0000000ull
#define NVME_TABLE (NVME_BAR + 0x2000)
#define ENABLE 0x8000u
#define MASK_ALL 0x4000u

static uint32_t *host_entry(unsigned n)
{
    return bus_mapped(0x1000002000ull + 16 * n);
}

static void nvme(unsigned control)
{
    world_start(1u << WORLD_NVME);
    guest_write(1, PCI_COMMAND, 2, 6);
    guest_write(1, NVME_MSIX + 2, 2, control);
    CHECK(guest_read(1, NVME_MSIX + 2, 2) == (control | 31));
    world_check();
}

static void entry(unsigned n, uint32_t addr, uint32_t data, uint32_t control)
{
    vpci_memory_write(world_d, NVME_TABLE + 16 * n, 4, addr);
    vpci_memory_write(world_d, NVME_TABLE + 16 * n + 4, 4, 0);
    vpci_memory_write(world_d, NVME_TABLE + 16 * n + 8, 4, data);
    vpci_memory_write(world_d, NVME_TABLE + 16 * n + 12, 4, control);
    world_check();
}

static bool raised(unsigned n)
{
    unsigned before = world_messages;

    (void)world_raise(WORLD_ID(WORLD_NVME), n);
    return world_messages == before + 1;
}

static void msix_entries_arrive_as_written(void)
{
    nvme(ENABLE);
    for (unsigned n = 0; n < 32; n++) {
        entry(n, GUEST_ADDR, 0x40 + n, 0);
        CHECK(host_entry(n)[0] == WORLD_MESSAGE_ADDR && host_entry(n)[3] == 0);
        CHECK(raised(n) && world_last.data == 0x40 + n);
        CHECK(vpci_memory_read(world_d, NVME_TABLE + 16 * n + 8, 4) == 0x40 + n);
        CHECK(vpci_memory_read(world_d, NVME_TABLE + 16 * n + 9, 1) == 0);
        CHECK(vpci_memory_read(world_d, NVME_TABLE + 16 * n, 2) == (GUEST_ADDR & 0xffff));
    }
    for (unsigned n = 32; n < 256; n++) { /* there is none, or it is not shown */
        entry(n, GUEST_ADDR, 0x40, 0);
        CHECK(vpci_memory_read(world_d, NVME_TABLE + 16 * n, 4) == 0);
        CHECK(n >= 65 || (host_entry(n)[0] == 0 && host_entry(n)[3] == 1));
    }
    CHECK(world_d->device_irq_count == 32);
    world_end();
}

static void msix_in_any_order(void)
{
    nvme(0);
    entry(1, GUEST_ADDR, 0x51, 0); /* before it is on */
    CHECK(host_entry(1)[2] == 0 && !raised(1));
    guest_write(1, NVME_MSIX + 2, 2, ENABLE | MASK_ALL);
    CHECK(world_d->device_irq_count == 0 && !raised(1));
    world_check();
    guest_write(1, NVME_MSIX + 2, 2, ENABLE);
    CHECK(raised(1) && world_last.data == 0x51);
    world_check();
    entry(1, GUEST_ADDR, 0x52, 1);
    CHECK(host_entry(1)[3] == 1);
    entry(1, GUEST_ADDR, 0x53, 0);
    CHECK(host_entry(1)[3] == 0 && raised(1) && world_last.data == 0x53);
    guest_write(1, NVME_MSIX + 2, 2, ENABLE | MASK_ALL);
    CHECK(bus_get(bus_of(WORLD_NVME), NVME_MSIX + 2, 2) >> 14 == 3);
    guest_write(1, NVME_MSIX + 2, 2, 0);
    CHECK(!raised(1) && world_d->device_irq_count == 0 && host_entry(1)[3] == 1);
    CHECK(vpci_memory_read(world_d, NVME_TABLE + 16 + 8, 4) == 0x53); /* its own words stay */
    guest_write(1, NVME_MSIX + 2, 2, ENABLE);
    CHECK(raised(1));
    world_check();
    world_end();
}

static void table_takes_aligned_words_alone(void)
{
    nvme(ENABLE);
    entry(0, GUEST_ADDR, 0x41, 0);
    vpci_memory_write(world_d, NVME_TABLE + 8, 1, 0x99);
    vpci_memory_write(world_d, NVME_TABLE + 8, 2, 0x9999);
    vpci_memory_write(world_d, NVME_TABLE + 9, 4, 0x9999);
    vpci_memory_write(world_d, NVME_TABLE + 10, 4, 0x9999);
    CHECK(vpci_memory_read(world_d, NVME_TABLE + 8, 4) == 0x41);
    CHECK(vpci_memory_read(world_d, NVME_TABLE + 9, 4) == ONES && vpci_memory_read(world_d, NVME_TABLE + 9, 2) == 0xffff);
    world_check();
    world_end();
}

static void pending_bits_are_read_from_the_device(void)
{
    world_start(1u << WORLD_NIC);
    guest_write(1, PCI_COMMAND, 2, 2);
    bus_mapped(0xfe240800)[0] = 0x15;
    CHECK(vpci_memory_read(world_d, guest_read(1, PCI_BAR(3), 4) + 0x800, 4) == 0x15);
    vpci_memory_write(world_d, guest_read(1, PCI_BAR(3), 4) + 0x800, 4, ONES);
    CHECK(bus_mapped(0xfe240800)[0] == 0x15);
    bus_mapped(0xfe240800)[0] = 0;
    CHECK(vpci_memory_read(world_d, guest_read(1, PCI_BAR(3), 4) + 0x808, 4) == 0); /* between, and behind: nothing */
    CHECK(vpci_memory_read(world_d, guest_read(1, PCI_BAR(3), 4) + 0x50, 4) == 0);
    world_check();
    world_end();
}

static void one_of_msi_and_msix(void)
{
    unsigned msi, msix;

    world_start(1u << WORLD_NIC);
    msi = guest_cap(1, PCI_CAP_MSI);
    msix = guest_cap(1, PCI_CAP_MSIX);
    guest_write(1, msi + 2, 2, 1);
    guest_write(1, msix + 2, 2, ENABLE);
    CHECK((guest_read(1, msi + 2, 2) & 1) && !(guest_read(1, msix + 2, 2) & ENABLE));
    world_check();
    guest_write(1, msi + 2, 2, 0);
    guest_write(1, msix + 2, 2, ENABLE);
    guest_write(1, msi + 2, 2, 1);
    CHECK(!(guest_read(1, msi + 2, 2) & 1) && (guest_read(1, msix + 2, 2) & ENABLE));
    world_check();
    world_end();
}

static void taken_away_while_enabled(void)
{
    nvme(ENABLE);
    entry(3, GUEST_ADDR, 0x41, 0);
    CHECK(world_raise_only(WORLD_ID(WORLD_NVME), 3));
    vpci_remove(world_d, 0);
    world_run_cpus();
    CHECK(world_messages == 0 && !world_routed(WORLD_ID(WORLD_NVME), 3) && world_d->device_irq_count == 0);
    world_check();
    world_end();
}

/* -- what arrives ---------------------------------------------------------------------------------- */

static void storm_is_held_and_becomes_one(void)
{
    unsigned let = 0;

    edu_msi();
    fake_now_step_ns = 0;
    for (unsigned i = 0; i < 10000; i++) {
        let += world_raise(WORLD_ID(WORLD_EDU), 0);
    }
    CHECK(let == DEVICE_IRQ_PER_MS + 1 && world_messages == DEVICE_IRQ_PER_MS);
    world_check();
    world_pass(NS_PER_MS - 1);
    CHECK(!world_raise(WORLD_ID(WORLD_EDU), 0) && world_messages == DEVICE_IRQ_PER_MS);
    world_pass(1);
    CHECK(world_messages == DEVICE_IRQ_PER_MS + 1 && world_routed(WORLD_ID(WORLD_EDU), 0));
    for (let = 0; world_raise(WORLD_ID(WORLD_EDU), 0); let++) {
        CHECK(let <= DEVICE_IRQ_PER_MS);
    }
    world_check();
    world_end();
}

static void interrupts_below_the_bound_all_arrive(void)
{
    edu_msi();
    fake_now_step_ns = 0;
    for (unsigned ms = 0; ms < 100; ms++) {
        for (unsigned i = 0; i < DEVICE_IRQ_PER_MS; i++) {
            CHECK(world_raise(WORLD_ID(WORLD_EDU), 0));
        }
        world_pass(NS_PER_MS);
    }
    CHECK(world_messages == 100 * DEVICE_IRQ_PER_MS);
    world_end();
}

/* Thirty-two interrupts do not give a device thirty-two times as much. */
static void storm_of_many_is_bounded_together(void)
{
    unsigned let = 0;

    nvme(ENABLE);
    for (unsigned n = 0; n < 32; n++) {
        entry(n, GUEST_ADDR, 0x40 + n, 0);
    }
    fake_now_step_ns = 0;
    for (unsigned i = 0; i < 3200; i++) {
        let += world_raise(WORLD_ID(WORLD_NVME), i % 32);
    }
    CHECK(let == DEVICE_IRQ_PER_MS_ALL + 32 && world_messages == DEVICE_IRQ_PER_MS_ALL);
    world_check();
    world_pass(NS_PER_MS);
    CHECK(world_messages == DEVICE_IRQ_PER_MS_ALL + 32);
    world_check();
    world_end();
}

static void interrupt_on_its_way_is_delivered_as_changed(void)
{
    edu_msi();
    CHECK(world_raise_only(WORLD_ID(WORLD_EDU), 0));
    guest_write(1, EDU_MSI + 12, 2, 0x77);
    world_run_cpus();
    CHECK(world_messages == 1 && world_last.data == 0x77);
    world_end();
}

static void interrupt_on_its_way_of_an_unbound_one_is_dropped(void)
{
    edu_msi();
    CHECK(world_raise_only(WORLD_ID(WORLD_EDU), 0));
    guest_write(1, EDU_MSI + 2, 2, 0);
    world_run_cpus();
    CHECK(world_messages == 0);
    guest_write(1, EDU_MSI + 2, 2, 1);
    CHECK(world_raise_only(WORLD_ID(WORLD_EDU), 0));
    guest_write(1, EDU_MSI + 2, 2, 0);
    guest_write(1, EDU_MSI + 2, 2, 1); /* the same vector, a new interrupt */
    world_run_cpus();
    CHECK(world_messages == 0);
    world_check();
    world_end();
}

static void unbound_while_held(void)
{
    edu_msi();
    fake_now_step_ns = 0;
    while (world_raise(WORLD_ID(WORLD_EDU), 0)) {
    }
    guest_write(1, EDU_MSI + 2, 2, 0);
    world_check();
    world_messages = 0;
    world_pass(2 * NS_PER_MS);
    CHECK(world_messages == 0 && !world_routed(WORLD_ID(WORLD_EDU), 0));
    world_check();
    world_end();
}

static void vector_nobody_has_is_dropped(void)
{
    world_start(1u << WORLD_EDU);
    device_irq_arrived(VECTOR_DEVICE_FIRST);
    device_irq_arrived(VECTOR_DEVICE_LAST);
    world_run_cpus();
    world_end();
    edu_msi();
    device_irq_arrived(VECTOR_DEVICE_LAST);
    fake_cpu = 1;
    device_irq_arrived(VECTOR_DEVICE_LAST);
    world_run_cpus();
    CHECK(world_messages == 0);
    world_end();
}

static void domain_has_so_many_and_no_more(void)
{
    static struct device_irq irqs[DEVICE_IRQS_PER_DOMAIN + 1];
    struct msi_message guest = { GUEST_ADDR, GUEST_DATA }, host;

    world_start(1u << WORLD_EDU | 1u << WORLD_NVME | 1u << WORLD_NIC);
    for (unsigned i = 0; i < DEVICE_IRQS_PER_DOMAIN; i++) {
        CHECK(device_irq_bind(&irqs[i], world_d, WORLD_ID(i / IOMMU_IRQS_MAX), i % IOMMU_IRQS_MAX, guest, &host) == 0);
    }
    CHECK(device_irq_bind(&irqs[DEVICE_IRQS_PER_DOMAIN], world_d, WORLD_ID(2), 0, guest, &host) == -ENOSPC);
    device_irq_unbind(&irqs[5]);
    device_irq_unbind(&irqs[5]);
    CHECK(device_irq_bind(&irqs[5], world_d, WORLD_ID(2), 0, guest, &host) == 0);
    for (unsigned i = 0; i < DEVICE_IRQS_PER_DOMAIN; i++) {
        device_irq_unbind(&irqs[i]);
    }
    world_end();
}

/* Other domains on the CPU have taken all its vectors: another CPU has some. */
static void vectors_of_a_cpu_are_used_up(void)
{
    enum { VECTORS = VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1 };
    static struct device_irq irqs[2 * VECTORS + 1];
    struct msi_message guest = { GUEST_ADDR, GUEST_DATA }, host;
    unsigned on_other = 0;

    world_start(1u << WORLD_EDU);
    for (unsigned i = 0; i < 2 * VECTORS; i++) {
        world_d->device_irq_count = 0;
        CHECK(device_irq_bind(&irqs[i], world_d, WORLD_ID(WORLD_EDU), 0, guest, &host) == 0);
        CHECK((irqs[i].cpu == 1) == (i < VECTORS));
        on_other += irqs[i].cpu == 0;
    }
    world_d->device_irq_count = 0;
    CHECK(on_other == VECTORS);
    CHECK(device_irq_bind(&irqs[2 * VECTORS], world_d, WORLD_ID(WORLD_EDU), 0, guest, &host) == -ENOSPC);
    world_d->device_irq_count = 2 * VECTORS;
    for (unsigned i = 0; i < 2 * VECTORS; i++) {
        device_irq_unbind(&irqs[i]);
    }
    world_end();
}

static void bind_without_memory_enomem(void)
{
    static struct device_irq irq;
    struct msi_message guest = { GUEST_ADDR, GUEST_DATA }, host;

    world_start(1u << WORLD_EDU);
    cpu_count = 4;
    world_d->vcpu[0]->sched.cpu = 3; /* has had none: its table is to be made */
    fake_fail_alloc = 1;
    CHECK(device_irq_bind(&irq, world_d, WORLD_ID(WORLD_EDU), 0, guest, &host) == -ENOMEM);
    CHECK(irq.d == NULL && world_d->device_irq_count == 0);
    CHECK(device_irq_bind(&irq, world_d, WORLD_ID(WORLD_EDU), 0, guest, &host) == 0 && irq.cpu == 3);
    device_irq_unbind(&irq);
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
        CASE(msi_arrives_where_the_domain_said),
        CASE(msi_has_one_message),
        CASE(msi_with_masks_masks_the_device),
        CASE(msi_of_a_device_that_changes_its_mind),
        CASE(no_remapping_no_interrupt),
        CASE(msix_entries_arrive_as_written),
        CASE(msix_in_any_order),
        CASE(table_takes_aligned_words_alone),
        CASE(pending_bits_are_read_from_the_device),
        CASE(one_of_msi_and_msix),
        CASE(taken_away_while_enabled),
        CASE(storm_is_held_and_becomes_one),
        CASE(interrupts_below_the_bound_all_arrive),
        CASE(storm_of_many_is_bounded_together),
        CASE(interrupt_on_its_way_is_delivered_as_changed),
        CASE(interrupt_on_its_way_of_an_unbound_one_is_dropped),
        CASE(unbound_while_held),
        CASE(vector_nobody_has_is_dropped),
        CASE(domain_has_so_many_and_no_more),
        CASE(vectors_of_a_cpu_are_used_up),
        CASE(bind_without_memory_enomem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
