/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of judgement: quote, log, replay, components. A later step runs only on what the
 * earlier ones have made trustworthy; a verdict therefore never blames a component on the word of a
 * forged log.
 */
#include <attest/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/refset.h>

#include "internal.h"

bool check_replay(const struct verify_input *in, const struct event_log *log, bool boot_measured,
                  struct verdict *v)
{
    struct attest_error err = {""};
    uint8_t pcr[LOG_PCR_COUNT][64];
    bool ok = true;

    if (log_replay(log, LOG_ALG_SHA256, pcr, &err) != 0) {
        verdict_add(v, CODE_LOG_MALFORMED, -1, CHECK, "event-log", "digests of the SHA-256 bank",
                    err.text);
        return false;
    }
    for (int i = 0; i < 24; i++) {
        char expected[80], found[80];

        if (!(VERIFY_PCR_MASK >> i & 1) || memcmp(pcr[i], in->evidence->pcr[i], 32) == 0) {
            continue;
        }
        show_digest(expected, in->evidence->pcr[i]);
        show_digest(found, pcr[i]);
        if (i < 10 && !boot_measured && in->allow_unmeasured) {
            verdict_add(v, CODE_UNMEASURED_ALLOWED, i, CHECK, "firmware-log", expected,
                        "no firmware log explains it");
            continue;
        }
        verdict_add(v, CODE_LOG_REPLAY, i, CHECK, "event-log", expected, found);
        ok = false;
    }
    if (ok) {
        verdict_add(v, CODE_OK, -1, CHECK, "event-log", "", "replays to the quoted PCRs");
    }
    return ok;
}

/* The hypervisor's first event, or NULL. */
static const struct log_event *first_of_hypervisor(const struct event_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        if (log->event[i].pcr == 21 && log_is_extended(&log->event[i])) {
            return &log->event[i];
        }
    }
    return NULL;
}

/* The size that a text "firmware-log sha256=<hex> size=<n>" gives, when these are the log's first bytes; else 0. */
static size_t size_confirmed(const struct event_log *log, const char *text)
{
    static const char middle[] = " size=";
    const char *hex = text + sizeof(FIRMWARE_LOG) - 1;
    uint8_t said[32], is[32];
    char digits[65];
    uint64_t size;
    char *end;

    if (strncmp(text, FIRMWARE_LOG, sizeof(FIRMWARE_LOG) - 1) != 0 || strlen(hex) <= 64 + sizeof(middle) - 1 ||
        strncmp(hex + 64, middle, sizeof(middle) - 1) != 0) {
        return 0;
    }
    memcpy(digits, hex, 64);
    digits[64] = '\0';
    size = strtoull(hex + 64 + sizeof(middle) - 1, &end, 10);
    if (hex_decode(said, sizeof(said), digits) != 0 || *end != '\0' || size > log->size ||
        EVP_Digest(log->bytes, size, is, NULL, EVP_sha256(), NULL) != 1 || memcmp(said, is, sizeof(is)) != 0) {
        return 0;
    }
    return size;
}

bool check_firmware_log(const struct event_log *log, struct verdict *v)
{
    const struct log_event *first = first_of_hypervisor(log);
    char *text = first == NULL ? NULL : log_covered_text(log, first);
    size_t size = text == NULL ? 0 : size_confirmed(log, text);
    bool ok = size != 0;

    if (!ok) {
        verdict_add(v, CODE_FIRMWARE_LOG, 21, CHECK, "event-log", "first of all, what the log held before the hypervisor",
                    text == NULL ? "no such event" : text);
    }
    for (size_t i = 0; ok && i < log->count; i++) {
        const struct log_event *e = &log->event[i];

        if (e->pcr < 10 && log_is_extended(e) && (size_t)(e->data - log->bytes) + e->size > size) {
            verdict_add(v, CODE_FIRMWARE_LOG, (int)e->pcr, CHECK, "event-log", "what was there before the hypervisor",
                        "an event that came after it had begun");
            ok = false;
        }
    }
    free(text);
    return ok;
}

