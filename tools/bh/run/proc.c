/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes of `bh run`. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;

static void on_signal(int sig)
{
    stop_signal = sig;
}

void proc_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

int proc_stop_requested(void)
{
    return stop_signal;
}

double proc_seconds(void)
{
    static struct timespec first;
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (first.tv_sec == 0) {
        first = now;
    }
    return (double)(now.tv_sec - first.tv_sec) + (double)(now.tv_nsec - first.tv_nsec) / 1e9;
}

static void child_signals(void)
{
    static const int reset[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };

    for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++) {
        signal(reset[i], SIG_DFL);
    }
}

static void child_fds(const int in[2], const int out[2], const char *log, int flags)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int file = log != NULL ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;

    dup2((flags & PROC_PIPE_IN) != 0 ? in[0] : null, 0);
    if ((flags & PROC_PIPE_OUT) != 0) {
        dup2(out[1], 1);
    } else if (file >= 0) {
        dup2(file, 1);
    }
    if (file >= 0) {
        dup2(file, 2);
    } else if ((flags & PROC_PIPE_OUT) != 0) {
        dup2(out[1], 2);
    }
}

static int count(char *const *argv)
{
    int n = 0;

    while (argv[n] != NULL) {
        n++;
    }
    return n;
}

static void child(char *const *argv, int (*body)(int argc, char **argv), pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(126);
    }
    child_signals();
    /* Out of the terminal's foreground group: an interrupt key reaches bh, which ends the child. */
    setpgid(0, 0);
    if (body != NULL) {
        int n = count(argv);
        char *copy[64];

        if (n >= 64) {
            _exit(126);
        }
        memcpy(copy, argv, sizeof(copy[0]) * (size_t)(n + 1));
        int status = body(n, copy);

        fflush(NULL);
        _exit(status);
    }
    execvp(argv[0], argv);
    fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int proc_start(struct proc *proc, char *const *argv, int (*body)(int argc, char **argv),
               const char *log, int flags)
{
    int in[2] = { -1, -1 };
    int out[2] = { -1, -1 };
    pid_t parent = getpid();

    *proc = PROC_NONE;
    if (((flags & PROC_PIPE_IN) != 0 && pipe2(in, O_CLOEXEC) < 0)
        || ((flags & PROC_PIPE_OUT) != 0 && pipe2(out, O_CLOEXEC) < 0)) {
        fprintf(stderr, "bh run: pipe for %s: %s\n", argv[0], strerror(errno));
        return -1;
    }
    fflush(NULL);
    pid_t pid = fork();

    if (pid == 0) {
        child_fds(in, out, log, flags);
        child(argv, body, parent);
    }
    if (in[0] >= 0) {
        close(in[0]);
    }
    if (out[1] >= 0) {
        close(out[1]);
    }
    proc->in = in[1];
    proc->out = out[0];
    if (pid < 0) {
        fprintf(stderr, "bh run: starting %s: %s\n", argv[0], strerror(errno));
        proc_end(proc, 0);
        return -1;
    }
    proc->pid = pid;
    return 0;
}

int proc_running(struct proc *proc)
{
    if (proc->pid == 0) {
        return 0;
    }
    if (waitpid(proc->pid, &proc->status, WNOHANG) == proc->pid) {
        proc->pid = 0;
        return 0;
    }
    return 1;
}

int proc_wait(struct proc *proc, double seconds)
{
    double end = proc_seconds() + seconds;

    while (proc_running(proc)) {
        if (proc_seconds() > end || proc_stop_requested() != 0) {
            return -1;
        }
        usleep(10000);
    }
    return WIFEXITED(proc->status) ? WEXITSTATUS(proc->status) : 128 + WTERMSIG(proc->status);
}

void proc_end(struct proc *proc, double grace)
{
    double end = proc_seconds() + grace;

    if (proc->in >= 0) {
        close(proc->in);
        proc->in = -1;
    }
    if (proc_running(proc)) {
        kill(proc->pid, SIGTERM);
        while (proc_running(proc) && proc_seconds() < end) {
            usleep(10000);
        }
    }
    if (proc_running(proc)) {
        kill(proc->pid, SIGKILL);
        waitpid(proc->pid, &proc->status, 0);
        proc->pid = 0;
    }
    if (proc->out >= 0) {
        close(proc->out);
        proc->out = -1;
    }
}
