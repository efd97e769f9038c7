/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a build, in order, and what they share. */
#ifndef BH_BUILD_STEPS_H
#define BH_BUILD_STEPS_H

#include "debian.h"
#include "host.h"
#include "image.h"
#include "inputs.h"
#include "sign.h"

#define DEFAULT_EPOCH "1700000000" /* as the Makefile's */

struct build_options {
    const char *output;
    const char *build;
    const char *tree;
    const char *conf;
    const char *lock; /* NULL: TREE/debian.lock */
    bool update;      /* pin what the archive has now */
    bool force;
    bool quiet;
    bool check_only;
    const char *hypervisor; /* words for its command line, behind the description's; NULL: none */
    struct sign_options sign;
};

struct build {
    const struct build_options *options;
    struct diag diag;
    struct host host;
    struct image image;
    struct inputs inputs;
    struct debian debian;
    char *debian_cache;
    char *lock;   /* path of debian.lock */
    char *folder; /* of the description */
    char *output; /* DIR */
    char *part;   /* DIR.tmp */
    char *list;   /* DIR/.inputs */
};

struct build_step {
    const char *name; /* for the progress line; NULL: not worth one */
    bool (*run)(struct build *b); /* false after reporting to b->diag */
};

extern const struct build_step build_steps[];
extern const size_t build_step_count;

#endif
