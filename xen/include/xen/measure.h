/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_MEASURE_H
#define XEN_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/measure_text.h>

/*
 * Measured launch: one event is one text, hashed, extended into a PCR at the hypervisor's locality
 * and appended to the event log. The first loss of an event (log full) is itself an event,
 * "log-full", for which room is kept, so a verifier sees it.
 *
 * Use: measure_init() once, after ACPI and before the first measurement; then the functions below
 * in the order of docs/formats.md; measure_log_read() from the log_read hypercall. All may be
 * called on any CPU; a lock inside serialises them. Events go to the TPM before the thing measured
 * takes effect: a caller that gets an error must not go on with what it wanted to do.
 */

struct measure_setup {
    bool tpm;              /* false with tpm=none: the log is kept, nothing is extended */
    const uint8_t *fw_log; /* private copy of the firmware's log with final events; NULL: none */
    size_t fw_log_size;    /* bytes; trailing zeros or ones are fine */
    uint8_t *buf;          /* the log's memory, owned by measure from now on */
    size_t buf_size;       /* bytes, MEASURE_LOG_SIZE is the usual */
};

#define MEASURE_LOG_SIZE (256u * 1024u)

/**
 * Take over the firmware's log or start one, reserve (tpm_reserve) and reset PCRs 21 and 22 (TIS). tpm_init() came first when
 * setup->tpm. With a single-locality TPM, which cannot extend 21 and 22, PCRs 12 and 13 stand in.
 *
 * @return 0; -EINVAL the firmware's log is malformed (said with its offset; boot must stop);
 *         -ENOSPC buf too small; -EIO, -ETIMEDOUT the TPM failed
 */
int measure_init(const struct measure_setup *setup);

/**
 * Measure one text.
 *
 * @param pcr   MEASURE_PCR_HYPERVISOR or MEASURE_PCR_DOMAIN
 * @param text  printable ASCII, len bytes, no NUL
 * @return 0; -EINVAL pcr or text; -ENOSPC the log is full; -EIO, -ETIMEDOUT the TPM failed;
 *         -EBUSY nothing was measured, it may be later; -ENODEV measure_init() did not succeed
 */
int measure_event(unsigned int pcr, const char *text, size_t len)
    __attribute__((warn_unused_result));

/**
 * Measure the log as it is: what came before the hypervisor. Its first event, so that nothing that a domain at
 * locality 0 extends later can be passed off as the firmware's or the loader's. Errors as measure_event().
 */
int measure_firmware_log(void) __attribute__((warn_unused_result));

/* The events of docs/formats.md, in boot order. Images are hashed here. Errors as measure_event().
 */
int measure_version(const char *version, const char *build_id, bool debug) __attribute__((warn_unused_result));
int measure_cmdline(const char *cmdline, size_t len) __attribute__((warn_unused_result));
/* p->locality0 is set here from the TPM's kind */
int measure_protection(const struct measure_protection *p) __attribute__((warn_unused_result));
int measure_policy(const void *image, size_t size, bool enforcing)
    __attribute__((warn_unused_result));
int measure_manifest(const void *image, size_t size) __attribute__((warn_unused_result));
int measure_seed(const void *image, size_t size) __attribute__((warn_unused_result));
/* start > 1, a restart: as measure_relabel(). */
int measure_domain(unsigned int domid, const char *name, const char *label,
                   const uint8_t digest[32], uint64_t start) __attribute__((warn_unused_result));

/**
 * A turn at the TPM, for who can wait. A domain at locality 0 is let end its command, for MEASURE_PATIENCE_NS at most; then the
 * TPM is taken from it, and the domain is stopped until it is ours. Of that patience, waiting takes what it took, and time gives a
 * twentieth back; 750 ms there always are.
 *
 * After 0, measure, once or several times, then measure_turn_end() whatever came of it, without anything in between that waits.
 * One CPU has the turn at a time.
 *
 * @param most_ns  MEASURE_PATIENCE_NS; less: not longer than that
 * @return 0 go on; -ERESTART call again, after a millisecond or so: who stays away for long is forgotten, and waits anew;
 *         -EBUSY the TPM is not to be had, 20 s after it was taken away: there is no turn, and nothing to end
 */
int measure_turn(uint64_t most_ns) __attribute__((warn_unused_result));
void measure_turn_end(void);
/** Would measure_turn() be something else than -ERESTART? For who looks in place of another, who is then to call it soon. */
bool measure_turn_is_due(void);
#define MEASURE_PATIENCE_NS (20ull * 1000 * 1000 * 1000)

/* Later events, before the change takes effect. */
int measure_policy_load(const void *image, size_t size) __attribute__((warn_unused_result));
int measure_setenforce(bool enforcing) __attribute__((warn_unused_result));
int measure_boolean(const char *name, bool value) __attribute__((warn_unused_result));
/* See measure_text_resource(). */
int measure_resource(uint32_t ocon, uint64_t first, uint64_t last, const char *label) __attribute__((warn_unused_result));

/*
 * What a domain can bring about again and again: its restart, its own relabelling (`own`), a seal. The last quarter of the log is
 * left to changes of the policy, which nobody is to be able to prevent. -ENOSPC also, and nothing is lost, when only
 * that quarter is left.
 */
int measure_relabel(unsigned int domid, const char *label, bool own) __attribute__((warn_unused_result));
/** The state of the audit records. */
int measure_audit_seal(const uint8_t digest[32], unsigned int cpus, uint64_t records)
    __attribute__((warn_unused_result));

/**
 * Copy part of the event log.
 *
 * @param offset  byte offset; at or past the end nothing is copied
 * @param total   out: current size of the log in bytes
 * @return bytes copied, 0..len. A reader repeats until it has `total` bytes; the log only grows.
 */
size_t measure_log_read(size_t offset, void *buf, size_t len, size_t *total);

/**
 * The machine is about to be switched off or started again: tells the TPM, and nothing is measured any more. Takes no
 * longer than three seconds.
 */
void measure_end(void);

/** Events refused because the log was full. */
uint64_t measure_lost_count(void);

#endif /* XEN_MEASURE_H */
