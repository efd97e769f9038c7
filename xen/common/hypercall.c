/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: the only way from a guest's registers to a handler. See <xen/hypercall_row.h> for the order of
 * steps. Nothing here knows any single hypercall but for the shape of its family; what a call means is in its row.
 *
 * struct call is large and is not zeroed: every field that decode may leave unset is set in call_reset().
 */
#include <xen/hypercall.h>

#include <xen/guest_access.h>
#include <xen/hypercall_row.h>
#include <xen/softirq.h>

#include "hypercall_table.h"

static inline void call_reset(struct call *c)
{
    c->target = NULL;
    c->second = NULL;
    c->release = NULL;
    c->chosen = ~0u;
    c->skip = 0;
    c->sid[PARTY_TARGET] = XSM_SID_NULL;
    c->sid[PARTY_SECOND] = XSM_SID_NULL;
    c->sid[PARTY_OBJECT] = XSM_SID_NULL;
    c->sid[PARTY_PEER] = XSM_SID_NULL;
    c->audit.have = XSM_AUDIT_DOMID | XSM_AUDIT_OP;
}

static inline void call_init(struct call *c, struct hypercall *hc)
{
    c->vcpu = current;
    c->caller = c->vcpu->domain;
    c->hc = hc;
    c->arg = c->buf;
    c->sid[PARTY_CALLER] = read_once(c->caller->sid);
    c->sid[PARTY_SELF] = XSM_SID_SELF;
    c->sid[PARTY_XEN] = XSM_SID_XEN;
    c->sid[PARTY_SECURITY] = XSM_SID_SECURITY;
    c->sid[PARTY_DOMXEN] = XSM_SID_DOMXEN;
    c->audit.source = &c->caller->audit;
    c->audit.domid = c->caller->id;
    call_reset(c);
}

static inline void call_release(struct call *c)
{
    if (c->release != NULL) {
        c->release(c);
    }
    if (c->target != NULL && c->target != c->caller) {
        domain_put(c->target);
    }
    if (c->second != NULL && c->second != c->caller) {
        domain_put(c->second);
    }
}

int call_label(struct call *c, const struct domain *d, xsm_sid_t *out)
{
    xsm_sid_t caller = c->sid[PARTY_CALLER];

    if (d == c->caller) {
        return xsm_self_sid(&c->vcpu->self_sid, caller, out);
    }
    return domain_label(c->caller, caller, d, read_once(d->sid), out);
}

static int party_set(struct call *c, domid_t id, struct domain **out, xsm_sid_t *sid)
{
    struct domain *d = c->caller;

    ASSERT(*out == NULL);
    if (id != DOMID_SELF && id != d->id) {
        d = domain_get(id);
        if (d == NULL) {
            return -ESRCH;
        }
        c->audit.target = id;
        c->audit.have |= XSM_AUDIT_TARGET;
    }
    *out = d;
    return call_label(c, d, sid);
}

int call_target(struct call *c, domid_t id)
{
    return party_set(c, id, &c->target, &c->sid[PARTY_TARGET]);
}

int call_second(struct call *c, domid_t id)
{
    return party_set(c, id, &c->second, &c->sid[PARTY_SECOND]);
}

int call_ask(struct call *c, xsm_sid_t source, xsm_sid_t object, uint16_t tclass, uint32_t perm)
{
    return xsm_check(source, object, tclass, perm, &c->audit);
}

long act_absent(struct call *c)
{
    return c->row->absent != 0 ? c->row->absent : -ENOSYS;
}

/* A question that the cache does not answer with a plain yes, or one that decode has a say in. */
static __attribute__((noinline)) int ask_slow(struct call *c, const struct call_question *q)
{
    uint32_t perm = q->chosen ? q->perm & c->chosen : q->perm;

    if ((q->flags & QUESTION_OPTIONAL) && (c->skip & (1u << (q - c->row->ask)))) {
        return 0;
    }
    return xsm_check(c->sid[q->source], c->sid[q->object], q->tclass, perm, &c->audit);
}

static inline __attribute__((always_inline)) int ask(struct call *c, const struct call_question *q, uint32_t perm)
{
    if (likely(xsm_avc_hit(c->sid[q->source], c->sid[q->object], q->tag, q->class_offset, perm))) {
        return 0;
    }
    return ask_slow(c, q);
}

/*
 * Every question of the row, in order; the first no ends it. There is a first one in every row, and it may ask for what decode
 * chose; where decode chooses nothing, that is all of it. Unrolled: each then finds its question at a fixed place.
 */
static inline __attribute__((always_inline)) int ask_all(struct call *c, bool more)
{
    const struct call_question *q = c->row->ask;
    uint32_t perm = q->perm & c->chosen;
    int rc = likely(perm != 0) ? ask(c, q, perm) : -EACCES; /* decode chose nothing that the row asks for */

    if (!more || rc != 0) {
        return rc;
    }
#pragma GCC unroll 4
    for (unsigned n = 1; n < CALL_QUESTIONS; n++) {
        if (q[n].tag == 0) {
            return 0;
        }
        rc = ask(c, &q[n], q[n].perm);
        if (unlikely(rc != 0)) {
            return rc;
        }
    }
    return 0;
}

/* decode and ask. @return 0: act may run. The caller releases in every case. */
static inline __attribute__((always_inline)) int call_admit(struct call *c, bool more)
{
    if (c->row->decode != NULL) {
        int rc = c->row->decode(c);

        if (rc != 0) {
            return rc;
        }
    }
    return ask_all(c, more);
}

