/* SPDX-License-Identifier: Apache-2.0 */
#include "manifest_check.h"

#include <xen/errno.h>
#include <xen/lib.h>

static int check_pair(const struct manifest_domain *a, const struct manifest_domain *b,
                      struct launch_error *err)
{
    if (a->domid == b->domid) {
        return launch_fail(err, -EINVAL, "manifest: %s: property domid: %u is also that of %s",
                           b->path, b->domid, a->path);
    }
    if (strcmp(a->name, b->name) == 0) {
        return launch_fail(err, -EINVAL, "manifest: %s: property bulkhead,name: \"%s\" is also that of "
                           "%s", b->path, b->name, a->path);
    }
    if ((a->functions & b->functions) != 0) {
        return launch_fail(err, -EINVAL, "manifest: %s: property functions: %s has the same function",
                           b->path, a->path);
    }
    if (a->tpm && b->tpm) {
        return launch_fail(err, -EINVAL, "manifest: %s: property bulkhead,tpm-locality: %s has it "
                           "already", b->path, a->path);
    }
    for (unsigned i = 0; i < b->device_count; i++) {
        for (unsigned k = 0; k < a->device_count; k++) {
            if (a->devices[k] == b->devices[i]) {
                return launch_fail(err, -EINVAL, "manifest: %s: property bulkhead,devices: %s has device "
                                   "%#x already", b->path, a->path, b->devices[i]);
            }
        }
    }
    return 0;
}

static int check_index(uint32_t index, unsigned module_count, const char *path, const char *what,
                       uint64_t *named, struct launch_error *err)
{
    if (index >= module_count) {
        return launch_fail(err, -EINVAL, "manifest: %s: %s is module %u: the loader gave %u modules",
                           path, what, index, module_count);
    }
    *named |= 1ull << index;
    return 0;
}

static int check_modules(const struct manifest *m, unsigned module_count, struct launch_error *err)
{
    uint64_t named = 1, policy = 0; /* the manifest itself */
    unsigned i;
    int ret = check_index(m->policy, module_count, "/chosen/hypervisor/config", "policy", &policy,
                          err);

    for (i = 0; ret == 0 && i < m->domain_count; i++) {
        const struct manifest_domain *d = &m->domain[i];

        ret = check_index(d->kernel, module_count, d->path, "kernel", &named, err);
        if (ret == 0 && d->ramdisk != MANIFEST_NO_MODULE) {
            ret = check_index(d->ramdisk, module_count, d->path, "ramdisk", &named, err);
        }
        if (ret == 0 && (named & policy) != 0) {
            ret = launch_fail(err, -EINVAL, "manifest: %s: module %u is the policy", d->path,
                              m->policy);
        }
    }
    named |= policy;
    for (i = 0; ret == 0 && i < module_count; i++) {
        if ((named & 1ull << i) == 0) {
            ret = launch_fail(err, -EINVAL, "manifest: module %u is named by no node", i);
        }
    }
    return ret;
}

int manifest_check(const struct manifest *m, unsigned module_count, struct launch_error *err)
{
    unsigned i, k;
    int ret = 0;

    if (module_count > MANIFEST_MODULE_MAX) {
        return launch_fail(err, -EINVAL, "%u modules: expected at most %u", module_count,
                           MANIFEST_MODULE_MAX);
    }
    if (m->policy == MANIFEST_NO_MODULE) {
        return launch_fail(err, -EINVAL, "manifest: /chosen/hypervisor/config: expected a module of "
                           "compatible \"module,xsm-policy\"");
    }
    if (m->domain_count == 0) {
        return launch_fail(err, -EINVAL, "manifest: /chosen/hypervisor: expected at least one domain");
    }
    for (i = 0; ret == 0 && i < m->domain_count; i++) {
        for (k = 0; ret == 0 && k < i; k++) {
            ret = check_pair(&m->domain[k], &m->domain[i], err);
        }
    }
    return ret != 0 ? ret : check_modules(m, module_count, err);
}

void manifest_sort(struct manifest *m)
{
    unsigned i, at;

    for (i = 1; i < m->domain_count; i++) {
        struct manifest_domain d = m->domain[i];

        for (at = i; at > 0; at--) {
            const struct manifest_domain *before = &m->domain[at - 1];

            if (before->start_order < d.start_order ||
                (before->start_order == d.start_order && before->domid < d.domid)) {
                break;
            }
            m->domain[at] = *before;
        }
        m->domain[at] = d;
    }
}
