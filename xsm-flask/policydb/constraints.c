/* SPDX-License-Identifier: Apache-2.0 */
/* Reading constraints and validatetrans rules; both live in the record of their class. */
#include <flask/constraint.h>

#include <flask/policydb.h>

static int check_attr(struct cursor *c, const struct constraint_expr *e)
{
    switch (e->attr) {
    case CEXPR_USER:
    case CEXPR_TYPE:
        if (e->op != CEXPR_EQ && e->op != CEXPR_NEQ) {
            return cursor_fail(c, 4, "operator eq or neq");
        }
        return 0;
    case CEXPR_ROLE:
    case CEXPR_L1L2:
    case CEXPR_L1H2:
    case CEXPR_H1L2:
    case CEXPR_H1H2:
    case CEXPR_L1H1:
    case CEXPR_L2H2:
        if (e->op < CEXPR_EQ || e->op > CEXPR_INCOMP) {
            return cursor_fail(c, 4, "operator eq, neq, dom, domby or incomp");
        }
        return 0;
    default:
        return cursor_fail(c, 8, "one attribute to compare: user, role, type or a pair of levels");
    }
}

static int check_names(struct cursor *c, bool validatetrans, const struct constraint_expr *e)
{
    uint32_t whose = e->attr & (CEXPR_TARGET | CEXPR_XTARGET);
    uint32_t what = e->attr & ~whose;

    if ((what != CEXPR_USER && what != CEXPR_ROLE && what != CEXPR_TYPE) ||
        whose == (CEXPR_TARGET | CEXPR_XTARGET) || (whose == CEXPR_XTARGET && !validatetrans)) {
        return cursor_fail(c, 8, "user, role or type of one of the contexts");
    }
    if (e->op != CEXPR_EQ && e->op != CEXPR_NEQ) {
        return cursor_fail(c, 4, "operator eq or neq");
    }
    return 0;
}

/* Names as they were written, kept by newer compilers for display; not needed here. */
static int skip_type_set(struct cursor *c)
{
    struct ebitmap unused;
    uint32_t flags;
    int rc = ebitmap_load(c, &unused);

    if (rc == 0) {
        rc = ebitmap_load(c, &unused);
    }
    return rc != 0 ? rc : cursor_u32(c, &flags);
}

static int expr_read(struct cursor *c, uint32_t version, bool validatetrans,
                     struct constraint_expr *e, uint32_t *depth)
{
    uint32_t v[3];
    int rc = cursor_u32s(c, v, 3);

    if (rc != 0) {
        return rc;
    }
    e->kind = v[0];
    e->attr = v[1];
    e->op = v[2];
    switch (e->kind) {
    case CEXPR_NOT:
        return *depth >= 1 ? 0 : cursor_fail(c, 12, "an operand before not");
    case CEXPR_AND:
    case CEXPR_OR:
        if (*depth < 2) {
            return cursor_fail(c, 12, "two operands before and/or");
        }
        (*depth)--;
        return 0;
    case CEXPR_ATTR:
    case CEXPR_NAMES:
        if (*depth == CEXPR_DEPTH_MAX) {
            return cursor_fail(c, 12, "an expression at most 5 operands deep");
        }
        (*depth)++;
        break;
    default:
        return cursor_fail(c, 12, "an expression: not, and, or, attribute or names");
    }
    if (e->kind == CEXPR_ATTR) {
        return check_attr(c, e);
    }
    rc = check_names(c, validatetrans, e);
    if (rc == 0) {
        rc = ebitmap_load(c, &e->names);
    }
    if (rc == 0 && version >= POLICY_VERSION_CONSTRAINT_NAMES) {
        rc = skip_type_set(c);
    }
    return rc;
}

int constraints_read(struct cursor *c, uint32_t version, bool validatetrans, uint32_t count,
                     struct constraint **out)
{
    struct constraint *k;
    uint32_t i, j, depth;
    int rc;

    if (count > (c->size - c->at) / 20) {
        return cursor_fail(c, 0, "as many constraints as the rest of the image holds");
    }
    rc = cursor_alloc(c, count, sizeof(*k), &k);
    if (rc != 0) {
        return rc;
    }
    for (i = 0; i < count; i++) {
        rc = cursor_u32(c, &k[i].permissions);
        if (rc == 0) {
            rc = cursor_count(c, &k[i].count, 12);
        }
        if (rc == 0) {
            rc = cursor_alloc(c, k[i].count, sizeof(*k[i].expr), &k[i].expr);
        }
        for (j = 0, depth = 0; rc == 0 && j < k[i].count; j++) {
            rc = expr_read(c, version, validatetrans, &k[i].expr[j], &depth);
        }
        if (rc != 0) {
            return rc;
        }
        if (depth != 1) {
            return cursor_fail(c, 0, "an expression that leaves one value");
        }
    }
    *out = k;
    return 0;
}
