/* SPDX-License-Identifier: Apache-2.0 */
/* The engine around the decisions: cache, mode, audit lines, SIDs, reload, booleans, resources. */
#include "fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <flask/audit.h>
#include <flask/services.h>
#include <flask/sidtab.h>
#include <xen/lib.h>
#include <xsm/avc_hit.h>

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

static int start_generated(void **state)
{
    (void)state;
    engine_start("g4-mls-30.bin");
    return 0;
}

static int start_classic(void **state)
{
    (void)state;
    host_env_time_ns = 1;
    engine_start("classic-30.bin");
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

/* -- before, between and after policies -------------------------------------------------------- */

static void check_without_policy_eacces(void **state)
{
    xsm_sid_t sid = 77;

    (void)state;
    assert_int_equal(xsm_check_noaudit(2, 2, SECCLASS_XEN, 1), -EACCES);
    assert_int_equal(xsm_init(0), -EINVAL);
    assert_int_equal(xsm_policy_load((const uint8_t *)"x", 1, NULL), -EBUSY);
    assert_int_equal(xsm_init(1), 0);
    assert_int_equal(xsm_init(1), -EBUSY);
    host_env_cpu = 0;
    xsm_set_enforcing(false);
    assert_int_equal(xsm_check_noaudit(2, 2, SECCLASS_XEN, 1), -EACCES);
    assert_int_equal(xsm_context_to_sid("a:b:c", 5, &sid), -EACCES);
    assert_int_equal(xsm_transition_sid(1, 1, 1, &sid), -EACCES);
    assert_int_equal(sid, 77);
    engine_stop();
}

static void check_nonsense_eacces(void **state)
{
    xsm_sid_t guest = dom("guest");

    (void)state;
    assert_int_equal(xsm_check(XSM_SID_NULL, guest, SECCLASS_MMU, MMU__STAT, &line), -EACCES);
    assert_non_null(strstr(audit_last, "ssid=0"));
    assert_int_equal(xsm_check(guest, 9999, SECCLASS_MMU, MMU__STAT, &line), -EACCES);
    assert_int_equal(xsm_check(guest, guest, 0, 1, &line), -EACCES);
    assert_int_equal(xsm_check(guest, guest, SECCLASS_COUNT + 1, 1, &line), -EACCES);
    assert_int_equal(xsm_check(guest, guest, SECCLASS_MMU, 0, &line), -EACCES);
    assert_int_equal(xsm_check(guest, guest, SECCLASS_MMU, 0, &line), -EACCES);
    assert_int_equal(xsm_check(guest, guest, SECCLASS_EVENT, 1U << 31, &line), -EACCES);
}

static void reload_revokes_at_once(void **state)
{
    xsm_sid_t stordd = dom("stordd"), guest = dom("guest");

    (void)state;
    assert_int_equal(xsm_check_noaudit(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ), 0);
    reload("@legacy.bin");
    assert_int_equal(xsm_check_noaudit(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ), -EACCES);
    assert_int_equal(xsm_check_noaudit(stordd, stordd, SECCLASS_MMU, MMU__STAT), -EACCES);
    reload("@first-light.bin");
    assert_int_equal(xsm_check_noaudit(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ), 0);
    assert_int_equal(dom("stordd"), stordd);
}

static void reload_unknown_context_shown_as_unlabeled(void **state)
{
    xsm_sid_t stordd = dom("stordd");
    char text[128];

    (void)state;
    reload("@legacy.bin");
    assert_int_equal(xsm_sid_to_context(stordd, text, sizeof(text), NULL), 0);
    assert_string_equal(text, "system_u:system_r:unlabeled_t");
    reload("g4-mls-30.bin");
    reload("@first-light.bin");
    assert_int_equal(xsm_sid_to_context(stordd, text, sizeof(text), NULL), 0);
    assert_string_equal(text, "system_u:system_r:stordd_t");
}

static void reload_keeps_booleans_by_name(void **state)
{
    struct xsm_boolean b;
    char name[8];
    uint32_t id;
    bool was;

    (void)state;
    assert_int_equal(xsm_boolean_find("b2", 2, &id), 0);
    assert_int_equal(xsm_boolean_get(id, &b, name, sizeof(name)), 0);
    assert_string_equal(name, "b2");
    was = b.current;
    assert_int_equal(xsm_boolean_set(id, !was), 0);
    assert_int_equal(xsm_boolean_get(id, &b, NULL, 0), 0);
    assert_true(b.current == was && b.pending != was);
    assert_int_equal(xsm_boolean_commit(), 0);
    reload("g4-mls-30.bin");
    assert_int_equal(xsm_boolean_get(id, &b, NULL, 0), 0);
    assert_true(b.current != was && b.pending != was);
    assert_int_equal(xsm_boolean_get(99, &b, NULL, 0), -ENOENT);
    assert_int_equal(xsm_boolean_set(99, true), -ENOENT);
    assert_int_equal(xsm_boolean_find("b22", 3, &id), -ENOENT);
}

/* -- cache ------------------------------------------------------------------------------------- */

static void cache_second_question_hits(void **state)
{
    xsm_sid_t guest = dom("guest"), xen = dom("xen");
    struct xsm_avc_stats a, b;
    uint32_t used, total;

    (void)state;
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, VERSION__XEN_PAGESIZE), 0);
    assert_int_equal(xsm_avc_stats(0, &a), 0);
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, VERSION__XEN_CHANGESET), 0);
    assert_int_equal(xsm_avc_stats(0, &b), 0);
    assert_int_equal(b.hits, a.hits + 1);
    assert_int_equal(b.misses, a.misses);
    host_env_cpu = 1;
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, VERSION__XEN_CHANGESET), 0);
    assert_int_equal(xsm_avc_stats(1, &a), 0);
    assert_int_equal(a.misses, 1);
    host_env_cpu = 0;
    xsm_set_enforcing(true);
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, VERSION__XEN_CHANGESET), 0);
    assert_int_equal(xsm_avc_stats(0, &a), 0);
    assert_int_equal(a.misses, b.misses + 1);
    xsm_avc_usage(&used, &total);
    assert_int_equal(used, 1);
    assert_int_equal(total, 1024);
    assert_int_equal(xsm_avc_stats(2, &a), -ENOENT);
}

