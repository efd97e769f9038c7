/* SPDX-License-Identifier: Apache-2.0 */
/* Small kernel images for tests: an ELF header, program headers, notes, data. */
#ifndef TEST_KERNEL_H
#define TEST_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_segment {
    uint32_t type;
    uint64_t paddr, file_size, memory_size;
    uint64_t offset; /* set by kernel_make() for those with file_size */
};

struct kernel {
    bool wide;               /* ELF64 */
    uint16_t type, machine;
    uint32_t note_type;      /* of the one note named "Xen" */
    uint32_t note_desc_size; /* 4 or 8 */
    uint64_t entry;
    unsigned segment_count;
    struct kernel_segment segment[20]; /* the note segment is added behind them */
    uint8_t bytes[262144];
    size_t size;
};

/** ELF64, one segment of 3 pages and 100 bytes at 1 MiB with 5 pages of memory, PVH entry at 1 MiB + 16. */
void kernel_init(struct kernel *k);
/** Write the image; segment data is a pattern that depends on the position. */
void kernel_make(struct kernel *k);
/** Offset of program header i; and a little-endian write. */
size_t kernel_header_at(const struct kernel *k, unsigned i);
void kernel_put(struct kernel *k, size_t at, uint64_t value, unsigned bytes);

#endif
