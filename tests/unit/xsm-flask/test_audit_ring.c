/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit records: what stands in them, numbers and hash chain (recomputed by OpenSSL), what is lost and how that shows,
 * limits per source, and readers and sources in several threads at once.
 */
#include "fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include <openssl/sha.h>

#include <flask/audit.h>
#include <flask/audit_ring.h>
#include <public/bulkhead.h>

#include "../../../xsm-flask/host/env.h"

typedef struct bulkhead_audit_record record;

static const uint8_t zeros[32];

static xsm_sid_t dom(const char *name)
{
    char text[64];

    snprintf(text, sizeof(text), "system_u:system_r:%s_t", name);
    return sid_of(text);
}

static int start(void **state)
{
    (void)state;
    host_env_time_ns = 5 * AUDIT_WINDOW_NS;
    engine_start("first-light-30.bin");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    host_env_cpu = 0;
    engine_stop();
    return 0;
}

static struct xsm_audit_position look(unsigned int cpu, uint64_t from)
{
    struct xsm_audit_position pos;
    size_t n = 99;

    assert_int_equal(xsm_audit_read(cpu, from, NULL, 0, &n, &pos), 0);
    assert_int_equal(n, 0);
    return pos;
}

/* The newest record of a CPU. */
static record newest(unsigned int cpu)
{
    struct xsm_audit_position pos = look(cpu, UINT64_MAX);
    record r;
    size_t n;

    assert_true(pos.next > 0);
    assert_int_equal(xsm_audit_read(cpu, pos.next - 1, &r, 1, &n, &pos), 0);
    assert_int_equal(n, 1);
    return r;
}

static void write_records(unsigned int n)
{
    while (n-- > 0) {
        record r = { .kind = BULKHEAD_AUDIT_granted, .count = n };

        audit_ring_write(&r);
    }
}

/* -- content ------------------------------------------------------------------------------------ */

static void record_of_refusal_has_everything(void **state)
{
    struct xsm_audit a = { .have = 0x3ff, .domid = 5, .target = 3, .port = 7, .gref = 8, .frame = 0xabc, .irq = 9,
                           .device = 0x1c8a3, .range_first = 0x2f8, .range_last = 0x2ff,
                           .op = "GNTTABOP_map_grant_ref", .boolean = "a b\ntcontext=x" };
    xsm_sid_t guest = dom("guest"), stordd = dom("stordd");
    record r;

    (void)state;
    host_env_time_ns += 77;
    host_env_cpu = 1;
    assert_int_equal(xsm_check(guest, stordd, SECCLASS_GRANT, GRANT__MAP_READ | GRANT__MAP_WRITE, &a), -EACCES);
    r = newest(1);
    assert_memory_equal(r.previous, zeros, 32);
    assert_int_equal(r.seq, 0);
    assert_int_equal(r.cpu, 1);
    assert_int_equal(r.version, 1);
    assert_int_equal(r.time_ns, 5 * AUDIT_WINDOW_NS + 77);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_denied);
    assert_int_equal(r.allowed, 0);
    assert_int_equal(r.permissive, 0);
    assert_int_equal(r.ssid, guest);
    assert_int_equal(r.tsid, stordd);
    assert_int_equal(r.tclass, SECCLASS_GRANT);
    assert_int_equal(r.permissions, GRANT__MAP_READ | GRANT__MAP_WRITE);
    assert_string_equal(r.class_name, "grant");
    assert_string_equal(r.permission_names, "map_read map_write");
    assert_int_equal(r.have, 0x3ff);
    assert_int_equal(r.domid, 5);
    assert_int_equal(r.target, 3);
    assert_int_equal(r.port, 7);
    assert_int_equal(r.gref, 8);
    assert_int_equal(r.frame, 0xabc);
    assert_int_equal(r.irq, 9);
    assert_int_equal(r.device, 0x1c8a3);
    assert_int_equal(r.range_first, 0x2f8);
    assert_int_equal(r.range_last, 0x2ff);
    assert_string_equal(r.op, "GNTTABOP_map_grant_ref");
    assert_string_equal(r.boolean, "a?b?tcontext?x");
    assert_int_equal(r.count, 0);
    /* The line is as ever. */
    assert_int_equal(audit_count, 1);
    assert_non_null(strstr(audit_last, "avc:  denied  { map_read map_write } for domid=5"));
}

