/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_device.h"

#include <stdio.h>
#include <string.h>

#include "fake_store.h"

#define NODE_PATH_MAX (BACKEND_PATH_MAX + 32)

void fake_device_set(const struct backend *b, const char *name, const char *value)
{
    char path[NODE_PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", b->path, name);
    fake_store_set(path, value, strlen(value));
}

const char *fake_device_node(const struct backend *b, const char *name)
{
    char path[NODE_PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", b->path, name);
    return fake_store_get(path);
}

struct backend fake_device(unsigned int domid, const char *params, const char *mode)
{
    struct backend b = { .domid = domid, .device = 51712 };

    snprintf(b.path, sizeof(b.path), "backend/vbd/%u/51712", domid);
    fake_device_set(&b, "params", params);
    fake_device_set(&b, "mode", mode);
    return b;
}

struct backend fake_device_in(unsigned int domid, const char *params, const char *mode, const char *format)
{
    struct backend b = fake_device(domid, params, mode);

    fake_device_set(&b, "format", format);
    return b;
}
