/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of interrupts, ports, memory and PCI devices. */
#include <flask/env.h>
#include <flask/services.h>
#include <flask/sidtab.h>
#include <xen/errno.h>
#include <xen/lib.h>

static const xsm_sid_t default_sid[OCON_COUNT] = {
    [OCON_PIRQ] = XSM_SID_IRQ,
    [OCON_IOPORT] = XSM_SID_IOPORT,
    [OCON_IOMEM] = XSM_SID_IOMEM,
    [OCON_DEVICE] = XSM_SID_DEVICE,
};

/* The label of `value`, and the last value up to `last` that surely has the same. Lock held. */
static int find(enum policy_ocon kind, uint64_t value, uint64_t last, xsm_sid_t *out, uint64_t *end)
{
    struct ocontext *o, *hit = NULL;
    int rc = 0;

    if (current_policy == NULL) {
        return -EACCES;
    }
    for (o = current_policy->db.ocon[kind]; o != NULL; o = o->next) {
        if (o->first <= value && value <= o->last) {
            if (hit == NULL) {
                hit = o;
                last = min(last, o->last);
            }
        } else if (o->first > value && o->first <= last) {
            last = o->first - 1;
        }
    }
    if (hit == NULL) {
        *out = default_sid[kind];
    } else {
        if (hit->sid == XSM_SID_NULL) {
            rc = sidtab_find(&hit->context, &hit->sid);
        }
        if (rc == 0) {
            *out = hit->sid;
        }
    }
    *end = last;
    return rc;
}

static int lookup(enum policy_ocon kind, uint64_t value, uint64_t last, xsm_sid_t *out,
                  uint64_t *end)
{
    int rc;

    xsm_env_lock();
    rc = find(kind, value, last, out, end);
    xsm_env_unlock();
    return rc;
}

int xsm_ioport_sid(uint32_t port, xsm_sid_t *out)
{
    uint64_t end;

    return lookup(OCON_IOPORT, port, port, out, &end);
}

int xsm_iomem_sid(uint64_t mfn, xsm_sid_t *out)
{
    uint64_t end;

    return lookup(OCON_IOMEM, mfn, mfn, out, &end);
}

int xsm_pirq_sid(uint32_t irq, xsm_sid_t *out)
{
    uint64_t end;

    return lookup(OCON_PIRQ, irq, irq, out, &end);
}

int xsm_device_sid(uint32_t sbdf, xsm_sid_t *out)
{
    uint64_t end;

    return lookup(OCON_DEVICE, sbdf, sbdf, out, &end);
}

static int walk(enum policy_ocon kind, uint64_t first, uint64_t last, xsm_range_fn *fn, void *arg)
{
    xsm_sid_t sid;
    uint64_t end;
    int rc;

    if (first > last) {
        return -EINVAL;
    }
    for (;;) {
        rc = lookup(kind, first, last, &sid, &end);
        if (rc == 0) {
            rc = fn(arg, sid, first, end);
        }
        if (rc != 0 || end == last) {
            return rc;
        }
        first = end + 1;
    }
}

int xsm_ioport_walk(uint32_t first, uint32_t last, xsm_range_fn *fn, void *arg)
{
    return walk(OCON_IOPORT, first, last, fn, arg);
}

int xsm_iomem_walk(uint64_t first, uint64_t last, xsm_range_fn *fn, void *arg)
{
    return walk(OCON_IOMEM, first, last, fn, arg);
}

static int extent_check(uint32_t kind, uint64_t first, uint64_t last)
{
    static const uint64_t highest[OCON_COUNT] = {
        [OCON_PIRQ] = 0xffff, [OCON_IOPORT] = 0xffff,
        [OCON_IOMEM] = ~(uint64_t)0, [OCON_DEVICE] = 0xffffffff,
    };

    if (kind < OCON_PIRQ || kind > OCON_DEVICE || first > last || last > highest[kind] ||
        ((kind == OCON_PIRQ || kind == OCON_DEVICE) && first != last)) {
        return -EINVAL;
    }
    return 0;
}

static bool stated(const struct policydb *p, uint32_t kind, const struct ocontext *o)
{
    const struct ocontext *other;

    for (other = p->ocon[kind]; other != NULL; other = other->next) {
        if (other->first <= o->last && o->first <= other->last) {
            return true;
        }
    }
    return false;
}

/* May the policy in force be given this label too? Lock held. */
static int addable(const struct ocontext *o, uint32_t kind)
{
    if (current_policy == NULL) {
        return -EACCES;
    }
    if (sidtab_get(o->sid) == NULL) {
        return -EINVAL;
    }
    return stated(&current_policy->db, kind, o) ? -EEXIST : 0;
}

/* Where this very label hangs in the policy in force, NULL: nowhere. Lock held. */
static struct ocontext **stated_at(uint32_t kind, uint64_t first, uint64_t last)
{
    struct ocontext **at;

    for (at = &current_policy->db.ocon[kind]; *at != NULL; at = &(*at)->next) {
        if ((*at)->first == first && (*at)->last == last) {
            return at;
        }
    }
    return NULL;
}

int xsm_ocontext_check(uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid)
{
    const struct ocontext o = { .first = first, .last = last, .sid = sid };
    int rc = extent_check(ocon, first, last);

    if (rc != 0) {
        return rc;
    }
    xsm_env_lock();
    if (sid != XSM_SID_NULL) {
        rc = addable(&o, ocon);
    } else if (current_policy == NULL) {
        rc = -EACCES;
    } else {
        rc = stated_at(ocon, first, last) != NULL ? 0 : -ENOENT;
    }
    xsm_env_unlock();
    return rc;
}

unsigned int ocontext_carry(struct policydb *from, struct policydb *to)
{
    struct ocontext **at, *o;
    unsigned int lost = 0;
    uint32_t kind;

    for (kind = OCON_PIRQ; kind <= OCON_DEVICE; kind++) {
        for (at = &from->ocon[kind]; (o = *at) != NULL;) {
            if (!o->heap) {
                at = &o->next;
                continue;
            }
            *at = o->next;
            if (stated(to, kind, o)) {
                xsm_env_free(o);
                lost++;
            } else {
                o->next = to->ocon[kind];
                to->ocon[kind] = o;
            }
        }
    }
    return lost;
}

int xsm_ocontext_add(uint32_t ocon, uint64_t first, uint64_t last, xsm_sid_t sid)
{
    struct ocontext *o;
    int rc = extent_check(ocon, first, last);

    if (rc != 0) {
        return rc;
    }
    o = xsm_env_alloc(sizeof(*o));
    if (o == NULL) {
        return -ENOMEM;
    }
    *o = (struct ocontext){ .first = first, .last = last, .sid = sid, .heap = true };
    xsm_env_lock();
    rc = addable(o, ocon);
    if (rc == 0) {
        o->next = current_policy->db.ocon[ocon];
        current_policy->db.ocon[ocon] = o;
    }
    xsm_env_unlock();
    if (rc != 0) {
        xsm_env_free(o);
    }
    return rc;
}

int xsm_ocontext_del(uint32_t ocon, uint64_t first, uint64_t last)
{
    struct ocontext **at, *o = NULL;
    int rc = extent_check(ocon, first, last);

    if (rc != 0) {
        return rc;
    }
    xsm_env_lock();
    at = current_policy != NULL ? stated_at(ocon, first, last) : NULL;
    rc = current_policy == NULL ? -EACCES : at == NULL ? -ENOENT : 0;
    if (rc == 0) {
        o = *at;
        *at = o->next;
    }
    xsm_env_unlock();
    if (o != NULL && o->heap) {
        xsm_env_free(o);
    }
    return rc;
}
