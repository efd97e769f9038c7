/* SPDX-License-Identifier: Apache-2.0 */
#include "debian.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "spawn.h"

#define KERNEL_META "linux-image-amd64"

void debian_init(struct debian *debian, const char *cache)
{
    *debian = (struct debian){ .cache = cache };
}

void debian_free(struct debian *debian)
{
    names_free(debian->names, debian->count);
    names_free(debian->roots, debian->count);
    free(debian->kernel);
    free(debian->release);
    *debian = (struct debian){ 0 };
}

static bool package_is_installed(const char *package)
{
    const char *argv[] = { "dpkg-query", "-W", "-f", "${db:Status-Status}", package, NULL };
    struct buf out = { 0 }, err = { 0 };
    struct diag quiet = { 0 };
    bool installed = spawn_run(argv, NULL, &out, &err, &quiet) == 0
                     && strcmp(out.data, "installed") == 0;

    buf_free(&out);
    buf_free(&err);
    diag_free(&quiet);
    return installed;
}

/* Download and unpack; a folder that is there was finished by an earlier build. */
static char *package_fetch(const char *cache, const char *package, struct diag *diag)
{
    char *root = bh_printf("%s/%s", cache, package);
    char *part = bh_printf("%s.tmp", root);
    char *download = bh_printf("%s/deb", part);
    char *result = NULL;
    char **debs = NULL;
    size_t deb_count = 0;

    if (file_exists(root)) {
        result = bh_strdup(root);
        goto out;
    }
    const char *get[] = { "apt-get", "-q", "download", package, NULL };

    if (!dir_remove(part, diag) || !dir_make(download, diag)
        || !spawn_check(get, download, NULL, diag)) {
        diag_error(diag, NULL, 0, package,
                   "the package is neither installed nor can it be downloaded; check its name, "
                   "and run apt-get update");
        goto out;
    }
    deb_count = dir_names(download, ".deb", &debs);
    if (deb_count != 1) {
        diag_error(diag, NULL, 0, package, "downloading gave %zu packages instead of one",
                   deb_count);
        goto out;
    }
    char *deb = bh_printf("%s/%s.deb", download, debs[0]);
    const char *extract[] = { "dpkg-deb", "-x", deb, part, NULL };
    bool good = spawn_check(extract, NULL, NULL, diag) && dir_remove(download, diag);

    free(deb);
    if (good) {
        const char *move[] = { "mv", "-T", part, root, NULL };

        if (spawn_check(move, NULL, NULL, diag)) {
            result = bh_strdup(root);
        }
    }
out:
    if (result == NULL) {
        struct diag quiet = { 0 };

        dir_remove(part, &quiet);
        diag_free(&quiet);
    }
    names_free(debs, deb_count);
    free(download);
    free(part);
    free(root);
    return result;
}

const char *debian_root(struct debian *debian, const char *package, struct diag *diag)
{
    for (size_t i = 0; i < debian->count; i++) {
        if (strcmp(debian->names[i], package) == 0) {
            return debian->roots[i];
        }
    }
    char *root = package_is_installed(package) ? bh_strdup("")
                                               : package_fetch(debian->cache, package, diag);

    if (root == NULL) {
        return NULL;
    }
    debian->names = bh_grow(debian->names, debian->count + 1, sizeof(*debian->names));
    debian->roots = bh_grow(debian->roots, debian->count + 1, sizeof(*debian->roots));
    debian->names[debian->count] = bh_strdup(package);
    debian->roots[debian->count] = root;
    debian->count++;
    return root;
}

const char *debian_root_at(const struct debian *debian, size_t index)
{
    return index < debian->count ? debian->roots[index] : NULL;
}

/* "..., linux-image-6.1.0-56-amd64 (= 6.1.192-2), ..." -> the name, or NULL */
static char *kernel_in_depends(const char *text)
{
    static const char prefix[] = "linux-image-";

    for (const char *at = strstr(text, prefix); at != NULL; at = strstr(at + 1, prefix)) {
        size_t len = strcspn(at, " ,(|\n");

        if (at[strlen(prefix)] >= '0' && at[strlen(prefix)] <= '9') {
            return bh_strndup(at, len);
        }
    }
    return NULL;
}

const char *debian_kernel_release(struct debian *debian, struct diag *diag)
{
    struct buf out = { 0 }, err = { 0 };

    if (debian->release != NULL) {
        return debian->release;
    }
    const char *installed[] = { "dpkg-query", "-W", "-f", "${Depends}", KERNEL_META, NULL };

    if (spawn_run(installed, NULL, &out, &err, diag) == 0 && out.len != 0) {
        debian->kernel = kernel_in_depends(out.data);
    }
    if (debian->kernel == NULL) {
        const char *show[] = { "apt-cache", "show", "--no-all-versions", KERNEL_META, NULL };
        const char *line = NULL;

        buf_free(&out);
        if (spawn_run(show, NULL, &out, &err, diag) == 0 && out.len != 0) {
            line = strstr(out.data, "\nDepends:");
        }
        if (line != NULL) {
            char *depends = bh_strndup(line + 1, strcspn(line + 1, "\n"));

            debian->kernel = kernel_in_depends(depends);
            free(depends);
        }
    }
    if (debian->kernel == NULL) {
        diag_error(diag, NULL, 0, KERNEL_META, "Debian's kernel package is not known here; run "
                   "apt-get update, or name a kernel with file:PATH");
    } else {
        debian->release = bh_strdup(debian->kernel + strlen("linux-image-"));
    }
    buf_free(&out);
    buf_free(&err);
    return debian->release;
}

char *debian_kernel_path(struct debian *debian, struct diag *diag)
{
    if (debian_kernel_release(debian, diag) == NULL) {
        return NULL;
    }
    const char *root = debian_root(debian, debian->kernel, diag);

    return root != NULL ? bh_printf("%s/boot/vmlinuz-%s", root, debian->release) : NULL;
}

char *debian_modules_path(struct debian *debian, struct diag *diag)
{
    if (debian_kernel_release(debian, diag) == NULL) {
        return NULL;
    }
    const char *root = debian_root(debian, debian->kernel, diag);

    if (root == NULL) {
        return NULL;
    }
    char *folder = bh_printf("%s/lib/modules/%s", root, debian->release);
    char *index = bh_printf("%s/modules.dep", folder);

    if (!file_exists(index)) {
        /* The package has no modules.dep; its installation makes one. */
        const char *depmod[] = { "/sbin/depmod", "-b", *root != '\0' ? root : "/",
                                 debian->release, NULL };

        if (!spawn_check(depmod, NULL, NULL, diag)) {
            free(folder);
            folder = NULL;
        }
    }
    free(index);
    return folder;
}
