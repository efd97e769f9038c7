/* SPDX-License-Identifier: Apache-2.0 */
#include "debian.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "file.h"
#include "spawn.h"

#define KERNEL_META "linux-image-amd64"
#define KERNEL_PREFIX "linux-image-"

void debian_init(struct debian *debian, const char *cache, const char *lock_file, bool update)
{
    *debian = (struct debian){ .cache = cache, .lock_file = lock_file, .update = update };
}

void debian_free(struct debian *debian)
{
    names_free(debian->names, debian->count);
    names_free(debian->roots, debian->count);
    lock_free(&debian->lock);
    free(debian->kernel);
    free(debian->release);
    *debian = (struct debian){ 0 };
}

/* Read when the first package is asked for: a host may need none. */
static bool lock_ready(struct debian *debian, struct diag *diag)
{
    struct buf text = { 0 };

    if (debian->lock_read) {
        return true;
    }
    debian->lock_read = true;
    if (!file_exists(debian->lock_file)) {
        if (!debian->update) {
            diag_error(diag, debian->lock_file, 0, NULL, "no packages are pinned; bh build -u pins "
                       "what the archive has now");
        }
        return debian->update;
    }
    bool good = file_load(debian->lock_file, &text, diag)
                && lock_parse(&debian->lock, debian->lock_file, (const uint8_t *)text.data,
                              text.len, diag);

    buf_free(&text);
    return good;
}

static char *root_path(const struct debian *debian, const struct lock_pin *pin)
{
    return bh_printf("%s/%s_%.16s", debian->cache, pin->package, pin->sha256);
}

/* Beside a package's folder: its control file, of which Debian Policy, chapter 5, is the manual. */
static char *control_path(const char *root)
{
    return bh_printf("%s.control", root);
}

/* The first line of a field; "" if it is not there. */
static char *control_field(const char *text, const char *field)
{
    size_t len = strlen(field);

    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, field, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1;

            value += strspn(value, " \t");
            return bh_strndup(value, strcspn(value, "\n"));
        }
    }
    return bh_strdup("");
}

/* The control file in a .deb; false: it cannot be read. */
static bool control_read(const char *deb, struct buf *out, struct diag *diag)
{
    const char *argv[] = { "dpkg-deb", "-f", deb, NULL };

    buf_puts(out, "");
    return spawn_check(argv, NULL, out, diag);
}

/* Download into an empty folder. @return the path of the .deb, or NULL after reporting */
static char *download(struct debian *debian, const char *package, const struct lock_pin *pin,
                      const char *folder, struct diag *diag)
{
    char *what = pin != NULL ? bh_printf("%s=%s", package, pin->version) : bh_strdup(package);
    const char *get[] = { "apt-get", "-q", "download", what, NULL };
    char **debs = NULL;
    size_t count = 0;
    char *deb = NULL;

    if (!spawn_check(get, folder, NULL, diag)) {
        if (pin != NULL) {
            diag_error(diag, debian->lock_file, 0, package, "version %s, which is pinned, cannot be "
                       "downloaded; run apt-get update, and when the archive no longer has it, pin "
                       "the current one with bh build -u", pin->version);
        } else {
            diag_error(diag, NULL, 0, package,
                       "cannot be downloaded; check its name, and run apt-get update");
        }
    } else if ((count = dir_names(folder, ".deb", &debs)) != 1) {
        diag_error(diag, NULL, 0, package, "downloading gave %zu packages instead of one", count);
    } else {
        deb = bh_printf("%s/%s.deb", folder, debs[0]);
    }
    names_free(debs, count);
    free(what);
    return deb;
}

/* Compare a download with its pin, or pin it. @return the pin, or NULL after reporting */
static const struct lock_pin *check(struct debian *debian, const char *package,
                                    const struct lock_pin *pin, const char *deb, struct diag *diag)
{
    struct buf bytes = { 0 };
    char sha256[65];

    if (!file_load(deb, &bytes, diag)) {
        return NULL;
    }
    sha256_hex(bytes.data, bytes.len, sha256);
    buf_free(&bytes);
    if (pin != NULL) {
        if (strcmp(pin->sha256, sha256) != 0) {
            diag_error(diag, debian->lock_file, 0, package, "version %s has the SHA-256 %s, not the "
                       "one that is pinned; find out why before you trust either", pin->version,
                       sha256);
            return NULL;
        }
        return pin;
    }
    struct buf control = { 0 };

    if (!control_read(deb, &control, diag)) {
        buf_free(&control);
        return NULL;
    }
    char *version = control_field(control.data, "Version");

    buf_free(&control);
    lock_set(&debian->lock, package, version, sha256);
    free(version);
    return lock_find(&debian->lock, package);
}

