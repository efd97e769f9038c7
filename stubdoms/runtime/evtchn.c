/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Event channels and the event loop. The upcall handler only notes that it ran (trap.c) and clears
 * evtchn_upcall_pending; the selector and pending words are consumed by event_poll(), so an event
 * that arrives at any moment either is seen by the scan or raises a new upcall.
 *
 * Sleeping: with interrupts off look at the note; if it is not set, `sti; hlt` - the instruction
 * after sti runs before any interrupt, so an upcall cannot slip between the look and the halt.
 */
#include <runtime/evtchn.h>

#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <string.h>

#include <public/hvm/hvm_op.h>
#include <public/hvm/params.h>
#include <public/memory.h>
#include <public/vcpu.h>

#include "internal.h"

#define CALLBACK_VIA_VECTOR (UINT64_C(2) << 56)
#define WORD_BITS 64u

static struct shared_info *shared;
static evtchn_handler_t *handlers[EVTCHN_PORT_COUNT];
static void *handler_args[EVTCHN_PORT_COUNT];

struct shared_info *shared_info(void)
{
    return shared;
}

struct vcpu_info *vcpu_info_self(void)
{
    return &shared->vcpu_info[cpu_self()->index];
}

unsigned long event_upcall_count(unsigned int cpu)
{
    return smp_cpu_state(cpu) != NULL ? READ_ONCE(smp_cpu_state(cpu)->upcall_count) : 0;
}

/* In the upcall, interrupts off. */
void event_upcall_taken(void)
{
    WRITE_ONCE(vcpu_info_self()->evtchn_upcall_pending, 0);
}

int evtchn_alloc_unbound(domid_t remote, evtchn_port_t *port)
{
    struct evtchn_alloc_unbound arg = { .dom = DOMID_SELF, .remote_dom = remote };
    long rc = hc_event_channel_op(EVTCHNOP_alloc_unbound, &arg);

    *port = rc == 0 ? arg.port : *port;
    return (int)rc;
}

int evtchn_bind_interdomain(domid_t remote, evtchn_port_t remote_port, evtchn_port_t *port)
{
    struct evtchn_bind_interdomain arg = { .remote_dom = remote, .remote_port = remote_port };
    long rc = hc_event_channel_op(EVTCHNOP_bind_interdomain, &arg);

    *port = rc == 0 ? arg.local_port : *port;
    return (int)rc;
}

int evtchn_bind_virq(uint32_t virq, uint32_t vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_virq arg = { .virq = virq, .vcpu = vcpu };
    long rc = hc_event_channel_op(EVTCHNOP_bind_virq, &arg);

    *port = rc == 0 ? arg.port : *port;
    return (int)rc;
}

int evtchn_bind_ipi(uint32_t vcpu, evtchn_port_t *port)
{
    struct evtchn_bind_ipi arg = { .vcpu = vcpu };
    long rc = hc_event_channel_op(EVTCHNOP_bind_ipi, &arg);

    *port = rc == 0 ? arg.port : *port;
    return (int)rc;
}

int evtchn_bind_vcpu(evtchn_port_t port, uint32_t vcpu)
{
    struct evtchn_bind_vcpu arg = { .port = port, .vcpu = vcpu };

    return (int)hc_event_channel_op(EVTCHNOP_bind_vcpu, &arg);
}

int evtchn_status(domid_t dom, evtchn_port_t port, struct evtchn_status *status)
{
    memset(status, 0, sizeof(*status));
    status->dom = dom;
    status->port = port;
    return (int)hc_event_channel_op(EVTCHNOP_status, status);
}

int evtchn_send(evtchn_port_t port)
{
    struct evtchn_send arg = { .port = port };

    return (int)hc_event_channel_op(EVTCHNOP_send, &arg);
}

static xen_ulong_t port_bit(evtchn_port_t port)
{
    return (xen_ulong_t)1 << (port % WORD_BITS);
}

bool evtchn_is_pending(evtchn_port_t port)
{
    return port < EVTCHN_PORT_COUNT &&
           (READ_ONCE(shared->evtchn_pending[port / WORD_BITS]) & port_bit(port)) != 0;
}

bool evtchn_take_pending(evtchn_port_t port)
{
    if (port >= EVTCHN_PORT_COUNT) {
        return false;
    }
    return (__atomic_fetch_and(&shared->evtchn_pending[port / WORD_BITS], ~port_bit(port),
                               __ATOMIC_SEQ_CST) & port_bit(port)) != 0;
}

void evtchn_mask(evtchn_port_t port)
{
    if (port < EVTCHN_PORT_COUNT) {
        __atomic_fetch_or(&shared->evtchn_mask[port / WORD_BITS], port_bit(port),
                          __ATOMIC_SEQ_CST);
    }
}

void evtchn_unmask(evtchn_port_t port)
{
    struct evtchn_unmask arg = { .port = port };

    if (port >= EVTCHN_PORT_COUNT) {
        return;
    }
    /* The hypervisor does it, so that an event that came while masked is delivered, too. */
    if (hc_event_channel_op(EVTCHNOP_unmask, &arg) != 0) {
        __atomic_fetch_and(&shared->evtchn_mask[port / WORD_BITS], ~port_bit(port),
                           __ATOMIC_SEQ_CST);
    }
}

