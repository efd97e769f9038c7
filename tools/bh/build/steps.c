/* SPDX-License-Identifier: Apache-2.0 */
#include "steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "disk.h"
#include "efi_image.h"
#include "file.h"
#include "loader.h"
#include "manifest.h"
#include "measured.h"
#include "modules.h"
#include "policy.h"
#include "policy_image.h"
#include "run_json.h"
#include "sbom.h"
#include "seed.h"
#include "spawn.h"

static char *in_part(const struct build *b, const char *name)
{
    return bh_printf("%s/%s", b->part, name);
}

static bool write_part(struct build *b, const char *name, const struct buf *data)
{
    char *path = in_part(b, name);
    bool good = file_save(path, data->data, data->len, &b->diag);

    free(path);
    return good;
}

static bool step_folders(struct build *b)
{
    static const char *const folders[] = { "boot", "policy", "EFI/BOOT" };
    bool good = dir_remove(b->part, &b->diag);

    for (size_t i = 0; i < (b->host.boot == BOOT_EFI ? 2 : 3) && good; i++) {
        char *path = in_part(b, folders[i]);

        good = dir_make(path, &b->diag);
        free(path);
    }
    return good;
}

static bool step_hypervisor(struct build *b)
{
    char *path = bh_printf("%s/xen/bulkhead", b->options->build);
    bool good = file_exists(path);

    if (!good) {
        diag_error(&b->diag, path, 0, NULL, "the hypervisor is not there; build it first (make), "
                   "or give the build folder with -O");
    } else {
        good = inputs_read(&b->inputs, path, &b->image.hypervisor, &b->diag);
    }
    free(path);
    return good && write_part(b, "boot/bulkhead", &b->image.hypervisor);
}

/* The time that everything in the image has. */
static time_t build_time(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    return (time_t)strtoll(epoch != NULL ? epoch : DEFAULT_EPOCH, NULL, 10);
}

static struct modules_context modules_context(struct build *b)
{
    return (struct modules_context){
        .image = &b->image, .folder = b->folder, .build = b->options->build,
        .debian = &b->debian, .inputs = &b->inputs, .diag = &b->diag,
        .time = build_time(),
    };
}

static bool step_kernels(struct build *b)
{
    const struct modules_context mc = modules_context(b);

    image_module(&b->image, "manifest.dtb");
    image_module(&b->image, "policy.bin");
    return modules_kernels(&mc);
}

static bool step_ramdisks(struct build *b)
{
    const struct modules_context mc = modules_context(b);

    return modules_ramdisks(&mc);
}

static bool step_policy(struct build *b)
{
    struct buf cil = { 0 };
    char *source = in_part(b, "policy/host.cil");

    for (size_t i = 0; i < b->host.domain_count; i++) {
        b->image.domains[i].label = policy_label(&b->host.domains[i]);
    }
    policy_cil(&b->host, &cil);
    bool good = file_save(source, cil.data, cil.len, &b->diag)
                && policy_image(&b->host, b->options->tree, &cil, &b->image.modules[IMAGE_POLICY].data, &b->inputs, &b->diag);

    buf_free(&cil);
    free(source);
    return good;
}

static bool step_seed(struct build *b)
{
    for (size_t i = 0; i < b->host.domain_count; i++) {
        if (b->host.domains[i].xenstore) {
            unsigned int module = image_module(&b->image, "seed.xs");

            b->image.domains[i].ramdisk = module;
            seed_write(&b->image, policy_label, &b->image.modules[module].data);
        }
    }
    return true;
}

static bool step_manifest(struct build *b)
{
    return manifest_write(&b->image, &b->image.modules[IMAGE_MANIFEST].data, &b->diag);
}

static bool step_files(struct build *b)
{
    struct buf json = { 0 };
    bool good = true;

    for (unsigned int i = 0; i < b->image.module_count && good; i++) {
        char *name = bh_printf("boot/%s", b->image.modules[i].name);

        good = write_part(b, name, &b->image.modules[i].data);
        free(name);
    }
    run_json(&b->image, &json);
    good = good && write_part(b, "run.json", &json);
    buf_free(&json);
    return good;
}

