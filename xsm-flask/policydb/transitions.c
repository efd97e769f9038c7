/* SPDX-License-Identifier: Apache-2.0 */
/* Role transitions, role allows, file name transitions (of no use here) and range transitions. */
#include <flask/policydb.h>

static int read_role_transitions(struct policydb *p, struct cursor *c)
{
    bool with_class = p->version >= POLICY_VERSION_ROLE_TRANS_CLASS;
    uint32_t i, v[4];
    int rc;

    c->section = "role transitions";
    rc = cursor_count(c, &p->role_trans_count, 12);
    if (rc == 0) {
        rc = cursor_alloc(c, p->role_trans_count, sizeof(*p->role_trans), &p->role_trans);
    }
    for (i = 0; rc == 0 && i < p->role_trans_count; i++) {
        v[3] = p->domain_class;
        rc = cursor_u32s(c, v, with_class ? 4 : 3);
        if (rc != 0) {
            return rc;
        }
        if (v[0] == 0 || v[0] > p->role_tab.prim || v[1] == 0 || v[1] > p->type_tab.prim ||
            v[2] == 0 || v[2] > p->role_tab.prim || v[3] > p->class_tab.prim) {
            return cursor_fail(c, with_class ? 16 : 12, "roles, a type and a class that exist");
        }
        p->role_trans[i] = (struct role_trans){
            .role = v[0], .type = v[1], .tclass = v[3], .new_role = v[2],
        };
    }
    return rc;
}

static int read_role_allows(struct policydb *p, struct cursor *c)
{
    uint32_t i, v[2];
    int rc;

    c->section = "role allows";
    rc = cursor_count(c, &p->role_allow_count, 8);
    if (rc == 0) {
        rc = cursor_alloc(c, p->role_allow_count, sizeof(*p->role_allow), &p->role_allow);
    }
    for (i = 0; rc == 0 && i < p->role_allow_count; i++) {
        rc = cursor_u32s(c, v, 2);
        if (rc == 0 && (v[0] == 0 || v[0] > p->role_tab.prim || v[1] == 0 ||
                        v[1] > p->role_tab.prim)) {
            return cursor_fail(c, 8, "roles that exist");
        }
        p->role_allow[i] = (struct role_allow){ .role = v[0], .new_role = v[1] };
    }
    return rc;
}

static int skip_file_names(struct policydb *p, struct cursor *c)
{
    uint32_t i, count, length;
    int rc;

    if (p->version < POLICY_VERSION_FILENAME_TRANS) {
        return 0;
    }
    c->section = "file name transitions";
    rc = cursor_count(c, &count, 20);
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32(c, &length);
        if (rc == 0) {
            rc = cursor_skip(c, length);
        }
        if (rc == 0) {
            rc = cursor_skip(c, 16);
        }
    }
    return rc;
}

int policydb_read_transitions(struct policydb *p, struct cursor *c)
{
    int rc = read_role_transitions(p, c);

    if (rc == 0) {
        rc = read_role_allows(p, c);
    }
    return rc != 0 ? rc : skip_file_names(p, c);
}

static int check_range(struct policydb *p, struct cursor *c, const struct mls_range *r)
{
    uint32_t l;

    for (l = 0; p->mls && l < 2; l++) {
        if (r->level[l].sens == 0 || r->level[l].sens > p->sens_tab.prim ||
            ebitmap_limit(&r->level[l].cats) > p->cat_tab.prim) {
            return cursor_fail(c, 0, "sensitivities and categories that exist");
        }
    }
    return 0;
}

int policydb_read_range_transitions(struct policydb *p, struct cursor *c)
{
    struct range_trans *r;
    uint32_t i, v[3];
    int rc;

    c->section = "range transitions";
    rc = cursor_count(c, &p->range_trans_count, 32);
    if (rc == 0) {
        rc = cursor_alloc(c, p->range_trans_count, sizeof(*r), &p->range_trans);
    }
    for (i = 0; rc == 0 && i < p->range_trans_count; i++) {
        r = &p->range_trans[i];
        rc = cursor_u32s(c, v, 3);
        if (rc == 0 && (v[0] == 0 || v[0] > p->type_tab.prim || v[1] == 0 ||
                        v[1] > p->type_tab.prim || v[2] == 0 || v[2] > p->class_tab.prim)) {
            return cursor_fail(c, 12, "types and a class that exist");
        }
        if (rc == 0) {
            rc = policydb_read_range(p, c, &r->range);
        }
        if (rc == 0) {
            rc = check_range(p, c, &r->range);
        }
        r->source = v[0];
        r->target = v[1];
        r->tclass = v[2];
    }
    return rc;
}