static void cache_never_differs_from_computing(void **state)
{
    xsm_sid_t s, t;
    struct xsm_av av;
    uint16_t c;
    unsigned int bit, round;

    (void)state;
    (void)dom("guest"), (void)dom("stordd"), (void)dom("netdd"), (void)dom("xenstore");
    for (round = 0; round < 2; round++) {
        for (s = 1; s <= xsm_sid_count(); s++) {
            for (t = 1; t <= xsm_sid_count(); t++) {
                for (c = 1; c <= SECCLASS_COUNT; c++) {
                    assert_int_equal(xsm_compute_av(s, t, c, &av), 0);
                    bit = (s * 7 + t * 3 + c) % 32;
                    assert_int_equal(xsm_check_noaudit(s, t, c, 1U << bit) == 0,
                                     (av.allowed >> bit & 1) != 0);
                }
            }
        }
    }
}

static void hit_says_no_to_what_it_does_not_know(void **state)
{
    const uint32_t class = SECCLASS_VERSION, offset = XSM_AVC_CLASS_OFFSET(SECCLASS_VERSION);
    const uint32_t yes = VERSION__XEN_PAGESIZE, no = VERSION__XEN_COMMANDLINE;
    xsm_sid_t guest = dom("guest"), xen = dom("xen");
    struct xsm_avc_stats before, after;

    (void)state;
    assert_false(xsm_avc_hit(guest, xen, class, offset, yes));
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, yes), 0);
    assert_int_equal(xsm_avc_stats(0, &before), 0);
    assert_true(xsm_avc_hit(guest, xen, class, offset, yes));
    assert_int_equal(xsm_avc_stats(0, &after), 0);
    assert_int_equal(after.hits, before.hits + 1);
    assert_false(xsm_avc_hit(guest, xen, class, offset, no));
    assert_false(xsm_avc_hit(guest, xen, class, offset, yes | no));
    assert_false(xsm_avc_hit(guest, xen, class | 0x10000, offset, yes));
    assert_false(xsm_avc_hit(guest, xen, class | 0x20000, offset, yes));
    assert_false(xsm_avc_hit(guest, xen, SECCLASS_EVENT, offset, yes));
    assert_false(xsm_avc_hit(guest, xen, class, XSM_AVC_CLASS_OFFSET(SECCLASS_EVENT), yes));
    assert_false(xsm_avc_hit(xen, guest, class, offset, yes));
    assert_false(xsm_avc_hit(guest, guest, class, offset, yes));
    assert_false(xsm_avc_hit(0, 0, 0, 0, yes));
    host_env_cpu = 1;
    assert_false(xsm_avc_hit(guest, xen, class, offset, yes));
    host_env_cpu = 0;
    assert_int_equal(xsm_avc_stats(0, &before), 0);
    assert_int_equal(after.hits, before.hits);
    assert_true(xsm_avc_hit(guest, xen, class, offset, yes));
    xsm_set_enforcing(true);
    assert_false(xsm_avc_hit(guest, xen, class, offset, yes));
}

