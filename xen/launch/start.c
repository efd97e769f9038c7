/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From modules to running domains. Everything that can be wrong with the modules is found before the
 * first domain is built, and every error ends the boot with its one line.
 */
#include <xen/launch.h>

#include "build.h"
#include "fdt.h"
#include "measure.h"

#include <xen/cmdline.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/measure.h>
#include <xen/time.h>
#include <xsm/builtin_policy.h>

/* What the image carries for legacy mode, from policy/. */
extern const uint8_t builtin_policy[], builtin_policy_end[];

/* Constant after launch_domains(), but for what restarts change in an element: restart.c. */
static struct manifest manifest;
static struct launch_domain domains[MANIFEST_DOMAIN_MAX];
static unsigned domain_count;
static struct launch_services services;

static bool has_manifest(const struct boot_info *bi)
{
    return fdt_reader_recognise(bi->modules[0].data, bi->modules[0].size);
}

static void must(int ret, const char *what)
{
    if (ret != 0) {
        panic("launch: %s cannot be measured (error %d)", what, -ret);
    }
}

static void load_policy(const char *where, const uint8_t *image, size_t size)
{
    bool enforcing = options.flask == FLASK_ENFORCING;
    struct xsm_error err = { 0 };
    int ret;

    must(measure_policy(image, size, enforcing), "policy");
    ret = xsm_policy_load(image, size, &err);
    if (ret == -EINVAL) {
        panic("launch: %s: policy refused at offset %zu, section %s: expected %s", where, err.offset,
              err.section != NULL ? err.section : "?", err.expected != NULL ? err.expected : "?");
    }
    if (ret != 0) {
        panic("launch: %s: policy of %zu bytes cannot be loaded (error %d)", where, size, -ret);
    }
    xsm_set_enforcing(enforcing);
    if (!enforcing) {
        pr_warn("flask=permissive: the policy is not enforced");
    }
    if (options.flask_trace) {
        pr_warn("flask-trace: what the policy grants is on the console");
        xsm_trace(true);
    }
}

/* Module 0 is measured as a manifest, the xenstore domain's ramdisk as the seed. */
static void measure_inputs(const struct boot_info *bi, bool with_manifest)
{
    const struct manifest_domain *store;

    if (!with_manifest) {
        must(measure_manifest(NULL, 0), "manifest");
        return;
    }
    must(measure_manifest(bi->modules[0].data, bi->modules[0].size), "manifest");
    store = manifest_with_function(&manifest, MANIFEST_FUNCTION_XENSTORE);
    if (store != NULL && store->ramdisk != MANIFEST_NO_MODULE) {
        must(measure_seed(bi->modules[store->ramdisk].data, bi->modules[store->ramdisk].size), "seed");
    }
}

void launch_policy(const struct boot_info *bi)
{
    struct launch_error err;
    char where[16];
    unsigned index;

    launch_measure(bi);
    if (bi->module_count == 0) {
        panic("launch: no modules: expected a manifest (or a kernel) as the first one");
    }
    if (has_manifest(bi)) {
        if (manifest_parse(bi->modules[0].data, bi->modules[0].size, bi->module_count, &manifest,
                           &err) != 0) {
            panic("launch: module 0: %s", err.text);
        }
        index = manifest.policy;
    } else {
        index = launch_legacy_policy(bi);
    }
    snprintf(where, sizeof(where), "module %u", index);
    if (index != 0) {
        load_policy(where, bi->modules[index].data, bi->modules[index].size);
    } else {
        load_policy("built-in policy", builtin_policy, (size_t)(builtin_policy_end - builtin_policy));
    }
    measure_inputs(bi, has_manifest(bi));
}

static void from_manifest(const struct boot_info *bi, const struct manifest_domain *md,
                          struct launch_domain *ld)
{
    const struct boot_module *kernel = &bi->modules[md->kernel];
    unsigned i;

