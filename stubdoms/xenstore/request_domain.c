/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on domains and on the server itself. All but the two that only tell something need the
 * policy's permission and, as in any XenStore, the privileged domain.
 */
#include "path.h"
#include "request.h"

#include <public/errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int take_domid(const struct request *r, unsigned int index, uint16_t *domid)
{
    return domid_parse(r->args[index], r->arg_len[index], domid) ? 0 : -XEN_EINVAL;
}

/* Questions common to requests that manage a domain. */
static int may_manage(const struct request *r, uint16_t domid)
{
    struct mac *mac = &r->c->server->mac;
    int rc = mac_check_domain(mac, r->c->domid, domid, mac->perm.introduce);

    if (rc != 0) {
        return rc;
    }
    return connection_is_privileged(r->c) ? 0 : -XEN_EACCES;
}

static bool take_number(const char *text, uint64_t *value)
{
    char *end;

    *value = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0';
}

int request_introduce(struct request *r)
{
    struct server *s = r->c->server;
    struct connection *c;
    uint64_t gfn, port;
    uint16_t domid;
    int rc = take_domid(r, 0, &domid);

    if (rc != 0 || !take_number(r->args[1], &gfn) || !take_number(r->args[2], &port) ||
        port > UINT32_MAX) {
        return -XEN_EINVAL;
    }
    rc = may_manage(r, domid);
    if (rc != 0) {
        return rc;
    }
    reply_text(r, "OK");
    c = server_find(s, domid);
    if (c != NULL && c->state == CONNECTION_OPEN) {
        return 0;                    /* introducing again is how a toolstack resumes a domain */
    }
    if (c == NULL) {
        c = connection_new(s, domid);
    }
    if (c == NULL) {
        return -XEN_ENOMEM;
    }
    rc = s->ops->introduce(s->arg, c, gfn, (uint32_t)port);
    if (rc != 0) {
        connection_release(c);
        return rc;
    }
    r->fire = PATH_INTRODUCE;
    return 0;
}

int request_release(struct request *r)
{
    struct connection *c;
    uint16_t domid;
    int rc = take_domid(r, 0, &domid);

    rc = rc != 0 ? rc : may_manage(r, domid);
    if (rc != 0) {
        return rc;
    }
    c = server_find(r->c->server, domid);
    if (c == NULL) {
        return -XEN_ENOENT;
    }
    if (c == r->c) {
        return -XEN_EINVAL;
    }
    connection_release(c);
    r->fire = PATH_RELEASE;
    reply_text(r, "OK");
    return 0;
}

int request_resume(struct request *r)
{
    uint16_t domid;
    int rc = take_domid(r, 0, &domid);

    rc = rc != 0 ? rc : may_manage(r, domid);
    if (rc == 0 && server_find(r->c->server, domid) == NULL) {
        rc = -XEN_ENOENT;
    }
    reply_text(r, "OK");
    return rc;
}

int request_set_target(struct request *r)
{
    struct connection *c;
    uint16_t domid, target;
    int rc = take_domid(r, 0, &domid);

    rc = rc != 0 ? rc : take_domid(r, 1, &target);
    rc = rc != 0 ? rc : may_manage(r, domid);
    if (rc != 0) {
        return rc;
    }
    c = server_find(r->c->server, domid);
    if (c == NULL || server_find(r->c->server, target) == NULL) {
        return -XEN_ENOENT;
    }
    c->target = target;
    reply_text(r, "OK");
    return 0;
}

int request_is_introduced(struct request *r)
{
    const struct connection *c;
    uint16_t domid;
    int rc = take_domid(r, 0, &domid);

    if (rc != 0) {
        return rc;
    }
    c = server_find(r->c->server, domid);
    reply_text(r, c != NULL && c->state != CONNECTION_NEW ? "T" : "F");
    return 0;
}

int request_get_domain_path(struct request *r)
{
    uint16_t domid;
    char text[32];
    int rc = take_domid(r, 0, &domid);

    if (rc == 0) {
        snprintf(text, sizeof(text), "/local/domain/%u", domid);
        reply_text(r, text);
    }
    return rc;
}

static int control_quota(struct request *r)
{
    struct store *s = &r->c->server->store;
    const struct account *a;
    uint16_t domid;
    char text[160];

    if (r->arg_count < 2) {
        snprintf(text, sizeof(text), "nodes %u watches %u transactions %u size %u perms %u",
                 s->quota.nodes, s->quota.watches, s->quota.transactions, s->quota.value_bytes,
                 s->quota.perms);
        reply_text(r, text);
        return 0;
    }
    if (take_domid(r, 1, &domid) != 0) {
        return -XEN_EINVAL;
    }
    a = store_account(s, domid);
    if (a == NULL) {
        return -XEN_ENOMEM;
    }
    snprintf(text, sizeof(text), "nodes %u bytes %llu watches %u transactions %u", a->node_count,
             (unsigned long long)a->node_bytes, a->watch_count, a->transaction_count);
    reply_text(r, text);
    return 0;
}

static int control_print(struct request *r)
{
    if (r->arg_count < 2) {
        return -XEN_EINVAL;
    }
    for (size_t i = 0; i < r->arg_len[1]; i++) {
        if (r->args[1][i] < ' ' || r->args[1][i] > '~') {
            return -XEN_EINVAL;
        }
    }
    server_log(r->c->server, "xenstore: d%u: %.200s", r->c->domid, r->args[1]);
    reply_text(r, "OK");
    return 0;
}

int request_control(struct request *r)
{
    struct server *s = r->c->server;
    int rc = mac_check_domain(&s->mac, r->c->domid, DOMID_NONE, s->mac.perm.control);

    if (rc != 0) {
        return rc;
    }
    if (!connection_is_privileged(r->c)) {
        return -XEN_EACCES;
    }
    if (strcmp(r->args[0], "print") == 0) {
        return control_print(r);
    }
    if (strcmp(r->args[0], "quota") == 0) {
        return control_quota(r);
    }
    if (strcmp(r->args[0], "log") == 0 && r->arg_count > 1) {
        s->trace = strcmp(r->args[1], "on") == 0;
        reply_text(r, "OK");
        return 0;
    }
    if (strcmp(r->args[0], "mac-flush") == 0) {
        mac_flush(&s->mac);
        reply_text(r, "OK");
        return 0;
    }
    if (strcmp(r->args[0], "help") == 0) {
        reply_text(r, "help, log on|off, mac-flush, print <text>, quota [<domid>]");
        return 0;
    }
    return -XEN_EINVAL;
}
