/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence over TLS, with a real TPM (swtpm) behind the agent's own listener: who may ask, what a relay between two good ends gets,
 * and what is above the agent's rate.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <attest/error.h>
#include <attest/refset.h>
#include <control/tls.h>

#include "../../../attest/agent/listen.h"
#include "../../../attest/verifier/session.h"
#include "fake_host.h"
#include "wire.h"

static struct fake_host host;
static struct reference *ref;
static char agent_where[40], middle_where[40], agent_port[8], middle_port[8];
static char alice_cert[128], alice_key[128], forger_cert[128], forger_key[128];
static pid_t agent = -1, middle = -1;
static X509 *authority, *alice;
static EVP_PKEY *authority_key, *alice_private;

static void must(int rc, const struct attest_error *err)
{
    if (rc != 0) {
        fail_msg("%d: %s", rc, err->text);
    }
}

static void in_folder(char *out, const char *name)
{
    snprintf(out, 128, "%s/%s", host.dir, name);
}

static void start_agent(void)
{
    agent = fork();
    if (agent == 0) {
        const struct network_config config = {.folder = host.dir,
                                             .address = "127.0.0.1",
                                             .port = agent_port,
                                             .tcti = host.tcti,
                                             .log_path = host.log_path};
        struct attest_error err = {""};

        alarm(120);
        (void)listen_tls(&config, &err);
        fprintf(stderr, "agent: %s\n", err.text);
        _exit(1);
    }
}

static int start(void **state)
{
    struct attest_error err = {""};
    char path[128];
    EVP_PKEY *other_key = cert_key_new(&err);
    X509 *other = cert_sign(other_key, "ca", CERT_AUTHORITY, NULL, other_key, 10, &err);

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (fake_host_create(&host) != 0 || fake_host_boot(&host, 0) != 0 ||
        fake_host_reference(&host, path, sizeof(path)) != 0 || (ref = reference_read(path, &err)) == NULL) {
        return -1;
    }
    authority_key = cert_key_new(&err);
    authority = cert_sign(authority_key, "ca", CERT_AUTHORITY, NULL, authority_key, 10, &err);
    in_folder(path, "verifiers.pem");
    must(cert_write(authority, path, &err), &err);
    in_folder(path, "network"); /* empty, as an image has it whose description gives no address */
    fclose(fopen(path, "w"));
    in_folder(alice_cert, "alice.pem");
    in_folder(alice_key, "alice.key");
    in_folder(forger_cert, "forger.pem");
    in_folder(forger_key, "forger.key");
    alice = wire_person("alice", CERT_OPERATOR, authority, authority_key, alice_cert, alice_key, &alice_private);
    X509_free(wire_person("alice", CERT_OPERATOR, other, other_key, forger_cert, forger_key, NULL));
    X509_free(other);
    EVP_PKEY_free(other_key);
    wire_port(agent_port);
    wire_port(middle_port);
    snprintf(agent_where, sizeof(agent_where), "tls:127.0.0.1:%s", agent_port);
    snprintf(middle_where, sizeof(middle_where), "tls:127.0.0.1:%s", middle_port);
    start_agent();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    wire_stop(&agent);
    wire_stop(&middle);
    X509_free(authority);
    X509_free(alice);
    EVP_PKEY_free(authority_key);
    EVP_PKEY_free(alice_private);
    reference_free(ref);
    fake_host_destroy(&host);
    return 0;
}

/* @return what client_open() says; 0: the verdict is there */
static int judge(const char *where, const char *cert, const char *key, struct verdict *v)
{
    static const struct bytes nonce = {(uint8_t *)(uintptr_t)"0123456789abcdef0123456789abcdef", 32};
    const char *const ca[] = {host.ca_root, host.ca_issuer};
    const struct client_way way = {.where = where, .certificate = cert, .key = key};
    struct refset_list sets = {.count = 0};
    const struct session s = {.ca = ca, .ca_count = 2, .sets = &sets, .nonce = &nonce, .timeout_s = 20, .allow_no_history = true};
    struct evidence evidence;
    struct attest_error err = {""};
    struct client c;
    int rc;

    memset(v, 0, sizeof(*v));
    assert_int_equal(fake_host_set(ref, &sets), 0);
    refset_list_judge(&sets, NULL, 1);
    rc = client_open(&c, &way, 3, &err);
    if (rc == 0) {
        must(session_run(&s, &c, &evidence, v, &err), &err);
        client_close(&c);
        evidence_free(&evidence);
    } else {
        print_message("# %s: %s\n", where, err.text);
        client_close(&c);
    }
    refset_list_free(&sets);
    return rc;
}

