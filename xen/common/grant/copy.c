/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GNTTABOP_copy. Each end is a page of the caller by its frame number, or an entry somebody granted
 * to the caller. Entries are pinned for the time of the copy, so that their owner sees them in use.
 */
#include "private.h"

/* An end while it is in use. */
struct copy_end {
    struct page_info *page;
    bool by_ref;
};

static bool end_fits(const struct gnttab_copy_ptr *p, uint16_t len)
{
    return p->offset <= PAGE_SIZE && len <= PAGE_SIZE - p->offset;
}

static bool is_own(const struct call *c, domid_t id)
{
    return id == DOMID_SELF || id == c->caller->id;
}

/* Data goes from one domain to another: that is asked about too, whoever carries it. */
static int flow_labels(struct call *c)
{
    const struct domain *from = c->target != NULL ? c->target : c->caller;
    const struct domain *to = c->second != NULL ? c->second : c->caller;

    c->sid[PARTY_OBJECT] = read_once(from->sid);
    return domain_label(from, c->sid[PARTY_OBJECT], to, read_once(to->sid), &c->sid[PARTY_PEER]);
}

int copy_decode(struct call *c)
{
    const struct gnttab_copy *op = c->arg;
    bool source_ref = op->flags & GNTCOPY_source_gref, dest_ref = op->flags & GNTCOPY_dest_gref;
    int rc = 0;

    if (!end_fits(&op->source, op->len) || !end_fits(&op->dest, op->len)) {
        return -E2BIG;
    }
    if ((!source_ref && !is_own(c, op->source.domid)) ||
        (!dest_ref && !is_own(c, op->dest.domid))) {
        return -EPERM; /* pages of others by grant only */
    }
    c->skip = (source_ref ? 0 : 2) | (dest_ref ? 0 : 4); /* own pages need no leave */
    if (source_ref || dest_ref) {
        c->audit.gref = source_ref ? op->source.u.ref : op->dest.u.ref;
        c->audit.have |= XSM_AUDIT_GREF;
    }
    if (source_ref) {
        rc = call_target(c, op->source.domid);
    }
    if (!rc && dest_ref) {
        rc = call_second(c, op->dest.domid);
    }
    return rc ? rc : flow_labels(c);
}

static int end_open(struct call *c, const struct gnttab_copy_ptr *p, bool by_ref,
                    struct domain *owner, bool write, struct copy_end *end)
{
    enum p2m_type type;

    end->by_ref = by_ref;
    if (by_ref) {
        return grant_pin(owner, p->u.ref, c->caller, write, &end->page);
    }
    end->page = p2m_get_page(c->caller, _gfn(p->u.gmfn), write, &type);
    if (end->page && !(P2M_SET(type) & P2M_SET_RAM)) {
        /*
         * Mapped from elsewhere: who unmaps it, or takes it away, waits for the vCPUs that reach it as guests, not for a copy
         * in the hypervisor, which would go on when the page is said to be out of reach.
         */
        page_put(end->page);
        end->page = NULL;
    }
    return end->page ? 0 : -ENOENT;
}

static void end_close(const struct gnttab_copy_ptr *p, struct domain *owner, bool write,
                      struct copy_end *end)
{
    if (end->by_ref) {
        grant_unpin(owner, p->u.ref, write);
    } else {
        page_put(end->page);
    }
}

/* Whole words, then the rest by bytes. Both ends are guests' memory; they may be the same. */
static void bytes_copy(void *to, const void *from, size_t size)
{
    size_t words = size / 8, rest = size & 7;

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
}

long copy_act(struct call *c)
{
    const struct gnttab_copy *op = c->arg;
    struct copy_end source, dest;
    long rc = end_open(c, &op->source, op->flags & GNTCOPY_source_gref, c->target, false, &source);

    if (rc) {
        return rc;
    }
    rc = end_open(c, &op->dest, op->flags & GNTCOPY_dest_gref, c->second, true, &dest);
    if (!rc) {
        bytes_copy((uint8_t *)page_to_virt(dest.page) + op->dest.offset,
                   (const uint8_t *)page_to_virt(source.page) + op->source.offset, op->len);
        end_close(&op->dest, c->second, true, &dest);
    }
    end_close(&op->source, c->target, false, &source);
    return rc;
}

void copy_status(struct call *c, long rc)
{
    struct gnttab_copy *op = c->arg;

    op->status = grant_status(rc);
}
