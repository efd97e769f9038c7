/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permissions follow Xen's toolstack: the first entry of a list is the owner with the access of
 * all others, then further domains. A domain may read its own tree and write only what it must; a
 * frontend's folder belongs to the guest and its backend reads it, and the other way round. What a
 * frontend must not change about itself (where its backend is, its address) is owned by domid 0,
 * which no domain has.
 */
#include "seed.h"

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

struct seed {
    struct buf *out;
    const char *base; /* folder of the nodes being written */
    const char *perms;
};

static void value_escape(struct buf *out, const char *value)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c == '\\') {
            buf_puts(out, "\\\\");
        } else if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') {
            buf_printf(out, "\\x%02x", (unsigned char)*c);
        } else {
            buf_put(out, c, 1);
        }
    }
}

static void node(const struct seed *s, const char *name, const char *value)
{
    buf_printf(s->out, "%s%s%s\t%s\t", s->base, *name != '\0' ? "/" : "", name, s->perms);
    value_escape(s->out, value);
    buf_puts(s->out, "\n");
}

static void node_number(const struct seed *s, const char *name, unsigned long long value)
{
    char *text = bh_printf("%llu", value);

    node(s, name, text);
    free(text);
}

static char *mac_text(const uint8_t mac[6])
{
    return bh_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
                     mac[5]);
}

/* The same identifier for the same host and domain in every build: RFC 9562 version 8. */
static char *domain_uuid(const struct host *host, const struct host_domain *d)
{
    char *text = bh_printf("bulkhead:%s:%s", host->name, d->name);
    uint8_t h[SHA256_DIGEST_LENGTH];

    SHA256((const uint8_t *)text, strlen(text), h);
    free(text);
    return bh_printf("%02x%02x%02x%02x-%02x%02x-8%x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0],
                     h[1], h[2], h[3], h[4], h[5], h[6] & 0xf, h[7], (h[8] & 0x3f) | 0x80, h[9],
                     h[10], h[11], h[12], h[13], h[14], h[15]);
}

static void domain_nodes(const struct host *host, const struct host_domain *d, struct buf *out)
{
    char *base = bh_printf("/local/domain/%u", d->id);
    char *read = bh_printf("n0,r%u", d->id);
    char *own = bh_printf("n%u", d->id);
    char *uuid = domain_uuid(host, d);
    char *vm = bh_printf("/vm/%s", uuid);
    const struct seed ro = { .out = out, .base = base, .perms = read };
    const struct seed rw = { .out = out, .base = base, .perms = own };
    const struct seed in_vm = { .out = out, .base = vm, .perms = read };

    node(&in_vm, "", "");
    node(&in_vm, "uuid", uuid);
    node(&in_vm, "name", d->name);
    node(&ro, "", "");
    node(&ro, "vm", vm);
    node(&ro, "name", d->name);
    node_number(&ro, "domid", d->id);
    node(&ro, "memory", "");
    node_number(&ro, "memory/static-max", d->max_memory_kib);
    node_number(&ro, "memory/target", d->memory_kib);
    node(&ro, "cpu", "");
    for (unsigned int i = 0; i < d->cpus; i++) {
        char *cpu = bh_printf("cpu/%u", i);
        char *availability = bh_printf("cpu/%u/availability", i);

        node(&ro, cpu, "");
        node(&ro, availability, "online");
        free(cpu);
        free(availability);
    }
    node(&ro, "control", "");
    node(&rw, "control/shutdown", "");
    node(&rw, "control/sysrq", "");
    node(&rw, "control/feature-poweroff", "");
    node(&rw, "control/feature-reboot", "");
    node(&rw, "control/feature-suspend", "");
    node(&ro, "control/platform-feature-multiprocessor-suspend", "1");
    node(&ro, "control/platform-feature-xs_reset_watches", "1");
    node(&rw, "data", "");
    node(&rw, "drivers", "");
    node(&rw, "feature", "");
    node(&rw, "attr", "");
    node(&rw, "error", "");
    node(&ro, "device", "");
    if (d->disk_count != 0) {
        node(&ro, "device/vbd", "");
    }
    if (d->net_count != 0) {
        node(&ro, "device/vif", "");
    }
    if (d->serves_disks || d->serves_nets) {
        node(&rw, "backend", "");
    }
    if (d->serves_disks) {
        node(&rw, "backend/vbd", "");
    }
    if (d->serves_nets) {
        node(&rw, "backend/vif", "");
    }
    free(base);
    free(read);
    free(own);
    free(uuid);
    free(vm);
}

