/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy audit: the refusals in console logs, what they are about, and the least that would allow them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "cite.h"
#include "table.h"
#include "verb.h"
#include "verdict_show.h"

#define OFFERS_MAX 3

struct audit {
    const struct verb_options *o;
    struct source source;
    struct model model;
    struct names names;
    struct avc_log log;
    struct verdicts refused;
    struct trials *trials;     /* for --macros; else NULL */
    json_object *json;
    struct verdict_view view;
};

/* -- one refusal ------------------------------------------------------------------------------------------------ */

static void tell_guards(struct audit *a, const struct avc_decision *d, json_object *o)
{
    json_object *list = json_object_new_object();

    for (size_t i = 0; i < d->perm_count; i++) {
        char *guards = cite_guards(&a->names, d->tclass, d->perms[i]);

        json_object_object_add(list, d->perms[i], json_object_new_string(guards));
        if (!a->o->json && *guards != '\0') {
            printf("  %s: %s\n", d->perms[i], guards);
        }
        free(guards);
    }
    json_object_object_add(o, "guards", list);
}

/* Calls that would give more than was asked: what a person may have meant. */
static void tell_macros(struct audit *a, const struct verdict *v, json_object *o)
{
    const char *perms[32];
    struct request q = { a->model.types[v->source], a->model.types[v->target], a->model.classes[v->tclass], perms, 0 };
    json_object *list = json_object_new_array();
    struct remedies r;

    for (unsigned int bit = 0; bit < 32; bit++) {
        if (v->missing >> bit & 1) {
            perms[q.perm_count++] = model_perm_name(&a->model, v->tclass, bit);
        }
    }
    trials_find(&r, a->trials, &q, OFFERS_MAX, SIZE_MAX);
    for (size_t i = 0; i < r.count; i++) {
        const struct remedy *one = &r.list[i];

        if (one->checked.violation_count == 0 && (v->cil == NULL || strcmp(one->cil, v->cil) != 0)) {
            json_object *call = json_object_new_object();
            char *heading = bh_printf("or, with %zu permission%s altogether, by %s of %s:%u", one->cost, one->cost == 1 ? "" : "s", one->macro,
                                      one->file, one->line);

            json_object_object_add(call, "cil", json_object_new_string(one->cil));
            json_object_object_add(call, "permissions", json_object_new_int64((int64_t)one->cost));
            json_object_array_add(list, call);
            verdict_cil(&a->view, heading, one->cil);
            free(heading);
        }
    }
    remedies_free(&r);
    json_object_object_add(o, "macros", list);
}

/* @return whether all of it may be allowed, or is */
static bool tell_refusal(struct audit *a, const struct verdict *v, json_object *list)
{
    const struct avc_decision *d = v->of;
    json_object *o = avc_json(d);
    char *perms = avc_joined(d->perms, d->perm_count, " ");
    bool ok = v->unknown == NULL && v->constrained == 0 && v->switched == 0 && verdict_may(v) == v->missing;

    if (!a->o->json) {
        printf("refused: %s -> %s  %s { %s }\n  ", d->source, d->target, d->tclass, perms);
        avc_lines(d, stdout);
        if (d->permissive > 0) {
            printf("  %s done all the same, in permissive mode\n", d->permissive == d->count ? "was" : "some were");
        }
    }
    free(perms);
    tell_guards(a, d, o);
    if (v->allowed != 0 && !a->o->json) {
        char *names = model_perm_names(&a->model, v->tclass, v->allowed);

        printf("  %s allows { %s } already\n", a->source.name, names);
        free(names);
    }
    verdict_show(&a->view, v, o);
    if (a->trials != NULL && v->missing != 0) {
        tell_macros(a, v, o);
    }
    json_object_object_add(o, "allowable", json_object_new_boolean(ok));
    json_object_array_add(list, o);
    if (!a->o->json) {
        printf("\n");
    }
    return ok;
}

/* -- all of them ---------------------------------------------------------------------------------------------------- */

static void tell_others(struct audit *a)
{
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < a->log.count; i++) {
        const struct avc_decision *d = &a->log.list[i];

        if (d->kind != AVC_DENIED) {
            json_object_array_add(list, avc_json(d));
            if (!a->o->json) {
                char *perms = avc_joined(d->perms, d->perm_count, " ");

                printf("%s: %s -> %s  %s { %s }, ", avc_verdict(d), d->source, d->target, d->tclass, perms);
                avc_lines(d, stdout);
                free(perms);
            }
        }
    }
    json_object_object_add(a->json, "others", list);
}

static void tell_gaps(struct audit *a)
{
    json_object_object_add(a->json, "gaps", avc_gaps_json(&a->log));
    if (!a->o->json) {
        avc_log_gaps(&a->log, stdout);
    }
}

