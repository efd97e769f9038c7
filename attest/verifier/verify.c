/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of judgement: quote, log, replay, components. A later step runs only on what the
 * earlier ones have made trustworthy; a verdict therefore never blames a component on the word of a
 * forged log.
 */
#include <attest/verify.h>

#include <string.h>

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
    compare_firmware(in, v);
}

/* A reference that says nothing about a link of the chain would let anything pass there. */
static bool check_reference(const struct reference *ref, struct verdict *v)
{
    static const struct {
        unsigned int pcr;
        const char *what;
    } need[] = {{4, "a loader (PCR 4)"}, {9, "files (PCR 9)"}, {21, "hypervisor events (PCR 21)"}};
    bool ok = true;

    for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++) {
        bool found = false;

        for (size_t j = 0; j < ref->count; j++) {
            const struct reference_component *c = &ref->component[j];

            found |= c->pcr == need[i].pcr && c->kind != REFERENCE_PCR &&
                     c->kind != REFERENCE_BOOT_SECTOR;
            found |= need[i].pcr == 9 && c->kind == REFERENCE_EFI_IMAGE;
        }
        if (!found) {
            verdict_add(v, CODE_REFERENCE_EMPTY, (int)need[i].pcr, CHECK, "reference", need[i].what,
                        "none");
            ok = false;
        }
    }
    return ok;
}

void verify_evidence(const struct verify_input *in, struct verdict *v)
{
    struct attest_error err = {""};
    struct event_log log;
    bool boot_measured;

    if (!check_reference(in->reference, v) || !check_quote(in, v)) {
        return;
    }
    if (log_parse(&log, in->evidence->log.data, in->evidence->log.size, &err) != 0) {
        verdict_add(v, CODE_LOG_MALFORMED, -1, CHECK, "event-log", "a crypto-agile event log",
                    err.text);
        return;
    }
    boot_measured = boot_is_measured(&log);
    if (check_replay(in, &log, boot_measured, v)) {
        verify_components(in, &log, boot_measured, v);
    }
    log_free(&log);
}
