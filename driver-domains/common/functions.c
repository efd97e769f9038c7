/* SPDX-License-Identifier: Apache-2.0 */
#include "functions.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "slot.h"

#define REQUEST "pci/request"
#define ANSWER "pci/answer"
#define REQUEST_MAX 48
#define WORD_MAX 16

enum verb { ATTACH, DETACH, FORCE, VERBS };

static const char *const verbs[VERBS] = { [ATTACH] = "attach", [DETACH] = "detach", [FORCE] = "force" };
static const char *const answers[] = { [SLOT_DONE] = "done", [SLOT_BUSY] = "busy", [SLOT_FAILED] = "failed" };

static struct {
    char seen[REQUEST_MAX]; /* the last question */
    char nonce[WORD_MAX];   /* of the one under way */
    enum verb verb;
    unsigned int slot;
    pid_t worker;           /* 0: none is */
} now;

/* NONCE VERB SLOT. */
static int parse(char *text)
{
    char *rest = NULL, *nonce = strtok_r(text, " ", &rest), *verb = strtok_r(NULL, " ", &rest), *slot = strtok_r(NULL, " ", &rest);
    int known = 0;

    if (slot == NULL || *rest != '\0' || strlen(nonce) >= WORD_MAX || options_number(slot, SLOT_MAX, &now.slot) < 0
        || now.slot == 0) {
        return -1;
    }
    while (known < VERBS && strcmp(verb, verbs[known]) != 0) {
        known++;
    }
    snprintf(now.nonce, sizeof(now.nonce), "%.15s", nonce);
    now.verb = (enum verb)known;
    return known < VERBS ? 0 : -1;
}

static enum slot_result work(void)
{
    return now.verb == ATTACH ? slot_attach(now.slot) : slot_detach(now.slot, now.verb == FORCE);
}

/* The question may be withdrawn by now: then there is no place for the answer, which nobody misses. */
static void answer(struct store *store, enum slot_result result)
{
    char driver[SLOT_DRIVER_MAX] = "", text[WORD_MAX * 2 + SLOT_DRIVER_MAX];

    if (now.verb == ATTACH && result == SLOT_DONE) {
        (void)slot_driver(now.slot, driver);
    }
    snprintf(text, sizeof(text), "%s %s %s", now.nonce, answers[result], driver);
    printf("backendd: PCI function 00:%02x.0: %s: %s %s\n", now.slot, verbs[now.verb], answers[result], driver);
    (void)store_write(store, ANSWER, text);
}

/* @return 1: it is not over */
static int reap(struct store *store)
{
    int status, result = SLOT_FAILED;
    pid_t pid = waitpid(now.worker, &status, WNOHANG);

    if (pid == 0) {
        return 1;
    }
    if (pid == now.worker && WIFEXITED(status) && WEXITSTATUS(status) <= SLOT_FAILED) {
        result = WEXITSTATUS(status);
    }
    now.worker = 0;
    answer(store, (enum slot_result)result);
    return 0;
}

static int begin(struct store *store, char *text)
{
    if (parse(text) < 0) {
        fprintf(stderr, "backendd: " REQUEST ": not understood\n");
        return 0;
    }
    now.worker = fork();
    if (now.worker == 0) {
        syscall(SYS_close_range, 3, ~0u, 0); /* disks that are held: it may take its time */
        _exit(work());
    }
    if (now.worker < 0) {
        now.worker = 0;
        answer(store, SLOT_FAILED);
        return 0;
    }
    return 1;
}

static int is_new(struct store *store, char text[REQUEST_MAX])
{
    if (store_read(store, REQUEST, text, REQUEST_MAX) < 0) {
        text[0] = '\0';
    }
    if (strcmp(text, now.seen) == 0) {
        return 0;
    }
    strcpy(now.seen, text);
    return text[0] != '\0';
}

/*
 * A question that is there at the start was for an earlier life, which had other functions in its places perhaps: nothing is let go
 * for it.
 */
void functions_start(struct store *store)
{
    char text[REQUEST_MAX];

    if (access(SLOT_SYSFS "/bus/pci/rescan", W_OK) != 0) {
        return;
    }
    if (store_watch(store, "pci") < 0) {
        fprintf(stderr, "backendd: pci: %s: functions that come later are not noticed\n", strerror(errno));
        return;
    }
    if (is_new(store, text) && parse(text) == 0 && now.verb == ATTACH) {
        now.seen[0] = '\0';
    }
}

int functions_step(struct store *store)
{
    char text[REQUEST_MAX];

    if (now.worker != 0 && reap(store)) {
        return 1;
    }
    return is_new(store, text) ? begin(store, text) : 0;
}
