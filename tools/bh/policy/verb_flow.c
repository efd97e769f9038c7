/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy flow: whether information gets from one domain to another, through whom, and by which rules. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "flow_tell.h"
#include "parties.h"
#include "picture.h"
#include "table.h"
#include "type_set.h"
#include "verb.h"

#define PATHS_MAX 100

static const struct verb_option options[] = {
    { "--max", "N", "only paths of at most N steps" },
    { "--exclude", "TYPES", "nothing passes through these; may be repeated" },
    { "--min-weight", "N", "leave out permissions of less weight than N, 1 to 10" },
    { "--all", NULL, "all shortest paths, 100 at most" },
    { "--from-anything", NULL, "what reaches A, instead of what A reaches; without B" },
    { "--boot", NULL, "count the hypervisor's own init code too, which writes all memory and is gone when the first domain runs" },
    { "--map", "FILE", "permission map in SETools' format; default: TREE/policy/permission_map" },
    { "--dot", "FILE", "a picture for graphviz: of the path, or without A of all domains" },
    { "--svg", "FILE", "the same, drawn" },
};

extern const struct policy_verb policy_flow_verb;

struct asked {
    const struct verb_options *o;
    const struct verb_words *w;
    struct source source;
    struct model model;
    struct permission_map map;
    struct flow flow;
    struct flow_limits limits;
    bool *excluded;
    struct flow_teller teller;
    size_t *edges;             /* of all paths found, one after another */
    size_t length, path_count; /* edges of each, and how many there are */
    bool more;
    int from, to;
};

static const char *value(const struct asked *a, const char *name)
{
    return verb_value(&policy_flow_verb, a->w, name);
}

static bool number(const struct asked *a, const char *name, unsigned int most, unsigned int *out, struct messages *m)
{
    const char *text = value(a, name);
    char *end;
    unsigned long n;

    if (text == NULL) {
        return true;
    }
    n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || n < 1 || n > most) {
        message_add(m, NULL, 0, 0, "%s: '%s' is no number from 1 to %u", name, text, most);
        message_hint(m, "bh policy flow %s N ...", name);
        return false;
    }
    *out = (unsigned int)n;
    return true;
}

static bool read_limits(struct asked *a, struct messages *m)
{
    bool ok = number(a, "--max", 65535, &a->limits.steps, m) && number(a, "--min-weight", PERMISSION_MAP_WEIGHT_MAX, &a->limits.weight, m);

    a->excluded = bh_alloc(a->model.type_count + 1);
    a->limits.excluded = a->excluded;
    if (party_boot(&a->model) >= 0) {
        a->excluded[party_boot(&a->model)] = value(a, "--boot") == NULL;
    }
    for (size_t i = 0; ok && i < a->w->repeat_count; i += 2) {
        struct types_named set;

        if (strcmp(a->w->repeats[i], "--exclude") != 0) {
            continue;
        }
        ok = type_set_read(&set, &a->model, a->w->repeats[i + 1], m);
        for (size_t t = 0; ok && t < a->model.type_count; t++) {
            a->excluded[t] = a->excluded[t] || set.in[t];
        }
        if (ok) {
            type_set_free(&set);
        }
    }
    return ok;
}

/* The ways to one that was reached; shorter ones than those found before take their place. */
static void take(struct asked *a, const struct flow_reached *r, int to, bool all)
{
    size_t *found, n = 1;

    if (a->path_count > 0 && (r->steps[to] > a->length || (!all && r->steps[to] == a->length))) {
        return;
    }
    if (r->steps[to] != a->length) {
        a->path_count = 0;
        a->more = false;
        a->length = r->steps[to];
    }
    if (all) {
        n = flow_paths(&a->flow, r, to, &a->limits, PATHS_MAX, &found);
    } else {
        flow_path(&a->flow, r, to, &found);
    }
    if (a->path_count + n > PATHS_MAX) {
        n = PATHS_MAX - a->path_count;
        a->more = true;
    }
    a->edges = bh_grow(a->edges, (a->path_count + n + 1) * a->length, sizeof(*a->edges));
    memcpy(a->edges + a->path_count * a->length, found, n * a->length * sizeof(*found));
    a->path_count += n;
    free(found);
}

