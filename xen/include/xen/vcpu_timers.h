/* SPDX-License-Identifier: Apache-2.0 */
/* The timers every vCPU has: one-shot and periodic VIRQ_TIMER, the end of SCHEDOP_poll, events that came too fast, the TPM. */
#ifndef XEN_VCPU_TIMERS_H
#define XEN_VCPU_TIMERS_H

struct vcpu;

void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_kill(struct vcpu *v);
/** No VIRQ_TIMER is to come; both may be set again. v does not run. */
void vcpu_timers_stop(struct vcpu *v);

/**
 * measure_turn() for a hypercall of the current vCPU, which alone waits.
 * @return 0 the turn is the caller's until measure_turn_end(); -ERESTART for the row to return: the vCPU sleeps, and reissues the
 *         call when the turn has come. Nothing is held for it meanwhile.
 */
int vcpu_measure_turn(struct vcpu *v) __attribute__((warn_unused_result));

#endif
