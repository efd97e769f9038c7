/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: written and read back, every kind of mistake refused; the PE hash; frames. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/sha.h>

#include <attest/error.h>
#include <attest/frame.h>
#include <attest/message.h>
#include <attest/reference.h>

static void reference_written_and_read_same(void **state)
{
    static const char path[] = "/tmp/bulkhead-test-reference.json";
    struct reference *a = reference_new(), *b;
    struct attest_error err = {""};
    uint8_t digest[32] = {1, 2, 3};

    (void)state;
    assert_int_equal(reference_add(a, "loader", REFERENCE_GRUB_PE, 4, digest, "p", &err), 0);
    assert_int_equal(reference_add(a, "cmd", REFERENCE_GRUB_CMD, 8, NULL, "", &err), 0);
    assert_int_equal(reference_add(a, "file", REFERENCE_FILE, 9, digest, "a \"b\" \\", &err), 0);
    assert_int_equal(
        reference_add(a, "cmdline", REFERENCE_HYPERVISOR_EVENT, 21, NULL, "cmdline x", &err), 0);
    assert_int_equal(reference_add(a, "p", REFERENCE_PROTECTION, 21, NULL, "nx=1", &err), 0);
    assert_int_equal(reference_add(a, "d", REFERENCE_DOMAIN, 22, NULL, "domain", &err), 0);
    assert_int_equal(reference_add(a, "fw", REFERENCE_PCR, 7, digest, "", &err), 0);
    assert_int_equal(reference_write(a, path, &err), 0);
    b = reference_read(path, &err);
    unlink(path);
    assert_non_null(b);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_string_equal(a->component[i].name, b->component[i].name);
        assert_string_equal(a->component[i].detail, b->component[i].detail);
        assert_int_equal(a->component[i].kind, b->component[i].kind);
        assert_int_equal(a->component[i].pcr, b->component[i].pcr);
        assert_memory_equal(a->component[i].sha256, b->component[i].sha256, 32);
    }
    reference_free(a);
    reference_free(b);
}

/* Messages have words of files and peers in them: no second line, no control sequence of a terminal, 7 or 8 bits. */
static void error_text_is_one_printable_line(void **state)
{
    static const char text[] = "{\"format\":\"bulkhead-reference-1\",\"components\":[{\"a\\nverdict: PASS\\u001b[2K\\u009b\\u202e\":1}]}";
    struct attest_error err = {""};
    char raw[] = "a\nb\x7f\xc2\x9bz~";

    (void)state;
    assert_null(reference_parse((const uint8_t *)text, strlen(text), &err));
    assert_non_null(strstr(err.text, "a?verdict: PASS?[2K?????\""));
    attest_fail(&err, 0, "%s", raw);
    assert_string_equal(err.text, "a?b???z~");
    assert_string_equal(text_clean(raw), "a?b???z~");
    assert_null(text_clean(NULL));
}

static void reference_add_bad_component_einval(void **state)
{
    struct reference *r = reference_new();
    struct attest_error err = {""};
    uint8_t digest[32] = {0};
    char longer[REFERENCE_DETAIL_MAX + 2];

    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(reference_add(r, "", REFERENCE_FILE, 9, digest, "", &err), -EINVAL);
    assert_int_equal(reference_add(r, "a b", REFERENCE_FILE, 9, digest, "", &err), -EINVAL);
    assert_int_equal(reference_add(r, "a", REFERENCE_FILE, 8, digest, "", &err), -EINVAL);
    for (unsigned int pcr = 8; pcr < 26; pcr++) { /* nothing would compare them */
        assert_int_equal(reference_add(r, "a", REFERENCE_PCR, pcr, digest, "", &err), -EINVAL);
    }
    assert_int_equal(reference_add(r, "a", REFERENCE_FILE, 9, NULL, "", &err), -EINVAL);
    assert_int_equal(reference_add(r, "a", REFERENCE_FILE, 9, digest, "a\nb", &err), -EINVAL);
    assert_int_equal(reference_add(r, "a", REFERENCE_FILE, 9, digest, longer, &err), -EINVAL);
    assert_int_equal(reference_add_file(r, "a", "tests/unit/attest/no-such-file", "/x", &err), -ENOENT);
    assert_int_equal(r->count, 0);
    reference_free(r);
}

