/* SPDX-License-Identifier: Apache-2.0 */
/* Booleans: looked up by number or name, set one by one, put into force together. */
#include <flask/env.h>
#include <flask/services.h>
#include <flask/text.h>
#include <xen/errno.h>
#include <xen/lib.h>

/* NULL: no such boolean. Numbers handed out start at 0, values in the policy at 1. */
static struct policy_boolean *find(uint32_t id)
{
    struct policydb *p;

    if (current_policy == NULL) {
        return NULL;
    }
    p = &current_policy->db;
    if (id >= p->bool_tab.prim || p->bools[id + 1].name == NULL) {
        return NULL;
    }
    return &p->bools[id + 1];
}

int xsm_boolean_get(uint32_t id, struct xsm_boolean *out, char *name, size_t size)
{
    struct text t = { .buf = name, .size = name != NULL ? size : 0 };
    const struct policy_boolean *b;

    xsm_env_lock();
    b = find(id);
    if (b != NULL) {
        *out = (struct xsm_boolean){
            .id = id, .current = b->current, .pending = b->pending,
        };
        text_add(&t, b->name);
    }
    xsm_env_unlock();
    return b != NULL ? 0 : -ENOENT;
}

int xsm_boolean_find(const char *name, size_t size, uint32_t *id)
{
    uint32_t value = 0;

    xsm_env_lock();
    if (current_policy != NULL) {
        value = symtab_find(&current_policy->db.bool_tab, name, size);
    }
    xsm_env_unlock();
    if (value == 0) {
        return -ENOENT;
    }
    *id = value - 1;
    return 0;
}

int xsm_boolean_set(uint32_t id, bool value)
{
    struct policy_boolean *b;

    xsm_env_lock();
    b = find(id);
    if (b != NULL) {
        b->pending = value;
    }
    xsm_env_unlock();
    return b != NULL ? 0 : -ENOENT;
}

int xsm_boolean_commit(void)
{
    struct xsm_candidate *c;
    int rc = xsm_candidate_booleans(&c);

    if (rc == 0) {
        rc = xsm_candidate_commit(c);
        if (rc != 0) {
            xsm_candidate_free(c);
        }
    }
    return rc;
}
