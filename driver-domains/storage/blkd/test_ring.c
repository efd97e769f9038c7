/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring engine between a front end and a disk that are made up.
 *
 * The front end writes, reads and flushes blocks of a disk, one request for a block at a time, and knows what each answer must
 * be. It looks at its ring only when it is notified, as the engine does, so that a notification that is lost shows as a request
 * that is never answered. The disk ends what runs in any order, and has a cache that a flush empties into what is durable.
 *
 * Then lives end: at each step between two stores to shared memory, one after the other. Of what the disk was doing for a life
 * that ended, some is done all the same and some never is. The front end must not be able to tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a life has allocated goes with it. */
static void *heap_get(size_t count, size_t size);
static void *heap_raw(size_t size);
static void heap_put(void *at);
static void step(void);

#define RING_STEP() step()
#define calloc heap_get
#define malloc heap_raw
#define free heap_put
#include "ring.c"
#undef calloc
#undef malloc
#undef free

#define PAGES 128u            /* of the front end; a grant is its number */
#define BLOCKS 16u            /* of the disk, 4 KiB each */
#define ALLOCATIONS 2048u

static void *heap[ALLOCATIONS];
static size_t heap_used;
static jmp_buf death;
static unsigned long steps, die_at; /* 0: not */
static uint32_t random_state;

