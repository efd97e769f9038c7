/* SPDX-License-Identifier: Apache-2.0 */
#include "assertions.h"

#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "../build/suggest.h"

#define WORDS_MAX 64

static const char *const verbs[] = { "allow", "deny", "flow", "no-flow", "policy" };
static const char *const forms[] = { "allow SRC TGT CLASS PERM[,PERM]", "deny SRC TGT CLASS PERM[,PERM]|*",
                                     "flow A B [except TYPES...] [weight N]", "no-flow A B [except TYPES...] [weight N]", "policy WORD..." };

struct reader {
    struct assertions *a;
    struct messages *m;
    unsigned int line;
    struct buf comment;
    bool ok;
};

static void wrong(struct reader *r, const char *hint, const char *what, const char *word)
{
    message_add(r->m, r->a->name, r->line, 0, what, word);
    message_hint(r->m, "%s", hint);
    r->ok = false;
}

static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;
    char *word;

    line[strcspn(line, "#")] = '\0';
    while (count < WORDS_MAX && (word = strsep(&line, " \t\r")) != NULL) {
        if (*word != '\0') {
            words[count++] = word;
        }
    }
    return count;
}

/* What comes behind A and B of a flow. */
static bool conditions(struct assertion *one, char *const *words, size_t count)
{
    struct buf except = { 0 };
    bool in_except = false, ok = true;

    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i], "weight") == 0) {
            char *end = NULL;
            unsigned long n = i + 1 < count ? strtoul(words[i + 1], &end, 10) : 0;

            ok = ok && n >= 1 && n <= 10 && *end == '\0';
            one->weight = (unsigned int)n;
            in_except = false;
            i++;
        } else if (strcmp(words[i], "except") == 0) {
            in_except = true;
            ok = ok && i + 1 < count;
        } else {
            ok = ok && in_except;
            buf_printf(&except, "%s%s", except.len > 0 ? "," : "", words[i]);
        }
    }
    one->except = except.data;
    return ok;
}

static void policy(struct reader *r, char *const *words, size_t count)
{
    char *folder = path_folder(r->a->name);

    for (size_t i = 1; i < count; i++) {
        r->a->policy = bh_grow(r->a->policy, r->a->policy_count + 1, sizeof(*r->a->policy));
        r->a->policy[r->a->policy_count++] = path_join(folder, words[i]);
    }
    free(folder);
}

static void read_line(struct reader *r, char *line)
{
    char *words[WORDS_MAX];
    const char *text = line + strspn(line, " \t");
    struct assertion one = { .line = r->line };
    struct buf whole = { 0 };
    size_t count, verb = 0;
    bool ok;

    if (*text == '#') {
        text += strspn(text, "# ");
        buf_printf(&r->comment, "%s%s", r->comment.len > 0 ? " " : "", text);
        return;
    }
    count = split(line, words);
    if (count == 0) {
        buf_free(&r->comment);
        return;
    }
    while (verb < 5 && strcmp(verbs[verb], words[0]) != 0) {
        verb++;
    }
    if (verb == 5) {
        const char *near = suggest_nearest(words[0], verbs, 5);

        wrong(r, near != NULL ? near : "allow, deny, flow, no-flow or policy begin a line", "'%s' is no assertion", words[0]);
        return;
    }
    if (verb == 4) {
        policy(r, words, count);
        ok = count > 1;
    } else if (verb < 2) {
        ok = count == 5;
    } else {
        ok = count >= 3 && conditions(&one, words + 3, count - 3);
    }
    if (!ok) {
        wrong(r, forms[verb], "'%s' has other words", words[0]);
        free(one.except);
        return;
    }
    if (verb == 4) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        buf_printf(&whole, "%s%s", i > 0 ? " " : "", words[i]);
    }
    one.kind = (enum assertion_kind)verb;
    one.text = whole.data;
    one.why = r->comment.len > 0 ? bh_strdup(r->comment.data) : NULL;
    one.first = bh_strdup(words[1]);
    one.second = bh_strdup(words[2]);
    one.tclass = verb < 2 ? bh_strdup(words[3]) : NULL;
    one.perms = verb < 2 ? bh_strdup(words[4]) : NULL;
    r->a->list = bh_grow(r->a->list, r->a->count + 1, sizeof(*r->a->list));
    r->a->list[r->a->count++] = one;
}

bool assertions_read(struct assertions *a, const char *name, const char *text, size_t len, struct messages *m)
{
    char *copy = bh_strndup(text, len), *rest = copy, *line;
    struct reader r = { .a = a, .m = m, .ok = true };

    *a = (struct assertions){ .name = bh_strdup(name) };
    while ((line = strsep(&rest, "\n")) != NULL) {
        r.line++;
        read_line(&r, line);
    }
    r.line = 0;
    if (r.ok && a->count == 0) {
        wrong(&r, "allow, deny, flow and no-flow begin one", "%sholds no assertion", "");
    }
    buf_free(&r.comment);
    free(copy);
    if (!r.ok) {
        assertions_free(a);
    }
    return r.ok;
}

void assertions_free(struct assertions *a)
{
    for (size_t i = 0; i < a->count; i++) {
        struct assertion *one = &a->list[i];

        free(one->text);
        free(one->why);
        free(one->first);
        free(one->second);
        free(one->tclass);
        free(one->perms);
        free(one->except);
    }
    for (size_t i = 0; i < a->policy_count; i++) {
        free(a->policy[i]);
    }
    free(a->list);
    free(a->policy);
    free(a->name);
    *a = (struct assertions){ 0 };
}
