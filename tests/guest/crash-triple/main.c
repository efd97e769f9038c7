/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel without an interrupt table that takes an exception: a triple fault, which on a PC resets the machine.
 *
 * Source: AMD APM vol. 2, 15.14.3 (shutdown intercept); HVM_PARAM_TRIPLE_FAULT_REASON. A correct hypervisor ends the domain
 * with a reason and its registers; a broken one lets the host's CPU reset, or enters the guest again for ever.
 */
#include "../guest.h"

#include <runtime/start.h>
#include <runtime/tap.h>

void stub_main(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };

    __asm__ volatile("lidt %0; ud2" : : "m"(none));
    tap_ok(false, "a triple fault returned");
    tap_done();
}
