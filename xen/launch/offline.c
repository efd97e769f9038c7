/* SPDX-License-Identifier: Apache-2.0 */
#include "offline.h"

#include "pvh.h"

#include <xen/errno.h>
#include <xen/lib.h>

/* The written part of a domain's first 4 GiB, in chunks allocated on first use. */
#define CHUNK_SIZE (1ull << 21)
#define CHUNK_COUNT (PVH_ABOVE_4G / CHUNK_SIZE)

struct sparse_memory {
    uint8_t *chunk[CHUNK_COUNT];
};

static int sparse_populate(void *arg, uint64_t first, uint64_t count)
{
    (void)arg;
    (void)first;
    (void)count;
    return 0;
}

static int sparse_write(void *arg, gaddr_t at, const void *data, size_t size)
{
    struct sparse_memory *mem = arg;
    const uint8_t *from = data;

    if (at >= PVH_ABOVE_4G || size > PVH_ABOVE_4G - at) {
        return -EFAULT;
    }
    while (size > 0) {
        uint8_t **chunk = &mem->chunk[at / CHUNK_SIZE];
        size_t part = (size_t)min(size, CHUNK_SIZE - at % CHUNK_SIZE);

        if (*chunk == NULL) {
            *chunk = calloc(1, CHUNK_SIZE);
            if (*chunk == NULL) {
                return -ENOMEM;
            }
        }
        memcpy(*chunk + at % CHUNK_SIZE, from, part);
        from += part;
        at += part;
        size -= part;
    }
    return 0;
}

static const uint8_t *sparse_page(void *arg, uint64_t gfn)
{
    static const uint8_t zeros[PAGE_SIZE] __aligned_to(8);
    const struct sparse_memory *mem = arg;
    gaddr_t at = gfn << PAGE_SHIFT;
    const uint8_t *chunk = mem->chunk[at / CHUNK_SIZE];

    return chunk != NULL ? chunk + at % CHUNK_SIZE : zeros;
}

int launch_digest_offline(const struct launch_input *in, uint8_t digest[32],
                          struct launch_error *err)
{
    struct sparse_memory *mem = calloc(1, sizeof(*mem));
    struct pvh_plan *plan = calloc(1, sizeof(*plan));
    struct launch_sink sink = { mem, sparse_populate, sparse_write };
    struct sha256 ctx;
    unsigned i;
    int ret;

    if (mem == NULL || plan == NULL) {
        free(mem);
        free(plan);
        return launch_fail(err, -ENOMEM, "domain %s: out of memory", in->name);
    }
    ret = pvh_plan(in, plan, err);
    if (ret == 0) {
        ret = pvh_build(in, plan, &sink, err);
    }
    sha256_init(&ctx);
    for (i = 0; ret == 0 && i < plan->range_count; i++) {
        ret = launch_digest_pages(&ctx, &plan->range[i], sparse_page, mem);
    }
    if (ret == 0) {
        launch_digest_finish(&ctx, &plan->vcpu, digest);
    }
    for (i = 0; i < CHUNK_COUNT; i++) {
        free(mem->chunk[i]);
    }
    free(mem);
    free(plan);
    return ret;
}
