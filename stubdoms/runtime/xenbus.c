/* SPDX-License-Identifier: Apache-2.0 */
#include <runtime/xenbus.h>

#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/ring.h>
#include <runtime/time.h>
#include <stdlib.h>
#include <string.h>

#include <public/hvm/params.h>

#define REPLY_NS (10 * NS_PER_S)
#define EVENTS_MAX 64u               /* kept while nobody asks; more are dropped */

struct event {
    struct event *next;
    char *path, *token;
};

static struct xenstore_domain_interface *ring;
static evtchn_port_t port;
static uint32_t req_prod, rsp_cons, next_id;
static struct event *events, **events_tail = &events;
static unsigned int event_count;

static void on_event(evtchn_port_t p, void *arg)
{
    (void)p;
    (void)arg;
}

int xenbus_connect(void)
{
    uint64_t gfn = 0, value = 0;
    int rc;

    if (hvm_param_get(HVM_PARAM_STORE_PFN, &gfn) != 0 || gfn == 0 ||
        hvm_param_get(HVM_PARAM_STORE_EVTCHN, &value) != 0 || value == 0) {
        return -XEN_ENOENT;
    }
    rc = mm_map(gfn, 1, MM_WRITE);
    if (rc != 0) {
        return rc;
    }
    ring = (struct xenstore_domain_interface *)(gfn << PAGE_SHIFT);
    port = (evtchn_port_t)value;
    req_prod = READ_ONCE(ring->req_prod);
    rsp_cons = READ_ONCE(ring->rsp_prod);
    WRITE_ONCE(ring->rsp_cons, rsp_cons);
    evtchn_set_handler(port, on_event, NULL);
    return 0;
}

struct xenstore_domain_interface *xenbus_ring(void)
{
    return ring;
}

uint32_t xenbus_port(void)
{
    return port;
}

/* Write all of it, waiting for room as needed. */
static int put(const void *bytes, size_t length, uint64_t deadline)
{
    const char *from = bytes;

    while (length != 0) {
        uint32_t space, count, at, first;

        if (!ring_space(req_prod, READ_ONCE(ring->req_cons), XENSTORE_RING_SIZE, &space)) {
            return -XEN_EIO;
        }
        if (space == 0) {
            if (time_now_ns() >= deadline) {
                return -XEN_ETIMEDOUT;
            }
            (void)evtchn_send(port);
            (void)event_wait(deadline);
            continue;
        }
        smp_mb();
        count = length < space ? (uint32_t)length : space;
        at = MASK_XENSTORE_IDX(req_prod);
        first = count < XENSTORE_RING_SIZE - at ? count : XENSTORE_RING_SIZE - at;
        memcpy(ring->req + at, from, first);
        memcpy(ring->req, from + first, count - first);
        smp_wmb();
        req_prod += count;
        WRITE_ONCE(ring->req_prod, req_prod);
        from += count;
        length -= count;
    }
    (void)evtchn_send(port);
    return 0;
}

/* Read exactly @length bytes, the first @size of them into @bytes. */
static int get(void *bytes, size_t size, size_t length, uint64_t deadline)
{
    char *to = bytes;
    size_t at = 0;

    while (at < length) {
        uint32_t there, count = 0;

        if (!ring_available(READ_ONCE(ring->rsp_prod), rsp_cons, XENSTORE_RING_SIZE, &there)) {
            return -XEN_EIO;
        }
        if (there == 0) {
            if (time_now_ns() >= deadline) {
                return -XEN_ETIMEDOUT;
            }
            (void)event_wait(deadline);
            continue;
        }
        smp_rmb();
        while (count < there && at < length) {
            if (at < size) {
                to[at] = ring->rsp[MASK_XENSTORE_IDX(rsp_cons + count)];
            }
            at++;
            count++;
        }
        smp_mb();
        rsp_cons += count;
        WRITE_ONCE(ring->rsp_cons, rsp_cons);
        (void)evtchn_send(port);
    }
    return 0;
}

static void free_event(struct event *e)
{
    if (e != NULL) {
        free(e->path);
        free(e->token);
        free(e);
    }
}

static int take_event(size_t length, uint64_t deadline)
{
    static char text[XENSTORE_PAYLOAD_MAX + 2];
    struct event *e;
    size_t path_len;
    int rc = get(text, XENSTORE_PAYLOAD_MAX, length, deadline);

    if (rc != 0) {
        return rc;
    }
    text[length] = '\0';
    text[length + 1] = '\0';
    path_len = strlen(text);
    if (event_count == EVENTS_MAX) {
        return 0;
    }
    e = calloc(1, sizeof(*e));
    if (e != NULL) {
        e->path = strdup(text);
        e->token = strdup(path_len < length ? text + path_len + 1 : "");
    }
    if (e == NULL || e->path == NULL || e->token == NULL) {
        free_event(e);
        return -XEN_ENOMEM;
    }
    *events_tail = e;
    events_tail = &e->next;
    event_count++;
    return 0;
}

