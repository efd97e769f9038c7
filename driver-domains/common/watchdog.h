/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain's watchdog: while process 1 runs, it says so. When it does not, or the kernel does not, the hypervisor ends the
 * domain with reason watchdog, and restarts it if its description says so.
 */
#ifndef DRIVER_DOMAINS_WATCHDOG_H
#define DRIVER_DOMAINS_WATCHDOG_H

/** Start it: it runs out after so many seconds without watchdog_pet(). @return 0; -1 with errno */
int watchdog_start(const char *seconds);

/** It is well. No effect when none was started. */
void watchdog_pet(void);

/** Seconds within which watchdog_pet() is to be called again; at most 60. */
int watchdog_wait(void);

#endif