/* What the caller has not filled may be anything, and is nobody's business. */
static void record_details_only_those_named(void **state)
{
    struct xsm_audit a;
    record r;

    (void)state;
    memset(&a, 0x5a, sizeof(a));
    a.source = NULL;
    a.have = XSM_AUDIT_PORT;
    a.port = 7;
    assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    r = newest(0);
    assert_int_equal(r.have, XSM_AUDIT_PORT);
    assert_int_equal(r.port, 7);
    r.port = 0;
    assert_memory_equal(&r.gref, zeros, sizeof(r.gref) + sizeof(r.irq) + sizeof(r.device));
    assert_int_equal(r.frame | r.range_first | r.range_last | r.domid | r.target, 0);
    assert_memory_equal(r.op, zeros, 32);
    assert_memory_equal(r.boolean, zeros, 32);
}

static void record_long_texts_cut_and_ended(void **state)
{
    const struct xsm_audit a = { .have = XSM_AUDIT_OP | XSM_AUDIT_BOOLEAN, .op = "0123456789012345678901234567890123456789",
                                 .boolean = "b123456789012345678901234567890123456789" };
    record r;
    const char *p;

    (void)state;
    assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, ~0U, &a), -EACCES);
    r = newest(0);
    assert_string_equal(r.op, "0123456789012345678901234567890");
    assert_string_equal(r.boolean, "b123456789012345678901234567890");
    assert_true(memchr(r.permission_names, '\0', sizeof(r.permission_names)) != NULL);
    p = strrchr(r.permission_names, ' ');
    assert_non_null(p);
    for (unsigned int bit = 0;; bit++) {    /* the last word is a permission's whole name */
        const char *name = xsm_permission_name(SECCLASS_XEN, bit);

        assert_non_null(name);
        if (strcmp(name, p + 1) == 0) {
            break;
        }
    }
}

static void record_permissive_and_revoked(void **state)
{
    const struct xsm_audit a = { .have = XSM_AUDIT_GREF, .gref = 12 };
    record r;

    (void)state;
    xsm_set_enforcing(false);
    r = newest(0);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_mode);
    assert_int_equal(r.permissive, 1);
    assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC, &a), 0);
    r = newest(0);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_denied);
    assert_int_equal(r.allowed, 1);
    assert_int_equal(r.permissive, 1);
    xsm_set_enforcing(true);
    r = newest(0);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_mode);
    assert_int_equal(r.permissive, 0);
    xsm_audit_revocation(dom("guest"), dom("stordd"), SECCLASS_GRANT, GRANT__MAP_READ, XSM_REVOKE_DROP, &a);
    r = newest(0);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_revoked);
    assert_int_equal(r.allowed, 0);
    assert_int_equal(r.how, BULKHEAD_AUDIT_drop);
    assert_int_equal(r.gref, 12);
}

static void record_of_policy_load(void **state)
{
    struct image i = image_read("first-light-24.bin");
    record r = newest(0);            /* the load of engine_start() */
    uint64_t before = r.count;

    (void)state;
    assert_int_equal(r.kind, BULKHEAD_AUDIT_policy);
    assert_int_equal(r.seq, 0);
    assert_string_equal(r.op, "load");
    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), 0);
    r = newest(0);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_policy);
    assert_int_equal(r.count, before + 1);
    assert_int_equal(r.seq, 1);
    i.data[0] ^= 1;
    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), -EINVAL);
    assert_int_equal(look(0, UINT64_MAX).next, 2);
    image_free(&i);
}

