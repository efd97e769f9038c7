/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interfaces of Bulkhead's own, beside the Xen ABI. One hypercall, number 55:
 *   long bulkhead_op(unsigned int cmd, void *arg);
 */
#ifndef PUBLIC_BULKHEAD_H
#define PUBLIC_BULKHEAD_H

#ifndef __ASSEMBLY__
#include <stdint.h>
#endif

#define __HYPERVISOR_bulkhead_op 55 /* __HYPERVISOR_arch_7 */

/*
 * Read the measurement log (TCG crypto-agile). Returns the bytes copied, at most size; 0 at the end.
 * Errors: -EACCES policy, -EFAULT, -EINVAL (pad not zero, size above 64 KiB).
 */
#define BULKHEAD_log_read 1

#ifndef __ASSEMBLY__
struct bulkhead_log_read {
    uint64_t offset; /* in: bytes from the start of the log */
    uint64_t buffer; /* in: guest virtual address */
    uint32_t size;   /* in: bytes */
    uint32_t pad;    /* in: zero */
    uint64_t total;  /* out: length of the whole log */
};
#endif

#endif
