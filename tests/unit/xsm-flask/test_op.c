/* SPDX-License-Identifier: Apache-2.0 */
/* xsm_op: the table of rules, and each sub-operation over a fake guest. */
#include "fixture.h"

#include <errno.h>
#include <string.h>

#include <xen/lib.h>
#include <xsm/flask_op.h>

#include "../../../xsm-flask/host/env.h"

static xsm_sid_t label_of_5;
static unsigned int measured;

static int copy_from(void *arg, void *dst, const void *guest, size_t size)
{
    (void)arg;
    if (guest == NULL) {
        return -EFAULT;
    }
    memcpy(dst, guest, size);
    return 0;
}

static int copy_to(void *arg, void *guest, const void *src, size_t size)
{
    (void)arg;
    if (guest == NULL) {
        return -EFAULT;
    }
    memcpy(guest, src, size);
    return 0;
}

static int peer_sid(void *arg, uint32_t port, xsm_sid_t *out)
{
    (void)arg;
    *out = 42;
    return port == 1 ? 0 : -EINVAL;
}

static int domain_sid(void *arg, uint16_t domid, xsm_sid_t *out, bool *self)
{
    (void)arg;
    *out = label_of_5;
    *self = domid == 0x7ff0;
    return domid == 5 || *self ? 0 : -ESRCH;
}

static int domain_relabel(void *arg, uint16_t domid, xsm_sid_t sid)
{
    (void)arg;
    (void)domid;
    label_of_5 = sid;
    return 0;
}

static bool measuring_fails;

static int before_load(void *arg, const uint8_t *image, size_t size)
{
    (void)arg;
    measured++;
    return size > 4 && image[0] == 0x8c && !measuring_fails ? 0 : -EIO;
}

static bool admitting_fails;

static int admit(void *arg, struct xsm_candidate *candidate)
{
    (void)arg;
    (void)candidate;
    return admitting_fails ? -ENOENT : 0;
}

static int before_setenforce(void *arg, bool enforcing)
{
    (void)arg;
    (void)enforcing;
    measured++;
    return 0;
}

static int before_boolean(void *arg, const char *name, bool value)
{
    (void)arg;
    (void)value;
    measured++;
    return name[0] == 'b' ? 0 : -EIO;
}

static const struct flask_op_env env = {
    .ssid = XSM_SID_DOM0, .domid = 1, .copy_from = copy_from, .copy_to = copy_to, .peer_sid = peer_sid,
    .domain_sid = domain_sid, .domain_relabel = domain_relabel, .admit = admit, .before_load = before_load,
    .before_setenforce = before_setenforce, .before_boolean = before_boolean,
};

static struct xen_flask_op op;

static long act(uint32_t cmd)
{
    op.cmd = cmd;
    op.interface_version = XEN_FLASK_INTERFACE_VERSION;
    return flask_op_act(&op, &env);
}

/* A handle is a structure or a pointer, as the interface version has it. */
#define POINT(handle, to)                                                                          \
    do {                                                                                           \
        const void *point_to = (to);                                                               \
        memcpy(&(handle), &point_to, sizeof(point_to));                                            \
    } while (0)

static int start(void **state)
{
    (void)state;
    op = (struct xen_flask_op){ 0 };
    measured = 0;
    engine_start("g4-mls-30.bin");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    engine_stop();
    return 0;
}

static void act_unknown_operation_or_version_enosys(void **state)
{
    (void)state;
    assert_int_equal(act(0), -ENOSYS);
    assert_int_equal(act(FLASK_OP_COUNT), -ENOSYS);
    assert_int_equal(act(~0U), -ENOSYS);
    op.cmd = FLASK_GETENFORCE;
    op.interface_version = 2;
    assert_int_equal(flask_op_act(&op, &env), -ENOSYS);
    assert_int_equal(act(FLASK_USER), -EOPNOTSUPP);
    assert_int_equal(act(FLASK_DISABLE), -EOPNOTSUPP);
}

