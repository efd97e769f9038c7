/* SPDX-License-Identifier: Apache-2.0 */
/* What policies decide: our own, as their descriptions say, and foreign ones, mapped by name. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <flask/services.h>
#include <xen/lib.h>

#include "../../../xsm-flask/host/env.h"

static const struct xsm_audit line = { .have = XSM_AUDIT_DOMID | XSM_AUDIT_TARGET | XSM_AUDIT_PORT,
                                       .domid = 5, .target = 3, .port = 7 };

static int start_first_light(void **state)
{
    (void)state;
    host_env_time_ns = 1;
    engine_start("@first-light.bin");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    engine_stop();
    return 0;
}

static void reload(const char *name)
{
    struct image i = image_read(name);

    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), 0);
    image_free(&i);
}

static xsm_sid_t dom(const char *name)
{
    char text[64];

    snprintf(text, sizeof(text), "system_u:system_r:%s_t", name);
    return sid_of(text);
}

static void allowed(const char *s, const char *t, uint16_t tclass, uint32_t perm)
{
    if (xsm_check(dom(s), dom(t), tclass, perm, &line) != 0) {
        fail_msg("refused: %s", audit_last);
    }
}

static void refused(const char *s, const char *t, uint16_t tclass, uint32_t perm)
{
    if (xsm_check(dom(s), dom(t), tclass, perm, &line) != -EACCES) {
        fail_msg("%s may do %x of %s to %s", s, perm, xsm_class_name(tclass), t);
    }
}

/* -- the policies ------------------------------------------------------------------------------ */

static void first_light_connections_as_described(void **state)
{
    (void)state;
    allowed("stordd", "guest", SECCLASS_GRANT_OP,
            GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE | GRANT_OP__MAP_HOST | GRANT_OP__UNMAP_GRANT_REF);
    allowed("netdd", "guest", SECCLASS_GRANT_OP, GRANT_OP__COPY_FROM | GRANT_OP__COPY_TO);
    allowed("netdd", "guest", SECCLASS_GRANT, GRANT__COPY);
    allowed("guest", "netdd", SECCLASS_GRANT, GRANT__COPY);
    refused("guest", "netdd", SECCLASS_GRANT_OP, GRANT_OP__COPY_FROM);
    allowed("xenstore", "guest", SECCLASS_GRANT_OP, GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE);
    refused("guest", "stordd", SECCLASS_GRANT_OP, GRANT_OP__MAP_READ);
    refused("guest", "netdd", SECCLASS_GRANT_OP, GRANT_OP__MAP_WRITE);
    refused("netdd", "stordd", SECCLASS_GRANT_OP, GRANT_OP__MAP_READ);
    refused("stordd", "attest", SECCLASS_GRANT_OP, GRANT_OP__MAP_READ);
    allowed("guest", "guest", SECCLASS_XENSTORE, XENSTORE__WRITE | XENSTORE__CREATE);
    allowed("stordd", "guest", SECCLASS_XENSTORE, XENSTORE__READ | XENSTORE__WATCH);
    refused("guest", "stordd", SECCLASS_XENSTORE, XENSTORE__WRITE);
    refused("guest", "attest", SECCLASS_XENSTORE, XENSTORE__READ);
    allowed("attest", "xen", SECCLASS_BULKHEAD, BULKHEAD__LOG_READ);
    refused("guest", "xen", SECCLASS_BULKHEAD, BULKHEAD__LOG_READ);
    refused("guest", "xen", SECCLASS_BULKHEAD, BULKHEAD__AUDIT_READ);
    refused("attest", "xen", SECCLASS_BULKHEAD, BULKHEAD__AUDIT_SEAL);
    allowed("xenstore", "security", SECCLASS_FLASK_OP, FLASK_OP__CONTEXT_TO_SID | FLASK_OP__ACCESS);
    refused("guest", "security", SECCLASS_FLASK_OP, FLASK_OP__CONTEXT_TO_SID);
    refused("xenstore", "security", SECCLASS_FLASK_OP, FLASK_OP__LOAD);
    refused("guest", "guest", SECCLASS_DOMCTL, DOMCTL__DESTROYDOMAIN);
    refused("guest", "attest", SECCLASS_DOMCTL, DOMCTL__PAUSEDOMAIN);
    allowed("guest", "xen", SECCLASS_VERSION, VERSION__XEN_EXTRAVERSION);
    refused("guest", "xen", SECCLASS_VERSION, VERSION__XEN_COMMANDLINE);
}

