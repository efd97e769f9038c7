/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refuse: a hostile guest in small. It tries what a guest must not be able to do to its neighbours
 * and prints one line per kind of attempt:
 *   SCENARIO refuse-<what> ok|FAIL tries=<n> denied=<n> [detail]
 * `denied` counts answers that come from policy (EACCES, or GNTST_permission_denied). An attempt is
 * "ok" when every try was refused and at least one of them by policy, so that a hypervisor which
 * merely lacks the operation does not pass; any try that succeeds is a FAIL.
 *
 * Who the neighbours are is learnt from the guest's own devices: the backends it talks to.
 */
#include "privcmd.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

#define __XEN_TOOLS__ 1
#include <public/xen.h>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/xsm/flask_op.h>

/* Some unpopulated guest-physical page; nothing is ever mapped there if the refusals hold. */
#define SCRATCH_GPA 0x17fff000UL

#define STRANGERS_MAX 4 /* domids up to here are tried in XenStore */

struct tally {
    unsigned int tries;
    unsigned int denied;    /* by policy */
    unsigned int refused;   /* otherwise */
    char detail[160];       /* the first success, or the first refusal that was not policy's */
};

struct neighbours {
    unsigned int self;
    unsigned int stordd;
    unsigned int netdd;
    unsigned int ring_ref; /* our own disk ring, granted to stordd */
    struct xs_handle *xs;
};

static void tally_error(struct tally *tally, const char *what, int error)
{
    tally->tries++;
    if (error == EACCES) {
        tally->denied++;
    } else if (error != 0) {
        tally->refused++;
    }
    if (error == 0) {
        snprintf(tally->detail, sizeof(tally->detail), "%s SUCCEEDED", what);
    } else if (error != EACCES && tally->detail[0] == '\0') {
        snprintf(tally->detail, sizeof(tally->detail), "%s errno=%d (%s)", what, error,
                 strerror(error));
    }
}

static int report(const char *what, const struct tally *tally)
{
    int held = tally->tries > 0 && tally->denied + tally->refused == tally->tries
               && tally->denied > 0;

    printf("SCENARIO refuse-%s %s tries=%u denied=%u%s%s%s\n", what, held ? "ok" : "FAIL",
           tally->tries, tally->denied, tally->denied > 0 ? " errno=13 (EACCES)" : "",
           tally->detail[0] != '\0' ? " " : "", tally->detail);
    return held ? 0 : 1;
}

static int number_read(struct xs_handle *xs, const char *path, unsigned int *out)
{
    unsigned int length;
    char *value = xs_read(xs, XBT_NULL, path, &length);
    char *end;

    if (value == NULL) {
        return -1;
    }
    unsigned long number = strtoul(value, &end, 10);
    int good = length > 0 && *end == '\0' && number <= 0x7fffffff;

    free(value);
    *out = (unsigned int)number;
    return good ? 0 : -1;
}

/* -- event channels: ports of others that nobody offered to us -------------------------------- */
static void bind_port(struct tally *tally, unsigned int domid, unsigned int port)
{
    struct evtchn_bind_interdomain *bind = privcmd_page();
    char what[64];

    bind->remote_dom = (domid_t)domid;
    bind->remote_port = port;
    long rc = privcmd_call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain,
                           (unsigned long)bind, 0);

    snprintf(what, sizeof(what), "bind dom=%u port=%u", domid, port);
    tally_error(tally, what, rc < 0 ? (int)-rc : 0);
}

static int refuse_evtchn(const struct neighbours *n, const char *name, unsigned int domid)
{
    struct tally tally = { 0 };

    (void)n;
    for (unsigned int port = 1; port <= 6; port++) {
        bind_port(&tally, domid, port);
    }
    return report(name, &tally);
}

/* -- grants: references that somebody else gave, or that we gave to somebody else -------------- */
static void map_ref(struct tally *tally, unsigned int domid, unsigned int ref)
{
    struct gnttab_map_grant_ref *map = privcmd_page();
    char what[64];

    map->dom = (domid_t)domid;
    map->ref = ref;
    map->flags = GNTMAP_host_map;
    map->host_addr = SCRATCH_GPA;
    long rc = privcmd_call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
                           (unsigned long)map, 1);

    if (rc < 0) {
        snprintf(what, sizeof(what), "map dom=%u ref=%u", domid, ref);
        tally_error(tally, what, (int)-rc);
    } else {
        snprintf(what, sizeof(what), "map dom=%u ref=%u status=%d", domid, ref, map->status);
        tally_error(tally, what, map->status == GNTST_okay                ? 0
                                 : map->status == GNTST_permission_denied ? EACCES
                                                                          : EINVAL);
    }
}

