/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual processors: scheduling state, guest-visible areas, timers. */
#ifndef XEN_VCPU_H
#define XEN_VCPU_H

#ifndef BULKHEAD_HOST
#include <asm/cpu.h>
#endif
#include <xen/lock.h>
#include <xen/revoke.h>
#include <xen/timer.h>
#include <xen/types.h>

#include <public/xen.h>
#include <public/event_channel.h>
#include <public/vcpu.h>

#include <xsm/xsm.h> /* before the macro `current` below: it has members of that name */

struct domain;
struct page_info;
struct arch_vcpu;

/* Why a vCPU does not run; it runs when no bit is set. Changed under the scheduler's lock. */
#define VCPU_PAUSE_DOWN (1u << 0)    /* not brought up (VCPUOP_up, SIPI) */
#define VCPU_PAUSE_BLOCKED (1u << 1) /* waits for an event */
#define VCPU_PAUSE_DOMAIN (1u << 2)  /* domain_pause(), shutdown, building */
#define VCPU_PAUSE_POLL (1u << 3)    /* SCHEDOP_poll */
#define VCPU_PAUSE_REVOKE (1u << 4)  /* waits for the change of policy it asked for */
#define VCPU_PAUSE_TURN (1u << 5)    /* waits for the hypervisor's turn at the TPM */
#define VCPU_PAUSE_TPM (1u << 6)     /* its domain's TPM is being taken from it */

struct vcpu_sched {
    struct list link;      /* run queue */
    uint64_t vruntime;     /* weighted ns */
    uint64_t put_on_ns;    /* when it was last put on a CPU */
    uint64_t started_ns;   /* from when on its time is not charged yet */
    uint32_t weight;
    uint32_t pause_flags;
    bool queued, running;
    bool yields;           /* only the CPU where it runs: gives way although it was just put on */
    uint8_t interrupted;   /* how often it had to give way since it last blocked or yielded; stops at 255 */
    unsigned cpu;          /* where it runs or ran last */
    uint64_t affinity;     /* mask of CPUs */
};

/*
 * Translations that copies from and to the guest have found. Good for one stay in the hypervisor (guest_paging.epoch), as the
 * processor's own TLB would be: a vCPU that has not run again cannot have acknowledged a shootdown.
 */
#define GUEST_TLB_SLOTS 4
struct guest_tlb {
    uint64_t epoch;
    vaddr_t page;
    gaddr_t frame;
    bool writable;
};

struct vcpu {
    unsigned id;
    struct domain *domain;
    struct vcpu_sched sched;    /* scheduler lock */

    /* Where the guest sees vcpu_info: in shared_info, or in a page of its own with a reference held. */
    struct vcpu_info *info;     /* read_once(); changes once, by VCPUOP_register_vcpu_info, vCPU not running or current */
    struct page_info *info_page;
    uint64_t info_gaddr;

    bool put_down;              /* atomic: down by VCPUOP_down, so VCPUOP_up may bring it back */

    /* Only the owning vCPU, or others while it is not running. */
    uint32_t poll_count;
    evtchn_port_t poll_port;
    uint32_t virq_port[24];     /* NR_VIRQS; evtchn lock; 0 = unbound */
    struct timer singleshot;    /* VCPUOP_set_singleshot_timer, set_timer_op */
    struct timer periodic;
    uint64_t periodic_ns;
    struct timer poll_timer;
    struct timer turn_timer;    /* looks whether the turn at the TPM has come */

    struct {                    /* how often others may interrupt it: evtchn/pace.c */
        uint64_t paid_ns;       /* atomic */
        uint64_t words;         /* atomic: words of ports that were not announced yet */
        struct timer late;      /* armed when words is not 0 */
    } pace;

    spinlock_t runstate_lock;
    struct vcpu_runstate_info runstate;
    vaddr_t runstate_area;      /* guest virtual address, 0 = none */
    vaddr_t time_area;

    struct guest_tlb tlb[GUEST_TLB_SLOTS]; /* only the owning vCPU */
    struct revoke_result revoke;           /* see revoke.h */
    struct xsm_self self_sid;              /* only the owning vCPU; see xsm.h */
    struct arch_vcpu *arch;
};

/** The vCPU running on this CPU (the idle vCPU has domain == NULL and is never passed around). */
#ifdef BULKHEAD_HOST
struct vcpu *current_vcpu(void);
#else
static inline struct vcpu *current_vcpu(void)
{
    return this_cpu()->vcpu;
}
#endif
#define current current_vcpu()

/** Make a vCPU runnable or not. vcpu_sleep() does not wait until it is off its CPU: see domain_is_quiet(). */
void vcpu_wake(struct vcpu *v, uint32_t flag);   /* clear pause flag */
void vcpu_sleep(struct vcpu *v, uint32_t flag);  /* set pause flag */
/** Block current until an event is pending; returns at once if one is. */
void vcpu_block(struct vcpu *v);
void vcpu_yield(struct vcpu *v);

/** Event pending for v: raise its upcall (vcpu_info already marked) and wake it. */
void vcpu_events_raise(struct vcpu *v);

/* -- duties of the architecture ---------------------------------------------------------------- */
int arch_vcpu_create(struct vcpu *v) must_check;
void arch_vcpu_destroy(struct vcpu *v);
/** PVH start state: 32-bit flat protected mode at entry, EBX = start_info. */
void arch_vcpu_set_pvh(struct vcpu *v, uint32_t entry, uint32_t start_info);
/** Log the registers of a vCPU that is current or not running. */
void arch_vcpu_show(struct vcpu *v);
/** Bring vCPU up in long mode etc. by VCPUOP_initialise is refused for PVH; SIPI does it. */
void arch_vcpu_raise_upcall(struct vcpu *v); /* upcall vector into the local APIC, or callback vector */
bool arch_vcpu_can_take_event(struct vcpu *v);
/** Make v leave guest mode if it is there, so that it sees new state. */
void arch_vcpu_kick(struct vcpu *v);
/** Per-vCPU upcall vector (HVMOP_set_evtchn_upcall_vector); 0x10..0xff. */
int arch_vcpu_set_upcall_vector(struct vcpu *v, uint8_t vector) must_check;
/** Domain-wide callback via (HVM_PARAM_CALLBACK_IRQ) in its ABI encoding. */
int arch_domain_set_callback(struct domain *d, uint64_t via) must_check;
/** Refresh v's pvclock fields in v->info (called with v current or not running). */
void arch_vcpu_update_time(struct vcpu *v);

/* What a software page walk needs to know of the running vCPU. */
struct guest_paging {
    uint64_t cr0, cr3, cr4, efer, rflags;
    unsigned cpl;
    uint64_t epoch; /* another number after each time the vCPU has run; 0 (as the caller has set it): not known */
};
void arch_vcpu_paging(struct vcpu *v, struct guest_paging *out);

#endif
