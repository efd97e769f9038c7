/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What says what:
 *
 *     document  DESCRIBES       the image
 *     image     CONTAINS        each file, each domain, bulkhead
 *     domain    DEPENDS_ON      its kernel and its ramdisk
 *     file      GENERATED_FROM  a Debian package, of which something is in it; bulkhead, or another file
 *
 * Debian packages are of two kinds: those that are unpacked into images, which are pinned and have a digest,
 * and those that programs of ours were linked with, which are the build machine's (SPDXRef-Linked-NAME-VERSION).
 *     disk      CONTAINS        the files that are copied to it
 */
#include "sbom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "efi_image.h"
#include "file.h"
#include "loader.h"
#include "measured.h"
#include "spdx.h"

#define DISK "disk.img"
#define HYPERVISOR "boot/bulkhead"
#define IMAGE_ID "SPDXRef-Image"
#define BULKHEAD_ID "SPDXRef-Bulkhead"

/* Not listed, sorted: the list itself, and what is not the same for one who has not the signer's key. */
static const char *const excluded[] = { ".inputs", "reference.jws", SBOM_NAME, "signer.pem" };

struct sbom {
    const struct image *image;
    struct debian *debian;
    const char *folder;
    struct diag *diag;
    struct spdx spdx;
    struct name_set packages; /* Debian's, of all files */
    struct name_set linked;   /* and those that were linked with: "NAME VERSION ARCH" */
};

/* Relate by the names of files; other elements are given by their identifiers. */
static void from_file(struct sbom *s, const char *file, const char *type, const char *to)
{
    char *id = spdx_id("File", file);

    spdx_relate(&s->spdx, id, type, to);
    free(id);
}

static void to_file(struct sbom *s, const char *from, const char *type, const char *file)
{
    char *id = spdx_id("File", file);

    spdx_relate(&s->spdx, from, type, id);
    free(id);
}

static void from_package(struct sbom *s, const char *file, const char *package)
{
    char *id = spdx_id("Debian", package);

    from_file(s, file, "GENERATED_FROM", id);
    name_set_add(&s->packages, package);
    free(id);
}

/* "NAME VERSION ARCH" of a list of what was linked. */
static char *linked_id(const char *line)
{
    size_t name = strcspn(line, " "), version = strcspn(line + name + 1, " ");
    char *both = bh_printf("%.*s/%.*s", (int)name, line, (int)version, line + name + 1);
    char *id = spdx_id("Linked", both);

    free(both);
    return id;
}

/* -- files --------------------------------------------------------------------------------------- */
static void files_find(const char *folder, const char *below, struct name_set *files)
{
    char *path = bh_printf("%s/%s", folder, below);
    char **names;
    size_t count = dir_names(path, "", &names);

    for (size_t i = 0; i < count; i++) {
        char *name = bh_printf("%s%s%s", below, *below != '\0' ? "/" : "", names[i]);
        char *full = bh_printf("%s/%s", folder, name);
        struct stat st;

        if (stat(full, &st) == 0 && S_ISDIR(st.st_mode)) {
            files_find(folder, name, files);
        } else {
            name_set_add(files, name);
        }
        free(full);
        free(name);
    }
    names_free(names, count);
    free(path);
}

/* The domains of a kernel or ramdisk: "kernel of stordd, netdd". */
static bool use_of(const struct image *image, unsigned int module, struct buf *out)
{
    const struct origin *origin = &image->modules[module].origin;

    for (size_t i = 0; i < image->host->domain_count; i++) {
        bool kernel = image->domains[i].kernel == module;

        if (kernel || image->domains[i].ramdisk == module) {
            buf_printf(out, "%s%s", out->len != 0 ? ", " : kernel ? "kernel of " : "ramdisk of ",
                       image->host->domains[i].name);
        }
    }
    if (out->len != 0 && origin->packages.count == 0 && !origin->built) {
        buf_puts(out, "; a file that the description names, of contents unknown");
    }
    return out->len != 0;
}

static void comment_of(const struct image *image, const char *file, struct buf *out)
{
    static const char *const known[][2] = {
        { HYPERVISOR, "hypervisor" },
        { "boot/manifest.dtb", "launch manifest" },
        { "boot/policy.bin", "FLASK policy" },
        { "boot/seed.xs", "XenStore seed" },
        { DISK, "boot disk" },
        { EFI_IMAGE_PATH, "hypervisor and all its modules as one EFI program" },
        { LOADER_PATH, "boot loader: GRUB for UEFI, with its configuration" },
        { LOADER_BIOS_PATH, "boot loader: GRUB for a BIOS, with its configuration" },
        { "policy/host.cil", "the FLASK policy's own part, in CIL" },
        { "reference.json", "reference values" },
        { "run.json", "how to start the image in an emulator" },
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i][0], file) == 0) {
            buf_puts(out, known[i][1]);
            return;
        }
    }
    for (unsigned int i = 0; i < image->module_count; i++) {
        if (strncmp(file, "boot/", 5) == 0 && strcmp(image->modules[i].name, file + 5) == 0
            && use_of(image, i, out)) {
            return;
        }
    }
    buf_puts(out, "other");
}

