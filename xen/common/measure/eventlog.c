/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The crypto-agile log as bytes. Layout, all little endian and unaligned:
 *
 *   first record   u32 pcr, u32 type = EV_NO_ACTION, u8 sha1[20] = 0, u32 size, then size bytes:
 *                  "Spec ID Event03\0", u32 platform class, u8 minor, u8 major, u8 errata, u8 uintn
 * size, u32 n, n x { u16 alg, u16 digest size }, u8 vendor size, vendor bytes each further   u32
 * pcr, u32 type, u32 n, n x { u16 alg, digest }, u32 size, size bytes
 *
 * The firmware's log is read with a bounded cursor from a private copy.
 */
#include <xen/eventlog.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/sha1.h>
#include <xen/sha256.h>
#include <xen/sha512.h>

#define SPEC_ID "Spec ID Event03"
#define SPEC_PREFIX_SIZE 32 /* first record up to the event data */
#define EVENT_DATA_MAX (1024u * 1024u)

struct cursor {
    const uint8_t *data;
    size_t len, pos;
    bool failed;
};

/* Advance by n and return where those bytes start; NULL (and failed) past the end. */
static const uint8_t *take(struct cursor *c, size_t n)
{
    const uint8_t *p = c->data + c->pos;

    if (c->failed || n > c->len - c->pos) {
        c->failed = true;
        return NULL;
    }
    c->pos += n;
    return p;
}

