/* SPDX-License-Identifier: Apache-2.0 */
#include "collect.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <attest/door.h>
#include <attest/error.h>
#include <attest/utc.h>

#include "cli.h"
#include "internal.h"
#include "roster.h"
#include "tell.h"

#define SOURCES 256u /* more than places: one that nobody of is inside can always be forgotten */
#define BURST 128u
#define REFILL_MS 20
#define SOURCE_BURST 16u
#define SOURCE_REFILL_MS 250
#define ROUND_S 5 /* how often it is looked for silence */
#define EXIT_REFUSED 4 /* of a connection's process: no verdict about anybody */

struct source {
    uint8_t address[16];
    struct door door; /* inside_max 0: not in use */
};

struct collector {
    const struct options *o;
    SSL_CTX *ctx;
    int fd;
    struct roster roster;
    struct door door;
    struct source source[SOURCES];
    struct {
        pid_t pid; /* 0: free */
        struct source *source;
        char from[INET6_ADDRSTRLEN];
    } place[COLLECT_PLACES];
    pid_t silence; /* the process that tells of hosts that do not come; 0 */
    bool untold;   /* a process was killed, which may have recorded something and not told it, or was to tell it */
    int verdicts, last;
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    if (signal != SIGCHLD) { /* which only ends the wait, and takes nothing back */
        stopped = 1;
    }
}

/* -- a connection, in its own process --------------------------------------------------------------- */
static void refuse(const struct options *o, const char *from, const struct verdict *v, const char *ek)
{
    char *codes = history_codes(v), t[UTC_SIZE];

    if (o->json) {
        json_object *root = json_object_new_object();

        message_add_string(root, "at", utc_format(t, time(NULL)));
        message_add_string(root, "from", from);
        message_add_string(root, "verdict", "REFUSED");
        message_add_string(root, "reasons", codes);
        message_add_string(root, "ek", ek);
        printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(root);
    } else {
        printf("%s %s REFUSED %s%s%s\n", utc_format(t, time(NULL)), from, codes != NULL ? codes : "", *ek != '\0' ? " ek=" : "", ek);
    }
    fflush(stdout);
    free(codes);
}

static void complain(const char *from, const char *text)
{
    fprintf(stderr, "bh attest: %s: %s\n", from, text);
}

static int judge(const struct options *o, struct client *client, const struct identity *id, const char *host, const char *from)
{
    struct attempt a = attest_options_attempt(o);
    struct attest_error err = {""};
    struct outcome out;
    int rc;

    a.host = host;
    a.caller = client;
    a.identity = id;
    a.timeout_s = COLLECT_ANSWER_S;
    alarm(0); /* a verdict is not to be cut off between its recording and its telling. What follows has ends of its own */
    tell_untold(o, host);
    client_trust(client, COLLECT_JUDGE_S);
    rc = attempt_run(&a, &out, &err);
    client_close(client);
    if (rc == 0) {
        rc = verdict_passes(&out.verdict) ? 0 : EXIT_FAIL;
        tell_change(o, host, &out, rc == 0 ? "PASS" : "FAIL");
    } else if (rc == -ETIMEDOUT) {
        complain(from, err.text);
        tell_change(o, host, &out, "NO-ANSWER");
        rc = EXIT_NO_ANSWER;
    } else {
        complain(from, err.text);
        rc = EXIT_USAGE;
    }
    outcome_free(&out);
    return rc;
}

/* Whose TPM it is decides which host it is; what it says of itself is not asked. @return exit status */
static int answer(struct collector *l, int fd, const char *from)
{
    const struct options *o = l->o;
    const struct session s = {.ca = o->ca.item, .ca_count = o->ca.count, .timeout_s = COLLECT_ANSWER_S};
    struct verdict v = {.count = 0};
    struct attest_error err = {""};
    struct client client;
    struct identity id = {.key = NULL};
    const char *host = NULL;
    char ek[65] = "";
    int rc;

    alarm(COLLECT_PROVE_S); /* ends the process, wherever it is */
    if (client_accept(&client, l->ctx, fd, COLLECT_ANSWER_S, &err) != 0) {
        complain(from, err.text);
        return EXIT_REFUSED;
    }
    rc = session_identify(&s, &client, &id, &v, &err);
    if (rc == 0) {
        hex_encode(ek, id.ek, sizeof(id.ek));
        rc = roster_refresh(&l->roster, &err); /* somebody may have been enrolled a moment ago */
        rc = rc == 0 ? roster_find(&l->roster, &id, &host, &err) : rc;
        if (host == NULL && rc == -ENOENT) {
            verdict_add(&v, CODE_NOT_ENROLLED, -1, CHECK, "host", "enrolled before", ek);
            complain(from, err.text);
        }
    }
    if (rc == 0) {
        rc = judge(o, &client, &id, host, from);
    } else {
        client_close(&client);
        if (verify_has_failure(&v)) {
            refuse(o, from, &v, ek);
        } else {
            complain(from, err.text);
        }
        rc = EXIT_REFUSED;
    }
    verdict_free(&v);
    EVP_PKEY_free(id.key);
    return rc;
}

