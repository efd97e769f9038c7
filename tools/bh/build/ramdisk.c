/* SPDX-License-Identifier: Apache-2.0 */
#include "ramdisk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cpio.h"
#include "file.h"
#include "module.h"
#include "needed.h"
#include "unpack.h"

#define LIBRARY_FOLDER "/lib/x86_64-linux-gnu"

struct archive_plan {
    const struct ramdisk_context *rc;
    const struct recipe *recipe;
    struct cpio cpio;
    struct module_index modules; /* read when the first module is asked for */
    struct buf module_list;
    struct origin *origin;
};

static bool entry_fail(const struct archive_plan *plan, const struct recipe_entry *entry,
                       const char *message)
{
    diag_error(plan->rc->diag, entry->file, entry->line, entry->source, "%s", message);
    return false;
}

static bool source_read(struct archive_plan *plan, const struct recipe_entry *entry,
                        const char *path, struct buf *out)
{
    if (!file_exists(path)) {
        diag_error(plan->rc->diag, entry->file, entry->line, entry->source,
                   "there is no file %s; %s", path,
                   entry->kind == RECIPE_BUILT ? "build it first (make), or correct the name"
                                               : "correct the name");
        return false;
    }
    return inputs_read(plan->rc->inputs, path, out, plan->rc->diag);
}

