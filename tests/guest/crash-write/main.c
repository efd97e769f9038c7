/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that writes where its guest-physical space has nothing.
 *
 * Source: a PVH domain has no device model, so there is nobody to do the write (public/arch-x86/hvm/start_info.h). A correct
 * hypervisor ends the domain, naming the address and showing its registers, and goes on. A broken one lets the write
 * through, loops on the fault, or dies of it.
 */
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>

void stub_main(void)
{
    xen_pfn_t gfn = window_alloc(1);

    (void)mm_map(gfn, 1, MM_WRITE);
    *(volatile uint32_t *)(gfn << PAGE_SHIFT) = 1;
    tap_ok(false, "a write to nothing returned");
    tap_done();
}
