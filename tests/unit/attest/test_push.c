/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hosts that call, with a real TPM (swtpm): `bh attest collect` and the agent's own caller, as processes of their own. Whom the agent
 * answers; whom the collector judges, and as whom; somebody in between; floods, and peers that stall.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <attest/error.h>
#include <attest/frame.h>
#include <attest/message.h>
#include <bh/verbs.h>
#include <control/tls.h>

#include "../../../attest/agent/listen.h"
#include "../../../attest/agent/push.h"
#include "../../../attest/verifier/client.h"
#include "../../../attest/verifier/collect.h"
#include "fake_host.h"
#include "wire.h"

static struct fake_host host;
static char reference[128], collector_port[8], middle_port[8];
static pid_t agent = -1, collector = -1, middle = -1, other = -1;
static X509 *authority, *collector_cert;
static EVP_PKEY *authority_key, *collector_key;

static const char *in(const char *name)
{
    static char path[8][160];
    static unsigned int n;

    n = (n + 1) % 8;
    snprintf(path[n], sizeof(path[n]), "%s/%s", host.dir, name);
    return path[n];
}

static char *text_of(const char *name)
{
    static char text[8][1 << 14];
    static unsigned int n;
    int fd = open(in(name), O_RDONLY | O_CLOEXEC);
    ssize_t got;

    n = (n + 1) % 8;
    got = fd < 0 ? 0 : read(fd, text[n], sizeof(text[n]) - 1);
    text[n][got < 0 ? 0 : got] = '\0';
    close(fd);
    return text[n];
}

/* Wait until a file has a word in it. */
static void expect(const char *name, const char *word, int seconds)
{
    for (int i = 0; i < seconds * 20; i++) {
        if (strstr(text_of(name), word) != NULL) {
            return;
        }
        usleep(50000);
    }
    fprintf(stderr, "collect.out:\n%s\ncollect.err:\n%s\npush.out:\n%s\n", text_of("collect.out"), text_of("collect.err"),
            text_of("push.out"));
    fail_msg("%s: no \"%s\" within %d s", name, word, seconds);
}

/* -- the ends --------------------------------------------------------------------------------------- */
static void into(int fd, const char *name)
{
    int file = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

    dup2(file, fd);
    close(file);
}

static int attest(const char *const *args, size_t count)
{
    char *argv[64] = {strdup("attest")};
    int rc;

    for (size_t i = 0; i < count; i++) {
        argv[i + 1] = strdup(args[i]);
    }
    rc = attest_main((int)count + 1, argv);
    for (size_t i = 0; i <= count; i++) {
        free(argv[i]);
    }
    return rc;
}

#define ATTEST(...) attest((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

struct how {
    const char *who;   /* certificate and key */
    const char *state;
    const char *ca;    /* NULL: the TPM's own */
    const char *count, *max_age;
};

static void start_collector(struct how how)
{
    char listen[32];

    snprintf(listen, sizeof(listen), "127.0.0.1:%s", collector_port);
    wire_stop(&collector);
    unlink(in("collect.out"));
    unlink(in("collect.err"));
    collector = fork();
    if (collector == 0) {
        char cert[160], key[160];

        alarm(120);
        into(1, "collect.out");
        into(2, "collect.err");
        snprintf(cert, sizeof(cert), "%s/%s.pem", host.dir, how.who);
        snprintf(key, sizeof(key), "%s/%s.key", host.dir, how.who);
        exit(ATTEST("collect", "--listen", listen, "--tls-certificate", cert, "--tls-key", key, "--state", in(how.state), "--ca",
                    host.ca_root, "--ca", how.ca != NULL ? how.ca : host.ca_issuer, "--reference", reference,
                    "--allow-unsigned-reference", "--on-change", in("changed"), "--count", how.count != NULL ? how.count : "0",
                    "--max-age", how.max_age != NULL ? how.max_age : "900"));
    }
    expect("collect.err", "collecting", 10);
}

