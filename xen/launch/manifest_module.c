/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_parts.h"

#include <xen/errno.h>
#include <xen/lib.h>

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

int manifest_read_module(struct manifest_reader *r, struct module_node *out)
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
