/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event log and measured launch with a fake TPM that only keeps PCR values: what is logged must
 * replay to what was extended, a firmware log is taken over whole or refused with an offset, a full
 * log says so and accepts nothing more, and tpm2_eventlog (when asked by the test script) reads the
 * result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <xen/errno.h>
#include <xen/eventlog.h>
#include <xen/measure.h>
#include <xen/sha256.h>
#include <xen/time.h>
#include <xen/timer.h>
#include <xen/tpm.h>

#include "../../../xen/common/measure/internal.h"
#include "fake_log.h"

/* -- fake TPM: one or two banks, values folded with eventlog_hash ------------------------- */
static struct {
    unsigned int locality;
    struct tpm_digests banks;
    struct tpm_digests pcr[TPM_PCR_COUNT];
    unsigned int reserved, resets, extends, hurries, shutdowns;
    int fail;
    int asked;                   /* what tpm_ask() answers */
    bool hangs;                  /* a seize does not give it to us at once */
    bool noisy;                  /* a holder is on its CPU */
    bool stopped;                /* the holders */
    unsigned int closed, seized, kept;
    struct timer *timer;         /* the one that is armed */
    uint64_t timer_ns;
} fake;

static uint64_t now_ns;

static bool other_cpu_comes; /* when the clock has been read, and it gets there first */

uint64_t time_now_ns(void)
{
    uint64_t now = now_ns;

    if (other_cpu_comes) {
        other_cpu_comes = false;
        now_ns += NS_PER_MS;
        (void)!measure_turn_is_due();
    }
    return now;
}

int tpm_ask(void)
{
    return fake.asked;
}

void tpm_seize(void)
{
    assert_true(fake.stopped && !fake.noisy); /* or they could undo it, for good */
    fake.seized++;
    fake.asked = fake.hangs ? -EBUSY : 0;
}

bool holders_stop(void)
{
    fake.stopped = true;
    return !fake.noisy;
}

void holders_go_on(void)
{
    assert_int_not_equal(fake.asked, -EBUSY); /* it would touch the page while the TPM is taken from it */
    fake.stopped = false;
}

void tpm_keep(void)
{
    fake.kept++;
}

void tpm_close(void)
{
    assert_int_not_equal(fake.asked, -EBUSY);
    fake.closed++;
}

void timer_init(struct timer *t, void (*fn)(void *), void *arg)
{
    t->fn = fn;
    t->arg = arg;
}

void timer_set(struct timer *t, uint64_t expires_ns)
{
    fake.timer = t;
    fake.timer_ns = expires_ns;
}

void timer_stop(struct timer *t)
{
    assert_true(fake.timer == NULL || fake.timer == t);
    fake.timer = NULL;
}

/* Time goes on, and the timer fires when it is due. */
static void pass(uint64_t ns)
{
    struct timer *t = fake.timer;

    now_ns += ns;
    if (t != NULL && fake.timer_ns <= now_ns) {
        fake.timer = NULL;
        t->fn(t->arg);
    }
}

static void fake_start(unsigned int locality, unsigned int bank_count)
{
    static const uint16_t algs[] = {TPM_ALG_SHA256, TPM_ALG_SHA384, TPM_ALG_SHA1, TPM_ALG_SHA512};

    memset(&fake, 0, sizeof(fake));
    fake.locality = locality;
    fake.banks.count = bank_count;
    for (unsigned int i = 0; i < bank_count; i++) {
        fake.banks.digest[i].alg = algs[i];
        fake.banks.digest[i].size = (uint16_t)tpm_alg_size(algs[i]);
    }
    for (unsigned int p = 0; p < TPM_PCR_COUNT; p++) {
        fake.pcr[p] = fake.banks;
        if (p >= 17 && p <= 22) {
            for (unsigned int i = 0; i < bank_count; i++) {
                memset(fake.pcr[p].digest[i].bytes, 0xff, TPM_DIGEST_MAX);
            }
        }
    }
}

unsigned int tpm_locality(void)
{
    return fake.locality;
}

void tpm_banks(struct tpm_digests *banks)
{
    *banks = fake.banks;
}

void tpm_hurry(void)
{
    assert_int_equal(fake.shutdowns, 0);
    fake.hurries++;
}

int tpm_shutdown(void)
{
    fake.shutdowns++;
    return fake.fail;
}

