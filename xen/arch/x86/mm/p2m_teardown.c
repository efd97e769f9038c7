/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a p2m. No vCPU of the domain runs any more; entries are taken out table by table, each
 * table freed when it is empty, so that a restarted call finds only what is left.
 */
#include "p2m_private.h"

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/iommu.h>
#include <xen/softirq.h>

static void leaf_drop(uint64_t e, unsigned level)
{
    struct page_info *pg = mfn_to_page(_mfn((e & P2ME_ADDR) >> PAGE_SHIFT));

    if (P2M_SET(p2me_type(e)) & P2M_SET_PAGES) {
        page_put_block(pg, 9 * level);
    }
}

/* Empty a table; -ERESTART after a table of leaves or a large leaf when other work waits. */
static int table_drop(struct p2m *p, uint64_t *table, unsigned level)
{
    for (unsigned i = 0; i < 512; i++) {
        uint64_t e = table[i];

        if (!(e & P2ME_PRESENT)) {
            continue;
        }
        if (p2me_leaf(e, level)) {
            write_once(table[i], 0);
            leaf_drop(e, level);
        } else {
            int rc = table_drop(p, p2m_table(e), level - 1);

            if (rc) {
                return rc;
            }
            write_once(table[i], 0);
            p2m_table_free(p, e);
        }
        if (level && preempt_wanted()) {
            return -ERESTART;
        }
    }
    return 0;
}

int p2m_teardown(struct domain *d)
{
    struct p2m *p = &d->p2m;
    int rc;

    if (!mfn_x(p->root)) {
        return 0; /* never made: a domain whose creation failed early */
    }
    write_lock(&p->lock);
    memset(p->cache, 0, PAGE_SIZE); /* readers between two calls may have filled it again */
    if (!p->closed) {
        p->closed = true;
        arch_p2m_flush(d);
        if (p->iommu) { /* before the first page goes */
            p->iommu->ops->detach_all(p->iommu);
        }
    }
    rc = table_drop(p, mfn_to_virt(p->root), P2M_LEVELS - 1);
    write_unlock(&p->lock);
    return rc;
}

void p2m_free(struct domain *d)
{
    if (mfn_x(d->p2m.root)) {
        pages_free(mfn_to_virt(d->p2m.root), 0);
        pages_free(d->p2m.cache, 0);
        d->p2m.root = _mfn(0);
        d->p2m.cache = NULL;
        if (d->p2m.iommu) {
            d->p2m.iommu->ops->domain_free(d->p2m.iommu);
            d->p2m.iommu = NULL;
        }
    }
}
