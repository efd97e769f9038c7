/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cil_tree.h"
#include "compile.h"

#define PARAMS_MAX 8
#define TRIED "bh_tried_%zu_%zu" /* the type that stands for a parameter of a macro, while it is tried */

struct macro {
    const char *name;
    const struct source_file *file;
    const struct cil_node *node;
    size_t param_count;
    size_t cost;                        /* permissions of all its rules */
    uint32_t gives;                     /* which of the request's, to the parameters below */
    int bound[PARAMS_MAX];              /* 1 the source, 2 the target of the request, 0 another */
    bool is_port[PARAMS_MAX];           /* used as the label of event channels */
};

struct macros {
    struct macro *list;
    size_t count;
};

/* Macros all of whose parameters are types, wherever they are but in others. */
static void collect(struct macros *out, struct source *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (const struct cil_node *l = t != NULL ? cil_tree_first(t) : NULL; l != NULL; l = l->next) {
            const struct cil_node *params = l->first != NULL && strcmp(cil_node_text(l, 0), "macro") == 0 ? cil_node_nth(l, 2) : NULL;
            struct macro one = { .name = cil_node_text(l, 1), .file = &s->files[i], .node = l };
            bool fits = params != NULL;

            for (const struct cil_node *p = fits ? params->first : NULL; p != NULL; p = p->next, one.param_count++) {
                fits = fits && strcmp(cil_node_text(p, 0), "type") == 0 && one.param_count < PARAMS_MAX;
            }
            if (fits && one.param_count > 0) {
                out->list = bh_grow(out->list, out->count + 1, sizeof(*out->list));
                out->list[out->count++] = one;
            }
        }
    }
}

/* A call of each macro with types of its own: one line each, so that a rule's place tells the macro. */
static char *trial(const struct macros *macros)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < macros->count; i++) {
        for (size_t k = 0; k < macros->list[i].param_count; k++) {
            buf_printf(&text, "(type " TRIED ")", i, k);
        }
        buf_printf(&text, "(call %s (", macros->list[i].name);
        for (size_t k = 0; k < macros->list[i].param_count; k++) {
            buf_printf(&text, " " TRIED, i, k);
        }
        buf_puts(&text, "))\n");
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

/* Which parameter of macro `i` a name in a rule is; -1: none. */
static int parameter(size_t i, const char *name)
{
    size_t macro, param;

    return sscanf(name, TRIED, &macro, &param) == 2 && macro == i ? (int)param : -1;
}

/* Does a name in a rule mean that type? */
static bool means(const struct model *p, const char *name, const char *type)
{
    int attribute = model_attribute_named(p, name), t = model_type_named(p, type);

    return strcmp(name, type) == 0 || (attribute >= 0 && t >= 0 && model_type_in(p, t, attribute));
}

static uint32_t perms_in(const struct rule *r, const struct request *q)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < q->perm_count; i++) {
        for (size_t k = 0; k < r->perm_count; k++) {
            bits |= strcmp(q->perms[i], r->perms[k]) == 0 ? 1u << i : 0;
        }
    }
    return bits;
}

/* Would the rule, of macro `i`, answer the request, if some parameters were its source and target? They are bound then. */
static void fit(struct macro *one, size_t i, const struct rule *r, const struct model *p, const struct request *q)
{
    int s = parameter(i, r->source), t = strcmp(r->target, "self") == 0 ? s : parameter(i, r->target);
    bool same = strcmp(q->source, q->target) == 0;
    uint32_t gives;

    if (strcmp(r->tclass, q->tclass) != 0 || (gives = perms_in(r, q)) == 0) {
        return;
    }
    if ((s >= 0 ? one->bound[s] == 2 && !same : !means(p, r->source, q->source)) ||
        (t >= 0 ? (one->bound[t] == 1 && !same) || (s == t && !same) : !means(p, r->target, q->target)) || (s < 0 && t < 0)) {
        return;
    }
    if (same && s >= 0 && t >= 0 && s != t) {
        return; /* a macro for two, and there is one */
    }
    for (size_t k = 0; k < one->param_count; k++) {
        if ((one->bound[k] == 1 && s >= 0 && (int)k != s) || (one->bound[k] == 2 && t >= 0 && (int)k != t)) {
            return; /* bound the other way round already */
        }
    }
    if (s >= 0) {
        one->bound[s] = 1;
    }
    if (t >= 0 && t != s) {
        one->bound[t] = 2;
    }
    one->gives |= gives;
}

