/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn at the TPM, which the hypervisor shares with a domain at locality 0. Commands take up to seconds and are lost when the
 * locality is seized, so who measures for somebody that can wait asks for the locality until the domain lets go.
 *
 *   nobody -> wanted (asked for again and again) -> held (by one CPU, for as long as it measures) -> nobody
 *
 * Who keeps the TPM busy holds up what is to be measured. Patience therefore is a budget, which all waiting is taken from and time
 * fills again: a domain that uses the TPM as it is meant to, for some seconds now and then, never sees the end of it. One that is
 * at its end loses the TPM after PATIENCE_LEAST_NS, which suffices for what a TPM does often, such as a quote.
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
#define PATIENCE_LEAST_NS (750 * NS_PER_MS)
#define PATIENCE_FILL 20 /* ns that pass for one of patience */

static bool busy; /* atomic: a CPU looks, or holds the turn; it has the rest to itself */
static bool wanted;
static uint64_t wanted_since_ns;
static uint64_t patience_ns, patience_at_ns; /* what there was then, of MEASURE_PATIENCE_NS at most */
static struct timer forget;

static bool enter(void)
{
    return !__atomic_exchange_n(&busy, true, __ATOMIC_ACQUIRE);
}

static void leave(void)
{
    __atomic_store_n(&busy, false, __ATOMIC_RELEASE);
}

/* Entered, like the rest. */
static void want(uint64_t now)
{
    if (!wanted) {
        wanted = true;
        wanted_since_ns = now;
        patience_ns = min(patience_ns + (now - patience_at_ns) / PATIENCE_FILL, MEASURE_PATIENCE_NS);
    }
}

static void want_no_more(uint64_t now)
{
    if (wanted) {
        wanted = false;
        patience_ns -= min(now - wanted_since_ns, patience_ns);
        patience_at_ns = now;
    }
}

/* The locality is ours, or the domain had it long enough. */
static bool is_due(uint64_t now, uint64_t most_ns)
{
    if (tpm_ask() != -EAGAIN) {
        return true;
    }
    want(now);
    return now - wanted_since_ns >= min(max(patience_ns, PATIENCE_LEAST_NS), most_ns);
}

static void forget_it(void *arg)
{
    (void)arg;
    if (enter()) {
        want_no_more(time_now_ns());
        measure_give_back();
        leave();
    }
}

void turn_init(void)
{
    timer_init(&forget, forget_it, NULL);
    patience_ns = MEASURE_PATIENCE_NS;
    patience_at_ns = time_now_ns();
}

bool measure_turn_is_due(void)
{
    uint64_t now = time_now_ns();
    bool due;

    if (!enter()) {
        return false;
    }
    due = is_due(now, MEASURE_PATIENCE_NS);
    timer_set(&forget, now + FORGET_NS);
    leave();
    return due;
}

int measure_turn(uint64_t most_ns)
{
    uint64_t now = time_now_ns();

    if (!enter()) {
        return -ERESTART;
    }
    if (!is_due(now, most_ns)) {
        timer_set(&forget, now + FORGET_NS);
        leave();
        return -ERESTART;
    }
    timer_stop(&forget);
    if (tpm_ask() == -EAGAIN) {
        tpm_seize();
    }
    want_no_more(now);
    tpm_keep();
    return 0;
}

void measure_turn_end(void)
{
    measure_give_back();
    leave();
}
