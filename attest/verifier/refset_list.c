/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several reference sets, and which of them count now. A set first needs a signature, then a whole
 * chain of components, then its time; a set that fails the first two is a mistake or an attack and
 * never passed over, one whose time is past or to come is what a folder of sets is full of.
 */
#include <attest/refset.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/utc.h>

#include "internal.h"

#define ENTRY_MAX 256

static void reject(struct refset_entry *e, enum verify_code code, const char *why)
{
    e->code = code;
    snprintf(e->why, sizeof(e->why), "%s", why);
}

static struct refset_entry *entry_new(struct refset_list *list, const char *source)
{
    struct refset_entry *more = realloc(list->entry, (list->count + 1) * sizeof(*more)), *e;

    if (more == NULL) {
        return NULL;
    }
    list->entry = more;
    e = &more[list->count];
    *e = (struct refset_entry){.source = strdup(source), .code = CODE_OK};
    if (e->source == NULL) {
        return NULL;
    }
    list->count++;
    return e;
}

int refset_list_add(struct refset_list *list, struct refset *set, const char *source)
{
    struct refset_entry *e = entry_new(list, source);

    if (e == NULL) {
        return -ENOMEM;
    }
    e->set = set;
    e->is_signed = true;
    e->not_after = set->not_after;
    return 0;
}

void refset_list_free(struct refset_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->entry[i].source);
        refset_free(list->entry[i].set);
    }
    free(list->entry);
    *list = (struct refset_list){.count = 0};
}

static void open_unsigned(struct refset_entry *e, const uint8_t *data, size_t size,
                          bool allow_unsigned)
{
    struct attest_error err = {""};

    e->set = refset_parse(data, size, &err);
    if (e->set == NULL) {
        reject(e, CODE_REFERENCE_MALFORMED, err.text);
    } else if (!allow_unsigned) {
        reject(e, CODE_REFERENCE_UNSIGNED, "nobody signed it");
    } else {
        reject(e, CODE_UNSIGNED_ALLOWED, "nobody signed it, and that is allowed");
    }
}

static void open_signed(struct refset_entry *e, const uint8_t *data, size_t size,
                        EVP_PKEY *const *signers, size_t signer_count)
{
    struct bytes payload = {NULL, 0};
    struct attest_error err = {""};
    size_t signer = 0;
    int rc = jws_verify((const char *)data, size, REFSET_TYPE, signers, signer_count, &payload,
                        &signer, &err);

    if (rc != 0) {
        reject(e, CODE_REFERENCE_SIGNATURE, err.text);
        return;
    }
    e->set = refset_parse(payload.data, payload.size, &err);
    if (e->set == NULL) {
        reject(e, CODE_REFERENCE_MALFORMED, err.text);
    } else if (e->set->not_after == INT64_MAX) { /* a plain list has no times to be held to */
        refset_free(e->set);
        e->set = NULL;
        reject(e, CODE_REFERENCE_MALFORMED, "a signed set has a name and times");
    }
    e->is_signed = true;
    if (key_id(signers[signer], e->signer) != 0) {
        e->signer[0] = '\0';
    }
    bytes_free(&payload);
}

static int read_file(struct refset_list *list, const char *path, EVP_PKEY *const *signers,
                     size_t signer_count, bool allow_unsigned, struct attest_error *err)
{
    struct refset_entry *e;
    uint8_t *data;
    size_t size, at = 0;

    if (list->count == ENTRY_MAX) {
        return attest_fail(err, -ENOENT, "more than %d reference sets", ENTRY_MAX);
    }
    if (file_read(path, JWS_MAX, &data, &size, err) != 0) {
        return -ENOENT;
    }
    e = entry_new(list, path);
    if (e == NULL) {
        free(data);
        return attest_fail(err, -ENOMEM, "no memory");
    }
    while (at < size && strchr(" \t\r\n", data[at]) != NULL && data[at] != '\0') {
        at++;
    }
    if (size == at) {
        reject(e, CODE_REFERENCE_EMPTY, "an empty file");
    } else if (data[at] == '{') {
        open_unsigned(e, data, size, allow_unsigned);
    } else {
        open_signed(e, data, size, signers, signer_count);
    }
    if (e->set != NULL) {
        e->not_after = e->set->not_after;
    }
    free(data);
    return 0;
}

static int is_set_file(const struct dirent *d)
{
    const char *dot = strrchr(d->d_name, '.');

    return d->d_name[0] != '.' && dot != NULL &&
           (strcmp(dot, ".json") == 0 || strcmp(dot, ".jws") == 0);
}

int refset_list_read(struct refset_list *list, const char *path, EVP_PKEY *const *signers,
                     size_t signer_count, bool allow_unsigned, struct attest_error *err)
{
    struct dirent **names = NULL;
    struct stat st;
    int n, rc = 0;

    if (stat(path, &st) != 0) {
        return attest_fail(err, -ENOENT, "%s: %s", path, strerror(errno));
    }
    if (!S_ISDIR(st.st_mode)) {
        return read_file(list, path, signers, signer_count, allow_unsigned, err);
    }
    n = scandir(path, &names, is_set_file, alphasort);
    if (n <= 0) {
        rc = attest_fail(err, -ENOENT, "%s: no .json or .jws file in it", path);
    }
    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (rc == 0 && asprintf(&file, "%s/%s", path, names[i]->d_name) >= 0) {
            rc = read_file(list, file, signers, signer_count, allow_unsigned, err);
            free(file);
        }
        free(names[i]);
    }
    free(names);
    return rc;
}

