/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints docs/mediation.md from the hypercall table itself. Linked with the families; their handlers are never run, so
 * what they call stays unresolved.
 */
#include <stdio.h>
#include <string.h>

#include "../../xen/common/hypercall_table.h"

static const char *const classes[] = {
    "",
#define CLASS(name, count) #name,
#define PERM(class_, bit, name)
#define PERM_ELSE(class_, bit, name, ...)
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

static const struct {
    unsigned tclass, bit;
    const char *name;
} perms[] = {
#define CLASS(name, count)
#define PERM(class_, bit, name) { class_, bit, #name },
#define PERM_ELSE(class_, bit, name, ...) { class_, bit, #name },
#include <xsm/av_names.h>
};

static const char *const parties[PARTY_COUNT] = {
    [PARTY_CALLER] = "caller",   [PARTY_TARGET] = "target", [PARTY_SECOND] = "other domain",
    [PARTY_OBJECT] = "object",   [PARTY_PEER] = "peer",     [PARTY_XEN] = "xen",
    [PARTY_SECURITY] = "security", [PARTY_DOMXEN] = "domxen",
};

static unsigned asked, unasked, absent;

static void print_question(const struct call_question *q)
{
    const char *separator = "";

    printf("%s → %s: %s ", parties[q->source], parties[q->object], classes[q->tclass]);
    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        if (perms[i].tclass == q->tclass && (q->perm & (1u << perms[i].bit))) {
            printf("%s%s", separator, perms[i].name);
            separator = q->flags & QUESTION_CHOSEN ? " or/and " : " and ";
        }
    }
    if (q->flags & QUESTION_OPTIONAL) {
        printf(" (where it applies)");
    }
}

static void print_row(uint32_t number, const struct hypercall_row *row)
{
    printf("| %u | `%s` | ", number, row->name);
    if (row->act == NULL) {
        absent++;
        printf("absent (%d): %s", row->absent, row->why);
    } else if (row->ask[0].tclass == 0) {
        unasked++;
        printf("not asked: %s", row->why);
    } else {
        asked++;
        for (const struct call_question *q = row->ask; q->tclass != 0; q++) {
            printf(q == row->ask ? "" : "; ");
            print_question(q);
        }
        if (row->flags & ROW_BATCH) {
            printf(" (each element)");
        }
        if (row->act == act_absent) {
            printf(" — then absent");
        }
    }
    printf(" |\n");
}

static void print_family(unsigned nr, const struct hypercall_family *f)
{
    printf("\n## %u: %s\n\n| sub-op | name | what guards it |\n|--:|---|---|\n", nr, f->name);
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->rows[i].name != NULL) {
            print_row(i, &f->rows[i]);
        }
    }
    for (uint32_t i = 0; i < f->high_count; i++) {
        print_row(f->high_base + i, &f->high_rows[i]);
    }
}

static bool is_absent(const struct hypercall_family *f)
{
    return f->kind == FAMILY_SINGLE && f->rows[0].act == NULL;
}

int main(void)
{
    printf("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
           "<!-- Printed by tools/build/check-table from the hypercall table; `make mediation` renews it. -->\n"
           "# Mediation: what guards every hypercall\n\n"
           "\"a → b: class permission\" is the question the dispatcher puts to the policy before the handler runs: may a do\n"
           "this to b? *caller* is the domain that calls, *target* the domain named (towards itself, its self label), *object*\n"
           "and *peer* are what else the call names: a port, a label. A refused question is -EACCES and one audit line.\n"
           "\"Then absent\" operations are asked about and answer -ENOSYS when allowed. What is not here is -ENOSYS.\n");
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        if (hypercall_table[nr] != NULL && !is_absent(hypercall_table[nr])) {
            print_family(nr, hypercall_table[nr]);
        }
    }
    printf("\n## Absent hypercalls\n\n| number | name | why |\n|--:|---|---|\n");
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        const struct hypercall_family *f = hypercall_table[nr];

        if (f != NULL && is_absent(f)) {
            printf("| %u | `%s` | %s |\n", nr, f->name, f->rows[0].why);
        }
    }
    printf("\n%u operations are asked about, %u not (each with its reason), %u sub-operations are absent.\n", asked,
           unasked, absent);
    return ferror(stdout) != 0 || fflush(stdout) != 0;
}
