/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Authenticode hash of a PE image: everything but the checksum, the directory entry of the
 * signature and the signature itself; headers first, then sections by file position, then what
 * follows them. Source: Microsoft, Windows Authenticode Portable Executable Signature Format, 2008;
 * offsets from the PE/COFF specification, revision 11.
 */
#include <attest/reference.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>

#define SECTION_SIZE 40u
#define SECTION_MAX 96u

struct pe {
    const uint8_t *data;
    size_t size;
    size_t checksum;   /* offset of the 4-byte field */
    size_t cert_entry; /* offset of the 8-byte directory entry; 0: none */
    size_t cert_size;
    size_t headers_size;
    size_t sections; /* offset of the section table */
    unsigned int section_count;
};

struct span {
    size_t start, size;
};

static uint32_t get32(const struct pe *pe, size_t at)
{
    uint32_t v;

    memcpy(&v, pe->data + at, sizeof(v));
    return v;
}

static uint16_t get16(const struct pe *pe, size_t at)
{
    uint16_t v;

    memcpy(&v, pe->data + at, sizeof(v));
    return v;
}

static int parse(struct pe *pe, struct attest_error *err)
{
    size_t coff, opt, opt_size, directories;
    uint32_t directory_count;

    if (pe->size < 0x40 || get16(pe, 0) != 0x5a4d) {
        return attest_fail(err, -EINVAL, "PE offset 0: expected MZ");
    }
    coff = get32(pe, 0x3c);
    if (coff > pe->size || pe->size - coff < 24 || get32(pe, coff) != 0x00004550) {
        return attest_fail(err, -EINVAL, "PE offset %zu: expected PE signature", coff);
    }
    opt = coff + 24;
    opt_size = get16(pe, coff + 20);
    if (opt_size > pe->size - opt || opt_size < 96) {
        return attest_fail(err, -EINVAL, "PE offset %zu: optional header of %zu bytes", opt,
                           opt_size);
    }
    switch (get16(pe, opt)) {
    case 0x10b:
        directories = 96;
        break;
    case 0x20b:
        directories = 112;
        break;
    default:
        return attest_fail(err, -EINVAL, "PE offset %zu: neither PE32 nor PE32+", opt);
    }
    if (opt_size < directories) {
        return attest_fail(err, -EINVAL, "PE offset %zu: optional header too short", opt);
    }
    directory_count = get32(pe, opt + directories - 4);
    if (directory_count > (opt_size - directories) / 8) {
        return attest_fail(err, -EINVAL, "PE offset %zu: %u data directories", opt,
                           directory_count);
    }
    pe->checksum = opt + 64;
    pe->headers_size = get32(pe, opt + 60);
    pe->sections = opt + opt_size;
    pe->section_count = get16(pe, coff + 6);
    if (pe->section_count > SECTION_MAX ||
        pe->section_count * SECTION_SIZE > pe->size - pe->sections) {
        return attest_fail(err, -EINVAL, "PE offset %zu: %u sections", pe->sections,
                           pe->section_count);
    }
    if (pe->headers_size > pe->size ||
        pe->headers_size < pe->sections + pe->section_count * SECTION_SIZE) {
        return attest_fail(err, -EINVAL, "PE headers of %zu bytes", pe->headers_size);
    }
    if (directory_count > 4) {
        pe->cert_entry = opt + directories + 4 * 8;
        pe->cert_size = get32(pe, pe->cert_entry + 4);
        if (pe->cert_size > pe->size) {
            return attest_fail(err, -EINVAL, "PE certificate table of %zu bytes", pe->cert_size);
        }
    }
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct span *x = a, *y = b;

    return (x->start > y->start) - (x->start < y->start);
}

static int hash_all(const struct pe *pe, EVP_MD_CTX *md, uint8_t out[32], struct attest_error *err)
{
    struct span section[SECTION_MAX];
    unsigned int count = 0;
    size_t at = pe->checksum + 4, sum = pe->headers_size;
    int ok =
        EVP_DigestInit_ex(md, EVP_sha256(), NULL) && EVP_DigestUpdate(md, pe->data, pe->checksum);

    if (pe->cert_entry != 0) {
        ok = ok && EVP_DigestUpdate(md, pe->data + at, pe->cert_entry - at);
        at = pe->cert_entry + 8;
    }
    ok = ok && EVP_DigestUpdate(md, pe->data + at, pe->headers_size - at);
    for (unsigned int i = 0; i < pe->section_count; i++) {
        size_t entry = pe->sections + i * SECTION_SIZE;
        struct span s = {get32(pe, entry + 20), get32(pe, entry + 16)};

        if (s.size == 0) {
            continue;
        }
        if (s.start > pe->size || s.size > pe->size - s.start) {
            return attest_fail(err, -EINVAL, "PE section %u runs past the end", i);
        }
        section[count++] = s;
    }
    qsort(section, count, sizeof(section[0]), by_start);
    for (unsigned int i = 0; i < count; i++) {
        ok = ok && EVP_DigestUpdate(md, pe->data + section[i].start, section[i].size);
        sum += section[i].size;
    }
    if (sum + pe->cert_size > pe->size) {
        return attest_fail(err, -EINVAL, "PE sections and certificates overlap");
    }
    ok = ok && EVP_DigestUpdate(md, pe->data + sum, pe->size - pe->cert_size - sum);
    ok = ok && EVP_DigestFinal_ex(md, out, NULL);
    return ok ? 0 : attest_fail(err, -EINVAL, "hash failure");
}

int authenticode_sha256(const uint8_t *data, size_t len, uint8_t out[32], struct attest_error *err)
{
    struct pe pe = {.data = data, .size = len};
    EVP_MD_CTX *md;
    int rc = parse(&pe, err);

    if (rc != 0) {
        return rc;
    }
    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    rc = hash_all(&pe, md, out, err);
    EVP_MD_CTX_free(md);
    return rc;
}