/* SIDs that meet another pair's entry in its place are not taken for it, on either side. */
static void hit_is_of_the_very_pair(void **state)
{
    const uint32_t offset = XSM_AVC_CLASS_OFFSET(SECCLASS_VERSION);
    xsm_sid_t guest = dom("guest"), xen = dom("xen"), other;
    struct xsm_avc_entry *place = xsm_avc_place(xsm_avc_pair(guest, xen), offset);
    unsigned int met[2] = { 0 };

    (void)state;
    assert_int_equal(xsm_check_noaudit(guest, xen, SECCLASS_VERSION, VERSION__XEN_PAGESIZE), 0);
    for (other = 1; other < 20000; other++) {
        if (other != guest && xsm_avc_place(xsm_avc_pair(other, xen), offset) == place) {
            met[0]++;
            assert_false(xsm_avc_hit(other, xen, SECCLASS_VERSION, offset, VERSION__XEN_PAGESIZE));
        }
        if (other != xen && xsm_avc_place(xsm_avc_pair(guest, other), offset) == place) {
            met[1]++;
            assert_false(xsm_avc_hit(guest, other, SECCLASS_VERSION, offset, VERSION__XEN_PAGESIZE));
        }
    }
    assert_true(met[0] > 10 && met[1] > 10);
    assert_true(xsm_avc_hit(guest, xen, SECCLASS_VERSION, offset, VERSION__XEN_PAGESIZE));
}

static void self_label_kept_until_the_policy_moves(void **state)
{
    xsm_sid_t guest = dom("guest"), netdd = dom("netdd"), out = 0;
    struct xsm_self cache = { 0 };

    (void)state;
    assert_int_equal(xsm_self_sid(&cache, guest, &out), 0);
    assert_int_equal(out, guest);
    /* That it is the cache which answers shows when the cache says something else. */
    cache.self = 99;
    assert_int_equal(xsm_self_sid(&cache, guest, &out), 0);
    assert_int_equal(out, 99);
    assert_int_equal(xsm_self_sid(&cache, netdd, &out), 0);
    assert_int_equal(out, netdd);
    cache.self = 99;
    xsm_set_enforcing(true);
    assert_int_equal(xsm_self_sid(&cache, netdd, &out), 0);
    assert_int_equal(out, netdd);
    /* No answer is remembered of what has none, and what is remembered of others stays. */
    assert_int_equal(xsm_self_sid(&cache, 9999, &out), -EINVAL);
    assert_int_equal(out, netdd);
    assert_int_equal(cache.of, netdd);
    cache = (struct xsm_self){ 0 };
    assert_int_equal(xsm_self_sid(&cache, XSM_SID_NULL, &out), -EINVAL);
}

static void self_label_by_the_transition_of_class_domain(void **state)
{
    struct xsm_self cache = { 0 };
    xsm_sid_t maker, out;

    (void)state;
    reload("hand-labels-30.bin");
    maker = sid_of("wide:first_r:maker");
    assert_int_equal(xsm_self_sid(&cache, maker, &out), 0);
    assert_int_equal(out, sid_of("wide:first_r:loud"));
}

/* -- mode -------------------------------------------------------------------------------------- */

static void permissive_mode_logs_and_grants(void **state)
{
    xsm_sid_t guest = dom("guest"), xen = dom("xen");

    (void)state;
    xsm_set_enforcing(false);
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &line), 0);
    assert_int_equal(audit_count, 1);
    assert_non_null(strstr(audit_last, " permissive=1"));
    xsm_set_enforcing(true);
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &line), -EACCES);
    assert_non_null(strstr(audit_last, " permissive=0"));
}