int tpm_reserve(const unsigned int *pcrs, unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        fake.reserved |= 1u << pcrs[i];
    }
    return fake.fail;
}

int tpm_pcr_reset(unsigned int pcr)
{
    if (fake.fail != 0) {
        return fake.fail;
    }
    assert_true(fake.reserved >> pcr & 1); /* with an authorization that may have changed since */
    fake.resets++;
    fake.pcr[pcr] = fake.banks;
    return 0;
}

static void fold(struct tpm_digest *value, const uint8_t *digest)
{
    struct tpm_digests one = {.count = 1, .digest = {*value}};
    uint8_t joined[2 * TPM_DIGEST_MAX];

    memcpy(joined, value->bytes, value->size);
    memcpy(joined + value->size, digest, value->size);
    eventlog_hash(&one, joined, 2u * value->size);
    *value = one.digest[0];
}

int tpm_pcr_extend(unsigned int pcr, const struct tpm_digests *digests)
{
    if (fake.fail != 0) {
        return fake.fail;
    }
    assert_int_equal(digests->count, fake.banks.count);
    fake.extends++;
    for (unsigned int i = 0; i < digests->count; i++) {
        assert_int_equal(digests->digest[i].alg, fake.pcr[pcr].digest[i].alg);
        fold(&fake.pcr[pcr].digest[i], digests->digest[i].bytes);
    }
    return 0;
}

