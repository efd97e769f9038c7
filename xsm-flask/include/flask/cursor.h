/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded reading of a policy image: little endian, never past the end, and the first failure is kept
 * with its section, offset and expectation. All readers return 0 or a negative errno.
 */
#ifndef FLASK_CURSOR_H
#define FLASK_CURSOR_H

#include <flask/arena.h>
#include <xen/types.h>
#include <xsm/xsm.h>

struct cursor {
    const uint8_t *base;         /* borrowed */
    size_t size, at;             /* bytes */
    const char *section;         /* what is being read, static text */
    struct xsm_error err;        /* valid after a failure */
    struct arena *arena;         /* borrowed */
};

void cursor_init(struct cursor *c, const uint8_t *base, size_t size, struct arena *arena);

/** Record a failure `back` bytes before the cursor, unless one is recorded. @return -EINVAL */
int cursor_fail(struct cursor *c, size_t back, const char *expected);

/** @return 0; -EINVAL at the end of the image */
int cursor_u16(struct cursor *c, uint16_t *out);
int cursor_u32(struct cursor *c, uint32_t *out);
int cursor_u64(struct cursor *c, uint64_t *out);
/** `count` consecutive 32-bit values. */
int cursor_u32s(struct cursor *c, uint32_t *out, size_t count);

/**
 * A count of records that follow, each at least `record` bytes in the image: refused when the rest of
 * the image cannot hold them, so that no allocation exceeds what the image pays for.
 */
int cursor_count(struct cursor *c, uint32_t *out, size_t record);

/**
 * `length` bytes of name, copied into the arena and NUL-terminated. Refused: empty, longer than
 * 255, characters outside the printable ASCII range, or any of the separators of a context.
 */
int cursor_name(struct cursor *c, uint32_t length, const char **out);

/** Skip bytes. */
int cursor_skip(struct cursor *c, size_t length);

/** Arena memory; -ENOMEM or -E2BIG without. */
int cursor_alloc(struct cursor *c, size_t count, size_t size, void *out);

#endif
