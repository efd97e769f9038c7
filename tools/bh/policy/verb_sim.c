/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy sim: decisions that a host made, made again by another policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "located.h"
#include "table.h"
#include "verb.h"
#include "verdict_show.h"

struct side {
    struct source source;
    struct model model;
    struct located located;
    bool loaded, is_located;
};

struct sim {
    const struct verb_options *o;
    struct avc_log log;
    struct side was;           /* what the host ran; not loaded if -p does not say */
    struct side is;
    struct verdicts granted, denied;
    struct verdict_view view;
    json_object *json;
    bool changes;
};

/* Only where a rule is to be named: it takes as long as all the rest. */
static bool locate(struct side *s, struct messages *m)
{
    s->is_located = s->loaded && !s->source.binary && located_read(&s->located, &s->source, &s->model, m);
    return s->is_located || !s->loaded || s->source.binary;
}

static void unload(struct side *s)
{
    if (s->loaded) {
        located_free(&s->located);
        model_free(&s->model);
        source_free(&s->source);
    }
}

static char *origins(const struct side *s, int source, int target, int tclass, uint32_t perms)
{
    return s->loaded && s->is_located && source >= 0 && target >= 0 && tclass >= 0 ?
           located_origins(&s->located, &s->model, source, target, tclass, perms) : bh_strdup("");
}

/* Where the policy that the host ran allows what the other does not. */
static char *origins_before(const struct sim *s, const struct verdict *v)
{
    const struct avc_decision *d = v->of;
    int tclass = s->was.loaded ? model_class_named(&s->was.model, d->tclass) : -1;
    uint32_t perms = 0;

    for (size_t i = 0; i < d->perm_count && tclass >= 0; i++) {
        int bit = model_perm_named(&s->was.model, tclass, d->perms[i]), now = v->tclass >= 0 ?
                  model_perm_named(&s->is.model, v->tclass, d->perms[i]) : -1;

        perms |= bit >= 0 && (now < 0 || (v->allowed >> now & 1) == 0) ? 1u << bit : 0;
    }
    return tclass < 0 ? bh_strdup("") :
           origins(&s->was, model_type_named(&s->was.model, d->source), model_type_named(&s->was.model, d->target), tclass, perms);
}

static json_object *begin(struct sim *s, const struct verdict *v, const char *change, const char *names)
{
    const struct avc_decision *d = v->of;
    json_object *o = avc_json(d);

    s->changes = true;
    json_object_object_add(o, "change", json_object_new_string(change));
    json_object_object_add(o, "changed", json_object_new_string(names));
    if (!s->o->json) {
        printf("would be %s: %s -> %s  %s { %s }\n  ", change, d->source, d->target, d->tclass, names);
        avc_lines(d, stdout);
    }
    return o;
}

static void tell_origins(const struct sim *s, json_object *o, const char *key, const char *heading, char *text)
{
    json_object_object_add(o, key, json_object_new_string(text));
    if (!s->o->json && *text != '\0') {
        printf("  %s %s\n", heading, text);
    }
    free(text);
}

/* What was granted, and is not any more. */
static void tell_refused(struct sim *s, const struct verdict *v, json_object *list)
{
    uint32_t gone = v->constrained | v->switched | v->missing;
    char *names = gone != 0 ? model_perm_names(&s->is.model, v->tclass, gone) : avc_joined(v->of->perms, v->of->perm_count, " ");
    json_object *o;

    if (verdict_refuses(v)) {
        o = begin(s, v, "denied", names);
        tell_origins(s, o, "was_allowed_by", "allowed so far by", origins_before(s, v));
        verdict_show(&s->view, v, o);
        json_object_array_add(list, o);
    }
    free(names);
}

/* What was refused, and is not any more. */
static void tell_allowed(struct sim *s, const struct verdict *v, json_object *list)
{
    char *names;
    json_object *o;

    if (v->allowed != 0) {
        names = model_perm_names(&s->is.model, v->tclass, v->allowed);
        o = begin(s, v, "allowed", names);
        tell_origins(s, o, "allowed_by", "by", origins(&s->is, v->source, v->target, v->tclass, v->allowed));
        json_object_array_add(list, o);
        free(names);
    }
}