/* -- helpers ------------------------------------------------------------------------------ */
static uint8_t *log_bytes(size_t *size)
{
    static uint8_t copy[1 << 20];
    size_t total, n, pos = 0;

    do {
        n = measure_log_read(pos, copy + pos, 100, &total); /* small pieces on purpose */
        pos += n;
    } while (n > 0);
    assert_int_equal(pos, total);
    *size = total;
    return copy;
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Replay one PCR of bank `index` from zero out of the raw log; *count events of that PCR. */
static void replay(uint32_t pcr, unsigned int index, struct tpm_digest *value, unsigned int *count)
{
    size_t size, pos;
    const uint8_t *log = log_bytes(&size);

    memset(value, 0, sizeof(*value));
    value->alg = fake.banks.digest[index].alg;
    value->size = fake.banks.digest[index].size;
    *count = 0;
    pos = 32 + get32(log + 28);
    while (pos < size) {
        uint32_t digests = get32(log + pos + 8);
        uint32_t event_pcr = get32(log + pos), type = get32(log + pos + 4);

        pos += 12;
        for (uint32_t i = 0; i < digests; i++) {
            uint16_t alg = (uint16_t)(log[pos] | log[pos + 1] << 8);

            if (event_pcr == pcr && alg == value->alg && type != EV_NO_ACTION) {
                fold(value, log + pos + 2);
                (*count)++;
            }
            pos += 2 + tpm_alg_size(alg);
        }
        pos += 4 + get32(log + pos);
    }
    assert_int_equal(pos, size);
}

static int start(bool tpm, const uint8_t *fw, size_t fw_size, size_t buf_size)
{
    static uint8_t buf[MEASURE_LOG_SIZE];
    struct measure_setup setup = {
        .tpm = tpm, .fw_log = fw, .fw_log_size = fw_size, .buf = buf, .buf_size = buf_size};

    memset(buf, 0xa5, sizeof(buf));
    return measure_init(&setup);
}

/* A small firmware log: header with two banks, one separator in PCR 4; returns its size. */
static size_t firmware_log(uint8_t *out, size_t capacity)
{
    struct eventlog log;
    struct tpm_digests d = {.count = 2};

    d.digest[0] = (struct tpm_digest){.alg = TPM_ALG_SHA256, .size = 32};
    d.digest[1] = (struct tpm_digest){.alg = TPM_ALG_SHA384, .size = 48};
    assert_int_equal(eventlog_start(&log, out, capacity, &d), 0);
    eventlog_hash(&d, "\0\0\0\0", 4);
    assert_int_equal(eventlog_append(&log, 4, 4 /* EV_SEPARATOR */, &d, "\0\0\0\0", 4), 0);
    return log.used;
}

/* -- cases -------------------------------------------------------------------------------- */
static void measure_before_init_enodev(void **state)
{
    (void)state;
    assert_int_equal(measure_event(21, "x", 1), -ENODEV);
}

static void boot_sequence_replays_to_pcrs(void **state)
{
    static const uint8_t image[1000] = {1, 2, 3};
    struct measure_protection p = {.svm = true, .npt = true, .iommu = "none"};
    struct tpm_digest value;
    unsigned int count;
    char *save;

    (void)state;
    for (unsigned int banks = 1; banks <= TPM_BANK_MAX; banks++) {
        fake_start(2, banks);
        assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
        assert_int_equal(fake.resets, 2);
        assert_int_equal(fake.reserved, 1u << 21 | 1u << 22);
        assert_int_equal(measure_version("0.1.0", "abcd", false), 0);
        assert_int_equal(measure_cmdline("console=com1", 12), 0);
        assert_int_equal(measure_protection(&p), 0);
        assert_int_equal(measure_policy(image, sizeof(image), true), 0);
        assert_int_equal(measure_manifest(image, 10), 0);
        assert_int_equal(measure_seed(image, 20), 0);
        assert_int_equal(measure_domain(1, "xenstore", "u:r:t", image, 1), 0);
        assert_int_equal(measure_domain(5, "guest", "u:r:t", image, 1), 0);
        for (unsigned int i = 0; i < banks; i++) {
            replay(21, i, &value, &count);
            assert_int_equal(count, 6);
            assert_memory_equal(value.bytes, fake.pcr[21].digest[i].bytes, value.size);
            replay(22, i, &value, &count);
            assert_int_equal(count, 2);
            assert_memory_equal(value.bytes, fake.pcr[22].digest[i].bytes, value.size);
        }
    }
    save = getenv("MEASURE_TEST_LOG"); /* for a look with tpm2_eventlog */
    if (save != NULL) {
        FILE *f = fopen(save, "wb");
        size_t size;
        const uint8_t *log = log_bytes(&size);

        assert_non_null(f);
        assert_int_equal(fwrite(log, 1, size, f), size);
        fclose(f);
    }
}

static void event_digest_is_hash_of_logged_text(void **state)
{
    static const char text[] = "setenforce mode=permissive";
    uint8_t digest[32];
    size_t size, at;
    const uint8_t *log;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    assert_int_equal(measure_setenforce(false), 0);
    log = log_bytes(&size);
    at = 32 + get32(log + 28);
    assert_int_equal(get32(log + at), 21);
    assert_int_equal(get32(log + at + 4), EV_IPL);
    assert_int_equal(get32(log + at + 46), strlen(text));
    assert_memory_equal(log + at + 50, text, strlen(text));
    sha256(text, strlen(text), digest);
    assert_memory_equal(log + at + 14, digest, 32);
}

static void init_firmware_log_continued(void **state)
{
    uint8_t fw[1024];
    size_t fw_size = firmware_log(fw, sizeof(fw)), size;
    const uint8_t *log;
    struct tpm_digest value;
    unsigned int count;

    (void)state;
    memset(fw + fw_size, 0xff, sizeof(fw) - fw_size); /* unused tail of the ACPI area */
    fake_start(2, 2);
    assert_int_equal(start(true, fw, sizeof(fw), MEASURE_LOG_SIZE), 0);
    assert_int_equal(measure_setenforce(true), 0);
    log = log_bytes(&size);
    assert_memory_equal(log, fw, fw_size);
    replay(4, 1, &value, &count);
    assert_int_equal(count, 1);
    replay(21, 1, &value, &count);
    assert_memory_equal(value.bytes, fake.pcr[21].digest[1].bytes, 48);
}

static void init_tpm_bank_missing_in_firmware_log_still_extended(void **state)
{
    uint8_t fw[1024];
    size_t fw_size = firmware_log(fw, sizeof(fw));
    static const uint8_t ones[20] = {[0 ... 19] = 0xff};

    (void)state;
    fake_start(2, 3); /* sha1 too */
    assert_int_equal(start(true, fw, fw_size, MEASURE_LOG_SIZE), 0);
    assert_int_equal(measure_setenforce(true), 0);
    assert_int_equal(fake.extends, 1);
    assert_memory_not_equal(fake.pcr[21].digest[2].bytes, ones, 20);
}

static void init_damaged_firmware_log_refused(void **state)
{
    uint8_t fw[1024], bad[1024];
    size_t fw_size = firmware_log(fw, sizeof(fw)), record = 32 + get32(fw + 28);

    (void)state;
    fake_start(2, 2);
    for (size_t len = 1; len < fw_size; len++) { /* truncation anywhere but between records */
        if (len != record) {
            assert_int_equal(start(true, fw, len, MEASURE_LOG_SIZE), -EINVAL);
            assert_non_null(strstr(fake_log_last, "offset"));
            assert_int_equal(measure_event(21, "x", 1), -EINVAL);
        }
    }
    static const struct {
        size_t at;
        uint8_t value;
    } change[] = {
        {0, 1}, {4, 4}, {28, 0xff}, {32, 'X'}, {56, 0}, {56, 5}, {60, 0x12}, {62, 33}, {64, 0x0b},
    };
    for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
        memcpy(bad, fw, fw_size);
        bad[change[i].at] = change[i].value;
        assert_int_equal(start(true, bad, fw_size, MEASURE_LOG_SIZE), -EINVAL);
    }
    memcpy(bad, fw, fw_size);
    bad[record] = 24; /* PCR index */
    assert_int_equal(start(true, bad, fw_size, MEASURE_LOG_SIZE), -EINVAL);
    memcpy(bad, fw, fw_size);
    bad[record + 8] = 3; /* digest count */
    assert_int_equal(start(true, bad, fw_size, MEASURE_LOG_SIZE), -EINVAL);
    memcpy(bad, fw, fw_size);
    bad[fw_size - 5] = 0x7f; /* event size, top byte */
    assert_int_equal(start(true, bad, fw_size, MEASURE_LOG_SIZE), -EINVAL);
}

