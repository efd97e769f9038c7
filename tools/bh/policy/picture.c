/* SPDX-License-Identifier: Apache-2.0 */
#include "picture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../build/file.h"
#include "../build/spawn.h"
#include "parties.h"

/* Short words for classes; a class that is not here has its own name. */
static const struct {
    const char *tclass, *word;
} words[] = {
    { "domain", "control" },      { "domain2", "control" },  { "domctl", "control" },   { "domctl2", "control" }, { "domctl3", "control" },
    { "sched_op", "control" }, { "operator", "control" }, { "event", "events" },    { "evtchn_op", "events" },
    { "grant", "grants" },        { "grant_op", "grants" },  { "mmu", "memory" },       { "memory_op", "memory" }, { "physmap_op", "memory" },
    { "resource", "device" },     { "xenstore", "nodes" },   { "console_op", "text" },  { "security", "policy" }, { "flask_op", "policy" },
    { "hvm", "device model" },    { "dm_op", "device model" },
};

#define WORD_COUNT (sizeof(words) / sizeof(words[0]))
#define LABEL_MAX 8

struct label {
    const char *words[LABEL_MAX];
    size_t count;
    unsigned int weight;
};

static const char *word_of(const char *tclass)
{
    for (size_t i = 0; i < WORD_COUNT; i++) {
        if (strcmp(words[i].tclass, tclass) == 0) {
            return words[i].word;
        }
    }
    return tclass;
}

/* Words of a label are sorted, so that two that say the same are the same. */
static void label_put(struct label *l, const char *word, unsigned int weight)
{
    size_t at = 0;

    l->weight = weight > l->weight ? weight : l->weight;
    while (at < l->count && strcmp(l->words[at], word) < 0) {
        at++;
    }
    if ((at < l->count && strcmp(l->words[at], word) == 0) || l->count == LABEL_MAX) {
        return;
    }
    memmove(&l->words[at + 1], &l->words[at], (l->count - at) * sizeof(l->words[0]));
    l->words[at] = word;
    l->count++;
}

static bool label_same(const struct label *a, const struct label *b)
{
    return a->count == b->count && memcmp(a->words, b->words, a->count * sizeof(a->words[0])) == 0;
}

static void label_of(const struct flow_teller *t, const struct flow_edge *e, struct label *l)
{
    for (size_t k = e->first; k < e->first + e->count; k++) {
        const struct flow_use *u = &t->flow->uses[k];

        if (flow_perms(u, t->limits) != 0) {
            label_put(l, word_of(t->model->classes[u->tclass]), e->weight);
        }
    }
}

static void begin(struct buf *dot)
{
    buf_puts(dot, "digraph flow {\n    rankdir=LR;\n    node [fontname=\"Helvetica\", fontsize=11];\n"
                  "    edge [fontname=\"Helvetica\", fontsize=9, color=\"#555555\"];\n");
}

static void node(const struct flow_teller *t, const enum party *parties, size_t type, struct buf *dot)
{
    const char *kind = party_kind(t->model, (int)type), *name = t->model->types[type];

    if (parties[type] != PARTY_DOMAIN) {
        buf_printf(dot, "    \"%s\" [shape=%s, style=filled, fillcolor=\"#eeeeee\", label=\"%s%s%s\"];\n", name,
                   parties[type] == PARTY_END ? "cds" : "ellipse", name, *kind != '\0' ? "\\n" : "", kind);
    } else if (strcmp(kind, "guest") == 0) {
        buf_printf(dot, "    \"%s\" [shape=box, style=rounded, label=\"%s\\n%s\"];\n", name, name, kind);
    } else {
        buf_printf(dot, "    \"%s\" [shape=box, style=\"filled,bold\", fillcolor=\"#d6e4f5\", label=\"%s%s%s\"];\n", name, name,
                   *kind != '\0' ? "\\n" : "", kind);
    }
}

static void arrow(const struct flow_teller *t, size_t from, size_t to, const struct label *l, bool both, struct buf *dot)
{
    buf_printf(dot, "    \"%s\" -> \"%s\" [label=\"", t->model->types[from], t->model->types[to]);
    for (size_t i = 0; i < l->count; i++) {
        buf_printf(dot, "%s%s", i > 0 ? ", " : "", l->words[i]);
    }
    buf_printf(dot, "\"%s%s];\n", both ? ", dir=both" : "", l->weight >= 10 ? ", penwidth=2" : l->weight <= 1 ? ", style=dotted" : "");
}

/* What goes from one to another, directly or by an end of a channel. */
static struct label between(const struct flow_teller *t, const enum party *parties, size_t from, size_t to)
{
    const struct flow *f = t->flow;
    struct label l = { 0 };

