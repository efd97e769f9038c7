/* SPDX-License-Identifier: Apache-2.0 */
/* One function per key, one table per kind of section. */
#include "host_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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

static void host_boot(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = { [BOOT_GRUB] = "grub", [BOOT_EFI] = "efi" };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 2, &choice)) {
        ((struct host *)object)->boot = (enum boot_kind)choice;
    }
}

static void host_policy(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;

    host->policy_line = entry->line;
    if (entry->value_count > HOST_POLICY_MAX) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "%zu files; at most %d", entry->value_count, HOST_POLICY_MAX);
        return;
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        const char *name = entry->values[i], *dot = strrchr(name, '.');

        if (dot == NULL || strcmp(dot, ".cil") != 0 || strlen(name) > 255) {
            diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is no CIL file; its name ends in .cil", name);
            continue;
        }
        host->policy_files[host->policy_file_count++] = bh_strdup(name);
    }
}

static void host_boot_key(const struct value_context *vc, const struct conf_entry *entry,
                          void *object)
{
    struct host *host = object;

    host->boot_key_line = entry->line;
    value_text(vc, entry, 255, &host->boot_key);
}

static void host_boot_certificate(const struct value_context *vc, const struct conf_entry *entry,
                                  void *object)
{
    struct host *host = object;

    host->boot_certificate_line = entry->line;
    value_text(vc, entry, 255, &host->boot_certificate);
}

static const struct host_key host_keys[] = {
    { "name", true, host_name, "name = first-light" },
    { "memory", true, host_memory, "memory = 2G" },
    { "cpus", false, host_cpus, NULL },
    { "hypervisor", false, host_hypervisor, NULL },
    { "tpm", false, host_tpm, NULL },
    { "boot", false, host_boot, NULL },
    { "policy", false, host_policy, NULL },
    { "secure-boot-key", false, host_boot_key, NULL },
    { "secure-boot-certificate", false, host_boot_certificate, NULL },
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

/* What stands after a slash. */
static bool pci_line(const struct value_context *vc, const struct conf_entry *entry, const char *text, uint32_t *line)
{
    char *end = NULL;
    unsigned long value = text != NULL ? strtoul(text, &end, 10) : HOST_PCI_NO_LINE;

    if (text != NULL && (*text < '0' || *text > '9' || *end != '\0' || value > 1023)) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is no pin of an I/O APIC; write FUNCTION/PIN with the "
                   "number that /proc/interrupts shows for the device as IO-APIC, such as 00:04.0/20", text);
        return false;
    }
    *line = (uint32_t)value;
    return true;
}

static void take_pci(const struct value_context *vc, const struct conf_entry *entry, struct host_domain *d,
                     uint32_t flags)
{
    d->pci_line = entry->line;
    d->pci_bus = true;
    if (entry->value_count == 1 && strcmp(entry->values[0], "none") == 0) {
        return;
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        uint16_t function;

        if (d->pci_count == HOST_PCI_MAX) {
            diag_error(vc->diag, vc->file, entry->line, entry->key, "%d PCI functions are the most that a domain "
                       "may have; give the others to another domain", HOST_PCI_MAX);
            return;
        }
        char *name = bh_strdup(entry->values[i]), *line = strchr(name, '/');

        if (line != NULL) {
            *line++ = '\0';
        }
        if (value_pci(vc, entry, name, &function) && pci_line(vc, entry, line, &d->pci_line_of[d->pci_count])) {
            d->pci_lines = d->pci_lines || line != NULL;
            d->pci[d->pci_count++] = function | flags;
        }
        free(name);
    }
}

static void domain_pci(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    take_pci(vc, entry, object, 0);
}

static void domain_pci_unreset(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    take_pci(vc, entry, object, HOST_PCI_UNRESET);
}

