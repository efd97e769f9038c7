/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../build/file.h"
#include "../build/host.h"
#include "../build/policy.h"
#include "cil_tree.h"
#include "compile.h"
#include "te.h"

#define POLICY_MAGIC "\x8c\xff\x7c\xf9" /* of a binary policy, little endian */
#define IMAGE_POLICY "boot/policy.bin"

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);

    return n > s && strcmp(name + n - s, suffix) == 0;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

struct source_file *source_add_file(struct source *s, const char *name)
{
    struct source_file *f;

    s->files = bh_grow(s->files, s->file_count + 1, sizeof(*s->files));
    f = &s->files[s->file_count++];
    *f = (struct source_file){ .name = bh_strdup(name) };
    return f;
}

void source_add(struct source *s, const char *name, const char *text, size_t len)
{
    buf_put(&source_add_file(s, name)->text, text, len);
}

static bool load(const char *path, struct buf *out, struct messages *m)
{
    struct diag diag = { 0 };
    bool ok = file_load(path, out, &diag);

    messages_of_diag(m, &diag);
    return ok;
}

/* A file of some other kind is told apart before any reader of the language sees it. */
static bool is_text(const char *path, const struct buf *text, struct messages *m)
{
    unsigned int line = 1, column = 1;

    for (size_t i = 0; i < text->len; i++, column++) {
        unsigned char c = (unsigned char)text->data[i];

        if (c == '\n') {
            line++;
            column = 0;
        } else if ((c < ' ' && !isspace(c)) || c == 0x7f) {
            message_add(m, path, line, column, "byte 0x%02x: this is no text", c);
            message_hint(m, "is it a binary policy that is damaged (they begin with 8c ff 7c f9), or another file?");
            return false;
        }
    }
    return true;
}

static bool add_file(struct source *s, const char *path, bool reference, struct messages *m)
{
    struct source_file *f = source_add_file(s, path);

    f->reference = reference;
    return load(path, &f->text, m) && is_text(path, &f->text, m);
}

/* @return how many there were; -1: one could not be read */
static int add_folder(struct source *s, const char *path, bool reference, struct messages *m)
{
    char **names;
    size_t count = dir_names(path, ".cil", &names);
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        char *file = bh_printf("%s/%s.cil", path, names[i]);

        ok = add_file(s, file, reference, m);
        free(file);
    }
    names_free(names, count);
    return ok ? (int)count : -1;
}

static bool add_reference(struct source *s, const char *tree, struct messages *m)
{
    char *kinds = bh_printf("%s/policy/kinds", tree);
    bool ok = true;

    for (size_t i = 0; ok && policy_common[i] != NULL; i++) {
        char *path = bh_printf("%s/policy/%s", tree, policy_common[i]);

        ok = file_exists(path);
        if (!ok) {
            message_add(m, path, 0, 0, "is not there, and the policy needs the reference policy");
            message_hint(m, "give the source tree with -S, or run bh there");
        }
        ok = ok && add_file(s, path, true, m);
        free(path);
    }
    ok = ok && add_folder(s, kinds, true, m) >= 0;
    free(kinds);
    return ok;
}

bool source_host(struct host *host, struct buf *text, const char *tree, const char *path, struct messages *m)
{
    struct diag diag = { 0 };
    char **kinds = NULL;
    size_t kind_count;
    bool ok;

    *host = (struct host){ 0 };
    if (!load(path, text, m)) {
        buf_free(text);
        return false;
    }
    kind_count = policy_kinds(tree, &kinds);
    ok = host_parse(host, path, (const uint8_t *)text->data, text->len, (const char *const *)kinds, kind_count, &diag)
         && policy_check(host, tree, &diag);
    messages_of_diag(m, &diag);
    names_free(kinds, kind_count);
    if (!ok) {
        host_free(host);
        buf_free(text);
    }
    return ok;
}

/* The rules that follow from a host description. */
static bool add_host(struct source *s, const char *tree, const char *path, struct messages *m)
{
    const char *slash = strrchr(path, '/');
    struct source_file *shown;
    struct buf text = { 0 };
    struct host host;
    char *name;
    bool ok = true;

    if (!source_host(&host, &text, tree, path, m)) {
        return false;
    }
    for (size_t i = 0; ok && i < host.policy_file_count; i++) {
        char *own = policy_own_file(&host, i);

        ok = add_file(s, own, false, m);
        free(own);
    }
    name = bh_printf("(rules of %s)", path);
    policy_cil(&host, &source_add_file(s, name)->text);
    free(name);
    shown = source_add_file(s, slash != NULL ? slash + 1 : path); /* as the marks in the rules name it */
    shown->shown = true;
    shown->text = text;
    host_free(&host);
    return ok;
}

/* A file that is named is meant to say something. */
static bool is_something(const char *path, const struct buf *text, struct messages *m)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == ';') {
            i += strcspn(text->data + i, "\n") - 1;
        } else if (!isspace((unsigned char)text->data[i])) {
            return true;
        }
    }
    message_add(m, path, 0, 0, "holds no statement");
    message_hint(m, "a policy is CIL such as (type guest_t); policy/README.md says what a deployment consists of");
    return false;
}

