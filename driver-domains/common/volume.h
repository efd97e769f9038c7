/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logical volumes. Their layout is LVM's own affair: its tool, from Debian, activates them when the
 * image has it (the fragment storage/lvm.recipe).
 */
#ifndef DRIVER_DOMAINS_VOLUME_H
#define DRIVER_DOMAINS_VOLUME_H

#define VOLUME_NAME_MAX 160

/** Is it /dev/VG/LV, with names that LVM gives? `name` gets "VG/LV". */
int volume_name(const char *device, char name[VOLUME_NAME_MAX]);

/** Activate a volume. @return 0; -1 it is none, there is no tool, or the tool failed */
int volume_activate(const char *device);

#endif
