/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsm_op: the policy engine's own interface. Rows and questions are here, the work is flask_op_act(); what it needs
 * of the hypervisor comes through the callbacks below.
 */
#include "families.h"

#include <xen/evtchn.h>
#include <xen/guest_access.h>
#include <xen/launch.h>
#include <xen/measure.h>
#include <xen/revoke.h>
#include <xen/vcpu_timers.h>

#include <public/bulkhead.h>
#include <xsm/flask_op.h>

#include "policy_change.h"

/* The call, and what its caller wants of a change. */
struct flask_call {
    struct call *c;
    enum xsm_revocation how;
    bool force;       /* also a policy that does not know the label of a domain */
    uint32_t unknown; /* out: such domains */
    bool turn;        /* at the TPM */
};

static int env_copy_from(void *arg, void *dst, const void *guest, size_t size)
{
    (void)arg;
    return copy_from_guest(dst, (vaddr_t)guest, size);
}

static int env_copy_to(void *arg, void *guest, const void *src, size_t size)
{
    (void)arg;
    return copy_to_guest((vaddr_t)guest, src, size);
}

static int env_peer_sid(void *arg, uint32_t port, xsm_sid_t *out)
{
    const struct flask_call *f = arg;

    return evtchn_peer_sid(f->c->caller, port, out);
}

static int env_domain_sid(void *arg, uint16_t domid, xsm_sid_t *out, bool *self)
{
    const struct flask_call *f = arg;
    struct domain *d = domain_get(domid);

    if (d == NULL) {
        return -ESRCH;
    }
    *out = read_once(d->sid);
    *self = d == f->c->caller;
    domain_put(d);
    return 0;
}

/*
 * The machine's one change, and with it a turn at the TPM if it is to be measured. A call that has to wait for that has nothing
 * reserved meanwhile, as it may never come back.
 */
static int change_enter(struct flask_call *f, bool measured)
{
    int rc = revoke_reserve();

    if (rc == 0 && measured) {
        rc = vcpu_measure_turn(f->c->vcpu);
        if (rc != 0) {
            revoke_release();
        }
    }
    f->turn = rc == 0 && measured;
    return rc;
}

/* The job stays reserved only when the change was begun. */
static void change_leave(struct flask_call *f, long rc)
{
    if (f->turn) {
        measure_turn_end();
    }
    if (rc != -ERESTART) {
        revoke_release();
    }
}

static int env_domain_relabel(void *arg, uint16_t domid, xsm_sid_t sid)
{
    struct flask_call *f = arg;
    struct revoke_change change = { .domain = domain_get(domid), .sid = sid, .how = f->how };
    char label[XSM_CONTEXT_MAX];
    int rc;

    if (change.domain == NULL) {
        return -ESRCH;
    }
    if (read_once(change.domain->state) == DOMAIN_BUILDING) {
        domain_put(change.domain);
        return -EBUSY; /* its start is measured with the label that it was built for */
    }
    rc = change_enter(f, f->how != XSM_REVOKE_WOULD);
    if (rc == 0) {
        rc = xsm_sid_to_context(sid, label, sizeof(label), NULL);
        if (rc == 0 && f->how != XSM_REVOKE_WOULD) {
            rc = measure_relabel(change.domain->id, label, change.domain == f->c->caller);
        }
        if (rc == 0) {
            rc = revoke_begin(&change, f->c->hc, f->c->row);
        }
        change_leave(f, rc);
    }
    domain_put(change.domain);
    return rc;
}

static uint32_t unknown_label(struct xsm_candidate *candidate, domid_t id, const char *name, xsm_sid_t sid)
{
    if (xsm_candidate_knows(candidate, sid)) {
        return 0;
    }
    pr_warn("policy: the new one does not know the label of domain %u %s", id, name);
    return 1;
}

/* Domains that would lose every right, because the policy has no such label; one that is to come back among them. */
static uint32_t unknown_labels(struct xsm_candidate *candidate)
{
    struct launch_waiting waiting;
    struct domain *d = NULL;
    uint32_t n = 0;

    while ((d = domain_next(d)) != NULL) {
        n += unknown_label(candidate, d->id, d->name, read_once(d->sid));
    }
    for (unsigned i = 0; launch_restart_waiting(i, &waiting); i++) {
        if (waiting.absent) {
            n += unknown_label(candidate, waiting.id, waiting.name, waiting.sid);
        }
    }
    return n;
}

static int env_admit(void *arg, struct xsm_candidate *candidate)
{
    struct flask_call *f = arg;

    f->unknown = unknown_labels(candidate);
    return f->unknown != 0 && !f->force && f->how != XSM_REVOKE_WOULD ? -ENOENT : 0;
}

static int env_commit(void *arg, struct xsm_candidate *candidate)
{
    struct flask_call *f = arg;
    const struct revoke_change change = { .candidate = candidate, .how = f->how };

    return revoke_begin(&change, f->c->hc, f->c->row);
}

static int env_set_enforcing(void *arg, bool enforcing)
{
    struct flask_call *f = arg;
    const struct revoke_change change = { .how = f->how };

    xsm_set_enforcing(enforcing);
    return enforcing ? revoke_begin(&change, f->c->hc, f->c->row) : 0;
}

