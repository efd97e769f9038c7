/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <attest/utc.h>

#define EVENTS_MAX 2048u
#define DIGEST_SHOWN 6u /* bytes */
#define FOR_EVER "9999-12-31T23:59:59Z"

char *firmware_events(const struct event_log *log, unsigned int pcr)
{
    char *text = calloc(1, EVENTS_MAX + sizeof(", ..."));
    size_t used = 0;

    for (size_t i = 0; text != NULL && i < log->count; i++) {
        const struct log_event *e = &log->event[i];
        const uint8_t *digest = log_sha256(log, e);
        char type[16], hex[2 * DIGEST_SHOWN + 1], one[80];
        size_t n;

        if (e->pcr != pcr || !log_is_extended(e) || digest == NULL) {
            continue;
        }
        hex_encode(hex, digest, DIGEST_SHOWN);
        n = (size_t)snprintf(one, sizeof(one), "%s%s %s", used > 0 ? ", " : "", log_type_name(e->type, type), hex);
        if (used + n > EVENTS_MAX) {
            strcpy(text + used, ", ...");
            break;
        }
        memcpy(text + used, one, n + 1);
        used += n;
    }
    return text;
}

static int add_pcr(struct refset *set, const struct event_log *log, unsigned int pcr, const uint8_t value[32],
                   struct attest_error *err)
{
    char *events = firmware_events(log, pcr);
    int rc;

    if (events == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    rc = events[0] == '\0' ? attest_fail(err, -EINVAL, "PCR %u: the log has no event of it", pcr)
                           : reference_add(set->components, "firmware", REFERENCE_PCR, pcr, value, events, err);
    free(events);
    return rc;
}

struct refset *firmware_profile(const struct event_log *log, const char *name, uint32_t pcrs, struct attest_error *err)
{
    uint8_t value[LOG_PCR_COUNT][64];
    struct refset *set = refset_new();
    int rc;

    if (set == NULL) {
        attest_fail(err, -ENOMEM, "no memory");
        return NULL;
    }
    rc = log_replay(log, LOG_ALG_SHA256, value, err);
    if (rc == 0 && !refset_id_is_valid(name)) {
        rc = attest_fail(err, -EINVAL, "--name %.70s: expected letters, digits, . _ -", name);
    }
    if (rc == 0) {
        strcpy(set->id, name);
        strcpy(set->firmware, name);
        rc = utc_parse(FOR_EVER, &set->not_after);
    }
    for (unsigned int pcr = 0; rc == 0 && pcr < 8; pcr++) {
        if (pcrs >> pcr & 1) {
            rc = add_pcr(set, log, pcr, value[pcr], err);
        }
    }
    rc = rc != 0 ? rc : refset_finish(set, err);
    if (rc != 0) {
        refset_free(set);
        return NULL;
    }
    return set;
}
