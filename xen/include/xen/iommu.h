/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOMMU: what devices may reach by DMA, and whom they may interrupt. From iommu_init() on every device is in
 * quarantine: it reaches no memory at all, and no interrupt message of it arrives. What it tries is blocked by the hardware,
 * counted and logged. A driver is one constant table of operations, chosen at boot by what firmware describes.
 *
 * A device that is given to a domain leaves quarantine for the domain's own tables: it reaches the domain's RAM, and pages that
 * others have granted to the domain while that has them mapped, at the domain's frame numbers; nothing else: no foreign mapping,
 * no other device. p2m.c keeps the tables in step. Of its interrupt messages those arrive that were routed one by one (irq_route),
 * as the hypervisor wrote them down and not as the device says. When the domain ends it is in quarantine again before the first
 * page is given back.
 */
#ifndef XEN_IOMMU_H
#define XEN_IOMMU_H

#include <xen/types.h>

struct domain;

#define IOMMU_DEVICES_MAX 4 /* of a domain */
#define IOMMU_IRQS_MAX 32u  /* of a device */

/* What a device is to write, and where, to raise an interrupt: the contents of its MSI or MSI-X registers. */
struct msi_message {
    uint64_t addr;
    uint32_t data;
};

/* Something a device tried. */
struct iommu_fault {
    uint16_t device;    /* bus, device, function; segment 0 */
    const char *what;   /* the event's name in the vendor's specification */
    uint64_t addr;      /* as the device gave it; of what else the event is about, for some */
    uint64_t raw[2];    /* the event as the hardware wrote it */
};

/* What a unit says of faults that it has not logged. */
#define IOMMU_LOST 1u     /* it had no room for some */
#define IOMMU_UNLOGGED 2u /* it has refused accesses since the last time; nothing may be known of them */

/* What the devices of a domain reach; the driver's structure begins with it. */
struct iommu_domain {
    const struct iommu_ops *ops;
};

struct iommu_ops {
    const char *name; /* its word in the protection event: amd, intel */
    /** Does firmware describe one of this kind? */
    bool (*is_described)(void);
    /**
     * Take over every unit, with all devices in quarantine.
     * @param remaps_interrupts  out: devices' interrupt messages are blocked too
     * @return 0; -ENOMEM; -ENODEV no registers where firmware says; -EIO a unit does not answer; all are logged
     */
    int (*init)(bool *remaps_interrupts);
    /**
     * Take the oldest event out of the log, of any unit. Not called by two CPUs at once.
     * @param notes  out: IOMMU_LOST, IOMMU_UNLOGGED are added
     * @return false: there is none
     */
    bool (*next_fault)(struct iommu_fault *fault, unsigned *notes);

    /* All of one domain's calls come one at a time: under its p2m's lock, but for flush. */
    /** Tables that translate nothing. @param table_limit  pages they may take. @return NULL: no memory */
    struct iommu_domain *(*domain_create)(uint16_t domid, uint64_t table_limit);
    /** Take one back, into quarantine: it reaches nothing when this returns. Nothing happens when dom has it not. */
    void (*detach)(struct iommu_domain *dom, uint16_t device);
    /** Take all back; flush has nothing to do from then on. */
    void (*detach_all)(struct iommu_domain *dom);
    /** After detach_all; nobody else uses it any more. */
    void (*domain_free)(struct iommu_domain *dom);
    /** Translate count frames from dfn on, in place of whatever is there. @return 0; -ENOMEM, nothing has changed */
    int (*map)(struct iommu_domain *dom, uint64_t dfn, uint64_t mfn, uint64_t count, bool write);
    /** Translate one frame no more; devices may go on using it until flush() has returned. */
    void (*unmap)(struct iommu_domain *dom, uint64_t dfn);
    void (*flush)(struct iommu_domain *dom);
    /** Give it a device. @return 0; -EBUSY another has it; -EPERM never; -ENOSPC it has IOMMU_DEVICES_MAX; -ENOMEM */
    int (*attach)(struct iommu_domain *dom, uint16_t device);

    /* Calls for one device come one at a time, while it is attached; they may run beside all of the above but detach. */
    /**
     * Let interrupt number index of a device arrive, as vector on the CPU with this local APIC: fixed, edge-triggered. One that was
     * routed before changes at once. No other device can raise it, whatever it sends.
     * @param index    below IOMMU_IRQS_MAX
     * @param message  out: what the device is to send for it; the same for each route of this index
     * @return 0; -ENODEV this device is not attached to dom, or interrupts cannot be remapped
     */
    int (*irq_route)(struct iommu_domain *dom, uint16_t device, unsigned index, uint8_t vector, uint32_t apic_id,
                     struct msi_message *message);
    /** Refuse it again: what the device sends after this has returned does not arrive. Detaching does so for all. */
    void (*irq_refuse)(struct iommu_domain *dom, uint16_t device, unsigned index);

    /**
     * Let a pin of an I/O APIC interrupt the hypervisor. NULL: its entry is written as it is. At boot, or with the lock of device_irq.c.
     * @param entry  in and out: the pin's redirection entry; fixed, physical destination
     * @return 0; -ENOENT firmware does not name this I/O APIC; -ENOSPC too many pins
     */
    int (*ioapic_entry)(uint32_t ioapic_id, unsigned pin, uint64_t *entry);
};
extern const struct iommu_ops iommu_amd;
extern const struct iommu_ops iommu_intel;

/**
 * Choose by firmware's tables and the word iommu= of the command line, start, and say so in one line. Panics when an
 * IOMMU is wanted (iommu=on) or described, and cannot be had. ACPI tables, time and timers are there already.
 */
void iommu_init(void);
/** The word for the protection event: none, amd, intel. Constant after iommu_init(). */
const char *iommu_name(void);
/** Are interrupt messages of devices blocked unless remapped? Constant after iommu_init(). */
bool iommu_remaps_interrupts(void);
/**
 * Prepare d for devices, before it has memory.
 * @return 0; -ENODEV there is no IOMMU; -ENOMEM; -EINVAL d has memory already
 */
int iommu_prepare(struct domain *d) must_check;
/** Give d, prepared, a device; last before it starts. d's end takes it back. @return 0; -EBUSY, -EPERM, -ENOSPC as above */
int iommu_attach(struct domain *d, uint16_t device) must_check;
/** Take it back, into quarantine: it reaches nothing when this returns. */
void iommu_detach(struct domain *d, uint16_t device);
/** What to write into the redirection entry of an I/O APIC's pin, as above. Not before iommu_init(), which may change it. */
int iommu_ioapic_entry(uint32_t ioapic_id, unsigned pin, uint64_t *entry) must_check;
/** Count and log what devices tried since the last call; every second by a timer. Boot CPU only. */
void iommu_drain(void);

#endif