static void init_firmware_log_too_big_enospc(void **state)
{
    uint8_t fw[1024];
    size_t fw_size = firmware_log(fw, sizeof(fw));

    (void)state;
    fake_start(2, 2);
    assert_int_equal(start(true, fw, fw_size, fw_size - 1), -ENOSPC);
    assert_int_equal(start(true, fw, fw_size, fw_size), -ENOSPC); /* no room for log-full */
}

static void event_log_full_says_so_and_stops(void **state)
{
    struct tpm_digest value;
    unsigned int count, accepted = 0, extends;
    size_t size;
    const uint8_t *log;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, 700), 0);
    while (measure_setenforce(true) == 0) {
        accepted++;
        assert_true(accepted < 100);
    }
    assert_true(accepted > 2);
    assert_int_equal(measure_lost_count(), 1);
    extends = fake.extends;
    assert_int_equal(measure_setenforce(false), -ENOSPC);
    assert_int_equal(measure_lost_count(), 2);
    assert_int_equal(fake.extends, extends); /* refused before the TPM */
    log = log_bytes(&size);
    assert_memory_equal(log + size - 8, "log-full", 8);
    replay(21, 0, &value, &count);
    assert_int_equal(count, accepted + 1);
    assert_memory_equal(value.bytes, fake.pcr[21].digest[0].bytes, 32);
}

/* A domain that relabels itself, is restarted, or has records sealed over and over cannot keep anybody from changing the policy. */
static void what_domains_bring_about_leaves_a_quarter(void **state)
{
    static const uint8_t digest[32] = { 1 };
    uint64_t lost = measure_lost_count();
    unsigned int relabels = 0, changes = 0;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, 4000), 0);
    while (measure_relabel(1, "u:r:t", true) == 0) {
        relabels++;
        assert_true(relabels < 100);
    }
    assert_int_equal(measure_relabel(1, "u:r:t", true), -ENOSPC);
    assert_int_equal(measure_audit_seal(digest, 1, 1), -ENOSPC);
    assert_int_equal(measure_domain(1, "a", "u:r:t", digest, 2), -ENOSPC);
    assert_int_equal(measure_lost_count(), lost);
    assert_int_equal(measure_domain(1, "a", "u:r:t", digest, 1), 0);
    while (measure_setenforce(true) == 0) {
        changes++;
        assert_true(changes < 100);
    }
    assert_true(relabels > 10 && changes >= relabels / 6);
}

/* A driver domain may be killed once a second for some minutes, whatever banks the TPM has. */
static void hundreds_of_restarts_fit(void **state)
{
    static const uint8_t digest[32] = { 1 };
    unsigned int starts;

    (void)state;
    fake_start(2, TPM_BANK_MAX);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    for (starts = 2; measure_domain(32751, "a-name-of-15-ch", "system_u:system_r:a_name_of_15_ch_t", digest, starts) == 0; starts++) {
    }
    assert_in_range(starts, 500, 2000);
}