static uint32_t pick(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

static void *heap_get(size_t count, size_t size)
{
    assert_true(heap_used < ALLOCATIONS);
    return heap[heap_used++] = calloc(count, size);
}

static void *heap_raw(size_t size)
{
    return memset(heap_get(1, size), 0xdb, size);
}

static void heap_put(void *at)
{
    for (size_t i = 0; i < heap_used && at != NULL; i++) {
        if (heap[i] == at) {
            heap[i] = heap[--heap_used];
            free(at);
            return;
        }
    }
    assert_null(at);
}

static void heap_drop(void)
{
    while (heap_used != 0) {
        free(heap[--heap_used]);
    }
}

static void step(void)
{
    if (++steps == die_at) {
        longjmp(death, 1);
    }
}

/* -- the disk ------------------------------------------------------------------------------------- */

static uint8_t cache[BLOCKS * PAGE_BYTES], durable[BLOCKS * PAGE_BYTES];
static struct io *running[512];
static unsigned int running_count;
static uint8_t page[PAGES][PAGE_BYTES] __attribute__((aligned(4096)));
static int held; /* pages that the engine has mapped */
static void (*while_mapping)(void);

static int get(void *arg, const grant_ref_t *refs, unsigned int count, bool to_guest, void **at, void **keep)
{
    (void)arg;
    (void)to_guest;
    if (while_mapping != NULL) {
        while_mapping();
    }
    for (unsigned int i = 0; i < count; i++) {
        if (refs[i] >= PAGES) {
            return -EINVAL;
        }
        at[i] = page[refs[i]];
        keep[i] = at[i];
    }
    held += (int)count;
    return 0;
}

static void put(void *arg, void **keep, unsigned int count)
{
    (void)arg;
    (void)keep;
    held -= (int)count;
}

static void start(void *arg, struct io *io)
{
    (void)arg;
    assert_true(running_count < 512);
    running[running_count++] = io;
}

static void perform(const struct io *io)
{
    uint64_t at = io->offset;

    if (io->op == IO_FLUSH) {
        memcpy(durable, cache, sizeof(durable));
    }
    for (unsigned int i = 0; i < io->vector_count; i++) {
        const struct iovec *v = &io->vector[i];

        assert_true(at + v->iov_len <= sizeof(cache));
        if (io->op == IO_WRITE) {
            memcpy(cache + at, v->iov_base, v->iov_len);
        } else {
            memcpy(v->iov_base, cache + at, v->iov_len);
        }
        at += v->iov_len;
    }
}

static void end_one(void)
{
    unsigned int i = pick(running_count);
    struct io *io = running[i];

    running[i] = running[--running_count];
    perform(io);
    ring_complete(io, BLKIF_RSP_OKAY);
}

/* -- the front end -------------------------------------------------------------------------------- */

static uint8_t ring_memory[16 * PAGE_BYTES] __attribute__((aligned(4096)));
static struct blkif_sring *const sring = (struct blkif_sring *)(void *)ring_memory;
static uint32_t slots, produced, consumed;
static bool front_event, back_event;

struct asked {
    bool waiting;
    uint8_t operation;
    unsigned int block;
    uint32_t version; /* that is written, or must be read */
};

static struct asked asked[512]; /* by index, modulo slots */
static uint32_t version[BLOCKS];         /* of the last write that was answered */
static uint32_t newest;
static bool busy[BLOCKS];
static unsigned long answers;

static void notify(void *arg)
{
    (void)arg;
    front_event = true;
}

static const struct ring_ops ops = { get, put, start, notify };

static void front_init(unsigned int ring_pages)
{
    memset(ring_memory, 0, sizeof(ring_memory));
    memset(cache, 0, sizeof(cache));
    memset(durable, 0, sizeof(durable));
    memset(asked, 0, sizeof(asked));
    memset(version, 0, sizeof(version));
    memset(busy, 0, sizeof(busy));
    SHARED_RING_INIT(sring);
    slots = slots_of(ring_pages);
    produced = consumed = newest = 0;
    running_count = 0;
    held = 0;
    front_event = back_event = false;
    heap_drop();
}

static void fill(uint8_t *at, unsigned int block, uint32_t v)
{
    for (unsigned int i = 0; i < PAGE_BYTES / 8; i++) {
        uint32_t words[2] = { block, v };

        memcpy(at + i * 8, words, 8);
    }
}

static void check(const uint8_t *at, unsigned int block, uint32_t v)
{
    for (unsigned int i = 0; i < PAGE_BYTES / 8; i++) {
        uint32_t words[2];

        memcpy(words, at + i * 8, 8);
        assert_int_equal(words[1], v);
        assert_int_equal(words[0], v == 0 ? 0 : block);
    }
}

static union blkif_sring_entry *slot_of(uint32_t index)
{
    return &sring->ring[index & (slots - 1)];
}

/* Two segments, the page in halves: what is written to a block is its number and version. */
static void put_rw(struct asked *a, struct blkif_request *q, grant_ref_t ref)
{
    q->nr_segments = 2;
    q->sector_number = a->block * 8;
    q->seg[0] = (struct blkif_request_segment){ ref, 0, 2 };
    q->seg[1] = (struct blkif_request_segment){ ref, 3, 7 };
    busy[a->block] = true;
}

static void ask_one(void)
{
    uint32_t kind = pick(8), index = produced;
    struct asked *a = &asked[index & (slots - 1)];
    struct blkif_request *q = &slot_of(index)->req;
    grant_ref_t ref = index & (slots - 1) & (PAGES - 1);
    unsigned int block = pick(BLOCKS);

    if (produced - consumed == slots || (kind != 0 && busy[block])) {
        return;
    }
    *a = (struct asked){ .waiting = true, .block = block };
    memset(q, 0, sizeof(*q));
    q->id = index * UINT64_C(0x100000001) + 7;
    a->operation = q->operation = kind == 0 ? BLKIF_OP_FLUSH_DISKCACHE : kind < 4 ? BLKIF_OP_READ : BLKIF_OP_WRITE;
    if (kind == 0) {
        /* tells of all that was asked before it */
    } else if (kind < 4) {
        a->version = version[block];
        memset(page[ref], 0xee, PAGE_BYTES);
        put_rw(a, q, ref);
    } else {
        a->version = ++newest;
        fill(page[ref], block, a->version);
        put_rw(a, q, ref);
    }
    produced++;
}

static void push(uint32_t from)
{
    __atomic_store_n(&sring->req_prod, produced, __ATOMIC_RELEASE);
    if (produced - sring->req_event < produced - from) {
        back_event = true;
    }
}

static void ask(unsigned int count)
{
    uint32_t from = produced;

    while (count-- != 0) {
        ask_one();
    }
    push(from);
}

static void take_answer(void)
{
    const struct blkif_response *rsp = &slot_of(consumed)->rsp;
    struct asked *a = &asked[consumed & (slots - 1)];
    grant_ref_t ref = consumed & (slots - 1) & (PAGES - 1);

    assert_true(a->waiting);
    assert_true(rsp->id == consumed * UINT64_C(0x100000001) + 7); /* in order, each once */
    assert_int_equal(rsp->operation, a->operation);
    assert_int_equal(rsp->status, BLKIF_RSP_OKAY);
    a->waiting = false;
    if (a->operation == BLKIF_OP_FLUSH_DISKCACHE) {
        for (unsigned int b = 0; b < BLOCKS; b++) {
            uint32_t words[2];

            memcpy(words, durable + b * PAGE_BYTES, 8);
            assert_true(words[1] >= version[b]);
        }
    } else {
        busy[a->block] = false;
        check(page[ref], a->block, a->version);
        if (a->operation == BLKIF_OP_WRITE) {
            check(cache + a->block * PAGE_BYTES, a->block, a->version);
            version[a->block] = a->version;
        }
    }
    consumed++;
    answers++;
}

static void front_run(void)
{
    front_event = false;
    for (;;) {
        while (consumed != sring->rsp_prod) {
            assert_true(sring->rsp_prod - consumed <= slots);
            take_answer();
        }
        sring->rsp_event = consumed + 1;
        if (consumed == sring->rsp_prod) {
            return;
        }
    }
}

/* -- lives ---------------------------------------------------------------------------------------- */

static const struct disk_limits limits = { .sectors = BLOCKS * 8 };

/* What the disk did for a life that has ended: all that counts is that it is over when the next one begins. */
static void disk_forgets(void)
{
    for (unsigned int i = 0; i < running_count; i++) {
        if (running[i]->op != IO_FLUSH && running[i]->vector_count != 0 && pick(2) != 0) {
            perform(running[i]);
        }
    }
    running_count = 0;
    held = 0;
    heap_drop();
}

/* Serve until `rounds` have been asked and answered, through any number of deaths, each `gap` steps after the last one. */
static void run(uint32_t seed, unsigned int rounds, unsigned int ring_pages, unsigned long first_death, unsigned long gap)
{
    /* Kept over a death. */
    static struct ring *ring;
    static unsigned int left;
    static bool more;
    static unsigned long gap_left;

    random_state = seed;
    front_init(ring_pages);
    steps = 0;
    die_at = first_death;
    gap_left = gap;
    left = rounds;
    if (setjmp(death) != 0) {
        disk_forgets();
        die_at = gap_left != 0 ? steps + 1 + pick((uint32_t)gap_left) : 0;
    }
    ring = ring_attach(ring_memory, ring_pages, &limits, &ops, NULL);
    assert_non_null(ring);
    more = true; /* a port that was bound is pending */
    for (unsigned int turn = 0; turn < 100000; turn++) {
        uint32_t what = pick(4);

        if (left == 0 && produced == consumed) {
            break;
        }
        if (what == 0 && left != 0) {
            ask(1 + pick(12));
            left--;
        }
        if (what == 1 && front_event) {
            front_run();
        }
        if (what == 2 && running_count != 0) {
            end_one();
            more = true;
        }
        if (what == 3 && (more || back_event)) {
            back_event = false;
            more = ring_take(ring, 1 + pick(8));
            ring_publish(ring);
        }
        assert_null(ring->broken);
    }
    assert_int_equal(produced, consumed); /* nothing is lost */
    assert_int_equal(running_count, 0);
    assert_int_equal(held, 0);
    ring_detach(ring);
    assert_int_equal(heap_used, 0);
}

static void requests_are_served_and_answered_in_order(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        run(seed, 60, 1u << seed % 3, 0, 0);
    }
    assert_true(answers > 10000);
}

