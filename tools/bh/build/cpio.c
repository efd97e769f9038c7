/* SPDX-License-Identifier: Apache-2.0 */
#include "cpio.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

struct cpio_item *cpio_find(const struct cpio *cpio, const char *path)
{
    for (size_t i = 0; i < cpio->count; i++) {
        if (strcmp(cpio->items[i].path, path) == 0) {
            return &cpio->items[i];
        }
    }
    return NULL;
}

struct cpio_item *cpio_add(struct cpio *cpio, const char *path, mode_t mode)
{
    cpio->items = bh_grow(cpio->items, cpio->count + 1, sizeof(cpio->items[0]));
    struct cpio_item *item = &cpio->items[cpio->count++];

    *item = (struct cpio_item){ .path = bh_strdup(path), .mode = mode };
    return item;
}

static void parents_add(struct cpio *cpio)
{
    for (size_t i = 0; i < cpio->count; i++) {
        char *folder = path_folder(cpio->items[i].path);

        if (strcmp(folder, "/") != 0 && cpio_find(cpio, folder) == NULL) {
            cpio_add(cpio, folder, S_IFDIR | 0755); /* its own parent is found later in the loop */
        }
        free(folder);
    }
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct cpio_item *)a)->path, ((const struct cpio_item *)b)->path);
}

static la_ssize_t archive_collect(struct archive *a, void *data, const void *bytes, size_t len)
{
    (void)a;
    buf_put(data, bytes, len);
    return (la_ssize_t)len;
}

static bool archive_write(const struct cpio *cpio, const char *name, time_t time, struct buf *out,
                          struct diag *diag)
{
    struct archive *a = archive_write_new();
    bool good = a != NULL && archive_write_set_format_cpio_newc(a) == ARCHIVE_OK
                && archive_write_open(a, out, NULL, archive_collect, NULL) == ARCHIVE_OK;

    for (size_t i = 0; i < cpio->count && good; i++) {
        const struct cpio_item *item = &cpio->items[i];
        struct archive_entry *e = archive_entry_new();

        archive_entry_set_pathname(e, item->path + 1); /* relative to the root */
        archive_entry_set_mode(e, item->mode);
        archive_entry_set_uid(e, 0);
        archive_entry_set_gid(e, 0);
        archive_entry_set_ino(e, (la_int64_t)i + 1);
        archive_entry_set_nlink(e, S_ISDIR(item->mode) ? 2 : 1);
        archive_entry_set_mtime(e, time, 0);
        archive_entry_set_size(e, (la_int64_t)item->data.len);
        if (item->target != NULL) {
            archive_entry_set_symlink(e, item->target);
        }
        if (S_ISCHR(item->mode) || S_ISBLK(item->mode)) {
            archive_entry_set_rdev(e, item->device);
        }
        good = archive_write_header(a, e) == ARCHIVE_OK
               && (item->data.len == 0
                   || archive_write_data(a, item->data.data, item->data.len)
                          == (la_ssize_t)item->data.len);
        archive_entry_free(e);
    }
    good = archive_write_close(a) == ARCHIVE_OK && good;
    if (!good) {
        diag_error(diag, name, 0, NULL, "the archive cannot be written: %s",
                   archive_error_string(a) != NULL ? archive_error_string(a) : "no reason given");
    }
    archive_write_free(a);
    return good;
}

bool cpio_write(struct cpio *cpio, const char *name, time_t time, struct buf *out,
                struct diag *diag)
{
    parents_add(cpio);
    if (cpio->count != 0) {
        qsort(cpio->items, cpio->count, sizeof(cpio->items[0]), by_path);
    }
    return archive_write(cpio, name, time, out, diag);
}

void cpio_free(struct cpio *cpio)
{
    for (size_t i = 0; i < cpio->count; i++) {
        free(cpio->items[i].path);
        free(cpio->items[i].target);
        buf_free(&cpio->items[i].data);
    }
    free(cpio->items);
    *cpio = (struct cpio){ 0 };
}
