/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's environment in a host program: the C library's heap, no second CPU, no audit unless
 * asked for. Tests make it scarce or strange through these variables.
 */
#include "env.h"

#include <stdlib.h>

#include <flask/env.h>

unsigned int host_env_cpu;
long host_env_fail_after = -1;
long host_env_live;
size_t host_env_bytes;
uint64_t host_env_time_ns;
void (*host_env_audit)(const char *line);
int host_env_locked;

void *xsm_env_alloc(size_t size)
{
    void *p;

    if (host_env_fail_after == 0) {
        return NULL;
    }
    if (host_env_fail_after > 0) {
        host_env_fail_after--;
    }
    p = malloc(size);
    if (p != NULL) {
        host_env_live++;
        host_env_bytes += size;
    }
    return p;
}

void xsm_env_free(void *ptr)
{
    if (ptr != NULL) {
        host_env_live--;
        free(ptr);
    }
}

void xsm_env_lock(void)
{
    if (host_env_locked++ != 0) {
        abort();
    }
}

void xsm_env_unlock(void)
{
    if (--host_env_locked != 0) {
        abort();
    }
}

uint64_t xsm_env_now_ns(void)
{
    return host_env_time_ns;
}

void xsm_env_audit(const char *line)
{
    if (host_env_locked != 0) {
        abort();
    }
    if (host_env_audit != NULL) {
        host_env_audit(line);
    }
}