/* -- which count -------------------------------------------------------------------------------- */
bool refset_code_is_time(enum verify_code code)
{
    return code == CODE_REFERENCE_EXPIRED || code == CODE_REFERENCE_NOT_YET_VALID ||
           code == CODE_REFERENCE_SUPERSEDED;
}

static bool counts(const struct refset_entry *e)
{
    return e->code == CODE_OK || e->code == CODE_UNSIGNED_ALLOWED;
}

/* Trusted to say something, whatever its time. */
static bool is_trusted(const struct refset_entry *e)
{
    return e->set != NULL && (counts(e) || refset_code_is_time(e->code));
}

static void earlier(int64_t *end, int64_t other)
{
    *end = other < *end ? other : *end;
}

/* The same set issued twice ends when the first of the two does; another of that name is neither. */
static void judge_names(struct refset_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = i + 1; j < list->count; j++) {
            struct refset_entry *a = &list->entry[i], *b = &list->entry[j];

            if (a->set == NULL || b->set == NULL || a->not_after == INT64_MAX ||
                b->not_after == INT64_MAX || strcmp(a->set->id, b->set->id) != 0 ||
                a->code == CODE_REFERENCE_UNSIGNED || b->code == CODE_REFERENCE_UNSIGNED) {
                continue;
            }
            if (memcmp(a->set->digest, b->set->digest, 32) == 0) {
                earlier(&a->not_after, b->not_after);
                earlier(&b->not_after, a->not_after);
                continue;
            }
            reject(b, CODE_REFERENCE_CONFLICT, "another set has the same name");
            reject(a, CODE_REFERENCE_CONFLICT, "another set has the same name");
        }
    }
}

/* What cannot be remembered does not count: its end, or that of what it replaces, would be nobody's. */
#define NO_ROOM "this host's memory has no room for the names in it"

static void judge_against_history(struct refset_entry *e, struct history *h, int64_t now)
{
    struct history_set *record;

    if (h == NULL) {
        return;
    }
    record = history_set_of(h, e->set->id, true);
    if (record == NULL) {
        reject(e, CODE_REFERENCE_CONFLICT, NO_ROOM);
        return;
    }
    if (record->met == 0) {
        memcpy(record->digest, e->set->digest, 32);
        record->met = now;
    } else if (memcmp(record->digest, e->set->digest, 32) != 0) {
        reject(e, CODE_REFERENCE_CONFLICT, "this host knew another set by this name");
        return;
    }
    earlier(&record->met, now); /* by a clock that was ahead: overlaps would wait for that time */
    earlier(&record->ends, e->not_after);
    earlier(&e->not_after, record->ends);
}

/* When `by` began to count for the host. */
static int64_t begin_of(const struct refset_entry *by, struct history *h)
{
    const struct history_set *record = h == NULL ? NULL : history_set_of(h, by->set->id, false);

    return record != NULL && record->met != 0 ? record->met : by->set->not_before;
}

static int64_t plus(int64_t t, int64_t seconds)
{
    return t > INT64_MAX - seconds ? INT64_MAX : t + seconds;
}

/* What is replaced ends also when the host has not met it: it may be shown later, without what replaced it. */
static void supersede(struct refset_list *list, struct refset_entry *by, struct history *h,
                      int64_t now)
{
    int64_t end = plus(begin_of(by, h), by->set->overlap);

    for (size_t k = 0; k < by->set->supersedes_count; k++) {
        const char *id = by->set->supersedes[k];
        struct history_set *record = h == NULL ? NULL : history_set_of(h, id, true);

        if (record != NULL) {
            earlier(&record->ends, end);
        } else if (h != NULL) {
            reject(by, CODE_REFERENCE_CONFLICT, NO_ROOM);
        }
        for (size_t i = 0; i < list->count; i++) {
            struct refset_entry *old = &list->entry[i];
            char why[160], t[UTC_SIZE];

            if (is_trusted(old) && strcmp(old->set->id, id) == 0 && now >= end) {
                snprintf(why, sizeof(why), "%s replaces it, and their overlap ended %s", by->set->id,
                         utc_format(t, end));
                reject(old, CODE_REFERENCE_SUPERSEDED, why);
            }
        }
    }
}

void refset_list_judge(struct refset_list *list, struct history *h, int64_t now)
{
    char why[160], t[UTC_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        struct refset_entry *e = &list->entry[i];

        if (is_trusted(e) && !reference_is_whole(e->set->components)) {
            reject(e, CODE_REFERENCE_EMPTY, "no loader (PCR 4), files (9) or hypervisor events (21)");
        }
    }
    judge_names(list);
    for (size_t i = 0; i < list->count; i++) {
        struct refset_entry *e = &list->entry[i];

        if (!is_trusted(e)) {
            continue;
        }
        if (now < e->set->not_before) {
            snprintf(why, sizeof(why), "begins %s", utc_format(t, e->set->not_before));
            reject(e, CODE_REFERENCE_NOT_YET_VALID, why);
            continue;
        }
        if (e->is_signed) { /* the memory is of what somebody stood for */
            judge_against_history(e, h, now);
        }
        if (is_trusted(e) && now >= e->not_after) {
            snprintf(why, sizeof(why), "ended %s", utc_format(t, e->not_after));
            reject(e, CODE_REFERENCE_EXPIRED, why);
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        struct refset_entry *e = &list->entry[i];

        if (e->is_signed && is_trusted(e) && e->code != CODE_REFERENCE_NOT_YET_VALID) {
            supersede(list, e, h, now);
        }
    }
}
