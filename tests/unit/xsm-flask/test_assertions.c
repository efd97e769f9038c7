/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy/assertions.cil bites: the example compiles, and no longer does with any one of these rules added.
 * The compiler is run from the top of the tree, as make does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Exit status of the compiler with one more line of policy; `more` is another of its switches. */
static int compile(const char *rule, const char *more)
{
    char path[] = "/tmp/assertion-XXXXXX", command[1024];
    int fd = mkstemp(path), rc;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, rule, strlen(rule)), (ssize_t)strlen(rule));
    close(fd);
    snprintf(command, sizeof(command),
             "secilc -t xen -c 30 -M false %s -f /dev/null -o /dev/null policy/access_vectors.cil "
             "policy/fine_vectors.cil policy/base.cil policy/macros.cil policy/kinds/*.cil policy/assertions.cil "
             "policy/examples/first-light.cil %s >/dev/null 2>&1", more, path);
    rc = system(command);
    unlink(path);
    return rc;
}

static void compile_example_succeeds(void **state)
{
    (void)state;
    assert_int_equal(compile("; nothing\n", ""), 0);
    assert_int_equal(compile("(allow stordd_t netdd_t (evtchn_op (send)))\n", ""), 0);
    assert_int_equal(compile("(call audit_reader (attest_t))\n", ""), 0);
}

static void compile_breach_refused(void **state)
{
    static const char *const rules[] = {
        "(allow guest_t security_t (flask_op (load)))",
        "(allow xenstore_t security_t (flask_op (setenforce)))",
        "(allow netdd_t security_t (flask_op (commitbools)))",
        "(allow stordd_t guest_t (domctl (destroydomain)))",
        "(allow stordd_t guest_t (domctl (iomem_permission_add)))",
        "(allow stordd_t guest_t (domctl2 (assign_device)))",
        "(allow stordd_t guest_t (domctl3 (set_cpu_policy)))",
        "(allow stordd_t guest_t (sched_op (remote_shutdown)))",
        "(allow stordd_t guest_t (memory_op (access_op)))",
        "(allow stordd_t guest_t (domain2 (relabelto)))",
        "(allow stordd_t stordd_t (domain (transition)))",
        "(allow attest_t guest_t (dm_op (inject_msi)))",
        "(allow attest_t guest_t (altp2m_op (create_p2m)))",
        "(allow netdd_t netdd_t (physdev_op (map_pirq)))",
        "(allow netdd_t device_t (resource (add_device)))",
        "(allow attest_t xen_t (misc_op (kexec_op)))",
        "(allow attest_t xen_t (sysctl (debug_keys)))",
        "(allow attest_t xen_t (platform_op (firmware_info)))",
        "(allow attest_t domxen_t (platform_op (cpu_offline)))",
        "(allow attest_t xen_t (memory_op (machine_memory_map)))",
        "(allow guest_t stordd_t (grant_op (map_read)))",
        "(allow guest_t stordd_t (grant_op (copy_from)))",
        "(call grant_to (xenstore_t guest_t))",
        "(allow guest_t xenstore_t (xenstore (write)))",
        "(allow stordd_t xenstore_t (grant (copy)))",
        "(allow stordd_t xenstore_t (grant_op (copy_to)))",
        "(allow guest_t tpm_t (resource (use_noiommu)))",
        "(allow guest_t xen_t (bulkhead (tpm_use)))",
        "(allow attest_t xen_t (bulkhead (audit_read)))",
        "(allow netdd_t xen_t (bulkhead (audit_seal)))",
        "(call audit_reader (guest_t))",
        "(allow attest_t tpm_reserved_t (resource (use)))",
        "(allow guest_evtchn_t guest_t (evtchn_op (send)))",
        "(allow unlabeled_t guest_t (mmu (map_read)))",
        "(allow unlabeled_t guest_t (memory_op (populate_physmap)))",
        "(allow ioport_t guest_t (grant (copy)))",
        "(allow ioport_t guest_t (grant_op (map_read)))",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (compile(rules[i], "") == 0) {
            fail_msg("compiles: %s", rules[i]);
        }
        /* It is the assertion that refuses it, not the syntax. */
        if (compile(rules[i], "--disable-neverallow") != 0) {
            fail_msg("is no rule: %s", rules[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compile_example_succeeds),
        cmocka_unit_test(compile_breach_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