static void death_at_each_step_is_not_noticed(void **state)
{
    unsigned long deaths = 0;

    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        unsigned long all;

        run(seed, 16, 1, 0, 0);
        all = steps;
        for (unsigned long at = 1; at <= all; at++, deaths++) {
            run(seed, 16, 1, at, 0);
        }
    }
    print_message("%lu deaths, %lu answers\n", deaths, answers);
    assert_true(deaths > 1500);
}

static void many_deaths_are_not_noticed(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 400; seed++) {
        run(seed, 12, 1, 1 + seed % 50, 30 + seed % 200);
    }
}

/* -- front ends that lie -------------------------------------------------------------------------- */

static struct ring *one(unsigned int ring_pages, const struct disk_limits *l)
{
    front_init(ring_pages);
    die_at = 0;
    return ring_attach(ring_memory, ring_pages, l, &ops, NULL);
}

/* The answer to one request. */
static int16_t answer(const struct blkif_request *q, const struct disk_limits *l)
{
    struct ring *ring = one(1, l);
    int16_t status;

    sring->ring[0].req = *q;
    sring->req_prod = 1;
    assert_false(ring_take(ring, 10));
    while (running_count != 0) {
        end_one();
    }
    ring_publish(ring);
    assert_int_equal(sring->rsp_prod, 1);
    assert_true(sring->ring[0].rsp.id == q->id);
    status = sring->ring[0].rsp.status;
    assert_int_equal(held, 0);
    ring_detach(ring);
    assert_int_equal(heap_used, 0);
    return status;
}

static const struct blkif_request good = { .operation = BLKIF_OP_WRITE, .nr_segments = 1, .id = 99, .seg = { { 1, 0, 7 } } };

