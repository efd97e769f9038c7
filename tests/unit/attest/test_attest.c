/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation end to end with a real TPM (swtpm): a good host passes; every lie and every change
 * fails with its own code and names its component. The host side is the hypervisor's own measuring
 * code and the agent's own TPM code; only machine and firmware are missing.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/eventlog.h>
#include <attest/trust.h>
#include <attest/verify.h>

#include "../../../attest/agent/serve.h"
#include "../../../attest/verifier/session.h"
#include "fake_host.h"

static struct fake_host host;
static struct reference *ref;

/* One host's evidence, taken without the wire so that tests can change it. */
static struct {
    struct bytes nonce;
    struct evidence evidence;
    struct bytes ak_public, ek_cert;
    EVP_PKEY *ak;
} got;

static void must(int rc, const struct attest_error *err)
{
    if (rc != 0) {
        fail_msg("%d: %s", rc, err->text);
    }
}

static void forget(void)
{
    evidence_free(&got.evidence);
    bytes_free(&got.nonce);
    bytes_free(&got.ak_public);
    bytes_free(&got.ek_cert);
    EVP_PKEY_free(got.ak);
    got.ak = NULL;
}

static void take_quote(struct agent_tpm *tpm, struct attest_error *err)
{
    struct agent_quote q = {.attest = {NULL, 0}};
    uint8_t *log;
    size_t size;

    must(agent_tpm_quote(tpm, &got.nonce, VERIFY_PCR_MASK, &q, err), err);
    evidence_free(&got.evidence);
    got.evidence.quote = q.attest;
    got.evidence.signature = q.signature;
    got.evidence.pcr_mask = VERIFY_PCR_MASK;
    memcpy(got.evidence.pcr, q.pcr, sizeof(q.pcr));
    must(file_read(host.log_path, LOG_SIZE_MAX, &log, &size, err), err);
    got.evidence.log = (struct bytes){log, size};
}

static void collect(unsigned int variant)
{
    struct attest_error err = {""};
    struct agent_tpm *tpm;
    uint8_t name[NAME_SIZE];

    forget();
    assert_int_equal(fake_host_boot(&host, variant), 0);
    must(agent_tpm_open(&tpm, host.tcti, &err), &err);
    must(bytes_set(&got.nonce, "0123456789abcdef0123456789abcdef", 32), &err);
    take_quote(tpm, &err);
    must(agent_tpm_ak_public(tpm, &got.ak_public, &err), &err);
    must(agent_tpm_ek_certificate(tpm, &got.ek_cert, &err), &err);
    agent_tpm_close(tpm);
    must(ak_verify(&got.ak_public, &got.ak, name, &err), &err);
}

static struct verdict judge_with(const struct reference *reference, bool allow)
{
    struct verdict v = {.count = 0};
    const struct verify_input in = {.evidence = &got.evidence,
                                    .nonce = &got.nonce,
                                    .ak = got.ak,
                                    .reference = reference,
                                    .allow_unmeasured = allow};

    verify_evidence(&in, &v);
    assert_false(v.no_memory);
    return v;
}

static bool has(const struct verdict *v, enum verify_code code, const char *component, int pcr)
{
    for (size_t i = 0; i < v->count; i++) {
        const struct finding *f = &v->finding[i];

        if (f->code == code && strcmp(f->component, component) == 0 && (pcr < 0 || f->pcr == pcr)) {
            return true;
        }
    }
    return false;
}

static size_t failures(const struct verdict *v)
{
    size_t n = 0;

    for (size_t i = 0; i < v->count; i++) {
        n += verify_code_is_failure(v->finding[i].code);
    }
    return n;
}

static void dump(const struct verdict *v)
{
    for (size_t i = 0; i < v->count; i++) {
        fprintf(stderr, "  %s pcr %d %s: expected \"%s\" found \"%s\"\n", v->finding[i].component,
                v->finding[i].pcr, verify_code_name(v->finding[i].code), v->finding[i].expected,
                v->finding[i].found);
    }
}

