/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The emulated local APIC. A vCPU touches its own registers only; others set IRR bits (atomic) and send INIT and startup
 * IPIs to vCPUs that are down. Source: Intel SDM vol. 3A, chapter 11.
 */
#include <asm/vlapic.h>

#include <asm/hvm.h>
#include <xen/device_irq.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/time.h>
#include <xen/vpci.h>

#define BASE_BSP 0x100u
#define BASE_X2APIC 0x400u
#define BASE_ENABLED 0x800u
#define BASE_DEFAULT 0xfee00000u
#define SVR_ENABLED 0x100u
#define LVT_MASKED 0x10000u
#define LVT_PERIODIC 0x20000u
#define VERSION 0x00050014u /* six LVT entries, version 0x14 */

enum { LVT_TIMER, LVT_THERMAL, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR };

static struct vlapic *lapic_of(struct vcpu *v)
{
    return &v->arch->lapic;
}

uint32_t vlapic_id(const struct vcpu *v)
{
    return v->id * 2;
}

static bool x2apic(const struct vlapic *l)
{
    return l->base & BASE_X2APIC;
}

static bool enabled(const struct vlapic *l)
{
    return (l->base & BASE_ENABLED) && (l->svr & SVR_ENABLED);
}

/* Highest vector of a set, -1 when it is empty, which is the usual case and so is found out first. */
static inline int highest(const uint64_t bits[4])
{
    uint64_t w3 = read_once(bits[3]), w2 = read_once(bits[2]), w1 = read_once(bits[1]), w0 = read_once(bits[0]);

    if (likely(!(w3 | w2 | w1 | w0))) {
        return -1;
    }
    return w3 ? 255 - __builtin_clzll(w3)
           : w2 ? 191 - __builtin_clzll(w2)
           : w1 ? 127 - __builtin_clzll(w1)
                : 63 - __builtin_clzll(w0);
}

static void reset(struct vcpu *v)
{
    struct vlapic *l = lapic_of(v);

    memset(l->irr, 0, sizeof(l->irr));
    memset(l->isr, 0, sizeof(l->isr));
    l->tpr = l->ldr = l->esr = l->icr_high = l->timer_initial = l->timer_divide = 0;
    l->dfr = 0xffffffff;
    l->svr = 0xff;
    for (unsigned i = 0; i < ARRAY_SIZE(l->lvt); i++) {
        l->lvt[i] = LVT_MASKED;
    }
    if (x2apic(l)) {
        l->ldr = (vlapic_id(v) >> 4) << 16 | 1u << (vlapic_id(v) & 15);
    }
}

static uint64_t divider(const struct vlapic *l)
{
    unsigned code = (l->timer_divide & 3) | (l->timer_divide >> 1 & 4);

    return code == 7 ? 1 : 2ull << code;
}

/* The timer counts nanoseconds divided by the divider: a 1 GHz bus. */
static void timer_arm(struct vlapic *l, uint64_t from)
{
    uint64_t period = l->timer_initial * divider(l);

    l->timer_start_ns = from;
    /* A period below what a CPU can serve would only starve it, the more so when it goes on without the guest. */
    timer_set(&l->timer, from + max(period, (l->lvt[LVT_TIMER] & LVT_PERIODIC ? 200 : 20) * NS_PER_US));
}

static void timer_fired(void *arg)
{
    struct vcpu *v = arg;
    struct vlapic *l = lapic_of(v);
    uint32_t lvt;

    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* not armed any more; then look. timer_go_on() does the reverse */
    lvt = read_once(l->lvt[LVT_TIMER]);
    if (lvt & LVT_MASKED) {
        return; /* nobody would be told, so that it need not go on: unmasking it arms it again */
    }
    vlapic_set_irr(v, (uint8_t)lvt);
    vcpu_wake(v, VCPU_PAUSE_BLOCKED);
    arch_vcpu_kick(v);
    if ((lvt & LVT_PERIODIC) && l->timer_initial) {
        timer_arm(l, time_now_ns());
    }
}

