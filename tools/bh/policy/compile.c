/* SPDX-License-Identifier: Apache-2.0 */
#include "compile.h"

#include <stdlib.h>
#include <string.h>

#include <sepol/cil/cil.h>
#include <sepol/debug.h>
#include <sepol/handle.h>

#include "said.h"

static struct buf *heard; /* libsepol's handler has no argument: one compilation at a time */

static void hear(int level, const char *text)
{
    (void)level;
    buf_puts(heard, text);
}

static sepol_policydb_t *build(cil_db_t *db)
{
    sepol_policydb_t *policy = NULL;

    return cil_compile(db) == 0 && cil_build_policydb(db, &policy) == 0 ? policy : NULL;
}

sepol_policydb_t *compile_source(const struct source *s, const char *extra, struct buf *log, struct messages *m)
{
    sepol_policydb_t *policy = NULL;
    struct buf said = { 0 };
    cil_db_t *db;
    bool ok = true;

    heard = &said;
    cil_set_log_handler(hear);
    cil_set_log_level(CIL_INFO); /* all rules that break an assertion, not the first few */
    cil_db_init(&db);
    cil_set_target_platform(db, SEPOL_TARGET_XEN);
    cil_set_policy_version(db, (int)POLICY_VERSION_XEN);
    cil_set_mls(db, 0);
    cil_set_handle_unknown(db, SEPOL_DENY_UNKNOWN);
    for (size_t i = 0; ok && i < s->file_count; i++) {
        const struct source_file *f = &s->files[i];

        if (!f->shown) {
            ok = cil_add_file(db, f->name, f->text.data != NULL ? f->text.data : "", f->text.len) == 0;
        }
    }
    if (ok && extra != NULL) {
        ok = cil_add_file(db, "(query)", extra, strlen(extra)) == 0;
    }
    policy = ok ? build(db) : NULL;
    cil_db_destroy(&db);
    if (log != NULL) {
        buf_free(log);
        *log = said;
        return policy;
    }
    if (policy == NULL) {
        said_messages(said.data != NULL ? said.data : "", s, m);
    }
    buf_free(&said);
    return policy;
}

bool compile_image(sepol_policydb_t *db, struct buf *image, struct messages *m)
{
    sepol_handle_t *handle = sepol_handle_create();
    void *data = NULL;
    size_t len = 0;
    bool ok;

    sepol_msg_set_callback(handle, NULL, NULL);
    ok = sepol_policydb_set_vers(db, POLICY_VERSION_XEN) == 0 && sepol_policydb_to_image(handle, db, &data, &len) == 0;
    if (ok) {
        buf_put(image, data, len);
    } else {
        message_add(m, NULL, 0, 0, "the policy cannot be written for target Xen, version %u", POLICY_VERSION_XEN);
    }
    free(data);
    sepol_handle_destroy(handle);
    return ok;
}
