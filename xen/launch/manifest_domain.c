/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_parts.h"

#include <xen/errno.h>
#include <xen/lib.h>

#include <public/sched.h>

#define MODE_LONG 4u
#define START_ORDER_DEFAULT 0u
#define WEIGHT_DEFAULT 256u
#define DOMID_MAX 32751u

enum domain_property {
    DOMAIN_COMPATIBLE, DOMAIN_DOMID, DOMAIN_NAME, DOMAIN_LABEL, DOMAIN_FUNCTIONS, DOMAIN_MODE,
    DOMAIN_MEMORY, DOMAIN_CPUS, DOMAIN_REQUIRED, DOMAIN_WEIGHT = DOMAIN_REQUIRED,
    DOMAIN_MAX_MEMORY, DOMAIN_START_ORDER, DOMAIN_TPM, DOMAIN_IOPORTS, DOMAIN_DEVICES, DOMAIN_LINES, DOMAIN_ON_REBOOT,
    DOMAIN_ON_CRASH, DOMAIN_ON_WATCHDOG, DOMAIN_ON_SUSPEND,
    DOMAIN_PROPERTY_COUNT
};

static const char *const domain_properties[DOMAIN_PROPERTY_COUNT] = {
    [DOMAIN_COMPATIBLE] = "compatible",
    [DOMAIN_DOMID] = "domid",
    [DOMAIN_NAME] = "bulkhead,name",
    [DOMAIN_LABEL] = "security-id",
    [DOMAIN_FUNCTIONS] = "functions",
    [DOMAIN_MODE] = "mode",
    [DOMAIN_MEMORY] = "memory",
    [DOMAIN_CPUS] = "cpus",
    [DOMAIN_WEIGHT] = "bulkhead,weight",
    [DOMAIN_MAX_MEMORY] = "bulkhead,max-memory",
    [DOMAIN_START_ORDER] = "bulkhead,start-order",
    [DOMAIN_TPM] = "bulkhead,tpm-locality",
    [DOMAIN_IOPORTS] = "bulkhead,ioports",
    [DOMAIN_DEVICES] = "bulkhead,devices",
    [DOMAIN_LINES] = "bulkhead,device-lines",
    [DOMAIN_ON_REBOOT] = "bulkhead,on-reboot",
    [DOMAIN_ON_CRASH] = "bulkhead,on-crash",
    [DOMAIN_ON_WATCHDOG] = "bulkhead,on-watchdog",
    [DOMAIN_ON_SUSPEND] = "bulkhead,on-suspend",
};

static int read_name(struct manifest_reader *r, char *out)
{
    const char *name;
    size_t i;
    int ret = node_string(r, MANIFEST_NAME_MAX, &name);

    if (ret != 0) {
        return ret;
    }
    for (i = 0; name[i] != '\0'; i++) {
        bool letter = name[i] >= 'a' && name[i] <= 'z';

        if (!letter && (i == 0 || (name[i] != '-' && (name[i] < '0' || name[i] > '9')))) {
            break;
        }
    }
    if (i == 0 || name[i] != '\0') {
        return node_refuse(r, "[a-z][a-z0-9-]{0,14}");
    }
    memcpy(out, name, i + 1);
    return 0;
}

static int read_ioports(struct manifest_reader *r, struct manifest_domain *d)
{
    unsigned i, cells = r->item.size / 4;

    if (r->item.size % 8 != 0 || cells == 0 || cells > 2 * MANIFEST_IOPORT_MAX) {
        return node_refuse(r, "1 to 4 pairs of first port and count");
    }
    for (i = 0; i < cells; i += 2) {
        uint32_t first = fdt_reader_cell(&r->item, i), count = fdt_reader_cell(&r->item, i + 1);

        if (first > 0xffff || count == 0 || count > 0x10000 - first) {
            return node_refuse(r, "pairs of first port and count within 0..0xffff");
        }
        d->ioports[d->ioport_count].first = (uint16_t)first;
        d->ioports[d->ioport_count].last = (uint16_t)(first + count - 1);
        d->ioport_count++;
    }
    return 0;
}