static int refuse_grant(const struct neighbours *n)
{
    struct tally tally = { 0 };

    for (unsigned int ref = 0; ref < 3; ref++) {
        map_ref(&tally, n->stordd, ref);
        map_ref(&tally, n->netdd, ref);
    }
    map_ref(&tally, n->self, n->ring_ref);
    return report("grant", &tally);
}

/* -- control operations ------------------------------------------------------------------------ */
static void domctl(struct tally *tally, const char *name, uint32_t cmd, unsigned int domid)
{
    struct xen_domctl *op = privcmd_page();
    char what[64];

    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)domid;
    long rc = privcmd_call(__HYPERVISOR_domctl, (unsigned long)op, 0, 0);

    snprintf(what, sizeof(what), "%s dom=%u", name, domid);
    tally_error(tally, what, rc < 0 ? (int)-rc : 0);
}

static int refuse_domctl(const struct neighbours *n)
{
    struct tally tally = { 0 };

    domctl(&tally, "getdomaininfo", XEN_DOMCTL_getdomaininfo, n->stordd);
    domctl(&tally, "pausedomain", XEN_DOMCTL_pausedomain, n->netdd);
    domctl(&tally, "destroydomain", XEN_DOMCTL_destroydomain, n->stordd);
    return report("domctl", &tally);
}

static int refuse_setenforce(const struct neighbours *n)
{
    struct tally tally = { 0 };
    struct xen_flask_op *op = privcmd_page();

    (void)n;
    op->cmd = FLASK_SETENFORCE;
    op->interface_version = XEN_FLASK_INTERFACE_VERSION;
    op->u.enforce.enforcing = 0;
    long rc = privcmd_call(__HYPERVISOR_xsm_op, (unsigned long)op, 0, 0);

    tally_error(&tally, "setenforce 0", rc < 0 ? (int)-rc : 0);
    return report("setenforce", &tally);
}

/* -- XenStore ---------------------------------------------------------------------------------- */
static void store_read(const struct neighbours *n, struct tally *tally, unsigned int domid,
                       const char *node)
{
    char path[64];
    char what[96];
    unsigned int length;

    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
    snprintf(what, sizeof(what), "read %s", path);
    errno = 0;
    char *value = xs_read(n->xs, XBT_NULL, path, &length);

    tally_error(tally, what, value != NULL ? 0 : errno);
    free(value);
}

static int refuse_xenstore(const struct neighbours *n)
{
    struct tally tally = { 0 };
    const unsigned int domid[] = { n->stordd, n->netdd };
    char path[64];
    char what[96];

    for (size_t i = 0; i < sizeof(domid) / sizeof(domid[0]); i++) {
        store_read(n, &tally, domid[i], "name");
        store_read(n, &tally, domid[i], "memory/target");
        snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid[i]);
        snprintf(what, sizeof(what), "write %s", path);
        errno = 0;
        tally_error(&tally, what, xs_write(n->xs, XBT_NULL, path, "poweroff", 8) ? 0 : errno);
    }
    /* Domains that we have nothing to do with: here policy answers, before the node's own list. */
    for (unsigned int other = 1; other <= STRANGERS_MAX; other++) {
        if (other != n->self && other != n->stordd && other != n->netdd) {
            store_read(n, &tally, other, "name");
        }
    }
    return report("xenstore", &tally);
}

static int neighbours_find(struct neighbours *n)
{
    n->xs = xs_open(0);
    if (n->xs == NULL) {
        return -1;
    }
    if (number_read(n->xs, "domid", &n->self) < 0
        || number_read(n->xs, "device/vbd/51712/backend-id", &n->stordd) < 0
        || number_read(n->xs, "device/vif/0/backend-id", &n->netdd) < 0) {
        return -1;
    }
    /* One page or more, one ring or more. */
    static const char *const rings[] = {
        "device/vbd/51712/ring-ref",
        "device/vbd/51712/ring-ref0",
        "device/vbd/51712/queue-0/ring-ref",
        "device/vbd/51712/queue-0/ring-ref0",
    };

    for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
        if (number_read(n->xs, rings[i], &n->ring_ref) == 0) {
            return 0;
        }
    }
    return -1;
}

int main(void)
{
    struct neighbours n = { 0 };
    int failed = 0;

    setlinebuf(stdout);
    if (privcmd_open() < 0) {
        printf("SCENARIO refuse FAIL /dev/xen/privcmd: %s\n", strerror(errno));
        return 1;
    }
    if (neighbours_find(&n) < 0) {
        printf("SCENARIO refuse FAIL own devices in XenStore: %s\n", strerror(errno));
        return 1;
    }
    failed |= refuse_evtchn(&n, "evtchn-netdd", n.netdd);
    failed |= refuse_evtchn(&n, "evtchn-stordd", n.stordd);
    failed |= refuse_grant(&n);
    failed |= refuse_domctl(&n);
    failed |= refuse_setenforce(&n);
    failed |= refuse_xenstore(&n);
    return failed;
}
