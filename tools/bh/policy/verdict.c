/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict.h"

#include <stdlib.h>
#include <string.h>

#include "compile.h"

static void unknown(struct verdict *v, const char *kind, const char *word)
{
    char *longer = v->unknown == NULL ? bh_printf("%s %s", kind, word) : bh_printf("%s, %s %s", v->unknown, kind, word);

    free(v->unknown);
    v->unknown = longer;
}

static void judge(struct verdict *v, const struct model *p)
{
    const struct avc_decision *d = v->of;
    const struct grant *g = NULL;
    uint32_t asked = 0;

    v->source = model_type_named(p, d->source);
    v->target = model_type_named(p, d->target);
    v->tclass = model_class_named(p, d->tclass);
    if (v->source < 0) {
        unknown(v, "type", d->source);
    }
    if (v->target < 0 && (v->source >= 0 || strcmp(d->source, d->target) != 0)) {
        unknown(v, "type", d->target);
    }
    if (v->tclass < 0) {
        unknown(v, "class", d->tclass);
    }
    for (size_t i = 0; i < d->perm_count && v->tclass >= 0; i++) {
        int bit = model_perm_named(p, v->tclass, d->perms[i]);

        asked |= bit >= 0 ? 1u << bit : 0;
        if (bit < 0) {
            unknown(v, "permission", d->perms[i]);
        }
    }
    if (v->source < 0 || v->target < 0 || v->tclass < 0) {
        return;
    }
    g = model_grant(p, v->source, v->target, v->tclass);
    v->allowed = g != NULL ? asked & g->allowed : 0;
    v->constrained = g != NULL ? asked & g->denied : 0;
    v->switched = g != NULL ? asked & g->conditional & ~g->allowed & ~g->denied : 0;
    v->missing = asked & ~v->allowed & ~v->constrained & ~v->switched;
}

void verdicts_of(struct verdicts *v, const struct avc_log *log, enum avc_kind which, const struct model *p)
{
    *v = (struct verdicts){ .list = bh_alloc((log->count + 1) * sizeof(*v->list)) };
    for (size_t i = 0; i < log->count; i++) {
        if (log->list[i].kind == which) {
            v->list[v->count].of = &log->list[i];
            judge(&v->list[v->count++], p);
        }
    }
}

static void remedy_clear(struct remedy *r)
{
    struct remedies one = { .list = bh_alloc(sizeof(*r)), .count = 1 };

    one.list[0] = *r;
    remedies_free(&one);
    *r = (struct remedy){ 0 };
}

void verdicts_free(struct verdicts *v)
{
    for (size_t i = 0; i < v->count; i++) {
        free(v->list[i].unknown);
        remedy_clear(&v->list[i].remedy);
    }
    free(v->list);
    *v = (struct verdicts){ 0 };
}

/* -- remedies ------------------------------------------------------------------------------------------------- */

struct wish {
    struct verdict *of;
    const char *perms[32];
};

static void ask(struct request *q, struct wish *w, struct verdict *v, const struct model *p)
{
    *w = (struct wish){ .of = v };
    *q = (struct request){ .source = p->types[v->source], .target = p->types[v->target], .tclass = p->classes[v->tclass], .perms = w->perms };
    for (unsigned int bit = 0; bit < 32; bit++) {
        if (v->missing >> bit & 1) {
            w->perms[q->perm_count++] = model_perm_name(p, v->tclass, bit);
        }
    }
}

/* A call that gives just this says more than the rule; one that also labels things or gives attributes does more. */
static void prefer_macro(struct remedy *plain, struct trials *t, const struct request *q)
{
    struct remedies calls;

    if (plain->checked.violation_count > 0) {
        return;
    }
    trials_find(&calls, t, q, 1, q->perm_count);
    if (calls.count > 0 && calls.list[0].rules_only && calls.list[0].checked.violation_count == 0) {
        remedy_clear(plain);
        *plain = calls.list[0];
        calls.count = 0;
        free(calls.list);
        calls.list = NULL;
    }
    remedies_free(&calls);
}

/* With all that may be, does it come out? Constraints speak last. */
static bool try_out(struct verdicts *v, const struct source *s, struct messages *m)
{
    struct buf text = { 0 };
    struct model after;
    sepol_policydb_t *policy;
    bool ok;

    for (size_t i = 0; i < v->count; i++) {
        if (v->list[i].missing != 0 && verdict_may(&v->list[i])) {
            buf_printf(&text, "%s\n", v->list[i].remedy.cil);
        }
    }
    if (text.len == 0) {
        return true;
    }
    policy = compile_source(s, text.data, NULL, m);
    ok = policy != NULL && model_of_policy(&after, s->name, policy, m);
    for (size_t i = 0; ok && i < v->count; i++) {
        struct verdict *one = &v->list[i];

        if (one->missing != 0 && one->remedy.checked.violation_count == 0) {
            const struct avc_decision *d = one->of;
            int c = model_class_named(&after, d->tclass);
            const struct grant *g = model_grant(&after, model_type_named(&after, d->source), model_type_named(&after, d->target), c);

            one->still = one->missing & ~(g != NULL ? g->allowed : 0);
        }
    }
    if (ok) {
        model_free(&after);
    }
    buf_free(&text);
    return ok;
}

bool verdicts_remedy(struct verdicts *v, struct source *s, const struct model *p, struct messages *m)
{
    struct request *requests = bh_alloc((v->count + 1) * sizeof(*requests));
    struct wish *wishes = bh_alloc((v->count + 1) * sizeof(*wishes));
    struct remedies plain = { 0 };
    struct trials *trials = NULL;
    size_t count = 0;
    bool ok = true;

    for (size_t i = 0; i < v->count; i++) {
        if (v->list[i].missing != 0) {
            ask(&requests[count], &wishes[count], &v->list[i], p);
            count++;
        }
    }
    if (count > 0) {
        ok = remedies_plain(&plain, s, requests, count, m) && (trials = trials_begin(s, p, m)) != NULL;
    }
    for (size_t i = 0; ok && i < count; i++) {
        prefer_macro(&plain.list[i], trials, &requests[i]);
        wishes[i].of->remedy = plain.list[i];
        plain.list[i] = (struct remedy){ 0 };
    }
    ok = ok && try_out(v, s, m);
    trials_end(trials);
    remedies_free(&plain);
    free(requests);
    free(wishes);
    return ok;
}

bool verdict_may(const struct verdict *v)
{
    return v->remedy.cil != NULL && v->remedy.checked.violation_count == 0 && v->still == 0;
}

bool verdict_refuses(const struct verdict *v)
{
    return v->unknown != NULL || v->constrained != 0 || v->switched != 0 || v->missing != 0;
}