/* The shortest paths from any of one set to any of another, but itself. */
static void find(struct asked *a, const struct types_named *from, const struct types_named *to)
{
    for (size_t s = 0; s < a->model.type_count; s++) {
        struct flow_reached r;

        if (!from->in[s]) {
            continue;
        }
        flow_search(&a->flow, (int)s, false, &a->limits, &r);
        for (size_t t = 0; t < a->model.type_count; t++) {
            if (to->in[t] && t != s && r.steps[t] != FLOW_FAR) {
                take(a, &r, (int)t, value(a, "--all") != NULL);
            }
        }
        flow_reached_free(&r);
    }
}

static void limits_text(const struct asked *a, FILE *out)
{
    if (a->limits.weight > 0) {
        fprintf(out, ", by weights from %u", a->limits.weight);
    }
    if (a->limits.steps > 0) {
        fprintf(out, ", in %u steps", a->limits.steps);
    }
    for (size_t i = 0; i < a->w->repeat_count; i += 2) {
        if (strcmp(a->w->repeats[i], "--exclude") == 0) {
            fprintf(out, ", without %s", a->w->repeats[i + 1]);
        }
    }
}

static void tell_paths(const struct asked *a)
{
    if (a->path_count == 0) {
        printf("no information flows from %s to %s", a->w->words[0], a->w->words[1]);
        limits_text(a, stdout);
        printf("\n");
        return;
    }
    for (size_t i = 0; i < a->path_count; i++) {
        const size_t *path = a->edges + i * a->length;

        printf("%sinformation flows from %s to %s in %zu step%s, weight %u\n", i > 0 ? "\n" : "", a->model.types[a->flow.edges[path[0]].from],
               a->model.types[a->flow.edges[path[a->length - 1]].to], a->length, a->length == 1 ? "" : "s",
               flow_weakest(&a->flow, path, a->length));
        flow_path_text(&a->teller, path, a->length, "", stdout);
    }
    if (a->more) {
        printf("\nand more ways of that length, which are not shown\n");
    }
}

static void json_paths(const struct asked *a)
{
    json_object *o = json_object_new_object(), *list = json_object_new_array();

    json_object_object_add(o, "flows", json_object_new_boolean(a->path_count > 0));
    for (size_t i = 0; i < a->path_count; i++) {
        json_object_array_add(list, flow_path_json(&a->teller, a->edges + i * a->length, a->length));
    }
    json_object_object_add(o, "paths", list);
    json_object_object_add(o, "more", json_object_new_boolean(a->more));
    json_write(o, stdout);
}

static bool pictures(const struct asked *a, const struct buf *dot, struct messages *m)
{
    const char *dot_file = value(a, "--dot"), *svg_file = value(a, "--svg");
    struct buf svg = { 0 };
    struct diag diag = { 0 };
    bool ok = svg_file == NULL || picture_svg(dot, &svg, m);

    ok = ok && (dot_file == NULL || file_save(dot_file, dot->data, dot->len, &diag)) &&
         (svg_file == NULL || file_save(svg_file, svg.data, svg.len, &diag));
    messages_of_diag(m, &diag);
    buf_free(&svg);
    return ok;
}

/* From A to B. */
static int answer_paths(struct asked *a, struct messages *m)
{
    struct types_named from = { 0 }, to = { 0 };
    struct buf dot = { 0 };
    int rc = POLICY_WRONG;
    bool ok = type_set_read(&from, &a->model, a->w->words[0], m) && type_set_read(&to, &a->model, a->w->words[1], m);

    if (ok) {
        find(a, &from, &to);
        ok = flow_rules_find(&a->teller, a->edges, a->path_count * a->length, m);
        picture_path(&a->teller, a->edges, a->path_count * a->length, &dot);
        ok = ok && pictures(a, &dot, m);
    }
    if (ok) {
        if (a->o->json) {
            json_paths(a);
        } else {
            tell_paths(a);
        }
        rc = a->path_count > 0 ? POLICY_YES : POLICY_NO;
    }
    flow_rules_free(&a->teller.rules);
    buf_free(&dot);
    type_set_free(&from);
    type_set_free(&to);
    return rc;
}

static const struct table_column reach_columns[] = { { "type", "TYPE" }, { "kind", "KIND" }, { "steps", "STEPS" }, { "via", "VIA" },
                                                     { "by", "BY" } };

