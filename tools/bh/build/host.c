/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the tree of sections to `struct host`. Each kind of section has a table of its keys; a row
 * says how the value is read and whether the key must be there. What involves more than one value
 * is in host_check.c.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_check.h"
#include "suggest.h"
#include "value.h"

#define CMDLINE_MAX 1023

struct key {
    const char *name;
    bool required;
    void (*read)(const struct value_context *vc, const struct conf_entry *entry, void *object);
    const char *example; /* for "is missing" */
};

/* -- host ------------------------------------------------------------------------------------- */

static void host_name(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;
    const char *text;

    if (!value_single(vc, entry, &text)) {
        return;
    }
    if (!name_is_good(text)) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is not a name; use a letter, "
                   "then letters, digits and -, all small, 15 at most", text);
        return;
    }
    free(host->name);
    host->name = bh_strdup(text);
}

static void host_memory(const struct value_context *vc, const struct conf_entry *entry,
                        void *object)
{
    struct host *host = object;

    host->memory_line = entry->line;
    value_memory(vc, entry, 256 * 1024, UINT64_C(1) << 32, &host->memory_kib);
}

static void host_cpus(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    uint64_t value;

    if (value_number(vc, entry, 1, 64, &value)) {
        ((struct host *)object)->cpus = (unsigned int)value;
    }
}

static void host_hypervisor(const struct value_context *vc, const struct conf_entry *entry,
                            void *object)
{
    struct host *host = object;

    host->cmdline_line = entry->line;
    value_text(vc, entry, CMDLINE_MAX, &host->hypervisor_cmdline);
}

static void host_tpm(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = {
        [TPM_TIS] = "tis", [TPM_CRB] = "crb", [TPM_NONE] = "none"
    };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 3, &choice)) {
        ((struct host *)object)->tpm = (enum tpm_kind)choice;
    }
}

static const struct key host_keys[] = {
    { "name", true, host_name, "name = first-light" },
    { "memory", true, host_memory, "memory = 2G" },
    { "cpus", false, host_cpus, NULL },
    { "hypervisor", false, host_hypervisor, NULL },
    { "tpm", false, host_tpm, NULL },
};

/* -- domain ----------------------------------------------------------------------------------- */

static void domain_id(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_domain *d = object;
    uint64_t value;

    d->id_line = entry->line;
    if (value_number(vc, entry, 1, 32751, &value)) {
        d->id = (unsigned int)value;
    }
}

static void domain_kind(const struct value_context *vc, const struct conf_entry *entry,
                        void *object)
{
    struct host_domain *d = object;

    d->kind_line = entry->line;
    value_text(vc, entry, 63, &d->kind);
}

static void domain_functions(const struct value_context *vc, const struct conf_entry *entry,
                             void *object)
{
    static const char *const choices[] = { "xenstore" };
    struct host_domain *d = object;
    unsigned int choice;

    d->xenstore_line = entry->line;
    if (value_choice(vc, entry, choices, 1, &choice)) {
        d->xenstore = true;
    }
}

/* "word:rest" where word is one of a few; *rest points after the colon or is NULL. */
static bool prefix_is(const char *text, const char *prefix, const char **rest)
{
    size_t len = strlen(prefix);

    if (strncmp(text, prefix, len) != 0 || text[len] != ':' || text[len + 1] == '\0') {
        return false;
    }
    *rest = text + len + 1;
    return true;
}

static void domain_kernel(const struct value_context *vc, const struct conf_entry *entry,
                          void *object)
{
    struct host_domain *d = object;
    const char *text, *rest;

    d->kernel_line = entry->line;
    if (!value_single(vc, entry, &text)) {
        return;
    }
    free(d->kernel);
    d->kernel = NULL;
    if (strcmp(text, "debian") == 0) {
        d->kernel_source = KERNEL_DEBIAN;
    } else if (prefix_is(text, "stubdom", &rest)) {
        d->kernel_source = KERNEL_STUBDOM;
        d->kernel = bh_strdup(rest);
        if (strchr(rest, '/') != NULL) {
            diag_error(vc->diag, vc->file, entry->line, entry->key,
                       "'%s' is not the name of a stub domain; for a file write file:%s", rest,
                       rest);
        }
    } else if (prefix_is(text, "file", &rest)) {
        d->kernel_source = KERNEL_FILE;
        d->kernel = bh_strdup(rest);
    } else {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' names no kernel; write "
                   "debian, stubdom:NAME or file:PATH", text);
    }
}

