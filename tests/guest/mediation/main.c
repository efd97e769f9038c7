/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that may do nothing issues every hypercall and every sub-operation that the public headers name, by itself and
 * inside a multicall, with arguments that would do something.
 *
 * Source: tests/mediation/deny.cil (the policy), tests/mediation/list-ops (the list). The kernel sets itself up with ordinary
 * rights, then takes the label denied_t, which may put calls into a multicall and nothing else. A correct hypervisor refuses
 * each call, or has no such number, and nothing that the domain can see changes. A broken one has a call that nobody asks
 * about, or does part of the work before it asks.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

#include "args.h"
#include "calls.h"

/* -- what can be seen ------------------------------------------------------------------------------- */

static struct {
    xen_ulong_t pending[64], mask[64];
    struct grant_entry_v1 entries[64];
} seen;

static void look(void)
{
    memcpy(seen.pending, (void *)shared_info()->evtchn_pending, sizeof(seen.pending));
    memcpy(seen.mask, (void *)shared_info()->evtchn_mask, sizeof(seen.mask));
    memcpy(seen.entries, grant_entry(0), sizeof(seen.entries));
}

static bool unchanged(void)
{
    bool same = memcmp(seen.pending, (void *)shared_info()->evtchn_pending, sizeof(seen.pending)) == 0 &&
                memcmp(seen.mask, (void *)shared_info()->evtchn_mask, sizeof(seen.mask)) == 0 &&
                memcmp(seen.entries, grant_entry(0), sizeof(seen.entries)) == 0;

    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        same = same && stage.victim[i] == (uint8_t)(i * 3);
    }
    return same;
}

/* Numbers that only questions give, before and after the domain had no right to ask them. */
static uint64_t fingerprint(void)
{
    static const unsigned int numbers[] = {
        XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
    };
    struct xen_memory_domain m = { .domid = DOMID_SELF };
    struct gnttab_query_size q = { .dom = DOMID_SELF };
    uint64_t sum = 14695981039346656037ul, value;
    struct evtchn_status s;

#define MIX(x) (sum = (sum ^ (uint64_t)(x)) * 1099511628211ul)
    for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
        MIX(hc_memory_op(numbers[i], &m));
    }
    for (uint32_t i = 0; i < HVM_NR_PARAMS; i++) {
        value = 0;
        MIX(hvm_param_get(i, &value));
        MIX(value);
    }
    for (evtchn_port_t p = 1; p < 128; p++) {
        MIX(evtchn_status(DOMID_SELF, p, &s));
        MIX(s.status);
        MIX(s.vcpu);
        MIX(s.u.interdomain.port);
    }
    MIX(hc_grant_table_op(GNTTABOP_query_size, &q, 1));
    MIX(q.nr_frames);
    return sum;
}

/* -- the calls ---------------------------------------------------------------------------------------- */

/* A refusal; or a number that the hypervisor does not have. */
static bool acceptable(long rc, const int16_t *status, unsigned int nr)
{
    if (rc == 0 && status != NULL) {
        return *status == GNTST_permission_denied;
    }
    return rc == -XEN_EACCES || (nr > __HYPERVISOR_bulkhead_op && rc == -XEN_ENOSYS);
}

static void every_call(bool wrapped)
{
    unsigned int wrong = 0, changed = 0, refused = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
        unsigned long args[5];
        int16_t *status;
        long rc;

        if (calls[i].nr == __HYPERVISOR_multicall) {
            continue;
        }
        look();
        status = prepare(calls[i].nr, calls[i].op, args);
        if (wrapped) {
            struct multicall_entry entry = { .op = calls[i].nr };

            memcpy(entry.args, args, sizeof(args));
            rc = hc_multicall(&entry, 1);
            rc = rc != 0 ? rc : (long)entry.result;
        } else {
            rc = hypercall_raw(calls[i].nr, args[0], args[1], args[2], args[3], args[4]);
        }
        changed += !unchanged();
        if (!unchanged()) {
            tap_note("%s changed something", calls[i].name);
        }
        if (!acceptable(rc, status, calls[i].nr)) {
            tap_note("%s, number %u, operation %u: %ld, status %d", calls[i].name, calls[i].nr, calls[i].op, rc,
                     status != NULL ? *status : 0);
            wrong++;
        }
        refused += rc == -XEN_EACCES || (rc == 0 && status != NULL);
    }
    tap_is(wrong, 0, "%s%u of %u calls refused", wrapped ? "in a multicall: " : "", refused,
           (unsigned int)ARRAY_SIZE(calls) - 1);
    tap_is(changed, 0, "nothing has changed");
}

static uint32_t sid_of(char *label)
{
    struct xen_flask_op op = {
        .cmd = FLASK_CONTEXT_TO_SID, .interface_version = XEN_FLASK_INTERFACE_VERSION,
    };

    op.u.sid_context.size = (uint32_t)strlen(label);
    set_xen_guest_handle(op.u.sid_context.context, label);
    return hc_xsm_op(&op) == 0 ? op.u.sid_context.sid : 0;
}

/* What the domain holds stays: it is to be seen at the end whether a call has touched it. */
static long relabel(uint32_t sid)
{
    struct bulkhead_policy_change a = {
        .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_report, .domid = 0, .sid = sid,
    };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, (unsigned long)&a, 0, 0, 0);
}

void stub_main(void)
{
    static char denied[] = "system_u:system_r:denied_t", usual[] = "system_u:system_r:dom0_t";
    uint64_t before;
    uint32_t denied_sid;
    struct xen_memory_domain m = { .domid = DOMID_SELF };

    tap_plan(12);
    stage.victim = page_alloc(1);
    stage.victim_gfn = virt_to_gfn(stage.victim);
    stage.window = window_alloc(1);
    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        stage.victim[i] = (uint8_t)(i * 3);
    }
    denied_sid = sid_of(denied);
    stage.usual_sid = sid_of(usual);
    tap_ok(denied_sid != 0 && stage.usual_sid != 0, "both labels are known");
    tap_ok(evtchn_alloc_unbound(DOMID_SELF, &stage.unbound) == 0 && evtchn_bind_ipi(0, &stage.ipi) == 0 &&
           grant_give(domain_self(), stage.victim_gfn, false, &stage.ref) == 0 &&
           grant_map(domain_self(), stage.ref, true, &stage.mapped) == 0, "ports and a mapping to be refused");
    before = fingerprint();
    tap_is(relabel(denied_sid), 0, "the domain gives up its rights");
    tap_is(hc_memory_op(XENMEM_current_reservation, &m), -XEN_EACCES, "it may ask nothing now");
    every_call(false);
    every_call(true);
    tap_is(relabel(stage.usual_sid), 0, "it takes its rights back");
    tap_ok(fingerprint() == before, "memory, parameters, ports and grants are what they were");
    tap_is(grant_unmap(&stage.mapped), 0, "the mapping is still there");
    tap_is(grant_take_back(stage.ref), 0, "and its entry not in use now");
    time_delay_ns(300 * NS_PER_MS); /* until the ring is read */
    tap_done();
}
