/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls by /dev/xen/privcmd. Arguments live in a page that stays in memory while the hypervisor reads and writes it: from
 * /dev/xen/hypercall, or locked where that is missing. The former is shared memory: a child does not inherit it, or one operator's
 * connection would read the answer to another's question.
 */
#include "hyper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <public/xen.h>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/sys/privcmd.h>
#include <public/sysctl.h>
#include <public/xsm/flask_op.h>

#include "../../xen/include/public/bulkhead.h" /* <public/> is Xen's own folder */
#include <xsm/av_permissions.h>

#define PAGE 4096u
#define PAGES 4u
#define INFO_MAX (3 * PAGE / sizeof(struct xen_domctl_getdomaininfo))

static int fd = -1;
static uint8_t *arena; /* the first page: the argument; the others: what it points to */

static void *pages_map(void)
{
    int pages = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    void *p = MAP_FAILED;

    if (pages >= 0) {
        p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pages, 0);
        close(pages);
    }
    if (p == MAP_FAILED) {
        p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1,
                 0);
    }
    return p;
}

int hyper_open(void)
{
    void *p = pages_map();

    if (p == MAP_FAILED || madvise(p, PAGES * PAGE, MADV_DONTFORK) != 0) {
        return -errno;
    }
    arena = p;
    if (fd >= 0) {
        close(fd); /* of the process that we come from */
    }
    fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : 0;
}

static void *argument(void)
{
    memset(arena, 0, PAGE);
    return arena;
}

static int call(uint64_t op, uint64_t first, uint64_t second)
{
    struct privcmd_hypercall c = { .op = op, .arg = { first, second } };
    int rc = ioctl(fd, IOCTL_PRIVCMD_HYPERCALL, &c);

    return rc < 0 ? -errno : rc;
}

static int sysctl(struct xen_sysctl *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return call(__HYPERVISOR_sysctl, (uintptr_t)op, 0);
}

static int domctl(struct xen_domctl *op, uint32_t cmd, uint32_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)id;
    return call(__HYPERVISOR_domctl, (uintptr_t)op, 0);
}

int hyper_host(struct hyper_host *out)
{
    struct xen_sysctl *op = argument();
    int rc = sysctl(op, XEN_SYSCTL_physinfo);

    if (rc == 0) {
        *out = (struct hyper_host){
            .cpu_count = op->u.physinfo.nr_cpus,
            .memory_kib = op->u.physinfo.total_pages * 4,
            .free_kib = op->u.physinfo.free_pages * 4,
        };
    }
    return rc;
}

static enum hyper_state state_of(uint32_t flags)
{
    return flags & XEN_DOMINF_dying ? HYPER_DYING :
           flags & XEN_DOMINF_shutdown ? HYPER_SHUTDOWN :
           flags & XEN_DOMINF_paused ? HYPER_PAUSED :
           flags & XEN_DOMINF_running ? HYPER_RUNNING : HYPER_BLOCKED;
}

static int named(uint32_t id, struct hyper_domain *out)
{
    struct bulkhead_domain_info *info = argument();
    int rc;

    info->domid = id;
    rc = call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (uintptr_t)info);
    if (rc != 0) {
        return rc;
    }
    memcpy(out->name, info->name, BULKHEAD_DOMAIN_NAME_MAX);
    out->id = info->domid;
    out->start_count = info->start_count;
    out->age_ns = info->age_ns;
    out->restarts = info->flags & BULKHEAD_DOMAIN_restarts;
    out->device_count = info->device_count <= HYPER_DEVICES_MAX ? info->device_count : HYPER_DEVICES_MAX;
    memcpy(out->devices, info->devices, sizeof(out->devices));
    memcpy(out->slots, info->slots, sizeof(out->slots));
    return 0;
}

static int described(const struct xen_domctl_getdomaininfo *info, struct hyper_domain *out)
{
    *out = (struct hyper_domain){
        .id = info->domain,
        .sid = info->ssidref,
        .state = state_of(info->flags),
        .vcpu_count = info->nr_online_vcpus,
        .memory_kib = info->tot_pages * 4,
        .max_memory_kib = info->max_pages * 4,
        .cpu_ns = info->cpu_time,
    };
    return named(info->domain, out);
}

