/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/avc.h>

#include <flask/audit.h>
#include <flask/avtab.h>
#include <flask/env.h>
#include <flask/services.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define CPUS_MAX 4096U

static struct avc_cpu **avc_cpus;    /* NULL before xsm_init() */
static unsigned int avc_cpu_count;

static inline uint64_t hash(uint64_t objects, uint16_t tclass)
{
    return objects * 0x9e3779b97f4a7c15ULL + (uint64_t)tclass * 0x0123456789abcdefULL;
}

static inline struct avc_entry *slot(struct avc_cpu *c, uint64_t objects, uint16_t tclass)
{
    return &c->entry[hash(objects, tclass) >> (64 - __builtin_ctz(AVC_SLOTS))];
}

static inline uint64_t stamp_of(uint16_t tclass)
{
    return read_once(policy_seqno) << 16 | tclass;
}

bool avc_ready(void)
{
    return avc_cpus != NULL;
}

int xsm_init(unsigned int count)
{
    unsigned int i;

    if (count == 0 || count > CPUS_MAX) {
        return -EINVAL;
    }
    if (avc_cpus != NULL) {
        return -EBUSY;
    }
    avc_cpus = xsm_env_alloc(count * sizeof(*avc_cpus));
    if (avc_cpus == NULL) {
        return -ENOMEM;
    }
    memset(avc_cpus, 0, count * sizeof(*avc_cpus));
    avc_cpu_count = count;
    for (i = 0; i < count; i++) {
        avc_cpus[i] = xsm_env_alloc(sizeof(**avc_cpus));
        if (avc_cpus[i] == NULL) {
            avc_fini();
            return -ENOMEM;
        }
        memset(avc_cpus[i], 0, sizeof(**avc_cpus));
    }
    return 0;
}

void avc_fini(void)
{
    unsigned int i;

    for (i = 0; avc_cpus != NULL && i < avc_cpu_count; i++) {
        xsm_env_free(avc_cpus[i]);
    }
    xsm_env_free(avc_cpus);
    avc_cpus = NULL;
    avc_cpu_count = 0;
}

/* Compute the answer and remember it. Unknown objects are refused and not remembered. */
static void fill(struct avc_cpu *c, struct avc_entry *e, xsm_sid_t ssid, xsm_sid_t tsid,
                 uint16_t tclass)
{
    struct xsm_av av = { .audit_deny = ~0U };
    uint64_t stamp;
    int rc;

    xsm_env_lock();
    stamp = stamp_of(tclass);    /* cannot move while the lock is held */
    rc = services_compute_av(ssid, tsid, tclass, &av);
    xsm_env_unlock();
    e->stamp = 0;
    e->objects = ssid | (uint64_t)tsid << 32;
    e->quiet = av.allowed & ~av.audit_allow;
    e->allowed = av.allowed;
    e->audit_allow = av.audit_allow;
    e->audit_deny = av.audit_deny;
    if (rc == 0) {
        e->stamp = stamp;
    }
    c->misses++;
}

static bool source_permissive(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass)
{
    struct xsm_av av;

    return xsm_compute_av(ssid, tsid, tclass, &av) == 0 && av.permissive;
}

/* Everything but a quiet hit: a miss, a refusal, a grant to be logged. */
static __attribute__((noinline)) int check_slow(struct avc_cpu *c, struct avc_entry *e,
                                                xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass,
                                                uint32_t requested, const struct xsm_audit *audit)
{
    struct audit_event ev = { .ssid = ssid, .tsid = tsid, .tclass = tclass, .object = audit };
    uint32_t denied;
    int rc = 0;

    if (c == NULL || requested == 0) {
        return -EACCES;
    }
    if (e->objects != (ssid | (uint64_t)tsid << 32) || e->stamp != stamp_of(tclass)) {
        fill(c, e, ssid, tsid, tclass);
    } else {
        c->hits++;
    }
    denied = requested & ~e->allowed;
    if (denied != 0) {
        c->denials++;
        ev.denied = true;
        ev.permissions = denied & e->audit_deny;
        ev.permissive = !xsm_enforcing() || source_permissive(ssid, tsid, tclass);
        rc = ev.permissive ? 0 : -EACCES;
        if (!xsm_policy_loaded()) {
            rc = -EACCES;        /* no mode makes up for a missing policy */
        }
    } else {
        ev.permissions = requested & e->audit_allow;
    }
    if (audit != NULL && ev.permissions != 0) {
        audit_emit(&ev, c->line, sizeof(c->line));
    }
    return rc;
}

int xsm_check(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, uint32_t requested,
              const struct xsm_audit *audit)
{
    struct avc_cpu *c;
    struct avc_entry *e;
    uint64_t objects = ssid | (uint64_t)tsid << 32;

    if (unlikely(avc_cpus == NULL)) {
        return -EACCES;
    }
    c = avc_cpus[xsm_env_cpu()];
    e = slot(c, objects, tclass);
    if (likely(e->objects == objects && e->stamp == stamp_of(tclass) &&
               (requested & ~e->quiet) == 0 && requested != 0)) {
        c->hits++;
        return 0;
    }
    return check_slow(c, e, ssid, tsid, tclass, requested, audit);
}

int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    uint64_t objects = ssid | (uint64_t)tsid << 32, stamp;
    struct avc_transition *e;
    xsm_sid_t sid;
    int rc;

    if (avc_cpus == NULL) {
        return -EACCES;
    }
    e = &avc_cpus[xsm_env_cpu()]->transition[hash(objects, tclass) >>
                                         (64 - __builtin_ctz(AVC_TRANSITION_SLOTS))];
    if (likely(e->objects == objects && e->stamp == stamp_of(tclass))) {
        *out = e->sid;
        return 0;
    }
    xsm_env_lock();
    stamp = stamp_of(tclass);
    rc = services_compute_sid(ssid, tsid, tclass, AVTAB_TRANSITION, &sid);
    xsm_env_unlock();
    if (rc == 0) {
        *e = (struct avc_transition){ .objects = objects, .stamp = stamp, .sid = sid };
        *out = sid;
    }
    return rc;
}

int xsm_avc_stats(unsigned int cpu, struct xsm_avc_stats *out)
{
    const struct avc_cpu *c;

    if (cpu >= avc_cpu_count) {
        return -ENOENT;
    }
    c = avc_cpus[array_index_nospec(cpu, avc_cpu_count)];
    *out = (struct xsm_avc_stats){
        .hits = read_once(c->hits),
        .misses = read_once(c->misses),
        .denials = read_once(c->denials),
    };
    return 0;
}

void xsm_avc_usage(uint32_t *used, uint32_t *total)
{
    uint64_t seqno = read_once(policy_seqno);
    unsigned int i, j;

    *used = 0;
    *total = avc_cpu_count * AVC_SLOTS;
    for (i = 0; i < avc_cpu_count; i++) {
        for (j = 0; j < AVC_SLOTS; j++) {
            *used += read_once(avc_cpus[i]->entry[j].stamp) >> 16 == seqno;
        }
    }
}
