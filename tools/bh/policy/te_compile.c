/* SPDX-License-Identifier: Apache-2.0 */
/* m4 and checkpolicy, and what they say. checkpolicy's own counting of lines behind m4's marks is off by one, so its line of m4's output
   is taken, and looked up there. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../build/file.h"
#include "../build/spawn.h"
#include "../build/suggest.h"
#include "te.h"
#include "te_scan.h"

#define MESSAGES_MAX 20

/* Words behind which a kind of name is declared. */
static const struct {
    const char *kind, *keywords[4];
} declared[] = {
    { "type", { "type", "attribute", "typealias", NULL } }, { "class", { "class", NULL } },         { "role", { "role", NULL } },
    { "boolean", { "bool", NULL } },                        { "attribute", { "attribute", NULL } },
};

/* What helps, by what checkpolicy says. */
static const struct {
    const char *says, *hint;
} helps[] = {
    { "not allowed in this type of rule", "name the types, or an attribute that they are in: ~ and * of types are for neverallow" },
    { "duplicate", "once is enough: remove one" },
    { "is not within scope", "declare it in a module that comes before" },
};

/* What follows from another mistake. */
static const char *const follows[] = { "illegal conditional expression", "error(s) encountered", "Error while expanding policy",
                                       "check_assertions", "Error during expand" };

static bool follows_from_other(const char *line)
{
    for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++) {
        if (strstr(line, follows[i]) != NULL) {
            return true;
        }
    }
    return false;
}

/* -- places ------------------------------------------------------------------------------------------------------------- */

/* Column of a word in a line of a file; 0: it is not there. */
static unsigned int column_of(const struct source_file *f, unsigned int line, const char *word)
{
    struct te_words w;
    unsigned int column = 0;

    te_scan(&w, f->text.data != NULL ? f->text.data : "");
    for (size_t i = 0; i < w.count && column == 0; i++) {
        if (w.list[i].own_line == line && te_word_is(&w, i, word)) {
            const char *start = w.list[i].at;

            while (start > f->text.data && start[-1] != '\n') {
                start--;
            }
            column = (unsigned int)(w.list[i].at - start) + 1;
        }
    }
    te_words_free(&w);
    return column;
}

/* Back from there to the word in the same statement. */
static size_t back_to(const struct te_words *w, size_t at, const char *word)
{
    for (size_t i = at + 1; i-- > 0 && (i + 1 > at || !te_word_is(w, i, ";"));) {
        if (te_word_is(w, i, word)) {
            return i;
        }
    }
    return at;
}

static void say_at(const struct source *s, const struct te_words *w, size_t at, const char *word, struct messages *m, const char *what)
{
    const struct te_word *where = at < w->count ? &w->list[at] : w->count > 0 ? &w->list[w->count - 1] : NULL;
    const char *name = where != NULL ? w->files[where->file] : s->name;
    const struct source_file *f = source_find(s, name);

    message_add(m, name, where != NULL ? where->line : 0, f != NULL && where != NULL ? column_of(f, where->line, word) : 0, "%s", what);
}

/* -- hints --------------------------------------------------------------------------------------------------------------- */

/* Words that could have been meant; owned. */
struct meant {
    char **words;
    size_t count;
};

static void meant_add(struct meant *known, const char *word, size_t len)
{
    known->words = bh_grow(known->words, known->count + 1, sizeof(*known->words));
    known->words[known->count++] = bh_strndup(word, len);
}

/* The nearest of them in `keep`; NULL: none is. They are gone then. */
static const char *meant_nearest(struct meant *known, const char *word, struct buf *keep)
{
    const char *near = suggest_nearest(word, (const char *const *)known->words, known->count);

    if (near != NULL) {
        buf_puts(keep, near);
    }
    for (size_t i = 0; i < known->count; i++) {
        free(known->words[i]);
    }
    free(known->words);
    return keep->data;
}

