/* SPDX-License-Identifier: Apache-2.0 */
#include "origin.h"

#include <string.h>

#include "buf.h"
#include "file.h"

void name_set_add(struct name_set *set, const char *name)
{
    size_t at = 0;

    while (at < set->count && strcmp(set->names[at], name) < 0) {
        at++;
    }
    if (at < set->count && strcmp(set->names[at], name) == 0) {
        return;
    }
    set->names = bh_grow(set->names, set->count + 1, sizeof(*set->names));
    memmove(&set->names[at + 1], &set->names[at], (set->count - at) * sizeof(*set->names));
    set->names[at] = bh_strdup(name);
    set->count++;
}

void name_set_free(struct name_set *set)
{
    names_free(set->names, set->count);
    *set = (struct name_set){ 0 };
}

void origin_free(struct origin *origin)
{
    name_set_free(&origin->packages);
    name_set_free(&origin->linked);
    origin->built = false;
}