/* Unpack beside its place, then move it there: a folder that is there is complete. */
static bool extract(const char *deb, const char *part, const char *root, struct diag *diag)
{
    char *files = bh_printf("%s/files", part);
    char *beside = control_path(root);
    struct buf control = { 0 };
    const char *unpack[] = { "dpkg-deb", "-x", deb, files, NULL };
    const char *move[] = { "mv", "-T", files, root, NULL };
    bool good = control_read(deb, &control, diag) && file_save(beside, control.data, control.len, diag)
                && spawn_check(unpack, NULL, NULL, diag)
                && (file_exists(root) || spawn_check(move, NULL, NULL, diag));

    free(files);
    free(beside);
    buf_free(&control);
    return good;
}

static char *package_fetch(struct debian *debian, const char *package, const struct lock_pin *pin,
                           struct diag *diag)
{
    char *part = bh_printf("%s/%s.tmp", debian->cache, package);
    char *root = NULL;
    char *deb = NULL;
    struct diag quiet = { 0 };

    if (dir_remove(part, diag) && dir_make(part, diag)
        && (deb = download(debian, package, pin, part, diag)) != NULL
        && (pin = check(debian, package, pin, deb, diag)) != NULL) {
        root = root_path(debian, pin);
        if (!extract(deb, part, root, diag)) {
            free(root);
            root = NULL;
        }
    }
    dir_remove(part, &quiet);
    diag_free(&quiet);
    free(deb);
    free(part);
    return root;
}

static char *package_root(struct debian *debian, const char *package, struct diag *diag)
{
    if (!lock_ready(debian, diag)) {
        return NULL;
    }
    const struct lock_pin *pin = debian->update ? NULL : lock_find(&debian->lock, package);

    if (pin == NULL && !debian->update) {
        diag_error(diag, debian->lock_file, 0, package,
                   "is not pinned; bh build -u pins what the archive has now");
        return NULL;
    }
    if (pin != NULL) {
        char *root = root_path(debian, pin);
        char *control = control_path(root);
        bool complete = file_exists(root) && file_exists(control);

        free(control);
        if (complete) {
            return root;
        }
        free(root);
    }
    return package_fetch(debian, package, pin, diag);
}

const char *debian_root(struct debian *debian, const char *package, struct diag *diag)
{
    for (size_t i = 0; i < debian->count; i++) {
        if (strcmp(debian->names[i], package) == 0) {
            return debian->roots[i];
        }
    }
    char *root = package_root(debian, package, diag);

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

char *debian_field(const struct debian *debian, const char *package, const char *field, struct diag *diag)
{
    for (size_t i = 0; i < debian->count; i++) {
        if (strcmp(debian->names[i], package) == 0) {
            char *path = control_path(debian->roots[i]);
            struct buf text = { 0 };
            char *value = file_load(path, &text, diag) ? control_field(text.data, field) : NULL;

            buf_free(&text);
            free(path);
            return value;
        }
    }
    diag_error(diag, debian->lock_file, 0, package, "was not looked up");
    return NULL;
}

static char *library_in(const char *root, const char *name)
{
    static const char *const folders[] = { "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu",
                                           "/usr/lib", "/lib" };

    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        char *path = bh_printf("%s%s/%s", root, folders[i], name);

        if (file_exists(path)) {
            return path;
        }
        free(path);
    }
    return NULL;
}

/* The library packages among a package's dependencies are looked up too. */
static bool depends_follow(struct debian *debian, size_t index, struct diag *diag)
{
    char *before = debian_field(debian, debian->names[index], "Pre-Depends", diag);
    char *after = debian_field(debian, debian->names[index], "Depends", diag);
    bool good = before != NULL && after != NULL;

    if (good) {
        char *list = bh_printf("%s,%s", before, after), *save = NULL;

        for (char *word = strtok_r(list, ",", &save); word != NULL && good;
             word = strtok_r(NULL, ",", &save)) {
            word += strspn(word, " ");
            word[strcspn(word, " (|:")] = '\0';
            if (strncmp(word, "lib", 3) == 0 || strncmp(word, "zlib", 4) == 0) {
                good = debian_root(debian, word, diag) != NULL;
            }
        }
        free(list);
    }
    free(before);
    free(after);
    return good;
}

