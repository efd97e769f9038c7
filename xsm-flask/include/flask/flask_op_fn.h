/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that make up xsm_op: one function per sub-operation, see flask_op_act(). */
#ifndef FLASK_FLASK_OP_FN_H
#define FLASK_FLASK_OP_FN_H

#include <xen/lib.h>
#include <xsm/flask_op.h>

typedef long flask_op_fn(struct xen_flask_op *op, const struct flask_op_env *env);

flask_op_fn flask_op_getbool, flask_op_setbool, flask_op_commitbools;

/** Ask whether a candidate may come into force; hand it on: see flask_op_env.admit and .commit. */
int flask_op_admit(struct xsm_candidate *c, const struct flask_op_env *env);
int flask_op_commit(struct xsm_candidate *c, const struct flask_op_env *env);

/* The address in a guest handle, which is a structure or a pointer as the interface version has it. */
#define FLASK_OP_HANDLE(h) flask_op_address(&(h), sizeof(h))

static inline void *flask_op_address(const void *handle, size_t size)
{
    void *p = NULL;

    memcpy(&p, handle, min(size, sizeof(p)));
    return p;
}

#endif
