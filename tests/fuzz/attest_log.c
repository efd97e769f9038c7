/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event log of a host whose quote is good: PCR values are what the log replays to, so that its components are compared. Once as it
 * is, and once with the digest of each text made that of the text, as a host would that measures what it likes. check_quote() is a
 * fake here; tests/fuzz/attest_evidence.c has the real one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/eventlog.h>
#include <attest/history.h>
#include <attest/message.h>
#include <attest/verify.h>

#include "../../attest/verifier/internal.h"
#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

bool check_quote(const struct verify_input *in, struct verdict *v)
{
    (void)in;
    v->quote_believed = true;
    return true;
}

int verify_quote_clock(const struct evidence *e, struct clock_info *out)
{
    (void)e;
    (void)out;
    return -1;
}

/* -- a good log, and what is expected of it ---------------------------------------------------------- */
static const struct {
    uint32_t pcr, type;
    const char *prefix, *text, *name;
    enum reference_kind kind;
} events[] = {
    {0, LOG_EV_SEPARATOR, "", "", NULL, REFERENCE_PCR},
    {4, LOG_EV_EFI_ACTION, "", "Calling EFI Application from Boot Option", NULL, REFERENCE_PCR},
    {4, LOG_EV_EFI_BOOT_APPLICATION, "", "loader", "loader", REFERENCE_GRUB_PE},
    {8, LOG_EV_IPL, "grub_cmd: ", "set root=(hd0,gpt1)", "root", REFERENCE_GRUB_CMD},
    {8, LOG_EV_IPL, "grub_cmd: ", "boot", "boot", REFERENCE_GRUB_CMD},
    {9, LOG_EV_IPL, "", "/boot/policy.bin", "policy", REFERENCE_FILE},
    {21, 0x42480001u, "", NULL, NULL, REFERENCE_PCR}, /* what the log was so far: firmware_text() */
    {21, 0x42480001u, "", "bulkhead version=0.1.0 build=0123456789abcdef", "hypervisor", REFERENCE_HYPERVISOR_EVENT},
    {21, 0x42480001u, "", "cmdline \"console=com1\"", "cmdline", REFERENCE_HYPERVISOR_EVENT},
    {22, 0x42480001u, "", "domain id=5 name=guest label=system_u:system_r:guest_t digest=00 start=1", "guest", REFERENCE_DOMAIN},
};

#define EVENT_COUNT (sizeof(events) / sizeof(events[0]))

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
    return p + 4;
}

static void sha(const char *text, uint8_t out[32])
{
    if (EVP_Digest(text, strlen(text), out, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
}

#define FIRMWARE_LOG "firmware-log sha256="

/* The hypervisor's first event, of the `size` bytes before it. */
static void firmware_text(const uint8_t *log, size_t size, char out[128])
{
    uint8_t digest[32];
    char hex[65];

    if (EVP_Digest(log, size, digest, NULL, EVP_sha256(), NULL) != 1) {
        abort();
    }
    hex_encode(hex, digest, sizeof(digest));
    snprintf(out, 128, FIRMWARE_LOG "%s size=%zu", hex, size);
}

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static const char head[] = "Spec ID Event03\0\0\0\0\0\0\2\0\2\1\0\0\0\x0b\0\x20\0"; /* and a NUL: no vendor's bytes */
    uint8_t *p = buf;

    if (max < 4096) {
        abort();
    }
    p = put32(p, 0);
    p = put32(p, LOG_EV_NO_ACTION);
    memset(p, 0, 20);
    p = put32(p + 20, sizeof(head));
    memcpy(p, head, sizeof(head));
    p += sizeof(head);
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        char firmware[128];
        const char *text = events[i].text;

        if (text == NULL) {
            firmware_text(buf, (size_t)(p - buf), firmware);
            text = firmware;
        }
        size_t prefix = strlen(events[i].prefix), n = strlen(text);

        p = put32(p, events[i].pcr);
        p = put32(p, events[i].type);
        p = put32(p, 1);
        *p++ = 0x0b;
        *p++ = 0;
        sha(text, p);
        p = put32(p + 32, (uint32_t)(prefix + n));
        memcpy(p, events[i].prefix, prefix);
        memcpy(p + prefix, text, n);
        p += prefix + n;
    }
    return (size_t)(p - buf);
}

