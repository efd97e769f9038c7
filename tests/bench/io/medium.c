/* SPDX-License-Identifier: Apache-2.0 */
/*
 * medium: what is on the disk of `make bench-io`, before and after. workload/workload.sh has the same places and texts.
 *
 *   medium make FILE                       the content that reads are compared with
 *   medium check FILE [MEASUREMENT=COUNT]...   each write measurement has left so many blocks, every one whole and in its area,
 *                                          and all others hold what they held; prints a sum of which were written
 *
 * A block is filled, over and over, with its offset and a word; or, when written, with the name of the measurement. The length of
 * either is odd where a block has several pages, so that no two pages of a block are the same.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB 1048576u
#define BLOCK_MAX (128u * 1024)

struct area {
    const char *writer; /* the measurement that writes here; NULL: none that counts */
    uint32_t first_mib, end_mib, block;
    unsigned long expected, found;
};

static struct area areas[] = {
    { .writer = "write-4k-1", .first_mib = 0, .end_mib = 128, .block = 4096 },
    { .writer = "write-4k-32", .first_mib = 128, .end_mib = 256, .block = 4096 },
    { .writer = "write-128k-8", .first_mib = 256, .end_mib = 512, .block = BLOCK_MAX },
    { .writer = NULL, .first_mib = 512, .end_mib = 528, .block = 4096 }, /* the one that is not counted */
};
#define AREA_COUNT (sizeof(areas) / sizeof(areas[0]))

static void repeat(uint8_t *out, size_t size, const void *text, size_t length)
{
    for (size_t i = 0; i < size; i += length) {
        memcpy(out + i, text, length < size - i ? length : size - i);
    }
}

static void content(uint8_t *out, const struct area *a, uint64_t offset)
{
    uint8_t text[13];

    memcpy(text, &offset, 8); /* least significant byte first, as fio's %o */
    memcpy(text + 8, "bulkh", 5);
    repeat(out, a->block, text, sizeof(text));
}

static void written(uint8_t *out, const struct area *a)
{
    char text[32];
    int length = snprintf(text, sizeof(text), "%s;", a->writer);

    repeat(out, a->block, text, (size_t)length);
}

static int make(FILE *file)
{
    static uint8_t block[BLOCK_MAX];

    for (size_t i = 0; i < AREA_COUNT; i++) {
        const struct area *a = &areas[i];

        for (uint64_t at = (uint64_t)a->first_mib * MIB; at < (uint64_t)a->end_mib * MIB; at += a->block) {
            content(block, a, at);
            if (fwrite(block, a->block, 1, file) != 1) {
                perror("medium");
                return 1;
            }
        }
    }
    return 0;
}

/* @return whether all of it is right */
static bool check_area(FILE *file, struct area *a, uint64_t *sum)
{
    static uint8_t block[BLOCK_MAX], before[BLOCK_MAX], after[BLOCK_MAX];

    written(after, a);
    for (uint64_t at = (uint64_t)a->first_mib * MIB; at < (uint64_t)a->end_mib * MIB; at += a->block) {
        if (fread(block, a->block, 1, file) != 1) {
            fprintf(stderr, "medium: too short\n");
            return false;
        }
        content(before, a, at);
        if (memcmp(block, after, a->block) == 0) {
            a->found++;
            *sum = (*sum ^ at / 4096) * 0x100000001b3u; /* FNV-1a, by words */
        } else if (memcmp(block, before, a->block) != 0) {
            fprintf(stderr, "medium: wrong data in the %u bytes at %llu\n", a->block, (unsigned long long)at);
            return false;
        }
    }
    if (a->found != a->expected) {
        fprintf(stderr, "medium: %s left %lu blocks, not %lu\n", a->writer, a->found, a->expected);
    }
    return a->found == a->expected;
}

static bool expect(const char *word)
{
    const char *equals = strchr(word, '=');

    for (size_t i = 0; equals != NULL && i < AREA_COUNT; i++) {
        const char *name = areas[i].writer;

        if (name != NULL && strlen(name) == (size_t)(equals - word) && strncmp(word, name, strlen(name)) == 0) {
            areas[i].expected = strtoul(equals + 1, NULL, 10);
            return true;
        }
    }
    fprintf(stderr, "medium: %s: write MEASUREMENT=COUNT\n", word);
    return false;
}

int main(int argc, char **argv)
{
    bool makes = argc == 3 && strcmp(argv[1], "make") == 0, right = true;
    uint64_t sum = 0xcbf29ce484222325u;
    FILE *file;

    if (!makes && (argc < 3 || strcmp(argv[1], "check") != 0)) {
        fprintf(stderr, "usage: medium make FILE | medium check FILE [MEASUREMENT=COUNT]...\n");
        return 2;
    }
    file = fopen(argv[2], makes ? "wb" : "rb");
    if (file == NULL) {
        perror(argv[2]);
        return 1;
    }
    if (makes) {
        return make(file) != 0 || fclose(file) != 0;
    }
    for (int i = 3; i < argc; i++) {
        if (!expect(argv[i])) {
            return 2;
        }
    }
    for (size_t i = 0; i < AREA_COUNT && areas[i].writer != NULL; i++) {
        right = check_area(file, &areas[i], &sum) && right;
    }
    printf("%016llx\n", (unsigned long long)sum);
    return right ? 0 : 1;
}
