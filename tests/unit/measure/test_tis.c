/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FIFO transport against a small register model that can misbehave: never grant the locality,
 * stop taking data, never answer, answer with a wrong size. Every fault must end in an error within
 * its timeout; a fake clock makes that quick. The model also checks the driver: bytes only while
 * Expect, go only after a whole command. Like QEMU's it gives the locality away while the other's command
 * executes, drops what is sent meanwhile, and delivers that command's answer to who sent last.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/tpm.h>

#include "../../../xen/drivers/tpm/internal.h"
#include "fake_log.h"

static struct {
    /* faults */
    bool absent, never_grant, grant_on_seize, burst_stuck, expect_stuck, never_answer;
    uint32_t size_in_header; /* 0: the truth */
    uint32_t extra_bytes;
    uint8_t code_low;     /* of the response code */
    uint32_t set_auth_code[2]; /* answers to the first and the second TPM2_PCR_SetAuthValue */
    uint32_t clear_code, platform_code;
    uint32_t permanent; /* TPMA_PERMANENT */
    unsigned int retries; /* a code this often first */
    uint16_t retry_code;  /* 0: TPM_RC_RETRY */
    uint64_t busy_until;  /* locality 0's command executes, and nobody waited for it; 0: none does */
    bool steals;          /* when it has ended locality 0 has the TPM again */
    bool needs_two;       /* an abort leaves the TPM idle: commandReady once more makes it ready */
    /* state */
    bool active, seized, ready, executing, dropped, aborting;
    uint8_t in[512];
    size_t in_len;
    uint8_t out[512];
    size_t out_len, out_pos;
    unsigned int commands, set_auths, clears;
    uint32_t clear_by; /* the hierarchy that TPM2_ClearControl came with */
    uint64_t now;
} m;

static uint8_t page[TPM_LOCALITY_SIZE];

volatile uint8_t *tpm_io_map(uint64_t maddr, size_t size)
{
    assert_int_equal(maddr, 0xfed42000);
    assert_int_equal(size, 4096);
    return page;
}

static bool expects(void)
{
    return m.ready && (m.in_len < 6 || m.in_len < tpm_header_size(m.in));
}

static void answer(void)
{
    /* GetCapability(PCRS): sha256 active, sha1 allocated but empty; everything else: success */
    static const uint8_t banks[] = {0, 0,    0,    0,    5, 0, 0, 0, 2, 0, 0x0b,
                                    3, 0xff, 0xff, 0xff, 0, 4, 3, 0, 0, 0};
    uint8_t permanent[] = {0, 0, 0, 0, 6, 0, 0, 0, 1, 0, 0, 2, 0, 0, 0, (uint8_t)(m.permanent >> 8), (uint8_t)m.permanent};
    uint8_t random[] = {0, 8, 1, 2, 3, 4, 5, 6, 7, (uint8_t)m.commands}; /* less than what is asked for */
    bool good = m.retries == 0 && m.code_low == 0;
    bool caps = good && m.in[8] == 1 && m.in[9] == 0x7a && m.in[13] == 5;
    bool properties = good && m.in[8] == 1 && m.in[9] == 0x7a && m.in[13] == 6;
    bool randoms = good && m.in[8] == 1 && m.in[9] == 0x7b;
    size_t len = 10 + (caps ? sizeof(banks) : properties ? sizeof(permanent) : randoms ? sizeof(random) : 0);
    uint32_t size = m.size_in_header != 0 ? m.size_in_header : (uint32_t)len, code = 0;

    if (randoms && m.in[11] < random[1]) {
        random[1] = m.in[11];
        size = (uint32_t)(len = 12u + random[1]);
    } else if (m.in[9] == 0x83) {
        code = m.set_auth_code[m.set_auths++ != 0];
    } else if (m.in[9] == 0x27) {
        m.clears++;
        m.clear_by = tpm_header_size(m.in + 8);
        code = m.clear_code;
    } else if (m.in[9] == 0x29) {
        code = m.platform_code;
    }

    memset(m.out, 0, sizeof(m.out));
    m.out[0] = 0x80;
    m.out[1] = 1;
    m.out[4] = (uint8_t)(size >> 8);
    m.out[5] = (uint8_t)size;
    if (caps) {
        memcpy(m.out + 10, banks, sizeof(banks));
    } else if (properties) {
        memcpy(m.out + 10, permanent, sizeof(permanent));
    } else if (randoms) {
        memcpy(m.out + 10, random, sizeof(random));
    } else if (m.retries > 0) {
        m.retries--;
        m.out[8] = m.retry_code == 0 ? 0x09 : (uint8_t)(m.retry_code >> 8);
        m.out[9] = m.retry_code == 0 ? 0x22 : (uint8_t)m.retry_code;
    } else if (m.code_low != 0) {
        m.out[8] = 0x01;
        m.out[9] = m.code_low;
    } else {
        m.out[8] = (uint8_t)(code >> 8);
        m.out[9] = (uint8_t)code;
    }
    m.out_len = len + m.extra_bytes;
    m.out_pos = 0;
    m.commands++;
}