static void permissive_type_logs_and_grants(void **state)
{
    xsm_sid_t t4 = sid_of("u0:object_r:t4:s0"), t5 = sid_of("u0:object_r:t5:s0");
    struct xsm_av av;

    (void)state;
    assert_int_equal(xsm_compute_av(t4, t5, SECCLASS_XEN, &av), 0);
    assert_true(av.permissive);
    assert_int_equal(av.allowed & XEN__KEXEC, 0);
    /* Computed, and remembered. */
    assert_int_equal(xsm_check(t4, t5, SECCLASS_XEN, XEN__KEXEC, &line), 0);
    assert_int_equal(xsm_check(t4, t5, SECCLASS_XEN, XEN__KEXEC, &line), 0);
    assert_int_equal(xsm_check(t5, t4, SECCLASS_XEN, XEN__KEXEC, &line), -EACCES);
}

/* -- audit ------------------------------------------------------------------------------------- */

static void audit_line_in_classic_form(void **state)
{
    struct xsm_audit more = { .have = 0x3ff, .domid = 5, .target = 3, .port = 7, .gref = 8, .frame = 0xabc,
                              .irq = 9, .device = 0x1c8a3, .range_first = 0x2f8, .range_last = 0x2ff,
                              .op = "grant_map", .boolean = "a b\ntcontext=x" };
    xsm_sid_t guest = dom("guest"), stordd = dom("stordd");

    (void)state;
    assert_int_equal(xsm_check(guest, stordd, SECCLASS_EVENT, EVENT__SEND, &line), -EACCES);
    assert_string_equal(audit_last,
                        "avc:  denied  { send } for domid=5 target=3 port=7 "
                        "scontext=system_u:system_r:guest_t tcontext=system_u:system_r:stordd_t "
                        "tclass=event permissive=0");
    assert_int_equal(xsm_check(guest, stordd, SECCLASS_GRANT, GRANT__MAP_READ | GRANT__MAP_WRITE,
                               &more), -EACCES);
    assert_string_equal(audit_last,
                        "avc:  denied  { map_read map_write } for domid=5 target=3 port=7 gref=8 "
                        "frame=0xabc irq=9 device=0001:c8:14.3 range=0x2f8-0x2ff op=grant_map "
                        "bool=a?b?tcontext?x scontext=system_u:system_r:guest_t "
                        "tcontext=system_u:system_r:stordd_t tclass=grant permissive=0");
}

static void audit_silenced_question_no_line(void **state)
{
    (void)state;
    assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_MISC_OP, MISC_OP__XENPMU_OP, &line), -EACCES);
    assert_int_equal(xsm_check_noaudit(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC), -EACCES);
    assert_int_equal(audit_count, 0);
}

/* An operation of many steps asks at each of them, and is granted on record once; a refusal is told whenever it comes. */
static void audit_of_further_steps_tells_refusals_alone(void **state)
{
    struct xsm_audit again = line;
    xsm_sid_t dom0 = dom("dom0"), guest = dom("guest");

    (void)state;
    again.have |= XSM_AUDIT_AGAIN;
    assert_int_equal(xsm_check(dom0, guest, SECCLASS_DOMAIN, DOMAIN__PAUSE, &line), 0);
    assert_int_equal(audit_count, 1);
    assert_int_equal(xsm_check(dom0, guest, SECCLASS_DOMAIN, DOMAIN__PAUSE, &again), 0);
    assert_int_equal(audit_count, 1);
    assert_int_equal(xsm_check(guest, dom0, SECCLASS_DOMAIN, DOMAIN__PAUSE, &again), -EACCES);
    assert_int_equal(audit_count, 2);
}

