/* SPDX-License-Identifier: Apache-2.0 */
#include "qcow2.h"

#include <string.h>

/* Places of the header's fields, all big-endian. */
enum {
    AT_VERSION = 4,
    AT_BACKING_FILE = 8,   /* 8 bytes: where its name lies */
    AT_BACKING_LENGTH = 16,
    AT_ENCRYPTION = 32,
    AT_INCOMPATIBLE = 72,  /* 8 bytes, version 3 */
    SIZE_VERSION_2 = 72,
};

/* What a reader must know to read it right. */
#define DIRTY 1ull
#define CORRUPT 2ull
#define DATA_FILE 4ull
#define COMPRESSION 8ull
#define EXTENDED_L2 16ull

static uint64_t number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static const char *features_wrong(uint64_t features)
{
    if ((features & DATA_FILE) != 0) {
        return "its data is in another file; make one of them: qemu-img convert -O qcow2";
    }
    if ((features & CORRUPT) != 0) {
        return "it is marked as corrupt; repair it: qemu-img check -r all";
    }
    return (features & ~(DIRTY | COMPRESSION | EXTENDED_L2)) != 0 ? "it has features that are not known here; convert it"
                                                                  : NULL;
}

const char *qcow2_wrong(const uint8_t *header, size_t size)
{
    if (size < SIZE_VERSION_2 || memcmp(header, "QFI\xfb", 4) != 0) {
        return "it is no qcow2 image; remove format = qcow2, or convert it: qemu-img convert -O qcow2";
    }
    const uint64_t version = number(header + AT_VERSION, 4);

    if ((version != 2 && version != 3) || (version == 3 && size < QCOW2_HEADER_BYTES)) {
        return "it is qcow2 of another version; convert it: qemu-img convert -O qcow2";
    }
    if (number(header + AT_BACKING_FILE, 8) != 0 || number(header + AT_BACKING_LENGTH, 4) != 0) {
        return "it has a backing file, which is never opened; make one of them: qemu-img convert -O qcow2";
    }
    if (number(header + AT_ENCRYPTION, 4) != 0) {
        return "it is encrypted; let the guest encrypt its disk";
    }
    return version == 3 ? features_wrong(number(header + AT_INCOMPATIBLE, 8)) : NULL;
}