static void be_ready(void)
{
    m.ready = true;
    m.executing = m.aborting = false;
    m.in_len = m.out_len = m.out_pos = 0;
}

/* Locality 0's command may have ended. */
static void settle(void)
{
    static const uint8_t success[] = {0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0};

    if (m.busy_until == 0 || m.now < m.busy_until) {
        return;
    }
    m.busy_until = 0;
    m.in_len = 0; /* of what was being written */
    if (m.dropped) {
        memcpy(m.out, success, sizeof(success));
        m.out_len = sizeof(success);
        m.out_pos = 0;
        m.dropped = false;
    }
    if (m.aborting) {
        be_ready();
    } else if (m.steals) {
        m.active = m.ready = m.executing = false;
    }
    m.steals = false;
}

uint8_t tpm_io_read8(const volatile uint8_t *reg)
{
    size_t off = (size_t)(reg - page);

    settle();
    if (m.absent) {
        return 0xff;
    }
    if (off == 0) {
        return (uint8_t)(0x80 | (m.active ? 0x20 : 0) | (m.seized ? 0x10 : 0));
    }
    assert_int_equal(off, 0x24);
    return m.out_pos < m.out_len ? m.out[m.out_pos++] : 0xff;
}

uint32_t tpm_io_read32(const volatile uint8_t *reg)
{
    size_t off = (size_t)(reg - page);
    uint32_t sts = 0x80;

    if (m.absent) {
        return 0xffffffffu;
    }
    if (off == 0xf00) {
        return 0x00011014;
    }
    assert_int_equal(off, 0x18);
    settle();
    if (!m.active) {
        return 0xffffffffu;
    }
    if (m.ready && m.in_len == 0) {
        sts |= 0x40;
    }
    if (m.in_len > 0 && (expects() || m.expect_stuck)) {
        sts |= 0x08;
    }
    if (m.executing && !m.never_answer && m.out_pos < m.out_len) {
        sts |= 0x10;
    }
    if (!m.burst_stuck) {
        sts |= 3u << 8; /* three bytes at a time, to make the driver loop */
    }
    return sts;
}

void tpm_io_write8(volatile uint8_t *reg, uint8_t value)
{
    size_t off = (size_t)(reg - page);

    settle();
    if (off == 0) {
        if (value == 0x02) {
            m.active = !m.never_grant && !m.grant_on_seize;
        } else if (value == 0x08) {
            m.active = !m.never_grant;
        } else if (value == 0x20) {
            m.active = false;
        } else {
            assert_int_equal(value, 0x10);
            m.seized = false;
        }
        return;
    }
    assert_int_equal(off, 0x24);
    assert_true(expects());
    assert_true(m.in_len < sizeof(m.in));
    if (m.active) {
        m.in[m.in_len++] = value;
    }
}

