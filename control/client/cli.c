/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of `bh` for a running host, one function each; `bh control` is in keys.c. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "client.h"
#include "show.h"

#define ASK_S 10
#define RESTART_S 40 /* the host waits for the start for less */
#define DEVICE_S 40

enum { OPT_HOST = 'H', OPT_KEYS = 'k', OPT_AS = 'a', OPT_NAME = 'N', OPT_WAIT = 'W' };

const struct option cli_where_options[] = {
    { "host", required_argument, NULL, OPT_HOST }, { "keys", required_argument, NULL, OPT_KEYS },
    { "as", required_argument, NULL, OPT_AS },     { "name", required_argument, NULL, OPT_NAME },
    { "wait", required_argument, NULL, OPT_WAIT }, { NULL, 0, NULL, 0 },
};

static const char where_help[] =
    "\n"
    "  --host WHERE  tls:HOST[:PORT]; or the host's serial line: a device (/dev/ttyUSB0),\n"
    "                unix:PATH or tcp:HOST:PORT of what carries it (default: BH_HOST)\n"
    "  --keys DIR    your keys, for tls: ca.pem, NAME.pem, NAME.key (default: BH_KEYS)\n"
    "  --as NAME     your name there (default: BH_OPERATOR)\n"
    "  --name NAME   the host's name in its certificate (default: HOST)\n"
    "  --wait S      try to reach the host for that long (default 5)\n";

void cli_where_defaults(struct where *w)
{
    *w = (struct where){
        .host = getenv("BH_HOST"), .keys = getenv("BH_KEYS"), .who = getenv("BH_OPERATOR"), .wait_s = 5,
    };
}

int cli_where_option(struct where *w, int c, const char *value)
{
    switch (c) {
    case OPT_HOST:
        w->host = value;
        return 0;
    case OPT_KEYS:
        w->keys = value;
        return 0;
    case OPT_AS:
        w->who = value;
        return 0;
    case OPT_NAME:
        w->name = value;
        return 0;
    case OPT_WAIT:
        w->wait_s = atoi(value);
        return w->wait_s >= 0 && w->wait_s <= 3600 ? 0 : -1;
    default:
        return -1;
    }
}

struct command {
    struct where where;
    const char *verb;
    int json, watch, force;
    double delay;
    long count; /* -1: until stopped */
    int argc;   /* words that are no options */
    char **argv;
};

struct verb_form {
    const char *verb, *usage, *help;
    int words_min, words_max;
    int (*run)(const struct command *command, struct control_client *c, struct attest_error *err);
};

static int ask(struct control_client *c, const char *op, json_object *request, json_object **reply, int timeout_s,
               struct attest_error *err)
{
    int rc = control_client_ask(c, op, request, reply, timeout_s, err);

    json_object_put(request);
    return rc;
}

