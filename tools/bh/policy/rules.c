/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read here, for each rule that a neverallow rule forbids, as libsepol 3.4 prints it:
 *
 *   neverallow check failed at FILE:LINE
 *     (neverallow ...)
 *       <root>
 *       call at FILE:LINE from DESCRIPTION:LINE
 *       allow at FILE:LINE
 *         (allow SOURCE TARGET (CLASS (PERMISSIONS)))
 */
#include "rules.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cil_tree.h"
#include "compile.h"
#include "said.h"
#include "te.h"

#define FAILED "neverallow check failed at "

static void rule_free(struct rule *r)
{
    free(r->text);
    free(r->source);
    free(r->target);
    free(r->tclass);
    for (size_t i = 0; i < r->perm_count; i++) {
        free(r->perms[i]);
    }
    free(r->perms);
    for (size_t i = 0; i < r->place_count; i++) {
        free(r->places[i].keyword);
        free(r->places[i].file);
    }
    free(r->places);
}

void rules_free(struct rules *r)
{
    for (size_t i = 0; i < r->count; i++) {
        rule_free(&r->list[i]);
    }
    for (size_t i = 0; i < r->violation_count; i++) {
        struct violation *v = &r->violations[i];

        for (size_t k = 0; k < v->rule_count; k++) {
            rule_free(&v->rules[k]);
        }
        free(v->rules);
        free(v->file);
        free(v->text);
    }
    free(r->list);
    free(r->violations);
    *r = (struct rules){ 0 };
}

/* "FILE:LINE" or "FILE:LINE from FILE:LINE"; the last pair counts. */
static bool read_place(const char *text, struct place *p)
{
    const char *from = strstr(text, " from "), *at = from != NULL ? from + strlen(" from ") : text;
    const char *colon = strrchr(at, ':');

    if (colon == NULL || !isdigit((unsigned char)colon[1])) {
        return false;
    }
    p->file = bh_strndup(at, (size_t)(colon - at));
    p->line = (unsigned int)strtoul(colon + 1, NULL, 10);
    return true;
}

/* "call at FILE:LINE" of a rule's way; false: it is something else */
static bool read_step(const char *line, struct rule *r)
{
    const char *at = strstr(line, " at ");
    struct place p = { 0 };

    if (line[0] == '(' || at == NULL || !read_place(at + 4, &p)) {
        return false;
    }
    p.keyword = bh_strndup(line, (size_t)(at - line));
    r->places = bh_grow(r->places, r->place_count + 1, sizeof(*r->places));
    r->places[r->place_count++] = p;
    return true;
}

/* (allow SOURCE TARGET (CLASS (PERMS))): the end of a rule. */
static bool read_rule(const char *line, struct rule *r)
{
    struct cil_tree *t = cil_tree_read(line, strlen(line), NULL, NULL);
    const struct cil_node *top = t != NULL ? cil_tree_first(t) : NULL, *perms, *set = NULL;
    bool ok = top != NULL && strcmp(cil_node_text(top, 0), "allow") == 0;

    if (ok) {
        perms = cil_node_nth(top, 3);
        r->text = bh_strdup(line);
        r->source = bh_strdup(cil_node_text(top, 1));
        r->target = bh_strdup(cil_node_text(top, 2));
        if (perms != NULL && perms->first != NULL) {
            r->tclass = bh_strdup(cil_node_text(perms, 0));
            set = cil_node_nth(perms, 1);
        } else {
            r->tclass = bh_strdup(cil_node_text(top, 3)); /* a set of permissions with a name */
        }
        for (const struct cil_node *n = set != NULL ? set->first : NULL; n != NULL; n = n->next) {
            r->perms = bh_grow(r->perms, r->perm_count + 1, sizeof(*r->perms));
            r->perms[r->perm_count++] = bh_strdup(n->word != NULL ? n->word : "");
        }
    }
    cil_tree_free(t);
    return ok;
}

