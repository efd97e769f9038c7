/* SPDX-License-Identifier: Apache-2.0 */
#include "functions.h"

#include "cil_mark.h"

#include <stdio.h>
#include <string.h>

#define LATER_TYPE "pci_%02x_%02x_%x_t" /* no domain's name has an underscore, so no other type has this name */
#define LATER_NAME(f) (f) >> 8, (f) >> 3 & 31, (f) & 7

/* Is there a role that may have it done with this domain? */
static bool somebody_may(const struct host *host, const struct host_domain *d, const char *what)
{
    for (size_t i = 0; i < host->operator_count; i++) {
        const struct host_operator *o = &host->operators[i];
        bool may = false, here = o->domain_count == 0;

        for (size_t k = 0; k < o->may_count; k++) {
            may = may || strcmp(o->may[k], what) == 0;
        }
        for (size_t k = 0; k < o->domain_count; k++) {
            here = here || strcmp(o->domains[k], d->name) == 0;
        }
        if (may && here) {
            return true;
        }
    }
    return false;
}

/* Control domains give this function to d, and take it back. */
static void given(const struct host *host, const struct host_domain *d, const char *type, struct buf *out)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *c = &host->domains[i];

        if (strcmp(c->kind, "control") != 0) {
            continue;
        }
        if (somebody_may(host, d, "attach_device")) {
            buf_printf(out, "(call device_give (%s_t %s_t %s))\n", c->name, d->name, type);
        }
        if (somebody_may(host, d, "detach_device")) {
            buf_printf(out, "(call device_take (%s_t %s_t %s))\n", c->name, d->name, type);
        }
    }
}

/* Functions that a domain has from its start: one label for all of them, which it alone may use. */
static void own(const struct host *host, const struct host_domain *d, struct buf *out)
{
    char type[64];

    if (d->pci_count == 0) {
        return;
    }
    snprintf(type, sizeof(type), "%s_pci_t", d->name);
    cil_mark(out, host, d->pci_line);
    buf_printf(out, "(type %s)\n(typeattributeset resource_type (%s))\n", type, type);
    for (size_t i = 0; i < d->pci_count; i++) {
        buf_printf(out, "(pcidevicecon 0x%x (system_u object_r %s low_low))\n", d->pci[i] & 0xffffu, type);
    }
    buf_printf(out, "(call device_use (%s_t %s))\n", d->name, type);
    given(host, d, type, out);
    cil_mark_end(out);
}

static bool is_later(const struct host_domain *d, size_t count, uint16_t function)
{
    for (size_t i = 0; i < count; i++) {
        if (d->pci_later[i] == function) {
            return true;
        }
    }
    return false;
}

static bool named_before(const struct host *host, size_t domain, size_t index)
{
    uint16_t function = host->domains[domain].pci_later[index];

    for (size_t i = 0; i < domain; i++) {
        if (is_later(&host->domains[i], host->domains[i].pci_later_count, function)) {
            return true;
        }
    }
    return is_later(&host->domains[domain], index, function);
}

/* One that comes later has a label of its own: which domains may use it is said for it alone. */
static void later(const struct host *host, uint16_t function, struct buf *out)
{
    char type[32];

    snprintf(type, sizeof(type), LATER_TYPE, LATER_NAME(function));
    buf_printf(out, "(type %s)\n(typeattributeset resource_type (%s))\n", type, type);
    buf_printf(out, "(pcidevicecon 0x%x (system_u object_r %s low_low))\n", function, type);
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        if (is_later(d, d->pci_later_count, function)) {
            cil_mark(out, host, d->pci_later_line);
            buf_printf(out, "(call device_use (%s_t %s))\n", d->name, type);
            given(host, d, type, out);
            cil_mark_end(out);
        }
    }
}

void functions_cil(const struct host *host, struct buf *out)
{
    for (size_t i = 0; i < host->domain_count; i++) {
        const struct host_domain *d = &host->domains[i];

        own(host, d, out);
        for (size_t k = 0; k < d->pci_later_count; k++) {
            if (!named_before(host, i, k)) {
                later(host, d->pci_later[k], out);
            }
        }
    }
}
