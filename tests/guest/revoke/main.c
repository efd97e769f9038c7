/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of policy takes away: a domain with a page granted to itself and mapped, and a channel to itself, loses the
 * right to both by a boolean, by its label, by a new policy; on trial, on record, draining, dropped.
 *
 * Source: <public/bulkhead.h>, BULKHEAD_policy_change; tests/mediation/revoke.cil. A correct hypervisor counts exactly what
 * is held and denied, changes nothing on trial, and when it drops, the page is out of reach, the entry not in use and the
 * channel closed before the call returns; the handle can still be given back, once. A broken one lets what was mapped go on,
 * loses a reference, or forgets half of it.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <string.h>

__asm__(".section .rodata\n"
        "same_policy: .incbin \"revoke.bin\"\n"
        "same_policy_end:\n"
        "less_policy: .incbin \"revoke-less.bin\"\n"
        "less_policy_end:\n"
        ".previous");
extern char same_policy[], same_policy_end[], less_policy[], less_policy_end[];

static char *page;
static grant_ref_t ref;
static struct grant_map map;
static evtchn_port_t here, there;

static struct bulkhead_policy_change ask(uint32_t what, uint32_t how, uint32_t flags, long expected,
                                         const char *why)
{
    struct bulkhead_policy_change a = { .what = what, .how = how, .flags = flags };

    tap_is(change_policy(&a), expected, "%s", why);
    return a;
}

static long set_both(bool value, bool commit)
{
    long rc = boolean_set("may_map", value, false);

    return rc != 0 ? rc : boolean_set("may_bind", value, commit);
}

static int port_state(evtchn_port_t port)
{
    struct evtchn_status s = { .dom = DOMID_SELF, .port = port };

    return evtchn_status(DOMID_SELF, port, &s) == 0 ? (int)s.status : -1;
}

static bool in_use(void)
{
    return (grant_entry(ref)->flags & (GTF_reading | GTF_writing)) != 0;
}

/* A page mapped and a channel connected, as the policy lets it at first. */
static void hold(void)
{
    tap_ok(grant_map(domain_self(), ref, false, &map) == 0 && in_use(), "a granted page is mapped");
    tap_ok(evtchn_alloc_unbound(DOMID_SELF, &here) == 0 &&
               evtchn_bind_interdomain(DOMID_SELF, here, &there) == 0,
           "a channel is connected");
    memcpy(page, "granted", 8);
}

static void still_held(const char *when)
{
    memcpy(map.page, "through", 8);
    tap_ok(strcmp(page, "through") == 0 && port_state(here) == EVTCHNSTAT_interdomain && in_use(),
           "%s: page and channel are as they were", when);
    memcpy(page, "granted", 8);
}

static void gone(const char *when)
{
    bool empty = ((char *)map.page)[0] == '\0';

    memcpy(map.page, "through", 8);
    tap_ok(empty && strcmp(page, "granted") == 0, "%s: what is written does not reach the page", when);
    tap_ok(!in_use(), "%s: the entry is not in use", when);
    tap_ok(port_state(here) == EVTCHNSTAT_closed && port_state(there) == EVTCHNSTAT_closed,
           "%s: both ends are closed", when);
}

/* The handle is given back once; nothing is left of the page that took the granted one's place. */
static void give_back(long pages)
{
    grant_handle_t handle = map.handle;
    void *at = map.page;
    struct gnttab_unmap_grant_ref again = { .host_addr = (uint64_t)at, .handle = handle };

    tap_is(grant_unmap(&map), 0, "the handle can be unmapped");
    tap_is(hc_grant_table_op(GNTTABOP_unmap_grant_ref, &again, 1), 0, "a second time");
    tap_is(again.status, GNTST_bad_handle, "it is none");
    tap_is(pages_now(), pages, "as many pages as before");
}

static void test_arguments(void)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop };

    ask(0, BULKHEAD_REVOKE_drop, 0, -XEN_EINVAL, "no such change");
    ask(4, BULKHEAD_REVOKE_drop, 0, -XEN_EINVAL, "nor this");
    ask(BULKHEAD_CHANGE_booleans, 0, 0, -XEN_EINVAL, "no such way");
    ask(BULKHEAD_CHANGE_booleans, 4, 0, -XEN_EINVAL, "nor this");
    ask(BULKHEAD_CHANGE_booleans, 1, 4, -XEN_EINVAL, "unknown flag");
    ask(BULKHEAD_CHANGE_load, 3, 0, -XEN_EINVAL, "a policy of no bytes");
    tap_is(NOT_REFUSED(-XEN_EFAULT, change_policy(bad)), 0, "arguments out of reach");
    a.size = 64;
    tap_is(NOT_REFUSED(-XEN_EFAULT, (a.buffer = (uint64_t)bad, change_policy(&a))), 0, "images out of reach");
    a.buffer = (uint64_t)same_policy;
    a.size = ~0u;
    tap_is(change_policy(&a), -XEN_E2BIG, "an image of 4 GiB");
    a.size = (uint32_t)(same_policy_end - same_policy) - 5;
    tap_is(change_policy(&a), -XEN_EINVAL, "an image cut short");
    tap_ok(a.error_section[0] != '\0' && a.error_offset > 0 && a.error_offset <= a.size,
           "says where: %s at %u", a.error_section, a.error_offset);
    a = (struct bulkhead_policy_change){ .what = BULKHEAD_CHANGE_relabel, .how = 3, .domid = 77 };
    tap_is(change_policy(&a), -XEN_ESRCH, "a label for a domain that is not");
    a.domid = 0x12345;
    tap_is(change_policy(&a), -XEN_ESRCH, "nor one beyond all numbers");
}

