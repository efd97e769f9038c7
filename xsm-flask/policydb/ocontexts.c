/* SPDX-License-Identifier: Apache-2.0 */
/* Initial SIDs and labels of resources; then genfs, which no policy for Xen has. */
#include <flask/policydb.h>

#include <flask/mls.h>

static int read_context(struct policydb *p, struct cursor *c, struct context *out)
{
    uint32_t v[3];
    int rc = cursor_u32s(c, v, 3);

    if (rc != 0) {
        return rc;
    }
    *out = (struct context){ .user = v[0], .role = v[1], .type = v[2] };
    rc = policydb_read_range(p, c, &out->range);
    if (rc == 0 && !context_valid(p, out)) {
        return cursor_fail(c, 0, "a context of user, role, type and range that go together");
    }
    return rc;
}

static int read_extent(struct policydb *p, struct cursor *c, uint32_t kind, struct ocontext *o)
{
    uint32_t v[2];
    int rc;

    switch (kind) {
    case OCON_IOPORT:
        rc = cursor_u32s(c, v, 2);
        o->first = v[0];
        o->last = v[1];
        break;
    case OCON_IOMEM:
        if (p->version >= POLICY_VERSION_XEN_DEVICETREE) {
            rc = cursor_u64(c, &o->first);
            if (rc == 0) {
                rc = cursor_u64(c, &o->last);
            }
            break;
        }
        rc = cursor_u32s(c, v, 2);
        o->first = v[0];
        o->last = v[1];
        break;
    case OCON_DTREE:
        rc = cursor_u32(c, &v[0]);
        if (rc == 0) {
            rc = cursor_name(c, v[0], &o->path);
        }
        break;
    default:
        rc = cursor_u32(c, &v[0]);
        o->first = o->last = v[0];
        break;
    }
    if (rc == 0 && o->first > o->last) {
        return cursor_fail(c, 0, "a range that ends where it starts or later");
    }
    if (rc == 0 && kind == OCON_IOPORT && o->last > 0xffff) {
        return cursor_fail(c, 8, "I/O ports up to 0xffff");
    }
    return rc;
}

static int read_kind(struct policydb *p, struct cursor *c, uint32_t kind)
{
    struct ocontext *o, **end = &p->ocon[kind];
    uint32_t i, count;
    int rc = cursor_count(c, &count, 32);

    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_alloc(c, 1, sizeof(*o), &o);
        if (rc == 0) {
            rc = read_extent(p, c, kind, o);
        }
        if (rc == 0) {
            rc = read_context(p, c, &o->context);
        }
        if (rc != 0) {
            return rc;
        }
        if (kind == OCON_ISID) {
            struct ocontext *other;

            for (other = p->ocon[kind]; other != NULL; other = other->next) {
                if (other->first == o->first) {
                    return cursor_fail(c, 0, "each initial SID once");
                }
            }
            if (count > 256) {
                return cursor_fail(c, 0, "at most 256 initial SIDs");
            }
        }
        /* The order of the image decides between overlapping ranges. */
        *end = o;
        end = &o->next;
    }
    return rc;
}

int policydb_read_ocontexts(struct policydb *p, struct cursor *c, uint32_t ocon_count)
{
    static const char *const sections[OCON_COUNT] = {
        [OCON_ISID] = "initial SIDs",       [OCON_PIRQ] = "pirq contexts",
        [OCON_IOPORT] = "ioport contexts",  [OCON_IOMEM] = "iomem contexts",
        [OCON_DEVICE] = "device contexts",  [OCON_DTREE] = "devicetree contexts",
    };
    uint32_t i, genfs;
    int rc = 0;

    for (i = 0; rc == 0 && i < ocon_count; i++) {
        c->section = sections[i];
        rc = read_kind(p, c, i);
    }
    if (rc == 0) {
        c->section = "genfs";
        rc = cursor_u32(c, &genfs);
        if (rc == 0 && genfs != 0) {
            return cursor_fail(c, 4, "no genfs contexts in a policy for Xen");
        }
    }
    return rc;
}
