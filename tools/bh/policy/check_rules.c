/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that break an assertion, or give what nobody asks about; classes that the hypervisor does not know; permissive types. */
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "cil_tree.h"
#include "decide.h"
#include "findings.h"

static void broken(const struct checked *c)
{
    for (size_t i = 0; i < c->rules->violation_count; i++) {
        const struct violation *v = &c->rules->violations[i];
        struct source_file *f = source_find(c->source, v->file);
        const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;
        const struct cil_node *list = t != NULL ? cil_tree_at(t, v->line) : NULL;

        for (size_t k = 0; k < v->rule_count; k++) {
            const struct rule *r = &v->rules[k];
            const struct place *outer = r->place_count > 0 ? &r->places[0] : NULL;
            char *origin = outer != NULL && strcmp(outer->file, RULES_QUERY) == 0 ? NULL : rule_origin(r); /* NULL: a kind that was tried */

            if (origin != NULL && finding_add(c->out, "assertion", true, outer != NULL ? outer->file : v->file,
                                              outer != NULL ? outer->line : v->line, 0, "%s breaks the assertion of %s:%u%s%s", r->text, v->file, v->line,
                            list != NULL && list->comment != NULL ? ": " : "", list != NULL && list->comment != NULL ? list->comment : "")) {
                if (outer != NULL) {
                    finding_hint(c->out, "the rule comes from %s", origin);
                }
            }
            free(origin);
        }
    }
}

/* -- never asked -------------------------------------------------------------------------------------------------------- */

/* One finding for the permissions of a rule, or of a class where there are no places. */
static void never_asked(const struct checked *c, const char *file, unsigned int line, const char *tclass, const char *const *perms, size_t count)
{
    struct buf gone = { 0 };
    const char *finer = NULL;
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const char *instead;

        if (perms[i] != NULL && decide_class(tclass) >= 0 && decide_perm(decide_class(tclass), perms[i]) != 0 &&
            !asked_about(c->model, tclass, perms[i], &instead)) {
            buf_printf(&gone, "%s%s", found++ > 0 ? " " : "", perms[i]);
            finer = instead != NULL ? instead : finer;
        }
    }
    if (found > 0 && finding_add(c->out, "never-asked", false, file, line, 0, "nobody asks about %s { %s }", tclass, gone.data)) {
        if (finer != NULL) {
            finding_hint(c->out, "a policy that has class %s is asked about that in its place; leave it out", finer);
        } else {
            finding_hint(c->out, "the hypervisor has no such operation; leave it out");
        }
    }
    buf_free(&gone);
}

static void never_asked_rules(const struct checked *c)
{
    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *r = &c->rules->list[i];
        const struct place *own = r->place_count > 0 ? &r->places[r->place_count - 1] : NULL;

        never_asked(c, own != NULL ? own->file : NULL, own != NULL ? own->line : 0, r->tclass, (const char *const *)r->perms, r->perm_count);
    }
}

static void never_asked_binary(const struct checked *c)
{
    const struct model *p = c->model;

    for (size_t k = 0; k < p->class_count; k++) {
        const char *names[32] = { NULL };
        uint32_t perms = 0;

        for (size_t i = 0; i < p->grant_count; i++) {
            perms |= p->grants[i].tclass == k ? p->grants[i].allowed | p->grants[i].conditional : 0;
        }
        for (unsigned int bit = 0; bit < 32; bit++) {
            names[bit] = perms >> bit & 1 ? model_perm_name(p, (int)k, bit) : NULL;
        }
        never_asked(c, NULL, 0, p->classes[k], names, 32);
    }
}

/* -- classes --------------------------------------------------------------------------------------------------------------- */

static void unknown_classes(const struct checked *c)
{
    for (size_t k = 0; k < c->model->class_count; k++) {
        const char *name = c->model->classes[k];
        struct declared_at at = checked_place(c, "class", name);
        int tclass = decide_class(name);

        if (tclass < 0) {
            if (finding_add(c->out, "unknown-class", false, at.file, at.line, at.column, "the hypervisor does not know class %s", name)) {
                finding_hint(c->out, "rules about it have no effect; `bh policy show classes` lists those of the reference policy");
            }
            continue;
        }
        for (unsigned int bit = 0; bit < 32; bit++) {
            const char *perm = model_perms(c->model, (int)k) >> bit & 1 ? model_perm_name(c->model, (int)k, bit) : NULL;

            if (perm != NULL && decide_perm(tclass, perm) == 0 &&
                finding_add(c->out, "unknown-permission", false, at.file, at.line, at.column,
                            "the hypervisor does not know permission %s of class %s", perm, name)) {
                finding_hint(c->out, "rules about it have no effect; `bh policy show permissions %s` lists those there are", name);
            }
        }
    }
}

/* -- permissive ------------------------------------------------------------------------------------------------------------ */

static struct declared_at permissive_at(const struct checked *c, const char *type)
{
    for (size_t i = 0; i < c->source->file_count; i++) {
        const struct cil_tree *t = source_tree(&c->source->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "typepermissive") : NULL; n != NULL;
             n = cil_tree_find(t, n, "typepermissive")) {
            if (strcmp(cil_node_text(n, 1), type) == 0) {
                return (struct declared_at){ .file = c->source->files[i].name, .line = n->line, .column = n->column };
            }
        }
    }
    return checked_place(c, c->source->conf.len > 0 ? "permissive" : "type", type);
}

static void permissive(const struct checked *c)
{
    for (size_t i = 0; i < c->model->type_count; i++) {
        if (ebitmap_get_bit(&c->model->db->permissive_map, (unsigned int)i + 1)) {
            struct declared_at at = permissive_at(c, c->model->types[i]);

            if (finding_add(c->out, "permissive", true, at.file, at.line, at.column, "%s is permissive: nothing is refused to it", c->model->types[i])) {
                finding_hint(c->out, "give it the rules it needs; `bh policy audit` makes them from what it was refused");
            }
        }
    }
}

void check_rules(const struct checked *c)
{
    broken(c);
    permissive(c);
    unknown_classes(c);
    if (source_has_places(c->source)) {
        never_asked_rules(c);
    } else {
        never_asked_binary(c);
    }
}