static int collector_status(void)
{
    int status = -1;

    assert_int_equal(waitpid(collector, &status, 0), collector);
    collector = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* The host calls whoever is behind that port. */
static void start_agent(const char *port)
{
    FILE *f = fopen(in("push"), "w");

    fprintf(f, "push 127.0.0.1:%s collector 1\n", port);
    fclose(f);
    wire_stop(&agent);
    unlink(in("push.out"));
    agent = fork();
    if (agent == 0) {
        const struct network_config config = {.folder = host.dir, .tcti = host.tcti, .log_path = host.log_path};
        struct attest_error err = {""};

        alarm(120);
        into(1, "push.out");
        (void)push_tls(&config, &err);
        fprintf(stderr, "agent: %s\n", err.text);
        _exit(1);
    }
}

static void enroll(void)
{
    char port[8], where[40];
    pid_t listener;
    int rc;

    wire_port(port);
    snprintf(where, sizeof(where), "tls:127.0.0.1:%s", port);
    fflush(stdout);
    listener = fork();
    if (listener == 0) {
        const struct network_config config = {
            .folder = host.dir, .address = "127.0.0.1", .port = port, .tcti = host.tcti, .log_path = host.log_path};
        struct attest_error err = {""};

        alarm(60);
        (void)listen_tls(&config, &err);
        _exit(1);
    }
    rc = ATTEST("enroll", "--state", in("hosts"), "--host", "web", "--connect", where, "--tls-certificate", in("collector.pem"),
                "--tls-key", in("collector.key"), "--ca", host.ca_root, "--ca", host.ca_issuer);
    wire_stop(&listener);
    assert_int_equal(rc, 0);
}

static void person(const char *name, const char *file, enum cert_use use, X509 *by, EVP_PKEY *by_key)
{
    char cert[160], key[160];

    snprintf(cert, sizeof(cert), "%s/%s.pem", host.dir, file);
    snprintf(key, sizeof(key), "%s/%s.key", host.dir, file);
    X509_free(wire_person(name, use, by, by_key, cert, key, NULL));
}

static int start(void **state)
{
    static const char script[] = "#!/bin/sh\necho \"$@\" >>\"${0%/*}/changes\"\n! rm \"${0%/*}/kill\" 2>/dev/null || kill -9 $PPID\n";
    struct attest_error err = {""};
    EVP_PKEY *other_key = cert_key_new(&err);
    X509 *other_authority = cert_sign(other_key, "ca", CERT_AUTHORITY, NULL, other_key, 10, &err);

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (fake_host_create(&host) != 0 || fake_host_boot(&host, 0) != 0 ||
        fake_host_reference(&host, reference, sizeof(reference)) != 0 || file_write(in("changed"), script, sizeof(script) - 1, &err) != 0 ||
        chmod(in("changed"), 0700) != 0 || mkdir(in("nobody"), 0700) != 0) {
        return -1;
    }
    authority = wire_person("ca", CERT_AUTHORITY, NULL, NULL, in("verifiers.pem"), in("ca.key"), &authority_key);
    collector_cert = wire_person("collector", CERT_OPERATOR, authority, authority_key, in("collector.pem"), in("collector.key"),
                                 &collector_key);
    person("collector", "forger", CERT_OPERATOR, other_authority, other_key);
    person("alice", "alice", CERT_OPERATOR, authority, authority_key);
    person("collector", "machine", CERT_HOST, authority, authority_key);
    X509_free(other_authority);
    EVP_PKEY_free(other_key);
    wire_port(collector_port);
    wire_port(middle_port);
    enroll();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    wire_stop(&agent);
    wire_stop(&collector);
    wire_stop(&middle);
    wire_stop(&other);
    X509_free(authority);
    X509_free(collector_cert);
    EVP_PKEY_free(authority_key);
    EVP_PKEY_free(collector_key);
    fake_host_destroy(&host);
    return 0;
}

/* Somebody who has the collector's name and key, even, and passes on what it and the host say. */
static void start_middle(void (*relay)(struct stream *asks, struct stream *answers))
{
    struct sockaddr_in in_addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)atoi(middle_port))};
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    assert_int_equal(bind(fd, (struct sockaddr *)&in_addr, sizeof(in_addr)), 0);
    assert_int_equal(listen(fd, 4), 0);
    middle = fork();
    if (middle == 0) {
        struct attest_error err = {""};
        SSL_CTX *as_collector = tls_context_collector(collector_cert, collector_key, &err);
        SSL_CTX *as_host = tls_context_caller(authority, &err);
        char tcp[48];

        alarm(60);
        snprintf(tcp, sizeof(tcp), "tcp:127.0.0.1:%s", collector_port);
        for (;;) {
            struct tls to_host, to_collector;
            struct stream front, back;
            int client = accept(fd, NULL, NULL), server = client_connect(tcp, &err);

            if (tls_start(&to_host, as_collector, client, NULL, 3000, &front, &err) == 0 &&
                tls_start(&to_collector, as_host, server, NULL, 3000, &back, &err) == 0) {
                relay(&back, &front);
            }
            close(client);
            close(server);
        }
    }
    close(fd);
}

