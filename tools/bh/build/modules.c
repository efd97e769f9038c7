/* SPDX-License-Identifier: Apache-2.0 */
#include "modules.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "kernel.h"
#include "ramdisk.h"
#include "operators.h"
#include "recipe.h"
#include "suggest.h"

static bool domain_fail(const struct modules_context *mc, unsigned int line, const char *key,
                        const char *what)
{
    diag_error(mc->diag, mc->image->host->file, line, key, "%s", what);
    return false;
}

static bool stubdom_missing(const struct modules_context *mc, const struct host_domain *d,
                            const char *path)
{
    char *folder = bh_printf("%s/stubdoms", mc->build);
    char **names;
    size_t count = dir_names(folder, ".elf", &names);
    const char *near = suggest_nearest(d->kernel, (const char *const *)names, count);

    diag_error(mc->diag, mc->image->host->file, d->kernel_line, "kernel",
               "there is no stub domain %s; %s%s%s", path,
               near != NULL ? "did you mean '" : "build it first (make), or correct the name",
               near != NULL ? near : "", near != NULL ? "'?" : "");
    names_free(names, count);
    free(folder);
    return false;
}

/* Path of a domain's kernel file; NULL after reporting. */
static char *kernel_path(const struct modules_context *mc, const struct host_domain *d)
{
    char *path = NULL;

    switch (d->kernel_source) {
    case KERNEL_DEBIAN:
        path = debian_kernel_path(mc->debian, mc->diag);
        break;
    case KERNEL_STUBDOM:
        path = bh_printf("%s/stubdoms/%s.elf", mc->build, d->kernel);
        if (!file_exists(path)) {
            stubdom_missing(mc, d, path);
            free(path);
            path = NULL;
        }
        break;
    case KERNEL_FILE:
    default:
        path = path_join(mc->folder, d->kernel);
        break;
    }
    if (path == NULL) {
        domain_fail(mc, d->kernel_line, "kernel", "this kernel could not be had");
    }
    return path;
}

/* What the kernel is called in boot/; files by their content: two of one name may differ. */
static char *kernel_name(const struct modules_context *mc, const struct host_domain *d,
                         const struct buf *raw)
{
    char hex[65];

    switch (d->kernel_source) {
    case KERNEL_DEBIAN:
        return bh_printf("vmlinux-%s", mc->debian->release);
    case KERNEL_STUBDOM:
        return bh_printf("%s.elf", d->kernel);
    case KERNEL_FILE:
    default:
        sha256_hex(raw->data, raw->len, hex);
        hex[12] = '\0';
        return bh_printf("kernel-%s", hex);
    }
}

static bool kernel_prepare(const struct modules_context *mc, const char *path,
                           const struct buf *raw, struct buf *out)
{
    const uint8_t *bytes = (const uint8_t *)raw->data;
    struct buf plain = { 0 };
    bool good;

    if (kernel_is_bzimage(bytes, raw->len)) {
        good = kernel_from_bzimage(path, bytes, raw->len, &plain, mc->diag)
               && elf_slim(path, (const uint8_t *)plain.data, plain.len, out, mc->diag);
    } else {
        good = elf_slim(path, bytes, raw->len, out, mc->diag);
    }
    buf_free(&plain);
    return good;
}

static bool kernel_add(const struct modules_context *mc, size_t index)
{
    const struct host_domain *d = &mc->image->host->domains[index];
    char *path = kernel_path(mc, d);
    struct buf raw = { 0 };

    if (path == NULL) {
        return false;
    }
    bool good = inputs_read(mc->inputs, path, &raw, mc->diag);

    if (!good) {
        domain_fail(mc, d->kernel_line, "kernel", "its file cannot be read; correct the path");
    } else {
        char *name = kernel_name(mc, d, &raw);
        unsigned int module = image_module(mc->image, name);
        struct image_module *made = &mc->image->modules[module];

        if (made->data.len == 0) {
            good = kernel_prepare(mc, path, &raw, &made->data);
        }
        if (d->kernel_source == KERNEL_DEBIAN) {
            name_set_add(&made->origin.packages, mc->debian->kernel);
        }
        made->origin.built = d->kernel_source == KERNEL_STUBDOM;
        mc->image->domains[index].kernel = module;
        free(name);
    }
    buf_free(&raw);
    free(path);
    return good;
}