static void domain_pci_later(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_domain *d = object;

    d->pci_later_line = entry->line;
    d->pci_bus = true;
    if (entry->value_count > HOST_PCI_LATER_MAX) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "%d PCI functions are the most that operators may choose "
                   "among for a domain; leave some out", HOST_PCI_LATER_MAX);
        return;
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        if (value_pci(vc, entry, entry->values[i], &d->pci_later[d->pci_later_count])) {
            d->pci_later_count++;
        }
    }
}

static bool restart_choice(const struct value_context *vc, const struct conf_entry *entry)
{
    static const char *const choices[] = { "stop", "restart" };
    unsigned int choice;

    return value_choice(vc, entry, choices, 2, &choice) && choice == 1;
}

static void domain_on_reboot(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    ((struct host_domain *)object)->on_reboot = restart_choice(vc, entry);
}

static void domain_on_crash(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    ((struct host_domain *)object)->on_crash = restart_choice(vc, entry);
}

static void domain_on_watchdog(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    ((struct host_domain *)object)->on_watchdog = restart_choice(vc, entry);
}

static const struct host_key domain_keys[] = {
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
    { "pci", false, domain_pci, NULL },
    { "pci-later", false, domain_pci_later, NULL },
    { "pci-unreset", false, domain_pci_unreset, NULL },
    { "on-crash", false, domain_on_crash, NULL },
    { "on-reboot", false, domain_on_reboot, NULL },
    { "on-watchdog", false, domain_on_watchdog, NULL },
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
    struct host_disk *disk = object;
    const char *text;

    disk->target_line = entry->line;
    if (!value_single(vc, entry, &text)) {
        return;
    }
    const char *colon = strchr(text, ':');
    bool device = strncmp(text, "/dev/", 5) == 0 && text[5] != '\0' && text[5] != ':'
                  && strncmp(text, "/dev/loop", 9) != 0;
    bool file = strncmp(text, "/images/", 8) == 0 && text[8] != '\0' && colon == NULL;

    if ((!device && !file) || strstr(text, "/..") != NULL || strstr(text, "//") != NULL
        || (colon != NULL && (colon[1] != '/' || colon[2] == '\0'))) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' cannot be served; write a "
                   "device /dev/NAME, a volume /dev/VG/LV, a file in a device's file system "
                   "/dev/NAME:/PATH, or a file of the backend's image /images/PATH", text);
        return;
    }
    value_text(vc, entry, 255, &disk->target);
}

static void disk_mode(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = { "rw", "ro" };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 2, &choice)) {
        ((struct host_disk *)object)->readonly = choice == 1;
    }
}

static void disk_format(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = { "raw", "qcow2" };
    struct host_disk *disk = object;
    unsigned int choice;

    disk->format_line = entry->line;
    if (value_choice(vc, entry, choices, 2, &choice)) {
        disk->qcow2 = choice == 1;
    }
}

static void disk_reconnect(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    static const char *const choices[] = { "suspend", "ring" };
    unsigned int choice;

    if (value_choice(vc, entry, choices, 2, &choice)) {
        ((struct host_disk *)object)->keeps_ring = choice == 1;
    }
}