/* -- the cases -------------------------------------------------------------------------------------- */
#ifndef SILENCE_ONLY
static void reboot(unsigned int variant)
{
    wire_stop(&agent);
    fake_host_halt(&host);
    assert_int_equal(fake_host_boot(&host, variant), 0);
}

static void push_wait_grows_up_to_the_interval(void **state)
{
    static const struct {
        uint32_t interval_s;
        unsigned int failed;
        uint32_t ms;
    } row[] = {{300, 0, 300000}, {300, 1, 5000}, {300, 2, 10000}, {300, 4, 40000}, {300, 7, 300000},
               {300, 4000, 300000}, {3, 1, 3000}, {86400, 32, 86400000}};
    uint32_t low = UINT32_MAX, high = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
        for (uint32_t random = 0; random < 200; random++) {
            uint32_t ms = push_wait_ms(row[i].interval_s, row[i].failed, random * 0x01000193u);

            assert_in_range(ms, row[i].ms - row[i].ms / 5, row[i].ms + row[i].ms / 5);
            low = i == 0 && ms < low ? ms : low;
            high = i == 0 && ms > high ? ms : high;
        }
    }
    assert_true(high - low > 60000); /* hosts part */
}

static void push_is_judged_and_remembered(void **state)
{
    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "2"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web NEVER -> PASS "));
    assert_null(strchr(strchr(text_of("collect.out"), '\n') + 1, '\n')); /* the second verdict was no change */
    assert_non_null(strstr(text_of("changes"), "web NEVER PASS \n"));
    assert_int_equal(ATTEST("status", "--state", in("hosts")), 0);

    reboot(HOST_OTHER_POLICY);
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 1);
    assert_non_null(strstr(text_of("collect.out"), " web PASS -> FAIL "));
    assert_non_null(strstr(text_of("collect.out"), "policy:differs"));
    assert_non_null(strstr(text_of("changes"), "web PASS FAIL "));
    assert_int_equal(ATTEST("status", "--state", in("hosts")), 1);
    reboot(HOST_GOOD);
}

/* @param who  has the port that the host calls; it gets no answer, not even a greeting */
static void answers_nothing(const char *who, const char *reason)
{
    start_collector((struct how){.who = who, .state = "hosts"});
    start_agent(collector_port);
    expect("push.out", reason, 10);
    assert_null(strstr(text_of("push.out"), "attest-agent: tls: "));
    assert_string_equal(text_of("collect.out"), "");
    wire_stop(&agent);
}

static void push_answers_its_collector_only(void **state)
{
    (void)state;
    answers_nothing("forger", "TLS: unable to get local issuer certificate");
    answers_nothing("alice", "it is alice, not collector");
    answers_nothing("machine", "TLS: un"); /* "unsuitable certificate purpose": a host's certificate of that name */
}

