/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: mode, contexts to SIDs and back. How it came into force is in candidate.c. */
#include <flask/services.h>

#include <flask/audit.h>
#include <flask/audit_ring.h>
#include <flask/avc.h>
#include <flask/env.h>
#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

struct policy *current_policy;
uint64_t xsm_policy_stamp = POLICY_STAMP_STEP;

static bool enforcing = true;

void policy_changed(void)
{
    __atomic_store_n(&xsm_policy_stamp, xsm_policy_stamp + POLICY_STAMP_STEP, __ATOMIC_SEQ_CST);
}

void xsm_fini(void)
{
    candidate_policy_fini();
    sidtab_clear();
    avc_fini();
    audit_fini();
    audit_ring_fini();
    enforcing = true;
    policy_changed();
}

bool xsm_policy_loaded(void)
{
    return read_once(current_policy) != NULL;
}

uint32_t xsm_policy_version(void)
{
    uint32_t version;

    xsm_env_lock();
    version = current_policy != NULL ? current_policy->db.version : 0;
    xsm_env_unlock();
    return version;
}

bool xsm_policy_mls(void)
{
    bool mls;

    xsm_env_lock();
    mls = current_policy != NULL && current_policy->db.mls;
    xsm_env_unlock();
    return mls;
}

bool xsm_enforcing(void)
{
    return read_once(enforcing);
}

void xsm_set_enforcing(bool on)
{
    xsm_env_lock();
    write_once(enforcing, on);
    policy_changed();
    xsm_env_unlock();
    audit_mode(on);
}

int xsm_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, struct xsm_av *av)
{
    int rc;

    xsm_env_lock();
    rc = services_compute_av(ssid, tsid, tclass, ~0U, av);
    xsm_env_unlock();
    return rc;
}

int xsm_context_to_sid(const char *text, size_t size, xsm_sid_t *out)
{
    struct context c;
    int rc;

    if (size > 0 && text[size - 1] == '\0') {
        size--;
    }
    if (size == 0 || size > XSM_CONTEXT_MAX) {
        return -EINVAL;
    }
    xsm_env_lock();
    rc = -EACCES;
    if (current_policy != NULL) {
        rc = context_parse(&current_policy->db, text, size, &c);
    }
    if (rc == 0) {
        rc = sidtab_find(&c, out);
        context_free(&c);
    }
    xsm_env_unlock();
    return rc;
}

static int sid_text(xsm_sid_t sid, char *buf, size_t size, size_t *needed)
{
    const struct sid_entry *e = sidtab_get(sid);
    size_t n;

    if (current_policy == NULL) {
        return -EACCES;
    }
    if (e == NULL) {
        return -EINVAL;
    }
    n = context_format(&current_policy->db, sidtab_context(sid), NULL, 0);
    if (needed != NULL) {
        *needed = n;
    }
    if (n > size) {
        return -ERANGE;
    }
    context_format(&current_policy->db, sidtab_context(sid), buf, size);
    return 0;
}

int xsm_sid_to_context(xsm_sid_t sid, char *buf, size_t size, size_t *needed)
{
    int rc;

    xsm_env_lock();
    rc = sid_text(sid, buf, size, needed);
    xsm_env_unlock();
    return rc;
}

uint32_t xsm_sid_count(void)
{
    uint32_t n;

    xsm_env_lock();
    n = sidtab_count();
    xsm_env_unlock();
    return n;
}