int hyper_domains(struct hyper_domain *out, size_t max)
{
    static struct xen_domctl_getdomaininfo list[INFO_MAX];
    struct xen_sysctl *op = argument();
    size_t want = max < INFO_MAX ? max : INFO_MAX;
    int rc, count = 0;

    op->u.getdomaininfolist.max_domains = (uint32_t)want;
    set_xen_guest_handle(op->u.getdomaininfolist.buffer, (xen_domctl_getdomaininfo_t *)(void *)(arena + PAGE));
    rc = sysctl(op, XEN_SYSCTL_getdomaininfolist);
    if (rc != 0) {
        return rc;
    }
    want = op->u.getdomaininfolist.num_domains < want ? op->u.getdomaininfolist.num_domains : want;
    memcpy(list, arena + PAGE, want * sizeof(list[0]));
    for (size_t i = 0; i < want; i++) {
        rc = described(&list[i], &out[count]);
        if (rc != 0 && rc != -ESRCH && rc != -EACCES) { /* one that ended meanwhile, or may not be seen */
            return rc;
        }
        count += rc == 0;
    }
    return count;
}

int hyper_domain(uint32_t id, struct hyper_domain *out)
{
    struct xen_domctl *op = argument();
    struct xen_domctl_getdomaininfo info;
    int rc = domctl(op, XEN_DOMCTL_getdomaininfo, id);

    if (rc != 0) {
        return rc;
    }
    info = op->u.getdomaininfo;
    return op->domain != id ? -ESRCH : described(&info, out); /* the ABI goes on to the next one */
}

int hyper_self(uint32_t *id)
{
    struct hyper_domain self = { 0 };
    int rc = named(DOMID_SELF, &self);

    *id = self.id;
    return rc;
}

int hyper_pause(uint32_t id)
{
    return domctl(argument(), XEN_DOMCTL_pausedomain, id);
}

int hyper_unpause(uint32_t id)
{
    return domctl(argument(), XEN_DOMCTL_unpausedomain, id);
}

int hyper_restart(uint32_t id)
{
    struct bulkhead_domain_restart *op = argument();

    op->domid = id;
    return call(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (uintptr_t)op);
}

static int device_op(uint32_t cmd, uint32_t id, uint16_t function)
{
    struct xen_domctl *op = argument();

    op->u.assign_device.dev = XEN_DOMCTL_DEV_PCI;
    op->u.assign_device.u.pci.machine_sbdf = function;
    return domctl(op, cmd, id);
}

int hyper_assign(uint32_t id, uint16_t function)
{
    return device_op(XEN_DOMCTL_assign_device, id, function);
}

int hyper_deassign(uint32_t id, uint16_t function)
{
    return device_op(XEN_DOMCTL_deassign_device, id, function);
}

static int flask(struct xen_flask_op *op, uint32_t cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_FLASK_INTERFACE_VERSION;
    return call(__HYPERVISOR_xsm_op, (uintptr_t)op, 0);
}

int hyper_context_to_sid(const char *context, uint32_t *sid)
{
    struct xen_flask_op *op = argument();
    size_t len = strlen(context);
    int rc;

    if (len >= HYPER_CONTEXT_MAX) {
        return -EINVAL;
    }
    memcpy(arena + PAGE, context, len + 1);
    set_xen_guest_handle(op->u.sid_context.context, (char *)(arena + PAGE));
    op->u.sid_context.size = (uint32_t)len;
    rc = flask(op, FLASK_CONTEXT_TO_SID);
    *sid = op->u.sid_context.sid;
    return rc;
}

int hyper_sid_to_context(uint32_t sid, char context[HYPER_CONTEXT_MAX])
{
    struct xen_flask_op *op = argument();
    int rc;

    memset(arena + PAGE, 0, HYPER_CONTEXT_MAX);
    op->u.sid_context.sid = sid;
    op->u.sid_context.size = HYPER_CONTEXT_MAX - 1;
    set_xen_guest_handle(op->u.sid_context.context, (char *)(arena + PAGE));
    rc = flask(op, FLASK_SID_TO_CONTEXT);
    memcpy(context, arena + PAGE, HYPER_CONTEXT_MAX);
    return rc;
}

int hyper_allowed(uint32_t ssid, uint32_t tsid, uint32_t *allowed)
{
    struct xen_flask_op *op = argument();
    int rc;

    op->u.access.ssid = ssid;
    op->u.access.tsid = tsid;
    op->u.access.tclass = SECCLASS_OPERATOR;
    op->u.access.req = UINT32_MAX;
    rc = flask(op, FLASK_ACCESS);
    *allowed = rc == 0 ? op->u.access.allowed : 0;
    return rc;
}

bool hyper_permissive(void)
{
    struct xen_flask_op *op = argument();

    return flask(op, FLASK_GETENFORCE) == 0;
}
