/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured launch. An event is checked, hashed for every bank, extended and only then logged, under
 * one lock, so that the log's order is the TPM's order. Space is checked before the TPM is touched;
 * the room of one last record is never given out but to "log-full", the event that says that later
 * ones are missing. After a TPM failure nothing more is measured: the log would no longer explain
 * the PCRs.
 */
#include <xen/measure.h>

#include <xen/errno.h>
#include <xen/eventlog.h>
#include <xen/lib.h>
#include <xen/lock.h>
#include <xen/sha256.h>
#include <xen/tpm.h>

#include "internal.h"

#define LOG_FULL "log-full"
#define KEPT_PART 4 /* of the log, for what no domain brings about by itself */

static spinlock_t lock = SPINLOCK_INIT(LOCK_MEASURE);

/* `lock` held */
static struct eventlog events;
static char text[MEASURE_TEXT_MAX];
static uint64_t lost_count;
static int broken = -ENODEV; /* what every measurement returns until measure_init() succeeds */

static bool ended; /* `lock` held: the TPM is shut down, and ours for good */

static bool use_tpm; /* constant after measure_init() */

/* With one locality the hypervisor owns the TPM; PCRs 12 and 13 are free and cannot be reset. */
static unsigned int pcr_in_tpm(unsigned int pcr)
{
    if (use_tpm && tpm_locality() == 0) {
        return pcr == MEASURE_PCR_HYPERVISOR ? 12 : 13;
    }
    return pcr;
}

/* The log's banks and the TPM's, each once: what an event is hashed with. */
static void all_banks(struct tpm_digests *all, const struct tpm_digests *tpm)
{
    *all = events.banks;
    for (unsigned int i = 0; i < tpm->count; i++) {
        unsigned int j;

        for (j = 0; j < all->count && all->digest[j].alg != tpm->digest[i].alg; j++) {
        }
        if (j == all->count && all->count < TPM_BANK_MAX) {
            all->digest[all->count++] = tpm->digest[i];
        }
    }
}

/* Ours, and empty. */
static int take_pcrs(void)
{
    static const unsigned int pcrs[] = {MEASURE_PCR_HYPERVISOR, MEASURE_PCR_DOMAIN};
    int rc = tpm_reserve(pcrs, ARRAY_SIZE(pcrs));

    for (unsigned int i = 0; rc == 0 && i < ARRAY_SIZE(pcrs); i++) {
        rc = tpm_pcr_reset(pcrs[i]);
    }
    return rc;
}

static int start_log(const struct measure_setup *setup, const struct tpm_digests *tpm)
{
    struct eventlog_error err = {0, ""};
    int rc;

    if (setup->fw_log == NULL || setup->fw_log_size == 0) {
        struct tpm_digests banks = *tpm;

        if (banks.count == 0) {
            banks.count = 1;
            banks.digest[0] = (struct tpm_digest){.alg = TPM_ALG_SHA256, .size = SHA256_SIZE};
        }
        rc = eventlog_start(&events, setup->buf, setup->buf_size, &banks);
        pr_info("measure: no firmware event log, starting one");
    } else {
        rc = eventlog_take(&events, setup->buf, setup->buf_size, setup->fw_log, setup->fw_log_size,
                           &err);
        if (rc == -EINVAL) {
            pr_err("measure: firmware event log, offset %zu: %s", err.offset, err.what);
        } else if (rc == 0) {
            pr_info("measure: took over %zu bytes of firmware event log", events.used);
        }
    }
    return rc;
}

int measure_init(const struct measure_setup *setup)
{
    struct tpm_digests tpm = {.count = 0};
    int rc;

    turn_init();
    spin_lock(&lock);
    ended = false;
    use_tpm = setup->tpm;
    if (use_tpm) {
        tpm_banks(&tpm);
    }
    rc = start_log(setup, &tpm);
    if (rc == 0 &&
        eventlog_record_size(&events, strlen(LOG_FULL)) > events.capacity - events.used) {
        pr_err("measure: no room for events after the firmware's log of %zu bytes", events.used);
        rc = -ENOSPC;
    }
    for (unsigned int i = 0; rc == 0 && i < tpm.count; i++) {
        unsigned int j;

        for (j = 0; j < events.banks.count && events.banks.digest[j].alg != tpm.digest[i].alg;
             j++) {
        }
        if (j == events.banks.count) {
            pr_warn("measure: PCR bank 0x%x is active but absent from the firmware's log",
                    tpm.digest[i].alg);
        }
    }
    if (rc == 0 && use_tpm && tpm_locality() == 2) {
        rc = take_pcrs();
    }
    broken = rc;
    spin_unlock(&lock);
    return rc;
}