/* -- hosts that do not come ------------------------------------------------------------------------- */
static bool is_silent(const struct collector *l, const struct enrolled *e)
{
    return e->readable && strcmp(e->verdict, "NO-ANSWER") != 0 &&
           stream_now_ms() - e->changed_ms > (int64_t)l->o->max_age_s * 1000;
}

static int record_silence(const struct collector *l, const struct enrolled *e, int64_t end_ms)
{
    struct attempt a = attest_options_attempt(l->o);
    struct attest_error err = {""};
    struct outcome out;
    int rc;

    a.host = e->host;
    tell_untold(l->o, e->host);
    rc = attempt_silence(&a, e->verdict_at, end_ms, &out, &err);
    if (rc == 0) {
        tell_change(l->o, e->host, &out, "NO-ANSWER");
    } else if (rc == -EINVAL) {
        complain(e->host, err.text);
    }
    outcome_free(&out);
    return rc;
}

/*
 * A host that is being judged has a verdict soon. Who has it for longer than an answer may take keeps the silence from being recorded,
 * not from being told.
 */
static int tell_silent(const struct collector *l)
{
    bool *busy = calloc(l->roster.count + 1, sizeof(*busy));
    int64_t end_ms;

    for (size_t i = 0; busy != NULL && i < l->roster.count; i++) {
        busy[i] = is_silent(l, &l->roster.list[i]) && record_silence(l, &l->roster.list[i], 0) == -EBUSY;
    }
    end_ms = stream_now_ms() + COLLECT_ANSWER_S * 1000;
    for (size_t i = 0; busy != NULL && i < l->roster.count; i++) {
        if (busy[i] && record_silence(l, &l->roster.list[i], end_ms) == -EBUSY) {
            complain(l->roster.list[i].host, "another verifier has this host, and has no verdict");
            tell_unrecorded(l->o, l->roster.list[i].host, "NO-ANSWER", "");
        }
    }
    free(busy);
    return busy != NULL ? 0 : EXIT_USAGE;
}

/*
 * What others recorded and did not tell: a process that has ended, or who verified by hand. A host whose memory is damaged is not judged,
 * nor missed when it does not come: that is told as well.
 */
static void tell_recorded(const struct collector *l)
{
    for (size_t i = 0; i < l->roster.count; i++) {
        const struct enrolled *e = &l->roster.list[i];

        if (!e->told && e->readable) {
            tell_untold(l->o, e->host);
        } else if (!e->told) {
            tell_unrecorded(l->o, e->host, "UNREADABLE", "host:unreadable");
        }
    }
}

/* -- the service ------------------------------------------------------------------------------------ */
static pid_t start(const struct collector *l)
{
    pid_t pid;
    sigset_t none;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        signal(SIGCHLD, SIG_DFL);
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        close(l->fd);
    } else if (pid < 0) {
        fprintf(stderr, "bh attest: a process for a connection: %s\n", strerror(errno));
    }
    return pid;
}

static void look_for_silence(struct collector *l)
{
    struct attest_error err = {""};
    bool any = false;

    if (l->silence != 0) {
        return;
    }
    if (roster_refresh(&l->roster, &err) != 0) {
        cli_error(&err);
        return;
    }
    for (size_t i = 0; i < l->roster.count; i++) {
        l->roster.list[i].told = l->roster.list[i].told && !l->untold;
        any = any || !l->roster.list[i].told || is_silent(l, &l->roster.list[i]);
    }
    l->untold = false;
    if (any) {
        l->silence = start(l);
        if (l->silence == 0) {
            tell_recorded(l);
            _exit(tell_silent(l));
        }
        for (size_t i = 0; l->silence > 0 && i < l->roster.count; i++) {
            l->roster.list[i].told = true; /* if it is killed before, `untold` takes it back, and the mark knows how far it got */
        }
        l->silence = l->silence < 0 ? 0 : l->silence;
    }
}

static void address_of(const struct sockaddr_storage *peer, uint8_t out[16], char text[INET6_ADDRSTRLEN])
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)peer;
    const struct sockaddr_in *in = (const struct sockaddr_in *)peer;

    memset(out, 0, 16);
    if (peer->ss_family == AF_INET6) {
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
            memcpy(out + 12, in6->sin6_addr.s6_addr + 12, 4);
        } else {
            memcpy(out, &in6->sin6_addr, 8);
        }
        inet_ntop(AF_INET6, &in6->sin6_addr, text, INET6_ADDRSTRLEN);
    } else {
        memcpy(out + 12, &in->sin_addr, 4);
        inet_ntop(AF_INET, &in->sin_addr, text, INET6_ADDRSTRLEN);
    }
}

/* The record of a source, in place of the one that was quiet for longest. */
static struct source *source_of(struct collector *l, const uint8_t address[16])
{
    struct source *oldest = NULL;