void tpm_io_write32(volatile uint8_t *reg, uint32_t value)
{
    assert_int_equal(reg - page, 0x18);
    settle();
    if (!m.active) {
        return;
    }
    if (value == 0x40) {
        bool aborts = m.in_len > 0 || (m.executing && m.out_len == 0);

        if (aborts && m.busy_until != 0) {
            m.aborting = true;
            m.ready = false;
        } else if (!m.aborting) {
            be_ready();
            m.ready = !(m.needs_two && aborts);
        }
    } else {
        assert_int_equal(value, 0x20);
        assert_true(m.ready && !expects() && m.in_len > 0);
        m.ready = false;
        m.executing = true;
        if (m.busy_until != 0) {
            m.dropped = true;
        } else {
            answer();
        }
    }
}

uint64_t tpm_io_now_ns(void)
{
    return m.now += 1000000; /* each look costs 1 ms */
}

void tpm_io_relax(void)
{
}

static const struct acpi_tpm2_info info = {.present = true, .start_method = ACPI_TPM2_START_TIS};

static int fresh(void **state)
{
    (void)state;
    memset(&m, 0, sizeof(m));
    assert_int_equal(tpm_init(&info), 0);
    m.commands = 0;
    return 0;
}

static int extend(void)
{
    struct tpm_digests d;

    tpm_banks(&d);
    memset(d.digest[0].bytes, 0x11, 32);
    return tpm_pcr_extend(21, &d);
}

static void init_reads_active_banks_only(void **state)
{
    struct tpm_digests d;

    (void)state;
    tpm_banks(&d);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.digest[0].alg, TPM_ALG_SHA256);
    assert_false(m.active); /* given back */
}

static void extend_sends_documented_command(void **state)
{
    static const uint8_t want[] = {0x80, 2,  0, 0, 0, 65, 0,    0, 1,    0x82, 0,   0,
                                   0,    21, 0, 0, 0, 9,  0x40, 0, 0,    9,    0,   0,
                                   0,    0,  0, 0, 0, 0,  1,    0, 0x0b, 0x11, 0x11};
    uint8_t sent[65];

    (void)state;
    assert_int_equal(extend(), 0);
    memcpy(sent, m.in, sizeof(sent));
    assert_memory_equal(sent, want, sizeof(want));
    assert_false(m.active);
}

/* The authorization area of the last command, which begins after one handle. */
static unsigned int password_size(void)
{
    const uint8_t *size = m.in + 14 + 4 + 4 + 2 + 1;

    return (unsigned int)(size[0] << 8 | size[1]);
}

static int reserve_both(void)
{
    static const unsigned int pcrs[] = {21, 22};

    return tpm_reserve(pcrs, 2);
}

static void reserve_gives_values_that_extend_uses(void **state)
{
    static const uint8_t password[20] = {1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 1, 1, 2, 3, 4};

    (void)state;
    m.set_auth_code[1] = 0x9a2; /* 22 shares the value of 21 */
    assert_int_equal(reserve_both(), -EIO); /* not the one that we gave it */
    fresh(NULL);
    assert_int_equal(reserve_both(), 0);
    assert_false(m.active);
    assert_int_equal(m.set_auths, 2);
    assert_int_equal(m.clears, 1);
    assert_int_equal(m.clear_by, 0x4000000a);
    assert_int_equal(extend(), 0);
    assert_int_equal(password_size(), sizeof(password));
    assert_memory_equal(m.in + 27, password, sizeof(password));
    assert_int_equal(tpm_pcr_reset(22), 0);
    assert_int_equal(password_size(), sizeof(password));
    assert_int_equal(tpm_pcr_reset(20), 0); /* not ours */
    assert_int_equal(password_size(), 0);
}

/* Some have no PCR with an authorization value, some not the command either. */
static void reserve_where_there_is_nothing_to_reserve(void **state)
{
    static const uint32_t codes[] = {0x84, 0x184, 0x1c4, 0x143};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fresh(NULL);
        m.set_auth_code[0] = m.set_auth_code[1] = codes[i];
        assert_int_equal(reserve_both(), 0);
        assert_int_equal(m.clears, 0); /* harmless: it stays as its owner has it */
        assert_int_equal(extend(), 0);
        assert_int_equal(password_size(), 0);
    }
    fresh(NULL);
    m.set_auth_code[1] = 0x84; /* one of the two */
    assert_int_equal(reserve_both(), 0);
    assert_int_equal(tpm_pcr_reset(22), 0);
    assert_int_equal(password_size(), 0);
    assert_int_equal(extend(), 0);
    assert_int_equal(password_size(), 20);
}

