/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains. States: BUILDING -> PAUSED/RUNNING (pause_count) -> SHUTDOWN (reason kept) -> DYING (resources being given
 * back) -> gone with its last reference. The domain table holds one reference until death.
 */
#ifndef XEN_DOMAIN_H
#define XEN_DOMAIN_H

#include <xen/iommu.h>
#include <xen/irq_budget.h>
#include <xen/list.h>
#include <xen/lock.h>
#include <xen/p2m.h>
#include <xen/types.h>
#include <xen/vcpu.h>
#include <xen/watchdog.h>

#include <public/xen.h>
#include <public/hvm/params.h>
#include <xsm/xsm.h>

#define MAX_VCPUS 64
#define DOMAIN_NAME_MAX 16
#define DOMAIN_IOPORT_RANGES 4

struct grant_table;
struct evtchn_table;
struct vpci;

enum domain_state { DOMAIN_BUILDING, DOMAIN_RUNNING, DOMAIN_SHUTDOWN, DOMAIN_DYING, DOMAIN_DEAD };

struct domain_config {
    domid_t domid;
    const char *name;
    xsm_sid_t sid;
    unsigned vcpu_count;  /* 1..MAX_VCPUS */
    uint64_t max_pages;   /* limit of the domain's account */
    uint16_t weight;      /* scheduler; 256 is usual */
    uint32_t functions;   /* hyperlaunch function bits */
    uint32_t restart_on;  /* bits 1 << SHUTDOWN_*: ends after which it is built anew */
    bool waits_suspended; /* a suspended one stays, to be resumed or destroyed */
    uint64_t start_count; /* which start of this domain it is: 1, 2... */
};
#define DOMAIN_FUNCTION_CONSOLE (1u << 2)
#define DOMAIN_FUNCTION_XENSTORE (1u << 30)
#define DOMAIN_FUNCTION_LEGACY (1u << 31) /* the one domain of legacy mode; its end ends the host */

/* One entry of a domain's memory map, in the layout of BIOS E820. */
struct memmap_entry {
    uint64_t addr, size; /* bytes */
    uint32_t type;       /* 1 RAM, 2 reserved, 3 ACPI, 4 ACPI NVS, 5 bad */
} __packed;
#define MEMMAP_MAX 16

struct domain {
    /* Constant after creation. */
    domid_t id;
    char name[DOMAIN_NAME_MAX];
    unsigned vcpu_count;
    uint32_t functions;
    uint32_t restart_on;    /* bits 1 << SHUTDOWN_* */
    uint16_t weight;
    uint64_t start_count;   /* from the configuration */
    bool started;           /* it has come to that start */
    uint64_t created_ns;    /* system time */
    struct vcpu *vcpu[MAX_VCPUS]; /* vcpu_count pointers, owned */

    xsm_sid_t sid;          /* atomic; changes by relabel only */
    uint32_t refcount;      /* atomic */
    struct list link;       /* domlist lock */

    spinlock_t lock;        /* the fields of this group */
    enum domain_state state;/* written with lock held, read with read_once() */
    unsigned pause_count;
    bool reclaiming;        /* atomic: one CPU at a time gives back */
    uint32_t shutdown_code; /* SHUTDOWN_*; valid in DOMAIN_SHUTDOWN and later */
    bool waits_suspended;   /* in DOMAIN_SHUTDOWN by SHUTDOWN_suspend it is left alone; cleared for good by domain_destroy() */
    struct watchdogs watchdogs; /* watchdog.h */
    struct domain *target;  /* whose device model this is, with a reference; set once, read_once(), gone with the memory */

    spinlock_t page_lock;   /* the fields of this group */
    uint64_t tot_pages, max_pages;
    uint64_t resident_pages;/* of tot_pages: live as long as this structure, see page_alloc_resident() */
    uint32_t page_list;     /* frame number of the first owned page, 0 = none */
    struct memmap_entry memmap[MEMMAP_MAX]; /* memory_map_set() */
    unsigned memmap_count;

    struct p2m p2m;

    struct xsm_audit_source audit;   /* the engine's */

    struct shared_info *shared_info; /* one page of the domain's account, constant; never freed before death */
    struct evtchn_table *evtchn;     /* owned; see evtchn.h */
    struct grant_table *grant;       /* owned; see grant.h */

