/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does a disk keep what it was given? Workers, each pinned to a CPU and with a part of the disk of its own, write runs of blocks
 * with sequence numbers past the cache, flush, read back and compare every word with what they remember. One that finds another
 * thing says so and stops everything. Once a second a line tells how far all are, and how long the longest request has taken
 * since the last line:
 *
 *   DISK rounds=N requests=N flushes=N longest_ms=N wrong=0 seconds=N
 *
 *   disk-check DEVICE WORKERS             for ever
 *   disk-check DEVICE WORKERS OP SECONDS  4 KiB requests at random, OP read or write: RATE op=read depth=4 requests=N seconds=N
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096u
#define RUN_MAX 32u      /* blocks of one request: more than a request without indirect pages holds */
#define REGION_MAX 512u  /* blocks of a worker */
#define WORKERS_MAX 16u

struct shared {
    uint64_t rounds, requests, flushes, longest_ns, wrong;
};

static volatile struct shared *shared; /* one for each worker */
static uint64_t seed;

static uint32_t pick(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Every word of a block says which block it is, which version, and which word. */
static uint64_t word_of(uint32_t block, uint32_t version, uint32_t i)
{
    return version == 0 ? 0 : ((uint64_t)block << 40 | (uint64_t)version << 9 | i) * UINT64_C(0x9e3779b97f4a7c15);
}

static void fill(uint64_t *at, uint32_t block, uint32_t version)
{
    for (uint32_t i = 0; i < BLOCK / 8; i++) {
        at[i] = word_of(block, version, i);
    }
}

static void wrong(unsigned int worker, const char *what, uint32_t block, uint64_t is, uint64_t should)
{
    printf("DISK WRONG worker %u: %s at block %u: %llx, not %llx: %s\n", worker, what, block, (unsigned long long)is,
           (unsigned long long)should, strerror(errno));
    shared[worker].wrong++;
    exit(1);
}

/* One request, timed. */
static void request(unsigned int worker, int fd, int write, void *at, size_t bytes, uint64_t offset)
{
    uint64_t before = now_ns(), took;
    ssize_t n = write ? pwrite(fd, at, bytes, (off_t)offset) : pread(fd, at, bytes, (off_t)offset);

    if (n != (ssize_t)bytes) {
        wrong(worker, write ? "writing" : "reading", (uint32_t)(offset / BLOCK), (uint64_t)n, bytes);
    }
    took = now_ns() - before;
    if (took > shared[worker].longest_ns) {
        shared[worker].longest_ns = took;
    }
    shared[worker].requests++;
}

static void round_of(unsigned int worker, int fd, uint32_t first, uint32_t blocks, uint32_t *version, uint8_t *buffer)
{
    uint32_t count = 1 + pick(pick(4) == 0 ? RUN_MAX : 4), at = pick(blocks - count + 1);
    uint64_t offset = (uint64_t)(first + at) * BLOCK;

    if (pick(2) == 0) {
        for (uint32_t i = 0; i < count; i++) {
            fill((uint64_t *)(void *)(buffer + i * BLOCK), first + at + i, ++version[at + i]);
        }
        request(worker, fd, 1, buffer, count * BLOCK, offset);
        if (pick(8) == 0) {
            if (fdatasync(fd) < 0) {
                wrong(worker, "flushing", first, 0, 0);
            }
            shared[worker].flushes++;
        }
    } else {
        memset(buffer, 0xa5, count * BLOCK);
        request(worker, fd, 0, buffer, count * BLOCK, offset);
        for (uint32_t i = 0; i < count * (BLOCK / 8); i++) {
            uint32_t block = first + at + i / (BLOCK / 8);
            uint64_t should = word_of(block, version[at + i / (BLOCK / 8)], i % (BLOCK / 8));
            uint64_t is = ((uint64_t *)(void *)buffer)[i];

            if (is != should) {
                wrong(worker, "reading back", block, is, should);
            }
        }
    }
    shared[worker].rounds++;
}

static void check(unsigned int worker, int fd, uint32_t first, uint32_t blocks, uint8_t *buffer)
{
    static uint32_t version[REGION_MAX];

    memset(buffer, 0, RUN_MAX * BLOCK);
    for (uint32_t at = 0; at + RUN_MAX <= blocks; at += RUN_MAX) { /* version 0 */
        request(worker, fd, 1, buffer, RUN_MAX * BLOCK, (uint64_t)(first + at) * BLOCK);
    }
    for (;;) {
        round_of(worker, fd, first, blocks, version, buffer);
    }
}

static void measure(unsigned int worker, int fd, int write, uint64_t until, uint64_t blocks, uint8_t *buffer)
{
    while (now_ns() < until) {
        request(worker, fd, write, buffer, BLOCK, pick((uint32_t)blocks) * (uint64_t)BLOCK);
    }
}

static void work(unsigned int worker, unsigned int workers, const char *device, char *const *mode)
{
    int fd = open(device, O_RDWR | O_DIRECT | O_CLOEXEC);
    uint64_t bytes, blocks;
    uint8_t *buffer = mmap(NULL, RUN_MAX * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cpu_set_t set;

    if (fd < 0 || buffer == MAP_FAILED || ioctl(fd, BLKGETSIZE64, &bytes) < 0) {
        wrong(worker, device, 0, 0, 0);
    }
    CPU_ZERO(&set);
    CPU_SET(worker % (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
    seed = worker + 1;
    blocks = bytes / BLOCK / workers;
    if (mode[0] != NULL) {
        measure(worker, fd, strcmp(mode[0], "write") == 0, now_ns() + strtoull(mode[1], NULL, 10) * 1000000000u,
                bytes / BLOCK, buffer);
        exit(0);
    }
    blocks = (blocks < REGION_MAX ? blocks : REGION_MAX) / RUN_MAX * RUN_MAX;
    check(worker, fd, (uint32_t)(worker * (bytes / BLOCK / workers)), (uint32_t)blocks, buffer);
}

static struct shared sum(unsigned int workers)
{
    struct shared all = { 0 };

    for (unsigned int i = 0; i < workers; i++) {
        all.rounds += shared[i].rounds;
        all.requests += shared[i].requests;
        all.flushes += shared[i].flushes;
        all.wrong += shared[i].wrong;
        all.longest_ns = shared[i].longest_ns > all.longest_ns ? shared[i].longest_ns : all.longest_ns;
        shared[i].longest_ns = 0;
    }
    return all;
}

int main(int argc, char **argv)
{
    unsigned int workers = argc >= 3 ? (unsigned int)atoi(argv[2]) : 0;
    uint64_t begin = now_ns();

    if ((argc != 3 && argc != 5) || workers == 0 || workers > WORKERS_MAX) {
        fprintf(stderr, "usage: disk-check DEVICE WORKERS [read|write SECONDS]\n");
        return 2;
    }
    setlinebuf(stdout);
    shared = mmap(NULL, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (unsigned int i = 0; i < workers; i++) {
        if (fork() == 0) {
            work(i, workers, argv[1], argv + 3);
        }
    }
    if (argc == 5) {
        while (wait(NULL) > 0) {
        }
        printf("RATE op=%s depth=%u requests=%llu seconds=%.1f\n", argv[3], workers, (unsigned long long)sum(workers).requests,
               (double)(now_ns() - begin) / 1e9);
        return 0;
    }
    for (uint64_t wrongs = 0; wrongs == 0;) {
        struct shared all;

        sleep(1);
        all = sum(workers);
        wrongs = all.wrong;
        printf("DISK rounds=%llu requests=%llu flushes=%llu longest_ms=%llu wrong=%llu seconds=%llu\n",
               (unsigned long long)all.rounds, (unsigned long long)all.requests, (unsigned long long)all.flushes,
               (unsigned long long)all.longest_ns / 1000000, (unsigned long long)all.wrong,
               (unsigned long long)((now_ns() - begin) / 1000000000u));
    }
    return 1;
}
