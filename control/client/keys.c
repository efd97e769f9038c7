/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh control`: the authority's side. It makes an authority, signs for operators, and has a host enrolled: the host's request comes
 * over its serial line, the certificate goes back the same way. The authority's key stays in the folder where it was made.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bh/verbs.h"
#include "cli.h"

#define AUTHORITY_DAYS 3650
#define OPERATOR_DAYS 365
#define HOST_DAYS 365
#define ASK_S 20

static const char help[] =
    "usage: bh control init DIR\n"
    "       bh control operator DIR NAME\n"
    "       bh control enroll --host LINE --keys DIR NAME\n"
    "\n"
    "Keys for reaching a running host by TLS.\n"
    "\n"
    "  init      make an authority: DIR/ca.key, which stays with you, and DIR/ca.pem, which host.conf names\n"
    "  operator  make a key and certificate for a person: DIR/NAME.key, DIR/NAME.pem\n"
    "  enroll    have a host make a key, and give it a certificate for NAME; over its serial line, after each\n"
    "            start of its control domain\n";

static char *in(const char *folder, const char *name, const char *end)
{
    char *path;

    if (asprintf(&path, "%s/%s%s", folder, name, end) < 0) {
        abort();
    }
    return path;
}

/* A new key and its certificate, in two files. */
static int make(const char *folder, const char *file, const char *name, enum cert_use use, X509 *issuer, EVP_PKEY *issuer_key,
                int days, struct attest_error *err)
{
    char *key_path = in(folder, file, ".key"), *cert_path = in(folder, file, ".pem");
    EVP_PKEY *key = cert_key_new(err);
    X509 *cert = key != NULL ? cert_sign(key, name, use, issuer, issuer_key, days, err) : NULL;
    int rc = cert == NULL ? -EIO : cert_key_write(key, key_path, err);

    if (rc == 0) {
        rc = cert_write(cert, cert_path, err);
    }
    if (rc == 0) {
        printf("%s and %s: written\n", key_path, cert_path);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    free(key_path);
    free(cert_path);
    return rc;
}

struct authority {
    X509 *cert;
    EVP_PKEY *key;
};

static int authority_read(struct authority *a, const char *folder, struct attest_error *err)
{
    char *key = in(folder, "ca", ".key"), *cert = in(folder, "ca", ".pem");

    a->cert = cert_read(cert, err);
    a->key = a->cert != NULL ? cert_key_read(key, err) : NULL;
    free(key);
    free(cert);
    return a->key != NULL ? 0 : -EIO;
}

static void authority_free(struct authority *a)
{
    X509_free(a->cert);
    EVP_PKEY_free(a->key);
}

static int operator_make(const char *folder, const char *name, struct attest_error *err)
{
    struct authority a = { NULL, NULL };
    int rc = strcmp(name, "ca") == 0 || !control_word_is_good(name)
                 ? attest_fail(err, -EINVAL, "'%s' is no name for an operator: letters, digits, . _ - @", name)
                 : authority_read(&a, folder, err);

    if (rc == 0) {
        rc = make(folder, name, name, CERT_OPERATOR, a.cert, a.key, OPERATOR_DAYS, err);
    }
    authority_free(&a);
    return rc;
}

static int enroll_with(struct control_client *c, const struct authority *a, const char *name, struct attest_error *err)
{
    json_object *request = json_object_new_object(), *reply = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    char *text = NULL;
    int rc = control_client_ask(c, "enroll-request", request, &reply, ASK_S, err);

    if (rc == 0) {
        const char *pem = message_string(reply, "request");

        key = pem != NULL ? cert_request_key(pem, err) : NULL;
        cert = key != NULL ? cert_sign(key, name, CERT_HOST, a->cert, a->key, HOST_DAYS, err) : NULL;
        text = cert != NULL ? cert_text(cert, err) : NULL;
        rc = text != NULL ? 0 : pem == NULL ? attest_fail(err, -EBADMSG, "the host sends no request") : -EBADMSG;
    }
    json_object_put(request);
    json_object_put(reply);
    reply = NULL;
    if (rc == 0) {
        request = json_object_new_object();
        message_add_string(request, "certificate", text);
        rc = control_client_ask(c, "enroll", request, &reply, ASK_S, err);
        json_object_put(request);
        json_object_put(reply);
    }
    free(text);
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

static int enroll(const struct where *where, const char *name, struct attest_error *err)
{
    struct authority a = { NULL, NULL };
    struct control_client c;
    int rc = where->keys == NULL ? attest_fail(err, -EINVAL, "the authority's folder? give --keys DIR")
             : !control_word_is_good(name) ? attest_fail(err, -EINVAL, "'%s' is no host's name", name)
                                           : authority_read(&a, where->keys, err);

    if (rc == 0) {
        rc = control_client_open(&c, where, err);
    }
    if (rc == 0) {
        rc = enroll_with(&c, &a, name, err);
        control_client_close(&c);
    }
    if (rc == 0) {
        printf("%s: enrolled; reach it by tls: with --name %s\n", name, name);
    }
    authority_free(&a);
    return rc;
}

static int run(int argc, char **argv, const struct where *where, struct attest_error *err)
{
    if (argc == 2 && strcmp(argv[0], "init") == 0) {
        (void)mkdir(argv[1], 0700);
        return make(argv[1], "ca", "operators-ca", CERT_AUTHORITY, NULL, NULL, AUTHORITY_DAYS, err);
    }
    if (argc == 3 && strcmp(argv[0], "operator") == 0) {
        return operator_make(argv[1], argv[2], err);
    }
    if (argc == 2 && strcmp(argv[0], "enroll") == 0) {
        return enroll(where, argv[1], err);
    }
    fputs(help, stderr);
    return -EINVAL;
}

int control_keys_main(int argc, char **argv)
{
    struct attest_error err = { "" };
    struct where where;
    int c, rc;

    cli_where_defaults(&where);
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return BH_EXIT_OK;
    }
    optind = 1;
    while ((c = getopt_long(argc, argv, "", cli_where_options, NULL)) != -1) {
        if (cli_where_option(&where, c, optarg) < 0) {
            fputs(help, stderr);
            return BH_EXIT_USAGE;
        }
    }
    rc = run(argc - optind, argv + optind, &where, &err);
    if (rc != 0 && err.text[0] != '\0') {
        fprintf(stderr, "bh control: %s\n", err.text);
    }
    return rc == 0 ? BH_EXIT_OK : rc == -EINVAL ? BH_EXIT_USAGE : BH_EXIT_FAILURE;
}
