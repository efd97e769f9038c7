/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt of a device comes in with interrupts off, where no lock is taken: it is noted in a bit of its CPU, and delivered
 * by a softirq before that CPU enters a guest again.
 */
#include <xen/device_irq.h>

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/lib.h>
#include <xen/mm.h>
#include <xen/softirq.h>
#include <xen/time.h>

#define VECTORS (VECTOR_DEVICE_LAST - VECTOR_DEVICE_FIRST + 1)
#define WORDS DIV_ROUND_UP(VECTORS, 64)

struct cpu_irqs {
    uint64_t pending[WORDS];           /* atomic: set by interrupts, taken by the softirq */
    struct device_irq *owner[VECTORS]; /* lock held */
};
static struct cpu_irqs *irqs[MAX_CPUS]; /* owned, for good; made when the CPU gets its first one. Lock held, but by its own CPU */
static spinlock_t lock = SPINLOCK_INIT(LOCK_DEVICE_IRQ); /* the IOMMU's and the scheduler's locks are taken within it */

void device_irq_arrived(uint8_t vector)
{
    struct cpu_irqs *c = read_once(irqs[cpu_id()]);
    unsigned n = vector - VECTOR_DEVICE_FIRST;

    if (c != NULL) {
        __atomic_fetch_or(&c->pending[n / 64], 1ull << (n % 64), __ATOMIC_RELAXED);
        softirq_raise(SOFTIRQ_DEVICE);
    }
}

static bool over(struct irq_budget *b, uint64_t now, unsigned limit)
{
    if (now - b->window_ns >= NS_PER_MS) {
        *b = (struct irq_budget){ .window_ns = now };
    }
    return ++b->count > limit;
}

/* Lock held. @return is this one too many? */
static bool over_budget(struct device_irq *irq)
{
    uint64_t now = time_now_ns();
    bool too_many = over(&irq->budget, now, DEVICE_IRQ_PER_MS);

    return over(&irq->d->device_irq_budget, now, DEVICE_IRQ_PER_MS_ALL) || too_many;
}

static const struct iommu_ops *ops_of(const struct device_irq *irq)
{
    return irq->d->p2m.iommu->ops;
}

static int route(struct device_irq *irq, struct msi_message *host)
{
    if (irq->is_line) {
        return ioapic_route_gsi(irq->gsi, irq->vector, cpus[irq->cpu].apic_id);
    }
    return ops_of(irq)->irq_route(irq->d->p2m.iommu, irq->device, irq->index, irq->vector, cpus[irq->cpu].apic_id, host);
}

static void refuse(struct device_irq *irq)
{
    if (irq->is_line) {
        ioapic_close_gsi(irq->gsi);
    } else {
        ops_of(irq)->irq_refuse(irq->d->p2m.iommu, irq->device, irq->index);
    }
}

static void deliver(struct device_irq *irq)
{
    if (irq->held) {
        return; /* it was on its way when it was refused */
    }
    if (over_budget(irq)) {
        irq->held = true;
        refuse(irq);
        timer_set(&irq->timer, max(irq->budget.window_ns, irq->d->device_irq_budget.window_ns) + NS_PER_MS);
        return;
    }
    arch_domain_message(irq->d, &irq->guest);
}

/* Those that were refused count as one. */
static void release(void *arg)
{
    struct device_irq *irq = arg;
    struct msi_message host;

    spin_lock(&lock);
    if (irq->d != NULL && irq->held) {
        irq->held = false;
        (void)!route(irq, &host); /* it was routed before: there is nothing that could fail */
        arch_domain_message(irq->d, &irq->guest);
    }
    spin_unlock(&lock);
}

static void deliver_pending(void)
{
    struct cpu_irqs *c = irqs[cpu_id()];

    spin_lock(&lock);
    for (unsigned w = 0; w < WORDS; w++) {
        uint64_t bits = __atomic_exchange_n(&c->pending[w], 0, __ATOMIC_RELAXED);

        for (; bits != 0; bits &= bits - 1) {
            struct device_irq *irq = c->owner[w * 64 + (unsigned)__builtin_ctzll(bits)];

            if (irq != NULL) {
                deliver(irq);
            }
        }
    }
    spin_unlock(&lock);
}