/* Two domains of one label: each has its own limit. */
static void audit_flood_limited_per_domain_and_counted(void **state)
{
    struct xsm_audit_source first = { .ssid = 0 }, second = { .ssid = 0 };
    struct xsm_audit a = { .source = &first, .have = XSM_AUDIT_DOMID, .domid = 5 }, b = a;
    xsm_sid_t guest = dom("guest"), xen = dom("xen");
    unsigned int i;

    (void)state;
    b.source = &second;
    for (i = 0; i < AUDIT_LINES_PER_WINDOW + 10; i++) {
        assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    }
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW);
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &b), -EACCES);
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &line), -EACCES);
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW + 2);
    xsm_audit_flush(&first);
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW + 2);
    host_env_time_ns += AUDIT_WINDOW_NS;
    xsm_audit_flush(&second);
    xsm_audit_flush(NULL);
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW + 2);
    xsm_audit_flush(&first);
    assert_string_equal(audit_last, "avc:  lost 10 messages scontext=system_u:system_r:guest_t");
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW + 4);
    for (i = 0; i < AUDIT_LINES_PER_WINDOW; i++) {
        assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    }
    host_env_time_ns += AUDIT_WINDOW_NS;
    audit_count = 0;
    assert_int_equal(xsm_check(guest, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    assert_int_equal(audit_count, 2);
}

static void audit_loss_reported_when_source_ends(void **state)
{
    struct xsm_audit_source s = { .ssid = 0 };
    const struct xsm_audit a = { .source = &s };
    unsigned int i;

    (void)state;
    for (i = 0; i < AUDIT_LINES_PER_WINDOW + 1; i++) {
        assert_int_equal(xsm_check(dom("guest"), dom("xen"), SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    }
    xsm_audit_source_end(&s);
    assert_string_equal(audit_last, "avc:  lost 1 messages scontext=system_u:system_r:guest_t");
    xsm_audit_source_end(&s);
    assert_int_equal(audit_count, AUDIT_LINES_PER_WINDOW + 1);
}

/* What is granted has a line once. */
static void trace_grants_told_once(void **state)
{
    xsm_sid_t guest = dom("guest"), stordd = dom("stordd");
    unsigned int i;

    (void)state;
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &line), 0);
    assert_int_equal(audit_count, 0);
    xsm_trace(true);
    for (i = 0; i < 3; i++) {
        assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &line), 0);
    }
    assert_int_equal(audit_count, 1);
    assert_string_equal(audit_last, "avc:  granted  { map_read } for domid=5 target=3 port=7 "
                                    "scontext=system_u:system_r:stordd_t tcontext=system_u:system_r:guest_t tclass=grant_op");
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE, &line), 0);
    assert_int_equal(audit_count, 2);
    assert_non_null(strstr(audit_last, "{ map_write }"));
    assert_int_equal(xsm_check_noaudit(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__UNMAP_GRANT_REF), 0);
    assert_int_equal(audit_count, 2);
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__UNMAP_GRANT_REF, &line), 0);
    assert_int_equal(audit_count, 3);
    for (i = 0; i < AUDIT_LINES_PER_WINDOW + 10; i++) {
        xsm_trace(true);
        assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &line), 0);
    }
    assert_int_equal(audit_count, 3 + AUDIT_LINES_PER_WINDOW + 10);
    xsm_trace(false);
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &line), 0);
    assert_int_equal(audit_count, 3 + AUDIT_LINES_PER_WINDOW + 10);
}

