/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages with owners. The domain's page list and account change under its page_lock; references are
 * counted with compare-exchange alone. A domain with pages holds one reference on its own structure
 * (taken with the first page, dropped with the last), so an owner outlives every page however long
 * others keep it mapped.
 */
#include "buddy.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define REFCOUNT_MAX 0x7fffffffu

/* -- the hypervisor's own pages ---------------------------------------------------------------- */

void *pages_alloc(unsigned order)
{
    struct page_info *head = buddy_alloc(order, PAGE_HYPERVISOR);

    if (!head) {
        return NULL;
    }
    page_scrub_dirty(head, 1ull << order);
    return page_to_virt(head);
}

void pages_free(void *p, unsigned order)
{
    if (p) {
        struct page_info *head = mfn_to_page(_mfn(virt_to_maddr(p) >> PAGE_SHIFT));

        ASSERT(head->state == PAGE_HYPERVISOR);
        buddy_free(head, order);
    }
}

/* -- owner's list; page_lock held -------------------------------------------------------------- */

static void owned_insert(struct domain *d, struct page_info *pg)
{
    uint32_t frame = (uint32_t)mfn_x(page_to_mfn(pg));

    pg->prev = 0;
    pg->next = d->page_list;
    if (pg->next) {
        frame_table[pg->next].prev = frame;
    }
    d->page_list = frame;
}

static void owned_remove(struct domain *d, struct page_info *pg)
{
    if (pg->prev) {
        frame_table[pg->prev].next = pg->next;
    } else {
        d->page_list = pg->next;
    }
    if (pg->next) {
        frame_table[pg->next].prev = pg->prev;
    }
    pg->next = pg->prev = 0;
}

/* Room for count more? mem_domain_release() closes the account by a limit of 0. */
static bool account_fits(const struct domain *d, uint64_t count)
{
    return !domain_is_dying(d) && d->tot_pages <= d->max_pages &&
           count <= d->max_pages - d->tot_pages;
}

/* Takes the structure's reference with the first page that is not resident. */
static void account_add(struct domain *d, uint64_t count)
{
    if (d->tot_pages == d->resident_pages) {
        domain_get_more(d);
    }
    d->tot_pages += count;
}

/* @return whether the caller has to domain_put() once it holds no lock of d. */
static bool account_sub(struct domain *d, uint64_t count)
{
    ASSERT(d->tot_pages - d->resident_pages >= count);
    d->tot_pages -= count;
    return d->tot_pages == d->resident_pages;
}

/* -- pages of domains -------------------------------------------------------------------------- */

struct page_info *page_alloc(struct domain *d, unsigned order)
{
    uint64_t count = 1ull << order;
    struct page_info *head;

    if (order > MAX_ORDER || !account_fits(d, count)) {
        return NULL; /* a first look without the lock; decided below */
    }
    head = buddy_alloc(order, PAGE_DOMAIN);
    if (!head) {
        return NULL;
    }
    page_scrub_dirty(head, count);

    spin_lock(&d->page_lock);
    if (!account_fits(d, count)) {
        spin_unlock(&d->page_lock);
        for (uint64_t i = 0; i < count; i++) {
            head[i].flags = PAGE_F_CLEAN;
        }
        buddy_free(head, order);
        return NULL;
    }
    account_add(d, count);
    for (uint64_t i = 0; i < count; i++) {
        head[i].owner = d;
        head[i].type_info = 0;
        owned_insert(d, &head[i]);
        __atomic_store_n(&head[i].refcount, 1, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->page_lock);
    return head;
}

struct page_info *page_alloc_resident(struct domain *d)
{
    struct page_info *pg = page_alloc(d, 0);
    bool only;

