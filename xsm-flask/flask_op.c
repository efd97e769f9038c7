/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sub-operations of xsm_op. Each first takes what it needs out of the private copy, refuses, and
 * then acts; guest memory is copied once.
 */
#include <xsm/flask_op.h>

#include <flask/avc.h>
#include <flask/env.h>
#include <flask/flask_op_fn.h>
#include <flask/policydb.h>
#include <xen/errno.h>
#include <xen/lib.h>

int flask_op_admit(struct xsm_candidate *c, const struct flask_op_env *env)
{
    return env->admit != NULL ? env->admit(env->arg, c) : 0;
}

int flask_op_commit(struct xsm_candidate *c, const struct flask_op_env *env)
{
    int rc;

    if (env->commit != NULL) {
        return env->commit(env->arg, c);
    }
    rc = xsm_candidate_commit(c);
    if (rc != 0) {
        xsm_candidate_free(c);
    }
    return rc;
}

/* Read, checked, admitted, measured, and only then put into force: what is refused has not been measured. */
static long act_load(struct xen_flask_op *op, const struct flask_op_env *env)
{
    uint32_t size = op->u.load.size;
    struct xsm_candidate *candidate = NULL;
    uint8_t *image;
    int rc;

    if (size == 0) {
        return -EINVAL;
    }
    if (size > XSM_POLICY_SIZE_MAX) {
        return -E2BIG;
    }
    image = xsm_env_alloc(size);
    if (image == NULL) {
        return -ENOMEM;
    }
    rc = env->copy_from(env->arg, image, FLASK_OP_HANDLE(op->u.load.buffer), size);
    if (rc == 0) {
        rc = xsm_candidate_policy(image, size, env->error, &candidate);
    }
    if (rc == 0) {
        rc = flask_op_admit(candidate, env);
    }
    if (rc == 0 && env->before_load != NULL) {
        rc = env->before_load(env->arg, image, size);
    }
    xsm_env_free(image);
    if (rc != 0) {
        xsm_candidate_free(candidate);
        return rc;
    }
    return flask_op_commit(candidate, env);
}

static long act_getenforce(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    return xsm_enforcing() ? 1 : 0;
}

static long act_setenforce(struct xen_flask_op *op, const struct flask_op_env *env)
{
    bool on = op->u.enforce.enforcing != 0;
    int rc = 0;

    if (on != xsm_enforcing() && env->before_setenforce != NULL) {
        rc = env->before_setenforce(env->arg, on);
    }
    if (rc == 0 && env->set_enforcing != NULL) {
        return env->set_enforcing(env->arg, on);
    }
    if (rc == 0) {
        xsm_set_enforcing(on);
    }
    return rc;
}

static long act_context_to_sid(struct xen_flask_op *op, const struct flask_op_env *env)
{
    uint32_t size = op->u.sid_context.size;
    xsm_sid_t sid;
    char *text;
    int rc;

    if (size == 0 || size > XSM_CONTEXT_MAX) {
        return -EINVAL;
    }
    text = xsm_env_alloc(size);
    if (text == NULL) {
        return -ENOMEM;
    }
    rc = env->copy_from(env->arg, text, FLASK_OP_HANDLE(op->u.sid_context.context), size);
    if (rc == 0) {
        rc = xsm_context_to_sid(text, size, &sid);
    }
    if (rc == 0) {
        op->u.sid_context.sid = sid;
    }
    xsm_env_free(text);
    return rc;
}

static long act_sid_to_context(struct xen_flask_op *op, const struct flask_op_env *env)
{
    size_t room = min((size_t)op->u.sid_context.size, (size_t)XSM_CONTEXT_MAX), needed = 0;
    char *text = xsm_env_alloc(room + 1);
    int rc;

    if (text == NULL) {
        return -ENOMEM;
    }
    rc = xsm_sid_to_context(op->u.sid_context.sid, text, room, &needed);
    if (rc == 0) {
        rc = env->copy_to(env->arg, FLASK_OP_HANDLE(op->u.sid_context.context), text, needed);
    }
    op->u.sid_context.size = (uint32_t)needed;
    xsm_env_free(text);
    return rc;
}

