/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failing on purpose, for tests of what becomes of the others. The kernel's command line, which is measured, says it:
 * fault=crash:<seconds> has the kernel panic so long after the start of process 1, fault=hang:<seconds> has that process stop.
 * Nothing else can bring it about.
 */
#ifndef DRIVER_DOMAINS_FAULT_H
#define DRIVER_DOMAINS_FAULT_H

/** Read the command line. */
void fault_init(void);

/** Fail if it is time. */
void fault_run(void);

/** Seconds until then; at most 60. */
int fault_wait(void);

#endif
