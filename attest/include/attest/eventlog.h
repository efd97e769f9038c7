/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_EVENTLOG_H
#define ATTEST_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <attest/reference.h>

/*
 * Reader and replayer of a whole TCG crypto-agile event log. The log is hostile: it is believed
 * only as far as its replay equals quoted PCR values, and then only its digests; event types,
 * PCR-less records and texts are hints until a digest is recomputed from them. Source: TCG PC
 * Client Platform Firmware Profile 1.06, 10.2 to 10.4.
 */

#define LOG_SIZE_MAX (4u * 1024u * 1024u)
#define LOG_EVENT_MAX 65536u
#define LOG_BANK_MAX 5u
#define LOG_PCR_COUNT 24u

#define LOG_EV_SEPARATOR 0x04u
#define LOG_EV_NO_ACTION 0x03u
#define LOG_EV_ACTION 0x05u
#define LOG_EV_IPL 0x0du
#define LOG_EV_OMIT_BOOT_DEVICE 0x12u
#define LOG_EV_EFI_BOOT_APPLICATION 0x80000003u
#define LOG_EV_EFI_ACTION 0x80000007u

#define LOG_ALG_SHA1 0x0004u
#define LOG_ALG_SHA256 0x000bu
#define LOG_ALG_SHA384 0x000cu
#define LOG_ALG_SHA512 0x000du

struct log_bank {
    uint16_t alg;
    uint16_t size; /* bytes */
};

struct log_event {
    uint32_t pcr;
    uint32_t type;
    const uint8_t *digest[LOG_BANK_MAX]; /* by bank of the log; NULL when the record has none */
    const uint8_t *data;                 /* borrowed from the log's bytes */
    uint32_t size;
};

struct event_log {
    uint8_t *bytes; /* owned copy */
    size_t size;
    unsigned int bank_count;
    struct log_bank bank[LOG_BANK_MAX];
    size_t count;
    struct log_event *event;
};

/**
 * Parse a log; bytes are copied. Trailing garbage is an error.
 * @return 0; -EINVAL with offset and expectation in err; -E2BIG above a cap; -ENOMEM
 */
int log_parse(struct event_log *log, const uint8_t *bytes, size_t size, struct attest_error *err);
void log_free(struct event_log *log);

/** Index of a bank, or -1. */
int log_bank(const struct event_log *log, uint16_t alg);

/** SHA-256 digest of an event, or NULL when it has none. */
const uint8_t *log_sha256(const struct event_log *log, const struct log_event *event);

/** Whether an event was extended into its PCR at all. */
bool log_is_extended(const struct log_event *event);

/**
 * Fold a bank's events into PCR values. PCRs start at zero; PCR 0 starts at the locality that a
 * StartupLocality event names; 17 to 20 are not replayed (only a DRTM resets them), 21 and 22 start
 * at zero because the hypervisor resets them.
 * @param pcr  out: bank's size bytes per PCR
 * @return 0; -EINVAL unknown bank, an event without a digest of it, or a hash failure
 */
int log_replay(const struct event_log *log, uint16_t alg, uint8_t pcr[LOG_PCR_COUNT][64],
               struct attest_error *err);

/**
 * Text of an event when its SHA-256 digest covers it, NUL-terminated copy to be freed: the whole
 * data (our events, EFI actions), or GRUB's text behind its "grub_cmd: " style prefix. Control
 * characters make it no text.
 * @return NULL when no text is covered
 */
char *log_covered_text(const struct event_log *log, const struct log_event *event);

/** Name of an event type, "0x…" in buf when it has none here. */
const char *log_type_name(uint32_t type, char buf[16]);

#endif /* ATTEST_EVENTLOG_H */
