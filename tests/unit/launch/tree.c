/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void ok(int ret, const char *what)
{
    if (ret < 0) {
        fprintf(stderr, "tree: %s: %s\n", what, fdt_strerror(ret));
        abort();
    }
}

static int at(struct tree *t, const char *path)
{
    int node = fdt_path_offset(t->work, path);

    ok(node, path);
    return node;
}

void tree_bytes(struct tree *t, const char *path, const char *name, const void *value, size_t size)
{
    ok(fdt_setprop(t->work, at(t, path), name, value, (int)size), name);
}

void tree_cells(struct tree *t, const char *path, const char *name, unsigned count, ...)
{
    uint8_t cells[64];
    unsigned i;
    va_list ap;

    va_start(ap, count);
    for (i = 0; i < count; i++) {
        uint32_t v = va_arg(ap, unsigned);

        cells[4 * i] = (uint8_t)(v >> 24);
        cells[4 * i + 1] = (uint8_t)(v >> 16);
        cells[4 * i + 2] = (uint8_t)(v >> 8);
        cells[4 * i + 3] = (uint8_t)v;
    }
    va_end(ap);
    tree_bytes(t, path, name, cells, 4 * (size_t)count);
}

void tree_string(struct tree *t, const char *path, const char *name, const char *value)
{
    tree_bytes(t, path, name, value, strlen(value) + 1);
}

void tree_remove(struct tree *t, const char *path, const char *name)
{
    ok(fdt_delprop(t->work, at(t, path), name), name);
}

void tree_add_node(struct tree *t, const char *parent, const char *name)
{
    ok(fdt_add_subnode(t->work, at(t, parent), name), name);
}

void tree_remove_node(struct tree *t, const char *path)
{
    ok(fdt_del_node(t->work, at(t, path)), path);
}

static void add_module(struct tree *t, const char *parent, const char *name, const char *role,
                       unsigned index)
{
    char path[128], words[64];
    int first = snprintf(words, sizeof(words), "module,%s", role) + 1;

    snprintf(path, sizeof(path), "%s/%s", parent, name);
    strcpy(words + first, "multiboot,module");
    tree_add_node(t, parent, name);
    tree_bytes(t, path, "compatible", words, (size_t)first + sizeof("multiboot,module"));
    tree_cells(t, path, "mb-index", 1, index);
}

void tree_add_domain(struct tree *t, const char *unit, unsigned domid, const char *name,
                     unsigned ramdisk)
{
    char path[64];

    snprintf(path, sizeof(path), TREE_HV "/%s", unit);
    tree_add_node(t, TREE_HV, unit);
    tree_string(t, path, "compatible", "xen,domain");
    tree_cells(t, path, "domid", 1, domid);
    tree_string(t, path, "bulkhead,name", name);
    tree_string(t, path, "security-id", "system_u:system_r:guest_t");
    tree_cells(t, path, "functions", 1, 0u);
    tree_cells(t, path, "mode", 1, 4u);
    tree_cells(t, path, "memory", 2, 0u, 0x8000u);
    tree_cells(t, path, "cpus", 1, 2u);
    add_module(t, path, "kernel", "kernel", 2);
    add_module(t, path, "ramdisk", "ramdisk", ramdisk);
}

void tree_init(struct tree *t)
{
    ok(fdt_create_empty_tree(t->work, sizeof(t->work)), "create");
    tree_add_node(t, "/", "chosen");
    tree_add_node(t, "/chosen", "hypervisor");
    tree_string(t, TREE_HV, "compatible", "hypervisor,xen");
    tree_add_node(t, TREE_HV, "config");
    tree_string(t, TREE_CONFIG, "compatible", "xen,config");
    add_module(t, TREE_CONFIG, "module", "xsm-policy", 1);
    tree_add_domain(t, "domain@1", 1, "store", 3);
    tree_cells(t, TREE_STORE, "functions", 1, 1u << 30);
    tree_cells(t, TREE_STORE, "bulkhead,start-order", 1, 5u);
    tree_add_domain(t, "domain@12", 0x12, "guest", 4);
    tree_cells(t, TREE_GUEST, "bulkhead,start-order", 1, 2u);
    tree_cells(t, TREE_GUEST, "bulkhead,weight", 1, 512u);
    tree_cells(t, TREE_GUEST, "bulkhead,max-memory", 2, 1u, 0u);
    tree_cells(t, TREE_GUEST, "bulkhead,tpm-locality", 1, 0u);
    tree_cells(t, TREE_GUEST, "bulkhead,ioports", 4, 0x2f8u, 8u, 0xffffu, 1u);
    tree_cells(t, TREE_GUEST, "bulkhead,devices", 2, 0xfau, 0xffffu);
    tree_string(t, TREE_GUEST, "bulkhead,on-reboot", "restart");
    tree_string(t, TREE_GUEST, "bulkhead,on-crash", "stop");
    tree_string(t, TREE_GUEST, "bulkhead,on-watchdog", "restart");
    tree_string(t, TREE_GUEST, "bulkhead,on-suspend", "wait");
    tree_string(t, TREE_GUEST "/kernel", "bootargs", "console=hvc0 quiet");
}

size_t tree_finish(struct tree *t)
{
    memcpy(t->bytes, t->work, sizeof(t->bytes));
    ok(fdt_pack(t->bytes), "pack");
    return fdt_totalsize(t->bytes);
}
