/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the files of this folder. */
#ifndef DRIVERS_PCI_PRIVATE_H
#define DRIVERS_PCI_PRIVATE_H

/* Arguments for "%02x:%02x.%x". */
#define PCI_NAME(id) (id) >> 8, (id) >> 3 & 31, (id) & 7

#endif
