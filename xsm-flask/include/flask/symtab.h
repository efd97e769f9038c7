/* SPDX-License-Identifier: Apache-2.0 */
/* Symbol tables: name to value, hashed, filled once while a policy is read. */
#ifndef FLASK_SYMTAB_H
#define FLASK_SYMTAB_H

#include <flask/arena.h>
#include <xen/types.h>

struct symbol {
    struct symbol *next;
    const char *name;            /* borrowed from the policy */
    uint32_t length, value;
};

struct symtab {
    struct symbol **bucket;      /* mask + 1 of them, in the arena */
    uint32_t mask;
    uint32_t prim;               /* values run from 1 to prim */
    uint32_t count;
};

/** @return 0; -ENOMEM; -E2BIG */
int symtab_create(struct symtab *t, struct arena *a, uint32_t expected);
/** @return 0; -EEXIST name known; -ENOMEM; -E2BIG */
int symtab_add(struct symtab *t, struct arena *a, const char *name, uint32_t value);
/** Value of a name of `length` bytes; 0 when unknown. */
uint32_t symtab_find(const struct symtab *t, const char *name, size_t length);

#endif
