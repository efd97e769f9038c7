/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IOMMU: what devices may reach by DMA, and whom they may interrupt. From iommu_init() on every device is in
 * quarantine: it reaches no memory at all, and no interrupt message of it arrives. What it tries is blocked by the hardware,
 * counted and logged. A driver is one constant table of operations, chosen at boot by what firmware describes.
 *
 * Not here yet: giving a device to a domain, which needs tables that follow the domain's p2m.
 */
#ifndef XEN_IOMMU_H
#define XEN_IOMMU_H

#include <xen/types.h>

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

struct iommu_ops {
    const char *name; /* its word in the protection event: amd */
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
};
extern const struct iommu_ops iommu_amd;

/**
 * Choose by firmware's tables and the word iommu= of the command line, start, and say so in one line. Panics when an
 * IOMMU is wanted (iommu=on) or described, and cannot be had. ACPI tables, time and timers are there already.
 */
void iommu_init(void);
/** The word for the protection event: none, amd. Constant after iommu_init(). */
const char *iommu_name(void);
/** Are interrupt messages of devices blocked unless remapped? Constant after iommu_init(). */
bool iommu_remaps_interrupts(void);
/** Count and log what devices tried since the last call; every second by a timer. Boot CPU only. */
void iommu_drain(void);

#endif
