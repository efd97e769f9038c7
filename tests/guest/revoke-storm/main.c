/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy loads, booleans, labels and the death of a domain, while four vCPUs map, copy, bind and send as fast as they can.
 *
 * Source: <xen/revoke.h>. The judge's vCPU 0 takes rights away and gives them back; its others use what they can of three
 * partners: the judge itself; the steady domain; and the giver, which maps a page of the judge too and dies - it reboots, or
 * triple faults - while all of that is held, most often when the rights go, and is built anew. With a correct hypervisor no
 * operation that began after the change had returned succeeds, nothing that is denied is held then by any domain, and at the
 * end every page, port and reference is back. A broken one forgets what was in another CPU's hands or in a dying domain,
 * walks into a structure that is gone, or loses a reference.
 *
 * seconds=N on the command line: how long, 4 without.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#include <public/sched.h>

__asm__(".section .rodata\n"
        "all_policy: .incbin \"storm.bin\"\n"
        "all_policy_end:\n"
        "less_policy: .incbin \"storm-less.bin\"\n"
        "less_policy_end:\n"
        ".previous");
extern char all_policy[], all_policy_end[], less_policy[], less_policy_end[];

#define GIVER 1
#define JUDGE 2
#define STEADY 3
#define FIRST_REF 8u /* that grant_give() hands out */

/* At one place in every domain: it is the same kernel. What the judge writes in its own, the giver reads; and so on. */
static union {
    struct {
        volatile uint32_t die, stop; /* by the judge */
        volatile uint32_t port;      /* the giver's, offered to the judge */
        volatile uint64_t born;      /* each its own, not 0: the giver's lives can be counted */
        volatile uint8_t touched[16];
    };
    char bytes[PAGE_SIZE];
} page __attribute__((aligned(PAGE_SIZE)));

/* -- the partners ------------------------------------------------------------------------------------- */

static void triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = { 0, 0 };

    __asm__ volatile("lidt %0; ud2" : : "m"(none));
}

static void die(void)
{
    if (time_tsc() >> 8 & 1) {
        triple_fault();
    }
    domain_shutdown(SHUTDOWN_reboot);
}

static void giver_main(void)
{
    uint64_t born = time_now_ns(), end = born + 60 * NS_PER_MS;
    struct grant_map map[3];
    unsigned int maps = 0, wanted = 1 + (unsigned int)(time_tsc() >> 6) % 3;
    grant_ref_t ref;
    evtchn_port_t port = 0;
    __typeof__(&page) theirs;
    uint32_t die_was;

    if (grant_give(JUDGE, virt_to_gfn(&page), false, &ref) != 0 || ref != FIRST_REF) {
        rt_panic("grant %u", ref);
    }
    (void)evtchn_alloc_unbound(JUDGE, &port);
    page.port = port;
    page.born = born | 1;
    while (maps < wanted && time_now_ns() < end) {
        if (grant_map(JUDGE, FIRST_REF, false, &map[maps]) == 0) {
            maps++;
        } else if (map[maps].status == GNTST_bad_domain) {
            return; /* the judge is gone: so are we, for good */
        }
    }
    if (maps > 0) {
        theirs = map[0].page;
        die_was = theirs->die;
        while (theirs->die == die_was && time_now_ns() < end) { /* zero, when it was taken away */
            theirs->touched[0]++;
            if (port != 0) {
                (void)evtchn_send(port);
            }
            if (theirs->stop) {
                return;
            }
        }
    }
    die();
}

static void steady_main(void)
{
    grant_ref_t ref;

    if (grant_give(JUDGE, virt_to_gfn(&page), false, &ref) != 0 || ref != FIRST_REF) {
        rt_panic("grant %u", ref);
    }
    page.born = time_now_ns() | 1;
    while (!page.stop) {
        (void)event_wait(time_now_ns() + 20 * NS_PER_MS);
    }
}

/* -- four vCPUs of the judge -------------------------------------------------------------------------- */

#define BATCH 6u
enum partner { SELF, OF_GIVER, OF_STEADY, PARTNERS };
static const domid_t partner_id[PARTNERS] = { JUDGE, GIVER, STEADY };
static grant_ref_t partner_ref[PARTNERS] = { 0, FIRST_REF, FIRST_REF };