static bool has(const struct verdict *v, enum verify_code code)
{
    for (size_t i = 0; i < v->count; i++) {
        if (v->finding[i].code == code) {
            return true;
        }
    }
    return false;
}

static void channel_of_a_verifier_passes(void **state)
{
    struct verdict v;

    (void)state;
    assert_int_equal(judge(agent_where, alice_cert, alice_key, &v), 0);
    for (size_t i = 0; i < v.count; i++) {
        if (verify_code_is_failure(v.finding[i].code)) {
            fail_msg("%s: expected %s, found %s", v.finding[i].component, v.finding[i].expected, v.finding[i].found);
        }
    }
    assert_true(v.count > 5);
    verdict_free(&v);
}

static void channel_is_not_for_others(void **state)
{
    struct verdict v;

    (void)state;
    assert_int_not_equal(judge(agent_where, forger_cert, forger_key, &v), 0);
    assert_int_equal(v.count, 0);
    assert_int_equal(judge(agent_where, NULL, NULL, &v), -EINVAL); /* a certificate is asked for before anything is sent */
    assert_int_equal(judge(agent_where, alice_cert, forger_key, &v), -EINVAL);
}

/* Somebody whom a verifier takes for the host, and who is a verifier of the real host. */
static void start_middle(void)
{
    middle = fork();
    if (middle == 0) {
        struct attest_error err = {""};
        EVP_PKEY *key = cert_key_new(&err);
        X509 *own = cert_sign(key, "attest", CERT_HOST, NULL, key, 10, &err);
        SSL_CTX *as_host = tls_context(CERT_HOST, authority, own, key, &err);
        SSL_CTX *as_verifier = tls_context(CERT_OPERATOR, NULL, alice, alice_private, &err);
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)atoi(middle_port))};
        int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

        alarm(60);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
        if (as_host == NULL || as_verifier == NULL || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0 ||
            listen(fd, 4) != 0) {
            _exit(1);
        }
        for (;;) {
            struct tls to_verifier, to_agent;
            struct stream front, back;
            char tcp[48];
            int client = accept(fd, NULL, NULL), server;

            snprintf(tcp, sizeof(tcp), "tcp:127.0.0.1:%s", agent_port);
            server = client_connect(tcp, &err);
            if (tls_start(&to_verifier, as_host, client, NULL, 3000, &front, &err) == 0 &&
                tls_start(&to_agent, as_verifier, server, NULL, 3000, &back, &err) == 0) {
                wire_relay(&front, &back);
            }
            close(client);
            close(server);
        }
    }
}

static void channel_through_a_relay_is_another_channel(void **state)
{
    struct verdict v;

    (void)state;
    start_middle();
    assert_int_equal(judge(middle_where, alice_cert, alice_key, &v), 0);
    assert_true(has(&v, CODE_NONCE));
    verdict_free(&v);
    wire_stop(&middle);
}

/* More connections in a moment than the agent takes: some get in, the others are closed at once, and later it serves again. */
static void channel_has_a_rate(void **state)
{
    struct attest_error err = {""};
    struct verdict v;
    char tcp[48];
    unsigned int closed = 0;
    int fd[24];

    (void)state;
    snprintf(tcp, sizeof(tcp), "tcp:127.0.0.1:%s", agent_port);
    for (size_t i = 0; i < 24; i++) {
        fd[i] = client_connect(tcp, &err);
        assert_true(fd[i] >= 0);
    }
    usleep(500000);
    for (size_t i = 0; i < 24; i++) {
        char c;

        closed += recv(fd[i], &c, 1, MSG_DONTWAIT) == 0;
        close(fd[i]);
    }
    print_message("# %u of 24 closed at once\n", closed);
    assert_in_range(closed, 8, 23);
    sleep(2);
    assert_int_equal(judge(agent_where, alice_cert, alice_key, &v), 0);
    verdict_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(channel_of_a_verifier_passes),
        cmocka_unit_test(channel_is_not_for_others),
        cmocka_unit_test(channel_through_a_relay_is_another_channel),
        cmocka_unit_test(channel_has_a_rate),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
