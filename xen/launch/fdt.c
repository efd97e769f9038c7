/* SPDX-License-Identifier: Apache-2.0 */
#include "fdt.h"

#include <xen/errno.h>
#include <xen/lib.h>

enum { TOKEN_NODE = 1, TOKEN_NODE_END = 2, TOKEN_PROPERTY = 3, TOKEN_NOP = 4, TOKEN_END = 9 };

#define HEADER_SIZE 40u
#define RESERVE_ENTRY 16u
#define TOTAL_MAX (1u << 20) /* also keeps offset arithmetic far from overflow */

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool fdt_reader_recognise(const uint8_t *data, size_t size)
{
    return size >= 4 && be32(data) == FDT_READER_MAGIC;
}

uint32_t fdt_reader_cell(const struct fdt_item *item, unsigned index)
{
    return be32(item->value + 4 * index);
}

/* A block of the image: inside of it, behind the header, aligned. */
static int check_block(const char *what, uint32_t start, uint32_t size, uint32_t align,
                       uint32_t total, struct launch_error *err)
{
    if (start < HEADER_SIZE || start > total || size > total - start || start % align != 0) {
        return launch_fail(err, -EINVAL, "%s block at offset %#x, %u bytes: expected it within %u "
                           "bytes, aligned to %u", what, start, size, total, align);
    }
    return 0;
}

/* The list of reserved memory has no meaning for a launch manifest: only its end mark may be there. */
static int check_reservations(const uint8_t *data, uint32_t start, uint32_t total,
                              struct launch_error *err)
{
    unsigned i;
    int ret = check_block("reservation", start, RESERVE_ENTRY, 8, total, err);

    if (ret != 0) {
        return ret;
    }
    for (i = 0; i < RESERVE_ENTRY; i++) {
        if (data[start + i] != 0) {
            return launch_fail(err, -EINVAL, "memory reservation at offset %#x: expected none",
                               start);
        }
    }
    return 0;
}

int fdt_reader_init(struct fdt_reader *r, const uint8_t *data, size_t size,
                    struct launch_error *err)
{
    uint32_t total, strings_size, struct_size;
    int ret;

    memset(r, 0, sizeof(*r));
    if (size < HEADER_SIZE) {
        return launch_fail(err, -EINVAL, "%zu bytes: expected a device tree header of %u bytes",
                           size, HEADER_SIZE);
    }
    if (be32(data) != FDT_READER_MAGIC) {
        return launch_fail(err, -EINVAL, "offset 0: expected device tree magic %#x, found %#x",
                           FDT_READER_MAGIC, be32(data));
    }
    total = be32(data + 4);
    if (total != size) {
        return launch_fail(err, -EINVAL, "offset 4: header says %u bytes, the module has %zu",
                           total, size);
    }
    if (total > TOTAL_MAX) {
        return launch_fail(err, -EINVAL, "%u bytes: expected at most %u", total, TOTAL_MAX);
    }
    if (be32(data + 20) < 17 || be32(data + 24) > 17) {
        return launch_fail(err, -EINVAL, "offset 20: expected device tree version 17, found %u",
                           be32(data + 20));
    }
    r->data = data;
    r->pos = be32(data + 8);
    r->strings = be32(data + 12);
    strings_size = be32(data + 32);
    struct_size = be32(data + 36);
    ret = check_reservations(data, be32(data + 16), total, err);
    if (ret == 0) {
        ret = check_block("structure", r->pos, struct_size, 4, total, err);
    }
    if (ret == 0) {
        ret = check_block("strings", r->strings, strings_size, 1, total, err);
    }
    r->struct_end = r->pos + struct_size;
    r->strings_end = r->strings + strings_size;
    return ret;
}

/* Length of a NUL-terminated name at data + at, or -1 when it is unterminated, too long or odd. */
static int name_length(const struct fdt_reader *r, uint32_t at, uint32_t end)
{
    uint32_t i;

    for (i = 0; i < FDT_READER_NAME && i < end - at; i++) {
        uint8_t c = r->data[at + i];

        if (c == 0) {
            return (int)i;
        }
        if (c <= ' ' || c >= 0x7f || c == '/') {
            return -1;
        }
    }
    return -1;
}