/* What may be allowed, into a file; first of all, so that nothing is answered if it cannot be written. */
static bool save(struct audit *a, const char *path, size_t *statements, struct messages *m)
{
    struct buf text = { 0 };
    struct diag diag = { 0 };
    size_t count = 0;
    bool ok = true;

    buf_printf(&text, "; What would allow the refusals in a log, and no more: each is to be understood before it is used.\n");
    for (size_t i = 0; i < a->refused.count; i++) {
        const struct verdict *v = &a->refused.list[i];

        if (v->cil != NULL) {
            char *ops = avc_joined(v->of->ops, v->of->op_count, ", ");

            buf_printf(&text, "\n; %zu line%s%s%s\n%s\n", v->of->count, v->of->count == 1 ? "" : "s", *ops != '\0' ? ", " : "", ops,
                       v->cil);
            free(ops);
            count++;
        }
    }
    if (count > 0) {
        ok = file_save(path, text.data, text.len, &diag);
        messages_of_diag(m, &diag);
    }
    *statements = count;
    buf_free(&text);
    return ok;
}

static int answer(struct audit *a, const char *path, struct messages *m)
{
    json_object *list;
    size_t statements = 0;
    int rc = POLICY_YES;

    if (path != NULL && !save(a, path, &statements, m)) {
        return POLICY_WRONG;
    }
    list = json_object_new_array();
    json_object_object_add(a->json, "refused", list);
    for (size_t i = 0; i < a->refused.count; i++) {
        rc = tell_refusal(a, &a->refused.list[i], list) ? rc : POLICY_NO;
    }
    tell_others(a);
    if (!a->o->json && a->refused.count == 0) {
        printf("nothing was refused%s\n", a->log.lost > 0 || a->log.odd_count > 0 ? ", as far as the log goes" : "");
    }
    tell_gaps(a);
    if (path != NULL && !a->o->json) {
        printf(statements > 0 ? "%s written: %zu statement%s\n" : "%s not written: there is nothing to allow\n", path, statements,
               statements == 1 ? "" : "s");
    }
    return rc;
}

static bool prepare(struct audit *a, bool macros, struct messages *m)
{
    if (a->source.binary) {
        message_add(m, a->source.name, 0, 0, "is a binary policy, which has neither assertions nor macros: nothing could be checked");
        message_hint(m, "name the CIL files it was made from");
        return false;
    }
    verdicts_of(&a->refused, &a->log, AVC_DENIED, &a->model);
    return verdicts_remedy(&a->refused, &a->source, &a->model, m) &&
           (!macros || (a->trials = trials_begin(&a->source, &a->model, m)) != NULL);
}

static int audit_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct audit a = { .o = o };
    int rc = POLICY_WRONG;

    if (!avc_log_read(&a.log, w->words, w->word_count, m)) {
        return rc;
    }
    if (model_read(&a.model, &a.source, o->tree, o->policy, o->policy_count, m)) {
        a.json = json_object_new_object();
        a.view = (struct verdict_view){ o->json, &a.source, &a.model };
        names_collect(&a.names, &a.source);
        if (prepare(&a, verb_value(&policy_audit_verb, w, "--macros") != NULL, m)) {
            rc = answer(&a, verb_value(&policy_audit_verb, w, "-o"), m);
        }
        if (rc != POLICY_WRONG && o->json) {
            json_write(a.json, stdout);
        } else {
            json_object_put(a.json);
        }
        trials_end(a.trials);
        verdicts_free(&a.refused);
        names_list_free(&a.names);
        model_free(&a.model);
        source_free(&a.source);
    }
    avc_log_free(&a.log);
    return rc;
}

static const struct verb_option options[] = {
    { "-o", "FILE.cil", "write what may be allowed there" },
    { "--macros", NULL, "offer calls of macros that give more than was asked, too" },
};

const struct policy_verb policy_audit_verb = {
    .name = "audit",
    .words = "[LOG...]",
    .word_max = POLICY_WORDS_MAX,
    .summary = "refusals in console logs, and the least that would allow them",
    .help = "Reads console logs (standard input if none is named) for the decisions in them: the hypervisor's `(XEN) avc:` lines, and those\n"
            "that the domains `xenstore` and `control` write about their own classes. What other domains print does not count. For each\n"
            "kind of refusal: who asked, what the permission guards, and the rule or macro call that gives just that; or the assertion\n"
            "or constraint that forbids it. Refusals that have no line, damaged lines and strangers' lines are counted.\n"
            "Status 1: something was refused that cannot be allowed.\n\n"
            "    bh policy audit -p host.conf build/first-light/run/console.log -o more.cil\n"
            "    bh policy diff host.conf host.conf,more.cil",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = audit_run,
};