static bool files_add(struct sbom *s)
{
    struct name_set files = { 0 };
    bool good = true;

    files_find(s->folder, "", &files);
    for (size_t i = 0; i < files.count && good; i++) {
        char *path = bh_printf("%s/%s", s->folder, files.names[i]);
        struct buf comment = { 0 };

        comment_of(s->image, files.names[i], &comment);
        good = spdx_file(&s->spdx, path, files.names[i], comment.data, s->diag);
        to_file(s, IMAGE_ID, "CONTAINS", files.names[i]);
        buf_free(&comment);
        free(path);
    }
    name_set_free(&files);
    return good;
}

/* -- what they are made of ----------------------------------------------------------------------- */
static void module_origin(struct sbom *s, unsigned int module)
{
    const struct origin *origin = &s->image->modules[module].origin;
    char *file = bh_printf("boot/%s", s->image->modules[module].name);

    for (size_t i = 0; i < origin->packages.count; i++) {
        from_package(s, file, origin->packages.names[i]);
    }
    for (size_t i = 0; i < origin->linked.count; i++) {
        char *id = linked_id(origin->linked.names[i]);

        from_file(s, file, "GENERATED_FROM", id);
        name_set_add(&s->linked, origin->linked.names[i]);
        free(id);
    }
    if (origin->built) {
        from_file(s, file, "GENERATED_FROM", BULKHEAD_ID);
    }
    free(file);
}

/* The disk, or with boot = efi the EFI program, has copies of all that is booted. */
static void copies(struct sbom *s)
{
    bool efi = s->image->host->boot == BOOT_EFI;
    const char *whole = efi ? EFI_IMAGE_PATH : DISK;
    char *id = spdx_id("File", whole);

    to_file(s, id, "CONTAINS", HYPERVISOR);
    for (unsigned int i = 0; i < s->image->module_count; i++) {
        char *file = bh_printf("boot/%s", s->image->modules[i].name);

        to_file(s, id, "CONTAINS", file);
        free(file);
    }
    free(id);
    if (efi) {
        from_file(s, EFI_IMAGE_PATH, "GENERATED_FROM", BULKHEAD_ID); /* its stub */
        id = spdx_id("File", DISK);
        to_file(s, id, "CONTAINS", EFI_IMAGE_PATH);
    } else {
        from_package(s, DISK, LOADER_BIOS_PACKAGE); /* the boot sector */
        from_package(s, LOADER_BIOS_PATH, LOADER_BIOS_PACKAGE);
        from_package(s, LOADER_PATH, LOADER_PACKAGE);
        id = spdx_id("File", DISK);
        to_file(s, id, "CONTAINS", LOADER_PATH);
        to_file(s, id, "CONTAINS", LOADER_BIOS_PATH);
    }
    free(id);
}

static void origins_add(struct sbom *s)
{
    char *cil = spdx_id("File", "policy/host.cil");

    from_file(s, HYPERVISOR, "GENERATED_FROM", BULKHEAD_ID);
    for (unsigned int i = 0; i < s->image->module_count; i++) {
        module_origin(s, i);
    }
    from_file(s, "boot/policy.bin", "GENERATED_FROM", cil);
    from_file(s, "boot/policy.bin", "GENERATED_FROM", BULKHEAD_ID);
    copies(s);
    free(cil);
}

/* -- packages ------------------------------------------------------------------------------------ */
static void image_add(struct sbom *s)
{
    json_object *package = spdx_package(&s->spdx, IMAGE_ID, s->image->host->name);

    spdx_put(package, "primaryPackagePurpose", "OPERATING-SYSTEM");
    spdx_package_verify(&s->spdx, package, excluded, sizeof(excluded) / sizeof(excluded[0]));
    spdx_relate(&s->spdx, SPDX_DOCUMENT, "DESCRIBES", IMAGE_ID);
}

