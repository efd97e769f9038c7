/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn at the TPM, which the hypervisor shares with a domain at locality 0. Commands take up to seconds and are lost when the
 * locality is seized, so who measures for somebody that can wait asks for the locality until the domain lets go.
 *
 *   nobody -> wanted (asked for again and again) -> held (by one CPU, for as long as it measures) -> nobody
 *
 * Who wants it may never come back, as a vCPU that dies or does something else: then it is wanted no longer after a while. Else
 * the TPM would give the locality to us, and nobody would give it back.
 */
#include <xen/measure.h>

#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/time.h>
#include <xen/timer.h>
#include <xen/tpm.h>

#include "internal.h"

#define FORGET_NS (200 * NS_PER_MS)

static bool busy; /* atomic: a CPU looks, or holds the turn; it has the rest to itself */
static bool wanted;
static uint64_t wanted_since_ns;
static struct timer forget;

static bool enter(void)
{
    return !__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE);
}

static void leave(void)
{
    __atomic_store_n(&busy, false, __ATOMIC_RELEASE);
}

/* Entered. The locality is ours, or the domain had it long enough. */
static bool is_due(uint64_t now)
{
    if (tpm_ask() != -EAGAIN) {
        return true;
    }
    if (!wanted) {
        wanted = true;
        wanted_since_ns = now;
    }
    return now - wanted_since_ns >= MEASURE_PATIENCE_NS;
}

static void forget_it(void *arg)
{
    (void)arg;
    if (enter()) {
        wanted = false;
        measure_give_back();
        leave();
    }
}

void turn_init(void)
{
    timer_init(&forget, forget_it, NULL);
}

bool measure_turn_is_due(void)
{
    uint64_t now = time_now_ns();
    bool due;

    if (!enter()) {
        return false;
    }
    due = is_due(now);
    timer_set(&forget, now + FORGET_NS);
    leave();
    return due;
}

int measure_turn(void)
{
    uint64_t now = time_now_ns();

    if (!enter()) {
        return -ERESTART;
    }
    if (!is_due(now)) {
        timer_set(&forget, now + FORGET_NS);
        leave();
        return -ERESTART;
    }
    timer_stop(&forget);
    if (tpm_ask() == -EAGAIN) {
        tpm_seize();
    }
    wanted = false;
    tpm_keep();
    return 0;
}

void measure_turn_end(void)
{
    measure_give_back();
    leave();
}
