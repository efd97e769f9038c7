/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ASM_TIME_H
#define ASM_TIME_H

#include <xen/types.h>

/** Measure TSC and local timer, read the RTC. */
void time_init(void);
uint64_t tsc_khz(void);
/** For pvclock: system time = ((tsc - base) << shift) * mul >> 32. */
void tsc_scale(uint64_t *base, uint32_t *mul, int8_t *shift);

#endif
