/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs about reference sets. None of them talks to a host. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/jose.h>
#include <attest/utc.h>

#include "firmware.h"
#include "internal.h"

static int write_out(const struct options *o, const char *text, struct attest_error *err)
{
    if (o->output != NULL) {
        return file_write(o->output, text, strlen(text), err);
    }
    return puts(text) < 0 || fflush(stdout) != 0
               ? attest_fail(err, -errno, "standard output: %s", strerror(errno))
               : 0;
}

/* A set for working on it, whoever signed it. */
static struct refset *read_set(const char *path, struct bytes *jws, struct attest_error *err)
{
    struct bytes payload = {NULL, 0};
    struct attest_error inner = {""};
    struct refset *set = NULL;
    uint8_t *data;
    size_t size;

    if (file_read(path, JWS_MAX, &data, &size, err) != 0) {
        return NULL;
    }
    if (size > 0 && data[0] != '{' &&
        jws_payload((const char *)data, size, &payload, &inner) == 0) {
        set = refset_parse(payload.data, payload.size, &inner);
        if (jws != NULL) {
            *jws = (struct bytes){data, size};
            data = NULL;
        }
    } else {
        set = refset_parse(data, size, &inner);
    }
    if (set == NULL) {
        attest_fail(err, -EINVAL, "%.100s: %.140s", path, inner.text);
    }
    bytes_free(&payload);
    free(data);
    return set;
}

/* "7=<64 hex>" */
static int add_pcr(struct refset *set, const char *text, struct attest_error *err)
{
    uint8_t digest[32];

    if (text[0] < '0' || text[0] > '7' || text[1] != '=' || hex_decode(digest, 32, text + 2) != 0) {
        return attest_fail(err, -EINVAL, "--pcr %.80s: expected 0 to 7, = and 64 hex digits", text);
    }
    return reference_add(set->components, "firmware", REFERENCE_PCR, (unsigned int)(text[0] - '0'),
                         digest, set->firmware, err);
}

static int set_word(char *out, const char *text, const char *option, struct attest_error *err)
{
    if (!refset_id_is_valid(text)) {
        return attest_fail(err, -EINVAL, "--%s %.70s: expected letters, digits, . _ -", option, text);
    }
    strcpy(out, text);
    return 0;
}

static int set_time(int64_t *out, const char *text, const char *option, struct attest_error *err)
{
    return utc_parse(text, out) == 0
               ? 0
               : attest_fail(err, -EINVAL, "--%s %.40s: expected UTC, 2026-01-31T12:00:00Z", option,
                             text);
}

/* A name; or, with a / in it, a file: the set there, and all that it replaced. */
static int add_superseded(struct refset *set, const char *text, struct attest_error *err)
{
    struct refset *old;
    int rc;

    if (strchr(text, '/') == NULL) {
        return refset_supersede(set, text, err);
    }
    old = read_set(text, NULL, err);
    if (old == NULL) {
        return -EINVAL;
    }
    rc = old->not_after == INT64_MAX ? attest_fail(err, -EINVAL, "--supersedes %.200s: a list without a name", text)
                                     : refset_supersede(set, old->id, err);
    for (size_t i = 0; rc == 0 && i < old->supersedes_count; i++) {
        rc = refset_supersede(set, old->supersedes[i], err);
    }
    refset_free(old);
    return rc;
}

static int fill(struct refset *set, const struct options *o, struct attest_error *err)
{
    int rc = set_word(set->id, o->id, "id", err);

    set->not_before = time(NULL);
    set->overlap = o->overlap_s;
    if (rc == 0 && o->not_before != NULL) {
        rc = set_time(&set->not_before, o->not_before, "not-before", err);
    }
    if (rc == 0) {
        rc = set_time(&set->not_after, o->not_after, "not-after", err);
    }
    if (rc == 0 && o->firmware != NULL) {
        rc = set_word(set->firmware, o->firmware, "firmware", err);
    }
    for (size_t i = 0; rc == 0 && i < o->supersedes.count; i++) {
        rc = add_superseded(set, o->supersedes.item[i], err);
    }
    for (size_t i = 0; rc == 0 && i < o->pcr.count; i++) {
        rc = add_pcr(set, o->pcr.item[i], err);
    }
    return rc == 0 ? refset_finish(set, err) : rc;
}

static int print_set(const struct options *o, const struct refset *set, struct attest_error *err)
{
    char *text = NULL;
    int rc = refset_print(set, &text, err);

    if (rc == 0) {
        rc = write_out(o, text, err);
    }
    free(text);
    return rc;
}