static long act_access(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_access *a = &op->u.access;
    struct xsm_av av;
    int rc;

    (void)env;
    if (a->tclass == 0 || a->tclass > SECCLASS_COUNT) {
        return -EINVAL;
    }
    rc = xsm_compute_av(a->ssid, a->tsid, (uint16_t)a->tclass, &av);
    if (rc == 0) {
        a->allowed = av.allowed;
        a->audit_allow = av.audit_allow;
        a->audit_deny = av.audit_deny;
        a->seqno = av.seqno;
    }
    return rc;
}

static long act_transition(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_transition *t = &op->u.transition;
    uint16_t tclass = (uint16_t)t->tclass;
    xsm_sid_t sid = XSM_SID_NULL;
    int rc;

    (void)env;
    if (t->tclass == 0 || t->tclass > SECCLASS_COUNT) {
        return -EINVAL;
    }
    if (op->cmd == FLASK_CREATE) {
        rc = xsm_transition_sid(t->ssid, t->tsid, tclass, &sid);
    } else if (op->cmd == FLASK_RELABEL) {
        rc = xsm_change_sid(t->ssid, t->tsid, tclass, &sid);
    } else {
        rc = xsm_member_sid(t->ssid, t->tsid, tclass, &sid);
    }
    if (rc == 0) {
        t->newsid = sid;
    }
    return rc;
}

static long act_policyvers(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    return POLICY_VERSION_MAX;
}

static long act_mls(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    return xsm_policy_mls() ? 1 : 0;
}

static long act_unsupported(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    return -EOPNOTSUPP;
}

static long act_getavc_threshold(struct xen_flask_op *op, const struct flask_op_env *env)
{
    (void)op;
    (void)env;
    return XSM_AVC_SLOTS;
}

static long act_hashstats(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_hash_stats *s = &op->u.hash_stats;

    (void)env;
    /* Direct-mapped: an entry is a bucket, and no chain is longer than one. */
    xsm_avc_usage(&s->entries, &s->buckets_total);
    s->buckets_used = s->entries;
    s->max_chain_len = s->entries != 0 ? 1 : 0;
    return 0;
}

static long act_cachestats(struct xen_flask_op *op, const struct flask_op_env *env)
{
    struct xen_flask_cache_stats *s = &op->u.cache_stats;
    struct xsm_avc_stats v;
    int rc = xsm_avc_stats(s->cpu, &v);

    (void)env;
    if (rc == 0) {
        *s = (struct xen_flask_cache_stats){
            .cpu = s->cpu,
            .lookups = (uint32_t)(v.hits + v.misses),
            .hits = (uint32_t)v.hits,
            .misses = (uint32_t)v.misses,
            .allocations = (uint32_t)v.misses,
        };
    }
    return rc;
}

/* sid XSM_SID_NULL: the label is taken away. Checked, measured, and only then done. */
static long ocontext_change(const struct xen_flask_ocontext *o, xsm_sid_t sid, const struct flask_op_env *env)
{
    int rc = xsm_ocontext_check(o->ocon, o->low, o->high, sid);

    if (rc == 0 && env->before_ocontext != NULL) {
        rc = env->before_ocontext(env->arg, o->ocon, o->low, o->high, sid);
    }
    if (rc == 0) {
        rc = sid != XSM_SID_NULL ? xsm_ocontext_add(o->ocon, o->low, o->high, sid) :
                                   xsm_ocontext_del(o->ocon, o->low, o->high);
    }
    return rc == 0 && env->ocontext_changed != NULL ? env->ocontext_changed(env->arg) : rc;
}

static long act_add_ocontext(struct xen_flask_op *op, const struct flask_op_env *env)
{
    const struct xen_flask_ocontext *o = &op->u.ocontext;

    return o->sid == XSM_SID_NULL ? -EINVAL : ocontext_change(o, o->sid, env);
}

static long act_del_ocontext(struct xen_flask_op *op, const struct flask_op_env *env)
{
    return ocontext_change(&op->u.ocontext, XSM_SID_NULL, env);
}