/* What is remembered of `web`, for another folder and name, with one pin that begins otherwise. */
static void copy_history(const char *folder, const char *name, const char *pin)
{
    struct attest_error err = {""};
    char *text = text_of("hosts/web.json"), find[16], *at, path[64], out[1 << 14];

    snprintf(find, sizeof(find), "\"%s\":\"", pin);
    at = strstr(text, find);
    assert_non_null(at);
    at += strlen(find) + 10;
    *at = *at == '0' ? '1' : '0';
    at = strstr(text, "\"web\"");
    assert_non_null(at);
    *at = '\0';
    snprintf(out, sizeof(out), "%s\"%s\"%s", text, name, at + 5);
    snprintf(path, sizeof(path), "%s/%s.json", folder, name);
    assert_int_equal(file_write(in(path), out, strlen(out), &err), 0);
}

/* The TPM decides which host it is; another key in it is that host's failure. */
static void push_is_of_the_host_whose_tpm_it_is(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in("key"), 0700), 0);
    copy_history("key", "alpha", "ek"); /* comes first, and is another machine */
    copy_history("key", "beta", "ak");
    start_collector((struct how){.who = "collector", .state = "key", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 1);
    assert_non_null(strstr(text_of("collect.out"), " beta NEVER -> FAIL attestation-key:ak-not-enrolled\n"));
    assert_null(strstr(text_of("collect.out"), "alpha"));

    copy_history("key", "gamma", "ak"); /* a second name for the same TPM */
    start_collector((struct how){.who = "collector", .state = "key"});
    expect("collect.err", "its TPM is enrolled as beta and as gamma", 10);
}

static void push_of_a_host_not_enrolled_is_refused(void **state)
{
    char *line;

    (void)state;
    copy_history("nobody", "else", "ek");
    start_collector((struct how){.who = "collector", .state = "nobody"});
    start_agent(collector_port);
    expect("collect.out", "127.0.0.1 REFUSED host:not-enrolled ek=", 20);
    line = strstr(text_of("collect.out"), "ek=");
    assert_int_equal(strspn(line + 3, "0123456789abcdef"), 64);
    expect("push.out", "closed without asking for a quote", 10);
    assert_int_equal(kill(collector, SIGTERM), 0);
    assert_int_equal(collector_status(), 3);
    assert_int_equal(ATTEST("status", "--state", in("nobody")), 1);
    assert_non_null(strstr(text_of("nobody/else.json"), "\"verdict\":\"\"")); /* the host that is enrolled has nothing to do with it */

    start_collector((struct how){.who = "collector", .state = "hosts", .ca = host.other_ca});
    start_agent(collector_port);
    expect("collect.out", "127.0.0.1 REFUSED endorsement-key:ek-untrusted", 20);
}

static void push_through_a_relay_fails(void **state)
{
    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_middle(wire_relay);
    start_agent(middle_port);
    assert_int_equal(collector_status(), 1);
    assert_non_null(strstr(text_of("collect.out"), " -> FAIL "));
    assert_non_null(strstr(text_of("collect.out"), ":nonce"));
    wire_stop(&middle);
    wire_stop(&agent);
}

static int connect_from(const char *port, uint32_t address)
{
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)atoi(port))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

/* A peer that shakes hands and then sends a frame without end, a byte at a time. */
static void start_trickle(void)
{
    other = fork();
    if (other == 0) {
        struct attest_error err = {""};
        SSL_CTX *ctx = tls_context_caller(authority, &err);
        int fd = connect_from(collector_port, 0x7f000003);
        struct stream s;
        struct tls tls;

        alarm(90);
        if (tls_start(&tls, ctx, fd, NULL, 3000, &s, &err) != 0 || s.write(s.context, (const uint8_t *)"BHA1\0\0\xff\0", 8, INT64_MAX) != 0) {
            _exit(1);
        }
        while (s.write(s.context, (const uint8_t *)" ", 1, INT64_MAX) == 0) {
            sleep(1);
        }
        _exit(0);
    }
}

#define FLOOD 40

