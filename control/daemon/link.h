/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The XenStore nodes of one device of one guest: a folder of the guest's, which its front end finds, and a folder of the
 * backend's domain. Owners and rights are those that the host's seed gives (tools/bh/build/seed.c): what a front end must not
 * change about itself belongs to domid 0, which no domain has. Writing them needs the store's `priv=` for this domain.
 *
 * Order: the backend's folder, then the guest's, `state` last in each: nothing is looked at before that is there.
 */
#ifndef CONTROL_LINK_H
#define CONTROL_LINK_H

#include <stdint.h>

#include <attest/error.h>

#include "../../driver-domains/common/store.h"

#define LINK_PATH_MAX 96

struct link {
    struct store *store;
    uint32_t guest, server, device;
    char front[LINK_PATH_MAX], back[LINK_PATH_MAX];
    int failed; /* errno of the first write that failed, or of a read but for ENOENT; nothing more is asked after it */
};

enum link_owner { LINK_FRONT, LINK_FIXED, LINK_BACK };

void link_init(struct link *l, struct store *store, const char *class, uint32_t guest, uint32_t server, uint32_t device);
/** Write a node with the rights of its owner; name "" is the folder. */
void link_node(struct link *l, enum link_owner owner, const char *name, const char *value);
void link_number(struct link *l, enum link_owner owner, const char *name, uint32_t value);
/** Is there such a device? @return 1, 0 or -errno */
int link_exists(struct link *l);
/** States of both ends (XenbusState*); 0 where there is none. */
void link_states(struct link *l, unsigned int *front, unsigned int *back);
/** Wait until both ends have the state, at most some ms. @return 0; -ETIMEDOUT, and l->failed if it is XenStore that fails */
int link_await(struct link *l, unsigned int state, unsigned int ms);
void link_remove(struct link *l);

#endif