static bool anything_changes(const struct sim *s)
{
    bool any = false;

    for (size_t i = 0; i < s->granted.count; i++) {
        any = any || verdict_refuses(&s->granted.list[i]);
    }
    for (size_t i = 0; i < s->denied.count; i++) {
        any = any || s->denied.list[i].allowed != 0;
    }
    return any;
}

static int answer(struct sim *s)
{
    json_object *list = json_object_new_array();
    size_t lines = 0;

    s->view = (struct verdict_view){ s->o->json, &s->is.source, &s->is.model };
    for (size_t i = 0; i < s->granted.count; i++) {
        tell_refused(s, &s->granted.list[i], list);
        lines += s->granted.list[i].of->count;
    }
    for (size_t i = 0; i < s->denied.count; i++) {
        tell_allowed(s, &s->denied.list[i], list);
        lines += s->denied.list[i].of->count;
    }
    json_object_object_add(s->json, "changes", list);
    json_object_object_add(s->json, "gaps", avc_gaps_json(&s->log));
    if (!s->o->json) {
        printf("%sasked again of %s: lines %zu, kinds of grants %zu, of refusals %zu\n", s->changes ? "" : "nothing would change; ",
               s->is.source.name, lines, s->granted.count, s->denied.count);
        if (!s->log.traced) {
            printf("the log is not of a host with flask-trace: of what was granted it has only what the policy audits\n");
        }
        avc_log_gaps(&s->log, stdout);
        if (avc_log_misses(&s->log)) {
            printf("of those that are missing nobody knows what they would be\n");
        }
    }
    return s->changes ? POLICY_NO : POLICY_YES;
}

static int sim_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct sim s = { .o = o };
    int rc = POLICY_WRONG;
    bool ok;

    if (!avc_log_read(&s.log, w->words, w->word_count - 1, m)) {
        return rc;
    }
    s.is.loaded = model_read_list(&s.is.model, &s.is.source, o->tree, w->words[w->word_count - 1], m);
    s.was.loaded = s.is.loaded && o->policy_given && model_read(&s.was.model, &s.was.source, o->tree, o->policy, o->policy_count, m);
    ok = s.is.loaded && (s.was.loaded || !o->policy_given);
    if (ok) {
        verdicts_of(&s.granted, &s.log, AVC_GRANTED, &s.is.model);
        verdicts_of(&s.denied, &s.log, AVC_DENIED, &s.is.model);
        ok = s.is.source.binary || verdicts_remedy(&s.granted, &s.is.source, &s.is.model, m);
        ok = ok && (!anything_changes(&s) || (locate(&s.was, m) && locate(&s.is, m)));
    }
    if (ok) {
        s.json = json_object_new_object();
        rc = answer(&s);
        if (o->json) {
            json_write(s.json, stdout);
        } else {
            json_object_put(s.json);
        }
    }
    verdicts_free(&s.granted);
    verdicts_free(&s.denied);
    unload(&s.was);
    unload(&s.is);
    avc_log_free(&s.log);
    return rc;
}

const struct policy_verb policy_sim_verb = {
    .name = "sim",
    .words = "LOG... POLICY",
    .word_min = 2,
    .word_max = POLICY_WORDS_MAX,
    .summary = "decisions that a host made, made again by another policy",
    .help = "Takes the decisions out of console logs (`-` is standard input), as `bh policy audit` does, and asks POLICY each of them: what was\n"
            "granted and would be denied, with the least that would allow it; what was denied and would be allowed, with its rule. A host\n"
            "with flask-trace on its command line logs what is granted, too; others only what the policy audits. POLICY is what -p takes,\n"
            "several files joined by commas. With -p, the policy that the host ran, rules are named by which it was allowed. Objects have\n"
            "the labels that they had: where POLICY labels things differently, `bh policy diff` tells. Where the console left decisions out\n"
            "(`lost N messages`), it is said.\n"
            "Status 1: something would change.\n\n"
            "    bh policy sim -p host.conf build/host/run/console.log new.conf",
    .run = sim_run,
};
