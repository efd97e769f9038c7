/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh run`: one machine from power-on to verdict. The life of a run: prepare (TPM state, sockets),
 * boot (console lines become progress), verify (a child process asks the agent), judge, clean up.
 * Every wait is bounded, every process is ended by its own pid on every way out.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "config.h"
#include "console.h"
#include "options.h"
#include "proc.h"
#include "qemu.h"
#include "scenario.h"
#include "tamper.h"
#include "terminal.h"
#include "tpm.h"
#include "verify.h"

#define LAST_LINES 15
#define QUIET_SECONDS 30
#define VERIFY_SECONDS 180
#define PATH_FORMAT_MAX (PATH_MAX - 64)

enum phase {
    PHASE_BOOT,
    PHASE_VERIFY,
    PHASE_SHELL,
    PHASE_END,
};

struct run {
    struct options options;
    struct config config;
    struct console console;
    struct scenario scenario;
    struct verify verify;
    struct proc swtpm;
    struct proc qemu;
    FILE *log;
    int lock;
    enum phase phase;
    int status;
    double heard; /* when there last was something to tell */
    int refused;  /* the firmware does not start the host's program */
    double sick;  /* when a crash was first seen, or 0 */
    char image[PATH_FORMAT_MAX];
    char state[PATH_FORMAT_MAX];
    char sockets[64];
    char tpm_socket[80];
    char com2_socket[80];
    char last[LAST_LINES][160];
    unsigned int lines;
};

static void say(void *context, const char *text)
{
    struct run *run = context;

    run->heard = proc_seconds();
    printf("%7.1f s  %s\n", run->heard, text);
    fflush(stdout);
}

static void on_line(void *context, int origin, const char *text)
{
    struct run *run = context;
    char *slot = run->last[run->lines++ % LAST_LINES];
    const char *name = origin > 0 ? config_domain_name(&run->config, (unsigned int)origin) : NULL;

    snprintf(slot, sizeof(run->last[0]), "%s%s%.120s",
             origin > 0 ? (name != NULL ? name : "?") : origin == 0 ? "hypervisor" : "",
             origin >= 0 ? ": " : "", text);
    if (run->options.verbose) {
        printf("%7.1f s  | %s\n", proc_seconds(), slot);
        fflush(stdout);
    }
    /* With console-raw the guest's lines have no prefix. */
    if (run->options.shell && origin == CONSOLE_FIRMWARE && run->scenario.hypervisor_seen) {
        origin = (int)run->scenario.guest;
    }
    if (origin == CONSOLE_FIRMWARE && strstr(text, "BdsDxe: failed to load") != NULL
        && (strstr(text, "Access Denied") != NULL || strstr(text, "Security Violation") != NULL)) {
        run->refused = 1;
    }
    scenario_line(&run->scenario, origin, text);
}

static void fail(struct run *run, const char *what)
{
    unsigned int first = run->lines > LAST_LINES ? run->lines - LAST_LINES : 0;

    run->status = BH_EXIT_FAILURE;
    run->phase = PHASE_END;
    printf("\nFAIL: %s\nLast lines of the console (all of it: %s/console.log):\n", what, run->state);
    for (unsigned int i = first; i < run->lines; i++) {
        printf("    %s\n", run->last[i % LAST_LINES]);
    }
    fflush(stdout);
}

/* -- prepare ----------------------------------------------------------------------------------- */
static int path_usable(const char *path)
{
    if (strchr(path, ',') != NULL) {
        fprintf(stderr, "bh run: %s: QEMU cannot take a path with a comma\n", path);
        return 0;
    }
    return 1;
}

static int folders(struct run *run)
{
    char real[PATH_MAX];
    const char *state = run->options.state;

    if (realpath(run->options.dir, real) == NULL || strlen(real) >= sizeof(run->image) - 32) {
        fprintf(stderr, "bh run: %s: %s\n", run->options.dir, strerror(errno));
        return -1;
    }
    snprintf(run->image, sizeof(run->image), "%s", real);
    snprintf(run->state, sizeof(run->state), "%s/run", real);
    if (mkdir(state != NULL ? state : run->state, 0755) < 0 && errno != EEXIST) {
        fprintf(stderr, "bh run: %s: %s\n", state != NULL ? state : run->state, strerror(errno));
        return -1;
    }
    if (state != NULL) {
        if (realpath(state, real) == NULL || strlen(real) >= sizeof(run->state)) {
            fprintf(stderr, "bh run: %s: %s\n", state, strerror(errno));
            return -1;
        }
        snprintf(run->state, sizeof(run->state), "%s", real);
    }
    return path_usable(run->image) && path_usable(run->state) ? 0 : -1;
}

static int lock_take(struct run *run)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/lock", run->state);
    run->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (run->lock < 0 || flock(run->lock, LOCK_EX | LOCK_NB) < 0) {
        fprintf(stderr, "bh run: %s: %s\n", path,
                errno == EWOULDBLOCK ? "another bh run uses this state folder" : strerror(errno));
        return -1;
    }
    return 0;
}

/*
 * Boot a copy with something changed. A shell needs the guest's bytes unchanged and the keys sent to
 * it, which the hypervisor does only when its command line, which is measured, says so.
 */
static int copy_boot(struct run *run)
{
    char copy[PATH_MAX];
    int rc;

    snprintf(copy, sizeof(copy), "%s/%s%s", run->state, run->options.shell ? "shell" : "tampered-",
             run->options.shell ? "" : run->options.tamper);
    rc = run->options.shell ? tamper_append(run->image, copy, " console-focus=guest console-raw")
                            : tamper_image(run->image, copy, run->options.tamper);
    snprintf(run->image, sizeof(run->image), "%.*s", PATH_FORMAT_MAX - 1, copy);
    return rc;
}

static int prepare(struct run *run)
{
    char path[PATH_MAX];

    if (folders(run) < 0 || lock_take(run) < 0) {
        return -1;
    }
    if ((run->options.tamper != NULL || run->options.shell) && copy_boot(run) < 0) {
        return -1;
    }
    if (config_read(run->image, &run->config) < 0) {
        return -1;
    }
    if (run->config.efi && run->options.firmware == FIRMWARE_SEABIOS) {
        fprintf(stderr, "bh run: %s has boot = efi, which no BIOS starts\n", run->image);
        return -1;
    }
    if (run->options.expect != NULL && run->options.tamper != NULL) {
        run->options.expect = tamper_component(run->options.tamper, run->config.efi);
    }
    snprintf(path, sizeof(path), "%s/console.log", run->state);
    run->log = fopen(path, "we");
    snprintf(run->sockets, sizeof(run->sockets), "/tmp/bh-run-XXXXXX");
    if (run->log == NULL || mkdtemp(run->sockets) == NULL) {
        fprintf(stderr, "bh run: %s: %s\n", run->log == NULL ? path : run->sockets,
                strerror(errno));
        run->sockets[0] = '\0';
        return -1;
    }
    snprintf(run->tpm_socket, sizeof(run->tpm_socket), "%s/tpm", run->sockets);
    if (run->options.evidence != NULL) {
        if (strlen(run->options.evidence) >= sizeof(run->com2_socket)) {
            fprintf(stderr, "bh run: --evidence: longer than %zu characters\n", sizeof(run->com2_socket) - 1);
            return -1;
        }
        strcpy(run->com2_socket, run->options.evidence);
    } else {
        snprintf(run->com2_socket, sizeof(run->com2_socket), "%s/com2", run->sockets);
    }
    return 0;
}

static int boot(struct run *run)
{
    const struct machine_paths paths = { run->image, run->state, run->tpm_socket,
                                         run->com2_socket };

    if (strcmp(run->config.tpm, "none") != 0
        && (tpm_setup(run->state) < 0
            || tpm_start(&run->swtpm, run->state, run->tpm_socket) < 0)) {
        return -1;
    }
    if (qemu_start(&run->qemu, &run->config, &run->options, &paths) < 0) {
        return -1;
    }
    say(run, run->options.firmware == FIRMWARE_OVMF ? "machine on: firmware starts"
             : run->options.firmware == FIRMWARE_SEABIOS
                 ? "machine on: BIOS starts; its loader measures nothing"
                 : "machine on: hypervisor started by QEMU itself, unmeasured");
    return 0;
}

/* -- the loop ---------------------------------------------------------------------------------- */
static void qemu_read(struct run *run)
{
    char block[4096];
    ssize_t n = read(run->qemu.out, block, sizeof(block));

    if (n <= 0) {
        close(run->qemu.out);
        run->qemu.out = -1;
        console_flush(&run->console);
        return;
    }
    fwrite(block, 1, (size_t)n, run->log);
    fflush(run->log);
    if (run->phase == PHASE_SHELL) {
        terminal_show(block, (size_t)n);
    } else {
        console_feed(&run->console, block, (size_t)n);
    }
}

static void shell_begin(struct run *run)
{
    char prefix[16];

    snprintf(prefix, sizeof(prefix), "(d%u) ", run->scenario.guest);
    say(run, "this terminal is now the guest's console; Ctrl-] ends");
    terminal_begin(prefix);
    run->phase = PHASE_SHELL;
    if (write(run->qemu.in, "\r", 1) < 0) {
        fail(run, "expected the machine to take typed input; it does not");
    }
}

static void verify_begin(struct run *run)
{
    const struct options *o = &run->options;
    int unmeasured = o->firmware != FIRMWARE_OVMF && (o->expect == NULL || o->tamper != NULL);

    say(run, "verifier: sends a nonce and asks for evidence");
    if (verify_start(&run->verify, run->image, run->state, run->com2_socket,
                     run->options.profile, unmeasured) < 0) {
        fail(run, "expected to start the verifier");
        return;
    }
    run->phase = PHASE_VERIFY;
}

static void verify_show(const struct run *run)
{
    for (const char *line = run->verify.output; *line != '\0';) {
        int length = (int)strcspn(line, "\n");

        printf("             %.*s\n", length, line);
        line += length + (line[length] == '\n' ? 1 : 0);
    }
}

static void verdict(struct run *run, int status)
{
    char text[160];
    const char *expect = run->options.expect;

    run->phase = PHASE_END;
    verify_show(run);
    if (expect != NULL) {
        if (status == 0) {
            snprintf(text, sizeof(text), "expected the verifier to refuse, naming %.40s; it passed",
                     expect);
            fail(run, text);
        } else if (!verify_names(run->verify.output, expect)) {
            snprintf(text, sizeof(text),
                     "expected the verifier to name %.40s; it failed (status %d) without", expect,
                     status);
            fail(run, text);
        } else {
            snprintf(text, sizeof(text), "verifier: FAIL naming %.40s, as it must", expect);
            say(run, text);
        }
        return;
    }
    unsigned int wrong = run->options.attest ? 0 : scenario_judge(&run->scenario);

    if (status != 0) {
        snprintf(text, sizeof(text), "expected the verifier to answer PASS; its status was %d",
                 status);
        fail(run, text);
    } else if (wrong > 0) {
        snprintf(text, sizeof(text), "%u expectation%s of the scenario did not hold (above)", wrong,
                 wrong == 1 ? "" : "s");
        fail(run, text);
    } else if (run->options.attest) {
        say(run, "PASS: attestation held");
    } else {
        say(run, "PASS: disk, network, refusals and attestation all held");
    }
}

static void advance(struct run *run)
{
    const struct scenario *s = &run->scenario;
    int attest_only = run->options.attest || run->options.expect != NULL;

    if ((s->dead || s->crashed) && run->sick <= 0) {
        run->sick = proc_seconds();
    }
    /* A second more, so that registers and reasons are on record. */
    int settled = run->sick > 0 && proc_seconds() - run->sick > 1;

    if (run->phase == PHASE_BOOT && run->options.refused && s->hypervisor_seen) {
        fail(run, "expected the firmware to refuse the host's program; it started it");
    } else if (run->phase == PHASE_BOOT && run->refused && run->options.refused) {
        say(run, "firmware: refuses to start the host's program, as it must");
        run->phase = PHASE_END;
    } else if (run->phase == PHASE_BOOT && run->refused) {
        fail(run, "expected the firmware to start the host's program; it refuses");
    } else if (run->phase == PHASE_BOOT && s->dead && settled) {
        fail(run, "expected the hypervisor to run; it stopped");
    } else if (run->phase == PHASE_BOOT && s->crashed && settled
               && (run->options.scenario || attest_only)) {
        fail(run, "expected every domain to run; one crashed");
    } else if (run->phase == PHASE_BOOT && run->options.shell && s->done) {
        shell_begin(run);
    } else if (run->phase == PHASE_BOOT && (run->options.scenario || attest_only)
               && (attest_only || s->done) && s->attest_ready) {
        verify_begin(run);
    } else if (run->phase == PHASE_VERIFY && run->verify.proc.out < 0
               && !proc_running(&run->verify.proc)) {
        verdict(run, proc_wait(&run->verify.proc, 0));
    } else if (run->phase == PHASE_VERIFY
               && proc_seconds() - run->verify.started > VERIFY_SECONDS) {
        verify_show(run);
        fail(run, "expected a verdict within 180 s; the verifier is still waiting");
    }
}

static void watch(struct run *run)
{
    double now = proc_seconds();
    char text[320];

    if (proc_stop_requested() != 0) {
        run->phase = PHASE_END;
        run->status = 128 + proc_stop_requested();
        say(run, "interrupted: stopping the machine");
    } else if (run->phase != PHASE_END && run->qemu.out < 0) {
        if (run->options.scenario || run->options.attest || run->options.refused
            || run->options.expect != NULL) {
            fail(run, "expected the machine to run on; it switched itself off");
        } else {
            say(run, "the machine switched itself off");
            run->phase = PHASE_END;
        }
    } else if (run->phase != PHASE_SHELL && run->options.timeout > 0
               && now > run->options.timeout) {
        snprintf(text, sizeof(text), "expected all of it within %d s; hypervisor %s, scenario %s, "
                 "attest domain %s", run->options.timeout,
                 run->scenario.hypervisor_seen ? "up" : "never seen",
                 run->scenario.done ? "finished" : "not finished",
                 run->scenario.attest_ready ? "ready" : "not ready");
        if (run->options.scenario) {
            (void)scenario_judge(&run->scenario);
        }
        fail(run, text);
    } else if (run->phase == PHASE_BOOT && now - run->heard > QUIET_SECONDS) {
        snprintf(text, sizeof(text), "... no news; last console line: %s",
                 run->lines > 0 ? run->last[(run->lines - 1) % LAST_LINES] : "none");
        say(run, text);
    }
}

static void loop(struct run *run)
{
    while (run->phase != PHASE_END) {
        struct pollfd pfd[3] = {
            { .fd = run->qemu.out, .events = POLLIN },
            { .fd = run->phase == PHASE_VERIFY ? run->verify.proc.out : -1, .events = POLLIN },
            { .fd = run->phase == PHASE_SHELL ? STDIN_FILENO : -1, .events = POLLIN },
        };

        if (poll(pfd, 3, 200) > 0) {
            if (pfd[0].revents != 0) {
                qemu_read(run);
            }
            if (pfd[1].revents != 0) {
                verify_read(&run->verify);
            }
            if (pfd[2].revents != 0 && terminal_type(run->qemu.in) < 0) {
                run->phase = PHASE_END;
            }
        }
        advance(run);
        watch(run);
    }
}

static void clean_up(struct run *run)
{
    terminal_end();
    proc_end(&run->verify.proc, 1);
    proc_end(&run->qemu, 3);
    proc_end(&run->swtpm, 3);
    if (run->sockets[0] != '\0') {
        unlink(run->tpm_socket);
        unlink(run->com2_socket);
        rmdir(run->sockets);
    }
    if (run->log != NULL) {
        fclose(run->log);
    }
    if (run->lock >= 0) {
        close(run->lock);
    }
    config_free(&run->config);
}

int run_main(int argc, char **argv)
{
    static struct run run;
    int rc = options_parse(argc, argv, &run.options);

    if (rc != 0) {
        return rc > 0 ? BH_EXIT_OK : BH_EXIT_USAGE;
    }
    proc_signals();
    (void)proc_seconds();
    run.lock = -1;
    run.status = BH_EXIT_OK;
    run.swtpm = run.qemu = run.verify.proc = PROC_NONE;
    console_init(&run.console, on_line, &run);
    if (prepare(&run) == 0) {
        scenario_init(&run.scenario, &run.config, say, &run);
        if (boot(&run) == 0) {
            loop(&run);
        } else {
            run.status = BH_EXIT_FAILURE;
        }
    } else {
        run.status = BH_EXIT_FAILURE;
    }
    clean_up(&run);
    return run.status;
}
