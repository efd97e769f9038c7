/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded parser of the crypto-agile log: one cursor, every count and size checked against a cap.
 */
#include <attest/eventlog.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>

#define SPEC_ID "Spec ID Event03"

struct cursor {
    const uint8_t *data;
    size_t size, pos;
    bool failed;
};

static const uint8_t *take(struct cursor *c, size_t n)
{
    const uint8_t *p = c->data + c->pos;

    if (c->failed || n > c->size - c->pos) {
        c->failed = true;
        return NULL;
    }
    c->pos += n;
    return p;
}

static uint32_t take_u32(struct cursor *c)
{
    const uint8_t *p = take(c, 4);

    if (p == NULL) {
        return 0;
    }
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint16_t take_u16(struct cursor *c)
{
    const uint8_t *p = take(c, 2);

    if (p == NULL) {
        return 0;
    }
    return (uint16_t)(p[0] | p[1] << 8);
}

static int parse_header(struct event_log *log, struct cursor *c, struct attest_error *err)
{
    uint32_t pcr = take_u32(c), type = take_u32(c), size, count;
    const uint8_t *sig;
    size_t end;

    take(c, 20);
    size = take_u32(c);
    if (c->failed || pcr != 0 || type != LOG_EV_NO_ACTION || size > c->size - c->pos) {
        return attest_fail(err, -EINVAL, "event log offset 0: expected a Spec ID event");
    }
    end = c->pos + size;
    sig = take(c, sizeof(SPEC_ID));
    if (sig == NULL || memcmp(sig, SPEC_ID, sizeof(SPEC_ID)) != 0) {
        return attest_fail(err, -EINVAL, "event log offset 32: expected \"" SPEC_ID "\"");
    }
    take(c, 8);
    count = take_u32(c);
    if (c->failed || count == 0 || count > LOG_BANK_MAX) {
        return attest_fail(err, -EINVAL, "event log offset %zu: expected 1 to %u banks", c->pos,
                           LOG_BANK_MAX);
    }
    for (uint32_t i = 0; i < count; i++) {
        uint16_t alg = take_u16(c), bytes = take_u16(c);

        if (c->failed || bytes == 0 || bytes > 64 || log_bank(log, alg) >= 0) {
            return attest_fail(err, -EINVAL, "event log offset %zu: bad or repeated bank", c->pos);
        }
        log->bank[log->bank_count++] = (struct log_bank){alg, bytes};
    }
    if (c->pos >= end || c->data[c->pos] != end - c->pos - 1) {
        return attest_fail(err, -EINVAL, "event log offset %zu: Spec ID event of wrong length",
                           c->pos);
    }
    c->pos = end;
    return 0;
}

static int parse_event(struct event_log *log, struct cursor *c, struct log_event *event,
                       struct attest_error *err)
{
    size_t start = c->pos;
    uint32_t count;

    *event = (struct log_event){.pcr = take_u32(c)}; /* C orders statements, not initialisers */
    event->type = take_u32(c);
    count = take_u32(c);
    if (c->failed || count > log->bank_count) {
        return attest_fail(err, -EINVAL, "event log offset %zu: truncated or too many digests",
                           start);
    }
    if (event->pcr >= LOG_PCR_COUNT && event->type != LOG_EV_NO_ACTION) {
        return attest_fail(err, -EINVAL, "event log offset %zu: PCR %u", start, event->pcr);
    }
    for (uint32_t i = 0; i < count; i++) {
        int bank = log_bank(log, take_u16(c));

        if (c->failed || bank < 0 || event->digest[bank] != NULL) {
            return attest_fail(err, -EINVAL, "event log offset %zu: unknown or repeated bank",
                               c->pos);
        }
        event->digest[bank] = take(c, log->bank[bank].size);
    }
    event->size = take_u32(c);
    event->data = take(c, event->size);
    if (c->failed) {
        return attest_fail(err, -EINVAL, "event log offset %zu: record runs past the end", start);
    }
    return 0;
}

int log_parse(struct event_log *log, const uint8_t *bytes, size_t size, struct attest_error *err)
{
    struct cursor c = {.size = size};
    size_t room = 0;
    int rc;

    memset(log, 0, sizeof(*log));
    if (size > LOG_SIZE_MAX) {
        return attest_fail(err, -E2BIG, "event log of %zu bytes, at most %u taken", size,
                           LOG_SIZE_MAX);
    }
    log->bytes = malloc(size + 1);
    if (log->bytes == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    memcpy(log->bytes, bytes, size);
    log->size = size;
    c.data = log->bytes;
    rc = parse_header(log, &c, err);
    while (rc == 0 && c.pos < c.size) {
        if (log->count == LOG_EVENT_MAX) {
            rc = attest_fail(err, -E2BIG, "event log of more than %u events", LOG_EVENT_MAX);
            break;
        }
        if (log->count == room) {
            struct log_event *p;

            room = room == 0 ? 64 : 2 * room;
            p = realloc(log->event, room * sizeof(*p));
            if (p == NULL) {
                rc = attest_fail(err, -ENOMEM, "no memory");
                break;
            }
            log->event = p;
        }
        rc = parse_event(log, &c, &log->event[log->count], err);
        log->count += rc == 0;
    }
    if (rc != 0) {
        log_free(log);
    }
    return rc;
}

void log_free(struct event_log *log)
{
    free(log->event);
    free(log->bytes);
    memset(log, 0, sizeof(*log));
}

int log_bank(const struct event_log *log, uint16_t alg)
{
    for (unsigned int i = 0; i < log->bank_count; i++) {
        if (log->bank[i].alg == alg) {
            return (int)i;
        }
    }
    return -1;
}

const uint8_t *log_sha256(const struct event_log *log, const struct log_event *event)
{
    int bank = log_bank(log, LOG_ALG_SHA256);

    return bank < 0 || log->bank[bank].size != 32 ? NULL : event->digest[bank];
}

bool log_is_extended(const struct log_event *event)
{
    return event->type != LOG_EV_NO_ACTION;
}

const char *log_type_name(uint32_t type, char buf[16])
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {
        {0x00, "EV_PREBOOT_CERT"},
        {0x01, "EV_POST_CODE"},
        {LOG_EV_NO_ACTION, "EV_NO_ACTION"},
        {LOG_EV_SEPARATOR, "EV_SEPARATOR"},
        {LOG_EV_ACTION, "EV_ACTION"},
        {0x06, "EV_EVENT_TAG"},
        {0x07, "EV_S_CRTM_CONTENTS"},
        {0x08, "EV_S_CRTM_VERSION"},
        {0x0a, "EV_PLATFORM_CONFIG_FLAGS"},
        {LOG_EV_IPL, "EV_IPL"},
        {0x0e, "EV_IPL_PARTITION_DATA"},
        {LOG_EV_OMIT_BOOT_DEVICE, "EV_OMIT_BOOT_DEVICE_EVENTS"},
        {0x80000001, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
        {0x80000002, "EV_EFI_VARIABLE_BOOT"},
        {LOG_EV_EFI_BOOT_APPLICATION, "EV_EFI_BOOT_SERVICES_APPLICATION"},
        {0x80000004, "EV_EFI_BOOT_SERVICES_DRIVER"},
        {0x80000006, "EV_EFI_GPT_EVENT"},
        {LOG_EV_EFI_ACTION, "EV_EFI_ACTION"},
        {0x80000008, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
        {0x80000009, "EV_EFI_HANDOFF_TABLES"},
        {0x8000000a, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
        {0x800000e0, "EV_EFI_VARIABLE_AUTHORITY"},
    };
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    memcpy(buf, "0x", 2);
    for (unsigned int i = 0; i < 8; i++) {
        buf[2 + i] = digit[type >> (28 - 4 * i) & 15];
    }
    buf[10] = '\0';
    return buf;
}
