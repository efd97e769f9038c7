/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that holds one permission, for each permission there is: it takes label after label, each of which may do one
 * thing to everything, and issues every hypercall and sub-operation that the public headers name.
 *
 * Source: tests/mediation/one-permission (labels and policy), the hypercall table (which questions a call puts), args.h (the
 * arguments). A correct hypervisor does what the one permission alone lets be done, and refuses the rest. A broken one
 * asks about another permission or object than its table says, or leaves a question out.
 *
 * The labels with which something is taken away come last; once they begin, another call may also fail for what is missing.
 * At the end the domain sleeps, and ends itself, with just the permission to do so.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <stdlib.h>
#include <string.h>

#include <xsm/av_permissions.h>

#include "../mediation/args.h"
#include "../mediation/calls.h"

#define PARTS 4
#define LAST_WITH_EFFECT 13 /* what comes after ends the domain or stops it */

/* What the table says that a call asks. */
struct question {
    unsigned int tclass, perm, flags;
};
#define OPTIONAL 1
#define CHOSEN 2

static const struct row {
    unsigned int nr, op;
    struct question ask[5];
} rows[] = {
#define ROW(nr, op, ...) { nr, op, { __VA_ARGS__ } },
#include <mediation_questions.h>
#undef ROW
};

static const struct type {
    unsigned int tclass, bit;
    const char *label;
    unsigned int last; /* not 0: it has an effect, and comes after all that have none */
} types[] = {
#define TYPE(tclass, bit, label, last) { tclass, bit, label, last },
#include <mediation_types.h>
#undef TYPE
};

/* Calls that choose among permissions, and which one their arguments here choose. */
static const struct {
    unsigned int nr, op, tclass, perm;
} chosen[] = {
    { __HYPERVISOR_hvm_op, HVMOP_set_param, SECCLASS_HVM_PARAM_SET, HVM_PARAM_SET__VM86_TSS },
    { __HYPERVISOR_hvm_op, HVMOP_get_param, SECCLASS_HVM_PARAM_GET, HVM_PARAM_GET__VM86_TSS },
    { __HYPERVISOR_hvm_op, HVMOP_altp2m, SECCLASS_ALTP2M_OP, ALTP2M_OP__SET_DOMAIN_STATE },
    { __HYPERVISOR_dm_op, 0, SECCLASS_DM_OP, DM_OP__INJECT_EVENT },
    { __HYPERVISOR_sysctl, XEN_SYSCTL_readconsole, SECCLASS_SYSCTL, SYSCTL__READCONSOLE },
    { __HYPERVISOR_sysctl, XEN_SYSCTL_cpu_hotplug, SECCLASS_SYSCTL, SYSCTL__CPU_ONLINE },
    { __HYPERVISOR_sysctl, XEN_SYSCTL_page_offline_op, SECCLASS_SYSCTL, SYSCTL__PAGE_OFFLINE },
    { __HYPERVISOR_sysctl, XEN_SYSCTL_scheduler_op, SECCLASS_SYSCTL, SYSCTL__SCHEDULER_PUT },
    { __HYPERVISOR_domctl, XEN_DOMCTL_shadow_op, SECCLASS_DOMCTL, DOMCTL__SHADOW_DISABLE },
    { __HYPERVISOR_domctl, XEN_DOMCTL_scheduler_op, SECCLASS_DOMCTL, DOMCTL__SCHEDULER_PUT },
    { __HYPERVISOR_domctl, XEN_DOMCTL_irq_permission, SECCLASS_DOMCTL, DOMCTL__IRQ_PERMISSION_REMOVE },
    { __HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, SECCLASS_FLASK_OP, FLASK_OP__COMMITBOOLS },
};

static uint32_t sids[ARRAY_SIZE(types)];

static uint32_t sid_of(const char *label)
{
    struct xen_flask_op op = {
        .cmd = FLASK_CONTEXT_TO_SID, .interface_version = XEN_FLASK_INTERFACE_VERSION,
    };

    op.u.sid_context.size = (uint32_t)strlen(label);
    set_xen_guest_handle(op.u.sid_context.context, (char *)(uintptr_t)label);
    return hc_xsm_op(&op) == 0 ? op.u.sid_context.sid : 0;
}

static bool relabel(uint32_t sid)
{
    struct bulkhead_policy_change a = {
        .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_report, .domid = 0, .sid = sid,
    };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, (unsigned long)&a, 0, 0, 0) == 0;
}

/* -- what may be expected ---------------------------------------------------------------------------- */

static const struct row *row_of(unsigned int nr, unsigned int op)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
        if (rows[i].nr == nr && rows[i].op == op) {
            return &rows[i];
        }
    }
    return NULL;
}

enum verdict { REFUSED, EITHER, DONE };

/* With this permission alone: a call that asks for it and nothing else is done; one that asks for more, maybe not. */
static enum verdict expected(const struct row *row, const struct type *t)
{
    unsigned int perm = 1u << t->bit;

    for (unsigned int i = 0; i < ARRAY_SIZE(chosen); i++) {
        if (chosen[i].nr == row->nr && chosen[i].op == row->op) {
            return chosen[i].tclass == t->tclass && chosen[i].perm == perm ? DONE : REFUSED;
        }
    }
    for (const struct question *q = row->ask; q->tclass != 0; q++) {
        if (q->tclass == t->tclass && (q->perm & perm) != 0) {
            return row->ask[1].tclass == 0 && q->perm == perm && (q->flags & (CHOSEN | OPTIONAL)) == 0 ? DONE : EITHER;
        }
    }
    return REFUSED;
}

