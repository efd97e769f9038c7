/* SPDX-License-Identifier: Apache-2.0 */
#include "host_check.h"

#include <stdlib.h>
#include <string.h>

#include "suggest.h"

/* Start order of what does not say: services before those who use them. */
#define ORDER_XENSTORE 1
#define ORDER_BACKEND 10
#define ORDER_OTHER 20

/* A file of the host's own policy gives the kind that it is named after. */
static bool own_kind(const struct host *host, const char *kind)
{
    for (size_t i = 0; i < host->policy_file_count; i++) {
        const char *slash = strrchr(host->policy_files[i], '/'), *name = slash != NULL ? slash + 1 : host->policy_files[i];

        if (strncmp(name, kind, strlen(kind)) == 0 && strcmp(name + strlen(kind), ".cil") == 0) {
            return true;
        }
    }
    return false;
}

static void check_kinds(struct host *host, const char *const *kinds, size_t kind_count,
                        struct diag *diag)
{
    for (size_t i = 0; i < host->domain_count && kind_count != 0; i++) {
        const struct host_domain *d = &host->domains[i];
        bool known = d->kind == NULL || own_kind(host, d->kind);
        struct buf list = { 0 };

        for (size_t k = 0; k < kind_count && !known; k++) {
            known = strcmp(kinds[k], d->kind) == 0;
            buf_printf(&list, "%s %s", k != 0 ? "," : "", kinds[k]);
        }
        if (!known) {
            const char *near = suggest_nearest(d->kind, kinds, kind_count);

            diag_error(diag, host->file, d->kind_line, "kind",
                       "there is no kind '%s' in the policy; %s%s%sPossible:%s", d->kind,
                       near != NULL ? "did you mean '" : "", near != NULL ? near : "",
                       near != NULL ? "'? " : "", list.data);
        }
        buf_free(&list);
    }
}

static void check_names_and_ids(struct host *host, struct diag *diag)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        for (size_t k = 0; k < i; k++) {
            const struct host_domain *other = &host->domains[k];

            if (strcmp(d->name, other->name) == 0) {
                diag_error(diag, host->file, d->line, d->name,
                           "a domain of this name is in line %u already; choose another name",
                           other->line);
            }
            if (d->id != 0 && d->id == other->id) {
                diag_error(diag, host->file, d->id_line, "id",
                           "domid %u is taken by '%s' in line %u; choose another", d->id,
                           other->name, other->id_line);
            }
        }
    }
}

static void check_memory(struct host *host, struct diag *diag)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < host->domain_count; i++) {
        struct host_domain *d = &host->domains[i];

        if (d->max_memory_kib == 0) {
            d->max_memory_kib = d->memory_kib;
        } else if (d->memory_kib != 0 && d->max_memory_kib < d->memory_kib) {
            diag_error(diag, host->file, d->memory_line, "memory",
                       "%lluK is more than this domain's max-memory of %lluK; raise max-memory",
                       (unsigned long long)d->memory_kib, (unsigned long long)d->max_memory_kib);
        }
        sum += d->memory_kib;
    }
    if (host->memory_kib != 0 && sum + HOST_RESERVE_KIB > host->memory_kib) {
        diag_error(diag, host->file, host->memory_line, "memory",
                   "the domains need %lluM and the hypervisor keeps %uM, which is more than the "
                   "host's %lluM; raise it to %lluM or give the domains less",
                   (unsigned long long)((sum + 1023) / 1024), HOST_RESERVE_KIB / 1024,
                   (unsigned long long)(host->memory_kib / 1024),
                   (unsigned long long)((sum + HOST_RESERVE_KIB + 1023) / 1024));
    }
}

static bool ranges_meet(const struct host_ioports *a, const struct host_ioports *b)
{
    return (unsigned int)a->first < (unsigned int)b->first + b->count
           && (unsigned int)b->first < (unsigned int)a->first + a->count;
}

