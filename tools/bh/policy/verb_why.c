/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy why: the rules that allow something, with the macros and lines they come from; or what is missing, and what forbids it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cite.h"
#include "explain.h"
#include "model.h"
#include "table.h"
#include "rules.h"
#include "verb.h"

#define OFFERS_MAX 3 /* each is compiled with the whole policy */

struct answer {
    const struct verb_options *o;
    struct source source;
    struct model model;
    int s, t, c, bit;
    json_object *json;
};

static json_object *rule_json(const struct rule *r)
{
    json_object *o = json_object_new_object(), *places = json_object_new_array();

    json_object_object_add(o, "rule", json_object_new_string(r->text));
    for (size_t i = 0; i < r->place_count; i++) {
        json_object *p = json_object_new_object();

        json_object_object_add(p, "statement", json_object_new_string(r->places[i].keyword));
        json_object_object_add(p, "file", json_object_new_string(r->places[i].file));
        json_object_object_add(p, "line", json_object_new_int64(r->places[i].line));
        json_object_array_add(places, p);
    }
    json_object_object_add(o, "places", places);
    return o;
}

static void show_rule(const struct answer *a, const struct rule *r)
{
    printf("  %s\n", r->text);
    for (size_t i = r->place_count; i-- > 0;) {
        const struct place *p = &r->places[i];
        const char *name = strcmp(p->keyword, "call") == 0 ? cite_called(&a->source, p) : "";

        if (i + 1 == r->place_count) {
            printf("    at %s:%u\n", p->file, p->line);
        } else {
            printf("    in %s%s%s at %s:%u\n", p->keyword, *name != '\0' ? " " : "", name, p->file, p->line);
        }
    }
}

/* Rules of a binary policy have no places. */
static void show_binary(struct answer *a)
{
    char *names = model_perm_names(&a->model, a->c, model_grant(&a->model, a->s, a->t, a->c)->allowed);

    printf("  between these types it allows %s { %s }; a binary policy does not tell by which rule\n", a->model.classes[a->c], names);
    free(names);
}

static bool find(struct answer *a, struct rules *out, struct messages *m)
{
    struct question q = { a->model.types[a->s], a->model.types[a->t], a->model.classes[a->c],
                          model_perm_name(&a->model, a->c, (unsigned int)a->bit) };

    *out = (struct rules){ 0 };
    return rules_find(&a->source, NULL, &q, 1, out, m);
}

static void tell_rules(struct answer *a, const struct rules *found)
{
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < found->count; i++) {
        json_object_array_add(list, rule_json(&found->list[i]));
        if (!a->o->json) {
            show_rule(a, &found->list[i]);
        }
    }
    json_object_object_add(a->json, "rules", list);
    if (!source_has_places(&a->source) && !a->o->json) {
        show_binary(a);
    }
}

/* Constraints on the permission: one of them says no, since a rule says yes. */
static void tell_constraints(struct answer *a)
{
    const char *tclass = a->model.classes[a->c], *perm = model_perm_name(&a->model, a->c, (unsigned int)a->bit), *file;
    json_object *list = json_object_new_array();
    const struct cil_node *n;

    for (n = cite_constraint(&a->source, tclass, perm, NULL, &file); n != NULL; n = cite_constraint(&a->source, tclass, perm, n, &file)) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "file", json_object_new_string(file));
        json_object_object_add(o, "line", json_object_new_int64(n->line));
        json_object_object_add(o, "why", json_object_new_string(n->comment != NULL ? n->comment : ""));
        json_object_array_add(list, o);
        if (!a->o->json) {
            printf("  constraint at %s:%u%s%s\n", file, n->line, n->comment != NULL ? ": " : "", n->comment != NULL ? n->comment : "");
        }
    }
    json_object_object_add(a->json, "constraints", list);
}

static void indent(const char *cil, const char *by)
{
    for (const char *p = cil; *p != '\0';) {
        size_t n = strcspn(p, "\n");

        printf("%s%.*s\n", by, (int)n, p);
        p += n + (p[n] != '\0');
    }
}

