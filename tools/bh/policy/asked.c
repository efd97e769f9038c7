/* SPDX-License-Identifier: Apache-2.0 */
#include "asked.h"

#include <string.h>

static const struct {
    const char *tclass, *perm, *finer; /* finer: asked of a policy that lacks that class */
} asked[] = {
#define ASKED(tclass, perm) { #tclass, #perm, NULL },
#define INSTEAD(tclass, perm, finer) { #tclass, #perm, #finer },
#include <policy_asked.h>
#undef ASKED
#undef INSTEAD
};

bool asked_about(const struct model *p, const char *tclass, const char *perm, const char **instead)
{
    *instead = NULL;
    for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        if (strcmp(asked[i].tclass, tclass) != 0 || strcmp(asked[i].perm, perm) != 0) {
            continue;
        }
        if (asked[i].finer == NULL || model_class_named(p, asked[i].finer) < 0) {
            return true;
        }
        *instead = asked[i].finer;
    }
    return false;
}
