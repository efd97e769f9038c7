/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel that gives up by SCHEDOP_shutdown with reason crash, on a domain with vCPUs that still run.
 *
 * Source: public/sched.h. A correct hypervisor says on its console that the domain crashed, shows its registers, and goes on:
 * with no domain left it restarts the machine in order. A broken one crashes itself, or says nothing.
 */
#include "../guest.h"

#include <runtime/console.h>
#include <runtime/smp.h>
#include <runtime/start.h>

#include <public/sched.h>

static void spin(void *arg)
{
    (void)arg;
    for (;;) {
        cpu_relax();
    }
}

void stub_main(void)
{
    if (smp_cpu_count() > 1) {
        (void)smp_start(1, spin, NULL);
    }
    printk("# giving up\n");
    domain_shutdown(SHUTDOWN_crash);
}