static int read_devices(struct manifest_reader *r, struct manifest_domain *d)
{
    unsigned i, k, cells = r->item.size / 4;

    if (r->item.size % 4 != 0 || cells > MANIFEST_DEVICE_MAX) {
        return node_refuse(r, "at most 4 PCI functions");
    }
    d->pci = true;
    for (i = 0; i < cells; i++) {
        uint32_t cell = fdt_reader_cell(&r->item, i), device = cell & ~MANIFEST_DEVICE_UNRESET;

        for (k = 0; k < i && d->devices[k] != device; k++) {
        }
        if (device > 0xffff || k < i) {
            return node_refuse(r, "PCI functions of segment 0, each once");
        }
        d->unreset |= cell & MANIFEST_DEVICE_UNRESET ? 1u << d->device_count : 0;
        d->devices[d->device_count++] = (uint16_t)device;
    }
    return 0;
}

static int read_lines(struct manifest_reader *r, struct manifest_domain *d)
{
    unsigned i, cells = r->item.size / 4;

    if (r->item.size % 4 != 0 || cells == 0 || cells > MANIFEST_DEVICE_MAX) {
        return node_refuse(r, "one cell for each device");
    }
    for (i = 0; i < cells; i++) {
        d->lines[i] = fdt_reader_cell(&r->item, i);
        if (d->lines[i] != MANIFEST_NO_LINE && d->lines[i] > MANIFEST_LINE_MAX) {
            return node_refuse(r, "pins of I/O APICs up to 1023, or 0xffffffff");
        }
    }
    d->line_count = cells;
    return 0;
}

static int read_functions(struct manifest_reader *r, uint32_t *out)
{
    int ret = node_u32(r, 0, UINT32_MAX, out);

    if (ret == 0 && (*out & ~(MANIFEST_FUNCTION_CONSOLE | MANIFEST_FUNCTION_XENSTORE)) != 0) {
        return node_refuse(r, "0, or bits 2 (console) and 30 (xenstore)");
    }
    return ret;
}

/* What happens at one kind of end: "stop", or the other word. */
static int read_on_end(struct manifest_reader *r, const char *other, const char *expected, bool *does)
{
    const char *word;
    int ret = node_string(r, 16, &word);

    if (ret != 0) {
        return ret;
    }
    *does = strcmp(word, other) == 0;
    return *does || strcmp(word, "stop") == 0 ? 0 : node_refuse(r, expected);
}

static int read_restart(struct manifest_reader *r, struct manifest_domain *d, unsigned reason)
{
    bool restart = false;
    int ret = read_on_end(r, "restart", "\"restart\" or \"stop\"", &restart);

    d->restart_on |= restart ? 1u << reason : 0;
    return ret;
}

static int read_domain_property(struct manifest_reader *r, struct manifest_domain *d,
                                uint32_t *seen)
{
    static const char *const words[] = { "xen,domain" };
    uint32_t value = 0;
    int ret;

    switch (node_property(r, domain_properties, DOMAIN_PROPERTY_COUNT, seen)) {
    case DOMAIN_COMPATIBLE:
        return node_compatible(r, words, 1, &value);
    case DOMAIN_DOMID:
        ret = node_u32(r, 1, DOMID_MAX, &value);
        d->domid = (uint16_t)value;
        return ret;
    case DOMAIN_NAME:
        return read_name(r, d->name);
    case DOMAIN_LABEL:
        ret = node_string(r, MANIFEST_LABEL_MAX, &d->label);
        return ret == 0 && d->label[0] == '\0' ? node_refuse(r, "a security context") : ret;
    case DOMAIN_FUNCTIONS:
        return read_functions(r, &d->functions);
    case DOMAIN_MODE:
        ret = node_u32(r, 0, UINT32_MAX, &value);
        return ret == 0 && value != MODE_LONG ?
               node_refuse(r, "4 (64-bit PVH; PV guests are not supported yet)") : ret;
    case DOMAIN_MEMORY:
        ret = node_u64(r, MANIFEST_MEMORY_MIN_KIB, MANIFEST_MEMORY_MAX_KIB, &d->memory_kib);
        return ret == 0 && d->memory_kib % 4 != 0 ? node_refuse(r, "a multiple of 4 KiB") : ret;
    case DOMAIN_CPUS:
        return node_u32(r, 1, MANIFEST_CPU_MAX, &d->cpus);
    case DOMAIN_WEIGHT:
        ret = node_u32(r, 1, 65535, &value);
        d->weight = (uint16_t)value;
        return ret;
    case DOMAIN_MAX_MEMORY:
        ret = node_u64(r, MANIFEST_MEMORY_MIN_KIB, MANIFEST_MEMORY_MAX_KIB, &d->max_memory_kib);
        return ret == 0 && d->max_memory_kib % 4 != 0 ? node_refuse(r, "a multiple of 4 KiB") : ret;
    case DOMAIN_START_ORDER:
        return node_u32(r, 0, UINT32_MAX, &d->start_order);
    case DOMAIN_TPM:
        d->tpm = true;
        return node_u32(r, 0, 0, &value);
    case DOMAIN_IOPORTS:
        return read_ioports(r, d);
    case DOMAIN_DEVICES:
        return read_devices(r, d);
    case DOMAIN_LINES:
        return read_lines(r, d);
    case DOMAIN_ON_REBOOT:
        return read_restart(r, d, SHUTDOWN_reboot);
    case DOMAIN_ON_CRASH:
        return read_restart(r, d, SHUTDOWN_crash);
    case DOMAIN_ON_WATCHDOG:
        return read_restart(r, d, SHUTDOWN_watchdog);
    case DOMAIN_ON_SUSPEND:
        return read_on_end(r, "wait", "\"wait\" or \"stop\"", &d->waits_suspended);
    default:
        return -EINVAL;
    }
}

