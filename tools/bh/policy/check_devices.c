/* SPDX-License-Identifier: Apache-2.0 */
/* Labels of ports, memory, interrupts and PCI functions: some for two, some for nobody, and devices of a description that have none. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "../build/host.h"
#include "../build/policy.h"
#include "cil_tree.h"
#include "findings.h"

static const struct {
    int ocon;
    const char *keyword, *what;
} kinds[] = {
    { OCON_XEN_IOPORT, "ioportcon", "port" },
    { OCON_XEN_IOMEM, "iomemcon", "memory page" },
    { OCON_XEN_PIRQ, "pirqcon", "interrupt" },
    { OCON_XEN_PCIDEVICE, "pcidevicecon", "PCI function" },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void range(size_t kind, const ocontext_t *o, uint64_t *low, uint64_t *high)
{
    switch (kinds[kind].ocon) {
    case OCON_XEN_IOPORT:
        *low = o->u.ioport.low_ioport;
        *high = o->u.ioport.high_ioport;
        break;
    case OCON_XEN_IOMEM:
        *low = o->u.iomem.low_iomem;
        *high = o->u.iomem.high_iomem;
        break;
    case OCON_XEN_PIRQ:
        *low = *high = o->u.pirq;
        break;
    default:
        *low = *high = o->u.device;
    }
}

static const char *type_of(const struct checked *c, const ocontext_t *o)
{
    return c->model->types[o->context[0].type - 1];
}

/* The statement that labels this range with this type; all zero: not in CIL. */
static struct declared_at statement(const struct checked *c, size_t kind, uint64_t low, const char *type)
{
    for (size_t i = 0; i < c->source->file_count; i++) {
        struct source_file *f = &c->source->files[i];
        const struct cil_tree *t = source_tree(f);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, kinds[kind].keyword) : NULL; n != NULL;
             n = cil_tree_find(t, n, kinds[kind].keyword)) {
            const struct cil_node *numbers = cil_node_nth(n, 1);
            const char *first = numbers != NULL && numbers->word != NULL ? numbers->word : cil_node_text(numbers, 0);

            if (strtoull(first, NULL, 0) == low && cil_node_word(n, type) != NULL) {
                return (struct declared_at){ f->name, n->line, n->column, f->reference };
            }
        }
    }
    return checked_place(c, "type", type);
}

static void overlaps(const struct checked *c, size_t kind)
{
    const ocontext_t *list = c->model->db->ocontexts[kinds[kind].ocon];

    for (const ocontext_t *a = list; a != NULL; a = a->next) {
        for (const ocontext_t *b = a->next; b != NULL; b = b->next) {
            uint64_t al, ah, bl, bh;

            range(kind, a, &al, &ah);
            range(kind, b, &bl, &bh);
            if (al > bh || bl > ah) {
                continue;
            }
            struct declared_at x = statement(c, kind, al, type_of(c, a)), y = statement(c, kind, bl, type_of(c, b));

            if (finding_add(c->out, "overlap", true, y.file, y.line, y.column, "%s 0x%" PRIx64 "-0x%" PRIx64 " of %s overlaps 0x%" PRIx64
                            "-0x%" PRIx64 " of %s", kinds[kind].what, bl, bh, type_of(c, b), al, ah, type_of(c, a))) {
                finding_hint(c->out, "one has to give way; the other is at %s:%u", x.file != NULL ? x.file : "?", x.line);
            }
        }
    }
}

/* May a type be used by anybody? */
static bool has_user(const struct checked *c, int type)
{
    const struct model *p = c->model;
    int resource = model_class_named(p, "resource");
    uint32_t use = 0;

    for (unsigned int bit = 0; resource >= 0 && bit < 32; bit++) {
        const char *name = model_perms(p, resource) >> bit & 1 ? model_perm_name(p, resource, bit) : NULL;

        use |= name != NULL && strncmp(name, "use", 3) == 0 ? 1u << bit : 0;
    }
    for (size_t i = 0; i < p->grant_count; i++) {
        if (p->grants[i].tclass == resource && p->grants[i].target == type && ((p->grants[i].allowed | p->grants[i].conditional) & use) != 0) {
            return true;
        }
    }
    return false;
}

