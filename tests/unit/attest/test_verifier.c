/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh attest` as an operator types it, against real TPMs (swtpm) and somebody who lies on the wire.
 * Each way to fail is a row of one table: what is wrong, and the one word that has to say so. The
 * same rows are then tried with every option there is (OPTIONS_ONLY): only an option that is marked as one that
 * lets something pass may do so, and only for what it names.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <tss2/tss2_mu.h>

#include <attest/error.h>
#include <attest/history.h>
#include <attest/jose.h>
#include <attest/trust.h>
#include <attest/utc.h>
#include <bh/verbs.h>

#include "../../../attest/agent/serve.h"
#include "../../../attest/verifier/internal.h"
#include "../../../attest/verifier/options.h"
#include "../../../attest/verifier/tell.h"
#include "fake_host.h"
#include "liar.h"

static struct fake_host host;
static pid_t server;
static struct bytes crafted; /* an endorsement certificate for `host` out of its time */
static char output[1 << 20];
#ifndef OPTIONS_ONLY
static bool seen[CODE_COUNT];
#endif

/* -- running the command -------------------------------------------------------------------------- */
/* A path in the test's folder; it stays. */
static const char *in(const char *name)
{
    static char path[128][160];

    for (size_t i = 0; i < 128; i++) {
        char want[160];

        snprintf(want, sizeof(want), "%s/%s", host.dir, name);
        if (path[i][0] == '\0') {
            strcpy(path[i], want);
        }
        if (strcmp(path[i], want) == 0) {
            return path[i];
        }
    }
    fail_msg("more than 128 paths");
    return NULL;
}

static int run(const char *const *args)
{
    char *argv[96];
    int argc = 0, saved, fd, rc;
    ssize_t n;

    argv[argc++] = strdup("attest");
    for (; args[argc - 1] != NULL; argc++) {
        argv[argc] = strdup(args[argc - 1]);
    }
    argv[argc] = NULL;
    fflush(stdout);
    saved = dup(1);
    fd = open(in("stdout"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, 1) == 1);
    rc = attest_main(argc, argv);
    fflush(stdout);
    dup2(saved, 1);
    close(saved);
    n = pread(fd, output, sizeof(output) - 1, 0);
    output[n < 0 ? 0 : n] = '\0';
    close(fd);
    for (int i = 0; i < argc; i++) { /* getopt only changes their order */
        free(argv[i]);
    }
    return rc;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static void must(int rc)
{
    if (rc != 0) {
        fail_msg("status %d, output:\n%s", rc, output);
    }
}

static bool says(const char *code)
{
    char text[80];

    snprintf(text, sizeof(text), "\"code\":\"%s\"", code);
    return strstr(output, text) != NULL;
}

/* -- keys, sets, certificates ----------------------------------------------------------------------- */
static void write_key(const char *name, EVP_PKEY *key)
{
    char file[64];
    FILE *f;

    snprintf(file, sizeof(file), "%s.key", name);
    f = fopen(in(file), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    snprintf(file, sizeof(file), "%s.pem", name);
    f = fopen(in(file), "w");
    assert_non_null(f);
    assert_int_equal(PEM_write_PUBKEY(f, key), 1);
    fclose(f);
    EVP_PKEY_free(key);
}

static void write_file(const char *name, const void *data, size_t size)
{
    struct attest_error err = {""};

    if (file_write(in(name), data, size, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static const char *utc(int64_t from_now)
{
    static char text[4][UTC_SIZE];
    static unsigned int n;

    n = (n + 1) % 4;
    return utc_format(text[n], time(NULL) + from_now);
}

static void sign(const char *key, const char *from, const char *to)
{
    must(RUN("ref", "sign", "--key", in(key), "--output", in(to), in(from)));
}

/* NAME.json and NAME.jws, of a reference file. */
static void make(const char *name, const char *reference, int64_t from, int64_t to)
{
    char json[64], jws[64];

    snprintf(json, sizeof(json), "%s.json", name);
    snprintf(jws, sizeof(jws), "%s.jws", name);
    must(RUN("ref", "make", "--id", name, "--not-before", utc(from), "--not-after", utc(to),
             "--output", in(json), in(reference)));
    sign("signer.key", json, jws);
}

static void describe(unsigned int variant, const char *name)
{
    char path[160];

    host.described = variant;
    assert_int_equal(fake_host_reference(&host, path, sizeof(path)), 0);
    host.described = HOST_GOOD;
    assert_int_equal(rename(path, in(name)), 0);
}

static void sign_text(const char *name, const char *type, const char *text)
{
    struct attest_error err = {""};
    EVP_PKEY *key = key_read_private(in("signer.key"), &err);
    char *jws;

    assert_non_null(key);
    assert_int_equal(jws_sign(key, type, text, strlen(text), &jws, &err), 0);
    write_file(name, jws, strlen(jws));
    free(jws);
    EVP_PKEY_free(key);
}

static void make_sets(void)
{
    static const char empty[] = "{\"format\":\"bulkhead-reference-1\",\"components\":[]}";

    describe(HOST_GOOD, "a.reference");
    describe(HOST_OTHER_POLICY | HOST_OTHER_RAMDISK, "b.reference");
    describe(HOST_DEBUG, "debug.reference");
    make("good", "a.reference", -100, 86400);
    make("debug", "debug.reference", -100, 86400);
    make("b", "b.reference", -100, 86400);
    make("expired", "a.reference", -100, -10);
    make("later", "a.reference", 3600, 86400);
    write_file("empty.reference", empty, strlen(empty));
    make("empty", "empty.reference", -100, 86400);
    write_file("nothing.jws", "", 0);
    sign("other.key", "good.json", "wrong-signer.jws");
    sign_text("malformed.jws", REFSET_TYPE, "{\"format\":\"bulkhead-reference-2\"}");
    must(RUN("ref", "make", "--id", "good", "--not-before", utc(-100), "--not-after", utc(86400),
             "--output", in("namesake.json"), in("b.reference")));
    sign("signer.key", "namesake.json", "namesake.jws");
    must(RUN("ref", "make", "--id", "next", "--not-before", utc(-100), "--not-after", utc(86400),
             "--supersedes", "good", "--overlap", "0", "--output", in("next.json"),
             in("b.reference")));
    sign("signer.key", "next.json", "next.jws");
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(ext);
    assert_int_equal(X509_add_ext(cert, ext, -1), 1);
    X509_EXTENSION_free(ext);
}

static X509 *certificate(EVP_PKEY *subject, const char *name, EVP_PKEY *issuer, const char *by,
                         long from, long to)
{
    X509 *cert = X509_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), from);
    X509_gmtime_adj(X509_getm_notAfter(cert), to);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_NAME_add_entry_by_txt(X509_get_issuer_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)by, -1, -1, 0);
    X509_set_pubkey(cert, subject);
    if (subject == issuer) {
        add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    } else {
        add_extension(cert, NID_ext_key_usage, "2.23.133.8.1");
    }
    assert_true(X509_sign(cert, issuer, EVP_sha256()) > 0);
    return cert;
}

/* The certificate of the host's real endorsement key, by an authority of ours, that has ended. */
static void craft_certificate(void)
{
    struct attest_error err = {""};
    struct bytes real = {NULL, 0};
    EVP_PKEY *ca = EVP_EC_gen("P-256");
    const unsigned char *p;
    struct agent_tpm *tpm;
    X509 *old, *cert, *root;
    unsigned char *der = NULL;
    int size;
    FILE *f;

    assert_int_equal(agent_tpm_open(&tpm, host.tcti, &err), 0);
    assert_int_equal(agent_tpm_ek_certificate(tpm, &real, &err), 0);
    agent_tpm_close(tpm);
    p = real.data;
    old = d2i_X509(NULL, &p, (long)real.size);
    assert_non_null(old);
    root = certificate(ca, "test", ca, "test", -86400, 86400);
    cert = certificate(X509_get0_pubkey(old), "ek", ca, "test", -86400, -3600);
    size = i2d_X509(cert, &der);
    assert_true(size > 0);
    assert_int_equal(bytes_set(&crafted, der, (size_t)size), 0);
    f = fopen(in("crafted-ca.pem"), "w");
    assert_int_equal(PEM_write_X509(f, root), 1);
    fclose(f);
    OPENSSL_free(der);
    X509_free(old);
    X509_free(cert);
    X509_free(root);
    EVP_PKEY_free(ca);
    bytes_free(&real);
}

/* -- one way to fail -------------------------------------------------------------------------------- */
struct row {
    enum verify_code code;
    unsigned int variant;
    enum lie lie;
    unsigned int honest; /* verdicts of the same host before */
    const char *reference[3]; /* instead of good.jws */
    bool no_signer, no_host, other_ca;
    const char *allow; /* an option that lets it pass */
    void (*prepare)(void); /* after enrolling and the verdicts before */
    struct bytes *certificate;
};

static void boot(unsigned int variant)
{
    assert_int_equal(fake_host_boot(&host, variant), 0);
}

static void shell(const char *fmt, const char *a, const char *b)
{
    char cmd[512];

    snprintf(cmd, sizeof(cmd), fmt, a, b);
    assert_int_equal(system(cmd), 0);
}

/* The TPM's memory as it was some boots ago: what a copied or rolled back virtual TPM shows. */
static void restore_tpm(void)
{
    fake_host_halt(&host);
    shell("rm -rf %s%s", in("state"), "");
    shell("mv %s %s", in("state.copy"), in("state"));
    boot(HOST_GOOD);
}

static void other_tpm(void)
{
    host.state = "other-state";
    boot(HOST_GOOD);
}

/* Owner hierarchy cleared: another attestation key under the same endorsement key. */
static void clear_tpm(void)
{
    shell("TPM2TOOLS_TCTI=%s tpm2_clear -c p >/dev/null%s", host.tcti, "");
}

static void forget_host(void)
{
    assert_int_equal(unlink(in("hosts/web.json")), 0);
}

static void verdict_of_tomorrow(void)
{
    struct attest_error err = {""};
    struct history *h;

    assert_int_equal(history_open(&h, in("hosts"), "web", &err), 0);
    h->verdict_at = time(NULL) + 86400;
    assert_int_equal(history_write(h, in("hosts"), &err), 0);
    history_free(h);
}

static void extend_late(void)
{
    assert_int_equal(fake_host_extend_late(&host, LATE_AT_END, 0, 5, "late"), 0);
}

static const struct row rows[] = {
    {.code = CODE_OK},
    {.code = CODE_RECORDED, .variant = HOST_SEALED},
    {.code = CODE_RESTARTED, .variant = HOST_RESTARTED_DOMAIN},
    {.code = CODE_NOT_IN_FORCE, .reference = {"good.jws", "later.jws"}},
    {.code = CODE_CLOCK_UNSAFE},
    {.code = CODE_NO_HISTORY_ALLOWED, .no_host = true, .allow = "--allow-no-history"},
    {.code = CODE_UNMEASURED_ALLOWED,
     .variant = HOST_UNMEASURED,
     .allow = "--allow-unmeasured-hypervisor"},
    {.code = CODE_UNSIGNED_ALLOWED,
     .reference = {"good.json"},
     .allow = "--allow-unsigned-reference"},
    /* from here on each one has to fail */
    {.code = CODE_NO_TPM, .lie = LIE_NO_TPM},
    {.code = CODE_EK_INVALID, .lie = LIE_CERTIFICATE},
    {.code = CODE_EK_UNTRUSTED, .other_ca = true},
    {.code = CODE_EK_EXPIRED, .lie = LIE_CERTIFICATE, .certificate = &crafted},
    {.code = CODE_AK_INVALID, .lie = LIE_AK_ATTRIBUTES},
    {.code = CODE_AK_NOT_ACTIVATED, .lie = LIE_SECRET},
    {.code = CODE_EK_NOT_ENROLLED, .prepare = other_tpm},
    {.code = CODE_AK_NOT_ENROLLED, .prepare = other_tpm},
    {.code = CODE_AK_NOT_ENROLLED, .prepare = clear_tpm},
    {.code = CODE_NOT_ENROLLED, .prepare = forget_host},
    {.code = CODE_NO_HISTORY, .no_host = true},
    {.code = CODE_SIGNATURE, .lie = LIE_QUOTE_BYTE},
    {.code = CODE_NONCE, .lie = LIE_OTHER_NONCE},
    {.code = CODE_NONCE_STALE, .lie = LIE_OLD_NONCE, .honest = 1},
    {.code = CODE_QUOTE_REPLAYED, .lie = LIE_OLD_ANSWER, .honest = 1},
    {.code = CODE_CLOCK_RESET, .honest = 1, .prepare = restore_tpm},
    {.code = CODE_VERIFIER_CLOCK, .prepare = verdict_of_tomorrow},
    {.code = CODE_PCR_SELECTION, .lie = LIE_FEWER_PCRS},
    {.code = CODE_PCR_DIGEST, .lie = LIE_PCR_VALUE},
    {.code = CODE_EVIDENCE, .lie = LIE_NO_QUOTE},
    {.code = CODE_LOG_MALFORMED, .lie = LIE_LOG_CUT},
    {.code = CODE_LOG_REPLAY, .lie = LIE_LOG_DIGEST},
    {.code = CODE_LOG_REPLAY, .variant = HOST_FORGED},
    {.code = CODE_TEXT_DIGEST, .lie = LIE_LOG_TEXT},
    {.code = CODE_FIRMWARE_LOG, .prepare = extend_late},
    {.code = CODE_LOG_FULL, .variant = HOST_LOG_FULL},
    {.code = CODE_DIFFERS, .variant = HOST_OTHER_POLICY},
    {.code = CODE_DIFFERS, .variant = HOST_NO_NX},
    {.code = CODE_MISSING, .variant = HOST_NO_SEED},
    {.code = CODE_UNEXPECTED, .variant = HOST_EXTRA_DOMAIN},
    {.code = CODE_PERMISSIVE, .variant = HOST_PERMISSIVE},
    {.code = CODE_DEBUG, .variant = HOST_DEBUG},
    {.code = CODE_DEBUG, .variant = HOST_DEBUG, .reference = {"debug.jws"}},
    {.code = CODE_UNPROTECTED, .variant = HOST_ONE_LOCALITY},
    {.code = CODE_UNPROTECTED, .variant = HOST_NO_IOMMU},
    {.code = CODE_UNMEASURED, .variant = HOST_UNMEASURED},
    {.code = CODE_REFERENCE_UNSIGNED, .reference = {"good.json"}},
    {.code = CODE_REFERENCE_UNSIGNED, .reference = {"a.reference"}},
    {.code = CODE_REFERENCE_UNSIGNED, .reference = {"b.jws", "good.json"}},
    {.code = CODE_REFERENCE_SIGNATURE, .reference = {"wrong-signer.jws"}},
    {.code = CODE_REFERENCE_SIGNATURE, .no_signer = true},
    {.code = CODE_REFERENCE_SIGNATURE, .reference = {"good.jws", "wrong-signer.jws"}},
    {.code = CODE_REFERENCE_MALFORMED, .reference = {"malformed.jws"}},
    {.code = CODE_REFERENCE_EMPTY, .reference = {"empty.jws"}},
    {.code = CODE_REFERENCE_EMPTY, .reference = {"nothing.jws"}},
    {.code = CODE_REFERENCE_EMPTY, .reference = {"good.jws", "empty.jws"}},
    {.code = CODE_REFERENCE_EXPIRED, .reference = {"expired.jws"}},
    {.code = CODE_REFERENCE_EXPIRED, .reference = {"expired.jws", "b.jws"}},
    {.code = CODE_REFERENCE_NOT_YET_VALID, .reference = {"later.jws"}},
    {.code = CODE_REFERENCE_SUPERSEDED, .reference = {"good.jws", "next.jws"}},
    {.code = CODE_REFERENCE_CONFLICT, .reference = {"good.jws", "namesake.jws"}},
    {.code = CODE_REFERENCE_CONFLICT, .reference = {"good.jws", "namesake.jws"}, .no_host = true},
    {.code = CODE_REFERENCE_CONFLICT, .reference = {"namesake.jws"}, .honest = 1},
    {.code = CODE_REFERENCE_MIXTURE,
     .variant = HOST_OTHER_POLICY,
     .reference = {"good.jws", "b.jws"}},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static int verify(const struct row *r, const char *const *more)
{
    const char *args[64] = {"verify", "--json", "--socket", in("socket"), "--wait", "5"};
    size_t n = 6;

    args[n++] = "--ca";
    args[n++] = r->other_ca ? in("other/issuercert.pem") : host.ca_issuer;
    if (r->prepare == other_tpm) { /* certified just as well */
        args[n++] = "--ca";
        args[n++] = in("other/issuercert.pem");
    }
    if (r->certificate != NULL) {
        args[n++] = "--ca";
        args[n++] = in("crafted-ca.pem");
    }
    for (size_t i = 0; i == 0 || (i < 3 && r->reference[i] != NULL); i++) {
        args[n++] = "--reference";
        args[n++] = r->reference[i] == NULL ? in("good.jws") : in(r->reference[i]);
    }
    if (!r->no_signer) {
        args[n++] = "--signer";
        args[n++] = in("signer.pem");
    }
    if (!r->no_host) {
        args[n++] = "--host";
        args[n++] = "web";
        args[n++] = "--state";
        args[n++] = in("hosts");
    }
    if (r->allow != NULL) {
        args[n++] = r->allow;
    }
    for (; more != NULL && *more != NULL; more++) {
        args[n++] = *more;
    }
    args[n] = NULL;
    return run(args);
}

static void end(void)
{
    liar_stop(server);
    server = 0;
    fake_host_halt(&host);
    host.state = "state";
}

/* The host of a row, enrolled and with a past, its server running. */
static void begin(const struct row *r)
{
    static const struct row good = {.code = CODE_OK};
    struct liar liar = {.socket = in("socket"),
                        .tcti = host.tcti,
                        .log_path = host.log_path,
                        .lie = r->lie,
                        .honest = 1 + r->honest};

    end();
    if (r->lie == LIE_CERTIFICATE) {
        if (r->certificate != NULL) {
            liar.certificate = *r->certificate;
        } else {
            liar.certificate = (struct bytes){(uint8_t *)(uintptr_t)"no certificate", 14};
        }
    }
    shell("rm -rf %s %s.copy", in("hosts"), in("state"));
    if (r->prepare == restore_tpm) {
        shell("cp -a %s %s.copy", in("state"), in("state"));
    }
    boot(r->variant);
    if (r->prepare == restore_tpm) {
        boot(r->variant); /* one reset more than the copy will have */
    }
    server = liar_start(&liar);
    assert_true(server > 0);
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca",
             host.ca_issuer));
    for (unsigned int i = 0; i < r->honest; i++) {
        must(verify(&good, NULL));
    }
    if (r->prepare != NULL) {
        r->prepare();
    }
}

#ifdef OPTIONS_ONLY
/* -- no option silences any of it ------------------------------------------------------------------- */
/* Words for one option that say nothing about this host that was not said before. */
static void words_of(const struct option_row *o, const struct row *r, const char *out[8])
{
    static char option[64];
    size_t n = 0;

    memset(out, 0, 8 * sizeof(*out));
    snprintf(option, sizeof(option), "--%s", o->name);
    if (strcmp(o->name, "token") == 0 || strcmp(o->name, "key") == 0) { /* they go together */
        out[n++] = "--token";
        out[n++] = in("some.jwt");
        out[n++] = "--key";
        out[n++] = in("verifier.key");
        return;
    }
    out[n++] = option;
    if (strcmp(o->name, "connect") == 0) {
        static char where[200];

        snprintf(where, sizeof(where), "unix:%s", in("socket"));
        out[n++] = where;
    } else if (strcmp(o->name, "socket") == 0) {
        out[n++] = in("socket");
    } else if (strcmp(o->name, "ca") == 0) {
        out[n++] = in("crafted-ca.pem");
    } else if (strcmp(o->name, "signer") == 0) {
        out[n++] = in("verifier.pem");
    } else if (strcmp(o->name, "reference") == 0) {
        out[n++] = r->reference[0] == NULL ? in("good.jws") : in(r->reference[0]);
    } else if (strcmp(o->name, "host") == 0) {
        out[n++] = "web";
        out[n++] = "--state";
        out[n++] = in("hosts");
    } else if (strcmp(o->name, "state") == 0) {
        out[n++] = in("hosts");
        out[n++] = "--host";
        out[n++] = "web";
    } else if (strcmp(o->name, "save-log") == 0) {
        out[n++] = in("some.log");
    } else if (strcmp(o->name, "tls-certificate") == 0 || strcmp(o->name, "tls-key") == 0) {
        out[n++] = in("crafted-ca.pem"); /* not looked at: the channel here is a socket */
    } else if (o->form == OPTION_NUMBER) {
        out[n++] = "5";
    } else if (o->form != OPTION_FLAG) {
        fail_msg("--%s: an option of verify that this test does not know", o->name);
    }
}

static bool is_named(const struct option_row *o, enum verify_code code)
{
    return o->weakens && ((strcmp(o->name, "allow-unmeasured-hypervisor") == 0 &&
                           code == CODE_UNMEASURED) ||
                          (strcmp(o->name, "allow-unsigned-reference") == 0 &&
                           code == CODE_REFERENCE_UNSIGNED) ||
                          (strcmp(o->name, "allow-no-history") == 0 && code == CODE_NO_HISTORY));
}

/* The options that give just what was missing do not silence it: the host's history is there, and judges. */
static bool is_remedy(const struct option_row *o, enum verify_code code)
{
    return code == CODE_NO_HISTORY && (strcmp(o->name, "host") == 0 || strcmp(o->name, "state") == 0);
}

static void verify_no_option_silences_a_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct row *r = &rows[i];

        if (!verify_code_is_failure(r->code) || i % 2 != OPTIONS_ONLY) {
            continue;
        }
        begin(r);
        for (size_t k = 0; k < attest_option_count; k++) {
            const struct option_row *o = &attest_options[k];
            const char *more[8];
            int rc;

            if (!(o->verbs & VERB_VERIFY)) {
                assert_false(o->weakens && !(o->verbs & VERB_WATCH));
                continue;
            }
            words_of(o, r, more);
            rc = verify(r, more);
            if (is_named(o, r->code)) { /* it may pass, and has to be named */
                assert_true(rc == 1 || says("unmeasured-allowed") || says("unsigned-allowed") ||
                            says("no-history-allowed"));
            } else if (is_remedy(o, r->code)) {
                assert_int_equal(rc, 0);
                assert_non_null(strstr(output, "\"found\":\"web\""));
            } else if (rc != 1 || !says(verify_code_name(r->code))) {
                fail_msg("row %zu, %s: --%s: status %d\n%s", i, verify_code_name(r->code), o->name,
                         rc, output);
            }
        }
    }
    end();
}

#else
/* Each row gives its code; and a token that a reader refuses, or takes, just as well. */
static void verify_each_code_said_for_what_it_is(void **state)
{
    const char *more[] = {"--token", in("row.jwt"), "--key", in("verifier.key"), NULL};

    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        bool fails = verify_code_is_failure(rows[i].code);
        int rc;

        begin(&rows[i]);
        rc = verify(&rows[i], more);
        if (rc != (fails ? 1 : 0) || !says(verify_code_name(rows[i].code))) {
            fail_msg("row %zu, %s: status %d\n%s", i, verify_code_name(rows[i].code), rc, output);
        }
        seen[rows[i].code] = true;
        assert_int_equal(RUN("token", "--signer", in("verifier.pem"), in("row.jwt")), fails);
        assert_string_equal(output, fails ? "token: token-fail\n" : "token: ok\n");
        if (rows[i].allow != NULL) { /* what was let pass is never plain "affirming" */
            RUN("token", "--json", "--signer", in("verifier.pem"), in("row.jwt"));
            assert_non_null(strstr(output, "\"ear.status\":\"warning\""));
        }
    }
    end();
}

/* Something signed by the key that no TPM made as a quote: a restricted key would not, another may. */
static void verify_signed_but_no_quote_fails(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct evidence e = {.pcr_mask = VERIFY_PCR_MASK};
    uint8_t text[32] = "0123456789abcdef0123456789abcde", raw[64];
    struct bytes nonce = {text, sizeof(text)};
    const struct verify_input in_ = {.evidence = &e, .nonce = &nonce, .ak = key};
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    const TPMI_ST_ATTEST types[] = {TPM2_ST_ATTEST_QUOTE, TPM2_ST_ATTEST_TIME};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        /* a quote without the value that only a TPM writes there; a time that a TPM may have made */
        TPMS_ATTEST a = {.magic = i == 0 ? 0x12345678 : TPM2_GENERATED_VALUE, .type = types[i]};
        TPMT_SIGNATURE s = {.sigAlg = TPM2_ALG_ECDSA};
        struct verdict v = {.count = 0};
        uint8_t buf[1024], der[128];
        size_t n = 0, der_size = sizeof(der);
        const uint8_t *p = der;
        ECDSA_SIG *pair;

        a.extraData.size = 32;
        memcpy(a.extraData.buffer, text, 32);
        assert_int_equal(Tss2_MU_TPMS_ATTEST_Marshal(&a, buf, sizeof(buf), &n), 0);
        assert_int_equal(bytes_set(&e.quote, buf, n), 0);
        assert_int_equal(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key), 1);
        assert_int_equal(EVP_DigestSign(md, der, &der_size, buf, n), 1);
        pair = d2i_ECDSA_SIG(NULL, &p, (long)der_size);
        BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
        BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
        ECDSA_SIG_free(pair);
        EVP_MD_CTX_reset(md);
        s.signature.ecdsa.hash = TPM2_ALG_SHA256;
        s.signature.ecdsa.signatureR.size = s.signature.ecdsa.signatureS.size = 32;
        memcpy(s.signature.ecdsa.signatureR.buffer, raw, 32);
        memcpy(s.signature.ecdsa.signatureS.buffer, raw + 32, 32);
        n = 0;
        assert_int_equal(Tss2_MU_TPMT_SIGNATURE_Marshal(&s, buf, sizeof(buf), &n), 0);
        assert_int_equal(bytes_set(&e.signature, buf, n), 0);
        assert_false(check_quote(&in_, &v));
        assert_int_equal(v.count, 1);
        assert_int_equal(v.finding[0].code, CODE_NOT_A_QUOTE);
        assert_false(verdict_passes(&v));
        seen[CODE_NOT_A_QUOTE] = true;
        verdict_free(&v);
    }
    EVP_MD_CTX_free(md);
    evidence_free(&e);
    EVP_PKEY_free(key);
}

/* -- somebody who holds locality 0 after a good boot ------------------------------------------------ */
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BOOT_APPLICATION 0x80000003u
#define EFI_ACTION 0x80000007u

static const struct hostile {
    const char *what;
    unsigned int variant;
    const char *tools; /* tpm2-tools, at locality 0; they have to work */
    const char *refused; /* the TPM has to refuse it */
    enum late_log where;
    int pcr; /* when there is a text */
    uint32_t type;
    const char *text;
    const char *expect; /* "pass", or a code */
} hostiles[] = {
    {"PCR 0", .text = "x", .pcr = 0, .expect = "log-replay"},
    {"PCR 1", .text = "x", .pcr = 1, .expect = "log-replay"},
    {"PCR 2", .text = "x", .pcr = 2, .expect = "log-replay"},
    {"PCR 3", .text = "x", .pcr = 3, .expect = "log-replay"},
    {"PCR 4", .text = "x", .pcr = 4, .expect = "log-replay"},
    {"PCR 5", .text = "x", .pcr = 5, .expect = "log-replay"},
    {"PCR 6", .text = "x", .pcr = 6, .expect = "log-replay"},
    {"PCR 7", .text = "x", .pcr = 7, .expect = "log-replay"},
    {"PCR 8", .text = "x", .pcr = 8, .expect = "log-replay"},
    {"PCR 9", .text = "x", .pcr = 9, .expect = "log-replay"},
    /* explained by an event, where no reference is compared, where it is harmless, and where it is expected */
    {"PCR 1, logged", .where = LATE_AT_END, .text = "x", .pcr = 1, .type = 5, .expect = "firmware-log"},
    {"PCR 7, logged", .where = LATE_AMONG_FIRMWARE, .text = "x", .pcr = 7, .type = 5, .expect = "firmware-log"},
    {"PCR 4, a harmless action", .where = LATE_AMONG_FIRMWARE, .pcr = 4, .type = EFI_ACTION,
     .text = "Returning from EFI Application from Boot Option", .expect = "firmware-log"},
    {"PCR 4, another loader", .where = LATE_AT_END, .pcr = 4, .type = BOOT_APPLICATION, .text = "x", .expect = "firmware-log"},
    {"PCR 9, a file", .where = LATE_AT_END, .pcr = 9, .type = 13, .text = "x", .expect = "firmware-log"},
    {"a measured boot after an unmeasured one", .variant = HOST_UNMEASURED, .where = LATE_AMONG_FIRMWARE,
     .pcr = LATE_LOADER, .text = "", .expect = "firmware-log"},
    {"the same at the end", .variant = HOST_UNMEASURED, .where = LATE_AT_END,
     .pcr = LATE_LOADER, .text = "", .expect = "firmware-log"},
    /* what nobody asks for */
    {"PCR 10", .text = "x", .pcr = 10, .expect = "pass"},
    {"PCR 12", .text = "x", .pcr = 12, .expect = "pass"},
    {"PCR 16", .text = "x", .pcr = 16, .expect = "pass"},
    {"PCR 23", .text = "x", .pcr = 23, .where = LATE_AT_END, .type = 5, .expect = "pass"},
    {"resets of 16 and 23", .tools = "tpm2_pcrreset 16 23", .expect = "pass"},
    /* what is the hypervisor's or the firmware's */
    {"resets of 4", .refused = "tpm2_pcrreset 4", .expect = "pass"},
    {"resets of 21", .refused = "tpm2_pcrreset 21", .expect = "pass"},
    {"resets of 22", .refused = "tpm2_pcrreset 22", .expect = "pass"},
    {"PCR 21", .refused = "tpm2_pcrextend 21:sha256=" HASH, .expect = "pass"},
    {"PCR 22", .refused = "tpm2_pcrextend 22:sha256=" HASH, .expect = "pass"},
    /* keys and hierarchies */
    {"TPM2_Clear", .tools = "tpm2_clear -c l", .expect = "ak-not-enrolled"},
    {"an owner's password", .tools = "tpm2_changeauth -c owner secret", .expect = "no-tpm"},
    {"an endorsement password", .tools = "tpm2_changeauth -c endorsement secret", .expect = "ak-not-activated"},
    {"a lockout password", .tools = "tpm2_changeauth -c lockout secret", .expect = "pass"},
    {"another key of the owner's", .tools = "tpm2_createprimary -Q -C o -G ecc -c other.ctx && tpm2_evictcontrol -Q -C o -c other.ctx &&"
              " tpm2_flushcontext -t",
     .expect = "pass"},
    {"a clock put forward", .tools = "tpm2_setclock 99999999", .expect = "pass"},
    {"the same as far as it goes", .tools = "tpm2_setclock 18446462598732840000", .expect = "pass"},
    {"a shutdown", .tools = "tpm2_shutdown -c", .expect = "pass"},
};

static void locality_0_changes_nothing_for_the_better(void **state)
{
    char cmd[512], word[64];

    (void)state;
    for (size_t i = 0; i < sizeof(hostiles) / sizeof(hostiles[0]); i++) {
        const struct hostile *h = &hostiles[i];
        const struct row row = {.code = CODE_OK, .variant = h->variant};
        bool pass = strcmp(h->expect, "pass") == 0;
        int rc;

        begin(&row);
        shell("cp -a %s %s.copy", in("state"), in("state"));
        if (h->tools != NULL || h->refused != NULL) {
            snprintf(cmd, sizeof(cmd), "cd %s && export TPM2TOOLS_TCTI=%s && { %s; } >/dev/null 2>&1", host.dir, host.tcti,
                     h->tools != NULL ? h->tools : h->refused);
            rc = system(cmd);
            assert_true(h->tools != NULL ? rc == 0 : rc != 0);
        }
        if (h->text != NULL) {
            assert_int_equal(fake_host_extend_late(&host, h->where, h->pcr, h->type, h->text), 0);
        }
        rc = verify(&row, NULL);
        if (rc == 0 && h->tools != NULL) { /* and once more, with what is remembered of it */
            rc = verify(&row, NULL);
        }
        snprintf(word, sizeof(word), "\"code\":\"%s\"", h->expect);
        if (rc != (pass ? 0 : 1) || (!pass && strstr(output, word) == NULL)) {
            fail_msg("%s: status %d, expected %s\n%s", h->what, rc, h->expect, output);
        }
        end();
        shell("rm -rf %s%s", in("state"), "");
        shell("mv %s.copy %s", in("state"), in("state"));
    }
}

/* -- firmware ---------------------------------------------------------------------------------------- */
static void firmware_profile_is_what_the_tpm_signed_and_is_compared(void **state)
{
    const struct row image = {.code = CODE_OK};
    const struct row with = {.code = CODE_OK, .reference = {"fw.jws"}};

    (void)state;
    begin(&image);
    must(RUN("ref", "firmware", "--name", "fake-1", "--socket", in("socket"), "--ca", host.ca_issuer, "--output",
             in("fake.json")));
    must(RUN("ref", "firmware", "--name", "fake-1", "--from-log", host.log_path, "--output", in("fake2.json")));
    shell("cmp %s %s", in("fake.json"), in("fake2.json"));
    must(RUN("ref", "merge", "--id", "fw", "--output", in("fw.json"), in("good.json"), in("fake.json")));
    sign("signer.key", "fw.json", "fw.jws");
    must(verify(&with, NULL));
    assert_non_null(strstr(output, "\"pcr\":7,\n      \"kind\":\"pcr\",\n      \"expected\":\"sha256"));
    assert_int_equal(RUN("ref", "firmware", "--name", "x", "--from-log", host.log_path, "--pcr", "4"), 2);
    assert_int_equal(RUN("ref", "firmware", "--name", "x", "--from-log", host.log_path, "--pcr", "77"), 2);
    assert_int_equal(RUN("ref", "firmware", "--name", "x/y", "--from-log", host.log_path), 2);
    assert_int_equal(RUN("ref", "firmware", "--name", "x", "--from-log", host.log_path, "--socket", in("socket")), 2);
    assert_int_equal(RUN("ref", "firmware", "--name", "x", "--socket", in("socket"), "--ca", in("other/issuercert.pem")), 1);

    /* another firmware: one event more in PCR 2 */
    begin(&(struct row){.code = CODE_OK, .variant = HOST_OTHER_FIRMWARE});
    must(verify(&image, NULL)); /* the image's own set does not know firmware */
    assert_int_equal(verify(&with, NULL), 1);
    assert_non_null(strstr(output, "\"code\":\"differs\",\n      \"failure\":true,\n      \"pcr\":2"));
    assert_null(strstr(output, "\"code\":\"differs\",\n      \"failure\":true,\n      \"pcr\":0"));
    assert_non_null(strstr(output, "EV_ACTION"));

    /* and no profile comes of a log that the TPM does not confirm */
    for (unsigned int i = 0; i < 2; i++) {
        begin(&image);
        assert_int_equal(fake_host_extend_late(&host, i == 0 ? LATE_UNLOGGED : LATE_AT_END, 7, 5, "late"), 0);
        unlink(in("fake.json"));
        assert_int_equal(RUN("ref", "firmware", "--name", "x", "--socket", in("socket"), "--ca", host.ca_issuer, "--output",
                             in("fake.json")), 1);
        assert_int_equal(access(in("fake.json"), F_OK), -1);
    }
    assert_int_equal(RUN("ref", "firmware", "--name", "x", "--from-log", host.log_path), 2); /* an event too late */
    end();
}

/* A code that nothing here produces is a code that nobody knows to work. */
static void verify_every_code_was_produced(void **state)
{
    (void)state;
    for (int code = 0; code < CODE_COUNT; code++) {
        if (!seen[code]) {
            fail_msg("%s was never produced", verify_code_name((enum verify_code)code));
        }
    }
}

/* -- overlap, watch, status, token ------------------------------------------------------------------ */
static const struct row good_row = {.code = CODE_OK};

static void overlap_ends_by_itself_for_a_host(void **state)
{
    const struct row folder = {.code = CODE_OK, .reference = {"sets"}};
    const unsigned int next = HOST_OTHER_POLICY | HOST_OTHER_RAMDISK;
    int64_t start;

    (void)state;
    shell("mkdir -p %s && rm -f %s/*", in("sets"), in("sets"));
    shell("cp %s %s", in("good.jws"), in("sets"));
    begin(&folder);
    must(verify(&folder, NULL));
    must(RUN("ref", "make", "--id", "b-2", "--not-before", utc(-100), "--not-after", utc(86400),
             "--supersedes", "good", "--overlap", "6", "--output", in("b-2.json"),
             in("b.reference")));
    sign("signer.key", "b-2.json", "sets/b-2.jws");
    start = time(NULL);
    must(verify(&folder, NULL)); /* the old image, in the overlap */
    assert_non_null(strstr(output, "\"reference\":\"good\""));
    boot(next);
    must(verify(&folder, NULL)); /* the new one */
    assert_non_null(strstr(output, "\"reference\":\"b-2\""));
    boot(HOST_OTHER_POLICY);
    assert_int_equal(verify(&folder, NULL), 1); /* half of each */
    assert_true(says("reference-mixture"));
    while (time(NULL) < start + 7) {
        usleep(100000);
    }
    boot(HOST_GOOD);
    assert_int_equal(verify(&folder, NULL), 1);
    assert_true(says("reference-superseded"));
    /* the end is remembered: without the new set at hand the old one does not come back */
    shell("mv %s %s", in("sets/b-2.jws"), in("b-2.kept"));
    assert_int_equal(verify(&folder, NULL), 1);
    assert_true(says("reference-expired"));
    /* nor under another TPM of the same host */
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca",
             host.ca_issuer, "--replace"));
    assert_int_equal(verify(&folder, NULL), 1);
    shell("mv %s %s", in("b-2.kept"), in("sets/b-2.jws"));
    boot(next);
    must(verify(&folder, NULL));
    assert_true(says("not-in-force"));
    end();
}

static void expire_is_remembered_when_the_old_file_returns(void **state)
{
    const struct row folder = {.code = CODE_OK, .reference = {"sets"}};

    (void)state;
    shell("mkdir -p %s && rm -f %s/*", in("sets"), in("sets"));
    shell("cp %s %s", in("good.jws"), in("sets"));
    begin(&folder);
    must(verify(&folder, NULL));
    must(RUN("ref", "expire", "--key", in("signer.key"), "--output", in("sets/good.jws"),
             in("good.jws")));
    assert_int_equal(verify(&folder, NULL), 1);
    assert_true(says("reference-expired"));
    shell("cp %s %s", in("good.jws"), in("sets"));
    assert_int_equal(verify(&folder, NULL), 1);
    assert_true(says("reference-expired"));
    /* nobody but the signer ends a set */
    assert_int_equal(RUN("ref", "expire", "--key", in("other.key"), in("good.jws")), 2);
    end();
}

static bool is_printable_text(const char *text)
{
    while (*text == '\n' || (*text >= 0x20 && *text <= 0x7e)) {
        text++;
    }
    return *text == '\0';
}

/* Enrolled when the new image was there already; then somebody shows it the old one, image and set. */
static void superseded_set_does_not_come_back_to_a_new_host(void **state)
{
    const struct row new_set = {.code = CODE_OK, .variant = HOST_OTHER_POLICY | HOST_OTHER_RAMDISK, .reference = {"b-4.jws"}};

    (void)state;
    must(RUN("ref", "make", "--id", "b-3", "--not-before", utc(-100), "--not-after", utc(86400), "--supersedes", in("good.jws"),
             "--output", in("b-3.json"), in("b.reference")));
    must(RUN("ref", "make", "--id", "b-4", "--not-before", utc(-100), "--not-after", utc(86400), "--supersedes", in("b-3.json"),
             "--output", in("b-4.json"), in("b.reference")));
    sign("signer.key", "b-4.json", "b-4.jws");
    must(RUN("ref", "show", in("b-4.jws")));
    assert_non_null(strstr(output, "supersedes  b-3, "));
    assert_non_null(strstr(output, "supersedes  good, "));
    assert_int_equal(RUN("ref", "make", "--id", "b-5", "--not-after", utc(86400), "--supersedes", in("b.reference"), in("b.reference")), 2);
    begin(&new_set);
    must(verify(&new_set, NULL));
    boot(HOST_GOOD);
    assert_int_equal(verify(&good_row, NULL), 1);
    assert_true(says("reference-expired"));
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer, "--replace"));
    assert_int_equal(verify(&good_row, NULL), 1);
    assert_true(says("reference-expired"));
    end();
}

/* Whatever a file has in it or is called, what is printed of it is a line each, in printable ASCII. */
static void files_are_shown_in_printable_lines(void **state)
{
    static const char detail[] = "\xc2\x9b" "2K\xe2\x80\xaesigned"; /* the control sequence introducer of 8 bits; right to left */
    const char *odd = in("odd\nsigned      by key 12.jws");
    struct attest_error err = {""};
    struct reference *r = reference_read(in("a.reference"), &err);
    static const uint8_t digest[32] = {1};

    (void)state;
    assert_non_null(r);
    assert_int_equal(reference_add(r, "odd", REFERENCE_FILE, 9, digest, detail, &err), 0);
    assert_int_equal(reference_write(r, in("odd.reference"), &err), 0);
    reference_free(r);
    must(RUN("ref", "make", "--id", "odd", "--not-after", utc(86400), "--output", in("odd.json"), in("odd.reference")));
    must(RUN("ref", "show", in("odd.json")));
    assert_non_null(strstr(output, "??2K???signed\n"));
    assert_true(is_printable_text(output));
    sign("signer.key", "odd.json", "odd\nsigned      by key 12.jws");
    must(RUN("ref", "check", "--signer", in("signer.pem"), odd));
    assert_true(is_printable_text(output));
    assert_ptr_equal(strchr(output, '\n'), strrchr(output, '\n'));
    unlink(odd);
    begin(&good_row);
    write_file("hosts/a\nweb PASS.json", "{}", 2);
    assert_int_equal(RUN("status", "--state", in("hosts")), 1);
    assert_non_null(strstr(output, "a?web PASS "));
    assert_true(is_printable_text(output));
    unlink(in("hosts/a\nweb PASS.json"));
    sign_text("odd.jwt", "JWT", "{\"a\":\"\xc2\x9b\"}");
    assert_int_equal(RUN("token", "--json", "--signer", in("signer.pem"), in("odd.jwt")), 1);
    assert_string_equal(output, "{\"a\":\"??\"}\n");
    end();
}

static char *since_of(const char *component)
{
    static char found[UTC_SIZE];
    char text[80], *at;

    snprintf(text, sizeof(text), "\"component\":\"%s\"", component);
    at = strstr(output, text);
    at = at == NULL ? NULL : strstr(at, "\"since\":\"");
    assert_non_null(at);
    snprintf(found, sizeof(found), "%.20s", at + 9);
    return found;
}

static void since_is_kept_until_something_changes(void **state)
{
    char first[UTC_SIZE];

    (void)state;
    begin(&good_row);
    must(verify(&good_row, NULL));
    strcpy(first, since_of("guest"));
    sleep(2);
    must(verify(&good_row, NULL));
    assert_string_equal(since_of("guest"), first);
    boot(HOST_OTHER_RAMDISK);
    assert_int_equal(verify(&good_row, NULL), 1);
    assert_string_not_equal(since_of("guest"), first);
    assert_string_equal(since_of("hypervisor"), first);
    end();
}

static void enroll_needs_proof_and_a_free_name(void **state)
{
    (void)state;
    begin(&good_row);
    assert_int_equal(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket",
                         in("socket"), "--ca", host.ca_issuer), 2);
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca",
             host.ca_issuer, "--replace"));
    assert_int_equal(RUN("enroll", "--host", "db", "--state", in("hosts"), "--socket",
                         in("socket"), "--ca", in("other/issuercert.pem")), 1);
    assert_int_equal(access(in("hosts/db.json"), F_OK), -1);
    assert_int_equal(RUN("enroll", "--host", "../db", "--state", in("hosts"), "--socket",
                         in("socket"), "--ca", host.ca_issuer), 2);
    end();
}

/* A memory that cannot be read is not one that says nothing. */
static void verify_damaged_history_is_an_error(void **state)
{
    struct attest_error err = {""};
    uint8_t *data;
    size_t size;

    (void)state;
    begin(&good_row);
    must(verify(&good_row, NULL));
    assert_int_equal(file_read(in("hosts/web.json"), 1 << 20, &data, &size, &err), 0);
    for (size_t n = 0; n < size - 1; n += 97) {
        write_file("hosts/web.json", data, n);
        assert_int_equal(verify(&good_row, NULL), 2);
    }
    /* nor is it put aside without a word: which sets ended is nowhere else */
    assert_int_equal(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer,
                         "--replace"), 2);
    assert_int_equal(verify(&good_row, NULL), 2);
    assert_int_equal(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer,
                         "--forget-sets"), 2);
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer, "--replace",
             "--forget-sets"));
    must(verify(&good_row, NULL));
    write_file("hosts/web.json", data, size);
    free(data);
    must(verify(&good_row, NULL));
    end();
}

static void verify_silent_host_is_no_answer(void **state)
{
    const struct row silent = {.code = CODE_OK, .lie = LIE_SILENCE};
    const char *more[] = {"--wait", "1", NULL};

    (void)state;
    begin(&silent);
    assert_int_equal(verify(&silent, more), 3);
    assert_int_equal(RUN("status", "--state", in("hosts")), 1);
    assert_non_null(strstr(output, "NO-ANSWER"));
    end();
}

/* What is not there in time as a whole is no answer, at whatever pace it comes. */
static void verify_trickled_answer_is_no_answer(void **state)
{
    const struct row late = {.code = CODE_OK, .lie = LIE_TRICKLE};
    const char *more[] = {"--timeout", "2", NULL};
    time_t began;

    (void)state;
    begin(&late);
    began = time(NULL);
    assert_int_equal(verify(&late, more), 3);
    assert_in_range(time(NULL) - began, 1, LIAR_TRICKLE_S - 4);
    assert_int_equal(RUN("status", "--state", in("hosts")), 1);
    assert_non_null(strstr(output, "NO-ANSWER"));
    end();
}

/* Nor a greeting; and a watch that waits for it can be ended. */
static void watch_trickled_greeting_is_no_answer(void **state)
{
    const struct row late = {.code = CODE_OK, .lie = LIE_HELLO_TRICKLE, .honest = 1};
    int status = 0, slept = 0;
    time_t began;
    pid_t pid;

    (void)state;
    begin(&late);
    fflush(stdout);
    began = time(NULL);
    pid = fork();
    if (pid == 0) {
        alarm(60);
        _exit(RUN("watch", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer, "--reference",
                  in("good.jws"), "--signer", in("signer.pem"), "--wait", "1", "--timeout", "2", "--interval", "60") == 3 &&
                      strstr(output, " web PASS -> NO-ANSWER ") != NULL
                  ? 33
                  : 1);
    }
    usleep(500000);
    kill(pid, SIGTERM);
    while (waitpid(pid, &status, WNOHANG) == 0 && slept++ < 200) {
        usleep(100000);
    }
    if (slept >= 200) {
        kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
    }
    assert_in_range(time(NULL) - began, 1, LIAR_TRICKLE_S - 1);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 33);
    end();
}

/* Whoever can keep a name from being found can keep a host from answering, and nothing more. A way that is malformed is a mistake here. */
static void watch_of_a_name_not_found_is_no_answer(void **state)
{
    static const char *const malformed[] = {"tcp:nowhere", "tcp::4000", "tcp:127.0.0.1:", "tcp:127.0.0.1:no-such-port", "nowhere"};

    (void)state;
    begin(&good_row);
    must(verify(&good_row, NULL));
    assert_int_equal(RUN("watch", "--host", "web", "--state", in("hosts"), "--connect", "tcp:host.invalid:4000", "--ca", host.ca_issuer,
                         "--reference", in("good.jws"), "--signer", in("signer.pem"), "--wait", "1", "--count", "1"), 3);
    assert_non_null(strstr(output, " web PASS -> NO-ANSWER "));
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        assert_int_equal(RUN("watch", "--host", "web", "--state", in("hosts"), "--connect", malformed[i], "--ca", host.ca_issuer,
                             "--reference", in("good.jws"), "--signer", in("signer.pem"), "--wait", "1", "--count", "1"), 2);
    }
    end();
}

/* A program to be run on a change, and the file that has what it was given. */
static const char *make_program(void)
{
    static const char program[] = "#!/bin/sh\necho \"$#:$1 $2 $3 $4\" >>\"${0%/*}/changes\"\n";

    write_file("program", program, strlen(program));
    assert_int_equal(chmod(in("program"), 0755), 0);
    unlink(in("changes"));
    return in("program");
}

static void program_was_given(const char *text)
{
    struct attest_error err = {""};
    uint8_t *data = NULL;
    size_t size = 0;
    char *got;

    (void)file_read(in("changes"), 4096, &data, &size, &err);
    got = strndup(data != NULL ? (char *)data : "", size);
    assert_string_equal(got, text);
    free(got);
    free(data);
    unlink(in("changes"));
}

/* A verdict is on disk before it is told. Here nobody tells what was recorded, as if whoever was to had ended in between. */
static void watch_tells_what_was_not_told(void **state)
{
    const char *const watch[] = {"watch", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer,
                                 "--reference", in("good.jws"), "--signer", in("signer.pem"), "--count", "1",
                                 "--on-change", make_program(), NULL};
    const char *const silent[] = {"--socket", in("nobody"), "--wait", "0", NULL};

    (void)state;
    begin(&good_row);
    assert_int_equal(run(watch), 0);
    assert_non_null(strstr(output, " web NEVER -> PASS "));
    boot(HOST_PERMISSIVE);
    assert_int_equal(verify(&good_row, NULL), 1);
    assert_int_equal(run(watch), 1); /* FAIL as before, and news all the same */
    assert_non_null(strstr(output, " web PASS -> FAIL policy:permissive"));
    assert_ptr_equal(strchr(output, '\n'), strrchr(output, '\n'));
    assert_int_equal(run(watch), 1);
    assert_string_equal(output, "");
    boot(HOST_GOOD);
    must(verify(&good_row, NULL));
    assert_int_equal(run(watch), 0);
    assert_non_null(strstr(output, " web FAIL -> PASS "));
    assert_int_equal(verify(&good_row, silent), 3);
    assert_int_equal(run(watch), 0);
    assert_non_null(strstr(output, " web PASS -> NO-ANSWER "));
    assert_non_null(strstr(output, " web NO-ANSWER -> PASS "));
    shell("for i in %s/web.told-*; do printf FA >$i; done%s", in("hosts"), ""); /* cut short: told again */
    assert_int_equal(run(watch), 0);
    assert_non_null(strstr(output, " web NEVER -> PASS "));
    end();
}

/* Each program is told for itself, and what a watch without one printed was told to nobody else. */
static void watch_tells_each_who_is_told(void **state)
{
    const char *const watch[] = {"watch", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer,
                                 "--reference", in("good.jws"), "--signer", in("signer.pem"), "--count", "1", NULL, NULL, NULL};
    const char *with[18], *other[18];

    (void)state;
    memcpy(with, watch, sizeof(with));
    memcpy(other, watch, sizeof(other));
    with[15] = other[15] = "--on-change";
    with[16] = make_program();
    other[16] = "/bin/true";
    begin(&good_row);
    must(verify(&good_row, NULL));
    assert_int_equal(run(with), 0);
    assert_int_equal(run(other), 0);
    boot(HOST_PERMISSIVE);
    assert_int_equal(run(watch), 1);
    assert_non_null(strstr(output, " web PASS -> FAIL policy:permissive"));
    assert_int_equal(run(watch), 1);
    assert_string_equal(output, "");
    assert_int_equal(run(other), 1);
    assert_non_null(strstr(output, " web PASS -> FAIL policy:permissive"));
    program_was_given("");
    assert_int_equal(run(with), 1);
    program_was_given("4:web PASS FAIL policy:permissive policy:differs\n");
    boot(HOST_GOOD);
    end();
}

/* What was found and what is recorded: somebody else may have recorded something in between. */
static void tell_says_what_was_found_and_what_is_recorded(void **state)
{
    const struct options o = {.state = in("hosts"), .on_change = make_program()};
    struct outcome out = {.at = time(NULL), .codes = (char *)(uintptr_t)"policy:permissive"};

    (void)state;
    begin(&good_row);
    must(verify(&good_row, NULL));
    tell_untold(&o, "web");
    tell_change(&o, "web", &out, "FAIL");
    program_was_given("4:web PASS FAIL policy:permissive\n4:web FAIL PASS \n");
    tell_unrecorded(&o, "web", "NO-ANSWER", ""); /* which makes a PASS of before no news */
    tell_untold(&o, "web");
    tell_unrecorded(&o, "web", "NO-ANSWER", "");
    program_was_given("4:web PASS NO-ANSWER \n");
    end();
}

/* A host that is enrolled anew is another one: what was told of the one before is not known of it. */
static void enroll_forgets_what_was_told(void **state)
{
    const struct options o = {.state = in("hosts"), .on_change = make_program()};
    const char *const silent[] = {"--socket", in("nobody"), "--wait", "0", NULL};

    (void)state;
    begin(&good_row);
    must(verify(&good_row, NULL));
    tell_untold(&o, "web");
    assert_int_equal(verify(&good_row, silent), 3);
    tell_untold(&o, "web");
    program_was_given("4:web PASS NO-ANSWER \n");
    must(RUN("enroll", "--host", "web", "--state", in("hosts"), "--socket", in("socket"), "--ca", host.ca_issuer, "--replace"));
    tell_untold(&o, "web");
    assert_int_equal(verify(&good_row, silent), 3);
    tell_untold(&o, "web");
    program_was_given("4:web NEVER NO-ANSWER \n");
    end();
}

static void watch_tells_changes_only_and_runs_the_program(void **state)
{
    const struct row turns = {.code = CODE_OK, .lie = LIE_QUOTE_BYTE, .honest = 1};

    (void)state;
    (void)make_program();
    begin(&turns);
    assert_int_equal(RUN("watch", "--host", "web", "--state", in("hosts"), "--socket", in("socket"),
                         "--ca", host.ca_issuer, "--reference", in("good.jws"), "--signer",
                         in("signer.pem"), "--interval", "1", "--count", "3", "--on-change",
                         in("program")), 1);
    assert_non_null(strstr(output, " web PASS -> FAIL quote:signature\n"));
    assert_ptr_equal(strchr(output, '\n'), strrchr(output, '\n'));
    program_was_given("4:web PASS FAIL quote:signature\n");
    /* nothing new: the same verdict again, from what is remembered */
    assert_int_equal(RUN("watch", "--host", "web", "--state", in("hosts"), "--socket", in("socket"),
                         "--ca", host.ca_issuer, "--reference", in("good.jws"), "--signer",
                         in("signer.pem"), "--interval", "1", "--count", "1"), 1);
    assert_string_equal(output, "");
    end();
}

static int token(const char *file, const char *signer, const char *of)
{
    return RUN("token", "--signer", in(signer), "--host", of, in(file));
}

static void token_says_what_the_verdict_said(void **state)
{
    const char *more[] = {"--token", in("web.jwt"), "--key", in("verifier.key"), NULL};
    const char *ended[] = {"--token", in("old.jwt"), "--key", in("verifier.key"), "--token-life",
                           "0", NULL};
    const char *no_p256[] = {"--token", in("ed.jwt"), "--key", in("ed.key"), NULL};
    struct attest_error err = {""};
    uint8_t *data;
    size_t size;

    (void)state;
    begin(&good_row);
    must(verify(&good_row, more));
    must(token("web.jwt", "verifier.pem", "web"));
    assert_string_equal(output, "token: ok\n");
    assert_int_equal(token("web.jwt", "signer.pem", "web"), 1);
    assert_string_equal(output, "token: token-signature\n");
    assert_int_equal(token("web.jwt", "verifier.pem", "db"), 1);
    assert_string_equal(output, "token: token-other-host\n");
    must(RUN("token", "--json", "--signer", in("verifier.pem"), in("web.jwt")));
    assert_non_null(strstr(output, "\"ear.verifier-id\":{"));
    assert_non_null(strstr(output, "\"eat_profile\":\"tag:github.com,2023:veraison/ear\""));
    assert_non_null(strstr(output, "\"boot\":{\"ear.status\":\"affirming\""));
    assert_non_null(strstr(output, "\"firmware\":{\"ear.status\":\"none\""));
    must(verify(&good_row, ended));
    assert_int_equal(token("old.jwt", "verifier.pem", "web"), 1);
    assert_string_equal(output, "token: token-expired\n");
    assert_int_equal(verify(&good_row, no_p256), 2); /* a pass, but no token */
    assert_int_equal(access(in("ed.jwt"), F_OK), -1);
    /* a reference set is signed too, but is no token, whoever signed it */
    assert_int_equal(token("good.jws", "signer.pem", "web"), 1);
    assert_string_equal(output, "token: token-signature\n");
    sign_text("bad.jwt", "JWT", "{}");
    assert_int_equal(token("bad.jwt", "signer.pem", "web"), 1);
    assert_string_equal(output, "token: token-malformed\n");
    sign_text("bad.jwt", "JWT",
              "{\"eat_profile\":\"tag:github.com,2023:veraison/ear\",\"iat\":4102444800,"
              "\"exp\":4102444900,\"bulkhead.verdict\":\"PASS\",\"bulkhead.host\":\"web\"}");
    assert_int_equal(token("bad.jwt", "signer.pem", "web"), 1);
    assert_string_equal(output, "token: token-not-yet-valid\n");
#define CLAIMS(verdict, whole, boot)                                                               \
    "{\"eat_profile\":\"tag:github.com,2023:veraison/ear\",\"iat\":1,\"exp\":4102444900,"             \
    "\"ear.status\":\"" whole "\",\"bulkhead.verdict\":\"" verdict "\",\"bulkhead.host\":\"web\","   \
    "\"submods\":{\"tpm\":{\"ear.status\":\"affirming\"},\"firmware\":{\"ear.status\":\"none\"},"     \
    "\"boot\":{\"ear.status\":\"" boot "\"},\"hypervisor\":{\"ear.status\":\"affirming\"},"           \
    "\"domains\":{\"ear.status\":\"affirming\"}}}"
    sign_text("claims.jwt", "JWT", CLAIMS("PASS", "affirming", "affirming"));
    must(token("claims.jwt", "signer.pem", "web"));
    /* each of the three ways to say that a host is not good counts alone */
    sign_text("claims.jwt", "JWT", CLAIMS("FAIL", "affirming", "affirming"));
    assert_int_equal(token("claims.jwt", "signer.pem", "web"), 1);
    sign_text("claims.jwt", "JWT", CLAIMS("PASS", "contraindicated", "affirming"));
    assert_int_equal(token("claims.jwt", "signer.pem", "web"), 1);
    sign_text("claims.jwt", "JWT", CLAIMS("PASS", "affirming", "contraindicated"));
    assert_int_equal(token("claims.jwt", "signer.pem", "web"), 1);
    sign_text("claims.jwt", "JWT", CLAIMS("PASS", "affirming", "none"));
    assert_int_equal(token("claims.jwt", "signer.pem", "web"), 1);
    boot(HOST_PERMISSIVE);
    assert_int_equal(verify(&good_row, more), 1);
    assert_int_equal(token("web.jwt", "verifier.pem", "web"), 1);
    assert_string_equal(output, "token: token-fail\n");
    assert_int_equal(file_read(in("web.jwt"), 1 << 20, &data, &size, &err), 0);
    data[size / 2] ^= 1;
    write_file("web.jwt", data, size);
    free(data);
    assert_int_equal(token("web.jwt", "verifier.pem", "web"), 1);
    assert_string_equal(output, "token: token-signature\n");
    end();
}

/* A token is as old as the question: what was signed is not newer by having been on its way. */
static void token_is_of_when_it_was_asked(void **state)
{
    const struct row slow = {.code = CODE_OK, .lie = LIE_SLOW};
    const char *more[] = {"--token", in("slow.jwt"), "--key", in("verifier.key"), NULL};
    int64_t began, answered, iat;
    const char *at;

    (void)state;
    begin(&slow);
    began = time(NULL);
    must(verify(&slow, more));
    answered = time(NULL);
    must(RUN("token", "--json", "--signer", in("verifier.pem"), in("slow.jwt")));
    at = strstr(output, "\"iat\":");
    assert_non_null(at);
    iat = strtoll(at + 6, NULL, 10);
    assert_in_range(iat, began, answered - LIAR_SLOW_S);
    end();
}

static void status_tells_the_last_verdict(void **state)
{
    (void)state;
    begin(&good_row);
    assert_int_equal(RUN("status", "--state", in("hosts")), 1); /* never verified */
    assert_non_null(strstr(output, "NEVER"));
    must(verify(&good_row, NULL));
    must(RUN("status", "--state", in("hosts")));
    assert_non_null(strstr(output, "PASS"));
    sleep(2);
    assert_int_equal(RUN("status", "--state", in("hosts"), "--max-age", "1"), 1);
    assert_non_null(strstr(output, "STALE"));
    end();
}

static void ref_merge_takes_each_pcr_from_one(void **state)
{
    char zeros[80] = "7=";

    (void)state;
    memset(zeros + 2, '0', 64);
    zeros[66] = '\0';
    must(RUN("ref", "make", "--id", "fw", "--not-after", utc(3600), "--firmware", "edk2", "--pcr",
             zeros, "--output", in("fw.json"), in("empty.reference")));
    must(RUN("ref", "merge", "--id", "both", "--output", in("both.json"), in("good.json"),
             in("fw.json")));
    sign("signer.key", "both.json", "both.jws");
    must(RUN("ref", "check", "--signer", in("signer.pem"), in("both.jws")));
    must(RUN("ref", "show", "--signer", in("signer.pem"), in("both.jws")));
    assert_non_null(strstr(output, "firmware    edk2"));
    assert_int_equal(RUN("ref", "merge", "--id", "no", in("good.json"), in("b.json")), 2);
    assert_int_equal(RUN("ref", "show", "--signer", in("other.pem"), in("both.jws")), 1);
    begin(&good_row);
    {
        const struct row firmware = {.code = CODE_OK, .reference = {"both.jws"}};

        assert_int_equal(verify(&firmware, NULL), 1);
        assert_true(says("differs"));
    }
    end();
}

#endif
/* -- set-up ----------------------------------------------------------------------------------------- */
static int setup(void **state)
{
    (void)state;
    if (fake_host_create(&host) != 0) {
        return -1;
    }
    write_key("signer", EVP_EC_gen("P-256"));
    write_key("other", EVP_EC_gen("P-256"));
    write_key("verifier", EVP_EC_gen("P-256"));
    write_key("ed", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    make_sets();
    boot(HOST_GOOD);
    craft_certificate();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    end();
    bytes_free(&crafted);
    fake_host_destroy(&host);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef OPTIONS_ONLY /* two programs of its own, each with half of the rows, for the time it takes */
        cmocka_unit_test(verify_no_option_silences_a_failure),
#else
        cmocka_unit_test(verify_each_code_said_for_what_it_is),
        cmocka_unit_test(verify_signed_but_no_quote_fails),
        cmocka_unit_test(locality_0_changes_nothing_for_the_better),
        cmocka_unit_test(firmware_profile_is_what_the_tpm_signed_and_is_compared),
        cmocka_unit_test(verify_every_code_was_produced),
        cmocka_unit_test(overlap_ends_by_itself_for_a_host),
        cmocka_unit_test(expire_is_remembered_when_the_old_file_returns),
        cmocka_unit_test(superseded_set_does_not_come_back_to_a_new_host),
        cmocka_unit_test(files_are_shown_in_printable_lines),
        cmocka_unit_test(since_is_kept_until_something_changes),
        cmocka_unit_test(enroll_needs_proof_and_a_free_name),
        cmocka_unit_test(verify_damaged_history_is_an_error),
        cmocka_unit_test(verify_silent_host_is_no_answer),
        cmocka_unit_test(verify_trickled_answer_is_no_answer),
        cmocka_unit_test(watch_trickled_greeting_is_no_answer),
        cmocka_unit_test(watch_of_a_name_not_found_is_no_answer),
        cmocka_unit_test(watch_tells_what_was_not_told),
        cmocka_unit_test(watch_tells_each_who_is_told),
        cmocka_unit_test(tell_says_what_was_found_and_what_is_recorded),
        cmocka_unit_test(enroll_forgets_what_was_told),
        cmocka_unit_test(watch_tells_changes_only_and_runs_the_program),
        cmocka_unit_test(token_says_what_the_verdict_said),
        cmocka_unit_test(token_is_of_when_it_was_asked),
        cmocka_unit_test(status_tells_the_last_verdict),
        cmocka_unit_test(ref_merge_takes_each_pcr_from_one),
#endif
    };

    alarm(290);
    signal(SIGPIPE, SIG_IGN);
    setenv("TSS2_LOG", "all+NONE", 1);
    return cmocka_run_group_tests(tests, setup, teardown);
}
