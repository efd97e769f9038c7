/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_START_H
#define XEN_START_H

#include <xen/types.h>

/** From entry code, on the boot CPU with the first page tables; never returns. */
void boot_main(uint32_t info, uint32_t magic);

#endif
