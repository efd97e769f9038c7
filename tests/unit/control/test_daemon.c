/* SPDX-License-Identifier: Apache-2.0 */
/* What a request does and does not do, over a made-up host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <control/cert.h>

#include <xsm/av_permissions.h>

#include "../../../control/daemon/paths.h"
#include "fake_host.h"

static const struct role admin = { "admin", "system_u:system_r:admin_operator_t" };
static struct session session;
static char reply[1 << 17];
static uint8_t sent[1 << 17];

static int setup(void **state)
{
    (void)state;
    fake_host_reset();
    session = (struct session){ .who = "alice", .via = "tls", .role = &admin };
    return 0;
}

static size_t framed(uint8_t *to, const char *payload, size_t size)
{
    memcpy(to, "BHC1", 4);
    to[4] = (uint8_t)(size >> 24);
    to[5] = (uint8_t)(size >> 16);
    to[6] = (uint8_t)(size >> 8);
    to[7] = (uint8_t)size;
    memcpy(to + 8, payload, size);
    return size + 8;
}

/* Send one request; the reply is in `reply`. */
static bool ask(const char *text)
{
    size_t size = framed(sent, text, strlen(text));

    (void)fake_peer(&session, sent, size, reply, sizeof(reply));
    return strstr(reply, "\"ok\":true") != NULL;
}

static void allow_all(uint32_t perms)
{
    for (unsigned int i = 0; i < 16; i++) {
        fake_host.allowed[i] = perms;
    }
}

#define HEAD "{\"version\":1,\"id\":\"7\",\"op\":"

/* One request for each verb, and the permission that it takes. */
static const struct {
    const char *request;
    uint32_t perm;
} verbs[] = {
    { HEAD "\"status\"}", OPERATOR__STATUS },
    { HEAD "\"restart\",\"domain\":\"stordd\"}", OPERATOR__RESTART },
    { HEAD "\"restart\",\"domain\":\"control\"}", OPERATOR__RESTART },
    { HEAD "\"pause\",\"domain\":\"guest\"}", OPERATOR__PAUSE },
    { HEAD "\"unpause\",\"domain\":\"guest\"}", OPERATOR__UNPAUSE },
    { HEAD "\"attach-disk\",\"domain\":\"guest\",\"name\":\"xvdb\",\"backend\":\"stordd\",\"target\":\"/dev/ram0\","
           "\"mode\":\"ro\"}", OPERATOR__ATTACH_DISK },
    { HEAD "\"detach-disk\",\"domain\":\"guest\",\"name\":\"xvdc\"}", OPERATOR__DETACH_DISK },
    { HEAD "\"attach-interface\",\"domain\":\"guest\",\"name\":\"eth1\",\"backend\":\"netdd\"}", OPERATOR__ATTACH_INTERFACE },
    { HEAD "\"detach-interface\",\"domain\":\"guest\",\"name\":\"eth2\"}", OPERATOR__DETACH_INTERFACE },
    { HEAD "\"attach-device\",\"domain\":\"guest\",\"name\":\"00:04.0\"}", OPERATOR__ATTACH_DEVICE },
    { HEAD "\"detach-device\",\"domain\":\"guest\",\"name\":\"00:04.0\"}", OPERATOR__DETACH_DEVICE },
    { HEAD "\"enroll-request\"}", OPERATOR__ENROLL },
    { HEAD "\"enroll\",\"certificate\":\"x\"}", OPERATOR__ENROLL },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void verbs_all_but_their_permission_do_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        setup(NULL);
        allow_all(~verbs[i].perm);
        assert_false(ask(verbs[i].request));
        if (strstr(reply, "\"denied\"") == NULL) {
            fail_msg("%s: %s", verbs[i].request, reply);
        }
        assert_int_equal(fake_host.acts, 0);
        assert_int_equal(session.restart_self, -1);
    }
}

static void verbs_their_permission_alone_is_enough(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        setup(NULL);
        allow_all(verbs[i].perm);
        (void)ask(verbs[i].request);
        if (strstr(reply, "\"denied\"") != NULL) {
            fail_msg("%s: %s", verbs[i].request, reply);
        }
    }
}

static void verbs_without_a_role_do_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VERBS; i++) {
        setup(NULL);
        allow_all(~0u);
        fake_host.permissive = true; /* is about the policy, not about strangers */
        session.role = NULL;
        assert_false(ask(verbs[i].request));
        assert_int_equal(fake_host.acts, 0);
    }
}

