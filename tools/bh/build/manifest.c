/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest.h"

#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST_SIZE_MAX (1 << 20)

/* Hyperlaunch's function and mode bits that docs/formats.md allows. */
#define FUNCTION_XENSTORE (1u << 30)
#define MODE_LONG (1u << 2)

/* libfdt's sequential writer; the first error sticks, so that the callers read as a listing. */
struct writer {
    void *fdt;
    int error;
};

static void step(struct writer *w, int result)
{
    if (w->error == 0) {
        w->error = result;
    }
}

static void node_open(struct writer *w, const char *name)
{
    step(w, fdt_begin_node(w->fdt, name));
}

static void node_close(struct writer *w)
{
    step(w, fdt_end_node(w->fdt));
}

static void put_cell(struct writer *w, const char *name, uint32_t value)
{
    step(w, fdt_property_u32(w->fdt, name, value));
}

static void put_cells(struct writer *w, const char *name, const uint32_t *values, size_t count)
{
    fdt32_t cells[2 * HOST_IOPORTS_MAX];

    for (size_t i = 0; i < count; i++) {
        cells[i] = cpu_to_fdt32(values[i]);
    }
    step(w, fdt_property(w->fdt, name, cells, (int)(count * sizeof(cells[0]))));
}

static void put_kib(struct writer *w, const char *name, uint64_t kib)
{
    uint32_t cells[2] = { (uint32_t)(kib >> 32), (uint32_t)kib };

    put_cells(w, name, cells, 2);
}

static void put_text(struct writer *w, const char *name, const char *text)
{
    step(w, fdt_property(w->fdt, name, text, (int)strlen(text) + 1));
}

static void put_module(struct writer *w, const char *node, const char *compatible, size_t size,
                       unsigned int index, const char *bootargs)
{
    node_open(w, node);
    step(w, fdt_property(w->fdt, "compatible", compatible, (int)size));
    put_cell(w, "mb-index", index);
    if (bootargs != NULL && *bootargs != '\0') {
        put_text(w, "bootargs", bootargs);
    }
    node_close(w);
}

/* A list of strings in a device tree is one property with a NUL after each. */
#define COMPATIBLE(kind) "module," kind "\0multiboot,module"

static void put_domain(struct writer *w, const struct image *image, size_t i)
{
    const struct host_domain *d = &image->host->domains[i];
    char name[32];
    uint32_t ports[2 * HOST_IOPORTS_MAX];

    snprintf(name, sizeof(name), "domain@%x", d->id);
    node_open(w, name);
    put_text(w, "compatible", "xen,domain");
    put_cell(w, "domid", d->id);
    put_text(w, "bulkhead,name", d->name);
    put_text(w, "security-id", image->domains[i].label);
    put_cell(w, "functions", d->xenstore ? FUNCTION_XENSTORE : 0);
    put_cell(w, "mode", MODE_LONG);
    put_kib(w, "memory", d->memory_kib);
    put_cell(w, "cpus", d->cpus);
    if (d->weight != 0) {
        put_cell(w, "bulkhead,weight", d->weight);
    }
    if (d->max_memory_kib != d->memory_kib) {
        put_kib(w, "bulkhead,max-memory", d->max_memory_kib);
    }
    put_cell(w, "bulkhead,start-order", d->start_order);
    if (d->tpm) {
        put_cell(w, "bulkhead,tpm-locality", 0);
    }
    for (size_t p = 0; p < d->ioports_count; p++) {
        ports[2 * p] = d->ioports[p].first;
        ports[2 * p + 1] = d->ioports[p].count;
    }
    if (d->ioports_count != 0) {
        put_cells(w, "bulkhead,ioports", ports, 2 * d->ioports_count);
    }
    if (d->pci_bus) {
        put_cells(w, "bulkhead,devices", d->pci, d->pci_count);
    }
    if (d->pci_lines) {
        put_cells(w, "bulkhead,device-lines", d->pci_line_of, d->pci_count);
    }
    if (d->on_reboot) {
        put_text(w, "bulkhead,on-reboot", "restart");
    }
    if (d->on_crash) {
        put_text(w, "bulkhead,on-crash", "restart");
    }
    if (d->on_watchdog) {
        put_text(w, "bulkhead,on-watchdog", "restart");
    }
    if (d->waits_suspended) {
        put_text(w, "bulkhead,on-suspend", "wait");
    }
    put_module(w, "module@0", COMPATIBLE("kernel"), sizeof(COMPATIBLE("kernel")),
               image->domains[i].kernel, d->cmdline);
    if (image->domains[i].ramdisk != IMAGE_NO_MODULE) {
        put_module(w, "module@1", COMPATIBLE("ramdisk"), sizeof(COMPATIBLE("ramdisk")),
                   image->domains[i].ramdisk, NULL);
    }
    node_close(w);
}

bool manifest_write(const struct image *image, struct buf *out, struct diag *diag)
{
    struct writer w = { .fdt = bh_alloc(MANIFEST_SIZE_MAX) };

    step(&w, fdt_create(w.fdt, MANIFEST_SIZE_MAX));
    step(&w, fdt_finish_reservemap(w.fdt));
    node_open(&w, "");
    node_open(&w, "chosen");
    node_open(&w, "hypervisor");
    put_text(&w, "compatible", "hypervisor,xen");
    node_open(&w, "config");
    put_text(&w, "compatible", "xen,config");
    put_module(&w, "module", COMPATIBLE("xsm-policy"), sizeof(COMPATIBLE("xsm-policy")),
               IMAGE_POLICY, NULL);
    node_close(&w);
    for (size_t i = 0; i < image->host->domain_count; i++) {
        put_domain(&w, image, i);
    }
    node_close(&w);
    node_close(&w);
    node_close(&w);
    step(&w, fdt_finish(w.fdt));
    if (w.error == 0) {
        buf_put(out, w.fdt, fdt_totalsize(w.fdt));
    } else {
        diag_error(diag, image->host->file, 0, NULL, "the launch manifest cannot be written: %s",
                   fdt_strerror(w.error));
    }
    free(w.fdt);
    return w.error == 0;
}
