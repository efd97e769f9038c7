/* SPDX-License-Identifier: Apache-2.0 */
#include "fault.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORD " fault="

static enum { FAULT_NONE, FAULT_CRASH, FAULT_HANG } kind;
static time_t due;

static time_t now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec;
}

static void parse(const char *how)
{
    if (strncmp(how, "crash:", 6) == 0) {
        kind = FAULT_CRASH;
        due = now() + strtol(how + 6, NULL, 10);
    } else if (strncmp(how, "hang:", 5) == 0) {
        kind = FAULT_HANG;
        due = now() + strtol(how + 5, NULL, 10);
    }
}

void fault_init(void)
{
    char text[4096] = " ";
    int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text + 1, sizeof(text) - 2) : 0;
    const char *word;

    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n + 1 : 1] = '\0';
    word = strstr(text, WORD);
    if (word != NULL) {
        parse(word + sizeof(WORD) - 1);
    }
}

int fault_wait(void)
{
    time_t left = due - now();

    return kind == FAULT_NONE || left > 60 ? 60 : left > 0 ? (int)left : 0;
}

void fault_run(void)
{
    if (kind == FAULT_NONE || now() < due) {
        return;
    }
    printf("init: failing on purpose\n");
    if (kind == FAULT_CRASH) {
        int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

        (void)!write(fd, "c", 1);
    }
    for (;;) {
        pause();
    }
}
