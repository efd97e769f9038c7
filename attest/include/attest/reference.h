/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_REFERENCE_H
#define ATTEST_REFERENCE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Reference values: what a host built from one description must measure. `bh build` writes them,
 * the verifier reads them. The JSON schema is in attest/README.md.
 *
 * Order matters within one PCR: components are expected in the order they were added. Several
 * components may share a name ("policy" is a file in PCR 9 and an event in PCR 21).
 */

enum reference_kind {
    REFERENCE_GRUB_PE,          /* PCR 4: sha256 = Authenticode hash of the PE, see below */
    REFERENCE_EFI_IMAGE,        /* PCR 4: the same of a PE that has all the files in it: none in PCR 9 */
    REFERENCE_GRUB_CMD,         /* PCR 8: sha256 = hash of what GRUB hashed; detail = the text */
    REFERENCE_FILE,             /* PCR 9: sha256 of the file's bytes; detail = path */
    REFERENCE_HYPERVISOR_EVENT, /* PCR 21: detail = exact event text; sha256 computed when unset */
    REFERENCE_PROTECTION,       /* PCR 21: detail = words that the protection event must contain,
                                   "svm=1 npt=1 nx=1"; further words are only reported */
    REFERENCE_DOMAIN,           /* PCR 22: detail = exact event text with start=1; sha256 computed;
                                   later starts of the same domain with the same digest are fine */
    REFERENCE_BOOT_SECTOR,      /* PCR 4 under a BIOS: sha256 of the code in the disk's first sector */
    REFERENCE_PARTITION_TABLE,  /* PCR 5 under a BIOS: sha256 of the rest of that sector */
    REFERENCE_PCR,              /* firmware's, 0 to 7, each once: sha256 = final value. Of the others, events are compared */
};

#define REFERENCE_NAME_MAX 64     /* [A-Za-z0-9._/-] */
#define REFERENCE_DETAIL_MAX 4096 /* UTF-8, no control characters */
#define REFERENCE_COMPONENT_MAX 4096

struct reference_component {
    char *name;
    enum reference_kind kind;
    unsigned int pcr;
    uint8_t sha256[32];
    char *detail; /* never NULL, may be "" */
};

struct reference {
    size_t count;
    struct reference_component *component;
};

/* One line that says what is wrong and where. */
struct attest_error {
    char text[256];
};

/** @return an empty reference, to be freed; NULL without memory */
struct reference *reference_new(void);
void reference_free(struct reference *ref);

/**
 * Append one component; strings are copied.
 *
 * @param sha256  32 bytes; may be NULL for kinds whose digest is that of `detail`
 *                (GRUB_CMD, HYPERVISOR_EVENT, PROTECTION, DOMAIN)
 * @return 0; -EINVAL name, detail or pcr out of range, a second value of a PCR, or a digest needed; -ENOMEM
 */
int reference_add(struct reference *ref, const char *name, enum reference_kind kind,
                  unsigned int pcr, const uint8_t *sha256, const char *detail,
                  struct attest_error *err);

/** As reference_add(), kind FILE, PCR 9, hashing the file at `host_path`. */
int reference_add_file(struct reference *ref, const char *name, const char *host_path,
                       const char *measured_path, struct attest_error *err);

/** As reference_add(), kind GRUB_PE or EFI_IMAGE, PCR 4, with the Authenticode hash of the PE at `host_path`. */
int reference_add_pe(struct reference *ref, const char *name, enum reference_kind kind,
                     const char *host_path, const char *measured_path, struct attest_error *err);

/** Write as JSON, complete or not at all (temporary file, rename). @return 0 or -errno */
int reference_write(const struct reference *ref, const char *path, struct attest_error *err);

/** Parse JSON; unknown keys, kinds and duplicates of a kind's unique fields are refused. */
struct reference *reference_parse(const uint8_t *json, size_t len, struct attest_error *err);
struct reference *reference_read(const char *path, struct attest_error *err);

struct json_object;
/** The array of components as in the file, to be put by the caller; and back, adding to ref. */
struct json_object *reference_components_json(const struct reference *ref);
int reference_components_parse(struct reference *ref, struct json_object *list,
                               struct attest_error *err);

/** Word used for a kind in JSON: "grub-pe", "grub-cmd", "file", ... */
const char *reference_kind_name(enum reference_kind kind);

/**
 * Authenticode SHA-256 of a PE image, which is what UEFI extends into PCR 4 for a boot loader.
 * @return 0; -EINVAL not a well-formed PE, err says at which offset
 * Source: Microsoft, Windows Authenticode Portable Executable Signature Format, 2008, "Calculating
 * the PE Image Hash".
 */
int authenticode_sha256(const uint8_t *pe, size_t len, uint8_t out[32], struct attest_error *err);

#endif /* ATTEST_REFERENCE_H */
