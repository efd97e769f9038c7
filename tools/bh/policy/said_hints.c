/* SPDX-License-Identifier: Apache-2.0 */
#include "said_hints.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"

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

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The shape of statements, for those that are wrong in their shape. */
static const struct {
    const char *keyword, *shape;
} shapes[] = {
    { "allow", "(allow SOURCE TARGET (CLASS (PERMISSION ...)))" },
    { "auditallow", "(auditallow SOURCE TARGET (CLASS (PERMISSION ...)))" },
    { "dontaudit", "(dontaudit SOURCE TARGET (CLASS (PERMISSION ...)))" },
    { "neverallow", "(neverallow SOURCE TARGET (CLASS (PERMISSION ...)))" },
    { "call", "(call MACRO (ARGUMENT ...))" },
    { "class", "(class NAME (PERMISSION ...))" },
    { "constrain", "(constrain (CLASS (PERMISSION ...)) (eq t1 t2)); operators are eq, neq, and, or, not; words are t1 t2 r1 r2 u1 u2" },
    { "mlsconstrain", "(mlsconstrain ...) needs MLS, which is off here: (constrain ...) does without" },
    { "context", "(USER ROLE TYPE low_low)" },
    { "ioportcon", "(ioportcon PORT|(FIRST LAST) (system_u object_r TYPE low_low)), ports up to 0xffff" },
    { "iomemcon", "(iomemcon PAGE|(FIRST LAST) (system_u object_r TYPE low_low)), in pages of 4 KiB" },
    { "pirqcon", "(pirqcon NUMBER (system_u object_r TYPE low_low)), up to 65535" },
    { "pcidevicecon", "(pcidevicecon 0xBBDF (system_u object_r TYPE low_low)): 00:1f.0 is 0x00f8" },
    { "macro", "(macro NAME ((type PARAMETER) ...) STATEMENT ...)" },
    { "type", "(type NAME)" },
    { "typeattributeset", "(typeattributeset ATTRIBUTE (TYPE ...)), or one of (and A B) (or A B) (xor A B) (not A) (all)" },
    { "typetransition", "(typetransition SOURCE TARGET CLASS TYPE)" },
    { "roletype", "(roletype ROLE TYPE)" },
    { "sidcontext", "(sidcontext SID (USER ROLE TYPE low_low))" },
    { "booleanif", "(booleanif BOOLEAN (true RULE ...) (false RULE ...))" },
    { "boolean", "(boolean NAME true|false)" },
};

/* What stands where in a statement, by the number of the word. */
static const struct {
    const char *keyword;
    size_t position;
    const char *kind;
} expected[] = {
    { "call", 1, "macro" },           { "roletype", 1, "role" },        { "roletransition", 1, "role" }, { "roletransition", 4, "role" },
    { "roleallow", 1, "role" },       { "roleallow", 2, "role" },       { "userrole", 1, "user" },       { "userrole", 2, "role" },
    { "userlevel", 1, "user" },       { "userrange", 1, "user" },       { "sidcontext", 1, "sid" },      { "sidorder", 0, "sid" },
    { "booleanif", 1, "boolean" },    { "tunableif", 1, "tunable" },    { "blockinherit", 1, "block" },  { "in", 1, "block" },
    { "typeattributeset", 1, "typeattribute" }, { "typetransition", 3, "class" }, { "classorder", 0, "class" },
    { "userlevel", 2, "level" },      { "userrange", 2, "levelrange" }, { "classcommon", 1, "class" },   { "roletransition", 3, "class" },
};

