/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against libsepol, the reference implementation. For every policy that files.mk makes, all
 * answers must come out equal over these products, which together hold what an answer depends on:
 *
 *   types     all types x all types x classes x all settings of the booleans, one context each: rules,
 *             conditional rules, bounds, transitions
 *   contexts  all valid contexts x the same x classes, one setting of the booleans: constraints, roles,
 *             defaults; the contexts are all users x roles x types x the ranges below
 *   ranges    for a policy with MLS: all contexts of two types x the same x classes: levels
 *   triples   old x new x task x classes with validatetrans, one context for each type and all of one type
 *
 * A (source, target, class) is one decision and three labels: transition, member, change. A product above
 * TUPLES_MAX is sampled, evenly and not below 400,000, and the output says so; SEPOL_ALL=1 in the environment samples nothing
 * and takes some minutes; SEPOL_ONLY=NAME takes the policies whose names begin so. Beside them: initial SIDs
 * and resources, permissive types, what becomes of unknown classes, numbers against names.
 *
 * Built twice: complete and fast; and under the sanitizers with every SEPOL_STEP-th tuple of the larger
 * products.
 * libsepol 3.4 trips over type bounds where there are constraints; what bounds take away is then computed
 * from its answers about the types alone.
 */
#include "fixture.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include <flask/services.h>
#include <flask/sidtab.h>
#include <xen/lib.h>

#include "sepol_side.h"

#ifndef SEPOL_STEP
#define SEPOL_STEP 1U
#endif
#define TUPLES_MAX      600000U  /* of one product; above, it is sampled */
#define TUPLES_MIN      400000U
#define CONTEXTS_MAX    8192U
#define TYPES_MAX       256U
#define TRIPLES_OF_MAX  72U      /* contexts whose cube is walked */
#define BOOLEANS_MAX    8U

struct pair {
    char text[192];
    uint32_t type;
    xsm_sid_t ours;
    uint32_t theirs;
    const struct context *context;
};

static unsigned long tuples, compared, granted, labelled, forbidden, bounded;

static struct pair contexts[CONTEXTS_MAX];
static unsigned int context_count;
static const struct pair *by_type[TYPES_MAX];    /* one context for each type */
static unsigned int type_count;
static bool has_bounds;

/* -- contexts -------------------------------------------------------------------------------- */

/* Both engines must agree on whether the text is a context; remember it when it is. */
static void add_context(const char *text, uint32_t type)
{
    struct pair *p = &contexts[context_count];
    int ours = xsm_context_to_sid(text, strlen(text), &p->ours);
    int theirs = sepol_side_context(text, &p->theirs);
    unsigned int i;

    if ((ours == 0) != (theirs == 0)) {
        fail_msg("%s: we say %d, libsepol %d", text, ours, theirs);
    }
    compared++;
    for (i = 0; ours == 0 && i < context_count; i++) {
        if (contexts[i].ours == p->ours) {
            return;              /* another spelling */
        }
    }
    if (ours != 0) {
        return;
    }
    assert_int_equal(xsm_sid_to_context(p->ours, p->text, sizeof(p->text), NULL), 0);
    p->type = type;
    p->context = sidtab_context(p->ours);
    assert_true(context_count < CONTEXTS_MAX - 1);
    context_count++;
}

/* Users and roles of a type, with one range or all of them. */
static void add_contexts_of(uint32_t type)
{
    static const char *const ranges[] = { ":s0", ":s1:c1.c3", ":s0-s2:c0.c7", ":s1:c0,c2,c5-s2:c0.c5",
                                          ":s2:c7", ":s0:c1-s0:c1,c3", ":s2-s0", ":s0:c9", ":s0:c3.c1",
                                          ":s0:", ":s0-", ":s0:c0,c64,c130-s1:c0.c130", ":s0:c63-s1:c63,c64", "" };
    char text[192];
    uint32_t u, r, n;

    for (u = 1; u <= sepol_side_users(); u++) {
        for (r = 1; r <= sepol_side_roles(); r++) {
            for (n = sepol_side_mls() ? 0 : (uint32_t)ARRAY_SIZE(ranges) - 2; n < ARRAY_SIZE(ranges); n++) {
                snprintf(text, sizeof(text), "%s:%s:%s%s", sepol_side_user(u), sepol_side_role(r),
                         sepol_side_type(type), ranges[n]);
                add_context(text, type);
            }
        }
    }
}

