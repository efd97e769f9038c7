/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of a domain whose PCI functions come and go: to look for one, or to let one go. The two talk by nodes of its own
 * XenStore folder (driver-domains/README.md, "Functions that come and go"). The domain is not trusted: it gets a while, its answer
 * is one of a few words, and what is left afterwards is at most one question that it has not answered.
 */
#ifndef CONTROL_AGENT_H
#define CONTROL_AGENT_H

#include <stdint.h>

#include "../../driver-domains/common/store.h"

#define AGENT_DRIVER_MAX 32

enum agent_verb {
    AGENT_ATTACH, /* there is one more: find it, and a driver for it */
    AGENT_DETACH, /* let it go, if nobody uses it */
    AGENT_FORCE,  /* let it go */
};

enum agent_answer { AGENT_DONE, AGENT_BUSY, AGENT_FAILED, AGENT_SILENT };

/**
 * @param slot    device number on the domain's own bus
 * @param ms      how long it may take
 * @param driver  out: with AGENT_DONE and AGENT_ATTACH the name of its driver, a plain word; else empty
 * @return enum agent_answer; -errno of XenStore
 */
int agent_ask(struct store *store, uint32_t domid, enum agent_verb verb, unsigned int slot, unsigned int ms,
              char driver[AGENT_DRIVER_MAX]);

#endif
