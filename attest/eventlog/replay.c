/* SPDX-License-Identifier: Apache-2.0 */
/* Folding a log into PCR values, and finding out which texts the digests cover. */
#include <attest/eventlog.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>

static const EVP_MD *hash_of(uint16_t alg)
{
    switch (alg) {
    case LOG_ALG_SHA1:
        return EVP_sha1();
    case LOG_ALG_SHA256:
        return EVP_sha256();
    case LOG_ALG_SHA384:
        return EVP_sha384();
    case LOG_ALG_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

/* "StartupLocality\0" and one byte: TPM2_Startup came at that locality, so PCR 0 starts at it. */
static bool is_startup_locality(const struct log_event *event)
{
    static const char sig[] = "StartupLocality";

    return event->type == LOG_EV_NO_ACTION && event->pcr == 0 && event->size == sizeof(sig) + 1 &&
           memcmp(event->data, sig, sizeof(sig)) == 0;
}

int log_replay(const struct event_log *log, uint16_t alg, uint8_t pcr[LOG_PCR_COUNT][64],
               struct attest_error *err)
{
    int bank = log_bank(log, alg);
    const EVP_MD *md = hash_of(alg);
    bool extended0 = false;
    size_t size;

    memset(pcr, 0, LOG_PCR_COUNT * 64);
    if (bank < 0 || md == NULL || log->bank[bank].size != EVP_MD_get_size(md)) {
        return attest_fail(err, -EINVAL, "event log has no bank 0x%x", alg);
    }
    size = log->bank[bank].size;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *event = &log->event[i];
        uint8_t joined[128];

        if (is_startup_locality(event)) {
            uint8_t locality = event->data[event->size - 1];

            if (extended0 || locality > 4) {
                return attest_fail(err, -EINVAL, "event %zu: StartupLocality out of place", i);
            }
            pcr[0][size - 1] = locality;
        }
        if (!log_is_extended(event)) {
            continue;
        }
        if (event->digest[bank] == NULL) {
            return attest_fail(err, -EINVAL, "event %zu: no digest of bank 0x%x", i, alg);
        }
        memcpy(joined, pcr[event->pcr], size);
        memcpy(joined + size, event->digest[bank], size);
        if (EVP_Digest(joined, 2 * size, pcr[event->pcr], NULL, md, NULL) != 1) {
            return attest_fail(err, -EINVAL, "hash failure");
        }
        extended0 |= event->pcr == 0;
    }
    return 0;
}

static bool is_printable(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0x20 || p[i] == 0x7f) {
            return false;
        }
    }
    return n > 0;
}

static bool covers(const uint8_t *digest, const uint8_t *p, size_t n)
{
    uint8_t hash[32];

    return EVP_Digest(p, n, hash, NULL, EVP_sha256(), NULL) == 1 &&
           memcmp(hash, digest, sizeof(hash)) == 0;
}

char *log_covered_text(const struct event_log *log, const struct log_event *event)
{
    static const char *const prefix[] = {"", "grub_cmd: ", "kernel_cmdline: ", "module_cmdline: "};
    const uint8_t *digest = log_sha256(log, event);

    if (digest == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++) {
        size_t skip = strlen(prefix[i]), n = event->size;

        if (n < skip || memcmp(event->data, prefix[i], skip) != 0) {
            continue;
        }
        /* with and without a final NUL, which is not part of the text */
        for (unsigned int nul = 0; nul < 2; nul++) {
            size_t len = n - skip;

            if (nul == 1 && (len == 0 || event->data[n - 1] != 0)) {
                continue;
            }
            len -= nul;
            if (covers(digest, event->data + skip, len) && is_printable(event->data + skip, len)) {
                return strndup((const char *)event->data + skip, len);
            }
        }
    }
    return NULL;
}