/* The verdict fails with exactly `count` failures, among them this one. */
static void expect_fail(bool allow, size_t count, enum verify_code code, const char *component,
                        int pcr)
{
    struct verdict v = judge_with(ref, allow);

    if (verdict_passes(&v) || failures(&v) != count || !has(&v, code, component, pcr)) {
        dump(&v);
        fail_msg("expected %zu failure(s), one of them %s of %s", count, verify_code_name(code),
                 component);
    }
    verdict_free(&v);
}

/* -- good hosts
 * ------------------------------------------------------------------------------------ */
static void verify_good_host_passes(void **state)
{
    struct verdict v;

    (void)state;
    collect(HOST_GOOD);
    v = judge_with(ref, false);
    if (!verdict_passes(&v)) {
        dump(&v);
        fail();
    }
    assert_true(has(&v, CODE_OK, "policy", 9));
    assert_true(has(&v, CODE_OK, "policy", 21));
    assert_true(has(&v, CODE_OK, "protection", 21));
    assert_true(has(&v, CODE_OK, "guest", 22));
    assert_true(has(&v, CODE_RECORDED, "firmware", 7));
    verdict_free(&v);
}

static void verify_restarted_domain_passes(void **state)
{
    struct verdict v;

    (void)state;
    collect(HOST_RESTARTED_DOMAIN);
    v = judge_with(ref, false);
    assert_true(verdict_passes(&v));
    assert_true(has(&v, CODE_RESTARTED, "guest", 22));
    verdict_free(&v);
}

static void verify_sealed_audit_records_pass_odd_ones_fail(void **state)
{
    struct verdict v;

    (void)state;
    collect(HOST_SEALED);
    v = judge_with(ref, false);
    assert_true(verdict_passes(&v));
    assert_true(has(&v, CODE_RECORDED, "audit-seal", 21));
    verdict_free(&v);
    collect(HOST_ODD_SEAL);
    expect_fail(false, 5, CODE_UNEXPECTED, "unlisted-event", 21);
}

/* -- changed hosts: the component is named
 * ----------------------------------------------------------- */
static void verify_changed_component_named(void **state)
{
    (void)state;
    collect(HOST_OTHER_POLICY);
    expect_fail(false, 2, CODE_DIFFERS, "policy", 9);
    expect_fail(false, 2, CODE_DIFFERS, "policy", 21);
    collect(HOST_OTHER_HYPERVISOR);
    expect_fail(false, 1, CODE_DIFFERS, "hypervisor", 9);
    collect(HOST_OTHER_RAMDISK);
    expect_fail(false, 2, CODE_DIFFERS, "guest", 9);
    expect_fail(false, 2, CODE_DIFFERS, "guest", 22);
    collect(HOST_EXTRA_WORD);
    expect_fail(false, 2, CODE_DIFFERS, "cmdline", 8);
    expect_fail(false, 2, CODE_DIFFERS, "cmdline", 21);
    collect(HOST_OTHER_LOADER);
    expect_fail(false, 1, CODE_DIFFERS, "loader", 4);
    collect(HOST_NO_NX);
    expect_fail(false, 1, CODE_DIFFERS, "protection", 21);
}

static void verify_permissive_fails(void **state)
{
    (void)state;
    collect(HOST_PERMISSIVE);
    expect_fail(false, 2, CODE_PERMISSIVE, "policy", 21);
    collect(HOST_SETENFORCE);
    expect_fail(false, 2, CODE_PERMISSIVE, "policy", 21);
    expect_fail(false, 2, CODE_UNEXPECTED, "unlisted-event", 21);
}

static void verify_extra_or_missing_event_fails(void **state)
{
    (void)state;
    collect(HOST_EXTRA_DOMAIN);
    expect_fail(false, 1, CODE_UNEXPECTED, "unlisted-domain", 22);
    collect(HOST_NO_SEED);
    expect_fail(false, 1, CODE_MISSING, "seed", 21);
}

static void verify_unmeasured_hypervisor_fails_unless_allowed(void **state)
{
    struct verdict v;

    (void)state;
    collect(HOST_UNMEASURED);
    expect_fail(false, 1, CODE_UNMEASURED, "hypervisor", 9);
    v = judge_with(ref, true);
    assert_true(verdict_passes(&v));
    assert_true(has(&v, CODE_UNMEASURED_ALLOWED, "hypervisor", 9));
    verdict_free(&v);
    collect(HOST_UNMEASURED | HOST_OTHER_POLICY);
    expect_fail(true, 1, CODE_DIFFERS, "policy", 21);
}

