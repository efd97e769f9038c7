/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOMMU as the rest sees it: which driver, and what becomes of faults. A device that is driven by a hostile domain can
 * fault at any rate, so that a second's drain is bounded, shows a few faults, and counts the others.
 */
#include <xen/iommu.h>

#include <xen/cmdline.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/time.h>
#include <xen/timer.h>

#define SHOWN_MAX 8u      /* lines a drain */
#define DRAINED_MAX 4096u /* events a drain */

static const struct iommu_ops *const drivers[] = { &iommu_amd, &iommu_intel };

static const struct iommu_ops *ops; /* NULL: none; constant after iommu_init() */
static bool remaps_interrupts;      /* same */
static bool is_decided;             /* iommu_init() was called */
static uint64_t fault_count;        /* boot CPU only */
static struct timer timer;

static void poll(void *arg)
{
    (void)arg;
    iommu_drain();
    timer_set(&timer, time_now_ns() + NS_PER_S);
}

static const struct iommu_ops *find_driver(void)
{
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(drivers); i++) {
        if (drivers[i]->is_described()) {
            return drivers[i];
        }
    }
    return NULL;
}

void iommu_init(void)
{
    const struct iommu_ops *found = find_driver();
    int ret;

    is_decided = true;
    if (options.iommu == IOMMU_NONE) {
        pr_warn("iommu=none: DMA of devices is not held back");
        return;
    }
    if (found == NULL) {
        if (options.iommu == IOMMU_REQUIRED) {
            panic("boot: iommu=on: firmware describes none");
        }
        pr_warn("iommu: none: firmware describes none; DMA of devices is not held back");
        return;
    }
    ret = found->init(&remaps_interrupts);
    if (ret != 0) {
        panic("boot: the IOMMU (%s) cannot be used (error %d): iommu=none does without", found->name, -ret);
    }
    ops = found;
    pr_info("iommu: %s, every device in quarantine, interrupt messages %s", ops->name,
            remaps_interrupts ? "too" : "not: firmware does not tell all I/O APICs");
    timer_init(&timer, poll, NULL);
    timer_set(&timer, time_now_ns() + NS_PER_S);
}

const char *iommu_name(void)
{
    return ops != NULL ? ops->name : "none";
}

bool iommu_remaps_interrupts(void)
{
    return remaps_interrupts;
}

int iommu_prepare(struct domain *d)
{
    struct p2m *p = &d->p2m;
    int ret = 0;

    if (ops == NULL) {
        return -ENODEV;
    }
    write_lock(&p->lock);
    if (p->iommu != NULL || p->table_pages > 1) {
        ret = -EINVAL; /* its tables would not know of what is mapped */
    } else {
        p->iommu = ops->domain_create(d->id, p->table_limit);
        ret = p->iommu != NULL ? 0 : -ENOMEM;
    }
    write_unlock(&p->lock);
    return ret;
}

int iommu_attach(struct domain *d, uint16_t device)
{
    int ret;

    write_lock(&d->p2m.lock);
    ASSERT(d->p2m.iommu != NULL);
    ret = ops->attach(d->p2m.iommu, device);
    write_unlock(&d->p2m.lock);
    return ret;
}

void iommu_detach(struct domain *d, uint16_t device)
{
    write_lock(&d->p2m.lock);
    d->p2m.iommu->ops->detach(d->p2m.iommu, device);
    write_unlock(&d->p2m.lock);
}

int iommu_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry)
{
    ASSERT(is_decided); /* an entry made before would be refused later */
    return ops != NULL && ops->ioapic_entry != NULL ? ops->ioapic_entry(ioapic_id, pin, entry) : 0;
}

static void show(const struct iommu_fault *f)
{
    pr_warn("iommu: blocked: device %02x:%02x.%x: %s address 0x%llx (%016llx %016llx)", f->device >> 8,
            f->device >> 3 & 31, f->device & 7, f->what, (unsigned long long)f->addr,
            (unsigned long long)f->raw[0], (unsigned long long)f->raw[1]);
}

void iommu_drain(void)
{
    struct iommu_fault fault;
    unsigned count = 0;
    unsigned notes = 0;

    if (ops == NULL) {
        return;
    }
    while (count < DRAINED_MAX && ops->next_fault(&fault, &notes)) {
        if (count++ < SHOWN_MAX) {
            show(&fault);
        }
    }
    fault_count += count;
    if (count == 0 && (notes & IOMMU_UNLOGGED)) {
        fault_count++;
        pr_warn("iommu: blocked: accesses that the hardware did not log, %llu faults or more since boot",
                (unsigned long long)fault_count);
    }
    if (count > SHOWN_MAX || (notes & IOMMU_LOST)) {
        pr_warn("iommu: %u faults not shown%s, %llu since boot", count > SHOWN_MAX ? count - SHOWN_MAX : 0,
                notes & IOMMU_LOST ? ", and others lost" : "", (unsigned long long)fault_count);
    }
}