static void check_ioports(struct host *host, struct diag *diag)
{
    static const struct {
        struct host_ioports range;
        const char *what;
    } kept[] = {
        { { 0x20, 2 }, "the interrupt controller" }, { { 0xa0, 2 }, "the interrupt controller" },
        { { 0x40, 4 }, "the timer" },                { { 0x70, 2 }, "the clock" },
        { { 0xcf8, 8 }, "PCI configuration" },       { { 0x3f8, 8 }, "the hypervisor's console" },
    };

    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        for (size_t r = 0; r < d->ioports_count; r++) {
            const struct host_ioports *range = &d->ioports[r];

            for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++) {
                if (ranges_meet(range, &kept[k].range)) {
                    diag_error(diag, host->file, d->ioports_line, "ioports",
                               "0x%x-0x%x meets the ports of %s, which the hypervisor keeps; "
                               "leave out 0x%x-0x%x", range->first,
                               range->first + range->count - 1u, kept[k].what,
                               kept[k].range.first,
                               kept[k].range.first + kept[k].range.count - 1u);
                }
            }
            for (size_t o = 0; o <= i; o++) {
                const struct host_domain *other = &host->domains[o];
                size_t end = o == i ? r : other->ioports_count;

                for (size_t k = 0; k < end; k++) {
                    if (ranges_meet(range, &other->ioports[k])) {
                        diag_error(diag, host->file, d->ioports_line, "ioports",
                                   "0x%x-0x%x is given to '%s' in line %u too; a port has one "
                                   "owner", range->first, range->first + range->count - 1u,
                                   other->name, other->ioports_line);
                    }
                }
            }
        }
    }
}

static void check_single_owners(struct host *host, struct diag *diag)
{
    const struct host_domain *tpm = NULL, *xenstore = NULL;

    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        if (d->tpm && tpm != NULL) {
            diag_error(diag, host->file, d->tpm_line, "tpm", "'%s' has the TPM already, line %u; "
                       "remove one, the TPM's locality 0 has one owner", tpm->name, tpm->tpm_line);
        } else if (d->tpm) {
            tpm = d;
            if (host->tpm == TPM_NONE) {
                diag_error(diag, host->file, d->tpm_line, "tpm",
                           "the host says tpm = none; remove this, or write tpm = tis there");
            }
        }
        if (d->xenstore && xenstore != NULL) {
            diag_error(diag, host->file, d->xenstore_line, "function",
                       "'%s' serves XenStore already, line %u; remove one", xenstore->name,
                       xenstore->xenstore_line);
        } else if (d->xenstore) {
            xenstore = d;
            if (d->ramdisk_source != RAMDISK_NONE) {
                diag_error(diag, host->file, d->ramdisk_line, "ramdisk", "the ramdisk of the "
                           "domain that serves XenStore is its seed, which is derived; remove "
                           "this");
            }
            if (d->disk_count + d->net_count != 0) {
                diag_error(diag, host->file, d->line, d->name, "the domain that serves XenStore "
                           "cannot have disks or interfaces; remove them");
            }
        }
    }
    for (size_t i = 0; i < host->domain_count && xenstore == NULL; i++) {
        const struct host_domain *d = &host->domains[i];

        if (d->disk_count + d->net_count != 0) {
            diag_error(diag, host->file, d->line, d->name, "has disks or interfaces, which find "
                       "each other through XenStore, but no domain serves it; add a domain with "
                       "function = xenstore");
            return;
        }
    }
}