/* Odd while rights are gone, to the partners in the mask; changes after the change has returned, and before the next. */
static volatile unsigned int epoch, gone_mask, stop;
static volatile unsigned long rounds, done, refused, late, odd_answers, lives;
static volatile uint64_t last_born;

static void count(volatile unsigned long *what)
{
    __atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Something succeeded that was begun at epoch @before. */
static void succeeded(unsigned int before, enum partner with)
{
    count(&done);
    if ((before & 1) && (gone_mask >> with & 1) && epoch == before) {
        count(&late);
    }
}

/* What a partner may answer that shares, does not, is dying, or not yet there. */
static void answered(int16_t status, enum partner with)
{
    if (status == GNTST_permission_denied) {
        count(&refused);
    } else if (with != OF_GIVER || (status != GNTST_bad_domain && status != GNTST_bad_gntref &&
                                    status != GNTST_general_error && status != GNTST_bad_page)) {
        tap_note("status %d with domain %u", status, partner_id[with]);
        count(&odd_answers);
    }
}

static enum partner partner_of(unsigned int i)
{
    return (enum partner)(i % PARTNERS);
}

/* A batch of mappings, in the midst of which the rights may go. @return how many there are, in map[] and unmap[] */
static unsigned int map_all(xen_pfn_t window, struct gnttab_unmap_grant_ref *unmap, enum partner *with)
{
    struct gnttab_map_grant_ref map[BATCH];
    unsigned int before = epoch, n = 0;

    for (unsigned int i = 0; i < BATCH; i++) {
        map[i] = (struct gnttab_map_grant_ref){
            .host_addr = (window + i) << PAGE_SHIFT, .flags = GNTMAP_host_map,
            .ref = partner_ref[partner_of(i)], .dom = partner_id[partner_of(i)],
        };
    }
    if (hc_grant_table_op(GNTTABOP_map_grant_ref, map, BATCH) != 0) {
        count(&odd_answers);
        return 0;
    }
    for (unsigned int i = 0; i < BATCH; i++) {
        if (map[i].status == GNTST_okay) {
            succeeded(before, partner_of(i));
            with[n] = partner_of(i);
            unmap[n++] = (struct gnttab_unmap_grant_ref){ .host_addr = map[i].host_addr,
                                                          .handle = map[i].handle };
        } else {
            answered(map[i].status, partner_of(i));
        }
    }
    return n;
}

static void unmap_all(struct gnttab_unmap_grant_ref *unmap, unsigned int n)
{
    /* Whether it was revoked, and whether its owner lives, or not: it can be given back. */
    if (hc_grant_table_op(GNTTABOP_unmap_grant_ref, unmap, n) != 0) {
        count(&odd_answers);
    }
    for (unsigned int i = 0; i < n; i++) {
        if (unmap[i].status != GNTST_okay) {
            tap_note("unmap: status %d", unmap[i].status);
            count(&odd_answers);
        }
    }
}

static void copy_from(enum partner with, void *to)
{
    unsigned int before = epoch;
    struct gnttab_copy op = { .flags = GNTCOPY_source_gref, .len = PAGE_SIZE };

    op.source.domid = partner_id[with];
    op.source.u.ref = partner_ref[with];
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = virt_to_gfn(to);
    if (hc_grant_table_op(GNTTABOP_copy, &op, 1) == 0 && op.status == GNTST_okay) {
        succeeded(before, with);
    } else {
        answered(op.status, with);
    }
}

static void foreign(xen_pfn_t gfn)
{
    xen_ulong_t idx = virt_to_gfn(&page);
    unsigned int before = epoch;
    int err = 1;
    struct xen_add_to_physmap_batch add = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = STEADY,
    };
    struct xen_remove_from_physmap remove = { .domid = DOMID_SELF, .gpfn = gfn };

    set_xen_guest_handle(add.idxs, &idx);
    set_xen_guest_handle(add.gpfns, &gfn);
    set_xen_guest_handle(add.errs, &err);
    if (hc_memory_op(XENMEM_add_to_physmap_batch, &add) == 0 && err == 0) {
        succeeded(before, OF_STEADY);
        (void)hc_memory_op(XENMEM_remove_from_physmap, &remove); /* unless it was taken */
    }
}

/* Ports may be closed under us and be another vCPU's by now: only success is looked at. 0: none. */
struct channel {
    evtchn_port_t here, there;
};

