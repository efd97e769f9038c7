/* SPDX-License-Identifier: Apache-2.0 */
/* Running the verifier and reading its verdict. */
#include "verify.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bh/verbs.h"

#pragma weak attest_main

int verify_start(struct verify *verify, const char *image, const char *state, const char *socket)
{
    char reference[PATH_MAX];
    char ca[PATH_MAX];
    char root[PATH_MAX];
    char *argv[] = { (char[]){ "attest" }, (char[]){ "verify" }, (char[]){ "--reference" },
                     reference, (char[]){ "--ca" }, ca, (char[]){ "--ca" }, root,
                     (char[]){ "--socket" }, strdupa(socket), NULL };

    verify->length = 0;
    verify->output[0] = '\0';
    verify->proc = PROC_NONE;
    if (attest_main == NULL) {
        fprintf(stderr, "bh run: this bh was built without the verifier\n");
        return -1;
    }
    snprintf(reference, sizeof(reference), "%s/reference.json", image);
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

static int is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static int line_has_word(const char *line, size_t length, const char *word)
{
    size_t size = strlen(word);

    for (size_t i = 0; i + size <= length; i++) {
        if (strncasecmp(line + i, word, size) == 0 && (i == 0 || !is_word_char(line[i - 1]))
            && (i + size == length || !is_word_char(line[i + size]))) {
            return 1;
        }
    }
    return 0;
}

int verify_names(const char *output, const char *component)
{
    int failed = 0;
    int named = 0;

    for (const char *line = output; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        failed |= line_has_word(line, length, "FAIL");
        named |= line_has_word(line, length, component) && !line_has_word(line, length, "ok");
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return failed && named;
}
