/* SPDX-License-Identifier: Apache-2.0 */
/* A kernel image goes through reader, planner, builder and digest, as on the host. */
#include "../../xen/launch/offline.h"
#include "../unit/launch/kernel.h"
#include "manifest_elf_runner.h"

#include <stdlib.h>
#include <string.h>

bool fuzz_seed_accepted;

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static struct kernel kernel;

    kernel_init(&kernel);
    kernel.segment[1] = (struct kernel_segment){ 1, 0x8000, 0x40, 0x80, 0 };
    kernel.segment[2] = (struct kernel_segment){ 1, 0x105800, 0x200, 0x900, 0 };
    kernel.segment_count = 3;
    kernel_make(&kernel);
    if (kernel.size > max) {
        abort();
    }
    memcpy(buf, kernel.bytes, kernel.size);
    return kernel.size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t ramdisk[100] = { 1, 2, 3 };
    const struct launch_input in = {
        .name = "fuzz",
        .memory_kib = 4096,
        .vcpu_count = 1,
        .cmdline = "quiet",
        .kernel = data,
        .kernel_size = size,
        .ramdisk = ramdisk,
        .ramdisk_size = sizeof(ramdisk),
    };
    struct launch_error err = { .text = "" };
    uint8_t digest[32];

    if (launch_digest_offline(&in, digest, &err) == 0) {
        fuzz_seed_accepted = true;
    } else if (err.text[0] == '\0') {
        abort();
    }
    return 0;
}