/* What helps, by what libsepol says. `element` of the statement is at fault: 0 the statement itself. */
static const struct {
    const char *says, *what, *hint;
    size_t element;
} known[] = {
    { "Recursive macro call", "a macro calls itself", "a macro cannot come back to itself, be it through others", 0 },
    { "Block inheritance loop", "a block inherits itself", "(blockinherit ...) cannot come back to its own block, be it through others", 1 },
    { "Self-reference found", "an attribute is made of itself", "its (typeattributeset ...) names the attribute, be it through others", 1 },
    { "not in classorder statement", NULL, "the hypervisor knows no such class; one for rules alone is put behind by (classorder (unordered NAME))", 1 },
    { "not in sidorder statement", NULL, "the hypervisor knows no such SID; (sidorder ...) lists those there are", 1 },
    { "not in sensitivityorder statement", NULL, "MLS is off: the one level low_low is enough for every context", 1 },
    { "not in categoryorder statement", NULL, "MLS is off: the one level low_low is enough for every context", 1 },
    { "First character in", NULL, "a name begins with a letter", 1 },
    { "Too many permissions in class", NULL, "a class has at most 32", 1 },
    { "cannot bind more than one value", NULL, "an alias stands for one type", 1 },
    { "result must be a type", "an attribute cannot be the result of a transition", "name a type", 4 },
    { "not allowed as a parameter", NULL, "kinds of parameters are type, class, role, user, sid, name, string, classpermission...", 2 },
    { "Circular bounds", NULL, "look through the (typebounds PARENT CHILD) of that type", 0 },
    { "exceeds bounds of parent", NULL, "a bounded type has what its parent has and no more: give it to the parent, too, or to neither", 0 },
    { "Invalid token", "a string does not end", "the second \" is missing, or there is one too many", 0 },
    { "Keyword expected", "a statement without a name", "after a parenthesis comes the name of a statement: (type guest_t)", 0 },
    { "exceeds limit of", NULL, "no policy needs this: take the expression apart by attributes", 0 },
    { "At least one initial sid", NULL, "a file with (classorder ...) is a whole policy, with (sid ...), (sidorder ...) and (sidcontext ...); without, the reference "
                                        "policy comes first", 0 },
    { "cannot be used on the left side", NULL, "MLS is off: (constrain ...) does without levels", 0 },
};

static bool among(const char *const *list, size_t count, const char *word)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

#define AMONG(list, word) among(list, COUNT(list), word)

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

/* The first word of a statement that nothing declares; keywords are not looked at. */
static const struct cil_node *unknown_word(const struct names *n, const struct cil_node *list)
{
    for (const struct cil_node *w = list->first; w != NULL; w = w->next) {
        const struct cil_node *bad = NULL;

        if (w->word == NULL) {
            bad = unknown_word(n, w);
        } else if (!isdigit((unsigned char)w->word[0]) && w->word[0] != '"' && !AMONG(operators, w->word) &&
                   !(w == list->first && AMONG(keywords, w->word)) && names_find(n, NULL, w->word) == NULL && !is_parameter(list, w->word)) {
            bad = w;
        }
        if (bad != NULL) {
            return bad;
        }
    }
    return NULL;
}

/* -- which statement --------------------------------------------------------------------------------------------------------- */

/* Is a keyword named by libsepol's words? */
static bool says_keyword(const char *said, const char *keyword)
{
    size_t len = strlen(keyword);

    for (const char *p = said; (p = strstr(p, keyword)) != NULL; p++) {
        if ((p == said || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)p[len])) {
            return true;
        }
    }
    return false;
}

/* Of the statements that begin in a line, the first whose keyword is named; else the first; else the first list. */
static const struct cil_node *statement_at(const struct cil_node *list, unsigned int line, const char *said, const struct cil_node **any)
{
    for (; list != NULL; list = list->next) {
        const struct cil_node *in;

        if (list->word != NULL) {
            continue;
        }
        if (list->line == line && AMONG(keywords, cil_node_text(list, 0))) {
            *any = *any != NULL ? *any : list;
            if (says_keyword(said, cil_node_text(list, 0))) {
                return list;
            }
        }
        in = list->line <= line ? statement_at(list->first, line, said, any) : NULL;
        if (in != NULL) {
            return in;
        }
    }
    return NULL;
}

/* The number of a list in its parent's; of a word, too. */
static size_t position(const struct cil_node *node)
{
    size_t i = 0;

    for (const struct cil_node *n = node->parent != NULL ? node->parent->first : NULL; n != NULL && n != node; n = n->next) {
        i++;
    }
    return i;
}

