/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controld: runs in the control domain and does for operators what the policy lets their role have done. It keeps no state: each
 * request is answered from the hypervisor and XenStore as they are, so that the domain may end and start at any time.
 *
 *   controld --serial PORT | --unix PATH | --tls [ADDRESS:]PORT
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hyper.h"
#include "listen.h"
#include "paths.h"

#define OPERATORS_SIZE_MAX (64u * 1024u)

struct control_paths control_paths = {
    .operators = "/etc/control/operators",
    .authority = "/etc/control/ca.pem",
    .key = "/run/control/host.key",
    .certificate = "/run/control/host.pem",
    .lock = "/run/control/pci.lock",
};

static void usage(FILE *out)
{
    fprintf(out, "usage: controld --serial PORT | --unix PATH | --tls [ADDRESS:]PORT\n"
                 "  --serial  I/O port of a 16550 that this domain holds\n"
                 "  --unix    a socket in its place, for tests\n"
                 "  --tls     TLS 1.3 on a TCP port\n");
}

static int roles_load(struct roles *roles, struct attest_error *err)
{
    uint8_t *text = NULL;
    size_t size;
    int rc = file_read(control_paths.operators, OPERATORS_SIZE_MAX, &text, &size, err);

    if (rc == 0) {
        rc = roles_parse(roles, (const char *)text, size, err);
    }
    free(text);
    return rc;
}

static int listen_on(const struct roles *roles, int way, char *where, struct attest_error *err)
{
    char *colon = strrchr(where, ':'), *end;
    unsigned long port;

    switch (way) {
    case 's':
        port = strtoul(where, &end, 0);
        return *end != '\0' || port == 0 || port > 0xfff8 ? attest_fail(err, -EINVAL, "--serial %s: expected an I/O port", where)
                                                          : listen_serial(roles, (unsigned short)port, err);
    case 'u':
        return listen_unix(roles, where, err);
    default:
        if (colon != NULL) {
            *colon = '\0';
        }
        if (network_up(&roles->network, err) != 0) {
            return -EIO;
        }
        return listen_tls(roles, colon != NULL ? where : NULL, colon != NULL ? colon + 1 : where, err);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "serial", required_argument, NULL, 's' }, { "unix", required_argument, NULL, 'u' },
        { "tls", required_argument, NULL, 't' },    { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    static struct roles roles;
    struct attest_error err = { "" };
    char *where = NULL;
    int c, way = 0, rc;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (c == 'h' || c == '?' || way != 0) {
            usage(c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
        way = c;
        where = optarg;
    }
    if (way == 0 || optind != argc) {
        usage(stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    (void)mkdir("/run/control", 0700);
    rc = roles_load(&roles, &err);
    if (rc == 0) {
        rc = hyper_open();
        if (rc != 0) {
            attest_fail(&err, rc, "/dev/xen/privcmd: %s", strerror(-rc));
        }
    }
    if (rc == 0) {
        rc = listen_on(&roles, way, where, &err);
    }
    if (rc != 0) {
        fprintf(stderr, "controld: %s\n", err.text);
    }
    return rc == 0 ? 0 : 1;
}
