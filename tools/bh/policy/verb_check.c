/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy check: what compiles, and is wrong or of no use. */
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "findings.h"
#include "table.h"
#include "verb.h"

static json_object *finding_json(const struct finding *f)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "code", json_object_new_string(f->code));
    json_object_object_add(o, "severity", json_object_new_string(f->is_error ? "error" : "warning"));
    if (f->file != NULL) {
        json_object_object_add(o, "file", json_object_new_string(f->file));
        json_object_object_add(o, "line", json_object_new_int64(f->line));
    }
    if (f->column != 0) {
        json_object_object_add(o, "column", json_object_new_int64(f->column));
    }
    json_object_object_add(o, "message", json_object_new_string(f->what));
    if (f->hint != NULL) {
        json_object_object_add(o, "hint", json_object_new_string(f->hint));
    }
    return o;
}

static void finding_text(const struct finding *f)
{
    if (f->file != NULL) {
        printf("%s:", f->file);
        if (f->line != 0) {
            printf("%u:", f->line);
        }
        if (f->column != 0) {
            printf("%u:", f->column);
        }
        printf(" ");
    }
    printf("%s [%s]: %s\n", f->is_error ? "error" : "warning", f->code, f->what);
    if (f->hint != NULL) {
        printf("    hint: %s\n", f->hint);
    }
}

static const struct table_column memory_columns[] = {
    { "from", "WHO" }, { "of", "REACHES THE MEMORY OF" }, { "how", "BY" }, { "permissions", "PERMISSIONS" }, { "rule", "RULE" },
};

static void memory(const struct checked *c, struct table *t)
{
    size_t count;
    struct reach_row *rows = check_reach(c, &count);

    for (size_t i = 0; i < count; i++) {
        table_row(t, (const char *const[]){ rows[i].from, rows[i].of, rows[i].how, rows[i].perms, rows[i].rule });
    }
    check_reach_free(rows, count);
}

static void tell(const struct verb_options *o, const struct checked *c, bool with_memory, size_t errors, size_t warnings)
{
    json_object *top = json_object_new_object(), *list = json_object_new_array();
    struct table t;

    table_init(&t, memory_columns, sizeof(memory_columns) / sizeof(memory_columns[0]));
    if (with_memory) {
        memory(c, &t);
    }
    for (size_t i = 0; i < c->out->count; i++) {
        if (o->json) {
            json_object_array_add(list, finding_json(&c->out->list[i]));
        } else {
            finding_text(&c->out->list[i]);
        }
    }
    json_object_object_add(top, "findings", list);
    json_object_object_add(top, "errors", json_object_new_int64((int64_t)errors));
    json_object_object_add(top, "warnings", json_object_new_int64((int64_t)warnings));
    if (o->json) {
        if (with_memory) {
            json_object_object_add(top, "memory", table_take(&t));
        }
        json_write(top, stdout);
    } else {
        if (with_memory) {
            table_text(&t, stdout);
        }
        printf("%s: %zu error%s, %zu warning%s\n", c->model->name, errors, errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
        json_object_put(top);
    }
    table_free(&t);
}

static void look(const struct checked *c, const char *host, const char *tree, struct messages *m)
{
    check_rules(c);
    check_declared(c, m);
    check_devices(c, host, tree, m);
    check_domains(c);
    findings_sort(c->out, c->source);
}

static bool is_tried(const struct rule *r)
{
    return r->place_count > 0 && strcmp(r->places[0].file, RULES_QUERY) == 0;
}

/* Rules of the policy, and those of kinds that were tried: one compilation tells both. */
static bool rules_and_trial(const struct source *s, const struct model *p, const struct names *names, struct rules *rules, struct rules *tried,
                            struct messages *m)
{
    char *trial = check_kinds_trial(names);
    bool ok = rules_all(s, trial, p->classes, p->class_count, rules, m);
    size_t kept = 0;

    free(trial);
    *tried = (struct rules){ .list = bh_alloc(rules->count * sizeof(*tried->list) + 1) };
    for (size_t i = 0; i < rules->count; i++) {
        if (is_tried(&rules->list[i])) {
            tried->list[tried->count++] = rules->list[i];
        } else {
            rules->list[kept++] = rules->list[i];
        }
    }
    rules->count = kept;
    return ok;
}

static int check(const struct verb_options *o, const struct verb_words *w, struct source *s, const struct model *p, struct messages *m)
{
    struct findings found = { 0 };
    struct names names;
    struct rules rules, tried;
    struct checked c = { s, p, &names, &rules, &tried, &found };
    size_t errors = 0;
    bool ok;

    names_collect(&names, s);
    ok = rules_and_trial(s, p, &names, &rules, &tried, m);
    if (ok) {
        look(&c, verb_value(&policy_check_verb, w, "--host"), o->tree, m);
        ok = m->count == 0;
    }
    for (size_t i = 0; i < found.count; i++) {
        errors += found.list[i].is_error;
    }
    if (ok) {
        tell(o, &c, verb_value(&policy_check_verb, w, "--memory") != NULL, errors, found.count - errors);
    }
    bool bad = errors > 0 || (found.count > 0 && verb_value(&policy_check_verb, w, "--strict") != NULL);

    rules_free(&rules);
    rules_free(&tried);
    names_list_free(&names);
    findings_free(&found);
    return !ok ? POLICY_WRONG : bad ? POLICY_NO : POLICY_YES;
}

static int check_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    sepol_policydb_t *policy;
    struct source s;
    struct model p;
    int rc = POLICY_WRONG;

    if (!source_read_unchecked(&s, o->tree, o->policy, o->policy_count, m)) {
        return rc;
    }
    policy = s.binary ? compile_policy(&s, m) : compile_unchecked(&s, NULL, m);
    if (policy != NULL && model_of_policy(&p, s.name, policy, m)) {
        rc = check(o, w, &s, &p, m);
        model_free(&p);
    }
    source_free(&s);
    return rc;
}

static const struct verb_option check_options[] = {
    { "--host", "HOST.conf", "have the policy judged for the devices of that description, too" },
    { "--memory", NULL, "also the table of who reaches whose memory, and by which rule" },
    { "--strict", NULL, "warnings count as errors for the exit status" },
};

const struct policy_verb policy_check_verb = {
    .name = "check",
    .words = "",
    .summary = "what compiles and is wrong, or of no use",
    .help = "Prints findings, each with a code, a place and what to do; exit status 1 when there is an error.\n\n"
            "  assertion           error    a rule breaks a neverallow rule\n"
            "  permissive          error    nothing is refused to a type\n"
            "  overlap             error    two labels for one port, page or device\n"
            "  unlabelled          error    a device of --host has no label, or one its domain may not use\n"
            "  kind                error    a domain lacks what its kind needs (without XenStore: a warning)\n"
            "  mutual-memory       warning  two domains reach each other's memory\n"
            "  unused-label        warning  a device has a label that nobody may use\n"
            "  unused-type         warning  a type is in no rule and labels nothing\n"
            "  unused-macro        warning  nobody calls it\n"
            "  empty-assertion     warning  a neverallow rule is about nobody\n"
            "  never-asked         warning  a rule gives what neither the hypervisor nor a service asks about\n"
            "  unknown-class, unknown-permission   warning   the hypervisor does not know it\n\n"
            "    bh policy check --strict -p host.conf",
    .options = check_options,
    .option_count = sizeof(check_options) / sizeof(check_options[0]),
    .run = check_run,
};