/* Under a BIOS the boot sector is known, but it says nothing about the hypervisor. */
static void verify_bios_boot(void **state)
{
    struct verdict v;

    (void)state;
    collect(HOST_BIOS);
    expect_fail(false, 1, CODE_UNMEASURED, "hypervisor", 9);
    v = judge_with(ref, true);
    assert_true(verdict_passes(&v));
    assert_true(has(&v, CODE_OK, "bios-boot-sector", 4));
    assert_true(has(&v, CODE_OK, "bios-partition-table", 5));
    verdict_free(&v);
    collect(HOST_BIOS | HOST_OTHER_LOADER);
    expect_fail(true, 1, CODE_DIFFERS, "bios-boot-sector", 4);
    collect(HOST_BIOS | HOST_BIOS_MORE);
    expect_fail(true, 1, CODE_UNEXPECTED, "unlisted-boot-code", 4);
    collect(HOST_GOOD);
    v = judge_with(ref, false);
    assert_true(verdict_passes(&v));
    assert_false(has(&v, CODE_MISSING, "bios-boot-sector", 4));
    verdict_free(&v);
    /* a set that knows one of the two has it compared, and the other expected */
    collect(HOST_BIOS);
    for (enum reference_kind without = REFERENCE_BOOT_SECTOR; without <= REFERENCE_PARTITION_TABLE; without++) {
        struct reference rest = {.component = calloc(ref->count, sizeof(*ref->component))};

        assert_non_null(rest.component);
        for (size_t i = 0; i < ref->count; i++) {
            if (ref->component[i].kind != without) {
                rest.component[rest.count++] = ref->component[i];
            }
        }
        v = judge_with(&rest, true);
        assert_false(verdict_passes(&v));
        assert_int_equal(failures(&v), 1);
        assert_true(without == REFERENCE_BOOT_SECTOR ? has(&v, CODE_UNEXPECTED, "unlisted-boot-code", 4)
                                                     : has(&v, CODE_UNEXPECTED, "unlisted-boot-data", 5));
        assert_true(without == REFERENCE_BOOT_SECTOR ? has(&v, CODE_OK, "bios-partition-table", 5)
                                                     : has(&v, CODE_OK, "bios-boot-sector", 4));
        verdict_free(&v);
        free(rest.component);
    }
}

/* One program with everything in it: its digest stands for the files, and nothing may be loaded beside it. */
static void verify_efi_image(void **state)
{
    struct reference one = {.count = 0};
    struct verdict v;

    (void)state;
    one.component = calloc(ref->count, sizeof(*one.component));
    assert_non_null(one.component);
    for (size_t i = 0; i < ref->count; i++) {
        if (ref->component[i].pcr > 9 || ref->component[i].kind == REFERENCE_GRUB_PE) {
            one.component[one.count++] = ref->component[i];
        }
    }
    collect(HOST_EFI);
    v = judge_with(&one, false); /* a loader without files is no reference */
    assert_true(has(&v, CODE_REFERENCE_EMPTY, "reference", 9));
    verdict_free(&v);
    one.component[0].kind = REFERENCE_EFI_IMAGE;
    v = judge_with(&one, false);
    assert_true(verdict_passes(&v));
    assert_true(has(&v, CODE_OK, "loader", 4));
    verdict_free(&v);
    collect(HOST_EFI | HOST_OTHER_LOADER);
    v = judge_with(&one, false);
    assert_int_equal(failures(&v), 1);
    assert_true(has(&v, CODE_DIFFERS, "loader", 4));
    verdict_free(&v);
    collect(HOST_GOOD); /* the same program, and files that it has loaded */
    v = judge_with(&one, false);
    assert_true(has(&v, CODE_UNEXPECTED, "unlisted-file", 9));
    assert_false(verdict_passes(&v));
    verdict_free(&v);
    free(one.component);
}

/* -- lies
 * ---------------------------------------------------------------------------------------------- */
