/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The teaching kernel: the smallest complete program on the stub runtime. It says who it is, sends
 * an event to itself, lets a timer tick, and ends.
 */
#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <stdlib.h>

#include <public/version.h>

static unsigned int ticks;
static bool event_came;

static void introduce(void)
{
    long version = hc_xen_version(XENVER_version, NULL);
    char extra[16] = "";

    (void)hc_xen_version(XENVER_extraversion, extra);
    extra[sizeof(extra) - 1] = '\0';
    printk("hello: domain %u on Xen ABI %ld.%ld%s\n", domain_self(), version >> 16,
           version & 0xffff, extra);
    printk("hello: %zu MiB RAM, %zu pages free, %u vCPUs, command line '%s'\n",
           page_ram_count() >> 8, page_free_count(), smp_cpu_count(), start_cmdline());
}

static void on_event(evtchn_port_t port, void *arg)
{
    (void)arg;
    printk("hello: an event on port %u\n", port);
    event_came = true;
}

/* An interdomain channel with both ends here. */
static void talk_to_self(void)
{
    evtchn_port_t ours = 0, theirs = 0;
    int rc = evtchn_alloc_unbound(DOMID_SELF, &theirs);

    if (rc == 0) {
        rc = evtchn_bind_interdomain(DOMID_SELF, theirs, &ours);
    }
    if (rc != 0) {
        printk("hello: no event channel: error %d\n", rc);
        return;
    }
    /* Binding leaves the new end pending; give that one no handler. */
    evtchn_set_handler(theirs, on_event, NULL);
    rc = evtchn_send(ours);
    while (rc == 0 && !event_came) {
        event_wait(time_now_ns() + NS_PER_S);
    }
    (void)evtchn_close(ours);
    (void)evtchn_close(theirs);
}

static void on_tick(void *arg)
{
    struct timer *timer = arg;

    ticks++;
    printk("hello: tick %u at %lu ms\n", ticks, (unsigned long)(time_now_ns() / NS_PER_MS));
    timer_set(timer, timer->deadline_ns + NS_PER_S, on_tick, timer);
}

void stub_main(void)
{
    struct timer timer = { 0 };
    char value[16];
    unsigned long limit = 3;

    introduce();
    talk_to_self();
    if (start_cmdline_get("ticks", value, sizeof(value))) {
        limit = strtoul(value, NULL, 10);
    }
    timer_set(&timer, time_now_ns() + NS_PER_S, on_tick, &timer);
    while (ticks < limit) {
        event_wait(UINT64_MAX);
    }
    printk("hello: done\n");
}