static void domain_ramdisk(const struct value_context *vc, const struct conf_entry *entry,
                           void *object)
{
    struct host_domain *d = object;
    const char *text, *rest;

    d->ramdisk_line = entry->line;
    if (!value_single(vc, entry, &text)) {
        return;
    }
    if (prefix_is(text, "recipe", &rest)) {
        d->ramdisk_source = RAMDISK_RECIPE;
    } else if (prefix_is(text, "file", &rest)) {
        d->ramdisk_source = RAMDISK_FILE;
    } else {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' names no ramdisk; write "
                   "recipe:PATH or file:PATH", text);
        return;
    }
    free(d->ramdisk);
    d->ramdisk = bh_strdup(rest);
}

static void domain_cmdline(const struct value_context *vc, const struct conf_entry *entry,
                           void *object)
{
    value_text(vc, entry, CMDLINE_MAX, &((struct host_domain *)object)->cmdline);
}

static void domain_memory(const struct value_context *vc, const struct conf_entry *entry,
                          void *object)
{
    struct host_domain *d = object;

    d->memory_line = entry->line;
    value_memory(vc, entry, 4096, UINT64_C(1) << 30, &d->memory_kib);
}

static void domain_max_memory(const struct value_context *vc, const struct conf_entry *entry,
                              void *object)
{
    value_memory(vc, entry, 4096, UINT64_C(1) << 30,
                 &((struct host_domain *)object)->max_memory_kib);
}

static void domain_cpus(const struct value_context *vc, const struct conf_entry *entry,
                        void *object)
{
    struct host_domain *d = object;
    uint64_t value;

    d->cpus_line = entry->line;
    if (value_number(vc, entry, 1, 64, &value)) {
        d->cpus = (unsigned int)value;
    }
}

static void domain_weight(const struct value_context *vc, const struct conf_entry *entry,
                          void *object)
{
    uint64_t value;

    if (value_number(vc, entry, 1, 65535, &value)) {
        ((struct host_domain *)object)->weight = (unsigned int)value;
    }
}

static void domain_start_order(const struct value_context *vc, const struct conf_entry *entry,
                               void *object)
{
    struct host_domain *d = object;
    uint64_t value;

    if (value_number(vc, entry, 0, 65535, &value)) {
        d->start_order = (unsigned int)value;
        d->start_order_given = true;
    }
}

static void domain_tpm(const struct value_context *vc, const struct conf_entry *entry,
                       void *object)
{
    struct host_domain *d = object;

    d->tpm_line = entry->line;
    value_bool(vc, entry, &d->tpm);
}

static void domain_ioports(const struct value_context *vc, const struct conf_entry *entry,
                           void *object)
{
    struct host_domain *d = object;

    d->ioports_line = entry->line;
    if (entry->value_count > HOST_IOPORTS_MAX) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%zu ranges are too many; %d is the most", entry->value_count,
                   HOST_IOPORTS_MAX);
        return;
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        struct host_ioports *range = &d->ioports[d->ioports_count];

        if (value_ioports(vc, entry, entry->values[i], &range->first, &range->count)) {
            d->ioports_count++;
        }
    }
}

static void domain_on_reboot(const struct value_context *vc, const struct conf_entry *entry,
                             void *object)
{
    static const char *const choices[] = { "stop", "restart" };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 2, &choice)) {
        ((struct host_domain *)object)->restart = choice == 1;
    }
}

