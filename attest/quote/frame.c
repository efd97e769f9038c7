/* SPDX-License-Identifier: Apache-2.0 */
/* Frames over a byte stream, and streams over file descriptors. */
#include <attest/frame.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MS 5000
#define FRAME_MS 300000 /* where nobody says when: a log of 2.5 MB at 115200 bit/s */

static const struct frame_form evidence_form = {{'B', 'H', 'A', '1'}, FRAME_MAX};

static const struct frame_form *form_of(const struct stream *s)
{
    return s->form != NULL ? s->form : &evidence_form;
}

int64_t stream_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When a frame that begins now has to be over. */
static int64_t end_of_frame(const struct stream *s)
{
    return s->end_ms != 0 ? s->end_ms : stream_now_ms() + FRAME_MS;
}

int frame_send(struct stream *s, const uint8_t *data, size_t size)
{
    int64_t end = end_of_frame(s);
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
    rc = s->write(s->context, head, sizeof(head), end);
    return rc != 0 ? rc : s->write(s->context, data, size, end);
}

/* All n bytes. What comes after the end is late, also when it came before anybody looked. */
static int read_all(struct stream *s, uint8_t *buf, size_t n, int64_t end)
{
    while (n > 0) {
        int64_t now = stream_now_ms();
        int got = now > end ? 0 : s->read(s->context, buf, n, sooner(now + PAUSE_MS, end));

        if (got <= 0) {
            return got == 0 ? -ETIMEDOUT : got;
        }
        buf += got;
        n -= (size_t)got;
    }
    return stream_now_ms() > end ? -ETIMEDOUT : 0;
}

/* Read until the magic has passed. end < 0: wait */
static int find_magic(struct stream *s, int64_t end)
{
    const uint8_t *magic = form_of(s)->magic;
    size_t seen = 0;

    while (seen < 4) {
        uint8_t byte;
        int got;

        if (end >= 0 && stream_now_ms() > end) {
            return -ETIMEDOUT;
        }
        got = s->read(s->context, &byte, 1, end);
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
    int64_t end = timeout_ms < 0 ? -1 : stream_now_ms() + timeout_ms;
    uint8_t head[4], *buf;
    uint32_t len;
    int rc;

    if (s->end_ms != 0) {
        end = end < 0 ? s->end_ms : sooner(end, s->end_ms);
    }
    rc = find_magic(s, end);
    end = end_of_frame(s);
    if (rc == 0) {
        rc = read_all(s, head, sizeof(head), end);
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
    rc = read_all(s, buf, len, end);
    if (rc != 0) {
        free(buf);
        return rc;
    }
    buf[len] = 0;
    *out = buf;
    *size = len;
    return 0;
}

/* @return > 0 ready; 0 not by end_ms (< 0: wait); -errno */
static int wait_for(int fd, short events, int64_t end_ms)
{
    struct pollfd p = {.fd = fd, .events = events};

    for (;;) {
        int64_t left = end_ms < 0 ? -1 : end_ms - stream_now_ms();
        int ready = poll(&p, 1, end_ms < 0 ? -1 : left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

        if (ready >= 0 || errno != EINTR) {
            return ready < 0 ? -errno : ready;
        }
    }
}

static int fd_read(void *context, uint8_t *buf, size_t n, int64_t end_ms)
{
    struct fd_pair *fds = context;

    for (;;) {
        int ready = wait_for(fds->in, POLLIN, end_ms);
        ssize_t got;

        if (ready <= 0) {
            return ready;
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

/* As much as it takes at once: a blocking write() waits for all of it, and so for the peer. */
static ssize_t write_some(int fd, const uint8_t *buf, size_t n)
{
    ssize_t put = send(fd, buf, n, MSG_DONTWAIT | MSG_NOSIGNAL);

    return put < 0 && errno == ENOTSOCK ? write(fd, buf, n > PIPE_BUF ? PIPE_BUF : n) : put;
}

static int fd_write(void *context, const uint8_t *buf, size_t n, int64_t end_ms)
{
    struct fd_pair *fds = context;

    while (n > 0) {
        int64_t now = stream_now_ms();
        int ready = now > end_ms ? 0 : wait_for(fds->out, POLLOUT, sooner(now + PAUSE_MS, end_ms));
        ssize_t put;

        if (ready <= 0) {
            return ready == 0 ? -ETIMEDOUT : ready;
        }
        put = write_some(fds->out, buf, n);
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