    spinlock_t hvm_lock;             /* hvm_params */
    uint64_t hvm_params[HVM_NR_PARAMS];
    uint64_t vm_assist;              /* atomic bits VMASST_TYPE_* */

    /* Devices given at launch; constant after creation. */
    struct {
        uint16_t first, last;
    } ioports[DOMAIN_IOPORT_RANGES];
    unsigned ioport_range_count;
    bool has_tpm;                    /* the page of the TPM's locality 0 */
    uint16_t devices[IOMMU_DEVICES_MAX]; /* of their number, those not taken back again are in devices_held */
    unsigned device_count;
    unsigned devices_held;           /* bits; atomic */
    struct vpci *vpci;               /* owned; how it sees them, NULL: it has none */
    bool pci_lines;                  /* read_once(): some of them have lines */
    unsigned device_irq_count;       /* device_irq.c's lock, as the next */
    struct irq_budget device_irq_budget;

    void *console;                   /* console ring state, owned by console_ring.c */
    void *console_line;              /* half-written line, owned by console.c; console lock */
    struct arch_domain *arch;        /* owned by arch code */
};

/** Create in state DOMAIN_BUILDING with all its vCPUs, empty p2m, no memory. -EEXIST, -EINVAL, -ENOMEM. */
int domain_create(const struct domain_config *cfg, struct domain **out) must_check;
/** Look up and take a reference; NULL when absent or dead. DOMID_SELF gives the caller's. */
struct domain *domain_get(domid_t id) must_check;
void domain_get_more(struct domain *d);
void domain_put(struct domain *d);
/** First or next domain by id with a reference (drops the reference of prev); for listings. */
struct domain *domain_next(struct domain *prev) must_check;

/**
 * Make d the device model of target: towards it, d is asked about the label of their relation (type transition).
 * @return 0; -EINVAL the same domain, or d has a target; -ESRCH d is dying
 */
int domain_set_target(struct domain *d, struct domain *target) must_check;

/**
 * Label of `to` as `from` sees it, from the plain labels of both: towards itself, and of a device model towards its target, the
 * type transition of class domain; the plain one otherwise.
 * @return 0; as xsm_transition_sid()
 */
static inline int domain_label(const struct domain *from, xsm_sid_t from_sid, const struct domain *to,
                               xsm_sid_t to_sid, xsm_sid_t *out)
{
    if (unlikely(from == to || read_once(from->target) == to)) {
        return xsm_transition_sid(from_sid, to_sid, SECCLASS_DOMAIN, out);
    }
    *out = to_sid;
    return 0;
}

/** BUILDING -> RUNNING, vCPU 0 made runnable. */
void domain_start(struct domain *d);
void domain_pause(struct domain *d);   /* does not wait: two that pause each other must not hang */
bool domain_is_quiet(const struct domain *d); /* no vCPU of d on a CPU; stays so while paused */
void domain_unpause(struct domain *d);
/** The domain said goodbye (SCHEDOP_shutdown) or crashed: no vCPU runs any more, the owner is told. */
void domain_shutdown(struct domain *d, uint32_t reason);
/** End it, whether it runs or waits suspended. @return 0; -EBUSY it is being built: it will run */
int domain_destroy(struct domain *d) must_check;
/** Suspended, and there to be resumed? */
bool domain_is_suspended(const struct domain *d);
/**
 * A suspended domain goes on, in a new life of its connections: its vCPUs and memory are as it left them, and of what it had with
 * others and with us it has what a domain has at its start: no event channels but those to XenStore and console, vcpu_info in
 * shared_info, no timers, no areas. The call that suspended it returns 0.
 * @return 0; -EINVAL it is not suspended; -ERESTART a vCPU still is on its CPU; -EBUSY it is being ended or resumed
 */
int domain_resume(struct domain *d) must_check;
/** Guilty of something only a broken or hostile guest does. Logs registers, then shutdown with SHUTDOWN_crash. */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);
/** Start (or go on) giving everything back. @return 0 when done, -ERESTART to be called again. */
int domain_kill(struct domain *d) must_check;

/** A domain has begun or goes on: XenStore is told, as it is of their ends. */
void domain_changed(void);

void domains_init(void);

static inline bool domain_is_dying(const struct domain *d)
{
    return read_once(d->state) >= DOMAIN_DYING;
}

#endif