static void push_is_judged_while_others_flood_and_stall(void **state)
{
    unsigned int closed = 0, later = 0;
    int64_t began;
    int fd[FLOOD];

    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts"});
    start_trickle();
    began = conversation_now_ms();
    for (size_t i = 0; i < FLOOD; i++) {
        fd[i] = connect_from(collector_port, 0x7f000002);
    }
    start_agent(collector_port);
    usleep(500000);
    for (size_t i = 0; i < FLOOD; i++) {
        char c;

        closed += recv(fd[i], &c, 1, MSG_DONTWAIT) == 0;
    }
    print_message("# %u of %d closed at once\n", closed, FLOOD);
    assert_int_equal(closed, FLOOD - COLLECT_PLACES_OF_SOURCE);
    expect("collect.err", "127.0.0.2: 1 connections turned away", 1);
    expect("collect.out", " web FAIL -> PASS ", 10);
    print_message("# judged after %lld ms\n", (long long)(conversation_now_ms() - began));
    sleep(2); /* no handshake within 2 s */
    for (size_t i = 0; i < FLOOD; i++) {
        char c;

        later += recv(fd[i], &c, 1, MSG_DONTWAIT) == 0;
        close(fd[i]);
    }
    assert_int_equal(later, FLOOD);
    wire_stop(&agent);
    expect("collect.err", "127.0.0.3: the agent does not answer: Connection timed out", COLLECT_ANSWER_S + 2);
    assert_in_range(conversation_now_ms() - began, (COLLECT_ANSWER_S - 1) * 1000, (COLLECT_ANSWER_S + 4) * 1000);
}

/* What a peer says is told as a part of one line. */
static void push_says_nothing_in_our_name(void **state)
{
    struct attest_error err = {""};
    json_object *request, *reply = json_object_new_object();
    SSL_CTX *ctx = tls_context_caller(authority, &err);
    struct stream s;
    struct tls tls;
    uint8_t *data;
    size_t size;
    int fd;

    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts"});
    fd = connect_from(collector_port, 0x7f000004);
    assert_int_equal(tls_start(&tls, ctx, fd, NULL, 3000, &s, &err), 0);
    assert_int_equal(frame_receive(&s, &data, &size, 3000), 0);
    request = message_parse(data, size, &err);
    free(data);
    assert_non_null(request);
    message_add_string(reply, "id", message_string(request, "id"));
    message_add_string(reply, "error", "x\n2026-11-27T00:00:00Z web FAIL -> PASS web-2\x1b[2K\xc2\x9b" "1m");
    assert_int_equal(message_send(&s, reply), 0);
    expect("collect.err", "127.0.0.4: the agent says: x?2026-11-27T00:00:00Z web FAIL -> PASS web-2?[2K??1m\n", 5);
    tls_stop(&tls);
    SSL_CTX_free(ctx);
    close(fd);
    json_object_put(request);
    json_object_put(reply);
}

#else
static void push_is_judged(void **state)
{
    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web NEVER -> PASS "));
    wire_stop(&agent);
}

static void push_that_does_not_come_is_told(void **state)
{
    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .max_age = "1", .count = "1"});
    expect("collect.out", " web PASS -> NO-ANSWER ", 12);
    expect("changes", "web PASS NO-ANSWER", 5);
    start_agent(collector_port); /* and is PASS again when it comes */
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web NO-ANSWER -> PASS "));
    wire_stop(&agent);
}

static void into_file(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* A host whose memory is damaged is missed all the same: told once, with what is known of it. */
static void push_of_an_unreadable_host_is_told(void **state)
{
    const char *first;

    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .max_age = "1000", .count = "1"});
    expect("collect.err", "collecting", 5);
    assert_int_equal(rename(in("hosts/web.json"), in("web.kept")), 0);
    into_file("hosts/web.json", "{}");
    expect("collect.out", " web PASS -> UNREADABLE host:unreadable\n", 12);
    expect("changes", "web PASS UNREADABLE host:unreadable", 5);
    start_agent(collector_port);
    expect("collect.out", "REFUSED host:not-enrolled ek=", 10);
    expect("collect.err", "may be that of web, whose file cannot be read", 5);
    sleep(6); /* another round, which says nothing new */
    first = strstr(text_of("collect.out"), "UNREADABLE");
    assert_null(strstr(first + 1, "UNREADABLE"));
    assert_int_equal(rename(in("web.kept"), in("hosts/web.json")), 0);
    assert_int_equal(collector_status(), 0);
    wire_stop(&agent);
}