static void verify_replayed_quote_fails(void **state)
{
    (void)state;
    collect(HOST_GOOD);
    got.nonce.data[0] ^= 1;
    expect_fail(false, 1, CODE_NONCE, "quote", -1);
}

static void verify_tampered_quote_fails(void **state)
{
    (void)state;
    collect(HOST_GOOD);
    for (size_t i = 0; i < got.evidence.quote.size; i += 7) {
        got.evidence.quote.data[i] ^= 1;
        expect_fail(false, 1, CODE_SIGNATURE, "quote", -1);
        got.evidence.quote.data[i] ^= 1;
    }
    for (size_t n = 0; n < got.evidence.signature.size; n++) {
        size_t size = got.evidence.signature.size;

        got.evidence.signature.size = n;
        expect_fail(false, 1, CODE_SIGNATURE, "quote", -1);
        got.evidence.signature.size = size;
    }
    got.evidence.pcr[9][0] ^= 1;
    expect_fail(false, 1, CODE_PCR_DIGEST, "quote", -1);
    got.evidence.pcr[9][0] ^= 1;
    got.evidence.pcr_mask = 0;
    expect_fail(false, 1, CODE_PCR_SELECTION, "quote", -1);
}

static void verify_quote_of_fewer_pcrs_fails(void **state)
{
    struct attest_error err = {""};
    struct agent_quote q = {.attest = {NULL, 0}};
    struct agent_tpm *tpm;

    (void)state;
    collect(HOST_GOOD);
    must(agent_tpm_open(&tpm, host.tcti, &err), &err);
    must(agent_tpm_quote(tpm, &got.nonce, 1u << 21, &q, &err), &err);
    agent_tpm_close(tpm);
    bytes_free(&got.evidence.quote);
    bytes_free(&got.evidence.signature);
    got.evidence.quote = q.attest;
    got.evidence.signature = q.signature;
    expect_fail(false, 1, CODE_PCR_SELECTION, "quote", -1);
}

static size_t find_text(const char *text)
{
    uint8_t *p = memmem(got.evidence.log.data, got.evidence.log.size, text, strlen(text));

    assert_non_null(p);
    return (size_t)(p - got.evidence.log.data);
}

static void verify_altered_log_text_fails(void **state)
{
    size_t at;

    (void)state;
    collect(HOST_GOOD);
    at = find_text("mode=enforcing");
    got.evidence.log.data[at] = 'M';
    expect_fail(false, 1, CODE_TEXT_DIGEST, "event-log", 21);
    got.evidence.log.data[at] = 'm';
    at = find_text("domain id=5");
    got.evidence.log.data[at + 10] = '6';
    expect_fail(false, 1, CODE_TEXT_DIGEST, "event-log", 22);
}

static void verify_altered_log_digest_fails(void **state)
{
    size_t at;

    (void)state;
    collect(HOST_GOOD);
    at = find_text("policy sha256") - 4 - 48 - 2 - 1; /* last byte of the SHA-256 digest */
    got.evidence.log.data[at] ^= 1;
    expect_fail(false, 1, CODE_LOG_REPLAY, "event-log", 21);
}

/* No digest in a PCR that firmware extends covers the type of an event: calling a second loader an action must not hide it.
 */
static void verify_relabelled_loader_fails(void **state)
{
    size_t at;

    (void)state;
    collect(HOST_OTHER_LOADER);
    at = find_text("device path") - 4 - (2 + 32) - (2 + 48) - 8;
    assert_int_equal(got.evidence.log.data[at], 3);
    got.evidence.log.data[at] = 7; /* EV_EFI_ACTION */
    expect_fail(false, 1, CODE_FIRMWARE_LOG, "event-log", 21);
    collect(HOST_OTHER_LOADER | HOST_RELABELLED); /* before the hypervisor found the log */
    expect_fail(false, 1, CODE_DIFFERS, "loader", 4);
}

