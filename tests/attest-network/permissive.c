/* SPDX-License-Identifier: Apache-2.0 */
/*
 * permissive SECONDS: switch enforcing off once this domain has been paused for that long, and say so: so an operator says when. It says
 * first that it can tell a pause. The domain needs the kind `policyadmin`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <xen/xen.h>
#include <xen/xsm/flask_op.h>

#include "../../examples/guest/privcmd.h"

static void paused_for(time_t seconds)
{
    struct timespec last, now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    puts("PERMISSIVE waits to be paused");
    fflush(stdout);
    do {
        last = now;
        usleep(100000);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - last.tv_sec < seconds);
}

int main(int argc, char **argv)
{
    struct xen_flask_op *op;
    long rc;

    paused_for(argc > 1 ? atoi(argv[1]) : 5);
    if (privcmd_open() != 0) {
        perror("PERMISSIVE privcmd");
        return 1;
    }
    op = privcmd_page();
    op->cmd = FLASK_SETENFORCE;
    op->interface_version = XEN_FLASK_INTERFACE_VERSION;
    op->u.enforce.enforcing = 0;
    rc = privcmd_call(__HYPERVISOR_xsm_op, (unsigned long)op, 0, 0);
    printf("PERMISSIVE switched: %ld\n", rc);
    fflush(stdout);
    for (;;) {
        pause();
    }
}