static const char *nearest(const struct te_words *w, const char *const *keywords, const char *word, struct buf *keep)
{
    struct meant known = { 0 };

    for (size_t i = 1; i < w->count; i++) {
        for (size_t k = 0; keywords[k] != NULL; k++) {
            if (te_word_is(w, i - 1, keywords[k]) && te_word_is_name(w, i) && !te_word_is(w, i, word)) {
                meant_add(&known, w->list[i].at, w->list[i].len);
            }
        }
    }
    return meant_nearest(&known, word, keep);
}

/* Permissions stand in braces behind "class C" and "common C". */
static const char *nearest_permission(const struct te_words *w, const char *tclass, const char *word, struct buf *keep)
{
    struct meant known = { 0 };

    for (size_t i = 0; i + 2 < w->count; i++) {
        if (te_word_is(w, i, "class") && te_word_is(w, i + 1, tclass) && te_word_is(w, i + 2, "{")) {
            for (size_t k = i + 3; k < w->count && !te_word_is(w, k, "}"); k++) {
                meant_add(&known, w->list[k].at, w->list[k].len);
            }
        }
    }
    return meant_nearest(&known, word, keep);
}

static const char *nearest_macro(const struct source *s, const char *word, struct buf *keep)
{
    struct meant known = { 0 };

    for (size_t i = 0; i < s->file_count; i++) {
        const char *at = s->files[i].text.data;
        struct te_macro macro;

        while (at != NULL && te_macro_next(s->files[i].text.data, &at, &macro)) {
            meant_add(&known, macro.name, macro.name_len);
        }
    }
    return meant_nearest(&known, word, keep);
}

/* -- checkpolicy's mistakes ------------------------------------------------------------------------------------------------ */

/* Not in the grammar: a macro that there is not, or a statement before that does not end. */
static void syntax(const struct source *s, const struct te_words *w, size_t at, const char *token, struct messages *m)
{
    struct buf keep = { 0 };
    bool ended = at == 0 || te_word_is(w, at - 1, ";") || te_word_is(w, at - 1, "}") || te_word_is(w, at - 1, ")");

    if (te_word_is(w, at + 1, "(") && !te_word_is(w, at, "if")) {
        char *what = bh_printf("no interface or macro is called '%s'", token);

        say_at(s, w, at, token, m, what);
        free(what);
        if (nearest_macro(s, token, &keep) != NULL) {
            message_hint(m, "did you mean '%s'?", keep.data);
        } else {
            message_hint(m, "define(`%s', ...) in a .if file that is named, too", token);
        }
    } else if (!ended) {
        char *last = bh_strndup(w->list[at - 1].at, w->list[at - 1].len);
        char *what = bh_printf("syntax error: after '%s' comes %s%s%s", last, *token != '\0' ? "'" : "", *token != '\0' ? token : "the end",
                               *token != '\0' ? "'" : "");

        say_at(s, w, at - 1, last, m, what);
        message_hint(m, "a ';' or '}' may be missing at the end of the line before");
        free(what);
        free(last);
    } else {
        char *what = bh_printf("syntax error at '%s'", token);

        say_at(s, w, at, token, m, what);
        message_hint(m, "no statement can begin or go on with that here; constraints stand in .cons files, initial SIDs in initial_sids");
        free(what);
    }
    buf_free(&keep);
}

static void unknown(const struct source *s, const struct te_words *w, size_t at, const char *kind, const char *word, const char *what,
                    struct messages *m)
{
    struct buf keep = { 0 };

    say_at(s, w, back_to(w, at, word), word, m, what);
    for (size_t i = 0; i < sizeof(declared) / sizeof(declared[0]); i++) {
        if (strcmp(declared[i].kind, kind) == 0 && nearest(w, declared[i].keywords, word, &keep) != NULL) {
            message_hint(m, "did you mean '%s'?", keep.data);
            buf_free(&keep);
            return;
        }
    }
    message_hint(m, "nothing declares it; a %s is declared by: %s %s;", kind, strcmp(kind, "boolean") == 0 ? "bool" : kind, word);
}

