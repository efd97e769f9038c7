/* SPDX-License-Identifier: Apache-2.0 */
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOL "/sbin/lvm"
#define TIME_LIMIT 10 /* seconds */

/* LVM's letters; a name that begins with '-' would be an option to the tool. */
static size_t name_length(const char *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "+_.-";

    return text[0] == '-' || text[0] == '.' ? 0 : strspn(text, letters);
}

int volume_name(const char *device, char name[VOLUME_NAME_MAX])
{
    const char *group = device + strlen("/dev/");

    if (strncmp(device, "/dev/", 5) != 0 || strlen(group) >= VOLUME_NAME_MAX) {
        return 0;
    }
    size_t length = name_length(group);

    if (length == 0 || group[length] != '/' || strncmp(group, "mapper/", 7) == 0) {
        return 0;
    }
    size_t volume = name_length(group + length + 1);

    if (volume == 0 || group[length + 1 + volume] != '\0') {
        return 0;
    }
    strcpy(name, group);
    return 1;
}

int volume_activate(const char *device)
{
    char name[VOLUME_NAME_MAX];
    int status;

    if (!volume_name(device, name) || access(TOOL, X_OK) < 0) {
        errno = ENOENT;
        return -1;
    }
    pid_t pid = fork();

    if (pid == 0) {
        static char tool[] = "lvm", verb[] = "lvchange", on[] = "-ay", quiet[] = "-qq",
                    unlocked[] = "--nolocking";
        char *const argv[] = { tool, verb, on, quiet, unlocked, name, NULL };
        static char path[] = "PATH=/sbin", system[] = "LVM_SYSTEM_DIR=/etc/lvm";
        char *const environment[] = { path, system, NULL };

        alarm(TIME_LIMIT); /* survives the exec, and kills what hangs on a device */
        execve(TOOL, argv, environment);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "backendd: volume %s could not be activated\n", name);
        errno = ENOENT;
        return -1;
    }
    printf("backendd: volume %s activated\n", name);
    return 0;
}
