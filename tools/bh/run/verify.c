/* SPDX-License-Identifier: Apache-2.0 */
/* Running the verifier and reading its verdict. */
#include "verify.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bh/verbs.h"

#pragma weak attest_main

int verify_start(struct verify *verify, const char *image, const char *state, const char *socket,
                 int unmeasured)
{
    char reference[PATH_MAX];
    char ca[PATH_MAX];
    char root[PATH_MAX];
    char log[PATH_MAX];
    char connect[PATH_MAX];
    char *argv[] = { (char[]){ "attest" }, (char[]){ "verify" }, (char[]){ "--reference" },
                     reference, (char[]){ "--ca" }, ca, (char[]){ "--ca" }, root,
                     (char[]){ "--connect" }, connect, (char[]){ "--wait" }, (char[]){ "30" },
                     (char[]){ "--save-log" }, log, (char[]){ "--allow-unsigned-reference" }, (char[]){ "--allow-no-history" },
                     unmeasured ? (char[]){ "--allow-unmeasured-hypervisor" } : NULL, NULL };

    verify->length = 0;
    verify->output[0] = '\0';
    verify->proc = PROC_NONE;
    if (attest_main == NULL) {
        fprintf(stderr, "bh run: this bh was built without the verifier\n");
        return -1;
    }
    snprintf(reference, sizeof(reference), "%s/reference.json", image);
    snprintf(connect, sizeof(connect), "unix:%s", socket);
    snprintf(log, sizeof(log), "%s/eventlog.bin", state);
    snprintf(ca, sizeof(ca), "%s/ca/issuercert.pem", state);
    snprintf(root, sizeof(root), "%s/ca/swtpm-localca-rootca-cert.pem", state);
    verify->started = proc_seconds();
    return proc_start(&verify->proc, argv, attest_main, NULL, PROC_PIPE_OUT);
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
