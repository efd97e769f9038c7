/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Components against the reference. The log has been replayed to quoted values when this runs, so
 * each digest in it is true and in true order; types and texts are not, until a digest covers them (that over
 * firmware's part of the log covers what an evil loader may have written there):
 *   PCR 4      boot applications by digest; everything else there must be a known harmless event
 *              whose digest is that of its content
 *   PCR 8, 9   digests in order; the log's texts only serve as names
 *   PCR 21/22  texts, each checked against its digest first
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "firmware.h"
#include "internal.h"

/* An event or component as compared: digest always, text when covered. */
struct thing {
    uint8_t digest[32];
    char *text; /* owned; NULL when not covered by the digest */
    char *key;  /* owned */
    char *show; /* owned */
    const char *name;
    enum reference_kind kind;
};

struct things {
    struct thing *thing;
    struct item *item;
    size_t count;
};

static void things_free(struct things *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->thing[i].text);
        free(t->thing[i].key);
        free(t->thing[i].show);
    }
    free(t->thing);
    free(t->item);
    memset(t, 0, sizeof(*t));
}

static bool things_reserve(struct things *t, size_t n)
{
    memset(t, 0, sizeof(*t));
    t->thing = calloc(n + 1, sizeof(*t->thing));
    t->item = calloc(n + 1, sizeof(*t->item));
    return t->thing != NULL && t->item != NULL;
}

static void things_index(struct things *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct thing *x = &t->thing[i];

        t->item[i] = (struct item){.name = x->name, .key = x->key, .show = x->show, .object = x};
    }
}

static bool digest_matches(const void *expected, const void *found)
{
    const struct thing *e = expected, *f = found;

    return memcmp(e->digest, f->digest, 32) == 0;
}

/* Whether every word of `words` is a word of `text`. */
static bool has_words(const char *text, const char *words)
{
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        bool found = n == 0;

        for (const char *p = text; !found && p != NULL; p = strchr(p, ' ')) {
            p += *p == ' ';
            found = strncmp(p, words, n) == 0 && (p[n] == ' ' || p[n] == '\0');
            if (*p == '\0') {
                break;
            }
        }
        if (!found) {
            return false;
        }
        words += n;
        words += strspn(words, " ");
    }
    return true;
}

static bool hypervisor_event_matches(const void *expected, const void *found)
{
    const struct thing *e = expected, *f = found;

    if (e->kind == REFERENCE_PROTECTION) {
        return f->text != NULL && strncmp(f->text, "protection ", 11) == 0 &&
               has_words(f->text, e->text);
    }
    return digest_matches(expected, found);
}

/* Text up to " start=", which counts how often the same domain was started. */
static size_t before_start(const char *text)
{
    const char *p = strstr(text, " start=");

    return p == NULL ? strlen(text) : (size_t)(p - text);
}

static char *first_word(const char *text)
{
    return strndup(text, strcspn(text, " "));
}

/* " name=guest" of a domain event, or NULL. */
static char *name_word(const char *text)
{
    const char *p = strstr(text, " name=");

    return p == NULL ? NULL : strndup(p + 1, strcspn(p + 1, " "));
}

/* Last component of a path, so that "(hd0,gpt1)/boot/x" and "/boot/x" pair. */
static char *base_name(const char *path, size_t n)
{
    size_t start = n;

    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    return strndup(path + start, n - start);
}

/* Components that only a BIOS measures; a host's reference has those of both ways to start it. */
static bool is_bios_kind(int kind)
{
    return kind == REFERENCE_BOOT_SECTOR || kind == REFERENCE_PARTITION_TABLE;
}

static struct things expected_of(const struct verify_input *in, unsigned int pcr, bool bios,
                                 struct verdict *v)
{
    const struct reference *ref = in->reference;
    struct things t;

    if (!things_reserve(&t, ref->count)) {
        v->no_memory = true;
        return t;
    }
    for (size_t i = 0; i < ref->count; i++) {
        const struct reference_component *c = &ref->component[i];
        struct thing *x = &t.thing[t.count];
        char digest[80];

        if (c->pcr != pcr || c->kind == REFERENCE_PCR || is_bios_kind((int)c->kind) != bios) {
            continue;
        }
        memcpy(x->digest, c->sha256, 32);
        x->name = c->name;
        x->kind = c->kind;
        x->text = strdup(c->detail);
        if (pcr == 21) {
            x->key = c->kind == REFERENCE_PROTECTION ? strdup("protection") : first_word(c->detail);
            x->show = strdup(c->detail);
        } else if (pcr == 22) {
            x->key = name_word(c->detail);
            x->show = strdup(c->detail);
        } else {
            x->key = pcr == 9 ? base_name(c->detail, strlen(c->detail)) : NULL;
            if (asprintf(&x->show, "%s %s", show_digest(digest, c->sha256), c->detail) < 0) {
                x->show = NULL;
            }
        }
        v->no_memory |= x->text == NULL || x->show == NULL;
        t.count++;
    }
    things_index(&t);
    return t;
}