static int open_node(struct fdt_reader *r, struct fdt_item *item, struct launch_error *err)
{
    int len = name_length(r, r->pos, r->struct_end);
    uint16_t at = r->path_len[r->depth];

    if (len < 0 || (len == 0) != (r->depth == 0) || r->ended) {
        return launch_fail(err, -EINVAL, "offset %#x: expected a node name, inside %s", r->pos,
                           r->depth != 0 ? r->path : "no node");
    }
    if (r->depth == FDT_READER_DEPTH || at + len + 2 > FDT_READER_PATH) {
        return launch_fail(err, -EINVAL, "offset %#x: nodes are nested too deeply in %s", r->pos,
                           r->path);
    }
    item->type = FDT_ITEM_NODE;
    item->name = (const char *)r->data + r->pos;
    r->child_seen[r->depth] = true;
    r->depth++;
    r->child_seen[r->depth] = false;
    /* The root is "/"; what is below does not repeat its slash. */
    if (at > 1 || r->depth == 1) {
        r->path[at++] = '/';
    }
    memcpy(r->path + at, item->name, (size_t)len);
    at = (uint16_t)(at + len);
    r->path[at] = '\0';
    r->path_len[r->depth] = at;
    r->pos += ROUND_UP((uint32_t)len + 1, 4u);
    return 0;
}

static int read_property(struct fdt_reader *r, struct fdt_item *item, struct launch_error *err)
{
    uint32_t name;

    if (r->struct_end - r->pos < 8) {
        return launch_fail(err, -EINVAL, "offset %#x: the tree ends inside a property", r->pos);
    }
    if (r->depth == 0 || r->child_seen[r->depth]) {
        return launch_fail(err, -EINVAL, "offset %#x: property outside or after child nodes",
                           r->pos);
    }
    item->size = be32(r->data + r->pos);
    name = be32(r->data + r->pos + 4);
    if (name >= r->strings_end - r->strings ||
        name_length(r, r->strings + name, r->strings_end) <= 0) {
        return launch_fail(err, -EINVAL, "offset %#x: name of a property of %s is no string",
                           r->pos + 4, r->path);
    }
    item->type = FDT_ITEM_PROPERTY;
    item->name = (const char *)r->data + r->strings + name;
    r->pos += 8;
    if (item->size > r->struct_end - r->pos) {
        return launch_fail(err, -EINVAL, "offset %#x: property %s of %s runs past the tree", r->pos,
                           item->name, r->path);
    }
    item->value = r->data + r->pos;
    r->pos += item->size;
    return 0;
}

static int close_node(struct fdt_reader *r, struct fdt_item *item, struct launch_error *err)
{
    if (r->depth == 0) {
        return launch_fail(err, -EINVAL, "offset %#x: end of a node that was not begun", r->pos);
    }
    item->type = FDT_ITEM_NODE_END;
    r->depth--;
    r->ended = r->depth == 0;
    r->path[r->path_len[r->depth]] = '\0';
    return 0;
}

int fdt_reader_next(struct fdt_reader *r, struct fdt_item *item, struct launch_error *err)
{
    memset(item, 0, sizeof(*item));
    for (;;) {
        uint32_t token;

        /* Names and values are padded to whole cells; the padding too must be inside. */
        r->pos = ROUND_UP(r->pos, 4u);
        if (r->pos > r->struct_end || r->struct_end - r->pos < 4) {
            return launch_fail(err, -EINVAL, "offset %#x: the tree ends without an end token",
                               r->pos);
        }
        token = be32(r->data + r->pos);
        r->pos += 4;
        switch (token) {
        case TOKEN_NODE:
            return open_node(r, item, err);
        case TOKEN_NODE_END:
            return close_node(r, item, err);
        case TOKEN_PROPERTY:
            return read_property(r, item, err);
        case TOKEN_NOP:
            break;
        case TOKEN_END:
            if (!r->ended || r->pos != r->struct_end) {
                return launch_fail(err, -EINVAL, "offset %#x: end token inside the tree",
                                   r->pos - 4);
            }
            item->type = FDT_ITEM_DONE;
            return 0;
        default:
            return launch_fail(err, -EINVAL, "offset %#x: unknown token %#x", r->pos - 4, token);
        }
    }
}
