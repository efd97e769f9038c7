/* SPDX-License-Identifier: Apache-2.0 */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

#include "labels.h"

static void put(struct facts *f, const char *kind, char *object, char *value)
{
    if (f->count == f->room) {
        f->room = f->room == 0 ? 1024 : 2 * f->room;
        f->list = bh_grow(f->list, f->room, sizeof(*f->list));
    }
    f->list[f->count++] = (struct fact){ kind, object, value };
}

static void put_name(struct facts *f, const char *kind, char *object)
{
    put(f, kind, object, bh_strdup(""));
}

/* -- names ------------------------------------------------------------------------------------------------------------ */

static void types(struct facts *f, const struct model *p)
{
    for (size_t i = 0; i < p->type_count; i++) {
        if (!p->is_attribute[i]) {
            put_name(f, "type", bh_strdup(p->types[i]));
        }
        if (ebitmap_get_bit(&p->db->permissive_map, (unsigned int)i + 1)) {
            put_name(f, "permissive", bh_strdup(p->types[i]));
        }
    }
}

static void classes(struct facts *f, const struct model *p)
{
    for (size_t c = 0; c < p->class_count; c++) {
        put_name(f, "class", bh_strdup(p->classes[c]));
        for (unsigned int bit = 0; bit < 32; bit++) {
            const char *perm = model_perms(p, (int)c) >> bit & 1 ? model_perm_name(p, (int)c, bit) : NULL;

            if (perm != NULL) {
                put_name(f, "permission", bh_printf("%s %s", p->classes[c], perm));
            }
        }
    }
    put(f, "unknown", bh_strdup("classes"), bh_strdup(p->db->handle_unknown == SEPOL_ALLOW_UNKNOWN ? "allow" :
                                                      p->db->handle_unknown == SEPOL_REJECT_UNKNOWN ? "reject" : "deny"));
}

static void booleans(struct facts *f, const struct model *p)
{
    for (uint32_t i = 0; i < p->db->p_bools.nprim; i++) {
        put(f, "boolean", bh_strdup(p->db->p_bool_val_to_name[i]), bh_strdup(p->db->bool_val_to_struct[i]->state ? "true" : "false"));
    }
}

/* -- roles and users --------------------------------------------------------------------------------------------------- */

static void roles(struct facts *f, const struct model *p)
{
    char *const *names = p->db->p_role_val_to_name;
    ebitmap_node_t *n;
    unsigned int t;

    for (uint32_t r = 0; r < p->db->p_roles.nprim; r++) {
        put_name(f, "role", bh_strdup(names[r]));
        ebitmap_for_each_positive_bit(&p->db->role_val_to_struct[r]->types.types, n, t) {
            if (!p->is_attribute[t]) {
                put_name(f, "role type", bh_printf("%s %s", names[r], p->types[t]));
            }
        }
    }
    for (const role_allow_t *a = p->db->role_allow; a != NULL; a = a->next) {
        put_name(f, "role allow", bh_printf("%s %s", names[a->role - 1], names[a->new_role - 1]));
    }
    for (const role_trans_t *x = p->db->role_tr; x != NULL; x = x->next) {
        put(f, "role transition", bh_printf("%s %s %s", names[x->role - 1], p->types[x->type - 1], p->classes[x->tclass - 1]),
            bh_strdup(names[x->new_role - 1]));
    }
}

static void put_level(struct buf *out, const policydb_t *db, const mls_level_t *l)
{
    const char *sign = ":";
    ebitmap_node_t *n;
    unsigned int cat;

    buf_puts(out, db->p_sens_val_to_name[l->sens - 1]);
    ebitmap_for_each_positive_bit(&l->cat, n, cat) {
        buf_printf(out, "%s%s", sign, db->p_cat_val_to_name[cat]);
        sign = ",";
    }
}

/* "s0, s0 - s1:c0,c1": the level a user begins with, and the range that is his. */
static char *levels_of(const policydb_t *db, const user_datum_t *u)
{
    struct buf out = { 0 };

    put_level(&out, db, &u->exp_dfltlevel);
    buf_puts(&out, ", ");
    put_level(&out, db, &u->exp_range.level[0]);
    buf_puts(&out, " - ");
    put_level(&out, db, &u->exp_range.level[1]);
    return out.data;
}

static void users(struct facts *f, const struct model *p)
{
    const policydb_t *db = p->db;
    ebitmap_node_t *n;
    unsigned int r;

    for (uint32_t u = 0; u < db->p_users.nprim; u++) {
        const char *name = db->p_user_val_to_name[u];

        put_name(f, "user", bh_strdup(name));
        ebitmap_for_each_positive_bit(&db->user_val_to_struct[u]->roles.roles, n, r) {
            put_name(f, "user role", bh_printf("%s %s", name, db->p_role_val_to_name[r]));
        }
        if (db->mls) {
            put(f, "user levels", bh_strdup(name), levels_of(db, db->user_val_to_struct[u]));
        }
    }
}

/* -- rules, for each pair of types ------------------------------------------------------------------------------------------ */

/* What is on record, or kept from it: several rules may say it of one pair. */
struct audit {
    bool silent;
    unsigned int source, target;
    uint32_t tclass, perms;
};

struct expansion {
    struct facts *facts;
    const struct model *p;
    struct audit *list;
    size_t count, room;
};

