/* SPDX-License-Identifier: Apache-2.0 */
/* A cache of access vectors that knows nothing, so that every question is put to xsm_check_some(). */
#include <xsm/avc_hit.h>

#include <stdlib.h>

uint64_t xsm_policy_stamp = 1U << 24;

void *xsm_env_avc_at(uint64_t offset)
{
    static struct xsm_avc empty;

    return (char *)&empty + offset;
}

void xsm_env_avc_count(void)
{
    abort();
}
