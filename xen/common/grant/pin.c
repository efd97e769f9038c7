/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The granting side: from a shared entry, which its guest may change at any time, to a page that
 * stays.
 */
#include "private.h"

#define ENTRY_TRIES 5 /* of the compare-exchange against a guest that keeps changing the entry */

union grant_word *grant_entry(struct grant_table *gt, uint32_t ref, struct grant_pin **pin)
{
    uint64_t count = gt->frame_count * GRANTS_PER_FRAME, i;

    if (ref >= count) {
        return NULL;
    }
    i = array_index_nospec(ref, count);
    *pin = &gt->pin[i / GRANTS_PER_FRAME][i % GRANTS_PER_FRAME];
    if (!gt->shared[i / GRANTS_PER_FRAME]) {
        return NULL; /* closed */
    }
    return &gt->shared[i / GRANTS_PER_FRAME][i % GRANTS_PER_FRAME];
}

/* Clear marks in an entry; its owner may change the rest meanwhile. */
static void entry_unmark(union grant_word *entry, uint16_t marks)
{
    __atomic_fetch_and(&entry->e.flags, (uint16_t)~marks, __ATOMIC_RELEASE);
}

/* Check that the entry permits the use and mark it. *word is the entry as it was checked. */
static int entry_mark(union grant_word *entry, domid_t user, bool write, union grant_word *word)
{
    union grant_word marked;

    word->raw = __atomic_load_n(&entry->raw, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < ENTRY_TRIES; i++) {
        uint16_t flags = word->e.flags;

        if ((flags & (GTF_type_mask | GTF_sub_page)) != GTF_permit_access ||
            word->e.domid != user || (write && (flags & GTF_readonly))) {
            return -EIO;
        }
        marked = *word;
        marked.e.flags = (uint16_t)(flags | GTF_reading | (write ? GTF_writing : 0));
        if (__atomic_compare_exchange_n(&entry->raw, &word->raw, marked.raw, false,
                                        __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
            return 0;
        }
    }
    return -EIO;
}

/* First user: find the page. Lock held. */
static int pin_first(struct domain *owner, struct grant_pin *pin, union grant_word *entry,
                     struct domain *user, bool write)
{
    union grant_word word;
    enum p2m_type type;
    struct page_info *pg;
    int rc = entry_mark(entry, user->id, write, &word);

    if (rc) {
        return rc;
    }
    pg = p2m_get_page(owner, _gfn(word.e.frame), write, &type);
    if (pg && (!(P2M_SET(type) & P2M_SET_RAM) || page_is_resident(pg))) {
        page_put(pg); /* only a domain's own memory can be granted */
        pg = NULL;
    }
    if (!pg) {
        entry_unmark(entry, write ? GTF_reading | GTF_writing : GTF_reading);
        return -ENOENT;
    }
    pin->page = pg;
    pin->domid = user->id;
    pin->read_only = type == P2M_RAM_RO;
    return 0;
}

/* Further user: the page is known; the entry must still permit a new kind of use. Lock held. */
static int pin_more(struct grant_pin *pin, union grant_word *entry, struct domain *user, bool write)
{
    union grant_word word;

    if (pin->domid != user->id || (write && pin->read_only)) {
        return -EIO;
    }
    if (pin->readers >= GRANT_USERS_MAX || pin->writers >= GRANT_USERS_MAX) {
        return -ENOSPC;
    }
    return entry_mark(entry, user->id, write, &word);
}

int grant_pin(struct domain *owner, uint32_t ref, struct domain *user, bool write,
              struct page_info **out)
{
    struct grant_table *gt = owner->grant;
    union grant_word *entry;
    struct grant_pin *pin;
    int rc;

    spin_lock(&gt->lock);
    entry = grant_entry(gt, ref, &pin);
    if (!entry) {
        rc = gt->closed ? -ESRCH : -EINVAL;
    } else if (pin->page) {
        rc = pin_more(pin, entry, user, write);
    } else {
        rc = pin_first(owner, pin, entry, user, write);
    }
    if (!rc) {
        *(write ? &pin->writers : &pin->readers) += 1;
        *out = pin->page;
    }
    spin_unlock(&gt->lock);
    return rc;
}

void grant_unpin(struct domain *owner, uint32_t ref, bool write)
{
    struct grant_table *gt = owner->grant;
    struct page_info *drop = NULL;
    union grant_word *entry;
    struct grant_pin *pin = NULL;
    uint16_t marks = 0;

    spin_lock(&gt->lock);
    entry = grant_entry(gt, ref, &pin);
    ASSERT(pin && (write ? pin->writers : pin->readers) > 0);
    *(write ? &pin->writers : &pin->readers) -= 1;
    if (write && pin->writers == 0) {
        marks = GTF_writing;
    }
    if (pin->writers == 0 && pin->readers == 0) {
        marks |= GTF_reading;
        drop = pin->page;
        pin->page = NULL;
    }
    if (entry && marks) {
        entry_unmark(entry, marks);
    }
    spin_unlock(&gt->lock);
    if (drop) {
        page_put(drop);
    }
}
