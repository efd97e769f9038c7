/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PT_NOTE usually lies inside a PT_LOAD; then the new header points into the copied segment,
 * otherwise the note is copied too. Virtual and physical addresses are untouched.
 */
#include <elf.h>
#include <string.h>

#include "kernel.h"

#define SEGMENTS_MAX 32
#define SEGMENT_ALIGN 4096 /* so that a loader may map or copy whole pages */

struct segments {
    Elf64_Phdr header[SEGMENTS_MAX];
    size_t count;
};

static bool headers_read(const char *name, const uint8_t *image, size_t len, Elf64_Ehdr *ehdr,
                         struct segments *kept, struct diag *diag)
{
    if (len < sizeof(*ehdr) || memcmp(image, ELFMAG, SELFMAG) != 0) {
        diag_error(diag, name, 0, NULL, "is not an ELF file");
        return false;
    }
    memcpy(ehdr, image, sizeof(*ehdr));
    if (ehdr->e_ident[EI_CLASS] != ELFCLASS64 || ehdr->e_ident[EI_DATA] != ELFDATA2LSB
        || ehdr->e_machine != EM_X86_64) {
        diag_error(diag, name, 0, NULL, "is not an ELF file for x86-64");
        return false;
    }
    if (ehdr->e_phentsize != sizeof(Elf64_Phdr) || ehdr->e_phoff > len
        || (uint64_t)ehdr->e_phnum * sizeof(Elf64_Phdr) > len - ehdr->e_phoff) {
        diag_error(diag, name, 0, NULL, "has program headers outside of the file, at 0x%llx",
                   (unsigned long long)ehdr->e_phoff);
        return false;
    }
    for (unsigned int i = 0; i < ehdr->e_phnum; i++) {
        Elf64_Phdr phdr;

        memcpy(&phdr, image + ehdr->e_phoff + i * sizeof(phdr), sizeof(phdr));
        if (phdr.p_type != PT_LOAD && phdr.p_type != PT_NOTE) {
            continue;
        }
        if (phdr.p_offset > len || phdr.p_filesz > len - phdr.p_offset
            || phdr.p_filesz > phdr.p_memsz) {
            diag_error(diag, name, 0, NULL, "segment %u is outside of the file: 0x%llx bytes at "
                       "0x%llx, the file has 0x%zx", i, (unsigned long long)phdr.p_filesz,
                       (unsigned long long)phdr.p_offset, len);
            return false;
        }
        if (kept->count == SEGMENTS_MAX) {
            diag_error(diag, name, 0, NULL, "has more than %d segments", SEGMENTS_MAX);
            return false;
        }
        kept->header[kept->count++] = phdr;
    }
    if (kept->count == 0) {
        diag_error(diag, name, 0, NULL, "has nothing to load");
        return false;
    }
    return true;
}

/* The segment that holds the note in the file, before trimming. */
static const Elf64_Phdr *note_home(const struct segments *s, const Elf64_Phdr *note)
{
    for (size_t i = 0; i < s->count; i++) {
        const Elf64_Phdr *load = &s->header[i];

        if (load->p_type == PT_LOAD && note->p_offset >= load->p_offset
            && note->p_offset - load->p_offset <= load->p_filesz
            && note->p_filesz <= load->p_filesz - (note->p_offset - load->p_offset)) {
            return load;
        }
    }
    return NULL;
}

static uint64_t trimmed(const uint8_t *data, uint64_t len)
{
    while (len != 0 && data[len - 1] == 0) {
        len--;
    }
    return len;
}

bool elf_slim(const char *name, const uint8_t *image, size_t len, struct buf *out,
              struct diag *diag)
{
    Elf64_Ehdr ehdr;
    struct segments in = { .count = 0 };

    if (!headers_read(name, image, len, &ehdr, &in, diag)) {
        return false;
    }
    struct segments slim = in;
    size_t base = out->len;
    uint64_t at = sizeof(ehdr) + in.count * sizeof(Elf64_Phdr);
    struct buf body = { 0 };

    for (size_t i = 0; i < in.count; i++) {
        const Elf64_Phdr *from = &in.header[i];
        Elf64_Phdr *to = &slim.header[i];

        if (from->p_type != PT_LOAD && note_home(&in, from) != NULL) {
            continue; /* below, when all loads have their place */
        }
        uint64_t size = from->p_filesz;

        if (from->p_type == PT_LOAD) {
            size = trimmed(image + from->p_offset, size);
            uint64_t aligned = (at + SEGMENT_ALIGN - 1) / SEGMENT_ALIGN * SEGMENT_ALIGN
                               + from->p_vaddr % SEGMENT_ALIGN;

            buf_zero(&body, aligned - at);
            at = aligned;
        }
        to->p_offset = at;
        to->p_filesz = size;
        buf_put(&body, image + from->p_offset, size);
        at += size;
    }
    for (size_t i = 0; i < in.count; i++) {
        const Elf64_Phdr *note = &in.header[i];
        const Elf64_Phdr *home = note->p_type == PT_NOTE ? note_home(&in, note) : NULL;

        if (home == NULL) {
            continue;
        }
        const Elf64_Phdr *moved = &slim.header[home - in.header];
        uint64_t inside = note->p_offset - home->p_offset;

        slim.header[i].p_offset = moved->p_offset + inside;
        if (inside + note->p_filesz > moved->p_filesz) {
            /* Its last bytes are zeros that were trimmed: give it a copy of its own. */
            slim.header[i].p_offset = at;
            buf_put(&body, image + note->p_offset, note->p_filesz);
            at += note->p_filesz;
        }
    }
    ehdr.e_phoff = sizeof(ehdr);
    ehdr.e_phnum = (Elf64_Half)in.count;
    ehdr.e_shoff = 0;
    ehdr.e_shnum = 0;
    ehdr.e_shstrndx = 0;
    buf_put(out, &ehdr, sizeof(ehdr));
    buf_put(out, slim.header, in.count * sizeof(slim.header[0]));
    buf_put(out, body.data != NULL ? body.data : "", body.len);
    buf_free(&body);
    return out->len > base;
}