void vlapic_init(struct vcpu *v)
{
    struct vlapic *l = lapic_of(v);

    l->base = BASE_DEFAULT | BASE_ENABLED | (v->id ? 0 : BASE_BSP);
    l->sipi_wait = v->id != 0;
    timer_init(&l->timer, timer_fired, v);
    reset(v);
}

void vlapic_destroy(struct vcpu *v)
{
    timer_kill(&lapic_of(v)->timer);
}

void vlapic_set_irr(struct vcpu *v, uint8_t vector)
{
    __atomic_fetch_or(&lapic_of(v)->irr[vector / 64], 1ull << (vector % 64), __ATOMIC_SEQ_CST);
}

static unsigned ppr(const struct vlapic *l)
{
    int isr = highest(l->isr);
    unsigned in_service = isr < 0 ? 0 : (unsigned)isr & 0xf0;

    return (l->tpr & 0xf0) >= in_service ? l->tpr & 0xff : in_service;
}

int vlapic_pending(struct vcpu *v)
{
    const struct vlapic *l = lapic_of(v);
    int vector = highest(l->irr);

    if (vector < 0 || !enabled(l) || ((unsigned)vector & 0xf0) <= (ppr(l) & 0xf0)) {
        return -1;
    }
    return vector;
}

void vlapic_offer(struct vcpu *v, uint8_t vector)
{
    __atomic_fetch_and(&lapic_of(v)->irr[vector / 64], ~(1ull << (vector % 64)), __ATOMIC_RELAXED);
}

void vlapic_accept(struct vcpu *v, uint8_t vector)
{
    struct vlapic *l = lapic_of(v);

    l->isr[vector / 64] |= 1ull << (vector % 64);
}

static void eoi(struct vcpu *v)
{
    struct vlapic *l = lapic_of(v);
    int vector = highest(l->isr);

    if (vector >= 0) {
        l->isr[vector / 64] &= ~(1ull << (vector % 64));
        if (unlikely(read_once(v->domain->pci_lines))) {
            vpci_interrupt_ended(v->domain, (uint8_t)vector);
        }
    }
}

/* -- inter-processor interrupts ---------------------------------------------------------------- */

static bool logical_match(struct vcpu *v, uint32_t dest)
{
    const struct vlapic *l = lapic_of(v);

    if (x2apic(l)) {
        return l->ldr >> 16 == dest >> 16 && (l->ldr & dest & 0xffff);
    }
    dest &= 0xff;
    if (l->dfr >> 28 == 0xf) {
        return l->ldr >> 24 & dest;
    }
    return l->ldr >> 28 == dest >> 4 && (l->ldr >> 24 & dest & 0xf);
}

static bool is_destination(struct vcpu *from, struct vcpu *to, uint32_t low, uint32_t dest)
{
    switch (low >> 18 & 3) {
    case 1:
        return to == from;
    case 2:
        return true;
    case 3:
        return to != from;
    default:
        break;
    }
    if (dest == (x2apic(lapic_of(from)) ? 0xffffffffu : 0xffu)) {
        return true;
    }
    return low & 0x800 ? logical_match(to, dest) : vlapic_id(to) == dest;
}

static void startup(struct vcpu *v, uint8_t page)
{
    struct vlapic *l = lapic_of(v);

    /*
     * Down means not running and not to be run by anyone else: nobody but the winner of the flag touches it. One that is still on
     * its way off its CPU keeps the flag: kernels send a second startup IPI.
     */
    if (__atomic_load_n(&v->sched.running, __ATOMIC_ACQUIRE) ||
        !__atomic_exchange_n(&l->sipi_wait, false, __ATOMIC_ACQ_REL)) {
        return;
    }
    svm_vcpu_startup(v, page);
    v->put_down = false;
    vcpu_wake(v, VCPU_PAUSE_BLOCKED);
    vcpu_wake(v, VCPU_PAUSE_DOWN);
}

