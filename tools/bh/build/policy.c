/* SPDX-License-Identifier: Apache-2.0 */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cil_mark.h"
#include "file.h"
#include "functions.h"
#include "operators.h"

#define KIND_DISKS "storage"
#define KIND_NETS "network"

const char *const policy_common[] = { "access_vectors.cil", "fine_vectors.cil", "base.cil", "macros.cil", "assertions.cil", NULL };

char *policy_label(const struct host_domain *d)
{
    return bh_printf("system_u:system_r:%s_t", d->name);
}

char *policy_own_file(const struct host *host, size_t i)
{
    char *folder = path_folder(host->file), *path = path_join(folder, host->policy_files[i]);

    free(folder);
    return path;
}

size_t policy_kinds(const char *tree, char ***kinds)
{
    char *folder = bh_printf("%s/policy/kinds", tree);
    size_t count = dir_names(folder, ".cil", kinds);

    free(folder);
    return count;
}

bool policy_check(const struct host *host, const char *tree, struct diag *diag)
{
    unsigned int before = diag->error_count;
    char *path = bh_printf("%s/policy/base.cil", tree);
    struct buf base = { 0 };

    for (size_t i = 0; i < host->policy_file_count; i++) {
        char *own = policy_own_file(host, i);

        if (!file_exists(own)) {
            diag_error(diag, host->file, host->policy_line, "policy", "%s is not there; paths are relative to the description", own);
        }
        free(own);
    }

    if (!file_exists(path)) {
        diag_error(diag, path, 0, NULL,
                   "is not there; give the source tree with -S, or run bh there");
    } else if (file_load(path, &base, diag)) {
        for (size_t i = 0; i < host->domain_count; i++) {
            const struct host_domain *d = &host->domains[i];
            char *type = bh_printf("(type %s_t)", d->name);

            if (strstr(base.data, type) != NULL) {
                diag_error(diag, host->file, d->line, d->name, "is a name that the policy uses "
                           "for something else (%s); choose another", path);
            }
            free(type);
            for (size_t n = 0; n < d->disk_count; n++) {
                const struct host_domain *b = &host->domains[d->disks[n].backend];

                if (strcmp(b->kind, KIND_DISKS) != 0) {
                    diag_error(diag, host->file, d->disks[n].backend_line, "backend", "'%s' is of "
                               "kind '%s', which serves no disks; name a domain of kind '%s'",
                               b->name, b->kind, KIND_DISKS);
                }
            }
            for (size_t n = 0; n < d->net_count; n++) {
                const struct host_domain *b = &host->domains[d->nets[n].backend];

                if (strcmp(b->kind, KIND_NETS) != 0) {
                    diag_error(diag, host->file, d->nets[n].backend_line, "backend", "'%s' is of "
                               "kind '%s', which serves no interfaces; name a domain of kind '%s'",
                               b->name, b->kind, KIND_NETS);
                }
            }
        }
    }
    buf_free(&base);
    free(path);
    return diag->error_count == before;
}

/* The type of one domain's ports towards another; declared with its first use. */
static void port_type(struct buf *out, const char *domain, const char *peer)
{
    char line[128];

    snprintf(line, sizeof(line), "(type %s_%s_evtchn_t)\n", domain, peer);
    if (strstr(out->data, line) == NULL) {
        buf_puts(out, line);
    }
}

/*
 * Ports carry a type for each pair of domains, not for each domain: a domain that may connect with
 * another for its disk has no right to that one's channels with a third.
 */
static void connect(const struct host *host, struct buf *out, unsigned int line, const char *macro, const char *first,
                    const char *second)
{
    cil_mark(out, host, line);
    port_type(out, first, second);
    port_type(out, second, first);
    buf_printf(out, "(call %s (%s_t %s_%s_evtchn_t %s_t %s_%s_evtchn_t))\n", macro, first, first,
               second, second, second, first);
    cil_mark_end(out);
}

/* One call for two domains, however many devices connect them. */
static bool served_before(const unsigned int *servers, size_t count, unsigned int server)
{
    for (size_t i = 0; i < count; i++) {
        if (servers[i] == server) {
            return true;
        }
    }
    return false;
}

