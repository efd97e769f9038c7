/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints docs/mediation.md from the hypercall table itself; with the word "questions", the table as ROW(number,
 * sub-operation, {class, permissions, flags}...) for tests; with "asked", the permissions it asks about, for `bh policy check`. Linked with the families; their handlers are never run, so what
 * they call stays unresolved.
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

#define FALLBACK_ALLOWED 0xffff

static const struct {
    unsigned tclass, bit;
    const char *name;
    unsigned else_class; /* what a policy without the class is asked; 0: nothing, it is refused */
    uint32_t else_perm;
} perms[] = {
#define CLASS(name, count)
#define PERM(class_, bit, name) { class_, bit, #name, 0, 0 },
#define PERM_ELSE(class_, bit, name, else_class, else_perm) { class_, bit, #name, else_class, else_perm },
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

static const char *const parties[PARTY_COUNT] = {
    [PARTY_CALLER] = "caller",     [PARTY_TARGET] = "target",     [PARTY_SECOND] = "other domain",
    [PARTY_OBJECT] = "object",     [PARTY_PEER] = "peer",         [PARTY_SELF] = "itself",
    [PARTY_XEN] = "xen",           [PARTY_SECURITY] = "security", [PARTY_DOMXEN] = "domxen",
};

static unsigned offered, absent;

static const char *permission_name(unsigned tclass, uint32_t perm)
{
    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        if (perms[i].tclass == tclass && perm == 1u << perms[i].bit) {
            return perms[i].name;
        }
    }
    return "?";
}

/* Fallbacks of the permissions asked, each once. */
static void print_fallbacks(const struct call_question *q)
{
    const char *separator = "";
    unsigned last_class = 0;
    uint32_t last_perm = 0;

    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        if (perms[i].tclass != q->tclass || !(q->perm & (1u << perms[i].bit)) || perms[i].else_class == 0 ||
            (perms[i].else_class == last_class && perms[i].else_perm == last_perm)) {
            continue;
        }
        last_class = perms[i].else_class;
        last_perm = perms[i].else_perm;
        if (last_class == FALLBACK_ALLOWED) {
            printf("%sallowed", separator);
        } else {
            printf("%s%s %s", separator, classes[last_class], permission_name(last_class, last_perm));
        }
        separator = ", ";
    }
}

static void print_question(const struct call_question *q)
{
    const char *separator = q->chosen ? "of: " : "";

    printf("%s | %s | %s | ", parties[q->source], parties[q->object], classes[q->tclass]);
    for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
        if (perms[i].tclass == q->tclass && (q->perm & (1u << perms[i].bit))) {
            printf("%s%s", separator, perms[i].name);
            separator = ", ";
        }
    }
    printf("%s | ", q->flags & QUESTION_OPTIONAL ? " (where it applies)" : "");
    print_fallbacks(q);
}

static void print_row(uint32_t number, const struct hypercall_row *row)
{
    bool is_offered = row->act != act_absent;
    const char *notes[] = {
        row->flags & ROW_BATCH ? "each element" : NULL,
        is_offered ? NULL : "absent",
        row->why,
    };

    *(is_offered ? &offered : &absent) += 1;
    for (const struct call_question *q = row->ask; q->tclass != 0; q++) {
        if (q == row->ask) {
            printf("| %u | `%s` | ", number, row->name);
        } else {
            printf("| | | ");
        }
        print_question(q);
        printf(" | ");
        for (unsigned i = 0, some = 0; q == row->ask && i < ARRAY_SIZE(notes); i++) {
            if (notes[i] != NULL) {
                printf("%s%s", some++ != 0 ? ": " : "", notes[i]);
            }
        }
        printf(" |\n");
    }
}

static void print_family(unsigned nr, const struct hypercall_family *f)
{
    printf("\n## %u: %s\n\n"
           "| sub-op | name | source | target | class | permission | without the class | |\n"
           "|--:|---|---|---|---|---|---|---|\n", nr, f->name);
    for (uint32_t i = 0; i < f->count; i++) {
        if (f->rows[i].name != NULL) {
            print_row(i, &f->rows[i]);
        }
    }
    for (uint32_t i = 0; i < f->high_count; i++) {
        print_row(f->high_base + i, &f->high_rows[i]);
    }
}

