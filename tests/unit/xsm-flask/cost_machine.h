/* SPDX-License-Identifier: Apache-2.0 */
/*
 * As much of a machine as the hypervisor's own objects need for the way of a call through the dispatcher, in a host
 * program: a CPU at %gs, a domain with one vCPU, a table with one family.
 */
#ifndef COST_MACHINE_H
#define COST_MACHINE_H

#include <stdint.h>

/* Rows of the family: they differ in what they ask, and act does nothing. */
enum cost_row {
    COST_ONE,
    COST_SELF,                   /* one about the caller itself */
    COST_SELF_REFUSED,           /* to guest_t of the example policy */
    COST_FOUR,
    COST_CHOSEN,                 /* one question whose bits decode chooses */
    COST_TWO_LAST_REFUSED,       /* to guest_t of the example policy */
};

/* Where the pointer for %gs has to go. */
void *cost_machine_cpu(void);
/* xsm_init() has been called. */
void cost_machine_start(uint32_t caller_sid);
long cost_machine_call(enum cost_row row);
/* The same without a question. */
long cost_machine_call_unchecked(enum cost_row row);

struct hypercall;
long unchecked_dispatch(struct hypercall *hc);
int cost_machine_self(uint32_t sid, uint32_t *out);

#endif
