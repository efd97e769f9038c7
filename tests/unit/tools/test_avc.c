/* SPDX-License-Identifier: Apache-2.0 */
/* Console logs as decisions: lines as the engine writes them are read back whole, and nothing that a guest writes passes for one. */
#include "cmocka_all.h"

#include "../../../tools/bh/build/buf.h"
#include "../../../tools/bh/policy/avc_log.h"
#include "../../../xsm-flask/host/env.h"
#include "../xsm-flask/fixture.h"

static bool is(struct avc_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static struct avc_line read_line(const char *text)
{
    struct avc_line l;

    avc_line_read(text, strlen(text), true, &l);
    return l;
}

static struct avc_log read_log(const char *text)
{
    struct avc_log log = { 0 };

    avc_log_add(&log, "log", text, strlen(text));
    avc_log_end(&log);
    return log;
}

/* -- what the engine writes -------------------------------------------------------------------------------------- */

static int start(void **state)
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

static xsm_sid_t dom(const char *name)
{
    char context[80];

    snprintf(context, sizeof(context), "system_u:system_r:%s_t", name);
    return sid_of(context);
}

static struct avc_line of_engine(void)
{
    static char text[sizeof(audit_last) + 8];

    snprintf(text, sizeof(text), "(XEN) %s", audit_last);
    return read_line(text);
}

static void engine_denial_is_read(void **state)
{
    struct xsm_audit a = { .have = 0x3ff, .domid = 5, .target = 3, .port = 7, .gref = 8, .frame = 0xabc, .irq = 9, .device = 0x1c8a3,
                           .range_first = 0x2f8, .range_last = 0x2ff, .op = "map it\n tcontext=x", .boolean = "a b\ntcontext=x" };
    struct avc_line l;

    (void)state;
    assert_int_equal(xsm_check(dom("guest"), dom("stordd"), SECCLASS_GRANT_OP, GRANT_OP__MAP_READ | GRANT_OP__MAP_WRITE, &a), -EACCES);
    l = of_engine();
    assert_int_equal(l.kind, AVC_DENIED);
    assert_int_equal(l.origin, 0);
    assert_int_equal(l.domid, 5);
    assert_false(l.permissive);
    assert_true(is(l.perms, "map_read map_write "));
    assert_true(is(l.op, "map?it??tcontext?x"));
    assert_true(is(avc_type(l.source), "guest_t"));
    assert_true(is(avc_type(l.target), "stordd_t"));
    assert_true(is(l.tclass, "grant_op"));
}

static void engine_grant_revocation_and_loss_are_read(void **state)
{
    struct xsm_audit_source source = { .ssid = 0 };
    struct xsm_audit a = { .have = XSM_AUDIT_DOMID, .domid = 5, .source = &source };
    struct avc_line l;

    (void)state;
    xsm_trace(true);
    assert_int_equal(xsm_check(dom("stordd"), dom("guest"), SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a), 0);
    xsm_trace(false);
    assert_int_equal(of_engine().kind, AVC_GRANTED);
    xsm_audit_revocation(dom("stordd"), dom("guest"), SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, XSM_REVOKE_DROP, &a);
    assert_int_equal(of_engine().kind, AVC_REVOKED);
    for (unsigned int i = 0; i < 100; i++) {
        (void)xsm_check(dom("guest"), dom("stordd"), SECCLASS_GRANT_OP, GRANT_OP__MAP_READ, &a);
    }
    xsm_audit_source_end(&source);
    l = of_engine();
    assert_int_equal(l.kind, AVC_LOST);
    assert_true(l.lost > 0 && l.lost < 100);
}

/* Whatever labels and permissions there are: each line that is written is read, and has the question in it. */
static void engine_every_class_is_read(void **state)
{
    struct xsm_audit a = { .have = XSM_AUDIT_DOMID, .domid = 5 };

    (void)state;
    for (uint16_t tclass = 1; xsm_class_name(tclass) != NULL; tclass++) {
        for (unsigned int bit = 0; bit < 32 && xsm_permission_name(tclass, bit) != NULL; bit++) {
            struct xsm_audit_source source = { .ssid = 0 };

            a.source = &source;
            host_env_time_ns += 1000000000u;
            audit_count = 0;
            if (xsm_check(dom("guest"), dom("xen"), tclass, 1u << bit, &a) != 0 && audit_count > 0) {
                struct avc_line l = of_engine();
                struct avc_slice perms = l.perms;

                assert_int_equal(l.kind, AVC_DENIED);
                assert_true(is(l.tclass, xsm_class_name(tclass)));
                assert_true(is(avc_word(&perms), xsm_permission_name(tclass, bit)));
            }
        }
    }
}

/* -- what the others write --------------------------------------------------------------------------------------- */

#define TAIL " for domid=5 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0"
#define GOOD "(XEN) avc:  denied  { copy }" TAIL

static void line_damaged_is_told(void **state)
{
    static const char *const bad[] = {
        "(XEN) avc:  ",
        "(XEN) avc:  denied  { copy",
        "(XEN) avc:  denied  { }" TAIL,
        "(XEN) avc:  denied { copy }" TAIL,
        "(XEN) avc:  denied  { co;py }" TAIL,
        "(XEN) avc:  denied  { copy } for",
        "(XEN) avc:  denied  { copy } for domid=5 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant",
        "(XEN) avc:  denied  { copy } for domid=5 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=2",
        "(XEN) avc:  denied  { copy } for domid=99999 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for domid=5 scontext=a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for domid=5 ssid=7 tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for domid=5  scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for domid=5 tcontext=u:r:b_t scontext=u:r:a_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for scontext=u:r:x_t domid=5 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  denied  { copy } for scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0 op=x",
        "(XEN) avc:  denied  { copy } for scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0 path=/x",
        "(XEN) avc:  denied  { copy } for scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0 tclass=grant",
        "(XEN) avc:  denied  { copy } for x=\xc3\xa4 scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  granted  { copy } for scontext=u:r:a_t tcontext=u:r:b_t tclass=grant permissive=0",
        "(XEN) avc:  revoked  { copy } for scontext=u:r:a_t tcontext=u:r:b_t tclass=grant",
        "(XEN) avc:  lost 99999999999999999999999 messages scontext=u:r:a_t",
        "(XEN) avc:  lost 5 messages",
    };

    (void)state;
    assert_int_equal(read_line(GOOD).kind, AVC_DENIED);
    assert_int_equal(read_line(GOOD "\r").kind, AVC_DENIED);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct avc_line l = read_line(bad[i]);

        if (l.kind != AVC_BROKEN || l.why == NULL) {
            print_message("taken: %s\n", bad[i]);
        }
        assert_int_equal(l.kind, AVC_BROKEN);
        assert_non_null(l.why);
    }
}