static void pause_for(double seconds)
{
    struct timespec t = { .tv_sec = (time_t)seconds };

    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

static void screen_clear(void)
{
    if (isatty(STDOUT_FILENO)) {
        fputs("\033[H\033[J", stdout);
    }
}

static int run_status(const struct command *command, struct control_client *c, struct attest_error *err)
{
    json_object *reply = NULL;
    int rc;

    for (;;) {
        rc = ask(c, "status", json_object_new_object(), &reply, ASK_S, err);
        if (rc != 0) {
            return rc;
        }
        if (command->watch) {
            screen_clear();
        }
        if (command->json) {
            show_json(stdout, reply);
        } else {
            show_status(stdout, reply);
        }
        fflush(stdout);
        json_object_put(reply);
        if (!command->watch) {
            return 0;
        }
        pause_for(command->delay);
    }
}

static int run_top(const struct command *command, struct control_client *c, struct attest_error *err)
{
    json_object *before = NULL, *now = NULL;
    int rc = ask(c, "status", json_object_new_object(), &before, ASK_S, err);

    for (long i = 0; rc == 0 && i != command->count; i++) {
        pause_for(command->delay);
        rc = ask(c, "status", json_object_new_object(), &now, ASK_S, err);
        if (rc == 0) {
            screen_clear();
            show_top(stdout, before, now);
            fflush(stdout);
            json_object_put(before);
            before = now;
        }
    }
    json_object_put(before);
    return rc;
}

static json_object *about(const char *domain)
{
    json_object *request = json_object_new_object();

    message_add_string(request, "domain", domain);
    return request;
}

static int run_restart(const struct command *command, struct control_client *c, struct attest_error *err)
{
    json_object *reply, *starts;
    int rc = ask(c, "restart", about(command->argv[0]), &reply, RESTART_S, err);

    if (rc == 0) {
        printf("%s: restarted, start %lld\n", command->argv[0],
               json_object_object_get_ex(reply, "starts", &starts) ? (long long)json_object_get_int64(starts) : -1);
        json_object_put(reply);
    }
    return rc;
}

static int run_plain(const struct command *command, struct control_client *c, struct attest_error *err)
{
    json_object *reply;
    int rc = ask(c, command->verb, about(command->argv[0]), &reply, ASK_S, err);

    if (rc == 0) {
        printf("%s: %sd\n", command->argv[0], command->verb);
        json_object_put(reply);
    }
    return rc;
}

/* What the domain made of it, as the host tells. */
static void show_device(const struct command *command, json_object *reply)
{
    const char *at = message_string(reply, "at"), *driver = message_string(reply, "driver"), *note = message_string(reply, "note");
    char text[160];

    printf("%s: %s %s %sed", command->argv[0], command->argv[1], command->argv[2], command->verb);
    if (at != NULL) {
        printf(", there %s", client_plain(text, 16, at));
    }
    if (driver != NULL) {
        printf(", driver %s", client_plain(text, 32, driver));
    }
    printf("%s%s\n", note != NULL ? "; " : "", note != NULL ? client_plain(text, sizeof(text), note) : "");
}

/* attach DOMAIN disk NAME BACKEND TARGET [ro]; attach DOMAIN interface NAME BACKEND [IP]; attach DOMAIN device FUNCTION. */
static int run_device(const struct command *command, struct control_client *c, struct attest_error *err)
{
    int attach = strcmp(command->verb, "attach") == 0, n = command->argc;
    char **w = command->argv, op[32];
    json_object *request, *reply;
    int disk = strcmp(w[1], "disk") == 0, interface = strcmp(w[1], "interface") == 0;
    int good = strcmp(w[1], "device") == 0 ? n == 3
               : !attach ? (disk || interface) && n == 3
               : disk ? n == 5 || (n == 6 && (strcmp(w[5], "ro") == 0 || strcmp(w[5], "rw") == 0))
                      : interface && (n == 4 || n == 5);
    int rc;

    if (!good || (command->force && (attach || disk || interface))) {
        return attest_fail(err, -EINVAL, "`bh help %s` says what is expected", command->verb);
    }
    request = about(w[0]);
    message_add_string(request, "name", w[2]);
    if (attach && (disk || interface)) {
        message_add_string(request, "backend", w[3]);
    }
    if (attach && disk) {
        message_add_string(request, "target", w[4]);
        message_add_string(request, "mode", n == 6 ? w[5] : "rw");
    }
    if (attach && interface && n == 5) {
        message_add_string(request, "ip", w[4]);
    }
    if (command->force) {
        json_object_object_add(request, "force", json_object_new_boolean(1));
    }
    snprintf(op, sizeof(op), "%s-%s", command->verb, disk ? "disk" : interface ? "interface" : "device");
    rc = ask(c, op, request, &reply, DEVICE_S, err);
    if (rc == 0) {
        show_device(command, reply);
        json_object_put(reply);
    }
    return rc;
}

static const struct verb_form forms[] = {
    { "status", "bh status [--json] [--watch] [-d S] [--host WHERE] ...",
      "Domains of a running host: labels, devices, starts, memory, CPU.\n\n"
      "  --json        the same for programs, one object a line\n"
      "  --watch       again every S seconds (-d, default 2)\n", 0, 0, run_status },
    { "top", "bh top [-d S] [-n COUNT] [--host WHERE] ...",
      "What each domain of a running host uses, busiest first.\n\n"
      "  -d S          seconds between two looks (default 2)\n"
      "  -n COUNT      how many; for ever when not given\n", 0, 0, run_top },
    { "restart", "bh restart DOMAIN [--host WHERE] ...",
      "Ends a domain and builds it anew from its measured image. Its description must say on-reboot = restart.\n", 1, 1,
      run_restart },
    { "pause", "bh pause DOMAIN [--host WHERE] ...", "Stops a domain's processors.\n", 1, 1, run_plain },
    { "unpause", "bh unpause DOMAIN [--host WHERE] ...", "Lets a paused domain go on.\n", 1, 1, run_plain },
    { "attach", "bh attach DOMAIN disk NAME BACKEND TARGET [ro] | interface NAME BACKEND [IP] | device FUNCTION",
      "Gives a running domain a device: a disk (xvdb) that BACKEND serves from TARGET, an interface (eth1), or a PCI\n"
      "function (00:04.0, as lspci has it). The host's description must connect the two domains, or name the function\n"
      "in the domain (pci-later). Tells where the domain sees a function, and its driver there.\n", 3, 6, run_device },
    { "detach", "bh detach DOMAIN disk NAME | interface NAME | device FUNCTION [--force]",
      "Takes a device away again. The domain of a function is asked to let it go first, for 10 s; when it says that a\n"
      "disk on it is in use, it keeps it.\n\n"
      "  --force       take the function even so, after 2 s\n", 3, 3, run_device },
};

static int usage(const struct verb_form *f, FILE *out)
{
    fprintf(out, "usage: %s\n\n%s%s", f->usage, f->help, where_help);
    return out == stdout ? BH_EXIT_OK : BH_EXIT_USAGE;
}

static int options_read(struct command *command, int argc, char **argv)
{
    static const struct option more[] = {
        { "host", required_argument, NULL, OPT_HOST }, { "keys", required_argument, NULL, OPT_KEYS },
        { "as", required_argument, NULL, OPT_AS },     { "name", required_argument, NULL, OPT_NAME },
        { "wait", required_argument, NULL, OPT_WAIT }, { "json", no_argument, NULL, 'j' },
        { "watch", no_argument, NULL, 'w' },           { "force", no_argument, NULL, 'f' },
        { "help", no_argument, NULL, 'h' },            { NULL, 0, NULL, 0 },
    };
    int c;

    optind = 1;
    while ((c = getopt_long(argc, argv, "d:n:h", more, NULL)) != -1) {
        switch (c) {
        case 'j':
            command->json = 1;
            break;
        case 'w':
            command->watch = 1;
            break;
        case 'f':
            command->force = 1;
            break;
        case 'd':
            command->delay = strtod(optarg, NULL);
            if (!(command->delay >= 0.05 && command->delay <= 3600)) {
                return -1;
            }
            break;
        case 'n':
            command->count = strtol(optarg, NULL, 10);
            if (command->count < 1) {
                return -1;
            }
            break;
        case 'h':
            return 1;
        default:
            if (cli_where_option(&command->where, c, optarg) < 0) {
                return -1;
            }
        }
    }
    command->argc = argc - optind;
    command->argv = argv + optind;
    return 0;
}

int control_main(int argc, char **argv)
{
    struct command command = { .verb = argv[0], .delay = 2, .count = -1 };
    struct control_client c;
    struct attest_error err = { "" };
    const struct verb_form *f = forms;
    int rc;

    while (strcmp(f->verb, argv[0]) != 0) {
        f++; /* the table of bh's verbs names no other */
    }
    cli_where_defaults(&command.where);
    rc = options_read(&command, argc, argv);
    if (rc != 0) {
        return usage(f, rc > 0 ? stdout : stderr);
    }
    if (command.argc < f->words_min || command.argc > f->words_max) {
        return usage(f, stderr);
    }
    rc = control_client_open(&c, &command.where, &err);
    if (rc == 0) {
        rc = f->run(&command, &c, &err);
        control_client_close(&c);
    }
    if (rc != 0) {
        fprintf(stderr, "bh %s: %s\n", command.verb, err.text);
    }
    return rc == 0 ? BH_EXIT_OK : rc == -EINVAL ? BH_EXIT_USAGE : BH_EXIT_FAILURE;
}
