/* SPDX-License-Identifier: Apache-2.0 */
/* Source: public/io/blkif.h, "Multiple hardware queues/rings" and the nodes of the front end. */
#include "address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <public/io/protocols.h>

#include "disk.h"
#include "options.h"

bool address_number(struct store *store, const struct backend *side, const char *node, unsigned int max, unsigned int *out)
{
    char text[BACKEND_VALUE_MAX];

    return backend_read(store, side, node, text) == 0 && options_number(text, max, out) == 0;
}

static bool read_queue(struct store *store, const struct backend *front, const char *folder, bool many_pages,
                       struct queue_address *q)
{
    char name[64];

    snprintf(name, sizeof(name), "%sevent-channel", folder);
    if (!address_number(store, front, name, UINT32_MAX, &q->port)) {
        return false;
    }
    for (unsigned int i = 0; i < q->pages; i++) {
        if (many_pages) {
            snprintf(name, sizeof(name), "%sring-ref%u", folder, i);
        } else {
            snprintf(name, sizeof(name), "%sring-ref", folder);
        }
        if (!address_number(store, front, name, UINT32_MAX, &q->refs[i])) {
            return false;
        }
    }
    return true;
}

int address_read(struct store *store, const struct backend *front, unsigned int domid, struct queue_address *out,
                 unsigned int max)
{
    struct queue_address q = { .domid = domid, .pages = 1 };
    char text[BACKEND_VALUE_MAX], folder[24] = "";
    unsigned int order = 0, count = 1, persistent = 0;
    bool many_pages = address_number(store, front, "ring-page-order", DISK_RING_ORDER_MAX, &order);
    bool many = address_number(store, front, "multi-queue-num-queues", max, &count);

    if (count == 0 || (backend_read(store, front, "protocol", text) == 0 && strcmp(text, XEN_IO_PROTO_ABI_X86_64) != 0)) {
        errno = EINVAL;
        return -1;
    }
    q.pages = 1u << order;
    q.persistent = address_number(store, front, "feature-persistent", 1, &persistent) && persistent == 1;
    for (unsigned int i = 0; i < count; i++) {
        if (many && count > 1) {
            snprintf(folder, sizeof(folder), "queue-%u/", i);
        }
        out[i] = q;
        if (!read_queue(store, front, folder, many_pages, &out[i])) {
            errno = EINVAL;
            return -1;
        }
    }
    return (int)count;
}