static void event_bad_arguments_einval(void **state)
{
    size_t before, after;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    log_bytes(&before);
    assert_int_equal(measure_event(20, "x", 1), -EINVAL);
    assert_int_equal(measure_event(0, "x", 1), -EINVAL);
    assert_int_equal(measure_event(21, "", 0), -EINVAL);
    assert_int_equal(measure_event(21, "a\nb", 3), -EINVAL);
    assert_int_equal(measure_event(21, "a\0b", 3), -EINVAL);
    assert_int_equal(measure_relabel(1, "a b", false), -EINVAL);
    log_bytes(&after);
    assert_int_equal(before, after);
    assert_int_equal(fake.extends, 0);
}

static void event_tpm_failure_stops_measuring(void **state)
{
    size_t before, after;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    log_bytes(&before);
    fake.fail = -EIO;
    assert_int_equal(measure_setenforce(true), -EIO);
    fake.fail = 0;
    assert_int_equal(measure_setenforce(true), -EIO);
    log_bytes(&after);
    assert_int_equal(before, after);
}

static void init_pcrs_not_reserved_eio(void **state)
{
    (void)state;
    fake_start(2, 1);
    fake.fail = -EIO;
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), -EIO);
    assert_int_equal(fake.resets, 0);
    fake.fail = 0;
    assert_int_equal(measure_setenforce(true), -EIO);
    fake_start(0, 1); /* one locality: nobody else has it */
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    assert_int_equal(fake.reserved, 0);
}

static void event_single_locality_uses_substitute_pcrs(void **state)
{
    struct measure_protection p = {.iommu = "none"};
    struct tpm_digest value;
    unsigned int count;
    size_t size;
    const uint8_t *log;

    (void)state;
    fake_start(0, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    assert_int_equal(fake.resets, 0);
    assert_int_equal(measure_domain(1, "a", "u:r:t", (const uint8_t[32]){0}, 1), 0);
    assert_int_equal(measure_protection(&p), 0);
    replay(13, 0, &value, &count);
    assert_int_equal(count, 1);
    assert_memory_equal(value.bytes, fake.pcr[13].digest[0].bytes, 32);
    replay(12, 0, &value, &count);
    assert_int_equal(count, 1);
    log = log_bytes(&size);
    assert_memory_equal(log + size - 11, " locality=0", 11);
}

static void event_without_tpm_logged_only(void **state)
{
    size_t size;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(false, NULL, 0, MEASURE_LOG_SIZE), 0);
    assert_int_equal(measure_setenforce(true), 0);
    assert_int_equal(fake.extends, 0);
    assert_int_equal(fake.resets, 0);
    log_bytes(&size);
    assert_true(size > 65 + 50);
}

static void log_read_past_end_nothing(void **state)
{
    uint8_t b[4];
    size_t total;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    assert_int_equal(measure_log_read(SIZE_MAX, b, sizeof(b), &total), 0);
    assert_int_equal(measure_log_read(total, b, sizeof(b), &total), 0);
    assert_int_equal(measure_log_read(total - 1, b, sizeof(b), &total), 1);
}

/* Somebody measures while the TPM is busy for so long: @return how long he waited. */
static uint64_t wait_for_turn(uint64_t busy_ns)
{
    uint64_t began = now_ns;

    for (;;) {
        fake.asked = now_ns - began < busy_ns ? -EAGAIN : 0;
        if (measure_turn(MEASURE_PATIENCE_NS) == 0) {
            break;
        }
        pass(NS_PER_MS);
        assert_true(now_ns - began <= 2 * MEASURE_PATIENCE_NS);
    }
    measure_turn_end();
    fake.asked = 0;
    assert_false(fake.stopped);
    return now_ns - began;
}

static int fresh_turn(void **state)
{
    (void)state;
    now_ns += 1000000 * NS_PER_MS;
    fake_start(2, 1);
    return start(true, NULL, 0, MEASURE_LOG_SIZE);
}

static void turn_free_is_taken_at_once(void **state)
{
    (void)state;
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), 0);
    assert_int_equal(fake.kept, 1);
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), -ERESTART); /* another CPU */
    assert_false(measure_turn_is_due());
    assert_int_equal(measure_setenforce(false), 0);
    assert_int_equal(fake.closed, 0);
    measure_turn_end();
    assert_int_equal(fake.closed, 1);
    assert_null(fake.timer);
    assert_int_equal(wait_for_turn(0), 0);
    assert_int_equal(fake.seized, 0);
}

