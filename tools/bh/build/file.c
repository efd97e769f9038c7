/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_exists(const char *path)
{
    return access(path, R_OK) == 0;
}

bool file_load(const char *path, struct buf *out, struct diag *diag)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = false;

    if (fd < 0 || fstat(fd, &st) != 0) {
        diag_error(diag, path, 0, NULL, "cannot be read: %s", strerror(errno));
        goto out;
    }
    if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > FILE_SIZE_MAX) {
        diag_error(diag, path, 0, NULL, "is not a regular file of at most 2 GiB");
        goto out;
    }
    size_t start = out->len;

    buf_zero(out, (size_t)st.st_size);
    for (size_t at = start; at < out->len;) {
        ssize_t got = read(fd, out->data + at, out->len - at);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            diag_error(diag, path, 0, NULL, "cannot be read: %s",
                       got == 0 ? "it became shorter" : strerror(errno));
            goto out;
        }
        at += (size_t)got;
    }
    good = true;
out:
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

bool file_save(const char *path, const void *data, size_t len, struct diag *diag)
{
    char *temporary = bh_printf("%s.tmp", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool good = fd >= 0;

    for (size_t at = 0; good && at < len;) {
        ssize_t put = write(fd, (const char *)data + at, len - at);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        good = put > 0;
        at += good ? (size_t)put : 0;
    }
    if (fd >= 0 && close(fd) != 0) {
        good = false;
    }
    if (!good || rename(temporary, path) != 0) {
        diag_error(diag, path, 0, NULL, "cannot be written: %s", strerror(errno));
        unlink(temporary);
        good = false;
    }
    free(temporary);
    return good;
}

bool dir_make(const char *path, struct diag *diag)
{
    char *partial = bh_strdup(path);
    bool good = true;

    for (char *c = partial + 1; good && *partial != '\0'; c++) {
        if (*c == '/' || *c == '\0') {
            char kept = *c;

            *c = '\0';
            if (mkdir(partial, 0755) != 0 && errno != EEXIST) {
                diag_error(diag, partial, 0, NULL, "cannot be created: %s", strerror(errno));
                good = false;
            }
            *c = kept;
            if (kept == '\0') {
                break;
            }
        }
    }
    free(partial);
    return good;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

bool dir_remove(const char *path, struct diag *diag)
{
    struct stat st;

    if (lstat(path, &st) != 0 && errno == ENOENT) {
        return true;
    }
    if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0) {
        diag_error(diag, path, 0, NULL, "cannot be removed: %s", strerror(errno));
        return false;
    }
    return true;
}

void sha256_hex(const void *data, size_t len, char out[65])
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    SHA256(data, len, digest);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t dir_names(const char *path, const char *suffix, char ***names)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    size_t count = 0;

    *names = NULL;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        size_t cut = strlen(suffix);

        if (entry->d_name[0] != '.' && len > cut
            && strcmp(entry->d_name + len - cut, suffix) == 0) {
            *names = bh_grow(*names, count + 1, sizeof(**names));
            (*names)[count++] = bh_strndup(entry->d_name, len - cut);
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (count != 0) {
        qsort(*names, count, sizeof(**names), by_name);
    }
    return count;
}

void names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(names[i]);
    }
    free(names);
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return bh_strdup(".");
    }
    return slash == path ? bh_strdup("/") : bh_strndup(path, (size_t)(slash - path));
}

char *path_join(const char *folder, const char *path)
{
    size_t length = strlen(folder);

    if (path[0] == '/' || strcmp(folder, ".") == 0) {
        return bh_strdup(path);
    }
    /* folder/../x is x beside the folder: one file, one name. */
    while (strncmp(path, "../", 3) == 0 && length != 0) {
        size_t begin = length;

        while (begin != 0 && folder[begin - 1] != '/') {
            begin--;
        }
        if (begin == length || folder[begin] == '.') {
            break;
        }
        length = begin > 1 ? begin - 1 : begin;
        path += 3;
    }
    return length == 0 ? bh_strdup(path)
                       : bh_printf("%.*s%s%s", (int)length, folder,
                                   folder[length - 1] == '/' ? "" : "/", path);
}