/* The recipe may put a library elsewhere itself; one copy is enough. */
static bool library_present(const struct archive_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->cpio.count; i++) {
        if (strcmp(strrchr(plan->cpio.items[i].path, '/') + 1, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < plan->recipe->count; i++) {
        const char *path = plan->recipe->entries[i].path;

        if (path != NULL && strcmp(strrchr(path, '/') + 1, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool libraries_add(struct archive_plan *plan, const struct recipe_entry *entry,
                          const char *path, const struct buf *image, unsigned int depth);

static bool library_add(struct archive_plan *plan, const struct recipe_entry *entry,
                        const char *name, const char *where, unsigned int depth)
{
    bool good = true;

    if (!library_present(plan, name)) {
        const char *package = NULL;
        char *path = debian_library(plan->rc->debian, name, &package, plan->rc->diag);

        if (path == NULL) {
            diag_error(plan->rc->diag, entry->file, entry->line, entry->source,
                       "needs the library %s, which is neither in the packages that the recipe "
                       "names nor in what they depend on; add the package that has it before this "
                       "line", name);
            return false;
        }
        struct buf image = { 0 };

        good = source_read(plan, entry, path, &image);
        if (good) {
            cpio_add(&plan->cpio, where, S_IFREG | 0755)->data = image;
            name_set_add(&plan->origin->packages, package);
            good = libraries_add(plan, entry, path, &image, depth + 1);
        }
        free(path);
    }
    return good;
}

static bool libraries_add(struct archive_plan *plan, const struct recipe_entry *entry,
                          const char *path, const struct buf *image, unsigned int depth)
{
    char **names, *interp;
    size_t count;
    bool good = depth < 16
                && elf_needed(path, (const uint8_t *)image->data, image->len, &names, &count,
                              &interp, plan->rc->diag);

    if (!good) {
        return entry_fail(plan, entry, "its libraries cannot be found out");
    }
    for (size_t i = 0; i < count && good; i++) {
        char *where = bh_printf("%s/%s", LIBRARY_FOLDER, names[i]);
        const char *base = interp != NULL ? strrchr(interp, '/') + 1 : "";

        /* The loader is named as a library too; it goes where programs look for it. */
        if (strncmp(names[i], "ld-linux", 8) == 0 && strcmp(base, names[i]) != 0) {
            free(where);
            where = bh_printf("/lib64/%s", names[i]);
        }
        good = strcmp(base, names[i]) == 0
               || library_add(plan, entry, names[i], where, depth);
        free(where);
    }
    if (good && interp != NULL) {
        good = library_add(plan, entry, strrchr(interp, '/') + 1, interp, depth);
    }
    names_free(names, count);
    free(interp);
    return good;
}

/* A package's link may be absolute, and would then lead to the build machine's own file. */
static bool stays_in(const char *root, const char *path)
{
    char *real_root = realpath(root, NULL), *real = realpath(path, NULL);
    bool good = real == NULL || (real_root != NULL && strncmp(real, real_root, strlen(real_root)) == 0
                                 && real[strlen(real_root)] == '/');

    free(real_root);
    free(real);
    return good;
}

static bool package_add(struct archive_plan *plan, const struct recipe_entry *entry)
{
    const char *root = debian_root(plan->rc->debian, entry->package, plan->rc->diag);
    struct stat st;

    if (root == NULL) {
        return entry_fail(plan, entry, "its package could not be had");
    }
    char *path = bh_printf("%s%s", root, entry->source);
    struct buf data = { 0 };

    if (!stays_in(root, path)) {
        free(path);
        return entry_fail(plan, entry, "is a link that leads out of its package; name what it "
                          "leads to");
    }
    bool good = source_read(plan, entry, path, &data);

    if (good && stat(path, &st) == 0) {
        /* Of its mode only what no umask takes away from a copy of the cache. */
        cpio_add(&plan->cpio, entry->path, S_IFREG | ((st.st_mode & S_IXUSR) != 0 ? 0755 : 0644))->data = data;
        name_set_add(&plan->origin->packages, entry->package);
        if (entry->kind == RECIPE_PROGRAM) {
            good = libraries_add(plan, entry, path, &data, 0);
        }
    }
    free(path);
    return good;
}

static bool module_index_read(struct archive_plan *plan)
{
    struct module_index *index = &plan->modules;

    if (index->folder != NULL) {
        return true;
    }
    index->folder = debian_modules_path(plan->rc->debian, plan->rc->diag);
    if (index->folder == NULL) {
        return false;
    }
    char *depends = bh_printf("%s/modules.dep", index->folder);
    char *builtin = bh_printf("%s/modules.builtin", index->folder);
    bool good = inputs_read(plan->rc->inputs, depends, &index->depends, plan->rc->diag)
                && inputs_read(plan->rc->inputs, builtin, &index->builtin, plan->rc->diag);

    free(depends);
    free(builtin);
    return good;
}

static bool module_file_add(struct archive_plan *plan, const struct recipe_entry *entry,
                            const char *file)
{
    char *name = module_name_of(file);
    char *where = bh_printf("/lib/modules/%s.ko", name);
    bool good = true;

    if (cpio_find(&plan->cpio, where) == NULL) {
        char *path = path_join(plan->modules.folder, file);
        struct buf data = { 0 };

        good = source_read(plan, entry, path, &data);
        if (good && unpack_is_packed((const uint8_t *)data.data, data.len)) {
            struct buf plain = { 0 };

            good = unpack(path, (const uint8_t *)data.data, data.len, &plain, plan->rc->diag);
            buf_free(&data);
            data = plain;
        }
        if (good) {
            cpio_add(&plan->cpio, where, S_IFREG | 0644)->data = data;
            name_set_add(&plan->origin->packages, plan->rc->debian->kernel);
            buf_printf(&plan->module_list, "%s\n", where);
        }
        free(path);
    }
    free(where);
    free(name);
    return good;
}

static bool module_add(struct archive_plan *plan, const struct recipe_entry *entry)
{
    char **files;
    size_t count;
    bool good = module_index_read(plan);

    if (!good) {
        return entry_fail(plan, entry, "the kernel's modules could not be had");
    }
    switch (module_files(&plan->modules, entry->source, &files, &count)) {
    case MODULE_FILES:
        for (size_t i = 0; i < count && good; i++) {
            good = module_file_add(plan, entry, files[i]);
        }
        names_free(files, count);
        return good;
    case MODULE_BUILTIN:
        return true;
    case MODULE_ABSENT:
    default:
        break;
    }
    char *near = module_nearest(&plan->modules, entry->source);

    diag_error(plan->rc->diag, entry->file, entry->line, "module",
               "the kernel %s has no module '%s'; %s%s%s", plan->rc->debian->release,
               entry->source, near != NULL ? "did you mean '" : "correct the name",
               near != NULL ? near : "", near != NULL ? "'?" : "");
    free(near);
    return false;
}

static bool derived_add(struct archive_plan *plan, const struct recipe_entry *entry)
{
    for (size_t i = 0; i < plan->rc->derived_count; i++) {
        const struct ramdisk_derived *d = &plan->rc->derived[i];

        if (strcmp(d->name, entry->source) == 0) {
            struct buf data = { 0 };

            buf_put(&data, d->data.data, d->data.len);
            cpio_add(&plan->cpio, entry->path, S_IFREG | entry->mode)->data = data;
            return true;
        }
    }
    return entry_fail(plan, entry, "is no file that the host's description gives; there are: "
                      "operators, operators-ca, attest-network, attest-push, verifiers-ca");
}

/* A program of the Makefile's has beside it a list of packages of which something was linked into it. */
static bool linked_add(struct archive_plan *plan, const struct recipe_entry *entry, const char *path)
{
    char *list = bh_printf("%s.linked", path), *save = NULL;
    struct buf text = { 0 };
    bool good = true;

    if (strncmp(entry->source, "bin/", 4) == 0) {
        good = file_exists(list) ? inputs_read(plan->rc->inputs, list, &text, plan->rc->diag)
                                 : entry_fail(plan, entry, "has no list of what it was linked with beside it, "
                                              "NAME.linked; build it again (make)");
    }
    for (char *line = good && text.len != 0 ? strtok_r(text.data, "\n", &save) : NULL; line != NULL && good;
         line = strtok_r(NULL, "\n", &save)) {
        const char *version = strchr(line, ' '), *arch = version != NULL ? strchr(version + 1, ' ') : NULL;

        if (arch == NULL || strchr(arch + 1, ' ') != NULL) {
            diag_error(plan->rc->diag, list, 0, NULL, "has a line that is not NAME VERSION ARCHITECTURE; build it "
                       "again (make)");
            good = false;
        } else {
            name_set_add(&plan->origin->linked, line);
        }
    }
    buf_free(&text);
    free(list);
    return good;
}

static bool entry_add(struct archive_plan *plan, const struct recipe_entry *entry)
{
    struct buf data = { 0 };
    char *folder, *path;
    bool good;

    switch (entry->kind) {
    case RECIPE_DIR:
        cpio_add(&plan->cpio, entry->path, S_IFDIR | entry->mode);
        return true;
    case RECIPE_FILE:
    case RECIPE_BUILT:
        folder = entry->kind == RECIPE_FILE ? path_folder(entry->file) : bh_strdup(plan->rc->build);
        path = path_join(folder, entry->source);
        free(folder);
        good = source_read(plan, entry, path, &data);
        if (good) {
            cpio_add(&plan->cpio, entry->path, S_IFREG | entry->mode)->data = data;
        }
        if (good && entry->kind == RECIPE_BUILT) {
            plan->origin->built = true;
            good = linked_add(plan, entry, path);
        }
        free(path);
        return good;
    case RECIPE_PACKAGE:
    case RECIPE_PROGRAM:
        return package_add(plan, entry);
    case RECIPE_LINK:
        cpio_add(&plan->cpio, entry->path, S_IFLNK | 0777)->target = bh_strdup(entry->source);
        return true;
    case RECIPE_NODE:
        cpio_add(&plan->cpio, entry->path,
                 (entry->node_type == 'c' ? S_IFCHR : S_IFBLK) | entry->mode)
            ->device = makedev(entry->major, entry->minor);
        return true;
    case RECIPE_HOST:
        return derived_add(plan, entry);
    case RECIPE_MODULE:
    case RECIPE_INCLUDE:
    default:
        return module_add(plan, entry);
    }
}

bool ramdisk_build(const struct ramdisk_context *rc, const struct recipe *recipe, struct buf *out,
                   struct origin *origin)
{
    struct archive_plan plan = { .rc = rc, .recipe = recipe, .origin = origin };
    struct buf plain = { 0 };
    bool good = true;

    for (size_t i = 0; i < recipe->count; i++) {
        good = entry_add(&plan, &recipe->entries[i]) && good;
    }
    if (plan.module_list.len != 0) {
        if (cpio_find(&plan.cpio, "/etc/modules") != NULL) {
            diag_error(rc->diag, recipe->files[0], 0, "/etc/modules", "is in the recipe, but the list "
                       "of modules is derived; remove it");
            good = false;
        }
        cpio_add(&plan.cpio, "/etc/modules", S_IFREG | 0644)->data = plan.module_list;
    }
    if (good && cpio_write(&plan.cpio, recipe->files[0], rc->time, &plain, rc->diag)) {
        pack_gzip((const uint8_t *)plain.data, plain.len, out);
    } else {
        good = false;
    }
    buf_free(&plain);
    cpio_free(&plan.cpio);
    free(plan.modules.folder);
    buf_free(&plan.modules.depends);
    buf_free(&plan.modules.builtin);
    return good;
}