/* Of two values of a PCR only one could be compared. */
static void reference_pcr_has_one_value(void **state)
{
    struct reference *r = reference_new();
    struct attest_error err = {""};
    uint8_t digest[32] = {0}, other[32] = {1};

    (void)state;
    for (unsigned int pcr = 0; pcr < 8; pcr++) {
        assert_int_equal(reference_add(r, "a", REFERENCE_PCR, pcr, digest, "", &err), 0);
        assert_int_equal(reference_add(r, "a", REFERENCE_PCR, pcr, other, "", &err), -EINVAL);
        assert_int_equal(reference_add(r, "b", REFERENCE_PCR, pcr, digest, "", &err), -EINVAL);
        assert_non_null(strstr(err.text, "second value"));
    }
    assert_int_equal(r->count, 8);
    for (int i = 0; i < 2; i++) { /* where it is a sequence, it may be the same twice */
        assert_int_equal(reference_add(r, "a", REFERENCE_FILE, 9, digest, "", &err), 0);
    }
    reference_free(r);
}

static void reference_parse_mistakes_refused(void **state)
{
#define HEX "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE(c) "{\"format\":\"bulkhead-reference-1\",\"components\":[" c "]}"
#define GOOD "{\"name\":\"a\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\"" HEX "\",\"detail\":\"\"}"
#define PCR_7(digit) "{\"name\":\"a\",\"kind\":\"pcr\",\"pcr\":7,\"sha256\":\"" digit "000000000000000000000000000000000000000000000000000000000000000\",\"detail\":\"\"}"
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "null",
        "{\"format\":\"bulkhead-reference-1\"}",
        "{\"format\":\"bulkhead-reference-2\",\"components\":[]}",
        "{\"format\":\"bulkhead-reference-1\",\"components\":{}}",
        "{\"format\":\"bulkhead-reference-1\",\"components\":[],\"more\":1}",
        ONE("1"),
        ONE("{}"),
        ONE(GOOD ","),
        ONE("{\"name\":\"a\",\"kind\":\"thing\",\"pcr\":9,\"sha256\":\"" HEX "\",\"detail\":\"\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":10,\"sha256\":\"" HEX "\",\"detail\":\"\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":-1,\"sha256\":\"" HEX "\",\"detail\":\"\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":\"9\",\"sha256\":\"" HEX
            "\",\"detail\":\"\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\"00\",\"detail\":\"\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\"" HEX "\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\"" HEX
            "\",\"detail\":\"\",\"x\":1}"),
        /* a digest that is not the one of its text would hide what is expected */
        ONE("{\"name\":\"a\",\"kind\":\"domain\",\"pcr\":22,\"sha256\":\"" HEX
            "\",\"detail\":\"domain\"}"),
        ONE("{\"name\":\"a\",\"kind\":\"pcr\",\"pcr\":9,\"sha256\":\"" HEX "\",\"detail\":\"\"}"),
        ONE(PCR_7("0") "," PCR_7("1")),
        ONE(GOOD) "x",
    };
    struct attest_error err;
    struct reference *r = reference_parse((const uint8_t *)ONE(GOOD), strlen(ONE(GOOD)), &err);

    (void)state;
    assert_non_null(r);
    assert_int_equal(r->count, 1);
    reference_free(r);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.text[0] = '\0';
        r = reference_parse((const uint8_t *)bad[i], strlen(bad[i]), &err);
        if (r != NULL) {
            fail_msg("accepted: %s", bad[i]);
        }
        assert_true(err.text[0] != '\0');
    }
    for (size_t n = 0; n < strlen(ONE(GOOD)); n++) {
        assert_null(reference_parse((const uint8_t *)ONE(GOOD), n, &err));
    }
}

/* -- PE
 * ---------------------------------------------------------------------------------------------- */
#define PE_HEADERS 0x200
#define PE_SIZE 0x500
#define OPT (0x80 + 24)
#define CERT_ENTRY (OPT + 112 + 32)

static void put32(uint8_t *p, uint32_t v)
{
    memcpy(p, &v, sizeof(v));
}