/* A second declaration: the other place, too. */
static void duplicate(const struct source *s, const struct te_words *w, size_t at, const char *kind, const char *what, struct messages *m)
{
    size_t i = at, other;
    char *word, *said;

    while (i > 0 && !te_word_is(w, i - 1, kind)) {
        i--;
    }
    if (i == 0 || i >= w->count) {
        say_at(s, w, at, "", m, what);
        return;
    }
    word = bh_strndup(w->list[i].at, w->list[i].len);
    said = bh_printf("%s '%s' is declared twice", kind, word);
    say_at(s, w, i, word, m, said);
    for (other = 1; other < i && !(te_word_is(w, other, word) && te_word_is(w, other - 1, kind)); other++) {
    }
    if (other < i) {
        message_hint(m, "it is declared at %s:%u, too", w->files[w->list[other].file], w->list[other].line);
    }
    free(said);
    free(word);
}

/* "FILE:N:ERROR 'WHAT' at token 'TOKEN' on line L:" */
static bool read_error(char *line, char **what, char **token, unsigned int *number)
{
    char *error = strstr(line, ":ERROR '"), *at = error != NULL ? strstr(error, "' at token '") : NULL;
    char *on = at != NULL ? strstr(at, "' on line ") : NULL;

    if (on == NULL) {
        return false;
    }
    *what = error + strlen(":ERROR '");
    *at = '\0';
    *token = at + strlen("' at token '");
    *number = (unsigned int)strtoul(on + strlen("' on line "), NULL, 10);
    *on = '\0';
    return true;
}

/* @return true: what follows is likely to be wrong because of it */
static bool error(const struct source *s, const struct te_words *w, const char *what, const char *token, unsigned int number, struct messages *m)
{
    size_t at = te_word_at(w, number, token);
    char kind[32], word[128], tclass[128];
    struct buf keep = { 0 };

    if (strcmp(what, "syntax error") == 0) {
        syntax(s, w, at, token, m);
        return true;
    }
    if (sscanf(what, "unknown %31s %127[^ ',;]", kind, word) == 2 ||
        (sscanf(what, "%31s %127s is not declared", kind, word) == 2 && strstr(what, " is not declared") != NULL)) {
        unknown(s, w, at, kind, word, what, m);
    } else if (sscanf(what, "permission %127s is not defined for class %127s", word, tclass) == 2) {
        say_at(s, w, back_to(w, at, word), word, m, what);
        if (nearest_permission(w, tclass, word, &keep) != NULL) {
            message_hint(m, "did you mean '%s'?", keep.data);
        } else {
            message_hint(m, "access_vectors lists the permissions of class %s", tclass);
        }
    } else if (sscanf(what, "Duplicate declaration of %31s", kind) == 1) {
        duplicate(s, w, at, kind, what, m);
    } else {
        say_at(s, w, at, token, m, what);
        for (size_t i = 0; i < sizeof(helps) / sizeof(helps[0]); i++) {
            if (strstr(what, helps[i].says) != NULL) {
                message_hint(m, "%s", helps[i].hint);
            }
        }
    }
    buf_free(&keep);
    return false;
}

static void broken_assertion(const struct source *s, const struct te_words *w, const char *line, struct messages *m)
{
    struct rules rules = { 0 };

    if (te_violation(s, w, line, &rules, m)) {
        const struct violation *v = &rules.violations[0];
        const struct source_file *f = source_find(s, v->file);
        char *origin = rule_origin(&v->rules[0]);

        message_add(m, v->file, v->line, f != NULL ? column_of(f, v->line, "neverallow") : 0, "an assertion does not hold, because of: %s",
                    v->rules[0].text);
        if (*origin != '\0') {
            message_hint(m, "the rule comes from %s", origin);
        }
        free(origin);
    }
    rules_free(&rules);
}

