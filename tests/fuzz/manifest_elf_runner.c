/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz entry without a fuzzer: mutations of a valid seed, the same ones on every run, and the files of a
 * folder of kept inputs, if there is one (-DCORPUS). With files as arguments it runs these instead. Built with
 * ASan and UBSan, so a mistake ends the run.
 * For real fuzzing: clang -fsanitize=fuzzer,address with the entry's file and the sources under test.
 */
#include "manifest_elf_runner.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536u
#define CORPUS_MIN 10u
#ifndef ROUNDS
#define ROUNDS 40000u
#endif

static uint64_t random_state = 0x9e3779b97f4a7c15u;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}

/* Values that tend to sit on a boundary, in either byte order. */
static void put_interesting(uint8_t *p)
{
    static const uint32_t values[] = { 0, 1, 2, 4, 9, 0x7f, 0xff, 0x1000, 0x7fffffff, 0x80000000,
                                       0xfffffffc, 0xffffffff };
    uint32_t v = values[random_below(sizeof(values) / sizeof(values[0]))];

    if (random_below(2)) {
        v = __builtin_bswap32(v);
    }
    memcpy(p, &v, 4);
}

static size_t mutate(uint8_t *buf, size_t size)
{
    uint32_t n = 1 + random_below(4);

    while (n-- > 0 && size > 8) {
        uint32_t at = random_below((uint32_t)size - 8);

        switch (random_below(6)) {
        case 0:
            buf[at] ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            buf[at] = (uint8_t)random_below(256);
            break;
        case 2:
            put_interesting(buf + at);
            break;
        case 3:
            put_interesting(buf + (at & ~3u));
            break;
        case 4:
            memmove(buf + at, buf + random_below((uint32_t)size - 8), 8);
            break;
        default:
            if (random_below(8) == 0) {
                size = 8 + at;
            }
            break;
        }
    }
    return size;
}

static void run(const uint8_t *data, size_t size)
{
    /* A copy of its own size: one byte too far is seen. */
    uint8_t *copy = malloc(size != 0 ? size : 1);

    if (copy == NULL) {
        abort();
    }
    memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static bool run_file(const char *path)
{
    static uint8_t buf[INPUT_MAX];
    FILE *f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        return false;
    }
    run(buf, fread(buf, 1, sizeof(buf), f));
    fclose(f);
    return true;
}

/* @return whether there are kept inputs, where there should be some */
static bool run_corpus(void)
{
    size_t count = 0;
#ifdef CORPUS
    glob_t g;

    if (glob(CORPUS "/*", 0, NULL, &g) == 0) {
        while (count < g.gl_pathc && run_file(g.gl_pathv[count])) {
            count++;
        }
        globfree(&g);
    }
    printf("%sok 2 - %zu kept inputs of " CORPUS "\n", count < CORPUS_MIN ? "not " : "", count);
    return count >= CORPUS_MIN;
#else
    return count == 0;
#endif
}

int main(int argc, char **argv)
{
    static uint8_t seed[INPUT_MAX], buf[INPUT_MAX];
    size_t size = fuzz_seed(seed, sizeof(seed));
    unsigned i;

    for (i = 1; i < (unsigned)argc; i++) {
        if (!run_file(argv[i])) {
            return 1;
        }
    }
    if (argc > 1) {
        return 0;
    }
    run(seed, size);
    if (!fuzz_seed_accepted) {
        printf("not ok 1 - the seed is not valid: nothing would be tested\n1..1\n");
        return 1;
    }
    for (i = 0; i < ROUNDS; i++) {
        memcpy(buf, seed, size);
        run(buf, mutate(buf, size));
    }
    printf("ok 1 - %u mutated inputs\n", ROUNDS);
    return run_corpus() ? 0 : 1;
}