    for (size_t i = f->out_of[from]; i < f->out_of[from + 1]; i++) {
        const struct flow_edge *e = &f->edges[i];
        const struct flow_edge *on = parties[e->to] == PARTY_END && e->weight >= t->limits->weight ? flow_edge_find(f, e->to, (int)to) : NULL;

        if (e->to == to) {
            label_of(t, e, &l);
        } else if (on != NULL && on->weight >= t->limits->weight) {
            label_put(&l, "events", on->weight < e->weight ? on->weight : e->weight);
        }
    }
    return l;
}

static bool passes_through(const struct flow_teller *t, size_t type)
{
    bool in = false, out = false;

    for (size_t i = t->flow->out_of[type]; i < t->flow->out_of[type + 1]; i++) {
        out = out || t->flow->edges[i].weight >= t->limits->weight;
    }
    for (size_t i = t->flow->into[type]; i < t->flow->into[type + 1]; i++) {
        in = in || t->flow->edges[t->flow->into_edges[i]].weight >= t->limits->weight;
    }
    return in && out;
}

void picture_all(const struct flow_teller *t, struct buf *dot)
{
    enum party *parties = parties_of(t->model);
    size_t *shown = bh_alloc((t->model->type_count + 1) * sizeof(*shown)), count = 0;

    begin(dot);
    for (size_t i = 0; i < t->model->type_count; i++) {
        bool left_out = t->limits->excluded != NULL && t->limits->excluded[i];

        if (!left_out && (parties[i] == PARTY_DOMAIN || (parties[i] == PARTY_THING && passes_through(t, i)))) {
            node(t, parties, i, dot);
            shown[count++] = i;
        }
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            struct label there = between(t, parties, shown[i], shown[k]), back = between(t, parties, shown[k], shown[i]);
            bool same = label_same(&there, &back);

            if (there.count > 0) {
                there.weight = same && back.weight > there.weight ? back.weight : there.weight;
                arrow(t, shown[i], shown[k], &there, same, dot);
            }
            if (back.count > 0 && !same) {
                arrow(t, shown[k], shown[i], &back, false, dot);
            }
        }
    }
    buf_puts(dot, "}\n");
    free(parties);
    free(shown);
}

void picture_path(const struct flow_teller *t, const size_t *edges, size_t count, struct buf *dot)
{
    enum party *parties = parties_of(t->model);
    bool *shown = bh_alloc(t->model->type_count + 1), *drawn = bh_alloc(t->flow->edge_count + 1);

    begin(dot);
    for (size_t i = 0; i < count; i++) {
        shown[t->flow->edges[edges[i]].from] = shown[t->flow->edges[edges[i]].to] = true;
    }
    for (size_t i = 0; i < t->model->type_count; i++) {
        if (shown[i]) {
            node(t, parties, i, dot);
        }
    }
    for (size_t i = 0; i < count; i++) {
        const struct flow_edge *e = &t->flow->edges[edges[i]];
        char *label = flow_edge_words(t, e);

        if (!drawn[edges[i]]) {
            buf_printf(dot, "    \"%s\" -> \"%s\" [label=\"%s\"%s];\n", t->model->types[e->from], t->model->types[e->to], label,
                       e->weight >= 10 ? ", penwidth=2" : "");
        }
        drawn[edges[i]] = true;
        free(label);
    }
    buf_puts(dot, "}\n");
    free(parties);
    free(shown);
    free(drawn);
}

bool picture_svg(const struct buf *dot, struct buf *svg, struct messages *m)
{
    char path[] = "/tmp/bh-flow-XXXXXX";
    const char *argv[] = { "dot", "-Tsvg", path, NULL };
    struct buf errors = { 0 };
    struct diag diag = { 0 };
    int fd = mkstemp(path), status;

    if (fd < 0 || close(fd) != 0 || !file_save(path, dot->data, dot->len, &diag)) {
        messages_of_diag(m, &diag);
        return false;
    }
    status = spawn_run(argv, NULL, svg, &errors, &diag);
    unlink(path);
    diag_free(&diag);
    if (status == 127) {
        message_add(m, NULL, 0, 0, "graphviz, which draws pictures, is not there");
        message_hint(m, "apt-get install graphviz; or write --dot and draw it elsewhere: dot -Tsvg FILE");
    } else if (status != 0) {
        message_add(m, NULL, 0, 0, "dot failed with status %d: %s", status, errors.len > 0 ? errors.data : "it said nothing");
    }
    buf_free(&errors);
    return status == 0;
}