/* -- numbers, chain, loss ------------------------------------------------------------------------ */

static void chain_recomputed_over_a_wrap(void **state)
{
    static record r[AUDIT_RING_RECORDS + 10];
    struct xsm_audit_position pos;
    uint8_t head[32] = { 0 };
    uint64_t next = 0, seen = 0;
    size_t n;

    (void)state;
    host_env_cpu = 1;
    while (next < 3 * AUDIT_RING_RECORDS) {
        write_records(100 + (unsigned int)(next % 7));
        assert_int_equal(xsm_audit_read(1, next, r, 60, &n, &pos), 0);
        do {
            assert_int_equal(pos.first, next);
            assert_int_equal(pos.lost, 0);
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(r[i].seq, next + i);
                assert_memory_equal(r[i].previous, head, 32);
                SHA256((const uint8_t *)&r[i], sizeof(r[i]), head);
            }
            seen += n;
            next += n;
            assert_int_equal(pos.next, next);
            assert_memory_equal(pos.head, head, 32);
            assert_int_equal(xsm_audit_read(1, next, r, 60, &n, &pos), 0);
        } while (n != 0);
        assert_memory_equal(look(1, UINT64_MAX).head, head, 32);
    }
    assert_int_equal(seen, next);
    assert_int_equal(look(0, UINT64_MAX).next, 1);   /* the other CPU's is its own */
}

static void read_too_late_loss_counted(void **state)
{
    static record r[AUDIT_RING_SLOTS + 10];
    struct xsm_audit_position pos;
    size_t n;

    (void)state;
    host_env_cpu = 1;
    write_records(AUDIT_RING_RECORDS);
    assert_int_equal(xsm_audit_read(1, 0, r, AUDIT_RING_SLOTS + 10, &n, &pos), 0);
    assert_int_equal(n, AUDIT_RING_RECORDS);
    assert_int_equal(pos.lost, 0);
    write_records(1);
    assert_int_equal(xsm_audit_read(1, 0, r, 1, &n, &pos), 0);
    assert_int_equal(n, 1);
    assert_int_equal(pos.first, 1);
    assert_int_equal(pos.lost, 1);
    assert_int_equal(r[0].seq, 1);
    write_records(5000);
    assert_int_equal(xsm_audit_read(1, 10, r, 2, &n, &pos), 0);
    assert_int_equal(pos.first, 5001);
    assert_int_equal(pos.lost, 4991);
    assert_int_equal(r[1].seq, 5002);
    /* Nothing to read is no loss. */
    pos = look(1, UINT64_MAX);
    assert_int_equal(pos.next, AUDIT_RING_RECORDS + 5001);
    assert_int_equal(pos.lost, 0);
}

static void read_no_such_cpu_enoent(void **state)
{
    struct xsm_audit_position pos;
    size_t n;
    record r;

    (void)state;
    assert_int_equal(xsm_audit_cpu_count(), 2);
    assert_int_equal(xsm_audit_read(2, 0, &r, 1, &n, &pos), -ENOENT);
    assert_int_equal(xsm_audit_read(~0U, 0, &r, 1, &n, &pos), -ENOENT);
}

static void init_memory_short_enomem(void **state)
{
    long n;
    int rc;

    (void)state;
    for (n = 0; n < 20; n++) {
        host_env_fail_after = n;
        rc = xsm_init(3);
        host_env_fail_after = -1;
        if (rc == 0) {
            break;
        }
        assert_int_equal(rc, -ENOMEM);
        assert_int_equal(host_env_live, 0);
        assert_int_equal(xsm_audit_cpu_count(), 0);
    }
    assert_int_equal(n, 1 + 2 + 1 + 3);  /* caches but for the boot CPU's, rings, and the tables of both */
    xsm_fini();
    assert_int_equal(host_env_live, 0);
}

/* -- in the middle of something ------------------------------------------------------------------ */

#define STOPS 10000

