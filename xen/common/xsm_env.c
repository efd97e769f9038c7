/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy engine needs of the hypervisor. */
#include <flask/env.h>

#include <asm/cpu.h>
#include <xen/lib.h>
#include <xen/lock.h>
#include <xen/mm.h>
#include <xen/time.h>
#include <xsm/avc_hit.h>

BUILD_ASSERT(offsetof(struct cpu, avc) == XSM_ENV_AVC_OFFSET);
BUILD_ASSERT(offsetof(struct cpu, avc_hits) == XSM_ENV_AVC_HITS_OFFSET);

void xsm_env_avc_set(unsigned int cpu, struct xsm_avc *avc)
{
    cpus[cpu].avc = avc;
    cpus[cpu].avc_hits = 0;
}

unsigned int xsm_env_cpu(void)
{
    return this_cpu()->id;
}

uint64_t xsm_env_avc_hits(unsigned int cpu)
{
    return read_once(cpus[cpu].avc_hits);
}

/* The heap serves objects up to 64 KiB; larger ones (an image, a big table) are whole pages, with a header that says so. */
struct header {
    uint64_t order; /* of the pages; SMALL: from the heap */
    uint64_t pad;
};
#define SMALL (~0ull)
#define HEAP_MAX (64u * 1024u)

void *xsm_env_alloc(size_t size)
{
    size_t total = size + sizeof(struct header);
    struct header *h;
    unsigned order = 0;

    if (total < size) {
        return NULL;
    }
    if (total <= HEAP_MAX) {
        h = xzalloc_bytes(total);
        if (h == NULL) {
            return NULL;
        }
        h->order = SMALL;
        return h + 1;
    }
    while (order < MAX_ORDER && (PAGE_SIZE << order) < total) {
        order++;
    }
    if ((PAGE_SIZE << order) < total) {
        return NULL;
    }
    h = pages_alloc(order);
    if (h == NULL) {
        return NULL;
    }
    h->order = order;
    return h + 1;
}

void xsm_env_free(void *ptr)
{
    struct header *h = ptr;

    if (h == NULL) {
        return;
    }
    h--;
    if (h->order == SMALL) {
        xfree(h);
    } else {
        pages_free(h, (unsigned)h->order);
    }
}

static spinlock_t policy_lock = SPINLOCK_INIT(LOCK_POLICY);

void xsm_env_lock(void)
{
    spin_lock(&policy_lock);
}

void xsm_env_unlock(void)
{
    spin_unlock(&policy_lock);
}

uint64_t xsm_env_now_ns(void)
{
    return time_now_ns();
}

void xsm_env_audit(const char *line)
{
    pr_warn("%s", line);
}