static void act_contexts_both_ways(void **state)
{
    static char text[64] = "u0:r0:t1:s0";

    (void)state;
    POINT(op.u.sid_context.context, text);
    op.u.sid_context.size = (uint32_t)strlen(text);
    assert_int_equal(act(FLASK_CONTEXT_TO_SID), 0);
    assert_int_equal(op.u.sid_context.sid, XSM_SID_XEN);
    memset(text, 'x', sizeof(text));
    op.u.sid_context.size = sizeof(text);
    assert_int_equal(act(FLASK_SID_TO_CONTEXT), 0);
    assert_string_equal(text, "u0:r0:t1:s0");
    assert_int_equal(op.u.sid_context.size, strlen(text) + 1);
    op.u.sid_context.size = 5;
    assert_int_equal(act(FLASK_SID_TO_CONTEXT), -ERANGE);
    assert_int_equal(op.u.sid_context.size, strlen(text) + 1);
    op.u.sid_context.sid = 12345;
    assert_int_equal(act(FLASK_SID_TO_CONTEXT), -EINVAL);
    op.u.sid_context.size = XSM_CONTEXT_MAX + 1;
    assert_int_equal(act(FLASK_CONTEXT_TO_SID), -EINVAL);
    op.u.sid_context.size = 3;
    POINT(op.u.sid_context.context, NULL);
    assert_int_equal(act(FLASK_CONTEXT_TO_SID), -EFAULT);
}

static void act_access_equals_compute(void **state)
{
    struct xsm_av av;

    (void)state;
    op.u.access.ssid = 3;
    op.u.access.tsid = 4;
    op.u.access.tclass = SECCLASS_GRANT;
    assert_int_equal(act(FLASK_ACCESS), 0);
    assert_int_equal(xsm_compute_av(3, 4, SECCLASS_GRANT, &av), 0);
    assert_int_equal(op.u.access.allowed, av.allowed);
    assert_int_equal(op.u.access.audit_deny, av.audit_deny);
    op.u.access.tclass = 0x10000 + SECCLASS_GRANT;
    assert_int_equal(act(FLASK_ACCESS), -EINVAL);
    op.u.access.tclass = SECCLASS_GRANT;
    op.u.access.ssid = 0;
    assert_int_equal(act(FLASK_ACCESS), -EINVAL);
}

static void act_labels_of_new_objects(void **state)
{
    xsm_sid_t sid;

    (void)state;
    op.u.transition.ssid = 3;
    op.u.transition.tsid = 4;
    op.u.transition.tclass = SECCLASS_EVENT;
    assert_int_equal(act(FLASK_CREATE), 0);
    assert_int_equal(xsm_transition_sid(3, 4, SECCLASS_EVENT, &sid), 0);
    assert_int_equal(op.u.transition.newsid, sid);
    assert_int_equal(act(FLASK_MEMBER), 0);
    assert_int_equal(act(FLASK_RELABEL), 0);
    op.u.transition.tclass = 0;
    assert_int_equal(act(FLASK_CREATE), -EINVAL);
}

static void act_booleans_by_name_and_number(void **state)
{
    char name[8] = "b1";
    uint32_t id;
    uint8_t was;

    (void)state;
    op.u.boolean.bool_id = ~0U;
    op.u.boolean.size = 2;
    POINT(op.u.boolean.name, name);
    assert_int_equal(act(FLASK_GETBOOL), 0);
    id = op.u.boolean.bool_id;
    was = op.u.boolean.enforcing;
    memset(name, 0, sizeof(name));
    op.u.boolean.size = sizeof(name);
    assert_int_equal(act(FLASK_GETBOOL), 0);
    assert_string_equal(name, "b1");
    op.u.boolean.new_value = !was;
    op.u.boolean.commit = 0;
    assert_int_equal(act(FLASK_SETBOOL), 0);
    assert_int_equal(op.u.boolean.enforcing, was);
    assert_int_equal(op.u.boolean.pending, !was);
    assert_int_equal(measured, 0);
    assert_int_equal(act(FLASK_COMMITBOOLS), 0);
    assert_int_equal(measured, 1);
    op.u.boolean.bool_id = id;
    op.u.boolean.size = 0;
    assert_int_equal(act(FLASK_GETBOOL), 0);
    assert_int_equal(op.u.boolean.enforcing, !was);
    op.u.boolean.bool_id = id;
    op.u.boolean.size = 1;
    assert_int_equal(act(FLASK_GETBOOL), -ERANGE);
    op.u.boolean.bool_id = 77;
    assert_int_equal(act(FLASK_GETBOOL), -ENOENT);
    assert_int_equal(act(FLASK_SETBOOL), -ENOENT);
}

static void act_mode_and_versions(void **state)
{
    (void)state;
    assert_int_equal(act(FLASK_GETENFORCE), 1);
    op.u.enforce.enforcing = 0;
    assert_int_equal(act(FLASK_SETENFORCE), 0);
    assert_int_equal(act(FLASK_GETENFORCE), 0);
    assert_int_equal(measured, 1);
    assert_int_equal(act(FLASK_POLICYVERS), 30);
    assert_int_equal(act(FLASK_MLS), 1);
    assert_int_equal(act(FLASK_AVC_HASHSTATS), 0);
    assert_int_equal(op.u.hash_stats.buckets_total, 1024);
    op.u.cache_stats.cpu = 1;
    assert_int_equal(act(FLASK_AVC_CACHESTATS), 0);
    op.u.cache_stats.cpu = 2;
    assert_int_equal(act(FLASK_AVC_CACHESTATS), -ENOENT);
}