static void resolve_backend(struct host *host, const struct host_domain *d, const char *name,
                            unsigned int line, unsigned int *index, bool disk, struct diag *diag)
{
    const char *known[HOST_DOMAINS_MAX];
    int found;

    if (name == NULL) {
        return; /* reported as missing */
    }
    found = host_domain_index(host, name);
    if (found < 0) {
        for (size_t i = 0; i < host->domain_count; i++) {
            known[i] = host->domains[i].name;
        }
        const char *near = suggest_nearest(name, known, host->domain_count);

        diag_error(diag, host->file, line, "backend", "there is no domain '%s'; %s%s%s", name,
                   near != NULL ? "did you mean '" : "add it, or name one of this file",
                   near != NULL ? near : "", near != NULL ? "'?" : "");
        return;
    }
    struct host_domain *backend = &host->domains[found];

    if (backend == d) {
        diag_error(diag, host->file, line, "backend",
                   "a domain cannot serve itself; name another domain");
    } else if (backend->xenstore) {
        diag_error(diag, host->file, line, "backend",
                   "'%s' serves XenStore and nothing else; name a driver domain", name);
    } else if (backend->kernel_source == KERNEL_STUBDOM) {
        diag_error(diag, host->file, line, "backend", "'%s' is a stub domain without back ends; "
                   "name a domain with a Linux kernel", name);
    }
    *index = (unsigned int)found;
    if (disk) {
        backend->serves_disks = true;
    } else {
        backend->serves_nets = true;
    }
}

/* One that a domain has from its start must be free whenever that domain starts again. */
static void check_pci_later(const struct host *host, const struct host_domain *d, struct diag *diag)
{
    for (size_t n = 0; n < d->pci_later_count; n++) {
        unsigned int function = d->pci_later[n];

        for (size_t i = 0; i < host->domain_count; i++) {
            const struct host_domain *other = &host->domains[i];

            for (size_t k = 0; k < other->pci_count; k++) {
                if ((other->pci[k] & 0xffff) == function) {
                    diag_error(diag, host->file, d->pci_later_line, "pci-later", "domain %s has %02x:%02x.%x from its start "
                               "(line %u); name it in one way, pci-later in all domains that may have it", other->name,
                               function >> 8, function >> 3 & 31, function & 7, other->pci_line);
                }
            }
        }
    }
}

/* A function has one owner. */
static void check_pci(struct host *host, struct diag *diag)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        check_pci_later(host, d, diag);
        for (size_t n = 0; n < d->pci_count; n++) {
            unsigned int function = d->pci[n] & 0xffff;

            for (size_t o = 0; o <= i; o++) {
                const struct host_domain *other = &host->domains[o];
                size_t end = o == i ? n : other->pci_count;

                for (size_t k = 0; k < end; k++) {
                    if ((other->pci[k] & 0xffff) == function) {
                        diag_error(diag, host->file, d->pci_line, "pci", "%02x:%02x.%x belongs to domain %s already "
                                   "(line %u); a function has one owner", function >> 8, function >> 3 & 31,
                                   function & 7, other->name, other->pci_line);
                    }
                }
            }
        }
    }
}

static void check_devices(struct host *host, struct diag *diag)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        struct host_domain *d = &host->domains[i];

        for (size_t n = 0; n < d->disk_count; n++) {
            struct host_disk *disk = &d->disks[n];

            resolve_backend(host, d, disk->backend_name, disk->backend_line, &disk->backend, true,
                            diag);
            for (size_t k = 0; k < n; k++) {
                if (d->disks[k].device == disk->device) {
                    diag_error(diag, host->file, disk->line, disk->name, "this domain has a disk "
                               "of this name in line %u; choose another", d->disks[k].line);
                }
            }
        }
        for (size_t n = 0; n < d->net_count; n++) {
            struct host_net *net = &d->nets[n];

            resolve_backend(host, d, net->backend_name, net->backend_line, &net->backend, false,
                            diag);
            for (size_t k = 0; k < n; k++) {
                if (d->nets[k].handle == net->handle) {
                    diag_error(diag, host->file, net->line, net->name, "this domain has an "
                               "interface of this name in line %u; choose another",
                               d->nets[k].line);
                }
            }
            if (net->mac_line == 0) {
                /* Xen's block 00:16:3e, then domid and interface: unique on one host. */
                uint8_t mac[6] = { 0x00, 0x16, 0x3e, (uint8_t)(d->id >> 8), (uint8_t)d->id,
                                   (uint8_t)net->handle };

                memcpy(net->mac, mac, sizeof(mac));
            }
        }
    }
}

