/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connect, one byte each way, close (what netperf calls TCP_CRR):
 *
 *   crr serve PORT                 answers for ever
 *   crr ADDRESS PORT COUNT         COUNT transactions one after the other; prints how many came a second
 *
 * The counted points (mark.h) stand around the transactions. The server closes first, so that it keeps what waits for
 * late packets, and the client does not run out of ports.
 */
#include "mark.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int fail(const char *what)
{
    perror(what);
    return 1;
}

static int serve(struct sockaddr_in *address)
{
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    char byte;

    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0
        || bind(listener, (struct sockaddr *)address, sizeof(*address)) < 0 || listen(listener, 64) < 0) {
        return fail("crr: listen");
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);

        if (client < 0) {
            continue;
        }
        if (read(client, &byte, 1) == 1) {
            (void)!write(client, &byte, 1);
        }
        close(client);
    }
}

static int transaction(const struct sockaddr_in *address)
{
    int server = socket(AF_INET, SOCK_STREAM, 0);
    char sent = 'x', got = 0;
    int good = server >= 0 && connect(server, (const struct sockaddr *)address, sizeof(*address)) == 0
               && write(server, &sent, 1) == 1 && read(server, &got, 1) == 1 && got == sent && read(server, &got, 1) == 0;

    if (server >= 0) {
        close(server);
    }
    return good ? 0 : -1;
}

static double now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int serving = argc == 3 && strcmp(argv[1], "serve") == 0;

    if ((!serving && argc != 4) || (!serving && inet_pton(AF_INET, argv[1], &address.sin_addr) != 1)) {
        fprintf(stderr, "usage: crr serve PORT | crr ADDRESS PORT COUNT\n");
        return 2;
    }
    address.sin_port = htons((unsigned short)atoi(argv[2]));
    if (serving) {
        return serve(&address);
    }
    long count = atol(argv[3]);

    for (int i = 0; i < 50; i++) {
        if (transaction(&address) < 0) {
            return fail("crr: warming up");
        }
    }
    double start = now();

    mark();
    for (long i = 0; i < count; i++) {
        if (transaction(&address) < 0) {
            return fail("crr: transaction");
        }
    }
    mark();
    printf("%.1f\n", (double)count / (now() - start));
    return 0;
}
