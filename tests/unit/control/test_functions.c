/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions given and taken, over a made-up host: what the hypervisor says, and what a domain may say about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <xsm/av_permissions.h>

#include "../../../control/daemon/paths.h"
#include "fake_host.h"

#define BOTH (OPERATOR__ATTACH_DEVICE | OPERATOR__DETACH_DEVICE)

static const struct role admin = { "admin", "system_u:system_r:admin_operator_t" };
static struct session session;
static char reply[1 << 17];

static int setup(void **state)
{
    (void)state;
    fake_host_reset();
    session = (struct session){ .who = "alice", .via = "tls", .role = &admin };
    for (unsigned int i = 0; i < 16; i++) {
        fake_host.allowed[i] = BOTH;
    }
    return 0;
}

static bool ask(const char *op, const char *domain, const char *name, const char *more)
{
    uint8_t frame[512] = "BHC1";
    int size = snprintf((char *)frame + 8, sizeof(frame) - 8, "{\"version\":1,\"id\":\"7\",\"op\":\"%s\",\"domain\":\"%s\","
                        "\"name\":\"%s\"%s}", op, domain, name, more);

    frame[6] = (uint8_t)(size >> 8);
    frame[7] = (uint8_t)size;
    (void)fake_peer(&session, frame, (size_t)size + 8, reply, sizeof(reply));
    return strstr(reply, "\"ok\":true") != NULL;
}

static bool attach(const char *domain)
{
    return ask("attach-device", domain, "00:04.0", "");
}

static bool detach(const char *more)
{
    return ask("detach-device", "stordd", "00:04.0", more);
}

#define SAYS(text)                                                                                                              \
    do {                                                                                                                        \
        if (strstr(reply, text) == NULL) {                                                                                      \
            fail_msg("expected '%s' in: %s", text, reply);                                                                      \
        }                                                                                                                       \
    } while (0)

static void attach_tells_place_and_driver(void **state)
{
    (void)state;
    fake_host.says = " done nvme";
    assert_true(attach("stordd"));
    SAYS("\"at\":\"00:01.0\"");
    SAYS("\"driver\":\"nvme\"");
    assert_string_equal(fake_host.question, "attach 1");
    assert_int_equal(fake_host.domain[FAKE_STORD - 1].devices[0], 0x20);
    assert_int_equal(fake_host.node_count, 0); /* nothing stays in the domain's folder */
}

static void question_and_answer_belong_to_whom_they_should(void **state)
{
    const struct fake_node *n;

    (void)state;
    fake_host.keeps_nodes = true;
    assert_true(attach("stordd"));
    n = fake_node("/local/domain/2/pci/request");
    assert_non_null(n);
    assert_string_equal(n->permissions, "n0,r2");
    assert_string_equal(fake_node("/local/domain/2/pci/answer")->permissions, "n2");
}

/* The function is the domain's whatever its software says; none of it reaches the operator but a plain word. */
static void attach_answers_of_a_hostile_domain(void **state)
{
    static const char *const says[] = {
        NULL, "", " ", " don", " done", " done \x1b[2J", " done ..", " failed", " busy", " nothing",
        " done aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
        setup(NULL);
        fake_host.says = says[i];
        assert_true(attach("stordd"));
        SAYS("\"note\":\"stordd ");
        assert_null(strstr(reply, "driver\":"));
        assert_null(strchr(reply, 0x1b));
        assert_true(fake_host.questions <= 200);
        assert_true(fake_host.node_count <= 2); /* the question, and room for its answer */
    }
    setup(NULL);
    fake_host.says = " done nvme";
    fake_host.says_nonce = "00000000"; /* an answer to another question */
    assert_true(attach("stordd"));
    SAYS("has not said that it found it");
}

