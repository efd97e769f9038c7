/* SPDX-License-Identifier: Apache-2.0 */
#include "roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct enrolled *)a)->host, ((const struct enrolled *)b)->host);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool says_other(const struct enrolled *a, const struct enrolled *b)
{
    return strcmp(a->verdict, b->verdict) != 0 || a->verdict_at != b->verdict_at || a->enrolled_at != b->enrolled_at ||
           memcmp(a->quote, b->quote, sizeof(a->quote)) != 0;
}

/* @return whether the file is there */
static bool look_at(const struct roster *r, struct enrolled *e, const char *host)
{
    struct attest_error err = {""};
    const struct enrolled *old;
    struct history *h;
    struct stat st;
    bool is_old;
    char *path;
    int rc;

    if (strlen(host) >= sizeof(e->host) || asprintf(&path, "%s/%s.json", r->folder, host) < 0) {
        return false;
    }
    rc = stat(path, &st);
    free(path);
    if (rc != 0) {
        return false;
    }
    snprintf(e->host, sizeof(e->host), "%s", host);
    old = r->list == NULL ? NULL : bsearch(e, r->list, r->count, sizeof(*e), by_name);
    if (old != NULL && is_same_file(&old->file, &st)) {
        *e = *old;
        return true;
    }
    e->file = st;
    e->readable = history_read(&h, r->folder, host, &err) == 0;
    if (!e->readable) {
        if (old != NULL) {
            strcpy(e->verdict, old->verdict);
        }
        fprintf(stderr, "bh attest: %s\n", err.text);
        return true;
    }
    memcpy(e->ek, h->ek, sizeof(e->ek));
    strcpy(e->verdict, h->verdict);
    e->verdict_at = h->verdict_at;
    e->enrolled_at = h->enrolled;
    if (h->quote_count > 0) {
        memcpy(e->quote, h->quote[h->quote_count - 1], sizeof(e->quote));
    }
    is_old = old != NULL && old->readable && !says_other(old, e);
    e->changed_ms = is_old ? old->changed_ms : stream_now_ms();
    e->told = is_old && old->told;
    history_free(h);
    return true;
}

int roster_refresh(struct roster *r, struct attest_error *err)
{
    struct enrolled *list;
    size_t count = 0;
    char **names;
    int n = history_list(r->folder, &names, err);

    if (n < 0) {
        return n;
    }
    list = calloc((size_t)n + 1, sizeof(*list));
    for (int i = 0; i < n; i++) {
        if (list != NULL && look_at(r, &list[count], names[i])) {
            count++;
        }
        free(names[i]);
    }
    free(names);
    if (list == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    qsort(list, count, sizeof(*list), by_name);
    free(r->list);
    r->list = list;
    r->count = count;
    return 0;
}

void roster_free(struct roster *r)
{
    free(r->list);
    r->list = NULL;
    r->count = 0;
}

int roster_find(const struct roster *r, const struct identity *id, const char **host, struct attest_error *err)
{
    const char *unreadable = NULL;

    *host = NULL;
    for (size_t i = 0; i < r->count; i++) {
        const struct enrolled *e = &r->list[i];

        unreadable = !e->readable && unreadable == NULL ? e->host : unreadable;
        if (!e->readable || memcmp(e->ek, id->ek, sizeof(e->ek)) != 0) {
            continue;
        }
        if (*host != NULL) {
            return attest_fail(err, -EEXIST, "its TPM is enrolled as %s and as %s; remove one of the files", *host, e->host);
        }
        *host = e->host;
    }
    if (*host != NULL) {
        return 0;
    }
    return unreadable == NULL ? attest_fail(err, -ENOENT, "its TPM is nobody's who is enrolled")
                              : attest_fail(err, -ENOENT, "its TPM may be that of %s, whose file cannot be read", unreadable);
}
