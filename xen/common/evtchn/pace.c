/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often other domains may interrupt a vCPU. A sender pays for a send, but the receiver for the interrupt, several times as
 * much, on its own CPU: without a limit, one that is bound to it for a disk could take most of its time. So each vCPU takes
 * PACE_BURST events of others at once, and then one each PACE_NS. What comes faster is pending for whoever looks, and is
 * announced together, after PACE_NS at most: a busy channel gets fewer and larger batches, nothing is lost, and no other
 * sender is the worse for it.
 *
 * The limit is far above what rings need that tell each other only when the other end waits, and leaves the receiver nine tenths of
 * its time as long as an interrupt costs it less than PACE_NS / 10. A domain's own IPIs and timers are its own affair.
 */
#include "evtchn.h"

#include <xen/time.h>
#include <xen/vcpu.h>

#define PACE_NS 40000ull /* 25,000 a second */
#define PACE_BURST 64u

/*
 * Pay for one: v->pace.paid_ns is the time up to which the events so far have been paid, PACE_NS each.
 * @param ahead  how far that may be in the future before
 * @return 0, or when it is near enough; nothing is paid then
 */
static uint64_t pay(struct vcpu *v, uint64_t ahead)
{
    uint64_t now = time_now_ns(), paid = __atomic_load_n(&v->pace.paid_ns, __ATOMIC_RELAXED), from;

    do {
        from = max(paid, now);
        if (from - now > ahead) {
            return from - ahead;
        }
    } while (!__atomic_compare_exchange_n(&v->pace.paid_ns, &paid, from + PACE_NS, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return 0;
}

void vcpu_mark_paced(struct vcpu *v, unsigned word)
{
    uint64_t when = pay(v, (PACE_BURST - 1) * PACE_NS);

    if (likely(when == 0)) {
        vcpu_mark(v, word);
    } else if (__atomic_fetch_or(&v->pace.words, 1ull << word, __ATOMIC_SEQ_CST) == 0) {
        timer_set(&v->pace.late, when); /* on the sender's CPU: the work is charged to it while it goes on */
    }
}

void evtchn_late(void *arg)
{
    struct vcpu *v = arg;
    uint64_t words = __atomic_exchange_n(&v->pace.words, 0, __ATOMIC_SEQ_CST);

    (void)pay(v, ~0ull); /* for one interrupt, whatever became of the budget meanwhile */
    for (; words != 0; words &= words - 1) {
        vcpu_mark(v, (unsigned)__builtin_ctzll(words));
    }
}
