/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classes of our own under a policy that lacks them: built with class `probe` (fallback/probe.cil) beside the real ones.
 * The linker puts us in front of constraint_holds(), which each class of fallback/xen.cil reaches once when computed.
 */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include <flask/constraint.h>
#include <flask/policydb.h>
#include <xen/lib.h>

#include "../../../xsm-flask/host/env.h"

static const struct xsm_audit line = { .have = XSM_AUDIT_DOMID, .domid = 5 };

static unsigned int computed;
static char lines[4][512];

bool __real_constraint_holds(const struct policydb *p, const struct constraint *c, const struct context *s,
                             const struct context *t, const struct context *x);
bool __wrap_constraint_holds(const struct policydb *p, const struct constraint *c, const struct context *s,
                             const struct context *t, const struct context *x);

bool __wrap_constraint_holds(const struct policydb *p, const struct constraint *c, const struct context *s,
                             const struct context *t, const struct context *x)
{
    computed++;
    return __real_constraint_holds(p, c, s, t, x);
}

static void keep_line(const char *text)
{
    strncpy(lines[audit_count % ARRAY_SIZE(lines)], text, sizeof(lines[0]) - 1);
    audit_count++;
}

static xsm_sid_t a, b;

static int start(const char *name)
{
    host_env_time_ns = 1;
    engine_start(name);
    host_env_audit = keep_line;
    a = sid_of("u:r:a_t");
    b = sid_of("u:r:b_t");
    computed = 0;
    return 0;
}

static int start_xen(void **state)
{
    (void)state;
    return start("fallback/xen.bin");
}

static int start_allow(void **state)
{
    (void)state;
    return start("fallback/xen-allow.bin");
}

static int start_fine(void **state)
{
    (void)state;
    return start("fallback/fine.bin");
}

static int stop(void **state)
{
    (void)state;
    engine_stop();
    return 0;
}

static int ask(uint32_t permissions)
{
    return xsm_check(a, b, SECCLASS_PROBE, permissions, &line);
}

static void miss_computes_the_requested_classes_once(void **state)
{
    struct xsm_avc_stats before, after;

    (void)state;
    assert_int_equal(ask(PROBE__KEXEC), 0);
    assert_int_equal(computed, 1);
    /* Those of the same class came with it. */
    assert_int_equal(ask(PROBE__SETTIME), 0);
    assert_int_equal(ask(PROBE__PHYSINFO), -EACCES);
    assert_int_equal(ask(PROBE__QUIRK), -EACCES);
    assert_int_equal(computed, 1);
    /* Another class is computed when asked for, and what was known stays known. */
    assert_int_equal(ask(PROBE__PAUSE), 0);
    assert_int_equal(ask(PROBE__KEXEC | PROBE__FREE), 0);
    assert_int_equal(computed, 2);
    assert_int_equal(xsm_avc_stats(0, &before), 0);
    assert_int_equal(ask(PROBE__KEXEC | PROBE__PAUSE | PROBE__SETTIME), 0);
    assert_int_equal(ask(PROBE__UNPAUSE), -EACCES);
    assert_int_equal(computed, 2);
    assert_int_equal(xsm_avc_stats(0, &after), 0);
    assert_int_equal(after.misses, before.misses);
    assert_int_equal(after.hits, before.hits + 2);
}

static void alternating_classes_are_computed_once(void **state)
{
    (void)state;
    assert_int_equal(ask(PROBE__KEXEC | PROBE__PAUSE | PROBE__SETTIME), 0);
    assert_int_equal(computed, 2);
}

static void bit_without_a_look_up_costs_none(void **state)
{
    (void)state;
    assert_int_equal(ask(PROBE__FREE), 0);
    assert_int_equal(ask(PROBE__COPY), -EACCES);
    assert_int_equal(ask(PROBE__NOTHING), -EACCES);
    assert_int_equal(ask(1U << 30), -EACCES);
    assert_int_equal(computed, 0);
}

static void no_answer_outlives_its_policy(void **state)
{
    struct image i = image_read("fallback/fine.bin");

    (void)state;
    assert_int_equal(ask(PROBE__KEXEC | PROBE__FREE), 0);
    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), 0);
    assert_int_equal(ask(PROBE__QUIRK), 0);
    assert_int_equal(ask(PROBE__KEXEC), -EACCES);
    assert_int_equal(ask(PROBE__FREE), -EACCES);
    image_free(&i);
    i = image_read("fallback/xen.bin");
    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), 0);
    /* Moved on between two bits of one entry: the first bit is not taken over. */
    assert_int_equal(ask(PROBE__PAUSE), 0);
    assert_int_equal(ask(PROBE__QUIRK), -EACCES);
    assert_int_equal(ask(PROBE__KEXEC), 0);
    image_free(&i);
}

static void whole_vector_has_every_class(void **state)
{
    struct xsm_av av;

    (void)state;
    assert_int_equal(xsm_compute_av(a, b, SECCLASS_PROBE, &av), 0);
    assert_int_equal(av.allowed, PROBE__KEXEC | PROBE__SETTIME | PROBE__PAUSE | PROBE__FREE);
    assert_int_equal(av.audit_allow, PROBE__SETTIME);
    assert_int_equal(~av.audit_deny, PROBE__PHYSINFO | PROBE__UNPAUSE);
    assert_int_equal(av.decided, ~0U);
    assert_int_equal(computed, 2);
    assert_int_equal(xsm_compute_av(b, a, SECCLASS_PROBE, &av), 0);
    assert_int_equal(av.allowed, PROBE__UNPAUSE | PROBE__FREE);
}

