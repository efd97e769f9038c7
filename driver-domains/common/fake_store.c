/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define NODES_MAX 64

static struct {
    char path[160];
    char value[STORE_PAYLOAD_MAX + 1];
    size_t length;
} nodes[NODES_MAX];
static size_t node_count;

void fake_store_clear(void)
{
    node_count = 0;
}

void fake_store_set(const char *path, const char *value, size_t length)
{
    size_t i = 0;

    while (i < node_count && strcmp(nodes[i].path, path) != 0) {
        i++;
    }
    if (i == NODES_MAX || length > STORE_PAYLOAD_MAX || strlen(path) >= sizeof(nodes[i].path)) {
        abort();
    }
    node_count += i == node_count;
    strcpy(nodes[i].path, path);
    memcpy(nodes[i].value, value, length);
    nodes[i].value[length] = '\0';
    nodes[i].length = length;
}

const char *fake_store_get(const char *path)
{
    for (size_t i = 0; i < node_count; i++) {
        if (strcmp(nodes[i].path, path) == 0) {
            return nodes[i].value;
        }
    }
    return NULL;
}

int store_read(struct store *store, const char *path, char *value, size_t size)
{
    (void)store;
    for (size_t i = 0; i < node_count; i++) {
        if (strcmp(nodes[i].path, path) == 0) {
            if (nodes[i].length >= size) {
                errno = E2BIG;
                return -1;
            }
            memcpy(value, nodes[i].value, nodes[i].length + 1);
            return (int)nodes[i].length;
        }
    }
    errno = ENOENT;
    return -1;
}

int store_write(struct store *store, const char *path, const char *value)
{
    (void)store;
    fake_store_set(path, value, strlen(value));
    return 0;
}
