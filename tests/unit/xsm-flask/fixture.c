/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include "../../../xsm-flask/host/env.h"

unsigned int audit_count;
char audit_last[2048];

struct image image_read(const char *name)
{
    struct image i = { 0 };
    char path[512];
    long size;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", *name == '@' ? FLASK_POLICY_DIR : FLASK_TEST_DIR,
             *name == '@' ? name + 1 : name);
    f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s is missing", path);
    }
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    i.size = (size_t)size;
    i.data = malloc(i.size);
    assert_non_null(i.data);
    assert_int_equal(fread(i.data, 1, i.size, f), i.size);
    fclose(f);
    return i;
}

void image_free(struct image *i)
{
    free(i->data);
    *i = (struct image){ 0 };
}

static void note_line(const char *line)
{
    audit_count++;
    snprintf(audit_last, sizeof(audit_last), "%s", line);
}

void engine_start(const char *name)
{
    struct xsm_error err = { 0 };
    struct image i = image_read(name);

    audit_count = 0;
    audit_last[0] = '\0';
    host_env_audit = note_line;
    host_env_cpu = 0;
    assert_int_equal(xsm_init(2), 0);
    if (xsm_policy_load(i.data, i.size, &err) != 0) {
        fail_msg("%s: section %s, offset %zu: expected %s", name, err.section, err.offset,
                 err.expected);
    }
    image_free(&i);
}

void engine_stop(void)
{
    xsm_fini();
    assert_int_equal(host_env_live, 0);
    assert_int_equal(host_env_locked, 0);
}

xsm_sid_t sid_of(const char *context)
{
    xsm_sid_t sid = 0;

    if (xsm_context_to_sid(context, strlen(context), &sid) != 0) {
        fail_msg("no context %s", context);
    }
    return sid;
}
