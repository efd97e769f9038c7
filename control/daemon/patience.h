/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for what another domain does, by the clock: a XenStore that takes its time over each look must not make a wait of seconds one
 * of minutes.
 */
#ifndef CONTROL_PATIENCE_H
#define CONTROL_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct patience {
    int64_t end_ms;
};

static inline int64_t patience_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline struct patience patience_for(unsigned int ms)
{
    return (struct patience){ .end_ms = patience_now() + ms };
}

/** A pause before the next look, of less than a second. @return false: there is no time for another, without a pause */
static inline bool patience_pause(const struct patience *p, unsigned int ms)
{
    if (patience_now() + ms >= p->end_ms) {
        return false;
    }
    nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
    return true;
}

#endif