static void turn_busy_waits_with_an_end(void **state)
{
    (void)state;
    assert_int_equal(wait_for_turn(3000 * NS_PER_MS), 3000 * NS_PER_MS);
    assert_int_equal(fake.seized, 0);
    pass(1000000 * NS_PER_MS);
    assert_int_equal(wait_for_turn(UINT64_MAX), MEASURE_PATIENCE_NS); /* whoever holds it so long loses it */
    assert_int_equal(fake.seized, 1);
}

/* A domain that never lets go holds up one measurement for long, and then again when it has behaved for a while. */
static void turn_patience_is_used_up(void **state)
{
    uint64_t all = 0, began = now_ns;

    (void)state;
    assert_int_equal(wait_for_turn(UINT64_MAX), MEASURE_PATIENCE_NS);
    assert_int_equal(wait_for_turn(UINT64_MAX), 750 * NS_PER_MS);
    assert_int_equal(wait_for_turn(300 * NS_PER_MS), 300 * NS_PER_MS); /* what is quick is never lost */
    assert_int_equal(fake.seized, 2);
    pass(100000 * NS_PER_MS);
    assert_in_range(wait_for_turn(UINT64_MAX), 5000 * NS_PER_MS, 5001 * NS_PER_MS);
    pass(400000 * NS_PER_MS);
    assert_int_equal(wait_for_turn(UINT64_MAX), MEASURE_PATIENCE_NS);
    began = now_ns;
    while (now_ns - began < 3600 * NS_PER_S) { /* restarts all the time, and it lets go just in time */
        all += wait_for_turn(19000 * NS_PER_MS);
        pass(10000 * NS_PER_MS);
    }
    assert_in_range(all, 0, 3600 * NS_PER_S / 11);
}

/* What a domain that attests every second, and a driver domain that is restarted every ten, cost. */
static void turn_patience_suffices_for_honest_use(void **state)
{
    uint64_t began = now_ns;

    (void)state;
    assert_int_equal(wait_for_turn(15000 * NS_PER_MS), 15000 * NS_PER_MS); /* a key is made */
    while (now_ns - began < 3600 * NS_PER_S) {
        assert_int_equal(wait_for_turn(400 * NS_PER_MS), 400 * NS_PER_MS);
        pass(10000 * NS_PER_MS);
    }
    assert_int_equal(wait_for_turn(15000 * NS_PER_MS), 15000 * NS_PER_MS);
    assert_int_equal(fake.seized, 0);
}

/* Of who knows that nobody lets go: the domain that had it is dead. */
static void turn_without_patience_is_taken_at_once(void **state)
{
    (void)state;
    fake.asked = -EAGAIN;
    assert_int_equal(measure_turn(0), 0);
    assert_int_equal(fake.seized, 1);
    measure_turn_end();
    assert_int_equal(wait_for_turn(15000 * NS_PER_MS), 15000 * NS_PER_MS); /* and others have theirs */
}

/* As a vCPU does that sleeps: somebody looks in its place, and it comes when the turn has come. */
static void turn_looked_for_in_its_place(void **state)
{
    (void)state;
    fake.asked = -EAGAIN;
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), -ERESTART);
    for (unsigned int i = 0; i < 5000; i++) {
        pass(NS_PER_MS);
        assert_false(measure_turn_is_due());
    }
    fake.asked = 0;
    assert_true(measure_turn_is_due());
    assert_int_equal(fake.kept, 0); /* nothing is held for it yet */
    pass(20 * NS_PER_MS);
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), 0);
    measure_turn_end();
    assert_int_equal(fake.seized, 0);
}

/* Who dies while it waits, or does something else, does not leave the locality with us. */
static void turn_not_taken_is_forgotten(void **state)
{
    (void)state;
    for (int granted = 0; granted < 2; granted++) {
        fake.asked = -EAGAIN;
        fake.closed = 0;
        assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), -ERESTART);
        pass(NS_PER_MS);
        if (granted) {
            fake.asked = 0;
            assert_true(measure_turn_is_due());
        }
        pass(150 * NS_PER_MS);
        assert_int_equal(fake.closed, 0);
        pass(100 * NS_PER_MS);
        assert_int_equal(fake.closed, 1);
        assert_null(fake.timer);
    }
    pass(30000 * NS_PER_MS); /* and the next has its patience from the beginning */
    assert_int_equal(wait_for_turn(5000 * NS_PER_MS), 5000 * NS_PER_MS);
    assert_int_equal(fake.seized, 0);
}

