/* SPDX-License-Identifier: Apache-2.0 */
#include "compile.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sepol/cil/cil.h>
#include <sepol/debug.h>
#include <sepol/handle.h>

#include "hardware.h"
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

static sepol_policydb_t *compile(const struct source *s, const char *extra, bool unchecked, struct buf *log, struct messages *m)
{
    sepol_policydb_t *policy = NULL;
    struct buf said = { 0 };
    cil_db_t *db;
    bool ok = true;

    if (m != NULL && log == NULL && !hardware_check(s, m)) {
        return NULL;
    }
    heard = &said;
    cil_set_log_handler(hear);
    cil_set_log_level(CIL_INFO); /* all rules that break an assertion, not the first few */
    cil_db_init(&db);
    cil_set_target_platform(db, SEPOL_TARGET_XEN);
    cil_set_policy_version(db, (int)POLICY_VERSION_XEN);
    cil_set_mls(db, 0);
    cil_set_disable_neverallow(db, unchecked);
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

sepol_policydb_t *compile_source(const struct source *s, const char *extra, struct buf *log, struct messages *m)
{
    return compile(s, extra, false, log, m);
}

sepol_policydb_t *compile_unchecked(const struct source *s, const char *extra, struct messages *m)
{
    return compile(s, extra, true, NULL, m);
}

static sepol_policydb_t *read_binary(const struct source *s, struct messages *m)
{
    sepol_handle_t *handle = sepol_handle_create();
    sepol_policydb_t *policy = NULL;
    union {
        const char *in;
        void *out;
    } image = { .in = s->image.data };
    bool ok;

    sepol_msg_set_callback(handle, NULL, NULL);
    if (sepol_policydb_create(&policy) == 0 && sepol_policydb_from_image(handle, image.out, s->image.len, policy) != 0) {
        free(policy); /* its contents were freed, and must not be once more */
        policy = NULL;
    }
    ok = policy != NULL;
    if (ok && policy->p.target_platform != SEPOL_TARGET_XEN) {
        message_add(m, s->name, 0, 0, "is a policy for SELinux, not for Xen");
        message_hint(m, "compile it with checkpolicy -t Xen, secilc --target=xen or bh policy build");
        ok = false;
    } else if (!ok) {
        message_add(m, s->name, 0, 0, "is no binary policy that libsepol can read");
        message_hint(m, "the file is damaged or cut short: build it again");
    }
    sepol_handle_destroy(handle);
    if (!ok) {
        sepol_policydb_free(policy);
        policy = NULL;
    }
    return policy;
}

sepol_policydb_t *compile_policy(const struct source *s, struct messages *m)
{
    return s->binary ? read_binary(s, m) : compile_source(s, NULL, NULL, m);
}

bool compile_version(unsigned int version)
{
    return version == POLICY_VERSION_XEN || version == POLICY_VERSION_XEN_OLD;
}

/* What libsepol says while it writes; kept for the case that it refuses. */
__attribute__((format(printf, 3, 4)))
static void hear_writing(void *arg, sepol_handle_t *handle, const char *format, ...)
{
    struct buf *said = arg;
    va_list args;

    (void)handle;
    buf_puts(said, said->len > 0 ? "; " : ": ");
    va_start(args, format);
    buf_vprintf(said, format, args);
    va_end(args);
}

bool compile_image_version(sepol_policydb_t *db, unsigned int version, struct buf *image, struct messages *m)
{
    sepol_handle_t *handle = sepol_handle_create();
    struct buf said = { 0 };
    void *data = NULL;
    size_t len = 0;
    bool ok;

    sepol_msg_set_callback(handle, hear_writing, &said);
    ok = sepol_policydb_set_vers(db, version) == 0 && sepol_policydb_to_image(handle, db, &data, &len) == 0;
    if (ok) {
        buf_put(image, data, len);
    } else {
        message_add(m, NULL, 0, 0, "the policy cannot be written for target Xen, version %u%s", version,
                    said.data != NULL ? said.data : "");
    }
    free(data);
    buf_free(&said);
    sepol_handle_destroy(handle);
    return ok;
}

bool compile_image(sepol_policydb_t *db, struct buf *image, struct messages *m)
{
    return compile_image_version(db, POLICY_VERSION_XEN, image, m);
}
