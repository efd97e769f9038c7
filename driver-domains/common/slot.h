/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place on the domain's PCI bus, by the kernel's sysfs. What is asked here may take long, or for ever where a device does not
 * answer its driver: it runs in a process of its own (functions.c).
 */
#ifndef DRIVER_DOMAINS_SLOT_H
#define DRIVER_DOMAINS_SLOT_H

#include <stddef.h>

#ifndef SLOT_SYSFS /* a test has its own */
#define SLOT_SYSFS "/sys"
#endif
#define SLOT_MAX 31
#define SLOT_DRIVER_MAX 32

enum slot_result {
    SLOT_DONE,
    SLOT_BUSY,   /* a disk behind it is mounted or served */
    SLOT_FAILED, /* told on stderr */
};

/** Have the kernel look for a function that is new in this place, and wait a little for a driver. */
enum slot_result slot_attach(unsigned int slot);

/** Have the kernel let go of what is in this place; nothing there is no mistake. @param force  even if it is in use */
enum slot_result slot_detach(unsigned int slot, int force);

/** Name of the driver that has it. @return 0; -1 none */
int slot_driver(unsigned int slot, char name[SLOT_DRIVER_MAX]);

#endif
