/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain while it is being built anew, and what the measurement log says of it.
 *
 * "watch" holds the TPM's locality 0, so that the build of "guest" stands still before it is measured. A correct hypervisor refuses
 * to end it or to give it another label then: the one would be forgotten, the other would not be what is measured. Then the XenStore
 * domain is away for a while and the guest cannot be connected: its start is logged once, when it starts. A policy without the label of the
 * one that is away is refused before it is measured. A broken one logs what never comes.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>

#include <public/domctl.h>
#include <public/sched.h>

#define STORE 2
#define GUEST 3
#define CRASHES 6 /* the next start is 800 ms away */

#define TPM 0xfed40ul
#define ACCESS 0
#define ACCESS_USE 2u
#define ACCESS_ACTIVE 0x20u
static volatile uint8_t *const tpm = (volatile uint8_t *)(TPM << PAGE_SHIFT);

asm(".pushsection .rodata\n"
    "less_policy: .incbin \"restart-building-less.bin\"\n"
    "less_policy_end:\n"
    ".popsection\n");
extern char less_policy[], less_policy_end[]; /* without the store's label */

static char measured[0x20000];

/* How often the log has that text. */
static unsigned int logged(const char *text)
{
    size_t size = strlen(text);
    struct bulkhead_log_read a = { .size = 0x8000 };
    unsigned int found = 0;
    size_t length = 0;
    long n;

    do {
        a.offset = length;
        a.buffer = (uintptr_t)measured + length;
        n = hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_log_read, (unsigned long)&a, 0, 0, 0);
        length += n > 0 ? (size_t)n : 0;
    } while (n > 0 && length + a.size <= sizeof(measured));
    for (size_t at = 0; at + size <= length; at++) {
        found += memcmp(measured + at, text, size) == 0;
    }
    return found;
}

static unsigned int starts_logged(void)
{
    return logged("domain id=3 ");
}

static uint64_t start_count(uint32_t domid)
{
    struct bulkhead_domain_info i = { .domid = domid };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_info, (unsigned long)&i, 0, 0, 0) == 0 ? i.start_count : 0;
}

static bool started(uint32_t domid, uint64_t n)
{
    uint64_t end = time_now_ns() + 10 * NS_PER_S;

    while (start_count(domid) != n && time_now_ns() < end) {
        time_delay_ns(NS_PER_MS);
    }
    return start_count(domid) == n;
}

static long restart(uint32_t domid)
{
    struct bulkhead_domain_restart r = { .domid = domid };

    return hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_domain_restart, (unsigned long)&r, 0, 0, 0);
}

static long destroy(domid_t domid)
{
    struct xen_domctl op = { .cmd = XEN_DOMCTL_destroydomain, .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domid };

    return hc_domctl(&op);
}

static long crash(domid_t domid)
{
    struct sched_remote_shutdown end = { .domain_id = domid, .reason = SHUTDOWN_crash };

    return hc_sched_op(SCHEDOP_remote_shutdown, &end);
}

static void test_being_built(void)
{
    struct bulkhead_policy_change relabel = {
        .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop, .domid = GUEST, .sid = label_sid("system_u:system_r:other_t"),
    };
    uint64_t end = time_now_ns() + 10 * NS_PER_S;
    long rc = 0;

    tap_is(mm_map(TPM, 1, MM_WRITE | MM_UNCACHED), 0, "locality 0");
    do {
        tpm[ACCESS] = ACCESS_USE;
        time_delay_ns(NS_PER_MS);
    } while (!(tpm[ACCESS] & ACCESS_ACTIVE) && time_now_ns() < end);
    tap_is(restart(GUEST), 0, "a guest is restarted");
    while (start_count(GUEST) != 2 && time_now_ns() < end) { /* the new one, not yet measured */
        time_delay_ns(NS_PER_MS);
    }
    tap_is(destroy(GUEST), -XEN_EBUSY, "what is being built cannot be ended");
    rc = change_policy(&relabel);
    tap_is(rc, -XEN_EBUSY, "nor get another label");
    tpm[ACCESS] = ACCESS_ACTIVE; /* let go */
    end = time_now_ns() + 10 * NS_PER_S;
    while (starts_logged() != 2 && time_now_ns() < end) {
        time_delay_ns(10 * NS_PER_MS);
    }
    tap_is(starts_logged(), 2, "the second start is measured when the TPM is free");
}

static void test_without_store(void)
{
    struct bulkhead_policy_change load = {
        .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop, .buffer = (uintptr_t)less_policy,
        .size = (uint32_t)(less_policy_end - less_policy),
    };
    uint64_t n;

    for (n = 2; n < 2 + CRASHES && crash(STORE) == 0 && started(STORE, n); n++) {
        time_delay_ns(50 * NS_PER_MS);
    }
    tap_ok(n == 2 + CRASHES, "the store crashes again and again");
    tap_is(crash(STORE), 0, "and is away for a while");
    tap_is(restart(GUEST), 0, "the guest, which needs it, starts again");
    while (start_count(STORE) != 0) {
        time_delay_ns(NS_PER_MS);
    }
    tap_is(change_policy(&load), -XEN_ENOENT, "a policy that does not know the store, which is to come back");
    tap_is(load.labels, 1, "and only that");
    tap_is(logged("policy-load "), 0, "is refused, and not measured");
    tap_ok(started(STORE, n), "the store is back");
    (void)started(GUEST, 3);
    time_delay_ns(200 * NS_PER_MS);
    tap_is(starts_logged(), 3, "the guest's start was measured once");
}

static void watch(void)
{
    tap_plan(0);
    tap_is(starts_logged(), 1, "the log has the guest's first start");
    test_being_built();
    test_without_store();
    tap_is(destroy(GUEST), 0, "the guest may go");
    tap_is(destroy(STORE), 0, "and the store");
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    if (start_cmdline_get("role", role, sizeof(role)) && strcmp(role, "watch") == 0) {
        watch();
    }
    for (;;) {
        hc_sched_op(SCHEDOP_block, NULL);
    }
}