    if (pg) {
        spin_lock(&d->page_lock);
        d->resident_pages++;
        only = d->tot_pages == d->resident_pages;
        spin_unlock(&d->page_lock);
        pg->flags = PAGE_F_RESIDENT;
        if (only) {
            domain_put(d); /* the caller's own reference remains */
        }
    }
    return pg;
}

bool page_is_resident(const struct page_info *pg)
{
    return pg->flags & PAGE_F_RESIDENT;
}

bool page_get_more(struct page_info *pg)
{
    uint32_t n = read_once(pg->refcount);

    do {
        if (n == 0 || n >= REFCOUNT_MAX) {
            return false;
        }
    } while (!__atomic_compare_exchange_n(&pg->refcount, &n, n + 1, true, __ATOMIC_ACQUIRE,
                                          __ATOMIC_RELAXED));
    return true;
}

bool page_get(struct page_info *pg, struct domain *owner)
{
    if (!page_get_more(pg)) {
        return false;
    }
    /* The owner is constant from here on; before, the page may have changed hands. */
    if (likely(pg->state == PAGE_DOMAIN && pg->owner == owner)) {
        return true;
    }
    page_put(pg);
    return false;
}

static void page_scrub_free(struct page_info *pg)
{
    page_zero(pg);
    pg->flags = PAGE_F_CLEAN;
    buddy_free(pg, 0);
}

void page_free_resident(struct page_info *pg)
{
    struct domain *d = pg->owner;
    uint32_t one = 1;

    ASSERT(page_is_resident(pg));
    if (!__atomic_compare_exchange_n(&pg->refcount, &one, 0, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_RELAXED)) {
        panic("resident page of domain %u still in use", d->id);
    }
    spin_lock(&d->page_lock);
    owned_remove(d, pg);
    d->tot_pages--;
    d->resident_pages--;
    spin_unlock(&d->page_lock);
    page_scrub_free(pg);
}

static void page_release(struct page_info *pg)
{
    struct domain *d = pg->owner;
    bool last;

    ASSERT(pg->state == PAGE_DOMAIN && d && !page_is_resident(pg));
    spin_lock(&d->page_lock);
    owned_remove(d, pg);
    last = account_sub(d, 1);
    spin_unlock(&d->page_lock);

    page_scrub_free(pg);
    if (last) {
        domain_put(d);
    }
}

void page_put(struct page_info *pg)
{
    uint32_t before = __atomic_fetch_sub(&pg->refcount, 1, __ATOMIC_ACQ_REL);

    ASSERT(before != 0);
    if (before == 1) {
        page_release(pg);
    }
}

/* All the pages of a block were given up by the last who had them: their owner's list and account are entered once. */
static void block_release(struct page_info *head, unsigned order)
{
    struct domain *d = head->owner;
    uint64_t count = 1ull << order;
    bool last;

    spin_lock(&d->page_lock);
    for (uint64_t i = 0; i < count; i++) {
        ASSERT(head[i].state == PAGE_DOMAIN && head[i].owner == d && !page_is_resident(&head[i]));
        owned_remove(d, &head[i]);
    }
    last = account_sub(d, count);
    spin_unlock(&d->page_lock);
    for (uint64_t i = 0; i < count; i++) {
        page_zero(&head[i]);
        head[i].flags = PAGE_F_CLEAN;
    }
    buddy_free(head, order);
    if (last) {
        domain_put(d);
    }
}

void page_put_block(struct page_info *head, unsigned order)
{
    uint64_t count = 1ull << order, ours = 0, i;
    const struct domain *d = head->owner;

    /* Pages that somebody else has, or that changed hands, are found before anything is given up. */
    while (ours < count && read_once(head[ours].refcount) == 1 && head[ours].owner == d) {
        ours++;
    }
    for (i = 0; ours == count && i < count; i++) {
        uint32_t one = 1;

        if (!__atomic_compare_exchange_n(&head[i].refcount, &one, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            ours = i; /* taken since: those before it are given up already */
        }
    }
    if (ours == count) {
        block_release(head, order);
        return;
    }
    for (uint64_t k = 0; k < count; k++) {
        if (k < ours && i != 0) {
            page_release(&head[k]);
        } else {
            page_put(&head[k]);
        }
    }
}

int page_change_owner(struct page_info *pg, struct domain *from, struct domain *to)
{
    uint32_t one = 1;
    bool last;

    spin_lock(&to->page_lock);
    if (!account_fits(to, 1)) {
        spin_unlock(&to->page_lock);
        return -ENOMEM;
    }
    account_add(to, 1); /* reserved before the page is touched */
    spin_unlock(&to->page_lock);

    /* With a count of 0 nobody can take a reference: the page is ours alone. */
    if (pg->owner != from || page_is_resident(pg) ||
        !__atomic_compare_exchange_n(&pg->refcount, &one, 0, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED)) {
        spin_lock(&to->page_lock);
        last = account_sub(to, 1);
        spin_unlock(&to->page_lock);
        if (last) {
            domain_put(to);
        }
        return -EBUSY;
    }
    spin_lock(&from->page_lock);
    owned_remove(from, pg);
    last = account_sub(from, 1);
    spin_unlock(&from->page_lock);

    spin_lock(&to->page_lock);
    pg->owner = to;
    owned_insert(to, pg);
    spin_unlock(&to->page_lock);
    __atomic_store_n(&pg->refcount, 1, __ATOMIC_RELEASE);
    if (last) {
        domain_put(from);
    }
    return 0;
}

int mem_domain_release(struct domain *d)
{
    spin_lock(&d->page_lock);
    d->max_pages = 0;
    spin_unlock(&d->page_lock);
    return p2m_teardown(d);
}
