/* SPDX-License-Identifier: Apache-2.0 */
#include "proof.h"

#include <stdlib.h>
#include <string.h>

#include "parties.h"

struct work {
    const struct host *host;
    const struct model *p;
    const struct flow *f;
    struct drawing drawing;
    int types[HOST_DOMAINS_MAX];
    bool *alone;               /* nothing passes through: domains, and what is trusted */
    bool *trusted;             /* the hypervisor, operators */
    struct proof *out;
};

static const char *const hypervisor_types[] = { "xen_t", "security_t" };

const char *proof_name(const struct host *host, unsigned int domain)
{
    return domain == DRAWN_HYPERVISOR ? "(hypervisor)" : host->domains[domain].name;
}

static int domain_of(const struct work *w, int type)
{
    for (size_t i = 0; i < w->host->domain_count; i++) {
        if (w->types[i] == type) {
            return (int)i;
        }
    }
    return -1;
}

static struct proof_finding *finding(struct work *w, unsigned int from, unsigned int to)
{
    w->out->findings = bh_grow(w->out->findings, w->out->finding_count + 1, sizeof(*w->out->findings));
    w->out->findings[w->out->finding_count] = (struct proof_finding){ .from = from, .to = to };
    return &w->out->findings[w->out->finding_count++];
}

static void word_once(struct buf *text, const char *word, const char *between)
{
    size_t n = strlen(word);

    for (const char *at = text->data; at != NULL && (at = strstr(at, word)) != NULL; at++) {
        if ((at == text->data || at[-1] == ' ') && (at[n] == '\0' || at[n] == between[0])) {
            return;
        }
    }
    buf_printf(text, "%s%s", text->len > 0 ? between : "", word);
}

/* One edge into `to`, the last of a way from `from`: is everything on it drawn? */
static void judge(struct work *w, unsigned int from, unsigned int to, size_t edge, const struct flow_reached *r, struct buf *by)
{
    const struct flow_edge *e = &w->f->edges[edge];
    struct buf undrawn = { 0 };

    for (size_t k = e->first; k < e->first + e->count; k++) {
        const struct flow_use *u = &w->f->uses[k];
        uint32_t bad = 0;

        word_once(by, w->p->classes[u->tclass], ", ");
        for (unsigned int bit = 0; bit < 32; bit++) {
            if ((u->perms >> bit & 1) && !drawn_carries(&w->drawing, from, to, w->p->classes[u->tclass],
                                                        model_perm_name(w->p, u->tclass, bit))) {
                bad |= 1u << bit;
            }
        }
        if (bad != 0) {
            char *names = model_perm_names(w->p, u->tclass, bad);

            buf_printf(&undrawn, "%s%s { %s }", undrawn.len > 0 ? ", " : "", w->p->classes[u->tclass], names);
            free(names);
        }
    }
    if (undrawn.len > 0) {
        struct proof_finding *one = finding(w, from, to);

        one->what = undrawn.data;
        one->edge_count = flow_path(w->f, r, e->from, &one->edges) + 1;
        one->edges = bh_grow(one->edges, one->edge_count, sizeof(*one->edges));
        one->edges[one->edge_count - 1] = edge;
    }
}

static void row(struct work *w, unsigned int from, unsigned int to, size_t steps, char *drawn, char *by)
{
    w->out->rows = bh_grow(w->out->rows, w->out->row_count + 1, sizeof(*w->out->rows));
    w->out->rows[w->out->row_count++] = (struct proof_row){ from, to, steps, drawn, by };
}

static char *drawn_between(const struct work *w, unsigned int from, unsigned int to)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < w->drawing.count; i++) {
        const struct drawn *d = &w->drawing.list[i];

        if (d->from == from && d->to == to) {
            buf_printf(&text, "%s%s (line %u)", text.len > 0 ? ", " : "", d->what, d->line);
        }
    }
    return text.data != NULL ? text.data : bh_strdup("nothing");
}

/* What reaches `to` without a third domain: over the last edges of all ways. @return is there any? */
static bool direct(struct work *w, unsigned int from, unsigned int to, int type, const struct flow_reached *r)
{
    struct buf by = { 0 };

    for (size_t i = w->f->into[type]; i < w->f->into[type + 1]; i++) {
        size_t edge = w->f->into_edges[i];
        int before = w->f->edges[edge].from;

        if (before == w->types[from] || (r->steps[before] != FLOW_FAR && !w->alone[before] && to != DRAWN_HYPERVISOR)) {
            judge(w, from, to, edge, r, &by);
        }
    }
    if (by.data == NULL) {
        return false;
    }
    row(w, from, to, 1, drawn_between(w, from, to), by.data);
    return true;
}

