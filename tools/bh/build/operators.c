/* SPDX-License-Identifier: Apache-2.0 */
#include "operators.h"

#include "cil_mark.h"

#include <stdlib.h>

#define ROLE_TYPE "%s_operator_t"

static void rule(struct buf *out, const struct host_operator *o, const char *target)
{
    buf_printf(out, "(allow " ROLE_TYPE " %s (operator (", o->name, target);
    for (size_t i = 0; i < o->may_count; i++) {
        buf_printf(out, "%s%s", i != 0 ? " " : "", o->may[i]);
    }
    buf_puts(out, ")))\n");
}

void operators_cil(const struct host *host, struct buf *out)
{
    if (host->operator_count == 0) {
        return;
    }
    buf_puts(out, "\n; operators\n");
    for (size_t i = 0; i < host->operator_count; i++) {
        const struct host_operator *o = &host->operators[i];

        cil_mark(out, host, o->line);
        buf_printf(out, "(type " ROLE_TYPE ")\n(call operator_role (" ROLE_TYPE "))\n", o->name,
                   o->name);
        if (o->domain_count == 0) {
            rule(out, o, "domain_type");
        }
        for (size_t d = 0; d < o->domain_count; d++) {
            char *type = bh_printf("%s_t", o->domains[d]);

            rule(out, o, type);
            free(type);
        }
        cil_mark_end(out);
    }
}

void operators_text(const struct host *host, struct buf *out)
{
    buf_printf(out, "# Operators of %s\n", host->name);
    for (size_t i = 0; i < host->operator_count; i++) {
        const struct host_operator *o = &host->operators[i];

        buf_printf(out, "role %s system_u:system_r:" ROLE_TYPE "\n", o->name, o->name);
        for (size_t s = 0; s < o->subject_count; s++) {
            buf_printf(out, "certificate %s %s\n", o->subjects[s], o->name);
        }
    }
    if (host->control_address != NULL) {
        buf_printf(out, "address %s\n", host->control_address);
    }
    if (host->control_serial != NULL) {
        buf_printf(out, "serial %s\n", host->control_serial);
    }
}