static void reserve_somebody_came_first_eio(void **state)
{
    static const uint32_t codes[] = {0x9a2, 0x98e, 0x124 /* a policy */, 0x101};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fresh(NULL);
        m.set_auth_code[0] = codes[i];
        assert_int_equal(reserve_both(), -EIO);
        assert_false(m.active);
    }
}

/* A wrong value would lock the lockout hierarchy for its owner; what is disabled is not disabled again, which wears the TPM's memory. */
static void reserve_leaves_the_lockout_hierarchy_to_its_owner(void **state)
{
    (void)state;
    m.permanent = 1u << 2;
    m.clear_code = 0x9a2; /* and the platform is closed */
    m.platform_code = 0x9a2;
    assert_int_equal(reserve_both(), 0);
    assert_int_equal(m.clears, 1);
    assert_int_equal(m.clear_by, 0x4000000c);
    assert_non_null(strstr(fake_log_last, "could not be disabled"));
    fresh(NULL);
    m.permanent = 1u << 8;
    assert_int_equal(reserve_both(), 0);
    assert_int_equal(m.clears, 0);
}

/* Where nobody can tell, it may be open. */
static void reserve_platform_that_may_be_open_eio(void **state)
{
    static const uint32_t codes[] = {0x101, 0x920, 0x9a2, 0x985, 0};

    (void)state;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        fresh(NULL);
        m.platform_code = codes[i];
        assert_int_equal(reserve_both(), i < 2 ? -EIO : 0);
    }
}

static void open_locality_refused_ebusy(void **state)
{
    uint64_t before = m.now;

    (void)state;
    m.never_grant = true;
    assert_int_equal(extend(), -EBUSY);
    assert_true(m.now - before < 30000000000ull);
    assert_int_equal(m.commands, 0);
}

static void ask_locality_busy_is_not_seized(void **state)
{
    (void)state;
    m.grant_on_seize = true;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(tpm_ask(), -EAGAIN);
        assert_false(m.active);
    }
    m.grant_on_seize = false; /* locality 0 is done */
    assert_int_equal(tpm_ask(), 0);
    assert_int_equal(extend(), 0);
    assert_false(m.active);
}

static void keep_several_commands_without_letting_go(void **state)
{
    (void)state;
    assert_int_equal(tpm_ask(), 0);
    tpm_keep();
    for (int i = 0; i < 3; i++) {
        assert_int_equal(extend(), 0);
        assert_true(m.active);
    }
    tpm_close();
    assert_false(m.active);
    assert_int_equal(extend(), 0);
    assert_false(m.active);
}

static void seize_does_not_wait(void **state)
{
    uint64_t before;

    (void)state;
    m.grant_on_seize = true;
    assert_int_equal(tpm_ask(), -EAGAIN);
    before = m.now;
    tpm_seize();
    assert_int_equal(m.now, before);
    assert_int_equal(extend(), 0);
    assert_in_range(m.now - before, 1, 500 * 1000000ull);
}

static void open_locality_busy_seized(void **state)
{
    (void)state;
    m.grant_on_seize = true;
    m.seized = true;
    assert_int_equal(extend(), 0);
    assert_false(m.seized);
}

/* Its answer is not taken for the answer to ours, wherever in ours it comes. */
static void command_left_behind_is_waited_for(void **state)
{
    (void)state;
    for (unsigned int steals = 0; steals < 2; steals++) {
        for (uint64_t ms = 1; ms < 200; ms += ms < 60 ? 1 : 20) {
            fresh(NULL);
            m.busy_until = m.now + ms * 1000000;
            m.steals = steals;
            assert_int_equal(extend(), 0);
            assert_int_equal(m.commands, 1);
            assert_int_equal(m.in[9], 0x82);
            assert_false(m.active);
        }
        fresh(NULL);
        m.busy_until = m.now + 15000 * 1000000ull;
        m.steals = steals;
        assert_int_equal(extend(), 0);
        assert_int_equal(m.commands, 1);
    }
    fresh(NULL);
    m.busy_until = m.now + 60000 * 1000000ull; /* it cannot be had, and nothing is sent */
    assert_int_equal(extend(), -EBUSY);
    assert_int_equal(m.commands, 0);
    assert_false(m.dropped);
}

