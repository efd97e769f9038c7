/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the AMD IOMMU's event log. */
#ifndef X86_IOMMU_AMD_EVENT_H
#define X86_IOMMU_AMD_EVENT_H

#include <xen/iommu.h>

#define AMD_EVENT_SIZE 16u

/** Read an entry; false when nothing was written there since it was zeroed. */
bool amd_event_decode(const uint64_t entry[2], struct iommu_fault *fault) must_check;

#endif