static void first_light_event_channels_by_label_of_the_end(void **state)
{
    xsm_sid_t end, other;

    (void)state;
    assert_int_equal(xsm_transition_sid(dom("guest"), dom("stordd"), SECCLASS_EVENT, &end), 0);
    assert_int_equal(end, sid_of("system_u:object_r:guest_stordd_evtchn_t"));
    assert_int_equal(xsm_check(dom("guest"), end, SECCLASS_EVTCHN_OP,
                               EVTCHN_OP__BIND_INTERDOMAIN | EVTCHN_OP__SEND | EVTCHN_OP__STATUS, &line), 0);
    assert_int_equal(xsm_check(end, dom("stordd"), SECCLASS_EVENT, EVENT__BIND, &line), 0);
    assert_int_equal(xsm_check(end, dom("attest"), SECCLASS_EVENT, EVENT__BIND, &line), -EACCES);
    /* No connection, no label of one's own: the end would bear the other's. */
    assert_int_equal(xsm_transition_sid(dom("guest"), dom("attest"), SECCLASS_EVENT, &other), 0);
    assert_int_equal(other, sid_of("system_u:object_r:attest_t"));
    assert_int_equal(xsm_check(dom("guest"), other, SECCLASS_EVTCHN_OP, EVTCHN_OP__ALLOC_UNBOUND, &line), -EACCES);
    /* A domain is to itself what it is to others. */
    assert_int_equal(xsm_transition_sid(dom("guest"), dom("guest"), SECCLASS_DOMAIN, &other), 0);
    assert_int_equal(other, dom("guest"));
}

static void first_light_tpm_locality_0_for_attest_alone(void **state)
{
    xsm_sid_t page, other;

    (void)state;
    assert_int_equal(xsm_iomem_sid(0xfed40, &page), 0);
    assert_int_equal(xsm_iomem_sid(0xfed42, &other), 0);
    assert_int_equal(xsm_check(dom("attest"), page, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, &line),
                     0);
    assert_int_equal(xsm_check(dom("attest"), other, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, &line),
                     -EACCES);
    assert_int_equal(xsm_check(dom("guest"), page, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, &line),
                     -EACCES);
    assert_int_equal(xsm_check(dom("xenboot"), page, SECCLASS_RESOURCE, RESOURCE__ADD_IOMEM, &line), 0);
    assert_int_equal(xsm_ioport_sid(0x2f8, &page), 0);
    assert_int_equal(xsm_check(dom("attest"), page, SECCLASS_RESOURCE, RESOURCE__USE_NOIOMMU, &line),
                     0);
}

static void first_light_foreign_memory_constrained(void **state)
{
    (void)state;
    refused("guest", "guest", SECCLASS_MMU, MMU__MAP_READ); /* what it has without asking */
    allowed("guest", "guest", SECCLASS_MEMORY_OP, MEMORY_OP__POPULATE_PHYSMAP);
    refused("xenstore", "guest", SECCLASS_PHYSMAP_OP, PHYSMAP_OP__ADD_TO_PHYSMAP);
    refused("xenstore", "guest", SECCLASS_MMU, MMU__MAP_READ);
    allowed("xenboot", "guest", SECCLASS_MMU, MMU__MAP_WRITE);
}

