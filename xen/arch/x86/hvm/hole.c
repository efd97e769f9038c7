/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hole between 640 KiB and 1 MiB, where PCs have video memory, option ROMs and firmware tables. Kernels scan it. A PVH
 * domain has nothing there: its first read of each page maps one shared page of ones, read-only, so that a scan costs one
 * exit a page and no instruction is decoded.
 */
#include <asm/hvm.h>

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/mm.h>

#define HOLE_FIRST 0xa0000ull
#define HOLE_END 0x100000ull

static mfn_t ones;

void hvm_hole_init(void)
{
    void *page = pages_alloc(0);

    if (!page) {
        panic("boot: no memory for the page of ones");
    }
    memset(page, 0xff, PAGE_SIZE);
    ones = _mfn(virt_to_maddr(page) >> PAGE_SHIFT);
}

bool hvm_hole_read(struct domain *d, gaddr_t gaddr)
{
    int rc;

    if (gaddr < HOLE_FIRST || gaddr >= HOLE_END) {
        return false;
    }
    rc = p2m_map(d, _gfn(gaddr >> PAGE_SHIFT), ones, P2M_ORDER_4K, P2M_ABSENT);
    return !rc || rc == -EEXIST; /* another vCPU was first */
}
