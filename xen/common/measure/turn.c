/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A turn at the TPM, which the hypervisor shares with a domain at locality 0. Commands take up to seconds and are lost when the
 * locality is seized, so who measures for somebody that can wait asks for the locality until the domain lets go.
 *
 *   nobody -> wanted (asked for again and again) [-> seized] -> held (by one CPU, for as long as it measures) -> nobody
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
#define SEIZE_NS (20 * NS_PER_S) /* the TPM first ends or aborts the other's command */
#define PATIENCE_FILL 20 /* ns that pass for one of patience */

static bool busy; /* atomic: a CPU looks, or holds the turn; it has the rest to itself */
static bool wanted;
static uint64_t wanted_since_ns;
static uint64_t patience_ns, patience_at_ns; /* what there was then, of MEASURE_PATIENCE_NS at most */
static bool stopped, seized; /* the domain; the TPM: until it is ours */
static uint64_t give_up_ns;  /* while stopped */
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

/*
 * The domain does not touch its page while the TPM is taken from it, or that could come to nothing. That may last, and nobody else
 * has the TPM meanwhile: not until it is ours does the domain go on, whoever wanted it.
 */
static void seize(uint64_t now)
{
    if (!stopped) {
        stopped = true;
        give_up_ns = now + SEIZE_NS;
    }
    if (!seized && holders_stop()) {
        seized = true;
        measure_seize();
    }
}

static void let_go_on(void)
{
    if (stopped) {
        stopped = seized = false;
        holders_go_on();
    }
}

static bool is_ours(void)
{
    int rc = measure_ask();

    return rc != -EAGAIN && rc != -EBUSY; /* or there is no TPM */
}

/* @return 0 the locality is ours; -ERESTART; -EBUSY it is not to be had */
static int look(uint64_t most_ns)
{
    uint64_t now = time_now_ns();

    timer_set(&forget, now + FORGET_NS);
    if (!is_ours()) {
        want(now);
        if (now - wanted_since_ns >= min(max(patience_ns, PATIENCE_LEAST_NS), most_ns)) {
            seize(now);
        }
        if (!seized || !is_ours()) {
            return stopped && now >= give_up_ns ? -EBUSY : -ERESTART;
        }
    }
    let_go_on();
    return 0;
}

static void forget_it(void *arg)
{
    (void)arg;
    if (enter()) {
        uint64_t now = time_now_ns();

        want_no_more(now);
        if (measure_ask() == -EBUSY) {
            timer_set(&forget, now + FORGET_NS);
        } else {
            measure_give_back();
            let_go_on();
        }
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
    bool due = false;

    if (enter()) {
        due = look(MEASURE_PATIENCE_NS) != -ERESTART;
        leave();
    }
    return due;
}

int measure_turn(uint64_t most_ns)
{
    int rc;

    if (!enter()) {
        return -ERESTART;
    }
    rc = look(most_ns);
    if (rc != 0) {
        leave();
        return rc;
    }
    timer_stop(&forget);
    want_no_more(time_now_ns());
    tpm_keep();
    return 0;
}

void measure_turn_end(void)
{
    measure_give_back();
    leave();
}