static void legacy_initial_domain_keeps_to_itself(void **state)
{
    xsm_sid_t dom0 = xsm_initial_sid(XSM_SID_DOM0), xen = xsm_initial_sid(XSM_SID_XEN);

    (void)state;
    reload("@legacy.bin");
    assert_int_equal(xsm_check(dom0, xen, SECCLASS_CONSOLE_OP, CONSOLE_OP__WRITE, &line), 0);
    assert_int_equal(xsm_check(dom0, dom0, SECCLASS_GRANT_OP, GRANT_OP__SETUP_TABLE | GRANT_OP__QUERY_SIZE, &line), 0);
    assert_int_equal(xsm_check(dom0, xen, SECCLASS_MISC_OP, MISC_OP__KEXEC_OP, &line), -EACCES);
    assert_int_equal(xsm_check(dom0, xsm_initial_sid(XSM_SID_SECURITY), SECCLASS_FLASK_OP,
                               FLASK_OP__SETENFORCE, &line), -EACCES);
    assert_int_equal(xsm_check(dom0, xsm_initial_sid(XSM_SID_DOMU), SECCLASS_DOMCTL, DOMCTL__CREATEDOMAIN,
                               &line), -EACCES);
}

/* -- policies unlike ours ---------------------------------------------------------------------- */

static int start_foreign(void **state)
{
    (void)state;
    engine_start("other/foreign.bin");
    return 0;
}

static uint32_t allowed_bits(const char *s, const char *t, uint16_t tclass)
{
    struct xsm_av av;

    assert_int_equal(xsm_compute_av(sid_of(s), sid_of(t), tclass, &av), 0);
    return av.allowed;
}

static void foreign_policy_mapped_by_name(void **state)
{
    (void)state;
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:b_t", SECCLASS_EVENT), EVENT__SEND | EVENT__CREATE);
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:b_t", SECCLASS_XEN), XEN__READCONSOLE);
    assert_int_equal(allowed_bits("u:r:b_t", "u:r:a_t", SECCLASS_XEN), XEN__FIRMWARE);
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:b_t", SECCLASS_GRANT), 0);
    assert_int_equal(xsm_check_noaudit(sid_of("u:r:a_t"), sid_of("u:r:b_t"), SECCLASS_GRANT,
                                       GRANT__COPY), -EACCES);
}

static void foreign_policy_own_classes_by_fallback(void **state)
{
    (void)state;
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:b_t", SECCLASS_BULKHEAD),
                     BULKHEAD__LOG_READ | BULKHEAD__AUDIT_READ);
    assert_int_equal(allowed_bits("u:r:b_t", "u:r:a_t", SECCLASS_BULKHEAD),
                     BULKHEAD__TPM_USE | BULKHEAD__AUDIT_SEAL | BULKHEAD__DOMAIN_INFO);
    /* Where Xen asks nothing, all are allowed; the others by what is asked in their place. */
    assert_int_equal(allowed_bits("u:r:b_t", "u:r:a_t", SECCLASS_XENSTORE),
                     XENSTORE__INTRODUCE | XENSTORE__READ | XENSTORE__WRITE | XENSTORE__CREATE |
                         XENSTORE__DELETE | XENSTORE__LIST | XENSTORE__WATCH | XENSTORE__SETPERMS);
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:b_t", SECCLASS_XENSTORE) & XENSTORE__INTRODUCE, 0);
}

static void foreign_policy_bounded_type_never_has_more(void **state)
{
    (void)state;
    assert_int_equal(allowed_bits("u:r:parent_t", "u:r:b_t", SECCLASS_EVENT), EVENT__STATUS);
    assert_int_equal(allowed_bits("u:r:child_t", "u:r:b_t", SECCLASS_EVENT), EVENT__STATUS);
}

static void foreign_policy_transition_between_roles_needs_roleallow(void **state)
{
    (void)state;
    assert_int_equal(allowed_bits("u:r:a_t", "u:r:a_t", SECCLASS_DOMAIN), DOMAIN__TRANSITION);
    assert_int_equal(allowed_bits("u:r:a_t", "u:q:a_t", SECCLASS_DOMAIN), DOMAIN__TRANSITION);
    assert_int_equal(allowed_bits("u:q:a_t", "u:r:a_t", SECCLASS_DOMAIN), 0);
}

