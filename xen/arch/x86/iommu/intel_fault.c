/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The records of what units have blocked. Source: D51397 rev. 3.4, 7.1.3 and 7.2 (fault conditions), 7.3.1 (Primary Fault
 * Logging), 11.4.9 (Fault Status Register), 11.4.14 (Fault Recording Registers).
 */
#include "intel_unit.h"

#include <asm/io.h>
#include <xen/lib.h>

#define REG_STATUS 0x34u /* FSTS; written back to clear */
#define STATUS_LOST (1u << 0)
#define STATUS_PENDING (1u << 1)
#define STATUS_FIRST(status) ((status) >> 8 & 0xff)
#define STATUS_CLEAR 0xfdu
#define REG_CONTROL 0x38u /* FECTL */
#define CONTROL_MASKED (1u << 31) /* no interrupt */

#define USED_AT 12u /* bit 127 of a record; written back to clear */
#define USED (1u << 31)

/* Bits of a record's second half; the first is an address, or an interrupt's handle in its top bits. */
#define RECORD_USED (1ull << 63)
#define RECORD_DEVICE 0xffffull
#define RECORD_REASON(half) ((unsigned)((half) >> 32) & 0xff)
#define HANDLE_SHIFT 48
#define REASON_INTERRUPTS 0x20u

/* By reason: of requests for memory, and from REASON_INTERRUPTS on for interrupts. */
static const char *const reasons[] = {
    [0x01] = "root entry not present",
    [0x02] = "context entry not present",
    [0x03] = "context entry invalid",
    [0x04] = "address beyond the tables",
    [0x05] = "write not permitted",
    [0x06] = "read not permitted",
    [0x07] = "table address invalid",
    [0x08] = "root table address invalid",
    [0x09] = "context table address invalid",
    [0x0a] = "reserved bit in root entry",
    [0x0b] = "reserved bit in context entry",
    [0x0c] = "reserved bit in table entry",
    [0x0d] = "translated request",
    [0x20] = "interrupt: reserved bit in message",
    [0x21] = "interrupt: handle beyond the table",
    [0x22] = "interrupt: entry not present",
    [0x23] = "interrupt: table address invalid",
    [0x24] = "interrupt: reserved bit in entry",
    [0x25] = "interrupt: not in remappable format",
    [0x26] = "interrupt: of another device",
};

bool intel_fault_decode(const uint64_t record[2], struct iommu_fault *fault)
{
    unsigned reason = RECORD_REASON(record[1]);
    const char *what = reason < ARRAY_SIZE(reasons) ? reasons[reason] : NULL;

    if (!(record[1] & RECORD_USED)) {
        return false;
    }
    *fault = (struct iommu_fault){
        .device = (uint16_t)(record[1] & RECORD_DEVICE),
        .what = what != NULL ? what : "unknown reason",
        .addr = reason >= REASON_INTERRUPTS ? record[0] >> HANDLE_SHIFT : record[0] & PAGE_MASK,
        .raw = { record[0], record[1] },
    };
    return true;
}

static volatile uint8_t *record_at(const struct intel_unit *u, unsigned i)
{
    return u->regs + INTEL_CAP_FAULTS_AT(u->cap) + i * INTEL_FAULT_SIZE;
}

static bool record_is_used(const struct intel_unit *u, unsigned i)
{
    return readl(record_at(u, i) + USED_AT) & USED;
}

static void record_clear(const struct intel_unit *u, unsigned i)
{
    writel(record_at(u, i) + USED_AT, USED);
}

/* Firmware's faults are not ours. */
void intel_faults_start(struct intel_unit *u)
{
    writel(u->regs + REG_CONTROL, CONTROL_MASKED);
    for (unsigned i = 0; i < INTEL_CAP_FAULTS(u->cap); i++) {
        record_clear(u, i);
    }
    writel(u->regs + REG_STATUS, STATUS_CLEAR);
    u->fault_next = INTEL_CAP_FAULTS(u->cap); /* anywhere */
}

/* Records are used one after the other, around; after a pause the unit says where it went on. */
static bool record_take(struct intel_unit *u, uint32_t status, struct iommu_fault *fault)
{
    unsigned count = INTEL_CAP_FAULTS(u->cap);

    if (u->fault_next >= count || !record_is_used(u, u->fault_next)) {
        u->fault_next = STATUS_FIRST(status) % count;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned at = u->fault_next;
        uint64_t record[2] = { readq(record_at(u, at)), readq(record_at(u, at) + 8) };

        u->fault_next = (at + 1) % count;
        if (intel_fault_decode(record, fault)) {
            record_clear(u, at);
            return true;
        }
    }
    return false;
}

/* While STATUS_LOST stays set nothing more is recorded (7.3.1): it is cleared when there is room again. */
bool intel_next_fault(struct iommu_fault *fault, unsigned *notes)
{
    for (unsigned i = 0; i < intel_unit_count; i++) {
        uint32_t status = readl(intel_unit[i].regs + REG_STATUS);

        if ((status & STATUS_PENDING) && record_take(&intel_unit[i], status, fault)) {
            return true;
        }
        if (status & STATUS_LOST) {
            *notes |= IOMMU_LOST;
            writel(intel_unit[i].regs + REG_STATUS, STATUS_LOST);
        }
    }
    return false;
}
