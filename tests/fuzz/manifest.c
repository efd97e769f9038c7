/* SPDX-License-Identifier: Apache-2.0 */
#include "../../xen/launch/manifest.h"
#include "../unit/launch/tree.h"
#include "manifest_elf_runner.h"

#include <stdlib.h>
#include <string.h>

bool fuzz_seed_accepted;

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    static struct tree tree;
    size_t size;

    tree_init(&tree);
    size = tree_finish(&tree);
    if (size > max) {
        abort();
    }
    memcpy(buf, tree.bytes, size);
    return size;
}

/* What is accepted must be what the rest of the launch code relies on. */
static void check(const struct manifest *m)
{
    unsigned i;

    for (i = 0; i < m->domain_count; i++) {
        const struct manifest_domain *d = &m->domain[i];

        if (d->domid < 1 || d->domid > 32751 || d->cpus < 1 || d->cpus > MANIFEST_CPU_MAX ||
            d->memory_kib < MANIFEST_MEMORY_MIN_KIB || d->max_memory_kib < d->memory_kib ||
            d->kernel == 0 || d->kernel >= TREE_MODULES || strlen(d->name) == 0 ||
            strlen(d->name) >= MANIFEST_NAME_MAX || strlen(d->label) >= MANIFEST_LABEL_MAX ||
            strlen(d->bootargs) >= MANIFEST_BOOTARGS_MAX ||
            (d->ramdisk != MANIFEST_NO_MODULE && d->ramdisk >= TREE_MODULES)) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct manifest m;
    struct launch_error err = { .text = "" };

    if (manifest_parse(data, size, TREE_MODULES, &m, &err) == 0) {
        fuzz_seed_accepted = true;
        check(&m);
    } else if (err.text[0] == '\0') {
        abort();
    }
    return 0;
}