/* Two domains take part in a device: the permission is needed for each. */
static void attach_asks_about_both(void **state)
{
    (void)state;
    fake_host.allowed[FAKE_GUEST] = OPERATOR__ATTACH_DISK;
    assert_false(ask(verbs[5].request));
    assert_non_null(strstr(reply, "attach a disk to stordd"));
    assert_int_equal(fake_host.acts, 0);
    fake_host.allowed[FAKE_STORD] = OPERATOR__ATTACH_DISK;
    assert_true(ask(verbs[5].request));
}

static void restart_of_one_is_no_restart_of_another(void **state)
{
    (void)state;
    fake_host.allowed[FAKE_STORD] = OPERATOR__RESTART;
    assert_false(ask(HEAD "\"restart\",\"domain\":\"netdd\"}"));
    assert_int_equal(fake_host.restarted, -1);
    assert_true(ask(HEAD "\"restart\",\"domain\":\"stordd\"}"));
    assert_int_equal(fake_host.restarted, FAKE_STORD);
    assert_non_null(strstr(reply, "\"starts\":2"));
}

static void restart_that_does_not_come_back_is_told(void **state)
{
    (void)state;
    allow_all(OPERATOR__RESTART);
    fake_host.comes_back = false;
    assert_false(ask(verbs[1].request));
    assert_non_null(strstr(reply, "did not start again"));
    setup(NULL);
    allow_all(OPERATOR__RESTART);
    assert_false(ask(HEAD "\"restart\",\"domain\":\"guest\"}")); /* its description does not say so */
    assert_int_equal(fake_host.acts, 0);
}

/* Of itself the daemon answers first: afterwards it is not there. */
static void restart_of_self_comes_after_the_reply(void **state)
{
    (void)state;
    allow_all(OPERATOR__RESTART);
    assert_true(ask(verbs[2].request));
    assert_int_equal(fake_host.restarted, FAKE_CONTROL);
    assert_true(fake_host.told_before_restart);
}

static void status_lists_what_may_be_seen(void **state)
{
    (void)state;
    fake_host.allowed[FAKE_NETDD] = OPERATOR__STATUS;
    assert_true(ask(verbs[0].request));
    assert_non_null(strstr(reply, "netdd"));
    assert_null(strstr(reply, "stordd"));
}

static void permissive_mode_lets_roles_pass(void **state)
{
    (void)state;
    fake_host.permissive = true;
    assert_true(ask(verbs[1].request));
}

static void attach_disk_writes_nodes_with_their_owners(void **state)
{
    const struct fake_node *n;

    (void)state;
    allow_all(OPERATOR__ATTACH_DISK);
    assert_true(ask(verbs[5].request));
    n = fake_node("/local/domain/5/device/vbd/51728/backend");
    assert_non_null(n);
    assert_string_equal(n->value, "/local/domain/2/backend/vbd/5/51728");
    assert_string_equal(n->permissions, "n0,r5,r2"); /* a front end that chose its backend could be anybody's */
    assert_string_equal(fake_node("/local/domain/5/device/vbd/51728/state")->permissions, "n5,r2");
    assert_string_equal(fake_node("/local/domain/2/backend/vbd/5/51728/params")->value, "/dev/ram0");
    assert_string_equal(fake_node("/local/domain/2/backend/vbd/5/51728/mode")->value, "r");
    assert_string_equal(fake_node("/local/domain/2/backend/vbd/5/51728/mode")->permissions, "n2,r5");
    assert_false(ask(verbs[5].request)); /* once */
    allow_all(OPERATOR__DETACH_DISK);
    assert_true(ask(HEAD "\"detach-disk\",\"domain\":\"guest\",\"name\":\"xvdb\"}"));
    assert_int_equal(fake_host.node_count, 0);
}

static void attach_that_does_not_connect_leaves_nothing(void **state)
{
    (void)state;
    allow_all(OPERATOR__ATTACH_DISK);
    fake_host.connects = false;
    assert_false(ask(verbs[5].request));
    assert_non_null(strstr(reply, "did not connect"));
    assert_int_equal(fake_host.node_count, 0);
}

