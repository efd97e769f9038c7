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

/**
 * Put subtrees back as the seed has them: what is there goes, what the seed names comes, in one change that watches are
 * told of. Everything else stays.
 *
 * @param data   a seed that was loaded
 * @param tops   absolute paths of the subtrees
 * @return whether it is done; if not (memory is out), nothing has changed
 */
bool seed_restore(struct server *s, const uint8_t *data, size_t size, const char *const *tops, unsigned int count,
                  struct seed_error *error);

/** A node of the seed; the text has no NUL behind it. @return false: no more */
typedef bool seed_node_fn(void *arg, const char *path, size_t path_len, const char *value, size_t value_len);

/** Call @fn for each node of a seed that was loaded, in its order. @return false: fn has ended it */
bool seed_each(const uint8_t *data, size_t size, seed_node_fn *fn, void *arg);

#endif