static void verify_components(const struct verify_input *in, const struct event_log *log,
                              bool boot_measured, struct verdict *v)
{
    if (boot_measured) {
        compare_boot(in, log, v);
    } else {
        verdict_add(v, in->allow_unmeasured ? CODE_UNMEASURED_ALLOWED : CODE_UNMEASURED, 9,
                    REFERENCE_FILE, "hypervisor", "measured by firmware and loader",
                    "nothing measured it: not started by UEFI");
        compare_bios(in, log, v);
    }
    compare_hypervisor(in, log, v);
    compare_domains(in, log, v);
    compare_firmware(in, log, v);
}

/* A reference that says nothing about a link of the chain would let anything pass there. */
static const struct {
    unsigned int pcr;
    const char *what;
} links[] = {{4, "a loader (PCR 4)"}, {9, "files (PCR 9)"}, {21, "hypervisor events (PCR 21)"}};

#define LINK_COUNT (sizeof(links) / sizeof(links[0]))

static bool has_link(const struct reference *ref, unsigned int pcr)
{
    for (size_t j = 0; j < ref->count; j++) {
        const struct reference_component *c = &ref->component[j];

        if (c->pcr == pcr && c->kind != REFERENCE_PCR && c->kind != REFERENCE_BOOT_SECTOR) {
            return true;
        }
        if (pcr == 9 && c->kind == REFERENCE_EFI_IMAGE) {
            return true; /* it has the files in it */
        }
    }
    return false;
}

bool reference_is_whole(const struct reference *ref)
{
    bool whole = true;

    for (size_t i = 0; i < LINK_COUNT; i++) {
        whole &= has_link(ref, links[i].pcr);
    }
    return whole;
}

static bool check_reference(const struct reference *ref, struct verdict *v)
{
    for (size_t i = 0; i < LINK_COUNT; i++) {
        if (!has_link(ref, links[i].pcr)) {
            verdict_add(v, CODE_REFERENCE_EMPTY, (int)links[i].pcr, CHECK, "reference",
                        links[i].what, "none");
        }
    }
    return reference_is_whole(ref);
}

/* Everything but the components. @return whether log and PCRs may be believed; then log is to be
 * freed */
static bool check_log(const struct verify_input *in, struct event_log *log, bool *boot_measured,
                      struct verdict *v)
{
    struct attest_error err = {""};

    if (!check_quote(in, v)) {
        return false;
    }
    if (log_parse(log, in->evidence->log.data, in->evidence->log.size, &err) != 0) {
        verdict_add(v, CODE_LOG_MALFORMED, -1, CHECK, "event-log", "a crypto-agile event log",
                    err.text);
        return false;
    }
    *boot_measured = boot_is_measured(log);
    if (!check_replay(in, log, *boot_measured, v) || !check_firmware_log(log, v)) {
        log_free(log);
        return false;
    }
    return true;
}

void verify_evidence(const struct verify_input *in, struct verdict *v)
{
    struct event_log log;
    bool boot_measured;

    if (check_reference(in->reference, v) && check_log(in, &log, &boot_measured, v)) {
        verify_components(in, &log, boot_measured, v);
        log_free(&log);
    }
}

/* -- several sets ------------------------------------------------------------------------------- */
static bool set_counts(const struct refset_entry *e)
{
    return e->code == CODE_OK || e->code == CODE_UNSIGNED_ALLOWED;
}

static size_t failure_count(const struct verdict *v)
{
    size_t n = v->no_memory ? 1 : 0;

    for (size_t i = 0; i < v->count; i++) {
        n += verify_code_is_failure(v->finding[i].code);
    }
    return n;
}

/* Whether a component that differs from one set is just what another set has there. */
static bool is_ok_in(const struct verdict *other, const struct finding *f)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct finding *o = &other->finding[i];

        if (o->code == CODE_OK && o->pcr == f->pcr && o->kind >= 0 &&
            strcmp(o->component, f->component) == 0 &&
            (f->found[0] == '\0' || strcmp(o->found, f->found) == 0)) {
            return true;
        }
    }
    return false;
}

