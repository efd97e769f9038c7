/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring protocol, with this test as the peer: an honest one, and hostile ones.
 */
#include "rig.h"

#include <stdio.h>
#include <string.h>

static struct xenstore_domain_interface page5, page6;

static int setup(void **state)
{
    struct rig *rig;

    rig_setup(state);
    rig = *state;
    memset(&page5, 0, sizeof(page5));
    memset(&page6, 0, sizeof(page6));
    connection_attach(rig_conn(rig, 5), &page5);
    connection_attach(rig_conn(rig, 6), &page6);
    assert_string_equal(rig_ask(rig, 1, XS_MKDIR, 0, "/local/domain/5"), "OK");
    assert_string_equal(rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/5\0n5"), "OK");
    while (server_run(&rig->server)) {
    }
    return 0;
}

static void put(struct xenstore_domain_interface *page, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        page->req[MASK_XENSTORE_IDX(page->req_prod + i)] = ((const char *)bytes)[i];
    }
    page->req_prod += (uint32_t)length;
}

static void put_request(struct xenstore_domain_interface *page, uint32_t type, uint32_t id,
                        const void *payload, size_t length)
{
    struct xsd_sockmsg h = { .type = type, .req_id = id, .len = (uint32_t)length };

    put(page, &h, sizeof(h));
    put(page, payload, length);
}

/* Take @length bytes of response, as far as they are there; returns how many. */
static size_t get(struct xenstore_domain_interface *page, void *bytes, size_t length)
{
    size_t there = page->rsp_prod - page->rsp_cons;

    length = length < there ? length : there;
    for (size_t i = 0; i < length; i++) {
        ((char *)bytes)[i] = page->rsp[MASK_XENSTORE_IDX(page->rsp_cons + i)];
    }
    page->rsp_cons += (uint32_t)length;
    return length;
}

static void run(struct rig *rig)
{
    rig_conn(rig, 5)->waiting = true;
    rig_conn(rig, 6)->waiting = true;
    for (int i = 0; i < 1000 && server_run(&rig->server); i++) {
    }
}

static void get_reply(struct rig *rig, struct xenstore_domain_interface *page, uint32_t type,
                      uint32_t id, const char *text)
{
    struct xsd_sockmsg h;
    char payload[XENSTORE_PAYLOAD_MAX + 1] = "";

    (void)rig;
    assert_int_equal(get(page, &h, sizeof(h)), sizeof(h));
    assert_int_equal(h.type, type);
    assert_int_equal(h.req_id, id);
    assert_int_equal(get(page, payload, h.len), h.len);
    assert_string_equal(payload, text);
}

static void attach_announces_features(void **state)
{
    struct rig *rig = *state;

    assert_int_equal(page5.server_features, XENSTORE_SERVER_FEATURE_RECONNECTION |
                                            XENSTORE_SERVER_FEATURE_ERROR);
    assert_int_equal(page5.connection, XENSTORE_CONNECTED);
    assert_true(rig->notify_count >= 2);
}

static void request_in_single_bytes_is_answered(void **state)
{
    struct rig *rig = *state;
    struct xsd_sockmsg h = { .type = XS_GET_DOMAIN_PATH, .req_id = 9, .len = 2 };

    for (size_t i = 0; i < sizeof(h); i++) {
        put(&page5, (const char *)&h + i, 1);
        run(rig);
    }
    put(&page5, "5", 1);
    run(rig);
    assert_int_equal(page5.rsp_prod, 0);
    put(&page5, "", 1);
    run(rig);
    get_reply(rig, &page5, XS_GET_DOMAIN_PATH, 9, "/local/domain/5");
    assert_int_equal(page5.req_cons, page5.req_prod);
}

static void indexes_wrap(void **state)
{
    struct rig *rig = *state;
    char value[700];

    memset(value, 'v', sizeof(value));
    memcpy(value, "x", 2);
    for (uint32_t i = 0; i < 200; i++) {
        put_request(&page5, XS_WRITE, i, value, sizeof(value));
        run(rig);
        get_reply(rig, &page5, XS_WRITE, i, "OK");
    }
    page5.req_prod = page5.req_cons = rig_conn(rig, 5)->req_cons = 0xffffff00u;
    page5.rsp_prod = page5.rsp_cons = rig_conn(rig, 5)->rsp_prod = 0xffffff80u;
    for (uint32_t i = 0; i < 20; i++) {
        put_request(&page5, XS_WRITE, i, value, sizeof(value));
        run(rig);
        get_reply(rig, &page5, XS_WRITE, i, "OK");
    }
}

