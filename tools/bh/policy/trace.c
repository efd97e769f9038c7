/* SPDX-License-Identifier: Apache-2.0 */
#include "trace.h"

#include <stdlib.h>

#include "model.h"

struct keys {
    avtab_key_t *list;
    uint32_t *perms;
    size_t count;
};

static int collect(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    struct keys *k = arg;

    if (key->specified & AVTAB_ALLOWED) {
        if ((k->count & (k->count - 1)) == 0) {
            size_t room = k->count == 0 ? 64 : 2 * k->count;

            k->list = bh_grow(k->list, room, sizeof(*k->list));
            k->perms = bh_grow(k->perms, room, sizeof(*k->perms));
        }
        k->list[k->count] = *key;
        k->list[k->count].specified = AVTAB_AUDITALLOW;
        k->perms[k->count++] = datum->data;
    }
    return 0;
}

/*
 * Of rules that hang on a boolean the permissions are written down whichever way it stands: what is not allowed is not granted, and only
 * what is granted is looked at.
 */
bool trace_add(sepol_policydb_t *policy)
{
    avtab_t *table = &policy->p.te_avtab;
    struct keys k = { 0 };
    bool ok = true;

    avtab_map(table, collect, &k);
    avtab_map(&policy->p.te_cond_avtab, collect, &k);
    for (size_t i = 0; ok && i < k.count; i++) {
        avtab_datum_t *there = avtab_search(table, &k.list[i]);
        avtab_datum_t one = { .data = k.perms[i] };

        if (there != NULL) {
            there->data |= one.data;
        } else {
            ok = avtab_insert(table, &k.list[i], &one) == 0;
        }
    }
    free(k.list);
    free(k.perms);
    return ok;
}
