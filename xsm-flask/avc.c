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
struct xsm_avc *const xsm_avc_boot = &boot_cache.hot;

static struct avc_cpu **avc_cpus = boot_table;
static unsigned int avc_cpu_count;   /* 0 before xsm_init() */
static bool tracing;

static inline struct avc_cpu *this_cache(void)
{
    return (struct avc_cpu *)xsm_env_avc_at(0);
}

static inline uint64_t tag_of(uint32_t tclass)
{
    return read_once(xsm_policy_stamp) | tclass;
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
    for (i = 0; i < count; i++) {
        xsm_env_avc_set(i, &table[i]->hot);
    }
    return 0;
}

void avc_fini(void)
{
    unsigned int i;

    for (i = 0; i < avc_cpu_count; i++) {
        xsm_env_avc_set(i, xsm_avc_boot);
    }
    for (i = 1; i < avc_cpu_count; i++) {
        xsm_env_free(avc_cpus[i]);
    }
    if (avc_ready()) {
        xsm_env_free(avc_cpus);
    }
    memset(&boot_cache, 0, sizeof(boot_cache));
    avc_cpus = boot_table;
    avc_cpu_count = 0;
    tracing = false;
}

/* XSM_SID_SELF as the policy in force has it; lock held, so that the label is of the policy that is then asked. */
static int target_of(xsm_sid_t ssid, xsm_sid_t *tsid)
{
    return *tsid != XSM_SID_SELF ? 0 : services_compute_sid(ssid, ssid, SECCLASS_DOMAIN, AVTAB_TRANSITION, tsid);
}

/*
 * Compute the answer and remember it, beside what the entry knows already. Unknown objects are refused and not
 * remembered. @return whether the source is permissive
 */
static bool fill(struct avc_cpu *c, struct xsm_avc_entry *e, xsm_sid_t ssid, xsm_sid_t tsid,
                 uint16_t tclass, uint32_t wanted)
{
    struct xsm_av av = { .audit_deny = ~0U };
    uint64_t pair = xsm_avc_pair(ssid, tsid), tag;
    uint32_t untold;
    int rc;

    xsm_env_lock();
    tag = tag_of(tclass);        /* cannot move while the lock is held */
    if (e->pair != pair || e->tag != tag) {
        *e = (struct xsm_avc_entry){ .pair = pair };
    }
    untold = tracing ? e->loud | ~e->decided : 0;
    rc = target_of(ssid, &tsid);
    if (rc == 0) {
        rc = services_compute_av(ssid, tsid, tclass, wanted & ~e->decided, &av);
    }
    xsm_env_unlock();
    e->tag = rc == 0 ? tag : 0;
    av.allowed |= e->allowed;
    e->audited &= e->decided;
    e->audited |= ~e->decided & ((av.allowed & av.audit_allow) | (~av.allowed & av.audit_deny));
    e->allowed = av.allowed;
    e->decided |= av.decided;
    e->loud = ~e->allowed | e->audited | untold;
    c->misses++;
    return av.permissive;
}

/*
 * A trace has each granted permission once for as long as the entry lives; what the policy wants on record has lines of its own. What
 * its limit leaves out is told when it is used again.
 */
static void trace(struct avc_cpu *c, struct xsm_avc_entry *e, const struct audit_event *asked, uint32_t requested)
{
    struct audit_event ev = *asked;

    ev.permissions = requested & e->loud & ~e->audited;
    ev.traced = true;
    if (audit_emit(&ev, c->line, sizeof(c->line))) {
        e->loud = ~e->allowed | e->audited | (e->loud & ~requested);
    }
}

void xsm_trace(bool on)
{
    xsm_env_lock();
    tracing = on;
    policy_changed();            /* what is remembered was told, or was not, as the other mode has it */
    xsm_env_unlock();
}

static bool source_permissive(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass)
{
    bool permissive;

    xsm_env_lock();
    permissive = target_of(ssid, &tsid) == 0 && services_permissive(ssid, tsid, tclass);
    xsm_env_unlock();
    return permissive;
}