static const struct host_key disk_keys[] = {
    { "backend", true, disk_backend, "backend = stordd" },
    { "target", true, disk_target, "target = /dev/nvme0n1p2" },
    { "mode", false, disk_mode, NULL },
    { "format", false, disk_format, NULL },
    { "reconnect", false, disk_reconnect, NULL },
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

    net->ip_line = entry->line;
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

static const char *const net_modes[] = {
    [NET_BRIDGE] = "bridge", [NET_ROUTE] = "route", [NET_NAT] = "nat"
};

const char *host_net_mode(enum net_mode mode)
{
    return net_modes[mode];
}

static void net_mode(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_net *net = object;
    unsigned int choice;

    net->mode_line = entry->line;
    if (value_choice(vc, entry, net_modes, COUNT(net_modes), &choice)) {
        net->mode = (enum net_mode)choice;
    }
}

static void net_vlan(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host_net *net = object;
    uint64_t value;

    net->vlan_line = entry->line;
    if (value_number(vc, entry, 2, 4094, &value)) {
        net->vlan = (unsigned int)value;
    }
}

static void net_rate(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    value_rate(vc, entry, &((struct host_net *)object)->rate);
}

static const struct host_key net_keys[] = {
    { "backend", true, net_backend, "backend = netdd" },
    { "mac", false, net_mac, NULL },
    { "ip", false, net_ip, NULL },
    { "mode", false, net_mode, NULL },
    { "rate", false, net_rate, NULL },
    { "vlan", false, net_vlan, NULL },
};

/* -- attest, control and operator ---------------------------------------------------------------------- */

static void control_ca(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;

    host->control_ca_line = entry->line;
    value_text(vc, entry, 255, &host->control_ca);
}

static void control_serial(const struct value_context *vc, const struct conf_entry *entry,
                           void *object)
{
    struct host *host = object;

    host->control_serial_line = entry->line;
    value_text(vc, entry, 15, &host->control_serial);
}

static bool is_address(const char *text, bool with_bits)
{
    unsigned int part[4], bits = 32;
    int end = 0;

    return strspn(text, "0123456789./") == strlen(text)
           && (with_bits ? sscanf(text, "%3u.%3u.%3u.%3u/%2u%n", &part[0], &part[1], &part[2], &part[3], &bits, &end) == 5
                         : sscanf(text, "%3u.%3u.%3u.%3u%n", &part[0], &part[1], &part[2], &part[3], &end) == 4)
           && text[end] == '\0' && part[0] < 256 && part[1] < 256 && part[2] < 256 && part[3] < 256
           && bits >= 1 && bits <= 32;
}

static void address_take(const struct value_context *vc, const struct conf_entry *entry, char **out)
{
    if (entry->value_count < 1 || entry->value_count > 2 || !is_address(entry->values[0], true)
        || (entry->value_count == 2 && !is_address(entry->values[1], false))) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "an IPv4 address with its bits, and "
                   "perhaps a gateway's, expected; such as 10.0.0.4/24, 10.0.0.1");
        return;
    }
    free(*out);
    *out = entry->value_count == 2 ? bh_printf("%s %s", entry->values[0], entry->values[1])
                                   : bh_strdup(entry->values[0]);
}

static void control_address(const struct value_context *vc, const struct conf_entry *entry,
                            void *object)
{
    address_take(vc, entry, &((struct host *)object)->control_address);
}

static void attest_address(const struct value_context *vc, const struct conf_entry *entry,
                           void *object)
{
    address_take(vc, entry, &((struct host *)object)->attest_address);
}

static void verifiers_ca(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;

    host->verifiers_ca_line = entry->line;
    value_text(vc, entry, 255, &host->verifiers_ca);
}

static bool is_certificate_name(const char *s)
{
    return *s != '\0' && strlen(s) <= 63
           && strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@") == strlen(s);
}

static bool is_address_and_port(const char *text)
{
    const char *colon = strchr(text, ':');
    char address[16] = "", *end = NULL;
    unsigned long port = 0;

    if (colon != NULL && (size_t)(colon - text) < sizeof(address)) {
        memcpy(address, text, (size_t)(colon - text));
        port = colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
    }
    return port >= 1 && port <= 65535 && *end == '\0' && is_address(address, false);
}

static void attest_push(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;

    if (entry->value_count != 2 || !is_address_and_port(entry->values[0])) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "an IPv4 address with a port, and the name in the "
                   "collector's certificate expected; such as 10.0.0.9:4436, collector");
    } else if (!is_certificate_name(entry->values[1])) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is no name for a certificate; use letters, digits "
                   "and . _ - @, 63 at most", entry->values[1]);
    } else {
        free(host->push);
        host->push = bh_printf("%s %s", entry->values[0], entry->values[1]);
        host->push_line = entry->line;
    }
}

