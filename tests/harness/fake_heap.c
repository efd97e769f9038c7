/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

unsigned fake_fail_alloc;

static bool fails(void)
{
    return fake_fail_alloc != 0 && --fake_fail_alloc == 0;
}

void *xzalloc_bytes(size_t size)
{
    return fails() ? NULL : calloc(1, size);
}

void *xzalloc_array_bytes(size_t elem, size_t n)
{
    return fails() ? NULL : calloc(n, elem);
}

void xfree(void *p)
{
    free(p);
}

void *pages_alloc(unsigned order)
{
    void *p = NULL;

    if (fails() || posix_memalign(&p, 4096, (size_t)4096 << order) != 0) {
        return NULL;
    }
    return memset(p, 0, (size_t)4096 << order);
}

void pages_free(void *p, unsigned order)
{
    (void)order;
    free(p);
}
