/* SPDX-License-Identifier: Apache-2.0 */
#include "said.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "rules.h"
#include "said_hints.h"

/* Steps of the compiler, and what it says at the end of any failure. */
static const char *const chatter[] = { "Parsing ", "Building AST", "Destroying ", "Resolving AST", "Qualifying ", "Compile post",
                                       "Building policy", "Checking ", "Failed to resolve AST", "Failed to compile", "Failed to build",
                                       "Failed to generate", "Post process failed", "Failed to verify", "Failure adding", "Bad expression",
                                       "Writing ", "Pre expand", "Amending " };

static bool is_chatter(const char *line)
{
    for (size_t i = 0; i < sizeof(chatter) / sizeof(chatter[0]); i++) {
        if (strncmp(line, chatter[i], strlen(chatter[i])) == 0) {
            return true;
        }
    }
    return false;
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

/* Of the statement at a place; 0: not known. */
static unsigned int column_at(const struct source *s, const struct place *p)
{
    struct source_file *f = p != NULL ? source_find(s, p->file) : NULL;
    const struct cil_tree *t = f != NULL ? source_tree(f) : NULL;
    const struct cil_node *list = t != NULL ? cil_tree_at(t, p->line) : NULL;

    return list != NULL ? list->column : 0;
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

            message_add(m, outer != NULL ? outer->file : v->file, outer != NULL ? outer->line : v->line, column_at(s, outer),
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
            said_keyword(m, s, line + 23);
        } else if (strncmp(line, "Previous declaration", 20) != 0) {
            bool placed = read_where(line, &file, &number);

            buf_printf(&words, "%s%s", words.len > 0 ? ": " : "", line);
            if (placed) {
                message_add(m, file, number, 0, "%s", words.data);
                said_explain(m, s, &names);
            }
        }
    }
    if (m->count == before) {
        message_add(m, s->name, 0, 0, "%s", words.data != NULL ? words.data : "libsepol refuses it and does not say why");
        said_explain(m, s, &names);
    }
    names_list_free(&names);
    buf_free(&words);
    free(copy);
}
