/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <attest/frame.h>

#include "wire.h"

#define SILENCE_MS 20000

void wire_port(char port[8])
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(in);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &size), 0);
    close(fd);
    snprintf(port, 8, "%d", ntohs(in.sin_port));
}

X509 *wire_person(const char *name, enum cert_use use, X509 *by, EVP_PKEY *by_key, const char *cert_path, const char *key_path,
                  EVP_PKEY **key)
{
    struct attest_error err = {""};
    EVP_PKEY *k = cert_key_new(&err);
    X509 *x = cert_sign(k, name, use, by, by_key != NULL ? by_key : k, 10, &err);

    if (x == NULL || cert_write(x, cert_path, &err) != 0 || cert_key_write(k, key_path, &err) != 0) {
        fail_msg("%s: %s", name, err.text);
    }
    if (key != NULL) {
        *key = k;
    } else {
        EVP_PKEY_free(k);
    }
    return x;
}

void wire_relay(struct stream *asks, struct stream *answers)
{
    uint8_t *data;
    size_t size;

    while (frame_receive(asks, &data, &size, SILENCE_MS) == 0) {
        int rc = frame_send(answers, data, size);

        free(data);
        if (rc != 0 || frame_receive(answers, &data, &size, SILENCE_MS) != 0) {
            return;
        }
        rc = frame_send(asks, data, size);
        free(data);
        if (rc != 0) {
            return;
        }
    }
}

void wire_stop(pid_t *pid)
{
    if (*pid > 0) {
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
    }
    *pid = -1;
}