static void make_contexts(void)
{
    unsigned int first;
    uint32_t t;

    context_count = type_count = 0;
    has_bounds = false;
    for (t = 1; t <= sepol_side_types(); t++) {
        if (sepol_side_type(t) == NULL) {
            continue;
        }
        first = context_count;
        add_contexts_of(t);
        assert_true(context_count > first && type_count < TYPES_MAX);
        by_type[type_count] = &contexts[first + type_count % (context_count - first)];
        type_count++;
        has_bounds |= sepol_side_bounds(t) != 0;
    }
}

/* -- one tuple ------------------------------------------------------------------------------- */

/* libsepol's vector, less what the types that bound source and target have not. */
static void sepol_av(uint32_t s, uint32_t t, uint32_t value, struct sepol_answer *out)
{
    struct sepol_answer outer;
    uint32_t outer_s, outer_t;

    assert_int_equal(sepol_side_av(s, t, value, out), 0);
    if (!has_bounds || out->allowed == 0) {
        return;
    }
    outer_s = sepol_side_outer(s);
    if (outer_s != 0) {
        outer_t = sepol_side_outer(t);
        sepol_av(outer_s, outer_t != 0 ? outer_t : t, value, &outer);
        bounded += (out->allowed & ~outer.allowed) != 0;
        out->allowed &= outer.allowed;
    }
}