static long act_get_peer_sid(struct xen_flask_op *op, const struct flask_op_env *env)
{
    xsm_sid_t sid;
    int rc;

    if (env->peer_sid == NULL) {
        return -EOPNOTSUPP;
    }
    rc = env->peer_sid(env->arg, op->u.peersid.evtchn, &sid);
    if (rc == 0) {
        op->u.peersid.sid = sid;
    }
    return rc;
}

static long act_relabel_domain(struct xen_flask_op *op, const struct flask_op_env *env)
{
    const struct xen_flask_relabel *r = &op->u.relabel;
    struct xsm_audit audit = {
        .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | (env->op != NULL ? XSM_AUDIT_OP : 0),
        .domid = env->domid,
        .source = env->source,
        .op = env->op,
        .target = (uint16_t)r->domid,
    };
    xsm_sid_t old;
    bool self;
    int rc;

    if (env->domain_sid == NULL || env->domain_relabel == NULL) {
        return -EOPNOTSUPP;
    }
    if (r->domid > 0xffff) {
        return -ESRCH;
    }
    if (r->sid == XSM_SID_SELF) {
        return -EINVAL; /* no label, but a number that questions have for one */
    }
    rc = env->domain_sid(env->arg, (uint16_t)r->domid, &old, &self);
    if (rc == 0 && self) {
        rc = xsm_check(old, r->sid, SECCLASS_DOMAIN2, DOMAIN2__RELABELSELF, &audit);
    } else if (rc == 0) {
        rc = xsm_check(env->ssid, old, SECCLASS_DOMAIN2, DOMAIN2__RELABELFROM, &audit);
        if (rc == 0) {
            rc = xsm_check(env->ssid, r->sid, SECCLASS_DOMAIN2, DOMAIN2__RELABELTO, &audit);
        }
    }
    if (rc == 0) {
        rc = xsm_check(old, r->sid, SECCLASS_DOMAIN, DOMAIN__TRANSITION, &audit);
    }
    if (rc == 0) {
        rc = xsm_validate_transition(old, r->sid, env->ssid, SECCLASS_DOMAIN);
    }
    return rc != 0 ? rc : env->domain_relabel(env->arg, (uint16_t)r->domid, r->sid);
}

static flask_op_fn *const acts[FLASK_OP_COUNT] = {
    [FLASK_LOAD] = act_load,
    [FLASK_GETENFORCE] = act_getenforce,
    [FLASK_SETENFORCE] = act_setenforce,
    [FLASK_CONTEXT_TO_SID] = act_context_to_sid,
    [FLASK_SID_TO_CONTEXT] = act_sid_to_context,
    [FLASK_ACCESS] = act_access,
    [FLASK_CREATE] = act_transition,
    [FLASK_RELABEL] = act_transition,
    [FLASK_USER] = act_unsupported,
    [FLASK_POLICYVERS] = act_policyvers,
    [FLASK_GETBOOL] = flask_op_getbool,
    [FLASK_SETBOOL] = flask_op_setbool,
    [FLASK_COMMITBOOLS] = flask_op_commitbools,
    [FLASK_MLS] = act_mls,
    [FLASK_DISABLE] = act_unsupported,
    [FLASK_GETAVC_THRESHOLD] = act_getavc_threshold,
    [FLASK_SETAVC_THRESHOLD] = act_unsupported,
    [FLASK_AVC_HASHSTATS] = act_hashstats,
    [FLASK_AVC_CACHESTATS] = act_cachestats,
    [FLASK_MEMBER] = act_transition,
    [FLASK_ADD_OCONTEXT] = act_add_ocontext,
    [FLASK_DEL_OCONTEXT] = act_del_ocontext,
    [FLASK_GET_PEER_SID] = act_get_peer_sid,
    [FLASK_RELABEL_DOMAIN] = act_relabel_domain,
    [FLASK_DEVICETREE_LABEL] = act_unsupported,
};

long flask_op_act(struct xen_flask_op *op, const struct flask_op_env *env)
{
    flask_op_fn *act;

    if (op->interface_version != XEN_FLASK_INTERFACE_VERSION || op->cmd >= FLASK_OP_COUNT) {
        return -ENOSYS;
    }
    act = acts[array_index_nospec(op->cmd, FLASK_OP_COUNT)];
    return act != NULL ? act(op, env) : -ENOSYS;
}