/* Of which macro a rule came, while all are tried; macros->count: of none. */
static size_t origin(const struct macros *macros, const struct rule *r)
{
    size_t i = r->place_count > 0 && strcmp(r->places[0].file, "(query)") == 0 ? r->places[0].line - 1 : macros->count;

    return i < macros->count ? i : macros->count;
}

static void measure(struct macros *macros, const struct rules *rules)
{
    for (size_t n = 0; n < rules->count; n++) {
        const struct rule *r = &rules->list[n];
        size_t i = origin(macros, r);
        int port = i < macros->count && strcmp(r->tclass, "event") == 0 ? parameter(i, r->source) : -1;

        if (i < macros->count) {
            macros->list[i].cost += r->perm_count;
        }
        if (port >= 0) {
            macros->list[i].is_port[port] = true;
        }
    }
}

static void rate(struct macros *macros, const struct rules *rules, const struct model *p, const struct request *q)
{
    for (size_t i = 0; i < macros->count; i++) {
        macros->list[i].gives = 0;
        memset(macros->list[i].bound, 0, sizeof(macros->list[i].bound));
    }
    for (size_t n = 0; n < rules->count; n++) {
        size_t i = origin(macros, &rules->list[n]);

        if (i < macros->count) {
            fit(&macros->list[i], i, &rules->list[n], p, q);
        }
    }
}

/* Labels of event channels and of domains are not put in each other's place: the rule might fit, and would mean nothing. */
static bool in_place(const struct macro *one, const struct model *p, const struct request *q)
{
    int event = model_class_named(p, "event");

    for (size_t k = 0; event >= 0 && k < one->param_count; k++) {
        int type = one->bound[k] == 0 ? -1 : model_type_named(p, one->bound[k] == 1 ? q->source : q->target);
        bool port = false;

        for (size_t i = type >= 0 ? p->of_source[type] : 0; type >= 0 && i < p->of_source[type + 1]; i++) {
            port = port || p->grants[i].tclass == event;
        }
        if (type >= 0 && port != one->is_port[k]) {
            return false;
        }
    }
    return true;
}

static void base_name(const char *type, char *out, size_t size)
{
    size_t n = strlen(type);

    snprintf(out, size, "%.*s", n > 2 && strcmp(type + n - 2, "_t") == 0 ? (int)n - 2 : (int)n, type);
}

/* The call for the request. What is neither source nor target gets a name as `bh build` gives it, declared where it is not. */
static char *call(const struct macro *one, const struct model *p, const struct request *q)
{
    struct buf declared = { 0 }, args = { 0 };
    char source[96], target[96], *text;
    int last = 0;

    base_name(q->source, source, sizeof(source));
    base_name(q->target, target, sizeof(target));
    for (size_t k = 0; k < one->param_count; k++) {
        char *made = NULL;

        if (one->bound[k] == 0) {
            made = last == 1 ? bh_printf("%s_%s_evtchn_t", source, target) : last == 2 ? bh_printf("%s_%s_evtchn_t", target, source) :
                   bh_printf("NAME%zu_t", k);
            if (!one->is_port[k]) {
                free(made);
                made = bh_strdup(cil_node_text(cil_node_nth(cil_node_nth(one->node, 2), k), 1));
            }
            if (model_type_named(p, made) < 0) {
                buf_printf(&declared, "(type %s)\n", made);
            }
        }
        last = one->bound[k];
        buf_printf(&args, "%s%s", k > 0 ? " " : "", made != NULL ? made : one->bound[k] == 1 ? q->source : q->target);
        free(made);
    }
    text = bh_printf("%s(call %s (%s))", declared.data != NULL ? declared.data : "", one->name, args.data);
    buf_free(&declared);
    buf_free(&args);
    return text;
}