/* PE32+ with two sections, the later one first in the table, and 0x100 bytes behind them. */
static void make_pe(uint8_t pe[PE_SIZE])
{
    memset(pe, 0, PE_SIZE);
    for (size_t i = PE_HEADERS; i < PE_SIZE; i++) {
        pe[i] = (uint8_t)(i * 7);
    }
    memcpy(pe, "MZ", 2);
    put32(pe + 0x3c, 0x80);
    memcpy(pe + 0x80, "PE\0\0", 4);
    pe[0x86] = 2;   /* sections */
    pe[0x94] = 240; /* size of the optional header */
    pe[OPT] = 0x0b;
    pe[OPT + 1] = 0x02;
    put32(pe + OPT + 60, PE_HEADERS);
    put32(pe + OPT + 108, 16);         /* directories */
    put32(pe + OPT + 240 + 16, 0x100); /* section 0: raw size, raw start */
    put32(pe + OPT + 240 + 20, 0x300);
    put32(pe + OPT + 280 + 16, 0x100);
    put32(pe + OPT + 280 + 20, 0x200);
}

static void authenticode_hash_is_of_the_right_bytes(void **state)
{
    uint8_t pe[PE_SIZE], want[32], hash[32], other[32];
    struct attest_error err = {""};
    SHA256_CTX c;

    (void)state;
    make_pe(pe);
    SHA256_Init(&c);
    SHA256_Update(&c, pe, OPT + 64);
    SHA256_Update(&c, pe + OPT + 68, CERT_ENTRY - (OPT + 68));
    SHA256_Update(&c, pe + CERT_ENTRY + 8, PE_SIZE - (CERT_ENTRY + 8));
    SHA256_Final(want, &c);
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, hash, &err), 0);
    assert_memory_equal(hash, want, 32);
    pe[OPT + 64] ^= 0xff; /* checksum: not covered */
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, other, &err), 0);
    assert_memory_equal(hash, other, 32);
    pe[0x310] ^= 1; /* section: covered */
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, other, &err), 0);
    assert_memory_not_equal(hash, other, 32);
    pe[0x310] ^= 1;
    pe[0x480] ^= 1; /* behind the sections: covered */
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, other, &err), 0);
    assert_memory_not_equal(hash, other, 32);
    pe[0x480] ^= 1;
    /* the same file with its last 0x100 bytes declared a signature: as if they were not there */
    put32(pe + CERT_ENTRY, 0x400);
    put32(pe + CERT_ENTRY + 4, 0x100);
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, hash, &err), 0);
    pe[0x480] ^= 1;
    assert_int_equal(authenticode_sha256(pe, PE_SIZE, other, &err), 0);
    assert_memory_equal(hash, other, 32);
}

static void authenticode_damaged_pe_refused_or_hashed(void **state)
{
    uint8_t pe[PE_SIZE], hash[32];
    struct attest_error err = {""};

    (void)state;
    make_pe(pe);
    for (size_t n = 0; n < 0x400; n++) {
        uint8_t *copy = malloc(n + 1);

        assert_non_null(copy);
        memcpy(copy, pe, n);
        assert_int_equal(authenticode_sha256(copy, n, hash, &err), -EINVAL);
        free(copy);
    }
    for (size_t i = 0; i < PE_HEADERS; i++) { /* no crash, whatever a header byte says */
        for (unsigned int v = 0; v < 256; v += 15) {
            uint8_t keep = pe[i];

            pe[i] = (uint8_t)v;
            authenticode_sha256(pe, PE_SIZE, hash, &err);
            pe[i] = keep;
        }
    }
}

/* -- frames
 * -------------------------------------------------------------------------------------------- */
