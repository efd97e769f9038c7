/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `bh run`. */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tamper.h"

#define CPU_DEFAULT "qemu64,+svm,+npt,+smep,+smap,+umip,+rdrand,+fsgsbase,+pdpe1gb"
#define TIMEOUT_DEFAULT 420

static const char usage[]
    = "usage: bh run [OPTIONS] DIR\n"
      "\n"
      "Boots the host image in DIR (made by `bh build`) in QEMU with a TPM, and says in words how\n"
      "far it has come. Without --scenario or --expect-fail it runs until interrupted.\n"
      "\n"
      "  --scenario            judge the guest's scenario and its refusals, then have the host\n"
      "                        attested; status 0 only if all of it held\n"
      "  --attest              attest only; status 0 if the verdict is PASS\n"
      "  --expect-fail WHAT    attest only, and require that it FAILs naming component WHAT\n"
      "  --tamper WHAT         boot a copy with WHAT changed (see below) and require that the\n"
      "                        verifier names it: policy, hypervisor, initramfs, cmdline, permissive\n"
      "  --shell               leave this terminal on the guest's console; Ctrl-] ends. Boots a copy\n"
      "                        with console-focus=guest console-raw on the command line\n"
      "  --firmware ovmf|seabios|direct\n"
      "                        ovmf (default): UEFI, which measures what it starts; seabios: BIOS, and\n"
      "                        direct: QEMU's -kernel, where the hypervisor is unmeasured: the verifier\n"
      "                        is told to allow that, except with --expect-fail alone\n"
      "  --secure-boot VARS    OVMF with these variables (keys enrolled), which starts signed programs\n"
      "                        only; with --tamper it must refuse\n"
      "  --firmware-profile NAME\n"
      "                        have the firmware compared too: with the image's reference-NAME.jws\n"
      "                        (bh build --firmware-profile)\n"
      "  --expect-refused      status 0 only if the firmware refuses to start the host\n"
      "  --smp N, --mem MIB    instead of what the image says\n"
      "  --timeout SECONDS     give up after that (default 420 with --scenario and the like; 0 never)\n"
      "  --state DIR           TPM state, logs and console (default DIR/run)\n"
      "  --cpu MODEL           QEMU's -cpu\n"
      "  --threads             one emulator thread per CPU; quicker, but QEMU 7.2 then loses track of\n"
      "                        a world switch in one boot of ten (docs/run.md)\n"
      "  --qemu 'ARGS'         further arguments for QEMU, split at spaces; may be given more than once\n"
      "  --control SOCKET      have QEMU make a unix socket for COM3, the line of a control domain:\n"
      "                        `bh status --host unix:SOCKET`\n"
      "  --evidence SOCKET     make the socket for COM2, the attest domain's line, there: for verifiers\n"
      "                        that ask while the host runs, `bh attest watch --socket SOCKET`\n"
      "  --gdb DEV             QEMU's -gdb; the machine waits for the debugger\n"
      "  -v                    print every console line\n"
      "\n"
      "The console is kept in STATE/console.log. docs/run.md explains what the lines mean.\n";

enum {
    OPT_FIRMWARE = 256,
    OPT_PROFILE,
    OPT_SMP,
    OPT_MEM,
    OPT_TIMEOUT,
    OPT_SCENARIO,
    OPT_SHELL,
    OPT_ATTEST,
    OPT_EVIDENCE,
    OPT_EXPECT,
    OPT_SECURE,
    OPT_REFUSED,
    OPT_TAMPER,
    OPT_STATE,
    OPT_CPU,
    OPT_GDB,
    OPT_CONTROL,
    OPT_THREADS,
    OPT_QEMU,
    OPT_HELP,
};

static const struct option words[] = {
    { "firmware", required_argument, NULL, OPT_FIRMWARE },
    { "smp", required_argument, NULL, OPT_SMP },
    { "mem", required_argument, NULL, OPT_MEM },
    { "timeout", required_argument, NULL, OPT_TIMEOUT },
    { "scenario", no_argument, NULL, OPT_SCENARIO },
    { "shell", no_argument, NULL, OPT_SHELL },
    { "secure-boot", required_argument, NULL, OPT_SECURE },
    { "expect-refused", no_argument, NULL, OPT_REFUSED },
    { "attest", no_argument, NULL, OPT_ATTEST },
    { "expect-fail", required_argument, NULL, OPT_EXPECT },
    { "firmware-profile", required_argument, NULL, OPT_PROFILE },
    { "tamper", required_argument, NULL, OPT_TAMPER },
    { "state", required_argument, NULL, OPT_STATE },
    { "cpu", required_argument, NULL, OPT_CPU },
    { "evidence", required_argument, NULL, OPT_EVIDENCE },
    { "gdb", required_argument, NULL, OPT_GDB },
    { "qemu", required_argument, NULL, OPT_QEMU },
    { "control", required_argument, NULL, OPT_CONTROL },
    { "help", no_argument, NULL, OPT_HELP },
    { "threads", no_argument, NULL, OPT_THREADS },
    { "verbose", no_argument, NULL, 'v' },
    { NULL, 0, NULL, 0 },
};