/* Lock held. Take a free vector of irq's CPU. @return 0; -ENOSPC; -ENOMEM */
static int take_vector_here(struct device_irq *irq)
{
    struct cpu_irqs *c = irqs[irq->cpu];

    if (c == NULL) {
        c = xzalloc(struct cpu_irqs);
        if (c == NULL) {
            return -ENOMEM;
        }
        __atomic_store_n(&irqs[irq->cpu], c, __ATOMIC_RELEASE);
    }
    for (unsigned n = 0; n < VECTORS; n++) {
        if (c->owner[n] == NULL) {
            /* What came for the last owner, after it had gone, is not for this one. */
            __atomic_fetch_and(&c->pending[n / 64], ~(1ull << (n % 64)), __ATOMIC_RELAXED);
            c->owner[n] = irq;
            irq->vector = (uint8_t)(VECTOR_DEVICE_FIRST + n);
            return 0;
        }
    }
    return -ENOSPC;
}

/* Where d's first vCPU is, or anywhere: a domain that has taken all there does not keep others from theirs. */
static int take_vector(struct device_irq *irq, unsigned first)
{
    int ret = -ENOSPC;

    for (unsigned i = 0; ret == -ENOSPC && i < cpu_count; i++) {
        irq->cpu = (first + i) % cpu_count;
        ret = take_vector_here(irq);
    }
    return ret;
}

static void give_back(struct device_irq *irq)
{
    unsigned n = irq->vector - VECTOR_DEVICE_FIRST;

    irqs[irq->cpu]->owner[n] = NULL;
    irq->d->device_irq_count--;
    irq->d = NULL;
}

/* Lock held; the rest of irq says what it is. */
static int bind(struct device_irq *irq, struct domain *d, struct msi_message *host)
{
    int ret;

    timer_init(&irq->timer, release, irq);
    ret = d->device_irq_count < DEVICE_IRQS_PER_DOMAIN ? take_vector(irq, read_once(d->vcpu[0]->sched.cpu)) : -ENOSPC;
    if (ret == 0) {
        irq->d = d;
        d->device_irq_count++;
        ret = route(irq, host);
        if (ret != 0) {
            give_back(irq);
        }
    }
    return ret;
}

int device_irq_bind(struct device_irq *irq, struct domain *d, uint16_t device, unsigned index, struct msi_message guest,
                    struct msi_message *host)
{
    int ret;

    ASSERT(irq->d == NULL);
    spin_lock(&lock);
    *irq = (struct device_irq){ .device = device, .index = index, .guest = guest };
    ret = bind(irq, d, host);
    spin_unlock(&lock);
    return ret;
}

int device_irq_bind_line(struct device_irq *irq, struct domain *d, uint16_t device, uint32_t gsi, struct msi_message guest)
{
    struct msi_message none;
    int ret;

    ASSERT(irq->d == NULL);
    spin_lock(&lock);
    *irq = (struct device_irq){ .device = device, .is_line = true, .gsi = gsi, .guest = guest };
    ret = ioapic_gsi_is_free(gsi);
    ret = ret != 0 ? ret : bind(irq, d, &none);
    spin_unlock(&lock);
    return ret;
}

void device_irq_again(struct device_irq *irq)
{
    spin_lock(&lock);
    if (!irq->held) {
        arch_domain_message(irq->d, &irq->guest);
    }
    spin_unlock(&lock);
}

void device_irq_change(struct device_irq *irq, struct msi_message guest)
{
    spin_lock(&lock);
    irq->guest = guest;
    spin_unlock(&lock);
}

void device_irq_unbind(struct device_irq *irq)
{
    if (irq->d == NULL) {
        return;
    }
    spin_lock(&lock);
    refuse(irq);
    give_back(irq);
    spin_unlock(&lock);
    timer_kill(&irq->timer);
}

void device_irq_init(void)
{
    softirq_register(SOFTIRQ_DEVICE, deliver_pending);
}