static bool ends_in(const char *word, const char *suffix)
{
    size_t n = strlen(word), s = strlen(suffix);

    return n >= s && strcmp(word + n - s, suffix) == 0;
}

/* What a word should be, by where it stands. */
static const char *kind_at(const struct cil_node *word)
{
    static const char *const of_context[] = { "user", "role", "type", "levelrange" };
    const struct cil_node *list = word->parent;
    const char *keyword = list != NULL ? cil_node_text(list, 0) : "", *above = list != NULL && list->parent != NULL ? cil_node_text(list->parent, 0) : "";
    size_t at = position(word);

    for (size_t i = 0; i < COUNT(expected); i++) {
        if (strcmp(expected[i].keyword, keyword) == 0 && expected[i].position == at) {
            return expected[i].kind;
        }
    }
    if (list != NULL && (ends_in(above, "con") || strcmp(above, "sidcontext") == 0) && at < COUNT(of_context) && position(list) == 2) {
        return of_context[at];
    }
    if (list != NULL && (strstr(above, "allow") != NULL || strcmp(above, "dontaudit") == 0) && at == 0) {
        return "class";
    }
    return "type";
}

/* -- the other place ----------------------------------------------------------------------------------------------------------- */

/* A statement with that keyword and a word in that place, other than `not_this`. */
static const struct cil_node *other(const struct source *s, const struct cil_node *not_this, const char *keyword, size_t element, const char *word,
                                    const char **file)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, keyword) : NULL; n != NULL; n = cil_tree_find(t, n, keyword)) {
            if (n != not_this && (word == NULL || strcmp(cil_node_text(n, element), word) == 0)) {
                *file = s->files[i].name;
                return n;
            }
        }
    }
    return NULL;
}

static void hint_other(struct messages *m, const struct source *s, const struct cil_node *list, size_t element, const char *word)
{
    const char *file;
    const struct cil_node *n = other(s, list, cil_node_text(list, 0), element, word, &file);

    if (n != NULL) {
        message_hint(m, "the other is at %s:%u", file, n->line);
    }
}

/* -- hints by what is wrong ------------------------------------------------------------------------------------------------------ */

static void put_column(struct messages *m, const struct cil_node *at)
{
    if (at != NULL) {
        m->list[m->count - 1].line = at->line;
        m->list[m->count - 1].column = at->column;
    }
}

__attribute__((format(printf, 2, 3)))
static void replace(struct messages *m, const char *format, ...)
{
    char *old = m->list[m->count - 1].what;
    va_list args;

    va_start(args, format);
    m->list[m->count - 1].what = bh_vprintf(format, args);
    va_end(args);
    free(old);
}

static void hint_shape(struct messages *m, const char *keyword)
{
    for (size_t i = 0; i < COUNT(shapes); i++) {
        if (strcmp(shapes[i].keyword, keyword) == 0) {
            message_hint(m, "%s", shapes[i].shape);
        }
    }
}

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
        buf_printf(&names, "%s %s %s", want > 0 ? "," : "", cil_node_text(p, 0), cil_node_text(p, 1));
    }
    for (const struct cil_node *a = args != NULL ? args->first : NULL; a != NULL; a = a->next) {
        got++;
    }
    message_hint(m, "macro %s of %s:%u takes %u argument%s:%s; here %s %u", macro->word, macro->file->name, macro->node->line, want,
                 want == 1 ? "" : "s", names.data != NULL ? names.data : " none", got == 1 ? "is" : "are", got);
    buf_free(&names);
}

