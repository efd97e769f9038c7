/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait=S on the command line: seconds of calm before, so that others can be measured. The end is an end without a goodbye: both
 * devices are connected.
 */
#include "front.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <runtime/xenbus.h>
#include <stdlib.h>

void stub_main(void)
{
    char text[12] = "0";

    if (xenbus_connect() != 0) {
        rt_panic("no XenStore");
    }
    (void)start_cmdline_get("wait", text, sizeof(text));
    while (time_now_ns() < strtoul(text, NULL, 10) * NS_PER_S) {
        (void)event_wait(time_now_ns() + NS_PER_S);
    }
    printk("HOSTILE begins\n");
    vbd_attacks();
    vif_attacks();
    printk("HOSTILE ends\n");
}