static void request_out_of_bounds_is_an_error(void **state)
{
    static const struct disk_limits read_only = { .sectors = BLOCKS * 8, .readonly = true };
    struct blkif_request q = good;

    (void)state;
    assert_int_equal(answer(&q, &limits), BLKIF_RSP_OKAY);
    assert_int_equal(answer(&q, &read_only), BLKIF_RSP_ERROR);
#define REFUSED(change) do { q = good; change; assert_int_equal(answer(&q, &limits), BLKIF_RSP_ERROR); } while (0)
    REFUSED(q.nr_segments = 0);
    REFUSED(q.nr_segments = 12);
    REFUSED(q.nr_segments = 255);
    REFUSED(q.seg[0].first_sect = 7; q.seg[0].last_sect = 6);
    REFUSED(q.seg[0].last_sect = 8);
    REFUSED(q.seg[0].last_sect = 255);
    REFUSED(q.seg[0].gref = PAGES);
    REFUSED(q.seg[0].gref = UINT32_MAX);
    REFUSED(q.sector_number = BLOCKS * 8 - 7);
    REFUSED(q.sector_number = UINT64_MAX);
    REFUSED(q.sector_number = UINT64_MAX - 7);
    REFUSED(q.sector_number = UINT64_MAX / 512 + 1);
    REFUSED(q.operation = BLKIF_OP_FLUSH_DISKCACHE);
    q = good;
    q.sector_number = BLOCKS * 8 - 8;
    assert_int_equal(answer(&q, &limits), BLKIF_RSP_OKAY);
    for (unsigned int op = 0; op < 256; op++) {
        q.operation = (uint8_t)op;
        if (op > BLKIF_OP_INDIRECT || op == BLKIF_OP_WRITE_BARRIER || op == BLKIF_OP_RESERVED_1 || op == BLKIF_OP_DISCARD) {
            assert_int_equal(answer(&q, &limits), BLKIF_RSP_EOPNOTSUPP);
        }
    }
}

static void discard_out_of_bounds_is_an_error(void **state)
{
    static const struct disk_limits can = { .sectors = BLOCKS * 8, .discard = true };
    static const struct { uint64_t sector, count; int16_t status; } cases[] = {
        { 0, BLOCKS * 8, BLKIF_RSP_OKAY }, { 0, 0, BLKIF_RSP_ERROR }, { 1, BLOCKS * 8, BLKIF_RSP_ERROR },
        { UINT64_MAX, 1, BLKIF_RSP_ERROR }, { 1, UINT64_MAX, BLKIF_RSP_ERROR }, { UINT64_MAX, UINT64_MAX, BLKIF_RSP_ERROR },
    };
    union {
        struct blkif_request q;
        struct blkif_request_discard d;
    } u;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&u, 0, sizeof(u));
        u.d = (struct blkif_request_discard){ .operation = BLKIF_OP_DISCARD, .id = 5, .sector_number = cases[i].sector,
                                              .nr_sectors = cases[i].count };
        assert_int_equal(answer(&u.q, &can), cases[i].status);
        u.d.flag = BLKIF_DISCARD_SECURE;
        assert_int_equal(answer(&u.q, &can), BLKIF_RSP_EOPNOTSUPP);
    }
}

static int16_t indirect(uint8_t op, uint16_t count, grant_ref_t list, grant_ref_t data)
{
    union {
        struct blkif_request q;
        struct blkif_request_indirect i;
    } u;
    struct blkif_request_segment *s = (struct blkif_request_segment *)(void *)page[0];

    memset(&u, 0, sizeof(u));
    u.i = (struct blkif_request_indirect){ .operation = BLKIF_OP_INDIRECT, .indirect_op = op, .nr_segments = count, .id = 3 };
    u.i.indirect_grefs[0] = list;
    for (unsigned int i = 0; i < SEGMENTS_PER_PAGE; i++) {
        s[i] = (struct blkif_request_segment){ data, 0, 0 };
    }
    return answer(&u.q, &limits);
}

static void indirect_request_out_of_bounds_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(indirect(BLKIF_OP_WRITE, 100, 0, 1), BLKIF_RSP_OKAY);
    assert_int_equal(indirect(BLKIF_OP_READ, 1, 0, 1), BLKIF_RSP_OKAY);
    assert_int_equal(indirect(BLKIF_OP_READ, BLOCKS * 8, 0, 1), BLKIF_RSP_OKAY);
    assert_int_equal(indirect(BLKIF_OP_READ, BLOCKS * 8 + 1, 0, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_WRITE, 0, 0, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_WRITE, 257, 0, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_WRITE, 65535, 0, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_WRITE, 10, PAGES, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_WRITE, 10, 0, PAGES), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_FLUSH_DISKCACHE, 10, 0, 1), BLKIF_RSP_ERROR);
    assert_int_equal(indirect(BLKIF_OP_INDIRECT, 10, 0, 1), BLKIF_RSP_ERROR);
}

