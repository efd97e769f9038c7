/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_HISTORY_H
#define ATTEST_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <attest/refset.h>
#include <attest/trust.h>
#include <attest/verify.h>

/*
 * What a verifier remembers about one host: the TPM it was enrolled with, where that TPM's clock
 * was, the nonces asked with and quotes got, which reference sets it met, and since when each
 * component is what it is. One JSON file for each host, HOST.json in the state folder, written
 * whole or not at all. Losing it loses the memory, so it is never made anew except by enrolling.
 */

#define HISTORY_NAME_MAX 64
#define HISTORY_RECENT 256 /* nonces and quotes remembered */
/* What is remembered is bounded so that its file can always be read again, whatever a host says. */
#define HISTORY_FILE_MAX ((size_t)8 << 20)
#define HISTORY_FACT_BYTES ((size_t)2 << 20) /* of findings, as written */
#define HISTORY_CODES_MAX ((size_t)16 << 10)
#define HISTORY_SET_MAX 16384 /* names of sets; none is ever forgotten, as its end would be */
/* A verifier whose own clock is behind its last verdict by more cannot judge times. */
#define HISTORY_CLOCK_SLACK 300

/* TPMS_CLOCK_INFO. Under a key of the owner hierarchy the two counters carry a constant offset, so
 * only their differences (modulo 2^32) mean anything. Source: TPM 2.0 Library part 1, 36.7. */
struct clock_info {
    uint64_t clock; /* ms the TPM was powered */
    uint32_t reset, restart;
    bool safe;
};

/* A name that a set met by the host supersedes has an end, also when the host never met a set of that name. */
struct history_set {
    char id[REFSET_ID_MAX + 1];
    uint8_t digest[32]; /* zeros until it is met */
    int64_t met;        /* first counted for this host; 0: not yet */
    int64_t ends;       /* earliest end known; INT64_MAX in a new record */
};

struct history_fact {
    int pcr;
    char *component, *code, *found;
    int64_t since;
};

struct history {
    char host[HISTORY_NAME_MAX + 1];
    char *connect; /* where it was enrolled, "" unknown */
    int64_t enrolled;
    uint8_t ek[32];        /* SHA-256 of the certificate's public key */
    uint8_t ak[NAME_SIZE]; /* name of the attestation key */
    bool has_clock;
    struct clock_info clock; /* of the last quote believed */
    size_t nonce_count;
    struct {
        uint8_t sha256[32];
        int64_t at;
    } nonce[HISTORY_RECENT];
    size_t quote_count;
    uint8_t quote[HISTORY_RECENT][32]; /* SHA-256 */
    size_t set_count;
    struct history_set *set;
    size_t fact_count;
    struct history_fact *fact;
    /* the last verdict: "PASS", "FAIL", "NO-ANSWER", or "" before the first */
    char verdict[16];
    int64_t verdict_at, verdict_since;
    char *codes; /* its failures, "policy:differs guest:missing" */
    char explained_by[REFSET_ID_MAX + 1];
    int lock; /* file descriptor that holds the host's lock; -1 */
};

bool history_name_is_valid(const char *host);

/**
 * Names of the hosts that have a file in a folder, sorted.
 * @param names  out: to be freed, each and the list
 * @return their count; -errno with err
 */
int history_list(const char *folder, char ***names, struct attest_error *err);

struct history *history_new(const char *host);
void history_free(struct history *h);

/**
 * Read a host's file and keep others from changing it until history_free().
 * @return 0; -ENOENT not enrolled; -EBUSY another verifier has it; -EINVAL damaged: err says where;
 *         other -errno
 */
int history_open(struct history **out, const char *folder, const char *host,
                 struct attest_error *err);
/** The same without the lock, to look at. */
int history_read(struct history **out, const char *folder, const char *host,
                 struct attest_error *err);
/** The text of a file, into an empty history of that host. @return NULL; or which fields are damaged */
const char *history_parse(struct history *h, const uint8_t *text, size_t size);
/** @param out  the text, to be freed. @return 0; -ENOMEM */
int history_print(const struct history *h, char **out);
/** Take the lock of a host that may not exist yet. @return 0; -EBUSY; -errno */
int history_lock(struct history *h, const char *folder, struct attest_error *err);
/** @return 0 or -errno: nothing was changed; -EINVAL, -EFBIG: what was to be written could not be read again */
int history_write(const struct history *h, const char *folder, struct attest_error *err);

/** Note a nonce before it is used. */
void history_add_nonce(struct history *h, const struct bytes *nonce, int64_t now);
/** 0 when it was never issued, else when. */
int64_t history_nonce_at(const struct history *h, const uint8_t *nonce, size_t size);
bool history_knows_quote(const struct history *h, const struct bytes *quote);

/** The record of a set, made when `make`. NULL without one, without memory, or with HISTORY_SET_MAX others. */
struct history_set *history_set_of(struct history *h, const char *id, bool make);

/**
 * The clock of a quote against the last one believed.
 * @return CODE_OK, CODE_CLOCK_RESET or CODE_CLOCK_UNSAFE; text says what was seen
 */
enum verify_code history_clock(const struct history *h, const struct clock_info *now, char text[128]);

/**
 * Fill in since when each finding is so, and remember findings and verdict; of findings beyond HISTORY_FACT_BYTES, `since`
 * stays unknown. A quote and its clock are remembered when the quote was believed.
 * @return 0; -ENOMEM
 */
int history_add_verdict(struct history *h, struct verdict *v, const struct evidence *evidence,
                        int64_t now);
/** Failures in a word each, "policy:differs guest:missing", to be freed; "and:more" is last where it is cut. NULL: no memory */
char *history_codes(const struct verdict *v);
/** The host did not answer. */
void history_add_silence(struct history *h, int64_t now);

#endif /* ATTEST_HISTORY_H */
