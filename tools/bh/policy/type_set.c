/* SPDX-License-Identifier: Apache-2.0 */
#include "type_set.h"

#include <stdlib.h>
#include <string.h>

#include "../build/suggest.h"

/* An attribute, else a type; -1: reported with what is near of either. */
static int find(const struct model *p, const char *word, struct messages *m)
{
    int i = model_attribute_named(p, word);
    const char **attributes, *near;
    size_t count = 0, before = m->count;

    if (i >= 0) {
        return i;
    }
    i = model_type(p, word, m);
    if (i < 0 && m->count > before) {
        attributes = bh_alloc((p->type_count + 1) * sizeof(*attributes));
        for (size_t k = 0; k < p->type_count; k++) {
            if (p->is_attribute[k]) {
                attributes[count++] = p->types[k];
            }
        }
        near = suggest_nearest(word, attributes, count);
        if (near != NULL) {
            message_hint(m, "did you mean '%s'?", near);
        }
        free(attributes);
    }
    return i;
}

static void mark(struct types_named *s, const struct model *p, int what, bool in)
{
    for (size_t t = 0; t < p->type_count; t++) {
        if (!p->is_attribute[t] && model_type_in(p, (int)t, what)) {
            s->in[t] = in;
        }
    }
}

bool type_set_read(struct types_named *s, const struct model *p, const char *word, struct messages *m)
{
    char *copy = bh_strdup(word), *rest = copy, *part;
    bool ok = true;

    *s = (struct types_named){ .word = bh_strdup(word), .in = bh_alloc(p->type_count + 1) };
    for (int turn = 0; ok && turn < 2; turn++) { /* first what is meant, then what is not */
        strcpy(copy, word);
        rest = copy;
        while (ok && (part = strsep(&rest, ",")) != NULL) {
            bool in = *part != '!';
            int what;

            if (in != (turn == 0)) {
                continue;
            }
            what = find(p, part + !in, m);
            ok = what >= 0;
            if (ok) {
                mark(s, p, what, in);
                s->many = s->many || (in && (p->is_attribute[what] || strchr(word, ',') != NULL));
            }
        }
    }
    free(copy);
    if (!ok) {
        type_set_free(s);
    }
    return ok;
}

void type_set_free(struct types_named *s)
{
    free(s->word);
    free(s->in);
    *s = (struct types_named){ 0 };
}
