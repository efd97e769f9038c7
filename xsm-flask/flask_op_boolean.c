/* SPDX-License-Identifier: Apache-2.0 */
/* The sub-operations of xsm_op about booleans. */
#include <flask/flask_op_fn.h>

#include <xen/errno.h>
#include <xen/lib.h>

/* The boolean meant: by number, or by name where the number is -1. */
static int boolean_resolve(struct xen_flask_boolean *b, const struct flask_op_env *env)
{
    char name[256];
    uint32_t size = b->size;
    int rc;

    if (b->bool_id != ~0U) {
        return 0;
    }
    if (size == 0 || size >= sizeof(name)) {
        return -ENOENT;
    }
    rc = env->copy_from(env->arg, name, FLASK_OP_HANDLE(b->name), size);
    if (rc != 0) {
        return rc;
    }
    if (name[size - 1] == '\0') {
        size--;
    }
    return xsm_boolean_find(name, size, &b->bool_id);
}

long flask_op_getbool(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_boolean *b = &op->u.boolean;
    bool by_number = b->bool_id != ~0U;
    struct xsm_boolean value;
    char name[256];
    uint32_t length;
    int rc = boolean_resolve(b, env);

    if (rc == 0) {
        rc = xsm_boolean_get(b->bool_id, &value, name, sizeof(name));
    }
    if (rc != 0) {
        return rc;
    }
    b->enforcing = value.current;
    b->pending = value.pending;
    length = (uint32_t)strlen(name) + 1;
    if (by_number && b->size != 0) {
        if (b->size < length) {
            return -ERANGE;
        }
        rc = env->copy_to(env->arg, FLASK_OP_HANDLE(b->name), name, length);
    }
    b->size = length;
    return rc;
}

static int measure_boolean(const struct flask_op_env *env, const char *name, bool value)
{
    return env->before_boolean != NULL ? env->before_boolean(env->arg, name, value) : 0;
}

long flask_op_commitbools(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xsm_candidate *candidate;
    struct xsm_boolean value;
    char name[256];
    uint32_t id;
    int rc;

    (void)op;
    rc = xsm_candidate_booleans(&candidate);
    if (rc != 0) {
        return rc;
    }
    rc = flask_op_admit(candidate, env);
    for (id = 0; rc == 0 && xsm_boolean_get(id, &value, name, sizeof(name)) == 0; id++) {
        rc = value.current != value.pending ? measure_boolean(env, name, value.pending) : 0;
    }
    if (rc != 0) {
        xsm_candidate_free(candidate);
        return rc;
    }
    return flask_op_commit(candidate, env);
}

long flask_op_setbool(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_boolean *b = &op->u.boolean;
    struct xsm_boolean value;
    char name[256];
    long rc = boolean_resolve(b, env);

    if (rc == 0) {
        rc = xsm_boolean_set(b->bool_id, b->new_value != 0);
    }
    if (rc == 0 && b->commit != 0) {
        rc = flask_op_commitbools(op, env);
    }
    if (rc == 0) {
        rc = xsm_boolean_get(b->bool_id, &value, name, sizeof(name));
    }
    if (rc == 0) {
        b->enforcing = value.current;
        b->pending = value.pending;
    }
    return rc;
}
