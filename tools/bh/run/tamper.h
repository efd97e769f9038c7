/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An attacker with access to the boot disk, in small: a copy of a host image with one thing
 * changed, chosen so that the host still boots. The reference values stay what they were, so the
 * verifier must refuse the copy and name what was changed.
 *
 * Of an image with boot = efi the same bytes are changed inside bulkhead.efi.
 *
 *   policy       one letter in the name of a type that nothing refers to by name: every rule keeps
 *                its meaning (rules refer to types by number)
 *   hypervisor   one byte of the file that is loaded nowhere
 *   initramfs    one byte of the header of the guest's gzip file: its time stamp
 *   cmdline      one more word on the hypervisor's command line
 *   permissive   the word flask=permissive there
 */
#ifndef BH_RUN_TAMPER_H
#define BH_RUN_TAMPER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * Component that the verifier must name for a kind of tampering; NULL for no such kind.
 *
 * @param efi  the image is one EFI program
 */
const char *tamper_component(const char *what, int efi);

/** Whether a kind changes the loader's configuration, and not a file. */
int tamper_in_loader(const char *what);

/** The kinds there are, for messages. */
const char *tamper_words(void);

/**
 * Copy a host image and change one thing in the copy: in boot/ or run.json and in the disk's ESP.
 *
 * @param from  folder of the image
 * @param to    folder of the copy, created or replaced file by file
 * @return 0; -1 with a line on stderr
 */
int tamper_image(const char *from, const char *to, const char *what);

/** Copy a host image and append words, each after a blank, to the hypervisor's command line. */
int tamper_append(const char *from, const char *to, const char *words);

/** The verb `bh tamper --what=WHAT DIR OUT`. */
int tamper_main(int argc, char **argv);

/** Places to change. Each returns an offset into the file, or -1 if it has none that is safe. */
ssize_t tamper_find_policy(const uint8_t *policy, size_t size, const uint8_t *names,
                           size_t names_size);
ssize_t tamper_find_elf(const uint8_t *elf, size_t size);
ssize_t tamper_find_gzip(const uint8_t *gz, size_t size);

/**
 * Append words to the line of a GRUB configuration that loads the hypervisor, inside the tar archive
 * that a standalone GRUB carries, without changing the size of anything: the file grows into the
 * padding of its last block.
 *
 * @param image  the loader's PE file, changed in place
 * @param words  to append, with a leading blank
 * @return 0; -1 no such line, or no room in the padding
 */
int tamper_grub(uint8_t *image, size_t size, const char *words);

/**
 * Append words to the command line in bulkhead.efi, in the zeros that follow it in its section.
 *
 * @param image  the PE file, changed in place
 * @return 0; -1 no section .cmdline, or no room in it
 * Source: PE/COFF specification, revision 11, 3 and 4.
 */
int tamper_efi_cmdline(uint8_t *image, size_t size, const char *words);

#endif
