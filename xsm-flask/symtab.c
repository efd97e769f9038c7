/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/symtab.h>

#include <xen/errno.h>
#include <xen/lib.h>

/* FNV-1a: short names, no adversary that could choose them freely. */
static uint32_t hash(const char *name, size_t length)
{
    uint32_t h = 2166136261U;
    size_t i;

    for (i = 0; i < length; i++) {
        h = (h ^ (uint8_t)name[i]) * 16777619U;
    }
    return h;
}

int symtab_create(struct symtab *t, struct arena *a, uint32_t expected)
{
    uint32_t buckets = 8;

    while (buckets < expected && buckets < 65536) {
        buckets *= 2;
    }
    *t = (struct symtab){ .mask = buckets - 1 };
    t->bucket = arena_array(a, buckets, sizeof(*t->bucket));
    return t->bucket != NULL ? 0 : a->error;
}

int symtab_add(struct symtab *t, struct arena *a, const char *name, uint32_t value)
{
    size_t length = strlen(name);
    struct symbol *s, **head;

    if (symtab_find(t, name, length) != 0) {
        return -EEXIST;
    }
    s = arena_alloc(a, sizeof(*s));
    if (s == NULL) {
        return a->error;
    }
    head = &t->bucket[hash(name, length) & t->mask];
    *s = (struct symbol){ .next = *head, .name = name,
                          .length = (uint32_t)length, .value = value };
    *head = s;
    t->count++;
    return 0;
}

uint32_t symtab_find(const struct symtab *t, const char *name, size_t length)
{
    const struct symbol *s;

    if (t->bucket == NULL) {
        return 0;
    }
    for (s = t->bucket[hash(name, length) & t->mask]; s != NULL; s = s->next) {
        if (s->length == length && memcmp(s->name, name, length) == 0) {
            return s->value;
        }
    }
    return 0;
}
