/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel to each domain: its event channel and its ring page, which it granted us (grant 1).
 *
 * A domain of the seed that is not there yet, or that died and comes back, is tried again once a
 * second. What the hypervisor refuses by policy is not tried again.
 */
#ifndef XENSTORE_DOMAINS_H
#define XENSTORE_DOMAINS_H

#include "server.h"

/** Port of a domain's own end of its channel, by the builder's convention. */
#define STORE_PORT 1u

struct replug;

/**
 * Connect all domains of the seed, and watch over them from now on: when the hypervisor says that one has come or gone
 * (VIRQ_DOM_EXC), and once a second.
 */
void domains_start(struct server *s, struct replug *r);

/** Go on with connections that are re-made: after each turn. */
void domains_turn(struct server *s);

/* For struct server_ops. */
void domains_notify(void *arg, struct connection *c);
int domains_introduce(void *arg, struct connection *c, uint64_t gfn, uint32_t port);
void domains_release(void *arg, struct connection *c);

#endif