static void expect(const struct bulkhead_policy_change *a, uint32_t grants, uint32_t ports,
                   const char *when)
{
    tap_ok(a->grants == grants && a->ports == ports && a->foreign == 0 && a->resources == 0,
           "%s: %u mappings, %u ports", when, a->grants, a->ports);
}

static void test_booleans(long pages)
{
    struct bulkhead_policy_change a;
    struct grant_map second;

    hold();
    tap_is(set_both(false, false), 0, "booleans are set, not in force");
    a = ask(BULKHEAD_CHANGE_booleans, BULKHEAD_REVOKE_drop, BULKHEAD_CHANGE_trial, 0, "trial");
    expect(&a, 1, 2, "trial");
    still_held("trial");
    tap_is(grant_map(domain_self(), ref, false, &second), 0, "and more may be mapped");
    tap_is(grant_unmap(&second), 0, "and unmapped");
    a = ask(BULKHEAD_CHANGE_booleans, BULKHEAD_REVOKE_report, 0, 0, "report");
    expect(&a, 1, 2, "report");
    still_held("report");
    tap_is(grant_map(domain_self(), ref, false, &second), -XEN_EIO, "nothing more can be mapped");
    tap_is(second.status, GNTST_permission_denied, "for lack of permission");
    a = ask(BULKHEAD_CHANGE_booleans, BULKHEAD_REVOKE_drain, 0, 0, "drain");
    expect(&a, 1, 2, "drain");
    still_held("drain");
    a = ask(BULKHEAD_CHANGE_booleans, BULKHEAD_REVOKE_drop, 0, 0, "drop");
    /* The first end closed leaves the other one waiting for a bind that is not allowed either. */
    expect(&a, 1, 2, "drop");
    gone("drop");
    a = ask(BULKHEAD_CHANGE_booleans, BULKHEAD_REVOKE_drop, 0, 0, "once more");
    expect(&a, 0, 0, "once more");
    give_back(pages);
    tap_is(set_both(true, true), 0, "booleans are as they were");

    hold();
    tap_is(set_both(false, true), 0, "FLASK_SETBOOL with commit");
    gone("FLASK_SETBOOL");
    give_back(pages);
    tap_is(set_both(true, true), 0, "booleans are as they were");
}

static long relabel(const char *label, uint32_t flags, struct bulkhead_policy_change *out)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
                                        .flags = flags, .domid = domain_self(), .sid = label_sid(label) };
    long rc = change_policy(&a);

    if (out != NULL) {
        *out = a;
    }
    return rc;
}

static void test_relabel(long pages)
{
    struct bulkhead_policy_change a;

    hold();
    tap_is(relabel("system_u:system_r:lesser_t", BULKHEAD_CHANGE_trial, &a), 0, "another label on trial");
    expect(&a, 1, 2, "trial");
    still_held("trial");
    tap_is(relabel("system_u:system_r:lesser_t", 0, &a), 0, "another label");
    expect(&a, 1, 2, "relabel");
    gone("relabel");
    give_back(pages);
    tap_is(relabel("system_u:system_r:dom0_t", 0, &a), 0, "and the first one again");
    expect(&a, 0, 0, "back");
}

static void test_load(long pages)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop };

    hold();
    a.buffer = (uint64_t)same_policy;
    a.size = (uint32_t)(same_policy_end - same_policy);
    tap_is(change_policy(&a), 0, "the same policy again");
    expect(&a, 0, 0, "the same");
    still_held("the same");
    tap_is(grant_unmap(&map), 0, "unmap");
    tap_ok(evtchn_close(there) == 0 && evtchn_close(here) == 0, "close");
    tap_is(pages_now(), pages, "as many pages as before");

    tap_is(relabel("system_u:system_r:lesser_t", 0, NULL), 0, "with a label that the next one lacks");
    a.buffer = (uint64_t)less_policy;
    a.size = (uint32_t)(less_policy_end - less_policy);
    a.flags = BULKHEAD_CHANGE_trial;
    tap_is(change_policy(&a), 0, "a policy that does not know it, on trial");
    tap_is(a.labels, 1, "says how many domains have it");
    a.flags = 0;
    tap_is(change_policy(&a), -XEN_ENOENT, "is refused else");
    tap_is(a.labels, 1, "and says it too");
    tap_is(relabel("system_u:system_r:dom0_t", 0, NULL), 0, "the policy in force is what it was");
}

void stub_main(void)
{
    long pages;

    page = page_alloc(1);
    tap_is(grant_give(domain_self(), virt_to_gfn(page), false, &ref), 0, "a page is granted");
    /* The window's page may be populated; mapping once settles it. */
    tap_ok(grant_map(domain_self(), ref, false, &map) == 0 && grant_unmap(&map) == 0, "map and unmap");
    pages = pages_now();
    test_arguments();
    test_booleans(pages);
    test_relabel(pages);
    test_load(pages);
    tap_is(grant_take_back(ref), 0, "the grant is taken back: nobody uses it");
    tap_done();
}
