/* SPDX-License-Identifier: Apache-2.0 */
/* XenStore's wire protocol: a header of four words, then a payload of at most 4096 bytes. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <public/io/xs_wire.h> /* after errno.h, so that it defines its error names */

_Static_assert(STORE_PAYLOAD_MAX == XENSTORE_PAYLOAD_MAX, "public/io/xs_wire.h");

#define DEVICE "/dev/xen/xenbus"

int store_open(struct store *store)
{
    memset(store, 0, sizeof(*store));
    while ((store->fd = open(DEVICE, O_RDWR | O_CLOEXEC)) < 0) {
        if (errno != ENOENT && errno != ENXIO && errno != ENODEV) {
            return -1;
        }
        usleep(100000);
    }
    return 0;
}

void store_close(struct store *store)
{
    if (store->fd >= 0) {
        close(store->fd);
    }
    store->fd = -1;
}

static int read_all(const struct store *store, void *buffer, size_t size)
{
    struct pollfd pfd = { .fd = store->fd, .events = POLLIN };
    uint8_t *at = buffer;

    while (size > 0) {
        if (store->patience_ms != 0 && poll(&pfd, 1, store->patience_ms) == 0) {
            errno = ETIMEDOUT;
            return -1;
        }
        ssize_t n = read(store->fd, at, size);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EPROTO : errno;
            return -1;
        }
        at += n;
        size -= (size_t)n;
    }
    return 0;
}

/* Read one message into store->payload, NUL-terminated. */
static int message_read(struct store *store, struct xsd_sockmsg *head)
{
    if (read_all(store, head, sizeof(*head)) < 0) {
        return -1;
    }
    if (head->len > XENSTORE_PAYLOAD_MAX) {
        errno = EPROTO;
        return -1;
    }
    if (read_all(store, store->payload, head->len) < 0) {
        return -1;
    }
    store->payload[head->len] = '\0';
    if (head->type == XS_WATCH_EVENT) {
        store->changed = 1;
    }
    return 0;
}

static int error_number(const char *name)
{
    for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++) {
        if (strcmp(xsd_errors[i].errstring, name) == 0) {
            return xsd_errors[i].errnum;
        }
    }
    return EPROTO;
}

/* Send a request of up to two parts. @return length of the answer's payload; -1 with errno */
static int ask(struct store *store, uint32_t type, const char *first, size_t first_size,
               const char *second, size_t second_size)
{
    struct xsd_sockmsg head = { .type = type, .req_id = ++store->request, .tx_id = 0 };
    char request[sizeof(head) + XENSTORE_PAYLOAD_MAX];
    size_t size = sizeof(head) + first_size + second_size;

    if (size > sizeof(request)) {
        errno = E2BIG;
        return -1;
    }
    head.len = (uint32_t)(first_size + second_size);
    memcpy(request, &head, sizeof(head));
    memcpy(request + sizeof(head), first, first_size);
    memcpy(request + sizeof(head) + first_size, second, second_size);
    if (write(store->fd, request, size) != (ssize_t)size) {
        return -1;
    }
    do {
        if (message_read(store, &head) < 0) {
            return -1;
        }
    } while (head.type == XS_WATCH_EVENT);
    if (head.req_id != store->request || (head.type != type && head.type != XS_ERROR)) {
        errno = EPROTO;
        return -1;
    }
    if (head.type == XS_ERROR) {
        errno = error_number(store->payload);
        return -1;
    }
    return (int)head.len;
}

int store_read(struct store *store, const char *path, char *value, size_t size)
{
    int length = ask(store, XS_READ, path, strlen(path) + 1, "", 0);

    if (length >= 0 && (size_t)length >= size) {
        errno = E2BIG;
        return -1;
    }
    if (length >= 0) {
        memcpy(value, store->payload, (size_t)length + 1);
    }
    return length;
}

int store_write(struct store *store, const char *path, const char *value)
{
    return ask(store, XS_WRITE, path, strlen(path) + 1, value, strlen(value)) < 0 ? -1 : 0;
}

int store_remove(struct store *store, const char *path)
{
    return ask(store, XS_RM, path, strlen(path) + 1, "", 0) < 0 ? -1 : 0;
}

int store_permit(struct store *store, const char *path, const char *permissions)
{
    char list[128];
    size_t size = strlen(permissions) + 1;

    if (size > sizeof(list)) {
        errno = E2BIG;
        return -1;
    }
    memcpy(list, permissions, size);
    for (char *c = list; *c != '\0'; c++) {
        *c = *c == ',' ? '\0' : *c;
    }
    return ask(store, XS_SET_PERMS, path, strlen(path) + 1, list, size) < 0 ? -1 : 0;
}

int store_list(struct store *store, const char *path, char *names, size_t size)
{
    int length = ask(store, XS_DIRECTORY, path, strlen(path) + 1, "", 0);

    if (length < 0) {
        return -1;
    }
    if ((size_t)length + 2 > size) {
        errno = E2BIG;
        return -1;
    }
    memcpy(names, store->payload, (size_t)length);
    names[length] = '\0';
    names[length + 1] = '\0';
    return 0;
}

int store_watch(struct store *store, const char *path)
{
    return ask(store, XS_WATCH, path, strlen(path) + 1, "w", 2) < 0 ? -1 : 0;
}

int store_changed(struct store *store, int timeout)
{
    struct pollfd pfd = { .fd = store->fd, .events = POLLIN };
    struct xsd_sockmsg head;

    while (!store->changed) {
        int n = poll(&pfd, 1, timeout);

        if (n == 0) {
            return 0;
        }
        if ((n < 0 && errno != EINTR) || (n > 0 && message_read(store, &head) < 0)) {
            return -1;
        }
    }
    store->changed = 0;
    return 1;
}