static void verify_log_cut_or_longer_fails(void **state)
{
    size_t size, last;
    uint8_t *longer;

    (void)state;
    collect(HOST_GOOD);
    size = got.evidence.log.size;
    last = find_text("domain id=5") - 16 - (2 + 32) - (2 + 48);
    got.evidence.log.size = last; /* without the last event */
    expect_fail(false, 1, CODE_LOG_REPLAY, "event-log", 22);
    for (size_t cut = last + 1; cut < size; cut++) {
        got.evidence.log.size = cut;
        expect_fail(false, 1, CODE_LOG_MALFORMED, "event-log", -1);
    }
    longer = malloc(size + (size - last)); /* the last event twice */
    assert_non_null(longer);
    memcpy(longer, got.evidence.log.data, size);
    memcpy(longer + size, got.evidence.log.data + last, size - last);
    free(got.evidence.log.data);
    got.evidence.log = (struct bytes){longer, size + (size - last)};
    expect_fail(false, 1, CODE_LOG_REPLAY, "event-log", 22);
}

static void verify_unlogged_extend_fails(void **state)
{
    (void)state;
    collect(HOST_FORGED);
    expect_fail(false, 1, CODE_LOG_REPLAY, "event-log", 9);
}

static void verify_empty_or_partial_reference_fails(void **state)
{
    struct reference *part = reference_new();
    struct attest_error err = {""};
    struct verdict v;

    (void)state;
    collect(HOST_GOOD);
    v = judge_with(part, true);
    assert_false(verdict_passes(&v));
    assert_true(has(&v, CODE_REFERENCE_EMPTY, "reference", -1));
    verdict_free(&v);
    for (size_t i = 0; i < ref->count; i++) {
        const struct reference_component *c = &ref->component[i];

        if (strcmp(c->name, "seed") != 0) {
            must(reference_add(part, c->name, c->kind, c->pcr, c->sha256, c->detail, &err), &err);
        }
    }
    v = judge_with(part, false); /* measured, but not in the reference */
    assert_false(verdict_passes(&v));
    assert_true(has(&v, CODE_UNEXPECTED, "unlisted-event", 21));
    verdict_free(&v);
    reference_free(part);
}

/* -- keys
 * --------------------------------------------------------------------------------------------- */
static void ak_verify_wrong_attributes_refused(void **state)
{
    struct attest_error err = {""};
    uint8_t name[NAME_SIZE];
    EVP_PKEY *key = NULL;

    (void)state;
    collect(HOST_GOOD);
    /* type, nameAlg, then 4 bytes of attributes: restricted is bit 16, fixedTPM bit 1 */
    got.ak_public.data[5] ^= 1;
    assert_int_equal(ak_verify(&got.ak_public, &key, name, &err), -EINVAL);
    got.ak_public.data[5] ^= 1;
    got.ak_public.data[7] ^= 2;
    assert_int_equal(ak_verify(&got.ak_public, &key, name, &err), -EINVAL);
    got.ak_public.data[7] ^= 2;
    for (size_t n = 0; n < got.ak_public.size; n++) {
        struct bytes cut = {got.ak_public.data, n};

        assert_int_equal(ak_verify(&cut, &key, name, &err), -EINVAL);
    }
    got.ak_public.data[got.ak_public.size - 1] ^= 1; /* off the curve */
    assert_int_equal(ak_verify(&got.ak_public, &key, name, &err), -EINVAL);
}

static void ek_verify_only_trusted_chain_accepted(void **state)
{
    const char *good[] = {host.ca_issuer, host.ca_root}, *other[] = {host.other_ca};
    const char *absent[] = {"/nonexistent/ca.pem"};
    struct attest_error err = {""};
    EVP_PKEY *key = NULL;

    (void)state;
    collect(HOST_GOOD);
    must(ek_verify(&got.ek_cert, good, 2, &key, &err), &err);
    EVP_PKEY_free(key);
    assert_int_equal(ek_verify(&got.ek_cert, other, 1, &key, &err), -EACCES);
    assert_int_equal(ek_verify(&got.ek_cert, good, 0, &key, &err), -EACCES);
    assert_int_equal(ek_verify(&got.ek_cert, absent, 1, &key, &err), -ENOENT);
    got.ek_cert.data[got.ek_cert.size - 1] ^= 1; /* signature */
    assert_int_equal(ek_verify(&got.ek_cert, good, 2, &key, &err), -EACCES);
    got.ek_cert.size = 10;
    assert_int_equal(ek_verify(&got.ek_cert, good, 2, &key, &err), -EINVAL);
}

