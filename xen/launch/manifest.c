/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The nodes above the domains: one function per kind, each reading from the token behind its begin to its
 * end. What holds between nodes (unique numbers, order, modules) is checked when all are read
 * (manifest_check.c).
 */
#include "manifest.h"

#include "manifest_check.h"
#include "manifest_parts.h"

#include <xen/errno.h>
#include <xen/lib.h>

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

            ret = manifest_read_module(r, &module);
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
                ret = manifest_read_domain(r, m);
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