    for (size_t i = 0; i < SOURCES; i++) {
        struct source *s = &l->source[i];

        if (s->door.inside_max != 0 && memcmp(s->address, address, 16) == 0) {
            return s;
        }
        if (s->door.inside == 0 && (oldest == NULL || s->door.refilled < oldest->door.refilled)) {
            oldest = s;
        }
    }
    memcpy(oldest->address, address, 16);
    door_make(&oldest->door, COLLECT_PLACES_OF_SOURCE, SOURCE_BURST, SOURCE_REFILL_MS, stream_now_ms());
    return oldest;
}

static void turn_away(struct door *door, const char *from)
{
    if (door_turn_away(door)) {
        fprintf(stderr, "bh attest: %s: %lu connections turned away: too many\n", from, door->turned_away);
    }
}

static void take_one(struct collector *l)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(peer);
    int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_CLOEXEC);
    char from[INET6_ADDRSTRLEN] = "?";
    uint8_t address[16];
    struct source *source;
    size_t free_place = 0;

    if (fd < 0) {
        return;
    }
    address_of(&peer, address, from);
    source = source_of(l, address);
    if (!door_is_open(&source->door, stream_now_ms())) {
        turn_away(&source->door, from);
    } else if (!door_is_open(&l->door, stream_now_ms())) {
        turn_away(&l->door, "all sources");
    } else {
        pid_t pid = start(l);

        if (pid == 0) {
            _exit(answer(l, fd, from));
        }
        if (pid > 0) {
            while (l->place[free_place].pid != 0) { /* the door has no more places than there are */
                free_place++;
            }
            l->place[free_place].pid = pid;
            l->place[free_place].source = source;
            strcpy(l->place[free_place].from, from);
            door_enter(&l->door);
            door_enter(&source->door);
        }
    }
    close(fd);
}

static void ended(struct collector *l, pid_t pid, int status)
{
    l->untold = l->untold || (WIFSIGNALED(status) && WTERMSIG(status) != SIGALRM); /* which comes before there is anything to tell */
    if (pid == l->silence) {
        l->silence = 0;
        l->untold = l->untold || status != 0;
        return;
    }
    for (size_t i = 0; i < COLLECT_PLACES; i++) {
        if (l->place[i].pid != pid) {
            continue;
        }
        l->place[i].pid = 0;
        door_leave(&l->door);
        door_leave(&l->place[i].source->door);
        if (WIFSIGNALED(status)) {
            complain(l->place[i].from, WTERMSIG(status) == SIGALRM ? "took too long" : strsignal(WTERMSIG(status)));
        } else if (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == EXIT_FAIL) {
            l->last = WEXITSTATUS(status);
            l->verdicts++;
        }
    }
}

static void end_all(struct collector *l)
{
    for (size_t i = 0; i < COLLECT_PLACES; i++) {
        if (l->place[i].pid != 0) {
            kill(l->place[i].pid, SIGTERM);
            waitpid(l->place[i].pid, NULL, 0);
        }
    }
    if (l->silence != 0) {
        kill(l->silence, SIGTERM);
        waitpid(l->silence, NULL, 0);
    }
}

static void serve(struct collector *l, const sigset_t *while_waiting)
{
    int64_t round = stream_now_ms();

    look_for_silence(l);
    while (!stopped && (l->o->count == 0 || l->verdicts < l->o->count)) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        const struct timespec second = {.tv_sec = 1};
        int status, ready = ppoll(&p, 1, &second, while_waiting);
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
            ended(l, pid, status);
        }
        if (ready > 0) {
            take_one(l);
        }
        if (stream_now_ms() - round >= ROUND_S * 1000) {
            round = stream_now_ms();
            look_for_silence(l);
        }
    }
}

int collect_serve(const struct options *o, int fd, SSL_CTX *ctx)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGCHLD};
    const struct sigaction end = {.sa_handler = stop};
    struct collector *l = calloc(1, sizeof(*l));
    struct sigaction old[3];
    struct attest_error err = {"no memory"};
    sigset_t set, before;
    int rc;

    if (l == NULL) {
        return cli_error(&err);
    }
    *l = (struct collector){.o = o, .ctx = ctx, .fd = fd, .roster = {.folder = o->state}, .last = EXIT_NO_ANSWER};
    door_make(&l->door, COLLECT_PLACES, BURST, REFILL_MS, stream_now_ms());
    if (roster_refresh(&l->roster, &err) != 0) {
        free(l);
        return cli_error(&err);
    }
    stopped = 0;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    for (size_t i = 0; i < 3; i++) {
        sigaction(signals[i], &end, &old[i]);
        sigaddset(&set, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &set, &before); /* they come while it waits, and then only */
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    fprintf(stderr, "bh attest: collecting, %zu hosts are enrolled\n", l->roster.count);
    serve(l, &before);
    end_all(l);
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < 3; i++) {
        sigaction(signals[i], &old[i], NULL);
    }
    rc = l->last;
    roster_free(&l->roster);
    free(l);
    return rc;
}
