/* SPDX-License-Identifier: Apache-2.0 */
#include "elf.h"

#include <xen/errno.h>
#include <xen/lib.h>

#include <public/elfnote.h>

#define PT_LOAD 1u
#define PT_NOTE 4u
#define ET_EXEC 2u
#define ET_DYN 3u
#define EM_386 3u
#define EM_X86_64 62u
#define HEADER_COUNT_MAX 64u
#define NOTE_COUNT_MAX 256u

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* Program header in either width. */
struct program_header {
    uint32_t type;
    uint64_t offset, paddr, file_size, memory_size;
};

struct elf_cursor {
    const uint8_t *data;
    size_t size;
    bool wide; /* ELF64 */
    uint64_t table;
    unsigned count, entry_size;
};

/* What the notes said, over all note segments. */
struct elf_notes {
    bool pvh, pv;
    uint64_t entry;
};

/* Images people give by mistake deserve their name in the message. */
static int refuse_format(const uint8_t *data, size_t size, struct launch_error *err)
{
    if (size >= 0x206 && le16(data + 0x1fe) == 0xaa55 && memcmp(data + 0x202, "HdrS", 4) == 0) {
        return launch_fail(err, -EINVAL,
                           "is a bzImage; give the uncompressed ELF kernel (bh build does this)");
    }
    if (size >= 6 && ((data[0] == 0x1f && data[1] == 0x8b) || memcmp(data, "\xfd" "7zXZ", 6) == 0 ||
                      memcmp(data, "\x28\xb5\x2f\xfd", 4) == 0)) {
        return launch_fail(err, -EINVAL, "is compressed; give the uncompressed ELF kernel");
    }
    return launch_fail(err, -EINVAL, "offset 0: expected the magic of an ELF file");
}

static int open_image(struct elf_cursor *c, const uint8_t *data, size_t size,
                      struct launch_error *err)
{
    uint16_t machine, type;
    unsigned header, minimum;

    if (size < 16 || memcmp(data, "\177ELF", 4) != 0) {
        return refuse_format(data, size, err);
    }
    c->data = data;
    c->size = size;
    c->wide = data[4] == 2;
    header = c->wide ? 64 : 52;
    minimum = c->wide ? 56 : 32;
    if ((data[4] != 1 && data[4] != 2) || data[5] != 1 || data[6] != 1) {
        return launch_fail(err, -EINVAL,
                           "offset 4: expected little-endian ELF32 or ELF64 of version 1");
    }
    if (size < header) {
        return launch_fail(err, -EINVAL, "%zu bytes: the ELF header is truncated", size);
    }
    type = le16(data + 16);
    machine = le16(data + 18);
    if ((type != ET_EXEC && type != ET_DYN) || (machine != EM_386 && machine != EM_X86_64)) {
        return launch_fail(err, -EINVAL,
                           "offset 16: expected an x86 executable, found type %u, machine %u", type,
                           machine);
    }
    c->table = c->wide ? le64(data + 32) : le32(data + 28);
    c->entry_size = le16(data + (c->wide ? 54 : 42));
    c->count = le16(data + (c->wide ? 56 : 44));
    if (c->count == 0 || c->count > HEADER_COUNT_MAX || c->entry_size < minimum ||
        c->table > size || (uint64_t)c->count * c->entry_size > size - c->table) {
        return launch_fail(err, -EINVAL,
                           "%u program headers of %u bytes at offset %#llx: expected 1 to %u within "
                           "%zu bytes", c->count, c->entry_size, (unsigned long long)c->table,
                           HEADER_COUNT_MAX, size);
    }
    return 0;
}

/* Read header i and check that its bytes are in the image. */
static int read_header(const struct elf_cursor *c, unsigned i, struct program_header *ph,
                       struct launch_error *err)
{
    const uint8_t *p = c->data + c->table + (uint64_t)i * c->entry_size;

    ph->type = le32(p);
    ph->offset = c->wide ? le64(p + 8) : le32(p + 4);
    ph->paddr = c->wide ? le64(p + 24) : le32(p + 12);
    ph->file_size = c->wide ? le64(p + 32) : le32(p + 16);
    ph->memory_size = c->wide ? le64(p + 40) : le32(p + 20);
    if (ph->type != PT_LOAD && ph->type != PT_NOTE) {
        return 0;
    }
    if (ph->offset > c->size || ph->file_size > c->size - ph->offset) {
        return launch_fail(err, -EINVAL, "program header %u: %llu bytes at offset %#llx run past the "
                           "end of the file (%zu bytes)", i, (unsigned long long)ph->file_size,
                           (unsigned long long)ph->offset, c->size);
    }
    return 0;
}

