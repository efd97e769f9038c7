/* SPDX-License-Identifier: Apache-2.0 */
/* The signed reference set of an image: reference.jws, and whose signature it is: signer.pem. */
#ifndef BH_BUILD_SIGN_H
#define BH_BUILD_SIGN_H

#include <stdbool.h>

#include "buf.h"
#include "diag.h"

#define SIGN_SUPERSEDES_MAX 64
#define SIGN_PROFILES_MAX 16

/* As on the command line. Nothing here comes from the clock, so that two builds give the same bytes. */
struct sign_options {
    const char *key;        /* --sign: PEM file; NULL: not signed, and then nothing else is given */
    const char *id;         /* --reference-id; NULL: the host's name and 12 digits of the components' digest */
    const char *not_before; /* --not-before; NULL: 1970 */
    const char *not_after;  /* --not-after */
    const char *overlap;    /* --overlap; NULL: 0 */
    const char *supersedes[SIGN_SUPERSEDES_MAX];
    unsigned int supersedes_count;
    const char *profiles[SIGN_PROFILES_MAX]; /* --firmware-profile: files of `bh attest ref firmware` */
    unsigned int profile_count;
};

/** Do these options go together, is each well formed, can the key sign? @return false after reporting */
bool sign_check(const struct sign_options *o, struct diag *diag);

/** What the options add to an image's inputs, one text; appended. */
void sign_words(const struct sign_options *o, struct buf *out);

/**
 * Make FOLDER/reference.jws of FOLDER/reference.json, a FOLDER/reference-NAME.jws for each profile, with its values and
 * an id of its own, and FOLDER/signer.pem.
 *
 * @param host  the host's name
 */
bool sign_write(const struct sign_options *o, const char *host, const char *folder, struct diag *diag);

#endif
