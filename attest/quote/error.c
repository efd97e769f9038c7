/* SPDX-License-Identifier: Apache-2.0 */
/* The few helpers that everything in attest/ needs: errors in one line, hex, whole files. */
#include <attest/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *text_clean(char *text)
{
    for (char *p = text; p != NULL && *p != '\0'; p++) {
        if (*p < 0x20 || *p > 0x7e) {
            *p = '?';
        }
    }
    return text;
}

int attest_fail(struct attest_error *err, int code, const char *fmt, ...)
{
    va_list ap;

    if (err != NULL) {
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
        text_clean(err->text);
    }
    return code;
}

void hex_encode(char *out, const uint8_t *bytes, size_t n)
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digit[bytes[i] >> 4];
        *out++ = digit[bytes[i] & 15];
    }
    *out = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int hex_decode(uint8_t *out, size_t n, const char *hex)
{
    if (strlen(hex) != 2 * n) {
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        int hi = hex_value(hex[2 * i]), lo = hex_value(hex[2 * i + 1]);

        if (hi < 0 || lo < 0) {
            return -EINVAL;
        }
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return 0;
}

int file_read(const char *path, size_t max, uint8_t **out, size_t *size, struct attest_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    uint8_t *buf = NULL;
    size_t used = 0, room = 0;
    int rc;

    if (fd < 0) {
        return attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size <= max) {
        room = (size_t)st.st_size;
    }
    for (;;) {
        ssize_t n;

        if (buf == NULL || used == room) {
            size_t more = buf == NULL ? room + 1 : 2 * room;
            uint8_t *p = realloc(buf, more);

            if (p == NULL) {
                rc = attest_fail(err, -ENOMEM, "%s: no memory", path);
                break;
            }
            buf = p;
            room = more;
        }
        n = read(fd, buf + used, room - used);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            rc = attest_fail(err, -errno, "%s: %s", path, strerror(errno));
            break;
        }
        used += (size_t)n;
        if (used > max) {
            rc = attest_fail(err, -EFBIG, "%s: larger than %zu bytes", path, max);
            break;
        }
        if (n == 0) {
            rc = 0;
            break;
        }
    }
    close(fd);
    if (rc != 0) {
        free(buf);
        return rc;
    }
    *out = buf;
    *size = used;
    return 0;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n > 0) {
            data += n;
            size -= (size_t)n;
        }
    }
    return fsync(fd) == 0 ? 0 : -errno;
}

/* A rename lasts once its folder is on disk. */
static void sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
    int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd); /* not every file system can */
        close(fd);
    }
    free(folder);
}

int file_write(const char *path, const void *data, size_t size, struct attest_error *err)
{
    char *temporary;
    int fd, rc;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    fd = mkostemp(temporary, O_CLOEXEC);
    rc = fd < 0 ? -errno : write_all(fd, data, size);
    if (fd >= 0) {
        if (rc == 0 && fchmod(fd, 0644) != 0) {
            rc = -errno;
        }
        if (close(fd) != 0 && rc == 0) {
            rc = -errno;
        }
        if (rc == 0 && rename(temporary, path) != 0) {
            rc = -errno;
        }
        if (rc != 0) {
            unlink(temporary);
        } else {
            sync_folder(path);
        }
    }
    free(temporary);
    return rc == 0 ? 0 : attest_fail(err, rc, "%s: %s", path, strerror(-rc));
}
