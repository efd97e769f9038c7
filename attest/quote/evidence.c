/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence as it comes in a reply: four fields, each bounded. */
#include <attest/verify.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <attest/eventlog.h>

void evidence_free(struct evidence *e)
{
    bytes_free(&e->quote);
    bytes_free(&e->signature);
    bytes_free(&e->log);
    memset(e, 0, sizeof(*e));
}

static int parse_pcrs(struct evidence *e, json_object *reply, struct attest_error *err)
{
    json_object *pcrs;

    if (!json_object_object_get_ex(reply, "pcrs", &pcrs) ||
        !json_object_is_type(pcrs, json_type_object)) {
        return attest_fail(err, -EINVAL, "evidence: no object \"pcrs\"");
    }
    json_object_object_foreach(pcrs, key, value)
    {
        char *end;
        unsigned long n = strtoul(key, &end, 10);

        (void)value;
        if (*end != '\0' || end == key || n > 23 || (e->pcr_mask >> n & 1) ||
            message_string(pcrs, key) == NULL ||
            hex_decode(e->pcr[n], 32, message_string(pcrs, key)) != 0) {
            return attest_fail(err, -EINVAL, "evidence: \"pcrs\": bad entry \"%.20s\"", key);
        }
        e->pcr_mask |= 1u << n;
    }
    return 0;
}

int evidence_parse(struct evidence *e, json_object *reply, struct attest_error *err)
{
    int rc;

    memset(e, 0, sizeof(*e));
    rc = message_bytes(reply, "quote", 4096, &e->quote, err);
    if (rc == 0) {
        rc = message_bytes(reply, "signature", 2048, &e->signature, err);
    }
    if (rc == 0) {
        rc = message_bytes(reply, "log", LOG_SIZE_MAX, &e->log, err);
    }
    if (rc == 0) {
        rc = parse_pcrs(e, reply, err);
    }
    if (rc != 0) {
        evidence_free(e);
    }
    return rc;
}
