/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An event never comes between "sti" and "hlt": a kernel that looks for work with interrupts off and then sleeps by these two
 * sleeps only while there is none.
 *
 * Source: Intel SDM vol. 2, STI; AMD APM vol. 2, 15.21.5 (interrupt shadows). vCPU 0 sleeps without a timer, as a server does;
 * vCPU 1 sends to it just as it falls asleep, tens of thousands of times. A correct hypervisor wakes it each time. A broken one, or
 * a CPU that forgets the shadow when the hypervisor had to step in, delivers the event before the hlt, and it is slept over.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#define TEST_NS (4 * NS_PER_S)
#define LATE_MS 2000

static evtchn_port_t port;
static volatile unsigned int asleep, woken; /* rounds begun and ended, by the sleeper */

static void on_event(evtchn_port_t p, void *arg)
{
    (void)p;
    (void)arg;
    woken++;
}

/* The sleeper, if it is lost, can tell nobody: so it is the sender that reports. */
static void sender(void *arg)
{
    uint64_t end = time_now_ns() + TEST_NS, seed = time_tsc() | 1;
    unsigned int round = 0;
    bool ok = true;

    (void)arg;
    while (ok && time_now_ns() < end) {
        round++;
        ok = wait_for(&asleep, round, LATE_MS);
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        for (unsigned int n = (unsigned int)(seed >> 53); n > 0; n--) {
            compiler_barrier();
        }
        ok = ok && evtchn_send(port) == 0 && wait_for(&woken, round, LATE_MS);
    }
    tap_note("%u times", round);
    tap_ok(ok && round > 100, "each event ended the sleep that it came into");
    tap_done();
    domain_shutdown(0);
}

void stub_main(void)
{
    if (evtchn_bind_ipi(0, &port) != 0) {
        rt_panic("no port");
    }
    evtchn_set_handler(port, on_event, NULL);
    if (smp_start(1, sender, NULL) != 0) {
        rt_panic("no second vCPU");
    }
    for (;;) {
        unsigned int before = woken;

        asleep++;
        while (woken == before) {
            (void)event_wait(UINT64_MAX);
        }
    }
}