static void attach_bad_names_are_refused(void **state)
{
    static const char *const names[] = { "xvd", "xvdq", "xvda0", "xvda16", "xvda1x", "sda", "xvdb/../..", "" };
    char text[300];

    (void)state;
    allow_all(~0u);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(text, sizeof(text), HEAD "\"attach-disk\",\"domain\":\"guest\",\"name\":\"%s\",\"backend\":\"stordd\","
                 "\"target\":\"/dev/ram0\",\"mode\":\"ro\"}", names[i]);
        assert_false(ask(text));
        assert_int_equal(fake_host.acts, 0);
    }
    assert_false(ask(HEAD "\"attach-disk\",\"domain\":\"guest\",\"name\":\"xvdb\",\"backend\":\"stordd\","
                     "\"target\":\"/dev/ram0\\n\",\"mode\":\"ro\"}"));
    assert_false(ask(HEAD "\"attach-disk\",\"domain\":\"guest\",\"name\":\"xvdb\",\"backend\":\"guest\","
                     "\"target\":\"/dev/ram0\",\"mode\":\"ro\"}"));
    assert_int_equal(fake_host.acts, 0);
}

static void requests_that_cannot_be_read_are_answered(void **state)
{
    static const char *const bad[] = {
        "", "{", "[]", "7", "{}", "{\"version\":2,\"op\":\"status\"}", "{\"version\":\"1\",\"op\":\"status\"}",
        "{\"version\":1}", "{\"version\":1,\"op\":7}", "{\"version\":1,\"op\":\"stat\\u0000us\"}",
        "{\"version\":1,\"op\":\"nothing\"}", HEAD "\"restart\"}", HEAD "\"restart\",\"domain\":7}",
        HEAD "\"restart\",\"domain\":\"\"}", HEAD "\"restart\",\"domain\":\"st ordd\"}", HEAD "\"restart\",\"domain\":\"nobody\"}",
        "{\"version\":1,\"op\":[[[[[[[[[[[[]]]]]]]]]]]]}",
    };

    (void)state;
    allow_all(~0u);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(ask(bad[i]));
        if (strstr(reply, "\"invalid\"") == NULL) {
            fail_msg("%s: %s", bad[i], reply);
        }
        assert_int_equal(fake_host.acts, 0);
    }
}

/* Noise, a frame of another protocol and one that is too long do not keep the next from being read. */
static void frames_begin_again_after_noise(void **state)
{
    static const char request[] = HEAD "\"status\"}";
    size_t at = 0;

    (void)state;
    allow_all(OPERATOR__STATUS);
    memcpy(sent, "noise BHA1\0\0\0\2{}BHBHC1\0\1\0\1", 27);
    at = 26;
    at += framed(sent + at, request, sizeof(request) - 1);
    (void)fake_peer(&session, sent, at, reply, sizeof(reply));
    assert_non_null(strstr(reply, "\"ok\":true"));
}

static void frame_of_the_bound_is_read_and_one_byte_more_is_not(void **state)
{
    static char text[CONTROL_FRAME_MAX + 1];

    (void)state;
    allow_all(OPERATOR__STATUS);
    memset(text, ' ', sizeof(text));
    memcpy(text, HEAD "\"status\"}", sizeof(HEAD "\"status\"}") - 1);
    (void)fake_peer(&session, sent, framed(sent, text, CONTROL_FRAME_MAX), reply, sizeof(reply));
    assert_non_null(strstr(reply, "\"ok\":true"));
    (void)fake_peer(&session, sent, framed(sent, text, CONTROL_FRAME_MAX + 1), reply, sizeof(reply));
    assert_string_equal(reply, "");
}

/* -- enrolling -------------------------------------------------------------------------------------- */

/* Has the host take a certificate of that authority for that key. */
static bool enroll(X509 *authority, EVP_PKEY *authority_key, EVP_PKEY *key, enum cert_use use)
{
    struct attest_error err = { "" };
    X509 *cert = cert_sign(key, "host", use, authority, authority_key, 1, &err);
    json_object *o = json_object_new_object();
    char *text = cert_text(cert, &err);
    bool good;

    json_object_object_add(o, "version", json_object_new_int(1));
    json_object_object_add(o, "op", json_object_new_string("enroll"));
    json_object_object_add(o, "certificate", json_object_new_string(text));
    good = ask(json_object_to_json_string(o));
    json_object_put(o);
    free(text);
    X509_free(cert);
    return good;
}