/* What takes the TPM away takes time: the domain is stopped until it is ours, and nobody spins for it. */
static void turn_seized_is_waited_for(void **state)
{
    (void)state;
    fake.asked = -EAGAIN;
    fake.hangs = fake.noisy = true;
    assert_int_equal(measure_turn(0), -ERESTART); /* the domain is on its CPU yet */
    assert_true(fake.stopped);
    fake.noisy = false;
    for (unsigned int i = 0; i < 15000; i++) {
        pass(NS_PER_MS);
        assert_false(measure_turn_is_due());
        assert_true(i == 0 || fake.stopped);
        if (i % 1000 == 999) {
            assert_int_equal(measure_turn(0), -ERESTART);
        }
    }
    assert_int_equal(fake.seized, 1);
    assert_int_equal(fake.kept, 0);
    fake.asked = 0;
    assert_true(measure_turn_is_due());
    assert_false(fake.stopped);
    assert_int_equal(measure_turn(0), 0);
    measure_turn_end();
    assert_int_equal(fake.closed, 1);
}

/* Who seized and comes no more: it is given back, but not before it is ours. */
static void turn_seized_is_forgotten_when_it_has_come(void **state)
{
    (void)state;
    fake.asked = -EAGAIN;
    fake.hangs = true;
    assert_int_equal(measure_turn(0), -ERESTART);
    assert_int_equal(fake.seized, 1);
    for (unsigned int i = 0; i < 5000; i++) {
        pass(10 * NS_PER_MS);
        assert_true(fake.stopped && fake.timer != NULL);
    }
    assert_int_equal(fake.closed, 0);
    fake.asked = 0;
    pass(300 * NS_PER_MS);
    assert_int_equal(fake.closed, 1);
    assert_false(fake.stopped);
    assert_null(fake.timer);
}

/* It does not come: there is an end to the wait, and nothing is broken when it does come. */
static void turn_seized_in_vain_ebusy(void **state)
{
    uint64_t began = now_ns;
    int rc;

    (void)state;
    fake.asked = -EAGAIN;
    fake.hangs = true;
    while ((rc = measure_turn(MEASURE_PATIENCE_NS)) == -ERESTART) {
        pass(NS_PER_MS);
        assert_true(now_ns - began < 3 * MEASURE_PATIENCE_NS);
    }
    assert_int_equal(rc, -EBUSY);
    assert_int_equal(now_ns - began, 2 * MEASURE_PATIENCE_NS);
    assert_int_equal(fake.kept, 0);
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), -EBUSY); /* nor has the next to wait */
    fake.asked = 0;
    fake.hangs = false;
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), 0);
    assert_int_equal(measure_setenforce(false), 0);
    measure_turn_end();
    assert_false(fake.stopped);
    assert_int_equal(fake.seized, 1);
}

/* Another CPU wants it between this one's coming and its turn: time does not run backwards. */
static void turn_clock_of_another_cpu(void **state)
{
    (void)state;
    fake.asked = -EAGAIN;
    other_cpu_comes = true;
    assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), -ERESTART);
    other_cpu_comes = false;
    assert_int_equal(fake.seized, 0);
    assert_int_equal(wait_for_turn(15000 * NS_PER_MS), 15000 * NS_PER_MS);
    assert_int_equal(fake.seized, 0);
}

/* Nothing was sent to the TPM: the log explains it still. */
static void event_tpm_busy_is_not_the_end(void **state)
{
    size_t before, after;

    (void)state;
    fake_start(2, 1);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    (void)log_bytes(&before);
    fake.fail = -EBUSY;
    assert_int_equal(measure_setenforce(false), -EBUSY);
    (void)log_bytes(&after);
    assert_int_equal(before, after);
    fake.fail = 0;
    assert_int_equal(measure_setenforce(false), 0);
    fake.fail = -EIO;
    assert_int_equal(measure_setenforce(true), -EIO);
    fake.fail = 0;
    assert_int_equal(measure_setenforce(true), -EIO);
}

