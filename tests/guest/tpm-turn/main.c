/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is measured waits until the domain with the TPM has ended its command.
 *
 * Source: <xen/measure.h>, measure_turn(). The attest domain takes locality 0, writes half a command, stops for longer than the
 * 750 ms after which the hypervisor would seize the TPM from who need not be asked, and goes on. Meanwhile another domain changes
 * the policy, in each way that is measured, or has a third one restarted. A correct hypervisor lets the command end and be
 * answered; the change takes effect afterwards, and only its caller has waited. A broken one seizes the TPM, makes the change before
 * it is measured, or stops the only CPU meanwhile. When a caller dies while it waits, or nobody wants anything, locality 0 is free.
 *
 * The domains talk by booleans' pending values, which are not measured: the changer sets "hold", the holder "held" once it has the
 * TPM, and takes both back when it has its answer.
 */
#include "../change.h"
#include "../guest.h"
#include "../tis.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#include <public/sched.h>

#define GOER 3
#define HOLD_MS 1200u
#define STALL_MS 400u /* less than a wait for the locality; a machine that emulates much else stands still for that long too, now and then */
#define ROUNDS 10u
#define CASES_HOLDER (ROUNDS + 2)
#define CASES_CHANGER (2 + 2 * ROUNDS)

__asm__(".section .rodata\n"
        "policy: .incbin \"tpm-turn.bin\"\n"
        "policy_end:\n"
        ".previous");
extern char policy[], policy_end[];

static bool boolean_get(const char *name, bool pending)
{
    struct xen_flask_op op = { .cmd = FLASK_GETBOOL, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.boolean.bool_id = ~0u;
    op.u.boolean.size = (uint32_t)strlen(name);
    set_xen_guest_handle(op.u.boolean.name, (char *)(uintptr_t)name);
    return hc_xsm_op(&op) == 0 && (pending ? op.u.boolean.pending : op.u.boolean.enforcing) == 1;
}

/* A value that waits to be put into force, for the others to read. A change under way is let end. */
static void tell(const char *name, bool value)
{
    while (boolean_set(name, value, false) == -XEN_EBUSY) {
        time_delay_ns(NS_PER_MS);
    }
}

static bool wait_pending(const char *name, bool value)
{
    uint64_t end = time_now_ns() + 10 * NS_PER_S;

    while (boolean_get(name, true) != value) {
        if (time_now_ns() > end) {
            return false;
        }
        time_delay_ns(5 * NS_PER_MS);
    }
    return true;
}

/* -- who has the TPM ---------------------------------------------------------------------------------------- */

static const uint8_t command[] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 }; /* GetRandom */

/* One command, with a pause in its middle. @return whether it was answered */
static bool command_in_halves(uint64_t pause_ms, uint64_t *stall_ns)
{
    uint8_t response[64] = { 0 };
    uint64_t last, now, end;
    bool mine;

    *stall_ns = 0;
    if (!tis_take() || !tis_begin()) {
        return false;
    }
    tis_put(command, 6);
    tell("held", true);
    last = time_now_ns();
    for (end = last + pause_ms * NS_PER_MS; last < end; last = now) {
        now = time_now_ns();
        *stall_ns = now - last > *stall_ns ? now - last : *stall_ns;
    }
    mine = (tis[TIS_ACCESS] & (TIS_ACCESS_ACTIVE | TIS_ACCESS_SEIZED)) == TIS_ACCESS_ACTIVE;
    if (mine) {
        tis_put(command + 6, sizeof(command) - 6);
        mine = tis_go(response, sizeof(response)) == 20 && tis_get32(response + 6) == 0;
    }
    tis_give_back();
    return mine;
}

static void holder_main(void)
{
    unsigned int stalls = 0;
    uint64_t stall;

    tap_is(mm_map(TIS_GFN, 1, MM_WRITE | MM_UNCACHED), 0, "the TPM's page is there");
    for (unsigned int n = 1; n <= ROUNDS; n++) {
        while (!boolean_get("hold", true)) {
            time_delay_ns(5 * NS_PER_MS);
        }
        tap_ok(command_in_halves(HOLD_MS, &stall), "round %u: the command that was under way is answered", n);
        tap_note("round %u: the holder did not run for %u ms at most", n, (unsigned int)(stall / NS_PER_MS));
        stalls += stall >= STALL_MS * NS_PER_MS;
        tell("held", false);
        tell("hold", false);
    }
    tap_ok(stalls < ROUNDS / 2, "nobody's wait stops the CPU: %u rounds in which it stood still", stalls);
    domain_shutdown(SHUTDOWN_poweroff);
}

/* -- who changes things ------------------------------------------------------------------------------------- */

static long bulkhead(uint32_t cmd, void *a)
{
    return hypercall_raw(__HYPERVISOR_bulkhead_op, cmd, (unsigned long)a, 0, 0, 0);
}

static long set_boolean(void)
{
    return boolean_set("changed", !boolean_get("changed", false), true);
}