char *debian_library(struct debian *debian, const char *name, const char **package, struct diag *diag)
{
    char *path = NULL;

    for (size_t i = 0; i < debian->count && path == NULL; i++) {
        path = library_in(debian->roots[i], name);
        *package = debian->names[i];
    }
    for (size_t i = 0; i < debian->count && path == NULL; i++) {
        size_t before = debian->count;

        if (!depends_follow(debian, i, diag)) {
            return NULL;
        }
        for (size_t k = before; k < debian->count && path == NULL; k++) {
            path = library_in(debian->roots[k], name);
            *package = debian->names[k];
        }
    }
    return path;
}

static bool is_kernel(const char *package)
{
    const char *rest = package + strlen(KERNEL_PREFIX);

    return strncmp(package, KERNEL_PREFIX, strlen(KERNEL_PREFIX)) == 0 && *rest >= '0'
           && *rest <= '9';
}

/* "..., linux-image-6.1.0-56-amd64 (= 6.1.192-2), ..." -> the name, or NULL */
static char *kernel_in_depends(const char *text)
{
    for (const char *at = strstr(text, KERNEL_PREFIX); at != NULL;
         at = strstr(at + 1, KERNEL_PREFIX)) {
        size_t len = strcspn(at, " ,(|\n");

        if (is_kernel(at)) {
            return bh_strndup(at, len);
        }
    }
    return NULL;
}

/* The archive's current kernel package, or NULL. */
static char *kernel_of_archive(struct diag *diag)
{
    const char *show[] = { "apt-cache", "show", "--no-all-versions", KERNEL_META, NULL };
    struct buf out = { 0 }, err = { 0 };
    const char *line = NULL;
    char *kernel = NULL;

    if (spawn_run(show, NULL, &out, &err, diag) == 0 && out.len != 0) {
        line = strstr(out.data, "\nDepends:");
    }
    if (line != NULL) {
        char *depends = bh_strndup(line + 1, strcspn(line + 1, "\n"));

        kernel = kernel_in_depends(depends);
        free(depends);
    }
    buf_free(&out);
    buf_free(&err);
    return kernel;
}

const char *debian_kernel_release(struct debian *debian, struct diag *diag)
{
    if (debian->release != NULL) {
        return debian->release;
    }
    if (!lock_ready(debian, diag)) {
        return NULL;
    }
    for (size_t i = 0; i < debian->lock.count && !debian->update; i++) {
        if (is_kernel(debian->lock.pins[i].package)) {
            debian->kernel = bh_strdup(debian->lock.pins[i].package);
            break;
        }
    }
    if (debian->update) {
        debian->kernel = kernel_of_archive(diag);
    }
    if (debian->kernel == NULL) {
        diag_error(diag, debian->lock_file, 0, KERNEL_META, "no kernel is %s",
                   debian->update ? "known to apt; run apt-get update"
                                  : "pinned; bh build -u pins the archive's current one");
        return NULL;
    }
    debian->release = bh_strdup(debian->kernel + strlen(KERNEL_PREFIX));
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
        const char *depmod[] = { "/sbin/depmod", "-b", root, debian->release, NULL };

        if (!spawn_check(depmod, NULL, NULL, diag)) {
            free(folder);
            folder = NULL;
        }
    }
    free(index);
    return folder;
}

bool debian_lock_write(struct debian *debian, struct diag *diag)
{
    struct buf now = { 0 }, then = { 0 };
    bool good = true;

    buf_puts(&then, "");
    /* One kernel: what is built next must not find the one before. */
    for (size_t i = 0; debian->kernel != NULL && i < debian->lock.count;) {
        const char *package = debian->lock.pins[i].package;

        if (is_kernel(package) && strcmp(package, debian->kernel) != 0) {
            lock_remove(&debian->lock, package);
        } else {
            i++;
        }
    }
    lock_text(&debian->lock, &now);
    if (file_exists(debian->lock_file)) {
        good = file_load(debian->lock_file, &then, diag);
    }
    if (good && (then.len != now.len || strcmp(then.data, now.data) != 0)) {
        good = file_save(debian->lock_file, now.data, now.len, diag);
    }
    buf_free(&now);
    buf_free(&then);
    return good;
}
