/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reference set, of either form. What is taken is printed and taken again, as the same set: a signer signs what was printed, and what
 * changed under a name is noticed by the digest.
 */
#include <stdlib.h>
#include <string.h>

#include <attest/refset.h>

#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

static void add(struct refset *set, const char *name, enum reference_kind kind, unsigned int pcr, const char *detail)
{
    static const uint8_t digest[32] = {1, 2, 3};
    struct attest_error err;

    if (reference_add(set->components, name, kind, pcr, kind == REFERENCE_GRUB_PE || kind == REFERENCE_FILE || kind == REFERENCE_PCR
                      ? digest : NULL, detail, &err) != 0) {
        abort();
    }
}

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    struct refset *set = refset_new();
    struct attest_error err;
    char *text = NULL;
    size_t n;

    strcpy(set->id, "web-2");
    strcpy(set->firmware, "ovmf");
    set->not_before = 1700000000;
    set->not_after = 1800000000;
    set->overlap = 604800;
    add(set, "loader", REFERENCE_GRUB_PE, 4, "EFI/BOOT/BOOTX64.EFI");
    add(set, "root", REFERENCE_GRUB_CMD, 8, "set root=(hd0,gpt1)");
    add(set, "policy", REFERENCE_FILE, 9, "/boot/policy.bin");
    add(set, "cmdline", REFERENCE_HYPERVISOR_EVENT, 21, "bulkhead-cmdline \"a\\\"b\xc3\xa9\"");
    add(set, "protection", REFERENCE_PROTECTION, 21, "svm=1 npt=1");
    add(set, "guest", REFERENCE_DOMAIN, 22, "bulkhead-domain id=1");
    add(set, "pcr", REFERENCE_PCR, 7, "");
    if (refset_supersede(set, "web-1", &err) != 0 || refset_finish(set, &err) != 0 || refset_print(set, &text, &err) != 0
        || (n = strlen(text)) > max) {
        abort();
    }
    memcpy(buf, text, n);
    free(text);
    refset_free(set);
    return n;
}

/* Printed as the other form when it was a plain list: the fields that a list does not have are then the parser's. */
static void again(const struct refset *set)
{
    struct attest_error err;
    struct refset *second;
    char *text = NULL, *same = NULL;

    if (refset_print(set, &text, &err) != 0) {
        abort();
    }
    second = refset_parse((const uint8_t *)text, strlen(text), &err);
    if (second == NULL || refset_print(second, &same, &err) != 0 || strcmp(text, same) != 0
        || memcmp(set->digest, second->digest, sizeof(set->digest)) != 0) {
        abort();
    }
    free(text);
    free(same);
    refset_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attest_error err;
    struct refset *set = refset_parse(data, size, &err);

    if (set != NULL) {
        fuzz_seed_accepted = true;
        if (set->not_after != INT64_MAX) { /* such as a plain list has, which is never printed */
            again(set);
        }
    }
    refset_free(set);
    return 0;
}