static void connections(const struct host *host, const struct host_domain *d, struct buf *out)
{
    unsigned int servers[HOST_DEVICES_MAX];
    size_t count = 0;

    for (size_t n = 0; n < d->disk_count; n++) {
        if (!served_before(servers, count, d->disks[n].backend)) {
            servers[count++] = d->disks[n].backend;
            connect(host, out, d->disks[n].line, "disk", host->domains[d->disks[n].backend].name, d->name);
        }
    }
    count = 0;
    for (size_t n = 0; n < d->net_count; n++) {
        if (!served_before(servers, count, d->nets[n].backend)) {
            servers[count++] = d->nets[n].backend;
            connect(host, out, d->nets[n].line, "vif", host->domains[d->nets[n].backend].name, d->name);
        }
    }
}

/* Does what one sends come to the other? Routed interfaces meet all but those in a VLAN. */
static bool nets_meet(const struct host_net *a, const struct host_net *b)
{
    return a->backend == b->backend
           && (a->mode == NET_BRIDGE && b->mode == NET_BRIDGE ? a->vlan == b->vlan
                                                              : a->vlan == 0 && b->vlan == 0);
}

bool policy_meet(const struct host_domain *a, const struct host_domain *b)
{
    for (size_t n = 0; n < a->net_count; n++) {
        for (size_t k = 0; k < b->net_count; k++) {
            if ((a != b || n != k) && nets_meet(&a->nets[n], &b->nets[k])) {
                return true;
            }
        }
    }
    return false;
}

/*
 * A backend that passes a packet on has it copied from the pages of one guest to those of another.
 * That data goes this way is a decision of its own, beside what the backend may do with either.
 */
static void networks(const struct host *host, struct buf *out)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        for (size_t k = i; k < host->domain_count; k++) {
            if (policy_meet(&host->domains[i], &host->domains[k])) {
                cil_mark(out, host, host->domains[k].line);
                buf_printf(out, "(call net_peers (%s_t %s_t))\n", host->domains[i].name,
                           host->domains[k].name);
                cil_mark_end(out);
            }
        }
    }
}

void policy_cil(const struct host *host, struct buf *out)
{
    const struct host_domain *store = host_xenstore(host);

    buf_printf(out, "; Made by bh build from the description of the host %s.\n\n; domains\n",
               host->name);
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        cil_mark(out, host, d->line);
        buf_printf(out, "(type %s_t)\n(type %s_evtchn_t)\n(call %s_kind (%s_t %s_evtchn_t))\n",
                   d->name, d->name, d->kind, d->name, d->name);
        cil_mark_end(out);
    }
    buf_puts(out, "\n; connections\n");
    for (size_t i = 0; i < host->domain_count; i++) {
        if (store != NULL && &host->domains[i] != store) {
            connect(host, out, host->domains[i].line, "xenstore_client", host->domains[i].name, store->name);
        }
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        connections(host, &host->domains[i], out);
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        if (store != NULL && host->domains[i].waits_suspended) {
            cil_mark(out, host, host->domains[i].line);
            buf_printf(out, "(call replug (%s_t %s_t))\n", host->domains[i].name, store->name);
            cil_mark_end(out);
        }
    }
    networks(host, out);
    buf_puts(out, "\n; hardware\n");
    functions_cil(host, out);
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        if (d->ioports_count == 0) {
            continue;
        }
        cil_mark(out, host, d->ioports_line);
        buf_printf(out, "(type %s_port_t)\n(typeattributeset resource_type (%s_port_t))\n",
                   d->name, d->name);
        for (size_t p = 0; p < d->ioports_count; p++) {
            buf_printf(out, "(ioportcon (0x%x 0x%x) (system_u object_r %s_port_t low_low))\n",
                       d->ioports[p].first, d->ioports[p].first + d->ioports[p].count - 1u,
                       d->name);
        }
        buf_printf(out, "(call resource_use (%s_t %s_port_t))\n", d->name, d->name);
        cil_mark_end(out);
    }
    operators_cil(host, out);
}