static const struct key domain_keys[] = {
    { "id", true, domain_id, "id = 1" },
    { "kind", true, domain_kind, "kind = guest" },
    { "function", false, domain_functions, NULL },
    { "kernel", true, domain_kernel, "kernel = debian" },
    { "ramdisk", false, domain_ramdisk, NULL },
    { "cmdline", false, domain_cmdline, NULL },
    { "memory", true, domain_memory, "memory = 256M" },
    { "max-memory", false, domain_max_memory, NULL },
    { "cpus", false, domain_cpus, NULL },
    { "weight", false, domain_weight, NULL },
    { "start-order", false, domain_start_order, NULL },
    { "tpm", false, domain_tpm, NULL },
    { "ioports", false, domain_ioports, NULL },
    { "on-reboot", false, domain_on_reboot, NULL },
};

/* -- disk and net ------------------------------------------------------------------------------ */

static void disk_backend(const struct value_context *vc, const struct conf_entry *entry,
                         void *object)
{
    struct host_disk *disk = object;

    disk->backend_line = entry->line;
    value_text(vc, entry, 63, &disk->backend_name);
}

static void disk_target(const struct value_context *vc, const struct conf_entry *entry,
                        void *object)
{
    value_text(vc, entry, 255, &((struct host_disk *)object)->target);
}

static void disk_mode(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = { "rw", "ro" };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 2, &choice)) {
        ((struct host_disk *)object)->readonly = choice == 1;
    }
}

static const struct key disk_keys[] = {
    { "backend", true, disk_backend, "backend = stordd" },
    { "target", true, disk_target, "target = /srv/disk.img" },
    { "mode", false, disk_mode, NULL },
};

static void net_backend(const struct value_context *vc, const struct conf_entry *entry,
                        void *object)
{
    struct host_net *net = object;

    net->backend_line = entry->line;
    value_text(vc, entry, 63, &net->backend_name);
}

static void net_mac(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_net *net = object;

    net->mac_line = entry->line;
    value_mac(vc, entry, net->mac);
}

static void net_ip(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_net *net = object;
    const char *text;
    unsigned int part[4];
    int end = 0;

    if (!value_single(vc, entry, &text)) {
        return;
    }
    if (strspn(text, "0123456789.") != strlen(text)
        || sscanf(text, "%3u.%3u.%3u.%3u%n", &part[0], &part[1], &part[2], &part[3], &end) != 4
        || text[end] != '\0' || part[0] > 255 || part[1] > 255 || part[2] > 255 || part[3] > 255) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "'%s' is not an IPv4 address; write four numbers, such as 10.71.0.2", text);
        return;
    }
    free(net->ip);
    net->ip = bh_strdup(text);
}

static const struct key net_keys[] = {
    { "backend", true, net_backend, "backend = netdd" },
    { "mac", false, net_mac, NULL },
    { "ip", false, net_ip, NULL },
};

/* -- sections ---------------------------------------------------------------------------------- */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void unknown_report(const struct value_context *vc, unsigned int line, const char *word,
                           const char *what, const char *const *known, size_t count)
{
    const char *near = suggest_nearest(word, known, count);
    struct buf list = { 0 };

    if (near != NULL) {
        buf_printf(&list, "did you mean '%s'? ", near);
    }
    buf_puts(&list, "Possible:");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&list, "%s %s", i != 0 ? "," : "", known[i]);
    }
    diag_error(vc->diag, vc->file, line, word, "there is no such %s; %s", what, list.data);
    buf_free(&list);
}