static void scribble(void)
{
    memset(&sring->ring[0], 0xff, sizeof(sring->ring[0]));
}

static void request_that_changes_while_it_is_read_is_what_it_was(void **state)
{
    struct ring *ring = one(1, &limits);

    (void)state;
    sring->ring[0].req = good;
    sring->req_prod = 1;
    while_mapping = scribble;
    assert_false(ring_take(ring, 10));
    while_mapping = NULL;
    assert_int_equal(running_count, 1);
    assert_int_equal(running[0]->offset, 0);
    assert_int_equal(running[0]->vector_count, 1);
    assert_int_equal(running[0]->bytes, PAGE_BYTES);
    end_one();
    ring_publish(ring);
    assert_true(sring->ring[0].rsp.id == 99);
    assert_int_equal(sring->ring[0].rsp.operation, BLKIF_OP_WRITE);
    ring_detach(ring);
}

static void impossible_indices_stop_the_ring(void **state)
{
    static const uint32_t jumps[] = { 33, 34, 1000, 0x80000000, UINT32_MAX };

    (void)state;
    for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
        struct ring *ring = one(1, &limits);

        sring->req_prod = jumps[i];
        assert_false(ring_take(ring, 10));
        assert_non_null(ring->broken);
        assert_int_equal(running_count, 0);
        sring->req_prod = 1; /* and stays stopped */
        assert_false(ring_take(ring, 10));
        assert_int_equal(running_count, 0);
        ring_detach(ring);
    }
    /* Backwards. */
    struct ring *ring = one(1, &limits);

    sring->ring[0].req = sring->ring[1].req = good;
    sring->req_prod = 2;
    assert_false(ring_take(ring, 10));
    sring->req_prod = 1;
    assert_false(ring_take(ring, 10));
    assert_non_null(ring->broken);
    while (running_count != 0) {
        end_one();
    }
    ring_publish(ring); /* nothing that depends on the shared copy */
    assert_int_equal(sring->rsp_prod, 2);
    ring_detach(ring);
}

static void ring_left_with_nonsense_is_attached_and_stopped(void **state)
{
    struct ring *ring;

    (void)state;
    for (uint32_t seed = 1; seed < 2000; seed++) {
        front_init(1);
        random_state = seed;
        for (size_t i = 0; i < PAGE_BYTES; i++) {
            ring_memory[i] = (uint8_t)pick(256);
        }
        if (seed % 2 == 0) { /* a note that fits, of a request that was not made */
            note_of(&(struct ring){ .shared = sring })->tag = NOTE_MARK | sring->rsp_prod;
            sring->req_prod = sring->rsp_prod + pick(40);
        }
        running_count = 0;
        ring = ring_attach(ring_memory, 1, &limits, &ops, NULL);
        for (unsigned int turn = 0; turn < 10; turn++) {
            (void)ring_take(ring, 16);
            while (running_count != 0) {
                end_one();
            }
            ring_publish(ring);
        }
        assert_int_equal(held, 0);
        ring_detach(ring);
        assert_int_equal(heap_used, 0);
    }
}

static void budget_is_kept(void **state)
{
    struct ring *ring = one(1, &limits);

    (void)state;
    for (unsigned int i = 0; i < 32; i++) {
        sring->ring[i].req = good;
    }
    sring->req_prod = 32;
    assert_true(ring_take(ring, 5));
    assert_int_equal(running_count, 5);
    assert_true(ring_take(ring, 5));
    assert_int_equal(running_count, 10);
    assert_false(ring_take(ring, 100));
    while (running_count != 0) {
        end_one();
    }
    ring_publish(ring);
    ring_detach(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_served_and_answered_in_order),
        cmocka_unit_test(death_at_each_step_is_not_noticed),
        cmocka_unit_test(many_deaths_are_not_noticed),
        cmocka_unit_test(request_out_of_bounds_is_an_error),
        cmocka_unit_test(discard_out_of_bounds_is_an_error),
        cmocka_unit_test(indirect_request_out_of_bounds_is_an_error),
        cmocka_unit_test(request_that_changes_while_it_is_read_is_what_it_was),
        cmocka_unit_test(impossible_indices_stop_the_ring),
        cmocka_unit_test(ring_left_with_nonsense_is_attached_and_stopped),
        cmocka_unit_test(budget_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