static void foreign_policy_labels_without_its_classes(void **state)
{
    xsm_sid_t a = sid_of("u:r:a_t"), b = sid_of("u:r:b_t"), sid;

    (void)state;
    /* The policy does not speak about grants: an object is like its target. */
    assert_int_equal(xsm_transition_sid(a, b, SECCLASS_GRANT, &sid), 0);
    assert_int_equal(sid, b);
    assert_int_equal(xsm_transition_sid(a, b, SECCLASS_EVENT, &sid), 0);
    assert_int_equal(sid, sid_of("u:object_r:b_t"));
    /* Resources without an initial SID of their own are unlabeled. */
    assert_int_equal(xsm_ioport_sid(0x70, &sid), 0);
    assert_int_equal(allowed_bits("u:r:a_t", "u:object_r:b_t", SECCLASS_EVENT),
                     EVENT__SEND | EVENT__CREATE);
}

/* As the policy says it: every pair out of the two types' attributes, looked up in the table of rules. */
static struct av_vector by_the_table(const struct policydb *p, uint32_t s, uint32_t t, uint32_t tclass)
{
    const struct ebitmap *from = &p->types[s].set, *to = &p->types[t].set;
    struct av_vector v = { .audit_deny = ~0U };
    uint32_t i, j;

    for (i = ebitmap_next(from, 0); i < EBITMAP_BITS_MAX; i = ebitmap_next(from, i + 1)) {
        for (j = ebitmap_next(to, 0); j < EBITMAP_BITS_MAX; j = ebitmap_next(to, j + 1)) {
            const struct avtab_node *n = avtab_find(&p->avtab, avtab_key(i + 1, j + 1, tclass, 0));

            if (n != NULL) {
                v.allowed |= n->force.allowed;
                v.audit_allow |= n->force.audit_allow;
                v.audit_deny &= n->force.audit_deny;
            }
        }
    }
    return v;
}

/* With all words of a set at hand, and as where there are too many types for that. */
static void index_says_what_the_table_says(void **state)
{
    const struct policydb *p;
    uint32_t i, step, tclass, s, t, granted = 0;

    (void)state;
    reload("other/big.bin");
    p = &current_policy->db;
    assert_true(p->type_tab.prim > 2 * 64);
    for (i = 0; i < 2; i++) {
        struct rule_index x = p->rules;

        x.words += i * 1000;
        step = 0;
        for (s = 1; s <= p->type_tab.prim; s++) {
            for (t = 1 + s % 3; t <= p->type_tab.prim; t += 3) {
                struct av_vector v = { .audit_deny = ~0U }, want;

                tclass = 1 + step++ % p->class_tab.prim;
                rule_index_add(&x, tclass, &p->types[s].set, &p->types[t].set, &v);
                want = by_the_table(p, s, t, tclass);
                assert_memory_equal(&v, &want, sizeof(v));
                granted += v.allowed != 0;
            }
        }
    }
    assert_true(granted > 1000);
}

static void big_policy_loads_within_bounds(void **state)
{
    size_t before = host_env_bytes;

    (void)state;
    reload("other/big.bin");
    assert_true(host_env_bytes - before < (3U << 20));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(first_light_connections_as_described, start_first_light, stop),
        cmocka_unit_test_setup_teardown(first_light_event_channels_by_label_of_the_end, start_first_light,
                                        stop),
        cmocka_unit_test_setup_teardown(first_light_tpm_locality_0_for_attest_alone, start_first_light,
                                        stop),
        cmocka_unit_test_setup_teardown(first_light_foreign_memory_constrained, start_first_light, stop),
        cmocka_unit_test_setup_teardown(legacy_initial_domain_keeps_to_itself, start_first_light, stop),
        cmocka_unit_test_setup_teardown(foreign_policy_mapped_by_name, start_foreign, stop),
        cmocka_unit_test_setup_teardown(foreign_policy_own_classes_by_fallback, start_foreign, stop),
        cmocka_unit_test_setup_teardown(foreign_policy_bounded_type_never_has_more, start_foreign, stop),
        cmocka_unit_test_setup_teardown(foreign_policy_transition_between_roles_needs_roleallow,
                                        start_foreign, stop),
        cmocka_unit_test_setup_teardown(foreign_policy_labels_without_its_classes, start_foreign, stop),
        cmocka_unit_test_setup_teardown(index_says_what_the_table_says, start_foreign, stop),
        cmocka_unit_test_setup_teardown(big_policy_loads_within_bounds, start_foreign, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