    ld->label = md->label;
    ld->in = (struct launch_input){
        .name = md->name,
        .memory_kib = md->memory_kib,
        .vcpu_count = md->cpus,
        .tpm = md->tpm,
        .cmdline = md->bootargs,
        .kernel = kernel->data,
        .kernel_size = kernel->size,
    };
    if (md->ramdisk != MANIFEST_NO_MODULE) {
        ld->in.ramdisk = bi->modules[md->ramdisk].data;
        ld->in.ramdisk_size = bi->modules[md->ramdisk].size;
    }
    ld->config = (struct domain_config){
        .domid = md->domid,
        .name = md->name,
        .vcpu_count = md->cpus,
        .max_pages = md->max_memory_kib >> (PAGE_SHIFT - 10),
        .weight = md->weight,
        .functions = md->functions,
        .restart_on = md->restart_on,
        .waits_suspended = md->waits_suspended,
    };
    for (i = 0; i < md->ioport_count; i++) {
        ld->ioports[i][0] = md->ioports[i].first;
        ld->ioports[i][1] = md->ioports[i].last;
    }
    ld->ioport_count = md->ioport_count;
    memcpy(ld->devices, md->devices, sizeof(ld->devices));
    ld->device_count = md->device_count;
    for (i = 0; i < md->device_count; i++) {
        ld->device_terms[i] = (struct pci_terms){
            .unreset = md->unreset >> i & 1,
            .has_line = md->line_count != 0 && md->lines[i] != MANIFEST_NO_LINE,
            .gsi = md->lines[i],
        };
    }
    ld->in.pci = md->pci;
}

static void collect(const struct boot_info *bi)
{
    const struct manifest_domain *console, *xenstore;

    services.console_domid = services.xenstore_domid = -1;
    if (!has_manifest(bi)) {
        launch_legacy(bi, &domains[0]);
        domain_count = 1;
        return;
    }
    for (domain_count = 0; domain_count < manifest.domain_count; domain_count++) {
        from_manifest(bi, &manifest.domain[domain_count], &domains[domain_count]);
    }
    console = manifest_with_function(&manifest, MANIFEST_FUNCTION_CONSOLE);
    xenstore = manifest_with_function(&manifest, MANIFEST_FUNCTION_XENSTORE);
    if (console != NULL) {
        services.console_domid = console->domid;
    }
    if (xenstore != NULL) {
        services.xenstore_domid = xenstore->domid;
    }
}

static void check_all(void)
{
    struct launch_error err;
    uint64_t pages = 0;
    unsigned i;

    for (i = 0; i < domain_count; i++) {
        if (launch_check(&domains[i], &err) != 0) {
            panic("launch: %s", err.text);
        }
        pages += launch_pages(&domains[i]);
    }
    if (pages > mem_free_pages()) {
        panic("launch: the domains need %llu MiB together, the host has %llu MiB free",
              (unsigned long long)(pages >> 8), (unsigned long long)(mem_free_pages() >> 8));
    }
}

void launch_domains(const struct boot_info *bi)
{
    struct launch_error err;
    uint64_t began = time_now_ns();
    bool keep_modules = false;
    uint64_t free_without, free_with;
    unsigned i;

    collect(bi);
    check_all();
    free_without = mem_free_pages();
    for (i = 0; i < domain_count; i++) {
        if (launch_build(&domains[i], &err) != 0) {
            panic("launch: %s", err.text);
        }
    }
    for (i = 0; i < domain_count; i++) {
        if (launch_connect(&domains[i], &services, &err) != 0) {
            panic("launch: %s", err.text);
        }
        keep_modules |= domains[i].config.restart_on != 0;
    }
    free_with = mem_free_pages();
    if (!keep_modules) {
        boot_modules_free();
    }
    /* As many are free again when the last domain is gone, but for what the heap keeps at hand. */
    pr_debug("launch: %lu pages free without the domains", free_without + mem_free_pages() - free_with);
    pr_info("%u domain%s built in %llu ms, starting", domain_count, domain_count == 1 ? "" : "s",
            (unsigned long long)((time_now_ns() - began) / NS_PER_MS));
    restart_init(domains, domain_count, &services);
    for (i = 0; i < domain_count; i++) {
        restart_begun(&domains[i].restart, time_now_ns());
        domain_start(domains[i].d);
    }
}