/* Files that the words name, without the reference policy. */
static bool read_word(struct source *s, const char *tree, const char *word, struct messages *m)
{
    char *image = bh_printf("%s/%s", word, IMAGE_POLICY);
    char *kinds = bh_printf("%s/kinds", word);
    struct buf text = { 0 };
    bool ok = true;
    int count;

    if (ends_in(word, ".conf")) {
        ok = add_host(s, tree, word, m);
    } else if (is_folder(word) && file_exists(image)) {
        s->binary = true;
        ok = load(image, &s->image, m);
    } else if (te_is(word)) {
        ok = te_add(s, word, m);
    } else if (is_folder(word)) {
        count = add_folder(s, word, false, m);
        ok = count >= 0 && (!is_folder(kinds) || add_folder(s, kinds, false, m) >= 0);
        if (ok && count == 0) {
            message_add(m, word, 0, 0, "holds no policy");
            message_hint(m, "a folder is one with *.cil files, with *.te modules, or a host image, which has %s", IMAGE_POLICY);
            ok = false;
        }
    } else if (load(word, &text, m)) {
        s->binary = text.len >= 4 && memcmp(text.data, POLICY_MAGIC, 4) == 0;
        if (s->binary) {
            buf_put(&s->image, text.data, text.len);
        } else {
            ok = is_text(word, &text, m) && is_something(word, &text, m);
            buf_put(&source_add_file(s, word)->text, text.data != NULL ? text.data : "", text.len);
        }
    } else {
        ok = false;
    }
    buf_free(&text);
    free(image);
    free(kinds);
    return ok;
}

static bool defines_classes(struct source *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = s->files[i].shown ? NULL : source_tree(&s->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "classorder") : NULL; n != NULL;
             n = cil_tree_find(t, n, "classorder")) {
            if (strcmp(cil_node_text(cil_node_nth(n, 1), 0), "unordered") != 0) {
                return true;
            }
        }
    }
    return false;
}

/* Files of one language; a binary policy is one file. */
static bool is_mixed(const struct source *s, size_t words, bool te, struct messages *m)
{
    bool cil = false;

    for (size_t i = 0; i < s->file_count; i++) {
        cil = cil || s->files[i].rank == 0;
    }
    if (s->binary && (words > 1 || s->file_count > 0)) {
        message_add(m, NULL, 0, 0, "%s: a binary policy is whole; nothing can be added to it", s->name);
        message_hint(m, "name it alone, or name the sources it was made from");
        return true;
    }
    if (te && cil) {
        message_add(m, NULL, 0, 0, "%s: CIL and .te do not mix", s->name);
        message_hint(m, "name files of one language");
        return true;
    }
    return false;
}

bool source_read_reference(struct source *s, const char *tree, struct messages *m)
{
    bool ok;

    *s = (struct source){ .name = bh_printf("%s/policy", tree) };
    ok = add_reference(s, tree, m);
    if (!ok) {
        source_free(s);
    }
    return ok;
}

bool source_read_text(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m)
{
    struct buf name = { 0 };
    struct source reference = { 0 };
    bool ok = true, te = false;

    *s = (struct source){ 0 };
    for (size_t i = 0; ok && i < count; i++) {
        buf_printf(&name, "%s%s", i > 0 ? " " : "", words[i]);
        ok = read_word(s, tree, words[i], m);
    }
    s->name = name.data;
    for (size_t i = 0; i < s->file_count; i++) {
        te = te || s->files[i].rank != 0;
    }
    ok = ok && !is_mixed(s, count, te, m);
    if (ok && te) {
        te_sort(s);
    } else if (ok && !s->binary && !defines_classes(s)) {
        ok = add_reference(&reference, tree, m);
        reference.files = bh_grow(reference.files, reference.file_count + s->file_count, sizeof(*reference.files));
        memcpy(reference.files + reference.file_count, s->files, s->file_count * sizeof(*s->files));
        free(s->files);
        s->files = reference.files;
        s->file_count += reference.file_count;
    }
    if (!ok) {
        source_free(s);
    }
    return ok;
}

bool source_read_list(struct source *s, const char *tree, const char *list, struct messages *m)
{
    char *copy = bh_strdup(list), *rest = copy, *word;
    const char **words = bh_alloc((strlen(list) + 2) * sizeof(*words));
    size_t count = 0;
    bool ok;

    while ((word = strsep(&rest, ",")) != NULL) {
        words[count++] = word;
    }
    ok = source_read(s, tree, words, count, m);
    free(words);
    free(copy);
    return ok;
}

static bool read_compiled(struct source *s, const char *tree, const char *const *words, size_t count, bool unchecked, struct messages *m)
{
    bool ok = source_read_text(s, tree, words, count, m);

    if (ok && s->file_count > 0 && s->files[0].rank != 0 && !te_compile(s, POLICY_VERSION_XEN, unchecked, m)) {
        source_free(s);
        ok = false;
    }
    return ok;
}

bool source_read(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m)
{
    return read_compiled(s, tree, words, count, false, m);
}

bool source_read_unchecked(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m)
{
    return read_compiled(s, tree, words, count, true, m);
}

bool source_has_places(const struct source *s)
{
    return !s->binary || s->conf.len > 0;
}

const struct cil_tree *source_tree(struct source_file *f)
{
    if (f->tree == NULL && !f->shown) {
        f->tree = cil_tree_read(f->text.data != NULL ? f->text.data : "", f->text.len, NULL, NULL);
    }
    return f->tree;
}

struct source_file *source_find(const struct source *s, const char *name)
{
    for (size_t i = 0; i < s->file_count; i++) {
        if (strcmp(s->files[i].name, name) == 0) {
            return &s->files[i];
        }
    }
    return NULL;
}

void source_free(struct source *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        free(s->files[i].name);
        buf_free(&s->files[i].text);
        cil_tree_free(s->files[i].tree);
    }
    free(s->files);
    free(s->name);
    buf_free(&s->image);
    buf_free(&s->conf);
    buf_free(&s->broken);
    *s = (struct source){ 0 };
}
