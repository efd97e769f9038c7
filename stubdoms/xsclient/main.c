/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that tries the XenStore service over its real ring. Prints TAP, powers off. The words
 * foreign=<path> on the command line name a node that the policy must keep from this domain;
 * reboots=<n> has it reboot first, for a domain with on-reboot = restart.
 */
#include <runtime/evtchn.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <runtime/xenbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/sched.h>

static char value[256], token[32];

static bool event_is(const char *path, const char *want_token)
{
    return xenbus_event(value, sizeof(value), token, sizeof(token), time_now_ns() + NS_PER_S) &&
           strcmp(value, path) == 0 && strcmp(token, want_token) == 0;
}

static void test_nodes(void)
{
    char foreign[128];

    tap_is(xenbus_read(0, "name", value, sizeof(value)), 0, "read own name, '%s'", value);
    tap_is(xenbus_write(0, "name", "other"), -XEN_EACCES, "own name cannot be changed");
    tap_is(xenbus_write(0, "data/x", "hello"), 0, "write below data");
    tap_is(xenbus_read(0, "data/x", value, sizeof(value)), 0, "read it");
    tap_ok(strcmp(value, "hello") == 0, "it is '%s'", value);
    tap_is(xenbus_read(0, "data/absent", value, sizeof(value)), -XEN_ENOENT, "absent node");
    tap_is(xenbus_read(0, "data//x", value, sizeof(value)), -XEN_EINVAL, "malformed path");
    tap_is(xenbus_request(XS_TYPE_COUNT, 0, "x", 2, NULL, 0, NULL), -XEN_ENOSYS, "unknown type");
    if (start_cmdline_get("foreign", foreign, sizeof(foreign))) {
        tap_is(xenbus_read(0, foreign, value, sizeof(value)), -XEN_EACCES, "%s is refused",
               foreign);
    } else {
        tap_skip("no foreign= on the command line");
    }
}

static void test_watches(void)
{
    tap_is(xenbus_watch("data", "tok"), 0, "watch");
    tap_ok(event_is("data", "tok"), "first event");
    (void)xenbus_write(0, "data/y", "1");
    tap_ok(event_is("data/y", "tok"), "event of a new node");
    tap_is(xenbus_unwatch("data", "tok"), 0, "unwatch");
}

static void test_transactions(void)
{
    uint32_t t = 0, u = 0;

    tap_ok(xenbus_transaction_start(&t) == 0 && xenbus_transaction_start(&u) == 0 && t != u,
           "two transactions");
    (void)xenbus_read(t, "data/y", value, sizeof(value));
    (void)xenbus_write(u, "data/y", "2");
    (void)xenbus_write(t, "data/z", "3");
    tap_is(xenbus_transaction_end(u, true), 0, "the first to end commits");
    tap_is(xenbus_transaction_end(t, true), -XEN_EAGAIN, "the other one conflicts");
    tap_is(xenbus_read(0, "data/z", value, sizeof(value)), -XEN_ENOENT, "and left nothing");
}

static void test_load(void)
{
    uint64_t start = time_now_ns();
    char path[32];
    int rc = 0;

    for (unsigned int i = 0; i < 500 && rc == 0; i++) {
        rc = xenbus_read(0, "data/x", value, sizeof(value));
    }
    tap_is(rc, 0, "500 reads, %lu us each", (unsigned long)((time_now_ns() - start) / 500000));
    for (unsigned int i = 0; i < 2000 && rc == 0; i++) {
        snprintf(path, sizeof(path), "data/n%u", i);
        rc = xenbus_write(0, path, "v");
    }
    tap_is(rc, -XEN_ENOSPC, "the quota ends making nodes");
    for (unsigned int i = 0; i < 2000; i++) {
        snprintf(path, sizeof(path), "data/n%u", i);
        if (xenbus_rm(0, path) != 0) {
            break;
        }
    }
    tap_is(xenbus_write(0, "data/again", "v"), 0, "removed nodes count no more");
}

static void test_broken_ring(void)
{
    struct xenstore_domain_interface *ring = xenbus_ring();
    uint64_t deadline = time_now_ns() + 5 * NS_PER_S;

    WRITE_ONCE(ring->req_prod, READ_ONCE(ring->req_prod) + 5000);
    (void)evtchn_send(xenbus_port());
    while (READ_ONCE(ring->error) == 0 && time_now_ns() < deadline) {
        (void)event_wait(time_now_ns() + 10 * NS_PER_MS);
    }
    tap_is((long)READ_ONCE(ring->error), XENSTORE_ERROR_RINGIDX, "an impossible index is told");
    WRITE_ONCE(ring->connection, XENSTORE_RECONNECT);
    (void)evtchn_send(xenbus_port());
    while (READ_ONCE(ring->connection) != XENSTORE_CONNECTED && time_now_ns() < deadline) {
        (void)event_wait(time_now_ns() + 10 * NS_PER_MS);
    }
    tap_is((long)READ_ONCE(ring->connection), XENSTORE_CONNECTED, "reconnection is taken up");
    tap_is(xenbus_connect(), 0, "connect again");
    tap_is(xenbus_read(0, "data/x", value, sizeof(value)), 0, "and read");
}

/*
 * Reboot as often as the command line says; the store counts. When the service answers again, the
 * new instance has been connected in place of the old one.
 */
static void reboot_first(void)
{
    char limit[8];
    unsigned long count;

    if (!start_cmdline_get("reboots", limit, sizeof(limit))) {
        return;
    }
    if (xenbus_read(0, "data/reboots", value, sizeof(value)) != 0) {
        value[0] = '\0';
    }
    count = strtoul(value, NULL, 10);
    if (count < strtoul(limit, NULL, 10)) {
        snprintf(value, sizeof(value), "%lu", count + 1);
        (void)xenbus_write(0, "data/reboots", value);
        tap_note("rebooting, %s", value);
        domain_shutdown(SHUTDOWN_reboot);
    }
    tap_ok(true, "rebooted %lu times", count);
}

void stub_main(void)
{
    tap_plan(0);
    if (!tap_is(xenbus_connect(), 0, "connect")) {
        tap_done();
    }
    reboot_first();
    test_nodes();
    test_watches();
    test_transactions();
    test_load();
    test_broken_ring();
    tap_done();
}
