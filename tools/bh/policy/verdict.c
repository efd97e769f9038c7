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

void verdicts_free(struct verdicts *v)
{
    for (size_t i = 0; i < v->count; i++) {
        for (size_t k = 0; k < v->list[i].obstacle_count; k++) {
            free(v->list[i].obstacles[k].file);
        }
        free(v->list[i].obstacles);
        free(v->list[i].unknown);
        free(v->list[i].cil);
    }
    free(v->list);
    *v = (struct verdicts){ 0 };
}

/* -- remedies ------------------------------------------------------------------------------------------------- */

uint32_t verdict_may(const struct verdict *v)
{
    return v->missing & ~v->forbidden & ~v->still;
}

/* One permission of one decision: of those that were asked together an assertion may forbid some. */
struct wish {
    struct verdict *of;
    unsigned int bit;
    const char *perm;
};

static struct request request_of(const struct verdict *v, const struct model *p, uint32_t perms, const char **names)
{
    struct request q = { .source = p->types[v->source], .target = p->types[v->target], .tclass = p->classes[v->tclass], .perms = names };

    for (unsigned int bit = 0; bit < 32; bit++) {
        if (perms >> bit & 1) {
            names[q.perm_count++] = model_perm_name(p, v->tclass, bit);
        }
    }
    return q;
}

static void forbid(struct verdict *v, unsigned int bit, const struct violation *by)
{
    size_t k = 0;

    v->forbidden |= 1u << bit;
    while (k < v->obstacle_count && (v->obstacles[k].line != by->line || strcmp(v->obstacles[k].file, by->file) != 0)) {
        k++;
    }
    if (k == v->obstacle_count) {
        v->obstacles = bh_grow(v->obstacles, k + 1, sizeof(*v->obstacles));
        v->obstacles[v->obstacle_count++] = (struct obstacle){ .file = bh_strdup(by->file), .line = by->line };
    }
    v->obstacles[k].perms |= 1u << bit;
}

static bool ask_assertions(struct verdicts *v, const struct source *s, const struct model *p, struct messages *m)
{
    struct wish *wishes = bh_alloc((32 * v->count + 1) * sizeof(*wishes));
    struct request *requests = bh_alloc((32 * v->count + 1) * sizeof(*requests));
    struct remedies plain = { 0 };
    size_t count = 0;
    bool ok;

    for (size_t i = 0; i < v->count; i++) {
        for (unsigned int bit = 0; bit < 32; bit++) {
            if (v->list[i].missing >> bit & 1) {
                wishes[count] = (struct wish){ .of = &v->list[i], .bit = bit };
                requests[count] = request_of(&v->list[i], p, 1u << bit, &wishes[count].perm);
                count++;
            }
        }
    }
    ok = count == 0 || remedies_plain(&plain, s, requests, count, m);
    for (size_t i = 0; ok && i < count; i++) {
        for (size_t k = 0; k < plain.list[i].checked.violation_count; k++) {
            forbid(wishes[i].of, wishes[i].bit, &plain.list[i].checked.violations[k]);
        }
    }
    if (ok) {
        remedies_free(&plain);
    }
    free(requests);
    free(wishes);
    return ok;
}

/* With all that assertions let through, does it come out? Constraints speak last. */
static bool ask_constraints(struct verdicts *v, const struct source *s, const struct model *p, struct messages *m)
{
    struct buf text = { 0 };
    sepol_policydb_t *policy;
    struct model after;
    bool ok = true;

    for (size_t i = 0; i < v->count; i++) {
        const char *names[32];
        struct request q;

        if (verdict_may(&v->list[i]) != 0) {
            char *rule;

            q = request_of(&v->list[i], p, verdict_may(&v->list[i]), names);
            rule = remedy_rule(&q);
            buf_printf(&text, "%s\n", rule);
            free(rule);
        }
    }
    if (text.len > 0) {
        policy = compile_source(s, text.data, NULL, m);
        ok = policy != NULL && model_of_policy(&after, s->name, policy, m);
        for (size_t i = 0; ok && i < v->count; i++) {
            struct verdict *one = &v->list[i];
            const struct avc_decision *d = one->of;
            const struct grant *g = NULL;

            if (verdict_may(one) != 0) {
                g = model_grant(&after, model_type_named(&after, d->source), model_type_named(&after, d->target),
                                model_class_named(&after, d->tclass));
                one->still = verdict_may(one) & ~(g != NULL ? g->allowed : 0);
            }
        }
        if (ok) {
            model_free(&after);
        }
    }
    buf_free(&text);
    return ok;
}

/* A call that gives just this says more than the rule; one that also labels things or gives attributes does more. */
static char *smallest(struct trials *t, const struct request *q)
{
    struct remedies calls;
    char *cil = NULL;

    trials_find(&calls, t, q, 1, q->perm_count);
    if (calls.count > 0 && calls.list[0].rules_only && calls.list[0].checked.violation_count == 0) {
        cil = bh_strdup(calls.list[0].cil);
    }
    remedies_free(&calls);
    return cil != NULL ? cil : remedy_rule(q);
}

bool verdicts_remedy(struct verdicts *v, struct source *s, const struct model *p, struct messages *m)
{
    struct trials *trials = NULL;
    uint32_t any = 0;
    bool ok = ask_assertions(v, s, p, m) && ask_constraints(v, s, p, m);

    for (size_t i = 0; ok && i < v->count; i++) {
        any |= verdict_may(&v->list[i]);
    }
    if (any != 0) {
        trials = trials_begin(s, p, m);
        ok = trials != NULL;
    }
    for (size_t i = 0; ok && i < v->count; i++) {
        const char *names[32];
        struct request q;

        if (verdict_may(&v->list[i]) != 0) {
            q = request_of(&v->list[i], p, verdict_may(&v->list[i]), names);
            v->list[i].cil = smallest(trials, &q);
        }
    }
    trials_end(trials);
    return ok;
}

bool verdict_refuses(const struct verdict *v)
{
    return v->unknown != NULL || v->constrained != 0 || v->switched != 0 || v->missing != 0;
}