/* The hypervisor cuts a line at 1023 bytes, and a file may end in one: the last word could be the beginning of another. */
static void line_cut_off_is_told(void **state)
{
    struct buf text = { 0 };
    struct avc_line l;

    (void)state;
    buf_puts(&text, "(XEN) avc:  granted  { copy } for op=");
    while (text.len < 6 + 1023 - strlen(" scontext=u:r:a_t tcontext=u:r:b_t tclass=grant")) {
        buf_puts(&text, "x");
    }
    buf_puts(&text, " scontext=u:r:a_t tcontext=u:r:b_t tclass=grant");
    avc_line_read(text.data, text.len, true, &l);
    assert_int_equal(l.kind, AVC_BROKEN);
    buf_free(&text);
    avc_line_read(GOOD, strlen(GOOD), false, &l);
    assert_int_equal(l.kind, AVC_BROKEN);
}

static void line_of_nobody_is_none(void **state)
{
    (void)state;
    assert_int_equal(read_line("").kind, AVC_NONE);
    assert_int_equal(read_line("(XEN) 2 CPUs up").kind, AVC_NONE);
    assert_int_equal(read_line("(d5) hello").kind, AVC_NONE);
    assert_int_equal(read_line(" " GOOD).kind, AVC_STRAY);
    assert_int_equal(read_line("(d5) " GOOD).kind, AVC_STRAY);
    assert_int_equal(read_line("(d5)(XEN) avc:  denied  { copy }" TAIL).kind, AVC_STRAY);
    assert_int_equal(read_line("(d99999) avc:  denied  { copy }" TAIL).kind, AVC_STRAY);
    assert_int_equal(read_line("(XEN) x avc:  denied  { copy }" TAIL).kind, AVC_STRAY);
    assert_int_equal(read_line("(d5) avc:  denied  { copy }" TAIL).origin, 5);
}