static void check_macs(struct host *host, struct diag *diag)
{
    const struct host_net *seen[HOST_DOMAINS_MAX * HOST_DEVICES_MAX];
    size_t count = 0;

    for (size_t i = 0; i < host->domain_count; i++) {
        for (size_t n = 0; n < host->domains[i].net_count; n++) {
            const struct host_net *net = &host->domains[i].nets[n];

            for (size_t k = 0; k < count; k++) {
                if (memcmp(seen[k]->mac, net->mac, 6) == 0) {
                    const struct host_net *named = net->mac_line != 0 ? net : seen[k];
                    const struct host_net *other = named == net ? seen[k] : net;

                    diag_error(diag, host->file, named->mac_line != 0 ? named->mac_line
                               : named->line, "mac", "%02x:%02x:%02x:%02x:%02x:%02x is the "
                               "address of the interface in line %u too; choose another",
                               net->mac[0], net->mac[1], net->mac[2], net->mac[3], net->mac[4],
                               net->mac[5], other->line);
                }
            }
            seen[count++] = net;
        }
    }
}

/* Who may ask by network, where nobody can be asked so. */
static void check_verifiers(const struct host *host, struct diag *diag)
{
    for (size_t i = 0; host->attest_line != 0 && i < host->domain_count; i++) {
        if (strcmp(host->domains[i].kind, "attest") == 0 && host->domains[i].net_count != 0) {
            return;
        }
    }
    if (host->attest_line != 0) {
        diag_error(diag, host->file, host->attest_line, "attest",
                   "there is no domain of kind attest with an interface; give it a net section, or remove this");
    }
}

/* Whom the attest domain calls: it needs a way there. */
static void check_push(const struct host *host, struct diag *diag)
{
    if (host->push != NULL && host->attest_address == NULL) {
        diag_error(diag, host->file, host->push_line, "push", "the attest domain has no address to call from; add "
                   "address = A.B.C.D/BITS, and a gateway if the collector is behind one");
    }
    if (host->push == NULL && host->push_interval_line != 0) {
        diag_error(diag, host->file, host->push_interval_line, "push-interval", "nobody is called; add "
                   "push = ADDRESS:PORT, NAME, or remove this");
    }
}

/* One signature over everything that is booted: GRUB's files have none. */
static void check_signing(struct host *host, struct diag *diag)
{
    if ((host->boot_key == NULL) != (host->boot_certificate == NULL)) {
        bool key = host->boot_key != NULL;

        diag_error(diag, host->file, key ? host->boot_key_line : host->boot_certificate_line,
                   key ? "secure-boot-key" : "secure-boot-certificate",
                   "alone signs nothing; give %s too",
                   key ? "secure-boot-certificate" : "secure-boot-key");
    } else if (host->boot_key != NULL && host->boot != BOOT_EFI) {
        diag_error(diag, host->file, host->boot_key_line, "secure-boot-key",
                   "signs the one program of boot = efi; write that, or remove this");
    }
}

/* The loader splits and quotes words by rules of its own; what passes through it must not care. */
static void check_cmdline(const struct host *host, const char *file, unsigned int line, const char *key, struct diag *diag)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               " _.,:=+/@%-";
    size_t at = strspn(host->hypervisor_cmdline, good);

    if (host->hypervisor_cmdline[at] != '\0') {
        diag_error(diag, file, line, key, "'%c' cannot be passed on "
                   "by the boot loader; use letters, digits and _.,:=+/@%%-",
                   host->hypervisor_cmdline[at]);
    }
    if (host->tpm != TPM_NONE && strstr(host->hypervisor_cmdline, "tpm=none") != NULL) {
        diag_error(diag, file, line, key, "says tpm=none, but the "
                   "host has a TPM; write tpm = none as a key of its own instead");
    }
}