static int env_before_load(void *arg, const uint8_t *image, size_t size)
{
    const struct flask_call *f = arg;

    return f->how == XSM_REVOKE_WOULD ? 0 : measure_policy_load(image, size);
}

static int env_before_setenforce(void *arg, bool enforcing)
{
    (void)arg;
    return measure_setenforce(enforcing);
}

static int env_before_boolean(void *arg, const char *name, bool value)
{
    const struct flask_call *f = arg;

    return f->how == XSM_REVOKE_WOULD ? 0 : measure_boolean(name, value);
}

static int env_before_ocontext(void *arg, uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid)
{
    char label[XSM_CONTEXT_MAX];
    int rc = 0;

    (void)arg;
    if (sid == XSM_SID_NULL) {
        return measure_resource(ocon, first, last, NULL);
    }
    rc = xsm_sid_to_context(sid, label, sizeof(label), NULL);
    return rc != 0 ? rc : measure_resource(ocon, first, last, label);
}

static int env_ocontext_changed(void *arg)
{
    struct flask_call *f = arg;
    const struct revoke_change change = { .how = f->how };

    return revoke_begin(&change, f->c->hc, f->c->row);
}

static long flask_run(struct flask_call *f, struct xen_flask_op *op, struct xsm_error *error)
{
    const struct flask_op_env env = {
        .ssid = f->c->sid[PARTY_CALLER],
        .domid = f->c->caller->id,
        .source = &f->c->caller->audit,
        .op = f->c->row->name,
        .error = error,
        .arg = f,
        .copy_from = env_copy_from,
        .copy_to = env_copy_to,
        .peer_sid = env_peer_sid,
        .domain_sid = env_domain_sid,
        .domain_relabel = env_domain_relabel,
        .admit = env_admit,
        .commit = env_commit,
        .set_enforcing = env_set_enforcing,
        .before_load = env_before_load,
        .before_setenforce = env_before_setenforce,
        .before_boolean = env_before_boolean,
        .before_ocontext = env_before_ocontext,
        .ocontext_changed = env_ocontext_changed,
    };

    return flask_op_act(op, &env);
}

static long flask_act(struct call *c)
{
    struct flask_call f = { .c = c, .how = XSM_REVOKE_DROP };

    return flask_run(&f, c->arg, NULL);
}

/* -- changes: one at a time, and what domains hold is looked at before the call returns ------------------ */

/* A call that comes back from its change has been asked about before the change, and maybe may not any more. */
static int change_decode(struct call *c)
{
    struct revoke_counts *counts = (void *)c->batch;

    c->val[0] = revoke_take(c->vcpu, c->hc, c->row, counts);
    c->skip = c->val[0] ? 1 : 0;
    return 0;
}

/* Of a trial nothing is measured, nor of a value that waits to be put into force. */
static bool is_measured(const struct flask_call *f, const struct xen_flask_op *op)
{
    return f->how != XSM_REVOKE_WOULD && (op->cmd != FLASK_SETBOOL || op->u.boolean.commit != 0);
}

/*
 * A relabelling reserves the job by itself, once it has been asked about: it is the one that anybody may try, and would keep the
 * job from those who may use it.
 */
static long change_run(struct flask_call *f, struct xen_flask_op *op, struct xsm_error *error)
{
    long rc;

    if (op->cmd == FLASK_RELABEL_DOMAIN) {
        return flask_run(f, op, error);
    }
    rc = change_enter(f, is_measured(f, op));
    if (rc != 0) {
        return rc;
    }
    rc = flask_run(f, op, error);
    change_leave(f, rc);
    return rc;
}

static long flask_change_act(struct call *c)
{
    struct flask_call f = { .c = c, .how = XSM_REVOKE_DROP, .force = true };
    struct xen_flask_op *op = c->arg;

    if (!c->val[0]) {
        return change_run(&f, op, NULL);
    }
    if (op->cmd == FLASK_SETBOOL) {
        /* Only told: nothing is done for a call that was not asked about this time. */
        op->u.boolean.enforcing = op->u.boolean.pending = op->u.boolean.new_value != 0;
    }
    return 0;
}

/* -- BULKHEAD_policy_change, whose row is bulkhead_op's --------------------------------------------------- */

int policy_change_decode(struct call *c)
{
    const struct bulkhead_policy_change *a = c->arg;

    if (a->what < BULKHEAD_CHANGE_load || a->what > BULKHEAD_CHANGE_relabel ||
        a->how < BULKHEAD_REVOKE_report || a->how > BULKHEAD_REVOKE_drop ||
        (a->flags & ~(uint32_t)(BULKHEAD_CHANGE_trial | BULKHEAD_CHANGE_force))) {
        return -EINVAL;
    }
    c->chosen = a->what == BULKHEAD_CHANGE_load     ? FLASK_OP__LOAD :
                a->what == BULKHEAD_CHANGE_booleans ? FLASK_OP__COMMITBOOLS : FLASK_OP__RELABEL_DOMAIN;
    return change_decode(c);
}

