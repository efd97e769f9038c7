/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xsm_op: the policy engine's own interface. Rows and questions are here, the work is flask_op_act(); what it needs
 * of the hypervisor comes through the callbacks below. A host test holds these rows against flask_op_rules[].
 */
#include "families.h"

#include <xen/evtchn.h>
#include <xen/guest_access.h>
#include <xen/measure.h>

#include <xsm/flask_op.h>

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
    const struct call *c = arg;

    return evtchn_peer_sid(c->caller, port, out);
}

static int env_domain_sid(void *arg, uint16_t domid, xsm_sid_t *out, bool *self)
{
    const struct call *c = arg;
    struct domain *d = domain_get(domid);

    if (d == NULL) {
        return -ESRCH;
    }
    *out = read_once(d->sid);
    *self = d == c->caller;
    domain_put(d);
    return 0;
}

static int env_domain_relabel(void *arg, uint16_t domid, xsm_sid_t sid)
{
    char label[XSM_CONTEXT_MAX];
    struct domain *d = domain_get(domid);
    int rc;

    (void)arg;
    if (d == NULL) {
        return -ESRCH;
    }
    rc = xsm_sid_to_context(sid, label, sizeof(label), NULL);
    rc = rc != 0 ? rc : measure_relabel(d->id, label);
    if (rc == 0) {
        __atomic_store_n(&d->sid, sid, __ATOMIC_SEQ_CST);
    }
    domain_put(d);
    return rc;
}

static int env_before_load(void *arg, const uint8_t *image, size_t size)
{
    (void)arg;
    return measure_policy_load(image, size);
}

static int env_before_setenforce(void *arg, bool enforcing)
{
    (void)arg;
    return measure_setenforce(enforcing);
}

static int env_before_boolean(void *arg, const char *name, bool value)
{
    (void)arg;
    return measure_boolean(name, value);
}

static long flask_act(struct call *c)
{
    struct flask_op_env env = {
        .ssid = c->sid[PARTY_CALLER],
        .domid = c->caller->id,
        .arg = c,
        .copy_from = env_copy_from,
        .copy_to = env_copy_to,
        .peer_sid = env_peer_sid,
        .domain_sid = env_domain_sid,
        .domain_relabel = env_domain_relabel,
        .before_load = env_before_load,
        .before_setenforce = env_before_setenforce,
        .before_boolean = env_before_boolean,
    };

    return flask_op_act(c->arg, &env);
}

#define SIZE sizeof(struct xen_flask_op)
#define FLASK(op, out, perm)                                                                       \
    [FLASK_##op] = ROW(FLASK_##op, 0, out, NULL,                                                   \
                       ASK(Q(CALLER, SECURITY, SECCLASS_SECURITY, SECURITY__##perm)), flask_act)

static const struct hypercall_row rows[] = {
    FLASK(LOAD, 0, LOAD_POLICY),
    [FLASK_GETENFORCE] = ROW(FLASK_GETENFORCE, 0, 0, NULL,
                             ASK_NONE("the mode is no secret: every refusal shows it"), flask_act),
    FLASK(SETENFORCE, 0, SETENFORCE),
    FLASK(CONTEXT_TO_SID, SIZE, CHECK_CONTEXT),
    FLASK(SID_TO_CONTEXT, SIZE, CHECK_CONTEXT),
    FLASK(ACCESS, SIZE, COMPUTE_AV),
    FLASK(CREATE, SIZE, COMPUTE_CREATE),
    FLASK(RELABEL, SIZE, COMPUTE_RELABEL),
    [FLASK_USER] = ROW_ABSENT_AS(FLASK_USER, -EOPNOTSUPP, "no longer in the ABI"),
    [FLASK_POLICYVERS] =
        ROW(FLASK_POLICYVERS, 0, 0, NULL, ASK_NONE("the version of the format"), flask_act),
    FLASK(GETBOOL, SIZE, CHECK_CONTEXT),
    FLASK(SETBOOL, SIZE, SETBOOL),
    FLASK(COMMITBOOLS, 0, SETBOOL),
    [FLASK_MLS] = ROW(FLASK_MLS, 0, 0, NULL, ASK_NONE("a property of the format"), flask_act),
    [FLASK_DISABLE] = ROW_ABSENT_AS(FLASK_DISABLE, -EOPNOTSUPP, "no longer in the ABI"),
    FLASK(GETAVC_THRESHOLD, 0, COMPUTE_AV),
    FLASK(SETAVC_THRESHOLD, 0, SETSECPARAM),
    FLASK(AVC_HASHSTATS, SIZE, COMPUTE_AV),
    FLASK(AVC_CACHESTATS, SIZE, COMPUTE_AV),
    FLASK(MEMBER, SIZE, COMPUTE_MEMBER),
    FLASK(ADD_OCONTEXT, 0, ADD_OCONTEXT),
    FLASK(DEL_OCONTEXT, 0, DEL_OCONTEXT),
    [FLASK_GET_PEER_SID] = ROW(FLASK_GET_PEER_SID, 0, SIZE, NULL,
                               ASK_NONE("the label of whom the caller is connected to"), flask_act),
    [FLASK_RELABEL_DOMAIN] =
        ROW(FLASK_RELABEL_DOMAIN, 0, 0, NULL,
            ASK_NONE("asks by itself about old and new label, once both are known"), flask_act),
    FLASK(DEVICETREE_LABEL, 0, ADD_OCONTEXT),
};

const struct hypercall_family xsm_op_family = {
    .name = "xsm_op",
    .rows = rows,
    .count = ARRAY_SIZE(rows),
    .kind = FAMILY_STRUCT,
    .size = SIZE,
};
