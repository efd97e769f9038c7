/* SPDX-License-Identifier: Apache-2.0 */
/* From two contexts and a class to the label of a new object; and whether a label may change. */
#include <flask/services.h>

#include <flask/env.h>
#include <flask/mls.h>
#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

/* One level of a range twice. */
static struct mls_range both(const struct mls_level *l)
{
    return (struct mls_range){ .level = { *l, *l } };
}

static const struct mls_range *range_rule(const struct policydb *p, const struct context *s,
                                          const struct context *t, uint32_t tclass)
{
    uint32_t i;

    for (i = 0; i < p->range_trans_count; i++) {
        const struct range_trans *r = &p->range_trans[i];

        if (r->source == s->type && r->target == t->type && r->tclass == tclass) {
            return &r->range;
        }
    }
    return NULL;
}

/* The range of a new object, borrowed from where it comes from. */
static struct mls_range new_range(const struct policydb *p, const struct context *s,
                                  const struct context *t, uint32_t tclass, uint32_t kind)
{
    const struct mls_range *r;

    if (kind == AVTAB_MEMBER) {
        return both(&s->range.level[0]);
    }
    if (kind == AVTAB_TRANSITION) {
        r = range_rule(p, s, t, tclass);
        if (r != NULL) {
            return *r;
        }
        switch (p->classes[tclass].default_range) {
        case RANGE_SOURCE_LOW:
            return both(&s->range.level[0]);
        case RANGE_SOURCE_HIGH:
            return both(&s->range.level[1]);
        case RANGE_SOURCE_LOW_HIGH:
            return s->range;
        case RANGE_TARGET_LOW:
            return both(&t->range.level[0]);
        case RANGE_TARGET_HIGH:
            return both(&t->range.level[1]);
        case RANGE_TARGET_LOW_HIGH:
            return t->range;
        default:
            break;
        }
    }
    /* A domain runs at its creator's range; an object lies at its creator's low level. */
    return tclass == p->domain_class ? s->range : both(&s->range.level[0]);
}

int services_context_create(const struct policydb *p, const struct context *s,
                            const struct context *t, uint32_t policy_class, uint32_t kind,
                            struct context *out)
{
    const struct policy_class *k = &p->classes[policy_class];
    bool domain = policy_class == p->domain_class;
    const struct avtab_node *rule;
    struct context c;
    uint32_t i;

    c.user = kind == AVTAB_MEMBER ? t->user : s->user;
    c.role = domain ? s->role : OBJECT_R;
    c.type = domain ? s->type : t->type;
    if (kind != AVTAB_MEMBER && k->default_user != DEFAULT_NONE) {
        c.user = k->default_user == DEFAULT_SOURCE ? s->user : t->user;
    }
    if (k->default_role != DEFAULT_NONE) {
        c.role = k->default_role == DEFAULT_SOURCE ? s->role : t->role;
    }
    if (k->default_type != DEFAULT_NONE) {
        c.type = k->default_type == DEFAULT_SOURCE ? s->type : t->type;
    }
    rule = avtab_find(&p->avtab, avtab_key(s->type, t->type, policy_class, kind));
    if (rule != NULL && rule->type_force != 0) {
        c.type = rule->type_force;
    }
    for (i = 0; kind == AVTAB_TRANSITION && i < p->role_trans_count; i++) {
        const struct role_trans *r = &p->role_trans[i];

        if (r->role == s->role && r->type == t->type && r->tclass == policy_class) {
            c.role = r->new_role;
            break;
        }
    }
    c.range = new_range(p, s, t, policy_class, kind);
    return context_copy(out, &c);
}

int services_compute_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t kind,
                         xsm_sid_t *out)
{
    const struct context *s, *t;
    struct context c;
    uint32_t value;
    int rc;

    if (current_policy == NULL) {
        return -EACCES;
    }
    s = sidtab_context(ssid);
    t = sidtab_context(tsid);
    if (s == NULL || t == NULL || tclass == 0 || tclass > SECCLASS_COUNT) {
        return -EINVAL;
    }
    value = current_policy->maps.map[tclass].value;
    if (value == 0) {
        /* Nothing is said about the class: a domain stays what it is, an object is like its target. */
        *out = tclass == SECCLASS_DOMAIN ? ssid : tsid;
        return 0;
    }
    rc = services_context_create(&current_policy->db, s, t, value, kind, &c);
    if (rc != 0) {
        return rc;
    }
    if (context_valid(&current_policy->db, &c)) {
        rc = sidtab_find(&c, out);
    } else if (xsm_enforcing()) {
        rc = -EACCES;
    } else {
        *out = XSM_SID_UNLABELED;
    }
    context_free(&c);
    return rc;
}

int xsm_member_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    int rc;

    xsm_env_lock();
    rc = services_compute_sid(ssid, tsid, tclass, AVTAB_MEMBER, out);
    xsm_env_unlock();
    return rc;
}

int xsm_change_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    int rc;

    xsm_env_lock();
    rc = services_compute_sid(ssid, tsid, tclass, AVTAB_CHANGE, out);
    xsm_env_unlock();
    return rc;
}

static int validate(xsm_sid_t oldsid, xsm_sid_t newsid, xsm_sid_t tasksid, uint16_t tclass)
{
    const struct context *o = sidtab_context(oldsid), *n = sidtab_context(newsid);
    const struct context *task = sidtab_context(tasksid);
    const struct policy_class *k;
    uint32_t i;

    if (current_policy == NULL || o == NULL || n == NULL || task == NULL || tclass == 0 ||
        tclass > SECCLASS_COUNT) {
        return -EINVAL;
    }
    k = &current_policy->db.classes[current_policy->maps.map[tclass].value];
    for (i = 0; i < k->validatetrans_count; i++) {
        if (!constraint_holds(&current_policy->db, &k->validatetrans[i], o, n, task)) {
            return xsm_enforcing() ? -EPERM : 0;
        }
    }
    return 0;
}

int xsm_validate_transition(xsm_sid_t oldsid, xsm_sid_t newsid, xsm_sid_t tasksid, uint16_t tclass)
{
    int rc;

    xsm_env_lock();
    rc = validate(oldsid, newsid, tasksid, tclass);
    xsm_env_unlock();
    return rc;
}
