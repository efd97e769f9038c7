/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets in by TLS and who does not, over a socket pair; and what of a host reaches a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../../control/client/client.h"
#include "../../../control/client/show.h"

struct identity {
    X509 *cert;
    EVP_PKEY *key;
};

static struct identity authority, forged_authority, host, alice, forger, expired, odd;

static struct identity identity(const char *name, enum cert_use use, const struct identity *by, int days)
{
    struct attest_error err = { "" };
    struct identity i = { .key = cert_key_new(&err) };

    i.cert = cert_sign(i.key, name, use, by != NULL ? by->cert : NULL, by != NULL ? by->key : NULL, days, &err);
    assert_non_null(i.cert);
    return i;
}

static int setup(void **state)
{
    (void)state;
    authority = identity("ca", CERT_AUTHORITY, NULL, 10);
    forged_authority = identity("ca", CERT_AUTHORITY, NULL, 10);
    host = identity("server.example", CERT_HOST, &authority, 10);
    alice = identity("alice", CERT_OPERATOR, &authority, 10);
    forger = identity("alice", CERT_OPERATOR, &forged_authority, 10);
    expired = identity("alice", CERT_OPERATOR, &authority, -1);
    odd = identity("x", CERT_OPERATOR, &authority, 10);
    return 0;
}

static int teardown(void **state)
{
    struct identity *all[] = { &authority, &forged_authority, &host, &alice, &forger, &expired, &odd };

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        X509_free(all[i]->cert);
        EVP_PKEY_free(all[i]->key);
    }
    return 0;
}

struct server {
    int fd;
    const struct identity *identity;
    int result;
    char who[64];
};

/* Shakes hands, and sends one frame back as it came. */
static void *serve(void *arg)
{
    struct server *s = arg;
    struct attest_error err = { "" };
    SSL_CTX *ctx = tls_context(CERT_HOST, authority.cert, s->identity->cert, s->identity->key, &err);
    struct stream stream;
    struct tls tls = { NULL, -1 };
    uint8_t *data;
    size_t size;

    s->result = ctx == NULL ? -EIO : tls_start(&tls, ctx, s->fd, NULL, 5000, &stream, &err);
    if (s->result == 0) {
        s->result = tls_peer(&tls, s->who, sizeof(s->who));
        stream.form = &control_form;
    }
    if (s->result == 0 && frame_receive(&stream, &data, &size, 5000) == 0) {
        (void)frame_send(&stream, data, size);
        free(data);
    }
    tls_stop(&tls);
    SSL_CTX_free(ctx);
    close(s->fd);
    return NULL;
}

/* @return 0 when a frame went both ways; *who as the host has seen the client */
static int meet(const struct identity *client, const struct identity *server, X509 *trusts, const char *name, char who[64],
                int max_version)
{
    struct attest_error err = { "" };
    SSL_CTX *ctx = tls_context(CERT_OPERATOR, trusts, client->cert, client->key, &err);
    struct stream stream;
    struct server s = { .identity = server };
    struct tls tls;
    pthread_t thread;
    uint8_t *data;
    size_t size;
    int fds[2], rc;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    s.fd = fds[1];
    if (max_version != 0) {
        SSL_CTX_set_min_proto_version(ctx, 0);
        SSL_CTX_set_max_proto_version(ctx, max_version);
    }
    assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
    rc = tls_start(&tls, ctx, fds[0], name, 5000, &stream, &err);
    stream.form = &control_form;
    if (rc == 0) {
        rc = frame_send(&stream, (const uint8_t *)"hello", 5);
    }
    if (rc == 0) {
        rc = frame_receive(&stream, &data, &size, 5000);
    }
    if (rc == 0) {
        assert_int_equal(size, 5);
        free(data);
    }
    tls_stop(&tls);
    close(fds[0]);
    pthread_join(thread, NULL);
    SSL_CTX_free(ctx);
    snprintf(who, 64, "%s", s.who);
    return rc != 0 ? rc : s.result;
}

