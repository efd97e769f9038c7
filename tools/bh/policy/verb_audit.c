/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy audit: the refusals in console logs, what they are about, and the least that would allow them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "cite.h"
#include "table.h"
#include "verb.h"
#include "verdict.h"

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
};

static char *joined(char *const *words, size_t count, const char *between)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s", i > 0 ? between : "", words[i]);
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

static json_object *words_json(char *const *words, size_t count)
{
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < count; i++) {
        json_object_array_add(list, json_object_new_string(words[i]));
    }
    return list;
}

static json_object *place_json(const struct avc_place *p)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "file", json_object_new_string(p->file));
    json_object_object_add(o, "line", json_object_new_int64((int64_t)p->line));
    return o;
}

static json_object *decision_json(const struct avc_decision *d)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "decision", json_object_new_string(avc_verdict(d)));
    json_object_object_add(o, "source", json_object_new_string(d->source));
    json_object_object_add(o, "target", json_object_new_string(d->target));
    json_object_object_add(o, "class", json_object_new_string(d->tclass));
    json_object_object_add(o, "permissions", words_json(d->perms, d->perm_count));
    json_object_object_add(o, "operations", words_json(d->ops, d->op_count));
    json_object_object_add(o, "domains", words_json(d->domains, d->domain_count));
    json_object_object_add(o, "lines", json_object_new_int64((int64_t)d->count));
    json_object_object_add(o, "permissive", json_object_new_int64((int64_t)d->permissive));
    json_object_object_add(o, "first", place_json(&d->first));
    json_object_object_add(o, "last", place_json(&d->last));
    return o;
}

static void lines_text(const struct avc_decision *d, FILE *out)
{
    char *ops = joined(d->ops, d->op_count, ", "), *domains = joined(d->domains, d->domain_count, ", ");

    fprintf(out, "%zu line%s, %s:%zu", d->count, d->count == 1 ? "" : "s", d->first.file, d->first.line);
    if (d->count > 1) {
        fprintf(out, " to %s:%zu", d->last.file, d->last.line);
    }
    fprintf(out, "%s%s%s%s\n", *domains != '\0' ? ", asked by " : "", domains, *ops != '\0' ? ", " : "", ops);
    free(ops);
    free(domains);
}

/* -- one refusal ------------------------------------------------------------------------------------------------ */

static void add_reason(struct audit *a, const struct verdict *v, json_object *forbidden, const char *kind, const char *file, unsigned int line,
                       uint32_t perms, const char *why)
{
    json_object *o = json_object_new_object();
    char *names = model_perm_names(&a->model, v->tclass, perms);

    json_object_object_add(o, "by", json_object_new_string(kind));
    json_object_object_add(o, "file", json_object_new_string(file));
    json_object_object_add(o, "line", json_object_new_int64(line));
    json_object_object_add(o, "permissions", json_object_new_string(names));
    json_object_object_add(o, "why", json_object_new_string(why));
    json_object_array_add(forbidden, o);
    if (!a->o->json) {
        printf("  { %s } forbidden by the %s of %s:%u%s%s\n", names, kind, file, line, *why != '\0' ? ": " : "", why);
    }
    free(names);
}

static void tell_constraints(struct audit *a, const struct verdict *v, uint32_t perms, json_object *forbidden)
{
    for (unsigned int bit = 0; bit < 32; bit++) {
        const char *perm = perms >> bit & 1 ? model_perm_name(&a->model, v->tclass, bit) : NULL, *file;
        const struct cil_node *n = perm != NULL ? cite_constraint(&a->source, v->of->tclass, perm, NULL, &file) : NULL;

        for (; n != NULL; n = cite_constraint(&a->source, v->of->tclass, perm, n, &file)) {
            add_reason(a, v, forbidden, "constraint", file, n->line, 1u << bit, n->comment != NULL ? n->comment : "");
        }
    }
}

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

