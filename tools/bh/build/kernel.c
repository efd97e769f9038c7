/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel.h"

#include <string.h>

#include "unpack.h"

/* Offsets of the setup header, Documentation/x86/boot.rst. */
#define SETUP_SECTS 0x1f1
#define SETUP_MAGIC 0x202
#define SETUP_VERSION 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_END 0x250
#define VERSION_WITH_PAYLOAD 0x208

static uint32_t le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

bool kernel_is_bzimage(const uint8_t *image, size_t len)
{
    return len >= SETUP_END && memcmp(image + SETUP_MAGIC, "HdrS", 4) == 0;
}

bool kernel_from_bzimage(const char *name, const uint8_t *image, size_t len, struct buf *out,
                         struct diag *diag)
{
    if (!kernel_is_bzimage(image, len)) {
        diag_error(diag, name, 0, NULL, "is not a bzImage: 'HdrS' expected at offset 0x%x",
                   SETUP_MAGIC);
        return false;
    }
    unsigned int version = image[SETUP_VERSION] | (unsigned int)image[SETUP_VERSION + 1] << 8;

    if (version < VERSION_WITH_PAYLOAD) {
        diag_error(diag, name, 0, NULL, "is a bzImage of boot protocol 0x%x; at least 0x%x, "
                   "Linux 2.6.26, is needed", version, VERSION_WITH_PAYLOAD);
        return false;
    }
    uint64_t setup_sectors = image[SETUP_SECTS] != 0 ? image[SETUP_SECTS] : 4;
    uint64_t start = (setup_sectors + 1) * 512 + le32(image + PAYLOAD_OFFSET);
    uint64_t size = le32(image + PAYLOAD_LENGTH);

    if (size < 6 || start > len || size > len - start) {
        diag_error(diag, name, 0, NULL, "is cut short: the kernel should be at 0x%llx to 0x%llx, "
                   "the file ends at 0x%zx", (unsigned long long)start,
                   (unsigned long long)(start + size), len);
        return false;
    }
    return unpack(name, image + start, size, out, diag);
}