static int read_domain_module(struct manifest_reader *r, struct manifest_domain *d)
{
    struct module_node module;
    uint32_t *slot;
    int ret = manifest_read_module(r, &module);

    if (ret != 0) {
        return ret;
    }
    slot = module.role == MODULE_KERNEL ? &d->kernel : &d->ramdisk;
    if (module.role == MODULE_POLICY || *slot != MANIFEST_NO_MODULE) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: expected one kernel module and at most one "
                           "ramdisk module", d->path);
    }
    *slot = module.index;
    if (module.bootargs != NULL) {
        d->bootargs = module.bootargs;
    }
    return 0;
}

/* The unit address is the domid in hexadecimal, without leading zeros. */
static int check_domain(struct manifest_reader *r, struct manifest_domain *d, uint32_t seen)
{
    char unit[16];
    const char *at = strchr(d->path, '@');
    int ret = node_require(r, d->path, domain_properties, DOMAIN_PROPERTY_COUNT,
                           (1u << DOMAIN_REQUIRED) - 1, seen);

    if (ret != 0) {
        return ret;
    }
    snprintf(unit, sizeof(unit), "@%x", d->domid);
    if (at == NULL || strcmp(at, unit) != 0) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property domid: expected the number in the "
                           "node's name (hexadecimal), found %u", d->path, d->domid);
    }
    if (d->kernel == MANIFEST_NO_MODULE) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: expected a kernel module", d->path);
    }
    if (d->line_count != 0 && d->line_count != d->device_count) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property bulkhead,device-lines: expected %u cells, one for each "
                           "device", d->path, d->device_count);
    }
    if (d->max_memory_kib == 0) {
        d->max_memory_kib = d->memory_kib;
    }
    if (d->max_memory_kib < d->memory_kib) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property bulkhead,max-memory: expected at "
                           "least the memory, %llu KiB", d->path, (unsigned long long)d->memory_kib);
    }
    return 0;
}

int manifest_read_domain(struct manifest_reader *r, struct manifest *m)
{
    struct manifest_domain *d = &m->domain[m->domain_count];
    uint32_t seen = 0;
    size_t length = strlen(r->fdt.path);

    if (m->domain_count == MANIFEST_DOMAIN_MAX || length >= sizeof(d->path)) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: expected at most %u domains", r->fdt.path,
                           MANIFEST_DOMAIN_MAX);
    }
    memset(d, 0, sizeof(*d));
    memcpy(d->path, r->fdt.path, length + 1);
    d->bootargs = "";
    d->weight = WEIGHT_DEFAULT;
    d->start_order = START_ORDER_DEFAULT;
    d->kernel = d->ramdisk = MANIFEST_NO_MODULE;
    for (;;) {
        int ret = node_next(r);

        if (ret == 0 && r->item.type == FDT_ITEM_PROPERTY) {
            ret = read_domain_property(r, d, &seen);
        } else if (ret == 0 && r->item.type == FDT_ITEM_NODE) {
            ret = read_domain_module(r, d);
        } else if (ret == 0) {
            m->domain_count++;
            return check_domain(r, d, seen);
        }
        if (ret != 0) {
            return ret;
        }
    }
}