void evtchn_set_handler(evtchn_port_t port, evtchn_handler_t *handler, void *arg)
{
    if (port >= EVTCHN_PORT_COUNT) {
        return;
    }
    if (handler == NULL) {
        evtchn_mask(port);
        handlers[port] = NULL;
        return;
    }
    handler_args[port] = arg;
    compiler_barrier();
    handlers[port] = handler;
    evtchn_unmask(port);
}

int evtchn_close(evtchn_port_t port)
{
    struct evtchn_close arg = { .port = port };
    long rc;

    evtchn_set_handler(port, NULL, NULL);
    rc = hc_event_channel_op(EVTCHNOP_close, &arg);
    if (rc == 0) {
        (void)evtchn_take_pending(port);
    }
    return (int)rc;
}

static unsigned int scan_word(unsigned int word)
{
    xen_ulong_t due = READ_ONCE(shared->evtchn_pending[word]) &
                      ~READ_ONCE(shared->evtchn_mask[word]);
    unsigned int count = 0;

    while (due != 0) {
        unsigned int bit = (unsigned int)__builtin_ctzl(due);
        evtchn_port_t port = word * WORD_BITS + bit;
        evtchn_handler_t *handler = READ_ONCE(handlers[port]);

        due &= due - 1;
        if (evtchn_take_pending(port) && handler != NULL) {
            handler(port, handler_args[port]);
            count++;
        }
    }
    return count;
}

unsigned int event_poll(void)
{
    struct rt_cpu *cpu = cpu_self();
    struct vcpu_info *vi = vcpu_info_self();
    unsigned int count = 0;
    xen_ulong_t words;

    cpu->upcall = 0;
    compiler_barrier();
    words = __atomic_exchange_n(&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
    while (words != 0) {
        count += scan_word((unsigned int)__builtin_ctzl(words));
        words &= words - 1;
    }
    if (cpu == &cpu0) {
        count += timer_run();
    }
    return count;
}

static void arm_wakeup(struct rt_cpu *cpu, uint64_t deadline)
{
    struct vcpu_set_singleshot_timer arg = { .timeout_abs_ns = deadline };

    if (deadline == UINT64_MAX || deadline == cpu->timer_armed_ns || cpu->timer_port == 0) {
        return;
    }
    if (hc_vcpu_op(VCPUOP_set_singleshot_timer, cpu->index, &arg) == 0) {
        cpu->timer_armed_ns = deadline;
    }
}

unsigned int event_wait(uint64_t deadline_ns)
{
    struct rt_cpu *cpu = cpu_self();
    unsigned int count = event_poll();
    uint64_t wake = deadline_ns;

    if (count != 0 || time_now_ns() >= deadline_ns) {
        return count;
    }
    if (cpu == &cpu0 && timer_next() < wake) {
        wake = timer_next();
    }
    arm_wakeup(cpu, wake);
    irq_disable();
    if (cpu->upcall == 0) {
        __asm__ volatile("sti; hlt" ::: "memory");
    } else {
        irq_enable();
    }
    return event_poll();
}

/* The timer's event needs no work of its own: timers run at the end of each poll. */
static void timer_event(evtchn_port_t port, void *arg)
{
    struct rt_cpu *cpu = arg;

    (void)port;
    cpu->timer_armed_ns = 0;
}

void event_init(void)
{
    xen_pfn_t gfn = window_alloc(1);
    int rc = mm_map_space(XENMAPSPACE_shared_info, 0, gfn);

    if (rc != 0) {
        rt_panic("mapping the shared info page: error %d", rc);
    }
    shared = (struct shared_info *)(gfn << PAGE_SHIFT);
    memset(shared->evtchn_mask, 0xff, sizeof(shared->evtchn_mask));
}

void event_init_cpu(struct rt_cpu *cpu)
{
    struct xen_hvm_evtchn_upcall_vector arg = {
        .vcpu = cpu->index, .vector = UPCALL_VECTOR,
    };
    evtchn_port_t port = 0;

    if (hc_hvm_op(HVMOP_set_evtchn_upcall_vector, &arg) != 0) {
        long rc = hvm_param_set(HVM_PARAM_CALLBACK_IRQ, CALLBACK_VIA_VECTOR | UPCALL_VECTOR);

        if (rc != 0) {
            rt_panic("no way to receive events: error %ld", rc);
        }
    } else if (cpu == &cpu0) {
        /* Tells the hypervisor that PV drivers are in use; the value is not a real line. */
        (void)hvm_param_set(HVM_PARAM_CALLBACK_IRQ, 1);
    }
    (void)hc_vcpu_op(VCPUOP_stop_periodic_timer, cpu->index, NULL);
    if (evtchn_bind_virq(VIRQ_TIMER, cpu->index, &port) == 0) {
        cpu->timer_port = port;
        evtchn_set_handler(port, timer_event, cpu);
    }
}
