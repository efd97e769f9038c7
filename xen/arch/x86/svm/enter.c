/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a CPU: softirqs, then the vCPU it has, until the next exit. Between clgi and stgi nothing interrupts; whoever
 * makes something pending for a vCPU first sets it, then looks at in_guest; we first set in_guest, then look.
 */
#include "svm_internal.h"

#include <asm/cpu.h>
#include <asm/lapic.h>
#include <asm/paging.h>
#include <xen/domain.h>
#include <xen/errno.h>
#include <xen/guest_access.h>
#include <xen/sched.h>
#include <xen/softirq.h>

/* The domain's one callback vector, for vCPUs without an upcall vector of their own: level, bypasses the APIC. 0: nothing. */
static uint8_t callback_pending(const struct vcpu *v)
{
    uint8_t vector = read_once(v->domain->arch->callback_vector);
    const struct vcpu_info *info;

    if (likely(!vector || v->arch->upcall_vector)) {
        return 0;
    }
    info = read_once(v->info);
    return info && read_once(info->evtchn_upcall_pending) ? vector : 0;
}

/*
 * External interrupts go in as virtual interrupts: the CPU takes the vector by itself as soon as the guest can, without an exit to
 * open a window, and clears V_IRQ, which take_back() then sees. Exceptions, NMIs and what an exit cut short are injected.
 * @return the control word, to compare with the one after the exit
 */
static uint32_t offer_interrupt(struct vcpu *v, struct arch_vcpu *a, struct vmcb *c)
{
    uint32_t ctl = SVM_INT_CTL_V_MASKING | (a->lapic.tpr >> 4 & 15);
    int vector = callback_pending(v);

    a->offered_callback = vector != 0;
    if (likely(!vector)) {
        vector = vlapic_pending(v);
        if (vector >= 0) {
            vlapic_offer(v, (uint8_t)vector);
        }
    }
    if (vector > 0) {
        ctl |= SVM_INT_CTL_V_IRQ | SVM_INT_CTL_V_IGN_TPR | SVM_INT_CTL_V_PRIO;
        c->int_vector = (uint32_t)vector;
    }
    c->int_ctl = ctl;
    return ctl;
}

static void inject_event(struct arch_vcpu *a, struct vmcb *c)
{
    if (a->reinject) {
        c->event_inject = a->reinject;
        a->reinject = 0;
    } else if (a->exception) {
        c->event_inject = a->exception;
        a->exception = 0;
    } else if (a->nmi_pending && !(c->int_shadow & 1)) {
        a->nmi_pending = false;
        c->event_inject = SVM_EVENT_VALID | SVM_EVENT_NMI | 2;
    }
}

/* After an exit: did the guest take the interrupt that was offered, did it write CR8? */
static void take_back(struct vcpu *v, struct arch_vcpu *a, const struct vmcb *c, uint32_t offered)
{
    uint32_t changed = offered ^ c->int_ctl;

    if (likely(!(offered & SVM_INT_CTL_V_IRQ) && !(changed & 15))) {
        return;
    }
    if (changed & 15) {
        a->lapic.tpr = (c->int_ctl & 15) << 4;
    }
    if ((offered & SVM_INT_CTL_V_IRQ) && !a->offered_callback) {
        if (changed & SVM_INT_CTL_V_IRQ) {
            vlapic_accept(v, (uint8_t)c->int_vector);
        } else {
            vlapic_set_irr(v, (uint8_t)c->int_vector); /* not taken: pending as before */
        }
    }
}

static void choose_asid(struct cpu *cpu, struct vcpu *v, struct arch_vcpu *a, struct vmcb *c)
{
    uint64_t flushes = __atomic_load_n(&v->domain->arch->flush_count, __ATOMIC_ACQUIRE);

    c->tlb_control = 0;
    if (likely(a->asid_cpu == cpu->id && a->asid_generation == cpu->asid_generation &&
               a->flush_seq == flushes)) {
        return;
    }
    if (++cpu->asid_next >= svm_asid_count) {
        cpu->asid_generation++;
        cpu->asid_next = 1;
        c->tlb_control = 1;
    }
    c->asid = cpu->asid_next;
    a->asid_cpu = cpu->id;
    a->asid_generation = cpu->asid_generation;
    a->flush_seq = flushes;
}