static long commit_booleans(void)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_booleans, .how = BULKHEAD_REVOKE_drop };

    tell("changed", !boolean_get("changed", false)); /* with those we talk by: several events */
    return change_policy(&a);
}

static long set_permissive(void)
{
    struct xen_flask_op op = { .cmd = FLASK_SETENFORCE, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    return hc_xsm_op(&op);
}

static long set_enforcing(void)
{
    struct xen_flask_op op = { .cmd = FLASK_SETENFORCE, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.enforce.enforcing = 1;
    return hc_xsm_op(&op);
}

static long label_port(void)
{
    struct xen_flask_op op = { .cmd = FLASK_ADD_OCONTEXT, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.ocontext.ocon = 2; /* I/O ports */
    op.u.ocontext.low = op.u.ocontext.high = 0x5678;
    op.u.ocontext.sid = label_sid("system_u:system_r:goer_t");
    return hc_xsm_op(&op);
}

static long relabel(void)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop, .domid = GOER };

    a.sid = label_sid("system_u:system_r:goer_t");
    return change_policy(&a);
}

static long seal(void)
{
    static struct bulkhead_audit_head heads[8];
    struct bulkhead_audit_seal a = { .size = sizeof(heads), .buffer = (uintptr_t)heads };

    return bulkhead(BULKHEAD_audit_seal, &a);
}

static uint64_t starts(void)
{
    struct bulkhead_domain_info i = { .domid = GOER };

    return bulkhead(BULKHEAD_domain_info, &i) == 0 ? i.start_count : 0;
}

static long restart(void)
{
    struct bulkhead_domain_restart r = { .domid = GOER };
    uint64_t was = starts(), end = time_now_ns() + 10 * NS_PER_S;
    long rc = bulkhead(BULKHEAD_domain_restart, &r);

    while (rc == 0 && starts() != was + 1) {
        rc = time_now_ns() > end ? -1 : 0;
        time_delay_ns(NS_PER_MS);
    }
    return rc;
}

/* The last: all pending values are those of the new policy then, and the goer is to have read the one that ends it. */
static long load(void)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_load, .how = BULKHEAD_REVOKE_drop };

    a.size = (uint32_t)(policy_end - policy);
    a.buffer = (uintptr_t)policy;
    tell("end", true);
    return change_policy(&a);
}

/* The goer asks for a change, waits for its turn, and is restarted: it dies while it waits. */
static long restart_waiting(void)
{
    tell("go", true);
    time_delay_ns(300 * NS_PER_MS);
    return restart();
}

static bool hold(void)
{
    if (!wait_pending("hold", false)) {
        return false;
    }
    tell("hold", true);
    return wait_pending("held", true);
}

static void while_held(const char *what, long (*change)(void))
{
    uint64_t began, took;
    long rc;

    if (!hold()) {
        tap_ok(false, "%s: the TPM is held", what);
        return;
    }
    began = time_now_ns();
    while ((rc = change()) == -XEN_EBUSY) { /* the holder tells something, on another CPU */
        time_delay_ns(NS_PER_MS);
    }
    tap_is(rc, 0, "%s", what);
    took = (time_now_ns() - began) / NS_PER_MS;
    tap_ok(took >= HOLD_MS / 2 && took < HOLD_MS + 3000, "%s: after %u ms", what, (unsigned int)took);
}

static void changer_main(void)
{
    uint64_t began = time_now_ns();

    tap_plan(CASES_HOLDER + CASES_CHANGER);
    (void)set_boolean();
    tap_ok(time_now_ns() - began < 500 * NS_PER_MS, "nobody has the TPM: no wait");
    while_held("a boolean", set_boolean);
    while_held("several booleans", commit_booleans);
    while_held("permissive mode", set_permissive);
    while_held("enforcing mode", set_enforcing);
    while_held("a resource's label", label_port);
    while_held("a domain's label", relabel);
    while_held("a seal", seal);
    while_held("a restart", restart);
    while_held("a restart of one that waits", restart_waiting);
    tap_ok(!boolean_get("gone", false) && !boolean_get("gone", true), "of what it waited for nothing happened");
    while_held("a policy", load);
    domain_shutdown(SHUTDOWN_poweroff);
}

/* -- who is restarted --------------------------------------------------------------------------------------- */

static void goer_main(void)
{
    for (;;) {
        if (boolean_get("end", true)) {
            domain_shutdown(SHUTDOWN_poweroff);
        }
        if (boolean_get("go", true) && !boolean_get("gone", true)) {
            tell("go", false); /* this life's, not the next one's */
            (void)boolean_set("gone", true, true);
        }
        time_delay_ns(10 * NS_PER_MS);
    }
}

void stub_main(void)
{
    char role[12] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "holder") == 0) {
        holder_main();
    } else if (strcmp(role, "changer") == 0) {
        changer_main();
    } else {
        goer_main();
    }
}