static void attest_push_interval(const struct value_context *vc, const struct conf_entry *entry, void *object)
{
    struct host *host = object;
    uint64_t seconds = 0;

    host->push_interval_line = entry->line;
    if (value_number(vc, entry, 1, 86400, &seconds)) {
        host->push_interval = (unsigned int)seconds;
    }
}

static const struct host_key attest_keys[] = {
    { "address", false, attest_address, NULL },
    { "ca", true, verifiers_ca, "ca = keys/ca.pem" },
    { "push", false, attest_push, NULL },
    { "push-interval", false, attest_push_interval, NULL },
};

static const struct host_key control_keys[] = {
    { "address", false, control_address, NULL },
    { "ca", false, control_ca, NULL },
    { "serial", false, control_serial, NULL },
};

static void words(const struct value_context *vc, const struct conf_entry *entry, char **out,
                  size_t max, size_t *count)
{
    if (entry->value_count > max) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%zu words are too many; %zu is the most", entry->value_count, max);
        return;
    }
    for (size_t i = 0; i < entry->value_count; i++) {
        out[(*count)++] = bh_strdup(entry->values[i]);
    }
}

static void operator_subjects(const struct value_context *vc, const struct conf_entry *entry,
                              void *object)
{
    struct host_operator *o = object;

    o->subjects_line = entry->line;
    words(vc, entry, o->subjects, HOST_SUBJECTS_MAX, &o->subject_count);
    for (size_t i = 0; i < o->subject_count; i++) {
        const char *s = o->subjects[i];

        if (!is_certificate_name(s)) {
            diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is no name for a "
                       "certificate; use letters, digits and . _ - @, 63 at most", s);
        }
    }
}

static void operator_may(const struct value_context *vc, const struct conf_entry *entry,
                         void *object)
{
    static const char *const verbs[OPERATOR_VERBS_MAX] = {
        "status", "restart", "pause", "unpause", "attach-disk", "detach-disk", "attach-interface",
        "detach-interface", "attach-device", "detach-device", "enroll",
    };
    struct host_operator *o = object;

    words(vc, entry, o->may, OPERATOR_VERBS_MAX, &o->may_count);
    for (size_t i = 0; i < o->may_count; i++) {
        bool known = false;

        for (size_t k = 0; k < OPERATOR_VERBS_MAX; k++) {
            known = known || strcmp(verbs[k], o->may[i]) == 0;
        }
        if (!known) {
            diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is nothing an operator "
                       "may; possible: status, restart, pause, unpause, attach-disk, detach-disk, "
                       "attach-interface, detach-interface, attach-device, detach-device, enroll",
                       o->may[i]);
        }
        for (char *c = o->may[i]; *c != '\0'; c++) {
            *c = *c == '-' ? '_' : *c; /* as the policy spells it */
        }
    }
}

static void operator_domains(const struct value_context *vc, const struct conf_entry *entry,
                             void *object)
{
    struct host_operator *o = object;

    o->domains_line = entry->line;
    if (entry->value_count == 1 && strcmp(entry->values[0], "all") == 0) {
        return;
    }
    words(vc, entry, o->domains, HOST_DOMAINS_MAX, &o->domain_count);
}

static const struct host_key operator_keys[] = {
    { "subjects", false, operator_subjects, NULL },
    { "may", true, operator_may, "may = status, restart" },
    { "domains", true, operator_domains, "domains = netdd" },
};

const struct host_keys attest_section_keys = { "attest", attest_keys, COUNT(attest_keys) };
const struct host_keys control_section_keys = { "control", control_keys, COUNT(control_keys) };
const struct host_keys operator_section_keys = { "operator", operator_keys, COUNT(operator_keys) };
const struct host_keys host_section_keys = { "host", host_keys, COUNT(host_keys) };
const struct host_keys domain_section_keys = { "domain", domain_keys, COUNT(domain_keys) };
const struct host_keys disk_section_keys = { "disk", disk_keys, COUNT(disk_keys) };
const struct host_keys net_section_keys = { "net", net_keys, COUNT(net_keys) };
