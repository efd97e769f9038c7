/* SPDX-License-Identifier: Apache-2.0 */
/* Source: AMD I/O Virtualization Technology (IOMMU) Specification, 48882 rev. 3, 2.5 (Event Logging). */
#include "amd_event.h"

#include <xen/lib.h>

#define EVENT_DEVICE 0xffffull /* bits 15:0 of all kinds that are about a device */
#define EVENT_CODE_SHIFT 60

/* By event code, bits 63:60 of the first half; 2.5.2 to 2.5.13. */
static const char *const names[16] = {
    [1] = "ILLEGAL_DEV_TABLE_ENTRY", [2] = "IO_PAGE_FAULT",          [3] = "DEV_TAB_HARDWARE_ERROR",
    [4] = "PAGE_TAB_HARDWARE_ERROR", [5] = "ILLEGAL_COMMAND_ERROR",  [6] = "COMMAND_HARDWARE_ERROR",
    [7] = "IOTLB_INV_TIMEOUT",       [8] = "INVALID_DEVICE_REQUEST", [9] = "INVALID_PPR_REQUEST",
};

bool amd_event_decode(const uint64_t entry[2], struct iommu_fault *fault)
{
    const char *name = names[entry[0] >> EVENT_CODE_SHIFT];

    if (entry[0] == 0 && entry[1] == 0) {
        return false;
    }
    *fault = (struct iommu_fault){
        .device = (uint16_t)(entry[0] & EVENT_DEVICE),
        .what = name != NULL ? name : "unknown event",
        .addr = entry[1],
        .raw = { entry[0], entry[1] },
    };
    return true;
}
