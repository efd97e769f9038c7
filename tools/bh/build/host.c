/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the tree of sections to `struct host`. How the values are read is in host_keys.c, what
 * involves more than one of them in host_check.c.
 */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_check.h"
#include "host_keys.h"
#include "suggest.h"
#include "value.h"

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
                         const struct host_keys *table, void *object)
{
    const char *known[32];

    for (size_t i = 0; i < table->count; i++) {
        known[i] = table->keys[i].name;
    }
    for (const struct conf_entry *e = section->entries; e != NULL; e = e->next) {
        const struct host_key *key = NULL;

        for (size_t i = 0; i < table->count; i++) {
            if (strcmp(table->keys[i].name, e->key) == 0) {
                key = &table->keys[i];
            }
        }
        if (key == NULL) {
            unknown_report(vc, e->line, e->key, "key here", known, table->count);
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
    for (size_t i = 0; i < table->count; i++) {
        if (table->keys[i].required && conf_find(section, table->keys[i].name) == NULL) {
            diag_error(vc->diag, vc->file, section->line, section->name != NULL ? section->name
                       : section->kind, "the key '%s' is missing; add, for example: %s",
                       table->keys[i].name, table->keys[i].example);
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
    section_read(vc, section, &disk_section_keys, disk);
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
    section_read(vc, section, &net_section_keys, net);
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
    section_read(vc, section, &domain_section_keys, d);
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

static void operator_read(const struct value_context *vc, const struct conf_section *section,
                          struct host *host)
{
    if (section->name == NULL || !name_is_good(section->name) || strchr(section->name, '-') != NULL) {
        diag_error(vc->diag, vc->file, section->line, "operator",
                   "'%s' is not a role's name; write operator NAME {, with a letter, then letters "
                   "and digits, all small, 15 at most", section->name != NULL ? section->name : "");
        return;
    }
    if (host->operator_count == HOST_OPERATORS_MAX) {
        diag_error(vc->diag, vc->file, section->line, section->name,
                   "more than %d roles; leave some out", HOST_OPERATORS_MAX);
        return;
    }
    struct host_operator *o = &host->operators[host->operator_count++];

    o->name = bh_strdup(section->name);
    o->line = section->line;
    section_read(vc, section, &operator_section_keys, o);
}

/* A section that there is once. */
static void single_read(const struct value_context *vc, const struct conf_section *section,
                        const struct host_keys *keys, struct host *host, unsigned int *line)
{
    if (*line != 0) {
        diag_error(vc->diag, vc->file, section->line, section->kind, "a second %s section, the "
                   "first is in line %u; remove one", section->kind, *line);
        return;
    }
    *line = section->line;
    section_read(vc, section, keys, host);
}

/* Sections that stand beside host and domains. @return false if there is no such one */
static bool other_read(const struct value_context *vc, const struct conf_section *section,
                       struct host *host)
{
    if (strcmp(section->kind, "operator") == 0) {
        operator_read(vc, section, host);
    } else if (strcmp(section->kind, "control") == 0) {
        single_read(vc, section, &control_section_keys, host, &host->control_line);
    } else if (strcmp(section->kind, "attest") == 0) {
        single_read(vc, section, &attest_section_keys, host, &host->attest_line);
    } else {
        return false;
    }
    return true;
}

bool host_parse(struct host *host, const char *file, const uint8_t *text, size_t len,
                const char *const *kinds, size_t kind_count, struct diag *diag)
{
    static const char *const outer[] = { "host", "domain", "attest", "control", "operator" };
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
            section_read(&vc, s, &host_section_keys, host);
            for (const struct conf_section *in = s->sections; in != NULL; in = in->next) {
                diag_error(diag, file, in->line, in->kind,
                           "a section inside host { }; close that with } before it");
            }
        } else if (strcmp(s->kind, "domain") == 0) {
            domain_read(&vc, s, host);
        } else if (!other_read(&vc, s, host)) {
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

static void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
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
    for (size_t i = 0; i < host->operator_count; i++) {
        struct host_operator *o = &host->operators[i];

        free(o->name);
        texts_free(o->subjects, o->subject_count);
        texts_free(o->may, o->may_count);
        texts_free(o->domains, o->domain_count);
    }
    for (size_t i = 0; i < host->policy_file_count; i++) {
        free(host->policy_files[i]);
    }
    free(host->boot_key);
    free(host->boot_certificate);
    free(host->control_address);
    free(host->verifiers_ca);
    free(host->attest_address);
    free(host->push);
    free(host->control_ca);
    free(host->control_serial);
    free(host->file);
    free(host->name);
    free(host->hypervisor_cmdline);
    memset(host, 0, sizeof(*host));
}

size_t host_key_names(const struct host_key_name **names)
{
    static struct host_key_name all[64];
    static const struct host_keys *const tables[] = { &host_section_keys, &domain_section_keys,
                                                      &disk_section_keys, &net_section_keys,
                                                      &control_section_keys,
                                                      &operator_section_keys };
    size_t count = 0;

    for (size_t t = 0; t < COUNT(tables); t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            all[count++] = (struct host_key_name){ tables[t]->section, tables[t]->keys[i].name };
        }
    }
    *names = all;
    return count;
}
