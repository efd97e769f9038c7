/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `claimed` is one above the highest record whose slot the writer may be changing, `end` one above the last
 * one that is whole. Record n lies in slot n % SLOTS; writing it also puts the new head of the chain into the slot
 * of record n + 1. So record m is whole as long as m + SLOTS >= claimed, and the head before record
 * `next` is in its slot, whether that record has been written or not.
 */
#include <flask/audit_ring.h>

#include <flask/env.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/sha256.h>
#include <xsm/xsm.h>

#define RECORD_SIZE sizeof(struct bulkhead_audit_record)
#define WORDS (RECORD_SIZE / sizeof(uint64_t))
#define HEAD_WORDS (SHA256_SIZE / sizeof(uint64_t))
#define TRIES 4

_Static_assert(RECORD_SIZE == 256, "format of <public/bulkhead.h>");
_Static_assert(offsetof(struct bulkhead_audit_record, seq) == 32, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, count) == 72, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, permissions) == 88, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, cpu) == 112, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, kind) == 122, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, class_name) == 128, "format");
_Static_assert(offsetof(struct bulkhead_audit_record, op) == 192, "format");
_Static_assert(sizeof(((struct xsm_audit_position *)0)->head) == SHA256_SIZE, "one hash");

/* Words, since they are read while they change: each is old or new, never torn. */
struct slot {
    uint64_t word[WORDS];
};

struct ring {
    /* Written by its CPU only; atomic. */
    uint64_t claimed, end;
    uint64_t limited;
    struct slot slot[AUDIT_RING_SLOTS];
};

_Static_assert(sizeof(struct ring) + 64 <= 256 * 1024, "room for the allocator's header");

static struct ring **rings;
static unsigned int ring_count;

static struct slot *slot_of(struct ring *r, uint64_t seq)
{
    return &r->slot[seq % AUDIT_RING_SLOTS];
}

int audit_ring_init(unsigned int cpu_count)
{
    rings = xsm_env_alloc(cpu_count * sizeof(*rings));
    if (rings == NULL) {
        return -ENOMEM;
    }
    for (ring_count = 0; ring_count < cpu_count; ring_count++) {
        struct ring *r = xsm_env_alloc(sizeof(*r));

        if (r == NULL) {
            audit_ring_fini();
            return -ENOMEM;
        }
        memset(r, 0, sizeof(*r));
        r->claimed = 1;          /* slot 0 has the head before record 0 */
        rings[ring_count] = r;
    }
    return 0;
}

void audit_ring_fini(void)
{
    while (ring_count > 0) {
        xsm_env_free(rings[--ring_count]);
    }
    xsm_env_free(rings);
    rings = NULL;
}

static void store_words(uint64_t *to, const void *from, size_t words)
{
    const uint8_t *p = from;
    uint64_t word;
    size_t i;

    for (i = 0; i < words; i++) {
        memcpy(&word, p + i * sizeof(word), sizeof(word));
        __atomic_store_n(&to[i], word, __ATOMIC_RELAXED);
    }
}

static void load_words(void *to, const uint64_t *from, size_t words)
{
    uint8_t *p = to;
    uint64_t word;
    size_t i;

    for (i = 0; i < words; i++) {
        word = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
        memcpy(p + i * sizeof(word), &word, sizeof(word));
    }
}

void audit_ring_write(struct bulkhead_audit_record *rec)
{
    uint8_t head[SHA256_SIZE];
    struct ring *r;
    uint64_t n;

    if (ring_count == 0) {
        return;
    }
    r = rings[xsm_env_cpu()];
    n = r->end;
    rec->seq = n;
    rec->cpu = (uint32_t)xsm_env_cpu();
    rec->version = BULKHEAD_AUDIT_VERSION;
    load_words(rec->previous, slot_of(r, n)->word, HEAD_WORDS);
    sha256(rec, sizeof(*rec), head);
    __atomic_store_n(&r->claimed, n + 2, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);  /* who sees a new word sees the claim */
    store_words(slot_of(r, n)->word, rec, WORDS);
    store_words(slot_of(r, n + 1)->word, head, HEAD_WORDS);
    __atomic_store_n(&r->end, n + 1, __ATOMIC_RELEASE);
}

void audit_ring_limited(void)
{
    if (ring_count != 0) {
        struct ring *r = rings[xsm_env_cpu()];

        __atomic_store_n(&r->limited, r->limited + 1, __ATOMIC_RELAXED);
    }
}

unsigned int xsm_audit_cpu_count(void)
{
    return ring_count;
}

/* Whether what was copied, record `first` the oldest of it, was whole. */
static bool still_whole(const struct ring *r, uint64_t first)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);  /* the copy is done before the claim is looked at */
    return first + AUDIT_RING_SLOTS >= __atomic_load_n(&r->claimed, __ATOMIC_RELAXED);
}

int xsm_audit_read(unsigned int cpu, uint64_t from, struct bulkhead_audit_record *out,
                   size_t count, size_t *n, struct xsm_audit_position *pos)
{
    struct ring *r;
    unsigned int try;
    size_t i;

    if (cpu >= ring_count) {
        return -ENOENT;
    }
    r = rings[array_index_nospec(cpu, ring_count)];
    for (try = 0; try < TRIES; try++) {
        uint64_t end = __atomic_load_n(&r->end, __ATOMIC_ACQUIRE);
        /* Where the writer was faster, a start: an eighth of the ring more with each attempt. */
        uint64_t kept = AUDIT_RING_RECORDS - try * (AUDIT_RING_RECORDS / 8);
        uint64_t first = max(min(from, end), end > kept ? end - kept : 0);

        *n = (size_t)min((uint64_t)count, end - first);
        for (i = 0; i < *n; i++) {
            load_words(&out[i], slot_of(r, first + i)->word, WORDS);
        }
        load_words(pos->head, slot_of(r, first + *n)->word, HEAD_WORDS);
        if (still_whole(r, first)) {
            pos->first = first;
            pos->next = first + *n;
            pos->lost = first - min(from, end);
            pos->limited = __atomic_load_n(&r->limited, __ATOMIC_RELAXED);
            return 0;
        }
    }
    return -EAGAIN;
}
