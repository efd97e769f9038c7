/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where PCs have video memory, option ROMs, firmware tables (640 KiB to 1 MiB) and chipset devices (the end of the first
 * 4 GiB). Kernels scan and probe there. A PVH domain has nothing there: its first read of each page maps one shared page of
 * ones, read-only, so that a scan costs one exit a page and no instruction is decoded. Writes are dropped (mmio.c).
 */
#include <asm/hvm.h>

#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/mm.h>

#define ROMS_FIRST 0xa0000ull
#define ROMS_END 0x100000ull
#define CHIPSET_FIRST 0xfec00000ull
#define CHIPSET_END 0x100000000ull

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

bool hvm_is_hole(gaddr_t gaddr)
{
    return (gaddr >= ROMS_FIRST && gaddr < ROMS_END) || (gaddr >= CHIPSET_FIRST && gaddr < CHIPSET_END);
}

bool hvm_hole_read(struct domain *d, gaddr_t gaddr)
{
    int rc;

    if (!hvm_is_hole(gaddr)) {
        return false;
    }
    rc = p2m_map(d, _gfn(gaddr >> PAGE_SHIFT), ones, P2M_ORDER_4K, P2M_ABSENT);
    return !rc || rc == -EEXIST; /* another vCPU was first */
}
