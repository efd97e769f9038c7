/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program run on a change gets its arguments as they are, without a shell in between; what a
 * host can influence in them is the printable text of reasons.
 */
#include "tell.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
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

/*
 * -- what was told last ------------------------------------------------------------------------------
 * Two lines, "VERDICT SHA-256-OF-REASONS": of what was told, and of what was told of those that are recorded. They differ once something
 * was told that could not be recorded, which does not make what is recorded new.
 */
#define LINE_SIZE (15 + 1 + 64 + 1)

struct mark {
    int fd;        /* open and locked: two who tell of one host do it one after the other; -1 */
    bool is_first; /* nothing was told yet */
    char told[LINE_SIZE], recorded[LINE_SIZE]; /* "" damaged */
    char before[16]; /* the verdict in `told` */
};

static int in_memory = -1; /* a mark of this process alone; -1: they are in the state folder */

int tell_in_memory(bool on)
{
    if (in_memory >= 0) {
        close(in_memory);
    }
    in_memory = on ? memfd_create("told", MFD_CLOEXEC) : -1;
    return on && in_memory < 0 ? -errno : 0;
}

static void line_of(char line[LINE_SIZE], const struct news *n)
{
    uint8_t digest[32] = {0};
    char hex[65];

    EVP_Digest(n->codes, strlen(n->codes), digest, NULL, EVP_sha256(), NULL);
    hex_encode(hex, digest, sizeof(digest));
    snprintf(line, LINE_SIZE, "%.15s %.64s", n->verdict[0] != '\0' ? n->verdict : "NEVER", hex);
}

static const struct news never = {.verdict = "", .codes = "", .reference = ""};

/* Who tells is who is told: a program has marks of its own, and so have those who read what a collector prints. */
static char *path_of(const struct options *o, const char *host)
{
    const char *to = o->on_change != NULL ? o->on_change : "";
    uint8_t digest[32] = {0};
    char hex[65], *path;

    EVP_Digest(to, strlen(to), digest, NULL, EVP_sha256(), NULL);
    hex_encode(hex, digest, sizeof(digest));
    return history_name_is_valid(host) && asprintf(&path, "%s/%s.told-%.8s", o->state, host, hex) >= 0 ? path : NULL;
}

/* Whoever holds it is done within ON_CHANGE_LIMIT_S, or not at all: telling twice is better than not. */
static void lock_mark(int fd)
{
    const struct timespec pause = {.tv_nsec = 50000000};

    for (unsigned int i = 0; i < (ON_CHANGE_LIMIT_S + 5) * 20 && flock(fd, LOCK_EX | LOCK_NB) != 0; i++) {
        nanosleep(&pause, NULL);
    }
}

static bool parse_mark(struct mark *m, const char *text)
{
    char verdict[2][16], hex[2][65], again[2 * LINE_SIZE + 1];

    if (sscanf(text, "%15[A-Z-] %64[0-9a-f]\n%15[A-Z-] %64[0-9a-f]", verdict[0], hex[0], verdict[1], hex[1]) != 4 ||
        strlen(hex[0]) != 64 || strlen(hex[1]) != 64) {
        return false;
    }
    snprintf(again, sizeof(again), "%s %s\n%s %s\n", verdict[0], hex[0], verdict[1], hex[1]);
    if (strcmp(again, text) != 0) {
        return false;
    }
    snprintf(m->told, sizeof(m->told), "%s %s", verdict[0], hex[0]);
    snprintf(m->recorded, sizeof(m->recorded), "%s %s", verdict[1], hex[1]);
    strcpy(m->before, strcmp(verdict[0], "NEVER") == 0 ? "" : verdict[0]);
    return true;
}

static void open_mark(struct mark *m, const struct options *o, const char *host)
{
    char *path = path_of(o, host), text[2 * LINE_SIZE + 2];
    ssize_t got = -1;

    *m = (struct mark){.fd = -1};
    if (in_memory >= 0) {
        m->fd = fcntl(in_memory, F_DUPFD_CLOEXEC, 0);
    } else if (path != NULL) {
        m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    }
    if (m->fd >= 0) {
        lock_mark(m->fd);
        got = pread(m->fd, text, sizeof(text) - 1, 0);
        m->is_first = got == 0;
    } else if (path != NULL && errno != ENOENT) { /* no such folder: whoever judges says so */
        fprintf(stderr, "bh attest: %s: %s\n", path, strerror(errno));
    }
    text[got < 0 ? 0 : got] = '\0';
    (void)parse_mark(m, text);
    free(path);
}

