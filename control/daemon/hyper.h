/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control domain asks of the hypervisor. Each function is one or a few hypercalls, for each of which the hypervisor
 * asks about this domain's own label; -EACCES is its refusal. Tests put a made-up host in the place of hyper.c.
 */
#ifndef CONTROL_HYPER_H
#define CONTROL_HYPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HYPER_DOMAINS_MAX 64
#define HYPER_CONTEXT_MAX 256
#define HYPER_DEVICES_MAX 16

enum hyper_state { HYPER_RUNNING, HYPER_BLOCKED, HYPER_PAUSED, HYPER_SHUTDOWN, HYPER_DYING };

struct hyper_domain {
    uint32_t id;
    uint32_t sid;
    enum hyper_state state;
    uint32_t vcpu_count;
    uint64_t memory_kib, max_memory_kib;
    uint64_t cpu_ns;
    uint64_t age_ns;
    uint64_t start_count;
    bool restarts;
    char name[17];
    unsigned int device_count;
    uint16_t devices[HYPER_DEVICES_MAX]; /* PCI functions, as the machine has them */
    uint8_t slots[HYPER_DEVICES_MAX];    /* and where the domain sees each: device number on its own bus */
};

struct hyper_host {
    uint32_t cpu_count;
    uint64_t memory_kib, free_kib;
};

/** Open /dev/xen/privcmd: once in each process, since a child has nothing of this from its parent. @return 0 or -errno */
int hyper_open(void);

int hyper_host(struct hyper_host *out);
/** Domains by number; those that this domain may not see are left out. @return how many, or -errno */
int hyper_domains(struct hyper_domain *out, size_t max);
/** One domain. @return 0; -ESRCH no such one, -EACCES */
int hyper_domain(uint32_t id, struct hyper_domain *out);
/** Number of the domain that we are. @return 0 or -errno */
int hyper_self(uint32_t *id);

int hyper_pause(uint32_t id);
/** -EINVAL: it is not paused. */
int hyper_unpause(uint32_t id);
/** -EPERM: its description does not let it restart. -EBUSY: it ends already. */
int hyper_restart(uint32_t id);

/**
 * Give a PCI function to a domain that has a bus; it is reset.
 * @return 0; -EACCES policy; -ENODEV there is none; -EPERM a bridge or an IOMMU; -EBUSY another domain has it; -EEXIST this one has
 *         it; -EOPNOTSUPP it cannot be reset, or the domain has no bus; -ENOSPC; -ESRCH; other -errno
 */
int hyper_assign(uint32_t id, uint16_t function);
/** Take it back at once, reset. @return 0; -EACCES; -ENODEV the domain has it not; -ESRCH */
int hyper_deassign(uint32_t id, uint16_t function);

int hyper_context_to_sid(const char *context, uint32_t *sid);
int hyper_sid_to_context(uint32_t sid, char context[HYPER_CONTEXT_MAX]);
/** Permissions of class `operator` that ssid has towards tsid. @return 0 or -errno, which is none */
int hyper_allowed(uint32_t ssid, uint32_t tsid, uint32_t *allowed);
bool hyper_permissive(void);

#endif
