/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions given and taken back while domains run. Two domains run this kernel: the first may give devices, to itself and to the
 * second; both have a bus with nothing on it.
 *
 * Source: public/domctl.h, XEN_DOMCTL_assign_device; <xen/vpci.h>. A correct hypervisor shows the function from the call that gives it
 * on, reset, at addresses of the domain's; gives it to one domain at a time; makes it vanish, registers and all, when it is taken back;
 * and answers each wrong call with its error. A broken one lets two have it, leaves its registers mapped, or hands over bridges.
 */
#include "../guest.h"
#include "../pci.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include <public/domctl.h>
#include <public/sched.h>

#define NVME 0x0018u         /* 00:03.0, as the machine has it */
#define NVME_ID 0x00101b36u
#define SMBUS 0x00fbu        /* 00:1f.3: no reset */
#define HOST_BRIDGE 0x0000u
#define NOTHING 0x00d0u
#define SELF 1
#define OTHER 2
#define BARS 0xc0000000u

static long device_op(uint32_t cmd, domid_t domid, uint32_t function)
{
    struct xen_domctl op = { .cmd = cmd, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid };

    op.u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op.u.assign_device.u.pci.machine_sbdf = function;
    return hc_domctl(&op);
}

static long give(domid_t domid, uint32_t function)
{
    return device_op(XEN_DOMCTL_assign_device, domid, function);
}

static long take(domid_t domid, uint32_t function)
{
    return device_op(XEN_DOMCTL_deassign_device, domid, function);
}

/* NVM Express 1.4, 3.1: the version is at offset 8, and the configuration at 0x14. */
static uint32_t nvme_read(uint32_t at, uint32_t offset)
{
    return *(const volatile uint32_t *)(uintptr_t)(at + offset);
}

static bool works_at(uint32_t at)
{
    pci_write32(1, PCI_BAR0, at);
    pci_write32(1, PCI_COMMAND, (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER));
    return mm_map(at >> PAGE_SHIFT, 1, MM_WRITE | MM_UNCACHED) == 0 && nvme_read(at, 8) >> 16 == 1;
}

static void wrong_calls(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_assign_device, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = SELF };

    tap_is(give(SELF, NOTHING), -XEN_ENODEV, "there is no such function");
    tap_is(give(SELF, HOST_BRIDGE), -XEN_EPERM, "the host bridge is nobody's");
    tap_is(give(SELF, 0x10000 | NVME), -XEN_ENODEV, "there is one segment");
    tap_is(give(SELF, SMBUS), -XEN_EOPNOTSUPP, "one that cannot be reset");
    tap_is(give(77, NVME), -XEN_ESRCH, "there is no such domain");
    tap_is(take(SELF, NVME), -XEN_ENODEV, "it has not been given");
    op.u.assign_device.dev = XEN_DOMCTL_DEV_DT;
    tap_is(hc_domctl(&op), -XEN_EOPNOTSUPP, "there is no device tree");
    tap_is(NOT_REFUSED(-XEN_EFAULT, hc_domctl(bad)), 0, "bad pointers");
}

static void one_life(unsigned int n)
{
    uint32_t at = BARS + n * 0x10000;

    tap_is(give(SELF, NVME), 0, "it is given");
    tap_is(pci_read32(1, 0), NVME_ID, "it is there");
    tap_is(pci_read32(1, PCI_COMMAND) & 0xffff, 0, "switched off");
    tap_is(give(SELF, NVME), -XEN_EEXIST, "not twice to one");
    tap_is(give(OTHER, NVME), -XEN_EBUSY, "nor to two");
    tap_is(take(OTHER, NVME), -XEN_ENODEV, "nor taken from one that has it not");
    tap_ok(works_at(at), "its registers are where they were put");
    tap_is(nvme_read(at, 0x14), 0, "as after a reset");
    *(volatile uint32_t *)(uintptr_t)(at + 0x14) = 0x00460000; /* entry sizes; it is not enabled */
    tap_is(nvme_read(at, 0x14), 0x00460000, "and can be written");
    tap_is(take(SELF, NVME), 0, "it is taken back");
    tap_is(pci_read32(1, 0), 0xffffffff, "and gone");
}

void stub_main(void)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION };
    char role[8] = "";
    unsigned int n;
    long rc;

    (void)start_cmdline_get("role", role, sizeof(role));
    while (strcmp(role, "other") == 0) { /* until it is destroyed */
        (void)hc_sched_op(SCHEDOP_yield, NULL);
    }
    tap_plan(50);
    tap_is(pci_read32(0, 0), 0x00081b36, "there is a bus");
    tap_is(pci_read32(1, 0), 0xffffffff, "with nothing on it");
    wrong_calls();
    one_life(0);
    one_life(1);
    one_life(0);
    tap_is(give(OTHER, NVME), 0, "then the other gets it");
    tap_is(give(SELF, NVME), -XEN_EBUSY, "and this one not");
    tap_is(take(OTHER, NVME), 0, "until it is taken back");
    tap_is(give(OTHER, NVME), 0, "it has it again, and ends");
    op.domain = OTHER;
    tap_is(hc_domctl(&op), 0, "the other is destroyed");
    for (n = 0; (rc = give(SELF, NVME)) == -XEN_EBUSY && n < 1000000; n++) {
        (void)hc_sched_op(SCHEDOP_yield, NULL);
    }
    tap_is(rc, 0, "its death gives the function back");
    tap_ok(works_at(BARS + 0x30000), "in working order");
    tap_done();
}