/* Asked again and again, without a wait, as long as that command takes. */
static void ask_command_left_behind_is_busy(void **state)
{
    unsigned int n;

    (void)state;
    m.busy_until = m.now + 3000 * 1000000ull;
    for (n = 0; tpm_ask() == -EBUSY; n++) {
        assert_true(m.active);
        m.now += 1000000;
    }
    assert_in_range(n, 500, 3000);
    assert_int_equal(tpm_ask(), 0);
    tpm_keep();
    assert_int_equal(extend(), 0);
    assert_int_equal(m.commands, 1);
    tpm_close();
    m.grant_on_seize = true;
    assert_int_equal(tpm_ask(), -EAGAIN); /* this can be taken back */
    m.never_grant = true;
    tpm_seize();
    assert_int_equal(tpm_ask(), -EBUSY); /* this cannot */
    m.never_grant = false;
    m.active = true;
    assert_int_equal(tpm_ask(), 0);
    tpm_close();
    assert_int_equal(tpm_ask(), -EAGAIN);
}

static void abort_that_leaves_the_tpm_idle(void **state)
{
    (void)state;
    m.needs_two = true;
    assert_int_equal(extend(), 0);
    assert_int_equal(m.commands, 1);
}

static void send_faults_end_in_error(void **state)
{
    (void)state;
    m.burst_stuck = true;
    assert_int_equal(extend(), -ETIMEDOUT);
    m.burst_stuck = false;
    m.expect_stuck = true;
    assert_int_equal(extend(), -EIO);
    m.expect_stuck = false;
    assert_int_equal(m.commands, 0);
    assert_int_equal(extend(), 0); /* and the next command works */
}

static void receive_faults_end_in_error(void **state)
{
    static const uint32_t sizes[] = {1, 9, 11, 65, 0xffff};

    (void)state;
    m.never_answer = true;
    assert_int_equal(extend(), -ETIMEDOUT);
    m.never_answer = false;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        m.size_in_header = sizes[i];
        assert_true(extend() < 0);
    }
    m.size_in_header = 0;
    m.extra_bytes = 1;
    assert_int_equal(extend(), -EIO);
    m.extra_bytes = 0;
    assert_int_equal(extend(), 0);
}

static void extend_retry_code_repeated(void **state)
{
    static const uint16_t codes[] = {0x908, 0x90a, 0x920, 0x922, 0x923};
    uint64_t start;

    (void)state;
    m.retries = 3;
    assert_int_equal(extend(), 0);
    assert_int_equal(m.commands, 4);
    m.commands = 0;
    m.retries = 100000;
    start = m.now;
    assert_int_equal(extend(), -EBUSY); /* not done, and may be done later */
    assert_in_range(m.now - start, 2000 * 1000000ull, 8000 * 1000000ull);
    assert_in_range(m.commands, 20, 500);
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        m.retry_code = codes[i];
        m.retries = 20;
        m.commands = 0;
        assert_int_equal(extend(), 0);
        assert_int_equal(m.commands, 21);
    }
}

static void extend_refused_eio(void **state)
{
    (void)state;
    m.code_low = 0x07;
    assert_int_equal(extend(), -EIO);
    assert_int_equal(m.commands, 1);
}

static void extend_wrong_banks_einval(void **state)
{
    struct tpm_digests d;

    (void)state;
    tpm_banks(&d);
    d.digest[0].alg = TPM_ALG_SHA1;
    assert_int_equal(tpm_pcr_extend(21, &d), -EINVAL);
    d.count = 0;
    assert_int_equal(tpm_pcr_extend(21, &d), -EINVAL);
    tpm_banks(&d);
    d.digest[0].size = 64;
    assert_int_equal(tpm_pcr_extend(21, &d), -EINVAL);
    tpm_banks(&d);
    assert_int_equal(tpm_pcr_extend(24, &d), -EINVAL);
    assert_int_equal(tpm_pcr_reset(24), -EINVAL);
    assert_int_equal(m.commands, 0);
}

