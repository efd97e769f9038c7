/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_image.h"

#include <stdlib.h>
#include <string.h>

#include "../policy/compile.h"
#include "../policy/source.h"
#include "file.h"
#include "policy.h"

/* Places in the description bear its name without the folder, as the marks in the rules do. */
static void tell(const struct host *host, const struct messages *m, struct diag *diag)
{
    const char *slash = strrchr(host->file, '/'), *name = slash != NULL ? slash + 1 : host->file;

    for (size_t i = 0; i < m->count; i++) {
        const struct message *one = &m->list[i];

        diag_error(diag, one->file != NULL && strcmp(one->file, name) == 0 ? host->file : one->file, one->line, NULL, "%s%s%s", one->what,
                   one->hint != NULL ? "; " : "", one->hint != NULL ? one->hint : "");
    }
}

bool policy_image(const struct host *host, const char *tree, const struct buf *cil, struct buf *image, struct inputs *inputs,
                  struct diag *diag)
{
    char *kinds = bh_printf("%s/policy/kinds", tree), *name = bh_printf("(rules of %s)", host->file);
    struct source s = { 0 };
    struct messages m = { 0 };
    sepol_policydb_t *policy = NULL;
    bool ok = source_read_reference(&s, tree, &m);

    for (size_t i = 0; i < s.file_count; i++) {
        inputs_add(inputs, s.files[i].name);
    }
    inputs_add(inputs, kinds);
    for (size_t i = 0; ok && i < host->policy_file_count; i++) {
        char *own = policy_own_file(host, i);
        struct buf text = { 0 };

        ok = file_load(own, &text, diag);
        source_add(&s, own, text.data != NULL ? text.data : "", text.len);
        inputs_add(inputs, own);
        buf_free(&text);
        free(own);
    }
    if (ok) {
        source_add(&s, name, cil->data, cil->len);
        policy = compile_source(&s, NULL, NULL, &m);
    }
    ok = policy != NULL && compile_image(policy, image, &m);
    tell(host, &m, diag);
    sepol_policydb_free(policy);
    messages_free(&m);
    source_free(&s);
    free(kinds);
    free(name);
    return ok;
}