static struct remedy *remedy_add(struct remedies *out, char *cil, size_t cost)
{
    out->list = bh_grow(out->list, out->count + 1, sizeof(*out->list));
    out->list[out->count] = (struct remedy){ .cil = cil, .cost = cost };
    return &out->list[out->count++];
}

char *remedy_rule(const struct request *q)
{
    struct buf text = { 0 };

    buf_printf(&text, "(allow %s %s (%s (", q->source, strcmp(q->source, q->target) == 0 ? "self" : q->target, q->tclass);
    for (size_t i = 0; i < q->perm_count; i++) {
        buf_printf(&text, "%s%s", i > 0 ? " " : "", q->perms[i]);
    }
    buf_puts(&text, ")))");
    return text.data;
}

/* Compiled with the policy: does it allow all, and what forbids it? false: it does not, or it is no CIL for this policy */
static bool check(struct remedy *one, const struct source *s, const struct request *q)
{
    struct messages ignored = { 0 };
    struct question *questions = bh_alloc(q->perm_count * sizeof(*questions));
    uint32_t got = 0;
    bool ok;

    for (size_t i = 0; i < q->perm_count; i++) {
        questions[i] = (struct question){ q->source, q->target, q->tclass, q->perms[i] };
    }
    ok = rules_find(s, one->cil, questions, q->perm_count, &one->checked, &ignored);
    for (size_t i = 0; ok && i < one->checked.count; i++) {
        got |= 1u << one->checked.list[i].question;
    }
    messages_free(&ignored);
    free(questions);
    return ok && got == (q->perm_count >= 32 ? UINT32_MAX : (1u << q->perm_count) - 1);
}

static int by_cost(const void *a, const void *b)
{
    const struct remedy *x = a, *y = b;
    bool xf = x->checked.violation_count > 0, yf = y->checked.violation_count > 0;

    return xf != yf ? (xf ? 1 : -1) : x->cost != y->cost ? (x->cost < y->cost ? -1 : 1) : 0;
}

static void remedy_clear(struct remedy *r)
{
    free(r->cil);
    free(r->macro);
    free(r->file);
    free(r->comment);
    rules_free(&r->checked);
}

/* -- macros, tried ------------------------------------------------------------------------------------------ */

struct trials {
    struct source *source;
    const struct model *model;
    struct macros macros;
    struct rules rules;                 /* of all macros */
    size_t *ranked;                     /* macros by what they cost */
};

static const struct macro *ranked_list; /* qsort() has no argument of the caller's */

static int macro_by_cost(const void *a, const void *b)
{
    const struct macro *x = &ranked_list[*(const size_t *)a], *y = &ranked_list[*(const size_t *)b];

    return x->cost != y->cost ? (x->cost < y->cost ? -1 : 1) : strcmp(x->name, y->name);
}

struct trials *trials_begin(struct source *s, const struct model *p, struct messages *m)
{
    struct trials *t = bh_alloc(sizeof(*t));
    char *text;
    bool ok;

    *t = (struct trials){ .source = s, .model = p };
    collect(&t->macros, s);
    text = trial(&t->macros);
    ok = rules_all(s, text, p->classes, p->class_count, &t->rules, m);
    free(text);
    if (!ok) {
        trials_end(t);
        return NULL;
    }
    measure(&t->macros, &t->rules);
    t->ranked = bh_alloc((t->macros.count + 1) * sizeof(*t->ranked));
    for (size_t i = 0; i < t->macros.count; i++) {
        t->ranked[i] = i;
    }
    ranked_list = t->macros.list;
    qsort(t->ranked, t->macros.count, sizeof(*t->ranked), macro_by_cost);
    return t;
}

void trials_end(struct trials *t)
{
    if (t != NULL) {
        rules_free(&t->rules);
        free(t->macros.list);
        free(t->ranked);
        free(t);
    }
}

