/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against libsepol, the reference implementation: for every policy that files.mk makes, all
 * pairs of a set of contexts, all classes, several settings of the booleans, and every kind of
 * computed label must come out equal. Where the engine follows Xen rather than libsepol, which knows
 * class "process" but not "domain", the difference is spelled out.
 */
#include "fixture.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>


#include <flask/services.h>
#include <flask/sidtab.h>
#include <xen/lib.h>

#include "sepol_side.h"

#define CONTEXTS_MAX 160

static unsigned long compared, granted, labelled, forbidden;

struct pair {
    char text[160];
    xsm_sid_t ours;
    uint32_t theirs;
};

static struct pair contexts[CONTEXTS_MAX];
static unsigned int context_count;

/* Both engines must agree on whether the text is a context; remember it when it is. */
static void add_context(const char *text)
{
    struct pair *p = &contexts[context_count];
    int ours = xsm_context_to_sid(text, strlen(text), &p->ours);
    int theirs = sepol_side_context(text, &p->theirs);
    char back[160];

    if ((ours == 0) != (theirs == 0)) {
        fail_msg("%s: we say %d, libsepol %d", text, ours, theirs);
    }
    compared++;
    if (ours != 0) {
        return;
    }
    assert_int_equal(xsm_sid_to_context(p->ours, back, sizeof(back), NULL), 0);
    snprintf(p->text, sizeof(p->text), "%s", back);
    if (context_count < CONTEXTS_MAX - 1) {
        context_count++;
    }
}

static void make_contexts(void)
{
    static const char *const ranges[] = { "", ":s0", ":s1:c1.c3", ":s0-s2:c0.c7", ":s1:c0,c2,c5-s2:c0.c5",
                                          ":s2-s0", ":s0:c9", ":s0:c3.c1", ":s0:", ":s0-" };
    unsigned int r = 0, picked = 0;
    char text[160];
    uint32_t u, ro, t, n;

    context_count = 0;
    for (t = 1; t <= sepol_side_types(); t++) {
        if (sepol_side_type(t) == NULL) {
            continue;
        }
        for (u = 1; u <= sepol_side_users(); u++) {
            for (ro = 1; ro <= sepol_side_roles(); ro++) {
                /* All of them for a few types, a few of them for all types. */
                if (t > 6 && (picked++ % 5) != 0) {
                    continue;
                }
                for (n = 0; n < 3; n++) {
                    r = sepol_side_mls() ? (r + 1) % (unsigned int)ARRAY_SIZE(ranges) : n == 2 ? 1 : 0;
                    snprintf(text, sizeof(text), "%s:%s:%s%s",
                             sepol_side_user(u), sepol_side_role(ro), sepol_side_type(t), ranges[r]);
                    add_context(text);
                    if (!sepol_side_mls() && n == 0) {
                        n = 1;
                    }
                }
            }
        }
    }
}

/* libsepol's vector for class `value`, without the rule about roles that it lacks. */
static void compare_av(const struct pair *s, const struct pair *t, uint32_t value)
{
    const struct policydb *p = &current_policy->db;
    const struct context *sc = sidtab_context(s->ours), *tc = sidtab_context(t->ours);
    struct sepol_answer theirs;
    struct av_vector ours;
    uint32_t mask = ~0U;

    services_context_av(p, sc, tc, value, &ours);
    assert_int_equal(sepol_side_av(s->theirs, t->theirs, value, &theirs), 0);
    if (value == p->domain_class && sc->role != tc->role) {
        mask = ~p->domain_transition;
    }
    /* libsepol reports every bit of the vector; permissions beyond the class never matter. */
    if ((ours.allowed & mask) != (theirs.allowed & mask) ||
        ours.audit_allow != theirs.audit_allow || ours.audit_deny != theirs.audit_deny) {
        fail_msg("%s -> %s class %s: allowed %x/%x auditallow %x/%x auditdeny %x/%x", s->text,
                 t->text, p->classes[value].name, ours.allowed, theirs.allowed, ours.audit_allow,
                 theirs.audit_allow, ours.audit_deny, theirs.audit_deny);
    }
    granted += ours.allowed != 0;
    compared++;
}