static void write_runstate(struct vcpu *v)
{
    struct vmcb *c = v->arch->vmcb;
    uint64_t rflags = c->rflags;
    uint8_t cpl = c->cpl;
    struct vcpu_runstate_info copy;

    v->arch->runstate_dirty = false;
    spin_lock(&v->runstate_lock);
    copy = v->runstate;
    spin_unlock(&v->runstate_lock);
    /* As its kernel would write it, whatever it was doing; a guest that unmapped its area gets no update. */
    c->cpl = 0;
    c->rflags |= 0x40000; /* AC */
    (void)!copy_to_guest(v->runstate_area, &copy, sizeof(copy));
    c->cpl = cpl;
    c->rflags = rflags;
}

void svm_enter(struct vcpu *v)
{
    struct cpu *cpu = this_cpu();
    struct arch_vcpu *a = v->arch;
    struct vmcb *c = a->vmcb;
    uint32_t offered;

    if (unlikely(a->runstate_dirty) && v->runstate_area) {
        write_runstate(v);
    }
    lock_check_none();
    __asm__ volatile("clgi" ::: "memory");
    if (unlikely(read_once(cpu->softirqs))) {
        __asm__ volatile("stgi" ::: "memory");
        return;
    }
    write_once(cpu->entries, cpu->entries + 1);
    __atomic_store_n(&cpu->in_guest, true, __ATOMIC_SEQ_CST);
    if (unlikely(a->reinject | a->exception | a->nmi_pending)) {
        inject_event(a, c);
    }
    offered = offer_interrupt(v, a, c);
    choose_asid(cpu, v, a, c);
    svm_run(&a->regs, a->vmcb_pa, cpu->vmcb_host);
    __atomic_store_n(&cpu->in_guest, false, __ATOMIC_RELEASE);
    c->event_inject = 0;
    take_back(v, a, c, offered);
    a->exit_count++;
    __asm__ volatile("stgi" ::: "memory");
    svm_handle_exit(v);
}

static void idle(struct cpu *cpu)
{
    irq_disable();
    if (!read_once(cpu->softirqs)) {
        __asm__ volatile("sti; hlt" ::: "memory");
    } else {
        irq_enable();
    }
}

void cpu_run_on_own_stack(void)
{
    /* The boot CPU leaves the boot stack, which has no guard page. */
    __asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call cpu_run" ::"r"(paging_map_stack(0, 0)));
    __builtin_unreachable();
}

void cpu_run(void)
{
    struct cpu *cpu = this_cpu();

    irq_enable();
    for (;;) {
        if (read_once(cpu->softirqs)) {
            softirq_run();
        }
        if (likely(cpu->vcpu != NULL)) {
            svm_enter(cpu->vcpu);
        } else {
            idle(cpu);
        }
    }
}

void arch_vcpu_kick(struct vcpu *v)
{
    struct cpu *c = &cpus[read_once(v->sched.cpu)];

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (c->id != cpu_id() && read_once(c->vcpu) == v && read_once(c->in_guest)) {
        lapic_ipi(c->apic_id, VECTOR_IPI);
    }
}

void arch_p2m_flush(struct domain *d)
{
    uint32_t wanted[MAX_CPUS], entries[MAX_CPUS];
    uint64_t waiting = 0;

    __atomic_fetch_add(&d->arch->flush_count, 1, __ATOMIC_SEQ_CST);
    for (unsigned i = 0; i < cpu_count; i++) {
        struct vcpu *running = read_once(cpus[i].vcpu);

        entries[i] = read_once(cpus[i].entries);
        if (i == cpu_id() || !read_once(cpus[i].in_guest) || !running || running->domain != d) {
            continue;
        }
        wanted[i] = __atomic_add_fetch(&cpus[i].flush_wanted, 1, __ATOMIC_SEQ_CST);
        lapic_ipi(cpus[i].apic_id, VECTOR_IPI);
        waiting |= 1ull << i;
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        /* Out of the guest, or in again: every entry from now on sees the new count. */
        while (waiting >> i & 1 && read_once(cpus[i].in_guest) && read_once(cpus[i].entries) == entries[i] &&
               (int32_t)(__atomic_load_n(&cpus[i].flush_seen, __ATOMIC_ACQUIRE) - wanted[i]) < 0) {
            cpu_relax();
        }
    }
}

