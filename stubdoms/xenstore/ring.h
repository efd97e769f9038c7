/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring protocol between a domain and the server, over a page that the domain can write at any
 * time. Our indexes are private; the peer's are read once and checked. A peer that breaks the
 * protocol gets its reason in the ring's error field and is not served until it asks for
 * reconnection.
 */
#ifndef XENSTORE_RING_H
#define XENSTORE_RING_H

#include "server.h"

/** Requests handled for one connection before it is another one's turn. */
#define TURN_REQUESTS 8u

/** Start serving a connection over @page. */
void connection_attach(struct connection *c, struct xenstore_domain_interface *page);

/** Stop using the page; the connection goes back to CONNECTION_NEW with nothing of its state. */
void connection_detach(struct connection *c);

/**
 * Read and handle some requests and write out what fits.
 *
 * @return whether there is more that can be done now
 */
bool connection_turn(struct connection *c);

/** Take turns among the connections that are waiting; returns whether any still is. */
bool server_run(struct server *s);

#endif