/* Extend, then log. `lock` held, room for the record checked. */
static int extend_and_log(unsigned int pcr, const char *event, size_t len)
{
    struct tpm_digests tpm = {.count = 0}, all;
    int rc = 0;

    if (use_tpm) {
        tpm_banks(&tpm);
    }
    all_banks(&all, &tpm);
    eventlog_hash(&all, event, len);
    if (use_tpm) {
        eventlog_hash(&tpm, event, len);
        rc = tpm_pcr_extend(pcr_in_tpm(pcr), &tpm);
    }
    if (rc == 0) {
        rc = eventlog_append(&events, pcr_in_tpm(pcr), EV_IPL, &all, event, len);
    }
    if (rc == -EBUSY) {
        pr_err("measure: PCR %u could not be extended now", pcr); /* and was not: the log still explains it */
    } else if (rc != 0) {
        pr_err("measure: PCR %u could not be extended (%d), measuring stops", pcr, rc);
        broken = rc;
    }
    return rc;
}

/* `lock` held */
static int event_locked(unsigned int pcr, const char *event, size_t len)
{
    size_t reserve = eventlog_record_size(&events, strlen(LOG_FULL));
    size_t room = events.capacity - events.used;

    if (pcr != MEASURE_PCR_HYPERVISOR && pcr != MEASURE_PCR_DOMAIN) {
        return -EINVAL;
    }
    if (len == 0 || len > MEASURE_TEXT_MAX) {
        return -EINVAL;
    }
    for (size_t i = 0; i < len; i++) {
        if (event[i] < 0x20 || event[i] > 0x7e) {
            return -EINVAL;
        }
    }
    if (broken != 0) {
        lost_count += broken == -ENOSPC;
        return broken;
    }
    if (room < reserve || room - reserve < eventlog_record_size(&events, len)) {
        pr_err("measure: event log full at %zu bytes, no further event is accepted", events.used);
        if (extend_and_log(MEASURE_PCR_HYPERVISOR, LOG_FULL, strlen(LOG_FULL)) == -EBUSY) {
            return -EBUSY;
        }
        lost_count++;
        broken = -ENOSPC;
        return broken;
    }
    return extend_and_log(pcr, event, len);
}

int measure_event(unsigned int pcr, const char *event, size_t len)
{
    int rc;

    spin_lock(&lock);
    rc = event_locked(pcr, event, len);
    spin_unlock(&lock);
    return rc;
}

/* Measure what a measure_text_ function has written to `text`, or pass on its refusal. */
static int event_text(unsigned int pcr, int len)
{
    if (len < 0) {
        pr_err("measure: event text for PCR %u refused (%d)", pcr, len);
        return len;
    }
    return event_locked(pcr, text, (size_t)len);
}

/* One event from one text function; the text buffer is shared, hence the lock around both. */
#define MEASURE(pcr, formatter, ...)                                                               \
    ({                                                                                             \
        int rc_;                                                                                   \
        spin_lock(&lock);                                                                          \
        rc_ = event_text(pcr, formatter(text, sizeof(text), __VA_ARGS__));                         \
        spin_unlock(&lock);                                                                        \
        rc_;                                                                                       \
    })

/* The same for what a domain can have done again and again: it does not take the last part of the log. */
#define MEASURE_SPARING(pcr, formatter, ...)                                                       \
    ({                                                                                             \
        int rc_ = -ENOSPC;                                                                         \
        spin_lock(&lock);                                                                          \
        if (broken != 0 || events.capacity - events.used >= events.capacity / KEPT_PART) {         \
            rc_ = event_text(pcr, formatter(text, sizeof(text), __VA_ARGS__));                     \
        }                                                                                          \
        spin_unlock(&lock);                                                                        \
        rc_;                                                                                       \
    })

