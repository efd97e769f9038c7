/* SPDX-License-Identifier: Apache-2.0 */
/* Some types, as a person names them: types and attributes with commas, `!` for what is not meant: "domain_type,!attest_type". */
#ifndef BH_POLICY_TYPE_SET_H
#define BH_POLICY_TYPE_SET_H

#include "model.h"

struct types_named {
    char *word;            /* as it was given */
    bool *in;              /* one for each type of the model */
    bool many;             /* names more than one by what it says, not by what there is: an attribute, or several */
};

/** @return false: reported, and nothing is held */
bool type_set_read(struct types_named *s, const struct model *p, const char *word, struct messages *m);
void type_set_free(struct types_named *s);

#endif
