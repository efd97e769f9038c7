/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allow rules in m4's output. What a name stands for is looked up in the compiled policy; what a set says is read here: { a b -c } of
 * types, and of permissions * and ~, too. Of a rule that a macro made, the macro's own line is looked for in the interfaces: a statement of the same class and permissions
 * in the body of the macro called, or of those it calls.
 */
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "model.h"
#include "te.h"
#include "te_scan.h"

#define DEPTH_MAX 8

/* A set as written: words first..end-1 of the text. */
struct set {
    size_t first, end;
    bool all, complement;
};

struct statement {
    size_t at;
    struct set source, target, tclass, perms;
};

struct search {
    const struct source *s;
    const policydb_t *db;
    struct te_words words;
    struct rules *out;
};

static bool read_set(const struct te_words *w, size_t *i, struct set *set)
{
    *set = (struct set){ 0 };
    if (te_word_is(w, *i, "~")) {
        set->complement = true;
        (*i)++;
    }
    if (te_word_is(w, *i, "*")) {
        set->all = true;
        set->first = set->end = ++*i;
        return true;
    }
    if (te_word_is(w, *i, "{")) {
        size_t depth = 1;

        set->first = ++*i;
        for (; *i < w->count && depth > 0; (*i)++) {
            depth += te_word_is(w, *i, "{");
            depth -= te_word_is(w, *i, "}");
            set->all = set->all || te_word_is(w, *i, "*");
        }
        set->end = *i - 1;
        return depth == 0;
    }
    set->first = *i;
    set->end = ++*i;
    return te_word_is_name(w, set->first);
}

/* "allow S T:C P;" at word `at`. */
static bool read_allow(const struct te_words *w, size_t at, struct statement *st)
{
    size_t i = at + 1;

    st->at = at;
    if (!te_word_is(w, at, "allow") || !read_set(w, &i, &st->source) || !read_set(w, &i, &st->target) || !te_word_is(w, i, ":")) {
        return false;
    }
    i++;
    return read_set(w, &i, &st->tclass) && read_set(w, &i, &st->perms) && te_word_is(w, i, ";");
}

static bool is_punctuation(const struct te_words *w, size_t i)
{
    return !te_word_is_name(w, i);
}

/* Is a class or permission in the set? */
static bool names(const struct te_words *w, const struct set *set, const char *word)
{
    bool found = set->all;

    for (size_t i = set->first; i < set->end && !found; i++) {
        found = te_word_is(w, i, word);
    }
    return found != set->complement;
}

/* -- types ------------------------------------------------------------------------------------------------------- */

static const type_datum_t *type_named(const policydb_t *db, const char *name)
{
    for (uint32_t i = 0; i < db->p_types.nprim; i++) {
        if (strcmp(db->p_type_val_to_name[i], name) == 0) {
            return db->type_val_to_struct[i];
        }
    }
    return NULL;
}

/* The types that a name stands for; a flag for each type. NULL: all. */
static void mark(const policydb_t *db, const char *name, bool *types)
{
    const type_datum_t *t = name != NULL ? type_named(db, name) : NULL;

    for (uint32_t i = 0; i < db->p_types.nprim; i++) {
        bool is_type = db->type_val_to_struct[i]->flavor != TYPE_ATTRIB;

        if (is_type && (name == NULL || (t != NULL && ebitmap_get_bit(&db->attr_type_map[t->s.value - 1], i)))) {
            types[i] = true;
        }
    }
}

static char *word_text(const struct te_words *w, size_t i)
{
    return bh_strndup(w->list[i].at, w->list[i].len);
}

/* Names by which a set reaches a type that is asked about. */
struct reach {
    char **names;
    size_t count;
};

static void reach_put(struct reach *r, char *name)
{
    r->names = bh_grow(r->names, r->count + 1, sizeof(*r->names));
    r->names[r->count++] = name;
}

static void reach_free(struct reach *r)
{
    for (size_t i = 0; i < r->count; i++) {
        free(r->names[i]);
    }
    free(r->names);
}

static bool meet(const bool *a, const bool *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (a[i] && b[i]) {
            return true;
        }
    }
    return false;
}

static struct reach reach(const struct search *x, const struct set *set, const char *asked)
{
    const policydb_t *db = x->db;
    size_t count = db->p_types.nprim;
    bool *want = bh_alloc(count + 1), *in = bh_alloc(count + 1), *minus = bh_alloc(count + 1);
    struct reach r = { 0 };

