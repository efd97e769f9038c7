/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_REFSET_H
#define ATTEST_REFSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include <attest/jose.h>
#include <attest/reference.h>
#include <attest/verify.h>

/*
 * A reference set: the components of one image of a host, from when to when they may be believed,
 * and who says so. A host is explained by one set as a whole or not at all.
 *
 * On disk it is JSON ("bulkhead-reference-2") while it is being made, and a JWS of exactly these
 * bytes, of type "bulkhead-reference", once signed. A plain "bulkhead-reference-1" file is a set
 * without name, times and signature.
 */

#define REFSET_TYPE "bulkhead-reference"
#define REFSET_ID_MAX 64
#define REFSET_SUPERSEDES_MAX 64
#define REFSET_OVERLAP_MAX (366 * 86400)

struct refset {
    char id[REFSET_ID_MAX + 1];       /* [A-Za-z0-9._-] */
    char firmware[REFSET_ID_MAX + 1]; /* of the same letters: name of the profile that its PCR values are, or "" */
    int64_t not_before, not_after;    /* seconds since 1970; valid from the first to before the last */
    int64_t overlap;                  /* seconds that the superseded ones go on being accepted */
    size_t supersedes_count;
    char (*supersedes)[REFSET_ID_MAX + 1];
    struct reference *components;
    uint8_t digest[32]; /* of the components: a set that changed under its name is noticed */
};

bool refset_id_is_valid(const char *id);
/** @return an empty set, to be freed; NULL without memory */
struct refset *refset_new(void);
void refset_free(struct refset *set);
/** Whether the rules between fields hold, and the digest, which it sets. @return 0; -EINVAL */
int refset_finish(struct refset *set, struct attest_error *err);
/** Once for each name. @return 0; -EINVAL no name, or more than REFSET_SUPERSEDES_MAX; -ENOMEM */
int refset_supersede(struct refset *set, const char *id, struct attest_error *err);

/** JSON of a set, of either form. @return NULL with err */
struct refset *refset_parse(const uint8_t *json, size_t size, struct attest_error *err);
/** @param out  JSON with a newline, to be freed. @return 0; -ENOMEM */
int refset_print(const struct refset *set, char **out, struct attest_error *err);
int refset_sign(const struct refset *set, EVP_PKEY *key, char **jws, struct attest_error *err);

/* What one file says, and whether it counts. */
struct refset_entry {
    char *source;     /* path */
    struct refset *set; /* NULL when it cannot be read or nobody trusted signed it */
    enum verify_code code; /* CODE_OK, CODE_UNSIGNED_ALLOWED: it counts */
    char why[256];
    bool is_signed;           /* by a trusted signer */
    char signer[KEY_ID_SIZE]; /* its key; "" unknown or unsigned */
    int64_t not_after;        /* the earliest end known for this name */
};

struct refset_list {
    size_t count;
    struct refset_entry *entry;
};

struct history;

/**
 * Read a file, or each file of a folder whose name ends in .json or .jws, in the order of names.
 * What is wrong with a set is in its entry.
 * @return 0; -ENOENT nothing there or unreadable; -ENOMEM
 */
int refset_list_read(struct refset_list *list, const char *path, EVP_PKEY *const *signers,
                     size_t signer_count, bool allow_unsigned, struct attest_error *err);
/** Add a set that is already trusted; owns it on success. @return 0; -ENOMEM */
int refset_list_add(struct refset_list *list, struct refset *set, const char *source);
void refset_list_free(struct refset_list *list);

/**
 * Decide which sets count now. A set that another supersedes ends `overlap` after the host's history
 * first met that other one, without history after its not-before; an end once known is never later. The end of a name is known
 * from then on whether the host ever met a set of that name or not; of the names that the superseded set supersedes itself,
 * nothing is known until that one is met.
 * @param h  may be NULL; else what was met and what ends when is noted in it
 */
void refset_list_judge(struct refset_list *list, struct history *h, int64_t now);

/** Whether a code is about a time that is not now: no failure when another set explains the host. */
bool refset_code_is_time(enum verify_code code);

#endif /* ATTEST_REFSET_H */
