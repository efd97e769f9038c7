/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mutations that know what a policy image is made of: little-endian words of 32 bits, many of them counts,
 * lengths and values, at any alignment. libFuzzer's own mutations have every third turn.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

static uint32_t state;

static uint32_t rnd(size_t n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % (uint32_t)n;
}

static uint32_t new_word(const uint8_t *data, size_t size, uint32_t old)
{
    static const uint32_t edges[] = { 0, 1, 2, 31, 32, 33, 63, 64, 255, 256, 0xffff, 0x10000, 0x7fffffff,
                                      0x80000000, 0xffffffff };
    uint32_t other;

    switch (rnd(6)) {
    case 0:
        return edges[rnd(sizeof(edges) / sizeof(edges[0]))];
    case 1:
        return old + 1;
    case 2:
        return old - 1;
    case 3:
        return old ^ 1U << rnd(32);
    case 4:
        return rnd(64);
    default:
        memcpy(&other, data + rnd(size - 3), 4);
        return other;
    }
}

static void mutate_word(uint8_t *data, size_t size)
{
    uint8_t *at = data + rnd(size - 3);
    uint32_t word;

    /* Most words have a zero byte on top: move to one that looks like it. */
    while (at < data + size - 4 && at[3] != 0) {
        at++;
    }
    memcpy(&word, at, 4);
    word = new_word(data, size, word);
    memcpy(at, &word, 4);
}

/* Take out a piece, or put one in twice. */
static size_t mutate_length(uint8_t *data, size_t size, size_t max_size)
{
    size_t n = 4 * (1 + rnd(8)), at;

    if (size <= 2 * n) {
        return size;
    }
    at = rnd(size - n);
    if (rnd(2) == 0) {
        memmove(data + at, data + at + n, size - at - n);
        return size - n;
    }
    if (size + n > max_size) {
        return size;
    }
    memmove(data + at + n, data + at, size - at);
    return size + n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t n;

    state = seed | 1;
    if (size < 64 || rnd(3) == 0) {
        return LLVMFuzzerMutate(data, size, max_size);
    }
    for (n = 1 + rnd(3); n > 0; n--) {
        mutate_word(data, size);
    }
    return rnd(4) == 0 ? mutate_length(data, size, max_size) : size;
}
