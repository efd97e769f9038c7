/* SPDX-License-Identifier: Apache-2.0 */
/* Commons (permission lists that classes share) and classes with their constraints. */
#include <flask/policydb.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define PERMISSIONS_MAX 32U

int policydb_read_counts(struct cursor *c, uint32_t *prim, uint32_t *count, size_t record)
{
    int rc;

    *count = 0;
    rc = cursor_u32(c, prim);
    if (rc == 0 && *prim > POLICY_VALUES_MAX) {
        return cursor_fail(c, 4, "at most 65535 values");
    }
    if (rc == 0) {
        rc = cursor_count(c, count, record);
    }
    return rc;
}

int policydb_add_name(struct policydb *p, struct cursor *c, struct symtab *t, const char *name,
                      uint32_t value)
{
    int rc = symtab_add(t, &p->arena, name, value);

    return rc == -EEXIST ? cursor_fail(c, strlen(name), "a name not used before") : rc;
}

/* `count` permissions into names[]; values first+1..limit, each once. */
static int read_permissions(struct cursor *c, const char **names, uint32_t count, uint32_t first,
                            uint32_t limit)
{
    uint32_t i, v[2];
    int rc;

    for (i = 0; i < count; i++) {
        rc = cursor_u32s(c, v, 2);
        if (rc != 0) {
            return rc;
        }
        if (v[1] <= first || v[1] > limit) {
            return cursor_fail(c, 4, "a permission value within its class");
        }
        if (names[v[1] - 1] != NULL) {
            return cursor_fail(c, 4, "a permission value not used before");
        }
        rc = cursor_name(c, v[0], &names[v[1] - 1]);
        if (rc != 0) {
            return rc;
        }
    }
    return 0;
}

int policydb_read_commons(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count, v[4];
    struct policy_common *m;
    const char *name;
    int rc;

    c->section = "commons";
    rc = policydb_read_counts(c, &prim, &count, 17);
    if (rc == 0) {
        rc = symtab_create(&p->common_tab, &p->arena, count);
    }
    if (rc == 0) {
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*m), &p->commons);
    }
    p->common_tab.prim = prim;
    for (i = 0; rc == 0 && i < count; i++) {
        rc = cursor_u32s(c, v, 4);
        if (rc == 0 && (v[1] == 0 || v[1] > prim || p->commons[v[1]].name != NULL)) {
            return cursor_fail(c, 12, "a value for the common, not used before");
        }
        if (rc == 0 && (v[2] > PERMISSIONS_MAX || v[3] > v[2])) {
            return cursor_fail(c, 8, "at most 32 permissions");
        }
        if (rc == 0) {
            rc = cursor_name(c, v[0], &name);
        }
        if (rc != 0) {
            return rc;
        }
        m = &p->commons[v[1]];
        m->name = name;
        m->count = v[2];
        rc = policydb_add_name(p, c, &p->common_tab, name, v[1]);
        if (rc == 0) {
            rc = read_permissions(c, m->permission, v[3], 0, v[2]);
        }
    }
    return rc;
}

static int read_common_of(struct policydb *p, struct cursor *c, struct policy_class *k,
                          uint32_t length, uint32_t *first)
{
    const struct policy_common *m;
    const char *name;
    uint32_t value, i;
    int rc = cursor_name(c, length, &name);

    if (rc != 0) {
        return rc;
    }
    value = symtab_find(&p->common_tab, name, length);
    if (value == 0) {
        return cursor_fail(c, length, "the name of a common");
    }
    m = &p->commons[value];
    if (m->count > k->count) {
        return cursor_fail(c, length, "a class with at least the permissions of its common");
    }
    for (i = 0; i < m->count; i++) {
        k->permission[i] = m->permission[i];
    }
    *first = m->count;
    return 0;
}

static int read_defaults(struct policydb *p, struct cursor *c, struct policy_class *k)
{
    uint32_t v[3];
    int rc;

    if (p->version < POLICY_VERSION_OBJECT_DEFAULTS) {
        return 0;
    }
    rc = cursor_u32s(c, v, 3);
    if (rc != 0) {
        return rc;
    }
    if (v[0] > DEFAULT_TARGET || v[1] > DEFAULT_TARGET || v[2] > RANGE_TARGET_LOW_HIGH) {
        return cursor_fail(c, 12, "defaults: 0 to 2 for user and role, 0 to 6 for the range");
    }
    k->default_user = v[0];
    k->default_role = v[1];
    k->default_range = v[2];
    if (p->version < POLICY_VERSION_DEFAULT_TYPE) {
        return 0;
    }
    rc = cursor_u32(c, &k->default_type);
    if (rc == 0 && k->default_type > DEFAULT_TARGET) {
        return cursor_fail(c, 4, "a default of 0 to 2 for the type");
    }
    return rc;
}

static int read_class(struct policydb *p, struct cursor *c)
{
    uint32_t v[6], first = 0;
    struct policy_class *k;
    int rc = cursor_u32s(c, v, 6);

    if (rc != 0) {
        return rc;
    }
    if (v[2] == 0 || v[2] > p->class_tab.prim || p->classes[v[2]].name != NULL) {
        return cursor_fail(c, 16, "a value for the class, not used before");
    }
    k = &p->classes[v[2]];
    k->count = v[3];
    if (k->count > PERMISSIONS_MAX || v[4] > k->count) {
        return cursor_fail(c, 12, "at most 32 permissions");
    }
    rc = cursor_name(c, v[0], &k->name);
    if (rc == 0) {
        rc = policydb_add_name(p, c, &p->class_tab, k->name, v[2]);
    }
    if (rc == 0 && v[1] != 0) {
        rc = read_common_of(p, c, k, v[1], &first);
    }
    if (rc == 0) {
        rc = read_permissions(c, k->permission, v[4], first, k->count);
    }
    if (rc == 0) {
        k->constraint_count = v[5];
        rc = constraints_read(c, p->version, false, v[5], &k->constraint);
    }
    if (rc == 0) {
        rc = cursor_count(c, &k->validatetrans_count, 20);
    }
    if (rc == 0) {
        rc = constraints_read(c, p->version, true, k->validatetrans_count, &k->validatetrans);
    }
    return rc != 0 ? rc : read_defaults(p, c, k);
}

int policydb_read_classes(struct policydb *p, struct cursor *c)
{
    uint32_t i, prim, count;
    int rc;

    c->section = "classes";
    p->classes_at = c->at;
    rc = policydb_read_counts(c, &prim, &count, 29);
    if (rc == 0 && prim > POLICY_CLASSES_MAX) {
        return cursor_fail(c, 8, "at most 255 classes");
    }
    if (rc == 0) {
        rc = symtab_create(&p->class_tab, &p->arena, count);
    }
    if (rc == 0) {
        p->class_tab.prim = prim;
        rc = cursor_alloc(c, (size_t)prim + 1, sizeof(*p->classes), &p->classes);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = read_class(p, c);
    }
    return rc;
}