static volatile sig_atomic_t stops, torn;

/*
 * Run `step` with numbers from 0 on, and stop it at any instruction for `handler`: what another CPU could come to see,
 * also where the machine has only one to spare. @return how many steps it were
 */
static uint64_t run_stopped(void (*handler)(int), void (*step)(uint64_t))
{
    const struct itimerval often = { .it_interval = { .tv_usec = 30 }, .it_value = { .tv_usec = 30 } },
                           never = { .it_value = { 0 } };
    struct sigaction action = { .sa_handler = handler }, before;
    time_t end = time(NULL) + 60;
    uint64_t i;

    stops = torn = 0;
    assert_int_equal(sigaction(SIGALRM, &action, &before), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    for (i = 0; stops < STOPS && time(NULL) < end; i++) {
        step(i);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_true(stops >= STOPS);
    return i;
}

/* -- limits -------------------------------------------------------------------------------------- */

static void flood_limited_per_source_and_recorded(void **state)
{
    struct xsm_audit_source first = { .ssid = 0 }, second = { .ssid = 0 };
    struct xsm_audit a = { .source = &first, .have = XSM_AUDIT_DOMID, .domid = 5 }, b = a;
    xsm_sid_t guest = dom("guest"), xen = dom("xen");
    uint64_t at = look(0, UINT64_MAX).next;
    record r;

    (void)state;
    b.source = &second;
    b.domid = 6;
    for (unsigned int i = 0; i < AUDIT_RECORDS_PER_WINDOW + 30; i++) {
        assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    }
    assert_int_equal(look(0, UINT64_MAX).next, at + AUDIT_RECORDS_PER_WINDOW);
    assert_int_equal(look(0, UINT64_MAX).limited, 30);
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &b), -EACCES);
    assert_int_equal(newest(0).domid, 6);
    assert_int_equal(newest(0).seq, at + AUDIT_RECORDS_PER_WINDOW);
    xsm_audit_flush(&first);         /* the window is not over */
    assert_int_equal(newest(0).domid, 6);
    host_env_time_ns += AUDIT_WINDOW_NS;
    host_env_cpu = 1;                /* whoever comes by reports it */
    xsm_audit_flush(&second);
    xsm_audit_flush(NULL);
    assert_int_equal(look(1, UINT64_MAX).next, 0);
    xsm_audit_flush(&first);
    r = newest(1);
    assert_int_equal(r.kind, BULKHEAD_AUDIT_lost);
    assert_int_equal(r.count, 30);
    assert_int_equal(r.ssid, guest);
    assert_int_equal(r.domid, 5);
    assert_int_equal(r.have, XSM_AUDIT_DOMID);
    xsm_audit_flush(&first);
    assert_int_equal(look(1, UINT64_MAX).next, 1);
    assert_string_equal(audit_last, "avc:  lost 254 messages scontext=system_u:system_r:guest_t");
}

static void loss_of_source_without_domain_says_so(void **state)
{
    const struct xsm_audit a = { .have = XSM_AUDIT_TARGET, .target = 9 };

    (void)state;
    for (unsigned int i = 0; i < AUDIT_RECORDS_PER_WINDOW + 1; i++) {
        assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    }
    host_env_time_ns += AUDIT_WINDOW_NS;
    assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    assert_int_equal(newest(0).kind, BULKHEAD_AUDIT_denied);
    {
        record r;
        size_t n;
        struct xsm_audit_position pos;

        assert_int_equal(xsm_audit_read(0, newest(0).seq - 1, &r, 1, &n, &pos), 0);
        assert_int_equal(r.kind, BULKHEAD_AUDIT_lost);
        assert_int_equal(r.count, 1);
        assert_int_equal(r.have, 0);
        assert_int_equal(r.domid, 0);
    }
}

#define TAKERS 4
#define TAKES 1000000U

static struct xsm_audit_limit shared;
static uint64_t clock_ns;