static void enroll_takes_only_what_is_for_its_key(void **state)
{
    struct attest_error err = { "" };
    EVP_PKEY *ca_key = cert_key_new(&err), *other_key = cert_key_new(&err), *host_key;
    X509 *ca = cert_sign(ca_key, "ca", CERT_AUTHORITY, NULL, NULL, 1, &err);
    X509 *other = cert_sign(other_key, "ca", CERT_AUTHORITY, NULL, NULL, 1, &err);
    json_object *o, *pem;

    (void)state;
    allow_all(OPERATOR__ENROLL);
    assert_int_equal(cert_write(ca, control_paths.authority, &err), 0);
    assert_true(ask(HEAD "\"enroll-request\"}"));
    o = json_tokener_parse(reply);
    assert_true(json_object_object_get_ex(o, "request", &pem));
    host_key = cert_request_key(json_object_get_string(pem), &err);
    assert_non_null(host_key);
    json_object_put(o);
    assert_false(enroll(ca, ca_key, other_key, CERT_HOST));
    assert_non_null(strstr(reply, "another key"));
    assert_false(enroll(other, other_key, host_key, CERT_HOST));
    assert_false(enroll(ca, ca_key, host_key, CERT_OPERATOR));
    assert_int_equal(access(control_paths.certificate, F_OK), -1);
    assert_true(enroll(ca, ca_key, host_key, CERT_HOST));
    assert_int_equal(access(control_paths.certificate, F_OK), 0);
    assert_null(strstr(reply, "PRIVATE"));
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(host_key);
    X509_free(ca);
    X509_free(other);
}

/* -- roles ------------------------------------------------------------------------------------------ */

static int roles(const char *text, struct roles *r, struct attest_error *err)
{
    return roles_parse(r, text, strlen(text), err);
}

static void roles_parse_good_finds_each(void **state)
{
    struct attest_error err = { "" };
    struct roles r;

    (void)state;
    assert_int_equal(roles("# c\nrole a u:r:a_t # x\n\nrole b u:r:b_t\ncertificate alice a\ncertificate bob@x.org b\nserial b\n"
                           "address 10.0.0.4/24 10.0.0.1", &r, &err), 0);
    assert_string_equal(roles_of_subject(&r, "alice")->context, "u:r:a_t");
    assert_string_equal(roles_of_subject(&r, "bob@x.org")->name, "b");
    assert_null(roles_of_subject(&r, "alic"));
    assert_string_equal(roles_of_serial(&r)->name, "b");
    assert_int_equal(ntohl(r.network.mask.s_addr), 0xffffff00);
    assert_int_equal(roles("", &r, &err), 0);
    assert_null(roles_of_serial(&r));
}

static void roles_parse_mistake_names_the_line(void **state)
{
    static const char *const bad[] = {
        "role a\n", "role a b c\n", "role a! c\n", "role a c\nrole a d\n", "certificate x a\n", "serial a\n", "what a b\n",
        "role a c\ncertificate x a\ncertificate x a\n", "role a c d e f\n", "address 10.0.0.4\n", "address 10.0.0.4/33\n",
        "address 10.0.0/24\n", "address 10.0.0.4/24 x\n", "address 10.0.0.4/0\n",
    };
    struct attest_error err;
    struct roles r;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        err.text[0] = '\0';
        if (roles(bad[i], &r, &err) == 0 || strstr(err.text, "line ") == NULL) {
            fail_msg("%s: '%s'", bad[i], err.text);
        }
    }
    assert_int_not_equal(roles_parse(&r, "role a c\0d\n", 11, &err), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(verbs_all_but_their_permission_do_nothing),
        T(verbs_their_permission_alone_is_enough),
        T(verbs_without_a_role_do_nothing),
        T(attach_asks_about_both),
        T(restart_of_one_is_no_restart_of_another),
        T(restart_that_does_not_come_back_is_told),
        T(restart_of_self_comes_after_the_reply),
        T(status_lists_what_may_be_seen),
        T(permissive_mode_lets_roles_pass),
        T(attach_disk_writes_nodes_with_their_owners),
        T(attach_that_does_not_connect_leaves_nothing),
        T(attach_bad_names_are_refused),
        T(requests_that_cannot_be_read_are_answered),
        T(frames_begin_again_after_noise),
        T(frame_of_the_bound_is_read_and_one_byte_more_is_not),
        T(enroll_takes_only_what_is_for_its_key),
        T(roles_parse_good_finds_each),
        T(roles_parse_mistake_names_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