/* Read every entry of a section by its table; report unknown, repeated and missing keys. */
static void section_read(const struct value_context *vc, const struct conf_section *section,
                         const struct key *keys, size_t key_count, void *object)
{
    const char *known[32];

    for (size_t i = 0; i < key_count; i++) {
        known[i] = keys[i].name;
    }
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next) {
        const struct key *key = NULL;

        for (size_t i = 0; i < key_count; i++) {
            if (strcmp(keys[i].name, e->key) == 0) {
                key = &keys[i];
            }
        }
        if (key == NULL) {
            unknown_report(vc, e->line, e->key, "key here", known, key_count);
            continue;
        }
        const struct conf_entry *first = conf_find(section, e->key);

        if (first != e) {
            diag_error(vc->diag, vc->file, e->line, e->key,
                       "given twice, first in line %u; remove one", first->line);
            continue;
        }
        key->read(vc, e, object);
    }
    for (size_t i = 0; i < key_count; i++) {
        if (keys[i].required && conf_find(section, keys[i].name) == NULL) {
            diag_error(vc->diag, vc->file, section->line, section->name != NULL ? section->name
                       : section->kind, "the key '%s' is missing; add, for example: %s",
                       keys[i].name, keys[i].example);
        }
    }
}

static void disk_read(const struct value_context *vc, const struct conf_section *section,
                      struct host_domain *d)
{
    const char *name = section->name != NULL ? section->name : "";
    unsigned int part = 0;
    int end = 0;

    if (d->disk_count == HOST_DEVICES_MAX) {
        diag_error(vc->diag, vc->file, section->line, "disk", "more than %d disks of one domain; "
                   "leave some out", HOST_DEVICES_MAX);
        return;
    }
    if (strncmp(name, "xvd", 3) != 0 || name[3] < 'a' || name[3] > 'p'
        || (name[4] != '\0'
            && (name[4] == '0' || sscanf(name + 4, "%2u%n", &part, &end) != 1
                || name[4 + end] != '\0' || part > 15))) {
        diag_error(vc->diag, vc->file, section->line, "disk", "'%s' is not a disk's name; write "
                   "xvda to xvdp, or a partition such as xvda1 (1 to 15)", name);
        return;
    }
    struct host_disk *disk = &d->disks[d->disk_count++];

    disk->name = bh_strdup(name);
    disk->line = section->line;
    /* Xen's number for xvd: major 202, sixteen minors a disk; xen-vbd-interface. */
    disk->device = (202u << 8) | ((unsigned int)(name[3] - 'a') << 4) | part;
    section_read(vc, section, disk_keys, COUNT(disk_keys), disk);
}

static void net_read(const struct value_context *vc, const struct conf_section *section,
                     struct host_domain *d)
{
    const char *name = section->name != NULL ? section->name : "";
    unsigned int handle = 0;
    int end = 0;

    if (d->net_count == HOST_DEVICES_MAX) {
        diag_error(vc->diag, vc->file, section->line, "net", "more than %d interfaces of one "
                   "domain; leave some out", HOST_DEVICES_MAX);
        return;
    }
    if (sscanf(name, "eth%2u%n", &handle, &end) != 1 || name[end] != '\0'
        || strspn(name + 3, "0123456789") != strlen(name + 3)
        || (name[3] == '0' && name[4] != '\0')) {
        diag_error(vc->diag, vc->file, section->line, "net",
                   "'%s' is not an interface's name; write eth0 to eth99", name);
        return;
    }
    struct host_net *net = &d->nets[d->net_count++];

    net->name = bh_strdup(name);
    net->line = section->line;
    net->handle = handle;
    section_read(vc, section, net_keys, COUNT(net_keys), net);
}

static void domain_read(const struct value_context *vc, const struct conf_section *section,
                        struct host *host)
{
    static const char *const inner[] = { "disk", "net" };

    if (section->name == NULL || !name_is_good(section->name)) {
        diag_error(vc->diag, vc->file, section->line, "domain",
                   "'%s' is not a name; write domain NAME {, with a letter, then letters, digits "
                   "and -, all small, 15 at most", section->name != NULL ? section->name : "");
        return;
    }
    if (host->domain_count == HOST_DOMAINS_MAX) {
        diag_error(vc->diag, vc->file, section->line, section->name,
                   "more than %d domains; leave some out", HOST_DOMAINS_MAX);
        return;
    }
    struct host_domain *d = &host->domains[host->domain_count++];