static void transmit_wrong_length_einval(void **state)
{
    static const uint8_t cmd[12] = {0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x44};
    uint8_t resp[16];
    size_t len = sizeof(resp);

    (void)state;
    assert_int_equal(tpm_transmit(cmd, 12, resp, &len), -EINVAL);
    assert_int_equal(tpm_transmit(cmd, 5, resp, &len), -EINVAL);
}

/* The last of these tests: from tpm_hurry() on there is no patience left. */
static void shutdown_is_sent_or_given_up_within_its_time(void **state)
{
    static const uint8_t want[] = {0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x45, 0, 0};
    bool *const faults[] = {&m.never_grant, &m.burst_stuck, &m.never_answer};
    uint64_t start;

    (void)state;
    tpm_hurry();
    assert_int_equal(tpm_shutdown(), 0);
    assert_memory_equal(m.in, want, sizeof(want));
    assert_true(m.active); /* kept: nobody's command comes after it */
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        m.active = false;
        *faults[i] = true;
        start = m.now;
        tpm_hurry();
        assert_int_equal(tpm_shutdown(), i == 0 ? -EBUSY : -ETIMEDOUT);
        assert_in_range(m.now - start, 1, TPM_TIMEOUT_END_NS + 50000000);
        *faults[i] = false;
    }
    m.active = false;
    m.retries = 1000; /* asks for patience for ever */
    start = m.now;
    tpm_hurry();
    assert_int_equal(tpm_shutdown(), -EBUSY);
    assert_in_range(m.now - start, 1, TPM_TIMEOUT_END_NS + 50000000);
}

static void init_nothing_there_enodev(void **state)
{
    (void)state;
    m.absent = true;
    assert_int_equal(tpm_init(&info), -ENODEV);
    assert_int_equal(tpm_open(), -ENODEV);
    assert_int_equal(extend(), -ENODEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(init_reads_active_banks_only, fresh),
        cmocka_unit_test_setup(extend_sends_documented_command, fresh),
        cmocka_unit_test_setup(reserve_gives_values_that_extend_uses, fresh),
        cmocka_unit_test_setup(reserve_where_there_is_nothing_to_reserve, fresh),
        cmocka_unit_test_setup(reserve_somebody_came_first_eio, fresh),
        cmocka_unit_test_setup(reserve_platform_that_may_be_open_eio, fresh),
        cmocka_unit_test_setup(reserve_leaves_the_lockout_hierarchy_to_its_owner, fresh),
        cmocka_unit_test_setup(open_locality_refused_ebusy, fresh),
        cmocka_unit_test_setup(ask_locality_busy_is_not_seized, fresh),
        cmocka_unit_test_setup(keep_several_commands_without_letting_go, fresh),
        cmocka_unit_test_setup(seize_does_not_wait, fresh),
        cmocka_unit_test_setup(open_locality_busy_seized, fresh),
        cmocka_unit_test_setup(command_left_behind_is_waited_for, fresh),
        cmocka_unit_test_setup(ask_command_left_behind_is_busy, fresh),
        cmocka_unit_test_setup(abort_that_leaves_the_tpm_idle, fresh),
        cmocka_unit_test_setup(send_faults_end_in_error, fresh),
        cmocka_unit_test_setup(receive_faults_end_in_error, fresh),
        cmocka_unit_test_setup(extend_retry_code_repeated, fresh),
        cmocka_unit_test_setup(extend_refused_eio, fresh),
        cmocka_unit_test_setup(extend_wrong_banks_einval, fresh),
        cmocka_unit_test_setup(transmit_wrong_length_einval, fresh),
        cmocka_unit_test_setup(init_nothing_there_enodev, fresh),
        cmocka_unit_test_setup(shutdown_is_sent_or_given_up_within_its_time, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
