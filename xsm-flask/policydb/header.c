/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/policydb.h>

#include <xen/lib.h>

#define POLICY_MAGIC 0xf97cff8cU
#define POLICY_NAME "XenFlask"
#define POLICY_NAME_BYTES 8U

#define CONFIG_MLS            1U
#define CONFIG_REJECT_UNKNOWN 2U
#define CONFIG_ALLOW_UNKNOWN  4U

#define SYMBOL_TABLES 8U

int policydb_read_header(struct policydb *p, struct cursor *c, uint32_t *ocon_count)
{
    struct ebitmap capabilities;
    uint32_t v[4], config;
    int rc;

    rc = cursor_u32s(c, v, 2);
    if (rc != 0) {
        return rc;
    }
    if (v[0] != POLICY_MAGIC) {
        return cursor_fail(c, 8, "the magic number 0xf97cff8c of a binary policy");
    }
    if (v[1] != POLICY_NAME_BYTES || c->size - c->at < POLICY_NAME_BYTES ||
        memcmp(c->base + c->at, POLICY_NAME, POLICY_NAME_BYTES) != 0) {
        return cursor_fail(c, 4, "the name XenFlask (compile with secilc -t xen)");
    }
    rc = cursor_skip(c, POLICY_NAME_BYTES);
    if (rc == 0) {
        rc = cursor_u32s(c, v, 4);
    }
    if (rc != 0) {
        return rc;
    }
    p->version = v[0];
    config = v[1];
    *ocon_count = v[3];
    if (p->version < POLICY_VERSION_MIN || p->version > POLICY_VERSION_MAX) {
        return cursor_fail(c, 16, "policy version 24 to 30");
    }
    if ((config & ~(CONFIG_MLS | CONFIG_REJECT_UNKNOWN | CONFIG_ALLOW_UNKNOWN)) != 0 ||
        (config & (CONFIG_REJECT_UNKNOWN | CONFIG_ALLOW_UNKNOWN)) ==
            (CONFIG_REJECT_UNKNOWN | CONFIG_ALLOW_UNKNOWN)) {
        return cursor_fail(c, 12, "configuration bits: MLS, and reject or allow unknown");
    }
    if (v[2] != SYMBOL_TABLES) {
        return cursor_fail(c, 8, "8 symbol tables");
    }
    if (*ocon_count != (p->version >= POLICY_VERSION_XEN_DEVICETREE ? 6U : 5U)) {
        return cursor_fail(c, 4, "5 kinds of resource contexts, 6 from version 30 on");
    }
    p->mls = (config & CONFIG_MLS) != 0;
    p->unknown = (config & CONFIG_REJECT_UNKNOWN) != 0 ? UNKNOWN_REJECT :
                 (config & CONFIG_ALLOW_UNKNOWN) != 0  ? UNKNOWN_ALLOW : UNKNOWN_DENY;
    c->section = "capabilities";
    rc = ebitmap_load(c, &capabilities);
    if (rc == 0) {
        c->section = "permissive types";
        rc = ebitmap_load(c, &p->permissive);
    }
    return rc;
}
