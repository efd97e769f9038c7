/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program run on a change gets its arguments as they are, without a shell in between; what a
 * host can influence in them is the printable text of reasons.
 */
#include "tell.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

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

void tell_change(const struct options *o, const char *host, const struct outcome *out, const char *verdict,
                 struct told *last)
{
    const char *codes = out->codes == NULL ? "" : out->codes;
    char *copy, t[UTC_SIZE];

    if (strcmp(last->verdict, verdict) == 0 && last->codes != NULL &&
        strcmp(last->codes, codes) == 0) {
        return;
    }
    if (o->json) {
        json_object *root = json_object_new_object();

        message_add_string(root, "at", utc_format(t, out->at));
        message_add_string(root, "host", host);
        message_add_string(root, "before", last->verdict);
        message_add_string(root, "verdict", verdict);
        message_add_string(root, "reasons", codes);
        message_add_string(root, "reference", out->verdict.explained_by);
        printf("%s\n", json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN |
                                                                JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(root);
    } else {
        printf("%s %s %s -> %s %s\n", utc_format(t, out->at), host,
               last->verdict[0] != '\0' ? last->verdict : "NEVER", verdict,
               codes[0] != '\0' ? codes : out->verdict.explained_by);
    }
    fflush(stdout);
    if (o->on_change != NULL) {
        run_on_change(o, host, last->verdict[0] != '\0' ? last->verdict : "NEVER", verdict, codes);
    }
    copy = strdup(codes);
    free(last->codes);
    last->codes = copy;
    snprintf(last->verdict, sizeof(last->verdict), "%s", verdict);
}

void told_from(struct told *last, const struct outcome *out)
{
    snprintf(last->verdict, sizeof(last->verdict), "%s", out->before);
    last->codes = out->codes_before != NULL ? strdup(out->codes_before) : NULL;
}

int tell_is_usable(const struct options *o)
{
    return o->on_change != NULL && strchr(o->on_change, '/') == NULL ? -EINVAL : 0;
}
