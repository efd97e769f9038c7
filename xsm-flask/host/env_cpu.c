/* SPDX-License-Identifier: Apache-2.0 */
/* The CPUs of a host program: it says itself which of them asks. */
#include "env.h"

#include <stdlib.h>

#include <flask/env.h>
#include <xsm/avc_hit.h>

static struct {
    struct xsm_avc *avc;
    uint64_t hits;
} caches[HOST_ENV_CPUS];

void xsm_env_avc_set(unsigned int cpu, struct xsm_avc *avc)
{
    if (cpu >= HOST_ENV_CPUS) {
        abort();
    }
    caches[cpu].avc = avc;
    caches[cpu].hits = 0;
}

unsigned int xsm_env_cpu(void)
{
    return host_env_cpu;
}

uint64_t xsm_env_avc_hits(unsigned int cpu)
{
    return caches[cpu].hits;
}

void *xsm_env_avc_at(uint64_t offset)
{
    struct xsm_avc *avc = caches[host_env_cpu].avc;

    return (char *)(avc != NULL ? avc : xsm_avc_boot) + offset;
}

void xsm_env_avc_count(void)
{
    caches[host_env_cpu].hits++;
}