static void list_row(unsigned nr, uint32_t op, const struct hypercall_row *row)
{
    printf("ROW(%u, %u", nr, op);
    for (const struct call_question *q = row->ask; q->tclass != 0; q++) {
        printf(", { %u, 0x%x, %u }", q->tclass, q->perm, q->flags | (unsigned)q->chosen << 1);
    }
    printf(")\n");
}

static void list_questions(void)
{
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        const struct hypercall_family *f = hypercall_table[nr];

        for (uint32_t i = 0; f != NULL && i < f->count; i++) {
            if (f->rows[i].name != NULL) {
                list_row(nr, i, &f->rows[i]);
            }
        }
        for (uint32_t i = 0; f != NULL && i < f->high_count; i++) {
            list_row(nr, f->high_base + i, &f->high_rows[i]);
        }
    }
}

/* ASKED(class, permission), and INSTEAD(class, permission, finer class): asked of a policy that lacks the finer class. */
static void list_asked_row(const struct hypercall_row *row)
{
    for (const struct call_question *q = row->ask; q->tclass != 0; q++) {
        for (unsigned i = 0; i < ARRAY_SIZE(perms); i++) {
            if (perms[i].tclass != q->tclass || !(q->perm & (1u << perms[i].bit))) {
                continue;
            }
            printf("ASKED(%s, %s)\n", classes[q->tclass], perms[i].name);
            if (perms[i].else_class != 0 && perms[i].else_class != FALLBACK_ALLOWED) {
                printf("INSTEAD(%s, %s, %s)\n", classes[perms[i].else_class],
                       permission_name(perms[i].else_class, perms[i].else_perm), classes[q->tclass]);
            }
        }
    }
}

static void list_asked(void)
{
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        const struct hypercall_family *f = hypercall_table[nr];

        for (uint32_t i = 0; f != NULL && i < f->count; i++) {
            if (f->rows[i].name != NULL) {
                list_asked_row(&f->rows[i]);
            }
        }
        for (uint32_t i = 0; f != NULL && i < f->high_count; i++) {
            list_asked_row(&f->high_rows[i]);
        }
    }
}

static bool is_absent(const struct hypercall_family *f)
{
    return f->kind == FAMILY_SINGLE && f->rows[0].absent != 0;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "questions") == 0) {
        list_questions();
        return ferror(stdout) != 0 || fflush(stdout) != 0;
    }
    if (argc > 1 && strcmp(argv[1], "asked") == 0) {
        list_asked();
        return ferror(stdout) != 0 || fflush(stdout) != 0;
    }
    printf("<!-- SPDX-License-Identifier: Apache-2.0 -->\n"
           "<!-- Printed by tools/build/check-table from the hypercall table; `make mediation` renews it. -->\n"
           "# Mediation: what guards every hypercall\n\n"
           "Each line is a question the dispatcher puts to the policy before the handler runs: may the source do this to the\n"
           "target? *caller* is the domain that calls, *itself* that domain's label towards itself, *target* the domain named\n"
           "(towards itself, its self label), *object* and *peer* are what else the call names: a port, a device, a label. \"of:\"\n"
           "means those permissions of the list that the arguments name. A refused question is -EACCES and one audit line.\n"
           "A policy that does not declare the class is asked the published permission under *without the class* instead;\n"
           "*allowed*: Xen asks nothing there. \"Absent\" operations are asked about and, when allowed, answer that they do not\n"
           "exist. What is not here is -ENOSYS.\n");
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        if (hypercall_table[nr] != NULL && !is_absent(hypercall_table[nr])) {
            print_family(nr, hypercall_table[nr]);
        }
    }
    printf("\n## Absent hypercalls\n\n"
           "| number | name | source | target | class | permission | without the class | |\n"
           "|--:|---|---|---|---|---|---|---|\n");
    for (unsigned nr = 0; nr < HYPERCALL_COUNT; nr++) {
        if (hypercall_table[nr] != NULL && is_absent(hypercall_table[nr])) {
            print_row(nr, &hypercall_table[nr]->rows[0]);
        }
    }
    printf("\n%u operations are offered and %u absent; every one is asked about.\n", offered, absent);
    return ferror(stdout) != 0 || fflush(stdout) != 0;
}
