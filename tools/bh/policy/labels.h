/* SPDX-License-Identifier: Apache-2.0 */
/* Which object bears which label before anybody runs: initial SIDs, ports, memory, interrupts, devices. */
#ifndef BH_POLICY_LABELS_H
#define BH_POLICY_LABELS_H

#include "model.h"

struct label {
    const char *kind;      /* sid, ioport, iomem, pirq, pcidevice, devicetree */
    char *object, *context; /* owned */
};

struct labels {
    struct label *list;    /* in the order of the policy */
    size_t count;
};

void labels_collect(struct labels *l, const struct model *p);
void labels_free(struct labels *l);

#endif
