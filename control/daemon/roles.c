/* SPDX-License-Identifier: Apache-2.0 */
#include "roles.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 512

static int role_find(const struct roles *roles, const char *name)
{
    for (unsigned int i = 0; i < roles->role_count; i++) {
        if (strcmp(roles->role[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const char *add_role(struct roles *roles, const char *name, const char *context)
{
    struct role *r = &roles->role[roles->role_count];

    if (!control_word_is_good(name) || role_find(roles, name) >= 0) {
        return "a new role's name expected";
    }
    if (roles->role_count == ROLES_MAX || strlen(context) > ROLE_CONTEXT_MAX) {
        return "too many roles, or a context too long";
    }
    snprintf(r->name, sizeof(r->name), "%s", name);
    snprintf(r->context, sizeof(r->context), "%s", context);
    roles->role_count++;
    return NULL;
}

static const char *add_subject(struct roles *roles, const char *subject, const char *name)
{
    int role = role_find(roles, name);

    if (!control_word_is_good(subject) || roles_of_subject(roles, subject) != NULL) {
        return "a certificate's common name expected, once";
    }
    if (role < 0 || roles->subject_count == SUBJECTS_MAX) {
        return "no such role, or too many certificates";
    }
    snprintf(roles->subject[roles->subject_count].name, CONTROL_WORD_MAX + 1, "%s", subject);
    roles->subject[roles->subject_count++].role = (unsigned int)role;
    return NULL;
}

/* @return what is wrong with the line, or NULL */
static const char *line_read(struct roles *roles, char *line)
{
    char *word[4] = { NULL }, *save = NULL;
    unsigned int count = 0;

    for (char *w = strtok_r(line, " \t\r", &save); w != NULL && *w != '#'; w = strtok_r(NULL, " \t\r", &save)) {
        if (count == 4) {
            return "too many words";
        }
        word[count++] = w;
    }
    if (count == 0) {
        return NULL;
    }
    if (strcmp(word[0], "role") == 0 && count == 3) {
        return add_role(roles, word[1], word[2]);
    }
    if (strcmp(word[0], "certificate") == 0 && count == 3) {
        return add_subject(roles, word[1], word[2]);
    }
    if (strcmp(word[0], "serial") == 0 && count == 2) {
        roles->serial = role_find(roles, word[1]);
        return roles->serial < 0 ? "no such role" : NULL;
    }
    if (strcmp(word[0], "address") == 0 && (count == 2 || count == 3)) {
        return network_parse(&roles->network, word[1], word[2]);
    }
    return "expected role NAME CONTEXT, certificate SUBJECT ROLE, serial ROLE or address ADDRESS/BITS [GATEWAY]";
}

int roles_parse(struct roles *roles, const char *text, size_t size, struct attest_error *err)
{
    unsigned int number = 1;

    memset(roles, 0, sizeof(*roles));
    roles->serial = -1;
    for (size_t at = 0; at < size; number++) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t len = end != NULL ? (size_t)(end - (text + at)) : size - at;
        char line[LINE_MAX_BYTES];
        const char *wrong = "a line too long, or with a zero byte";

        if (len < sizeof(line) && memchr(text + at, '\0', len) == NULL) {
            memcpy(line, text + at, len);
            line[len] = '\0';
            wrong = line_read(roles, line);
        }
        if (wrong != NULL) {
            return attest_fail(err, -EINVAL, "operators, line %u: %s", number, wrong);
        }
        at += len + 1;
    }
    return 0;
}

const struct role *roles_of_subject(const struct roles *roles, const char *subject)
{
    for (unsigned int i = 0; i < roles->subject_count; i++) {
        if (strcmp(roles->subject[i].name, subject) == 0) {
            return &roles->role[roles->subject[i].role];
        }
    }
    return NULL;
}

const struct role *roles_of_serial(const struct roles *roles)
{
    return roles->serial < 0 ? NULL : &roles->role[roles->serial];
}