/* Each difference from the nearest set is explained by another: parts of several images. */
static bool is_mixture(const struct verdict *each, size_t count, size_t nearest)
{
    const struct verdict *v = &each[nearest];

    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];
        bool explained = !verify_code_is_failure(f->code);

        for (size_t k = 0; !explained && k < count; k++) {
            explained = k != nearest && is_ok_in(&each[k], f);
        }
        if (!explained) {
            return false;
        }
    }
    return failure_count(v) > 0;
}

static void append(struct verdict *to, const struct verdict *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct finding *f = &from->finding[i];

        verdict_add(to, f->code, f->pcr, f->kind, f->component, f->expected, f->found);
    }
    to->no_memory |= from->no_memory;
}

/* What there is to say about the sets themselves. */
static void report_sets(const struct refset_list *sets, const char *explained_by, bool explained,
                        const struct verdict *each, struct verdict *v)
{
    for (size_t i = 0; i < sets->count; i++) {
        const struct refset_entry *e = &sets->entry[i];
        const char *name = e->set != NULL ? e->set->id : e->source;
        bool same = failure_count(&each[i]) == 0 && each[i].count > 0;
        char found[512];

        if (set_counts(e)) {
            if (e->code != CODE_OK && strcmp(name, explained_by) == 0) {
                verdict_add(v, e->code, -1, CHECK, "reference", "signed", e->why);
            }
            continue;
        }
        snprintf(found, sizeof(found), "%.200s: %s%s", name, e->why,
                 refset_code_is_time(e->code) && same ? "; the host runs this set" : "");
        verdict_add(v, refset_code_is_time(e->code) && explained ? CODE_NOT_IN_FORCE : e->code, -1,
                    CHECK, "reference", "a signed set that is in force", found);
    }
}

/* The set that explains the host, else the nearest one that counts, else sets->count. */
static size_t nearest_of(const struct refset_list *sets, const struct verdict *each)
{
    size_t best = sets->count;

    for (size_t i = 0; i < sets->count; i++) {
        if (set_counts(&sets->entry[i]) &&
            (best == sets->count || failure_count(&each[i]) < failure_count(&each[best]))) {
            best = i;
        }
    }
    return best;
}

static void compare_sets(const struct verify_input *in, const struct refset_list *sets,
                         const struct event_log *log, bool boot_measured, struct verdict *v)
{
    struct verdict *each = calloc(sets->count + 1, sizeof(*each));
    bool explained = false;
    const char *by = "";
    size_t best;

    if (each == NULL) {
        v->no_memory = true;
        return;
    }
    for (size_t i = 0; i < sets->count; i++) {
        const struct refset_entry *e = &sets->entry[i];
        struct verify_input one = *in;

        if (set_counts(e) || (e->set != NULL && refset_code_is_time(e->code))) {
            one.reference = e->set->components;
            verify_components(&one, log, boot_measured, &each[i]);
        }
    }
    best = nearest_of(sets, each);
    if (best < sets->count) {
        explained = failure_count(&each[best]) == 0;
        by = sets->entry[best].set->id;
        append(v, &each[best]);
        if (is_mixture(each, sets->count, best)) {
            verdict_add(v, CODE_REFERENCE_MIXTURE, -1, CHECK, "reference", "all of one set",
                        "parts of several sets");
        }
        verdict_add(v, explained ? CODE_OK : CODE_RECORDED, -1, CHECK, "reference",
                    explained ? "" : "the set nearest to the host", by);
    }
    report_sets(sets, by, explained, each, v);
    if (explained) {
        snprintf(v->explained_by, sizeof(v->explained_by), "%s", by);
    }
    for (size_t i = 0; i < sets->count; i++) {
        verdict_free(&each[i]);
    }
    free(each);
}

void verify_sets(const struct verify_input *in, const struct refset_list *sets, struct verdict *v)
{
    struct event_log log;
    bool boot_measured;

    if (sets->count == 0) {
        verdict_add(v, CODE_REFERENCE_EMPTY, -1, CHECK, "reference", "a reference set", "none");
    }
    if (check_log(in, &log, &boot_measured, v)) {
        compare_sets(in, sets, &log, boot_measured, v);
        log_free(&log);
    }
}
