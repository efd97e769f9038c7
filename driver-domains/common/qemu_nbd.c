/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu_nbd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nbd.h"
#include "qcow2.h"
#include "target.h"

#define TOOL "/usr/bin/qemu-nbd"
#define ANSWER_SECONDS 10 /* reading the image's tables; a repair of one that was not closed takes longest */
#define CLOSE_MS 300
#define END_MS 10000

/* What the tool finds, whichever numbers they had here. Sockets that are handed over begin at 3 (sd_listen_fds(3)). */
#define TOOL_SOCKET 3
#define TOOL_FILE 4
#define FIRST_OTHER 5

/* The tables of 64 GiB in pieces of 64 KiB; a larger disk works, with more reading. */
#define IMAGE "json:{\"driver\":\"qcow2\",\"backing\":null,\"l2-cache-size\":8388608," \
              "\"file\":{\"driver\":\"file\",\"filename\":\"/proc/self/fd/4\"}}"

static char said[160];

/* -- in the tool's process ---------------------------------------------------------------------- */

static void __attribute__((noreturn)) die(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    fflush(stderr);
    _exit(126);
}

static void allow(int rules, int fd, uint64_t what)
{
    const struct landlock_path_beneath_attr rule = { .allowed_access = what, .parent_fd = fd };

    if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0) {
        die("confining it");
    }
}

/* From here on: the one file, the program and its libraries, and no capability but to open the file whoever owns it. */
static void confine(int readonly)
{
    static const char *const programs[] = { TOOL, "/lib/x86_64-linux-gnu", "/lib64" };
    const uint64_t run = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE;
    const struct landlock_ruleset_attr all = { .handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1 };
    int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);

    if (rules < 0) {
        die("confining it: Landlock");
    }
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        int fd = open(programs[i], O_PATH | O_CLOEXEC);

        if (fd >= 0) {
            allow(rules, fd, run);
            close(fd);
        }
    }
    int nothing = open("/dev/null", O_PATH | O_CLOEXEC); /* on which it tries what kinds of locks there are */

    allow(rules, nothing, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    close(nothing);
    allow(rules, TOOL_FILE, LANDLOCK_ACCESS_FS_READ_FILE | (readonly ? 0 : LANDLOCK_ACCESS_FS_WRITE_FILE));
    for (unsigned long cap = 0; cap < 64; cap++) {
        if (cap != CAP_DAC_OVERRIDE && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EINVAL) {
            die("confining it: capabilities");
        }
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, rules, 0) < 0) {
        die("confining it");
    }
    close(rules);
}

/* No file system of a disk is to be seen: Landlock alone would leave what is done to files by name, such as cutting them short. */
static void mounts_leave(void)
{
    DIR *dir = opendir(TARGET_MOUNTS);
    const struct dirent *entry;
    char path[sizeof(TARGET_MOUNTS) + sizeof(entry->d_name) + 1];

    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        die("confining it: mounts");
    }
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        snprintf(path, sizeof(path), TARGET_MOUNTS "/%s", entry->d_name);
        if (entry->d_name[0] != '.' && umount2(path, MNT_DETACH) < 0 && errno != EINVAL) {
            die("confining it: mounts");
        }
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* Put three descriptors where the tool looks for them, and nothing beside. */
static void descriptors_place(int listener, int file, int messages)
{
    int nothing = fcntl(open("/dev/null", O_RDWR), F_DUPFD, 16), from[] = { listener, file, messages };

    for (size_t i = 0; i < 3; i++) {
        from[i] = fcntl(from[i], F_DUPFD, 16);
    }
    if (nothing < 0 || from[0] < 0 || from[1] < 0 || from[2] < 0 || dup2(nothing, 0) < 0 || dup2(from[2], 1) < 0
        || dup2(from[2], 2) < 0 || dup2(from[0], TOOL_SOCKET) < 0 || dup2(from[1], TOOL_FILE) < 0
        || syscall(SYS_close_range, FIRST_OTHER, ~0u, 0) < 0) {
        _exit(126);
    }
}

