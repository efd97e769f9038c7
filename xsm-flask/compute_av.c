/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From two contexts and a class to an access vector: rules, then constraints, role allows and type
 * bounds take away.
 */
#include <flask/services.h>

#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

static void apply_constraints(const struct policydb *p, const struct context *s,
                              const struct context *t, const struct policy_class *k,
                              struct av_vector *v)
{
    uint32_t i;

    for (i = 0; i < k->constraint_count; i++) {
        const struct constraint *c = &k->constraint[i];

        if ((c->permissions & v->allowed) != 0 && !constraint_holds(p, c, s, t, NULL)) {
            v->allowed &= ~c->permissions;
        }
    }
}

static bool role_allowed(const struct policydb *p, uint32_t from, uint32_t to)
{
    uint32_t i;

    for (i = 0; i < p->role_allow_count; i++) {
        if (p->role_allow[i].role == from && p->role_allow[i].new_role == to) {
            return true;
        }
    }
    return false;
}

/* A bounded type never has what the type that bounds it has not. */
static void apply_bounds(const struct policydb *p, const struct context *s,
                         const struct context *t, uint32_t tclass, struct av_vector *v)
{
    struct context outer_s = *s, outer_t = *t;
    struct av_vector outer;

    if (p->types[s->type].bounds == 0 || v->allowed == 0) {
        return;
    }
    outer_s.type = p->types[s->type].bounds;
    if (p->types[t->type].bounds != 0) {
        outer_t.type = p->types[t->type].bounds;
    }
    /* The reader limits chains to POLICY_BOUNDS_MAX, and so this recursion. */
    services_context_av(p, &outer_s, &outer_t, tclass, &outer);
    v->allowed &= outer.allowed;
}

void services_context_av(const struct policydb *p, const struct context *s, const struct context *t,
                         uint32_t policy_class, struct av_vector *v)
{
    *v = (struct av_vector){ .audit_deny = ~0U };
    rule_index_add(&p->rules, policy_class, &p->types[s->type].set, &p->types[t->type].set, v);
    apply_constraints(p, s, t, &p->classes[policy_class], v);
    if (policy_class == p->domain_class && (v->allowed & p->domain_transition) != 0 &&
        s->role != t->role && !role_allowed(p, s->role, t->role)) {
        v->allowed &= ~p->domain_transition;
    }
    apply_bounds(p, s, t, policy_class, v);
}

/* A class by its own name. */
static void class_av(const struct policy *pol, const struct context *s, const struct context *t,
                     uint16_t tclass, struct xsm_av *av)
{
    const struct class_map *m = &pol->maps.map[tclass];
    struct av_vector v = { .audit_deny = ~0U };

    if (m->value != 0) {
        services_context_av(&pol->db, s, t, m->value, &v);
    }
    av->allowed = class_map_in(m, v.allowed);
    av->audit_allow = class_map_in(m, v.audit_allow);
    av->audit_deny = class_map_in(m, v.audit_deny) | ~m->declared;
    if (pol->db.unknown == UNKNOWN_ALLOW) {
        av->allowed |= ~(m->declared | m->denied_unknown);
    }
    av->decided = ~0U;
}

/* Take over the answer that `from` gives for each of `group`. */
static void take_answers(struct xsm_av *av, uint16_t tclass, uint32_t group,
                         const struct xsm_av *from)
{
    for (; group != 0; group &= group - 1) {
        uint32_t bit = group & -group;
        uint32_t there = class_fallback(tclass, (unsigned int)__builtin_ctz(group)).permission;

        av->allowed |= (from->allowed & there) != 0 ? bit : 0;
        av->audit_allow |= (from->audit_allow & there) != 0 ? bit : 0;
        av->audit_deny &= (from->audit_deny & there) != 0 ? ~0U : ~bit;
    }
}

/*
 * A class of our own that the policy lacks: each permission is answered as the published one in its place, also where
 * the policy allows what it does not know: it is known under that name. A look-up is dear, so only those classes are
 * asked that `wanted` needs; each answers for all its bits.
 */
static void fallback_av(const struct policy *pol, const struct context *s, const struct context *t,
                        uint16_t tclass, uint32_t wanted, struct xsm_av *av)
{
    uint32_t left;

    av->audit_deny = ~0U;
    for (left = wanted; left != 0; left &= ~av->decided) {
        struct class_fallback f = class_fallback(tclass, (unsigned int)__builtin_ctz(left));
        uint32_t group = left & -left;

        if (f.tclass == FALLBACK_ALLOWED) {
            group = class_fallback_group(tclass, FALLBACK_ALLOWED);
            av->allowed |= group;
        } else if (f.tclass != 0) {
            struct xsm_av other;

            group = class_fallback_group(tclass, f.tclass);
            class_av(pol, s, t, f.tclass, &other);
            take_answers(av, tclass, group, &other);
        } else if (pol->db.unknown == UNKNOWN_ALLOW) {
            av->allowed |= group;
        }
        av->decided |= group;
    }
}

void services_policy_av(const struct policy *pol, const struct context *s, const struct context *t,
                        uint16_t tclass, uint32_t wanted, struct xsm_av *av)
{
    *av = (struct xsm_av){ .permissive = ebitmap_test(&pol->db.permissive, s->type) };
    if (class_falls_back(&pol->maps.map[tclass], tclass)) {
        fallback_av(pol, s, t, tclass, wanted, av);
    } else {
        class_av(pol, s, t, tclass, av);
    }
}

int services_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t wanted,
                        struct xsm_av *av)
{
    const struct context *s, *t;

    if (current_policy == NULL) {
        return -EACCES;
    }
    s = sidtab_context(ssid);
    t = sidtab_context(tsid);
    if (s == NULL || t == NULL || tclass == 0 || tclass > SECCLASS_COUNT) {
        return -EINVAL;
    }
    services_policy_av(current_policy, s, t, tclass, wanted, av);
    av->seqno = (uint32_t)(xsm_policy_stamp / POLICY_STAMP_STEP);
    return 0;
}

bool services_permissive(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass)
{
    const struct context *s = current_policy != NULL ? sidtab_context(ssid) : NULL;

    return s != NULL && sidtab_context(tsid) != NULL && tclass != 0 && tclass <= SECCLASS_COUNT &&
           ebitmap_test(&current_policy->db.permissive, s->type);
}
