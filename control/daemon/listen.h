/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways in. Neither returns but by an error. */
#ifndef CONTROL_LISTEN_H
#define CONTROL_LISTEN_H

#include "roles.h"

/** The serial line: a 16550 at an I/O port. Whoever holds it has the role that the measured file gives the line. */
int listen_serial(const struct roles *roles, unsigned short port, struct attest_error *err);

/** A unix socket in place of the line, for tests. */
int listen_unix(const struct roles *roles, const char *path, struct attest_error *err);

/** TLS on a TCP port, a process for each connection. Until the host is enrolled, connections are closed. */
int listen_tls(const struct roles *roles, const char *address, const char *port, struct attest_error *err);

#endif