/* The signature says when it was made: with it, two builds differ in bytes, but not in what is measured. */
static bool efi_sign(struct build *b, const char *program)
{
    char *key = path_join(b->folder, b->host.boot_key);
    char *certificate = path_join(b->folder, b->host.boot_certificate);
    const char *argv[] = { "sbsign", "--key", key, "--cert", certificate, "--output", program,
                           program, NULL };

    inputs_add(&b->inputs, key);
    inputs_add(&b->inputs, certificate);
    bool good = spawn_check(argv, NULL, NULL, &b->diag);

    if (!good) {
        diag_error(&b->diag, b->host.file, b->host.boot_key_line, "secure-boot-key",
                   "the boot program cannot be signed with this key and certificate; sbsign is in "
                   "the package sbsigntool");
    }
    free(key);
    free(certificate);
    return good;
}

static bool efi_program(struct build *b)
{
    char *stub_path = bh_printf("%s/xen/efi-stub", b->options->build);
    char *path = in_part(b, EFI_IMAGE_PATH);
    struct buf stub = { 0 }, program = { 0 };
    bool good = inputs_read(&b->inputs, stub_path, &stub, &b->diag)
                && efi_image_make(&b->image, &stub, &program, &b->diag)
                && file_save(path, program.data, program.len, &b->diag)
                && (b->host.boot_key == NULL || efi_sign(b, path));

    buf_free(&stub);
    buf_free(&program);
    free(stub_path);
    free(path);
    return good;
}

static bool step_loader(struct build *b)
{
    return b->host.boot == BOOT_EFI ? efi_program(b)
                                    : loader_make(&b->image, &b->debian, b->part, &b->diag);
}

static bool step_disk(struct build *b)
{
    char *path = in_part(b, "disk.img");
    bool good = disk_make(&b->image, &b->debian, b->part, path, &b->diag);

    free(path);
    return good;
}

static bool step_digests(struct build *b)
{
    return measured_domains(&b->image, &b->diag);
}

static bool step_reference(struct build *b)
{
    char *path = in_part(b, "reference.json");
    bool good = measured_write(&b->image, b->part, path, &b->diag);

    free(path);
    return good;
}

/* Before the signatures: who rebuilds the image without their keys gets the same list. */
static bool step_sbom(struct build *b)
{
    return sbom_write(&b->image, &b->debian, b->part, build_time(), &b->diag);
}

static bool step_sign(struct build *b)
{
    const struct sign_options *sign = &b->options->sign;

    if (sign->key == NULL) {
        if (!b->options->quiet) {
            fprintf(stderr, "bh: reference.json is not signed, and a verifier refuses it unless told otherwise; "
                    "--sign KEY --not-after TIME signs it\n");
        }
        return true;
    }
    inputs_add(&b->inputs, sign->key);
    for (unsigned int i = 0; i < sign->profile_count; i++) {
        inputs_add(&b->inputs, sign->profiles[i]);
    }
    return sign_write(sign, b->host.name, b->part, &b->diag);
}

static bool step_inputs(struct build *b)
{
    char *path = in_part(b, ".inputs");

    inputs_add(&b->inputs, b->options->conf);
    inputs_add(&b->inputs, "/proc/self/exe");
    if (b->debian.lock_read) {
        inputs_add(&b->inputs, b->lock);
    }
    bool good = inputs_write(&b->inputs, path, &b->diag);

    free(path);
    return good;
}

static bool step_lock(struct build *b)
{
    return !b->options->update || debian_lock_write(&b->debian, &b->diag);
}

static bool step_rename(struct build *b)
{
    char *old = bh_printf("%s.old", b->output);
    bool good = dir_remove(old, &b->diag);

    if (good && rename(b->output, old) != 0 && errno != ENOENT) {
        diag_error(&b->diag, b->output, 0, NULL, "cannot be replaced: %s", strerror(errno));
        good = false;
    }
    if (good && rename(b->part, b->output) != 0) {
        diag_error(&b->diag, b->output, 0, NULL, "cannot be put in place: %s", strerror(errno));
        good = false;
    }
    good = good && dir_remove(old, &b->diag);
    free(old);
    return good;
}

const struct build_step build_steps[] = {
    { NULL, step_folders },
    { "hypervisor", step_hypervisor },
    { "kernels", step_kernels },
    { "ramdisks", step_ramdisks },
    { "policy", step_policy },
    { "XenStore seed", step_seed },
    { "launch manifest", step_manifest },
    { NULL, step_files },
    { "boot loader", step_loader },
    { "disk", step_disk },
    { "launch digests", step_digests },
    { "reference values", step_reference },
    { "SBOM", step_sbom },
    { NULL, step_sign },
    { NULL, step_lock },
    { NULL, step_inputs },
    { NULL, step_rename },
};

const size_t build_step_count = sizeof(build_steps) / sizeof(build_steps[0]);