int cli_ref_make(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct refset *set;
    int rc;

    if (argc != 1 || o->id == NULL || o->not_after == NULL) {
        return cli_usage("ref make: one file, --id and --not-after are needed");
    }
    set = read_set(argv[0], NULL, &err);
    if (set == NULL) {
        return cli_error(&err);
    }
    rc = fill(set, o, &err);
    if (rc == 0) {
        rc = print_set(o, set, &err);
    }
    refset_free(set);
    return rc == 0 ? 0 : cli_error(&err);
}

/* -- firmware ------------------------------------------------------------------------------------- */
/* "7" */
static int pcrs_of(const struct options *o, uint32_t *pcrs, struct attest_error *err)
{
    *pcrs = o->pcr.count == 0 ? FIRMWARE_PCRS_USUAL : 0;
    for (size_t i = 0; i < o->pcr.count; i++) {
        const char *text = o->pcr.item[i];

        if (text[0] < '0' || text[0] > '7' || text[1] != '\0' || !(FIRMWARE_PCRS >> (text[0] - '0') & 1)) {
            return attest_fail(err, -EINVAL, "--pcr %.80s: expected 0 to 3, 6 or 7; 4 and 5 are of an image", text);
        }
        *pcrs |= 1u << (text[0] - '0');
    }
    return 0;
}

/* The log of a host whose TPM has signed what it says. @return 0; EXIT_FAIL, EXIT_NO_ANSWER or EXIT_USAGE after saying why */
static int log_of_host(const struct options *o, struct bytes *log, struct attest_error *err)
{
    struct evidence e = {.pcr_mask = 0};
    struct verdict v = {.count = 0};
    int rc = cli_evidence(o, &e, &v, err);

    if (rc != 0) {
        cli_error(err);
        rc = rc == -ETIMEDOUT ? EXIT_NO_ANSWER : EXIT_USAGE;
    }
    for (size_t i = 0; rc == 0 && i < v.count; i++) {
        const struct finding *f = &v.finding[i];

        if (verify_code_is_failure(f->code) && f->code != CODE_REFERENCE_EMPTY) { /* there is none yet */
            attest_fail(err, -EACCES, "%.40s: %s: %.160s", f->component, verify_code_name(f->code), f->found);
            cli_error(err);
            rc = EXIT_FAIL;
        }
    }
    if (rc == 0 && v.no_memory) {
        rc = cli_usage("no memory");
    }
    if (rc == 0) {
        *log = e.log;
        e.log = (struct bytes){NULL, 0};
    }
    verdict_free(&v);
    evidence_free(&e);
    return rc;
}

static int profile_out(const struct options *o, const struct bytes *bytes, uint32_t pcrs, struct attest_error *err)
{
    struct event_log log;
    struct verdict v = {.count = 0};
    struct refset *set = NULL;
    int rc = log_parse(&log, bytes->data, bytes->size, err);

    if (rc != 0) {
        return rc;
    }
    if (!check_firmware_log(&log, &v)) {
        rc = attest_fail(err, -EINVAL, "firmware-log: not the log that a hypervisor found, or changed since");
    }
    if (rc == 0) {
        set = firmware_profile(&log, o->name, pcrs, err);
        rc = set == NULL ? -EINVAL : print_set(o, set, err);
    }
    refset_free(set);
    verdict_free(&v);
    log_free(&log);
    return rc;
}

int cli_ref_firmware(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct bytes log = {NULL, 0};
    uint32_t pcrs;
    int rc;

    (void)argv;
    if (argc != 0 || o->name == NULL || (o->from_log == NULL) == (o->connect == NULL) ||
        (o->connect == NULL) != (o->ca.count == 0)) {
        return cli_usage("ref firmware: --name, and either --connect and --ca or --from-log are needed");
    }
    if (pcrs_of(o, &pcrs, &err) != 0) {
        return cli_error(&err);
    }
    if (o->from_log != NULL) {
        rc = file_read(o->from_log, LOG_SIZE_MAX, &log.data, &log.size, &err) == 0 ? 0 : cli_error(&err);
    } else {
        rc = log_of_host(o, &log, &err);
    }
    if (rc == 0 && profile_out(o, &log, pcrs, &err) != 0) {
        rc = cli_error(&err);
    }
    bytes_free(&log);
    return rc;
}

/* -- merge -------------------------------------------------------------------------------------- */
static bool same_component(const struct reference_component *a, const struct reference_component *b)
{
    return a->kind == b->kind && memcmp(a->sha256, b->sha256, 32) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->detail, b->detail) == 0;
}

/* The next component of a PCR from index i on, or count. */
static size_t next_of(const struct reference *r, unsigned int pcr, size_t i)
{
    while (i < r->count && r->component[i].pcr != pcr) {
        i++;
    }
    return i;
}

