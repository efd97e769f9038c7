/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered about a host, and what that says about new evidence. Its file: history_file.c. */
#include <attest/history.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <attest/error.h>

/* How far Clock may repeat itself after a loss of power: it is saved once in 2^22 ms at the least.
 * Source: TPM 2.0 Library part 1, 36.3. */
#define CLOCK_REPEAT_MS (1u << 22)

bool history_name_is_valid(const char *host)
{
    return refset_id_is_valid(host);
}

struct history *history_new(const char *host)
{
    struct history *h = calloc(1, sizeof(*h));

    if (h != NULL) {
        snprintf(h->host, sizeof(h->host), "%s", host);
        h->connect = strdup("");
        h->codes = strdup("");
        h->lock = -1;
        if (h->connect == NULL || h->codes == NULL) {
            history_free(h);
            h = NULL;
        }
    }
    return h;
}

static void facts_free(struct history_fact *fact, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(fact[i].component);
        free(fact[i].code);
        free(fact[i].found);
    }
    free(fact);
}

void history_free(struct history *h)
{
    if (h == NULL) {
        return;
    }
    facts_free(h->fact, h->fact_count);
    free(h->set);
    free(h->connect);
    free(h->codes);
    if (h->lock >= 0) {
        close(h->lock);
    }
    free(h);
}

static bool hash(const void *data, size_t size, uint8_t out[32])
{
    return EVP_Digest(data, size, out, NULL, EVP_sha256(), NULL) == 1;
}

void history_add_nonce(struct history *h, const struct bytes *nonce, int64_t now)
{
    if (h->nonce_count == HISTORY_RECENT) {
        memmove(&h->nonce[0], &h->nonce[1], (HISTORY_RECENT - 1) * sizeof(h->nonce[0]));
        h->nonce_count--;
    }
    if (hash(nonce->data, nonce->size, h->nonce[h->nonce_count].sha256)) {
        h->nonce[h->nonce_count++].at = now;
    }
}

int64_t history_nonce_at(const struct history *h, const uint8_t *nonce, size_t size)
{
    uint8_t digest[32];

    for (size_t i = 0; hash(nonce, size, digest) && i < h->nonce_count; i++) {
        if (memcmp(h->nonce[i].sha256, digest, 32) == 0) {
            return h->nonce[i].at;
        }
    }
    return 0;
}

bool history_knows_quote(const struct history *h, const struct bytes *quote)
{
    uint8_t digest[32];

    for (size_t i = 0; hash(quote->data, quote->size, digest) && i < h->quote_count; i++) {
        if (memcmp(h->quote[i], digest, 32) == 0) {
            return true;
        }
    }
    return false;
}

struct history_set *history_set_of(struct history *h, const char *id, bool make)
{
    struct history_set *list;

    for (size_t i = 0; i < h->set_count; i++) {
        if (strcmp(h->set[i].id, id) == 0) {
            return &h->set[i];
        }
    }
    list = make && h->set_count < HISTORY_SET_MAX ? realloc(h->set, (h->set_count + 1) * sizeof(*list)) : NULL;
    if (list == NULL) {
        return NULL;
    }
    h->set = list;
    list += h->set_count++;
    memset(list, 0, sizeof(*list));
    snprintf(list->id, sizeof(list->id), "%s", id);
    list->ends = INT64_MAX;
    return list;
}

enum verify_code history_clock(const struct history *h, const struct clock_info *now, char text[128])
{
    const struct clock_info *last = &h->clock;
    int32_t resets = (int32_t)(now->reset - last->reset);
    int32_t restarts = (int32_t)(now->restart - last->restart);
    uint64_t behind = last->clock > now->clock ? last->clock - now->clock : 0;

    if (!h->has_clock) {
        snprintf(text, 128, "first quote of this host, clock %llu s",
                 (unsigned long long)now->clock / 1000);
        return now->safe ? CODE_OK : CODE_CLOCK_UNSAFE;
    }
    if (resets < 0) {
        snprintf(text, 128, "%lld resets fewer than before", -(long long)resets);
        return CODE_CLOCK_RESET;
    }
    if (resets == 0 && restarts < 0) {
        snprintf(text, 128, "%lld restarts fewer than before", -(long long)restarts);
        return CODE_CLOCK_RESET;
    }
    /* without a reset in between nothing was lost; after one, only an unsafe clock may repeat */
    if (behind > 0 && (resets == 0 || now->safe || behind > CLOCK_REPEAT_MS)) {
        snprintf(text, 128, "%llu ms behind the last quote", (unsigned long long)behind);
        return CODE_CLOCK_RESET;
    }
    if (!now->safe) {
        snprintf(text, 128, "power was lost without warning, %d resets since the last quote", resets);
        return CODE_CLOCK_UNSAFE;
    }
    snprintf(text, 128, "%d resets since the last quote", resets);
    return CODE_OK;
}

/* -- verdicts ----------------------------------------------------------------------------------- */
/* The n-th fact about a component: a name may occur several times in one PCR. */
static const struct history_fact *fact_of(const struct history *h, const struct finding *f, size_t n)
{
    for (size_t i = 0; i < h->fact_count; i++) {
        if (h->fact[i].pcr == f->pcr && strcmp(h->fact[i].component, f->component) == 0 &&
            n-- == 0) {
            return &h->fact[i];
        }
    }
    return NULL;
}