static void act_load_measures_then_loads(void **state)
{
    struct image i = image_read("@legacy.bin");

    (void)state;
    POINT(op.u.load.buffer, i.data);
    op.u.load.size = (uint32_t)i.size;
    assert_int_equal(act(FLASK_LOAD), 0);
    assert_int_equal(measured, 1);
    assert_int_equal(act(FLASK_MLS), 0);
    op.u.load.size--;
    assert_int_equal(act(FLASK_LOAD), -EINVAL);
    assert_int_equal(measured, 1);   /* what is refused is not measured */
    op.u.load.size++;
    admitting_fails = true;
    assert_int_equal(act(FLASK_LOAD), -ENOENT);
    assert_int_equal(act(FLASK_COMMITBOOLS), -ENOENT);
    admitting_fails = false;
    assert_int_equal(measured, 1);
    measuring_fails = true;
    assert_int_equal(act(FLASK_LOAD), -EIO);
    measuring_fails = false;
    op.u.load.size = XSM_POLICY_SIZE_MAX + 1;
    assert_int_equal(act(FLASK_LOAD), -E2BIG);
    op.u.load.size = 0;
    assert_int_equal(act(FLASK_LOAD), -EINVAL);
    image_free(&i);
}

static void act_relabel_asks_first(void **state)
{
    struct image i = image_read("@first-light.bin");

    (void)state;
    assert_int_equal(xsm_policy_load(i.data, i.size, NULL), 0);
    image_free(&i);
    label_of_5 = sid_of("system_u:system_r:guest_t");
    op.u.relabel.domid = 5;
    op.u.relabel.sid = sid_of("system_u:system_r:netdd_t");
    assert_int_equal(act(FLASK_RELABEL_DOMAIN), -EACCES);
    assert_non_null(strstr(audit_last, "{ relabelfrom }"));
    assert_int_equal(label_of_5, sid_of("system_u:system_r:guest_t"));
    op.u.relabel.domid = 0x7ff0;
    assert_int_equal(act(FLASK_RELABEL_DOMAIN), -EACCES);
    assert_non_null(strstr(audit_last, "{ relabelself }"));
    op.u.relabel.domid = 0x10005;
    assert_int_equal(act(FLASK_RELABEL_DOMAIN), -ESRCH);
    xsm_set_enforcing(false);
    op.u.relabel.domid = 5;
    assert_int_equal(act(FLASK_RELABEL_DOMAIN), 0);
    assert_int_equal(label_of_5, op.u.relabel.sid);
}

static void act_peer_and_resources(void **state)
{
    (void)state;
    op.u.peersid.evtchn = 1;
    assert_int_equal(act(FLASK_GET_PEER_SID), 0);
    assert_int_equal(op.u.peersid.sid, 42);
    op.u.peersid.evtchn = 2;
    assert_int_equal(act(FLASK_GET_PEER_SID), -EINVAL);
    op.u.ocontext = (struct xen_flask_ocontext){ .ocon = 2, .sid = 2, .low = 0x70, .high = 0x71 };
    assert_int_equal(act(FLASK_ADD_OCONTEXT), 0);
    assert_int_equal(act(FLASK_ADD_OCONTEXT), -EEXIST);
    assert_int_equal(act(FLASK_DEL_OCONTEXT), 0);
    assert_int_equal(act(FLASK_DEL_OCONTEXT), -ENOENT);
    assert_int_equal(act(FLASK_DEVICETREE_LABEL), -EOPNOTSUPP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(act_unknown_operation_or_version_enosys, start, stop),
        cmocka_unit_test_setup_teardown(act_contexts_both_ways, start, stop),
        cmocka_unit_test_setup_teardown(act_access_equals_compute, start, stop),
        cmocka_unit_test_setup_teardown(act_labels_of_new_objects, start, stop),
        cmocka_unit_test_setup_teardown(act_booleans_by_name_and_number, start, stop),
        cmocka_unit_test_setup_teardown(act_mode_and_versions, start, stop),
        cmocka_unit_test_setup_teardown(act_load_measures_then_loads, start, stop),
        cmocka_unit_test_setup_teardown(act_relabel_asks_first, start, stop),
        cmocka_unit_test_setup_teardown(act_peer_and_resources, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
