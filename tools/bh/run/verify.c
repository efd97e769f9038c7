/* SPDX-License-Identifier: Apache-2.0 */
/* Running the verifier and reading its verdict. */
#include "verify.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bh/verbs.h"

#pragma weak attest_main

#define HOST (char[]){ "run" }

/* What the child is given beyond its words; it has this process's memory as it was. */
static struct {
    char hosts[PATH_MAX + 16];
    char ca[PATH_MAX], root[PATH_MAX], connect[PATH_MAX];
} place;

/*
 * The TPM is enrolled anew at each start of the machine: swtpm forgets its clock when the machine is cut off and does not say
 * so (docs/run.md), which its history would show as what it is.
 */
static int enrol_and_verify(int argc, char **argv)
{
    char *enrol[] = { (char[]){ "attest" }, (char[]){ "enroll" }, (char[]){ "--host" }, HOST,
                      (char[]){ "--state" }, place.hosts, (char[]){ "--ca" }, place.ca,
                      (char[]){ "--ca" }, place.root, (char[]){ "--connect" }, place.connect,
                      (char[]){ "--wait" }, (char[]){ "30" }, (char[]){ "--replace" }, NULL };
    int status = attest_main((int)(sizeof(enrol) / sizeof(enrol[0])) - 1, enrol);

    return status != 0 ? status : attest_main(argc, argv);
}

int verify_start(struct verify *verify, const char *image, const char *state, const char *socket,
                 const char *profile, int unmeasured)
{
    char reference[PATH_MAX];
    char signer[PATH_MAX];
    char log[PATH_MAX];
    char by[] = "--signer", by_nobody[] = "--allow-unsigned-reference";
    char by_no_boot[] = "--allow-unmeasured-hypervisor";
    char *argv[24] = { (char[]){ "attest" }, (char[]){ "verify" }, (char[]){ "--reference" },
                       reference, (char[]){ "--ca" }, place.ca, (char[]){ "--ca" }, place.root,
                       (char[]){ "--connect" }, place.connect, (char[]){ "--wait" }, (char[]){ "30" },
                       (char[]){ "--host" }, HOST, (char[]){ "--state" }, place.hosts,
                       (char[]){ "--save-log" }, log };
    int n = 18;

    verify->length = 0;
    verify->output[0] = '\0';
    verify->proc = PROC_NONE;
    if (attest_main == NULL) {
        fprintf(stderr, "bh run: this bh was built without the verifier\n");
        return -1;
    }
    snprintf(reference, sizeof(reference), "%s/reference%s%s.jws", image, profile != NULL ? "-" : "",
             profile != NULL ? profile : "");
    snprintf(signer, sizeof(signer), "%s/signer.pem", image);
    if (access(reference, F_OK) == 0 && access(signer, F_OK) == 0) {
        argv[n++] = by;
        argv[n++] = signer;
    } else if (profile != NULL) {
        fprintf(stderr, "bh run: %s: not there, or no signer.pem beside it; bh build --sign --firmware-profile makes both\n",
                reference);
        return -1;
    } else {
        printf("             no signed reference set (bh build --sign) in %s: its reference.json is believed\n",
               image);
        snprintf(reference, sizeof(reference), "%s/reference.json", image);
        argv[n++] = by_nobody;
    }
    if (unmeasured) {
        argv[n++] = by_no_boot;
    }
    snprintf(place.connect, sizeof(place.connect), "unix:%s", socket);
    snprintf(log, sizeof(log), "%s/eventlog.bin", state);
    snprintf(place.ca, sizeof(place.ca), "%s/ca/issuercert.pem", state);
    snprintf(place.root, sizeof(place.root), "%s/ca/swtpm-localca-rootca-cert.pem", state);
    snprintf(place.hosts, sizeof(place.hosts), "%s/hosts", state);
    verify->started = proc_seconds();
    return proc_start(&verify->proc, argv, enrol_and_verify, NULL, PROC_PIPE_OUT);
}

void verify_read(struct verify *verify)
{
    char block[4096];
    ssize_t n = read(verify->proc.out, block, sizeof(block));

    if (n <= 0) {
        close(verify->proc.out);
        verify->proc.out = -1;
        return;
    }
    size_t room = VERIFY_OUTPUT_MAX - verify->length;
    size_t take = (size_t)n < room ? (size_t)n : room;

    memcpy(verify->output + verify->length, block, take);
    verify->length += take;
    verify->output[verify->length] = '\0';
}

int verify_names(const char *output, const char *component)
{
    size_t size = strlen(component);
    int failed = 0;
    int named = 0;

    for (const char *line = output; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        failed |= length >= 13 && strncmp(line, "verdict: FAIL", 13) == 0;
        named |= length > 5 + size && strncmp(line, "FAIL ", 5) == 0
                 && strncmp(line + 5, component, size) == 0 && line[5 + size] == ' ';
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return failed && named;
}