/* What an assertion keeps from some is meant to be so. */
static bool is_reserved(const struct checked *c, const char *type)
{
    for (size_t i = 0; i < c->source->file_count; i++) {
        const struct cil_tree *t = source_tree(&c->source->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "neverallow") : NULL; n != NULL; n = cil_tree_find(t, n, "neverallow")) {
            if (strcmp(cil_node_text(n, 2), type) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void unused_labels(const struct checked *c, size_t kind)
{
    for (const ocontext_t *o = c->model->db->ocontexts[kinds[kind].ocon]; o != NULL; o = o->next) {
        int type = (int)o->context[0].type - 1;
        struct declared_at at;
        uint64_t low, high;

        if (has_user(c, type) || is_reserved(c, c->model->types[type])) {
            continue;
        }
        range(kind, o, &low, &high);
        at = statement(c, kind, low, c->model->types[type]);
        if (finding_add(c->out, "unused-label", false, at.file, at.line, at.column, "%s 0x%" PRIx64 "-0x%" PRIx64 " is %s, which nobody may use",
                        kinds[kind].what, low, high, c->model->types[type])) {
            finding_hint(c->out, "(call %s (DOMAIN_t %s)) gives it to a domain; (neverallow ...) about %s says that it is nobody's",
                         kinds[kind].ocon == OCON_XEN_PCIDEVICE ? "device_use" : "resource_use", c->model->types[type], c->model->types[type]);
        }
    }
}

/* -- a description ------------------------------------------------------------------------------------------------------------------- */

/* May that domain use what is labelled so? */
static bool may_use(const struct checked *c, const char *domain, int label)
{
    char *name = bh_printf("%s_t", domain);
    int type = model_type_named(c->model, name), resource = model_class_named(c->model, "resource");
    const struct grant *g = type >= 0 && resource >= 0 ? model_grant(c->model, type, label, resource) : NULL;
    bool may = false;

    free(name);
    for (unsigned int bit = 0; g != NULL && bit < 32; bit++) {
        may = may || (g->allowed >> bit & 1 && strncmp(model_perm_name(c->model, resource, bit), "use", 3) == 0);
    }
    return may;
}

/* Ask for each part of a range; the first that is not right is told. */
static void device(const struct checked *c, const struct host *h, const struct host_domain *d, unsigned int line, size_t kind, uint64_t first,
                   uint64_t last)
{
    for (uint64_t at = first; at <= last; at++) {
        const ocontext_t *found = NULL;

        for (const ocontext_t *o = c->model->db->ocontexts[kinds[kind].ocon]; o != NULL && found == NULL; o = o->next) {
            uint64_t low, high;

            range(kind, o, &low, &high);
            found = low <= at && at <= high ? o : NULL;
        }
        if (found == NULL) {
            if (finding_add(c->out, "unlabelled", true, h->file, line, 0, "%s 0x%" PRIx64 " of domain %s has no label in the policy",
                            kinds[kind].what, at, d->name)) {
                finding_hint(c->out, "the hypervisor will refuse to start it: (%s 0x%" PRIx64 " (system_u object_r TYPE low_low))",
                             kinds[kind].keyword, at);
            }
            return;
        }
        if (!may_use(c, d->name, (int)found->context[0].type - 1)) {
            if (finding_add(c->out, "unlabelled", true, h->file, line, 0, "%s 0x%" PRIx64 " is %s, which %s_t may not use", kinds[kind].what, at,
                            type_of(c, found), d->name)) {
                finding_hint(c->out, "the hypervisor will refuse to start it: (call %s (%s_t %s))",
                             kinds[kind].ocon == OCON_XEN_PCIDEVICE ? "device_use" : "resource_use", d->name, type_of(c, found));
            }
            return;
        }
    }
}

static void description(const struct checked *c, const char *path, const char *tree, struct messages *m)
{
    struct host host = { 0 };
    struct buf text = { 0 };
    struct diag diag = { 0 };
    char **names = NULL;
    size_t count = policy_kinds(tree, &names);

    if (file_load(path, &text, &diag) &&
        host_parse(&host, path, (const uint8_t *)text.data, text.len, (const char *const *)names, count, &diag)) {
        for (size_t i = 0; i < host.domain_count; i++) {
            const struct host_domain *d = &host.domains[i];

            for (size_t k = 0; k < d->ioports_count; k++) {
                device(c, &host, d, d->ioports_line, 0, d->ioports[k].first, d->ioports[k].first + d->ioports[k].count - 1u);
            }
            for (size_t k = 0; k < d->pci_count; k++) {
                device(c, &host, d, d->pci_line, 3, d->pci[k] & 0xffff, d->pci[k] & 0xffff);
            }
        }
    }
    messages_of_diag(m, &diag);
    host_free(&host);
    names_free(names, count);
    buf_free(&text);
}

void check_devices(const struct checked *c, const char *host, const char *tree, struct messages *m)
{
    for (size_t kind = 0; kind < KINDS; kind++) {
        overlaps(c, kind);
        unused_labels(c, kind);
    }
    if (host != NULL) {
        description(c, host, tree, m);
    }
}