/* However often the cache forgets: so many a minute, of each source. What is left out is counted at once, and told when there is room. */
static void trace_limited_and_counted(void **state)
{
    struct xsm_audit_source first = { .ssid = 0 }, second = { .ssid = 0 };
    struct xsm_audit a = { .source = &first }, b = { .source = &second };
    xsm_sid_t guest = dom("guest"), stordd = dom("stordd"), xen = dom("xen");
    unsigned int i;

    (void)state;
    for (i = 0; i < AUDIT_TRACE_LINES; i++) {
        xsm_trace(true);
        assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
        host_env_time_ns += AUDIT_TRACE_WINDOW_NS / 2 / AUDIT_TRACE_LINES;
    }
    xsm_audit_flush(&first);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES);
    xsm_trace(true);
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES);
    xsm_audit_flush(&first);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES + 1);
    assert_string_equal(audit_last, "avc:  lost 1 messages scontext=system_u:system_r:stordd_t traced");
    xsm_audit_flush(&first);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES + 1);
    /* others, and refusals, have limits of their own */
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_WRITE, &b), 0);
    assert_int_equal(xsm_check(stordd, xen, SECCLASS_XEN, XEN__KEXEC, &a), -EACCES);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES + 3);
    /* told when the minute is over, though the cache has the answer; once */
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
    host_env_time_ns += AUDIT_TRACE_WINDOW_NS;
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
    assert_int_equal(xsm_check(stordd, guest, SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
    assert_int_equal(audit_count, AUDIT_TRACE_LINES + 4);
    xsm_audit_source_end(&first);
    assert_string_equal(audit_last, "avc:  lost 1 messages scontext=system_u:system_r:stordd_t traced");
    assert_int_equal(audit_count, AUDIT_TRACE_LINES + 5);
    xsm_trace(false);
}

/* What the policy wants on record has a line each time, and no second one for the trace; so have refusals. */
static void trace_other_lines_as_ever(void **state)
{
    xsm_sid_t dom0 = dom("dom0"), guest = dom("guest");

    (void)state;
    xsm_trace(true);
    assert_int_equal(xsm_check(dom0, guest, SECCLASS_DOMAIN, DOMAIN__PAUSE, &line), 0);
    assert_int_equal(xsm_check(dom0, guest, SECCLASS_DOMAIN, DOMAIN__PAUSE, &line), 0);
    assert_int_equal(audit_count, 2);
    assert_int_equal(xsm_check(guest, dom0, SECCLASS_DOMAIN, DOMAIN__PAUSE, &line), -EACCES);
    assert_int_equal(xsm_check(guest, dom0, SECCLASS_DOMAIN, DOMAIN__PAUSE, &line), -EACCES);
    assert_int_equal(audit_count, 4);
    xsm_trace(false);
}

/* -- contexts ---------------------------------------------------------------------------------- */

static void context_text_round_trip(void **state)
{
    static const char *const texts[][2] = {
        { "u0:r0:t1:s0", "u0:r0:t1:s0" },
        { "u0:object_r:alias0:s0", "u0:object_r:t3:s0" },
        { "u0:r0:t1:s0:c0.c2,c5-s1:c0,c1,c2,c5,c6", "u0:r0:t1:s0:c0.c2,c5-s1:c0.c2,c5,c6" },
        { "u1:r0:t2:s1:c7-s1:c7", "u1:r0:t2:s1:c7" },
    };
    static const char *const wrong[] = {
        "", ":", "::", "u0", "u0:r0", "u0:r0:", "u0:r0:t1", "u0:r0:t1:", "u0:r0:t1:s9", "u0:r0:a0:s0",
        "u0:r0:t1:s0:", "u0:r0:t1:s0:c9", "u0:r0:t1:s0:c0,", "u0:r0:t1:s0:,c0", "u0:r0:t1:s1-s0",
        "u0:r0:t1:s0:c2.c0", "u0:r0:t1:s0-", "u0:r0:t1:s0:c1-s1", "u9:r0:t1:s0", "u0:r9:t1:s0",
        "u0:r2:t1:s0", "u0:r0:t1:s0:c0-s1:c0:s0", " u0:r0:t1:s0", "u0:r0:t1:s0 ",
    };
    xsm_sid_t sid;
    char text[128];
    size_t i, needed;

    (void)state;
    for (i = 0; i < ARRAY_SIZE(texts); i++) {
        sid = sid_of(texts[i][0]);
        assert_int_equal(sid_of(texts[i][1]), sid);
        assert_int_equal(xsm_sid_to_context(sid, text, sizeof(text), &needed), 0);
        assert_string_equal(text, texts[i][1]);
        assert_int_equal(needed, strlen(text) + 1);
        assert_int_equal(xsm_sid_to_context(sid, text, needed, NULL), 0);
        assert_int_equal(xsm_sid_to_context(sid, text, needed - 1, NULL), -ERANGE);
        assert_int_equal(xsm_context_to_sid(texts[i][0], strlen(texts[i][0]) + 1, &sid), 0);
    }
    for (i = 0; i < ARRAY_SIZE(wrong); i++) {
        if (xsm_context_to_sid(wrong[i], strlen(wrong[i]), &sid) != -EINVAL) {
            fail_msg("taken for a context: '%s'", wrong[i]);
        }
    }
    assert_int_equal(xsm_context_to_sid("u0:r0:t1\0:s0", 12, &sid), -EINVAL);
    assert_int_equal(xsm_sid_to_context(0, text, sizeof(text), NULL), -EINVAL);
    assert_int_equal(xsm_sid_to_context(9999, text, sizeof(text), NULL), -EINVAL);
}

static void sidtab_full_enospc(void **state)
{
    char text[128];
    unsigned int bits, t, i;
    xsm_sid_t sid = 0;
    int rc = 0;

    (void)state;
    for (t = 0; rc == 0 && t < 14 * 12; t++) {
        for (bits = 0; rc == 0 && bits < 256; bits++) {
            int n = snprintf(text, sizeof(text), "u%u:object_r:t%u:s%u", t / 14 & 1, t % 14,
                             t / 28 % 3);

            for (i = 0; i < 8; i++) {
                if ((bits >> i & 1) != 0) {
                    n += snprintf(text + n, sizeof(text) - (size_t)n, "%sc%u",
                                  (bits & ((1U << i) - 1)) == 0 ? ":" : ",", i);
                }
            }
            n += snprintf(text + n, sizeof(text) - (size_t)n, "-s2:c0.c7");
            rc = xsm_context_to_sid(text, (size_t)n, &sid);
        }
    }
    assert_int_equal(rc, -ENOSPC);
    assert_int_equal(xsm_sid_count(), SIDTAB_MAX);
    assert_int_equal(sid_of("u0:r0:t1:s0"), 2);
}

/* -- labels and resources ---------------------------------------------------------------------- */

static void transition_of_a_domain_follows_xen(void **state)
{
    xsm_sid_t s = sid_of("u0:r0:t5:s0:c1-s1:c1"), t = sid_of("u1:object_r:t1:s2"), out;
    const struct context *c;

    (void)state;
    assert_int_equal(xsm_transition_sid(s, t, SECCLASS_DOMAIN, &out), 0);
    c = sidtab_context(out);
    /* roletransition r0 t1 domain r1, and the creator's range */
    assert_int_equal(c->role, symtab_find(&current_policy->db.role_tab, "r1", 2));
    assert_int_equal(c->user, sidtab_context(s)->user);
    assert_int_equal(c->range.level[1].sens, 2);
    assert_int_equal(xsm_transition_sid(s, 9999, SECCLASS_DOMAIN, &out), -EINVAL);
    assert_int_equal(xsm_transition_sid(s, t, 0, &out), -EINVAL);
}

struct walked {
    unsigned int count;
    uint64_t next;
    xsm_sid_t sid[16];
    uint64_t last[16];
};

static int note_range(void *arg, xsm_sid_t sid, uint64_t first, uint64_t last)
{
    struct walked *w = arg;

    assert_int_equal(first, w->next);
    assert_true(w->count < 16);
    w->sid[w->count] = sid;
    w->last[w->count++] = last;
    w->next = last + 1;
    return 0;
}

static void resources_labelled_by_policy_or_default(void **state)
{
    struct walked w = { .next = 0 };
    xsm_sid_t sid, kbd = sid_of("u0:object_r:t6:s0-s1:c2"), pci = sid_of("u1:object_r:t7:s0");

    (void)state;
    (void)kbd;
    assert_int_equal(xsm_ioport_sid(0x5f, &sid), 0);
    assert_int_equal(sid, XSM_SID_IOPORT);
    assert_int_equal(xsm_ioport_walk(0, 0xffff, note_range, &w), 0);
    assert_int_equal(w.count, 5);
    assert_int_equal(w.last[0], 0x5f);
    assert_int_equal(w.last[1], 0x64);
    assert_int_equal(w.sid[1], kbd);
    assert_int_equal(w.sid[3], pci);
    assert_int_equal(w.last[4], 0xffff);
    assert_int_equal(xsm_ioport_walk(5, 4, note_range, &w), -EINVAL);
    assert_int_equal(xsm_pirq_sid(33, &sid), 0);
    assert_int_equal(sid, sid_of("u0:object_r:t5:s0"));
    assert_int_equal(xsm_pirq_sid(34, &sid), 0);
    assert_int_equal(sid, XSM_SID_IRQ);
    assert_int_equal(xsm_iomem_sid(0xfebff, &sid), 0);
    assert_int_equal(sid, sid_of("u0:object_r:t8:s0"));
    assert_int_equal(xsm_iomem_sid(~(uint64_t)0, &sid), 0);
    assert_int_equal(sid, XSM_SID_IOMEM);
    assert_int_equal(xsm_device_sid(0xc800, &sid), 0);
    assert_int_equal(sid, sid_of("u0:object_r:t9:s0"));
}

static void resources_labelled_at_run_time(void **state)
{
    xsm_sid_t sid, t2 = sid_of("u0:object_r:t2:s0");

    (void)state;
    assert_int_equal(xsm_ocontext_add(2, 0x70, 0x71, t2), 0);
    assert_int_equal(xsm_ioport_sid(0x71, &sid), 0);
    assert_int_equal(sid, t2);
    assert_int_equal(xsm_ocontext_add(2, 0x71, 0x72, t2), -EEXIST);
    assert_int_equal(xsm_ocontext_add(2, 0x80, 0x7f, t2), -EINVAL);
    assert_int_equal(xsm_ocontext_add(2, 0, 0x10000, t2), -EINVAL);
    assert_int_equal(xsm_ocontext_add(5, 0, 0, t2), -EINVAL);
    assert_int_equal(xsm_ocontext_add(1, 1, 2, t2), -EINVAL);
    assert_int_equal(xsm_ocontext_add(1, 1, 1, 9999), -EINVAL);
    assert_int_equal(xsm_ocontext_del(2, 0x70, 0x70), -ENOENT);
    assert_int_equal(xsm_ocontext_del(2, 0x70, 0x71), 0);
    assert_int_equal(xsm_ioport_sid(0x71, &sid), 0);
    assert_int_equal(sid, XSM_SID_IOPORT);
    assert_int_equal(xsm_ocontext_del(3, 0xfebe0, 0xfebff), 0);
    assert_int_equal(xsm_ocontext_add(3, 0, ~(uint64_t)0, t2), 0);
    assert_int_equal(xsm_iomem_sid(~(uint64_t)0, &sid), 0);
    assert_int_equal(sid, t2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_without_policy_eacces),
        cmocka_unit_test_setup_teardown(check_nonsense_eacces, start_first_light, stop),
        cmocka_unit_test_setup_teardown(reload_revokes_at_once, start_first_light, stop),
        cmocka_unit_test_setup_teardown(reload_unknown_context_shown_as_unlabeled, start_first_light,
                                        stop),
        cmocka_unit_test_setup_teardown(reload_keeps_booleans_by_name, start_generated, stop),
        cmocka_unit_test_setup_teardown(cache_second_question_hits, start_first_light, stop),
        cmocka_unit_test_setup_teardown(hit_says_no_to_what_it_does_not_know, start_first_light, stop),
        cmocka_unit_test_setup_teardown(hit_is_of_the_very_pair, start_first_light, stop),
        cmocka_unit_test_setup_teardown(self_label_kept_until_the_policy_moves, start_first_light, stop),
        cmocka_unit_test_setup_teardown(self_label_by_the_transition_of_class_domain, start_first_light, stop),
        cmocka_unit_test_setup_teardown(cache_never_differs_from_computing, start_first_light, stop),
        cmocka_unit_test_setup_teardown(permissive_mode_logs_and_grants, start_first_light, stop),
        cmocka_unit_test_setup_teardown(permissive_type_logs_and_grants, start_generated, stop),
        cmocka_unit_test_setup_teardown(audit_line_in_classic_form, start_first_light, stop),
        cmocka_unit_test_setup_teardown(audit_silenced_question_no_line, start_first_light, stop),
        cmocka_unit_test_setup_teardown(audit_of_further_steps_tells_refusals_alone, start_classic, stop),
        cmocka_unit_test_setup_teardown(audit_loss_reported_when_source_ends, start_first_light, stop),
        cmocka_unit_test_setup_teardown(trace_grants_told_once, start_first_light, stop),
        cmocka_unit_test_setup_teardown(trace_limited_and_counted, start_first_light, stop),
        cmocka_unit_test_setup_teardown(trace_other_lines_as_ever, start_classic, stop),
        cmocka_unit_test_setup_teardown(audit_flood_limited_per_domain_and_counted, start_first_light,
                                        stop),
        cmocka_unit_test_setup_teardown(context_text_round_trip, start_generated, stop),
        cmocka_unit_test_setup_teardown(sidtab_full_enospc, start_generated, stop),
        cmocka_unit_test_setup_teardown(transition_of_a_domain_follows_xen, start_generated, stop),
        cmocka_unit_test_setup_teardown(resources_labelled_by_policy_or_default, start_generated, stop),
        cmocka_unit_test_setup_teardown(resources_labelled_at_run_time, start_generated, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
