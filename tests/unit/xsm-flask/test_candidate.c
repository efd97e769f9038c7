/* SPDX-License-Identifier: Apache-2.0 */
/* Policies on trial: they answer without being in force, leave nothing behind, and come into force whole. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <flask/avc.h>
#include <flask/services.h>
#include <xen/errno.h>

static int start_first_light(void **state)
{
    (void)state;
    engine_start("first-light-30.bin");
    return 0;
}

static int start_generated(void **state)
{
    (void)state;
    engine_start("g1-mls-30.bin");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    engine_stop();
    return 0;
}

static struct xsm_candidate *candidate_of(const char *name)
{
    struct image i = image_read(name);
    struct xsm_candidate *c = NULL;

    assert_int_equal(xsm_candidate_policy(i.data, i.size, NULL, &c), 0);
    image_free(&i);
    return c;
}

static bool guest_may_send(void)
{
    return xsm_check_noaudit(sid_of("system_u:system_r:guest_t"),
                             sid_of("system_u:object_r:guest_stordd_evtchn_t"), SECCLASS_EVTCHN_OP,
                             EVTCHN_OP__SEND) == 0;
}

static void policy_answers_before_it_is_in_force(void **state)
{
    xsm_sid_t guest = sid_of("system_u:system_r:guest_t");
    xsm_sid_t port = sid_of("system_u:object_r:guest_stordd_evtchn_t");
    struct xsm_candidate *same = candidate_of("first-light-24.bin"), *other = candidate_of("@legacy.bin");

    (void)state;
    assert_true(xsm_candidate_knows(same, guest) && xsm_candidate_knows(same, port));
    assert_true(xsm_candidate_allows(same, guest, port, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND));
    assert_false(xsm_candidate_allows(same, port, guest, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND));
    /* The built-in policy knows neither; both are unlabeled to it, and may nothing. Twice: remembered, too. */
    for (unsigned int i = 0; i < 2; i++) {
        assert_false(xsm_candidate_knows(other, guest));
        assert_false(xsm_candidate_allows(other, guest, port, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND));
    }
    assert_true(xsm_candidate_knows(other, XSM_SID_DOM0));
    assert_true(guest_may_send());
    assert_false(xsm_candidate_allows(same, guest, port, SECCLASS_EVTCHN_OP, 0));
    assert_false(xsm_candidate_allows(same, guest, 9999, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND));
    assert_false(xsm_candidate_allows(same, guest, port, SECCLASS_COUNT + 1, EVENT__SEND));
    xsm_candidate_free(same);
    xsm_candidate_free(other);
    assert_true(guest_may_send());
}

static void commit_takes_effect_whole_and_once(void **state)
{
    xsm_sid_t guest = sid_of("system_u:system_r:guest_t");
    xsm_sid_t port = sid_of("system_u:object_r:guest_stordd_evtchn_t");
    struct xsm_candidate *first = candidate_of("@legacy.bin"), *second = candidate_of("first-light-24.bin");

    (void)state;
    assert_int_equal(xsm_candidate_commit(first), 0);
    assert_int_equal(xsm_check_noaudit(guest, port, SECCLASS_EVTCHN_OP, EVTCHN_OP__SEND), -EACCES);
    /* Made under a policy that is gone: what it says of labels may be wrong by now. */
    assert_int_equal(xsm_candidate_commit(second), -EBUSY);
    xsm_candidate_free(second);
    second = candidate_of("first-light-24.bin");
    assert_int_equal(xsm_candidate_commit(second), 0);
    assert_true(guest_may_send());
}

static void refused_image_leaves_no_candidate(void **state)
{
    struct image i = image_read("first-light-30.bin");
    struct xsm_candidate *c = NULL;
    struct xsm_error err = { .section = NULL };

    (void)state;
    assert_int_equal(xsm_candidate_policy(i.data, i.size - 3, &err, &c), -EINVAL);
    assert_true(c == NULL && err.section != NULL && err.offset <= i.size);
    image_free(&i);
    assert_true(guest_may_send());
}