static int add_segment(struct elf_image *out, const struct elf_cursor *c, unsigned i,
                       const struct program_header *ph, struct launch_error *err)
{
    struct elf_segment seg = {
        .data = c->data + ph->offset,
        .paddr = ph->paddr,
        .file_size = ph->file_size,
        .memory_size = ph->memory_size,
    };
    unsigned at = out->segment_count;
    uint64_t end;

    if (seg.memory_size == 0) {
        return 0;
    }
    if (seg.file_size > seg.memory_size || add_overflows(seg.paddr, seg.memory_size, &end)) {
        return launch_fail(err, -EINVAL, "program header %u: %#llx bytes at %#llx with %#llx in the "
                           "file make no sense", i, (unsigned long long)seg.memory_size,
                           (unsigned long long)seg.paddr, (unsigned long long)seg.file_size);
    }
    if (at == ELF_SEGMENT_MAX) {
        return launch_fail(err, -EINVAL, "more than %u segments to load", ELF_SEGMENT_MAX);
    }
    while (at > 0 && out->segment[at - 1].paddr > seg.paddr) {
        out->segment[at] = out->segment[at - 1];
        at--;
    }
    out->segment[at] = seg;
    out->segment_count++;
    if ((at > 0 && out->segment[at - 1].paddr + out->segment[at - 1].memory_size > seg.paddr) ||
        (at + 1 < out->segment_count && end > out->segment[at + 1].paddr)) {
        return launch_fail(err, -EINVAL, "program header %u: its memory at %#llx overlaps another "
                           "segment's", i, (unsigned long long)seg.paddr);
    }
    return 0;
}

/* One note segment: name size, description size, type, then both texts padded to 4 bytes. */
static int read_notes(const struct elf_cursor *c, unsigned i, const struct program_header *ph,
                      struct elf_notes *notes, struct launch_error *err)
{
    const uint8_t *p = c->data + ph->offset;
    uint64_t left = ph->file_size;
    unsigned n;

    for (n = 0; left >= 12 && n < NOTE_COUNT_MAX; n++) {
        uint64_t name_size = le32(p), desc_size = le32(p + 4);
        uint64_t name_room = ROUND_UP(name_size, 4ull), desc_room = ROUND_UP(desc_size, 4ull);
        uint32_t type = le32(p + 8);
        const uint8_t *desc;

        if (name_room + desc_size > left - 12) {
            return launch_fail(err, -EINVAL, "program header %u: note %u runs past its segment", i,
                               n);
        }
        desc = p + 12 + name_room;
        if (name_size == 4 && memcmp(p + 12, "Xen", 4) == 0) {
            if (type == XEN_ELFNOTE_PHYS32_ENTRY) {
                if ((desc_size != 4 && desc_size != 8) || notes->pvh) {
                    return launch_fail(err, -EINVAL, "program header %u: expected one PVH entry note "
                                       "of 4 or 8 bytes", i);
                }
                notes->pvh = true;
                notes->entry = desc_size == 4 ? le32(desc) : le64(desc);
            } else {
                notes->pv = true;
            }
        }
        /* The last description may lack its padding. */
        if (desc_room > left - 12 - name_room) {
            break;
        }
        left -= 12 + name_room + desc_room;
        p = desc + desc_room;
    }
    return 0;
}

static bool entry_is_loaded(const struct elf_image *image, uint64_t entry)
{
    unsigned i;

    for (i = 0; i < image->segment_count; i++) {
        const struct elf_segment *seg = &image->segment[i];

        if (entry >= seg->paddr && entry - seg->paddr < seg->file_size) {
            return true;
        }
    }
    return false;
}

static int check_entry(struct elf_image *out, const struct elf_notes *notes,
                       struct launch_error *err)
{
    if (!notes->pvh) {
        return launch_fail(err, -EINVAL, notes->pv ?
                           "kernel has only PV entry notes; PV guests are not supported yet, use a "
                           "PVH-capable kernel" :
                           "expected a PVH kernel: no XEN_ELFNOTE_PHYS32_ENTRY note in any PT_NOTE "
                           "segment");
    }
    if (notes->entry > UINT32_MAX || !entry_is_loaded(out, notes->entry)) {
        return launch_fail(err, -EINVAL, "PVH entry %#llx lies in no segment that is loaded",
                           (unsigned long long)notes->entry);
    }
    out->pvh_entry = (uint32_t)notes->entry;
    return 0;
}

int elf_read(const uint8_t *data, size_t size, struct elf_image *out, struct launch_error *err)
{
    struct elf_cursor c = { 0 };
    struct elf_notes notes = { 0 };
    unsigned i;
    int ret;

    memset(out, 0, sizeof(*out));
    ret = open_image(&c, data, size, err);
    for (i = 0; ret == 0 && i < c.count; i++) {
        struct program_header ph;

        ret = read_header(&c, i, &ph, err);
        if (ret == 0 && ph.type == PT_LOAD) {
            ret = add_segment(out, &c, i, &ph, err);
        } else if (ret == 0 && ph.type == PT_NOTE) {
            ret = read_notes(&c, i, &ph, &notes, err);
        }
    }
    return ret != 0 ? ret : check_entry(out, &notes, err);
}