static bool same_pcr(const struct reference *a, const struct reference *b, unsigned int pcr)
{
    size_t i = next_of(a, pcr, 0), j = next_of(b, pcr, 0);

    while (i < a->count && j < b->count && same_component(&a->component[i], &b->component[j])) {
        i = next_of(a, pcr, i + 1);
        j = next_of(b, pcr, j + 1);
    }
    return i == a->count && j == b->count;
}

static int merge_into(struct refset *to, const struct refset *from, struct attest_error *err)
{
    int rc = 0;

    for (unsigned int pcr = 0; rc == 0 && pcr < 24; pcr++) {
        const struct reference *a = to->components, *b = from->components;
        size_t i = next_of(b, pcr, 0);

        if (i == b->count) {
            continue;
        }
        if (next_of(a, pcr, 0) < a->count) {
            if (!same_pcr(a, b, pcr)) {
                rc = attest_fail(err, -EINVAL, "%s has other components of PCR %u", from->id, pcr);
            }
            continue;
        }
        for (; rc == 0 && i < b->count; i = next_of(b, pcr, i + 1)) {
            const struct reference_component *c = &b->component[i];

            rc = reference_add(to->components, c->name, c->kind, c->pcr, c->sha256, c->detail, err);
        }
    }
    if (rc == 0 && from->firmware[0] != '\0') {
        if (to->firmware[0] != '\0' && strcmp(to->firmware, from->firmware) != 0) {
            return attest_fail(err, -EINVAL, "%s is of another firmware", from->id);
        }
        strcpy(to->firmware, from->firmware);
    }
    for (size_t i = 0; rc == 0 && i < from->supersedes_count; i++) {
        rc = refset_supersede(to, from->supersedes[i], err);
    }
    to->not_before = from->not_before > to->not_before ? from->not_before : to->not_before;
    to->not_after = from->not_after < to->not_after ? from->not_after : to->not_after;
    to->overlap = from->overlap < to->overlap ? from->overlap : to->overlap;
    return rc;
}

int cli_ref_merge(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct refset *all;
    int rc = 0;

    if (argc < 2 || o->id == NULL) {
        return cli_usage("ref merge: two or more files and --id are needed");
    }
    all = refset_new();
    if (all == NULL) {
        return cli_usage("no memory");
    }
    all->not_after = INT64_MAX;
    all->overlap = REFSET_OVERLAP_MAX;
    for (int i = 0; rc == 0 && i < argc; i++) {
        struct refset *set = read_set(argv[i], NULL, &err);

        rc = set == NULL ? -EINVAL : merge_into(all, set, &err);
        refset_free(set);
    }
    if (rc == 0 && all->not_after == INT64_MAX) {
        rc = attest_fail(&err, -EINVAL, "none of the files is a set with times: ref make one first");
    }
    if (rc == 0) {
        rc = set_word(all->id, o->id, "id", &err);
    }
    if (rc == 0) {
        rc = refset_finish(all, &err);
    }
    if (rc == 0) {
        rc = print_set(o, all, &err);
    }
    refset_free(all);
    return rc == 0 ? 0 : cli_error(&err);
}

/* -- sign, expire ------------------------------------------------------------------------------- */
static int sign_out(const struct options *o, const struct refset *set, EVP_PKEY *key,
                    struct attest_error *err)
{
    char *jws = NULL;
    int rc;

    if (set->not_after == INT64_MAX) {
        return attest_fail(err, -EINVAL, "a set needs a name and times first: ref make");
    }
    rc = refset_sign(set, key, &jws, err);
    if (rc == 0) {
        rc = write_out(o, jws, err);
    }
    free(jws);
    return rc;
}

int cli_ref_sign(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct refset *set = NULL;
    EVP_PKEY *key = NULL;
    int rc = -EINVAL;

    if (argc != 1 || o->key == NULL) {
        return cli_usage("ref sign: one file and --key are needed");
    }
    key = key_read_private(o->key, &err);
    set = key == NULL ? NULL : read_set(argv[0], NULL, &err);
    if (set != NULL) {
        rc = sign_out(o, set, key, &err);
    }
    refset_free(set);
    EVP_PKEY_free(key);
    return rc == 0 ? 0 : cli_error(&err);
}