static void __attribute__((noreturn)) tool_run(int listener, int file, int messages, int readonly)
{
    static char name[] = "qemu-nbd", cache[] = "--cache=none", discard[] = "--discard=unmap", image[] = IMAGE,
                read_only[] = "--read-only";
    char *const argv[] = { name, cache, discard, image, readonly ? read_only : NULL, NULL };
    /* The first process of its own namespace. */
    static char pid[] = "LISTEN_PID=1", sockets[] = "LISTEN_FDS=1";
    char *const environment[] = { pid, sockets, NULL };
    const struct rlimit none = { 0, 0 };

    descriptors_place(listener, file, messages);
    setsid();
    setrlimit(RLIMIT_CORE, &none);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "500", 3); /* rather than those who serve everybody */
        close(fd);
    }
    mounts_leave();
    confine(readonly);
    execve(TOOL, argv, environment);
    die(TOOL);
}

/* -- outside it --------------------------------------------------------------------------------- */

static int has_ended(const struct qemu_nbd *tool, int wait_ms)
{
    struct pollfd end = { .fd = tool->process, .events = POLLIN };

    return poll(&end, 1, wait_ms) > 0;
}

/* Its message without the words around it: qemu-nbd: Failed to blk_new_open 'json:{...}': WHAT */
static const char *message_core(char *line)
{
    char *core = strstr(line, "}': ");

    core = core != NULL ? core + 4 : strncmp(line, "qemu-nbd: ", 10) == 0 ? line + 10 : line;
    for (char *c = core; *c != '\0'; c++) {
        *c = *c < ' ' || *c > '~' ? '?' : *c;
    }
    return core;
}

