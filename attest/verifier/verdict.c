/* SPDX-License-Identifier: Apache-2.0 */
/* The list of findings. No component, or a finding lost, is never a pass. */
#include <attest/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>

static const struct {
    const char *name;
    bool failure;
} codes[] = {
    [CODE_OK] = {"ok", false},
    [CODE_RECORDED] = {"recorded", false},
    [CODE_RESTARTED] = {"restarted", false},
    [CODE_NOT_IN_FORCE] = {"not-in-force", false},
    [CODE_CLOCK_UNSAFE] = {"clock-unsafe", false},
    [CODE_NO_HISTORY_ALLOWED] = {"no-history-allowed", false},
    [CODE_UNMEASURED_ALLOWED] = {"unmeasured-allowed", false},
    [CODE_UNSIGNED_ALLOWED] = {"unsigned-allowed", false},
    [CODE_NO_TPM] = {"no-tpm", true},
    [CODE_EK_INVALID] = {"ek-invalid", true},
    [CODE_EK_UNTRUSTED] = {"ek-untrusted", true},
    [CODE_AK_INVALID] = {"ak-invalid", true},
    [CODE_AK_NOT_ACTIVATED] = {"ak-not-activated", true},
    [CODE_SIGNATURE] = {"signature", true},
    [CODE_NOT_A_QUOTE] = {"not-a-quote", true},
    [CODE_NONCE] = {"nonce", true},
    [CODE_PCR_SELECTION] = {"pcr-selection", true},
    [CODE_PCR_DIGEST] = {"pcr-digest", true},
    [CODE_LOG_MALFORMED] = {"log-malformed", true},
    [CODE_LOG_REPLAY] = {"log-replay", true},
    [CODE_FIRMWARE_LOG] = {"firmware-log", true},
    [CODE_LOG_FULL] = {"log-full", true},
    [CODE_TEXT_DIGEST] = {"text-digest", true},
    [CODE_DIFFERS] = {"differs", true},
    [CODE_MISSING] = {"missing", true},
    [CODE_UNEXPECTED] = {"unexpected", true},
    [CODE_PERMISSIVE] = {"permissive", true},
    [CODE_DEBUG] = {"debug", true},
    [CODE_UNPROTECTED] = {"unprotected", true},
    [CODE_UNMEASURED] = {"unmeasured", true},
    [CODE_REFERENCE_EMPTY] = {"reference-empty", true},
    [CODE_EVIDENCE] = {"evidence", true},
    [CODE_EK_EXPIRED] = {"ek-expired", true},
    [CODE_EK_NOT_ENROLLED] = {"ek-not-enrolled", true},
    [CODE_AK_NOT_ENROLLED] = {"ak-not-enrolled", true},
    [CODE_NOT_ENROLLED] = {"not-enrolled", true},
    [CODE_NO_HISTORY] = {"no-history", true},
    [CODE_QUOTE_REPLAYED] = {"quote-replayed", true},
    [CODE_NONCE_STALE] = {"nonce-stale", true},
    [CODE_CLOCK_RESET] = {"clock-reset", true},
    [CODE_VERIFIER_CLOCK] = {"verifier-clock", true},
    [CODE_REFERENCE_UNSIGNED] = {"reference-unsigned", true},
    [CODE_REFERENCE_SIGNATURE] = {"reference-signature", true},
    [CODE_REFERENCE_MALFORMED] = {"reference-malformed", true},
    [CODE_REFERENCE_CONFLICT] = {"reference-conflict", true},
    [CODE_REFERENCE_EXPIRED] = {"reference-expired", true},
    [CODE_REFERENCE_NOT_YET_VALID] = {"reference-not-yet-valid", true},
    [CODE_REFERENCE_SUPERSEDED] = {"reference-superseded", true},
    [CODE_REFERENCE_MIXTURE] = {"reference-mixture", true},
};

_Static_assert(sizeof(codes) / sizeof(codes[0]) == CODE_COUNT, "each code has a word");

const char *verify_code_name(enum verify_code code)
{
    return (size_t)code < CODE_COUNT ? codes[code].name : "unknown";
}

bool verify_code_is_failure(enum verify_code code)
{
    return (size_t)code >= CODE_COUNT || codes[code].failure;
}

/* A copy of at most `max` characters, and how many are left out. */
static char *copy_of(const char *s, size_t max)
{
    size_t n = s == NULL ? 0 : strlen(s);
    char *copy = NULL;

    if (n <= max) {
        copy = strdup(n == 0 ? "" : s);
    } else if (asprintf(&copy, "%.*s...(%zu more)", (int)max, s, n - max) < 0) {
        copy = NULL;
    }
    return text_clean(copy);
}

void verdict_add(struct verdict *v, enum verify_code code, int pcr, int kind, const char *component,
                 const char *expected, const char *found)
{
    struct finding f = {.code = code, .pcr = pcr, .kind = kind};
    struct finding *list = realloc(v->finding, (v->count + 1) * sizeof(*list));

    if (list == NULL) {
        v->no_memory = true;
        return;
    }
    v->finding = list;
    f.component = copy_of(component, FINDING_NAME_MAX);
    f.expected = copy_of(expected, FINDING_TEXT_MAX);
    f.found = copy_of(found, FINDING_TEXT_MAX);
    if (f.component == NULL || f.expected == NULL || f.found == NULL) {
        free(f.component);
        free(f.expected);
        free(f.found);
        v->no_memory = true;
        return;
    }
    list[v->count++] = f;
}

bool verify_has_failure(const struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++) {
        if (verify_code_is_failure(v->finding[i].code)) {
            return true;
        }
    }
    return v->no_memory;
}

bool verdict_passes(const struct verdict *v)
{
    bool component = false;

    for (size_t i = 0; i < v->count; i++) {
        component |= v->finding[i].kind >= 0;
    }
    return component && !verify_has_failure(v);
}

void verdict_free(struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++) {
        free(v->finding[i].component);
        free(v->finding[i].expected);
        free(v->finding[i].found);
    }
    free(v->finding);
    memset(v, 0, sizeof(*v));
}
