/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"

#include <xen/errno.h>

static void put_le32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

/* Four words a step: most pages looked at are full or empty, so the step's cost is what counts. */
static bool page_is_zero(const uint8_t *page)
{
    typedef uint64_t __attribute__((may_alias)) word;
    const word *w = (const word *)(const void *)page;
    const word *end = w + PAGE_SIZE / sizeof(*w);

    for (; w < end; w += 4) {
        if ((w[0] | w[1] | w[2] | w[3]) != 0) {
            return false;
        }
    }
    return true;
}

int launch_digest_pages(struct sha256 *ctx, const struct launch_range *range, launch_page_fn *page,
                        void *arg)
{
    uint64_t i;

    for (i = 0; i < range->count; i++) {
        uint64_t gfn = range->first + i;
        const uint8_t *bytes = page(arg, gfn);
        uint8_t head[8];

        if (bytes == NULL) {
            return -EFAULT;
        }
        if (page_is_zero(bytes)) {
            continue;
        }
        put_le32(head, (uint32_t)gfn);
        put_le32(head + 4, (uint32_t)(gfn >> 32));
        sha256_update(ctx, head, sizeof(head));
        sha256_update(ctx, bytes, PAGE_SIZE);
    }
    return 0;
}

void launch_digest_finish(struct sha256 *ctx, const struct launch_vcpu *vcpu,
                          uint8_t digest[SHA256_SIZE])
{
    uint8_t record[LAUNCH_VCPU_RECORD];

    put_le32(record, vcpu->entry);
    put_le32(record + 4, vcpu->start_info);
    put_le32(record + 8, vcpu->mode);
    sha256_update(ctx, record, sizeof(record));
    sha256_final(ctx, digest);
}