static bool found_add(struct things *t, const struct event_log *log, const struct log_event *event,
                      const char *name)
{
    struct thing *x = &t->thing[t->count];
    char digest[80];

    memcpy(x->digest, log_sha256(log, event), 32);
    x->name = name;
    x->text = log_covered_text(log, event);
    switch (event->pcr) {
    case 21:
        x->key = x->text == NULL ? NULL : first_word(x->text);
        x->show = strdup(x->text == NULL ? "" : x->text);
        break;
    case 22:
        x->key = x->text == NULL ? NULL : name_word(x->text);
        x->show = strdup(x->text == NULL ? "" : x->text);
        break;
    default: {
        /* GRUB ends its text with a NUL; it is a hint here, cut to a sane length */
        size_t n = strnlen((const char *)event->data, event->size < 200 ? event->size : 200);

        if (event->pcr == 9) {
            x->key = base_name((const char *)event->data, n);
        }
        if (event->type == LOG_EV_EFI_BOOT_APPLICATION) {
            n = 0; /* binary */
        }
        if (asprintf(&x->show, "%s %.*s", show_digest(digest, x->digest), (int)n,
                     (const char *)event->data) < 0) {
            x->show = NULL;
        }
        break;
    }
    }
    t->count++;
    return x->show != NULL;
}

static void compare_and_free(struct comparison c, struct things *expected, struct things *found,
                             struct verdict *v)
{
    things_index(found);
    c.expected = expected->item;
    c.expected_count = expected->count;
    c.found = found->item;
    c.found_count = found->count;
    compare_lists(&c, v);
    things_free(expected);
    things_free(found);
}

bool boot_is_measured(const struct event_log *log)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *e = &log->event[i];

        if (log_is_extended(e) && (e->pcr == 8 || e->pcr == 9 ||
                                   (e->pcr == 4 && e->type == LOG_EV_EFI_BOOT_APPLICATION))) {
            return true;
        }
    }
    return false;
}

#define NOTE_MAX 64u

/*
 * An event that a BIOS makes to note something: its digest is that of its own content, a separator
 * or a short text. A boot sector or a partition table is longer than that.
 */
static bool is_note(const struct event_log *log, const struct log_event *event)
{
    static const uint8_t zeros[4], ones[4] = {0xff, 0xff, 0xff, 0xff};
    const uint8_t *digest = log_sha256(log, event);
    uint8_t hash[32];
    bool text = event->size > 0 && event->size <= NOTE_MAX;

    for (uint32_t i = 0; text && i < event->size; i++) {
        text = event->data[i] >= 0x20 && event->data[i] < 0x7f;
    }
    if (!text && !(event->size == 4 && (memcmp(event->data, zeros, 4) == 0 ||
                                        memcmp(event->data, ones, 4) == 0))) {
        return false;
    }
    return EVP_Digest(event->data, event->size, hash, NULL, EVP_sha256(), NULL) == 1 &&
           memcmp(hash, digest, 32) == 0;
}

/* Content of a PCR 4 event that loads nothing: its digest must be that of exactly these bytes. */
static bool is_harmless(const struct event_log *log, const struct log_event *event)
{
    static const struct {
        uint32_t type;
        const char *data;
        size_t size;
    } known[] = {
        {LOG_EV_EFI_ACTION, "Calling EFI Application from Boot Option", 40},
        {LOG_EV_EFI_ACTION, "Returning from EFI Application from Boot Option", 47},
        {LOG_EV_SEPARATOR, "\0\0\0\0", 4},
        {LOG_EV_OMIT_BOOT_DEVICE, "BOOT ATTEMPTS OMITTED", 21},
    };
    const uint8_t *digest = log_sha256(log, event);

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint8_t hash[32];

        if (event->type == known[i].type &&
            EVP_Digest(known[i].data, known[i].size, hash, NULL, EVP_sha256(), NULL) == 1 &&
            memcmp(hash, digest, 32) == 0) {
            return true;
        }
    }
    return false;
}

/* Digits at *p, at least one. */
static bool pass_number(const char **p)
{
    size_t n = strspn(*p, "0123456789");

    *p += n;
    return n > 0;
}

