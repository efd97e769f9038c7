/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"
#include "names.h"
#include "rules.h"

/* Steps of the compiler, and what it says at the end of any failure. */
static const char *const chatter[] = { "Parsing ", "Building AST", "Destroying ", "Resolving AST", "Qualifying ", "Compile post",
                                       "Building policy", "Checking ", "Failed to resolve AST", "Failed to compile", "Failed to build",
                                       "Failed to generate", "Post process failed", "Failed to verify", "Failure adding", "Bad expression",
                                       "Writing ", "Pre expand", "Amending " };

static const char *const keywords[] = { "allow", "allowx", "auditallow", "block", "blockabstract", "blockinherit", "boolean", "booleanif",
    "call", "category", "class", "classcommon", "classmap", "classmapping", "classorder", "classpermission", "classpermissionset", "common",
    "constrain", "context", "defaultrange", "defaultrole", "defaulttype", "defaultuser", "dontaudit", "expandtypeattribute", "false",
    "handleunknown", "in", "iomemcon", "ioportcon", "level", "levelrange", "macro", "mls", "mlsconstrain", "neverallow", "optional",
    "pcidevicecon", "pirqcon", "policycap", "role", "roleallow", "roleattribute", "roleattributeset", "rolebounds", "roletransition",
    "roletype", "sensitivity", "sensitivityorder", "sid", "sidcontext", "sidorder", "true", "tunable", "tunableif", "type", "typealias",
    "typealiasactual", "typeattribute", "typeattributeset", "typebounds", "typechange", "typemember", "typepermissive", "typetransition",
    "user", "userbounds", "userlevel", "userrange", "userrole", "validatetrans" };

/* Words that are no names. */
static const char *const operators[] = { "and", "or", "not", "xor", "all", "range", "self", "notself", "other", "eq", "neq", "dom", "domby",
    "incomp", "t1", "t2", "t3", "r1", "r2", "r3", "u1", "u2", "u3", "l1", "l2", "h1", "h2", "true", "false", "deny", "allow", "reject",
    "unordered", "source", "target", "low", "high", "low-high" };

