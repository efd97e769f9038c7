/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that keeps the hypervisor busy, as fast as it can and on each of its vCPUs, takes no more than its share: another
 * domain that computes, and the one that gets its events, keep more than nine tenths of what they do while the attacker
 * only computes.
 *
 * Source: SECURITY.md. Phases of equal length by the host's clock: in the first the attacker computes, in each later one it runs
 * one storm (storms.c). The others count what they get done. A broken hypervisor lets wake-ups have the CPU again and again, charges
 * the work of one domain to another, or passes on each event at whatever price.
 *
 * On the command line: phase=N, milliseconds, 180 without; only=N, that storm alone; cpus=1, the attacker uses one vCPU.
 */
#include "../guest.h"
#include "storms.h"

#include <runtime/console.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/trap.h>
#include <stdlib.h>
#include <string.h>

#define VICTIM 1
#define ATTACKER 2
#define FIRST_PHASE_NS (2 * NS_PER_S) /* of the host's clock: all are up by then */
#define LEAST_PERCENT 90u
#define PHASES_MAX 32u

static uint64_t phase_ns;
static unsigned int only, phases;

static unsigned int number(const char *name, unsigned int otherwise)
{
    char text[12];

    return start_cmdline_get(name, text, sizeof(text)) ? (unsigned int)strtoul(text, NULL, 10) : otherwise;
}

static uint64_t phase_start(unsigned int phase)
{
    return FIRST_PHASE_NS + phase * phase_ns;
}

static const struct storm *phase_storm(unsigned int phase)
{
    return &storms[only != 0 && phase != 0 ? only : phase];
}

/* -- those who work ------------------------------------------------------------------------------------- */

static evtchn_port_t alarm;
static unsigned long events;

static void on_event(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    events++;
}

/* A clock that jumps: others had the CPU. */
#define JUMP_NS (NS_PER_MS / 2)

/*
 * What gets done in a phase: rounds of a loop that also looks for events, in a millisecond. Counted from one turn on the CPU to
 * another, so that it does not matter how many turns the phase cuts; and not from its very start, when who had more than his
 * share before has less.
 */
static unsigned long work(unsigned int phase)
{
    uint64_t end = phase_start(phase + 1), settled = phase_start(phase) + phase_ns / 3, last, now, first_turn = 0, last_turn = 0;
    unsigned long rounds = 0, counted = 0;

    while ((last = time_now_ns()) < phase_start(phase)) {
        (void)event_poll();
    }
    while ((now = time_now_ns()) < end) {
        if (now - last > JUMP_NS && first_turn == 0 && now >= settled) {
            first_turn = now;
            rounds = 0;
        } else if (now - last > JUMP_NS && first_turn != 0) {
            last_turn = now;
            counted = rounds;
        }
        last = now;
        (void)event_poll();
        rounds++;
    }
    return last_turn == 0 ? rounds * NS_PER_MS / phase_ns : counted * NS_PER_MS / (last_turn - first_turn);
}

static void worker(const char *who)
{
    unsigned long calm, done[PHASES_MAX], got[PHASES_MAX];

    for (unsigned int i = 0; i < phases; i++) {
        events = 0;
        done[i] = work(i);
        got[i] = events;
    }
    calm = done[0] != 0 ? done[0] : 1;
    for (unsigned int i = 1; i < phases; i++) {
        tap_ok(done[i] * 100 >= calm * LEAST_PERCENT, "%s: %lu %% while: %s (%lu events)", who,
               done[i] * 100 / calm, phase_storm(i)->name, got[i]);
    }
}

static void victim_main(void)
{
    if (evtchn_alloc_unbound(ATTACKER, &alarm) != 0) {
        rt_panic("no port");
    }
    evtchn_set_handler(alarm, on_event, NULL);
    worker("victim");
}

static void bystander_main(void)
{
    tap_plan(2 * (phases - 1));
    worker("bystander");
}

/* -- the attacker --------------------------------------------------------------------------------------- */

static struct arms arms;

static void attack(void *arg)
{
    unsigned int cpu = smp_cpu();

    (void)arg;
    for (unsigned int i = 0; i < phases; i++) {
        const struct storm *s = phase_storm(i);
        uint64_t end = phase_start(i + 1);

        while (time_now_ns() < phase_start(i)) {
        }
        if (s->begin != NULL) {
            s->begin(&arms, cpu);
        }
        while (time_now_ns() < end) {
            s->turn(&arms, cpu);
        }
        if (s->end != NULL) {
            s->end(&arms, cpu);
        }
    }
}

static void nothing(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
}

static void no_vector(unsigned int vector, void *arg)
{
    (void)vector;
    (void)arg;
}

static void attacker_main(void)
{
    int rc = -1;

    /* The victim's port is among its first. */
    for (unsigned int tries = 0; rc != 0 && tries < 1000; tries++) {
        for (evtchn_port_t p = 1; rc != 0 && p < 16; p++) {
            rc = evtchn_bind_interdomain(VICTIM, p, &arms.victim);
        }
        time_delay_ns(NS_PER_MS);
    }
    if (rc != 0 || trap_handle_vector(0x40, no_vector, NULL) != 0) {
        rt_panic("binding to the victim: error %d", rc);
    }
    for (unsigned int i = 0; i < ATTACKER_CPUS; i++) {
        if (evtchn_bind_ipi(i, &arms.self[i]) != 0) {
            rt_panic("no port");
        }
        evtchn_set_handler(arms.self[i], nothing, NULL);
    }
    if (number("cpus", ATTACKER_CPUS) > 1 && smp_start(1, attack, NULL) != 0) {
        rt_panic("no second vCPU");
    }
    attack(NULL);
    smp_wait(1);
}

void stub_main(void)
{
    char role[12] = "";

    phase_ns = number("phase", 180) * NS_PER_MS;
    only = number("only", 0);
    phases = only != 0 ? 2 : storm_count;
    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "victim") == 0) {
        victim_main();
    } else if (strcmp(role, "attacker") == 0) {
        attacker_main();
    } else {
        bystander_main();
    }
}