/* A word that nothing declares. */
static void hint_word(struct messages *m, const struct names *n, const struct cil_node *statement, const struct cil_node *bad)
{
    const char *kind = kind_at(bad);
    const char *const types[] = { "type", "typeattribute", "typealias", NULL }, *const one[] = { kind, NULL };
    const char *near = names_nearest(n, strcmp(kind, "type") == 0 ? types : one, bad->word);

    put_column(m, bad);
    if (strcmp(cil_node_text(statement, 0), "constrain") == 0) {
        replace(m, "'%s' is no word of a constraint, and no type", bad->word);
        hint_shape(m, "constrain");
        return;
    }
    replace(m, "there is no %s '%s'", strcmp(kind, "typeattribute") == 0 ? "attribute" : kind, bad->word);
    if (near != NULL) {
        message_hint(m, "did you mean '%s'?", near);
    } else {
        message_hint(m, "nothing declares it; a %s is declared by (%s %s%s)", strcmp(kind, "typeattribute") == 0 ? "attribute" : kind, kind,
                     bad->word, strcmp(kind, "boolean") == 0 ? " false" : strcmp(kind, "macro") == 0 ? " (PARAMETERS) ..." : "");
    }
}

/* "Failed to resolve permission P": another class may have it. */
static void hint_permission(struct messages *m, const struct names *n, const struct cil_node *list, const char *said)
{
    const struct cil_node *rule = cil_node_nth(list, strcmp(cil_node_text(list, 0), "constrain") == 0 ? 1 : 3);
    const char *tclass = cil_node_text(rule, 0), *near;
    const struct name *c = names_find(n, "class", tclass);
    const struct cil_node *perms = c != NULL ? cil_node_nth(c->node, 2) : NULL;
    const char *known_perms[64];
    size_t count = 0;
    char word[128];

    if (sscanf(strstr(said, "permission ") + strlen("permission "), "%127[^: ]", word) != 1) {
        return;
    }
    for (const struct cil_node *p = perms != NULL ? perms->first : NULL; p != NULL && count < COUNT(known_perms); p = p->next) {
        if (p->word != NULL) {
            known_perms[count++] = p->word;
        }
    }
    put_column(m, cil_node_word(list, word));
    replace(m, "class %s has no permission '%s'", tclass, word);
    near = suggest_nearest(word, known_perms, count);
    if (near != NULL) {
        message_hint(m, "did you mean '%s'?", near);
        return;
    }
    for (size_t i = 0; i < n->count; i++) {
        if (strcmp(n->list[i].kind, "permission") == 0 && strcmp(n->list[i].word, word) == 0) {
            message_hint(m, "class %s of %s:%u has it", cil_node_text(n->list[i].node, 1), n->list[i].file->name, n->list[i].node->line);
            return;
        }
    }
    message_hint(m, "`bh policy show permissions %s` lists those there are", tclass);
}

static void hint_number(struct messages *m, const struct cil_node *list)
{
    const struct cil_node *number = cil_node_nth(list, 1);

    number = number != NULL && number->word == NULL ? number->first : number;
    if (number != NULL) {
        put_column(m, number);
        replace(m, "'%s' is no number of that range", number->word != NULL ? number->word : "(");
    }
    hint_shape(m, cil_node_text(list, 0));
}

static void hint_role_type(struct messages *m, const struct cil_node *list, const char *said)
{
    char type[128], role[128];

    if (sscanf(strstr(said, "Type "), "Type %127s is invalid for role %127[^: ]", type, role) == 2) {
        put_column(m, cil_node_word(list, type));
        replace(m, "role %s cannot have type %s", role, type);
        message_hint(m, "(roletype %s %s) is missing; a label of hardware gets it by (typeattributeset resource_type (%s))", role, type, type);
    }
}

static void hint_conflict(struct messages *m, const struct source *s, const struct cil_node *list, const char *said)
{
    const char *old = strstr(said, "existing="), *file;
    char result[128];

    if (old == NULL || sscanf(old, "existing=%127[^: ]", result) != 1) {
        return;
    }
    put_column(m, cil_node_nth(list, 4));
    replace(m, "a transition to %s, and there is one to %s", cil_node_text(list, 4), result);
    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, "typetransition") : NULL; n != NULL;
             n = cil_tree_find(t, n, "typetransition")) {
            if (n != list && strcmp(cil_node_text(n, 4), result) == 0 && strcmp(cil_node_text(n, 3), cil_node_text(list, 3)) == 0) {
                file = s->files[i].name;
                message_hint(m, "the other is at %s:%u", file, n->line);
                return;
            }
        }
    }
    message_hint(m, "the other comes from a macro: `bh policy show transitions` of a policy without this one names it");
}

