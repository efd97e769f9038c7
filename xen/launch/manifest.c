/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One function per kind of node, each reading from the token behind its begin to its end. What holds
 * between nodes (unique numbers, order, modules) is checked when all are read (manifest_check.c).
 */
#include "manifest.h"

#include "manifest_check.h"
#include "manifest_node.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define MODE_LONG 4u
#define START_ORDER_DEFAULT 0u
#define WEIGHT_DEFAULT 256u
#define DOMID_MAX 32751u

/* -- module nodes -------------------------------------------------------------------------------- */

enum module_word { MODULE_MULTIBOOT, MODULE_KERNEL, MODULE_RAMDISK, MODULE_POLICY };

struct module_node {
    uint32_t role; /* enum module_word */
    uint32_t index;
    const char *bootargs;
};

static int read_module_property(struct manifest_reader *r, struct module_node *out, uint32_t *seen)
{
    static const char *const names[] = { "compatible", "mb-index", "bootargs" };
    static const char *const words[] = { "multiboot,module", "module,kernel", "module,ramdisk",
                                         "module,xsm-policy" };
    uint32_t found;
    int ret;

    switch (node_property(r, names, ARRAY_SIZE(names), seen)) {
    case 0:
        ret = node_compatible(r, words, ARRAY_SIZE(words), &found);
        if (ret != 0) {
            return ret;
        }
        for (out->role = MODULE_KERNEL; out->role <= MODULE_POLICY; out->role++) {
            if (found == (1u << MODULE_MULTIBOOT | 1u << out->role)) {
                return 0;
            }
        }
        return node_refuse(r, "\"multiboot,module\" and one of \"module,kernel\", "
                           "\"module,ramdisk\", \"module,xsm-policy\"");
    case 1:
        return node_u32(r, 1, MANIFEST_MODULE_MAX - 1, &out->index);
    case 2:
        return node_string(r, MANIFEST_BOOTARGS_MAX, &out->bootargs);
    default:
        return -EINVAL;
    }
}

static int read_module(struct manifest_reader *r, struct module_node *out)
{
    static const char *const names[] = { "compatible", "mb-index" };
    char path[FDT_READER_PATH];
    uint32_t seen = 0;

    memset(out, 0, sizeof(*out));
    memcpy(path, r->fdt.path, sizeof(path));
    for (;;) {
        int ret = node_next(r);

        if (ret == 0 && r->item.type == FDT_ITEM_NODE) {
            ret = node_refuse_child(r);
        } else if (ret == 0 && r->item.type == FDT_ITEM_PROPERTY) {
            ret = read_module_property(r, out, &seen);
        } else if (ret == 0) {
            ret = node_require(r, path, names, ARRAY_SIZE(names), 3, seen);
            if (ret == 0 && out->bootargs != NULL && out->role != MODULE_KERNEL) {
                ret = launch_fail(r->err, -EINVAL, "manifest: %s: property bootargs: expected for "
                                  "kernels only", path);
            }
            return ret;
        }
        if (ret != 0) {
            return ret;
        }
    }
}

/* -- config -------------------------------------------------------------------------------------- */

static int read_config(struct manifest_reader *r, struct manifest *m)
{
    static const char *const names[] = { "compatible" };
    static const char *const words[] = { "xen,config" };
    uint32_t seen = 0, found;

    for (;;) {
        int ret = node_next(r);

        if (ret == 0 && r->item.type == FDT_ITEM_PROPERTY) {
            ret = node_property(r, names, 1, &seen);
            if (ret == 0) {
                ret = node_compatible(r, words, 1, &found);
            }
        } else if (ret == 0 && r->item.type == FDT_ITEM_NODE) {
            struct module_node module;

            ret = read_module(r, &module);
            if (ret == 0 && (module.role != MODULE_POLICY || m->policy != MANIFEST_NO_MODULE)) {
                ret = launch_fail(r->err, -EINVAL, "manifest: /chosen/hypervisor/config: expected "
                                  "one module, of compatible \"module,xsm-policy\"");
            }
            m->policy = module.index;
        } else if (ret == 0) {
            return node_require(r, "/chosen/hypervisor/config", names, 1, 1, seen);
        }
        if (ret != 0) {
            return ret;
        }
    }
}

/* -- domains ------------------------------------------------------------------------------------- */

enum domain_property {
    DOMAIN_COMPATIBLE, DOMAIN_DOMID, DOMAIN_NAME, DOMAIN_LABEL, DOMAIN_FUNCTIONS, DOMAIN_MODE,
    DOMAIN_MEMORY, DOMAIN_CPUS, DOMAIN_REQUIRED, DOMAIN_WEIGHT = DOMAIN_REQUIRED,
    DOMAIN_MAX_MEMORY, DOMAIN_START_ORDER, DOMAIN_TPM, DOMAIN_IOPORTS, DOMAIN_ON_REBOOT,
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
    [DOMAIN_ON_REBOOT] = "bulkhead,on-reboot",
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

static int read_functions(struct manifest_reader *r, uint32_t *out)
{
    int ret = node_u32(r, 0, UINT32_MAX, out);

    if (ret == 0 && (*out & ~(MANIFEST_FUNCTION_CONSOLE | MANIFEST_FUNCTION_XENSTORE)) != 0) {
        return node_refuse(r, "0, or bits 2 (console) and 30 (xenstore)");
    }
    return ret;
}

static int read_on_reboot(struct manifest_reader *r, bool *restart)
{
    const char *word;
    int ret = node_string(r, 16, &word);

    if (ret != 0) {
        return ret;
    }
    *restart = strcmp(word, "restart") == 0;
    return *restart || strcmp(word, "stop") == 0 ? 0 : node_refuse(r, "\"restart\" or \"stop\"");
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
    case DOMAIN_ON_REBOOT:
        return read_on_reboot(r, &d->restart);
    default:
        return -EINVAL;
    }
}