/* "conflicting TE rule for (S, T:C):  old was X, new is Y": the statements that say so */
static void conflict(const struct source *s, const struct te_words *w, const char *line, struct messages *m)
{
    const char *from = strstr(line, "conflicting TE rule for ");
    char source[128], target[128], tclass[128], old[128], new[128], *what;
    size_t first = w->count, second = w->count;

    if (sscanf(from, "conflicting TE rule for (%127[^,], %127[^:]:%127[^)]):  old was %127[^,], new is %127s", source, target, tclass, old, new) != 5) {
        message_add(m, s->name, 0, 0, "%s", from);
        return;
    }
    for (size_t i = 0; i + 5 < w->count; i++) {
        if (te_word_is(w, i, "type_transition") && te_word_is(w, i + 1, source) && te_word_is(w, i + 4, tclass)) {
            first = te_word_is(w, i + 5, old) ? i : first;
            second = te_word_is(w, i + 5, new) ? i : second;
        }
    }
    what = bh_printf("two transitions of %s, %s and class %s: to %s, and to %s", source, target, tclass, old, new);
    say_at(s, w, second, "type_transition", m, what);
    if (first < w->count) {
        message_hint(m, "the other is at %s:%u", w->files[w->list[first].file], w->list[first].line);
    }
    free(what);
}

static void said(const struct source *s, const struct te_words *w, char *text, struct messages *m)
{
    size_t before = m->count;
    char *line, *what, *token;
    unsigned int number;
    bool stop = false;

    while (!stop && m->count < before + MESSAGES_MAX && (line = strsep(&text, "\n")) != NULL) {
        if (*line == '\0' || follows_from_other(line)) {
            continue;
        }
        if (read_error(line, &what, &token, &number)) {
            stop = error(s, w, what, token, number, m);
        } else if (te_is_broken(line)) {
            broken_assertion(s, w, line, m);
        } else if (strstr(line, "conflicting TE rule for ") != NULL) {
            conflict(s, w, line, m);
        } else if (strncmp(line, "libsepol.", 9) == 0) {
            message_add(m, s->name, 0, 0, "%s", line);
        }
    }
    if (m->count == before) {
        message_add(m, s->name, 0, 0, "checkpolicy refuses it and does not say why");
    }
}

/* -- compiling ---------------------------------------------------------------------------------------------------------------- */

/* "m4:FILE:LINE: ERROR: TEXT" */
static void m4_said(const struct source *s, char *text, struct messages *m)
{
    char *line;

    while ((line = strsep(&text, "\n")) != NULL) {
        char file[512], what[256];
        unsigned int number;

        if (sscanf(line, "m4:%511[^:]:%u: %255[^\n]", file, &number, what) == 3) {
            const struct source_file *f = source_find(s, file);
            const char *at = strncmp(what, "ERROR: ", 7) == 0 ? what + 7 : what;

            message_add(m, file, number, 0, "m4: %s", at);
            message_hint(m, "%s", f != NULL && strstr(at, "end of file in string") != NULL ?
                         "a quote ` that begins here has no ' that ends it" : "the macro call that begins here does not end, or has no such argument");
        } else if (*line != '\0') {
            message_add(m, s->name, 0, 0, "%s", line);
        }
    }
}

static bool run_m4(struct source *s, struct messages *m)
{
    const char **argv = bh_alloc((s->file_count + 12) * sizeof(*argv));
    size_t argc = 0;
    struct buf errors = { 0 };
    struct diag diag = { 0 };
    int status;

    argv[argc++] = "m4";
    argv[argc++] = "-s";
    argv[argc++] = "-D";
    argv[argc++] = "self_contained_policy";
    argv[argc++] = "-D";
    argv[argc++] = "mls_num_sens=16";
    argv[argc++] = "-D";
    argv[argc++] = "mls_num_cats=256";
    argv[argc++] = "--";
    for (size_t i = 0; i < s->file_count; i++) {
        argv[argc++] = s->files[i].name;
    }
    buf_free(&s->conf);
    status = spawn_run(argv, NULL, &s->conf, &errors, &diag);
    messages_of_diag(m, &diag);
    free(argv);
    if (errors.len > 0) {
        m4_said(s, errors.data, m);
    }
    buf_free(&errors);
    if (status == 0 && s->conf.len == 0) {
        message_add(m, s->name, 0, 0, "there is nothing in it");
    }
    return status == 0 && s->conf.len > 0;
}