/* The state of the audit records, sealed while the host runs: to be known, not to be compared. */
static bool is_audit_seal(const char *text)
{
    static const char start[] = "audit-seal sha256=", cpus[] = " cpus=", records[] = " records=";
    const char *p = text;

    if (strncmp(p, start, sizeof(start) - 1) != 0) {
        return false;
    }
    p += sizeof(start) - 1;
    if (strspn(p, "0123456789abcdef") != 64 || strncmp(p + 64, cpus, sizeof(cpus) - 1) != 0) {
        return false;
    }
    p += 64 + sizeof(cpus) - 1;
    if (!pass_number(&p) || strncmp(p, records, sizeof(records) - 1) != 0) {
        return false;
    }
    p += sizeof(records) - 1;
    return pass_number(&p) && *p == '\0';
}

/* Events of PCR 21 that no reference can know. */
static bool is_of_this_boot(const struct event_log *log, const struct log_event *event)
{
    char *text = log_covered_text(log, event);
    bool known = text != NULL && (is_audit_seal(text) || strncmp(text, FIRMWARE_LOG, sizeof(FIRMWARE_LOG) - 1) == 0);

    free(text);
    return known;
}

static void compare_pcr(const struct verify_input *in, const struct event_log *log,
                        unsigned int pcr, struct comparison c, const char *unnamed,
                        struct verdict *v)
{
    bool bios = is_bios_kind(c.kind);
    struct things expected = expected_of(in, pcr, bios, v), found;

    if (!things_reserve(&found, log->count)) {
        v->no_memory = true;
    }
    for (size_t i = 0; !v->no_memory && i < log->count; i++) {
        const struct log_event *event = &log->event[i];

        if (event->pcr != pcr || !log_is_extended(event) || (bios && is_note(log, event)) ||
            (pcr == 4 && !bios && is_harmless(log, event)) ||
            (pcr == 21 && is_of_this_boot(log, event))) {
            continue;
        }
        v->no_memory |= !found_add(&found, log, event, unnamed);
    }
    c.pcr = (int)pcr;
    compare_and_free(c, &expected, &found, v);
}

void compare_boot(const struct verify_input *in, const struct event_log *log, struct verdict *v)
{
    struct comparison c = {.matches = digest_matches, .pair_in_order = true};

    c.kind = REFERENCE_GRUB_PE;
    compare_pcr(in, log, 4, c, "unlisted-loader", v);
    c.kind = REFERENCE_GRUB_CMD;
    compare_pcr(in, log, 8, c, "unlisted-command", v);
    c.kind = REFERENCE_FILE;
    compare_pcr(in, log, 9, c, "unlisted-file", v);
}

void compare_bios(const struct verify_input *in, const struct event_log *log, struct verdict *v)
{
    struct comparison c = {.matches = digest_matches, .pair_in_order = true};
    bool booted = false, sector = false, table = false;

    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *event = &log->event[i];

        booted |= event->pcr == 4 && log_is_extended(event) && !is_note(log, event);
    }
    for (size_t i = 0; i < in->reference->count; i++) {
        sector |= in->reference->component[i].kind == REFERENCE_BOOT_SECTOR;
        table |= in->reference->component[i].kind == REFERENCE_PARTITION_TABLE;
    }
    if (booted && (sector || table)) { /* a set that knows one of them knows the disk */
        c.kind = REFERENCE_BOOT_SECTOR;
        compare_pcr(in, log, 4, c, "unlisted-boot-code", v);
        c.kind = REFERENCE_PARTITION_TABLE;
        compare_pcr(in, log, 5, c, "unlisted-boot-data", v);
    }
}

/* Texts of a hypervisor PCR that no digest covers are forgeries or not ours: say so for each. */
static void check_texts(const struct event_log *log, unsigned int pcr, struct verdict *v)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *event = &log->event[i];
        char *text;

        if (event->pcr != pcr || !log_is_extended(event)) {
            continue;
        }
        text = log_covered_text(log, event);
        if (text == NULL) {
            verdict_add(v, CODE_TEXT_DIGEST, (int)pcr, CHECK, "event-log",
                        "a text that its digest covers", "an event whose text was changed");
        } else if (pcr == 21 && strcmp(text, "log-full") == 0) {
            verdict_add(v, CODE_LOG_FULL, 21, CHECK, "event-log", "all events",
                        "later ones are lost");
        } else if (pcr == 21 &&
                   (strncmp(text, "policy ", 7) == 0 || strncmp(text, "setenforce ", 11) == 0) &&
                   has_words(text, "mode=permissive")) {
            verdict_add(v, CODE_PERMISSIVE, 21, CHECK, "policy", "enforcing", text);
        } else if (pcr == 21 && strncmp(text, "bulkhead ", 9) == 0 && has_words(text, "debug")) {
            verdict_add(v, CODE_DEBUG, 21, CHECK, "hypervisor", "no debug build", text);
        } else if (pcr == 21 && is_audit_seal(text)) {
            verdict_add(v, CODE_RECORDED, 21, CHECK, "audit-seal", "", text);
        } else if (pcr == 21 && strncmp(text, "protection ", 11) == 0 &&
                   has_words(text, "locality=0")) {
            verdict_add(v, CODE_UNPROTECTED, 21, CHECK, "protection",
                        "a TPM whose locality 2 is the hypervisor's", text);
        } else if (pcr == 21 && strncmp(text, "cmdline ", 8) == 0 && has_words(text, "iommu=none")) {
            verdict_add(v, CODE_UNPROTECTED, 21, CHECK, "protection",
                        "an IOMMU that nobody switched off", text);
        }
        free(text);
    }
}

