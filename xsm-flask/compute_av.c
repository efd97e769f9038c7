/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From two contexts and a class to an access vector: rules, then constraints, role allows and type
 * bounds take away.
 */
#include <flask/services.h>

#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define TARGETS_AT_ONCE 64U

/* Rules of every pair out of the two types' attributes. */
static void add_rules(const struct policydb *p, uint32_t stype, uint32_t ttype, uint32_t tclass,
                      struct av_vector *v)
{
    const struct policy_type *s = &p->types[stype], *t = &p->types[ttype];
    uint16_t targets[TARGETS_AT_ONCE];
    uint32_t i, j, k, n;

    for (j = 0; j < t->set_count;) {
        for (n = 0; j < t->set_count && n < TARGETS_AT_ONCE; j++) {
            if (policydb_names(p->target_named, p, tclass, t->set[j])) {
                targets[n++] = t->set[j];
            }
        }
        for (i = 0; n > 0 && i < s->set_count; i++) {
            if (!policydb_names(p->source_named, p, tclass, s->set[i])) {
                continue;
            }
            for (k = 0; k < n; k++) {
                const struct avtab_node *node =
                    avtab_find(&p->avtab, avtab_key(s->set[i], targets[k], tclass, 0));

                if (node != NULL) {
                    v->allowed |= node->force.allowed;
                    v->audit_allow |= node->force.audit_allow;
                    v->audit_deny &= node->force.audit_deny;
                }
            }
        }
    }
}

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
    add_rules(p, s->type, t->type, policy_class, v);
    apply_constraints(p, s, t, &p->classes[policy_class], v);
    if (policy_class == p->domain_class && (v->allowed & p->domain_transition) != 0 &&
        s->role != t->role && !role_allowed(p, s->role, t->role)) {
        v->allowed &= ~p->domain_transition;
    }
    apply_bounds(p, s, t, policy_class, v);
}

/* Permissions of a class the policy lacks: those asked about in their place, most of them of one class. */
static uint32_t fallback_bits(const struct policy *pol, const struct context *s,
                              const struct context *t, uint16_t tclass)
{
    uint32_t bits = 0, allowed = 0;
    uint16_t computed = 0;
    unsigned int bit;

    for (bit = 0; bit < 32; bit++) {
        struct class_fallback f = class_fallback(tclass, bit);
        const struct class_map *m = f.tclass <= SECCLASS_COUNT ? &pol->maps.map[f.tclass] : NULL;
        struct av_vector v;

        if (f.tclass == FALLBACK_ALLOWED) {
            bits |= 1U << bit;
        } else if (f.tclass != 0 && m->value != 0) {
            if (computed != f.tclass) {
                services_context_av(&pol->db, s, t, m->value, &v);
                allowed = class_map_in(m, v.allowed);
                computed = f.tclass;
            }
            bits |= (allowed & f.permission) != 0 ? 1U << bit : 0;
        }
    }
    return bits;
}

void services_policy_av(const struct policy *pol, const struct context *s, const struct context *t,
                        uint16_t tclass, struct xsm_av *av)
{
    const struct class_map *m = &pol->maps.map[tclass];
    struct av_vector v = { .audit_deny = ~0U };
    uint32_t unknown;

    if (m->value != 0) {
        services_context_av(&pol->db, s, t, m->value, &v);
    }
    unknown = ~(m->declared | m->denied_unknown);
    *av = (struct xsm_av){
        .allowed = class_map_in(m, v.allowed),
        .audit_allow = class_map_in(m, v.audit_allow),
        .audit_deny = class_map_in(m, v.audit_deny) | ~m->declared,
        .permissive = ebitmap_test(&pol->db.permissive, s->type),
    };
    if (m->value == 0 && tclass > SECCLASS_ARGO) {
        av->allowed |= fallback_bits(pol, s, t, tclass);
    }
    if (pol->db.unknown == UNKNOWN_ALLOW) {
        av->allowed |= unknown;
    }
}

int services_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, struct xsm_av *av)
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
    services_policy_av(current_policy, s, t, tclass, av);
    av->seqno = (uint32_t)(policy_stamp / POLICY_STAMP_STEP);
    return 0;
}