static void tell_cil(struct audit *a, const char *heading, const char *cil)
{
    if (!a->o->json) {
        printf("  %s\n", heading);
        for (const char *p = cil; *p != '\0';) {
            size_t n = strcspn(p, "\n");

            printf("      %.*s\n", (int)n, p);
            p += n + (p[n] != '\0');
        }
    }
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
            tell_cil(a, heading, one->cil);
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
    json_object *o = decision_json(d), *forbidden = json_object_new_array();
    char *perms = joined(d->perms, d->perm_count, " ");
    bool ok = v->unknown == NULL && v->constrained == 0 && v->switched == 0 && verdict_may(v) == v->missing;

    if (!a->o->json) {
        printf("refused: %s -> %s  %s { %s }\n  ", d->source, d->target, d->tclass, perms);
        lines_text(d, stdout);
        if (d->permissive > 0) {
            printf("  %s done all the same, in permissive mode\n", d->permissive == d->count ? "was" : "some were");
        }
    }
    free(perms);
    tell_guards(a, d, o);
    if (v->unknown != NULL) {
        json_object_object_add(o, "unknown", json_object_new_string(v->unknown));
        if (!a->o->json) {
            printf("  %s has no %s: the log is of a host with another policy\n", a->source.name, v->unknown);
        }
    }
    if (v->allowed != 0 && !a->o->json) {
        char *names = model_perm_names(&a->model, v->tclass, v->allowed);

        printf("  %s allows { %s } already\n", a->source.name, names);
        free(names);
    }
    if (v->switched != 0 && !a->o->json) {
        char *names = model_perm_names(&a->model, v->tclass, v->switched);

        printf("  rules give { %s } when a boolean is set: `bh policy why` names them\n", names);
        free(names);
    }
    if (v->cil != NULL) {
        json_object_object_add(o, "cil", json_object_new_string(v->cil));
        tell_cil(a, verdict_may(v) == v->missing ? "allow it with" : "allow what may be allowed with", v->cil);
    }
    for (size_t i = 0; i < v->obstacle_count; i++) {
        const struct obstacle *f = &v->obstacles[i];

        add_reason(a, v, forbidden, "assertion", f->file, f->line, f->perms, cite_comment(&a->source, f->file, f->line));
    }
    if ((v->constrained | v->still) != 0) {
        tell_constraints(a, v, v->constrained | v->still, forbidden);
    }
    if (a->trials != NULL && v->missing != 0) {
        tell_macros(a, v, o);
    }
    json_object_object_add(o, "forbidden", forbidden);
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
            json_object_array_add(list, decision_json(d));
            if (!a->o->json) {
                char *perms = joined(d->perms, d->perm_count, " ");

                printf("%s: %s -> %s  %s { %s }, ", avc_verdict(d), d->source, d->target, d->tclass, perms);
                lines_text(d, stdout);
                free(perms);
            }
        }
    }
    json_object_object_add(a->json, "others", list);
}

static void tell_gaps(struct audit *a)
{
    json_object *gaps = json_object_new_object();

    json_object_object_add(gaps, "lost", json_object_new_uint64(a->log.lost));
    json_object_object_add(gaps, "damaged", json_object_new_int64((int64_t)a->log.odd_count));
    json_object_object_add(gaps, "stray", json_object_new_int64((int64_t)a->log.stray));
    json_object_object_add(a->json, "gaps", gaps);
    if (!a->o->json) {
        avc_log_gaps(&a->log, stdout);
    }
}

/* What may be allowed, for a file. */
static bool save(struct audit *a, const char *path, struct messages *m)
{
    struct buf text = { 0 };
    struct diag diag = { 0 };
    size_t count = 0;
    bool ok = true;

    buf_printf(&text, "; What would allow the refusals in a log, and no more: each is to be understood before it is used.\n");
    for (size_t i = 0; i < a->refused.count; i++) {
        const struct verdict *v = &a->refused.list[i];

        if (v->cil != NULL) {
            char *ops = joined(v->of->ops, v->of->op_count, ", ");

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
    if (ok && !a->o->json) {
        printf(count > 0 ? "%s written: %zu statement%s\n" : "%s not written: there is nothing to allow\n", path, count, count == 1 ? "" : "s");
    }
    buf_free(&text);
    return ok;
}

static int answer(struct audit *a, const char *path, struct messages *m)
{
    json_object *list = json_object_new_array();
    int rc = POLICY_YES;

    json_object_object_add(a->json, "refused", list);
    for (size_t i = 0; i < a->refused.count; i++) {
        rc = tell_refusal(a, &a->refused.list[i], list) ? rc : POLICY_NO;
    }
    tell_others(a);
    if (!a->o->json && a->refused.count == 0) {
        printf("nothing was refused%s\n", a->log.lost > 0 || a->log.odd_count > 0 ? ", as far as the log goes" : "");
    }
    tell_gaps(a);
    return path != NULL && !save(a, path, m) ? POLICY_WRONG : rc;
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
    if (source_read(&a.source, o->tree, o->policy, o->policy_count, m)) {
        if (model_load(&a.model, &a.source, m)) {
            a.json = json_object_new_object();
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
        }
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
