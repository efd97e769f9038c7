/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of evidence by network have in common: ports, certificates, somebody in the middle. */
#ifndef TEST_WIRE_H
#define TEST_WIRE_H

#include <sys/types.h>

#include <attest/error.h>
#include <control/cert.h>

/** A TCP port of 127.0.0.1 that is free now. */
void wire_port(char port[8]);

/** A key and a certificate for it, of an authority or its own, in two files. @param key  out: or NULL */
X509 *wire_person(const char *name, enum cert_use use, X509 *by, EVP_PKEY *by_key, const char *cert_path, const char *key_path,
                  EVP_PKEY **key);

struct stream;

/** Frames of both directions, as they are, until either end is silent: a question from `asks`, its answer from `answers`. */
void wire_relay(struct stream *asks, struct stream *answers);

/** End a child. */
void wire_stop(pid_t *pid);

#endif
