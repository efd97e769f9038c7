/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on a table as a whole: setup_table, query_size, versions, status frames, swap. */
#include "private.h"

#include <xen/guest_access.h>

int setup_decode(struct call *c)
{
    const struct gnttab_setup_table *op = c->arg;

    return call_target(c, op->dom);
}

long setup_act(struct call *c)
{
    const struct gnttab_setup_table *op = c->arg;
    struct grant_table *gt = c->target->grant;
    xen_pfn_t frames[GRANT_MAX_FRAMES];
    int rc;

    if (op->nr_frames > GRANT_MAX_FRAMES) {
        return -EIO;
    }
    spin_lock(&gt->lock);
    rc = grant_grow(c->target, op->nr_frames);
    for (unsigned i = 0; !rc && i < op->nr_frames; i++) {
        frames[i] = gt->frame_gfn[i];
    }
    spin_unlock(&gt->lock);
    if (rc) {
        return rc == -ESRCH ? -ESRCH : -EIO;
    }
    if (op->nr_frames && copy_to_guest((vaddr_t)op->frame_list.p, frames,
                                       op->nr_frames * sizeof(frames[0]))) {
        return -EFAULT;
    }
    return 0;
}

void setup_status(struct call *c, long rc)
{
    struct gnttab_setup_table *op = c->arg;

    op->status = grant_status(rc);
}

int query_size_decode(struct call *c)
{
    const struct gnttab_query_size *op = c->arg;

    return call_target(c, op->dom);
}

long query_size_act(struct call *c)
{
    struct gnttab_query_size *op = c->arg;

    op->nr_frames = read_once(c->target->grant->frame_count);
    op->max_nr_frames = GRANT_MAX_FRAMES;
    return 0;
}

void query_size_status(struct call *c, long rc)
{
    struct gnttab_query_size *op = c->arg;

    op->status = grant_status(rc);
}

int status_frames_decode(struct call *c)
{
    const struct gnttab_get_status_frames *op = c->arg;

    return call_target(c, op->dom);
}

/* Version 2 only. */
long status_frames_act(struct call *c)
{
    (void)c;
    return -EIO;
}

void status_frames_status(struct call *c, long rc)
{
    struct gnttab_get_status_frames *op = c->arg;

    op->status = grant_status(rc);
}

int set_version_decode(struct call *c)
{
    return call_target(c, DOMID_SELF);
}

long set_version_act(struct call *c)
{
    const struct gnttab_set_version *op = c->arg;

    switch (op->version) {
    case 1:
        return 0;
    case 2:
        return -ENOSYS; /* Linux goes on with version 1 */
    default:
        return -EINVAL;
    }
}

int get_version_decode(struct call *c)
{
    const struct gnttab_get_version *op = c->arg;

    return call_target(c, op->dom);
}

long get_version_act(struct call *c)
{
    struct gnttab_get_version *op = c->arg;

    op->version = 1;
    return 0;
}

int swap_decode(struct call *c)
{
    return call_target(c, DOMID_SELF);
}

long swap_act(struct call *c)
{
    const struct gnttab_swap_grant_ref *op = c->arg;
    struct grant_table *gt = c->caller->grant;
    struct grant_pin *pin_a, *pin_b;
    union grant_word *a, *b;
    long rc = 0;

    spin_lock(&gt->lock);
    a = grant_entry(gt, op->ref_a, &pin_a);
    b = grant_entry(gt, op->ref_b, &pin_b);
    if (!a || !b) {
        rc = -EINVAL;
    } else if (pin_a->page || pin_b->page) {
        rc = -EAGAIN; /* somebody uses them under their present numbers */
    } else {
        uint64_t raw = __atomic_load_n(&a->raw, __ATOMIC_RELAXED);

        raw = __atomic_exchange_n(&b->raw, raw, __ATOMIC_ACQ_REL);
        __atomic_store_n(&a->raw, raw, __ATOMIC_RELEASE);
    }
    spin_unlock(&gt->lock);
    return rc;
}

void swap_status(struct call *c, long rc)
{
    struct gnttab_swap_grant_ref *op = c->arg;

    op->status = grant_status(rc);
}