static void frame_after_noise_and_half_frame_received(void **state)
{
    struct fd_pair a, b;
    struct stream sa, sb;
    uint8_t *data;
    size_t size;
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    a = (struct fd_pair){pair[0], pair[0]};
    b = (struct fd_pair){pair[1], pair[1]};
    stream_from_fds(&sa, &a);
    stream_from_fds(&sb, &b);
    assert_int_equal(write(pair[0], "noise BBHBHA", 12), 12);
    assert_int_equal(frame_send(&sa, (const uint8_t *)"hello", 5), 0);
    assert_int_equal(frame_receive(&sb, &data, &size, 1000), 0);
    assert_int_equal(size, 5);
    assert_string_equal((char *)data, "hello");
    free(data);
    assert_int_equal(frame_receive(&sb, &data, &size, 50), -ETIMEDOUT);
    assert_int_equal(write(pair[0], "BHA1\xff\xff\xff\xff", 8), 8); /* absurd length */
    assert_int_equal(frame_receive(&sb, &data, &size, 1000), -EMSGSIZE);
    assert_int_equal(frame_send(&sa, (const uint8_t *)"", 0), 0);
    assert_int_equal(frame_receive(&sb, &data, &size, 1000), 0);
    assert_int_equal(size, 0);
    free(data);
    close(pair[0]);
    assert_int_equal(frame_receive(&sb, &data, &size, 1000), -EPIPE);
    close(pair[1]);
}

/* Neither a peer that sends a byte now and then nor one that takes none keeps anybody beyond the stream's end. */
static void frame_ends_when_its_stream_does(void **state)
{
    const size_t big = 4u << 20;
    uint8_t *data = calloc(1, big);
    struct fd_pair a, b;
    struct stream sa, sb;
    int64_t began;
    size_t size;
    int pair[2];
    pid_t pid;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    a = (struct fd_pair){pair[0], pair[0]};
    b = (struct fd_pair){pair[1], pair[1]};
    stream_from_fds(&sa, &a);
    stream_from_fds(&sb, &b);
    pid = fork();
    if (pid == 0) {
        bool there = write(pair[0], "BHA1\0\0\0\x1e", 8) == 8;

        for (int i = 0; there && i < 30; i++) {
            there = write(pair[0], "x", 1) == 1;
            usleep(100000);
        }
        _exit(0);
    }
    alarm(30);
    began = stream_now_ms();
    sb.end_ms = began + 500;
    assert_int_equal(frame_receive(&sb, &data, &size, -1), -ETIMEDOUT);
    assert_in_range(stream_now_ms() - began, 500, 2500);
    assert_int_equal(frame_receive(&sb, &data, &size, -1), -ETIMEDOUT); /* late is late, also what is there */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    began = stream_now_ms();
    sa.end_ms = began + 500;
    assert_int_equal(frame_send(&sa, data, big), -ETIMEDOUT); /* nobody reads */
    assert_in_range(stream_now_ms() - began, 500, 2500);
    alarm(0);
    free(data);
    close(pair[0]);
    close(pair[1]);
}

static void message_bytes_only_exact_base64(void **state)
{
    json_object *o = json_object_new_object();
    struct bytes b = {NULL, 0};
    struct attest_error err = {""};

    (void)state;
    for (size_t n = 0; n < 40; n++) {
        uint8_t data[40];

        memset(data, (int)n, sizeof(data));
        assert_int_equal(message_add_bytes(o, "k", data, n), 0);
        assert_int_equal(message_bytes(o, "k", 40, &b, &err), 0);
        assert_int_equal(b.size, n);
        assert_memory_equal(b.data, data, n);
        if (n > 0) {
            assert_int_equal(message_bytes(o, "k", n - 1, &b, &err), -EINVAL);
        }
    }
    message_add_string(o, "k", "abc");
    assert_int_equal(message_bytes(o, "k", 40, &b, &err), -EINVAL);
    message_add_string(o, "k", "ab!=");
    assert_int_equal(message_bytes(o, "k", 40, &b, &err), -EINVAL);
    assert_int_equal(message_bytes(o, "absent", 40, &b, &err), -EINVAL);
    bytes_free(&b);
    json_object_put(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_written_and_read_same),
        cmocka_unit_test(reference_add_bad_component_einval),
        cmocka_unit_test(error_text_is_one_printable_line),
        cmocka_unit_test(reference_pcr_has_one_value),
        cmocka_unit_test(reference_parse_mistakes_refused),
        cmocka_unit_test(authenticode_hash_is_of_the_right_bytes),
        cmocka_unit_test(authenticode_damaged_pe_refused_or_hashed),
        cmocka_unit_test(frame_after_noise_and_half_frame_received),
        cmocka_unit_test(frame_ends_when_its_stream_does),
        cmocka_unit_test(message_bytes_only_exact_base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
