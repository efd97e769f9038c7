/* SPDX-License-Identifier: Apache-2.0 */
#include "cost_machine.h"

#include <asm/cpu.h>
#include <flask/env.h>
#include <xen/domain.h>
#include <xen/hypercall_row.h>
#include <xen/softirq.h>
#include <xsm/avc_hit.h>

#include "../../../xen/common/hypercall_table.h"

struct cpu cpus[MAX_CPUS];

static struct domain caller;
static struct vcpu vcpu;
static struct xsm_self self;

static long act(struct call *c)
{
    (void)c;
    return 0;
}

static int choose(struct call *c)
{
    c->chosen = VERSION__XEN_PAGESIZE;
    return 0;
}

#define QUESTION_ABOUT(perm_) Q_OF(CALLER, XEN, 0, false, VERSION, perm_)
static const struct hypercall_row rows[] = {
    [COST_ONE] = ROW(one, 0, 0, NULL, ASK(QUESTION_ABOUT(VERSION__XEN_PAGESIZE)), act),
    [COST_SELF] = ROW(self, 0, 0, NULL, ASK(Q(CALLER, SELF, SCHED_OP, YIELD)), act),
    [COST_SELF_REFUSED] = ROW(self, 0, 0, NULL, ASK(Q(CALLER, SELF, SCHED_OP, PIN_OVERRIDE)), act),
    [COST_FOUR] = ROW(four, 0, 0, NULL,
                      ASK(QUESTION_ABOUT(VERSION__XEN_PAGESIZE), QUESTION_ABOUT(VERSION__XEN_CHANGESET),
                          QUESTION_ABOUT(VERSION__XEN_PAGESIZE), QUESTION_ABOUT(VERSION__XEN_EXTRAVERSION)),
                      act),
    [COST_CHOSEN] = ROW(chosen, 0, 0, choose,
                        ASK(Q_CHOSEN(CALLER, XEN, VERSION, VERSION__XEN_PAGESIZE | VERSION__XEN_CHANGESET)),
                        act),
    [COST_TWO_LAST_REFUSED] = ROW(two, 0, 0, NULL,
                                  ASK(QUESTION_ABOUT(VERSION__XEN_PAGESIZE), QUESTION_ABOUT(VERSION__XEN_COMMANDLINE)),
                                  act),
};
static const struct hypercall_family family = {
    .name = "cost", .rows = rows, .count = ARRAY_SIZE(rows), .kind = FAMILY_CMD, .cmd_mask = 0x3f,
};
const struct hypercall_family *const hypercall_table[HYPERCALL_COUNT] = { [1] = &family };

void *cost_machine_cpu(void)
{
    return &cpus[0];
}

void cost_machine_start(uint32_t caller_sid)
{
    caller.sid = caller_sid;
    caller.id = 1;
    vcpu.domain = &caller;
    cpus[0].self = &cpus[0];
    cpus[0].vcpu = &vcpu;
    cpus[0].avc = xsm_avc_boot;
}

void xsm_env_avc_set(unsigned int cpu, struct xsm_avc *avc)
{
    cpus[cpu].avc = avc;
    cpus[cpu].avc_hits = 0;
}

unsigned int xsm_env_cpu(void)
{
    return 0;
}

uint64_t xsm_env_avc_hits(unsigned int cpu)
{
    return cpus[cpu].avc_hits;
}

long cost_machine_call(enum cost_row row)
{
    struct hypercall hc = { .nr = 1, .arg = { row } };

    return hypercall_dispatch(&hc);
}

long cost_machine_call_unchecked(enum cost_row row)
{
    struct hypercall hc = { .nr = 1, .arg = { row } };

    return unchecked_dispatch(&hc);
}

int cost_machine_self(uint32_t sid, uint32_t *out)
{
    return xsm_self_sid(&self, sid, out);
}
