/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, restarting and ending the services of a domain. */
#include "services.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_MAX 32  /* seconds */
#define YOUNG 10      /* a service that lived shorter than this many seconds died young */

struct service {
    char *const *argv;
    enum service_kind kind;
    pid_t pid;      /* 0: not running */
    time_t started;
    time_t restart; /* when to start again, if pid is 0 */
    int pause;
};

static struct service services[SERVICES_MAX];
static unsigned int service_count;

static time_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static void terminal_take(void)
{
    int fd = open("/dev/console", O_RDWR);

    if (fd < 0) {
        return;
    }
    setsid();
    ioctl(fd, TIOCSCTTY, 1);
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    if (fd > 2) {
        close(fd);
    }
}

static pid_t start(char *const *argv, enum service_kind kind)
{
    static char path[] = "PATH=/bin:/sbin:/usr/bin:/usr/sbin";
    static char home[] = "HOME=/";
    static char term[] = "TERM=linux";
    static char *const environment[] = { path, home, term, NULL };
    pid_t pid = fork();

    if (pid != 0) {
        return pid;
    }
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (kind == SERVICE_CONSOLE) {
        terminal_take();
    } else {
        setsid();
    }
    execve(argv[0], argv, environment);
    fprintf(stderr, "init: %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int service_add(char *const *argv, enum service_kind kind)
{
    if (service_count == SERVICES_MAX) {
        errno = ENOSPC;
        return -1;
    }
    struct service *service = &services[service_count];

    service->argv = argv;
    service->kind = kind;
    service->pause = 1;
    service->started = now();
    service->pid = start(argv, kind);
    if (service->pid < 0) {
        return -1;
    }
    service_count++;
    return 0;
}

static void report(const char *name, int status)
{
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "init: %s killed by signal %d\n", name, WTERMSIG(status));
    } else {
        fprintf(stderr, "init: %s ended with status %d\n", name, WEXITSTATUS(status));
    }
}

int service_once(char *const *argv)
{
    int status = 0;
    pid_t pid = start(argv, SERVICE_DAEMON);

    if (pid < 0) {
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    if (status != 0) {
        report(argv[0], status);
        errno = ECANCELED;
        return -1;
    }
    return 0;
}

static void service_ended(struct service *service, int status)
{
    time_t lived = now() - service->started;

    if (service->kind == SERVICE_DAEMON) {
        report(service->argv[0], status);
    }
    if (lived >= YOUNG) {
        service->pause = 1;
    } else if (service->pause < PAUSE_MAX) {
        service->pause *= 2;
    }
    service->pid = 0;
    service->restart = now() + service->pause;
}

void services_reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (unsigned int i = 0; i < service_count; i++) {
            if (services[i].pid == pid) {
                service_ended(&services[i], status);
            }
        }
    }
    for (unsigned int i = 0; i < service_count; i++) {
        struct service *service = &services[i];

        if (service->pid == 0 && now() >= service->restart) {
            service->started = now();
            service->pid = start(service->argv, service->kind);
            if (service->pid < 0) {
                service->pid = 0;
                service->restart = now() + PAUSE_MAX;
            }
        }
    }
}

int services_wait(void)
{
    time_t wait = 60;

    for (unsigned int i = 0; i < service_count; i++) {
        if (services[i].pid == 0) {
            time_t left = services[i].restart - now();

            wait = left < wait ? left : wait;
        }
    }
    return wait > 0 ? (int)wait : 1;
}

void services_stop(void)
{
    kill(-1, SIGTERM);
    for (int i = 0; i < 20; i++) {
        if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD) {
            return;
        }
        usleep(100000);
    }
    kill(-1, SIGKILL);
}