static bool is_chatter(const char *line)
{
    for (size_t i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
        if (strncmp(line, chatter[i], strlen(chatter[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool among(const char *const *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

#define AMONG(list, word) among(list, sizeof(list) / sizeof((list)[0]), word)

/* Is the word a parameter of a macro around the list? */
static bool is_parameter(const struct cil_node *list, const char *word)
{
    for (const struct cil_node *up = list; up != NULL; up = up->parent) {
        const struct cil_node *params = strcmp(cil_node_text(up, 0), "macro") == 0 ? cil_node_nth(up, 2) : NULL;

        for (const struct cil_node *p = params != NULL ? params->first : NULL; p != NULL; p = p->next) {
            if (p->word == NULL && strcmp(cil_node_text(p, 1), word) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The first word of a statement that nothing declares; its keyword is not looked at. */
static const struct cil_node *unknown_word(const struct names *n, const struct cil_node *list, bool top)
{
    for (const struct cil_node *w = top && list->first != NULL ? list->first->next : list->first; w != NULL; w = w->next) {
        const struct cil_node *bad = NULL;

        if (w->word == NULL) {
            bad = unknown_word(n, w, false);
        } else if (!isdigit((unsigned char)w->word[0]) && w->word[0] != '"' && !AMONG(operators, w->word) &&
                   names_find(n, NULL, w->word) == NULL && !is_parameter(list, w->word)) {
            bad = w;
        }
        if (bad != NULL) {
            return bad;
        }
    }
    return NULL;
}

/* "F:L", "F:L from D:L", or "line L of F" after the last "at". Who wrote the description wants its line, not that of what was derived. */
static bool read_where(char *line, char **file, unsigned int *number)
{
    char *at = NULL, *next = line, *colon, *of, *from;

    while ((next = strstr(next, " at ")) != NULL) {
        at = next;
        next += 4;
    }
    if (at == NULL) {
        return false;
    }
    if (strncmp(at, " at line ", 9) == 0 && (of = strstr(at, " of ")) != NULL) {
        *number = (unsigned int)strtoul(at + 9, NULL, 10);
        *file = of + 4;
    } else {
        from = strstr(at, " from ");
        *file = from != NULL ? from + 6 : at + 4;
        colon = strrchr(*file, ':');
        if (colon == NULL || !isdigit((unsigned char)colon[1])) {
            return false;
        }
        *number = (unsigned int)strtoul(colon + 1, NULL, 10);
        *colon = '\0';
    }
    *at = '\0';
    return true;
}

static const char *const argument_kinds[] = { "type", "typeattribute", "typealias", NULL };
static const char *const any_rule_kinds[] = { "type", "typeattribute", "typealias", "class", "permission", "macro", "role", "user", "sid",
                                              "boolean", "block", "context", "level", "levelrange", "classmap", NULL };

static void hint_call(struct messages *m, const struct names *n, const struct cil_node *list)
{
    const struct name *macro = names_find(n, "macro", cil_node_text(list, 1));
    const struct cil_node *params = macro != NULL ? cil_node_nth(macro->node, 2) : NULL, *args = cil_node_nth(list, 2);
    struct buf names = { 0 };
    unsigned int want = 0, got = 0;

    if (params == NULL) {
        return;
    }
    for (const struct cil_node *p = params->first; p != NULL; p = p->next, want++) {
        buf_printf(&names, " %s", cil_node_text(p, 1));
    }
    for (const struct cil_node *a = args != NULL ? args->first : NULL; a != NULL; a = a->next) {
        got++;
    }
    message_hint(m, "macro %s of %s:%u takes %u argument%s,%s; here %s %u", macro->word, macro->file->name, macro->node->line, want,
                 want == 1 ? "" : "s", names.data != NULL ? names.data : " none", got == 1 ? "is" : "are", got);
    buf_free(&names);
}

static void hint_word(struct messages *m, const struct names *n, const struct cil_node *list, const struct cil_node *bad)
{
    bool types = strcmp(cil_node_text(list, 0), "call") == 0 && bad->parent != list;
    const char *near = names_nearest(n, types ? argument_kinds : any_rule_kinds, bad->word);

    m->list[m->count - 1].column = bad->column;
    m->list[m->count - 1].line = bad->line;
    if (near != NULL) {
        message_hint(m, "nothing declares '%s'; did you mean '%s'?", bad->word, near);
    } else {
        message_hint(m, "nothing declares '%s'; a type is declared by (type %s)", bad->word, bad->word);
    }
}

/* The place in the text that the last message is about, and what to do. */
static void explain(struct messages *m, const struct source *s, const struct names *n)
{
    struct message *last = &m->list[m->count - 1];
    struct source_file *f = last->file != NULL ? source_find(s, last->file) : NULL;
    const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;
    const struct cil_node *list = t != NULL ? cil_tree_at(t, last->line) : NULL, *bad;

    if (f != NULL && t == NULL && !f->shown) {
        cil_tree_free(cil_tree_read(f->text.data != NULL ? f->text.data : "", f->text.len, &last->line, &last->column));
        message_hint(m, "count the parentheses of the list that begins or ends here");
        return;
    }
    if (list == NULL) {
        return;
    }
    last->column = list->column;
    bad = unknown_word(n, list, true);
    if (bad != NULL) {
        hint_word(m, n, list, bad);
    } else if (strcmp(cil_node_text(list, 0), "call") == 0) {
        hint_call(m, n, list);
    }
}

/* A keyword that CIL does not have: libsepol says which, and not where. */
static void unknown_keyword(struct messages *m, const struct source *s, const char *word)
{
    const char *near = suggest_nearest(word, keywords, sizeof(keywords) / sizeof(keywords[0]));

    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);
        const struct cil_node *at = t != NULL ? cil_tree_find(t, NULL, word) : NULL;

        if (at != NULL) {
            message_add(m, s->files[i].name, at->line, at->column + 1, "there is no statement '%s'", word);
            break;
        }
    }
    if (m->count == 0) {
        message_add(m, NULL, 0, 0, "there is no statement '%s'", word);
    }
    if (near != NULL) {
        message_hint(m, "did you mean '%s'?", near);
    }
}

static void broken_assertions(const char *log, const struct source *s, struct messages *m)
{
    struct rules r = { 0 };

    rules_read(log, &r);
    for (size_t i = 0; i < r.violation_count; i++) {
        const struct violation *v = &r.violations[i];
        struct source_file *f = source_find(s, v->file);
        const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;
        const struct cil_node *list = t != NULL ? cil_tree_at(t, v->line) : NULL;

        for (size_t k = 0; k < v->rule_count; k++) {
            const struct rule *rule = &v->rules[k];
            const struct place *outer = rule->place_count > 0 ? &rule->places[0] : NULL;
            char *origin = rule_origin(rule);

            message_add(m, outer != NULL ? outer->file : v->file, outer != NULL ? outer->line : v->line, 0,
                        "%s breaks the assertion of %s:%u%s%s", rule->text, v->file, v->line,
                        list != NULL && list->comment != NULL ? ": " : "",
                        list != NULL && list->comment != NULL ? list->comment : "");
            message_hint(m, "the rule comes from %s", origin);
            free(origin);
        }
    }
    rules_free(&r);
}

void said_messages(const char *log, const struct source *s, struct messages *m)
{
    char *copy = bh_strdup(log), *rest = copy, *line, *file;
    size_t before = m->count;
    struct buf words = { 0 };
    struct names names;
    unsigned int number;

    names_collect(&names, s);
    broken_assertions(log, s, m);
    while (m->count == before && (line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0' || is_chatter(line)) {
            continue;
        }
        if (strncmp(line, "Error: Unknown keyword ", 23) == 0) {
            unknown_keyword(m, s, line + 23);
        } else if (strncmp(line, "Previous declaration", 20) != 0) {
            bool placed = read_where(line, &file, &number);

            buf_printf(&words, "%s%s", words.len > 0 ? ": " : "", line);
            if (placed) {
                message_add(m, file, number, 0, "%s", words.data);
                explain(m, s, &names);
            }
        }
    }
    if (m->count == before) {
        message_add(m, s->name, 0, 0, "%s", words.data != NULL ? words.data : "libsepol refuses it and does not say why");
    }
    names_list_free(&names);
    buf_free(&words);
    free(copy);
}
