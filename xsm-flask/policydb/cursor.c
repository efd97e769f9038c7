/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/cursor.h>

#include <xen/errno.h>
#include <xen/lib.h>

#define NAME_MAX_BYTES 255U

void cursor_init(struct cursor *c, const uint8_t *base, size_t size, struct arena *arena)
{
    *c = (struct cursor){ .base = base, .size = size, .section = "header", .arena = arena };
}

int cursor_fail(struct cursor *c, size_t back, const char *expected)
{
    if (c->err.expected == NULL) {
        c->err.section = c->section;
        c->err.expected = expected;
        c->err.offset = back <= c->at ? c->at - back : 0;
    }
    return -EINVAL;
}

static int take(struct cursor *c, void *out, size_t bytes)
{
    if (c->size - c->at < bytes) {
        return cursor_fail(c, 0, "more data: the image is truncated");
    }
    memcpy(out, c->base + c->at, bytes);
    c->at += bytes;
    return 0;
}

int cursor_u16(struct cursor *c, uint16_t *out)
{
    return take(c, out, sizeof(*out));
}

int cursor_u32(struct cursor *c, uint32_t *out)
{
    return take(c, out, sizeof(*out));
}

int cursor_u64(struct cursor *c, uint64_t *out)
{
    return take(c, out, sizeof(*out));
}

int cursor_u32s(struct cursor *c, uint32_t *out, size_t count)
{
    return take(c, out, count * sizeof(*out));
}

int cursor_count(struct cursor *c, uint32_t *out, size_t record)
{
    int rc = cursor_u32(c, out);

    if (rc == 0 && *out > (c->size - c->at) / record) {
        return cursor_fail(c, 4, "a count that fits into the rest of the image");
    }
    return rc;
}

int cursor_name(struct cursor *c, uint32_t length, const char **out)
{
    char *name;
    uint32_t i;

    if (length == 0 || length > NAME_MAX_BYTES) {
        return cursor_fail(c, 0, "a name of 1 to 255 bytes");
    }
    if (c->size - c->at < length) {
        return cursor_fail(c, 0, "more data: the image is truncated");
    }
    name = arena_alloc(c->arena, (size_t)length + 1);
    if (name == NULL) {
        return c->arena->error;
    }
    for (i = 0; i < length; i++) {
        uint8_t ch = c->base[c->at + i];

        if (ch <= ' ' || ch >= 0x7f || ch == ':' || ch == ',') {
            c->at += i;
            return cursor_fail(c, 0, "a name of printable characters without ':' and ','");
        }
        name[i] = (char)ch;
    }
    c->at += length;
    *out = name;
    return 0;
}

int cursor_skip(struct cursor *c, size_t length)
{
    if (c->size - c->at < length) {
        return cursor_fail(c, 0, "more data: the image is truncated");
    }
    c->at += length;
    return 0;
}

int cursor_alloc(struct cursor *c, size_t count, size_t size, void *out)
{
    void *p = arena_array(c->arena, count, size);

    if (p == NULL) {
        return c->arena->error;
    }
    memcpy(out, &p, sizeof(p));
    return 0;
}