void compare_hypervisor(const struct verify_input *in, const struct event_log *log,
                        struct verdict *v)
{
    struct comparison c = {.matches = hypervisor_event_matches, .kind = REFERENCE_HYPERVISOR_EVENT};

    check_texts(log, 21, v);
    compare_pcr(in, log, 21, c, "unlisted-event", v);
}

static unsigned long start_count(const char *text)
{
    const char *p = strstr(text, " start=");

    return p == NULL ? 0 : strtoul(p + 7, NULL, 10);
}

/*
 * A later start of a domain that started before with the same digest and the next count is a
 * restart, and not compared with the reference, which lists first starts only.
 */
static bool is_restart(const struct things *seen, const char *text)
{
    size_t n = before_start(text);
    unsigned long last = 0;

    for (size_t i = 0; i < seen->count; i++) {
        const char *t = seen->thing[i].text;

        if (t != NULL && before_start(t) == n && strncmp(t, text, n) == 0) {
            last = start_count(t);
        }
    }
    return last > 0 && start_count(text) == last + 1;
}

void compare_domains(const struct verify_input *in, const struct event_log *log, struct verdict *v)
{
    struct comparison c = {.matches = digest_matches, .pcr = 22, .kind = REFERENCE_DOMAIN};
    struct things expected = expected_of(in, 22, false, v), first = {.count = 0}, seen = {.count = 0};

    check_texts(log, 22, v);
    if (!things_reserve(&first, log->count) || !things_reserve(&seen, log->count)) {
        v->no_memory = true;
    }
    for (size_t i = 0; !v->no_memory && i < log->count; i++) {
        const struct log_event *event = &log->event[i];
        char *text;

        if (event->pcr != 22 || !log_is_extended(event)) {
            continue;
        }
        text = log_covered_text(log, event);
        if (text != NULL && is_restart(&seen, text)) {
            char *name = name_word(text);

            verdict_add(v, CODE_RESTARTED, 22, REFERENCE_DOMAIN, name == NULL ? "" : name + 5, "",
                        text);
            free(name);
        } else {
            v->no_memory |= !found_add(&first, log, event, "unlisted-domain");
        }
        free(text);
        v->no_memory |= !found_add(&seen, log, event, "");
    }
    things_free(&seen);
    compare_and_free(c, &expected, &first, v);
}

/* Its value and the events behind it, so that a difference shows which. */
static void compare_firmware_pcr(const struct verify_input *in, const struct event_log *log,
                                 const struct reference_component *c, struct verdict *v)
{
    const uint8_t *value = in->evidence->pcr[c->pcr];
    bool same = memcmp(c->sha256, value, 32) == 0;
    char *events = firmware_events(log, c->pcr), *expected = NULL, *found = NULL, digest[80];

    if (events == NULL ||
        asprintf(&expected, "%s (%s)", show_digest(digest, c->sha256), c->detail) < 0 ||
        asprintf(&found, same ? "%s" : "%s (%s)", show_digest(digest, value), events) < 0) {
        v->no_memory = true;
    } else {
        verdict_add(v, same ? CODE_OK : CODE_DIFFERS, (int)c->pcr, REFERENCE_PCR, c->name, expected, found);
    }
    free(events);
    free(expected);
    free(found);
}

void compare_firmware(const struct verify_input *in, const struct event_log *log, struct verdict *v)
{
    for (int pcr = 0; pcr < 8; pcr++) {
        const struct reference_component *c = NULL;
        char found[80];

        for (size_t i = 0; c == NULL && i < in->reference->count; i++) {
            const struct reference_component *x = &in->reference->component[i];

            if (x->kind == REFERENCE_PCR && (int)x->pcr == pcr) {
                c = x; /* reference_add() lets no second one in */
            }
        }
        show_digest(found, in->evidence->pcr[pcr]);
        if (c == NULL) {
            if (pcr != 4) {
                verdict_add(v, CODE_RECORDED, pcr, REFERENCE_PCR, "firmware", "no reference",
                            found);
            }
            continue;
        }
        compare_firmware_pcr(in, log, c, v);
    }
}
