/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/constraint.h>

#include <flask/mls.h>
#include <flask/policydb.h>
#include <xen/lib.h>

static bool compare_values(uint32_t a, uint32_t b, uint32_t op)
{
    return op == CEXPR_EQ ? a == b : a != b;
}

static bool compare_levels(const struct mls_level *a, const struct mls_level *b, uint32_t op)
{
    switch (op) {
    case CEXPR_EQ:
        return mls_level_equal(a, b);
    case CEXPR_NEQ:
        return !mls_level_equal(a, b);
    case CEXPR_DOM:
        return mls_level_dominates(a, b);
    case CEXPR_DOMBY:
        return mls_level_dominates(b, a);
    default:
        return !mls_level_dominates(a, b) && !mls_level_dominates(b, a);
    }
}

static bool compare_roles(const struct policydb *p, uint32_t a, uint32_t b, uint32_t op)
{
    bool dom, domby;

    if (op == CEXPR_EQ || op == CEXPR_NEQ) {
        return compare_values(a, b, op);
    }
    dom = ebitmap_test(&p->roles[a].dominates, b - 1);
    domby = ebitmap_test(&p->roles[b].dominates, a - 1);
    return op == CEXPR_DOM ? dom : op == CEXPR_DOMBY ? domby : !dom && !domby;
}

static bool attribute_holds(const struct policydb *p, const struct constraint_expr *e,
                            const struct context *s, const struct context *t)
{
    const struct mls_level *s_low = &s->range.level[0], *s_high = &s->range.level[1];
    const struct mls_level *t_low = &t->range.level[0], *t_high = &t->range.level[1];

    switch (e->attr) {
    case CEXPR_USER:
        return compare_values(s->user, t->user, e->op);
    case CEXPR_ROLE:
        return compare_roles(p, s->role, t->role, e->op);
    case CEXPR_TYPE:
        return compare_values(s->type, t->type, e->op);
    case CEXPR_L1L2:
        return compare_levels(s_low, t_low, e->op);
    case CEXPR_L1H2:
        return compare_levels(s_low, t_high, e->op);
    case CEXPR_H1L2:
        return compare_levels(s_high, t_low, e->op);
    case CEXPR_H1H2:
        return compare_levels(s_high, t_high, e->op);
    case CEXPR_L1H1:
        return compare_levels(s_low, s_high, e->op);
    default:
        return compare_levels(t_low, t_high, e->op);
    }
}

static bool names_hold(const struct constraint_expr *e, const struct context *s,
                       const struct context *t, const struct context *x)
{
    const struct context *c = s;
    uint32_t value;
    bool in;

    if ((e->attr & CEXPR_TARGET) != 0) {
        c = t;
    } else if ((e->attr & CEXPR_XTARGET) != 0) {
        c = x;
    }
    if (c == NULL) {
        return false;
    }
    value = (e->attr & CEXPR_USER) != 0 ? c->user : (e->attr & CEXPR_ROLE) != 0 ? c->role : c->type;
    in = ebitmap_test(&e->names, value - 1);
    return e->op == CEXPR_EQ ? in : !in;
}

bool constraint_holds(const struct policydb *p, const struct constraint *k,
                      const struct context *source, const struct context *target,
                      const struct context *third)
{
    bool stack[CEXPR_DEPTH_MAX] = { false };
    uint32_t i, depth = 0;

    /* The reader has walked every expression: depth stays within the stack and ends at 1. */
    for (i = 0; i < k->count; i++) {
        const struct constraint_expr *e = &k->expr[i];

        switch (e->kind) {
        case CEXPR_NOT:
            stack[depth - 1] = !stack[depth - 1];
            break;
        case CEXPR_AND:
            depth--;
            stack[depth - 1] = stack[depth - 1] && stack[depth];
            break;
        case CEXPR_OR:
            depth--;
            stack[depth - 1] = stack[depth - 1] || stack[depth];
            break;
        case CEXPR_ATTR:
            stack[depth++] = attribute_holds(p, e, source, target);
            break;
        default:
            stack[depth++] = names_hold(e, source, target, third);
            break;
        }
    }
    return stack[0];
}
