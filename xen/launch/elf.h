/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reader of kernel images: ELF32 and ELF64, little endian, executable, with the PVH entry note. It says
 * what to load where and refuses everything that the launch code does not start, with the reason.
 * Source: System V ABI gABI 4.1, chapters 4 and 5; Xen ABI, public/elfnote.h.
 */
#ifndef LAUNCH_ELF_H
#define LAUNCH_ELF_H

#include "error.h"

#define ELF_SEGMENT_MAX 16

/* A PT_LOAD segment; file_size bytes of the image, zeros up to memory_size. */
struct elf_segment {
    const uint8_t *data;
    uint64_t paddr;       /* where it goes, bytes */
    uint64_t file_size;
    uint64_t memory_size; /* at least file_size, not 0 */
};

struct elf_image {
    unsigned segment_count;
    struct elf_segment segment[ELF_SEGMENT_MAX]; /* ascending paddr, not overlapping */
    uint32_t pvh_entry;                          /* physical; inside a segment */
};

/**
 * Read a kernel.
 *
 * @param data,size  the image; the result points into it
 * @return 0; -EINVAL not a kernel that can be started here, err says why
 */
int elf_read(const uint8_t *data, size_t size, struct elf_image *out,
             struct launch_error *err) must_check;

#endif