/* Everything but a quiet hit: a miss, a refusal, a grant to be logged. */
static __attribute__((noinline)) int check_slow(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t number,
                                                uint32_t requested, const struct xsm_audit *audit)
{
    uint16_t tclass = (uint16_t)number;    /* xsm_check() has it no wider */
    struct audit_event ev = { .ssid = ssid, .tsid = tsid, .tclass = tclass, .object = audit };
    struct avc_cpu *c = this_cache();
    uint64_t pair = xsm_avc_pair(ssid, tsid);
    struct xsm_avc_entry *e = xsm_avc_place(pair, XSM_AVC_CLASS_OFFSET(tclass));
    bool hit, permissive = false;
    uint32_t denied;
    int rc = 0;

    if (!avc_ready()) {
        return -EACCES;
    }
    hit = e->pair == pair && e->tag == tag_of(tclass) && (requested & ~e->decided) == 0;
    if (hit) {
        xsm_env_avc_count();
    } else {
        permissive = fill(c, e, ssid, tsid, tclass, requested);
    }
    denied = requested & ~e->allowed;
    if (denied != 0) {
        c->denials++;
        ev.denied = true;
        ev.permissions = denied & e->audited;
        ev.permissive = !xsm_enforcing() || permissive || (hit && source_permissive(ssid, tsid, tclass));
        rc = ev.permissive ? 0 : -EACCES;
        if (!xsm_policy_loaded()) {
            rc = -EACCES;        /* no mode makes up for a missing policy */
        }
    } else {
        ev.permissions = requested & e->audited;
    }
    if (audit != NULL && !ev.denied && (audit->have & XSM_AUDIT_AGAIN) != 0) {
        return rc;
    }
    if (audit != NULL && (ev.permissions != 0 || tracing)) {
        xsm_env_lock();
        (void)target_of(ssid, &ev.tsid);
        xsm_env_unlock();
        (void)audit_emit(&ev, c->line, sizeof(c->line));
        if (tracing && !ev.denied) {
            trace(c, e, &ev, requested);
        }
    }
    return rc;
}

/* No frame, since what does not end here is a tail call. */
__attribute__((optimize("omit-frame-pointer")))
int xsm_check_some(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass, uint32_t requested,
                   const struct xsm_audit *audit)
{
    if (likely(xsm_avc_hit(ssid, tsid, tclass, XSM_AVC_CLASS_OFFSET(tclass), requested))) {
        return 0;
    }
    return check_slow(ssid, tsid, tclass, requested, audit);
}

int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    uint64_t pair = xsm_avc_pair(ssid, tsid), tag;
    struct avc_transition *e;
    xsm_sid_t sid;
    int rc;

    if (!avc_ready()) {
        return -EACCES;
    }
    e = &this_cache()->transition[(ssid * 9 + tsid * 67 + tclass * 4U) % AVC_TRANSITION_SLOTS];
    if (likely(e->pair == pair && e->tag == tag_of(tclass))) {
        *out = e->sid;
        return 0;
    }
    xsm_env_lock();
    tag = tag_of(tclass);
    rc = services_compute_sid(ssid, tsid, tclass, AVTAB_TRANSITION, &sid);
    xsm_env_unlock();
    if (rc == 0) {
        *e = (struct avc_transition){ .pair = pair, .tag = tag, .sid = sid };
        *out = sid;
    }
    return rc;
}

int xsm_self_sid_find(struct xsm_self *cache, xsm_sid_t sid, xsm_sid_t *out)
{
    uint64_t stamp = read_once(xsm_policy_stamp);    /* before the answer, which must not look newer than it is */
    int rc = xsm_transition_sid(sid, sid, SECCLASS_DOMAIN, out);

    if (rc == 0) {
        *cache = (struct xsm_self){ .of = sid, .self = *out, .stamp = stamp };
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
        .hits = xsm_env_avc_hits(cpu),
        .misses = read_once(c->misses),
        .denials = read_once(c->denials),
    };
    return 0;
}

void xsm_avc_usage(uint32_t *used, uint32_t *total)
{
    uint64_t stamp = read_once(xsm_policy_stamp);
    unsigned int i, j;

    *used = 0;
    *total = avc_cpu_count * XSM_AVC_SLOTS;
    for (i = 0; i < avc_cpu_count; i++) {
        for (j = 0; j < XSM_AVC_SLOTS; j++) {
            *used += (read_once(avc_cpus[i]->hot.entry[j].tag) & ~(uint64_t)0xffff) == stamp;
        }
    }
}