/* (typebounds PARENT CHILD) of a child that has a parent: libsepol points elsewhere. */
static void hint_bounds_twice(struct messages *m, const struct source *s, const char *said)
{
    const char *first_file, *file;
    const struct cil_node *first, *second;
    char type[128];

    if (sscanf(strstr(said, "Type "), "Type %127s already bound", type) != 1 || (first = other(s, NULL, "typebounds", 2, type, &first_file)) == NULL ||
        (second = other(s, first, "typebounds", 2, type, &file)) == NULL) {
        return;
    }
    free(m->list[m->count - 1].file);
    m->list[m->count - 1].file = bh_strdup(file);
    put_column(m, second);
    replace(m, "%s is bound already", type);
    message_hint(m, "the other is at %s:%u", first_file, first->line);
}

static void hint_twice(struct messages *m, const struct source *s, const struct cil_node *list)
{
    const char *keyword = cil_node_text(list, 0);

    put_column(m, cil_node_nth(list, 1));
    replace(m, "%s '%s' is declared twice", strcmp(keyword, "typeattribute") == 0 ? "attribute" : keyword, cil_node_text(list, 1));
    hint_other(m, s, list, 1, cil_node_text(list, 1));
}

/* A name that is declared as something else. */
static bool is_other_kind(const struct names *n, const struct cil_node *list, struct messages *m)
{
    for (size_t i = 0; i < n->count; i++) {
        const struct name *one = &n->list[i];

        if (strcmp(one->word, cil_node_text(list, 1)) == 0 && one->node != list && strcmp(one->kind, cil_node_text(list, 0)) != 0 &&
            strncmp(one->kind, "type", 4) == 0) {
            put_column(m, cil_node_nth(list, 1));
            replace(m, "'%s' is a %s, too", one->word, one->kind);
            message_hint(m, "it is declared at %s:%u; types and attributes share their names", one->file->name, one->node->line);
            return true;
        }
    }
    return false;
}

/* @return true: all is said */
static bool by_words(struct messages *m, const struct source *s, const struct names *n, const struct cil_node *list, const char *said)
{
    char word[128];
    const char *call = strstr(said, " in call argument list");

    if (strstr(said, "Re-declaration of ") != NULL) {
        if (strncmp(cil_node_text(list, 0), "type", 4) != 0 || !is_other_kind(n, list, m)) {
            hint_twice(m, s, list);
        }
    } else if (strstr(said, "resolve permission ") != NULL) {
        hint_permission(m, n, list, said);
    } else if (call != NULL && sscanf(said, "Failed to resolve %127s in call", word) == 1 && names_find(n, NULL, word) != NULL) {
        put_column(m, cil_node_word(list, word));
        replace(m, "'%s' is of another kind than the macro wants", word);
        hint_call(m, n, list);
    } else if (strstr(said, "-bit integer") != NULL) {
        hint_number(m, list);
    } else if (strstr(said, "is invalid for role ") != NULL) {
        hint_role_type(m, list, said);
    } else if (strstr(said, "Conflicting type rules") != NULL) {
        hint_conflict(m, s, list, said);
    } else if (strstr(said, "already bound by parent") != NULL) {
        hint_bounds_twice(m, s, said);
    } else if (strstr(said, "more than one ") != NULL && strstr(said, "Policy can not have") != NULL) {
        replace(m, "%s is said twice", cil_node_text(list, 0));
        hint_other(m, s, list, 0, NULL);
    } else if (strstr(said, "Unable to merge ordered list") != NULL) {
        replace(m, "this order contradicts another");
        hint_other(m, s, list, 0, NULL);
    } else if (strstr(said, "Found conflicting ") != NULL) {
        replace(m, "two labels for the same");
        hint_other(m, s, list, 1, *cil_node_text(list, 1) != '\0' ? cil_node_text(list, 1) : NULL);
    } else {
        return false;
    }
    return true;
}