static inline __attribute__((always_inline)) long run_one(struct call *c, vaddr_t arg, bool more)
{
    const struct hypercall_row *row = c->row;
    bool acted = false;
    long rc;

    if (row->in != 0 && copy_from_guest(c->buf, arg, row->in) != 0) {
        return -EFAULT;
    }
    rc = call_admit(c, more);
    if (rc == 0) {
        acted = true;
        rc = row->act(c);
    }
    call_release(c);
    if (row->out != 0 && acted && (rc >= 0 || (row->flags & ROW_OUT_ALWAYS) != 0) &&
        copy_to_guest(arg, c->buf, row->out) != 0) {
        return -EFAULT;
    }
    return rc;
}

/* Apart from the shortest way, which has one question. */
static __attribute__((noinline)) long run_several(struct call *c, vaddr_t arg)
{
    return run_one(c, arg, true);
}

/*
 * One element: refused or done, its status says which. @return false when act wants to be called again for it.
 */
static bool run_element(struct call *c)
{
    long rc;

    call_reset(c);
    rc = call_admit(c, c->row->more);
    if (rc == 0) {
        rc = c->row->act(c);
    }
    call_release(c);
    if (rc == -ERESTART) {
        return false;
    }
    c->row->status(c, rc);
    return true;
}

/*
 * The array is worked on in chunks that fit the private buffer: one copy each way per chunk. Between chunks, and where
 * act stops early, the rest is left to a reissued call: registers then describe what is left.
 */
static long run_batch(struct call *c, unsigned arg_index)
{
    const struct hypercall_row *row = c->row;
    uint32_t per_chunk = CALL_BUF / row->in;
    uint64_t *address = &c->hc->arg[arg_index];
    uint64_t *count = &c->hc->arg[2];

    *count = (uint32_t)*count;
    if (*count > INT32_MAX) {
        return -EINVAL;
    }
    while (*count != 0) {
        uint32_t n = (uint32_t)min(*count, (uint64_t)per_chunk), done;

        if (copy_from_guest(c->buf, *address, (size_t)n * row->in) != 0) {
            return -EFAULT;
        }
        if (row->begin != NULL) {
            row->begin(c);
        }
        for (done = 0; done < n; done++) {
            c->arg = c->buf + (size_t)done * row->in;
            if (!run_element(c)) {
                break;
            }
        }
        if (row->end != NULL) {
            row->end(c);
        }
        if (done != 0 && copy_to_guest(*address, c->buf, (size_t)done * row->in) != 0) {
            return -EFAULT;
        }
        *address += (uint64_t)done * row->in;
        *count -= done;
        if (*count != 0 && (done < n || preempt_wanted())) {
            return -ERESTART;
        }
    }
    return 0;
}

/* Structures that name their own sub-operation are copied before the row is known. */
static long run_struct(struct call *c, const struct hypercall_family *f)
{
    struct {
        uint32_t cmd, version;
    } *head = (void *)c->buf;
    vaddr_t address = c->hc->arg[0];
    const struct hypercall_row *row;
    uint32_t out;
    long rc;

    if (copy_from_guest(c->buf, address, f->size) != 0) {
        return -EFAULT;
    }
    c->cmd = head->cmd;
    row = family_row(f, c->cmd);
    if (row == NULL) {
        return -ENOSYS;
    }
    c->row = row;
    c->audit.op = row->name;
    rc = call_admit(c, c->row->more);
    if (rc == 0 && f->version != 0 && head->version != f->version) {
        rc = -EACCES;
    }
    out = 0;
    if (rc == 0) {
        rc = row->act(c);
        out = rc >= 0 || (row->flags & ROW_OUT_ALWAYS) != 0 ? row->out : 0;
    }
    call_release(c);
    if (out != 0 && copy_to_guest(address, c->buf, out) != 0) {
        return -EFAULT;
    }
    return rc;
}

const struct hypercall_row *family_row(const struct hypercall_family *f, uint32_t cmd)
{
    const struct hypercall_row *row = NULL;

    if (cmd < f->count) {
        row = &f->rows[array_index_nospec(cmd, f->count)];
    } else if (cmd - f->high_base < f->high_count) {
        row = &f->high_rows[array_index_nospec(cmd - f->high_base, f->high_count)];
    }
    return row != NULL && row->name != NULL ? row : NULL;
}

long hypercall_dispatch(struct hypercall *hc)
{
    const struct hypercall_family *f;
    const struct hypercall_row *row;
    struct call c;

    if (unlikely(hc->nr >= HYPERCALL_COUNT)) {
        return -ENOSYS;
    }
    f = hypercall_table[array_index_nospec(hc->nr, HYPERCALL_COUNT)];
    if (unlikely(f == NULL)) {
        return -ENOSYS;
    }
    if (f->kind == FAMILY_STRUCT) {
        call_init(&c, hc);
        return run_struct(&c, f);
    }
    c.cmd = f->kind == FAMILY_CMD ? (uint32_t)hc->arg[0] & f->cmd_mask : 0;
    row = family_row(f, c.cmd);
    if (unlikely(row == NULL)) {
        return -ENOSYS;
    }
    c.row = row;
    c.audit.op = row->name;
    call_init(&c, hc);
    if (unlikely(row->special != 0)) {
        if ((row->flags & ROW_ONE) && (uint32_t)hc->arg[2] != 1) {
            return -EINVAL;
        }
        if (row->flags & ROW_BATCH) {
            return run_batch(&c, f->arg_index);
        }
        return run_several(&c, hc->arg[f->arg_index]);
    }
    return run_one(&c, hc->arg[f->arg_index], false);
}