static void activate_for_another_key_refused(void **state)
{
    const char *ca[] = {host.ca_issuer};
    struct attest_error err = {""};
    struct bytes blob = {NULL, 0}, seed = {NULL, 0}, answer = {NULL, 0};
    uint8_t name[NAME_SIZE], secret[SECRET_SIZE] = {1, 2, 3};
    EVP_PKEY *ek = NULL, *ak = NULL;
    struct agent_tpm *tpm;

    (void)state;
    collect(HOST_GOOD);
    must(ek_verify(&got.ek_cert, ca, 1, &ek, &err), &err);
    must(ak_verify(&got.ak_public, &ak, name, &err), &err);
    must(agent_tpm_open(&tpm, host.tcti, &err), &err);
    must(credential_make(ek, name, secret, &blob, &seed, &err), &err);
    must(agent_tpm_activate(tpm, &blob, &seed, &answer, &err), &err);
    assert_int_equal(answer.size, sizeof(secret));
    assert_memory_equal(answer.data, secret, sizeof(secret));
    name[10] ^= 1; /* a credential for a key that this TPM does not hold */
    must(credential_make(ek, name, secret, &blob, &seed, &err), &err);
    assert_int_equal(agent_tpm_activate(tpm, &blob, &seed, &answer, &err), -EIO);
    agent_tpm_close(tpm);
    EVP_PKEY_free(ek);
    EVP_PKEY_free(ak);
    bytes_free(&blob);
    bytes_free(&seed);
    bytes_free(&answer);
}

/* -- over the wire
 * ----------------------------------------------------------------------------------- */
static pid_t serve(int fd, int other_end, bool with_tpm)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct attest_error err = {""};
        struct agent agent = {.log_path = host.log_path, .tpm_error = "none fitted"};
        struct fd_pair fds = {fd, fd};
        struct stream stream;

        alarm(60);
        close(other_end);
        if (with_tpm && agent_tpm_open(&agent.tpm, host.tcti, &err) != 0) {
            _exit(1);
        }
        stream_from_fds(&stream, &fds);
        agent_serve(&agent, &stream);
        agent_tpm_close(agent.tpm);
        _exit(0);
    }
    return pid;
}

/* What a dishonest agent adds to the truth: a wrong secret. */
static pid_t serve_wrong_secret(int fd, int other_end)
{
    pid_t pid = fork();

    if (pid == 0) {
        struct fd_pair fds = {fd, fd};
        struct stream stream;
        uint8_t *data;
        size_t size;

        alarm(60);
        close(other_end);
        stream_from_fds(&stream, &fds);
        while (frame_receive(&stream, &data, &size, -1) == 0) {
            json_object *request = message_parse(data, size, NULL),
                        *reply = json_object_new_object();

            message_add_string(reply, "id", message_string(request, "id"));
            json_object_object_add(reply, "ok", json_object_new_boolean(1));
            message_add_bytes(reply, "ek_certificate", got.ek_cert.data, got.ek_cert.size);
            message_add_bytes(reply, "ak_public", got.ak_public.data, got.ak_public.size);
            message_add_bytes(reply, "secret", "0123456789abcdef0123456789abcdef", 32);
            message_send(&stream, reply);
        }
        _exit(0);
    }
    return pid;
}

static struct verdict session(const char *const *ca, size_t ca_count, bool with_tpm, bool honest)
{
    static const struct bytes nonce = {(uint8_t *)(uintptr_t)"0123456789abcdef0123456789abcdef", 32};
    struct refset_list sets = {.count = 0};
    struct session s = {
        .ca = ca, .ca_count = ca_count, .sets = &sets, .nonce = &nonce, .timeout_s = 20, .allow_no_history = true};
    struct attest_error err = {""};
    struct verdict v = {.count = 0};
    struct evidence evidence;
    struct client c = {.has_tpm = with_tpm, .next_id = 7};
    int pair[2];
    pid_t pid;

