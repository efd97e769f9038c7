/* SPDX-License-Identifier: Apache-2.0 */
#include "hardware.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cil_tree.h"

static const struct {
    const char *keyword, *what;
    uint64_t last;
} kinds[] = {
    { "ioportcon", "port", 0xffff },
    { "iomemcon", "page", UINT64_C(0xfffffffffffff) }, /* 64 bits of address */
    { "pirqcon", "interrupt", 0xffff },
    { "pcidevicecon", "PCI function", UINT32_MAX },
};

/* @return false: it is no number, which libsepol says itself */
static bool number(const struct cil_node *n, uint64_t *value)
{
    char *end;

    if (n == NULL || n->word == NULL) {
        return false;
    }
    *value = strtoull(n->word, &end, 0);
    return *end == '\0' && end != n->word;
}

static void check(const struct source_file *f, const struct cil_node *list, size_t kind, struct messages *m)
{
    const struct cil_node *first = cil_node_nth(list, 1), *second = NULL;
    uint64_t low, high;

    if (first != NULL && first->word == NULL) {
        second = cil_node_nth(first, 1);
        first = first->first;
    }
    second = second != NULL ? second : first;
    if (!number(first, &low) || !number(second, &high)) {
        return;
    }
    if (low > high) {
        message_add(m, f->name, first->line, first->column, "the range begins at %s and ends before, at %s", first->word, second->word);
        message_hint(m, "the first %s comes first: (%s %s)", kinds[kind].what, second->word, first->word);
    } else if (high > kinds[kind].last) {
        message_add(m, f->name, second->line, second->column, "there is no %s %s", kinds[kind].what, second->word);
        message_hint(m, "the last is 0x%" PRIx64, kinds[kind].last);
    }
}

bool hardware_check(const struct source *s, struct messages *m)
{
    size_t before = m->count;

    for (size_t i = 0; i < s->file_count; i++) {
        const struct cil_tree *t = source_tree(&s->files[i]);

        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            for (const struct cil_node *n = t != NULL ? cil_tree_find(t, NULL, kinds[k].keyword) : NULL; n != NULL;
                 n = cil_tree_find(t, n, kinds[k].keyword)) {
                check(&s->files[i], n, k, m);
            }
        }
    }
    return m->count == before;
}