static bool is_refused(long rc, const int16_t *status)
{
    return rc == -XEN_EACCES || (rc == 0 && status != NULL && *status == GNTST_permission_denied);
}

static bool has_failed(long rc, const int16_t *status)
{
    return rc < 0 || (rc == 0 && status != NULL && *status < 0);
}

static unsigned int wrong, done, refused, held;

static void every_call(const struct type *t, bool disturbed)
{
    unsigned int mine = done;

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
        const struct row *row = row_of(calls[i].nr, calls[i].op);
        unsigned long args[5];
        enum verdict want;
        int16_t *status;
        bool no, right;
        long rc;

        if (row == NULL) {
            continue; /* a number of the old HVM operations, without a row */
        }
        want = expected(row, t);
        status = prepare(calls[i].nr, calls[i].op, args);
        rc = hypercall_raw(calls[i].nr, args[0], args[1], args[2], args[3], args[4]);
        no = is_refused(rc, status);
        right = want == EITHER || (want == DONE ? !no : no || (disturbed && has_failed(rc, status)));
        refused += no;
        done += want == DONE;
        if (!right) {
            wrong++;
            if (wrong < 20) { /* told under the usual label: console_io is a permission too */
                if (relabel(stage.usual_sid)) {
                    tap_note("%s: %s, operation %u: %ld, status %d", t->label, calls[i].name, calls[i].op, rc,
                             status != NULL ? *status : 0);
                }
                if (!relabel(sids[t - types])) {
                    return;
                }
            }
        }
    }
    held += done != mine;
}

static unsigned int part;

/* Labels of this part whose `last` is in the range, in order. @return false: one could not be taken */
static bool take_each(unsigned int first, unsigned int end, unsigned int *count)
{
    for (unsigned int last = first; last <= end; last++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
            if (types[i].last != last || (last == 0 && i % PARTS != part)) {
                continue;
            }
            if (!relabel(sids[i])) {
                return false;
            }
            every_call(&types[i], last > 1);
            (*count)++;
        }
    }
    return true;
}

static const struct type *type_of(unsigned int tclass, unsigned int perm)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
        if (types[i].tclass == tclass && 1u << types[i].bit == perm) {
            return &types[i];
        }
    }
    return NULL;
}

static bool take(unsigned int tclass, unsigned int perm)
{
    return relabel(sids[type_of(tclass, perm) - types]);
}

/* One vCPU that goes down, or a domain that shuts itself down in two ways. */
static void end_with_one_permission(void)
{
    struct sched_remote_shutdown remote = { .domain_id = 0, .reason = SHUTDOWN_poweroff };
    struct sched_shutdown own = { .reason = SHUTDOWN_poweroff };

    switch (part) {
    case 0:
        (void)take(SECCLASS_SCHED_OP, SCHED_OP__SHUTDOWN);
        hc_sched_op(SCHEDOP_shutdown, &own);
        break;
    case 1:
        (void)take(SECCLASS_VCPU_OP, VCPU_OP__DOWN);
        hc_vcpu_op(VCPUOP_down, 0, NULL);
        break;
    default:
        (void)take(SECCLASS_SCHED_OP, SCHED_OP__REMOTE_SHUTDOWN);
        hc_sched_op(SCHEDOP_remote_shutdown, &remote);
        break;
    }
    for (;;) { /* still there: the run ends by its limit, and fails */
    }
}

void stub_main(void)
{
    unsigned int known = 0, count = 0;
    bool all;
    char text[8];

    part = start_cmdline_get("part", text, sizeof(text)) ? (unsigned int)strtoul(text, NULL, 10) : 0;
    tap_plan(6);
    stage.victim = page_alloc(1);
    stage.victim_gfn = virt_to_gfn(stage.victim);
    stage.window = window_alloc(1);
    stage.usual_sid = sid_of("system_u:system_r:dom0_t");
    for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
        sids[i] = sid_of(types[i].label);
        known += sids[i] != 0;
    }
    tap_is(known, ARRAY_SIZE(types), "every label is known");
    tap_ok(evtchn_alloc_unbound(DOMID_SELF, &stage.unbound) == 0 && evtchn_bind_ipi(0, &stage.ipi) == 0 &&
           grant_give(domain_self(), stage.victim_gfn, false, &stage.ref) == 0 &&
           grant_map(domain_self(), stage.ref, true, &stage.mapped) == 0, "ports and a mapping");

    all = take_each(0, 0, &count);
    all = relabel(stage.usual_sid) && all;
    tap_ok(all && wrong == 0, "%u labels of one permission: %u with which something can be done, %u calls done, %u refused",
           count, held, done, refused);
    (void)event_poll(); /* what was sent before is no wake-up */
    hc_set_timer_op(time_now_ns() + 500 * NS_PER_MS);
    all = take(SECCLASS_SCHED_OP, SCHED_OP__BLOCK) && hc_sched_op(SCHEDOP_block, NULL) == 0;
    all = relabel(stage.usual_sid) && all;
    tap_ok(all, "it sleeps with the permission to sleep, and wakes");
    count = 0;
    wrong = 0;
    all = take_each(1, LAST_WITH_EFFECT, &count);
    all = relabel(stage.usual_sid) && all;
    tap_ok(all && wrong == 0, "%u labels with which something goes away", count);
    tap_ok(true, "and now it ends itself");
    end_with_one_permission();
}