    mark(db, asked, want);
    for (size_t i = set->first; i < set->end; i++) {
        if (te_word_is(&x->words, i, "-") && i + 1 < set->end) {
            char *name = word_text(&x->words, i + 1);

            mark(db, name, minus);
            free(name);
        }
    }
    for (size_t i = 0; i < count; i++) {
        want[i] = want[i] && !minus[i];
    }
    for (size_t i = set->first; i < set->end; i++) {
        char *name = is_punctuation(&x->words, i) || (i > set->first && te_word_is(&x->words, i - 1, "-")) ? NULL : word_text(&x->words, i);

        memset(in, 0, count);
        if (name != NULL && strcmp(name, "self") != 0) {
            mark(db, name, in);
        }
        if (meet(in, want, count)) {
            reach_put(&r, name);
        } else {
            free(name);
        }
    }
    free(want);
    free(in);
    free(minus);
    return r;
}

/* -- places ------------------------------------------------------------------------------------------------------- */

static const char *line_text(const struct source_file *f, unsigned int line)
{
    const char *at = f->text.data;

    for (unsigned int n = 1; at != NULL && n < line; n++) {
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    return at;
}

static bool macro_named(const struct source *s, const char *name, size_t len, struct te_macro *out, const struct source_file **file)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const char *at = s->files[i].text.data;

        while (at != NULL && te_macro_next(s->files[i].text.data, &at, out)) {
            if (out->name_len == len && memcmp(out->name, name, len) == 0 && out->body_len > 0) {
                *file = &s->files[i];
                return true;
            }
        }
    }
    return false;
}

static bool same_words(const struct te_words *a, const struct set *x, const struct te_words *b, const struct set *y)
{
    if (x->end - x->first != y->end - y->first || x->all != y->all || x->complement != y->complement) {
        return false;
    }
    for (size_t i = 0; i < x->end - x->first; i++) {
        const struct te_word *p = &a->list[x->first + i], *q = &b->list[y->first + i];

        if (p->len != q->len || memcmp(p->at, q->at, p->len) != 0) {
            return false;
        }
    }
    return true;
}

static void place_put(struct rule *r, const char *keyword, size_t len, const char *file, unsigned int line)
{
    r->places = bh_grow(r->places, r->place_count + 1, sizeof(*r->places));
    r->places[r->place_count++] = (struct place){ .keyword = bh_strndup(keyword, len), .file = bh_strdup(file), .line = line };
}

/* The statement in the body of a macro, or of those it calls; their calls become places. */
static bool find_in_macro(const struct search *x, const struct te_macro *macro, const struct source_file *file, const struct statement *st,
                          struct rule *r, unsigned int depth)
{
    char *body = bh_strndup(macro->body, macro->body_len);
    struct te_words w;
    struct statement one;
    bool found = false;

    te_scan(&w, body);
    for (size_t i = 0; i < w.count && !found; i++) {
        unsigned int line = macro->body_line + w.list[i].own_line - 1;
        const struct source_file *other;
        struct te_macro inner;

        if (read_allow(&w, i, &one)) {
            found = same_words(&w, &one.tclass, &x->words, &st->tclass) && same_words(&w, &one.perms, &x->words, &st->perms);
            if (found) {
                place_put(r, "allow", strlen("allow"), file->name, line);
            }
        } else if (depth < DEPTH_MAX && te_word_is(&w, i + 1, "(") && te_word_is_name(&w, i) &&
                   macro_named(x->s, w.list[i].at, w.list[i].len, &inner, &other)) {
            size_t before = r->place_count;

            place_put(r, w.list[i].at, w.list[i].len, file->name, line);
            found = find_in_macro(x, &inner, other, st, r, depth + 1);
            while (!found && r->place_count > before) {
                free(r->places[--r->place_count].keyword);
                free(r->places[r->place_count].file);
            }
        }
    }
    te_words_free(&w);
    free(body);
    return found;
}

static void put_places(const struct search *x, const struct statement *st, struct rule *r)
{
    const struct te_word *w = &x->words.list[st->at];
    const char *name = x->words.files[w->file];
    const struct source_file *f = source_find(x->s, name), *of;
    const char *line = f != NULL ? line_text(f, w->line) : NULL;
    struct te_macro macro;
    size_t len;

    line = line != NULL ? line + strspn(line, " \t") : "";
    len = strcspn(line, "( \t\n");
    if (line[len] == '(' && macro_named(x->s, line, len, &macro, &of)) {
        place_put(r, line, len, name, w->line);
        if (find_in_macro(x, &macro, of, st, r, 0)) {
            return;
        }
    }
    place_put(r, "allow", strlen("allow"), name, w->line);
}