static void firmware_log_is_what_there_was(void **state)
{
    static const char size_word[] = " size=";
    uint8_t before[32];
    char want[100];
    const uint8_t *log, *at;
    size_t size, now;

    (void)state;
    fake_start(2, 2);
    assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
    log = log_bytes(&size);
    sha256(log, size, before);
    assert_int_equal(measure_firmware_log(), 0);
    memcpy(want, "firmware-log sha256=", 20);
    for (unsigned int i = 0; i < 32; i++) {
        snprintf(want + 20 + 2 * i, 3, "%02x", before[i]);
    }
    snprintf(want + 84, sizeof(want) - 84, "%s%zu", size_word, size);
    log = log_bytes(&now);
    at = log + now - strlen(want);
    assert_memory_equal(at, want, strlen(want));
    fake.fail = -EIO;
    assert_int_equal(measure_firmware_log(), -EIO);
}

static void end_shuts_the_tpm_down_and_measures_no_more(void **state)
{
    (void)state;
    for (int fail = 0; fail >= -EIO; fail -= EIO) { /* a TPM that answers, and one that does not */
        fake_start(2, 1);
        assert_int_equal(start(true, NULL, 0, MEASURE_LOG_SIZE), 0);
        fake.fail = fail;
        measure_end();
        assert_int_equal(fake.hurries, 1);
        assert_int_equal(fake.shutdowns, 1);
        assert_int_equal(measure_event(21, "late", 4), -ENODEV);
        assert_int_equal(fake.extends, 0);
        fake.closed = 0;
        assert_int_equal(measure_turn(MEASURE_PATIENCE_NS), 0);
        measure_turn_end(); /* of a restart on another CPU: the locality is not given back, or a domain could undo the end */
        assert_int_equal(fake.closed, 0);
    }
    fake_start(2, 1);
    assert_int_equal(start(false, NULL, 0, MEASURE_LOG_SIZE), 0);
    measure_end(); /* started with tpm=none: it is not ours */
    assert_int_equal(fake.shutdowns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measure_before_init_enodev),
        cmocka_unit_test(boot_sequence_replays_to_pcrs),
        cmocka_unit_test_setup(turn_free_is_taken_at_once, fresh_turn),
        cmocka_unit_test_setup(turn_busy_waits_with_an_end, fresh_turn),
        cmocka_unit_test_setup(turn_patience_is_used_up, fresh_turn),
        cmocka_unit_test_setup(turn_patience_suffices_for_honest_use, fresh_turn),
        cmocka_unit_test_setup(turn_without_patience_is_taken_at_once, fresh_turn),
        cmocka_unit_test_setup(turn_looked_for_in_its_place, fresh_turn),
        cmocka_unit_test_setup(turn_not_taken_is_forgotten, fresh_turn),
        cmocka_unit_test_setup(turn_seized_is_waited_for, fresh_turn),
        cmocka_unit_test_setup(turn_seized_is_forgotten_when_it_has_come, fresh_turn),
        cmocka_unit_test_setup(turn_seized_in_vain_ebusy, fresh_turn),
        cmocka_unit_test_setup(turn_clock_of_another_cpu, fresh_turn),
        cmocka_unit_test(event_tpm_busy_is_not_the_end),
        cmocka_unit_test(event_digest_is_hash_of_logged_text),
        cmocka_unit_test(init_firmware_log_continued),
        cmocka_unit_test(init_tpm_bank_missing_in_firmware_log_still_extended),
        cmocka_unit_test(init_damaged_firmware_log_refused),
        cmocka_unit_test(init_firmware_log_too_big_enospc),
        cmocka_unit_test(event_log_full_says_so_and_stops),
        cmocka_unit_test(what_domains_bring_about_leaves_a_quarter),
        cmocka_unit_test(hundreds_of_restarts_fit),
        cmocka_unit_test(event_bad_arguments_einval),
        cmocka_unit_test(event_tpm_failure_stops_measuring),
        cmocka_unit_test(init_pcrs_not_reserved_eio),
        cmocka_unit_test(event_single_locality_uses_substitute_pcrs),
        cmocka_unit_test(event_without_tpm_logged_only),
        cmocka_unit_test(log_read_past_end_nothing),
        cmocka_unit_test(firmware_log_is_what_there_was),
        cmocka_unit_test(end_shuts_the_tpm_down_and_measures_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
