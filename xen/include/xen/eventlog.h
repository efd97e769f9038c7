/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_EVENTLOG_H
#define XEN_EVENTLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/tpm.h>

/*
 * The TCG crypto-agile event log: a TCG_EfiSpecIdEvent in a SHA-1 style first record, then
 * TCG_PCR_EVENT2 records. It lives in one buffer of fixed size, either continuing the firmware's
 * log or started by us. Pure logic: no TPM, no lock, no allocation. Source: TCG PC Client Platform
 * Firmware Profile 1.06, 10.2 to 10.4; all fields little endian.
 */

#define EV_NO_ACTION 0x03u
#define EV_IPL 0x0du

struct eventlog {
    uint8_t *buf;             /* owned by the caller for as long as the log is used */
    size_t capacity;          /* bytes */
    size_t used;              /* bytes, always ends on a whole record */
    struct tpm_digests banks; /* alg and size of each digest a record carries, in header order */
};

/* Where parsing stopped and why; `what` is a constant string. */
struct eventlog_error {
    size_t offset;
    const char *what;
};

/**
 * Take over a log: parse it whole, copy its records, set the banks from its header. The end is the
 * end of the data or a record that is all zeros or all ones (unused space of the ACPI log area).
 *
 * @param fw,len  a private copy of the firmware's log; hostile
 * @return 0; -EINVAL malformed, or banks that cannot be hashed here (err tells, log is left empty);
 *         -ENOSPC it does not fit
 */
int eventlog_take(struct eventlog *log, uint8_t *buf, size_t capacity, const uint8_t *fw,
                  size_t len, struct eventlog_error *err);

/**
 * Start an empty log with a header of our own naming these banks (at least one).
 * @return 0; -EINVAL no bank; -ENOSPC
 */
int eventlog_start(struct eventlog *log, uint8_t *buf, size_t capacity,
                   const struct tpm_digests *banks);

/** Bytes that one more record with len bytes of event data takes. */
size_t eventlog_record_size(const struct eventlog *log, size_t len);

/**
 * Append one TCG_PCR_EVENT2.
 * @param digests  must hold every bank of the log; others are left out
 * @return 0; -EINVAL a bank is missing; -ENOSPC, log unchanged in both
 */
int eventlog_append(struct eventlog *log, uint32_t pcr, uint32_t type,
                    const struct tpm_digests *digests, const void *event, size_t len);

/** Hash data once for each bank whose alg and size are set in `digests`. */
void eventlog_hash(struct tpm_digests *digests, const void *data, size_t len);

#endif /* XEN_EVENTLOG_H */