/* Half of it is as if nothing had been told: it is told again. */
static void write_mark(const struct mark *m)
{
    char text[2 * LINE_SIZE + 1], nothing[LINE_SIZE];
    int n;

    line_of(nothing, &never);
    n = snprintf(text, sizeof(text), "%s\n%s\n", m->told, m->recorded[0] != '\0' ? m->recorded : nothing);
    if (m->fd >= 0 && (ftruncate(m->fd, 0) != 0 || pwrite(m->fd, text, (size_t)n, 0) != n || fsync(m->fd) != 0)) {
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

static void note(struct mark *m, const struct news *n, bool is_recorded)
{
    line_of(m->told, n);
    snprintf(m->before, sizeof(m->before), "%s", n->verdict);
    if (is_recorded) {
        strcpy(m->recorded, m->told);
    }
    write_mark(m);
}

static void tell(const struct options *o, const char *host, struct mark *m, const struct news *n, bool is_recorded)
{
    char line[LINE_SIZE];
    bool is_news;

    line_of(line, n);
    is_news = strcmp(m->told, line) != 0;
    if (is_news) {
        say(o, host, m->before, n);
    }
    if (is_news || (is_recorded && strcmp(m->recorded, line) != 0)) {
        note(m, n, is_recorded);
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

void tell_untold(const struct options *o, const char *host)
{
    struct mark m;
    struct history *h = open_both(&m, o, host);

    if (h != NULL) {
        const struct news n = news_of(h);
        char line[LINE_SIZE];

        line_of(line, &n);
        if (m.is_first) {
            note(&m, &n, true);
        } else if (n.verdict[0] != '\0' && strcmp(m.recorded, line) != 0) {
            tell(o, host, &m, &n, true);
        }
    }
    close_both(&m, h);
}

void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict)
{
    const struct news ours = {.at = out->at, .verdict = verdict, .codes = out->codes != NULL ? out->codes : "",
                              .reference = out->verdict.explained_by};
    struct mark m;
    struct history *h = open_both(&m, o, host);
    const struct news now = h != NULL && h->verdict[0] != '\0' ? news_of(h) : ours;

    if (strcmp(ours.verdict, now.verdict) != 0 || strcmp(ours.codes, now.codes) != 0) {
        tell(o, host, &m, &ours, true);
    }
    tell(o, host, &m, &now, true);
    close_both(&m, h);
}

void tell_unrecorded(const struct options *o, const char *host, const char *verdict, const char *codes)
{
    const struct news n = {.at = time(NULL), .verdict = verdict, .codes = codes, .reference = ""};
    struct mark m;

    open_mark(&m, o, host);
    tell(o, host, &m, &n, false);
    close_mark(&m);
}

/* Another file in its place: who tells of the old host at this moment writes into one that is gone. */
int tell_anew(const char *state, const char *host, struct attest_error *err)
{
    char line[LINE_SIZE], text[2 * LINE_SIZE + 1], prefix[HISTORY_NAME_MAX + 8];
    DIR *folder = opendir(state);
    int rc = folder != NULL ? 0 : attest_fail(err, -errno, "%s: %s", state, strerror(errno));
    struct dirent *entry;

    line_of(line, &never);
    snprintf(text, sizeof(text), "%s\n%s\n", line, line);
    snprintf(prefix, sizeof(prefix), "%s.told-", host);
    while (rc == 0 && (entry = readdir(folder)) != NULL) {
        const char *key = entry->d_name + strlen(prefix);
        char *path;

        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0 || strlen(key) != 8 || strspn(key, "0123456789abcdef") != 8) {
            continue;
        }
        rc = asprintf(&path, "%s/%s", state, entry->d_name) < 0 ? attest_fail(err, -ENOMEM, "no memory") : 0;
        if (rc == 0) {
            rc = file_write(path, text, strlen(text), err);
            free(path);
        }
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return rc;
}

int tell_is_usable(const struct options *o)
{
    return o->on_change != NULL && strchr(o->on_change, '/') == NULL ? -EINVAL : 0;
}
