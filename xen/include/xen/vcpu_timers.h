/* SPDX-License-Identifier: Apache-2.0 */
/* The timers every vCPU has: one-shot and periodic VIRQ_TIMER, the end of SCHEDOP_poll, events that came too fast. */
#ifndef XEN_VCPU_TIMERS_H
#define XEN_VCPU_TIMERS_H

struct vcpu;

void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_kill(struct vcpu *v);
/** No VIRQ_TIMER is to come; both may be set again. v does not run. */
void vcpu_timers_stop(struct vcpu *v);

#endif
