/* SPDX-License-Identifier: Apache-2.0 */
/* Signed texts: made and read back; every changed byte, other key, other type and header refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/jose.h>

static EVP_PKEY *ec, *ed, *ec_other;
static const char text[] = "{\"a\":1}";

static void sign_and_verify_both_algorithms(void **state)
{
    EVP_PKEY *keys[] = {ec_other, ed, ec};
    struct attest_error err = {""};

    (void)state;
    for (size_t k = 1; k < 3; k++) {
        for (size_t n = 0; n <= strlen(text); n++) {
            struct bytes payload = {NULL, 0};
            size_t signer = 99;
            char *jws;

            assert_int_equal(jws_sign(keys[k], "t", text, n, &jws, &err), 0);
            assert_int_equal(jws_verify(jws, strlen(jws), "t", keys, 3, &payload, &signer, &err), 0);
            assert_int_equal(signer, k);
            assert_int_equal(payload.size, n);
            assert_memory_equal(payload.data, text, n);
            bytes_free(&payload);
            free(jws);
        }
    }
}

static void verify_any_changed_byte_refused(void **state)
{
    EVP_PKEY *keys[] = {ec, ed};
    struct attest_error err = {""};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        char *jws;
        size_t size;

        assert_int_equal(jws_sign(keys[k], "t", text, strlen(text), &jws, &err), 0);
        size = strlen(jws);
        for (size_t i = 0; i < size; i++) {
            for (unsigned int bit = 1; bit < 128; bit <<= 1) {
                jws[i] ^= (char)bit;
                assert_int_not_equal(jws_verify(jws, size, "t", keys, 2, NULL, NULL, &err), 0);
                jws[i] ^= (char)bit;
            }
        }
        for (size_t n = 0; n < size; n++) {
            assert_int_equal(jws_verify(jws, n, "t", keys, 2, NULL, NULL, &err), -EINVAL);
        }
        free(jws);
    }
}

static void verify_other_key_type_or_none_refused(void **state)
{
    EVP_PKEY *keys[] = {ec_other, ed};
    struct attest_error err = {""};
    char *jws;

    (void)state;
    assert_int_equal(jws_sign(ec, "t", text, strlen(text), &jws, &err), 0);
    assert_int_equal(jws_verify(jws, strlen(jws), "t", keys, 2, NULL, NULL, &err), -EACCES);
    assert_int_equal(jws_verify(jws, strlen(jws), "t", keys, 0, NULL, NULL, &err), -EACCES);
    assert_int_equal(jws_verify(jws, strlen(jws), "u", &ec, 1, NULL, NULL, &err), -EINVAL);
    free(jws);
}

/* Headers as one would write to talk a verifier out of its algorithm or into a key. */
static void verify_other_headers_refused(void **state)
{
    /* {"alg":"none","kid":"","typ":"t"}; with "jwk"; with "crit"; without typ */
    static const char *const bad[] = {
        "eyJhbGciOiJub25lIiwia2lkIjoiIiwidHlwIjoidCJ9.e30.",
        "eyJhbGciOiJub25lIiwia2lkIjoiIiwidHlwIjoidCJ9.e30.AAAA",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IiIsInR5cCI6InQiLCJqd2siOnt9fQ.e30."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IiJ9.e30."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "..",
        "",
        "a.b",
    };
    /* the right form, but a signature of zeros: a known way to fool ECDSA that does not check r, s */
    static const char zeros[] =
        "eyJhbGciOiJFUzI1NiIsImtpZCI6IiIsInR5cCI6InQifQ.e30."
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    struct attest_error err = {""};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(jws_verify(bad[i], strlen(bad[i]), "t", &ec, 1, NULL, NULL, &err), -EINVAL);
    }
    assert_int_equal(jws_verify(zeros, strlen(zeros), "t", &ec, 1, NULL, NULL, &err), -EACCES);
}

static int setup(void **state)
{
    (void)state;
    ec = EVP_EC_gen("P-256");
    ec_other = EVP_EC_gen("P-256");
    ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return ec == NULL || ec_other == NULL || ed == NULL;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ec_other);
    EVP_PKEY_free(ed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign_and_verify_both_algorithms),
        cmocka_unit_test(verify_any_changed_byte_refused),
        cmocka_unit_test(verify_other_key_type_or_none_refused),
        cmocka_unit_test(verify_other_headers_refused),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