static void tell_remedy(struct answer *a, const struct remedy *r, json_object *list)
{
    json_object *o = json_object_new_object(), *forbidden = json_object_new_array();

    json_object_object_add(o, "cil", json_object_new_string(r->cil));
    json_object_object_add(o, "permissions", json_object_new_int64((int64_t)r->cost));
    if (r->macro != NULL) {
        json_object_object_add(o, "macro", json_object_new_string(r->macro));
        json_object_object_add(o, "file", json_object_new_string(r->file));
        json_object_object_add(o, "line", json_object_new_int64(r->line));
    }
    if (!a->o->json) {
        if (r->macro != NULL) {
            const char *comment = r->comment != NULL ? r->comment : "";

            printf("\n  %s of %s:%u, which gives %zu permission%s%s%.*s\n", r->macro, r->file, r->line, r->cost, r->cost == 1 ? "" : "s",
                   *comment != '\0' ? ": " : "", cite_first_sentence(comment), comment);
        } else {
            printf("\n  this alone, by a rule of its own\n");
        }
        indent(r->cil, "      ");
    }
    for (size_t i = 0; i < r->checked.violation_count; i++) {
        const struct violation *v = &r->checked.violations[i];
        json_object *f = json_object_new_object();

        json_object_object_add(f, "file", json_object_new_string(v->file));
        json_object_object_add(f, "line", json_object_new_int64(v->line));
        json_object_object_add(f, "why", json_object_new_string(cite_comment(&a->source, v->file, v->line)));
        json_object_array_add(forbidden, f);
        if (!a->o->json) {
            printf("    forbidden by the assertion of %s:%u: %s\n", v->file, v->line, cite_comment(&a->source, v->file, v->line));
        }
    }
    json_object_object_add(o, "forbidden", forbidden);
    json_object_array_add(list, o);
}

static bool tell_remedies(struct answer *a, struct messages *m)
{
    const char *perm = model_perm_name(&a->model, a->c, (unsigned int)a->bit);
    struct request q = { a->model.types[a->s], a->model.types[a->t], a->model.classes[a->c], &perm, 1 };
    struct remedies r = { 0 };
    json_object *list = json_object_new_array();
    bool ok = a->source.binary || remedies_find(&r, &a->source, &a->model, &q, OFFERS_MAX, m);

    if (ok && !a->o->json) {
        printf("  no rule gives it%s\n", !a->source.binary ? ". What would:" : source_has_places(&a->source) ? "" :
               ", and a binary policy has no macros to offer");
    }
    for (size_t i = 0; ok && i < r.count; i++) {
        tell_remedy(a, &r.list[i], list);
    }
    json_object_object_add(a->json, "remedies", list);
    remedies_free(&r);
    return ok;
}

static int answer(struct answer *a, struct messages *m)
{
    const struct grant *g = model_grant(&a->model, a->s, a->t, a->c);
    bool allowed = g != NULL && (g->allowed >> a->bit & 1), constrained = g != NULL && (g->denied >> a->bit & 1);
    bool switched = g != NULL && !allowed && !constrained && (g->conditional >> a->bit & 1);
    const char *verdict = allowed ? "allowed" : "denied";
    struct rules found = { 0 };
    bool ok = !(allowed || constrained || switched) || find(a, &found, m);

    if (!ok) {
        return POLICY_WRONG;
    }
    json_object_object_add(a->json, "verdict", json_object_new_string(verdict));
    if (!a->o->json) {
        printf("%s: %s -> %s  %s { %s }\n", verdict, a->model.types[a->s], a->model.types[a->t], a->model.classes[a->c],
               model_perm_name(&a->model, a->c, (unsigned int)a->bit));
    }
    if (allowed || constrained || switched) {
        if (!a->o->json && !allowed) {
            printf("  %s\n", constrained ? "a rule gives it, and a constraint takes it away" : "the rules hang on booleans that are off");
        }
        tell_rules(a, &found);
        if (constrained) {
            tell_constraints(a);
        }
    } else {
        ok = tell_remedies(a, m);
    }
    rules_free(&found);
    return !ok ? POLICY_WRONG : allowed ? POLICY_YES : POLICY_NO;
}

static int why_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct answer a = { .o = o };
    int rc = POLICY_WRONG;

    if (!model_read(&a.model, &a.source, o->tree, o->policy, o->policy_count, m)) {
        return rc;
    }
    a.json = json_object_new_object();
    a.s = model_type(&a.model, w->words[0], m);
    a.t = strcmp(w->words[1], "self") == 0 ? a.s : model_type(&a.model, w->words[1], m);
    a.c = model_class(&a.model, w->words[2], m);
    a.bit = a.c >= 0 ? model_perm(&a.model, a.c, w->words[3], m) : -1;
    if (a.s >= 0 && a.t >= 0 && a.bit >= 0) {
        rc = answer(&a, m);
    }
    if (rc != POLICY_WRONG && o->json) {
        json_write(a.json, stdout);
    } else {
        json_object_put(a.json);
    }
    model_free(&a.model);
    source_free(&a.source);
    return rc;
}

const struct policy_verb policy_why_verb = {
    .name = "why",
    .words = "SOURCE TARGET CLASS PERMISSION",
    .word_min = 4,
    .word_max = 4,
    .summary = "the rules that allow something, or what is missing",
    .help = "May SOURCE do PERMISSION of CLASS to TARGET? If so: each rule that says it, and the macro calls and lines it comes from.\n"
            "If not: the smallest macro call that would allow it, the plain rule, and the assertion that forbids either.\n"
            "Types may be given as guest_t, guest (for guest_t or guest.t), a whole context, or self.\n\n"
            "    bh policy why -p host.conf guest netdd grant_op map_read",
    .run = why_run,
};