static int number(const char *word, const char *text, int low, int high, int *out)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (text[0] == '\0' || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "bh run: --%s %s: expected a number from %d to %d\n", word, text, low, high);
        return -1;
    }
    *out = (int)value;
    return 0;
}

static int firmware_parse(const char *text, enum firmware *out)
{
    if (strcmp(text, "ovmf") == 0 || strcmp(text, "uefi") == 0) {
        *out = FIRMWARE_OVMF;
    } else if (strcmp(text, "seabios") == 0 || strcmp(text, "bios") == 0) {
        *out = FIRMWARE_SEABIOS;
    } else if (strcmp(text, "direct") == 0) {
        *out = FIRMWARE_DIRECT;
    } else {
        fprintf(stderr, "bh run: --firmware %s: expected ovmf, seabios or direct\n", text);
        return -1;
    }
    return 0;
}

/* @return 0; 1 help; -1 */
static int option_take(struct options *o, int c)
{
    switch (c) {
    case OPT_FIRMWARE:
        return firmware_parse(optarg, &o->firmware);
    case OPT_SMP:
        return number("smp", optarg, 1, 64, &o->smp);
    case OPT_MEM:
        return number("mem", optarg, 64, 1 << 20, &o->memory);
    case OPT_TIMEOUT:
        return number("timeout", optarg, 0, 86400, &o->timeout);
    case OPT_SCENARIO:
        o->scenario = 1;
        return 0;
    case OPT_SHELL:
        o->shell = 1;
        return 0;
    case OPT_SECURE:
        o->secure = optarg;
        return 0;
    case OPT_PROFILE:
        o->profile = optarg;
        return 0;
    case OPT_REFUSED:
        o->refused = 1;
        return 0;
    case OPT_EVIDENCE:
        o->evidence = optarg;
        return 0;
    case OPT_ATTEST:
        o->attest = 1;
        return 0;
    case OPT_EXPECT:
        o->expect = optarg;
        return 0;
    case OPT_TAMPER:
        o->tamper = optarg;
        return 0;
    case OPT_STATE:
        o->state = optarg;
        return 0;
    case OPT_CPU:
        o->cpu = optarg;
        return 0;
    case OPT_GDB:
        o->gdb = optarg;
        return 0;
    case OPT_QEMU:
        if (o->qemu_count == OPTIONS_QEMU_MAX) {
            fprintf(stderr, "bh run: --qemu may be given %d times\n", OPTIONS_QEMU_MAX);
            return -1;
        }
        o->qemu[o->qemu_count++] = optarg;
        return 0;
    case OPT_CONTROL:
        o->control = optarg;
        return 0;
    case OPT_THREADS:
        o->threads = 1;
        return 0;
    case 'v':
        o->verbose = 1;
        return 0;
    case OPT_HELP:
        fputs(usage, stdout);
        return 1;
    default:
        return -1;
    }
}

int options_parse(int argc, char **argv, struct options *options)
{
    int c;

    *options = (struct options){ .firmware = FIRMWARE_OVMF, .cpu = CPU_DEFAULT, .timeout = -1 };
    optind = 1;
    while ((c = getopt_long(argc, argv, "v", words, NULL)) != -1) {
        int rc = option_take(options, c);

        if (rc != 0) {
            return rc;
        }
    }
    if (argc - optind != 1) {
        fprintf(stderr, "bh run: %s\n%s",
                argc == optind ? "which host image?" : "more than one host image", usage);
        return -1;
    }
    options->dir = argv[optind];
    if (options->tamper != NULL) {
        const char *component = tamper_component(options->tamper, 0);

        if (component == NULL) {
            fprintf(stderr, "bh run: --tamper %s: expected one of %s\n", options->tamper,
                    tamper_words());
            return -1;
        }
        if (options->expect == NULL) {
            options->expect = component;
        }
    }
    if (options->firmware == FIRMWARE_SEABIOS
        && (options->shell || (options->tamper != NULL && tamper_in_loader(options->tamper)))) {
        fprintf(stderr, "bh run: the BIOS loader's command line is compressed: --shell, --tamper cmdline and "
                        "--tamper permissive go with --firmware ovmf or direct\n");
        return -1;
    }
    if (options->secure != NULL && (options->firmware != FIRMWARE_OVMF || strchr(options->secure, ',') != NULL)) {
        fprintf(stderr, "bh run: --secure-boot goes with --firmware ovmf, and a path without a comma\n");
        return -1;
    }
    options->refused |= options->secure != NULL && options->tamper != NULL;
    if (options->refused) {
        options->expect = NULL;
    }
    if ((options->expect != NULL || options->attest || options->refused) && (options->scenario || options->shell)) {
        fprintf(stderr, "bh run: --attest, --expect-fail, --expect-refused and --tamper go "
                        "with neither --scenario nor --shell\n");
        return -1;
    }
    if (options->timeout < 0) {
        options->timeout = options->scenario || options->attest || options->refused
                                       || options->expect != NULL
                               ? TIMEOUT_DEFAULT : 0;
    }
    return 0;
}
