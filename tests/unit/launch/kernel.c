/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <stdlib.h>
#include <string.h>

void kernel_put(struct kernel *k, size_t at, uint64_t value, unsigned bytes)
{
    unsigned i;

    for (i = 0; i < bytes; i++) {
        k->bytes[at + i] = (uint8_t)(value >> (8 * i));
    }
}

size_t kernel_header_at(const struct kernel *k, unsigned i)
{
    return k->wide ? 64 + 56 * (size_t)i : 52 + 32 * (size_t)i;
}

void kernel_init(struct kernel *k)
{
    memset(k, 0, sizeof(*k));
    k->wide = true;
    k->type = 2;
    k->machine = 62;
    k->note_type = 18;
    k->note_desc_size = 8;
    k->entry = 0x100010;
    k->segment_count = 1;
    k->segment[0] = (struct kernel_segment){ 1, 0x100000, 0x3064, 0x5000, 0 };
}

static void put_header(struct kernel *k, unsigned i, const struct kernel_segment *s)
{
    size_t at = kernel_header_at(k, i);

    kernel_put(k, at, s->type, 4);
    if (k->wide) {
        kernel_put(k, at + 8, s->offset, 8);
        kernel_put(k, at + 24, s->paddr, 8);
        kernel_put(k, at + 32, s->file_size, 8);
        kernel_put(k, at + 40, s->memory_size, 8);
    } else {
        kernel_put(k, at + 4, s->offset, 4);
        kernel_put(k, at + 12, s->paddr, 4);
        kernel_put(k, at + 16, s->file_size, 4);
        kernel_put(k, at + 20, s->memory_size, 4);
    }
}

void kernel_make(struct kernel *k)
{
    struct kernel_segment note = { .type = 4 };
    size_t at = kernel_header_at(k, k->segment_count + 1);
    unsigned i;

    memset(k->bytes, 0, sizeof(k->bytes));
    memcpy(k->bytes, "\177ELF", 4);
    k->bytes[4] = k->wide ? 2 : 1;
    k->bytes[5] = k->bytes[6] = 1;
    kernel_put(k, 16, k->type, 2);
    kernel_put(k, 18, k->machine, 2);
    kernel_put(k, k->wide ? 32 : 28, kernel_header_at(k, 0), k->wide ? 8 : 4);
    kernel_put(k, k->wide ? 54 : 42, k->wide ? 56 : 32, 2);
    kernel_put(k, k->wide ? 56 : 44, k->segment_count + 1, 2);
    note.offset = at;
    note.file_size = note.memory_size = 16 + k->note_desc_size;
    kernel_put(k, at, 4, 4);
    kernel_put(k, at + 4, k->note_desc_size, 4);
    kernel_put(k, at + 8, k->note_type, 4);
    memcpy(k->bytes + at + 12, "Xen", 4);
    kernel_put(k, at + 16, k->entry, k->note_desc_size);
    put_header(k, k->segment_count, &note);
    at += note.file_size;
    for (i = 0; i < k->segment_count; i++) {
        struct kernel_segment *s = &k->segment[i];
        size_t n;

        s->offset = at;
        if (at + s->file_size > sizeof(k->bytes)) {
            abort();
        }
        for (n = 0; n < s->file_size; n++) {
            /* The second page of each segment is all zero. */
            k->bytes[at + n] = n / 4096 == 1 ? 0 : (uint8_t)(n * 7 + n / 256 + i + 1);
        }
        at += s->file_size;
        put_header(k, i, s);
    }
    k->size = at;
}