/* -- rules --------------------------------------------------------------------------------------------------------- */

/* Permissions of a class that the set names; owned. */
static void put_perms(const struct search *x, const struct set *set, const char *tclass, struct rule *r)
{
    const struct model view = { .db = x->db };
    int number = -1;

    for (uint32_t i = 0; i < x->db->p_classes.nprim; i++) {
        number = strcmp(x->db->p_class_val_to_name[i], tclass) == 0 ? (int)i : number;
    }
    for (unsigned int bit = 0; number >= 0 && bit < 32 && (model_perms(&view, number) >> bit & 1); bit++) {
        const char *name = model_perm_name(&view, number, bit);

        if (name != NULL && names(&x->words, set, name)) {
            r->perms = bh_grow(r->perms, r->perm_count + 1, sizeof(*r->perms));
            r->perms[r->perm_count++] = bh_strdup(name);
        }
    }
}

static void put_rule(struct search *x, const struct statement *st, const char *source, const char *target, const char *tclass, size_t question)
{
    struct rule r = { .source = bh_strdup(source), .target = bh_strdup(target), .tclass = bh_strdup(tclass), .question = question };
    struct buf text = { 0 };

    put_perms(x, &st->perms, tclass, &r);
    put_places(x, st, &r);
    buf_printf(&text, "allow %s %s:%s {", source, target, tclass);
    for (size_t i = 0; i < r.perm_count; i++) {
        buf_printf(&text, " %s", r.perms[i]);
    }
    buf_puts(&text, " };");
    r.text = text.data;
    if ((x->out->count & (x->out->count - 1)) == 0) {
        x->out->list = bh_grow(x->out->list, x->out->count == 0 ? 1 : 2 * x->out->count, sizeof(*x->out->list));
    }
    x->out->list[x->out->count++] = r;
}

static bool says_self(const struct search *x, const struct set *set)
{
    for (size_t i = set->first; i < set->end; i++) {
        if (te_word_is(&x->words, i, "self")) {
            return true;
        }
    }
    return false;
}

/* Both names stand for a common type that is `asked`, too. */
static bool self_is(const struct search *x, const char *source, const struct question *q)
{
    size_t count = x->db->p_types.nprim;
    bool *a = bh_alloc(count + 1), *b = bh_alloc(count + 1), *c = bh_alloc(count + 1), found = false;

    mark(x->db, source, a);
    mark(x->db, q->source, b);
    mark(x->db, q->target, c);
    for (size_t i = 0; i < count; i++) {
        found = found || (a[i] && b[i] && c[i]);
    }
    free(a);
    free(b);
    free(c);
    return found;
}

static void answer(struct search *x, const struct statement *st, const struct question *q, size_t number)
{
    struct reach sources, targets;

    if (!names(&x->words, &st->tclass, q->tclass) || (q->perm != NULL && !names(&x->words, &st->perms, q->perm))) {
        return;
    }
    sources = reach(x, &st->source, q->source);
    targets = sources.count > 0 ? reach(x, &st->target, q->target) : (struct reach){ 0 };
    for (size_t i = 0; i < sources.count; i++) {
        for (size_t k = 0; k < targets.count; k++) {
            put_rule(x, st, sources.names[i], targets.names[k], q->tclass, number);
        }
        if (says_self(x, &st->target) && self_is(x, sources.names[i], q)) {
            put_rule(x, st, sources.names[i], "self", q->tclass, number);
        }
    }
    reach_free(&sources);
    reach_free(&targets);
}

bool te_rules(const struct source *s, const struct question *questions, size_t count, struct rules *out, struct messages *m)
{
    sepol_policydb_t *policy = compile_policy(s, m);
    struct search x = { .s = s, .out = out };
    struct statement st;

    *out = (struct rules){ 0 };
    if (policy == NULL) {
        return false;
    }
    x.db = &policy->p;
    te_scan(&x.words, s->conf.data);
    for (size_t q = 0; q < count; q++) {
        for (size_t i = 0; i < x.words.count; i++) {
            if (read_allow(&x.words, i, &st)) {
                answer(&x, &st, &questions[q], q);
            }
        }
    }
    te_words_free(&x.words);
    sepol_policydb_free(policy);
    return true;
}