/* Every pair of types of a few classes, under the pending booleans: as it is when they are committed. */
static void booleans_answer_as_after_commit(void **state)
{
    struct xsm_candidate *c;
    bool said[14][14][3];
    static const uint16_t classes[] = { SECCLASS_EVENT, SECCLASS_GRANT, SECCLASS_MMU };
    unsigned int differs = 0;
    char text[40];
    xsm_sid_t sid[14];

    (void)state;
    for (unsigned int i = 0; i < 14; i++) {
        snprintf(text, sizeof(text), "u0:object_r:t%u:s0", i);
        sid[i] = sid_of(text);
    }
    for (uint32_t b = 0; b < 4; b++) {
        struct xsm_boolean was;

        assert_int_equal(xsm_boolean_get(b, &was, NULL, 0), 0);
        assert_int_equal(xsm_boolean_set(b, !was.current), 0);
    }
    assert_int_equal(xsm_candidate_booleans(&c), 0);
    for (unsigned int i = 0; i < 14 * 14 * 3; i++) {
        unsigned int s = i / 42, t = i / 3 % 14, k = i % 3;

        said[s][t][k] = xsm_candidate_allows(c, sid[s], sid[t], classes[k], 2);
        differs += said[s][t][k] != (xsm_check_noaudit(sid[s], sid[t], classes[k], 2) == 0);
    }
    assert_true(differs > 0); /* the policy in force went on as it was */
    assert_int_equal(xsm_candidate_commit(c), 0);
    for (unsigned int i = 0; i < 14 * 14 * 3; i++) {
        unsigned int s = i / 42, t = i / 3 % 14, k = i % 3;

        assert_int_equal(said[s][t][k], xsm_check_noaudit(sid[s], sid[t], classes[k], 2) == 0);
    }
}

static void labels_given_at_run_time_survive_a_load(void **state)
{
    xsm_sid_t mine = sid_of("u0:object_r:t2:s0"), sid;

    (void)state;
    assert_int_equal(xsm_ocontext_add(2, 0x70, 0x71, mine), 0);
    assert_int_equal(xsm_ocontext_add(3, 0x1000, 0x1fff, mine), 0);
    assert_int_equal(xsm_candidate_commit(candidate_of("g2-mls-30.bin")), 0);
    assert_int_equal(xsm_ioport_sid(0x71, &sid), 0);
    assert_int_equal(sid, mine);
    assert_int_equal(xsm_iomem_sid(0x1800, &sid), 0);
    assert_int_equal(sid, mine);
    assert_int_equal(xsm_ocontext_del(2, 0x70, 0x71), 0);

    /* Where the next policy speaks for itself it is heard, and somebody is told. */
    assert_int_equal(xsm_ocontext_del(2, 0x60, 0x64), 0);
    assert_int_equal(xsm_ocontext_add(2, 0x64, 0x65, mine), 0);
    assert_int_equal(xsm_candidate_commit(candidate_of("g1-mls-30.bin")), 0);
    assert_int_equal(xsm_ioport_sid(0x64, &sid), 0);
    assert_int_equal(sid, sid_of("u0:object_r:t6:s0-s1:c2"));
    assert_int_equal(xsm_ioport_sid(0x65, &sid), 0);
    assert_int_equal(sid, XSM_SID_IOPORT);
    assert_non_null(strstr(audit_last, "gave way"));
    assert_int_equal(xsm_iomem_sid(0x1800, &sid), 0);
    assert_int_equal(sid, mine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(policy_answers_before_it_is_in_force, start_first_light, stop),
        cmocka_unit_test_setup_teardown(commit_takes_effect_whole_and_once, start_first_light, stop),
        cmocka_unit_test_setup_teardown(refused_image_leaves_no_candidate, start_first_light, stop),
        cmocka_unit_test_setup_teardown(booleans_answer_as_after_commit, start_generated, stop),
        cmocka_unit_test_setup_teardown(labels_given_at_run_time_survive_a_load, start_generated, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
