/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain comes back after each kind of end that its description names: watchdog, crash, reboot, triple fault; at once the first
 * time, then after pauses that double with each crash.
 *
 * Source: public/sched.h, SCHEDOP_watchdog and the reasons; docs/host.conf.md. A correct hypervisor shuts down a domain whose
 * watchdog runs out, though it spins with interrupts off; builds each life like the first one; and lets the domain beside it
 * run while it builds. A broken one leaves the domain gone, starts a crash loop without pauses, or stops the others meanwhile.
 *
 * The goer notes in a page of the keeper which life it is in, and when that began and ended.
 */
#include "../guest.h"

#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/sched.h>

#define GOER 2
#define KEEPER 1
#define REF 8 /* the first that the runtime gives out */
#define LIVES 6

struct notes {
    volatile unsigned int life;
    volatile uint64_t began[LIVES], ended[LIVES];
    volatile long answer[8];
    volatile unsigned int done;
};

static union {
    struct notes notes;
    char page[PAGE_SIZE];
} shared __attribute__((aligned(PAGE_SIZE)));

static long watchdog(uint32_t id, uint32_t seconds)
{
    struct sched_watchdog a = { .id = id, .timeout = seconds };

    return hc_sched_op(SCHEDOP_watchdog, &a);
}

/* -- the goer -------------------------------------------------------------------------------------- */

static void hang(struct notes *n)
{
    n->answer[0] = watchdog(0, 1);
    n->ended[0] = time_now_ns() + NS_PER_S;
    for (;;) {
        __asm__ volatile("cli; pause");
    }
}

static void fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };

    __asm__ volatile("lidt %0; ud2" : : "m"(none));
}

static void ask_all(struct notes *n)
{
    n->answer[1] = watchdog(0, 0);
    n->answer[2] = watchdog(3, 1);
    n->answer[3] = watchdog(1, 1);
    n->answer[4] = watchdog(0, 1);
    n->answer[5] = watchdog(0, 1);
    n->answer[6] = watchdog(0, 1);
    for (unsigned int i = 0; i < 15; i++) { /* 1.5 s in all: it is put off */
        time_delay_ns(100 * NS_PER_MS);
        (void)watchdog(1, 1);
        if (i == 5) {
            n->answer[7] = watchdog(2, 0); /* ended before its time */
        }
    }
    (void)watchdog(1, 0);
    n->done = 1;
}

static void goer_main(void)
{
    struct grant_map map;
    struct notes *n;
    unsigned int life;

    while (grant_map(KEEPER, REF, false, &map) != 0) {
        time_delay_ns(NS_PER_MS);
    }
    n = map.page;
    life = n->life++;
    n->began[life] = time_now_ns();
    if (life == 0) {
        hang(n);
    }
    if (life == LIVES - 1) {
        ask_all(n);
        return;
    }
    n->ended[life] = time_now_ns();
    if (life == 3) {
        fault();
    }
    domain_shutdown(life == 2 ? SHUTDOWN_reboot : SHUTDOWN_crash);
}

/* -- the keeper ------------------------------------------------------------------------------------ */

/* Wait for the end; @return how long the keeper was away from its CPU at most, in microseconds. */
static unsigned long watch(const struct notes *n)
{
    uint64_t last = time_now_ns(), end = last + 40 * NS_PER_S, away = 0;

    while (n->done == 0 && last < end) {
        uint64_t now = time_now_ns();

        away = now - last > away ? now - last : away;
        last = now;
    }
    return away / 1000;
}

static void keeper_main(void)
{
    static const unsigned int pause_ms[LIVES] = { 0, 0, 50, 50, 50, 100 };
    struct notes *n = &shared.notes;
    grant_ref_t ref;
    unsigned long away;

    tap_plan(LIVES + 8);
    tap_ok(grant_give(GOER, virt_to_gfn(&shared), false, &ref) == 0 && ref == REF, "a page for the goer's notes");
    away = watch(n);
    tap_is(n->life, LIVES, "lives");
    for (unsigned int i = 1; i < LIVES; i++) {
        unsigned int ms = (unsigned int)((n->began[i] - n->ended[i - 1]) / NS_PER_MS);

        tap_ok(ms >= pause_ms[i] && ms < pause_ms[i] + 1500, "life %u begins %u ms after the one before", i, ms);
    }
    tap_is(n->answer[0], 1, "the first watchdog");
    tap_is(n->answer[1], -XEN_EINVAL, "one without a time");
    tap_is(n->answer[2], -XEN_EINVAL, "one that cannot be");
    tap_is(n->answer[3], -XEN_EEXIST, "one that does not run");
    tap_ok(n->answer[4] == 1 && n->answer[5] == 2 && n->answer[6] == -XEN_ENOSPC, "two are all: %ld %ld %ld",
           n->answer[4], n->answer[5], n->answer[6]);
    tap_ok(n->answer[7] == 0 && n->done == 1, "one is put off, the other ended: neither fires");
    tap_ok(away < 300000, "the keeper was away for %lu us at most", away);
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "keeper") == 0) {
        keeper_main();
    } else {
        goer_main();
    }
}
