/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server with a world made of variables: what it logged, whom it notified, a clock to turn, and a
 * policy that is a table. Requests go in directly or through a ring; replies come back as text.
 */
#ifndef TEST_XENSTORE_RIG_H
#define TEST_XENSTORE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ring.h"
#include "seed.h"
#include "server.h"

#define RULES_MAX 16u

struct rig {
    struct server server;
    char log[8192];
    uint64_t now_ns;
    unsigned int notify_count;
    unsigned int access_calls;
    int introduce_rc;
    bool permissive;
    struct {
        sid_t ssid, tsid;
        uint32_t allowed;
    } rules[RULES_MAX];
    unsigned int rule_count;

    /* The last message taken from a connection. */
    uint32_t type, req_id, tx_id;
    char payload[XENSTORE_PAYLOAD_MAX + 1];
    size_t length;
};

/* Bits of the rig's policy. */
enum { P_READ = 1, P_WRITE = 2, P_CREATE = 4, P_DELETE = 8, P_LIST = 16, P_WATCH = 32,
       P_SETPERMS = 64, P_INTRODUCE = 128, P_CONTROL = 256, P_ALL = 511 };

/* cmocka fixtures: *state is a struct rig with domains 1 (privileged), 5 and 6. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* Switch the policy on; labels 105 for domain 5, 106 for 6, 101 for 1, 100 for the store. */
void rig_mac(struct rig *rig);
void rig_allow(struct rig *rig, sid_t ssid, sid_t tsid, uint32_t allowed);

struct connection *rig_conn(struct rig *rig, uint16_t domid);

/* Take the oldest waiting message of a connection into the rig; false when there is none. */
bool rig_take(struct rig *rig, uint16_t domid);

/*
 * Send a request with @length bytes of payload and take the reply, which must be the first message
 * waiting. Returns the payload, with a NUL behind it; errors come back as their name.
 */
const char *rig_raw(struct rig *rig, uint16_t domid, uint32_t type, uint32_t tx, const void *payload,
                    size_t length);

/* The same with a string literal, whose closing NUL belongs to the payload. */
#define rig_ask(rig, domid, type, tx, text) rig_raw(rig, domid, type, tx, text, sizeof(text))
/* ... or does not (the value of XS_WRITE). */
#define rig_write(rig, domid, tx, text) rig_raw(rig, domid, XS_WRITE, tx, text, sizeof(text) - 1)

/* Start a transaction, return its id. */
uint32_t rig_start(struct rig *rig, uint16_t domid);

/* The next event waiting for a domain as "path token", "" when there is none. */
const char *rig_event(struct rig *rig, uint16_t domid);

#endif
