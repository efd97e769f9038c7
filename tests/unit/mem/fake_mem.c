/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_mem.h"

#include <sys/mman.h>

#include <xen/guest_access.h>
#include <xen/softirq.h>
#include <xen/vcpu.h>

char *direct_map_fake;
struct page_info *frame_table;
uint64_t frame_count;

unsigned fake_domains_alive, fake_flushes, fake_preempt_after, fake_questions, fake_reissues;
void (*fake_flush_hook)(void), (*fake_check_hook)(void);
uint32_t fake_last_perm, fake_deny_perm;
uint16_t fake_last_class, fake_deny_class;
xsm_sid_t fake_last_target;
struct guest_paging fake_paging;

static struct domain *domains[16];
static struct vcpu running;

int fake_setup(void **state)
{
    (void)state;
    if (!direct_map_fake) {
        direct_map_fake = mmap(NULL, FAKE_FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (direct_map_fake == MAP_FAILED) {
            return -1;
        }
        memset(direct_map_fake, 0xa5, FAKE_FRAMES * PAGE_SIZE);
        frame_table = calloc(FAKE_FRAMES, sizeof(*frame_table));
        frame_count = FAKE_FRAMES;
        mem_add_range(_mfn(0), FAKE_FRAMES);
    }
    fake_reset();
    return 0;
}

void fake_reset(void)
{
    fake_flushes = fake_preempt_after = fake_questions = fake_reissues = 0;
    fake_flush_hook = NULL;
    fake_check_hook = NULL;
    fake_deny_class = 0;
    fake_deny_perm = 0;
    memset(&fake_paging, 0, sizeof(fake_paging));
}

struct domain *fake_domain(domid_t id, uint64_t max_pages)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->sid = 100u + id;
    d->refcount = 1;
    d->max_pages = max_pages;
    d->state = DOMAIN_RUNNING;
    assert_int_equal(p2m_init(d), 0);
    assert_int_equal(grant_init(d), 0);
    assert_null(domains[id]);
    domains[id] = d;
    fake_domains_alive++;
    return d;
}

void fake_domain_kill(struct domain *d)
{
    d->state = DOMAIN_DYING;
    while (grant_release_mappings(d) == -ERESTART) {
    }
    while (p2m_teardown(d) == -ERESTART) {
    }
    grant_destroy(d);
    while (mem_domain_release(d) == -ERESTART) {
    }
    domains[d->id] = NULL;
    domain_put(d);
}

struct domain *domain_get(domid_t id)
{
    struct domain *d = id < ARRAY_SIZE(domains) ? domains[id] : NULL;

    if (d) {
        domain_get_more(d);
    }
    return d;
}

void domain_get_more(struct domain *d)
{
    assert_true(d->refcount > 0);
    d->refcount++;
}

void domain_put(struct domain *d)
{
    assert_true(d->refcount > 0);
    if (--d->refcount == 0) {
        assert_int_equal(d->tot_pages - d->resident_pages, 0);
        if (d->shared_info) {
            page_free_resident(mfn_to_page(_mfn(virt_to_maddr(d->shared_info) >> PAGE_SHIFT)));
        }
        p2m_free(d);
        grant_free(d);
        free(d);
        fake_domains_alive--;
    }
}

void fake_run(struct domain *d)
{
    memset(&running, 0, sizeof(running));
    running.domain = d;
}

struct vcpu *current_vcpu(void)
{
    return &running;
}

void arch_vcpu_paging(struct vcpu *v, struct guest_paging *out)
{
    (void)v;
    *out = fake_paging;
}

void *fake_gaddr(struct domain *d, gaddr_t addr)
{
    enum p2m_type type;
    mfn_t mfn;

    read_lock(&d->p2m.lock);
    mfn = p2m_lookup_locked(d, _gfn(addr >> PAGE_SHIFT), &type);
    read_unlock(&d->p2m.lock);
    assert_true(mfn_x(mfn) != INVALID_FRAME);
    return (char *)mfn_to_virt(mfn) + (addr & ~PAGE_MASK);
}

void arch_p2m_flush(struct domain *d)
{
    (void)d;
    fake_flushes++;
    if (fake_flush_hook) {
        fake_flush_hook();
    }
}

bool softirq_pending(void)
{
    return fake_preempt_after && --fake_preempt_after == 0;
}

int xsm_check_some(xsm_sid_t ssid, xsm_sid_t tsid, uint32_t tclass, uint32_t requested,
                   const struct xsm_audit *audit)
{
    (void)ssid;
    (void)audit;
    fake_questions++;
    fake_last_class = (uint16_t)tclass;
    fake_last_perm = requested;
    fake_last_target = tsid == XSM_SID_SELF ? ssid : tsid;
    if (fake_check_hook) {
        fake_check_hook();
    }
    if (tsid == XSM_SID_NULL || ssid == XSM_SID_NULL) {
        return -EACCES;
    }
    return tclass == fake_deny_class && (requested & fake_deny_perm) ? -EACCES : 0;
}

int xsm_transition_sid(xsm_sid_t ssid, xsm_sid_t tsid, uint16_t tclass, xsm_sid_t *out)
{
    (void)tsid;
    (void)tclass;
    *out = ssid;
    return 0;
}

int xsm_self_sid_find(struct xsm_self *cache, xsm_sid_t sid, xsm_sid_t *out)
{
    (void)cache;
    return xsm_transition_sid(sid, sid, SECCLASS_DOMAIN, out);
}

long fake_hypercall(uint64_t nr, uint64_t a0, uint64_t a1, uint64_t a2)
{
    struct hypercall hc = { .nr = nr, .arg = { a0, a1, a2 } };
    long rc;

    fake_reissues = 0;
    while ((rc = hypercall_dispatch(&hc)) == -ERESTART) {
        fake_reissues++;
    }
    return rc;
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    abort();
}

void printk(enum log_level level, const char *fmt, ...)
{
    (void)level;
    (void)fmt;
}
