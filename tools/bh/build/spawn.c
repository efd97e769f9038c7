/* SPDX-License-Identifier: Apache-2.0 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void child_run(const char *const *argv, const char *folder, int out, int err)
{
    int null = open("/dev/null", O_RDWR);

    dup2(null, 0);
    dup2(out, 1);
    dup2(err, 2);
    if (folder != NULL && chdir(folder) != 0) {
        _exit(126);
    }
    /* Messages are matched and shown; the C locale keeps them the same everywhere. */
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC", 1);
    /* execvp() takes no const for historical reasons and changes nothing. */
    union {
        const char *const *in;
        char *const *out;
    } words = { .in = argv };

    execvp(argv[0], words.out);
    _exit(127);
}

static void drain(int from[2], struct buf *to[2])
{
    struct pollfd fds[2] = { { .fd = from[0], .events = POLLIN },
                             { .fd = from[1], .events = POLLIN } };

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return;
        }
        for (int i = 0; i < 2; i++) {
            char chunk[16384];

            if (fds[i].fd < 0 || fds[i].revents == 0) {
                continue;
            }
            ssize_t got = read(fds[i].fd, chunk, sizeof(chunk));

            if (got > 0) {
                if (to[i] != NULL) {
                    buf_put(to[i], chunk, (size_t)got);
                }
            } else if (got == 0 || errno != EINTR) {
                fds[i].fd = -1;
            }
        }
    }
}

int spawn_run(const char *const *argv, const char *folder, struct buf *output, struct buf *errors,
              struct diag *diag)
{
    int out[2], err[2], status;

    if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
        diag_error(diag, NULL, 0, argv[0], "no pipe: %s", strerror(errno));
        return 127;
    }
    pid_t pid = fork();

    if (pid < 0) {
        diag_error(diag, NULL, 0, argv[0], "cannot be started: %s", strerror(errno));
        return 127;
    }
    if (pid == 0) {
        child_run(argv, folder, out[1], err[1]);
    }
    close(out[1]);
    close(err[1]);
    int from[2] = { out[0], err[0] };
    struct buf *to[2] = { output, errors != NULL ? errors : output };

    drain(from, to);
    close(out[0]);
    close(err[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFSIGNALED(status)) {
        return 128 + WTERMSIG(status);
    }
    if (WEXITSTATUS(status) == 127) {
        diag_error(diag, NULL, 0, argv[0],
                   "the program is not there; `make deps` installs what the build needs");
    }
    return WEXITSTATUS(status);
}

bool spawn_check(const char *const *argv, const char *folder, struct buf *output,
                 struct diag *diag)
{
    struct buf errors = { 0 };
    int status = spawn_run(argv, folder, output, &errors, diag);

    if (status != 0 && status != 127) {
        while (errors.len != 0 && errors.data[errors.len - 1] == '\n') {
            errors.data[--errors.len] = '\0';
        }
        diag_error(diag, NULL, 0, argv[0], "failed with status %d: %s", status,
                   errors.len != 0 ? errors.data : "it said nothing");
    }
    buf_free(&errors);
    return status == 0;
}