static void attach_refused_says_why(void **state)
{
    static const struct {
        int error;
        const char *says;
    } cases[] = {
        { -EACCES, "policy does not let it have" }, { -ENODEV, "no such function" }, { -EPERM, "a bridge or an IOMMU" },
        { -EOPNOTSUPP, "cannot be reset" },         { -ENOSPC, "detach another" },   { -E2BIG, "16 MiB" },
        { -ENXIO, "firmware" },                     { -ENOMEM, "no memory" },        { -ESRCH, "ended" },
        { -EBUSY, "another domain has it" },        { -EIO, "output error" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setup(NULL);
        fake_host.answer = cases[i].error;
        assert_false(attach("stordd"));
        SAYS("00:04.0 is not given to stordd: ");
        SAYS(cases[i].says);
        SAYS(cases[i].error == -EACCES ? "\"code\":\"denied\"" : "\"code\":\"refused\"");
        assert_int_equal(fake_host.questions, 0);
    }
}

/* Who has it is told to those who may see that domain. */
static void attach_of_anothers_names_it(void **state)
{
    (void)state;
    assert_true(attach("stordd"));
    assert_false(attach("stordd"));
    SAYS("has it already");
    assert_false(attach("netdd"));
    SAYS("00:04.0 is not given to netdd: another domain has it");
    assert_null(strstr(reply, "stordd"));
    fake_host.allowed[FAKE_STORD] |= OPERATOR__STATUS;
    assert_false(attach("netdd"));
    SAYS("stordd has it; `bh detach stordd device 00:04.0` first");
}

static void detach_asks_first_and_takes_then(void **state)
{
    (void)state;
    fake_host.says = " done nvme";
    assert_true(attach("stordd"));
    fake_host.questions = 0;
    assert_true(detach(""));
    assert_string_equal(fake_host.question, "detach 1");
    assert_true(fake_host.asked_first);
    assert_int_equal(fake_host.domain[FAKE_STORD - 1].device_count, 0);
    assert_null(strstr(reply, "note"));
    assert_int_equal(fake_host.node_count, 0);
    assert_false(detach(""));
    SAYS("stordd does not have 00:04.0");
}

static void detach_of_what_is_in_use_needs_force(void **state)
{
    (void)state;
    fake_host.says = " done nvme";
    assert_true(attach("stordd"));
    fake_host.says = " busy";
    assert_false(detach(""));
    SAYS("stordd uses 00:04.0");
    assert_int_equal(fake_host.domain[FAKE_STORD - 1].device_count, 1);
    assert_true(detach(",\"force\":true")); /* whatever it says */
    assert_string_equal(fake_host.question, "force 1");
    SAYS("taken nevertheless");
    assert_int_equal(fake_host.domain[FAKE_STORD - 1].device_count, 0);
}

/* One that does not answer keeps nothing, and is not waited for beyond the time. */
static void detach_does_not_wait_for_ever(void **state)
{
    (void)state;
    assert_true(attach("stordd"));
    fake_host.questions = 0;
    assert_true(detach(""));
    SAYS("has not let it go in time; it was taken nevertheless");
    assert_true(fake_host.questions >= 100 && fake_host.questions <= 200);
    assert_true(attach("stordd"));
    fake_host.says = " busy                                                                    "; /* longer than any answer */
    assert_true(detach(""));
    SAYS("has not let it go in time; it was taken nevertheless");
    fake_host.says = NULL;
    assert_true(attach("stordd"));
    fake_host.questions = 0;
    assert_true(detach(",\"force\":true"));
    assert_true(fake_host.questions <= 40);
}

/* Nor by the number of looks: each of them can take as long as XenStore likes. */
static void detach_waits_by_the_clock(void **state)
{
    (void)state;
    assert_true(attach("stordd"));
    fake_host.questions = 0;
    fake_host.look_ms = 4900;
    assert_true(detach(""));
    SAYS("has not let it go in time; it was taken nevertheless");
    assert_true(fake_host.questions <= 3);
}

/* A question without an answer waits for the domain, and makes room for the next. */
static void question_stays_until_it_is_answered(void **state)
{
    (void)state;
    assert_true(attach("stordd"));
    assert_non_null(fake_node("/local/domain/2/pci/request"));
    fake_host.says = " done nvme";
    assert_true(detach(""));
    assert_string_equal(fake_host.question, "detach 1");
    assert_int_equal(fake_host.node_count, 0);
}

/* What the domain has let go and cannot be taken is shown to it again. */
static void detach_refused_gives_it_back(void **state)
{
    (void)state;
    fake_host.says = " done nvme";
    assert_true(attach("stordd"));
    fake_host.answer = -EACCES;
    assert_false(detach(""));
    SAYS("policy does not let the control domain take it");
    assert_string_equal(fake_host.question, "attach 1");
}

static void one_operator_at_a_time_for_a_domain(void **state)
{
    struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = FAKE_STORD, .l_len = 1 };
    int other = open(control_paths.lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_int_equal(fcntl(other, F_OFD_SETLK, &range), 0);
    assert_false(attach("stordd"));
    SAYS("another operator");
    assert_int_equal(fake_host.acts, 0);
    assert_true(attach("netdd"));
    close(other);
    assert_true(ask("attach-device", "stordd", "00:05.0", ""));
}

static void names_that_are_none_are_refused(void **state)
{
    static const char *const names[] = { "", "0", "00:04", "00:04.8", "00:20.0", "1:04.0", "00:04.0x", "00:04.0 ", "00:-4.0",
                                         "+0:04.0", "0001:00:04.0", "00:04.0/20", "../../04.0" };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (ask("attach-device", "stordd", names[i], "") || ask("detach-device", "stordd", names[i], "")) {
            fail_msg("'%s' is taken", names[i]);
        }
        SAYS("\"invalid\"");
        assert_int_equal(fake_host.acts, 0);
    }
    assert_true(ask("attach-device", "stordd", "0000:1f:1e.7", ""));
    assert_int_equal(fake_host.domain[FAKE_STORD - 1].devices[0], 0x1ff7);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(attach_tells_place_and_driver),
        T(question_and_answer_belong_to_whom_they_should),
        T(attach_answers_of_a_hostile_domain),
        T(attach_refused_says_why),
        T(attach_of_anothers_names_it),
        T(detach_asks_first_and_takes_then),
        T(detach_of_what_is_in_use_needs_force),
        T(detach_does_not_wait_for_ever),
        T(detach_waits_by_the_clock),
        T(question_stays_until_it_is_answered),
        T(detach_refused_gives_it_back),
        T(one_operator_at_a_time_for_a_domain),
        T(names_that_are_none_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