static int error_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } names[] = {
        { "EINVAL", XEN_EINVAL }, { "EACCES", XEN_EACCES }, { "EEXIST", XEN_EEXIST },
        { "ENOENT", XEN_ENOENT }, { "ENOMEM", XEN_ENOMEM }, { "ENOSPC", XEN_ENOSPC },
        { "EIO", XEN_EIO }, { "ENOSYS", XEN_ENOSYS }, { "EBUSY", XEN_EBUSY },
        { "EAGAIN", XEN_EAGAIN }, { "E2BIG", XEN_E2BIG }, { "EPERM", XEN_EPERM },
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].number;
        }
    }
    return XEN_EINVAL;
}

int xenbus_request(uint32_t type, uint32_t tx, const void *payload, size_t length, void *reply,
                   size_t size, size_t *got)
{
    uint64_t deadline = time_now_ns() + REPLY_NS;
    struct xsd_sockmsg h = { .type = type, .req_id = ++next_id, .tx_id = tx,
                             .len = (uint32_t)length };
    char error[32] = "";
    int rc;

    if (ring == NULL) {
        return -XEN_ENOENT;
    }
    rc = put(&h, sizeof(h), deadline);
    rc = rc != 0 ? rc : put(payload, length, deadline);
    while (rc == 0) {
        rc = get(&h, sizeof(h), sizeof(h), deadline);
        if (rc != 0 || h.len > XENSTORE_PAYLOAD_MAX) {
            return rc != 0 ? rc : -XEN_EIO;
        }
        if (h.type == XS_WATCH_EVENT) {
            rc = take_event(h.len, deadline);
            continue;
        }
        if (h.type == XS_ERROR) {
            rc = get(error, sizeof(error) - 1, h.len, deadline);
            return rc != 0 ? rc : -error_number(error);
        }
        if (got != NULL) {
            *got = h.len;
        }
        return get(reply, reply != NULL ? size : 0, h.len, deadline);
    }
    return rc;
}

/* A request with two strings, the second without its NUL when @bare. */
static int request2(uint32_t type, uint32_t tx, const char *first, const char *second, bool bare)
{
    static char text[XENSTORE_PAYLOAD_MAX];
    size_t a = strlen(first) + 1, b = second != NULL ? strlen(second) + (bare ? 0 : 1) : 0;

    if (a + b > sizeof(text)) {
        return -XEN_E2BIG;
    }
    memcpy(text, first, a);
    if (second != NULL) {
        memcpy(text + a, second, b);
    }
    return xenbus_request(type, tx, text, a + b, NULL, 0, NULL);
}

int xenbus_read(uint32_t tx, const char *path, char *value, size_t size)
{
    size_t got = 0;
    int rc = xenbus_request(XS_READ, tx, path, strlen(path) + 1, value, size - 1, &got);

    value[rc != 0 ? 0 : got < size - 1 ? got : size - 1] = '\0';
    return rc;
}

int xenbus_write(uint32_t tx, const char *path, const char *value)
{
    return request2(XS_WRITE, tx, path, value, true);
}

int xenbus_mkdir(uint32_t tx, const char *path)
{
    return request2(XS_MKDIR, tx, path, NULL, false);
}

int xenbus_rm(uint32_t tx, const char *path)
{
    return request2(XS_RM, tx, path, NULL, false);
}

int xenbus_transaction_start(uint32_t *tx)
{
    char text[16] = "";
    int rc = xenbus_request(XS_TRANSACTION_START, 0, "", 1, text, sizeof(text) - 1, NULL);

    *tx = (uint32_t)strtoul(text, NULL, 10);
    return rc;
}

int xenbus_transaction_end(uint32_t tx, bool commit)
{
    return xenbus_request(XS_TRANSACTION_END, tx, commit ? "T" : "F", 2, NULL, 0, NULL);
}

int xenbus_watch(const char *path, const char *token)
{
    return request2(XS_WATCH, 0, path, token, false);
}

int xenbus_unwatch(const char *path, const char *token)
{
    return request2(XS_UNWATCH, 0, path, token, false);
}

static void copy_cut(char *to, size_t size, const char *from)
{
    size_t n = strnlen(from, size - 1);

    memcpy(to, from, n);
    to[n] = '\0';
}

bool xenbus_event(char *path, size_t path_size, char *token, size_t token_size,
                  uint64_t deadline_ns)
{
    struct xsd_sockmsg h;
    struct event *e;

    while (events == NULL) {
        if (ring == NULL || get(&h, sizeof(h), sizeof(h), deadline_ns) != 0 ||
            h.len > XENSTORE_PAYLOAD_MAX) {
            return false;
        }
        /* Without a request under way there is nothing else that may come. */
        if (h.type != XS_WATCH_EVENT || take_event(h.len, deadline_ns) != 0) {
            return false;
        }
    }
    e = events;
    events = e->next;
    if (events == NULL) {
        events_tail = &events;
    }
    event_count--;
    copy_cut(path, path_size, e->path);
    copy_cut(token, token_size, e->token);
    free_event(e);
    return true;
}
