/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's certificate. Its key is made here when it is first asked for and lives in the control domain's memory only: not in the
 * image, which anyone may read. So each start of the domain has a new one, and wants a new certificate. Who asks
 * over the serial line knows which host they talk to; their authority signs for that key, and from then on TLS proves the same.
 */
#include "verbs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <control/cert.h>
#include <xsm/av_permissions.h>

#include "paths.h"

static int may_enroll(struct session *s, struct attest_error *err)
{
    struct hyper_domain d;
    uint32_t self;
    int rc = hyper_self(&self);

    if (rc == 0) {
        rc = hyper_domain(self, &d);
    }
    return rc != 0 ? attest_fail(err, rc, "the hypervisor does not say who we are: %s", strerror(-rc))
                   : session_ask(s, OPERATOR__ENROLL, &d, err);
}

static EVP_PKEY *own_key(struct attest_error *err)
{
    EVP_PKEY *key = access(control_paths.key, F_OK) == 0 ? cert_key_read(control_paths.key, err) : cert_key_new(err);

    if (key != NULL && access(control_paths.key, F_OK) != 0) {
        int rc = cert_key_write(key, control_paths.key, err);

        if (rc == -EEXIST) { /* another connection was faster */
            EVP_PKEY_free(key);
            return cert_key_read(control_paths.key, err);
        }
        if (rc != 0) {
            EVP_PKEY_free(key);
            return NULL;
        }
    }
    return key;
}

int verb_enroll_request(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    int rc = may_enroll(s, err);
    EVP_PKEY *key = rc == 0 ? own_key(err) : NULL;
    char *text = key != NULL ? cert_request(key, "host", err) : NULL;

    (void)request;
    if (rc == 0) {
        rc = text != NULL ? message_add_string(reply, "request", text) : -EIO;
    }
    free(text);
    EVP_PKEY_free(key);
    return rc;
}

int verb_enroll(struct session *s, json_object *request, json_object *reply, struct attest_error *err)
{
    const char *text = message_string(request, "certificate");
    X509 *cert = NULL, *authority = NULL;
    EVP_PKEY *key = NULL;
    int rc = may_enroll(s, err);

    (void)reply;
    if (rc == 0 && text == NULL) {
        rc = attest_fail(err, -EINVAL, "\"certificate\": expected one in PEM");
    }
    if (rc == 0 && ((key = own_key(err)) == NULL || (authority = cert_read(control_paths.authority, err)) == NULL)) {
        rc = -EIO;
    }
    if (rc == 0 && (cert = cert_from_text(text, err)) == NULL) {
        rc = -EINVAL;
    }
    if (rc == 0 && X509_check_private_key(cert, key) != 1) {
        rc = attest_fail(err, -EINVAL, "the certificate is for another key");
    }
    if (rc == 0 && cert_check(cert, authority, CERT_HOST, err) != 0) {
        rc = -EINVAL;
    }
    if (rc == 0) {
        rc = cert_write(cert, control_paths.certificate, err);
    }
    X509_free(cert);
    X509_free(authority);
    EVP_PKEY_free(key);
    return rc;
}
