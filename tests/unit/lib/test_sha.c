/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four hashes against the examples published with FIPS 180-4 (NIST, "Examples with Intermediate
 * Values", and the one-million-a vector), and against OpenSSL for every length around the block
 * boundaries, whole and in uneven pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include <xen/sha1.h>
#include <xen/sha256.h>
#include <xen/sha512.h>

enum { A1, A256, A384, A512, ALG_COUNT };

static const struct {
    size_t size;
    const char *name;
} alg[ALG_COUNT] = {{20, "SHA1"}, {32, "SHA256"}, {48, "SHA384"}, {64, "SHA512"}};

/* Hash in pieces of `step` bytes (0: all at once). */
static void hash(int which, const void *data, size_t len, size_t step, uint8_t *out)
{
    struct sha1 s1;
    struct sha256 s256;
    struct sha512 s512;
    const uint8_t *p = data;

    sha1_init(&s1);
    sha256_init(&s256);
    if (which == A384) {
        sha384_init(&s512);
    } else {
        sha512_init(&s512);
    }
    while (len > 0) {
        size_t n = step == 0 || step > len ? len : step;

        switch (which) {
        case A1:
            sha1_update(&s1, p, n);
            break;
        case A256:
            sha256_update(&s256, p, n);
            break;
        default:
            sha512_update(&s512, p, n);
            break;
        }
        p += n;
        len -= n;
    }
    switch (which) {
    case A1:
        sha1_final(&s1, out);
        break;
    case A256:
        sha256_final(&s256, out);
        break;
    case A384:
        sha384_final(&s512, out);
        break;
    default:
        sha512_final(&s512, out);
        break;
    }
}

static void expect_hex(int which, const uint8_t *digest, const char *hex)
{
    char text[129];

    for (size_t i = 0; i < alg[which].size; i++) {
        static const char digit[] = "0123456789abcdef";

        text[2 * i] = digit[digest[i] >> 4];
        text[2 * i + 1] = digit[digest[i] & 15];
    }
    text[2 * alg[which].size] = '\0';
    assert_string_equal(text, hex);
}

static void hash_nist_examples_match(void **state)
{
    static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    static const char *const abc_hex[ALG_COUNT] = {
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134"
        "c825a7",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
        "feebbd454d4423643ce80e2a9ac94fa54ca49f",
    };
    static const char *const empty_hex[ALG_COUNT] = {
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f148"
        "98b95b",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d287"
        "7eec2f63b931bd47417a81a538327af927da3e",
    };
    uint8_t out[64];

    (void)state;
    for (int i = 0; i < ALG_COUNT; i++) {
        hash(i, "abc", 3, 0, out);
        expect_hex(i, out, abc_hex[i]);
        hash(i, "", 0, 0, out);
        expect_hex(i, out, empty_hex[i]);
    }
    hash(A1, two, 56, 0, out);
    expect_hex(A1, out, "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
    hash(A256, two, 56, 0, out);
    expect_hex(A256, out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void hash_million_a_matches(void **state)
{
    static uint8_t data[1000000];
    uint8_t out[64];

    (void)state;
    memset(data, 'a', sizeof(data));
    hash(A1, data, sizeof(data), 0, out);
    expect_hex(A1, out, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    hash(A256, data, sizeof(data), 1013, out);
    expect_hex(A256, out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void hash_every_length_matches_openssl(void **state)
{
    static const size_t steps[] = {0, 1, 7, 63, 64, 65, 127};
    uint8_t data[300], out[64], want[64];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 37 + 11);
    }
    for (int a = 0; a < ALG_COUNT; a++) {
        for (size_t len = 0; len <= sizeof(data); len++) {
            assert_int_equal(
                EVP_Digest(data, len, want, NULL, EVP_get_digestbyname(alg[a].name), NULL), 1);
            for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
                hash(a, data, len, steps[s], out);
                assert_memory_equal(out, want, alg[a].size);
            }
        }
    }
}

static void sha256_update_unaligned_input_same_digest(void **state)
{
    uint8_t data[264], a[32], b[32];

    (void)state;
    memset(data, 0x5a, sizeof(data));
    sha256(data, 256, a);
    for (size_t shift = 1; shift < 8; shift++) {
        sha256(data + shift, 256, b);
        assert_memory_equal(a, b, sizeof(a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_nist_examples_match),
        cmocka_unit_test(hash_million_a_matches),
        cmocka_unit_test(hash_every_length_matches_openssl),
        cmocka_unit_test(sha256_update_unaligned_input_same_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
