/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest-agent: runs in the attest domain as root, owns TPM locality 0 and answers a verifier on
 * one byte stream: a UART's ports, a unix socket or standard input and output (the latter two for
 * tests).
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <attest/error.h>

#include "listen.h"
#include "push.h"
#include "serve.h"
#include "uart.h"

static void usage(FILE *out)
{
    fprintf(out, "usage: attest-agent [--tcti device:PATH|swtpm:ARGS] [--log FILE]\n"
                 "                    [--uart PORT | --unix PATH | --stdio | --tls [ADDRESS:]PORT | --push]\n"
                 "                    [--config FOLDER]\n"
                 "  --tcti   the TPM (default device:/dev/tpmrm0)\n"
                 "  --log    event log from a file instead of the hypervisor\n"
                 "  --uart   I/O port of a 16550 (default 0x2f8)\n"
                 "  --unix   listen on a unix socket, one client after the other\n"
                 "  --stdio  standard input and output\n"
                 "  --tls    TLS 1.3 on a TCP port, for verifiers with a certificate of FOLDER/verifiers.pem\n"
                 "  --push   call the collector that FOLDER/push names, at an interval\n"
                 "  --config where that is, and FOLDER/network with this domain's address (/etc/attest)\n");
}

static int serve_unix(struct agent *agent, const char *path)
{
    struct sockaddr_un sa = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof(sa.sun_path)) {
        fprintf(stderr, "attest-agent: %s: path too long\n", path);
        return 1;
    }
    strcpy(sa.sun_path, path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(fd, 4) != 0) {
        fprintf(stderr, "attest-agent: %s: %s\n", path, strerror(errno));
        return 1;
    }
    for (;;) {
        int client = accept(fd, NULL, NULL);
        struct fd_pair fds = {client, client};
        struct stream stream;

        if (client < 0) {
            if (errno == EINTR || errno == ECONNABORTED) {
                continue;
            }
            fprintf(stderr, "attest-agent: accept: %s\n", strerror(errno));
            return 1;
        }
        stream_from_fds(&stream, &fds);
        agent_serve(agent, &stream);
        close(client);
    }
}

static int serve_uart(struct agent *agent, unsigned short base)
{
    struct attest_error err = {""};
    struct uart uart;
    struct stream stream;

    if (uart_open(&uart, base, &stream, &err) != 0) {
        fprintf(stderr, "attest-agent: %s\n", err.text);
        return 1;
    }
    printf("attest-agent: ready on port 0x%x\n", base);
    fflush(stdout);
    return agent_serve(agent, &stream) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"tcti", required_argument, NULL, 't'},
        {"log", required_argument, NULL, 'l'},
        {"uart", required_argument, NULL, 'u'},
        {"unix", required_argument, NULL, 'x'},
        {"stdio", no_argument, NULL, 's'},
        {"tls", required_argument, NULL, 'T'},
        {"push", no_argument, NULL, 'p'},
        {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *tcti = "device:/dev/tpmrm0", *unix_path = NULL;
    unsigned long base = 0x2f8;
    struct attest_error err = {""};
    struct agent agent = {.tpm = NULL};
    struct network_config tls = {.folder = "/etc/attest"};
    bool use_stdio = false, push = false;
    char *end;
    int c, rc;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 't':
            tcti = optarg;
            break;
        case 'l':
            agent.log_path = optarg;
            break;
        case 'u':
            base = strtoul(optarg, &end, 0);
            if (*end != '\0' || base == 0 || base > 0xfff8) {
                fprintf(stderr, "attest-agent: --uart %s: expected an I/O port\n", optarg);
                return 2;
            }
            break;
        case 'x':
            unix_path = optarg;
            break;
        case 'T':
            tls.port = strrchr(optarg, ':');
            if (tls.port != NULL) {
                optarg[tls.port++ - optarg] = '\0';
                tls.address = optarg;
            } else {
                tls.port = optarg;
            }
            break;
        case 'p':
            push = true;
            break;
        case 'c':
            tls.folder = optarg;
            break;
        case 's':
            use_stdio = true;
            break;
        default:
            usage(c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind != argc) {
        usage(stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    if (push || tls.port != NULL) {
        tls.tcti = tcti;
        tls.log_path = agent.log_path;
        rc = push ? push_tls(&tls, &err) : listen_tls(&tls, &err);
        if (rc != 0) {
            fprintf(stderr, "attest-agent: %s\n", err.text);
        }
        return rc == 0 ? 0 : 1;
    }
    agent.tcti = tcti;
    if (agent_tpm_open(&agent.tpm, tcti, &err) != 0) {
        fprintf(stderr, "attest-agent: %s\n", err.text);
        agent.tpm_error = err.text; /* served as such: the verifier says FAIL, with the reason */
    }
    if (use_stdio) {
        struct fd_pair fds = {STDIN_FILENO, STDOUT_FILENO};
        struct stream stream;

        stream_from_fds(&stream, &fds);
        rc = agent_serve(&agent, &stream) == 0 ? 0 : 1;
    } else if (unix_path != NULL) {
        rc = serve_unix(&agent, unix_path);
    } else {
        rc = serve_uart(&agent, (unsigned short)base);
    }
    agent_tpm_close(agent.tpm);
    return rc;
}
