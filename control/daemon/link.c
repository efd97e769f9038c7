/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/io/xenbus.h>

#include "patience.h"

#define POLL_MS 50

void link_init(struct link *l, struct store *store, const char *class, uint32_t guest, uint32_t server, uint32_t device)
{
    *l = (struct link){ .store = store, .guest = guest, .server = server, .device = device };
    snprintf(l->front, sizeof(l->front), "/local/domain/%u/device/%s/%u", guest, class, device);
    snprintf(l->back, sizeof(l->back), "/local/domain/%u/backend/%s/%u/%u", server, class, guest, device);
}

void link_node(struct link *l, enum link_owner owner, const char *name, const char *value)
{
    char path[LINK_PATH_MAX + 32], permissions[48];

    if (l->failed != 0) {
        return;
    }
    snprintf(path, sizeof(path), "%s%s%.30s", owner == LINK_BACK ? l->back : l->front, *name != '\0' ? "/" : "", name);
    switch (owner) {
    case LINK_FRONT:
        snprintf(permissions, sizeof(permissions), "n%u,r%u", l->guest, l->server);
        break;
    case LINK_FIXED:
        snprintf(permissions, sizeof(permissions), "n0,r%u,r%u", l->guest, l->server);
        break;
    case LINK_BACK:
    default:
        snprintf(permissions, sizeof(permissions), "n%u,r%u", l->server, l->guest);
        break;
    }
    if (store_write(l->store, path, value) < 0 || store_permit(l->store, path, permissions) < 0) {
        l->failed = errno;
    }
}

void link_number(struct link *l, enum link_owner owner, const char *name, uint32_t value)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", value);
    link_node(l, owner, name, text);
}

int link_exists(struct link *l)
{
    char names[STORE_PAYLOAD_MAX + 2];

    return store_list(l->store, l->front, names, sizeof(names)) == 0 ? 1 : errno == ENOENT ? 0 : -errno;
}

static unsigned int state_read(struct link *l, const char *folder)
{
    char path[LINK_PATH_MAX + 8], text[16];
    int length = -1;

    snprintf(path, sizeof(path), "%s/state", folder);
    if (l->failed == 0) {
        length = store_read(l->store, path, text, sizeof(text));
        l->failed = length < 0 && errno != ENOENT && errno != E2BIG ? errno : 0;
    }
    return length == 1 && text[0] >= '0' && text[0] <= '8' ? (unsigned int)(text[0] - '0') : XenbusStateUnknown;
}

void link_states(struct link *l, unsigned int *front, unsigned int *back)
{
    *front = state_read(l, l->front);
    *back = state_read(l, l->back);
}

int link_await(struct link *l, unsigned int state, unsigned int ms)
{
    struct patience patience = patience_for(ms);

    do {
        unsigned int front, back;

        link_states(l, &front, &back);
        if (front == state && back == state) {
            return 0;
        }
    } while (l->failed == 0 && patience_pause(&patience, POLL_MS));
    return -ETIMEDOUT;
}

void link_remove(struct link *l)
{
    if (l->failed != ETIMEDOUT) {
        (void)store_remove(l->store, l->front);
        (void)store_remove(l->store, l->back);
    }
}