int cli_ref_expire(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct bytes jws = {NULL, 0};
    struct refset *set = NULL;
    EVP_PKEY *key = NULL;
    int64_t end = time(NULL);
    int rc = -EINVAL;

    if (argc != 1 || o->key == NULL) {
        return cli_usage("ref expire: one file and --key are needed");
    }
    key = key_read_private(o->key, &err);
    set = key == NULL ? NULL : read_set(argv[0], &jws, &err);
    if (set != NULL) {
        rc = jws.data == NULL
                 ? attest_fail(&err, -EINVAL, "%.200s: not signed", argv[0])
                 : jws_verify((const char *)jws.data, jws.size, REFSET_TYPE, &key, 1, NULL, NULL, &err);
    }
    if (rc == 0 && o->not_after != NULL) {
        rc = set_time(&end, o->not_after, "not-after", &err);
    }
    if (rc == 0 && (end >= set->not_after || end <= set->not_before)) {
        rc = attest_fail(&err, -EINVAL, "the end would not be an earlier one within its time");
    }
    if (rc == 0) {
        set->not_after = end;
        rc = sign_out(o, set, key, &err);
    }
    bytes_free(&jws);
    refset_free(set);
    EVP_PKEY_free(key);
    return rc == 0 ? 0 : cli_error(&err);
}

/* -- show, check -------------------------------------------------------------------------------- */
static void show_head(const struct refset *set)
{
    char t[UTC_SIZE];

    if (set->not_after == INT64_MAX) {
        return;
    }
    printf("id          %s\nnot-before  %s\n", set->id, utc_format(t, set->not_before));
    printf("not-after   %s\n", utc_format(t, set->not_after));
    printf("firmware    %s\n", set->firmware[0] != '\0' ? set->firmware : "(recorded only)");
    for (size_t i = 0; i < set->supersedes_count; i++) {
        printf("supersedes  %s, overlap %lld s\n", set->supersedes[i], (long long)set->overlap);
    }
}

int cli_ref_show(const struct options *o, int argc, char **argv)
{
    struct attest_error err = {""};
    struct bytes jws = {NULL, 0};
    struct refset *set;
    EVP_PKEY **keys = NULL;
    char id[KEY_ID_SIZE];
    size_t signer;
    int rc = 0;

    if (argc != 1) {
        return cli_usage("ref show: one file is needed");
    }
    if (signers_read(o->signer.item, o->signer.count, &keys, &err) != 0) {
        return cli_error(&err);
    }
    set = read_set(argv[0], &jws, &err);
    if (set == NULL) {
        signers_free(keys, o->signer.count);
        return cli_error(&err);
    }
    show_head(set);
    if (jws.data == NULL) {
        printf("signed      no\n");
        rc = o->signer.count > 0 ? EXIT_FAIL : 0;
    } else if (o->signer.count == 0) {
        printf("signed      not checked: no --signer\n");
    } else if (jws_verify((const char *)jws.data, jws.size, REFSET_TYPE, keys, o->signer.count, NULL,
                          &signer, &err) == 0 &&
               key_id(keys[signer], id) == 0) {
        printf("signed      by key %s\n", id);
    } else {
        printf("signed      NOT BY A GIVEN SIGNER\n");
        rc = EXIT_FAIL;
    }
    for (size_t i = 0; i < set->components->count; i++) {
        struct reference_component *c = &set->components->component[i];
        char hex[65];

        hex_encode(hex, c->sha256, 32);
        printf("%-20s %2u  %-16s %s  %s\n", c->name, c->pcr, reference_kind_name(c->kind), hex, text_clean(c->detail));
    }
    bytes_free(&jws);
    signers_free(keys, o->signer.count);
    refset_free(set);
    return rc;
}

int cli_ref_check(const struct options *o, int argc, char **argv)
{
    struct refset_list list = {.count = 0};
    struct attest_error err = {""};
    EVP_PKEY **keys;
    int rc = 0;

    if (argc == 0 || o->signer.count == 0) {
        return cli_usage("ref check: a file or folder and --signer are needed");
    }
    if (signers_read(o->signer.item, o->signer.count, &keys, &err) != 0) {
        return cli_error(&err);
    }
    for (int i = 0; rc == 0 && i < argc; i++) {
        rc = refset_list_read(&list, argv[i], keys, o->signer.count, false, &err);
    }
    signers_free(keys, o->signer.count);
    if (rc != 0) {
        refset_list_free(&list);
        return cli_error(&err);
    }
    refset_list_judge(&list, NULL, time(NULL));
    for (size_t i = 0; i < list.count; i++) {
        struct refset_entry *e = &list.entry[i];
        char t[UTC_SIZE];

        text_clean(e->source);
        text_clean(e->why);
        if (e->code == CODE_OK) {
            printf("%s: ok: %s until %s\n", e->source, e->set->id, utc_format(t, e->not_after));
        } else {
            printf("%s: %s: %s\n", e->source, verify_code_name(e->code), e->why);
            rc = EXIT_FAIL;
        }
    }
    refset_list_free(&list);
    return rc;
}