/* Whatever is asked is passed on, and the answer to the last question comes a byte each second. */
static void relay_and_stall(struct stream *asks, struct stream *answers)
{
    uint8_t *data;
    size_t size;

    while (frame_receive(asks, &data, &size, 20000) == 0) {
        bool last = strstr((const char *)data, "\"quote\"") != NULL;

        if (last) {
            asks->write(asks->context, (const uint8_t *)"BHA1\0\1\0\0", 8, INT64_MAX);
            while (asks->write(asks->context, (const uint8_t *)" ", 1, INT64_MAX) == 0) {
                sleep(1);
            }
            return;
        }
        (void)!frame_send(answers, data, size);
        free(data);
        if (frame_receive(answers, &data, &size, 20000) != 0) {
            return;
        }
        (void)!frame_send(asks, data, size);
        free(data);
    }
}

/* The TPM has proved whose it is, and then nothing more comes in time: that is known and told, at the end of an answer's time. */
static void push_that_stalls_is_told(void **state)
{
    int64_t began;

    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts"});
    start_middle(relay_and_stall);
    start_agent(middle_port);
    began = conversation_now_ms();
    expect("collect.out", " web PASS -> NO-ANSWER ", COLLECT_ANSWER_S + 5);
    print_message("# told after %lld ms\n", (long long)(conversation_now_ms() - began));
    assert_int_equal(ATTEST("status", "--state", in("hosts")), 1);
    wire_stop(&middle);
    wire_stop(&agent);
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    wire_stop(&agent);
}

/* Also when somebody has the host, and so nothing can be recorded of it. */
static void push_that_does_not_come_is_told_of_a_host_that_is_held(void **state)
{
    (void)state;
    other = fork();
    if (other == 0) {
        int lock = open(in("hosts/web.lock"), O_RDWR | O_CLOEXEC);

        alarm(120);
        while (flock(lock, LOCK_EX) == 0) {
            pause();
        }
        _exit(1);
    }
    usleep(200000);
    start_collector((struct how){.who = "collector", .state = "hosts", .max_age = "1", .count = "1"});
    expect("collect.out", " web PASS -> NO-ANSWER ", 12 + COLLECT_ANSWER_S);
    sleep(COLLECT_ANSWER_S + 8); /* once */
    assert_null(strchr(strchr(text_of("collect.out"), '\n') + 1, '\n'));
    assert_null(strstr(text_of("hosts/web.json"), "NO-ANSWER"));
    wire_stop(&other);
    expect("hosts/web.json", "NO-ANSWER", 12);
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web NO-ANSWER -> PASS "));
    wire_stop(&agent);
}

/* One field of what is remembered of `web`; the file as it was, to be freed. */
static uint8_t *change_history(const char *field, const char *value, size_t *size)
{
    struct attest_error err = {""};
    char find[32], *at, *copy;
    uint8_t *data;

    assert_int_equal(file_read(in("hosts/web.json"), 1 << 20, &data, size, &err), 0);
    copy = strndup((const char *)data, *size);
    snprintf(find, sizeof(find), "\"%s\":\"", field);
    at = strstr(copy, find);
    assert_non_null(at);
    memcpy(at + strlen(find), value, strlen(value)); /* as long as what was there */
    assert_int_equal(file_write(in("hosts/web.json"), copy, *size, &err), 0);
    free(copy);
    return data;
}

static void restore_history(uint8_t *data, size_t size)
{
    struct attest_error err = {""};

    assert_int_equal(file_write(in("hosts/web.json"), data, size, &err), 0);
    free(data);
}

/* A verdict under a clock that was wrong does not stand for years to come. */
static void push_that_does_not_come_is_told_whatever_the_date(void **state)
{
    uint8_t *old;
    size_t size;

    (void)state;
    old = change_history("verdict-at", "2099-01-01T00:00:00Z", &size);
    start_collector((struct how){.who = "collector", .state = "hosts", .max_age = "1"});
    expect("collect.out", " web PASS -> NO-ANSWER ", 12);
    wire_stop(&collector);
    restore_history(old, size);
}

