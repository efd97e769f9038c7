/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xen_version, hvm_op, console_io, multicall, xsm_op, vm_assist, and numbers that are no hypercall.
 *
 * Source: public/version.h, hvm/hvm_op.h, hvm/params.h, xen.h, xsm/flask_op.h. A correct hypervisor answers each with the
 * error of the ABI and touches nothing else; a broken one takes an index for granted, follows a wild pointer, lets a
 * multicall call itself, or hands out rights that the built-in policy does not give.
 */
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/domctl.h>
#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <public/xsm/flask_op.h>

static void test_version(void)
{
    struct xen_feature_info info = { .submap_idx = 0 };
    char text[1024] = "";

    tap_is(hc_xen_version(XENVER_version, NULL), 4 << 16 | 17, "version 4.17");
    tap_is(hc_xen_version(XENVER_extraversion, text), 0, "extraversion %s", text);
    tap_is(hc_xen_version(XENVER_pagesize, NULL), 4096, "pagesize");
    tap_is(hc_xen_version(XENVER_capabilities, text), 0, "capabilities %s", text);
    tap_is(hc_xen_version(XENVER_get_features, &info), 0, "features %#x", info.submap);
    info.submap_idx = 1;
    tap_is(hc_xen_version(XENVER_get_features, &info), -XEN_EINVAL, "features 1 are none");
    info.submap_idx = ~0u;
    tap_is(hc_xen_version(XENVER_get_features, &info), -XEN_EINVAL, "nor are features ~0");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_xen_version(XENVER_extraversion, bad)) +
           NOT_REFUSED(-XEN_EFAULT, hc_xen_version(XENVER_compile_info, bad)) +
           NOT_REFUSED(-XEN_EFAULT, hc_xen_version(XENVER_commandline, bad)) +
           NOT_REFUSED(-XEN_EFAULT, hc_xen_version(XENVER_get_features, bad)), 0, "bad pointers");
    tap_is(hc_xen_version(11, text), -XEN_ENOSYS, "operation 11");
    tap_is(hc_xen_version(~0u, text), -XEN_ENOSYS, "operation ~0");
}

static long param(unsigned int op, domid_t dom, uint32_t index, uint64_t value)
{
    struct xen_hvm_param arg = { .domid = dom, .index = index, .value = value };

    return hc_hvm_op(op, &arg);
}

static void test_hvm(void)
{
    static const uint32_t none[] = { HVM_NR_PARAMS, HVM_NR_PARAMS + 1, 0x7fffffff, 0x80000000, ~0u };
    struct xen_hvm_get_mem_type type = { .domid = DOMID_SELF, .pfn = virt_to_gfn(&type) };
    struct xen_hvm_evtchn_upcall_vector vector = { .vcpu = 0, .vector = 3 };
    struct xen_hvm_get_time now = { .now = 0 };
    uint64_t before = time_now_ns(), value;
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
        wrong += param(HVMOP_get_param, DOMID_SELF, none[i], 0) != -XEN_EINVAL;
        wrong += param(HVMOP_set_param, DOMID_SELF, none[i], 1) != -XEN_EINVAL;
    }
    tap_is(wrong, 0, "parameters that are not");
    tap_is(param(HVMOP_get_param, 0x1234, HVM_PARAM_STORE_PFN, 0), -XEN_ESRCH, "of a domain that is not");
    tap_is(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_STORE_PFN, 1), -XEN_EPERM, "not the domain's to set");
    tap_is(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_IOREQ_PFN, 1), -XEN_EPERM, "nor this");
    tap_is(param(HVMOP_get_param, DOMID_SELF, HVM_PARAM_IOREQ_PFN, 1), -XEN_EPERM, "nor to read");
    tap_is(param(HVMOP_set_param, DOMID_SELF, HVM_PARAM_VM86_TSS, 0x55), 0, "one that it may set");
    tap_ok(hvm_param_get(HVM_PARAM_VM86_TSS, &value) == 0 && value == 0x55, "and read back");
    tap_is(hc_hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), -XEN_EINVAL, "upcalls by an exception");
    vector.vector = 0x30;
    vector.vcpu = 99;
    tap_is(hc_hvm_op(HVMOP_set_evtchn_upcall_vector, &vector), -XEN_ENOENT, "upcalls of vCPU 99");
    tap_ok(hc_hvm_op(HVMOP_get_time, &now) == 0 && now.now >= before, "the time");
    tap_ok(hc_hvm_op(HVMOP_get_mem_type, &type) == 0 && type.mem_type == HVMMEM_ram_rw, "a page of RAM");
    type.pfn = ~0ul;
    tap_ok(hc_hvm_op(HVMOP_get_mem_type, &type) == 0 && type.mem_type == HVMMEM_mmio_dm, "frame ~0");
    tap_is(hc_hvm_op(HVMOP_flush_tlbs, NULL), 0, "flush");
    tap_is(hc_hvm_op(HVMOP_flush_tlbs, &now), -XEN_EINVAL, "flush takes no argument");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_hvm_op(HVMOP_get_param, bad)) +
           NOT_REFUSED(-XEN_EFAULT, hc_hvm_op(HVMOP_set_param, bad)) +
           NOT_REFUSED(-XEN_EFAULT, hc_hvm_op(HVMOP_get_time, bad)), 0, "bad pointers");
    tap_is(hc_hvm_op(99, &now), -XEN_ENOSYS, "operation 99");
}