bool modules_kernels(const struct modules_context *mc)
{
    bool good = true;

    for (size_t i = 0; i < mc->image->host->domain_count; i++) {
        good = kernel_add(mc, i) && good;
    }
    return good;
}

enum { DERIVED_OPERATORS, DERIVED_OPERATORS_CA, DERIVED_ATTEST_NETWORK, DERIVED_ATTEST_PUSH, DERIVED_VERIFIERS_CA, DERIVED_COUNT };

#define PUSH_INTERVAL_S 300u

/* The certificate of an authority; without one nobody's counts, and the file is empty. */
static bool authority_read(const struct modules_context *mc, const char *name, unsigned int line, struct buf *out)
{
    char *path = name != NULL ? path_join(mc->folder, name) : NULL;
    bool good = path == NULL || inputs_read(mc->inputs, path, out, mc->diag);

    if (!good) {
        diag_error(mc->diag, mc->image->host->file, line, "ca", "there is no such file; make it with "
                   "`bh control init`, or correct the path");
    }
    free(path);
    return good;
}

/* Files for the control domain, who may what and whose certificates count; and for the attest domain, who may ask it
 * and whom it calls. */
static bool derived_make(const struct modules_context *mc, struct ramdisk_derived derived[DERIVED_COUNT])
{
    const struct host *host = mc->image->host;

    derived[DERIVED_OPERATORS].name = "operators";
    derived[DERIVED_OPERATORS_CA].name = "operators-ca";
    derived[DERIVED_ATTEST_NETWORK].name = "attest-network";
    derived[DERIVED_ATTEST_PUSH].name = "attest-push";
    derived[DERIVED_VERIFIERS_CA].name = "verifiers-ca";
    operators_text(host, &derived[DERIVED_OPERATORS].data);
    if (host->attest_address != NULL) {
        buf_printf(&derived[DERIVED_ATTEST_NETWORK].data, "address %s\n", host->attest_address);
    }
    if (host->push != NULL) {
        buf_printf(&derived[DERIVED_ATTEST_PUSH].data, "push %s %u\n", host->push,
                   host->push_interval != 0 ? host->push_interval : PUSH_INTERVAL_S);
    }
    return authority_read(mc, host->control_ca, host->control_ca_line, &derived[DERIVED_OPERATORS_CA].data)
           && authority_read(mc, host->verifiers_ca, host->verifiers_ca_line, &derived[DERIVED_VERIFIERS_CA].data);
}

static bool recipe_read(void *context, const char *path, struct buf *out, struct diag *diag)
{
    return inputs_read(context, path, out, diag);
}

static bool recipe_add(const struct modules_context *mc, const char *path, struct image_module *module)
{
    struct ramdisk_derived derived[DERIVED_COUNT] = { 0 };
    struct recipe recipe = { 0 };
    const struct ramdisk_context rc = { mc->build, mc->debian, mc->inputs, mc->time, mc->diag, derived, DERIVED_COUNT };
    bool good = derived_make(mc, derived) && recipe_load(&recipe, path, recipe_read, mc->inputs, mc->diag)
                && ramdisk_build(&rc, &recipe, &module->data, &module->origin);

    recipe_free(&recipe);
    for (size_t i = 0; i < DERIVED_COUNT; i++) {
        buf_free(&derived[i].data);
    }
    return good;
}

bool modules_ramdisks(const struct modules_context *mc)
{
    bool good = true;

    for (size_t i = 0; i < mc->image->host->domain_count; i++) {
        const struct host_domain *d = &mc->image->host->domains[i];
        bool recipe = d->ramdisk_source == RAMDISK_RECIPE;

        mc->image->domains[i].ramdisk = IMAGE_NO_MODULE;
        if (d->ramdisk_source == RAMDISK_NONE) {
            continue;
        }
        char *path = path_join(mc->folder, d->ramdisk);
        char *name = bh_printf("%s.%s", d->name, recipe ? "cpio.gz" : "ramdisk");
        unsigned int module = image_module(mc->image, name);
        struct image_module *made = &mc->image->modules[module];
        bool one = recipe ? recipe_add(mc, path, made)
                          : inputs_read(mc->inputs, path, &made->data, mc->diag);

        if (!one) {
            good = domain_fail(mc, d->ramdisk_line, "ramdisk", "this ramdisk cannot be made");
        }
        mc->image->domains[i].ramdisk = module;
        free(name);
        free(path);
    }
    return good;
}
