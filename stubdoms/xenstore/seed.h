/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seed: which domains are served, which subtrees have which label, and the first nodes. It is a
 * measured module of the deployment; docs/formats.md ("XenStore seed") has its form. The first
 * mistake stops the reading: a store that is half seeded would be a different deployment.
 */
#ifndef XENSTORE_SEED_H
#define XENSTORE_SEED_H

#include "server.h"

struct seed_error {
    unsigned int line;               /* from 1 */
    char reason[160];
};

/**
 * Fill a new server from a seed.
 *
 * Domains get a connection without a ring, in the order of the lines.
 *
 * @param data   may hold anything; only read
 * @param error  out on failure: where and what
 * @return whether all of it was taken
 */
bool seed_load(struct server *s, const uint8_t *data, size_t size, struct seed_error *error);

#endif