static void test_console(void)
{
    static char text[] = "# written by console_io\n";

    tap_is(hc_console_io(CONSOLEIO_write, sizeof(text) - 1, text), 0, "console_io");
    tap_is(hc_console_io(CONSOLEIO_write, 0, NULL), 0, "of nothing");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_console_io(CONSOLEIO_write, 8, bad)), 0, "bad pointers");
    tap_ok(hc_console_io(CONSOLEIO_write, 0x80000000u, text) < 0, "2^31 bytes");
    tap_ok(hc_console_io(CONSOLEIO_write, ~0u, text) < 0, "2^32-1 bytes");
    tap_is(hc_console_io(CONSOLEIO_read, 0, text), 0, "reading nothing");
    tap_is(hc_console_io(2, 8, text), -XEN_ENOSYS, "operation 2");
}

static void test_multicall(void)
{
    static struct multicall_entry calls[200];
    struct multicall_entry *edge;
    char *page = page_alloc(2);
    unsigned int wrong = 0;

    for (unsigned int i = 0; i < 200; i++) {
        calls[i] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .result = 77 };
        if (i % 3 == 1) {
            calls[i].op = 63;
        } else if (i % 3 == 2) {
            calls[i].op = __HYPERVISOR_multicall;
        }
    }
    tap_is(hc_multicall(calls, 200), 0, "two hundred calls");
    for (unsigned int i = 0; i < 200; i++) {
        long want = i % 3 == 0 ? 4 << 16 | 17 : i % 3 == 1 ? -XEN_ENOSYS : -XEN_EINVAL;

        wrong += (long)calls[i].result != want;
    }
    tap_is(wrong, 0, "each its own result; none within another");
    calls[0].op = ~0ul;
    calls[1].op = 1ul << 32 | __HYPERVISOR_xen_version;
    (void)hc_multicall(calls, 2);
    tap_ok((long)calls[0].result == -XEN_ENOSYS, "a number of 64 bits is none");
    tap_note("number 2^32+17: %ld", (long)calls[1].result);
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_multicall(bad, 1)), 0, "bad pointers");
    tap_is(hc_multicall(NULL, 0), 0, "none at all");
    edge = (struct multicall_entry *)(page + PAGE_SIZE) - 1;
    mm_unmap(virt_to_gfn(page) + 1, 1);
    edge->op = __HYPERVISOR_xen_version;
    tap_is(hc_multicall(edge, 0xffffffff), -XEN_EFAULT, "2^32-1 of them run into nothing");
}

