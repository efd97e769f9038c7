/* SPDX-License-Identifier: Apache-2.0 */
/* XenStore access shared by the kinds of backend. */
#include "backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int node_path(char *path, size_t size, const struct backend *backend, const char *node)
{
    int n = snprintf(path, size, "%s/%s", backend->path, node);

    return n > 0 && (size_t)n < size ? 0 : -1;
}

int backend_read(struct xs_handle *xs, const struct backend *backend, const char *node,
                 char value[BACKEND_VALUE_MAX])
{
    char path[BACKEND_PATH_MAX + 32];
    unsigned int length = 0;

    if (node_path(path, sizeof(path), backend, node) < 0) {
        return -1;
    }
    char *data = xs_read(xs, XBT_NULL, path, &length);

    if (data == NULL) {
        return -1;
    }
    int good = length < BACKEND_VALUE_MAX;

    for (unsigned int i = 0; good && i < length; i++) {
        good = data[i] >= ' ' && data[i] <= '~';
    }
    if (good) {
        memcpy(value, data, length);
        value[length] = '\0';
    }
    free(data);
    return good ? 0 : -1;
}

int backend_write(struct xs_handle *xs, const struct backend *backend, const char *node,
                  const char *value)
{
    char path[BACKEND_PATH_MAX + 32];

    if (node_path(path, sizeof(path), backend, node) < 0) {
        return -1;
    }
    return xs_write(xs, XBT_NULL, path, value, (unsigned int)strlen(value)) ? 0 : -1;
}

enum hotplug_result backend_fail(struct xs_handle *xs, const struct backend *backend,
                                 const char *what, int error)
{
    char text[BACKEND_VALUE_MAX];

    snprintf(text, sizeof(text), "%.150s: %.80s", what, strerror(error));
    fprintf(stderr, "backendd: %s: %s\n", backend->path, text);
    (void)backend_write(xs, backend, "hotplug-error", text);
    (void)backend_write(xs, backend, "hotplug-status", "error");
    return HOTPLUG_ERROR;
}