static void *take_many(void *arg)
{
    uint64_t *got = arg;

    for (unsigned int i = 0; i < TAKES; i++) {
        uint64_t now = __atomic_add_fetch(&clock_ns, AUDIT_WINDOW_NS / 1000, __ATOMIC_RELAXED);

        got[1] += audit_limit_lost(&shared, now);
        got[0] += audit_limit_take(&shared, now, 100);
    }
    return NULL;
}

/* Every event is in one count or the other, and no window has more than its share. */
static void limit_taken_from_threads_none_escapes(void **state)
{
    uint64_t got[TAKERS][2] = { 0 }, taken = 0, lost = 0;
    pthread_t thread[TAKERS];

    (void)state;
    shared = (struct xsm_audit_limit){ 0 };
    clock_ns = 0;
    for (unsigned int i = 0; i < TAKERS; i++) {
        assert_int_equal(pthread_create(&thread[i], NULL, take_many, got[i]), 0);
    }
    for (unsigned int i = 0; i < TAKERS; i++) {
        pthread_join(thread[i], NULL);
        taken += got[i][0];
        lost += got[i][1];
    }
    lost += audit_limit_lost(&shared, UINT64_MAX);
    assert_int_equal(taken + lost, (uint64_t)TAKERS * TAKES);
    assert_true(taken <= 100U * (TAKERS * TAKES / 1000 + 1));
    assert_true(taken >= 100U * (TAKERS * TAKES / 1000 - 1));
}

static volatile uint64_t taken_stopped, lost_stopped, taken_step, lost_step;

static void take_while_stopped(int number)
{
    (void)number;
    for (unsigned int i = 0; i < 3; i++) {
        taken_stopped += audit_limit_take(&shared, clock_ns, 5);
    }
    lost_stopped += audit_limit_lost(&shared, clock_ns);
    stops++;
}

static void take_step(uint64_t i)
{
    clock_ns = i / 10 * AUDIT_WINDOW_NS;
    lost_step += audit_limit_lost(&shared, clock_ns);
    taken_step += audit_limit_take(&shared, clock_ns, 5);
}

static void limit_taken_in_the_middle_none_escapes(void **state)
{
    uint64_t steps;

    (void)state;
    shared = (struct xsm_audit_limit){ 0 };
    clock_ns = taken_stopped = lost_stopped = taken_step = lost_step = 0;
    steps = run_stopped(take_while_stopped, take_step);
    assert_int_equal(taken_step + taken_stopped + lost_step + lost_stopped + audit_limit_lost(&shared, UINT64_MAX),
                     steps + 3U * (unsigned int)stops);
}

/* -- a reader beside the writer ------------------------------------------------------------------- */

#define RACE_RECORDS 60000U

static unsigned int writing;

/* Every field follows from the number: a torn record shows even where the chain has a gap. */
static void write_numbered(uint64_t i)
{
    record r = { .count = i, .frame = ~i, .range_first = i * 3, .range_last = i * 5, .port = (uint32_t)i };

    memset(r.boolean, (int)(i & 0xff), sizeof(r.boolean));
    audit_ring_write(&r);
}

static void *write_many(void *arg)
{
    (void)arg;
    for (uint64_t i = 0; i < RACE_RECORDS; i++) {
        write_numbered(i);
    }
    __atomic_store_n(&writing, 0, __ATOMIC_RELEASE);
    return NULL;
}

static bool whole(const record *r, uint64_t seq)
{
    bool ok = r->seq == seq && r->count == seq && r->frame == ~seq && r->range_first == seq * 3 &&
              r->range_last == seq * 5 && r->port == (uint32_t)seq;

    for (size_t i = 0; i < sizeof(r->boolean); i++) {
        ok = ok && (uint8_t)r->boolean[i] == (seq & 0xff);
    }
    return ok;
}