static uint32_t take_u32(struct cursor *c)
{
    const uint8_t *p = take(c, 4);

    return p == NULL
               ? 0
               : (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t take_u16(struct cursor *c)
{
    const uint8_t *p = take(c, 2);

    if (p == NULL) {
        return 0;
    }
    return (uint16_t)(p[0] | p[1] << 8);
}

static int fail(struct eventlog_error *err, size_t offset, const char *what)
{
    err->offset = offset;
    err->what = what;
    return -EINVAL;
}

static int parse_header(struct cursor *c, struct tpm_digests *banks, struct eventlog_error *err)
{
    const uint8_t *sig;
    uint32_t pcr = take_u32(c), type = take_u32(c), size, count;
    size_t end;

    take(c, SHA1_SIZE);
    size = take_u32(c);
    if (c->failed || pcr != 0 || type != EV_NO_ACTION) {
        return fail(err, 0, "no TCG_EfiSpecIdEvent record");
    }
    if (size > c->len - c->pos) {
        return fail(err, c->pos - 4, "first record runs past the end");
    }
    end = c->pos + size;
    sig = take(c, sizeof(SPEC_ID));
    if (sig == NULL || memcmp(sig, SPEC_ID, sizeof(SPEC_ID)) != 0) {
        return fail(err, SPEC_PREFIX_SIZE, "signature is not Spec ID Event03");
    }
    take(c, 8);
    count = take_u32(c);
    if (c->failed || count == 0 || count > TPM_BANK_MAX) {
        return fail(err, c->pos, "number of digest algorithms is not 1 to 4");
    }
    for (banks->count = 0; banks->count < count; banks->count++) {
        struct tpm_digest *d = &banks->digest[banks->count];

        d->alg = take_u16(c);
        d->size = take_u16(c);
        if (c->failed || tpm_alg_size(d->alg) == 0 || d->size != tpm_alg_size(d->alg)) {
            return fail(err, c->pos, "digest algorithm unknown or of wrong size");
        }
        for (unsigned int i = 0; i < banks->count; i++) {
            if (banks->digest[i].alg == d->alg) {
                return fail(err, c->pos, "digest algorithm listed twice");
            }
        }
    }
    if (c->pos >= end || c->data[c->pos] != end - c->pos - 1) {
        return fail(err, c->pos, "vendor information does not end the first record");
    }
    c->pos = end;
    return 0;
}

/* Whether the record header at the cursor is unused space: all zeros or all ones. */
static bool at_unused_space(const struct cursor *c)
{
    size_t left = c->len - c->pos;
    uint8_t first = c->data[c->pos];

    if (first != 0 && first != 0xff) {
        return false;
    }
    for (size_t i = 0; i < min(left, (size_t)12); i++) {
        if (c->data[c->pos + i] != first) {
            return false;
        }
    }
    return true;
}

static int parse_record(struct cursor *c, const struct tpm_digests *banks,
                        struct eventlog_error *err)
{
    size_t start = c->pos;
    uint32_t pcr = take_u32(c), count, size;

    take_u32(c); /* event type: any */
    count = take_u32(c);
    /* Firmware logs a few EV_NO_ACTION events with PCR index -1; nothing is extended for them. */
    if (c->failed || (pcr >= TPM_PCR_COUNT && pcr != UINT32_MAX)) {
        return fail(err, start, "PCR index above 23");
    }
    if (count == 0 || count > banks->count) {
        return fail(err, start + 8, "digest count differs from the header's");
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t id = take_u16(c);
        unsigned int b;

        for (b = 0; b < banks->count && banks->digest[b].alg != id; b++) {
        }
        if (c->failed || b == banks->count) {
            return fail(err, c->pos - 2, "digest algorithm not in the header");
        }
        take(c, banks->digest[b].size);
    }
    size = take_u32(c);
    if (c->failed || size > EVENT_DATA_MAX || take(c, size) == NULL) {
        return fail(err, start, "record runs past the end");
    }
    return 0;
}

unsigned int tpm_alg_size(uint16_t id)
{
    switch (id) {
    case TPM_ALG_SHA1:
        return SHA1_SIZE;
    case TPM_ALG_SHA256:
        return SHA256_SIZE;
    case TPM_ALG_SHA384:
        return SHA384_SIZE;
    case TPM_ALG_SHA512:
        return SHA512_SIZE;
    default:
        return 0;
    }
}

int eventlog_take(struct eventlog *log, uint8_t *buf, size_t capacity, const uint8_t *fw,
                  size_t len, struct eventlog_error *err)
{
    struct cursor c = {.data = fw, .len = len};
    struct tpm_digests banks;
    int rc;

    memset(log, 0, sizeof(*log));
    memset(&banks, 0, sizeof(banks));
    rc = parse_header(&c, &banks, err);
    while (rc == 0 && c.pos < c.len && !at_unused_space(&c)) {
        rc = parse_record(&c, &banks, err);
    }
    if (rc != 0) {
        return rc;
    }
    if (c.pos > capacity) {
        return -ENOSPC;
    }
    memcpy(buf, fw, c.pos);
    *log = (struct eventlog){.buf = buf, .capacity = capacity, .used = c.pos, .banks = banks};
    return 0;
}

/* Writers for space that has been checked. */
static void put(struct eventlog *log, const void *data, size_t n)
{
    memcpy(log->buf + log->used, data, n);
    log->used += n;
}

static void put_u32(struct eventlog *log, uint32_t v)
{
    put(log, &v, sizeof(v)); /* x86 and the log are both little endian */
}

static void put_u16(struct eventlog *log, uint16_t v)
{
    put(log, &v, sizeof(v));
}

int eventlog_start(struct eventlog *log, uint8_t *buf, size_t capacity,
                   const struct tpm_digests *banks)
{
    static const uint8_t no_digest[SHA1_SIZE];
    /* platform class 0 (client), version 2.0 errata 2, UINTN of 8 bytes */
    static const uint8_t version[8] = {0, 0, 0, 0, 0, 2, 2, 2};
    uint32_t size = (uint32_t)(sizeof(SPEC_ID) + sizeof(version) + 4 + 4 * banks->count + 1);

    memset(log, 0, sizeof(*log));
    if (banks->count == 0 || banks->count > TPM_BANK_MAX) {
        return -EINVAL;
    }
    if (capacity < SPEC_PREFIX_SIZE + size) {
        return -ENOSPC;
    }
    *log = (struct eventlog){.buf = buf, .capacity = capacity, .banks = *banks};
    put_u32(log, 0);
    put_u32(log, EV_NO_ACTION);
    put(log, no_digest, sizeof(no_digest));
    put_u32(log, size);
    put(log, SPEC_ID, sizeof(SPEC_ID));
    put(log, version, sizeof(version));
    put_u32(log, banks->count);
    for (unsigned int i = 0; i < banks->count; i++) {
        put_u16(log, banks->digest[i].alg);
        put_u16(log, banks->digest[i].size);
    }
    put(log, no_digest, 1); /* no vendor information */
    return 0;
}

size_t eventlog_record_size(const struct eventlog *log, size_t len)
{
    size_t size = 12 + 4 + len;

    for (unsigned int i = 0; i < log->banks.count; i++) {
        size += 2u + log->banks.digest[i].size;
    }
    return size;
}

static const struct tpm_digest *find(const struct tpm_digests *digests, uint16_t id)
{
    for (unsigned int i = 0; i < digests->count; i++) {
        if (digests->digest[i].alg == id) {
            return &digests->digest[i];
        }
    }
    return NULL;
}

int eventlog_append(struct eventlog *log, uint32_t pcr, uint32_t type,
                    const struct tpm_digests *digests, const void *event, size_t len)
{
    if (len > EVENT_DATA_MAX || eventlog_record_size(log, len) > log->capacity - log->used) {
        return -ENOSPC;
    }
    for (unsigned int i = 0; i < log->banks.count; i++) {
        if (find(digests, log->banks.digest[i].alg) == NULL) {
            return -EINVAL;
        }
    }
    put_u32(log, pcr);
    put_u32(log, type);
    put_u32(log, log->banks.count);
    for (unsigned int i = 0; i < log->banks.count; i++) {
        const struct tpm_digest *d = find(digests, log->banks.digest[i].alg);

        put_u16(log, d->alg);
        put(log, d->bytes, d->size);
    }
    put_u32(log, (uint32_t)len);
    put(log, event, len);
    return 0;
}

void eventlog_hash(struct tpm_digests *digests, const void *data, size_t len)
{
    for (unsigned int i = 0; i < digests->count; i++) {
        struct tpm_digest *d = &digests->digest[i];
        struct sha1 s1;
        struct sha512 s512;

        switch (d->alg) {
        case TPM_ALG_SHA1:
            sha1_init(&s1);
            sha1_update(&s1, data, len);
            sha1_final(&s1, d->bytes);
            break;
        case TPM_ALG_SHA256:
            sha256(data, len, d->bytes);
            break;
        case TPM_ALG_SHA384:
            sha384_init(&s512);
            sha512_update(&s512, data, len);
            sha384_final(&s512, d->bytes);
            break;
        case TPM_ALG_SHA512:
            sha512_init(&s512);
            sha512_update(&s512, data, len);
            sha512_final(&s512, d->bytes);
            break;
        default:
            memset(d->bytes, 0, sizeof(d->bytes));
            break;
        }
    }
}
