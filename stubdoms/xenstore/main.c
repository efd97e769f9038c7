/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The xenstore domain: reads the seed, connects the domains that it names, and serves them.
 *
 * Words on the command line: mac=off (only on a hypervisor without a policy), priv=<domid> (a
 * control domain exempt from permissions and quotas), trace, quota.nodes=, quota.watches=,
 * quota.transactions=, quota.size=, quota.perms=.
 */
#include "control.h"
#include "domains.h"
#include "flask.h"
#include "path.h"
#include "replug.h"
#include "ring.h"
#include "seed.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server server;
static struct replug replug;

static void log_line(void *arg, const char *text)
{
    (void)arg;
    printk("%s\n", text);
}

static uint64_t now_ns(void *arg)
{
    (void)arg;
    return time_now_ns();
}

static const struct server_ops ops = {
    .log = log_line, .now_ns = now_ns, .notify = domains_notify, .introduce = domains_introduce,
    .release = domains_release,
};

/* A number from the command line replaces *value; anything else there stops the start. */
static void option_number(const char *name, uint32_t max, uint32_t *value)
{
    char text[16];
    char *end;
    unsigned long number;

    if (!start_cmdline_get(name, text, sizeof(text))) {
        return;
    }
    number = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || number > max) {
        rt_panic("xenstore: %s=%s: expected a number up to %u", name, text, max);
    }
    *value = (uint32_t)number;
}

static void take_options(void)
{
    struct quota *q = &server.store.quota;
    uint32_t privileged = DOMID_NONE;
    char text[8];

    option_number("quota.nodes", 1000000, &q->nodes);
    option_number("quota.watches", 100000, &q->watches);
    option_number("quota.transactions", 1000, &q->transactions);
    option_number("quota.size", XENSTORE_PAYLOAD_MAX, &q->value_bytes);
    option_number("quota.perms", 64, &q->perms);
    option_number("priv", 32751, &privileged);
    server.privileged = (uint16_t)privileged;
    server.store.exempt = (uint16_t)privileged;
    server.trace = start_cmdline_get("trace", text, sizeof(text));
}

static void take_policy(void)
{
    char how[8] = "";
    int rc = flask_present();

    (void)start_cmdline_get("mac", how, sizeof(how));
    if (rc == 0 && strcmp(how, "off") == 0) {
        rt_panic("xenstore: mac=off, but this hypervisor has a policy");
    }
    if (rc != 0 && strcmp(how, "off") != 0) {
        rt_panic("xenstore: no policy to ask (error %d); mac=off serves without one", rc);
    }
    if (rc == 0) {
        flask_setup(&server.mac);
    } else {
        printk("xenstore: no policy, permissions of nodes only\n");
    }
}

static void take_seed(void)
{
    struct seed_error error;
    size_t size = 0;
    const uint8_t *seed = start_module(0, &size);

    if (seed == NULL) {
        rt_panic("xenstore: no seed module");
    }
    if (!seed_load(&server, seed, size, &error)) {
        rt_panic("xenstore: seed line %u: %s", error.line, error.reason);
    }
    if (!replug_init(&replug, &server, seed, size, &control_ops, NULL)) {
        rt_panic("xenstore: too many devices in the seed, or too long a path of one");
    }
}

/* What no label covers bears the store's own: the root's, else that of our own subtree. */
static void find_own_label(void)
{
    struct mac *mac = &server.mac;
    char path[32];
    int length = snprintf(path, sizeof(path), "/local/domain/%u", domain_self());

    if (!mac->enabled) {
        return;
    }
    mac->own_sid = mac_path_sid(mac, path, (size_t)length);
    if (mac->own_sid == SID_NONE) {
        rt_panic("xenstore: the seed has a label neither for / nor for %s", path);
    }
    if (mac_label_domain(mac, domain_self(), mac->own_sid) != 0) {
        rt_panic("xenstore: out of memory");
    }
}

void stub_main(void)
{
    if (server_init(&server, &ops, NULL) != 0) {
        rt_panic("xenstore: out of memory");
    }
    take_options();
    take_policy();
    take_seed();
    find_own_label();
    domains_start(&server, &replug);
    printk("xenstore: ready, %u nodes\n", server.store.nodes.count);
    for (;;) {
        while (server_run(&server)) {
            (void)event_poll();
        }
        domains_turn(&server);
        (void)event_wait(UINT64_MAX);
    }
}
