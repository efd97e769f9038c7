/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first process of every Linux service domain. It mounts the kernel's file systems, loads the
 * modules that the image lists, does what /etc/init.conf says, then keeps the services running and
 * reaps what dies. There is no shell and no package manager behind it; all it reads is measured.
 *
 * Power off: Linux answers the XenStore node control/shutdown by running /sbin/poweroff, which is a
 * link to this program and asks process 1 with a signal.
 */
#include "conf.h"
#include "fault.h"
#include "modules.h"
#include "services.h"
#include "watchdog.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_FILE "/etc/init.conf"
#define MODULES_FILE "/etc/modules"
#define CONF_SIZE_MAX 8192

static const struct {
    const char *type;
    const char *where;
    unsigned long flags;
} mounts[] = {
    { "proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC },
    { "devtmpfs", "/dev", MS_NOSUID },
    { "tmpfs", "/run", MS_NOSUID | MS_NODEV },
};

static void mount_all(void)
{
    for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
        mkdir(mounts[i].where, 0755);
        if (mount(mounts[i].type, mounts[i].where, mounts[i].type, mounts[i].flags, NULL) < 0
            && errno != EBUSY) {
            fprintf(stderr, "init: mount %s: %s\n", mounts[i].where, strerror(errno));
        }
    }
}

static int conf_read(char *text, size_t size)
{
    int fd = open(CONF_FILE, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return -1;
    }
    ssize_t n = read(fd, text, size - 1);

    close(fd);
    if (n < 0 || (size_t)n == size - 1) {
        return -1;
    }
    text[n] = '\0';
    return 0;
}

/* Copy a disk image of the ramdisk to a block device, partitions and all, and give its memory back. */
static int fill(const char *from, const char *to)
{
    static char block[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CLOEXEC);
    ssize_t n = -1;

    while (in >= 0 && out >= 0 && (n = read(in, block, sizeof(block))) > 0) {
        if (write(out, block, (size_t)n) != n) {
            n = -1;
            break;
        }
    }
    int error = errno;

    if (out >= 0 && n == 0) {
        (void)ioctl(out, BLKRRPART); /* what is not a table of partitions is no mistake */
    }
    if (out >= 0 && (fsync(out) < 0 || close(out) < 0)) {
        n = -1;
        error = errno;
    }
    if (in >= 0) {
        close(in);
    }
    errno = error;
    return n == 0 ? unlink(from) : -1;
}

/* A directive that is wrong or fails is named and passed over: the services that can run, run. */
static void directive(const struct conf_line *line)
{
    const char *what = line->words[0];
    char *const *argv = line->words + 1;
    int rc = 0;

    if (strcmp(what, "options") == 0) {
        return;
    }
    if (strcmp(what, "hostname") == 0 && line->count == 2) {
        rc = sethostname(argv[0], strlen(argv[0]));
    } else if (strcmp(what, "fill") == 0 && line->count == 3) {
        rc = fill(argv[0], argv[1]);
    } else if (strcmp(what, "once") == 0 && line->count >= 2) {
        rc = service_once(argv);
    } else if (strcmp(what, "service") == 0 && line->count >= 2) {
        rc = service_add(argv, SERVICE_DAEMON);
    } else if (strcmp(what, "console") == 0 && line->count >= 2) {
        rc = service_add(argv, SERVICE_CONSOLE);
    } else if (strcmp(what, "watchdog") == 0 && line->count == 2) {
        rc = watchdog_start(argv[0]);
    } else {
        fprintf(stderr, "init: " CONF_FILE ":%u: no such directive: %s\n", line->number, what);
        return;
    }
    if (rc < 0) {
        fprintf(stderr, "init: " CONF_FILE ":%u: %s %s: %s\n", line->number, what,
                argv[0] != NULL ? argv[0] : "", strerror(errno));
    }
}

static void stop(int how)
{
    services_stop();
    sync();
    reboot(how);
    fprintf(stderr, "init: reboot(2) failed: %s\n", strerror(errno));
    for (;;) {
        pause();
    }
}

static int min(int a, int b)
{
    return a < b ? a : b;
}

static void run(const sigset_t *waited)
{
    for (;;) {
        struct timespec wait = { .tv_sec = min(services_wait(), min(watchdog_wait(), fault_wait())) };
        int sig = sigtimedwait(waited, NULL, &wait);

        watchdog_pet();
        fault_run();

        if (sig == SIGUSR2 || sig == SIGTERM) {
            stop(RB_POWER_OFF);
        }
        if (sig == SIGINT) {
            stop(RB_AUTOBOOT);
        }
        services_reap();
    }
}

/* Started as /sbin/poweroff or /sbin/reboot: pass the wish to process 1. */
static int ask_init(const char *name)
{
    const char *base = strrchr(name, '/');

    base = base != NULL ? base + 1 : name;
    if (strcmp(base, "poweroff") == 0 || strcmp(base, "halt") == 0) {
        return kill(1, SIGUSR2);
    }
    if (strcmp(base, "reboot") == 0) {
        return kill(1, SIGINT);
    }
    fprintf(stderr, "init: runs as the first process only\n");
    return -1;
}

int main(int argc, char **argv)
{
    static char text[CONF_SIZE_MAX];
    static struct conf conf;
    unsigned int error = 0;
    sigset_t waited;

    if (getpid() != 1) {
        return argc > 0 && ask_init(argv[0]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    sigemptyset(&waited);
    sigaddset(&waited, SIGCHLD);
    sigaddset(&waited, SIGINT);
    sigaddset(&waited, SIGTERM);
    sigaddset(&waited, SIGUSR2);
    sigprocmask(SIG_BLOCK, &waited, NULL);
    setlinebuf(stdout);
    umask(022);
    mount_all();
    fault_init();
    if (conf_read(text, sizeof(text)) < 0 || conf_parse(text, &conf, &error) < 0) {
        fprintf(stderr, "init: " CONF_FILE ": unreadable or too big (line %u)\n", error);
    }
    if (modules_load(MODULES_FILE, &conf) > 0) {
        fprintf(stderr, "init: some modules are missing; going on without\n");
    }
    for (unsigned int i = 0; i < conf.count; i++) {
        directive(&conf.line[i]);
    }
    printf("init: ready\n");
    run(&waited);
    return EXIT_FAILURE;
}