static void reply_longer_than_the_ring_comes_in_pieces(void **state)
{
    struct rig *rig = *state;
    static char value[2002] = "big";
    static char reply[4096];
    size_t have = 0;

    memset(value + 4, 'x', sizeof(value) - 4);
    assert_string_equal(rig_raw(rig, 1, XS_WRITE, 0, "/local/domain/5/big\0x", 21), "OK");
    assert_string_equal(rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/5/big\0n5"), "OK");
    {
        struct xsd_sockmsg h = { .type = XS_WRITE, .req_id = 1, .len = sizeof(value) };
        size_t at = 0;

        put(&page5, &h, sizeof(h));
        while (at < sizeof(value)) {
            size_t n = sizeof(value) - at < 500 ? sizeof(value) - at : 500;

            put(&page5, value + at, n);
            at += n;
            run(rig);
        }
    }
    get_reply(rig, &page5, XS_WRITE, 1, "OK");
    put_request(&page5, XS_READ, 2, "big", 4);
    run(rig);
    assert_int_equal(page5.rsp_prod - page5.rsp_cons, XENSTORE_RING_SIZE);
    for (int i = 0; i < 10; i++) {
        have += get(&page5, reply + have, 300);
        run(rig);
    }
    assert_int_equal(have, sizeof(struct xsd_sockmsg) + sizeof(value) - 4);
    assert_memory_equal(reply + sizeof(struct xsd_sockmsg), value + 4, sizeof(value) - 4);
}

static void request_index_too_far_ends_the_connection(void **state)
{
    struct rig *rig = *state;

    page5.req_prod += XENSTORE_RING_SIZE + 1;
    run(rig);
    assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_FAILED);
    assert_int_equal(page5.error, XENSTORE_ERROR_RINGIDX);
    assert_non_null(strstr(rig->log, "domain 5: impossible request index"));
    put_request(&page6, XS_GET_DOMAIN_PATH, 3, "6", 2);
    run(rig);
    get_reply(rig, &page6, XS_GET_DOMAIN_PATH, 3, "/local/domain/6");
}

static void response_index_too_far_ends_the_connection(void **state)
{
    struct rig *rig = *state;

    page5.rsp_cons = 77;
    put_request(&page5, XS_GET_DOMAIN_PATH, 3, "6", 2);
    run(rig);
    assert_int_equal(page5.error, XENSTORE_ERROR_RINGIDX);
    assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_FAILED);
}

static void own_indexes_in_the_page_are_not_believed(void **state)
{
    struct rig *rig = *state;

    page5.req_cons = 500;
    page5.rsp_prod = 900;
    put_request(&page5, XS_GET_DOMAIN_PATH, 3, "6", 2);
    page5.req_prod = sizeof(struct xsd_sockmsg) + 2;
    run(rig);
    assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_OPEN);
    assert_int_equal(page5.rsp_prod, sizeof(struct xsd_sockmsg) + 16);
    get_reply(rig, &page5, XS_GET_DOMAIN_PATH, 3, "/local/domain/6");
}

static void payload_length_too_big_ends_the_connection(void **state)
{
    struct rig *rig = *state;
    struct xsd_sockmsg h = { .type = XS_READ, .len = XENSTORE_PAYLOAD_MAX + 1 };

    put(&page5, &h, sizeof(h));
    run(rig);
    assert_int_equal(page5.error, XENSTORE_ERROR_PROTO);
    put_request(&page5, XS_GET_DOMAIN_PATH, 3, "6", 2);
    run(rig);
    assert_int_equal(page5.rsp_prod, 0);
}

static void reconnection_starts_from_nothing(void **state)
{
    struct rig *rig = *state;

    put_request(&page5, XS_WATCH, 1, "a\0t", 4);
    put_request(&page5, XS_TRANSACTION_START, 2, "", 1);
    put(&page5, "half a header", 7);
    run(rig);
    page5.req_prod += 5000;
    run(rig);
    assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_FAILED);
    page5.connection = XENSTORE_RECONNECT;
    run(rig);
    assert_int_equal(page5.connection, XENSTORE_CONNECTED);
    assert_int_equal(page5.error, XENSTORE_ERROR_NONE);
    assert_int_equal(page5.req_prod | page5.req_cons | page5.rsp_prod | page5.rsp_cons, 0);
    assert_null(rig_conn(rig, 5)->watches);
    assert_null(rig_conn(rig, 5)->transactions);
    put_request(&page5, XS_GET_DOMAIN_PATH, 3, "6", 2);
    run(rig);
    get_reply(rig, &page5, XS_GET_DOMAIN_PATH, 3, "/local/domain/6");
}