/* Lines of the query that are questions begin at `first`. */
static void read_log(char *log, unsigned int first, struct rules *out)
{
    struct violation *v = NULL;
    struct rule rule = { 0 };
    unsigned int question = 0;
    char *line, *rest = log;
    bool asked = false, any = false;

    while ((line = strsep(&rest, "\n")) != NULL) {
        struct place at = { 0 };

        while (*line == ' ') {
            line++;
        }
        if (strncmp(line, FAILED, strlen(FAILED)) == 0 && read_place(line + strlen(FAILED), &at)) {
            asked = strcmp(at.file, RULES_QUERY) == 0;
            question = at.line - first;
            any = true;
            v = NULL;
            if (!asked) {
                out->violations = bh_grow(out->violations, out->violation_count + 1, sizeof(*out->violations));
                v = &out->violations[out->violation_count++];
                *v = (struct violation){ .file = at.file, .line = at.line };
            } else {
                free(at.file);
            }
        } else if (!any) {
            continue;
        } else if (v != NULL && v->text == NULL && line[0] == '(') {
            v->text = bh_strdup(line);
        } else if (strcmp(line, "<root>") == 0) {
            rule_free(&rule);
            rule = (struct rule){ 0 };
        } else if (read_rule(line, &rule)) {
            rule.question = question;
            if (v != NULL) {
                v->rules = bh_grow(v->rules, v->rule_count + 1, sizeof(*v->rules));
                v->rules[v->rule_count++] = rule;
            } else {
                if ((out->count & (out->count - 1)) == 0) {
                    out->list = bh_grow(out->list, out->count == 0 ? 1 : 2 * out->count, sizeof(*out->list));
                }
                out->list[out->count++] = rule;
            }
            rule = (struct rule){ 0 };
        } else {
            (void)read_step(line, &rule);
        }
    }
    rule_free(&rule);
}

void rules_read(const char *log, struct rules *out)
{
    char *copy = bh_strdup(log);

    *out = (struct rules){ 0 };
    read_log(copy, 0, out);
    free(copy);
}

static unsigned int lines_in(const char *text)
{
    unsigned int n = 0;

    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        n++;
    }
    return n;
}

#define ANY "bh_any_type"

static void put_declarations(struct buf *query)
{
    buf_puts(query, "(typeattribute " ANY ") (typeattributeset " ANY " (all))\n");
}

static void put_question(struct buf *query, const struct question *q)
{
    buf_printf(query, "(neverallow %s %s (%s (%s)))\n", q->source != NULL ? q->source : ANY, q->target != NULL ? q->target : ANY,
               q->tclass, q->perm != NULL ? q->perm : "all");
}

bool rules_find(const struct source *s, const char *extra, const struct question *questions, size_t count, struct rules *out,
                struct messages *m)
{
    struct buf query = { 0 }, log = { 0 };
    sepol_policydb_t *policy;
    bool ok = true;

    *out = (struct rules){ 0 };
    if (s->binary) {
        if (s->conf.len == 0) {
            return true;
        }
        ok = te_rules(s, questions, count, out, m);
        if (ok) {
            te_violations(s, out, m);
        }
        return ok;
    }
    if (extra != NULL) {
        buf_printf(&query, "%s%s", extra, extra[0] != '\0' && extra[strlen(extra) - 1] != '\n' ? "\n" : "");
    }
    put_declarations(&query);
    unsigned int first = lines_in(query.data) + 1;

    for (size_t i = 0; i < count; i++) {
        put_question(&query, &questions[i]);
    }
    policy = compile_source(s, query.data, &log, NULL);
    if (policy == NULL) {
        char *copy = bh_strdup(log.data != NULL ? log.data : "");

        read_log(copy, first, out);
        free(copy);
        if (out->count == 0 && out->violation_count == 0) {
            said_messages(log.data != NULL ? log.data : "", s, m);
            ok = false;
        }
    }
    sepol_policydb_free(policy);
    buf_free(&query);
    buf_free(&log);
    return ok;
}

bool rules_all(const struct source *s, const char *extra, const char *const *classes, size_t class_count, struct rules *out,
               struct messages *m)
{
    struct question *questions = bh_alloc(class_count * sizeof(*questions) + 1);
    bool ok;

    for (size_t i = 0; i < class_count; i++) {
        questions[i].tclass = classes[i];
    }
    ok = rules_find(s, extra, questions, class_count, out, m);
    free(questions);
    return ok;
}

char *rule_origin(const struct rule *r)
{
    struct buf text = { 0 };

    for (size_t i = r->place_count; i-- > 0;) {
        const struct place *p = &r->places[i];

        if (i + 1 == r->place_count) {
            buf_printf(&text, "%s:%u", p->file, p->line);
        } else {
            buf_printf(&text, ", %s %s:%u", strcmp(p->keyword, "call") == 0 ? "called at" : p->keyword, p->file, p->line);
        }
    }
    return text.data != NULL ? text.data : bh_strdup("");
}
