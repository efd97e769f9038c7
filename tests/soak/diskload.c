/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a disk at random, always with several requests under way, and compares every block with what it held at the
 * beginning; with -w it writes, too: each block carries its number and how often it was written, a block is written by one
 * request at a time, and what a flush has confirmed may never be older again.
 *
 * Requests are asynchronous on purpose: a thread that waits in the kernel for a disk that does not answer cannot be frozen, so
 * that its domain cannot suspend.
 *
 *   diskload [-p MILLISECONDS] [-w] DEVICE     -p: a pause after as many requests as are under way at a time
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096u
#define DEPTH 8u
#define BLOCKS_MAX 65536u

struct slot {
    struct iocb iocb;
    uint8_t *data;
    uint32_t block;
    uint32_t writes;  /* what is being written; 0: a read */
    uint64_t since_ms;
};

struct block {
    uint64_t sum;       /* read-only: of what it held first */
    uint32_t written;   /* last write that was answered */
    uint32_t confirmed; /* ... and then flushed */
    int busy;
};

static struct block blocks[BLOCKS_MAX];
static struct slot slots[DEPTH];
static uint32_t block_count;
static aio_context_t ring;
static int device, writing;
static unsigned int pause_ms;
static unsigned long reads, writes, bad, errors;
static uint64_t longest_ms;

static uint64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_BOOTTIME, &ts);
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* FNV-1a, by words. */
static uint64_t sum_of(const uint8_t *data)
{
    uint64_t sum = 0xcbf29ce484222325u, word;

    for (unsigned int i = 0; i < BLOCK; i += sizeof(word)) {
        memcpy(&word, data + i, sizeof(word));
        sum = (sum ^ word) * 0x100000001b3u;
    }
    return sum;
}

static void fill(uint8_t *data, uint32_t block, uint32_t count)
{
    uint32_t word[2] = { block, count };

    for (unsigned int i = 0; i < BLOCK; i += sizeof(word)) {
        memcpy(data + i, word, sizeof(word));
    }
}

/* A written block holds one whole write, not older than what was confirmed, not newer than the last one. */
static int is_right(const struct slot *s)
{
    const struct block *b = &blocks[s->block];
    uint32_t word[2];

    if (!writing) {
        return sum_of(s->data) == b->sum;
    }
    memcpy(word, s->data, sizeof(word));
    for (unsigned int i = 0; i < BLOCK; i += sizeof(word)) {
        if (memcmp(s->data + i, word, sizeof(word)) != 0) {
            return 0;
        }
    }
    return word[0] == s->block && word[1] >= b->confirmed && word[1] == b->written;
}

static void submit(struct iocb *iocb)
{
    if (syscall(SYS_io_submit, ring, 1L, &iocb) != 1) {
        perror("diskload: io_submit");
        exit(1);
    }
}

static void start(struct slot *s)
{
    do {
        s->block = (uint32_t)random() % block_count;
    } while (blocks[s->block].busy);
    blocks[s->block].busy = 1;
    s->writes = writing && (blocks[s->block].written == 0 || random() % 2 == 0) ? blocks[s->block].written + 1 : 0;
    memset(&s->iocb, 0, sizeof(s->iocb));
    s->iocb.aio_fildes = (uint32_t)device;
    s->iocb.aio_lio_opcode = s->writes != 0 ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
    s->iocb.aio_buf = (uintptr_t)s->data;
    s->iocb.aio_nbytes = BLOCK;
    s->iocb.aio_offset = (int64_t)s->block * BLOCK;
    s->iocb.aio_data = (uintptr_t)s;
    if (s->writes != 0) {
        fill(s->data, s->block, s->writes);
    }
    s->since_ms = now_ms();
    submit(&s->iocb);
}

static void done(struct slot *s, long result)
{
    uint64_t took = now_ms() - s->since_ms;
    struct block *b = &blocks[s->block];

    longest_ms = took > longest_ms ? took : longest_ms;
    b->busy = 0;
    if (result != BLOCK) {
        errors++;
    } else if (s->writes != 0) {
        writes++;
        b->written = s->writes;
    } else {
        reads++;
        bad += !is_right(s);
    }
}

static unsigned int collect(unsigned int least)
{
    struct io_event events[DEPTH];
    long n = syscall(SYS_io_getevents, ring, (long)least, (long)DEPTH, events, NULL);

    for (long i = 0; i < n; i++) {
        struct slot *s = (struct slot *)(uintptr_t)events[i].data;

        done(s, events[i].res);
    }
    return n > 0 ? (unsigned int)n : 0;
}

/* All that was answered so far is on the disk for good. The flush is asynchronous, too. */
static void flush(void)
{
    struct iocb iocb = { .aio_fildes = (uint32_t)device, .aio_lio_opcode = IOCB_CMD_FDSYNC };
    struct io_event event;

    submit(&iocb);
    while (syscall(SYS_io_getevents, ring, 1L, 1L, &event, NULL) != 1) {
    }
    errors += event.res != 0;
    for (uint32_t i = 0; event.res == 0 && i < block_count; i++) {
        blocks[i].confirmed = blocks[i].written;
    }
}

/* What all blocks hold, up to a read that is cut short by the end of the disk. */
static void learn(void)
{
    enum { PIECE = 32 * BLOCK };
    static uint8_t data[PIECE] __attribute__((aligned(BLOCK)));
    struct iocb iocb = { .aio_fildes = (uint32_t)device, .aio_lio_opcode = IOCB_CMD_PREAD,
                         .aio_buf = (uintptr_t)data, .aio_nbytes = PIECE };
    struct io_event event = { .res = PIECE };

    while (event.res == PIECE && block_count <= BLOCKS_MAX - 32) {
        iocb.aio_offset = (int64_t)block_count * BLOCK;
        submit(&iocb);
        while (syscall(SYS_io_getevents, ring, 1L, 1L, &event, NULL) != 1) {
        }
        for (int64_t i = 0; i + (int64_t)BLOCK <= event.res; i += BLOCK) {
            blocks[block_count++].sum = sum_of(data + i);
        }
    }
}

int main(int argc, char **argv)
{
    uint64_t said = 0;

    for (int option; (option = getopt(argc, argv, "p:w")) != -1;) {
        writing |= option == 'w';
        pause_ms = option == 'p' ? (unsigned int)atoi(optarg) : pause_ms;
    }
    device = optind == argc - 1 ? open(argv[argc - 1], (writing ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC) : -1;
    if (device < 0 || syscall(SYS_io_setup, DEPTH, &ring) < 0) {
        perror("diskload");
        return 1;
    }
    learn();
    for (;;) {
        for (unsigned int i = 0; i < DEPTH; i++) {
            if (slots[i].data == NULL) {
                slots[i].data = aligned_alloc(BLOCK, BLOCK);
            }
            start(&slots[i]);
        }
        for (unsigned int left = DEPTH; left != 0;) {
            left -= collect(1);
        }
        if (writing) {
            flush();
        }
        if (now_ms() - said >= 1000) {
            said = now_ms();
            printf("LOAD %s %lu reads=%lu writes=%lu bad=%lu errors=%lu longest_ms=%lu\n", argv[argc - 1],
                   (unsigned long)(said / 1000), reads, writes, bad, errors, (unsigned long)longest_ms);
            fflush(stdout);
            longest_ms = 0;
        }
        usleep(pause_ms * 1000);
    }
}