/* The two ends of one connection, and who may do what there. */
struct link {
    char *front;        /* /local/domain/G/device/vbd/51712 */
    char *back;         /* /local/domain/B/backend/vbd/G/51712 */
    char *front_perms;  /* the guest's, the backend reads */
    char *fixed_perms;  /* both read, nobody writes */
    char *back_perms;   /* the backend's, the guest reads */
    unsigned int guest, server;
    struct seed in_front, fixed_in_front, in_back;
};

static void link_init(struct link *l, const char *class, unsigned int guest, unsigned int server,
                      unsigned int device, struct buf *out)
{
    l->front = bh_printf("/local/domain/%u/device/%s/%u", guest, class, device);
    l->back = bh_printf("/local/domain/%u/backend/%s/%u/%u", server, class, guest, device);
    l->front_perms = bh_printf("n%u,r%u", guest, server);
    l->fixed_perms = bh_printf("n0,r%u,r%u", guest, server);
    l->back_perms = bh_printf("n%u,r%u", server, guest);
    l->guest = guest;
    l->server = server;
    l->in_front = (struct seed){ .out = out, .base = l->front, .perms = l->front_perms };
    l->fixed_in_front = (struct seed){ .out = out, .base = l->front, .perms = l->fixed_perms };
    l->in_back = (struct seed){ .out = out, .base = l->back, .perms = l->back_perms };
}

static void link_free(struct link *l)
{
    free(l->front);
    free(l->back);
    free(l->front_perms);
    free(l->fixed_perms);
    free(l->back_perms);
}

/* XenbusStateInitialising, public/io/xenbus.h. */
#define STATE_INITIALISING "1"

/* What either end begins with. */
static void front_begin(const struct link *l)
{
    node(&l->in_front, "", "");
    node(&l->fixed_in_front, "backend", l->back);
    node_number(&l->fixed_in_front, "backend-id", l->server);
}

static void back_begin(const struct link *l)
{
    node(&l->in_back, "", "");
    node(&l->in_back, "frontend", l->front);
    node_number(&l->in_back, "frontend-id", l->guest);
    node(&l->in_back, "online", "1");
}

static void disk_nodes(const struct host *host, const struct host_domain *d,
                       const struct host_disk *disk, struct buf *out)
{
    struct link l;

    link_init(&l, "vbd", d->id, host->domains[disk->backend].id, disk->device, out);
    front_begin(&l);
    node_number(&l.fixed_in_front, "virtual-device", disk->device);
    node(&l.fixed_in_front, "device-type", "disk");
    if (disk->keeps_ring) {
        node(&l.fixed_in_front, "reconnect", "ring");
    }
    node(&l.in_front, "state", STATE_INITIALISING);
    back_begin(&l);
    node(&l.in_back, "removable", "0");
    node(&l.in_back, "bootable", "1");
    node(&l.in_back, "state", STATE_INITIALISING);
    node(&l.in_back, "dev", disk->name);
    node(&l.in_back, "type", "phy");
    node(&l.in_back, "mode", disk->readonly ? "r" : "w");
    node(&l.in_back, "device-type", "disk");
    node(&l.in_back, "discard-enable", "1");
    node(&l.in_back, "params", disk->target != NULL ? disk->target : "");
    node(&l.in_back, "format", disk->qcow2 ? "qcow2" : "raw");
    link_free(&l);
}

