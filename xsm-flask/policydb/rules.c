/* SPDX-License-Identifier: Apache-2.0 */
/* The access vector table and the conditional rules that boolean expressions switch. */
#include <flask/policydb.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define RULE_BYTES 12U

#define COND_BOOL 1U
#define COND_NOT  2U
#define COND_OR   3U
#define COND_AND  4U
#define COND_XOR  5U
#define COND_EQ   6U
#define COND_NEQ  7U
#define COND_DEPTH_MAX 10U

static int check_rule(struct policydb *p, struct cursor *c, const struct avtab_rule *r)
{
    if (r->source == 0 || r->source > p->type_tab.prim || r->target == 0 ||
        r->target > p->type_tab.prim) {
        return cursor_fail(c, RULE_BYTES, "a rule about types that exist");
    }
    if (r->tclass == 0 || r->tclass > p->class_tab.prim) {
        return cursor_fail(c, RULE_BYTES, "a rule about a class that exists");
    }
    if ((r->kind & AVTAB_TYPE) != 0 &&
        (r->data == 0 || r->data > p->type_tab.prim || p->types[r->data].attribute)) {
        return cursor_fail(c, 4, "a rule that gives a type that exists");
    }
    return 0;
}

int policydb_read_rules(struct policydb *p, struct cursor *c)
{
    struct avtab_rule rule;
    uint32_t i, count;
    int rc;

    c->section = "rules";
    rc = cursor_count(c, &count, RULE_BYTES);
    if (rc == 0) {
        rc = avtab_create(&p->avtab, &p->arena, count);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = avtab_read_rule(c, &rule);
        if (rc == 0) {
            rc = check_rule(p, c, &rule);
        }
        if (rc == 0) {
            rc = avtab_add(&p->avtab, &p->arena, &rule);
        }
        if (rc == -EEXIST) {
            return cursor_fail(c, RULE_BYTES, "each rule once");
        }
    }
    return rc;
}

static int read_expr(struct policydb *p, struct cursor *c, struct policy_cond *k)
{
    uint32_t i, v[2], depth = 0;
    int rc = cursor_count(c, &k->expr_count, 8);

    if (rc == 0) {
        rc = cursor_alloc(c, k->expr_count, sizeof(*k->expr), &k->expr);
    }
    for (i = 0; rc == 0 && i < k->expr_count; i++) {
        rc = cursor_u32s(c, v, 2);
        if (rc != 0) {
            return rc;
        }
        k->expr[i] = (struct cond_expr){ .kind = v[0], .boolean = v[1] };
        if (v[0] == COND_BOOL) {
            if (v[1] == 0 || v[1] > p->bool_tab.prim) {
                return cursor_fail(c, 4, "a boolean that exists");
            }
            if (depth++ == COND_DEPTH_MAX) {
                return cursor_fail(c, 8, "an expression at most 10 operands deep");
            }
        } else if (v[0] == COND_NOT) {
            if (depth < 1) {
                return cursor_fail(c, 8, "an operand before not");
            }
        } else if (v[0] >= COND_OR && v[0] <= COND_NEQ) {
            if (depth < 2) {
                return cursor_fail(c, 8, "two operands before an operator");
            }
            depth--;
        } else {
            return cursor_fail(c, 8, "a boolean or an operator");
        }
    }
    if (rc == 0 && depth != 1) {
        return cursor_fail(c, 0, "an expression that leaves one value");
    }
    return rc;
}

static int read_branch(struct policydb *p, struct cursor *c, struct policy_cond *k, uint32_t branch)
{
    struct avtab_rule rule;
    uint32_t i, count;
    int rc = cursor_count(c, &count, RULE_BYTES);

    if (rc == 0) {
        rc = cursor_alloc(c, count, sizeof(**k->rule), &k->rule[branch]);
    }
    for (i = 0; rc == 0 && i < count; i++) {
        rc = avtab_read_rule(c, &rule);
        if (rc == 0) {
            rc = check_rule(p, c, &rule);
        }
        if (rc == 0) {
            struct avtab_node *n = avtab_node_get(&p->avtab, &p->arena, &rule);

            if (n == NULL) {
                return p->arena.error;
            }
            k->rule[branch][i] =
                (struct cond_rule){ .node = n, .kind = rule.kind, .data = rule.data };
        }
    }
    k->rule_count[branch] = count;
    return rc;
}

int policydb_read_conditionals(struct policydb *p, struct cursor *c)
{
    uint32_t i, state;
    int rc;

    c->section = "conditional rules";
    rc = cursor_count(c, &p->cond_count, 16);
    if (rc == 0) {
        rc = cursor_alloc(c, p->cond_count, sizeof(*p->cond), &p->cond);
    }
    for (i = 0; rc == 0 && i < p->cond_count; i++) {
        /* The state stored is the compiler's; the booleans decide. */
        rc = cursor_u32(c, &state);
        if (rc == 0) {
            rc = read_expr(p, c, &p->cond[i]);
        }
        if (rc == 0) {
            rc = read_branch(p, c, &p->cond[i], 1);
        }
        if (rc == 0) {
            rc = read_branch(p, c, &p->cond[i], 0);
        }
    }
    return rc;
}

static bool cond_holds(const struct policydb *p, const struct policy_cond *k)
{
    bool stack[COND_DEPTH_MAX] = { false };
    uint32_t i, depth = 0;

    /* read_expr() has made sure of the depth. */
    for (i = 0; i < k->expr_count; i++) {
        uint32_t kind = k->expr[i].kind;
        bool right;

        if (kind == COND_BOOL) {
            stack[depth++] = p->bools[k->expr[i].boolean].current;
            continue;
        }
        right = stack[depth - 1];
        if (kind == COND_NOT) {
            stack[depth - 1] = !right;
            continue;
        }
        depth--;
        if (kind == COND_OR) {
            stack[depth - 1] = stack[depth - 1] || right;
        } else if (kind == COND_AND) {
            stack[depth - 1] = stack[depth - 1] && right;
        } else if (kind == COND_EQ) {
            stack[depth - 1] = stack[depth - 1] == right;
        } else {
            stack[depth - 1] = stack[depth - 1] != right;    /* xor and neq are the same */
        }
    }
    return stack[0];
}

void policydb_apply_booleans(struct policydb *p)
{
    uint32_t i, j, branch;

    for (i = 0; i < p->cond_count; i++) {
        for (branch = 0; branch < 2; branch++) {
            for (j = 0; j < p->cond[i].rule_count[branch]; j++) {
                avtab_node_reset(p->cond[i].rule[branch][j].node);
            }
        }
    }
    for (i = 0; i < p->cond_count; i++) {
        branch = cond_holds(p, &p->cond[i]) ? 1 : 0;
        for (j = 0; j < p->cond[i].rule_count[branch]; j++) {
            const struct cond_rule *r = &p->cond[i].rule[branch][j];

            avtab_node_force(r->node, r->kind, r->data);
        }
    }
}