/* What the policy knows under another name is not unknown; what it knows under none is. */
static void handle_unknown_allow_asks_all_the_same(void **state)
{
    struct xsm_av av;

    (void)state;
    assert_int_equal(ask(PROBE__PHYSINFO), -EACCES);
    assert_int_equal(ask(PROBE__KEXEC | PROBE__COPY | PROBE__QUIRK), 0);
    assert_int_equal(xsm_compute_av(a, b, SECCLASS_PROBE, &av), 0);
    assert_int_equal(~av.allowed, PROBE__PHYSINFO | PROBE__UNPAUSE);
}

static void line_names_what_the_policy_knows(void **state)
{
    (void)state;
    /* In the order of the lowest bit: quirk is xen's, copy is grant's, "nothing" is nobody's. */
    assert_int_equal(ask(PROBE__COPY | PROBE__QUIRK | PROBE__NOTHING | PROBE__PAUSE), -EACCES);
    assert_int_equal(audit_count, 3);
    assert_string_equal(lines[0], "avc:  denied  { copy } for domid=5 scontext=u:r:a_t tcontext=u:r:b_t "
                                  "tclass=grant permissive=0");
    assert_string_equal(lines[1], "avc:  denied  { nothing } for domid=5 scontext=u:r:a_t tcontext=u:r:b_t "
                                  "tclass=probe permissive=0");
    assert_string_equal(lines[2], "avc:  denied  { quirk } for domid=5 scontext=u:r:a_t tcontext=u:r:b_t "
                                  "tclass=xen permissive=0");
    audit_count = 0;
    assert_int_equal(ask(PROBE__KEXEC | PROBE__SETTIME), 0);
    assert_int_equal(audit_count, 1);
    assert_string_equal(lines[0], "avc:  granted  { settime } for domid=5 scontext=u:r:a_t "
                                  "tcontext=u:r:b_t tclass=xen");
    /* Several of one class share its line. */
    audit_count = 0;
    xsm_audit_revocation(a, b, SECCLASS_PROBE, PROBE__KEXEC | PROBE__SETTIME | PROBE__UNPAUSE,
                         XSM_REVOKE_DROP, &line);
    assert_int_equal(audit_count, 2);
    assert_string_equal(lines[0], "avc:  revoked  { settime kexec } for domid=5 scontext=u:r:a_t "
                                  "tcontext=u:r:b_t tclass=xen how=drop");
    assert_non_null(strstr(lines[1], "{ unpause }"));
    assert_non_null(strstr(lines[1], "tclass=domain"));
}

static void dontaudit_of_the_published_permission_silences(void **state)
{
    (void)state;
    assert_int_equal(ask(PROBE__PHYSINFO), -EACCES);
    assert_int_equal(ask(PROBE__UNPAUSE), -EACCES);
    assert_int_equal(audit_count, 0);
    /* Only its own bit. */
    assert_int_equal(ask(PROBE__UNPAUSE | PROBE__QUIRK), -EACCES);
    assert_int_equal(audit_count, 1);
    assert_non_null(strstr(lines[0], "{ quirk }"));
}

static void policy_that_knows_the_class_is_asked_by_it(void **state)
{
    (void)state;
    assert_int_equal(ask(PROBE__QUIRK), 0);
    assert_int_equal(ask(PROBE__SETTIME), -EACCES);
    assert_int_equal(audit_count, 1);
    assert_non_null(strstr(lines[0], "{ settime }"));
    assert_non_null(strstr(lines[0], "tclass=probe"));
    /* A permission that it leaves out of the class is not looked for elsewhere. */
    assert_int_equal(ask(PROBE__PAUSE), -EACCES);
    assert_int_equal(computed, 0);
}

static void candidate_answers_bit_by_bit_too(void **state)
{
    struct image i = image_read("fallback/xen.bin");
    struct xsm_candidate *c = NULL;

    (void)state;
    assert_int_equal(xsm_candidate_policy(i.data, i.size, NULL, &c), 0);
    computed = 0;
    assert_true(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__KEXEC));
    assert_true(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__SETTIME));
    assert_false(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__PHYSINFO));
    assert_int_equal(computed, 1);
    assert_true(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__PAUSE));
    assert_true(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__PAUSE | PROBE__KEXEC | PROBE__FREE));
    assert_false(xsm_candidate_allows(c, a, b, SECCLASS_PROBE, PROBE__UNPAUSE));
    assert_int_equal(computed, 2);
    /* In force is a policy that says otherwise. */
    assert_int_equal(ask(PROBE__KEXEC), -EACCES);
    assert_int_equal(ask(PROBE__QUIRK), 0);
    xsm_candidate_free(c);
    image_free(&i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(miss_computes_the_requested_classes_once, start_xen, stop),
        cmocka_unit_test_setup_teardown(alternating_classes_are_computed_once, start_xen, stop),
        cmocka_unit_test_setup_teardown(bit_without_a_look_up_costs_none, start_xen, stop),
        cmocka_unit_test_setup_teardown(no_answer_outlives_its_policy, start_xen, stop),
        cmocka_unit_test_setup_teardown(whole_vector_has_every_class, start_xen, stop),
        cmocka_unit_test_setup_teardown(handle_unknown_allow_asks_all_the_same, start_allow, stop),
        cmocka_unit_test_setup_teardown(line_names_what_the_policy_knows, start_xen, stop),
        cmocka_unit_test_setup_teardown(dontaudit_of_the_published_permission_silences, start_xen, stop),
        cmocka_unit_test_setup_teardown(policy_that_knows_the_class_is_asked_by_it, start_fine, stop),
        cmocka_unit_test_setup_teardown(candidate_answers_bit_by_bit_too, start_fine, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
