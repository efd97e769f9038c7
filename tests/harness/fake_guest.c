/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <xen/errno.h>
#include <xen/guest_access.h>

vaddr_t fake_fault_first, fake_fault_last;
unsigned fake_copies;

static bool faults(vaddr_t a, size_t size)
{
    return a < 0x10000 ||
           (size != 0 && fake_fault_last != 0 && a <= fake_fault_last && a + size > fake_fault_first);
}

int copy_from_guest(void *dst, vaddr_t src, size_t size)
{
    fake_copies++;
    if (size == 0) {
        return 0;
    }
    if (faults(src, size)) {
        return -EFAULT;
    }
    memcpy(dst, (const void *)src, size);
    return 0;
}

int copy_to_guest(vaddr_t dst, const void *src, size_t size)
{
    fake_copies++;
    if (size == 0) {
        return 0;
    }
    if (faults(dst, size)) {
        return -EFAULT;
    }
    memcpy((void *)dst, src, size);
    return 0;
}