static bool fact_is(const struct history_fact *fact, const struct finding *f)
{
    return fact != NULL && strcmp(fact->code, verify_code_name(f->code)) == 0 &&
           (f->kind < 0 || strcmp(fact->found, f->found) == 0);
}

/* What a finding takes in the file: two bytes for each that may be escaped, and the rest of a record. */
static size_t fact_bytes(const struct finding *f)
{
    return 2 * (strlen(f->component) + strlen(f->found)) + 256;
}

/* As many as there is room for; since when the others are so is not known. */
static bool remember_facts(struct history *h, struct verdict *v, int64_t now)
{
    struct history_fact *fact = calloc(v->count + 1, sizeof(*fact));
    bool ok = fact != NULL;
    size_t count = 0, used = 0;

    for (; ok && count < v->count; count++) {
        size_t i = count, n = 0;
        struct finding *f = &v->finding[i];
        const struct history_fact *old;

        used += fact_bytes(f);
        if (used > HISTORY_FACT_BYTES) {
            break;
        }

        for (size_t k = 0; k < i; k++) {
            n += v->finding[k].pcr == f->pcr && strcmp(v->finding[k].component, f->component) == 0;
        }
        old = fact_of(h, f, n);
        f->since = fact_is(old, f) ? old->since : now;
        fact[i] = (struct history_fact){.pcr = f->pcr,
                                        .component = strdup(f->component),
                                        .code = strdup(verify_code_name(f->code)),
                                        .found = strdup(f->found),
                                        .since = f->since};
        ok = fact[i].component != NULL && fact[i].code != NULL && fact[i].found != NULL;
    }
    if (!ok) {
        facts_free(fact, count);
        return false;
    }
    facts_free(h->fact, h->fact_count);
    h->fact = fact;
    h->fact_count = count;
    return true;
}

static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = strstr(text, word); p != NULL; p = strstr(p + 1, word)) {
        if ((p == text || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0')) {
            return true;
        }
    }
    return false;
}

/* Each once, up to a length that is an argument of a program. */
char *history_codes(const struct verdict *v)
{
    char *out = strdup("");
    bool room = true;

    for (size_t i = 0; room && out != NULL && i < v->count; i++) {
        const struct finding *f = &v->finding[i];
        char word[256], *more = NULL;

        if (!verify_code_is_failure(f->code)) {
            continue;
        }
        snprintf(word, sizeof(word), "%.100s:%s", f->component, verify_code_name(f->code));
        if (has_word(out, word)) {
            continue;
        }
        room = strlen(out) + sizeof(word) < HISTORY_CODES_MAX;
        if (asprintf(&more, "%s%s%s", out, out[0] == '\0' ? "" : " ", room ? word : "and:more") < 0) {
            more = NULL;
        }
        free(out);
        out = more;
    }
    return out;
}

static void remember_verdict(struct history *h, const char *verdict, char *codes, int64_t now)
{
    if (strcmp(h->verdict, verdict) != 0 || strcmp(h->codes, codes) != 0) {
        h->verdict_since = now;
    }
    snprintf(h->verdict, sizeof(h->verdict), "%s", verdict);
    h->verdict_at = now;
    free(h->codes);
    h->codes = codes;
}

static bool failed_with(const struct verdict *v, enum verify_code code)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->finding[i].code == code) {
            return true;
        }
    }
    return false;
}

static void remember_quote(struct history *h, const struct verdict *v, const struct evidence *e)
{
    uint8_t digest[32];

    if (!hash(e->quote.data, e->quote.size, digest)) {
        return;
    }
    if (h->quote_count == HISTORY_RECENT) {
        memmove(h->quote[0], h->quote[1], (HISTORY_RECENT - 1) * sizeof(h->quote[0]));
        h->quote_count--;
    }
    memcpy(h->quote[h->quote_count++], digest, 32);
    /* a clock that went back stays wrong until somebody enrols the host again */
    if (!failed_with(v, CODE_CLOCK_RESET) && verify_quote_clock(e, &h->clock) == 0) {
        h->has_clock = true;
    }
}

int history_add_verdict(struct history *h, struct verdict *v, const struct evidence *evidence,
                        int64_t now)
{
    char *codes;

    if (failed_with(v, CODE_VERIFIER_CLOCK)) {
        now = h->verdict_at; /* times from this clock are worth nothing */
    }
    codes = history_codes(v);
    if (codes == NULL || !remember_facts(h, v, now)) {
        free(codes);
        v->no_memory = true;
        return -ENOMEM;
    }
    if (v->quote_believed) {
        remember_quote(h, v, evidence);
    }
    snprintf(h->explained_by, sizeof(h->explained_by), "%s", v->explained_by);
    remember_verdict(h, verdict_passes(v) ? "PASS" : "FAIL", codes, now);
    return 0;
}

void history_add_silence(struct history *h, int64_t now)
{
    char *codes = strdup("");

    if (codes != NULL) {
        remember_verdict(h, "NO-ANSWER", codes, now < h->verdict_at ? h->verdict_at : now);
    }
}