static void compare_av(const struct pair *s, const struct pair *t, uint32_t value)
{
    const struct policydb *p = &current_policy->db;
    struct sepol_answer theirs;
    struct av_vector ours;

    services_context_av(p, s->context, t->context, value, &ours);
    sepol_av(s->theirs, t->theirs, value, &theirs);
    if (ours.allowed != theirs.allowed || ours.audit_allow != theirs.audit_allow ||
        ours.audit_deny != theirs.audit_deny) {
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
    char ours[192] = "", *theirs = NULL;
    int rc;

    assert_int_equal(services_context_create(p, s->context, t->context, value, kind, &c), 0);
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

static void compare_tuple(const struct pair *s, const struct pair *t, uint32_t value)
{
    compare_av(s, t, value);
    compare_label(s, t, value, AVTAB_TRANSITION);
    compare_label(s, t, value, AVTAB_MEMBER);
    compare_label(s, t, value, AVTAB_CHANGE);
    tuples++;
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

/* -- products -------------------------------------------------------------------------------- */

static uint64_t step_for(uint64_t total)
{
    if (SEPOL_STEP > 1) {
        return total <= 3000 ? 1 : SEPOL_STEP;
    }
    return total <= TUPLES_MAX || getenv("SEPOL_ALL") != NULL ? 1 : total / (TUPLES_MIN + TUPLES_MIN / 100);
}

/*
 * Every `step`-th of the pairs of `of`, times the classes. Each source starts one further into its row, so
 * that every target and class is met.
 * @return the step
 */
static uint64_t compare_product(const struct pair *const *of, unsigned int count)
{
    uint32_t classes = sepol_side_classes();
    uint64_t row = (uint64_t)count * classes, total = row * count, done = 0, i, at;
    uint64_t step = step_for(total);

    for (i = 0; i < count; i++) {
        for (at = i % step; at < row; at += step, done++) {
            compare_tuple(of[i], of[at / classes], (uint32_t)(at % classes) + 1);
        }
    }
    if (SEPOL_STEP == 1) {
        assert_true(done == total || done >= TUPLES_MIN);
    }
    return step;
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

/* One product in words, for the output. */
static void note(const char *what, unsigned int count, uint64_t step)
{
    print_message(" %s %u^2", what, count);
    if (step > 1) {
        print_message(" (1 of %lu)", (unsigned long)step);
    }
}

static void compare_pairs(void)
{
    static const struct pair *list[CONTEXTS_MAX];
    uint32_t combination, combinations, i, n = 0;
    uint64_t step = 1;

    assert_true(sepol_side_booleans() <= BOOLEANS_MAX);
    combinations = 1U << sepol_side_booleans();
    for (combination = 0; combination < combinations; combination++) {
        set_booleans(combination);
        step = compare_product(by_type, type_count);
    }
    note("types", type_count, step);
    print_message(" x %u settings;", combinations);
    for (i = 0; i < context_count; i++) {
        list[i] = &contexts[i];
    }
    step = compare_product(list, context_count);
    note("contexts", context_count, step);
    for (i = 0; step > 1 && i < context_count && type_count >= 2; i++) {
        if (contexts[i].type == by_type[0]->type || contexts[i].type == by_type[1]->type) {
            list[n++] = &contexts[i];
        }
    }
    if (n > 0) {
        note("; ranges", n, compare_product(list, n));
    }
}

static void compare_triples(void)
{
    const struct pair *of[TRIPLES_OF_MAX];
    uint32_t n = 0, i, classes = 0, value;
    uint16_t tclass;
    uint64_t at, total;

    for (i = 0; i < type_count && n < TRIPLES_OF_MAX; i++) {
        of[n++] = by_type[i];
    }
    for (i = 0; i < context_count && n < TRIPLES_OF_MAX; i++) {
        if (contexts[i].type == by_type[type_count / 2]->type) {
            of[n++] = &contexts[i];
        }
    }
    for (tclass = 1; tclass <= SECCLASS_ARGO; tclass++) {
        value = current_policy->maps.map[tclass].value;
        if (value == 0) {
            continue;
        }
        classes += sepol_side_validatetrans_rules(value) != 0;
        total = sepol_side_validatetrans_rules(value) != 0 ? (uint64_t)n * n * n : n;
        for (at = 0; at < total; at += SEPOL_STEP) {
            compare_validatetrans(of[at % n], of[at / n % n], of[at / n / n], tclass, value);
        }
    }
    print_message("; triples %u^3 x %u\n", n, classes);
}

/* -- the rest of a policy -------------------------------------------------------------------- */

static void compare_permissive(void)
{
    struct xsm_av av;
    unsigned int i;

    for (i = 0; i < type_count; i++) {
        assert_int_equal(xsm_compute_av(by_type[i]->ours, by_type[i]->ours, SECCLASS_DOMAIN, &av), 0);
        if (av.permissive != sepol_side_permissive(by_type[i]->type)) {
            fail_msg("%s: permissive %d", by_type[i]->text, av.permissive);
        }
        compared++;
    }
    assert_int_equal(current_policy->db.unknown, sepol_side_unknown());
}

/* Published classes: our bits and libsepol's under the same names. A class of our own may fall back: not here. */
static void compare_names(void)
{
    uint32_t value, bit, i, j, theirs_bit[32], declared, expected;
    struct sepol_answer theirs;
    struct xsm_av av;
    uint16_t tclass;

    for (tclass = 1; tclass <= SECCLASS_ARGO; tclass++) {
        value = sepol_side_class(xsm_class_name(tclass));
        for (bit = 0, declared = 0; bit < 32; bit++) {
            const char *name = xsm_permission_name(tclass, bit);

            theirs_bit[bit] = name != NULL && value != 0 ? sepol_side_permission(value, name) : 0;
            declared |= (uint32_t)(theirs_bit[bit] != 0) << bit;
        }
        for (i = 0; i < type_count; i++) {
            for (j = 0; j < type_count; j++) {
                theirs.allowed = 0;
                if (value != 0) {
                    sepol_av(by_type[i]->theirs, by_type[j]->theirs, value, &theirs);
                }
                for (bit = 0, expected = 0; bit < 32; bit++) {
                    expected |= (uint32_t)((theirs.allowed & theirs_bit[bit]) != 0) << bit;
                }
                if (sepol_side_unknown() == 2) {
                    expected |= ~declared;
                }
                assert_int_equal(xsm_compute_av(by_type[i]->ours, by_type[j]->ours, tclass, &av), 0);
                if (av.allowed != expected) {
                    fail_msg("%s -> %s class %s by name: %x, libsepol says %x", by_type[i]->text,
                             by_type[j]->text, xsm_class_name(tclass), av.allowed, expected);
                }
                compared++;
            }
        }
    }
}

/* The label a number has by libsepol's list; NULL: none of its own. */
static char *label_of(uint32_t kind, uint64_t value)
{
    struct sepol_ocontext o;
    uint32_t i;

    for (i = 0; sepol_side_ocontext(kind, i, &o); i++) {
        if (o.first <= value && value <= o.last) {
            return o.context;
        }
        free(o.context);
    }
    return NULL;
}

static void compare_resource(uint32_t kind, uint64_t value)
{
    static const xsm_sid_t otherwise[] = { 0, XSM_SID_IRQ, XSM_SID_IOPORT, XSM_SID_IOMEM, XSM_SID_DEVICE };
    char *theirs = label_of(kind, value), ours[192];
    xsm_sid_t sid = 0;
    int rc;

    rc = kind == OCON_PIRQ   ? xsm_pirq_sid((uint32_t)value, &sid) :
         kind == OCON_IOPORT ? xsm_ioport_sid((uint32_t)value, &sid) :
         kind == OCON_IOMEM  ? xsm_iomem_sid(value, &sid) : xsm_device_sid((uint32_t)value, &sid);
    assert_int_equal(rc, 0);
    if (theirs == NULL) {
        assert_int_equal(sid, otherwise[kind]);
    } else {
        assert_int_equal(xsm_sid_to_context(sid, ours, sizeof(ours), NULL), 0);
        if (strcmp(ours, theirs) != 0) {
            fail_msg("resource %u of kind %u: %s, libsepol says %s", (uint32_t)value, kind, ours, theirs);
        }
    }
    free(theirs);
    compared++;
}

/* Lists of equal length, order, extent and label; and both ends of each as they are looked up. */
static void compare_ocontexts(void)
{
    const struct policydb *p = &current_policy->db;
    const struct ocontext *o;
    struct sepol_ocontext theirs;
    char ours[192];
    uint32_t kind, i;

    for (kind = OCON_ISID; kind < OCON_COUNT; kind++) {
        for (i = 0, o = p->ocon[kind]; sepol_side_ocontext(kind, i, &theirs); i++, o = o->next) {
            assert_non_null(o);
            context_format(p, &o->context, ours, sizeof(ours));
            if (o->first != theirs.first || o->last != theirs.last || strcmp(ours, theirs.context) != 0 ||
                (kind == OCON_DTREE && strcmp(o->path, theirs.path) != 0)) {
                fail_msg("kind %u number %u: %lx-%lx %s, libsepol says %lx-%lx %s", kind, i, o->first,
                         o->last, ours, theirs.first, theirs.last, theirs.context);
            }
            if (kind == OCON_ISID && theirs.first <= XSM_SID_INITIAL_COUNT) {
                assert_int_equal(xsm_sid_to_context((xsm_sid_t)theirs.first, ours, sizeof(ours), NULL), 0);
                assert_string_equal(ours, theirs.context);
            } else if (kind != OCON_ISID && kind != OCON_DTREE) {
                compare_resource(kind, theirs.first);
                compare_resource(kind, theirs.last);
                compare_resource(kind, theirs.last + (kind == OCON_IOMEM || theirs.last < ~0U));
                compare_resource(kind, theirs.first - (theirs.first != 0));
            }
            free(theirs.context);
            compared++;
        }
        assert_null(o);
    }
}

static void compare_file(const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    struct image i;

    engine_start(name);
    i = image_read(name);
    assert_int_equal(sepol_side_load(i.data, i.size), 0);
    make_contexts();
    assert_true(context_count > 3);
    print_message("%s: classes %u,", name, sepol_side_classes());
    compare_ocontexts();
    compare_permissive();
    compare_names();
    compare_pairs();
    compare_triples();
    sepol_side_free();
    image_free(&i);
    engine_stop();
}

static void engine_every_policy_agrees_with_libsepol(void **state)
{
    const char *only = getenv("SEPOL_ONLY");
    char pattern[256];
    glob_t g;
    size_t i;

    (void)state;

    assert_true((size_t)snprintf(pattern, sizeof(pattern), FLASK_TEST_DIR "/%s*.bin", only ? only : "") < sizeof(pattern));
    assert_int_equal(glob(pattern, 0, NULL, &g), 0);
    assert_true(g.gl_pathc >= (only ? 1 : 8));
    for (i = 0; i < g.gl_pathc; i++) {
        compare_file(g.gl_pathv[i]);
    }
    print_message("%zu policies, %lu tuples, %lu answers compared: %lu grants, %lu new labels, "
                  "%lu transitions forbidden, %lu vectors cut by bounds\n", g.gl_pathc, tuples, compared,
                  granted, labelled, forbidden, bounded);
    assert_true(tuples > 1000000 || SEPOL_STEP > 1);
    assert_true(compared > 100000 && granted > 10000 && labelled > 1000 && (only || forbidden > 1000));
    globfree(&g);
}

static void policy_that_rejects_unknown_classes_refused(void **state)
{
    struct image i = image_read("other/reject.bin");
    struct xsm_error err = { 0 };

    (void)state;
    assert_int_equal(sepol_side_load(i.data, i.size), 0);
    assert_int_equal(sepol_side_unknown(), 1);
    sepol_side_free();
    assert_int_equal(xsm_init(1), 0);
    assert_int_equal(xsm_policy_load(i.data, i.size, &err), -EINVAL);
    assert_string_equal(err.section, "classes");
    assert_non_null(err.expected);
    assert_true(err.offset >= 56 && err.offset < i.size && !xsm_policy_loaded()); /* behind the header */
    image_free(&i);
    engine_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policy_that_rejects_unknown_classes_refused),
        cmocka_unit_test(engine_every_policy_agrees_with_libsepol),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
