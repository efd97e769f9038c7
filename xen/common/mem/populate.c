/* SPDX-License-Identifier: Apache-2.0 */
/* Filling a range of a domain's guest frames with memory, for code that builds domains. */
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/lib.h>

/* One block; its pages go back on failure. */
static int populate_block(struct domain *d, uint64_t gfn, unsigned order)
{
    struct page_info *pg = page_alloc(d, order);
    int rc;

    if (!pg) {
        return -ENOMEM;
    }
    rc = p2m_map(d, _gfn(gfn), page_to_mfn(pg), order, P2M_RAM_RW);
    if (rc) {
        for (uint64_t i = 0; i < 1ull << order; i++) {
            page_put(&pg[i]);
        }
    }
    return rc;
}

int mem_populate(struct domain *d, gfn_t first, uint64_t pages)
{
    const uint64_t large = 1ull << P2M_ORDER_2M;
    uint64_t gfn = gfn_x(first), end;
    int rc = 0;

    if (add_overflows(gfn, pages, &end)) {
        return -EINVAL;
    }
    while (!rc && gfn < end) {
        if (!(gfn & (large - 1)) && end - gfn >= large) {
            rc = populate_block(d, gfn, P2M_ORDER_2M);
            if (!rc) {
                gfn += large;
                continue;
            }
            if (rc != -ENOMEM) {
                break;
            }
        }
        rc = populate_block(d, gfn, P2M_ORDER_4K); /* also where memory is in small pieces */
        gfn++;
    }
    return rc;
}