static const struct reference *reference(void)
{
    static struct reference *ref;
    struct attest_error err;
    uint8_t digest[32];

    if (ref != NULL) {
        return ref;
    }
    ref = reference_new();
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        if (events[i].name == NULL) {
            continue;
        }
        sha(events[i].text, digest);
        if (reference_add(ref, events[i].name, events[i].kind, events[i].pcr,
                          events[i].kind == REFERENCE_GRUB_PE || events[i].kind == REFERENCE_FILE ? digest : NULL, events[i].text, &err) != 0) {
            abort();
        }
    }
    return ref;
}

/* -- the entry -------------------------------------------------------------------------------------- */
static void judge(const struct event_log *log, const uint8_t *data, size_t size)
{
    struct evidence e = {.log = {(uint8_t *)(uintptr_t)data, size}, .pcr_mask = VERIFY_PCR_MASK};
    const struct verify_input in = {.evidence = &e, .reference = reference()};
    uint8_t pcr[LOG_PCR_COUNT][64];
    struct verdict v = {.count = 0};
    struct attest_error err;

    memset(pcr, 0, sizeof(pcr));
    if (log_replay(log, LOG_ALG_SHA256, pcr, &err) == 0) {
        for (size_t i = 0; i < 24; i++) {
            memcpy(e.pcr[i], pcr[i], 32);
        }
    }
    verify_evidence(&in, &v);
    if (verdict_passes(&v)) {
        fuzz_seed_accepted = true;
        for (size_t i = 0; i < reference()->count; i++) { /* nothing expected is missing where nothing fails */
            bool found = false;

            for (size_t k = 0; k < v.count; k++) {
                found = found || strcmp(v.finding[k].component, reference()->component[i].name) == 0;
            }
            if (!found) {
                abort();
            }
        }
    }
    verdict_free(&v);
}

/* The digest in the hypervisor's first event made that of the bytes it speaks of, as they are in the copy by now. */
static void seal_firmware_log(const struct log_event *e, uint8_t *copy, size_t at)
{
    const size_t words = sizeof(FIRMWARE_LOG) - 1, hex = 64, middle = sizeof(" size=") - 1;
    size_t size = 0;
    char text[128];

    if (e->size < words + hex + middle || memcmp(e->data, FIRMWARE_LOG, words) != 0) {
        return;
    }
    for (size_t i = words + hex + middle; i < e->size && e->data[i] >= '0' && e->data[i] <= '9' && size <= at; i++) {
        size = 10 * size + (size_t)(e->data[i] - '0');
    }
    if (size <= at) {
        firmware_text(copy, size, text);
        memcpy(copy + at, text, words + hex);
    }
}

/* The digest of an event's text, or of what is behind GRUB's prefix, in a copy of the log. */
static void seal(const struct event_log *log, uint8_t *copy)
{
    for (size_t i = 0; i < log->count; i++) {
        const struct log_event *e = &log->event[i];
        const uint8_t *digest = log_sha256(log, e);
        size_t skip = e->pcr == 8 && e->size > 10 ? 10 : 0, at = (size_t)(e->data - log->bytes);

        seal_firmware_log(e, copy, at);
        if (digest != NULL && (e->pcr == 4 || e->pcr == 8 || e->pcr >= 21) &&
            EVP_Digest(copy + at + skip, e->size - skip, copy + (digest - log->bytes), NULL, EVP_sha256(), NULL) != 1) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attest_error err;
    struct event_log log;
    uint8_t *copy;

    if (log_parse(&log, data, size, &err) != 0) {
        return 0;
    }
    judge(&log, data, size);
    copy = malloc(size);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    seal(&log, copy);
    log_free(&log);
    if (log_parse(&log, copy, size, &err) != 0) {
        abort();
    }
    judge(&log, copy, size);
    log_free(&log);
    free(copy);
    return 0;
}