static void compare_label(const struct pair *s, const struct pair *t, uint32_t value, uint32_t kind)
{
    const struct policydb *p = &current_policy->db;
    struct context c;
    char ours[160] = "", *theirs = NULL;
    int rc;

    if (value == p->domain_class) {
        return;                  /* an object to libsepol, a domain to us: test_engine.c */
    }
    assert_int_equal(services_context_create(p, sidtab_context(s->ours), sidtab_context(t->ours), value,
                                             kind, &c), 0);
    rc = sepol_side_label(s->theirs, t->theirs, value,
                          kind == AVTAB_TRANSITION ? SEPOL_TRANSITION :
                          kind == AVTAB_MEMBER     ? SEPOL_MEMBER : SEPOL_CHANGE, &theirs);
    if ((rc == 0) != context_valid(p, &c)) {
        fail_msg("%s, %s class %s kind %x: libsepol says %d", s->text, t->text,
                 p->classes[value].name, kind, rc);
    }
    if (rc == 0) {
        context_format(p, &c, ours, sizeof(ours));
        if (strcmp(ours, theirs) != 0) {
            fail_msg("%s, %s class %s kind %x: %s, libsepol says %s", s->text, t->text,
                     p->classes[value].name, kind, ours, theirs);
        }
        labelled += strcmp(ours, t->text) != 0;
        free(theirs);
    }
    context_free(&c);
    compared++;
}

static void compare_validatetrans(const struct pair *o, const struct pair *n, const struct pair *task,
                                  uint16_t tclass, uint32_t value)
{
    int ours = xsm_validate_transition(o->ours, n->ours, task->ours, tclass);
    int theirs = sepol_side_validatetrans(o->theirs, n->theirs, task->theirs, value);

    if ((ours == 0) != (theirs == 0)) {
        fail_msg("validatetrans %s -> %s by %s class %u: %d, libsepol says %d", o->text, n->text,
                 task->text, tclass, ours, theirs);
    }
    forbidden += ours != 0;
    compared++;
}

static void compare_all(unsigned int step)
{
    static const uint32_t kinds[] = { AVTAB_TRANSITION, AVTAB_MEMBER, AVTAB_CHANGE };
    unsigned int i, j, k, n = 0;
    uint32_t value;
    uint16_t tclass;

    for (i = 0; i < context_count; i++) {
        for (j = i % step; j < context_count; j += step) {
            for (value = 1; value <= sepol_side_classes(); value++) {
                compare_av(&contexts[i], &contexts[j], value);
                for (k = 0; k < 3; k++) {
                    if (++n % 4 == 0) {
                        compare_label(&contexts[i], &contexts[j], value, kinds[k]);
                    }
                }
            }
            for (tclass = 1; tclass <= SECCLASS_ARGO; tclass++) {
                value = current_policy->maps.map[tclass].value;
                if (value != 0 && ++n % 3 == 0) {
                    compare_validatetrans(&contexts[i], &contexts[j], &contexts[n % context_count],
                                          tclass, value);
                }
            }
        }
    }
}

static void set_booleans(uint32_t combination)
{
    uint32_t i;

    for (i = 0; i < sepol_side_booleans(); i++) {
        assert_int_equal(xsm_boolean_set(i, (combination >> i & 1) != 0), 0);
    }
    sepol_side_set_booleans(combination);
    assert_int_equal(xsm_boolean_commit(), 0);
}

static void compare_file(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    struct image i;
    uint32_t combination, combinations;

    engine_start(name);
    i = image_read(name);
    assert_int_equal(sepol_side_load(i.data, i.size), 0);
    make_contexts();
    assert_true(context_count > 3);
    combinations = 1U << min(sepol_side_booleans(), 4U);
    for (combination = 0; combination < combinations; combination++) {
        set_booleans(combination);
        compare_all(combination == 0 ? 5 : 23);
    }
    sepol_side_free();
    image_free(&i);
    engine_stop();
}

static void engine_every_policy_agrees_with_libsepol(void **state)
{
    glob_t g;
    size_t i;

    (void)state;
    assert_int_equal(glob(FLASK_TEST_DIR "/*.bin", 0, NULL, &g), 0);
    assert_true(g.gl_pathc >= 8);
    for (i = 0; i < g.gl_pathc; i++) {
        compare_file(g.gl_pathv[i]);
    }
    print_message("%zu policies, %lu answers compared: %lu grants, %lu new labels, %lu transitions "
                  "forbidden\n", g.gl_pathc, compared, granted, labelled, forbidden);
    assert_true(compared > 100000 && granted > 10000 && labelled > 1000 && forbidden > 1000);
    globfree(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(engine_every_policy_agrees_with_libsepol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
