/* SPDX-License-Identifier: Apache-2.0 */
#include "needed.h"

#include <elf.h>
#include <string.h>

#include "buf.h"

struct view {
    const uint8_t *image;
    size_t len;
    Elf64_Ehdr ehdr;
};

static bool phdr_at(const struct view *v, unsigned int i, Elf64_Phdr *phdr)
{
    uint64_t at = v->ehdr.e_phoff + (uint64_t)i * sizeof(*phdr);

    if (v->ehdr.e_phoff > v->len || at > v->len || sizeof(*phdr) > v->len - at) {
        return false;
    }
    memcpy(phdr, v->image + at, sizeof(*phdr));
    return phdr->p_offset <= v->len && phdr->p_filesz <= v->len - phdr->p_offset;
}

/* File offset of an address in a loaded segment; len if it is in none. */
static uint64_t offset_of(const struct view *v, uint64_t vaddr)
{
    Elf64_Phdr phdr;

    for (unsigned int i = 0; i < v->ehdr.e_phnum && phdr_at(v, i, &phdr); i++) {
        if (phdr.p_type == PT_LOAD && vaddr >= phdr.p_vaddr
            && vaddr - phdr.p_vaddr < phdr.p_filesz) {
            return phdr.p_offset + (vaddr - phdr.p_vaddr);
        }
    }
    return v->len;
}

/* A NUL-terminated string of the file, or NULL if it runs past the end. */
static const char *text_at(const struct view *v, uint64_t offset)
{
    if (offset >= v->len || memchr(v->image + offset, '\0', v->len - offset) == NULL) {
        return NULL;
    }
    return (const char *)v->image + offset;
}

static bool dynamic_read(const struct view *v, const Elf64_Phdr *phdr, char ***names,
                         size_t *count)
{
    uint64_t strings = v->len;
    Elf64_Dyn dyn;

    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t at = 0; at + sizeof(dyn) <= phdr->p_filesz; at += sizeof(dyn)) {
            memcpy(&dyn, v->image + phdr->p_offset + at, sizeof(dyn));
            if (dyn.d_tag == DT_NULL) {
                break;
            }
            if (pass == 0 && dyn.d_tag == DT_STRTAB) {
                strings = offset_of(v, dyn.d_un.d_ptr);
            }
            if (pass == 1 && dyn.d_tag == DT_NEEDED) {
                const char *text = dyn.d_un.d_val < v->len ? text_at(v, strings + dyn.d_un.d_val)
                                                           : NULL;

                if (text == NULL || *text == '\0' || strchr(text, '/') != NULL) {
                    return false;
                }
                *names = bh_grow(*names, *count + 1, sizeof(**names));
                (*names)[(*count)++] = bh_strdup(text);
            }
        }
    }
    return true;
}

bool elf_needed(const char *name, const uint8_t *image, size_t len, char ***names, size_t *count,
                char **interp, struct diag *diag)
{
    struct view v = { .image = image, .len = len };
    Elf64_Phdr phdr;
    bool good = true;

    *names = NULL;
    *count = 0;
    *interp = NULL;
    if (len < sizeof(v.ehdr) || memcmp(image, ELFMAG, SELFMAG) != 0
        || image[EI_CLASS] != ELFCLASS64) {
        diag_error(diag, name, 0, NULL, "is not a 64-bit ELF program");
        return false;
    }
    memcpy(&v.ehdr, image, sizeof(v.ehdr));
    for (unsigned int i = 0; i < v.ehdr.e_phnum && good; i++) {
        good = phdr_at(&v, i, &phdr);
        if (good && phdr.p_type == PT_DYNAMIC) {
            good = dynamic_read(&v, &phdr, names, count);
        } else if (good && phdr.p_type == PT_INTERP) {
            const char *text = text_at(&v, phdr.p_offset);

            good = text != NULL && text[0] == '/';
            *interp = good ? bh_strdup(text) : NULL;
        }
    }
    if (!good) {
        diag_error(diag, name, 0, NULL, "is a damaged ELF program");
    }
    return good;
}
