/* SPDX-License-Identifier: Apache-2.0 */
/* System time: nanoseconds since boot, the same on every CPU, from the TSC. */
#ifndef XEN_TIME_H
#define XEN_TIME_H

#include <xen/types.h>

#define NS_PER_US 1000ul
#define NS_PER_MS 1000000ul
#define NS_PER_S 1000000000ul

uint64_t time_now_ns(void);
/** Wall clock at boot, seconds since 1970 (from the RTC), for shared_info. */
uint64_t time_wallclock_boot_s(void);

#endif