static void log_alike_become_one(void **state)
{
    struct avc_log log = read_log("(XEN) domain 5 web: built in 3 ms, 32 MiB\nx\n" GOOD "\n"
                                  "(XEN) avc:  denied  { copy setup }" TAIL "\n(XEN) avc:  granted  { copy } for domid=6 op=o "
                                  "scontext=u:r:a_t tcontext=u:r:b_t tclass=grant\n" GOOD "\n");

    (void)state;
    assert_int_equal(log.count, 2);
    assert_int_equal(log.lines, 4);
    assert_int_equal(log.list[0].kind, AVC_DENIED);
    assert_int_equal(log.list[0].perm_count, 2);
    assert_string_equal(log.list[0].perms[0], "copy");
    assert_string_equal(log.list[0].perms[1], "setup");
    assert_int_equal(log.list[0].count, 3);
    assert_int_equal(log.list[0].first.line, 3);
    assert_int_equal(log.list[0].last.line, 6);
    assert_int_equal(log.list[0].domain_count, 1);
    assert_string_equal(log.list[0].domains[0], "web");
    assert_string_equal(log.list[1].domains[0], "domain 6");
    assert_string_equal(log.list[1].ops[0], "o");
    avc_log_free(&log);
}

#define STORE "(d1) avc:  denied  { write } for domid=6 path=/x/y scontext=u:r:a_t tcontext=u:r:b_t tclass=xenstore\n"
#define ORDER "(d5) avc:  granted  { restart } for operator=al via=tls domain=netdd scontext=u:r:o_t tcontext=u:r:b_t tclass=operator permissive=0\n"

/* Who may speak of a class is who the hypervisor built by that name, until it builds another there. */
static void log_domains_speak_of_their_class(void **state)
{
    struct avc_log log = read_log(STORE "(XEN) domain 1 xenstore: built in 3 ms\n(XEN) domain 5 control: built in 3 ms\n" STORE ORDER
                                  "(d1) avc:  7 denials of domid=6 not shown\n(d5) avc:  2 decisions about operator=al not shown\n"
                                  "(d6) avc:  7 denials of domid=6 not shown\n");

    (void)state;
    assert_int_equal(log.lines, 2);
    assert_int_equal(log.lost, 9);
    assert_int_equal(log.stray, 2);
    assert_int_equal(log.stray_first.line, 1);
    avc_log_free(&log);
    log = read_log("(XEN) domain 1 control: built in 3 ms\n(XEN) domain 5 xenstore: built in 3 ms\n" STORE ORDER);
    assert_int_equal(log.lines, 0);
    assert_int_equal(log.stray, 2);
    avc_log_free(&log);
    log = read_log("(XEN) domain 1 xenstore: built in 3 ms\n(XEN) domain 1 web: built in 3 ms\n" STORE);
    assert_int_equal(log.lines, 0);
    avc_log_free(&log);
    log = (struct avc_log){ 0 }; /* names do not outlive their log */
    avc_log_add(&log, "one", "(XEN) domain 1 xenstore: built in 3 ms\n", 39);
    avc_log_add(&log, "two", STORE, strlen(STORE));
    avc_log_end(&log);
    assert_int_equal(log.lines, 0);
    avc_log_free(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(engine_denial_is_read, start, stop),
        cmocka_unit_test_setup_teardown(engine_grant_revocation_and_loss_are_read, start, stop),
        cmocka_unit_test_setup_teardown(engine_every_class_is_read, start, stop),
        cmocka_unit_test(line_damaged_is_told),
        cmocka_unit_test(line_cut_off_is_told),
        cmocka_unit_test(line_of_nobody_is_none),
        cmocka_unit_test(log_alike_become_one),
        cmocka_unit_test(log_domains_speak_of_their_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
