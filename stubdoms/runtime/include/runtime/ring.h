/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte and slot rings in memory that a hostile domain writes too.
 *
 * The rule: our own index lives in private memory and is only published; the peer's index is read
 * once, checked against ours, and that copy is used. A distance that cannot be is an error that
 * ends the connection, never something to be clamped silently.
 */
#ifndef RUNTIME_RING_H
#define RUNTIME_RING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * How many bytes or slots a consumer may take: peer's @prod against own @cons.
 *
 * @return false when the peer claims more than the ring holds
 */
static inline bool ring_available(uint32_t prod, uint32_t cons, uint32_t size, uint32_t *count)
{
    uint32_t n = prod - cons;

    if (n > size) {
        return false;
    }
    *count = n;
    return true;
}

/**
 * How many bytes or slots a producer may add: own @prod against peer's @cons.
 *
 * @return false when the peer claims to have consumed what was not produced
 */
static inline bool ring_space(uint32_t prod, uint32_t cons, uint32_t size, uint32_t *count)
{
    uint32_t used = prod - cons;

    if (used > size) {
        return false;
    }
    *count = size - used;
    return true;
}

#endif