/* What was recorded by a process that ended before it was told. */
static void push_of_before_is_told_at_the_start(void **state)
{
    uint8_t *old;
    size_t size;

    (void)state;
    old = change_history("verdict", "FAIL", &size);
    start_collector((struct how){.who = "collector", .state = "hosts"});
    expect("collect.out", " web NO-ANSWER -> FAIL ", 5);
    expect("changes", "web NO-ANSWER FAIL", 5);
    wire_stop(&collector);
    restore_history(old, size);
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web FAIL -> PASS "));
    wire_stop(&agent);
}

/* What somebody who verifies by hand leaves in the history, and tells nobody. */
static void push_of_a_host_that_others_verify_is_told(void **state)
{
    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts"});
    sleep(1);
    assert_int_equal(ATTEST("verify", "--state", in("hosts"), "--host", "web", "--connect", "tcp:127.0.0.1:1", "--wait", "0", "--ca",
                            host.ca_root, "--reference", reference, "--allow-unsigned-reference"), 3);
    expect("collect.out", " web PASS -> NO-ANSWER ", 12);
    wire_stop(&collector);
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web NO-ANSWER -> PASS "));
    wire_stop(&agent);
}

/* Nor is it lost when the host calls before it is looked for; that is each ROUND_S (5 s) from the start. */
static void push_tells_what_was_recorded_before_it(void **state)
{
    uint8_t *old;
    size_t size;

    (void)state;
    start_collector((struct how){.who = "collector", .state = "hosts", .count = "1"});
    usleep(500000);
    old = change_history("verdict", "FAIL", &size);
    free(old);
    start_agent(collector_port);
    assert_int_equal(collector_status(), 0);
    assert_non_null(strstr(text_of("collect.out"), " web PASS -> FAIL "));
    assert_non_null(strstr(text_of("collect.out"), " web FAIL -> PASS "));
    wire_stop(&agent);
}

/* A process that is killed before it has written down what it told: another one tells it. */
static void push_of_an_unreadable_host_is_told_whoever_is_killed(void **state)
{
    uint8_t *old;
    size_t size;

    (void)state;
    old = change_history("verdict", "PASS", &size);
    start_collector((struct how){.who = "collector", .state = "hosts"});
    sleep(1);
    into_file("kill", "");
    into_file("hosts/web.json", "{}");
    expect("collect.out", " web PASS -> UNREADABLE host:unreadable\n", 12);
    while (access(in("kill"), F_OK) == 0) { /* until it is killed */
        usleep(50000);
    }
    unlink(in("changes"));
    expect("changes", "web PASS UNREADABLE host:unreadable\n", 12);
    wire_stop(&collector);
    restore_history(old, size);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifndef SILENCE_ONLY /* a program of its own, for the time it takes */
        cmocka_unit_test(push_wait_grows_up_to_the_interval),
        cmocka_unit_test(push_is_of_the_host_whose_tpm_it_is), /* before there is a verdict */
        cmocka_unit_test(push_of_a_host_not_enrolled_is_refused),
        cmocka_unit_test(push_is_judged_and_remembered),
        cmocka_unit_test(push_answers_its_collector_only),
        cmocka_unit_test(push_through_a_relay_fails),
        cmocka_unit_test(push_is_judged_while_others_flood_and_stall),
        cmocka_unit_test(push_says_nothing_in_our_name),
#else
        cmocka_unit_test(push_is_judged),
        cmocka_unit_test(push_that_does_not_come_is_told),
        cmocka_unit_test(push_of_an_unreadable_host_is_told),
        cmocka_unit_test(push_that_stalls_is_told),
        cmocka_unit_test(push_that_does_not_come_is_told_of_a_host_that_is_held),
        cmocka_unit_test(push_that_does_not_come_is_told_whatever_the_date),
        cmocka_unit_test(push_of_before_is_told_at_the_start),
        cmocka_unit_test(push_of_a_host_that_others_verify_is_told),
        cmocka_unit_test(push_tells_what_was_recorded_before_it),
        cmocka_unit_test(push_of_an_unreadable_host_is_told_whoever_is_killed),
#endif
    };

    return cmocka_run_group_tests(tests, start, stop);
}
