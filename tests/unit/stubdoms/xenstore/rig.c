/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <public/errno.h>
#include <stdio.h>
#include <string.h>

static void rig_log(void *arg, const char *text)
{
    struct rig *rig = arg;
    size_t used = strlen(rig->log);

    snprintf(rig->log + used, sizeof(rig->log) - used, "%s\n", text);
}

static uint64_t rig_now(void *arg)
{
    return ((struct rig *)arg)->now_ns;
}

static void rig_notify(void *arg, struct connection *c)
{
    (void)c;
    ((struct rig *)arg)->notify_count++;
}

static int rig_introduce(void *arg, struct connection *c, uint64_t gfn, uint32_t port)
{
    (void)gfn;
    (void)port;
    c->state = CONNECTION_OPEN;
    return ((struct rig *)arg)->introduce_rc;
}

static const struct server_ops ops = {
    .log = rig_log, .now_ns = rig_now, .notify = rig_notify, .introduce = rig_introduce,
};

/* Contexts of the rig's policy are "label<sid>". */
static int to_sid(void *arg, const char *context, sid_t *sid)
{
    (void)arg;
    return sscanf(context, "label%u", sid) == 1 ? 0 : -XEN_EINVAL;
}

static int to_context(void *arg, sid_t sid, char *context, size_t size)
{
    (void)arg;
    snprintf(context, size, "label%u", sid);
    return 0;
}

static int access_of(void *arg, sid_t ssid, sid_t tsid, uint32_t *allowed)
{
    struct rig *rig = arg;

    rig->access_calls++;
    *allowed = 0;
    for (unsigned int i = 0; i < rig->rule_count; i++) {
        if (rig->rules[i].ssid == ssid && rig->rules[i].tsid == tsid) {
            *allowed |= rig->rules[i].allowed;
        }
    }
    return 0;
}

static bool is_permissive(void *arg)
{
    return ((struct rig *)arg)->permissive;
}

static const struct mac_ops policy = { to_sid, to_context, access_of, is_permissive };

void rig_mac(struct rig *rig)
{
    struct mac *mac = &rig->server.mac;

    mac->enabled = true;
    mac->ops = &policy;
    mac->arg = rig;
    mac->perm = (struct mac_permissions){ P_READ, P_WRITE, P_CREATE, P_DELETE, P_LIST, P_WATCH,
                                          P_SETPERMS, P_INTRODUCE, P_CONTROL };
    mac->own_sid = 100;
    assert_int_equal(mac_label_domain(mac, 1, 101), 0);
    assert_int_equal(mac_label_domain(mac, 5, 105), 0);
    assert_int_equal(mac_label_domain(mac, 6, 106), 0);
}

void rig_allow(struct rig *rig, sid_t ssid, sid_t tsid, uint32_t allowed)
{
    assert_true(rig->rule_count < RULES_MAX);
    rig->rules[rig->rule_count].ssid = ssid;
    rig->rules[rig->rule_count].tsid = tsid;
    rig->rules[rig->rule_count++].allowed = allowed;
    mac_flush(&rig->server.mac);
}

int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof(*rig));

    assert_non_null(rig);
    assert_int_equal(server_init(&rig->server, &ops, rig), 0);
    rig->server.privileged = 1;
    rig->server.store.exempt = 1;
    rig->now_ns = UINT64_C(5000000000);
    assert_non_null(connection_new(&rig->server, 1));
    assert_non_null(connection_new(&rig->server, 5));
    assert_non_null(connection_new(&rig->server, 6));
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;

    server_destroy(&rig->server);
    free(rig);
    return 0;
}

struct connection *rig_conn(struct rig *rig, uint16_t domid)
{
    struct connection *c = server_find(&rig->server, domid);

    assert_non_null(c);
    return c;
}

bool rig_take(struct rig *rig, uint16_t domid)
{
    struct connection *c = rig_conn(rig, domid);
    const struct message *m = c->out_first;
    struct xsd_sockmsg h;

    if (m == NULL) {
        return false;
    }
    memcpy(&h, m->bytes, sizeof(h));
    assert_int_equal(m->length, sizeof(h) + h.len);
    rig->type = h.type;
    rig->req_id = h.req_id;
    rig->tx_id = h.tx_id;
    rig->length = h.len;
    memcpy(rig->payload, m->bytes + sizeof(h), h.len);
    rig->payload[h.len] = '\0';
    message_done(c);
    return true;
}

const char *rig_raw(struct rig *rig, uint16_t domid, uint32_t type, uint32_t tx, const void *payload,
                    size_t length)
{
    static uint32_t req_id = 1000;
    struct xsd_sockmsg h = { .type = type, .req_id = ++req_id, .tx_id = tx,
                             .len = (uint32_t)length };
    uint8_t *copy = malloc(length + 1);
    bool had = rig_conn(rig, domid)->out_first != NULL;

    /* An exact copy, so that the address sanitizer sees any read behind it. */
    assert_non_null(copy);
    memcpy(copy, payload, length);
    copy = realloc(copy, length != 0 ? length : 1);
    request_handle(rig_conn(rig, domid), &h, copy);
    free(copy);
    assert_false(had);               /* drain events before asking */
    assert_true(rig_take(rig, domid));
    assert_int_equal(rig->req_id, req_id);
    assert_int_equal(rig->tx_id, tx);
    assert_true(rig->type == type || rig->type == XS_ERROR);
    return rig->payload;
}

uint32_t rig_start(struct rig *rig, uint16_t domid)
{
    rig_ask(rig, domid, XS_TRANSACTION_START, 0, "");
    assert_int_equal(rig->type, XS_TRANSACTION_START);
    return (uint32_t)strtoul(rig->payload, NULL, 10);
}

const char *rig_event(struct rig *rig, uint16_t domid)
{
    static char text[XENSTORE_PAYLOAD_MAX + 2];

    if (!rig_take(rig, domid)) {
        return "";
    }
    assert_int_equal(rig->type, XS_WATCH_EVENT);
    assert_int_equal(rig->req_id, 0);
    snprintf(text, sizeof(text), "%s %s", rig->payload, rig->payload + strlen(rig->payload) + 1);
    return text;
}
