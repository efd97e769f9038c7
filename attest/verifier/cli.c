/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh attest`: its verbs and what they say about themselves.
 * Exit codes: 0 PASS, 1 FAIL, 2 wrong use or a local file, 3 the host does not answer.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

#include <bh/verbs.h>

static const char help[] =
    "usage: bh attest VERB ...          bh attest VERB --help explains one\n"
    "\n"
    "  verify   ask a host for evidence and judge it\n"
    "  enroll   remember a host's TPM under a name\n"
    "  watch    verify again and again, and tell changes\n"
    "  collect  the same for hosts that call by themselves\n"
    "  status   the last verdict of each host\n"
    "  token    check a signed verdict\n"
    "  log      print an event log\n"
    "  ref      make|firmware|merge|sign|expire|show|check reference sets\n"
    "\n"
    "From nothing to a watched host:\n"
    "  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signer.key\n"
    "  openssl pkey -in signer.key -pubout -out signer.pem\n"
    "  bh attest ref make --id web-1 --not-after 2027-06-01T00:00:00Z --output web-1.json "
    "IMAGE/reference.json\n"
    "  bh attest ref sign --key signer.key --output refs/web-1.jws web-1.json\n"
    "  bh attest enroll --state hosts --host web --connect tcp:10.0.0.5:4000 --ca vendor.pem\n"
    "  bh attest watch --state hosts --host web --connect tcp:10.0.0.5:4000 --ca vendor.pem "
    "--reference refs --signer signer.pem\n"
    "\n"
    "Exit status: 0 PASS, 1 FAIL, 2 wrong use or local file, 3 the host does not answer.\n";

#define CHANNEL                                                                                    \
    "  --connect WHERE      unix:PATH, tcp:HOST:PORT or tls:HOST:PORT of the evidence channel\n"       \
    "  --tls-certificate FILE, --tls-key FILE  who asks, for tls: (see bh control operator)\n"                  \
    "  --socket PATH        the same as --connect unix:PATH\n"                                     \
    "  --ca FILE            PEM certificates trusted to certify TPMs; may be repeated\n"           \
    "  --wait SECONDS       how long the agent may take to come up (default 30)\n"                 \
    "  --timeout SECONDS    for each answer, as a whole (default 60); a later one is none\n"

#define SETS                                                                                       \
    "  --reference PATH     a reference set, or a folder of them; may be repeated\n"               \
    "  --signer FILE        PEM public key that may sign sets; may be repeated\n"

#define WEAKER                                                                                     \
    "These let something pass, and the verdict names it:\n"                                        \
    "  --allow-unmeasured-hypervisor\n"                                                            \
    "                       accept a host booted without UEFI and GRUB (tests only)\n"             \
    "  --allow-unsigned-reference\n"                                                               \
    "                       accept sets that nobody signed (tests, and images just built)\n"

#define ON_CHANGE                                                                                  \
    "  --on-change FILE     program to run on a change, without a shell, with the arguments\n"     \
    "                       HOST OLD NEW REASONS; it has 60 seconds\n"

#define JUDGEMENT SETS                                                                             \
    "  --host NAME --state DIR\n"                                                                  \
    "                       the host's name and the folder where it was enrolled: pins its TPM,\n" \
    "                       compares clocks, ends overlaps, tells since when\n"                    \
    "  --token FILE --key FILE\n"                                                                  \
    "                       write the verdict as a signed token; a P-256 private key\n"            \
    "  --token-life SECONDS how long that is good for (default 300)\n"                             \
    "  --save-log FILE      keep the event log (tpm2_eventlog reads it)\n"                         \
    "  --json               machine-readable\n"                                                    \
    WEAKER                                                                                         \
    "  --allow-no-history   accept any TPM of the authority, without --host (tests, first contact)\n"

static const struct {
    const char *name, *second;
    enum verb verb;
    int (*run)(const struct options *o, int argc, char **argv);
    const char *help;
} verbs[] = {
    {"verify", NULL, VERB_VERIFY, cli_verify,
     "usage: bh attest verify --host NAME --state DIR --connect WHERE --ca FILE --reference PATH\n"
     "                        --signer FILE [options]\n"
     "Asks the host's attest domain for evidence over a fresh nonce and compares what the host\n"
     "measured with reference sets. One set must explain all of it.\n" CHANNEL JUDGEMENT
     "  --allow-no-history   the third of these: judge a host without --host, whichever TPM of the\n"
     "                       authority it has\n"
     "  --verbose            list the loader's commands one by one\n"
     "Examples:\n"
     "  bh attest verify --connect tcp:10.0.0.5:4000 --ca vendor.pem --reference refs --signer "
     "signer.pem --state hosts --host web\n"
     "  bh attest verify --socket attest.sock --ca ca.pem --reference reference.json "
     "--allow-unsigned-reference --allow-no-history\n"},
    {"enroll", NULL, VERB_ENROLL, cli_enroll,
     "usage: bh attest enroll --host NAME --state DIR --connect WHERE --ca FILE [--replace [--forget-sets]]\n"
     "Remembers the TPM that proved itself as the one of this host. Do this once, over a channel\n"
     "that you trust to end at that machine.\n" CHANNEL
     "  --host NAME          letters, digits, . _ -\n"
     "  --state DIR          folder, one file for each host; made if it is not there\n"
     "  --replace            the host has another TPM now: forget the old one, but not which sets ended\n"
     "  --forget-sets        with --replace, when the old file cannot be read: those too, so that an older\n"
     "                       set that has ended counts again until its own time is over\n"
     "Example:\n"
     "  bh attest enroll --state hosts --host web --connect tcp:10.0.0.5:4000 --ca vendor.pem\n"},
    {"watch", NULL, VERB_WATCH, cli_watch,
     "usage: bh attest watch --host NAME --state DIR --connect WHERE --ca FILE --reference PATH\n"
     "                       --signer FILE [options]\n"
     "Verifies at an interval and prints a line when the verdict or its reasons change, at the start\n"
     "also for a failure that was recorded and not told. The last verdict is the exit status. SIGTERM\n"
     "ends it, after the question that is under way.\n" CHANNEL JUDGEMENT
     "  --interval SECONDS   from one question to the next (default 60)\n"
     "  --count N            stop after N; default: until SIGTERM or SIGINT\n"
     ON_CHANGE
     "Example:\n"
     "  bh attest watch --state hosts --host web --connect tcp:10.0.0.5:4000 --ca vendor.pem "
     "--reference refs --signer signer.pem --interval 300 --on-change /usr/local/bin/page-me\n"},
    {"collect", NULL, VERB_COLLECT, cli_collect,
     "usage: bh attest collect --listen ADDRESS:PORT --tls-certificate FILE --tls-key FILE --state DIR\n"
     "                         --ca FILE --reference PATH --signer FILE [options]\n"
     "Takes calls of hosts whose description has attest { push }, asks each for evidence over a fresh\n"
     "nonce and judges it as verify does. Which host it is tells its TPM, by what enroll pinned; others\n"
     "are refused as not-enrolled. Prints a line when a verdict or its reasons change, at the start also\n"
     "for a failure that was recorded and not told. The last verdict is the exit status.\n"
     "  --listen ADDRESS:PORT\n"
     "                       an address of this machine; [ADDRESS]:PORT for IPv6\n"
     "  --tls-certificate FILE, --tls-key FILE\n"
     "                       of the name that the hosts' descriptions give (see bh control operator)\n"
     "  --state DIR          folder where the hosts were enrolled\n"
     "  --ca FILE            PEM certificates trusted to certify TPMs; may be repeated\n" SETS
     "  --max-age SECONDS    a host not heard of for longer, by this service, is told as NO-ANSWER\n"
     "                       (default 900)\n"     "  --count N            stop after N verdicts; default: until SIGTERM or SIGINT\n" ON_CHANGE
     "  --json               machine-readable\n" WEAKER
     "Example:\n"
     "  bh attest collect --listen 10.0.0.9:4436 --tls-certificate keys/collector.pem --tls-key "
     "keys/collector.key --state hosts --ca vendor.pem --reference refs --signer signer.pem\n"},
    {"status", NULL, VERB_STATUS, cli_status,
     "usage: bh attest status --state DIR [--host NAME] [--max-age SECONDS] [--json]\n"
     "The last verdict of each enrolled host, and how old it is. Exit status 0 when all are PASS\n"
     "and none is older than --max-age (default 86400).\n"
     "Example:\n"
     "  bh attest status --state hosts --max-age 900\n"},
    {"token", NULL, VERB_TOKEN, cli_token,
     "usage: bh attest token FILE --signer FILE [--host NAME] [--json]\n"
     "Checks a token that verify or watch wrote: its signature, its time, whose it is, and that\n"
     "it says PASS. --json prints its claims.\n"
     "Example:\n"
     "  bh attest token --signer verifier.pem --host web web.jwt\n"},
    {"log", NULL, VERB_LOG, cli_log,
     "usage: bh attest log FILE | --connect WHERE --ca FILE\n"
     "Prints an event log, from a file or unjudged from a host.\n" CHANNEL
     "  --save-log FILE      keep it\n"},
    {"ref", "make", VERB_REF_MAKE, cli_ref_make,
     "usage: bh attest ref make --id NAME --not-after TIME [options] [--output FILE] FILE\n"
     "Makes a set, not yet signed, of a reference.json that bh build wrote.\n"
     "  --id NAME            letters, digits, . _ -; a new image has a new name\n"
     "  --not-before TIME    UTC, 2026-01-31T12:00:00Z (default: now)\n"
     "  --not-after TIME     the set counts for nothing from then on\n"
     "  --supersedes NAME    a set that this one replaces; may be repeated. With a / in it, a file: the\n"
     "                       set in there and all that it replaced\n"
     "  --overlap SECONDS    how long those go on being accepted for a host, once it was verified\n"
     "                       with this set at hand (default 0)\n"
     "  --firmware NAME --pcr N=HEX...\n"
     "                       the firmware's profile: PCRs 0 to 7 that have to have these values\n"
     "Example:\n"
     "  bh attest ref make --id web-2 --not-after 2027-06-01T00:00:00Z --supersedes refs/web-1.jws "
     "--overlap 604800 --output web-2.json out/reference.json\n"},
    {"ref", "firmware", VERB_REF_FIRMWARE, cli_ref_firmware,
     "usage: bh attest ref firmware --name NAME [--pcr N...] [--output FILE]\n"
     "           --connect WHERE --ca FILE | --from-log FILE\n"
     "The profile of a machine's firmware as it is now: its values of PCRs 0, 2, 3, 6 and 7, for\n"
     "bh build --firmware-profile or ref merge. Asked of a host, they are what its TPM has signed and\n"
     "its log explains; whose TPM that is has to be known from elsewhere. A log is taken at its word:\n"
     "take one that verify --save-log has kept of a host that passed.\n" CHANNEL
     "  --pcr N              these PCRs instead: 0 to 3, 6, 7; 1 changes with devices and settings\n"
     "Example:\n"
     "  bh attest ref firmware --name dell-r650-1.12 --connect tcp:10.0.0.5:4000 --ca vendor.pem "
     "--output r650.json\n"},
    {"ref", "merge", VERB_REF_MERGE, cli_ref_merge,
     "usage: bh attest ref merge --id NAME [--output FILE] FILE FILE...\n"
     "One set of several: an image's and its firmware's. Each PCR must come from one of them, or\n"
     "be the same in all. It is valid while all of them are. The result is not signed.\n"},
    {"ref", "sign", VERB_REF_SIGN, cli_ref_sign,
     "usage: bh attest ref sign --key FILE [--output FILE] FILE\n"
     "Signs a set. The key is a private one in PEM, P-256 or Ed25519.\n"},
    {"ref", "expire", VERB_REF_EXPIRE, cli_ref_expire,
     "usage: bh attest ref expire --key FILE [--not-after TIME] [--output FILE] FILE\n"
     "Signs a set again that the same key signed, with an earlier end (default: now). A verifier\n"
     "that saw it once for a host keeps to that end, also when it is shown the old file.\n"},
    {"ref", "show", VERB_REF_SHOW, cli_ref_show,
     "usage: bh attest ref show [--signer FILE] FILE\n"
     "Lists a set. Without --signer the signature is not checked, and that is said.\n"},
    {"ref", "check", VERB_REF_CHECK, cli_ref_check,
     "usage: bh attest ref check --signer FILE PATH...\n"
     "Says of each set, or each in a folder, whether verify would let it count now, without any\n"
     "host. Exit status 0 when all do.\n"},
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

int cli_error(const struct attest_error *err)
{
    fprintf(stderr, "bh attest: %s\n", err->text);
    return EXIT_USAGE;
}

int cli_usage(const char *text)
{
    fprintf(stderr, "bh attest: %s\n", text);
    return EXIT_USAGE;
}

static int unknown(const char *verb)
{
    fprintf(stderr,
            "bh attest: %s: expected verify, enroll, watch, collect, status, token, log or ref "
            "make|firmware|merge|sign|expire|show|check\n",
            verb);
    return EXIT_USAGE;
}

int attest_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(help, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : 0;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        int words = verbs[i].second == NULL ? 1 : 2, rc;
        struct options o;

        if (strcmp(argv[1], verbs[i].name) != 0 ||
            (words == 2 && (argc < 3 || strcmp(argv[2], verbs[i].second) != 0))) {
            continue;
        }
        rc = attest_options_parse(argc - words, argv + words, verbs[i].verb, &o);
        if (rc != 0) {
            fputs(verbs[i].help, rc > 0 ? stdout : stderr);
            return rc > 0 ? 0 : EXIT_USAGE;
        }
        return verbs[i].run(&o, argc - words - o.rest, argv + words + o.rest);
    }
    return unknown(argv[1]);
}