bool host_hypervisor_add(struct host *host, const char *words, struct diag *diag)
{
    unsigned int before = diag->error_count;
    char *all = bh_printf("%s %s", host->hypervisor_cmdline, words);

    free(host->hypervisor_cmdline);
    host->hypervisor_cmdline = all;
    check_cmdline(host, NULL, 0, "--hypervisor", diag);
    if (strlen(all) > CMDLINE_MAX) {
        diag_error(diag, NULL, 0, "--hypervisor", "the command line has %zu characters; %u at most", strlen(all), CMDLINE_MAX);
    }
    return diag->error_count == before;
}

static bool comes_back(const struct host_domain *d)
{
    return d->on_reboot || d->on_crash || d->on_watchdog;
}

/* A client of a server that comes back is reconnected through a suspension, from which XenStore resumes it. */
static bool is_replugged(const struct host *host, const struct host_domain *d)
{
    bool yes = false;

    for (size_t n = 0; n < d->disk_count; n++) {
        yes = yes || (!d->disks[n].keeps_ring && comes_back(&host->domains[d->disks[n].backend]));
    }
    for (size_t n = 0; n < d->net_count; n++) {
        yes = yes || comes_back(&host->domains[d->nets[n].backend]);
    }
    return yes;
}

static int by_id(const void *a, const void *b)
{
    const struct host_domain *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

/* Every name in a role is that of something, and nobody has two roles. */
static void check_operators(struct host *host, struct diag *diag)
{
    bool line = host->control_serial == NULL;

    for (size_t i = 0; i < host->operator_count; i++) {
        const struct host_operator *o = &host->operators[i];

        line = line || strcmp(o->name, host->control_serial) == 0;
        for (size_t n = 0; n < o->domain_count; n++) {
            if (host_domain_index(host, o->domains[n]) < 0) {
                diag_error(diag, host->file, o->domains_line, "domains",
                           "there is no domain '%s'; name one of this host, or write all",
                           o->domains[n]);
            }
        }
        for (size_t k = 0; k <= i; k++) {
            const struct host_operator *other = &host->operators[k];

            if (k < i && strcmp(o->name, other->name) == 0) {
                diag_error(diag, host->file, o->line, o->name,
                           "a role of this name is in line %u already; choose another",
                           other->line);
            }
            for (size_t a = 0; a < o->subject_count; a++) {
                for (size_t b = 0; b < (k < i ? other->subject_count : a); b++) {
                    if (strcmp(o->subjects[a], other->subjects[b]) == 0) {
                        diag_error(diag, host->file, o->subjects_line, "subjects",
                                   "'%s' has the role '%s' already; a certificate has one role",
                                   o->subjects[a], other->name);
                    }
                }
            }
        }
    }
    if (!line) {
        diag_error(diag, host->file, host->control_serial_line, "serial",
                   "there is no role '%s'; add operator %s { }", host->control_serial,
                   host->control_serial);
    }
}

void host_check(struct host *host, const char *const *kinds, size_t kind_count, struct diag *diag)
{
    if (host->domain_count == 0) {
        diag_error(diag, host->file, 0, "domain",
                   "the host has no domains; add: domain NAME { ... }");
    }
    check_names_and_ids(host, diag);
    qsort(host->domains, host->domain_count, sizeof(host->domains[0]), by_id);
    check_cmdline(host, host->file, host->cmdline_line, "hypervisor", diag);
    check_signing(host, diag);
    check_verifiers(host, diag);
    check_push(host, diag);
    check_kinds(host, kinds, kind_count, diag);
    check_memory(host, diag);
    check_single_owners(host, diag);
    check_ioports(host, diag);
    check_devices(host, diag);
    check_pci(host, diag);
    check_macs(host, diag);
    host_check_links(host, diag);
    check_operators(host, diag);
    for (size_t i = 0; i < host->domain_count; i++) {
        struct host_domain *d = &host->domains[i];

        d->waits_suspended = is_replugged(host, d);
        if (!d->start_order_given) {
            d->start_order = d->xenstore ? ORDER_XENSTORE
                             : d->serves_disks || d->serves_nets ? ORDER_BACKEND : ORDER_OTHER;
        }
    }
}
