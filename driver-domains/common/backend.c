/* SPDX-License-Identifier: Apache-2.0 */
/* XenStore access shared by the kinds of backend. */
#include "backend.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int node_path(char *path, size_t size, const struct backend *backend, const char *node)
{
    int n = snprintf(path, size, "%s/%s", backend->path, node);

    return n > 0 && (size_t)n < size ? 0 : -1;
}

int backend_read(struct store *store, const struct backend *backend, const char *node,
                 char value[BACKEND_VALUE_MAX])
{
    char path[BACKEND_PATH_MAX + 32];

    if (node_path(path, sizeof(path), backend, node) < 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int length = store_read(store, path, value, BACKEND_VALUE_MAX);

    for (int i = 0; i < length; i++) {
        if (value[i] < ' ' || value[i] > '~') {
            errno = EINVAL;
            return -1;
        }
    }
    return length < 0 ? -1 : 0;
}

int backend_write(struct store *store, const struct backend *backend, const char *node,
                  const char *value)
{
    char path[BACKEND_PATH_MAX + 32];

    if (node_path(path, sizeof(path), backend, node) < 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return store_write(store, path, value);
}

enum hotplug_result backend_fail(struct store *store, const struct backend *backend,
                                 const char *key, const char *format, ...)
{
    char what[BACKEND_VALUE_MAX];
    char text[BACKEND_VALUE_MAX + 64];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    snprintf(text, sizeof(text), "%.40s: %s", key, what);
    fprintf(stderr, "backendd: %s: %s\n", backend->path, text);
    (void)backend_write(store, backend, "hotplug-error", text);
    (void)backend_write(store, backend, "hotplug-status", "error");
    return HOTPLUG_ERROR;
}
