/* SPDX-License-Identifier: Apache-2.0 */
#include "decide.h"

#include <stdio.h>
#include <string.h>

#include <xsm/xsm.h>

/* A class's number is its place. */
static const char *const classes[] = {
    "",
#define CLASS(name, count) #name,
#define PERM(class_, bit, name)
#define PERM_ELSE(class_, bit, name, ...)
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

static const struct {
    int tclass;
    unsigned int bit;
    const char *name;
} perms[] = {
#define CLASS(name, count)
#define PERM(class_, bit, name) { class_, bit, #name },
#define PERM_ELSE(class_, bit, name, ...) { class_, bit, #name },
#include <xsm/av_names.h>
#undef CLASS
#undef PERM
#undef PERM_ELSE
};

const char *decide_begin(const uint8_t *image, size_t size)
{
    static char why[160];
    struct xsm_error err = { 0 };
    int rc = xsm_init(1);

    if (rc == 0) {
        rc = size <= XSM_POLICY_SIZE_MAX ? xsm_policy_load(image, size, &err) : -E2BIG;
    }
    if (rc == 0) {
        return NULL;
    }
    if (rc == -EINVAL && err.section != NULL) {
        snprintf(why, sizeof(why), "section %s, byte %zu: expected %s", err.section, err.offset, err.expected);
    } else if (rc == -E2BIG) {
        snprintf(why, sizeof(why), "larger than %u bytes", XSM_POLICY_SIZE_MAX);
    } else {
        snprintf(why, sizeof(why), "error %d", rc);
    }
    xsm_fini();
    return why;
}

void decide_end(void)
{
    xsm_fini();
}

int64_t decide_context(const char *context)
{
    xsm_sid_t sid;

    return xsm_context_to_sid(context, strlen(context), &sid) == 0 ? (int64_t)sid : -1;
}

int decide_class(const char *name)
{
    for (size_t i = 1; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strcmp(classes[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

uint32_t decide_perm(int tclass, const char *name)
{
    for (size_t i = 0; i < sizeof(perms) / sizeof(perms[0]); i++) {
        if (perms[i].tclass == tclass && strcmp(perms[i].name, name) == 0) {
            return 1u << perms[i].bit;
        }
    }
    return 0;
}

uint32_t decide_allowed(int64_t source, int64_t target, int tclass, uint32_t wanted)
{
    struct xsm_av av;

    return xsm_compute_av((xsm_sid_t)source, (xsm_sid_t)target, (uint16_t)tclass, &av) == 0 ? av.allowed & wanted : 0;
}