static void save_debug(struct arch_vcpu *a)
{
    __asm__ volatile("mov %%db0, %0" : "=r"(a->dr[0]));
    __asm__ volatile("mov %%db1, %0" : "=r"(a->dr[1]));
    __asm__ volatile("mov %%db2, %0" : "=r"(a->dr[2]));
    __asm__ volatile("mov %%db3, %0" : "=r"(a->dr[3]));
    a->dr_live = false;
    a->vmcb->dr_read = a->vmcb->dr_write = 0xffff;
}

void svm_load_debug(struct arch_vcpu *a)
{
    __asm__ volatile("mov %0, %%db0" ::"r"(a->dr[0]));
    __asm__ volatile("mov %0, %%db1" ::"r"(a->dr[1]));
    __asm__ volatile("mov %0, %%db2" ::"r"(a->dr[2]));
    __asm__ volatile("mov %0, %%db3" ::"r"(a->dr[3]));
    a->dr_live = true;
    a->vmcb->dr_read = a->vmcb->dr_write = 0;
}

/*
 * Older AMD CPUs save and restore the x87 instruction and data pointers only while an exception is pending, so that the
 * next domain could read the last one's: a load of our own first, with every register empty, replaces them.
 */
static void load_fpu(const void *fpu)
{
    static const uint32_t zero;

    __asm__ volatile("fninit; fildl %0" ::"m"(zero) : "memory");
    __asm__ volatile("fxrstor64 (%0)" ::"r"(fpu) : "memory");
}

static uint32_t read_pkru(void)
{
    uint32_t v;

    __asm__ volatile("rdpkru" : "=a"(v) : "c"(0) : "edx");
    return v;
}

void arch_context_switch(struct vcpu *prev, struct vcpu *next)
{
    struct cpu *cpu = this_cpu();

    if (prev) {
        __asm__ volatile("fxsave64 (%0)" ::"r"(prev->arch->fpu) : "memory");
        if (cpu_has_pku) {
            prev->arch->pkru = read_pkru();
        }
        if (prev->arch->dr_live) {
            save_debug(prev->arch);
        }
    }
    if (next) {
        /* What one domain taught the branch predictor must not steer the next. */
        if (cpu_has_ibpb && cpu->domain_before != next->domain) {
            wrmsr(MSR_PRED_CMD, PRED_CMD_IBPB);
        }
        cpu->domain_before = next->domain;
        if (cpu->fpu_owner != next || next->arch->fpu_cpu != cpu->id) { /* else its registers are still in place */
            load_fpu(next->arch->fpu);
            cpu->fpu_owner = next;
            next->arch->fpu_cpu = cpu->id;
        }
        if (next->arch->vmcb->dr7 & 0xff) {
            svm_load_debug(next->arch); /* its breakpoints are on: they are not to be another vCPU's addresses */
        }
        if (cpu_has_pku) {
            __asm__ volatile("wrpkru" ::"a"(next->arch->pkru), "c"(0), "d"(0));
        }
        if (cpu_has_rdtscp) {
            wrmsr(MSR_TSC_AUX, next->arch->tsc_aux);
        }
        next->arch->runstate_dirty = true;
    }
}

void arch_vcpu_raise_upcall(struct vcpu *v)
{
    if (v->arch->upcall_vector) {
        vlapic_set_irr(v, v->arch->upcall_vector);
    }
}

bool arch_vcpu_can_take_event(struct vcpu *v)
{
    return v->arch->exception || v->arch->nmi_pending || callback_pending(v) || vlapic_pending(v) >= 0;
}

int arch_vcpu_set_upcall_vector(struct vcpu *v, uint8_t vector)
{
    struct vcpu_info *info = read_once(v->info);

    if (vector < 0x10) {
        return -EINVAL;
    }
    v->arch->upcall_vector = vector;
    if (info && read_once(info->evtchn_upcall_pending)) {
        vcpu_events_raise(v);
    }
    return 0;
}

int arch_domain_set_callback(struct domain *d, uint64_t via)
{
    /* Type 2 in the top byte: a vector for every vCPU. The others (GSI, PCI INTx) need an interrupt controller
     * that PVH domains do not have; Linux writes 1 as a mark, which is kept as a parameter and delivers nothing. */
    d->arch->callback_vector = via >> 56 == 2 && (uint8_t)via >= 0x10 ? (uint8_t)via : 0;
    return 0;
}