/* Everything that A reaches, or that reaches it, nearest first. */
static int answer_reach(struct asked *a, struct messages *m)
{
    bool backward = value(a, "--from-anything") != NULL;
    int start = model_type(&a->model, a->w->words[0], m);
    enum party *parties = parties_of(&a->model);
    struct flow_reached r = { 0 };
    struct table t;
    unsigned int far = 0;
    int rc = POLICY_WRONG;

    if (value(a, "--dot") != NULL || value(a, "--svg") != NULL) {
        message_add(m, NULL, 0, 0, "there is a picture of one way, or of all domains");
        message_hint(m, "bh policy flow A B --dot FILE, or bh policy flow --dot FILE");
    } else if (start >= 0) {
        table_init(&t, reach_columns, 5);
        flow_search(&a->flow, start, backward, &a->limits, &r);
        for (size_t i = 0; i < a->model.type_count; i++) {
            far = r.steps[i] != FLOW_FAR && r.steps[i] > far ? r.steps[i] : far;
        }
        for (unsigned int steps = 1; steps <= far; steps++) {
            for (size_t i = 0; i < a->model.type_count; i++) {
                if (r.steps[i] != steps || parties[i] == PARTY_END || a->excluded[i]) {
                    continue;
                }
                const struct flow_edge *e = &a->flow.edges[r.by[i]];
                char *words = flow_edge_words(&a->teller, e), *count = bh_printf("%u", steps);
                const char *kind = party_kind(&a->model, (int)i);

                table_row(&t, (const char *const[]){ a->model.types[i], *kind != '\0' ? kind : parties[i] == PARTY_DOMAIN ? "domain" : "thing",
                                                     count, steps == 1 ? "" : a->model.types[backward ? e->to : e->from], words });
                free(words);
                free(count);
            }
        }
        rc = json_object_array_length(t.rows) > 0 ? POLICY_YES : POLICY_NO;
        if (a->o->json) {
            json_object *o = json_object_new_object();

            json_object_object_add(o, backward ? "reached_by" : "reaches", table_take(&t));
            json_write(o, stdout);
        } else if (rc == POLICY_YES) {
            table_text(&t, stdout);
        } else {
            printf("%s %s", backward ? "nothing reaches" : "nothing is reached from", a->model.types[start]);
            limits_text(a, stdout);
            printf("\n");
        }
        table_free(&t);
    }
    flow_reached_free(&r);
    free(parties);
    return rc;
}

static int answer_picture(struct asked *a, struct messages *m)
{
    struct buf dot = { 0 };
    bool ok = false;

    if (value(a, "--dot") == NULL && value(a, "--svg") == NULL) {
        message_add(m, NULL, 0, 0, "something is missing");
        message_hint(m, "bh policy flow A B; or --dot FILE or --svg FILE for a picture of all domains");
    } else {
        picture_all(&a->teller, &dot);
        ok = pictures(a, &dot, m);
    }
    buf_free(&dot);
    return ok ? POLICY_YES : POLICY_WRONG;
}

static int flow_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct asked a = { .o = o, .w = w };
    int rc = POLICY_WRONG;

    if (!model_read(&a.model, &a.source, o->tree, o->policy, o->policy_count, m)) {
        return rc;
    }
    if (permission_map_load(&a.map, o, value(&a, "--map"), m)) {
        if (flow_build(&a.flow, &a.model, &a.map, m)) {
            a.teller = (struct flow_teller){ .source = &a.source, .model = &a.model, .flow = &a.flow, .limits = &a.limits };
            if (read_limits(&a, m)) {
                rc = w->word_count == 2 ? answer_paths(&a, m) : w->word_count == 1 ? answer_reach(&a, m) : answer_picture(&a, m);
            }
            flow_free(&a.flow);
        }
        permission_map_free(&a.map);
    }
    free(a.edges);
    free(a.excluded);
    model_free(&a.model);
    source_free(&a.source);
    return rc;
}

const struct policy_verb policy_flow_verb = {
    .name = "flow",
    .words = "[A [B]]",
    .word_min = 0,
    .word_max = 2,
    .summary = "how information gets from one domain to another",
    .help = "Can information get from A to B? Through whom, by which permissions, and by which rules. A and B are types or attributes, several\n"
            "with commas, !TYPE for what is not meant. With A alone: everything that it reaches, or, with --from-anything, that reaches it.\n"
            "With neither: a picture of all domains. Paths are what can be passed on if everybody in between wants to: leave out with\n"
            "--exclude whom you trust. Weights: 10 memory, 8 a device, 5 text, 3 events and settings, 1 that something exists.\n"
            "Exit status 0 if information flows, 1 if not.\n\n"
            "    bh policy flow -p host.conf guest attest --exclude xenstore_t\n"
            "    bh policy flow -p host.conf guest\n"
            "    bh policy flow -p host.conf --svg host.svg",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = flow_run,
};
