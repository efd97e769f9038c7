/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SVM_INTERNAL_H
#define SVM_INTERNAL_H

#include <asm/hvm.h>

extern uint8_t *svm_msrpm, *svm_iopm;
extern unsigned svm_asid_count;

void svm_run(struct guest_regs *regs, paddr_t vmcb, paddr_t host);
/** What made the guest stop; called with interrupts on, v current. */
void svm_handle_exit(struct vcpu *v);
/** Enter v until its next exit; called with interrupts on and no softirq pending a moment ago. */
void svm_enter(struct vcpu *v);

/** Put v's DR0-3 into the CPU until it is switched away. */
void svm_load_debug(struct arch_vcpu *a);

#endif