    assert_int_equal(fake_host_set(ref, &sets), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    pid = honest ? serve(pair[1], pair[0], with_tpm) : serve_wrong_secret(pair[1], pair[0]);
    close(pair[1]);
    c.fds = (struct fd_pair){pair[0], pair[0]};
    stream_from_fds(&c.stream, &c.fds);
    /* noise on the line before the first frame, as a console would leave */
    assert_int_equal(write(pair[0], "BHBBHA login: BH", 16), 16);
    must(session_run(&s, &c, &evidence, &v, &err), &err);
    evidence_free(&evidence);
    refset_list_free(&sets);
    close(pair[0]);
    waitpid(pid, NULL, 0);
    return v;
}

static void session_good_host_passes(void **state)
{
    const char *ca[] = {host.ca_issuer, host.ca_root};
    struct verdict v;

    (void)state;
    assert_int_equal(fake_host_boot(&host, HOST_GOOD), 0);
    v = session(ca, 2, true, true);
    if (!verdict_passes(&v)) {
        dump(&v);
        fail();
    }
    assert_true(has(&v, CODE_OK, "attestation-key", -1));
    verdict_free(&v);
}

static void session_untrusted_authority_fails(void **state)
{
    const char *ca[] = {host.other_ca};
    struct verdict v;

    (void)state;
    assert_int_equal(fake_host_boot(&host, HOST_GOOD), 0);
    v = session(ca, 1, true, true);
    assert_false(verdict_passes(&v));
    assert_true(has(&v, CODE_EK_UNTRUSTED, "endorsement-key", -1));
    verdict_free(&v);
}

static void session_wrong_secret_fails(void **state)
{
    const char *ca[] = {host.ca_issuer};
    struct verdict v;

    (void)state;
    collect(HOST_GOOD);
    v = session(ca, 1, true, false);
    assert_false(verdict_passes(&v));
    assert_true(has(&v, CODE_AK_NOT_ACTIVATED, "attestation-key", -1));
    verdict_free(&v);
}

static void session_without_tpm_fails(void **state)
{
    const char *ca[] = {host.ca_issuer};
    struct verdict v;

    (void)state;
    v = session(ca, 1, false, true);
    assert_false(verdict_passes(&v));
    assert_true(has(&v, CODE_NO_TPM, "tpm", -1));
    verdict_free(&v);
}

/* A line to the TPM that breaks once, at the request of that number: what a seized TPM is to the driver above it. */
static pid_t flaky_line(const char *to, const char *path, unsigned int breaks_at)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX}, tpm = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    strncpy(at.sun_path, path, sizeof(at.sun_path) - 1);
    strncpy(tpm.sun_path, to, sizeof(tpm.sun_path) - 1);
    unlink(path);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(listener, 4), 0);
    pid = fork();
    for (unsigned int requests = 0; pid == 0;) {
        int client = accept(listener, NULL, NULL), server = socket(AF_UNIX, SOCK_STREAM, 0);
        struct pollfd fds[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        uint8_t bytes[4096];
        ssize_t n = connect(server, (struct sockaddr *)&tpm, sizeof(tpm)) == 0 ? 1 : 0;

        alarm(60);
        while (n > 0 && poll(fds, 2, -1) > 0) {
            bool asks = fds[0].revents != 0;

            n = read(asks ? client : server, bytes, sizeof(bytes));
            if (n <= 0 || (asks && ++requests == breaks_at) || write(asks ? server : client, bytes, (size_t)n) != n) {
                break;
            }
        }
        close(client);
        close(server);
    }
    close(listener);
    return pid;
}

