/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's IOMMUs (VT-d, legacy mode). One root table, shared by all units, has a context table for each of the 256 buses of segment
 * 0, and these an entry for every function. In quarantine the entry is absent: every access is refused and recorded. Devices that
 * firmware does not mention, and that are plugged in later, are in it too. Devices may not ask for translations themselves.
 * Source: D51397 rev. 3.4, 3.4 (Mapping Devices to Domains), 9.1 (Root Entry), 9.3 (Context Entry).
 */
#include "intel.h"

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>

struct context {
    uint64_t word[2];
};
#define DEVICES 65536u
#define DEVICES_OF_BUS 256u
#define CONTEXTS_ORDER 8u /* 1 MiB, a page for each bus */
BUILD_ASSERT(sizeof(struct context) * DEVICES == PAGE_SIZE << CONTEXTS_ORDER);
BUILD_ASSERT(sizeof(struct context) * DEVICES_OF_BUS == PAGE_SIZE);
#define ROOT0_PRESENT 1ull
#define CONTEXT0_PRESENT 1ull /* T 00b: only requests that are not translated yet */
#define CONTEXT1_WIDTH(levels) ((uint64_t)(levels) - 2)
#define CONTEXT1_ID(id) ((uint64_t)(id) << 8)

static struct context *contexts; /* owned; index: device */

static bool is_described(void)
{
    return acpi_info.dmar.unit_count != 0;
}

/* -- devices --------------------------------------------------------------------------------------- */

static bool is_ioapic(uint16_t device)
{
    for (unsigned i = 0; i < acpi_info.dmar.ioapic_count; i++) {
        if (acpi_info.dmar.ioapic[i].device == device) {
            return true;
        }
    }
    return false;
}

/* Absence is remembered, by some, under id 0 (6.1, Caching Mode). */
static void forget(uint16_t device, uint16_t id)
{
    const struct intel_order orders[] = {
        INTEL_ORDER_CONTEXT(device, id), INTEL_ORDER_CONTEXT(device, 0),
        INTEL_ORDER_TRANSLATIONS_OF(id), INTEL_ORDER_TRANSLATIONS_OF(0),
    };

    intel_order(orders, ARRAY_SIZE(orders));
}

/* The second half is 0 in quarantine alone: who sets it has the device, and then the first half, without which it means nothing. */
int intel_device_release(uint16_t device, uint16_t id, paddr_t root)
{
    struct context *c = &contexts[device];
    uint64_t quarantine = 0;

    if (is_ioapic(device) || !intel_scope_has(device)) {
        return -EPERM; /* its messages would pass as an I/O APIC's; nothing would hold it */
    }
    if (!__atomic_compare_exchange_n(&c->word[1], &quarantine, CONTEXT1_WIDTH(intel_units.levels) | CONTEXT1_ID(id), false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        return -EBUSY;
    }
    intel_written(c, sizeof(*c));
    write_once(c->word[0], root | CONTEXT0_PRESENT);
    intel_written(c, sizeof(*c));
    forget(device, id);
    return 0;
}

void intel_device_quarantine(uint16_t device, uint16_t id)
{
    struct context *c = &contexts[device];

    write_once(c->word[0], 0);
    intel_written(c, sizeof(*c));
    forget(device, id);
    __atomic_store_n(&c->word[1], 0, __ATOMIC_RELEASE);
    intel_written(c, sizeof(*c));
}

/* -- start ----------------------------------------------------------------------------------------- */

/* An I/O APIC that firmware does not name has no requester that its entries could be for: its pins would be dead. */
static bool ioapics_known(void)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;

    for (unsigned i = 0; i < acpi_info.ioapic_count; i++) {
        unsigned j = 0;

        while (j < dmar->ioapic_count && dmar->ioapic[j].id != acpi_info.ioapic[i].id) {
            j++;
        }
        if (j == dmar->ioapic_count) {
            return false;
        }
    }
    return true;
}

static paddr_t root_make(void)
{
    struct context *root = pages_alloc(0);

    contexts = pages_alloc(CONTEXTS_ORDER);
    if (root == NULL || contexts == NULL) {
        return 0;
    }
    for (unsigned bus = 0; bus < DEVICES / DEVICES_OF_BUS; bus++) {
        root[bus].word[0] = virt_to_maddr(contexts + bus * DEVICES_OF_BUS) | ROOT0_PRESENT;
    }
    intel_written(root, PAGE_SIZE);
    intel_written(contexts, PAGE_SIZE << CONTEXTS_ORDER);
    return virt_to_maddr(root);
}

static int init(bool *remaps_interrupts)
{
    const struct acpi_dmar *dmar = &acpi_info.dmar;
    paddr_t root, interrupts = 0;
    int ret;

    ret = intel_scope_check();
    ret = ret != 0 ? ret : intel_units_open();
    if (ret != 0) {
        return ret;
    }
    *remaps_interrupts = dmar->remaps_interrupts && intel_units.interrupts && ioapics_known();
    root = root_make();
    if (*remaps_interrupts) {
        interrupts = intel_irqs_init();
    }
    if (root == 0 || (*remaps_interrupts && interrupts == 0)) {
        pr_err("iommu: no memory for the tables of devices");
        return -ENOMEM;
    }
    if (dmar->rmrr_count != 0) {
        pr_warn("iommu: firmware asks for %u ranges that its devices may reach: not granted", dmar->rmrr_count);
    }
    return intel_units_start(root, interrupts);
}

const struct iommu_ops iommu_intel = {
    .name = "intel",
    .is_described = is_described,
    .init = init,
    .next_fault = intel_next_fault,
    .domain_create = intel_domain_create,
    .detach = intel_domain_detach,
    .detach_all = intel_domain_detach_all,
    .domain_free = intel_domain_free,
    .map = intel_domain_map,
    .unmap = intel_domain_unmap,
    .flush = intel_domain_flush,
    .attach = intel_domain_attach,
    .irq_route = intel_domain_irq_route,
    .irq_refuse = intel_domain_irq_refuse,
    .ioapic_entry = intel_ioapic_entry,
};
