/* SPDX-License-Identifier: Apache-2.0 */
/* What the disks and interfaces that one domain serves must not be to one another. */
#include "host_check.h"

#include <string.h>

static void check_disk(const struct host *host, const struct host_disk *disk, struct diag *diag)
{
    if (disk->qcow2 && disk->target != NULL && strchr(disk->target, ':') == NULL) {
        diag_error(diag, host->file, disk->format_line, "format", "a qcow2 image is a file in a device's file system; "
                   "write target = /dev/NAME:/PATH, or remove this");
    }
}

/* @return false said to be wrong */
static bool check_disks_apart(const struct host *host, const struct host_disk *disk,
                              const struct host_disk *other, struct diag *diag)
{
    if (disk->backend_name == NULL || other->backend_name == NULL || disk->target == NULL
        || other->target == NULL || strcmp(disk->backend_name, other->backend_name) != 0
        || strcmp(disk->target, other->target) != 0) {
        return true;
    }
    if (disk->qcow2 != other->qcow2) {
        diag_error(diag, host->file, disk->target_line, "target", "%s is served to the disk in line %u in another format; "
                   "give both the same one", disk->target, other->line);
        return false;
    }
    if (disk->readonly && other->readonly) {
        return true;
    }
    diag_error(diag, host->file, disk->target_line, "target", "%s is served to the disk in line %u "
               "too, and one of them writes; give each a target of its own, or both mode = ro",
               disk->target, other->line);
    return false;
}

static void check_net(const struct host *host, const struct host_net *net, struct diag *diag)
{
    const char *mode = host_net_mode(net->mode);

    if (net->mode != NET_BRIDGE && net->ip == NULL) {
        diag_error(diag, host->file, net->mode_line, "mode",
                   "%s needs to know the domain's address; add ip = A.B.C.D", mode);
    }
    if (net->mode != NET_BRIDGE && net->vlan != 0) {
        diag_error(diag, host->file, net->vlan_line, "vlan",
                   "a VLAN belongs to a bridge; remove this, or write mode = bridge");
    }
}

static bool check_nets_apart(const struct host *host, const struct host_net *net,
                             const struct host_net *other, struct diag *diag)
{
    if (net->ip == NULL || other->ip == NULL || net->backend_name == NULL
        || other->backend_name == NULL || strcmp(net->backend_name, other->backend_name) != 0
        || strcmp(net->ip, other->ip) != 0 || (net->mode == NET_BRIDGE && net->vlan != other->vlan)) {
        return true;
    }
    diag_error(diag, host->file, net->ip_line, "ip", "%s is the address of the interface in line "
               "%u too; choose another", net->ip, other->line);
    return false;
}

void host_check_links(const struct host *host, struct diag *diag)
{
    const struct host_disk *disks[HOST_DOMAINS_MAX * HOST_DEVICES_MAX];
    const struct host_net *nets[HOST_DOMAINS_MAX * HOST_DEVICES_MAX];
    size_t disk_count = 0, net_count = 0;

    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        for (size_t n = 0; n < d->disk_count; n++) {
            check_disk(host, &d->disks[n], diag);
            for (size_t k = 0; k < disk_count && check_disks_apart(host, &d->disks[n], disks[k], diag); k++) {
            }
            disks[disk_count++] = &d->disks[n];
        }
        for (size_t n = 0; n < d->net_count; n++) {
            check_net(host, &d->nets[n], diag);
            for (size_t k = 0; k < net_count && check_nets_apart(host, &d->nets[n], nets[k], diag); k++) {
            }
            nets[net_count++] = &d->nets[n];
        }
    }
}
