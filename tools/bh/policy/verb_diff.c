/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy diff: what another policy would change, by effect. Each section of the answer is a function in the table at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "flow_pairs.h"
#include "located.h"
#include "table.h"
#include "verb.h"

#define QUESTIONS_MAX 400  /* more than these take longer than asking for all rules */

struct side {
    struct source source;
    struct model model;
    struct located located;   /* of a CIL policy */
    bool is_located;
};

struct difference {
    const struct verb_options *o;
    struct side was, is;
    struct comparison c;
    json_object *json;
    bool found;               /* a section had something to say */
};

/* -- facts ---------------------------------------------------------------------------------------------------------- */

static void show_fact(const struct fact_change *f, bool first)
{
    if (first) {
        printf("%s\n", f->kind);
    }
    if (f->was == NULL || f->is == NULL) {
        const char *value = f->was != NULL ? f->was : f->is;

        printf("  %c %s%s%s\n", f->was != NULL ? '-' : '+', f->object, value != NULL && *value != '\0' ? "  " : "", value != NULL ? value : "");
    } else {
        printf("  ~ %s  %s, was %s\n", f->object, f->is, f->was);
    }
}

static bool facts(struct difference *d, struct messages *m)
{
    json_object *list = json_object_new_array();

    (void)m;
    for (size_t i = 0; i < d->c.fact_count; i++) {
        const struct fact_change *f = &d->c.facts[i];
        json_object *o = json_object_new_object();

        json_object_object_add(o, "kind", json_object_new_string(f->kind));
        json_object_object_add(o, "object", json_object_new_string(f->object));
        json_object_object_add(o, "old", f->was != NULL ? json_object_new_string(f->was) : NULL);
        json_object_object_add(o, "new", f->is != NULL ? json_object_new_string(f->is) : NULL);
        json_object_array_add(list, o);
        if (!d->o->json) {
            show_fact(f, i == 0 || strcmp(f->kind, f[-1].kind) != 0);
        }
        d->found = true;
    }
    json_object_object_add(d->json, "facts", list);
    return true;
}

/* -- rights --------------------------------------------------------------------------------------------------------- */

static void right(struct difference *d, const struct right_change *r, const char *change, const char *sign, const struct side *side,
                  const struct grant *g, uint32_t perms, const char *why, json_object *list)
{
    const struct model *p = &side->model;
    json_object *o;
    char *names, *origins;

    if (perms == 0) {
        return;
    }
    o = json_object_new_object();
    names = model_perm_names(p, g->tclass, perms);
    origins = located_origins(side->is_located ? &side->located : NULL, p, g->source, g->target, g->tclass, perms);
    json_object_object_add(o, "change", json_object_new_string(change));
    json_object_object_add(o, "source", json_object_new_string(r->source));
    json_object_object_add(o, "target", json_object_new_string(r->target));
    json_object_object_add(o, "class", json_object_new_string(r->tclass));
    json_object_object_add(o, "permissions", json_object_new_string(names));
    json_object_object_add(o, "why", json_object_new_string(why));
    json_object_object_add(o, "from", json_object_new_string(origins));
    json_object_array_add(list, o);
    if (!d->o->json) {
        printf("  %s %s  %s { %s }%s%s%s%s%s\n", sign, r->target, r->tclass, names, *why != '\0' ? "  " : "", why, *origins != '\0' ? "  (" : "",
               origins, *origins != '\0' ? ")" : "");
    }
    free(names);
    free(origins);
    d->found = true;
}

/* The rules that give what one side has more than the other. A rule may answer several questions, and is there for each of them. */
static bool locate(struct side *s, const struct comparison *c, bool old, struct messages *m)
{
    struct question *q = bh_alloc((c->right_count + 1) * sizeof(*q));
    size_t count = 0;

    for (size_t i = 0; i < c->right_count; i++) {
        const struct right_change *r = &c->rights[i];

        if (old ? (r->lost | r->may_lose) != 0 : (r->gained | r->may_gain) != 0) {
            q[count++] = (struct question){ r->source, r->target, r->tclass, NULL };
        }
    }
    if (count > 0 && !s->source.binary) {
        s->is_located = count <= QUESTIONS_MAX ? located_find(&s->located, &s->source, &s->model, q, count, m) :
                        located_read(&s->located, &s->source, &s->model, m);
    }
    free(q);
    return s->is_located || s->source.binary || count == 0;
}

static bool rights(struct difference *d, struct messages *m)
{
    json_object *list = json_object_new_array();

    json_object_object_add(d->json, "rights", list);
    if (d->c.right_count > 0 && (!locate(&d->was, &d->c, true, m) || !locate(&d->is, &d->c, false, m))) {
        return false;
    }
    for (size_t i = 0; i < d->c.right_count; i++) {
        const struct right_change *r = &d->c.rights[i];

        if (!d->o->json && (i == 0 || strcmp(r->source, r[-1].source) != 0)) {
            printf("rights of %s\n", r->source);
        }
        right(d, r, "lost", "-", &d->was, r->was, r->lost & ~r->constrained, "", list);
        right(d, r, "lost", "-", &d->was, r->was, r->constrained, "a constraint takes it away", list);
        right(d, r, "gained", "+", &d->is, r->is, r->gained & ~r->freed, "", list);
        right(d, r, "gained", "+", &d->is, r->is, r->freed, "no constraint takes it away any more", list);
        right(d, r, "lost by boolean", "-?", &d->was, r->was, r->may_lose, "when booleans were set", list);
        right(d, r, "gained by boolean", "+?", &d->is, r->is, r->may_gain, "when booleans are set", list);
    }
    return true;
}