/* What it said; of its lines the first names a failure. @return 0 none */
static int messages_read(int messages, char *text, size_t size)
{
    ssize_t n = messages < 0 ? -1 : read(messages, text, size - 1);

    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static void process_end(struct qemu_nbd *tool)
{
    siginfo_t info;

    if (!has_ended(tool, END_MS)) {
        fprintf(stderr, "backendd: qemu-nbd of nbd%d does not end and is killed\n", tool->number);
        syscall(SYS_pidfd_send_signal, tool->process, SIGKILL, NULL, 0);
        (void)has_ended(tool, END_MS);
    }
    (void)waitid(P_PIDFD, (id_t)tool->process, &info, WEXITED | WNOHANG); /* another life's is init's */
    close(tool->process);
    if (tool->messages >= 0) {
        close(tool->messages);
    }
}

/* A socket that listens, and one that is connected to it already. */
static int sockets_make(int *listener, int *client)
{
    struct sockaddr_un_any {
        sa_family_t family;
        char path[108];
    } address = { .family = AF_UNIX };
    socklen_t length = sizeof(sa_family_t); /* the kernel chooses a name that is in no file system */

    *listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    *client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (*listener >= 0 && *client >= 0 && bind(*listener, (const void *)&address, length) == 0
        && listen(*listener, 1) == 0) {
        length = sizeof(address);
        if (getsockname(*listener, (void *)&address, &length) == 0
            && connect(*client, (const void *)&address, length) == 0) {
            return 0;
        }
    }
    int error = errno;

    close(*listener);
    close(*client);
    errno = error;
    return -1;
}

/* Start it. @return its number; -1 with errno */
static pid_t tool_start(int listener, int file, int readonly, struct qemu_nbd *tool)
{
    const unsigned long apart = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWNS;
    int messages[2];

    if (pipe2(messages, O_CLOEXEC | O_NONBLOCK) < 0) {
        return -1;
    }
    fflush(NULL);
    pid_t pid = (pid_t)syscall(SYS_clone, apart | CLONE_PIDFD | SIGCHLD, 0, &tool->process, 0, 0);

    if (pid == 0) {
        tool_run(listener, file, messages[1], readonly);
    }
    int error = errno;

    close(messages[1]);
    tool->messages = messages[0];
    if (pid < 0) {
        close(messages[0]);
    }
    errno = error;
    return pid;
}

static void patience(int sock, int seconds)
{
    const struct timeval limit = { .tv_sec = seconds };

    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Why there is no answer from it. It is ended here. */
static void tell_failure(struct qemu_nbd *tool, const char **why)
{
    static char line[512];
    int error = errno;

    if (error == ETIMEDOUT || !has_ended(tool, 1000)) {
        syscall(SYS_pidfd_send_signal, tool->process, SIGKILL, NULL, 0);
        *why = error == EPROTO ? "its disk is empty" : "qemu-nbd does not answer; try qemu-img check";
    } else if (messages_read(tool->messages, line, sizeof(line))) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(said, sizeof(said), "qemu-nbd: %.120s; try qemu-img check", message_core(line));
        *why = said;
    } else {
        *why = "qemu-nbd ended without a word";
    }
    process_end(tool);
    errno = 0;
}

static int device_make(int sock, int file, pid_t pid, int readonly, struct qemu_nbd *tool, char *path, size_t size,
                       const char **why)
{
    struct nbd_export export;
    struct stat st;
    char label[80];

    patience(sock, ANSWER_SECONDS);
    if (nbd_negotiate(sock, &export) < 0) {
        tell_failure(tool, why);
        return -1;
    }
    patience(sock, 0); /* the kernel would keep to it */
    *why = "no nbd device for it";
    if (fstat(file, &st) == 0) {
        snprintf(label, sizeof(label), "%d %llu %llu", (int)pid, (unsigned long long)st.st_dev,
                 (unsigned long long)st.st_ino);
        tool->number = nbd_connect(sock, &export, label, path, size);
    }
    int device = tool->number < 0 ? -1 : open(path, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);

    if (device < 0) {
        int error = errno;

        if (tool->number >= 0) {
            nbd_disconnect(tool->number);
        }
        shutdown(sock, SHUT_RDWR); /* its only client: it ends */
        process_end(tool);
        errno = error;
    }
    return device;
}

int qemu_nbd_start(int file, int readonly, struct qemu_nbd *tool, char *path, size_t size, const char **why)
{
    uint8_t header[QCOW2_HEADER_BYTES];
    int listener, sock;

    *tool = (struct qemu_nbd){ .number = -1 };
    if (access(TOOL, X_OK) < 0) {
        *why = TOOL " is not in the image; add the fragment storage/qcow2.recipe";
        return -1;
    }
    if (nbd_ready(why) < 0) {
        return -1;
    }
    ssize_t n = pread(file, header, sizeof(header), 0);

    *why = "reading it";
    if (n < 0) {
        return -1;
    }
    *why = qcow2_wrong(header, (size_t)n);
    if (*why != NULL) {
        errno = 0;
        return -1;
    }
    *why = "starting qemu-nbd";
    if (sockets_make(&listener, &sock) < 0) {
        return -1;
    }
    pid_t pid = tool_start(listener, file, readonly, tool);
    int error = errno;

    close(listener);
    errno = error;
    int device = pid < 0 ? -1 : device_make(sock, file, pid, readonly, tool, path, size, why);

    error = errno;
    close(sock);
    errno = error;
    return device;
}

/* Does this number belong to the tool still? */
static int process_is_tool(int pid)
{
    char link[64], path[64];

    snprintf(link, sizeof(link), "/proc/%d/exe", pid);
    ssize_t n = readlink(link, path, sizeof(path) - 1);

    path[n > 0 ? n : 0] = '\0';
    return strcmp(path, TOOL) == 0;
}

int qemu_nbd_adopt(const char *path, struct qemu_nbd *tool, dev_t *device, ino_t *inode)
{
    unsigned long long dev, ino;
    char label[80];
    int pid;

    *tool = (struct qemu_nbd){ .messages = -1 };
    if (sscanf(path, "/dev/nbd%d", &tool->number) != 1 || nbd_label(tool->number, label, sizeof(label)) < 0
        || sscanf(label, "%d %llu %llu", &pid, &dev, &ino) != 3) {
        return -1;
    }
    tool->process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (tool->process < 0 || !process_is_tool(pid)) {
        if (tool->process >= 0) {
            close(tool->process);
        }
        nbd_disconnect(tool->number);
        return -1;
    }
    *device = (dev_t)dev;
    *inode = (ino_t)ino;
    return 0;
}

int qemu_nbd_look(struct qemu_nbd *tool, const char **why)
{
    static char text[512];
    siginfo_t info = { 0 };
    char *rest = NULL;

    (void)messages_read(tool->messages, text, sizeof(text));
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        printf("backendd: nbd%d: qemu-nbd: %s\n", tool->number, message_core(line));
    }
    if (!has_ended(tool, 0)) {
        return 0;
    }
    *why = "qemu-nbd has ended; detach the disk and attach it again";
    if (waitid(P_PIDFD, (id_t)tool->process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
        snprintf(said, sizeof(said), "qemu-nbd has ended, %s %d; detach the disk and attach it again",
                 info.si_code == CLD_EXITED ? "status" : "signal", info.si_status);
        *why = said;
    }
    return -1;
}

void qemu_nbd_stop(struct qemu_nbd *tool, int device)
{
    (void)fsync(device); /* a tool that has ended cannot */
    close(device);
    if (!has_ended(tool, CLOSE_MS)) { /* the back end has it open still */
        nbd_disconnect(tool->number);
    }
    process_end(tool);
}
