/* SPDX-License-Identifier: Apache-2.0 */
/* Constraints: expressions over two contexts, in postfix order, that take permissions away. */
#ifndef FLASK_CONSTRAINT_H
#define FLASK_CONSTRAINT_H

#include <flask/context.h>
#include <flask/cursor.h>

struct policydb;

/* Expression types, attributes and operators as the image numbers them. */
#define CEXPR_NOT     1U
#define CEXPR_AND     2U
#define CEXPR_OR      3U
#define CEXPR_ATTR    4U
#define CEXPR_NAMES   5U

#define CEXPR_USER    1U
#define CEXPR_ROLE    2U
#define CEXPR_TYPE    4U
#define CEXPR_TARGET  8U         /* with NAMES: of the target, not the source */
#define CEXPR_XTARGET 16U        /* with NAMES: of the third context of validatetrans */
#define CEXPR_L1L2    32U
#define CEXPR_L1H2    64U
#define CEXPR_H1L2    128U
#define CEXPR_H1H2    256U
#define CEXPR_L1H1    512U
#define CEXPR_L2H2    1024U

#define CEXPR_EQ      1U
#define CEXPR_NEQ     2U
#define CEXPR_DOM     3U
#define CEXPR_DOMBY   4U
#define CEXPR_INCOMP  5U

#define CEXPR_DEPTH_MAX 5U       /* operands that wait, as the format limits them */

struct constraint_expr {
    uint32_t kind, attr, op;
    struct ebitmap names;        /* with NAMES: bit = value - 1 */
};

struct constraint {
    uint32_t permissions;        /* taken away when the expression is false; 0 for validatetrans */
    uint32_t count;
    struct constraint_expr *expr;    /* in the policy's arena */
};

/** Read `count` constraints. @return 0; -EINVAL; -ENOMEM; -E2BIG */
int constraints_read(struct cursor *c, uint32_t version, bool validatetrans, uint32_t count,
                     struct constraint **out);

/** Value of the expression. `third` is NULL but for validatetrans. */
bool constraint_holds(const struct policydb *p, const struct constraint *k,
                      const struct context *source, const struct context *target,
                      const struct context *third);

#endif
