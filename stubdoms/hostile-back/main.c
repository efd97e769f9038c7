/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's kernel waits for all its disks when it starts, and reads their partition tables one after the other: so all devices
 * are served first, and attacked when the guest is at work. wait=S on the command line: seconds of the host's clock until
 * then at least.
 */
#include "peer.h"

#include <runtime/console.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <runtime/xenbus.h>
#include <stdlib.h>

#define CALM_MS 4000u

void stub_main(void)
{
    char text[12] = "0";

    if (xenbus_connect() != 0) {
        rt_panic("no XenStore");
    }
    peer_each("vbd", vbd_serve);
    peer_each("vif", vif_serve);
    pause_ms(CALM_MS);
    (void)start_cmdline_get("wait", text, sizeof(text));
    while (time_now_ns() < strtoul(text, NULL, 10) * NS_PER_S) {
        pause_ms(1000);
    }
    printk("HOSTILE back begins\n");
    vbd_attack();
    vif_attack();
    printk("HOSTILE back ends\n");
}