static int read_domain_module(struct manifest_reader *r, struct manifest_domain *d)
{
    struct module_node module;
    uint32_t *slot;
    int ret = read_module(r, &module);

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
    if (d->max_memory_kib == 0) {
        d->max_memory_kib = d->memory_kib;
    }
    if (d->max_memory_kib < d->memory_kib) {
        return launch_fail(r->err, -EINVAL, "manifest: %s: property bulkhead,max-memory: expected at "
                           "least the memory, %llu KiB", d->path, (unsigned long long)d->memory_kib);
    }
    return 0;
}

static int read_domain(struct manifest_reader *r, struct manifest *m)
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

/* -- the nodes above ----------------------------------------------------------------------------- */

static int read_hypervisor(struct manifest_reader *r, struct manifest *m)
{
    static const char *const names[] = { "compatible", "#address-cells", "#size-cells" };
    static const char *const words[] = { "hypervisor,xen" };
    uint32_t seen = 0, found;
    bool config_seen = false;

    for (;;) {
        int ret = node_next(r);

        if (ret == 0 && r->item.type == FDT_ITEM_PROPERTY) {
            ret = node_property(r, names, ARRAY_SIZE(names), &seen);
            if (ret == 0) {
                ret = node_compatible(r, words, 1, &found);
            } else if (ret > 0) {
                ret = node_u32(r, 0, 2, &found);
            }
        } else if (ret == 0 && r->item.type == FDT_ITEM_NODE) {
            if (strncmp(r->item.name, "domain@", 7) == 0) {
                ret = read_domain(r, m);
            } else if (strcmp(r->item.name, "config") == 0 && !config_seen) {
                config_seen = true;
                ret = read_config(r, m);
            } else {
                ret = node_refuse_child(r);
            }
        } else if (ret == 0) {
            return node_require(r, "/chosen/hypervisor", names, 1, 1, seen);
        }
        if (ret != 0) {
            return ret;
        }
    }
}

/* The root and /chosen: each holds one child and nothing that matters to us. */
static int read_outer(struct manifest_reader *r, struct manifest *m, unsigned level)
{
    static const char *const children[] = { "chosen", "hypervisor" };
    static const char *const names[] = { "#address-cells", "#size-cells" };
    uint32_t seen = 0, ignored;
    bool child_seen = false;

    for (;;) {
        int ret = node_next(r);

        if (ret == 0 && r->item.type == FDT_ITEM_PROPERTY) {
            ret = node_property(r, names, ARRAY_SIZE(names), &seen);
            if (ret >= 0) {
                ret = node_u32(r, 0, 2, &ignored);
            }
        } else if (ret == 0 && r->item.type == FDT_ITEM_NODE) {
            if (child_seen || strcmp(r->item.name, children[level]) != 0) {
                return node_refuse_child(r);
            }
            child_seen = true;
            ret = level == 0 ? read_outer(r, m, 1) : read_hypervisor(r, m);
        } else if (ret == 0) {
            return child_seen ? 0 : launch_fail(r->err, -EINVAL, "manifest: node /chosen%s is missing",
                                                level == 0 ? "" : "/hypervisor");
        }
        if (ret != 0) {
            return ret;
        }
    }
}

static int read_tree(struct manifest_reader *r, const uint8_t *data, size_t size,
                     struct manifest *m)
{
    struct launch_error why;
    int ret;

    if (fdt_reader_init(&r->fdt, data, size, &why) != 0) {
        return launch_fail(r->err, -EINVAL, "manifest: %s", why.text);
    }
    ret = node_next(r);
    if (ret == 0 && r->item.type != FDT_ITEM_NODE) {
        return launch_fail(r->err, -EINVAL, "manifest: expected a root node");
    }
    if (ret == 0) {
        ret = read_outer(r, m, 0);
    }
    if (ret == 0) {
        ret = node_next(r);
    }
    return ret;
}

int manifest_parse(const uint8_t *data, size_t size, unsigned module_count, struct manifest *m,
                   struct launch_error *err)
{
    struct manifest_reader r = { .err = err };
    int ret;

    m->policy = MANIFEST_NO_MODULE;
    m->domain_count = 0;
    ret = read_tree(&r, data, size, m);
    if (ret == 0) {
        ret = manifest_check(m, module_count, err);
    }
    if (ret == 0) {
        manifest_sort(m);
    }
    return ret;
}

const struct manifest_domain *manifest_with_function(const struct manifest *m, uint32_t function)
{
    unsigned i;

    for (i = 0; i < m->domain_count; i++) {
        if (m->domain[i].functions & function) {
            return &m->domain[i];
        }
    }
    return NULL;
}
