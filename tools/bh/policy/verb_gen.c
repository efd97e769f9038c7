/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy gen: the least policy of a host description, with the proof that domains reach each other by what is drawn alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "../build/policy.h"
#include "proof.h"
#include "table.h"
#include "verb.h"

static const struct verb_option options[] = {
    { "-o", "FILE", "write the policy there; the table then goes to standard output" },
    { "--with", "FILE.cil", "rules of your own beside it, which the proof judges too; may be repeated" },
    { "--map", "FILE", "permission map in SETools' format; default: TREE/policy/permission_map" },
};

extern const struct policy_verb policy_gen_verb;

struct job {
    const struct verb_options *o;
    const struct verb_words *w;
    struct host host;
    struct buf text;           /* of the description */
    struct source source;
    struct model model;
    struct permission_map map;
    struct flow flow;
    struct flow_limits limits;
    struct proof proof;
    struct table table;
};

static const struct table_column columns[] = { { "from", "FROM" }, { "to", "TO" }, { "by", "BY" }, { "drawn", "DRAWN" } };

/* A line of the description, without spaces around and what follows a #. */
static void put_line(const struct job *j, unsigned int line, struct buf *out)
{
    const char *at = j->text.data;

    for (unsigned int n = 1; at != NULL && n < line; n++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    if (at != NULL) {
        size_t len;

        at += strspn(at, " \t");
        len = strcspn(at, "\n#");
        while (len > 0 && (at[len - 1] == ' ' || at[len - 1] == '\t' || at[len - 1] == '\r')) {
            len--;
        }
        buf_printf(out, "; line %u: %.*s\n", line, (int)len, at);
    }
}

/* The rules that `bh build` makes, each group below the line it comes from; the marks of CIL stay, so that compilers name that line. */
static void comment(const struct job *j, const struct buf *rules, struct buf *out)
{
    const char *p = rules->data;

    while (*p != '\0') {
        size_t n = strcspn(p, "\n");
        unsigned int line;

        if (sscanf(p, ";;* lmx %u", &line) == 1) {
            put_line(j, line, out);
        }
        buf_put(out, p, n);
        buf_puts(out, "\n");
        p += n + (p[n] == '\n');
    }
}

/* The table as text, each line begun with `indent`. */
static void put_table(const struct job *j, const char *indent, struct buf *out)
{
    char *text = NULL, *rest, *line;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);

    table_text(&j->table, f);
    fclose(f);
    rest = text;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line != '\0') {
            buf_printf(out, "%s%s\n", indent, line);
        }
    }
    free(text);
}

static void policy_text(const struct job *j, struct buf *out)
{
    struct buf rules = { 0 };

    buf_printf(out, "; The least policy of the host %s: made by bh policy gen, compiled after policy/", j->host.name);
    for (size_t i = 0; i < j->host.policy_file_count; i++) {
        buf_printf(out, " and %s", j->host.policy_files[i]);
    }
    buf_puts(out, ".\n;\n");
    buf_puts(out, "; Who reaches whom, directly or through others, by which classes, and what in the description draws it:\n;\n");
    put_table(j, ";   ", out);
    buf_puts(out, "\n");
    policy_cil(&j->host, &rules);
    comment(j, &rules, out);
    buf_free(&rules);
}

static void fill_table(struct job *j)
{
    table_init(&j->table, columns, sizeof(columns) / sizeof(columns[0]));
    for (size_t i = 0; i < j->proof.row_count; i++) {
        const struct proof_row *r = &j->proof.rows[i];

        table_row(&j->table, (const char *const[]){ proof_name(&j->host, r->from), proof_name(&j->host, r->to), r->by, r->drawn });
    }
}

static bool find_rules(const struct job *j, const struct proof_finding *one, struct flow_teller *t, struct messages *m)
{
    *t = (struct flow_teller){ .source = &j->source, .model = &j->model, .flow = &j->flow, .limits = &j->limits };
    return flow_rules_find(t, one->edges, one->edge_count, m);
}

static bool tell_findings(const struct job *j, struct messages *m)
{
    bool ok = true;

    for (size_t i = 0; ok && i < j->proof.finding_count; i++) {
        const struct proof_finding *one = &j->proof.findings[i];
        const char *from = proof_name(&j->host, one->from), *to = proof_name(&j->host, one->to);
        struct flow_teller t;

        if (one->what == NULL) {
            printf("drawn, and nothing flows: %s -> %s by %s\n", from, to, one->drawn);
            continue;
        }
        ok = find_rules(j, one, &t, m);
        printf("not drawn: %s -> %s by %s\n", from, to, one->what);
        flow_path_text(&t, one->edges, one->edge_count, "", stdout);
        flow_rules_free(&t.rules);
    }
    return ok;
}