static void init(struct vcpu *v)
{
    /* Only a vCPU that is down takes INIT; Linux sends it before every start. */
    if (read_once(v->sched.pause_flags) & VCPU_PAUSE_DOWN) {
        __atomic_store_n(&lapic_of(v)->sipi_wait, true, __ATOMIC_RELEASE);
    }
}

static void deliver(struct vcpu *to, uint32_t low)
{
    switch (low >> 8 & 7) {
    case 0:
    case 1: /* lowest priority: every match takes it, which the caller narrows to one */
        if ((low & 0xff) >= 16) {
            vlapic_set_irr(to, (uint8_t)low);
            break;
        }
        return;
    case 4:
        __atomic_store_n(&to->arch->nmi_pending, true, __ATOMIC_SEQ_CST);
        break;
    case 5:
        if (low & 0x4000) { /* level assert; the de-assert does nothing */
            init(to);
        }
        return;
    case 6:
        startup(to, (uint8_t)low);
        return;
    default:
        return;
    }
    vcpu_wake(to, VCPU_PAUSE_BLOCKED);
    arch_vcpu_kick(to);
}

static void send_ipi(struct vcpu *v, uint32_t low, uint32_t dest)
{
    struct domain *d = v->domain;

    for (unsigned i = 0; i < d->vcpu_count; i++) {
        if (is_destination(v, d->vcpu[i], low, dest)) {
            deliver(d->vcpu[i], low);
            if ((low >> 8 & 7) == 1) {
                return;
            }
        }
    }
}

/*
 * A message of a device: fixed or lowest priority, edge-triggered, to a physical or logical destination of 8 bits; as an IPI
 * with the same words would go. Source: Intel SDM vol. 3A, 11.11.
 */
void arch_domain_message(struct domain *d, const struct msi_message *message)
{
    uint32_t dest = message->addr >> 12 & 0xff, low = message->data & 0x7ff;
    bool logical = message->addr & 4;

    if (message->addr >> 20 != 0xfee || (low >> 8 & 7) > 1) {
        return;
    }
    for (unsigned i = 0; i < d->vcpu_count; i++) {
        struct vcpu *v = d->vcpu[i];

        if (dest == 0xff || (logical ? logical_match(v, dest) : vlapic_id(v) == dest)) {
            deliver(v, low);
            if ((low >> 8 & 7) == 1) {
                return;
            }
        }
    }
}

/* -- registers --------------------------------------------------------------------------------- */

/* The 32-bit register n of a set of 256 bits. */
static uint32_t word(const uint64_t bits[4], unsigned n)
{
    return (uint32_t)(read_once(bits[n / 2]) >> (n % 2 * 32));
}

static uint32_t timer_current(const struct vlapic *l)
{
    uint64_t passed = (time_now_ns() - l->timer_start_ns) / divider(l);

    if (l->timer_initial && (l->lvt[LVT_TIMER] & LVT_PERIODIC)) {
        passed %= l->timer_initial;
    }
    return l->timer_initial && passed < l->timer_initial ? (uint32_t)(l->timer_initial - passed) : 0;
}

uint32_t vlapic_read(struct vcpu *v, unsigned offset)
{
    const struct vlapic *l = lapic_of(v);

    switch (offset) {
    case 0x20:
        return x2apic(l) ? vlapic_id(v) : vlapic_id(v) << 24;
    case 0x30:
        return VERSION;
    case 0x80:
        return l->tpr;
    case 0xa0:
        return ppr(l);
    case 0xd0:
        return l->ldr;
    case 0xe0:
        return l->dfr;
    case 0xf0:
        return l->svr;
    case 0x100 ... 0x17f:
        return word(l->isr, (offset - 0x100) / 16);
    case 0x200 ... 0x27f:
        return word(l->irr, (offset - 0x200) / 16);
    case 0x280:
        return l->esr;
    case 0x310:
        return l->icr_high;
    case 0x320 ... 0x37f:
        return l->lvt[(offset - 0x320) / 16];
    case 0x380:
        return l->timer_initial;
    case 0x390:
        return timer_current(l);
    case 0x3e0:
        return l->timer_divide;
    default:
        return 0;
    }
}