    d->name = bh_strdup(section->name);
    d->line = section->line;
    d->cmdline = bh_strdup("");
    d->cpus = 1;
    section_read(vc, section, domain_keys, COUNT(domain_keys), d);
    for (const struct conf_section *s = section->sections; s != NULL; s = s->next) {
        if (strcmp(s->kind, "disk") == 0) {
            disk_read(vc, s, d);
        } else if (strcmp(s->kind, "net") == 0) {
            net_read(vc, s, d);
        } else {
            unknown_report(vc, s->line, s->kind, "section in a domain", inner, COUNT(inner));
        }
    }
}

bool host_parse(struct host *host, const char *file, const uint8_t *text, size_t len,
                const char *const *kinds, size_t kind_count, struct diag *diag)
{
    static const char *const outer[] = { "host", "domain" };
    const struct value_context vc = { .file = file, .diag = diag };
    unsigned int before = diag->error_count;
    const struct conf_section *host_section = NULL;

    memset(host, 0, sizeof(*host));
    host->file = bh_strdup(file);
    host->hypervisor_cmdline = bh_strdup("");
    host->cpus = 1;
    struct conf_section *root = conf_parse(file, text, len, diag);

    for (const struct conf_entry *e = root->entries; e != NULL; e = e->next) {
        diag_error(diag, file, e->line, e->key, "outside of any section; put it into host { } or "
                   "domain NAME { }");
    }
    for (const struct conf_section *s = root->sections; s != NULL; s = s->next) {
        if (strcmp(s->kind, "host") == 0) {
            if (host_section != NULL) {
                diag_error(diag, file, s->line, "host",
                           "a second host section, the first is in line %u; remove one",
                           host_section->line);
                continue;
            }
            host_section = s;
            section_read(&vc, s, host_keys, COUNT(host_keys), host);
            for (const struct conf_section *in = s->sections; in != NULL; in = in->next) {
                diag_error(diag, file, in->line, in->kind,
                           "a section inside host { }; close that with } before it");
            }
        } else if (strcmp(s->kind, "domain") == 0) {
            domain_read(&vc, s, host);
        } else {
            unknown_report(&vc, s->line, s->kind, "section", outer, COUNT(outer));
        }
    }
    if (host_section == NULL) {
        diag_error(diag, file, 0, "host",
                   "the host section is missing; add: host { name = NAME ... }");
    }
    host_check(host, kinds, kind_count, diag);
    conf_free(root);
    return diag->error_count == before;
}

int host_domain_index(const struct host *host, const char *name)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        if (strcmp(host->domains[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

const struct host_domain *host_xenstore(const struct host *host)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        if (host->domains[i].xenstore) {
            return &host->domains[i];
        }
    }
    return NULL;
}

void host_free(struct host *host)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        struct host_domain *d = &host->domains[i];

        for (size_t n = 0; n < d->disk_count; n++) {
            free(d->disks[n].name);
            free(d->disks[n].backend_name);
            free(d->disks[n].target);
        }
        for (size_t n = 0; n < d->net_count; n++) {
            free(d->nets[n].name);
            free(d->nets[n].backend_name);
            free(d->nets[n].ip);
        }
        free(d->name);
        free(d->kind);
        free(d->kernel);
        free(d->ramdisk);
        free(d->cmdline);
    }
    free(host->file);
    free(host->name);
    free(host->hypervisor_cmdline);
    memset(host, 0, sizeof(*host));
}

size_t host_key_names(const struct host_key_name **names)
{
    static struct host_key_name all[64];
    static const struct {
        const char *section;
        const struct key *keys;
        size_t count;
    } tables[] = {
        { "host", host_keys, COUNT(host_keys) },
        { "domain", domain_keys, COUNT(domain_keys) },
        { "disk", disk_keys, COUNT(disk_keys) },
        { "net", net_keys, COUNT(net_keys) },
    };
    size_t count = 0;

    for (size_t t = 0; t < COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            all[count++] = (struct host_key_name){ tables[t].section, tables[t].keys[i].name };
        }
    }
    *names = all;
    return count;
}
