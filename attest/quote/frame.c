/* SPDX-License-Identifier: Apache-2.0 */
/* Frames over a byte stream, and streams over file descriptors. */
#include <attest/frame.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 5000

static const struct frame_form evidence_form = {{'B', 'H', 'A', '1'}, FRAME_MAX};

static const struct frame_form *form_of(const struct stream *s)
{
    return s->form != NULL ? s->form : &evidence_form;
}

int frame_send(struct stream *s, const uint8_t *data, size_t size)
{
    uint8_t head[8];
    int rc;

    if (size > form_of(s)->max) {
        return -EMSGSIZE;
    }
    memcpy(head, form_of(s)->magic, 4);
    head[4] = (uint8_t)(size >> 24);
    head[5] = (uint8_t)(size >> 16);
    head[6] = (uint8_t)(size >> 8);
    head[7] = (uint8_t)size;
    rc = s->write(s->context, head, sizeof(head));
    return rc != 0 ? rc : s->write(s->context, data, size);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int read_all(struct stream *s, uint8_t *buf, size_t n)
{
    while (n > 0) {
        int got = s->read(s->context, buf, n, PAUSE_MS);

        if (got <= 0) {
            return got == 0 ? -ETIMEDOUT : got;
        }
        buf += got;
        n -= (size_t)got;
    }
    return 0;
}

/* Read until the magic has passed. */
static int find_magic(struct stream *s, int timeout_ms)
{
    const uint8_t *magic = form_of(s)->magic;
    int64_t end = now_ms() + timeout_ms;
    size_t seen = 0;

    while (seen < 4) {
        int64_t left = end - now_ms();
        uint8_t byte;
        int got;

        if (timeout_ms >= 0 && left < 0) {
            return -ETIMEDOUT;
        }
        got = s->read(s->context, &byte, 1, timeout_ms < 0 ? -1 : (int)left);
        if (got <= 0) {
            return got == 0 ? -ETIMEDOUT : got;
        }
        if (byte == magic[seen]) {
            seen++;
        } else {
            seen = byte == magic[0] ? 1 : 0; /* no other byte of the magic repeats its first */
        }
    }
    return 0;
}

int frame_receive(struct stream *s, uint8_t **out, size_t *size, int timeout_ms)
{
    uint8_t head[4], *buf;
    uint32_t len;
    int rc = find_magic(s, timeout_ms);

    if (rc == 0) {
        rc = read_all(s, head, sizeof(head));
    }
    if (rc != 0) {
        return rc;
    }
    len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
    if (len > form_of(s)->max) {
        return -EMSGSIZE;
    }
    buf = malloc((size_t)len + 1);
    if (buf == NULL) {
        return -ENOMEM;
    }
    rc = read_all(s, buf, len);
    if (rc != 0) {
        free(buf);
        return rc;
    }
    buf[len] = 0;
    *out = buf;
    *size = len;
    return 0;
}

static int fd_read(void *context, uint8_t *buf, size_t n, int timeout_ms)
{
    struct fd_pair *fds = context;
    struct pollfd p = {.fd = fds->in, .events = POLLIN};
    ssize_t got;

    for (;;) {
        int ready = poll(&p, 1, timeout_ms);

        if (ready < 0 && errno == EINTR) {
            continue;
        }
        if (ready <= 0) {
            return ready == 0 ? 0 : -errno;
        }
        got = read(fds->in, buf, n > 1u << 20 ? 1u << 20 : n);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got < 0) {
            return -errno;
        }
        return got == 0 ? -EPIPE : (int)got;
    }
}

static int fd_write(void *context, const uint8_t *buf, size_t n)
{
    struct fd_pair *fds = context;

    while (n > 0) {
        struct pollfd p = {.fd = fds->out, .events = POLLOUT};
        ssize_t put;
        int ready = poll(&p, 1, PAUSE_MS);

        if (ready == 0) {
            return -ETIMEDOUT;
        }
        if (ready < 0 && errno != EINTR) {
            return -errno;
        }
        put = ready < 0 ? 0 : write(fds->out, buf, n);
        if (put < 0 && errno != EINTR && errno != EAGAIN) {
            return -errno;
        }
        if (put > 0) {
            buf += put;
            n -= (size_t)put;
        }
    }
    return 0;
}

void stream_from_fds(struct stream *s, struct fd_pair *fds)
{
    *s = (struct stream){.context = fds, .read = fd_read, .write = fd_write};
}
