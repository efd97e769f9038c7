/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh attest`: verify a host, look at its log, look at reference values.
 * Exit codes: 0 PASS, 1 FAIL, 2 wrong use or a local file, 3 the host does not answer.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <bh/verbs.h>

#include "report.h"
#include "session.h"

#define EXIT_FAIL 1
#define EXIT_USAGE 2
#define EXIT_NO_ANSWER 3
#define CA_MAX 16

static const char help[] =
    "usage: bh attest verify --connect WHERE --reference FILE --ca FILE... [options]\n"
    "       bh attest log FILE | --connect WHERE --ca FILE...\n"
    "       bh attest ref show FILE\n"
    "\n"
    "verify asks the host's attest domain for evidence over a fresh nonce and compares what the "
    "host\n"
    "measured with reference values.\n"
    "  --connect WHERE      unix:PATH or tcp:HOST:PORT of the evidence channel\n"
    "  --socket PATH        the same as --connect unix:PATH\n"
    "  --reference FILE     reference.json of the host image\n"
    "  --ca FILE            PEM certificates trusted to certify TPMs; may be repeated\n"
    "  --wait SECONDS       how long the agent may take to come up (default 30)\n"
    "  --timeout SECONDS    for each answer (default 60)\n"
    "  --save-log FILE      keep the event log (tpm2_eventlog reads it)\n"
    "  --allow-unmeasured-hypervisor\n"
    "                       accept a host booted without UEFI and GRUB (tests only)\n"
    "  --json               machine-readable verdict\n"
    "  --verbose            list the loader's commands one by one\n"
    "log prints an event log, from a file or unjudged from a host. ref show lists a reference "
    "file.\n"
    "Exit status: 0 PASS, 1 FAIL, 2 wrong use or local file, 3 the host does not answer.\n";

struct options {
    const char *connect, *reference, *save_log;
    char socket[PATH_MAX + 8];
    const char *ca[CA_MAX];
    size_t ca_count;
    int wait_s, timeout_s;
    int json, verbose, allow_unmeasured;
    int rest; /* index of the first operand */
};

static int seconds(const char *text, int *out)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*end != '\0' || end == text || n < 0 || n > 86400) {
        fprintf(stderr, "bh attest: %s: expected seconds, 0 to 86400\n", text);
        return -1;
    }
    *out = (int)n;
    return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
    const struct option options[] = {
        {"connect", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 'u'},
        {"reference", required_argument, NULL, 'r'},
        {"ca", required_argument, NULL, 'a'},
        {"wait", required_argument, NULL, 'w'},
        {"timeout", required_argument, NULL, 't'},
        {"save-log", required_argument, NULL, 's'},
        {"allow-unmeasured-hypervisor", no_argument, &o->allow_unmeasured, 1},
        {"json", no_argument, &o->json, 1},
        {"verbose", no_argument, &o->verbose, 1},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    *o = (struct options){.wait_s = 30, .timeout_s = 60};
    optind = 1;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 0:
            break;
        case 'c':
            o->connect = optarg;
            break;
        case 'u':
            snprintf(o->socket, sizeof(o->socket), "unix:%s", optarg);
            o->connect = o->socket;
            break;
        case 'r':
            o->reference = optarg;
            break;
        case 'a':
            if (o->ca_count == CA_MAX) {
                fprintf(stderr, "bh attest: more than %d --ca\n", CA_MAX);
                return -1;
            }
            o->ca[o->ca_count++] = optarg;
            break;
        case 'w':
        case 't':
            if (seconds(optarg, c == 'w' ? &o->wait_s : &o->timeout_s) != 0) {
                return -1;
            }
            break;
        case 's':
            o->save_log = optarg;
            break;
        case 'h':
            fputs(help, stdout);
            exit(0);
        default:
            fputs(help, stderr);
            return -1;
        }
    }
    o->rest = optind;
    return 0;
}

static int local_error(const struct attest_error *err)
{
    fprintf(stderr, "bh attest: %s\n", err->text);
    return EXIT_USAGE;
}

static int save_log(const char *path, const struct evidence *e)
{
    FILE *f = fopen(path, "we");
    bool ok = f != NULL && fwrite(e->log.data, 1, e->log.size, f) == e->log.size;

    if (f != NULL) {
        ok = fclose(f) == 0 && ok;
    }
    if (!ok) {
        fprintf(stderr, "bh attest: %s: %s\n", path, strerror(errno));
    }
    return ok ? 0 : -1;
}

/* Talk to the host; the verdict is printed unless only its log is wanted. */
static int run(const struct options *o, const struct reference *ref, bool log_only)
{
    const struct session s = {.ca = o->ca,
                              .ca_count = o->ca_count,
                              .reference = ref,
                              .allow_unmeasured = o->allow_unmeasured != 0,
                              .timeout_s = o->timeout_s};
    struct attest_error err = {""};
    struct evidence evidence;
    struct verdict verdict = {.count = 0};
    struct client client;
    int rc = client_open(&client, o->connect, o->wait_s, &err);

    if (rc != 0) {
        fprintf(stderr, "bh attest: %s\n", err.text);
        return rc == -EINVAL ? EXIT_USAGE : EXIT_NO_ANSWER;
    }
    rc = session_run(&s, &client, &evidence, &verdict, &err);
    client_close(&client);
    if (rc != 0) {
        rc = local_error(&err);
    } else {
        if (log_only) {
            struct event_log log;

            rc = EXIT_FAIL;
            if (evidence.log.data != NULL &&
                log_parse(&log, evidence.log.data, evidence.log.size, &err) == 0) {
                report_log(stdout, &log);
                log_free(&log);
                rc = 0;
            }
        } else {
            rc = verdict_passes(&verdict) ? 0 : EXIT_FAIL;
            if (o->json) {
                report_json(stdout, &verdict);
            } else {
                report_text(stdout, &verdict, o->verbose != 0);
            }
        }
        if (o->save_log != NULL && evidence.log.data != NULL &&
            save_log(o->save_log, &evidence) != 0) {
            rc = rc == 0 ? EXIT_USAGE : rc;
        }
    }
    evidence_free(&evidence);
    verdict_free(&verdict);
    return rc;
}

static int verify_verb(const struct options *o)
{
    struct attest_error err = {""};
    struct reference *ref;
    int rc;

    if (o->connect == NULL || o->reference == NULL || o->ca_count == 0) {
        fprintf(stderr, "bh attest verify: --connect, --reference and --ca are needed\n");
        return EXIT_USAGE;
    }
    ref = reference_read(o->reference, &err);
    if (ref == NULL) {
        return local_error(&err);
    }
    rc = run(o, ref, false);
    reference_free(ref);
    return rc;
}

static int log_verb(const struct options *o, const char *path)
{
    struct attest_error err = {""};
    struct event_log log;
    uint8_t *data;
    size_t size;
    int rc;

    if (path == NULL && o->connect != NULL) {
        struct reference none = {.count = 0};

        return run(o, &none, true);
    }
    if (path == NULL) {
        fprintf(stderr, "bh attest log: a file or --connect is needed\n");
        return EXIT_USAGE;
    }
    if (file_read(path, LOG_SIZE_MAX, &data, &size, &err) != 0) {
        return local_error(&err);
    }
    rc = log_parse(&log, data, size, &err);
    free(data);
    if (rc != 0) {
        return local_error(&err);
    }
    report_log(stdout, &log);
    log_free(&log);
    return 0;
}

static int ref_verb(const char *path)
{
    struct attest_error err = {""};
    struct reference *ref = reference_read(path, &err);

    if (ref == NULL) {
        return local_error(&err);
    }
    for (size_t i = 0; i < ref->count; i++) {
        const struct reference_component *c = &ref->component[i];
        char hex[65];

        hex_encode(hex, c->sha256, 32);
        printf("%-20s %2u  %-16s %s  %s\n", c->name, c->pcr, reference_kind_name(c->kind), hex,
               c->detail);
    }
    reference_free(ref);
    return 0;
}

int attest_main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    struct options o;

    if (argc < 2 || strcmp(verb, "--help") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    if (parse(argc - 1, argv + 1, &o) != 0) {
        return EXIT_USAGE;
    }
    argv += 1 + o.rest;
    argc -= 1 + o.rest;
    if (strcmp(verb, "verify") == 0 && argc == 0) {
        return verify_verb(&o);
    }
    if (strcmp(verb, "log") == 0 && argc <= 1) {
        return log_verb(&o, argc == 1 ? argv[0] : NULL);
    }
    if (strcmp(verb, "ref") == 0 && argc == 2 && strcmp(argv[0], "show") == 0) {
        return ref_verb(argv[1]);
    }
    fprintf(stderr, "bh attest: expected verify, log or ref show\n");
    return EXIT_USAGE;
}