static bool has_rules_only(const struct cil_node *macro)
{
    bool only = true;

    for (const struct cil_node *n = cil_node_nth(macro, 3); n != NULL; n = n->next) {
        only = only && strcmp(cil_node_text(n, 0), "allow") == 0;
    }
    return only;
}

void trials_find(struct remedies *out, struct trials *t, const struct request *q, size_t most, size_t cost_max)
{
    uint32_t all = q->perm_count >= 32 ? UINT32_MAX : (1u << q->perm_count) - 1;
    size_t tried = 0;

    *out = (struct remedies){ 0 };
    rate(&t->macros, &t->rules, t->model, q);
    for (size_t n = 0; n < t->macros.count && tried < most; n++) {
        const struct macro *one = &t->macros.list[t->ranked[n]];

        if (one->gives != all || one->cost > cost_max || !in_place(one, t->model, q)) {
            continue;
        }
        struct remedy *r = remedy_add(out, call(one, t->model, q), one->cost);

        r->macro = bh_strdup(one->name);
        r->file = bh_strdup(one->file->name);
        r->line = one->node->line;
        r->rules_only = has_rules_only(one->node);
        r->comment = one->node->comment != NULL ? bh_strdup(one->node->comment) : NULL;
        tried++;
        if (!check(r, t->source, q)) {
            remedy_clear(r);
            out->count--;
        }
    }
    if (out->count > 0) {
        qsort(out->list, out->count, sizeof(*out->list), by_cost);
    }
}

/* -- rules ------------------------------------------------------------------------------------------------------ */

/* Which of the rules, a line each, breaks the assertion; its copy goes there. */
static void blame(struct remedies *out, const struct violation *v)
{
    for (size_t k = 0; k < v->rule_count; k++) {
        const struct rule *r = &v->rules[k];
        size_t i = r->place_count > 0 && strcmp(r->places[0].file, "(query)") == 0 ? r->places[0].line - 1 : out->count;
        struct rules *checked = i < out->count ? &out->list[i].checked : NULL;

        if (checked != NULL) {
            checked->violations = bh_grow(checked->violations, checked->violation_count + 1, sizeof(*checked->violations));
            checked->violations[checked->violation_count++] =
                (struct violation){ .file = bh_strdup(v->file), .line = v->line, .text = bh_strdup(v->text != NULL ? v->text : "") };
        }
    }
}

bool remedies_plain(struct remedies *out, const struct source *s, const struct request *q, size_t count, struct messages *m)
{
    struct buf text = { 0 };
    struct rules said;
    bool ok;

    *out = (struct remedies){ 0 };
    for (size_t i = 0; i < count; i++) {
        struct remedy *r = remedy_add(out, remedy_rule(&q[i]), q[i].perm_count);

        buf_printf(&text, "%s\n", r->cil);
    }
    ok = rules_find(s, text.data != NULL ? text.data : "", NULL, 0, &said, m);
    for (size_t i = 0; ok && i < said.violation_count; i++) {
        blame(out, &said.violations[i]);
    }
    rules_free(&said);
    buf_free(&text);
    if (!ok) {
        remedies_free(out);
    }
    return ok;
}

bool remedies_find(struct remedies *out, struct source *s, const struct model *p, const struct request *q, size_t most, struct messages *m)
{
    struct trials *t = trials_begin(s, p, m);
    struct remedies plain;
    bool ok = t != NULL && remedies_plain(&plain, s, q, 1, m);

    *out = (struct remedies){ 0 };
    if (ok) {
        trials_find(out, t, q, most, SIZE_MAX);
        *remedy_add(out, NULL, 0) = plain.list[0];
        free(plain.list);
        qsort(out->list, out->count, sizeof(*out->list), by_cost);
    }
    trials_end(t);
    return ok;
}

void remedies_free(struct remedies *r)
{
    for (size_t i = 0; i < r->count; i++) {
        remedy_clear(&r->list[i]);
    }
    free(r->list);
    *r = (struct remedies){ 0 };
}
