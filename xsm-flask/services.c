/* SPDX-License-Identifier: Apache-2.0 */
/* The policy in force: loading, mode, contexts to SIDs and back. */
#include <flask/services.h>

#include <flask/avc.h>
#include <flask/env.h>
#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

struct policy *current_policy;
uint64_t policy_stamp = POLICY_STAMP_STEP;

static bool enforcing = true;
static bool loading;

void policy_changed(void)
{
    __atomic_store_n(&policy_stamp, policy_stamp + POLICY_STAMP_STEP, __ATOMIC_SEQ_CST);
}

/* Booleans keep the value they have where both policies name them. */
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

static void policy_free(struct policy *p)
{
    if (p != NULL) {
        policydb_free(&p->db);
        xsm_env_free(p);
    }
}

static bool load_begin(void)
{
    bool free;

    xsm_env_lock();
    free = !loading && avc_ready();
    loading = loading || free;
    xsm_env_unlock();
    return free;
}

int xsm_policy_load(const uint8_t *image, size_t size, struct xsm_error *err)
{
    struct policy *p = NULL, *old;
    int rc;

    if (!load_begin()) {
        return -EBUSY;
    }
    rc = policy_read(image, size, err, &p);
    xsm_env_lock();
    old = current_policy;
    if (rc == 0 && old != NULL) {
        keep_booleans(&old->db, &p->db);
    }
    if (rc == 0) {
        rc = sidtab_convert(old != NULL ? &old->db : NULL, &p->db);
    }
    if (rc == 0) {
        current_policy = p;
        policy_changed();
        p = old;
    }
    loading = false;
    xsm_env_unlock();
    policy_free(p);
    return rc;
}

void xsm_fini(void)
{
    policy_free(current_policy);
    current_policy = NULL;
    sidtab_clear();
    avc_fini();
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
}

int xsm_compute_av(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, struct xsm_av *av)
{
    int rc;

    xsm_env_lock();
    rc = services_compute_av(ssid, tsid, tclass, av);
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
