/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies on trial, and how one comes into force. A candidate is either a policy of its own, read and
 * checked, or the policy in force with its pending booleans; the latter are put in for the time of one
 * answer, under the policy lock, which whoever reads rules holds.
 */
#include <flask/audit.h>
#include <flask/avc.h>
#include <flask/env.h>
#include <flask/services.h>
#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define ANSWERS 256U             /* a walk over all that domains hold asks few different questions */

struct answer {
    xsm_sid_t ssid, tsid;
    uint16_t tclass;             /* 0: empty */
    bool permissive;
    uint32_t allowed, decided;
};

struct xsm_candidate {
    struct policy *policy;       /* owned; NULL: booleans of the policy in force */
    uint64_t stamp;              /* xsm_policy_stamp when it was made */
    struct answer answer[ANSWERS];
};

static void policy_free(struct policy *p)
{
    if (p != NULL) {
        policydb_free(&p->db);
        xsm_env_free(p);
    }
}

static int policy_read(const uint8_t *image, size_t size, struct xsm_error *err,
                       struct policy **out)
{
    struct policy *p = xsm_env_alloc(sizeof(*p));
    int rc;

    if (p == NULL) {
        return -ENOMEM;
    }
    rc = policydb_load(&p->db, image, size, err);
    if (rc == 0) {
        rc = class_maps_build(&p->maps, &p->db, err);
        if (rc != 0) {
            policydb_free(&p->db);
        }
    }
    if (rc != 0) {
        xsm_env_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

static struct xsm_candidate *candidate_new(struct policy *p)
{
    struct xsm_candidate *c = xsm_env_alloc(sizeof(*c));

    if (c != NULL) {
        memset(c, 0, sizeof(*c));
        c->policy = p;
        c->stamp = xsm_policy_stamp;
    }
    return c;
}

/* Booleans keep the value they have where both policies name them. Lock held. */
static void keep_booleans(const struct policydb *from, struct policydb *to)
{
    uint32_t i, value;

    for (i = 1; i <= to->bool_tab.prim; i++) {
        const char *name = to->bools[i].name;

        value = name != NULL ? symtab_find(&from->bool_tab, name, strlen(name)) : 0;
        if (value != 0) {
            to->bools[i].current = to->bools[i].pending = from->bools[value].current;
        }
    }
    policydb_apply_booleans(to);
}

int xsm_candidate_policy(const uint8_t *image, size_t size, struct xsm_error *err,
                         struct xsm_candidate **out)
{
    struct policy *p = NULL;
    struct xsm_candidate *c;
    int rc = avc_ready() ? policy_read(image, size, err, &p) : -EBUSY;

    if (rc != 0) {
        return rc;
    }
    xsm_env_lock();
    c = candidate_new(p);
    if (c != NULL && current_policy != NULL) {
        keep_booleans(&current_policy->db, &p->db);
    }
    xsm_env_unlock();
    if (c == NULL) {
        policy_free(p);
        return -ENOMEM;
    }
    *out = c;
    return 0;
}

int xsm_candidate_booleans(struct xsm_candidate **out)
{
    struct xsm_candidate *c = NULL;
    int rc = -EACCES;

    xsm_env_lock();
    if (current_policy != NULL) {
        c = candidate_new(NULL);
        rc = c != NULL ? 0 : -ENOMEM;
    }
    xsm_env_unlock();
    if (rc == 0) {
        *out = c;
    }
    return rc;
}

void xsm_candidate_free(struct xsm_candidate *c)
{
    if (c != NULL) {
        policy_free(c->policy);
        xsm_env_free(c);
    }
}

/* Put the pending values in, or take them out again. Lock held. */
static void booleans_exchange(struct policydb *p)
{
    uint32_t i;

    for (i = 1; i <= p->bool_tab.prim; i++) {
        bool current = p->bools[i].current;

        p->bools[i].current = p->bools[i].pending;
        p->bools[i].pending = current;
    }
    policydb_apply_booleans(p);
}

static int policy_answer(const struct policy *p, const struct answer *a, uint32_t wanted,
                         struct xsm_av *av)
{
    struct context s, t;
    bool known;
    int rc = sidtab_context_in(&current_policy->db, &p->db, a->ssid, &s, &known);

    if (rc != 0) {
        return rc;
    }
    rc = sidtab_context_in(&current_policy->db, &p->db, a->tsid, &t, &known);
    if (rc == 0) {
        services_policy_av(p, &s, &t, a->tclass, wanted, av);
        context_free(&t);
    }
    context_free(&s);
    return rc;
}

/* Nothing is remembered of a question that has no answer. Lock held. */
static void answer_find(struct xsm_candidate *c, struct answer *a, uint32_t wanted)
{
    struct xsm_av av = { 0 };
    int rc;

    if (current_policy == NULL) {
        return;
    }
    if (c->policy != NULL) {
        rc = policy_answer(c->policy, a, wanted, &av);
    } else {
        booleans_exchange(&current_policy->db);
        rc = services_compute_av(a->ssid, a->tsid, a->tclass, wanted, &av);
        booleans_exchange(&current_policy->db);
    }
    if (rc == 0) {
        a->allowed |= av.allowed;
        a->decided |= av.decided;
        a->permissive = av.permissive;
        c->answer[(a->ssid * 9 + a->tsid * 67 + a->tclass) % ANSWERS] = *a;
    }
}

bool xsm_candidate_allows(struct xsm_candidate *c, xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                          uint32_t requested)
{
    struct answer a = c->answer[(ssid * 9 + tsid * 67 + tclass) % ANSWERS];

    if (requested == 0 || tclass == 0 || tclass > SECCLASS_COUNT) {
        return false;
    }
    if (a.ssid != ssid || a.tsid != tsid || a.tclass != tclass) {
        a = (struct answer){ .ssid = ssid, .tsid = tsid, .tclass = tclass };
    }
    if ((requested & ~a.decided) != 0) {
        xsm_env_lock();
        answer_find(c, &a, requested & ~a.decided);
        xsm_env_unlock();
    }
    return (requested & ~a.allowed) == 0 || a.permissive || !xsm_enforcing();
}

bool xsm_candidate_knows(struct xsm_candidate *c, xsm_sid_t sid)
{
    bool known = false;
    struct context s;

    xsm_env_lock();
    if (current_policy != NULL && c->policy == NULL) {
        known = sidtab_get(sid) != NULL && sidtab_get(sid)->stale == NULL;
    } else if (current_policy != NULL &&
               sidtab_context_in(&current_policy->db, &c->policy->db, sid, &s, &known) == 0) {
        context_free(&s);
    }
    xsm_env_unlock();
    return known;
}

/* Lock held. @return the policy that is in force no more, NULL for none */
static struct policy *install(struct policy *p, unsigned int *lost)
{
    struct policy *old = current_policy;
    uint32_t i;

    if (p != NULL) {
        *lost = old != NULL ? ocontext_carry(&old->db, &p->db) : 0;
        current_policy = p;
    } else {
        for (i = 1; i <= old->db.bool_tab.prim; i++) {
            old->db.bools[i].current = old->db.bools[i].pending;
        }
        policydb_apply_booleans(&old->db);
    }
    policy_changed();
    return p != NULL ? old : NULL;
}

int xsm_candidate_commit(struct xsm_candidate *c)
{
    const char *what = c->policy != NULL ? "load" : "booleans";
    struct policy *old = NULL;
    unsigned int lost = 0;
    uint64_t seqno = 0;
    int rc = 0;

    xsm_env_lock();
    if (c->stamp != xsm_policy_stamp) {
        rc = -EBUSY;
    } else if (c->policy != NULL) {
        rc = sidtab_convert(current_policy != NULL ? &current_policy->db : NULL, &c->policy->db);
    }
    if (rc == 0) {
        old = install(c->policy, &lost);
        c->policy = NULL;
        seqno = xsm_policy_stamp / POLICY_STAMP_STEP;
    }
    xsm_env_unlock();
    if (rc == 0) {
        audit_policy(what, seqno);
    }
    if (lost != 0) {
        xsm_env_audit("policy: labels given to resources at run time gave way to its own");
    }
    if (rc == 0) {
        policy_free(old);
        xsm_candidate_free(c);
    }
    return rc;
}

int xsm_policy_load(const uint8_t *image, size_t size, struct xsm_error *err)
{
    struct xsm_candidate *c;
    int rc = xsm_candidate_policy(image, size, err, &c);

    if (rc == 0) {
        rc = xsm_candidate_commit(c);
        if (rc != 0) {
            xsm_candidate_free(c);
        }
    }
    return rc;
}

void candidate_policy_fini(void)
{
    policy_free(current_policy);
    current_policy = NULL;
}