static bool findings_json(const struct job *j, json_object *list, struct messages *m)
{
    bool ok = true;

    for (size_t i = 0; ok && i < j->proof.finding_count; i++) {
        const struct proof_finding *one = &j->proof.findings[i];
        json_object *o = json_object_new_object();
        struct flow_teller t;

        json_object_object_add(o, "from", json_object_new_string(proof_name(&j->host, one->from)));
        json_object_object_add(o, "to", json_object_new_string(proof_name(&j->host, one->to)));
        if (one->what == NULL) {
            json_object_object_add(o, "drawn_in_vain", json_object_new_string(one->drawn));
        } else {
            ok = find_rules(j, one, &t, m);
            json_object_object_add(o, "not_drawn", json_object_new_string(one->what));
            json_object_object_add(o, "path", flow_path_json(&t, one->edges, one->edge_count));
            flow_rules_free(&t.rules);
        }
        json_object_array_add(list, o);
    }
    return ok;
}

static int answer_json(struct job *j, const char *file, struct messages *m)
{
    json_object *o = json_object_new_object(), *findings = json_object_new_array();
    bool ok = findings_json(j, findings, m);

    json_object_object_add(o, "host", json_object_new_string(j->host.name));
    json_object_object_add(o, "written", file != NULL && j->proof.finding_count == 0 ? json_object_new_string(file) : NULL);
    json_object_object_add(o, "reaches", table_take(&j->table));
    json_object_object_add(o, "findings", findings);
    if (ok) {
        json_write(o, stdout);
    } else {
        json_object_put(o);
    }
    return !ok ? POLICY_WRONG : j->proof.finding_count > 0 ? POLICY_NO : POLICY_YES;
}

static int answer(struct job *j, struct messages *m)
{
    const char *file = verb_value(&policy_gen_verb, j->w, "-o");
    struct buf text = { 0 };
    struct diag diag = { 0 };
    bool ok = true, sound = j->proof.finding_count == 0;

    if (sound) {
        policy_text(j, &text);
        ok = file == NULL || file_save(file, text.data, text.len, &diag);
        messages_of_diag(m, &diag);
    }
    if (ok && j->o->json) {
        buf_free(&text);
        return answer_json(j, file, m);
    }
    if (ok && !sound) {
        ok = tell_findings(j, m);
        printf("%zu findings; nothing is written\n", j->proof.finding_count);
    } else if (ok && file != NULL) {
        table_text(&j->table, stdout);
        printf("\n%s: the policy of %s; nothing is reached but by what is drawn\n", file, j->host.name);
    } else if (ok) {
        fputs(text.data, stdout);
    }
    buf_free(&text);
    return !ok ? POLICY_WRONG : sound ? POLICY_YES : POLICY_NO;
}

/* The policy: of the description, and what is given beside it. */
static bool read_policy(struct job *j, struct messages *m)
{
    const char **words = bh_alloc((j->w->repeat_count / 2 + 2) * sizeof(*words));
    size_t count = 0;
    bool ok;

    words[count++] = j->w->words[0];
    for (size_t i = 0; i < j->w->repeat_count; i += 2) {
        if (strcmp(j->w->repeats[i], "--with") == 0) {
            words[count++] = j->w->repeats[i + 1];
        }
    }
    ok = model_read(&j->model, &j->source, j->o->tree, words, count, m);
    free(words);
    return ok;
}

static int gen_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    struct job j = { .o = o, .w = w };
    int rc = POLICY_WRONG;

    if (!source_host(&j.host, &j.text, o->tree, w->words[0], m)) {
        return rc;
    }
    if (permission_map_load(&j.map, o, verb_value(&policy_gen_verb, w, "--map"), m)) {
        if (read_policy(&j, m)) {
            if (flow_build(&j.flow, &j.model, &j.map, m)) {
                if (proof_make(&j.proof, &j.host, &j.model, &j.flow, m)) {
                    fill_table(&j);
                    rc = answer(&j, m);
                    table_free(&j.table);
                }
                proof_free(&j.proof);
                flow_free(&j.flow);
            }
            model_free(&j.model);
            source_free(&j.source);
        }
        permission_map_free(&j.map);
    }
    buf_free(&j.text);
    host_free(&j.host);
    return rc;
}

const struct policy_verb policy_gen_verb = {
    .name = "gen",
    .words = "HOST.conf",
    .word_min = 1,
    .word_max = 1,
    .no_policy = true,
    .summary = "the least policy of a host description, with a proof",
    .help = "The rules that follow from HOST.conf, as `bh build` derives them, as CIL in which each group names the line it comes from. Before\n"
            "anything is written, it is proved by the flows of information that domains reach each other by what the description draws\n"
            "between them, and by nothing else: by disks, nets, XenStore, control, devices. The table says who reaches whom, by which\n"
            "classes and which lines; or through whom. Exit status 1 if something not drawn is reached, or something drawn is not.\n\n"
            "    bh policy gen host.conf -o host.cil\n"
            "    bh policy gen host.conf --with own-rules.cil",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = gen_run,
};