static void agent_broken_line_opened_again(void **state)
{
    const uint8_t nonce[] = "\x12\x34\x56\x78\x9a\xbc\xde\xf0";
    struct agent agent = {.log_path = host.log_path, .tpm_error = "none fitted"};
    struct attest_error err = {""};
    struct client c = {.has_tpm = true, .next_id = 1};
    char path[128], control[160], tcti[160];
    int pair[2];
    pid_t line, server;

    (void)state;
    assert_int_equal(fake_host_boot(&host, HOST_GOOD), 0);
    snprintf(path, sizeof(path), "%s/flaky", host.dir);
    snprintf(control, sizeof(control), "%s.ctrl", path);
    snprintf(tcti, sizeof(tcti), "%s.ctrl", strchr(host.tcti, '=') + 1);
    unlink(control);
    assert_int_equal(symlink(tcti, control), 0);
    snprintf(tcti, sizeof(tcti), "swtpm:path=%s", path);
    line = flaky_line(strchr(host.tcti, '=') + 1, path, 6); /* opening takes fewer, opening and a quote more */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    server = fork();
    if (server == 0) {
        struct fd_pair fds = {pair[1], pair[1]};
        struct stream stream;

        alarm(60);
        close(pair[0]);
        agent.tcti = tcti;
        must(agent_tpm_open(&agent.tpm, tcti, &err), &err);
        stream_from_fds(&stream, &fds);
        agent_serve(&agent, &stream);
        _exit(0);
    }
    close(pair[1]);
    c.fds = (struct fd_pair){pair[0], pair[0]};
    stream_from_fds(&c.stream, &c.fds);
    for (int i = 0; i < 3; i++) {
        json_object *request = json_object_new_object(), *reply, *ok, *pcrs = json_object_new_array();
        uint8_t *data;
        size_t size;

        json_object_array_add(pcrs, json_object_new_int(21));
        message_add_string(request, "op", "quote");
        message_add_bytes(request, "nonce", nonce, 8);
        json_object_object_add(request, "pcrs", pcrs);
        must(message_send(&c.stream, request), &err);
        must(frame_receive(&c.stream, &data, &size, 20000), &err);
        reply = message_parse(data, size, &err);
        assert_true(json_object_object_get_ex(reply, "ok", &ok));
        if (!json_object_get_boolean(ok)) {
            fail_msg("%s", message_string(reply, "error"));
        }
        free(data);
        json_object_put(reply);
        json_object_put(request);
    }
    close(pair[0]);
    waitpid(server, NULL, 0);
    kill(line, SIGKILL);
    waitpid(line, NULL, 0);
}

/* -- set-up
 * ------------------------------------------------------------------------------------------- */
static int setup(void **state)
{
    struct attest_error err = {""};
    char path[128];

    (void)state;
    if (fake_host_create(&host) != 0 || fake_host_reference(&host, path, sizeof(path)) != 0) {
        return -1;
    }
    ref = reference_read(path, &err);
    if (ref == NULL) {
        fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    forget();
    reference_free(ref);
    fake_host_destroy(&host);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_good_host_passes),
        cmocka_unit_test(verify_restarted_domain_passes),
        cmocka_unit_test(verify_sealed_audit_records_pass_odd_ones_fail),
        cmocka_unit_test(verify_changed_component_named),
        cmocka_unit_test(verify_permissive_fails),
        cmocka_unit_test(verify_extra_or_missing_event_fails),
        cmocka_unit_test(verify_unmeasured_hypervisor_fails_unless_allowed),
        cmocka_unit_test(verify_bios_boot),
        cmocka_unit_test(verify_efi_image),
        cmocka_unit_test(verify_replayed_quote_fails),
        cmocka_unit_test(verify_tampered_quote_fails),
        cmocka_unit_test(verify_quote_of_fewer_pcrs_fails),
        cmocka_unit_test(verify_altered_log_text_fails),
        cmocka_unit_test(verify_altered_log_digest_fails),
        cmocka_unit_test(verify_relabelled_loader_fails),
        cmocka_unit_test(verify_log_cut_or_longer_fails),
        cmocka_unit_test(verify_unlogged_extend_fails),
        cmocka_unit_test(verify_empty_or_partial_reference_fails),
        cmocka_unit_test(ak_verify_wrong_attributes_refused),
        cmocka_unit_test(ek_verify_only_trusted_chain_accepted),
        cmocka_unit_test(activate_for_another_key_refused),
        cmocka_unit_test(session_good_host_passes),
        cmocka_unit_test(session_untrusted_authority_fails),
        cmocka_unit_test(session_wrong_secret_fails),
        cmocka_unit_test(session_without_tpm_fails),
        cmocka_unit_test(agent_broken_line_opened_again),
    };

    alarm(120);
    signal(SIGPIPE, SIG_IGN);
    setenv("TSS2_LOG", "all+NONE", 1); /* refused commands are part of the tests */
    return cmocka_run_group_tests(tests, setup, teardown);
}
