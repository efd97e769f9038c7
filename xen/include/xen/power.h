/* SPDX-License-Identifier: Apache-2.0 */
/* The end of the machine's work. */
#ifndef XEN_POWER_H
#define XEN_POWER_H

#include <xen/types.h>

void machine_power_off(void) noreturn_fn;
/** Reset, or halt when noreboot was asked for. */
void machine_restart(void) noreturn_fn;
void machine_stop_after_panic(void) noreturn_fn;

#endif
