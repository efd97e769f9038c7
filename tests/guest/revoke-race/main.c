/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy changes against vCPUs that map, unmap, bind, send and close as fast as they can.
 *
 * Source: <xen/revoke.h>. vCPU 0 takes the rights away and gives them back, by booleans and by label; the others go on
 * meanwhile. With a correct hypervisor nothing that began after the change had returned succeeds, no mapping is left behind
 * in the granted entry, and at the end every page and reference is back. A broken one lets a call that was asked under
 * the old policy have its effect after the new one was said to be in force, or forgets what was in another CPU's hands.
 * seconds=N on the command line: how long, 3 without.
 */
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#include <public/bulkhead.h>
#include <public/memory.h>
#include <public/xsm/flask_op.h>

static grant_ref_t ref;
static uint32_t usual_sid, lesser_sid;

/* Odd while the rights are gone; changes after a change has returned, and before the next begins. */
static volatile unsigned int epoch, stop;
static volatile unsigned long rounds, done, late, odd_answers;

static void count(volatile unsigned long *what)
{
    __atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Something succeeded that was begun at epoch @before. */
static void succeeded(unsigned int before)
{
    count(&done);
    if ((before & 1) && epoch == before) {
        count(&late);
    }
}

static void map_and_unmap(uint64_t window)
{
    unsigned int before = epoch;
    struct gnttab_map_grant_ref map = { .host_addr = window, .flags = GNTMAP_host_map, .ref = ref,
                                        .dom = DOMID_SELF };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = window + 8 };

    if (hc_grant_table_op(GNTTABOP_map_grant_ref, &map, 1) != 0 || map.status != GNTST_okay) {
        odd_answers += map.status != GNTST_permission_denied;
        return;
    }
    succeeded(before);
    unmap.handle = map.handle;
    for (unsigned int i = 0; i < 8; i++) { /* refused: the handle is in our hands for a moment, and mapped again */
        (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
    }
    unmap.host_addr = window;
    if (hc_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1) != 0 || unmap.status != GNTST_okay) {
        count(&odd_answers); /* whether it was revoked or not, it can be given back */
    }
}

/* Ports may be closed under us and be another vCPU's by now: only success is looked at. */
static void bind_and_close(void)
{
    unsigned int before = epoch;
    evtchn_port_t here, there;

    if (evtchn_alloc_unbound(DOMID_SELF, &here) != 0) {
        return;
    }
    succeeded(before);
    before = epoch;
    if (evtchn_bind_interdomain(DOMID_SELF, here, &there) == 0) {
        succeeded(before);
        (void)evtchn_send(there);
        (void)evtchn_close(there);
    }
    (void)evtchn_close(here);
}

static void hammer(void *arg)
{
    uint64_t window = (uint64_t)(uintptr_t)arg;

    while (!stop) {
        map_and_unmap(window);
        bind_and_close();
        count(&rounds);
    }
}

static long booleans(bool value)
{
    static const char *const names[] = { "may_map", "may_bind" };
    struct xen_flask_op op = { .cmd = FLASK_SETBOOL, .interface_version = XEN_FLASK_INTERFACE_VERSION };
    long rc = 0;

    for (unsigned int i = 0; i < 2 && rc == 0; i++) {
        op.u.boolean.bool_id = ~0u;
        op.u.boolean.new_value = value;
        op.u.boolean.commit = i == 1;
        op.u.boolean.size = i == 0 ? 7 : 8;
        set_xen_guest_handle(op.u.boolean.name, (char *)(uintptr_t)names[i]);
        rc = hc_xsm_op(&op);
    }
    return rc;
}

static long relabel(uint32_t sid)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
                                        .domid = domain_self(), .sid = sid };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_policy_change, (unsigned long)&a, 0, 0, 0);
}

static uint32_t sid_of(const char *label, uint32_t size)
{
    struct xen_flask_op op = { .cmd = FLASK_CONTEXT_TO_SID,
                               .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.sid_context.size = size;
    set_xen_guest_handle(op.u.sid_context.context, (char *)(uintptr_t)label);
    return hc_xsm_op(&op) == 0 ? op.u.sid_context.sid : 0;
}

static bool entry_free(void)
{
    uint64_t end = time_now_ns() + 100 * NS_PER_MS;

    /* An unmap that was under way when the rights went ends by itself. */
    while (__atomic_load_n(&grant_entry(ref)->flags, __ATOMIC_ACQUIRE) & (GTF_reading | GTF_writing)) {
        if (time_now_ns() > end) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

static long pages_now(void)
{
    struct xen_memory_domain m = { .domid = DOMID_SELF };

    return hc_memory_op(XENMEM_current_reservation, &m);
}

void stub_main(void)
{
    char text[8] = "3";
    unsigned int cpus = smp_cpu_count(), seconds = 0, changes = 0, failed = 0, in_use = 0;
    void *page = page_alloc(1);
    uint64_t window[SMP_CPU_MAX], end, pace;
    long before;

    (void)start_cmdline_get("seconds", text, sizeof(text));
    for (const char *c = text; *c >= '0' && *c <= '9'; c++) {
        seconds = seconds * 10 + (unsigned int)(*c - '0');
    }
    /* Changes are measured, and refused when the log is full: no more than 150 of them. */
    pace = seconds * 10 * NS_PER_MS / 3;
    usual_sid = sid_of("system_u:system_r:dom0_t", 24);
    lesser_sid = sid_of("system_u:system_r:lesser_t", 26);
    tap_ok(usual_sid != 0 && lesser_sid != 0, "labels are known");
    tap_is(grant_give(domain_self(), virt_to_gfn(page), false, &ref), 0, "a page is granted");
    for (unsigned int i = 1; i < cpus; i++) {
        window[i] = (uint64_t)window_alloc(1) << PAGE_SHIFT;
        map_and_unmap(window[i]); /* the window's own page goes the first time */
        bind_and_close();
    }
    before = pages_now();
    for (unsigned int i = 1; i < cpus; i++) {
        failed += smp_start(i, hammer, (void *)(uintptr_t)window[i]) != 0;
    }
    tap_is(failed, 0, "%u vCPUs hammer", cpus - 1);
    rounds = done = 0;
    end = time_now_ns() + seconds * 1000 * NS_PER_MS;
    while (time_now_ns() < end) {
        bool label = changes & 1;

        failed += (label ? relabel(lesser_sid) : booleans(false)) != 0;
        epoch++;
        in_use += !entry_free();
        time_delay_ns(pace);
        epoch++;
        failed += (label ? relabel(usual_sid) : booleans(true)) != 0;
        time_delay_ns(pace);
        changes++;
    }
    stop = 1;
    for (unsigned int i = 1; i < cpus; i++) {
        smp_wait(i);
    }
    tap_note("%u changes, %lu rounds, %lu mapped or bound", changes, rounds, done);
    tap_ok(changes > 4 && rounds > 100 && done > 20, "both sides were at work");
    tap_is(failed, 0, "every change was made");
    tap_is((long)late, 0, "nothing succeeded after the rights were gone");
    tap_is(in_use, 0, "nor was the page held then");
    tap_is((long)odd_answers, 0, "no answer but yes and no");
    tap_is(pages_now(), before, "every page is back");
    tap_is(grant_take_back(ref), 0, "the entry is free");
    tap_done();
}