/* -- flows ---------------------------------------------------------------------------------------------------------- */

static void flow_changed(struct difference *d, const struct flow_pair *pair, bool opens, json_object *list)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "change", json_object_new_string(opens ? "opened" : "closed"));
    json_object_object_add(o, "from", json_object_new_string(pair->from));
    json_object_object_add(o, "to", json_object_new_string(pair->to));
    json_object_object_add(o, "weight", json_object_new_int64(pair->weight));
    json_object_array_add(list, o);
    if (!d->o->json) {
        printf("%s  %c %s -> %s, weight %u\n", json_object_array_length(list) == 1 ? "information flows\n" : "", opens ? '+' : '-', pair->from,
               pair->to, pair->weight);
    }
    d->found = true;
}

/* Between domains, without a third. A policy of which the permission map does not know all is not compared here, and it is said. */
static bool flows(struct difference *d, struct messages *m)
{
    json_object *list = json_object_new_array();
    struct permission_map map = { 0 };
    struct flow_pairs was = { 0 }, is = { 0 };
    struct messages why = { 0 };
    bool known = permission_map_load(&map, d->o, NULL, &why) && flow_pairs_find(&was, &d->was.model, &map, &why) &&
                 flow_pairs_find(&is, &d->is.model, &map, &why);

    (void)m;
    for (size_t i = 0, k = 0; known && (i < was.count || k < is.count);) {
        int order = i == was.count ? 1 : k == is.count ? -1 : flow_pair_order(&was.list[i], &is.list[k]);

        if (order < 0) {
            flow_changed(d, &was.list[i], false, list);
        } else if (order > 0) {
            flow_changed(d, &is.list[k], true, list);
        }
        i += order <= 0;
        k += order >= 0;
    }
    if (!known && !d->o->json && d->found) {
        printf("information flows are not compared: %s\n", why.count > 0 ? why.list[0].what : "");
    }
    json_object_object_add(d->json, "flows", known ? list : NULL);
    if (!known) {
        json_object_put(list);
    }
    flow_pairs_free(&was);
    flow_pairs_free(&is);
    permission_map_free(&map);
    messages_free(&why);
    return true;
}

/* -- all of it ------------------------------------------------------------------------------------------------------ */

/* A section says what differs, as text or into `json`, and sets `found`. */
static bool (*const sections[])(struct difference *d, struct messages *m) = { facts, rights, flows };

static void free_side(struct side *s)
{
    located_free(&s->located);
    model_free(&s->model);
    source_free(&s->source);
}

static int diff_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct difference d = { .o = o };
    bool ok = true;
    int rc = POLICY_WRONG;

    if (!model_read_list(&d.was.model, &d.was.source, o->tree, w->words[0], m)) {
        return rc;
    }
    if (model_read_list(&d.is.model, &d.is.source, o->tree, w->words[1], m)) {
        d.json = json_object_new_object();
        compare(&d.c, &d.was.model, &d.is.model);
        for (size_t i = 0; ok && i < sizeof(sections) / sizeof(sections[0]); i++) {
            ok = sections[i](&d, m);
        }
        rc = !ok ? POLICY_WRONG : d.found ? POLICY_NO : POLICY_YES;
        if (ok && o->json) {
            json_object_object_add(d.json, "equal", json_object_new_boolean(!d.found));
            json_write(d.json, stdout);
        } else {
            json_object_put(d.json);
        }
        if (ok && !o->json && !d.found) {
            printf("no difference\n");
        }
        comparison_free(&d.c);
        free_side(&d.is);
    }
    free_side(&d.was);
    return rc;
}

const struct policy_verb policy_diff_verb = {
    .name = "diff",
    .words = "OLD NEW",
    .word_min = 2,
    .word_max = 2,
    .no_policy = true,
    .summary = "what another policy would change",
    .help = "Compares two policies by what they mean: types, classes, permissions, booleans, permissive types, roles and users, labels, transitions,\n"
            "what is on record (auditallow) and kept from it (dontaudit), and for each domain the rights that it gains (+) and loses (-), with\n"
            "constraints applied and booleans as they are set; +? and -? are rights that hang on a boolean which is off. Rights name the rules\n"
            "they come from, or came from. OLD and NEW are each what -p takes; several files are joined by commas. The last part is between\n"
            "which domains information goes, without a third, that could not before (+) or cannot any more (-). What is not compared: levels\n"
            "of labels, range transitions, defaults of new objects' contexts, constraints on relabelling (validatetrans), and how rules were\n"
            "written.\n"
            "Status 1: they differ.\n\n"
            "    bh policy diff build/first-light examples/host.conf\n"
            "    bh policy diff host.conf host.conf,more.cil",
    .run = diff_run,
};
