/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_FRAME_H
#define ATTEST_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include <attest/reference.h>

/*
 * Messages over a byte stream that may begin or break anywhere (a serial line): "BHA1", the length
 * in 4 bytes big endian, then that many bytes of JSON. A receiver skips bytes until it sees the
 * magic. Other protocols have other letters and a bound of their own.
 */
#define FRAME_MAX (8u * 1024u * 1024u)

struct frame_form {
    uint8_t magic[4]; /* the first byte does not occur again */
    uint32_t max;     /* bytes of a payload, at most FRAME_MAX */
};

struct stream {
    void *context;
    const struct frame_form *form; /* static; NULL: that of evidence */
    int64_t end_ms; /* nothing is read or written after that time, however it trickles; 0: no end */
    /* Up to n bytes; > 0 bytes read, 0 none came by end_ms, -EPIPE end of stream, other -errno. end_ms < 0:
     * wait. */
    int (*read)(void *context, uint8_t *buf, size_t n, int64_t end_ms);
    /* All n bytes. 0; -ETIMEDOUT not by end_ms, or nobody takes them for some seconds; other -errno. */
    int (*write)(void *context, const uint8_t *buf, size_t n, int64_t end_ms);
};

/** The clock of all ends here: ms, monotonic. */
int64_t stream_now_ms(void);

/** A stream over a pair of file descriptors (may be equal), which it borrows. `fds` must outlive
 * it. */
struct fd_pair {
    int in, out;
};
void stream_from_fds(struct stream *s, struct fd_pair *fds);

/** @return 0; -ETIMEDOUT; other -errno */
int frame_send(struct stream *s, const uint8_t *data, size_t size);

/**
 * @param out         payload, to be freed, with a NUL behind it
 * @param timeout_ms  for the frame to begin; < 0: wait. Its bytes may then pause 5 s at most, and all of it is there by the
 *                    stream's end, or within 5 minutes of its beginning where that has none.
 * @return 0; -ETIMEDOUT nothing came, or not all of it; -EMSGSIZE above FRAME_MAX (skipped);
 *         -EPIPE end of stream; -ENOMEM; other -errno
 */
int frame_receive(struct stream *s, uint8_t **out, size_t *size, int timeout_ms);

#endif /* ATTEST_FRAME_H */