static void channel_open(struct channel *c)
{
    unsigned int before = epoch;

    c->here = c->there = 0;
    if (evtchn_alloc_unbound(DOMID_SELF, &c->here) != 0) {
        c->here = 0;
        return;
    }
    succeeded(before, SELF);
    before = epoch;
    if (evtchn_bind_interdomain(DOMID_SELF, c->here, &c->there) == 0) {
        succeeded(before, SELF);
        (void)evtchn_send(c->there);
    } else {
        c->there = 0;
    }
}

static void channel_close(const struct channel *c)
{
    if (c->there != 0) {
        (void)evtchn_close(c->there);
    }
    if (c->here != 0) {
        (void)evtchn_close(c->here);
    }
}

static void channel_to_giver(evtchn_port_t theirs)
{
    unsigned int before = epoch;
    evtchn_port_t here;

    if (theirs != 0 && evtchn_bind_interdomain(GIVER, theirs, &here) == 0) {
        succeeded(before, OF_GIVER);
        (void)evtchn_send(here);
        (void)evtchn_close(here);
    }
}

/* What is mapped shows who it is of; once the rights are gone, nothing of them. */
static void look_through(const struct gnttab_unmap_grant_ref *unmap, const enum partner *with, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        __typeof__(&page) p = (void *)unmap[i].host_addr;
        unsigned int before = epoch;
        bool gone = (before & 1) && (gone_mask >> with[i] & 1);

        p->touched[smp_cpu()]++;
        if (p->born != 0 && gone && epoch == before) {
            count(&late);
        }
    }
}

/* Refused: each handle is in our hands for a moment, and then mapped again, or still taken away. */
static void unmap_wrongly(const struct gnttab_unmap_grant_ref *unmap, unsigned int n)
{
    struct gnttab_unmap_grant_ref wrong[BATCH];

    memcpy(wrong, unmap, n * sizeof(*unmap));
    for (unsigned int i = 0; i < n; i++) {
        wrong[i].host_addr += 8;
    }
    for (unsigned int k = 0; k < 8 && n > 0; k++) {
        (void)hc_grant_table_op(GNTTABOP_unmap_grant_ref, wrong, n);
    }
}

static evtchn_port_t port_of_giver(const struct gnttab_unmap_grant_ref *unmap, const enum partner *with,
                                   unsigned int n)
{
    evtchn_port_t port = 0;

    for (unsigned int i = 0; i < n; i++) {
        __typeof__(&page) p = (void *)unmap[i].host_addr;
        uint64_t born = p->born;

        if (with[i] == OF_GIVER && born != 0) {
            port = p->port;
            if (smp_cpu() == 1 && born != last_born) {
                last_born = born;
                lives++;
            }
        }
    }
    return port;
}

static void hammer(void *arg)
{
    xen_pfn_t window = (xen_pfn_t)(uintptr_t)arg;
    struct gnttab_unmap_grant_ref unmap[BATCH];
    struct channel held = { 0, 0 };
    enum partner with[BATCH];
    char *own = page_alloc(1);

    for (unsigned int round = 0; !stop; round++) {
        unsigned int n = map_all(window, unmap, with);
        struct channel short_lived;

        look_through(unmap, with, n);
        if (round % 8 == 0) {
            channel_close(&held);
            channel_open(&held);
        }
        channel_open(&short_lived);
        channel_to_giver(port_of_giver(unmap, with, n));
        for (unsigned int i = 0; i < PARTNERS; i++) {
            copy_from(partner_of(i), own);
        }
        foreign(window + BATCH);
        channel_close(&short_lived);
        look_through(unmap, with, n);
        unmap_wrongly(unmap, n);
        if (n > 0) {
            unmap_all(unmap, n);
        }
        count(&rounds);
    }
    channel_close(&held);
    page_free(own, 1);
}

/* -- vCPU 0: the changes ------------------------------------------------------------------------------- */

static uint32_t judge_sid, lesser_sid, steady_sid, sealed_sid;
static grant_ref_t ref_for_giver;

static long relabel(domid_t domid, uint32_t sid)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
                                        .domid = domid, .sid = sid };

    return change_policy(&a);
}

static long load(const char *image, const char *end, uint32_t flags)
{
    struct bulkhead_policy_change a = {
        .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop, .flags = flags,
        .buffer = (uint64_t)image, .size = (uint32_t)(end - image),
    };

    return change_policy(&a);
}