static void complaints_are_limited(void **state)
{
    struct rig *rig = *state;
    unsigned int lines = 0;

    for (int i = 0; i < 50; i++) {
        page5.req_prod += 5000;
        run(rig);
        page5.connection = XENSTORE_RECONNECT;
        run(rig);
        assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_OPEN);
    }
    for (const char *p = rig->log; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_int_equal(lines, 1);
    rig->now_ns += UINT64_C(1000000000);
    page5.req_prod += 5000;
    run(rig);
    assert_non_null(strstr(rig->log, "49 lines like this not shown"));
}

static void requests_wait_while_replies_are_not_read(void **state)
{
    struct rig *rig = *state;
    uint64_t handled;

    rig->server.store.quota.reply_bytes = 500;
    for (uint32_t i = 0; i < 500; i++) {
        if (page5.req_prod - page5.req_cons + 18 <= XENSTORE_RING_SIZE) {
            put_request(&page5, XS_GET_DOMAIN_PATH, i, "6", 2);
        }
        run(rig);
    }
    assert_true(rig_conn(rig, 5)->reply_bytes < 600);
    handled = rig_conn(rig, 5)->request_count;
    assert_in_range(handled, 30, 60);
    assert_true(page5.req_prod - page5.req_cons > 900);
    page5.rsp_cons = page5.rsp_prod;
    run(rig);
    assert_true(rig_conn(rig, 5)->request_count > handled);
}

static void a_busy_domain_leaves_turns_to_others(void **state)
{
    struct rig *rig = *state;

    for (uint32_t i = 0; i < 56; i++) {
        put_request(&page5, XS_GET_DOMAIN_PATH, i, "6", 2);
    }
    put_request(&page6, XS_GET_DOMAIN_PATH, 3, "6", 2);
    rig_conn(rig, 5)->waiting = true;
    rig_conn(rig, 6)->waiting = true;
    assert_true(server_run(&rig->server));
    assert_int_equal(rig_conn(rig, 5)->request_count, TURN_REQUESTS);
    assert_int_equal(rig_conn(rig, 6)->request_count, 1);
}

static void event_flood_ends_the_connection_over_the_ring(void **state)
{
    struct rig *rig = *state;
    char path[64];

    rig->server.store.quota.event_bytes = 4000;
    put_request(&page5, XS_WATCH, 1, "a\0t", 4);
    run(rig);
    for (unsigned int i = 0; i < 500 && rig_conn(rig, 5)->state == CONNECTION_OPEN; i++) {
        int n = snprintf(path, sizeof(path), "/local/domain/5/a/%u", i);

        rig_raw(rig, 1, XS_MKDIR, 0, path, (size_t)n + 1);
        rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/5/a\0r5");
        server_run(&rig->server);
    }
    run(rig);
    assert_int_equal(rig_conn(rig, 5)->state, CONNECTION_FAILED);
    assert_int_equal(page5.error, XENSTORE_ERROR_COMM);
    assert_int_equal(rig_conn(rig, 5)->event_bytes, 0);
}

/* A peer that writes anything anywhere between turns. */
static void page_full_of_noise_does_no_harm(void **state)
{
    struct rig *rig = *state;
    uint32_t seed = 99;

    for (unsigned int i = 0; i < 20000; i++) {
        seed = seed * 1664525u + 1013904223u;
        switch ((seed >> 8) % 8) {
        case 0: page5.req_prod += (seed >> 16) & 63; break;
        case 1: page5.rsp_cons = page5.rsp_prod; break;
        case 2: page5.req[(seed >> 16) & 1023] = (char)(seed >> 26); break;
        case 3: page5.connection = (seed >> 28) == 0; break;
        case 4: page5.rsp_cons += (seed >> 16) & 7; break;
        case 5: put_request(&page5, (seed >> 12) % XS_TYPE_COUNT, i, "a\0b\0c", 6); break;
        case 6: page5.rsp_prod = seed; break;
        default: page5.req_cons = seed; break;
        }
        run(rig);
        if (page5.error != 0) {
            page5.connection = XENSTORE_RECONNECT;
        }
    }
    page5.connection = XENSTORE_RECONNECT;
    run(rig);
    put_request(&page5, XS_GET_DOMAIN_PATH, 3, "6", 2);
    run(rig);
    get_reply(rig, &page5, XS_GET_DOMAIN_PATH, 3, "/local/domain/6");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(attach_announces_features), T(request_in_single_bytes_is_answered), T(indexes_wrap),
        T(reply_longer_than_the_ring_comes_in_pieces),
        T(request_index_too_far_ends_the_connection),
        T(response_index_too_far_ends_the_connection), T(own_indexes_in_the_page_are_not_believed),
        T(payload_length_too_big_ends_the_connection), T(reconnection_starts_from_nothing), T(complaints_are_limited),
        T(requests_wait_while_replies_are_not_read), T(a_busy_domain_leaves_turns_to_others),
        T(event_flood_ends_the_connection_over_the_ring), T(page_full_of_noise_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
