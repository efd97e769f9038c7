/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bh: the one host command of Bulkhead. This file knows the verbs and nothing of what they do. A
 * verb whose object is not linked in is not listed: the references are weak, so that a build
 * without, say, the verifier's libraries still gives a working `bh build`.
 */
#include "bh/verbs.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "build/suggest.h"

#ifndef BH_VERSION
#define BH_VERSION "unknown"
#endif

#pragma weak build_main
#pragma weak run_main
#pragma weak attest_main
#pragma weak policy_main
#pragma weak tamper_main
#pragma weak control_main
#pragma weak control_keys_main

struct verb {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
    const char *usage;
    const char *help;
};

static const struct verb verbs[] = {
    { "build", build_main, "make a host image from a host description",
      "bh build [-o DIR] [-O BUILD] [-S TREE] [-L LOCK] [-fnqu]\n"
      "                [--hypervisor WORDS] [--sign KEY --not-after TIME [SET OPTIONS]] HOST.CONF",
      "Reads one description of a host and derives the policy, launch manifest, XenStore seed,\n"
      "kernels, ramdisks, boot disk, reference values and bill of materials (sbom.spdx.json, SPDX 2.3) from\n"
      "it.\n"
      "\n"
      "  -o DIR    where the image goes (default: BUILD/host/NAME)\n"
      "  -O BUILD  the build folder, which holds the compiled pieces (default: build)\n"
      "  -S TREE   the source tree, which holds policy and recipes (default: .)\n"
      "  -L LOCK   the pinned Debian packages (default: TREE/debian.lock)\n"
      "  -u        pin what Debian's archive has now, in LOCK, and build from that\n"
      "  -f        build everything again, even what is up to date\n"
      "  -q        say nothing but errors\n"
      "  -n        check the description only, write nothing\n"
      "  --hypervisor WORDS   more words for the hypervisor's command line, behind the description's:\n"
      "                       flask-trace for a trial, say; measured as those are\n"
      "\n"
      "A signed reference set, reference.jws, beside reference.json (docs/attestation.md):\n"
      "  --sign KEY           PEM private key, Ed25519 (same bytes each time) or P-256; signer.pem has\n"
      "                       its public half\n"
      "  --not-after TIME     UTC, 2027-06-01T00:00:00Z: the set counts for nothing from then on; needed\n"
      "  --not-before TIME    from when on it counts (default: always has)\n"
      "  --reference-id ID    the set's name (default: the host's, a dash, 12 digits of its digest)\n"
      "  --supersedes ID      a set that this one replaces; may be repeated, for all that went before\n"
      "  --overlap SECONDS    how long those go on being accepted for a host (default 0)\n"
      "  --firmware-profile FILE\n"
      "                       a set more, reference-NAME.jws, for a machine with this firmware (bh attest\n"
      "                       ref firmware); may be repeated\n"
      "\n"
      "To check an image that somebody else published: build it from the same sources with the same\n"
      "packages; every file has the same bytes, but .inputs and what is made of a key\n"
      "(docs/rebuild.md).\n"
      "\n"
      "docs/host.conf.md explains every key; bh(1) the files written.\n" },
    { "run", run_main, "boot a host image in QEMU with a TPM",
      "bh run [--firmware=ovmf|seabios|direct] [--shell] DIR",
      "Boots a host image written by `bh build`. `bh run --help` lists the options.\n" },
    { "attest", attest_main, "check from outside what a host runs",
      "bh attest verify|enroll|watch|collect|status|token|log|ref ...",
      "Asks a host for evidence and compares it with signed reference sets. `bh attest --help` lists\n"
      "the verbs, `bh attest VERB --help` explains one.\n" },
    { "status", control_main, "domains of a running host, and what they use", "bh status [--json] [--watch] --host WHERE",
      "Labels, devices, starts, memory, CPU. `bh status --help` lists the options.\n" },
    { "top", control_main, "the same, busiest first, again and again", "bh top [-d S] [-n COUNT] --host WHERE",
      "`bh top --help` lists the options.\n" },
    { "restart", control_main, "build a domain anew from its measured image", "bh restart DOMAIN --host WHERE",
      "The domain's description must say on-reboot = restart. `bh restart --help` lists the options.\n" },
    { "pause", control_main, "stop a domain's processors", "bh pause DOMAIN --host WHERE",
      "`bh pause --help` lists the options.\n" },
    { "unpause", control_main, "let a paused domain go on", "bh unpause DOMAIN --host WHERE",
      "`bh unpause --help` lists the options.\n" },
    { "attach", control_main, "give a running domain a disk, an interface or a PCI function",
      "bh attach DOMAIN disk NAME BACKEND TARGET [ro] | interface NAME BACKEND [IP] | device FUNCTION",
      "`bh attach --help` lists the options.\n" },
    { "detach", control_main, "take it away again", "bh detach DOMAIN disk NAME | interface NAME | device FUNCTION [--force]",
      "`bh detach --help` lists the options.\n" },
    { "control", control_keys_main, "keys for reaching a running host", "bh control init|operator|enroll ...",
      "`bh control --help` explains them.\n" },
    { "policy", policy_main, "ask, check and make a policy", "bh policy VERB ...",
      "`bh policy --help` lists the verbs.\n" },
    { "tamper", tamper_main, "copy a host image with one thing changed, for tests",
      "bh tamper --what=WHAT DIR OUT",
      "The reference values stay what they were, so that `bh attest verify` must name WHAT.\n" },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static void usage(FILE *out)
{
    fprintf(out, "usage: bh VERB ...\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].run != NULL) {
            fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
        }
    }
    fprintf(out, "  %-8s %s\n", "help", "explain a verb: bh help VERB");
    fprintf(out, "\n`bh --version` prints the version.\n");
}

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].run != NULL && strcmp(verbs[i].name, name) == 0) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int verb_unknown(const char *name)
{
    const char *known[VERB_COUNT + 1];
    size_t count = 0;

    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (verbs[i].run != NULL) {
            known[count++] = verbs[i].name;
        }
    }
    known[count++] = "help";
    const char *near = suggest_nearest(name, known, count);

    fprintf(stderr, "bh: there is no verb '%s'", name);
    if (near != NULL) {
        fprintf(stderr, "; did you mean '%s'?", near);
    }
    fprintf(stderr, "\n\n");
    usage(stderr);
    return BH_EXIT_USAGE;
}

static int help(int argc, char **argv)
{
    if (argc < 2) {
        usage(stdout);
        return BH_EXIT_OK;
    }
    const struct verb *verb = verb_find(argv[1]);

    if (verb == NULL) {
        return verb_unknown(argv[1]);
    }
    printf("usage: %s\n\n%s", verb->usage, verb->help);
    return BH_EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return BH_EXIT_USAGE;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0
        || strcmp(argv[1], "-h") == 0) {
        return help(argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("bh %s\n", BH_VERSION);
        return BH_EXIT_OK;
    }
    const struct verb *verb = verb_find(argv[1]);

    if (verb == NULL) {
        return verb_unknown(argv[1]);
    }
    return verb->run(argc - 1, argv + 1);
}
