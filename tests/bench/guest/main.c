/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark kernel: counts what single operations cost. It uses the public ABI only and runs as
 * the first domain of this hypervisor and of Xen alike. Lines: `bench`, `fail`, `info`, then
 * `bench-done`.
 */
#include "measure.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <string.h>

#include <public/sysctl.h>
#include <public/version.h>

static void report_memory(void)
{
    struct xen_sysctl op;
    long rc;

    memset(&op, 0, sizeof(op));
    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    rc = hc_sysctl(&op);
    if (rc != 0) {
        printk("info physinfo-error %ld\n", rc);
        return;
    }
    printk("info total-pages %lu\n", (unsigned long)op.u.physinfo.total_pages);
    printk("info free-pages %lu\n", (unsigned long)op.u.physinfo.free_pages);
    printk("info scrub-pages %lu\n", (unsigned long)op.u.physinfo.scrub_pages);
}

void stub_main(void)
{
    char extra[16] = "", group[16] = "all", only[32];
    long version = hc_xen_version(XENVER_version, NULL);

    (void)hc_xen_version(XENVER_extraversion, extra);
    extra[sizeof(extra) - 1] = '\0';
    (void)start_cmdline_get("group", group, sizeof(group));
    if (start_cmdline_get("only", only, sizeof(only))) {
        measure_only(only);
    }
    measure_init();
    printk("info version %ld.%ld%s\n", version >> 16, version & 0xffff, extra);
    printk("info rdtsc-overhead %lu\n", (unsigned long)measure_overhead());
    printk("info domain-pages %lu\n", (unsigned long)page_ram_count());
    report_memory();
    if (strcmp(group, "all") == 0 || strcmp(group, "cpu") == 0) {
        bench_cpu();
    }
    if (strcmp(group, "all") == 0 || strcmp(group, "events") == 0) {
        bench_events();
    }
    if (strcmp(group, "all") == 0 || strcmp(group, "grants") == 0) {
        bench_grants();
    }
    printk("bench-done\n");
    while (start_cmdline_get("hold", group, sizeof(group))) {
        (void)event_wait(UINT64_MAX);
    }
}
