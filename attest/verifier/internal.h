/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the verifier: the steps of verify_evidence(). Each adds findings. */
#ifndef VERIFIER_INTERNAL_H
#define VERIFIER_INTERNAL_H

#include <attest/eventlog.h>
#include <attest/verify.h>

#define CHECK (-1) /* kind of a finding that is no component */

/** Signature, type, nonce, selection, PCR digest. @return whether pcr[] of the evidence is quoted
 */
bool check_quote(const struct verify_input *in, struct verdict *v);

/** Log and quoted values agree in every PCR asked for. @param boot_measured see below */
bool check_replay(const struct verify_input *in, const struct event_log *log, bool boot_measured,
                  struct verdict *v);

/* How the hypervisor's first event begins, and what it says of the log before it. */
#define FIRMWARE_LOG "firmware-log sha256="

/**
 * What is in PCR 0 to 9 was there when the hypervisor began: whoever holds locality 0 later can extend those PCRs, and
 * make up events for it. @return whether the log says who did what
 */
bool check_firmware_log(const struct event_log *log, struct verdict *v);

/** Whether anything measured a loader or its files: events in PCR 8, 9 or a boot application in 4.
 */
bool boot_is_measured(const struct event_log *log);

/** Components of PCR 4, 8 and 9 against the reference. */
void compare_boot(const struct verify_input *in, const struct event_log *log, struct verdict *v);

/**
 * What a BIOS measured of the disk it booted, PCR 4 and 5. No BIOS loader measures on, so this says
 * nothing about the hypervisor; nothing is compared when no disk was booted.
 */
void compare_bios(const struct verify_input *in, const struct event_log *log, struct verdict *v);

/** Components of PCR 21 and 22 against the reference. */
void compare_hypervisor(const struct verify_input *in, const struct event_log *log,
                        struct verdict *v);
void compare_domains(const struct verify_input *in, const struct event_log *log, struct verdict *v);

/** Firmware PCRs: against REFERENCE_PCR, or just recorded. */
void compare_firmware(const struct verify_input *in, const struct event_log *log, struct verdict *v);

/** Whether a reference says something about each link of the chain: a loader, files, the hypervisor.
 */
bool reference_is_whole(const struct reference *ref);

/* One side of a comparison: components of one PCR, or its events, in order. */
struct item {
    const char *name;   /* component's name; for events what to call it when nothing expects it */
    const char *key;    /* pairs an expected with a found one when they differ; may be NULL */
    const char *show;   /* what to show for it */
    const void *object; /* passed to the matcher */
};

struct comparison {
    const struct item *expected, *found;
    size_t expected_count, found_count;
    bool (*matches)(const void *expected, const void *found);
    bool pair_in_order; /* pair what differs by position where keys do not */
    int pcr, kind;
};

/**
 * Longest common subsequence by `matches`, then pairing inside the gaps: findings ok, differs,
 * missing, unexpected.
 */
void compare_lists(const struct comparison *c, struct verdict *v);

/** "sha256 <hex>" of 32 bytes into buf. */
const char *show_digest(char buf[80], const uint8_t digest[32]);

#endif /* VERIFIER_INTERNAL_H */