/* Drawn, and all that would carry it is denied. */
static void missing(struct work *w, unsigned int from, unsigned int to)
{
    for (size_t i = 0; i < w->drawing.count; i++) {
        const struct drawn *d = &w->drawing.list[i];

        if (d->from == from && d->to == to && strcmp(d->what, "devices that move") != 0) {
            struct proof_finding *one = finding(w, from, to);

            one->drawn = bh_printf("%s (line %u)", d->what, d->line);
        }
    }
}

/* The domains that it passes through, on a shortest way. */
static void indirect(struct work *w, unsigned int from, unsigned int to, const struct flow_reached *r)
{
    struct buf through = { 0 };
    size_t *edges, count = flow_path(w->f, r, w->types[to], &edges), domains = 1;

    for (size_t i = 0; i + 1 < count; i++) {
        int d = domain_of(w, w->f->edges[edges[i]].to);

        if (d >= 0) {
            buf_printf(&through, "%s%s", through.len > 0 ? ", " : "through ", w->host->domains[d].name);
            domains++;
        }
    }
    row(w, from, to, domains, through.data != NULL ? through.data : bh_strdup(""), bh_strdup(""));
    free(edges);
}

static void from_domain(struct work *w, unsigned int from)
{
    struct flow_reached near, far;

    flow_search(w->f, w->types[from], false, &(struct flow_limits){ .excluded = w->alone }, &near);
    flow_search(w->f, w->types[from], false, &(struct flow_limits){ .excluded = w->trusted }, &far);
    for (unsigned int to = 0; to < w->host->domain_count; to++) {
        if (to == from || direct(w, from, to, w->types[to], &near)) {
            continue;
        }
        missing(w, from, to);
        if (far.steps[w->types[to]] != FLOW_FAR) {
            indirect(w, from, to, &far);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        int type = model_type_named(w->p, hypervisor_types[i]);

        if (type >= 0) {
            (void)direct(w, from, DRAWN_HYPERVISOR, type, &near);
        }
    }
    flow_reached_free(&near);
    flow_reached_free(&far);
}

static bool prepare(struct work *w, struct messages *m)
{
    int roles = model_attribute_named(w->p, "operator_type"), boot = party_boot(w->p);
    bool ok = true;

    w->alone = bh_alloc(w->p->type_count + 1);
    w->trusted = bh_alloc(w->p->type_count + 1);
    for (size_t t = 0; t < w->p->type_count; t++) {
        w->trusted[t] = (int)t == boot || strcmp(w->p->types[t], hypervisor_types[0]) == 0 || strcmp(w->p->types[t], hypervisor_types[1]) == 0
                        || (roles >= 0 && !w->p->is_attribute[t] && model_type_in(w->p, (int)t, roles));
        w->alone[t] = w->trusted[t];
    }
    for (size_t i = 0; i < w->host->domain_count; i++) {
        char *name = bh_printf("%s_t", w->host->domains[i].name);

        w->types[i] = model_type_named(w->p, name);
        if (w->types[i] < 0) {
            message_add(m, w->host->file, w->host->domains[i].line, 0, "the policy has no type %s", name);
            ok = false;
        } else {
            w->alone[w->types[i]] = true;
        }
        free(name);
    }
    return ok;
}

bool proof_make(struct proof *out, const struct host *host, const struct model *p, const struct flow *f, struct messages *m)
{
    struct work w = { .host = host, .p = p, .f = f, .out = out };
    bool ok = prepare(&w, m);

    *out = (struct proof){ 0 };
    drawing_of(&w.drawing, host);
    for (unsigned int i = 0; ok && i < host->domain_count; i++) {
        from_domain(&w, i);
    }
    drawing_free(&w.drawing);
    free(w.alone);
    free(w.trusted);
    return ok;
}

void proof_free(struct proof *p)
{
    for (size_t i = 0; i < p->row_count; i++) {
        free(p->rows[i].drawn);
        free(p->rows[i].by);
    }
    for (size_t i = 0; i < p->finding_count; i++) {
        free(p->findings[i].what);
        free(p->findings[i].drawn);
        free(p->findings[i].edges);
    }
    free(p->rows);
    free(p->findings);
    *p = (struct proof){ 0 };
}