/* The table; @return true: something fits */
static bool by_table(struct messages *m, const struct cil_node *list, const char *said)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strstr(said, known[i].says) != NULL) {
            if (list != NULL && known[i].element > 0) {
                put_column(m, cil_node_nth(list, known[i].element));
            }
            if (known[i].what != NULL) {
                replace(m, "%s", known[i].what);
            }
            message_hint(m, "%s", known[i].hint);
            return true;
        }
    }
    return false;
}

static bool is_call_count(const char *said)
{
    return strstr(said, "Missing arguments") != NULL || strstr(said, "Unexpected arguments") != NULL;
}

static void explain_statement(struct messages *m, const struct source *s, const struct names *n, const struct cil_node *list, const char *said)
{
    const struct cil_node *bad;

    put_column(m, list);
    if (by_words(m, s, n, list, said) || by_table(m, list, said)) {
        return;
    }
    bad = unknown_word(n, list);
    if (is_call_count(said)) {
        hint_call(m, n, list);
    } else if (bad != NULL && strstr(said, "Failed to resolve") != NULL) {
        hint_word(m, n, list, bad);
    } else {
        if (bad != NULL) {
            put_column(m, bad);
        }
        hint_shape(m, cil_node_text(list, 0));
    }
}

/* A word where a list should be: the first outside of all. */
static const struct cil_node *word_outside(const struct cil_tree *t)
{
    for (const struct cil_node *n = cil_tree_first(t); n != NULL; n = n->next) {
        if (n->word != NULL) {
            return n;
        }
    }
    return NULL;
}

/* A string that its line does not end. */
static bool open_string(struct messages *m, const struct source_file *f)
{
    struct message *last = &m->list[m->count - 1];
    unsigned int line = 1;
    const char *quote = NULL, *start = f->text.data;

    for (const char *p = f->text.data; p != NULL && *p != '\0'; p++) {
        if (*p == '\n') {
            if (quote != NULL) {
                break;
            }
            line++;
            start = p + 1;
        } else if (*p == '"') {
            quote = quote == NULL ? p : NULL;
        } else if (*p == ';' && quote == NULL) {
            p += strcspn(p, "\n") - 1;
        }
    }
    if (quote != NULL) {
        last->line = line;
        last->column = (unsigned int)(quote - start) + 1;
    }
    return quote != NULL;
}

void said_explain(struct messages *m, const struct source *s, const struct names *n)
{
    struct message *last = &m->list[m->count - 1];
    struct source_file *f = last->file != NULL ? source_find(s, last->file) : NULL;
    const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;
    const struct cil_node *any = NULL, *list = t != NULL ? statement_at(cil_tree_first(t), last->line, last->what, &any) : NULL;
    char *said = bh_strdup(last->what);

    if (f != NULL && !f->shown && strstr(said, "Invalid token") != NULL && open_string(m, f)) {
        (void)by_table(m, NULL, said);
    } else if (f != NULL && t == NULL && !f->shown) {
        cil_tree_free(cil_tree_read(f->text.data != NULL ? f->text.data : "", f->text.len, &last->line, &last->column));
        if (!by_table(m, NULL, said)) {
            message_hint(m, "count the parentheses of the list that begins or ends here");
        }
    } else if (t != NULL && strstr(said, "not inside parenthesis") != NULL) {
        put_column(m, word_outside(t));
        replace(m, "a word stands outside of all statements");
        message_hint(m, "a statement begins with a parenthesis: (type guest_t)");
    } else if (list != NULL || any != NULL) {
        explain_statement(m, s, n, list != NULL ? list : any, said);
    } else {
        (void)by_table(m, NULL, said);
    }
    free(said);
}

/* libsepol says which, and not where. */
void said_keyword(struct messages *m, const struct source *s, const char *word)
{
    const char *near = suggest_nearest(word, keywords, COUNT(keywords));

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
    } else {
        message_hint(m, "statements are in lower case: (type ...), (allow ...), (call ...)");
    }
}
