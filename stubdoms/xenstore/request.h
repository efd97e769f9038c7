/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request while it is handled, and its handlers. Each handler returns 0 with the reply in place,
 * or a negative XEN_E* number that goes to the client by name.
 */
#ifndef XENSTORE_REQUEST_H
#define XENSTORE_REQUEST_H

#include "server.h"

#define REQUEST_ARGS 8u

struct request {
    struct connection *c;
    struct transaction *t;           /* the client's, NULL outside one */
    struct transaction own;          /* of a request outside one, committed after the handler */
    struct transaction *ended;       /* by XS_TRANSACTION_END, to be freed */
    bool committed;
    bool first_event;                /* a new watch sends its first event after the reply */
    const char *fire;                /* special path to report after the reply, NULL: none */
    const uint8_t *payload;
    size_t length;
    const char *args[REQUEST_ARGS];
    size_t arg_len[REQUEST_ARGS];
    unsigned int arg_count;
    size_t rest;                     /* offset behind the last string */
    size_t reply_len;
    char path[XENSTORE_ABS_PATH_MAX + 1];
    size_t path_len;
};

void reply_set(struct request *r, const void *bytes, size_t length);
void reply_text(struct request *r, const char *text);

/** Tell watches what a committed transaction has changed. */
void request_report(struct server *s, const struct transaction *t);

/* request_node.c */
int request_directory(struct request *r);
int request_directory_part(struct request *r);
int request_read(struct request *r);
int request_write(struct request *r);
int request_mkdir(struct request *r);
int request_rm(struct request *r);
int request_get_perms(struct request *r);
int request_set_perms(struct request *r);

/* request_domain.c */
int request_control(struct request *r);
int request_introduce(struct request *r);
int request_release(struct request *r);
int request_resume(struct request *r);
int request_set_target(struct request *r);
int request_is_introduced(struct request *r);
int request_get_domain_path(struct request *r);

/**
 * Create @path and what is missing above it, for the seed and for XS_WRITE and XS_MKDIR.
 *
 * @param creator  domid that will own the new nodes; DOMID_NONE: the parent's owner
 */
int nodes_create(struct transaction *t, const char *path, size_t length, uint16_t creator,
                 struct node **node);

#endif