/* Records that follow each other, up to the head that came with them. */
static bool chained(const record *r, size_t n, const struct xsm_audit_position *pos)
{
    uint8_t head[32];

    for (size_t i = 0; i < n; i++) {
        if (!whole(&r[i], pos->first + i) || (i > 0 && memcmp(r[i].previous, head, 32) != 0)) {
            return false;
        }
        SHA256((const uint8_t *)&r[i], sizeof(r[i]), head);
    }
    return pos->next == pos->first + n && (n == 0 || memcmp(pos->head, head, 32) == 0);
}

/* Nothing is asserted before the writer has come to its end: it must not outlive what it writes to. */
static void read_beside_writer_whole_records_or_counted_loss(void **state)
{
    static record r[64];
    struct xsm_audit_position pos = { 0 };
    uint64_t next = 0, seen = 0, lost = 0, reads = 0, again = 0;
    bool good = true, last;
    pthread_t thread;
    size_t n;

    (void)state;
    host_env_cpu = 1;
    writing = 1;
    assert_int_equal(pthread_create(&thread, NULL, write_many, NULL), 0);
    do {
        last = __atomic_load_n(&writing, __ATOMIC_ACQUIRE) == 0;
        /* At the newest record, and at the oldest, where the writer is at work. */
        for (unsigned int i = 0; i < 8 && good; i++, reads++) {
            int rc = xsm_audit_read(1, i % 2 == 0 ? 0 : pos.next, r, 1 + i / 6, &n, &pos);

            again += rc == -EAGAIN;
            good = rc == -EAGAIN || (rc == 0 && chained(r, n, &pos));
            if (i % 2 == 0) {
                pos.next = next;
            }
        }
        if (xsm_audit_read(1, next, r, 64, &n, &pos) == 0) {
            good = good && chained(r, n, &pos) && pos.first >= next && pos.lost == pos.first - next;
            lost += pos.lost;
            seen += n;
            next = pos.next;
        }
    } while (good && (!last || next < RACE_RECORDS));
    pthread_join(thread, NULL);
    assert_true(good);
    assert_int_equal(seen + lost, RACE_RECORDS);
    assert_true(seen > 0);
    print_message("# %lu records read, %lu lost; %lu other reads, %lu of them overtaken\n", seen, lost, reads, again);
}

static void read_while_stopped(int number)
{
    struct xsm_audit_position pos = { 0 };
    static record r[2];
    uint64_t from = 0;           /* the oldest, then the newest */
    size_t n = 0;

    (void)number;
    for (unsigned int i = 0; i < 2; i++) {
        if (xsm_audit_read(1, from, r, 2, &n, &pos) != 0 || !chained(r, n, &pos)) {
            torn = 1;
        }
        (void)xsm_audit_read(1, UINT64_MAX, NULL, 0, &n, &pos);
        from = pos.next > 1 ? pos.next - 2 : 0;
    }
    stops++;
}

static void read_in_the_middle_of_a_write_whole_records(void **state)
{
    uint64_t written;

    (void)state;
    host_env_cpu = 1;
    written = run_stopped(read_while_stopped, write_numbered);
    assert_int_equal(torn, 0);
    assert_int_equal(look(1, UINT64_MAX).next, written);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, start, stop)
    const struct CMUnitTest tests[] = {
        T(record_of_refusal_has_everything),
        T(record_details_only_those_named),
        T(record_long_texts_cut_and_ended),
        T(record_permissive_and_revoked),
        T(record_of_policy_load),
        T(chain_recomputed_over_a_wrap),
        T(read_too_late_loss_counted),
        T(read_no_such_cpu_enoent),
        cmocka_unit_test(init_memory_short_enomem),
        T(flood_limited_per_source_and_recorded),
        T(loss_of_source_without_domain_says_so),
        cmocka_unit_test(limit_taken_from_threads_none_escapes),
        cmocka_unit_test(limit_taken_in_the_middle_none_escapes),
        T(read_beside_writer_whole_records_or_counted_loss),
        T(read_in_the_middle_of_a_write_whole_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
