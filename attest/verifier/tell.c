/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program run on a change gets its arguments as they are, without a shell in between; what a
 * host can influence in them is the printable text of reasons.
 */
#include "tell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/message.h>
#include <attest/utc.h>

#define ON_CHANGE_LIMIT_S 60

extern char **environ;

/* A child that outlives its time is ended; nobody waits for it longer. */
static int wait_for(pid_t pid, unsigned int limit_s)
{
    const struct timespec pause = {.tv_nsec = 50000000};
    int status = 0;

    for (unsigned int i = 0; i < limit_s * 20; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status;
        }
        nanosleep(&pause, NULL);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return status;
}

/* The signals that end the watch are blocked here, and a broken pipe ignored; not in the program. */
static int start(pid_t *pid, const char *program, char *const *args)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, ignored;
    int rc;

    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", 0, 0);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &ignored);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = posix_spawn(pid, program, &files, &attr, args, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return rc;
}

static void run_on_change(const struct options *o, const char *host, const char *before, const char *now,
                          const char *codes)
{
    char *args[] = {strdup(o->on_change), strdup(host), strdup(before), strdup(now),
                    strdup(codes), NULL};
    pid_t pid;
    int rc = ENOMEM, status;

    fflush(stdout);
    if (args[0] != NULL && args[1] != NULL && args[2] != NULL && args[3] != NULL &&
        args[4] != NULL) {
        rc = start(&pid, o->on_change, args);
    }
    for (size_t i = 0; i < 5; i++) {
        free(args[i]);
    }
    if (rc != 0) {
        fprintf(stderr, "bh attest: %s: %s\n", o->on_change, strerror(rc));
        return;
    }
    status = wait_for(pid, ON_CHANGE_LIMIT_S);
    if (status != 0) {
        fprintf(stderr, "bh attest: %s: %s %d\n", o->on_change,
                WIFSIGNALED(status) ? "ended by signal" : "exit status",
                WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

struct news {
    int64_t at;
    const char *verdict, *codes, *reference;
};

static void say(const struct options *o, const char *host, const char *before, const struct news *n)
{
    char t[UTC_SIZE];

    if (o->json) {
        json_object *root = json_object_new_object();

        message_add_string(root, "at", utc_format(t, n->at));
        message_add_string(root, "host", host);
        message_add_string(root, "before", before);
        message_add_string(root, "verdict", n->verdict);
        message_add_string(root, "reasons", n->codes);
        message_add_string(root, "reference", n->reference);
        printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(root);
    } else {
        printf("%s %s %s -> %s %s\n", utc_format(t, n->at), host, before[0] != '\0' ? before : "NEVER", n->verdict,
               n->codes[0] != '\0' ? n->codes : n->reference);
    }
    fflush(stdout);
    if (o->on_change != NULL) {
        run_on_change(o, host, before[0] != '\0' ? before : "NEVER", n->verdict, n->codes);
    }
}

/* -- what was told last: "VERDICT SHA-256-OF-REASONS\n" ---------------------------------------------- */
#define MARK_SIZE 96

struct mark {
    int fd;          /* open and locked: two who tell of one host do it one after the other; -1 */
    bool is_first;   /* nothing was told yet */
    char text[MARK_SIZE]; /* "" nothing, or damaged */
    char before[16]; /* the verdict in it */
};

static void mark_of(char text[MARK_SIZE], const struct news *n)
{
    uint8_t digest[32] = {0};
    char hex[65];

    EVP_Digest(n->codes, strlen(n->codes), digest, NULL, EVP_sha256(), NULL);
    hex_encode(hex, digest, sizeof(digest));
    snprintf(text, MARK_SIZE, "%.15s %s\n", n->verdict[0] != '\0' ? n->verdict : "NEVER", hex);
}

/* Whoever holds it is done within ON_CHANGE_LIMIT_S, or not at all: telling twice is better than not. */
static void lock_mark(int fd)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    for (unsigned int i = 0; i < (ON_CHANGE_LIMIT_S + 5) * 20 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        nanosleep(&pause, NULL);
    }
}

static void open_mark(struct mark *m, const struct options *o, const char *host)
{
    char *path = NULL, verdict[16] = "";
    ssize_t got = 0;

    *m = (struct mark){.fd = -1};
    if (!history_name_is_valid(host) || asprintf(&path, "%s/%s.told", o->state, host) < 0) {
        path = NULL;
    } else {
        m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    }
    if (m->fd >= 0) {
        lock_mark(m->fd);
        got = pread(m->fd, m->text, sizeof(m->text) - 1, 0);
        m->is_first = got == 0;
    } else if (path != NULL && errno != ENOENT) { /* no such folder: whoever judges says so */
        fprintf(stderr, "bh attest: %s: %s\n", path, strerror(errno));
    }
    m->text[got < 0 ? 0 : got] = '\0';
    if (sscanf(m->text, "%15[A-Z-] ", verdict) == 1 && strlen(m->text) == strlen(verdict) + 1 + 64 + 1) {
        strcpy(m->before, strcmp(verdict, "NEVER") == 0 ? "" : verdict);
    } else {
        m->text[0] = '\0';
    }
    free(path);
}

/* Half of it is as if nothing had been told: it is told again. */
static void write_mark(const struct mark *m, const struct news *n)
{
    char text[MARK_SIZE];

    mark_of(text, n);
    if (m->fd >= 0 && (ftruncate(m->fd, 0) != 0 || pwrite(m->fd, text, strlen(text), 0) != (ssize_t)strlen(text) || fsync(m->fd) != 0)) {
        fprintf(stderr, "bh attest: what was told is not remembered: %s\n", strerror(errno));
    }
}

static void close_mark(struct mark *m)
{
    if (m->fd >= 0) {
        close(m->fd);
    }
    m->fd = -1;
}

static bool is_news(const struct mark *m, const struct news *n)
{
    char text[MARK_SIZE];

    mark_of(text, n);
    return strcmp(m->text, text) != 0;
}

static void tell(const struct options *o, const char *host, struct mark *m, const struct news *n)
{
    if (is_news(m, n)) {
        say(o, host, m->before, n);
        write_mark(m, n);
    }
}

static struct news news_of(const struct history *h)
{
    bool silent = strcmp(h->verdict, "NO-ANSWER") == 0;

    return (struct news){.at = h->verdict_at, .verdict = h->verdict, .codes = h->codes, .reference = silent ? "" : h->explained_by};
}

/* The mark is locked before the history is read: nobody tells something newer in between. */
static struct history *open_both(struct mark *m, const struct options *o, const char *host)
{
    struct attest_error err = {""};
    struct history *h;

    open_mark(m, o, host);
    return history_read(&h, o->state, host, &err) == 0 ? h : NULL;
}

static void close_both(struct mark *m, struct history *h)
{
    close_mark(m);
    history_free(h);
}

void tell_begin(const struct options *o, const char *host)
{
    struct mark m;
    struct history *h = open_both(&m, o, host);

    if (h != NULL && m.is_first) {
        const struct news n = news_of(h);

        write_mark(&m, &n);
    }
    close_both(&m, h);
}

void tell_untold(const struct options *o, const char *host)
{
    struct mark m;
    struct history *h = open_both(&m, o, host);

    if (h != NULL && !m.is_first && h->verdict[0] != '\0' && strcmp(h->verdict, "PASS") != 0) {
        const struct news n = news_of(h);

        tell(o, host, &m, &n);
    }
    close_both(&m, h);
}

void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict)
{
    struct news n = {.at = out->at, .verdict = verdict, .codes = out->codes != NULL ? out->codes : "", .reference = out->verdict.explained_by};
    struct mark m;
    struct history *h = open_both(&m, o, host);

    if (h != NULL && h->verdict[0] != '\0') {
        n = news_of(h);
    }
    tell(o, host, &m, &n);
    close_both(&m, h);
}

void tell_unrecorded(const struct options *o, const char *host, const char *verdict, const char *codes)
{
    const struct news n = {.at = time(NULL), .verdict = verdict, .codes = codes, .reference = ""};
    struct mark m;

    open_mark(&m, o, host);
    tell(o, host, &m, &n);
    close_mark(&m);
}

int tell_is_usable(const struct options *o)
{
    return o->on_change != NULL && strchr(o->on_change, '/') == NULL ? -EINVAL : 0;
}
