/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_node.h"

#include <xen/errno.h>
#include <xen/lib.h>

int node_next(struct manifest_reader *r)
{
    struct launch_error why;

    if (fdt_reader_next(&r->fdt, &r->item, &why) != 0) {
        return launch_fail(r->err, -EINVAL, "manifest: %s", why.text);
    }
    return 0;
}

int node_refuse(struct manifest_reader *r, const char *expected)
{
    return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected %s", r->fdt.path,
                       r->item.name, expected);
}

int node_refuse_child(struct manifest_reader *r)
{
    return launch_fail(r->err, -EINVAL, "manifest: %s: expected no such node here", r->fdt.path);
}

int node_property(struct manifest_reader *r, const char *const *names, unsigned count,
                  uint32_t *seen)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (strcmp(r->item.name, names[i]) != 0) {
            continue;
        }
        if (*seen & 1u << i) {
            return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: given twice",
                               r->fdt.path, names[i]);
        }
        *seen |= 1u << i;
        return (int)i;
    }
    return launch_fail(r->err, -EINVAL, "manifest: %s: unknown property %s", r->fdt.path,
                       r->item.name);
}

int node_require(struct manifest_reader *r, const char *path, const char *const *names,
                 unsigned count, uint32_t required, uint32_t seen)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        if (required & ~seen & 1u << i) {
            return launch_fail(r->err, -EINVAL, "manifest: %s: property %s is missing", path,
                               names[i]);
        }
    }
    return 0;
}

int node_u32(struct manifest_reader *r, uint32_t low, uint32_t high, uint32_t *out)
{
    uint32_t value;

    if (r->item.size != 4) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected one cell (4 bytes), "
                           "found %u bytes", r->fdt.path, r->item.name, r->item.size);
    }
    value = fdt_reader_cell(&r->item, 0);
    if (value < low || value > high) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected %u to %u, found %u",
                           r->fdt.path, r->item.name, low, high, value);
    }
    *out = value;
    return 0;
}

int node_u64(struct manifest_reader *r, uint64_t low, uint64_t high, uint64_t *out)
{
    uint64_t value;

    if (r->item.size != 8) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected two cells (8 bytes), "
                           "found %u bytes", r->fdt.path, r->item.name, r->item.size);
    }
    value = (uint64_t)fdt_reader_cell(&r->item, 0) << 32 | fdt_reader_cell(&r->item, 1);
    if (value < low || value > high) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected %llu to %llu, found "
                           "%llu", r->fdt.path, r->item.name, (unsigned long long)low,
                           (unsigned long long)high, (unsigned long long)value);
    }
    *out = value;
    return 0;
}

/* Control characters would end up on consoles and in logs. Bytes of UTF-8 may pass. */
static bool is_text(const uint8_t *p, size_t size)
{
    size_t i;

    for (i = 0; i < size; i++) {
        if (p[i] < ' ' || p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

int node_string(struct manifest_reader *r, size_t max, const char **out)
{
    uint32_t size = r->item.size;

    if (size == 0 || r->item.value[size - 1] != '\0' || !is_text(r->item.value, size - 1)) {
        return node_refuse(r, "one NUL-terminated string without control characters");
    }
    if (size > max) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property %s: expected at most %zu "
                           "characters, found %u", r->fdt.path, r->item.name, max - 1, size - 1);
    }
    *out = (const char *)r->item.value;
    return 0;
}

int node_compatible(struct manifest_reader *r, const char *const *words, unsigned count,
                    uint32_t *found)
{
    const uint8_t *p = r->item.value;
    uint32_t left = r->item.size;

    *found = 0;
    while (left > 0) {
        const uint8_t *end = memchr(p, 0, left);
        size_t length = end != NULL ? (size_t)(end - p) : left;
        unsigned i = 0;

        while (i < count && (end == NULL || strcmp((const char *)p, words[i]) != 0)) {
            i++;
        }
        if (i == count || (*found & 1u << i)) {
            return launch_fail(r->err, -EINVAL, "manifest: %s: property compatible: unknown or "
                               "repeated \"%.*s\"", r->fdt.path,
                               is_text(p, length) ? (int)min(length, (size_t)40) : 0,
                               (const char *)p);
        }
        *found |= 1u << i;
        p += length + 1;
        left -= (uint32_t)length + 1;
    }
    return 0;
}
