/* SPDX-License-Identifier: Apache-2.0 */
/* Event log parser and replay: limits, damage, and which texts a digest covers. No TPM. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <attest/eventlog.h>
#include <xen/eventlog.h>
#include <xen/sha256.h>

static uint8_t raw[8192];
static struct eventlog out; /* the hypervisor's writer makes what the verifier's reader reads */

static void start(void)
{
    struct tpm_digests d = {.count = 2};

    d.digest[0] = (struct tpm_digest){.alg = TPM_ALG_SHA1, .size = 20};
    d.digest[1] = (struct tpm_digest){.alg = TPM_ALG_SHA256, .size = 32};
    assert_int_equal(eventlog_start(&out, raw, sizeof(raw), &d), 0);
}

static void put(uint32_t pcr, uint32_t type, const void *measured, size_t n, const void *data,
                size_t size)
{
    struct tpm_digests d = out.banks;

    eventlog_hash(&d, measured, n);
    assert_int_equal(eventlog_append(&out, pcr, type, &d, data, size), 0);
}

static int setup(void **state)
{
    (void)state;
    start();
    put(8, LOG_EV_IPL, "set x=1", 7, "grub_cmd: set x=1", 18);
    put(21, LOG_EV_IPL, "policy", 6, "policy", 6);
    put(0, LOG_EV_SEPARATOR, "\0\0\0\0", 4, "\0\0\0\0", 4);
    return 0;
}

static int parse(struct event_log *log)
{
    return log_parse(log, raw, out.used, NULL);
}

static void log_parse_own_log_all_events(void **state)
{
    struct event_log log;
    char type[16];

    (void)state;
    assert_int_equal(parse(&log), 0);
    assert_int_equal(log.count, 3);
    assert_int_equal(log.bank_count, 2);
    assert_int_equal(log.event[1].pcr, 21);
    assert_string_equal(log_type_name(log.event[1].type, type), "EV_IPL");
    assert_string_equal(log_type_name(0xabcdef01, type), "0xabcdef01");
    log_free(&log);
}

static void log_parse_every_truncation_refused_or_shorter(void **state)
{
    struct event_log log;
    unsigned int accepted = 0;

    (void)state;
    for (size_t n = 0; n < out.used; n++) {
        uint8_t *copy = malloc(n + 1); /* exact size, so that ASan sees every overrun */
        int rc;

        assert_non_null(copy);
        memcpy(copy, raw, n);
        rc = log_parse(&log, copy, n, NULL);
        assert_true(rc == 0 || rc == -EINVAL);
        if (rc == 0) {
            accepted++;
            assert_true(log.count < 3);
            log_free(&log);
        }
        free(copy);
    }
    assert_int_equal(accepted, 3); /* after the header and after the first two events */
}

static void log_parse_every_byte_changed_no_crash(void **state)
{
    struct event_log log;

    (void)state;
    for (size_t i = 0; i < out.used; i++) {
        static const uint8_t values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
        uint8_t keep = raw[i], pcr[LOG_PCR_COUNT][64];

        for (size_t v = 0; v < sizeof(values); v++) {
            raw[i] = values[v];
            if (parse(&log) == 0) {
                log_replay(&log, LOG_ALG_SHA256, pcr, NULL);
                for (size_t e = 0; e < log.count; e++) {
                    free(log_covered_text(&log, &log.event[e]));
                }
                log_free(&log);
            }
        }
        raw[i] = keep;
    }
}

static void log_parse_trailing_garbage_refused(void **state)
{
    struct event_log log;

    (void)state;
    memset(raw + out.used, 0, 12);
    out.used += 5;
    assert_int_equal(parse(&log), -EINVAL);
    out.used -= 5;
}

static void log_parse_too_big_e2big(void **state)
{
    struct event_log log;
    uint8_t *big = calloc(1, LOG_SIZE_MAX + 1);

    (void)state;
    assert_non_null(big);
    assert_int_equal(log_parse(&log, big, LOG_SIZE_MAX + 1, NULL), -E2BIG);
    free(big);
}

static void log_replay_folds_in_order(void **state)
{
    uint8_t want[64] = {0}, pcr[LOG_PCR_COUNT][64];
    struct event_log log;

    (void)state;
    put(21, LOG_EV_IPL, "later", 5, "later", 5);
    assert_int_equal(parse(&log), 0);
    assert_int_equal(log_replay(&log, LOG_ALG_SHA256, pcr, NULL), 0);
    sha256("policy", 6, want + 32);
    sha256(want, 64, want);
    sha256("later", 5, want + 32);
    sha256(want, 64, want);
    assert_memory_equal(pcr[21], want, 32);
    assert_int_equal(log_replay(&log, LOG_ALG_SHA384, pcr, NULL), -EINVAL); /* no such bank */
    log_free(&log);
}

static void log_replay_startup_locality_only_first(void **state)
{
    static const char at3[] = "StartupLocality\0\3";
    uint8_t pcr[LOG_PCR_COUNT][64], want[64] = {[31] = 3};
    struct event_log log;

    (void)state;
    start();
    put(0, LOG_EV_NO_ACTION, "", 0, at3, 17);
    put(0, LOG_EV_SEPARATOR, "\0\0\0\0", 4, "\0\0\0\0", 4);
    assert_int_equal(parse(&log), 0);
    assert_int_equal(log_replay(&log, LOG_ALG_SHA256, pcr, NULL), 0);
    sha256("\0\0\0\0", 4, want + 32);
    sha256(want, 64, want);
    assert_memory_equal(pcr[0], want, 32);
    log_free(&log);
    put(0, LOG_EV_NO_ACTION, "", 0, at3, 17); /* after an extend it would rewrite history */
    assert_int_equal(parse(&log), 0);
    assert_int_equal(log_replay(&log, LOG_ALG_SHA256, pcr, NULL), -EINVAL);
    log_free(&log);
}

static void covered_text_only_what_the_digest_covers(void **state)
{
    struct event_log log;
    char *text;

    (void)state;
    put(21, LOG_EV_IPL, "policy good", 11, "policy evil", 11);
    put(21, LOG_EV_IPL, "two\nlines", 9, "two\nlines", 9);
    assert_int_equal(parse(&log), 0);
    text = log_covered_text(&log, &log.event[0]);
    assert_string_equal(text, "set x=1");
    free(text);
    text = log_covered_text(&log, &log.event[1]);
    assert_string_equal(text, "policy");
    free(text);
    assert_null(log_covered_text(&log, &log.event[2])); /* covered, but no text */
    assert_null(log_covered_text(&log, &log.event[3]));
    assert_null(log_covered_text(&log, &log.event[4]));
    log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(log_parse_own_log_all_events, setup),
        cmocka_unit_test_setup(log_parse_every_truncation_refused_or_shorter, setup),
        cmocka_unit_test_setup(log_parse_every_byte_changed_no_crash, setup),
        cmocka_unit_test_setup(log_parse_trailing_garbage_refused, setup),
        cmocka_unit_test_setup(log_parse_too_big_e2big, setup),
        cmocka_unit_test_setup(log_replay_folds_in_order, setup),
        cmocka_unit_test_setup(log_replay_startup_locality_only_first, setup),
        cmocka_unit_test_setup(covered_text_only_what_the_digest_covers, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
