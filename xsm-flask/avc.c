/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/avc.h>

#include <flask/audit.h>
#include <flask/audit_ring.h>
#include <flask/avtab.h>
#include <flask/env.h>
#include <flask/services.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define CPUS_MAX 4096U

/* The boot CPU's cache is static, so that the path of a hit need not ask whether there is one. */
static struct avc_cpu boot_cache;
static struct avc_cpu *boot_table[1] = { &boot_cache };

static struct avc_cpu **avc_cpus = boot_table;
static unsigned int avc_cpu_count;   /* 0 before xsm_init() */

static inline uint32_t avc_hash(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass)
{
    return ssid * 9 + tsid * 67 + tclass * 4;
}

static inline uint64_t stamp_of(uint32_t tclass)
{
    return read_once(policy_stamp) | tclass;
}

static inline bool entry_matches(const struct avc_entry *e, xsm_sid_t ssid, xsm_sid_t tsid,
                                 uint32_t tclass)
{
    return e->ssid == ssid && e->tsid == tsid && e->stamp == stamp_of(tclass);
}

bool avc_ready(void)
{
    return avc_cpu_count != 0;
}

int xsm_init(unsigned int count)
{
    struct avc_cpu **table;
    unsigned int i;

    if (count == 0 || count > CPUS_MAX) {
        return -EINVAL;
    }
    if (avc_ready()) {
        return -EBUSY;
    }
    table = xsm_env_alloc(count * sizeof(*table));
    if (table == NULL) {
        return -ENOMEM;
    }
    memset(table, 0, count * sizeof(*table));
    table[0] = &boot_cache;
    avc_cpus = table;
    avc_cpu_count = count;
    for (i = 1; i < count; i++) {
        table[i] = xsm_env_alloc(sizeof(**table));
        if (table[i] == NULL) {
            avc_fini();
            return -ENOMEM;
        }
        memset(table[i], 0, sizeof(**table));
    }
    if (audit_ring_init(count) != 0) {
        avc_fini();
        return -ENOMEM;
    }
    return 0;
}

void avc_fini(void)
{
    unsigned int i;

    for (i = 1; i < avc_cpu_count; i++) {
        xsm_env_free(avc_cpus[i]);
    }
    if (avc_ready()) {
        xsm_env_free(avc_cpus);
    }
    memset(&boot_cache, 0, sizeof(boot_cache));
    avc_cpus = boot_table;
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
    e->ssid = ssid;
    e->tsid = tsid;
    e->loud = ~av.allowed | av.audit_allow;
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
static __attribute__((noinline)) int check_slow(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t number,
                                                uint32_t requested, const struct xsm_audit *audit)
{
    uint16_t tclass = (uint16_t)number;    /* xsm_check() has it no wider */
    struct audit_event ev = { .ssid = ssid, .tsid = tsid, .tclass = tclass, .object = audit };
    struct avc_cpu *c = avc_cpus[xsm_env_cpu()];
    struct avc_entry *e = &c->entry[avc_hash(ssid, tsid, tclass) % AVC_SLOTS];
    uint32_t denied;
    int rc = 0;

    if (!avc_ready()) {
        return -EACCES;
    }
    if (!entry_matches(e, ssid, tsid, tclass)) {
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

/* About two dozen instructions for a hit; no frame, since what does not end here is a tail call. */
__attribute__((optimize("omit-frame-pointer")))
int xsm_check_some(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass, uint32_t requested,
                   const struct xsm_audit *audit)
{
    struct avc_cpu *c = avc_cpus[xsm_env_cpu()];
    const struct avc_entry *e = &c->entry[avc_hash(ssid, tsid, tclass) % AVC_SLOTS];

    if (likely(entry_matches(e, ssid, tsid, tclass) && (requested & e->loud) == 0)) {
        c->hits++;
        return 0;
    }
    return check_slow(ssid, tsid, tclass, requested, audit);
}

int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    struct avc_transition *e;
    uint64_t stamp;
    xsm_sid_t sid;
    int rc;

    if (!avc_ready()) {
        return -EACCES;
    }
    e = &avc_cpus[xsm_env_cpu()]
             ->transition[avc_hash(ssid, tsid, tclass) % AVC_TRANSITION_SLOTS];
    if (likely(e->ssid == ssid && e->tsid == tsid && e->stamp == stamp_of(tclass))) {
        *out = e->sid;
        return 0;
    }
    xsm_env_lock();
    stamp = stamp_of(tclass);
    rc = services_compute_sid(ssid, tsid, tclass, AVTAB_TRANSITION, &sid);
    xsm_env_unlock();
    if (rc == 0) {
        *e = (struct avc_transition){
            .ssid = ssid, .tsid = tsid, .stamp = stamp, .sid = sid,
        };
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
    uint64_t stamp = read_once(policy_stamp);
    unsigned int i, j;

    *used = 0;
    *total = avc_cpu_count * AVC_SLOTS;
    for (i = 0; i < avc_cpu_count; i++) {
        for (j = 0; j < AVC_SLOTS; j++) {
            *used += (read_once(avc_cpus[i]->entry[j].stamp) & ~(uint64_t)0xffff) == stamp;
        }
    }
}