static void put_audit(struct expansion *x, struct audit a)
{
    if (x->count == x->room) {
        x->room = x->room == 0 ? 256 : 2 * x->room;
        x->list = bh_grow(x->list, x->room, sizeof(*x->list));
    }
    x->list[x->count++] = a;
}

static void put_pair(struct expansion *x, unsigned int s, unsigned int t, const avtab_key_t *key, uint32_t data)
{
    const struct model *p = x->p;
    uint32_t tclass = key->target_class - 1U;
    const char *kind = key->specified & AVTAB_TRANSITION ? "transition" : key->specified & AVTAB_MEMBER ? "member" :
                       key->specified & AVTAB_CHANGE ? "change" : NULL;

    if (kind != NULL) {
        put(x->facts, kind, bh_printf("%s %s %s", p->types[s], p->types[t], p->classes[tclass]), bh_strdup(p->types[data - 1]));
    } else if (key->specified & AVTAB_AUDITALLOW) {
        put_audit(x, (struct audit){ false, s, t, tclass, data });
    } else if (key->specified & AVTAB_AUDITDENY) {
        put_audit(x, (struct audit){ true, s, t, tclass, ~data & model_perms(p, (int)tclass) }); /* it has what is on record */
    }
}

static int put_rule(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    struct expansion *x = arg;
    ebitmap_node_t *sn, *tn;
    unsigned int s, t;

    if (key->specified & AVTAB_ALLOWED) {
        return 0;
    }
    ebitmap_for_each_positive_bit(&x->p->db->attr_type_map[key->source_type - 1], sn, s) {
        ebitmap_for_each_positive_bit(&x->p->db->attr_type_map[key->target_type - 1], tn, t) {
            if (!x->p->is_attribute[s] && !x->p->is_attribute[t]) {
                put_pair(x, s, t, key, datum->data);
            }
        }
    }
    return 0;
}

static int by_pair(const void *a, const void *b)
{
    const struct audit *x = a, *y = b;

    return x->silent != y->silent ? (x->silent < y->silent ? -1 : 1) :
           x->source != y->source ? (x->source < y->source ? -1 : 1) :
           x->target != y->target ? (x->target < y->target ? -1 : 1) :
           x->tclass != y->tclass ? (x->tclass < y->tclass ? -1 : 1) : 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "{ copy query }": the order of the bits is a policy's own, that of the names is not. */
static char *perms_text(const struct model *p, uint32_t tclass, uint32_t perms)
{
    const char *names[32];
    struct buf out = { 0 };
    size_t count = 0;

    for (unsigned int bit = 0; bit < 32; bit++) {
        const char *name = perms >> bit & 1 ? model_perm_name(p, (int)tclass, bit) : NULL;

        if (name != NULL) {
            names[count++] = name;
        }
    }
    qsort(names, count, sizeof(*names), by_name);
    buf_puts(&out, "{");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, " %s", names[i]);
    }
    buf_puts(&out, " }");
    return out.data;
}

static void put_audits(struct expansion *x)
{
    const struct model *p = x->p;

    if (x->count > 0) {
        qsort(x->list, x->count, sizeof(*x->list), by_pair);
    }
    for (size_t i = 0; i < x->count;) {
        struct audit a = x->list[i];

        for (; i < x->count && by_pair(&a, &x->list[i]) == 0; i++) {
            a.perms |= x->list[i].perms;
        }
        if (a.perms != 0) {
            put(x->facts, a.silent ? "dontaudit" : "auditallow", bh_printf("%s %s %s", p->types[a.source], p->types[a.target], p->classes[a.tclass]),
                perms_text(p, a.tclass, a.perms));
        }
    }
    free(x->list);
}

static void rules(struct facts *f, const struct model *p)
{
    struct expansion x = { .facts = f, .p = p };
    policydb_t *db = &p->policy->p;

    avtab_map(&db->te_avtab, put_rule, &x);
    for (cond_list_t *c = db->cond_list; c != NULL; c = c->next) {
        int state = cond_evaluate_expr(db, c->expr);

        for (cond_av_list_t *one = state == 1 ? c->true_list : state == 0 ? c->false_list : NULL; one != NULL; one = one->next) {
            put_rule(&one->node->key, &one->node->datum, &x);
        }
    }
    put_audits(&x);
}

/* -- all of it --------------------------------------------------------------------------------------------------------------- */

static void labels(struct facts *f, const struct model *p)
{
    struct labels l;

    labels_collect(&l, p);
    for (size_t i = 0; i < l.count; i++) {
        put(f, l.list[i].kind, bh_strdup(l.list[i].object), bh_strdup(l.list[i].context));
    }
    labels_free(&l);
}

static int by_object(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;
    int n = strcmp(x->kind, y->kind);

    n = n != 0 ? n : strcmp(x->object, y->object);
    return n != 0 ? n : strcmp(x->value, y->value);
}

void facts_collect(struct facts *f, const struct model *p)
{
    *f = (struct facts){ 0 };
    types(f, p);
    classes(f, p);
    booleans(f, p);
    roles(f, p);
    users(f, p);
    rules(f, p);
    labels(f, p);
    qsort(f->list, f->count, sizeof(*f->list), by_object);
}

void facts_free(struct facts *f)
{
    for (size_t i = 0; i < f->count; i++) {
        free(f->list[i].object);
        free(f->list[i].value);
    }
    free(f->list);
    *f = (struct facts){ 0 };
}
