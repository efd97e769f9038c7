/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <xen/errno.h>
#include <xen/launch.h>

#define MAX_DOMAINS 16

static struct domain *domains[MAX_DOMAINS]; /* by id, ascending */
static unsigned domain_count;

struct domain *fake_domain_new(domid_t id, unsigned vcpus, xsm_sid_t sid)
{
    struct domain *d = calloc(1, sizeof(*d));
    unsigned at = domain_count;

    assert(domain_count < MAX_DOMAINS);
    d->id = id;
    snprintf(d->name, sizeof(d->name), "d%u", id);
    d->vcpu_count = vcpus;
    d->sid = sid;
    d->refcount = 1;
    d->state = DOMAIN_RUNNING;
    d->max_pages = 1024;
    d->shared_info = calloc(1, 4096);
    for (unsigned i = 0; i < vcpus; i++) {
        struct vcpu *v = calloc(1, sizeof(*v));

        v->id = i;
        v->domain = d;
        v->info = i < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[i] : NULL;
        d->vcpu[i] = v;
    }
    while (at > 0 && domains[at - 1]->id > id) {
        domains[at] = domains[at - 1];
        at--;
    }
    domains[at] = d;
    domain_count++;
    return d;
}

static void domain_free(struct domain *d)
{
    for (unsigned v = 0; v < d->vcpu_count; v++) {
        free(d->vcpu[v]);
    }
    free(d->shared_info);
    free(d);
}

void fake_domains_free(void)
{
    for (unsigned i = 0; i < domain_count; i++) {
        if (domains[i]->target != NULL) {
            domain_put(domains[i]->target);
        }
    }
    for (unsigned i = 0; i < domain_count; i++) {
        assert(domains[i]->refcount == 1);
        domain_free(domains[i]);
    }
    domain_count = 0;
}

void fake_domain_gone(struct domain *d)
{
    unsigned i = 0;

    while (domains[i] != d) {
        i++;
    }
    domain_count--;
    memmove(&domains[i], &domains[i + 1], (domain_count - i) * sizeof(domains[0]));
    d->state = DOMAIN_DEAD;
    domain_put(d);
}

struct domain *domain_get(domid_t id)
{
    if (id == DOMID_SELF) {
        id = fake_current->domain->id;
    }
    for (unsigned i = 0; i < domain_count; i++) {
        if (domains[i]->id == id && domains[i]->state != DOMAIN_DEAD) {
            __atomic_fetch_add(&domains[i]->refcount, 1, __ATOMIC_SEQ_CST);
            return domains[i];
        }
    }
    return NULL;
}

void domain_get_more(struct domain *d)
{
    __atomic_fetch_add(&d->refcount, 1, __ATOMIC_SEQ_CST);
}

void domain_put(struct domain *d)
{
    uint32_t old = __atomic_fetch_sub(&d->refcount, 1, __ATOMIC_SEQ_CST);

    assert(old > 1 || (old == 1 && d->state == DOMAIN_DEAD));
    if (old == 1) {
        domain_free(d);
    }
}

struct domain *domain_next(struct domain *prev)
{
    unsigned i = 0;

    if (prev != NULL) {
        while (i < domain_count && domains[i]->id <= prev->id) {
            i++;
        }
        domain_put(prev);
    }
    if (i >= domain_count) {
        return NULL;
    }
    domain_get_more(domains[i]);
    return domains[i];
}

int domain_set_target(struct domain *d, struct domain *target)
{
    if (d == target || d->target != NULL) {
        return -EINVAL;
    }
    domain_get_more(target);
    d->target = target;
    return 0;
}

void domain_shutdown(struct domain *d, uint32_t reason)
{
    if (d->state < DOMAIN_SHUTDOWN) {
        d->state = DOMAIN_SHUTDOWN;
        d->shutdown_code = reason;
    }
}

bool domain_is_suspended(const struct domain *d)
{
    return d->state == DOMAIN_SHUTDOWN && d->shutdown_code == 2 /* SHUTDOWN_suspend */ && d->waits_suspended;
}

/* Nobody is between two lives here. */
bool launch_restart_waiting(unsigned i, struct launch_waiting *out)
{
    (void)i;
    (void)out;
    return false;
}

int domain_destroy(struct domain *d)
{
    if (d->state == DOMAIN_BUILDING) {
        return -EBUSY;
    }
    d->waits_suspended = false;
    domain_shutdown(d, 0);
    return 0;
}

int domain_resume(struct domain *d)
{
    if (!domain_is_suspended(d)) {
        return -EINVAL;
    }
    d->state = DOMAIN_RUNNING;
    return 0;
}

void domain_pause(struct domain *d)
{
    d->pause_count++;
}

void domain_unpause(struct domain *d)
{
    d->pause_count--;
}

bool domain_is_quiet(const struct domain *d)
{
    return d->pause_count != 0;
}
