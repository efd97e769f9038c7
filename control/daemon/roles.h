/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is who: the measured file of the image that gives each operator a role, and each role a security context. What a context
 * may is the policy's business. The file is lines of words, # begins a comment:
 *
 *   role NAME CONTEXT          system_u:system_r:NAME_operator_t
 *   certificate SUBJECT NAME   common name of a client certificate -> role
 *   serial NAME                whoever holds the serial line has this role
 *   address A.B.C.D/BITS [GATEWAY]   of this domain's interface eth0
 */
#ifndef CONTROL_ROLES_H
#define CONTROL_ROLES_H

#include <attest/error.h>
#include <control/network.h>
#include <control/protocol.h>

#define ROLES_MAX 16
#define SUBJECTS_MAX 128
#define ROLE_CONTEXT_MAX 255

struct role {
    char name[CONTROL_WORD_MAX + 1];
    char context[ROLE_CONTEXT_MAX + 1];
};

struct roles {
    struct role role[ROLES_MAX];
    unsigned int role_count;
    struct {
        char name[CONTROL_WORD_MAX + 1];
        unsigned int role;
    } subject[SUBJECTS_MAX];
    unsigned int subject_count;
    struct network network;
    int serial; /* index of a role; -1: nobody may use the line */
};

/**
 * Read the text of the file; the first mistake ends it.
 * @return 0; -EINVAL with err, which names the line
 */
int roles_parse(struct roles *roles, const char *text, size_t size, struct attest_error *err);

/** Role of a certificate's subject, of the line; NULL: none. */
const struct role *roles_of_subject(const struct roles *roles, const char *subject);
const struct role *roles_of_serial(const struct roles *roles);

#endif