/* checkpolicy, from file to file; with what it says. */
static int run_checkpolicy(const char *folder, unsigned int version, struct buf *image, struct buf *errors, struct messages *m)
{
    char *conf = bh_printf("%s/policy.conf", folder), *out = bh_printf("%s/policy.bin", folder), *number = bh_printf("%u", version);
    const char *argv[] = { "checkpolicy", "-t", "Xen", "-c", number, conf, "-o", out, NULL };
    struct diag diag = { 0 };
    int status = spawn_run(argv, NULL, NULL, errors, &diag);

    buf_free(image);
    if (status == 0 && !file_load(out, image, &diag)) {
        status = 1;
    }
    messages_of_diag(m, &diag);
    free(conf);
    free(out);
    free(number);
    return status;
}

static bool has_classes(const struct te_words *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (te_word_is(w, i, "class")) {
            return true;
        }
    }
    return false;
}

/* Modules alone are not a policy. */
static bool is_whole(const struct source *s, const struct te_words *w, struct messages *m)
{
    if (has_classes(w)) {
        return true;
    }
    message_add(m, s->files[0].name, 0, 0, "declares no classes: a module alone is no policy");
    message_hint(m, "name the policy it belongs to, too: -p xen/tools/flask/policy -p %s", s->files[0].name);
    return false;
}

/* The words without assertions, so that there is a policy whose rules can be asked about. */
static char *without_assertions(const struct te_words *w, const char *text)
{
    char *copy = bh_strdup(text);

    for (size_t i = 0; i < w->count; i++) {
        if (te_word_is(w, i, "neverallow")) {
            for (; i < w->count; i++) {
                memset(copy + (w->list[i].at - text), ' ', w->list[i].len);
                if (te_word_is(w, i, ";")) {
                    break;
                }
            }
        }
    }
    return copy;
}

static bool save(const char *folder, const char *text, struct messages *m)
{
    char *path = bh_printf("%s/policy.conf", folder);
    struct diag diag = { 0 };
    bool ok = file_save(path, text, strlen(text), &diag);

    messages_of_diag(m, &diag);
    free(path);
    return ok;
}

static bool compile(struct source *s, const struct te_words *w, unsigned int version, bool unchecked, const char *folder, struct messages *m)
{
    struct buf errors = { 0 }, ignored = { 0 };
    int status = save(folder, s->conf.data, m) ? run_checkpolicy(folder, version, &s->image, &errors, m) : 127;
    bool ok = status == 0;

    if (status != 0 && status != 127) {
        if (te_is_broken(errors.data)) {
            char *less = without_assertions(w, s->conf.data);

            s->binary = save(folder, less, m) && run_checkpolicy(folder, version, &s->image, &ignored, m) == 0;
            free(less);
        }
        if (unchecked && s->binary) {
            buf_put(&s->broken, errors.data, errors.len);
            ok = true;
        } else {
            said(s, w, errors.data, m);
        }
    }
    buf_free(&errors);
    buf_free(&ignored);
    s->binary = ok;
    return ok;
}

bool te_compile(struct source *s, unsigned int version, bool unchecked, struct messages *m)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = bh_printf("%s/bh-policy-XXXXXX", tmp != NULL ? tmp : "/tmp");
    struct diag diag = { 0 };
    struct te_words w = { 0 };
    bool ok = run_m4(s, m);

    if (ok) {
        te_scan(&w, s->conf.data);
        ok = is_whole(s, &w, m);
    }
    if (ok && mkdtemp(folder) == NULL) {
        message_add(m, folder, 0, 0, "no folder can be made for the compiler");
        ok = false;
    } else if (ok) {
        ok = compile(s, &w, version, unchecked, folder, m);
        (void)dir_remove(folder, &diag);
        diag_free(&diag);
    }
    te_words_free(&w);
    free(folder);
    return ok;
}
