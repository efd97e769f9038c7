/* SPDX-License-Identifier: Apache-2.0 */
#include "drawn.h"

#include <stdlib.h>
#include <string.h>

#include "../build/policy.h"

static void put(struct drawing *d, unsigned int from, unsigned int to, unsigned int line, const char *by, char *what)
{
    d->list = bh_grow(d->list, d->count + 1, sizeof(*d->list));
    d->list[d->count++] = (struct drawn){ .from = from, .to = to, .what = what, .line = line, .by = by };
}

static void pair(struct drawing *d, unsigned int client, unsigned int server, unsigned int line, const char *there, const char *back,
                 const char *what)
{
    put(d, client, server, line, there, bh_strdup(what));
    put(d, server, client, line, back, bh_strdup(what));
}

static void store(struct drawing *d, const struct host *host)
{
    const struct host_domain *s = host_xenstore(host);

    for (unsigned int i = 0; s != NULL && i < host->domain_count; i++) {
        const struct host_domain *c = &host->domains[i];
        unsigned int server = (unsigned int)(s - host->domains);

        if (c == s) {
            continue;
        }
        pair(d, i, server, c->line, "grant_op:map_read event xenstore", "grant_op:map_write event xenstore", "XenStore");
        if (c->waits_suspended) {
            put(d, i, server, c->line, "domctl:getdomaininfo", bh_strdup("reconnection"));
            put(d, server, i, c->line, "domctl:resumedomain", bh_strdup("reconnection"));
        }
    }
}

static void devices(struct drawing *d, const struct host *host)
{
    for (unsigned int i = 0; i < host->domain_count; i++) {
        const struct host_domain *c = &host->domains[i];

        for (size_t n = 0; n < c->disk_count; n++) {
            char *what = bh_printf("disk %s of %s", c->disks[n].name, c->name);

            pair(d, i, c->disks[n].backend, c->disks[n].line, "grant_op:map_read event xenstore", "grant_op:map_write event xenstore", what);
            free(what);
        }
        for (size_t n = 0; n < c->net_count; n++) {
            char *what = bh_printf("net %s of %s", c->nets[n].name, c->name);

            pair(d, i, c->nets[n].backend, c->nets[n].line, "grant_op:map_read grant_op:copy_from grant:copy event xenstore",
                 "grant_op:map_write grant_op:copy_to grant:copy event xenstore", what);
            free(what);
        }
    }
}

static bool share_later(const struct host_domain *a, const struct host_domain *b)
{
    for (size_t i = 0; i < a->pci_later_count; i++) {
        for (size_t k = 0; k < b->pci_later_count; k++) {
            if (a->pci_later[i] == b->pci_later[k]) {
                return true;
            }
        }
    }
    return false;
}

static void neighbours(struct drawing *d, const struct host *host)
{
    for (unsigned int i = 0; i < host->domain_count; i++) {
        for (unsigned int k = i + 1; k < host->domain_count; k++) {
            const struct host_domain *a = &host->domains[i], *b = &host->domains[k];

            if (policy_meet(a, b)) {
                pair(d, i, k, b->line, "grant:copy", "grant:copy", "one network");
            }
            if (share_later(a, b)) {
                pair(d, i, k, b->pci_later_line, "resource", "resource", "a device after the other");
            }
        }
    }
}

static bool moves(const struct host *host, const struct host_domain *d)
{
    for (size_t i = 0; d->pci_count + d->pci_later_count > 0 && i < host->operator_count; i++) {
        for (size_t k = 0; k < host->operators[i].may_count; k++) {
            if (strstr(host->operators[i].may[k], "tach_device") != NULL) {
                return true;
            }
        }
    }
    return false;
}

static void control(struct drawing *d, const struct host *host)
{
    for (unsigned int i = 0; i < host->domain_count; i++) {
        for (unsigned int k = 0; strcmp(host->domains[i].kind, "control") == 0 && k < host->domain_count; k++) {
            if (i == k) {
                continue;
            }
            put(d, i, k, host->domains[i].line, "domctl:pausedomain domctl:unpausedomain bulkhead:domain_restart xenstore",
                bh_strdup("control"));
            put(d, k, i, host->domains[i].line, "domctl:getdomaininfo bulkhead:domain_info xenstore", bh_strdup("control"));
            if (moves(host, &host->domains[k])) {
                put(d, i, k, host->domains[k].line, "domctl2:assign_device domctl2:deassign_device resource", bh_strdup("devices that move"));
            }
        }
    }
}

/* A kind that the description brings itself says by its rules what it writes there; between domains it draws nothing. */
static void hypervisor(struct drawing *d, const struct host *host)
{
    static const char *const kinds[][3] = {
        { "attest", NULL, NULL },
        { "guest", NULL, NULL },
        { "storage", NULL, NULL },
        { "network", NULL, NULL },
        { "control", NULL, NULL },
        { "xenstore", "console_op:write", "the console" },
        { "policyadmin", "flask_op:load flask_op:setenforce flask_op:setbool flask_op:commitbools", "the policy" },
        { "initial", "console_op:write bulkhead:audit_seal", "the console" },
    };
    const size_t known = sizeof(kinds) / sizeof(kinds[0]);

    for (unsigned int i = 0; i < host->domain_count; i++) {
        const struct host_domain *one = &host->domains[i];
        size_t k = 0;

        while (k < known && strcmp(one->kind, kinds[k][0]) != 0) {
            k++;
        }
        if (k == known) {
            put(d, i, DRAWN_HYPERVISOR, one->kind_line, "*", bh_printf("kind %s of the host's own", one->kind));
        } else if (kinds[k][1] != NULL) {
            put(d, i, DRAWN_HYPERVISOR, one->kind_line, kinds[k][1], bh_printf("kind %s: %s", kinds[k][0], kinds[k][2]));
        }
    }
}

void drawing_of(struct drawing *d, const struct host *host)
{
    *d = (struct drawing){ 0 };
    store(d, host);
    devices(d, host);
    neighbours(d, host);
    control(d, host);
    hypervisor(d, host);
}

void drawing_free(struct drawing *d)
{
    for (size_t i = 0; i < d->count; i++) {
        free(d->list[i].what);
    }
    free(d->list);
    *d = (struct drawing){ 0 };
}

static bool among(const char *by, const char *tclass, const char *perm)
{
    size_t n = strlen(tclass);

    for (const char *p = by; *p != '\0'; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");

        if (*p == '*' || (len >= n && strncmp(p, tclass, n) == 0 && (len == n || (p[n] == ':' && len == n + 1 + strlen(perm) &&
                                                                    strncmp(p + n + 1, perm, strlen(perm)) == 0)))) {
            return true;
        }
        p += len;
    }
    return false;
}

bool drawn_carries(const struct drawing *d, unsigned int from, unsigned int to, const char *tclass, const char *perm)
{
    for (size_t i = 0; i < d->count; i++) {
        if (d->list[i].from == from && d->list[i].to == to && among(d->list[i].by, tclass, perm)) {
            return true;
        }
    }
    return false;
}