static void tls_good_ends_meet(void **state)
{
    char who[64];

    (void)state;
    assert_int_equal(meet(&alice, &host, authority.cert, "server.example", who, 0), 0);
    assert_string_equal(who, "alice");
}

static void tls_others_do_not_get_in(void **state)
{
    const struct {
        const char *what;
        const struct identity *client, *server;
        X509 *trusts;
        const char *name;
        int version;
    } cases[] = {
        { "of another authority", &forger, &host, authority.cert, "server.example", 0 },
        { "expired", &expired, &host, authority.cert, "server.example", 0 },
        { "a host as a client", &host, &host, authority.cert, "server.example", 0 },
        { "a client as a host", &alice, &alice, authority.cert, "alice", 0 },
        { "the host of another name", &alice, &host, authority.cert, "other.example", 0 },
        { "a host of an authority that the client does not trust", &alice, &host, forged_authority.cert, "server.example", 0 },
        { "TLS 1.2", &alice, &host, authority.cert, "server.example", TLS1_2_VERSION },
    };
    char who[64];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (meet(cases[i].client, cases[i].server, cases[i].trusts, cases[i].name, who, cases[i].version) == 0) {
            fail_msg("%s got in", cases[i].what);
        }
    }
}

static void tls_without_a_certificate_does_not_get_in(void **state)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    struct server s = { .identity = &host };
    struct stream stream;
    struct attest_error err = { "" };
    struct tls tls;
    pthread_t thread;
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    s.fd = fds[1];
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.cert);
    assert_int_equal(pthread_create(&thread, NULL, serve, &s), 0);
    (void)tls_start(&tls, ctx, fds[0], "server.example", 5000, &stream, &err); /* TLS 1.3: the client is told later */
    tls_stop(&tls);
    close(fds[0]);
    pthread_join(thread, NULL);
    SSL_CTX_free(ctx);
    assert_int_not_equal(s.result, 0);
}

static void cert_name_only_one_good_word(void **state)
{
    X509_NAME *name;
    char text[64];

    (void)state;
    assert_int_equal(cert_name(alice.cert, text, sizeof(text)), 0);
    assert_string_equal(text, "alice");
    name = X509_get_subject_name(odd.cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"root", -1, -1, 0);
    assert_int_not_equal(cert_name(odd.cert, text, sizeof(text)), 0); /* which of the two? */
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 1));
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a\0b", 3, -1, 0);
    assert_int_not_equal(cert_name(odd.cert, text, sizeof(text)), 0);
    X509_NAME_ENTRY_free(X509_NAME_delete_entry(name, 0));
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"a b\n", -1, -1, 0);
    assert_int_not_equal(cert_name(odd.cert, text, sizeof(text)), 0);
}

/* What a terminal obeys: ESC, and in eight bits or UTF-8 the controls from 0x80 on. */
static void show_nothing_that_a_terminal_obeys(void **state)
{
    static const char hostile[] = "{\"ok\":true,\"host\":{\"cpus\":\"\\u001b[2J\"},\"domains\":[{\"id\":1,\"name\":\"\\u001b]0;x\\u0007\","
                                  "\"state\":\"\xc2\x9b""2J\",\"label\":7,\"devices\":[\"\\u001bc\",4],\"starts\":\"many\"},[],7,null]}";
    json_object *reply = json_tokener_parse(hostile);
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    assert_non_null(reply);
    show_status(out, reply);
    show_top(out, reply, reply);
    show_top(out, NULL, reply);
    show_json(out, reply);
    fclose(out);
    for (size_t i = 0; i < size; i++) {
        if ((text[i] < ' ' && text[i] != '\n') || text[i] > '~') {
            fail_msg("byte %02x at %zu", (unsigned char)text[i], i);
        }
    }
    assert_non_null(strstr(text, "?]0;x?"));
    free(text);
    json_object_put(reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_good_ends_meet),
        cmocka_unit_test(tls_others_do_not_get_in),
        cmocka_unit_test(tls_without_a_certificate_does_not_get_in),
        cmocka_unit_test(cert_name_only_one_good_word),
        cmocka_unit_test(show_nothing_that_a_terminal_obeys),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, setup, teardown);
}