#define RATE_USEC 50000u /* the interval in which a rate is kept */

static void net_nodes(const struct host *host, const struct host_domain *d,
                      const struct host_net *net, struct buf *out)
{
    struct link l;
    char *mac = mac_text(net->mac);

    link_init(&l, "vif", d->id, host->domains[net->backend].id, net->handle, out);
    front_begin(&l);
    node_number(&l.fixed_in_front, "handle", net->handle);
    node(&l.fixed_in_front, "mac", mac);
    node(&l.fixed_in_front, "mtu", "1500");
    node(&l.in_front, "state", STATE_INITIALISING);
    back_begin(&l);
    node(&l.in_back, "state", STATE_INITIALISING);
    node(&l.in_back, "script", "none"); /* netback wants the node; nothing runs it */
    node(&l.in_back, "mac", mac);
    if (net->ip != NULL) {
        node(&l.in_back, "ip", net->ip);
    }
    node(&l.in_back, "net-mode", host_net_mode(net->mode));
    if (net->vlan != 0) {
        node_number(&l.in_back, "vlan", net->vlan);
    }
    if (net->rate != 0) {
        /* netback's: so many bytes in so many microseconds. */
        char *rate = bh_printf("%llu,%u", (unsigned long long)net->rate * RATE_USEC / 1000000,
                               RATE_USEC);

        node(&l.in_back, "rate", rate);
        free(rate);
    }
    node_number(&l.in_back, "handle", net->handle);
    node(&l.in_back, "type", "vif");
    link_free(&l);
    free(mac);
}

static void backend_folders(const struct host *host, const struct host_domain *server,
                            struct buf *out)
{
    char *base = bh_printf("/local/domain/%u/backend", server->id);
    char *own = bh_printf("n%u", server->id);
    const struct seed rw = { .out = out, .base = base, .perms = own };

    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];
        bool vbd = false, vif = false;

        for (size_t n = 0; n < d->disk_count; n++) {
            vbd = vbd || &host->domains[d->disks[n].backend] == server;
        }
        for (size_t n = 0; n < d->net_count; n++) {
            vif = vif || &host->domains[d->nets[n].backend] == server;
        }
        char *vbd_name = bh_printf("vbd/%u", d->id);
        char *vif_name = bh_printf("vif/%u", d->id);

        if (vbd) {
            node(&rw, vbd_name, "");
        }
        if (vif) {
            node(&rw, vif_name, "");
        }
        free(vbd_name);
        free(vif_name);
    }
    free(base);
    free(own);
}

void seed_write(const struct image *image, char *(*store_label)(const struct host_domain *d),
                struct buf *out)
{
    const struct host *host = image->host;
    static const char *const top[] = { "/local", "/local/domain", "/tool", "/vm" };

    buf_printf(out, "# XenStore seed of %s\n", host->name);
    for (size_t i = 0; i < host->domain_count; i++) {
        if (!host->domains[i].xenstore) {
            buf_printf(out, "!domain\t%u\t%s\n", host->domains[i].id, image->domains[i].label);
        }
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        char *label = store_label(&host->domains[i]);

        buf_printf(out, "!label\t/local/domain/%u\t%s\n", host->domains[i].id, label);
        free(label);
    }
    for (size_t i = 0; i < sizeof(top) / sizeof(top[0]); i++) {
        const struct seed s = { .out = out, .base = top[i], .perms = "n0" };

        node(&s, "", "");
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        domain_nodes(host, &host->domains[i], out);
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        backend_folders(host, &host->domains[i], out);
    }
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        for (size_t n = 0; n < d->disk_count; n++) {
            disk_nodes(host, d, &d->disks[n], out);
        }
        for (size_t n = 0; n < d->net_count; n++) {
            net_nodes(host, d, &d->nets[n], out);
        }
    }
}