enum change { BOOLEAN, LOAD, RELABEL, SEAL, CHANGES };
static const char *const change_name[] = { "boolean", "load", "relabel", "seal" };

static long change(enum change what, bool take)
{
    switch (what) {
    case BOOLEAN:
        return boolean_set("may", !take, true);
    case LOAD:
        return take ? load(less_policy, less_policy_end, 0) : load(all_policy, all_policy_end, 0);
    case RELABEL:
        return relabel(JUDGE, take ? lesser_sid : judge_sid);
    default:
        return relabel(STEADY, take ? sealed_sid : steady_sid);
    }
}

static bool in_use(grant_ref_t ref)
{
    return __atomic_load_n(&grant_entry(ref)->flags, __ATOMIC_ACQUIRE) & (GTF_reading | GTF_writing);
}

/* An unmap that was under way when the rights went ends by itself. */
static bool entries_free(void)
{
    uint64_t end = time_now_ns() + 300 * NS_PER_MS;

    while (in_use(ref_for_giver) || in_use(partner_ref[SELF])) {
        if (time_now_ns() > end) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

static unsigned long trials, still_held, trial_failed;

/*
 * Changes on trial: each walks through all that the domains hold, and is not measured, so there is room for many. While no
 * right is left, there is nothing to be found that a lesser label would deny.
 */
static void try_changes(uint64_t until, bool nothing, bool labels)
{
    do {
        struct bulkhead_policy_change a = {
            .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
            .flags = BULKHEAD_CHANGE_trial, .domid = JUDGE, .sid = lesser_sid,
        };

        if (labels) { /* not while we have the lesser one */
            trial_failed += change_policy(&a) != 0;
            still_held += nothing && (a.grants | a.foreign | a.ports) != 0;
        }
        trial_failed += load(less_policy, less_policy_end, BULKHEAD_CHANGE_trial) != 0;
        trials += 1 + labels;
    } while (time_now_ns() < until);
}

/* The giver is told to die now, or a moment ago, or not at all. */
static void disturb_giver(void)
{
    unsigned int r = (unsigned int)(time_tsc() >> 5);

    if (r & 1) {
        page.die++;
        time_delay_ns((r >> 1 & 7) * 30000);
    }
}

static unsigned int ports_used(void)
{
    unsigned int n = 0;

    for (evtchn_port_t p = 1; p < EVTCHN_PORT_COUNT; p++) {
        struct evtchn_status s = { .status = EVTCHNSTAT_closed };

        n += evtchn_status(DOMID_SELF, p, &s) != 0 || s.status != EVTCHNSTAT_closed;
    }
    return n;
}

static int16_t map_once(domid_t id, bool stop_it)
{
    struct grant_map map;
    int16_t status;

    if (grant_map(id, FIRST_REF, false, &map) != 0) {
        return map.status;
    }
    status = map.status;
    if (stop_it) {
        ((__typeof__(&page))map.page)->stop = 1;
    }
    (void)grant_unmap(&map);
    return status;
}

/* The giver's next life reads that it is the last. */
static bool giver_ends(void)
{
    uint64_t end = time_now_ns() + 20 * NS_PER_S, since = 0;

    page.stop = 1;
    page.die++;
    while (time_now_ns() < end) {
        if (map_once(GIVER, false) != GNTST_bad_domain) {
            since = 0;
        } else if (since == 0) {
            since = time_now_ns();
        } else if (time_now_ns() - since > 500 * NS_PER_MS) {
            return true;
        }
    }
    return false;
}

static unsigned int seconds_wanted(void)
{
    unsigned int seconds = 0;
    char text[8] = "4";

    (void)start_cmdline_get("seconds", text, sizeof(text));
    for (const char *c = text; *c >= '0' && *c <= '9'; c++) {
        seconds = seconds * 10 + (unsigned int)(*c - '0');
    }
    return seconds;
}

/* What the judge has before: two grants, all labels, partners that share. */
static void prepare(void)
{
    page.born = time_now_ns() | 1;
    judge_sid = label_sid("system_u:system_r:judge_t");
    lesser_sid = label_sid("system_u:system_r:lesser_t");
    steady_sid = label_sid("system_u:system_r:steady_t");
    sealed_sid = label_sid("system_u:system_r:sealed_t");
    tap_ok(judge_sid != 0 && lesser_sid != 0 && steady_sid != 0 && sealed_sid != 0, "labels are known");
    tap_ok(grant_give(GIVER, virt_to_gfn(&page), false, &ref_for_giver) == 0 && ref_for_giver == FIRST_REF &&
               grant_give(JUDGE, virt_to_gfn(&page), false, &partner_ref[SELF]) == 0, "pages are granted");
    for (unsigned int i = 0; i < 500 && map_once(STEADY, false) != GNTST_okay; i++) {
        time_delay_ns(10 * NS_PER_MS);
    }
    tap_is(map_once(STEADY, false), GNTST_okay, "the steady domain shares");
}

static void judge_main(void)
{
    unsigned int cpus = smp_cpu_count(), seconds = seconds_wanted(), made[CHANGES] = { 0 }, ports;
    unsigned int failed = 0, used = 0, total = 0;
    /* Changes are measured, and refused when the log is full: no more than 240 of them. */
    uint64_t end, pace = seconds * NS_PER_S / 240;
    xen_pfn_t window[SMP_CPU_MAX];
    long pages;

    prepare();
    for (unsigned int i = 1; i < cpus; i++) {
        window[i] = window_alloc(BATCH + 1);
        failed += mm_map(window[i], BATCH, MM_WRITE) != 0;
        failed += smp_start(i, hammer, (void *)(uintptr_t)window[i]) != 0;
    }
    time_delay_ns(50 * NS_PER_MS);
    stop = 1;
    for (unsigned int i = 1; i < cpus; i++) {
        smp_wait(i);
    }
    tap_ok(rounds > 0 && odd_answers == 0, "a first round of each"); /* what is populated once has been */
    pages = pages_now();
    ports = ports_used();
    stop = 0;
    for (unsigned int i = 1; i < cpus; i++) {
        failed += smp_start(i, hammer, (void *)(uintptr_t)window[i]) != 0;
    }
    tap_is(failed, 0, "%u vCPUs hammer", cpus - 1);
    rounds = done = refused = lives = 0;
    end = time_now_ns() + seconds * NS_PER_S;
    /* Where CPUs are few each change takes long: some of each kind in any case. */
    while ((time_now_ns() < end || total < 4 * CHANGES) && total < 240) {
        enum change what = (enum change)(total / 2 % CHANGES);
        uint64_t began = time_now_ns();

        disturb_giver();
        failed += change(what, true) != 0;
        gone_mask = what == SEAL ? 1u << OF_STEADY : 7;
        epoch++;
        used += what != SEAL && !entries_free();
        try_changes(began + pace, what == BOOLEAN || what == LOAD, what != RELABEL);
        used += what != SEAL && (in_use(ref_for_giver) || in_use(partner_ref[SELF]));
        epoch++;
        gone_mask = 0;
        began = time_now_ns();
        failed += change(what, false) != 0;
        try_changes(began + pace, false, true);
        made[what] += 2;
        total += 2;
    }
    stop = 1;
    for (unsigned int i = 1; i < cpus; i++) {
        smp_wait(i);
    }
    for (unsigned int i = 0; i < CHANGES; i++) {
        tap_note("%u changes by %s", made[i], change_name[i]);
    }
    tap_note("%lu trials, %lu rounds, %lu times something shared, %lu refused, %lu lives of the giver", trials,
             rounds, done, refused, lives);
    tap_ok(rounds > 50 && done > 200 && refused > 50 && lives > 3, "all were at work");
    tap_is(failed, 0, "every change was made");
    tap_is((long)trial_failed, 0, "and every trial");
    tap_is((long)late, 0, "nothing succeeded after the rights were gone");
    tap_is(used, 0, "nor was a page held then, by the giver or by us");
    tap_is((long)still_held, 0, "nor was anything found that is denied");
    tap_is((long)odd_answers, 0, "no answer but those that may be");
    tap_ok(giver_ends(), "the giver comes to an end");
    tap_is(map_once(STEADY, true), GNTST_okay, "the steady domain is told to end");
    tap_is(grant_take_back(ref_for_giver), 0, "the giver's entry is free");
    tap_is(grant_take_back(partner_ref[SELF]), 0, "and ours");
    tap_is(pages_now(), pages, "every page is back");
    tap_is(ports_used(), ports, "and every port");
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "giver") == 0) {
        giver_main();
    } else if (strcmp(role, "steady") == 0) {
        steady_main();
    } else {
        judge_main();
    }
}