static void tell_error(struct bulkhead_policy_change *a, const struct xsm_error *error)
{
    a->error_offset = 0;
    memset(a->error_section, 0, sizeof(a->error_section));
    if (error->section != NULL) {
        a->error_offset = (uint32_t)error->offset;
        memcpy(a->error_section, error->section, strnlen(error->section, sizeof(a->error_section) - 1));
    }
}

static void tell_counts(struct bulkhead_policy_change *a, const struct revoke_counts *counts)
{
    a->grants = counts->grants;
    a->foreign = counts->foreign;
    a->ports = counts->ports;
    a->resources = counts->resources;
}

long policy_change_act(struct call *c)
{
    static const uint8_t commands[] = {
        [BULKHEAD_CHANGE_load] = FLASK_LOAD,
        [BULKHEAD_CHANGE_booleans] = FLASK_COMMITBOOLS,
        [BULKHEAD_CHANGE_relabel] = FLASK_RELABEL_DOMAIN,
    };
    static const uint8_t hows[] = {
        [BULKHEAD_REVOKE_report] = XSM_REVOKE_REPORT,
        [BULKHEAD_REVOKE_drain] = XSM_REVOKE_DRAIN,
        [BULKHEAD_REVOKE_drop] = XSM_REVOKE_DROP,
    };
    struct bulkhead_policy_change *a = c->arg;
    struct flask_call f = { .c = c, .force = (a->flags & BULKHEAD_CHANGE_force) != 0,
                            .how = (a->flags & BULKHEAD_CHANGE_trial) ? XSM_REVOKE_WOULD : hows[a->how] };
    struct xen_flask_op op = { .cmd = commands[a->what],
                               .interface_version = XEN_FLASK_INTERFACE_VERSION };
    struct xsm_error error = { .section = NULL };
    struct revoke_counts none = { 0 };
    long rc;

    if (c->val[0]) {
        tell_counts(a, (const void *)c->batch);
        tell_error(a, &error);
        return 0; /* labels stands in the guest's copy since the change began */
    }
    if (a->what == BULKHEAD_CHANGE_load) {
        op.u.load.size = a->size;
        set_xen_guest_handle(op.u.load.buffer, (void *)a->buffer);
    } else if (a->what == BULKHEAD_CHANGE_relabel) {
        op.u.relabel.domid = a->domid;
        op.u.relabel.sid = a->sid;
    }
    rc = change_run(&f, &op, &error);
    tell_counts(a, &none);
    tell_error(a, &error);
    a->labels = f.unknown;
    return rc;
}

#define SIZE sizeof(struct xen_flask_op)
#define FLASK(op, out)                                                                             \
    [FLASK_##op] = ROW(FLASK_##op, 0, out, NULL, ASK(Q(CALLER, SECURITY, FLASK_OP, op)), flask_act)
#define FLASK_CHANGE(op, out)                                                                      \
    [FLASK_##op] = ROW(FLASK_##op, 0, out, change_decode,                                          \
                       ASK(Q_OPTIONAL(CALLER, SECURITY, FLASK_OP, FLASK_OP__##op)), flask_change_act)
#define FLASK_ABSENT(op)                                                                           \
    [FLASK_##op] = ROW_ABSENT_AS(FLASK_##op, -EOPNOTSUPP, Q(CALLER, SECURITY, FLASK_OP, op),       \
                                 "no longer in the ABI")

static const struct hypercall_row rows[] = {
    FLASK_CHANGE(LOAD, 0),
    FLASK(GETENFORCE, 0),
    FLASK_CHANGE(SETENFORCE, 0),
    FLASK(CONTEXT_TO_SID, SIZE),
    FLASK(SID_TO_CONTEXT, SIZE),
    FLASK(ACCESS, SIZE),
    FLASK(CREATE, SIZE),
    FLASK(RELABEL, SIZE),
    FLASK_ABSENT(USER),
    FLASK(POLICYVERS, 0),
    FLASK(GETBOOL, SIZE),
    FLASK_CHANGE(SETBOOL, SIZE),
    FLASK_CHANGE(COMMITBOOLS, 0),
    FLASK(MLS, 0),
    FLASK_ABSENT(DISABLE),
    FLASK(GETAVC_THRESHOLD, 0),
    FLASK(SETAVC_THRESHOLD, 0),
    FLASK(AVC_HASHSTATS, SIZE),
    FLASK(AVC_CACHESTATS, SIZE),
    FLASK(MEMBER, SIZE),
    FLASK_CHANGE(ADD_OCONTEXT, 0),
    FLASK_CHANGE(DEL_OCONTEXT, 0),
    FLASK(GET_PEER_SID, SIZE),
    [FLASK_RELABEL_DOMAIN] =
        ROW(FLASK_RELABEL_DOMAIN, 0, 0, change_decode,
            ASK_AND("then about old and new label, once both are known",
                    Q_OPTIONAL(CALLER, SECURITY, FLASK_OP, FLASK_OP__RELABEL_DOMAIN)),
            flask_change_act),
    FLASK(DEVICETREE_LABEL, 0),
};

const struct hypercall_family xsm_op_family = {
    .name = "xsm_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = SIZE,
};
