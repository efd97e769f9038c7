/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMON_TIMER_H
#define COMMON_TIMER_H

/** Boot: hook the softirq and the vector. */
void timers_init(void);

#endif
