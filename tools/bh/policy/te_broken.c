/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that do not hold, in checkpolicy's words: "neverallow on line N of FILE (or line L of CONF) violated by allow S T:C { PERMS };" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "te.h"
#include "te_scan.h"

#define BROKEN "neverallow on line "

bool te_is_broken(const char *said)
{
    return said != NULL && strstr(said, BROKEN) != NULL;
}

static void put_rule(struct violation *v, struct rule r, const char *by)
{
    free(r.text);
    r.text = bh_strdup(by); /* what of the rule the assertion is about */
    v->rules = bh_grow(v->rules, v->rule_count + 1, sizeof(*v->rules));
    v->rules[v->rule_count++] = r;
}

/* The rules that give the permissions which the assertion forbids. */
static void find_rules(const struct source *s, const char *by, struct violation *v, struct messages *m)
{
    char source[128], target[128], tclass[128], perms[1024], *rest = perms, *perm;
    struct rules found;

    if (sscanf(by, "allow %127s %127[^:]:%127s { %1023[^}]", source, target, tclass, perms) == 4) {
        while ((perm = strsep(&rest, " ")) != NULL) {
            const struct question q = { source, target, tclass, perm };

            if (*perm != '\0' && te_rules(s, &q, 1, &found, m)) {
                for (size_t i = 0; i < found.count; i++) {
                    put_rule(v, found.list[i], by);
                }
                found.count = 0; /* they are the violation's */
                rules_free(&found);
            }
        }
    }
    if (v->rule_count == 0) {
        put_rule(v, (struct rule){ 0 }, by); /* of no place that is known */
    }
}

bool te_violation(const struct source *s, const struct te_words *w, const char *line, struct rules *out, struct messages *m)
{
    const char *or = strstr(line, " (or line "), *by = strstr(line, " violated by ");
    struct violation v = { 0 };
    size_t at;

    if (!te_is_broken(line) || or == NULL || by == NULL) {
        return false;
    }
    at = te_word_at(w, (unsigned int)strtoul(or + strlen(" (or line "), NULL, 10), "neverallow");
    v.file = bh_strdup(at < w->count ? w->files[w->list[at].file] : s->name);
    v.line = at < w->count ? w->list[at].line : 0;
    find_rules(s, by + strlen(" violated by "), &v, m);
    out->violations = bh_grow(out->violations, out->violation_count + 1, sizeof(*out->violations));
    out->violations[out->violation_count++] = v;
    return true;
}

void te_violations(const struct source *s, struct rules *out, struct messages *m)
{
    char *copy = bh_strdup(s->broken.data != NULL ? s->broken.data : ""), *rest = copy, *line;
    struct te_words w;

    te_scan(&w, s->conf.data);
    while ((line = strsep(&rest, "\n")) != NULL) {
        (void)te_violation(s, &w, line, out, m);
    }
    te_words_free(&w);
    free(copy);
}