int measure_firmware_log(void)
{
    uint8_t digest[SHA256_SIZE];
    int rc;

    spin_lock(&lock);
    rc = broken;
    if (rc == 0) {
        sha256(events.buf, events.used, digest);
        rc = event_text(MEASURE_PCR_HYPERVISOR, measure_text_firmware_log(text, sizeof(text), digest, events.used));
    }
    spin_unlock(&lock);
    return rc;
}

int measure_version(const char *version, const char *build_id, bool debug)
{
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_version, version, build_id, debug);
}

int measure_cmdline(const char *cmdline, size_t len)
{
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_cmdline, cmdline, len);
}

int measure_protection(const struct measure_protection *p)
{
    struct measure_protection now = *p;

    now.locality0 = use_tpm && tpm_locality() == 0;
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_protection, &now);
}

int measure_policy(const void *image, size_t size, bool enforcing)
{
    uint8_t digest[SHA256_SIZE];

    sha256(image, size, digest);
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_policy, digest, size, enforcing);
}

int measure_manifest(const void *image, size_t size)
{
    uint8_t digest[SHA256_SIZE];

    if (image == NULL) {
        return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_manifest, NULL, 0);
    }
    sha256(image, size, digest);
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_manifest, digest, size);
}

int measure_seed(const void *image, size_t size)
{
    uint8_t digest[SHA256_SIZE];

    sha256(image, size, digest);
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_seed, digest, size);
}

int measure_domain(unsigned int domid, const char *name, const char *label,
                   const uint8_t digest[32], uint64_t start)
{
    if (start > 1) {
        return MEASURE_SPARING(MEASURE_PCR_DOMAIN, measure_text_domain, domid, name, label, digest, start);
    }
    return MEASURE(MEASURE_PCR_DOMAIN, measure_text_domain, domid, name, label, digest, start);
}

int measure_ask(void)
{
    int rc;

    spin_lock(&lock);
    rc = ended ? 0 : tpm_ask();
    spin_unlock(&lock);
    return rc;
}

void measure_seize(void)
{
    spin_lock(&lock);
    if (!ended) {
        tpm_seize();
    }
    spin_unlock(&lock);
}

void measure_give_back(void)
{
    spin_lock(&lock);
    if (!ended) {
        tpm_close();
    }
    spin_unlock(&lock);
}

int measure_policy_load(const void *image, size_t size)
{
    uint8_t digest[SHA256_SIZE];

    sha256(image, size, digest);
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_policy_load, digest, size);
}

int measure_setenforce(bool enforcing)
{
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_setenforce, enforcing);
}

int measure_boolean(const char *name, bool value)
{
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_boolean, name, value);
}

int measure_resource(uint32_t ocon, uint64_t first, uint64_t last, const char *label)
{
    return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_resource, ocon, first, last, label);
}

int measure_relabel(unsigned int domid, const char *label, bool own)
{
    if (!own) {
        return MEASURE(MEASURE_PCR_HYPERVISOR, measure_text_relabel, domid, label);
    }
    return MEASURE_SPARING(MEASURE_PCR_HYPERVISOR, measure_text_relabel, domid, label);
}

int measure_audit_seal(const uint8_t digest[32], unsigned int cpus, uint64_t records)
{
    return MEASURE_SPARING(MEASURE_PCR_HYPERVISOR, measure_text_audit_seal, digest, cpus, records);
}

size_t measure_log_read(size_t offset, void *buf, size_t len, size_t *total)
{
    size_t n = 0;

    spin_lock(&lock);
    *total = events.used;
    if (offset < events.used) {
        n = min(len, events.used - offset);
        memcpy(buf, events.buf + offset, n);
    }
    spin_unlock(&lock);
    return n;
}

void measure_end(void)
{
    tpm_hurry();
    spin_lock(&lock);
    if (use_tpm) {
        int rc = tpm_shutdown();

        if (rc != 0) {
            pr_warn("tpm: not shut down (%d); its clock will be called unsafe", rc);
        } else {
            pr_info("tpm: shut down");
        }
    }
    broken = -ENODEV;
    ended = true;
    spin_unlock(&lock);
}

uint64_t measure_lost_count(void)
{
    uint64_t n;

    spin_lock(&lock);
    n = lost_count;
    spin_unlock(&lock);
    return n;
}
