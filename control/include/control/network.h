/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one interface, eth0, of a domain whose image has no other program that could set it up. Its address comes from the host's
 * description, as a line "address A.B.C.D/BITS [GATEWAY]" of a measured file.
 */
#ifndef CONTROL_NETWORK_H
#define CONTROL_NETWORK_H

#include <netinet/in.h>

#include <attest/error.h>

struct network {
    struct in_addr address, mask, gateway; /* address 0: no network; gateway 0: none */
};

/**
 * The words of the line.
 * @param address  is cut at its slash
 * @param gateway  or NULL
 * @return NULL; or what is wrong with them
 */
const char *network_parse(struct network *n, char *address, const char *gateway);

/** Give eth0 its address, waiting for it to appear; nothing to do without one. @return 0; -errno with err */
int network_up(const struct network *n, struct attest_error *err);

/**
 * A TCP port that waits for connections.
 * @param address  one of this domain's, in numbers; NULL: any
 * @return a descriptor; -errno with err
 */
int network_listen(const char *address, const char *port, int backlog, struct attest_error *err);

#endif