/* "bulkhead version=0.1.0 build-id=0123..." as it will be measured. */
static bool bulkhead_add(struct sbom *s)
{
    const char *text = measured_version(s->image);

    if (text == NULL) {
        diag_error(s->diag, HYPERVISOR, 0, NULL, "does not say its version; it is not a Bulkhead hypervisor");
        return false;
    }
    const char *version = strchr(text, '=') + 1, *id = strrchr(text, '=') + 1;
    char *number = bh_strndup(version, strcspn(version, " "));
    char *comment = bh_printf("The hypervisor, build id %s, and what is built with it: stub domains, programs in "
                              "ramdisks, the policy's classes and kinds.", id);
    json_object *package = spdx_package(&s->spdx, BULKHEAD_ID, "bulkhead");

    spdx_put(package, "versionInfo", number);
    spdx_put(package, "licenseDeclared", "Apache-2.0");
    spdx_put(package, "comment", comment);
    spdx_relate(&s->spdx, IMAGE_ID, "CONTAINS", BULKHEAD_ID);
    free(number);
    free(comment);
    return true;
}

static void domain_add(struct sbom *s, size_t index)
{
    const struct host_domain *d = &s->image->host->domains[index];
    const struct image_domain *built = &s->image->domains[index];
    const unsigned int modules[] = { built->kernel, built->ramdisk };
    char *id = spdx_id("Domain", d->name);
    char digest[65] = "";

    for (size_t i = 0; i < sizeof(built->digest); i++) {
        snprintf(digest + 2 * i, 3, "%02x", built->digest[i]);
    }
    char *comment = bh_printf("Domain %u, label %s, launch digest sha256:%s.", d->id, built->label, digest);

    spdx_put(spdx_package(&s->spdx, id, d->name), "comment", comment);
    spdx_relate(&s->spdx, IMAGE_ID, "CONTAINS", id);
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        if (modules[i] != IMAGE_NO_MODULE) {
            char *file = bh_printf("boot/%s", s->image->modules[modules[i]].name);

            to_file(s, id, "DEPENDS_ON", file);
            free(file);
        }
    }
    free(comment);
    free(id);
}

/* A package of Debian, but for its digest. */
static json_object *deb_add(struct sbom *s, const char *id, const char *name, const char *version, const char *arch)
{
    /* In the name of a file in Debian's archive there is no epoch. */
    const char *epoch = strchr(version, ':');
    char *file = bh_printf("%s_%s_%s.deb", name, epoch != NULL ? epoch + 1 : version, arch);
    json_object *package = spdx_package(&s->spdx, id, name);

    spdx_put(package, "versionInfo", version);
    spdx_put(package, "packageFileName", file);
    spdx_put(package, "supplier", "Organization: Debian");
    spdx_package_deb(package, name, version, arch);
    free(file);
    return package;
}

static void linked_package_add(struct sbom *s, const char *line)
{
    char *id = linked_id(line), *copy = bh_strdup(line), *save = NULL;
    const char *name = strtok_r(copy, " ", &save);
    const char *version = strtok_r(NULL, " ", &save);
    const char *arch = strtok_r(NULL, " ", &save);

    spdx_put(deb_add(s, id, name, version, arch), "comment",
             "Linked into programs of Bulkhead, in the version that the build machine had; not pinned.");
    free(copy);
    free(id);
}

static bool debian_add(struct sbom *s, const char *name)
{
    const struct lock_pin *pin = lock_find(&s->debian->lock, name);
    char *arch = debian_field(s->debian, name, "Architecture", s->diag);

    if (arch == NULL || pin == NULL) {
        free(arch);
        return false;
    }
    char *id = spdx_id("Debian", name);

    spdx_package_sha256(deb_add(s, id, name, pin->version, arch), pin->sha256);
    free(id);
    free(arch);
    return true;
}

bool sbom_write(const struct image *image, struct debian *debian, const char *folder, time_t time,
                struct diag *diag)
{
    struct sbom s = { .image = image, .debian = debian, .folder = folder, .diag = diag };
    char *path = bh_printf("%s/%s", folder, SBOM_NAME);
    struct buf text = { 0 };

    spdx_init(&s.spdx);
    bool good = files_add(&s);

    if (good) {
        image_add(&s);
        good = bulkhead_add(&s);
        for (size_t i = 0; i < image->host->domain_count; i++) {
            domain_add(&s, i);
        }
        origins_add(&s);
    }
    for (size_t i = 0; i < s.packages.count && good; i++) {
        good = debian_add(&s, s.packages.names[i]);
    }
    for (size_t i = 0; i < s.linked.count; i++) {
        linked_package_add(&s, s.linked.names[i]);
    }
    if (good) {
        spdx_write(&s.spdx, image->host->name, "bulkhead-bh-" BH_VERSION, time, &text);
        good = file_save(path, text.data, text.len, diag);
    }
    buf_free(&text);
    name_set_free(&s.packages);
    name_set_free(&s.linked);
    spdx_free(&s.spdx);
    free(path);
    return good;
}