static void test_security(void)
{
    static struct xen_flask_op op;
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;
    static struct xen_platform_op platform;

    op = (struct xen_flask_op){ .cmd = FLASK_GETENFORCE, .interface_version = XEN_FLASK_INTERFACE_VERSION };
    tap_is(hc_xsm_op(&op), 1, "the policy is enforced");
    op.cmd = FLASK_SETENFORCE;
    op.u.enforce.enforcing = 0;
    tap_is(hc_xsm_op(&op), -XEN_EACCES, "and cannot be switched off");
    op.cmd = FLASK_LOAD;
    tap_is(hc_xsm_op(&op), -XEN_EACCES, "nor replaced");
    op.cmd = FLASK_SETBOOL;
    tap_is(hc_xsm_op(&op), -XEN_EACCES, "nor its switches set");
    op.cmd = FLASK_ADD_OCONTEXT;
    tap_is(hc_xsm_op(&op), -XEN_EACCES, "nor labels added");
    op.cmd = FLASK_GETENFORCE;
    op.interface_version = 99;
    tap_ok(hc_xsm_op(&op) < 0, "another version of the interface");
    op.cmd = 99;
    tap_is(hc_xsm_op(&op), -XEN_ENOSYS, "operation 99");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_xsm_op(bad)), 0, "bad pointers");
    domctl.cmd = XEN_DOMCTL_destroydomain;
    domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    domctl.domain = 0;
    tap_is(hc_domctl(&domctl), -XEN_EACCES, "domctl on itself");
    domctl.domain = 7;
    tap_is(hc_domctl(&domctl), -XEN_ESRCH, "domctl on a domain that is not");
    sysctl.cmd = XEN_SYSCTL_physinfo;
    sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    tap_is(hc_sysctl(&sysctl), -XEN_EACCES, "sysctl");
    platform.cmd = XENPF_get_cpuinfo;
    platform.interface_version = XENPF_INTERFACE_VERSION;
    tap_is(hypercall_raw(__HYPERVISOR_platform_op, (unsigned long)&platform, 0, 0, 0, 0), -XEN_EACCES,
           "platform_op");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_domctl(bad)) + NOT_REFUSED(-XEN_EFAULT, hc_sysctl(bad)), 0,
           "bad pointers");
    tap_is(hc_physdev_op(PHYSDEVOP_eoi, &op), -XEN_EACCES, "physdev_op");
}

static void test_unknown(void)
{
    unsigned int wrong = 0;

    for (unsigned long nr = 56; nr < 300; nr++) {
        wrong += hypercall_raw(nr, 0, 0, 0, 0, 0) != -XEN_ENOSYS;
    }
    wrong += hypercall_raw(~0ul, 0, 0, 0, 0, 0) != -XEN_ENOSYS;
    wrong += hypercall_raw(1ul << 63, 0, 0, 0, 0, 0) != -XEN_ENOSYS;
    wrong += hypercall_raw(0x80000000ul, 0, 0, 0, 0, 0) != -XEN_ENOSYS;
    tap_is(wrong, 0, "numbers that are no hypercall");
    tap_is(hc_vm_assist(VMASST_CMD_enable, 63), -XEN_EINVAL, "assist 63");
    tap_is(hc_vm_assist(VMASST_CMD_enable, ~0u), -XEN_EINVAL, "assist ~0");
    tap_is(hc_vm_assist(2, 0), -XEN_ENOSYS, "vm_assist 2");
    tap_is(hc_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag), 0, "assist of the run states");
    tap_is(hc_vm_assist(VMASST_CMD_disable, VMASST_TYPE_runstate_update_flag), 0, "and without");
}

void stub_main(void)
{
    tap_plan(0);
    test_version();
    test_hvm();
    test_console();
    test_multicall();
    test_security();
    test_unknown();
    tap_done();
}