/* A periodic timer that stopped while it was masked. */
static void timer_go_on(struct vlapic *l)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if ((l->lvt[LVT_TIMER] & (LVT_MASKED | LVT_PERIODIC)) == LVT_PERIODIC && l->timer_initial &&
        !read_once(l->timer.armed)) {
        timer_arm(l, time_now_ns());
    }
}

void vlapic_write(struct vcpu *v, unsigned offset, uint32_t value)
{
    struct vlapic *l = lapic_of(v);

    switch (offset) {
    case 0x80:
        l->tpr = value & 0xff;
        break;
    case 0xb0:
        eoi(v);
        break;
    case 0xd0:
        if (!x2apic(l)) {
            l->ldr = value & 0xff000000;
        }
        break;
    case 0xe0:
        l->dfr = value | 0x0fffffff;
        break;
    case 0xf0:
        l->svr = value & 0x1ff;
        break;
    case 0x280:
        l->esr = 0;
        break;
    case 0x300:
        send_ipi(v, value, l->icr_high >> 24);
        break;
    case 0x310:
        l->icr_high = value & 0xff000000;
        break;
    case 0x320 ... 0x37f:
        l->lvt[(offset - 0x320) / 16] = value & 0x000717ff;
        if (offset == 0x320) {
            timer_go_on(l);
        }
        break;
    case 0x380:
        timer_stop(&l->timer);
        l->timer_initial = value;
        if (value) {
            timer_arm(l, time_now_ns());
        }
        break;
    case 0x3e0:
        l->timer_divide = value & 0xb;
        break;
    default:
        break;
    }
}

static bool x2apic_register(unsigned offset)
{
    return offset == 0x20 || offset == 0x30 || offset == 0x80 || offset == 0xa0 || offset == 0xb0 ||
           offset == 0xd0 || offset == 0xf0 || (offset >= 0x100 && offset < 0x290) ||
           (offset >= 0x320 && offset <= 0x390) || offset == 0x3e0;
}

int vlapic_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    unsigned offset = (msr - 0x800) << 4;

    if (!x2apic(lapic_of(v))) {
        return -EPERM;
    }
    if (offset == 0x300) {
        *value = 0;
        return 0;
    }
    if (!x2apic_register(offset) || offset == 0xb0) {
        return -EPERM;
    }
    *value = vlapic_read(v, offset);
    return 0;
}

int vlapic_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    struct vlapic *l = lapic_of(v);
    unsigned offset = (msr - 0x800) << 4;

    if (!x2apic(l)) {
        return -EPERM;
    }
    if (likely(offset == 0xb0)) {
        eoi(v);
        return 0;
    }
    if (offset == 0x300) {
        send_ipi(v, (uint32_t)value, (uint32_t)(value >> 32));
        return 0;
    }
    if (offset == 0x3f0) { /* self IPI */
        send_ipi(v, 0x40000u | (uint8_t)value, 0);
        return 0;
    }
    if (!x2apic_register(offset) || value >> 32 || offset == 0x20 || offset == 0x30 || offset == 0xd0) {
        return -EPERM;
    }
    vlapic_write(v, offset, (uint32_t)value);
    return 0;
}

int vlapic_set_base(struct vcpu *v, uint64_t value)
{
    struct vlapic *l = lapic_of(v);
    uint64_t modes = BASE_X2APIC | BASE_ENABLED;

    /* The page stays where it is; x2APIC without the APIC, and leaving x2APIC other than by switching off, are #GP. */
    if ((value & ~(modes | BASE_BSP)) != BASE_DEFAULT || (value & modes) == BASE_X2APIC ||
        (x2apic(l) && (value & modes) == BASE_ENABLED)) {
        return -EPERM;
    }
    l->base = value;
    if (x2apic(l)) {
        l->ldr = (vlapic_id(v) >> 4) << 16 | 1u << (vlapic_id(v) & 15);
    }
    return 0;
}
