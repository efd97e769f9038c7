/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a change of policy takes away beside grants and channels: another domain's page mapped without a grant, I/O ports and
 * device memory that the manifest gave; by booleans, by the label of either side; on trial, on record, draining, dropped.
 *
 * Source: <public/bulkhead.h>, BULKHEAD_policy_change; tests/mediation/revoke-pages.cil. A correct hypervisor counts what is
 * held and denied, changes nothing on trial, and when it drops, no vCPU reaches page, port or device once the call has
 * returned, whatever it was doing at that moment; the page's owner keeps what it had. A broken one lets a vCPU go on that
 * had the translation or the port open, forgets a kind, or keeps a reference on the owner's page.
 *
 * Two domains run this: the owner, which only waits, and the admin, which does the rest on two vCPUs. Its mappings are
 * where a PC has chipset devices, so that nothing being there reads as ones instead of ending the domain.
 */
#include "../change.h"
#include "../guest.h"

#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#define OWNER 1
#define PLACE 0xfec10ul /* gfn */
#define TPM 0xfed40ul   /* gfn */
#define TPM_DID_VID 0xf00u

/* The same place in both domains: it is the same kernel. */
static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static char plain[16] = "owner's";

static uint8_t in8(uint16_t port)
{
    uint8_t v;

    __asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
    return v;
}

static void out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static void owner_main(void)
{
    memcpy(page, plain, sizeof(plain));
    while (READ_ONCE(page[0]) != 'q') {
        cpu_relax();
    }
}

/* -- the admin: what it holds ---------------------------------------------------------------------- */

static xen_pfn_t place = PLACE;

static volatile char *here(void)
{
    return (volatile char *)(place << PAGE_SHIFT);
}

static int map_foreign(void)
{
    xen_pfn_t gfn = place;
    xen_ulong_t idx = virt_to_gfn(page);
    int err = 1;
    struct xen_add_to_physmap_batch arg = {
        .domid = DOMID_SELF, .space = XENMAPSPACE_gmfn_foreign, .size = 1, .u.foreign_domid = OWNER,
    };
    long rc;

    set_xen_guest_handle(arg.idxs, &idx);
    set_xen_guest_handle(arg.gpfns, &gfn);
    set_xen_guest_handle(arg.errs, &err);
    rc = hc_memory_op(XENMEM_add_to_physmap_batch, &arg);
    return rc != 0 ? (int)rc : err;
}

static long unmap_foreign(void)
{
    struct xen_remove_from_physmap arg = { .domid = DOMID_SELF, .gpfn = place };

    return hc_memory_op(XENMEM_remove_from_physmap, &arg);
}

/* Reading and writing by the hypervisor in our name has to end too. */
static bool usable_for_calls(void)
{
    struct xen_memory_domain *m = (void *)(place << PAGE_SHIFT);

    return hc_memory_op(XENMEM_maximum_gpfn, m) != -XEN_EFAULT;
}

static bool foreign_held(void)
{
    bool held = memcmp((const char *)(place << PAGE_SHIFT), plain, 7) == 0;

    here()[100]++; /* writable */
    return held && usable_for_calls();
}

static bool cmos_held(void)
{
    out8(0x70, 0x3f);
    out8(0x71, 0x5a);
    out8(0x70, 0x3f);
    return in8(0x71) == 0x5a;
}

static bool apm_held(void)
{
    out8(0xb3, 0x35);
    return in8(0xb3) == 0x35;
}

static bool tpm_held(void)
{
    uint32_t id = *(volatile uint32_t *)((TPM << PAGE_SHIFT) + TPM_DID_VID);

    return id != 0xffffffffu && (id & 0xffff) != 0;
}

static void held_as(bool foreign, bool cmos, bool apm, bool tpm, const char *when)
{
    tap_ok((!foreign || foreign_held()) && cmos_held() == cmos && apm_held() == apm && tpm_held() == tpm,
           "%s: held are%s%s%s%s", when, foreign ? " page" : "", cmos ? " cmos" : "", apm ? " apm" : "",
           tpm ? " tpm" : "");
}

/* -- a second vCPU that uses all of it ------------------------------------------------------------- */

static volatile unsigned int stop, watching, gone_foreign, gone_cmos, gone_apm, gone_tpm;
static volatile unsigned int late, uses;

static void use_all(void *arg)
{
    (void)arg;
    while (!stop) {
        unsigned int foreign = gone_foreign, cmos = gone_cmos, apm = gone_apm, tpm = gone_tpm;

        /* Each was seen to be gone, so to say, before it was tried. */
        uses++;
        late += memcmp((const char *)(place << PAGE_SHIFT), plain, 7) == 0 && foreign;
        late += in8(0x71) == 0x5a && cmos;
        late += in8(0xb3) == 0x35 && apm;
        late += tpm_held() && tpm;
        watching = 1;
    }
}

static void watch(void)
{
    stop = watching = late = uses = 0;
    tap_ok(smp_start(1, use_all, NULL) == 0 && wait_for(&watching, 1, 2000), "a second vCPU uses it too");
}

static void watch_end(const char *when)
{
    time_delay_ns(20 * NS_PER_MS);
    stop = 1;
    smp_wait(1);
    tap_is((long)late, 0, "%s: of its %u rounds none reaches it afterwards", when, uses);
}

/* -- the changes ------------------------------------------------------------------------------------- */

static void change_booleans(uint32_t how, uint32_t flags, uint32_t foreign, uint32_t resources,
                            const char *why)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_booleans, .how = how, .flags = flags };

    tap_is(change_policy(&a), 0, "%s", why);
    tap_ok(a.foreign == foreign && a.resources == resources && a.grants == 0 && a.ports == 0,
           "%s: %u pages, %u resources", why, a.foreign, a.resources);
}

static void relabel(domid_t domid, const char *label, uint32_t flags, uint32_t foreign,
                    uint32_t resources, const char *why)
{
    struct bulkhead_policy_change a = { .what = BULKHEAD_CHANGE_relabel, .how = BULKHEAD_REVOKE_drop,
                                        .flags = flags, .domid = domid, .sid = label_sid(label) };

    tap_is(change_policy(&a), 0, "%s", why);
    tap_ok(a.foreign == foreign && a.resources == resources, "%s: %u pages, %u resources", why,
           a.foreign, a.resources);
}

/* Another place for the next one: ones are mapped now where the last one was. */
static void hold(void)
{
    place++;
    tap_is(map_foreign(), 0, "the owner's page is mapped");
    tap_is(mm_map(place, 1, MM_WRITE), 0, "and reached");
}

static void foreign_gone(const char *when)
{
    bool ones = true;

    for (unsigned int i = 0; i < PAGE_SIZE; i++) {
        ones &= here()[i] == (char)0xff;
    }
    tap_ok(ones && !usable_for_calls(), "%s: nothing is there, and the hypervisor does not reach it for us",
           when);
    tap_is(map_foreign(), -XEN_EACCES, "%s: nor can it be mapped again", when);
}

static void test_foreign(void)
{
    hold();
    tap_is(boolean_set("may_foreign", false, false), 0, "a boolean is set, not in force");
    change_booleans(BULKHEAD_REVOKE_drop, BULKHEAD_CHANGE_trial, 1, 0, "trial");
    held_as(true, true, true, true, "trial");
    change_booleans(BULKHEAD_REVOKE_report, 0, 1, 0, "report");
    held_as(true, true, true, true, "report");
    place++;
    tap_is(map_foreign(), -XEN_EACCES, "report: no second mapping");
    place--;
    change_booleans(BULKHEAD_REVOKE_drain, 0, 1, 0, "drain");
    held_as(true, true, true, true, "drain");
    watch();
    change_booleans(BULKHEAD_REVOKE_drop, 0, 1, 0, "drop");
    gone_foreign = 1;
    watch_end("drop");
    gone_foreign = 0;
    foreign_gone("drop");
    held_as(false, true, true, true, "drop");
    change_booleans(BULKHEAD_REVOKE_drop, 0, 0, 0, "once more");
    tap_is(boolean_set("may_foreign", true, true), 0, "the right is back");
    hold();
    held_as(true, true, true, true, "the owner's page is as it was");
}

/* Held here: what test_foreign() left. */
static void test_labels(void)
{
    relabel(OWNER, "system_u:system_r:sealed_t", BULKHEAD_CHANGE_trial, 1, 0, "the owner sealed, on trial");
    held_as(true, true, true, true, "trial");
    watch();
    relabel(OWNER, "system_u:system_r:sealed_t", 0, 1, 0, "the owner sealed");
    gone_foreign = 1;
    watch_end("sealed");
    gone_foreign = 0;
    foreign_gone("sealed");
    relabel(OWNER, "system_u:system_r:owner_t", 0, 0, 0, "and unsealed");
    hold();
    relabel(domain_self(), "system_u:system_r:lesser_t", BULKHEAD_CHANGE_trial, 1, 3,
            "the admin with a lesser label, on trial");
    held_as(true, true, true, true, "trial");
}

/* Relabelling a resource is a change of policy like the others: whoever holds it is looked at. */
static long port_label(uint32_t cmd, uint16_t port, uint32_t sid)
{
    struct xen_flask_op op = { .cmd = cmd, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.ocontext = (struct xen_flask_ocontext){ .ocon = 2, .low = port, .high = port, .sid = sid };
    return hc_xsm_op(&op);
}

static void test_resources(void)
{
    /* Alone: that nothing foreign is held may not hide the rest. */
    tap_is(unmap_foreign(), 0, "the owner's page is given back");
    tap_is(boolean_set("may_cmos", false, false), 0, "cmos ports denied, not in force");
    change_booleans(BULKHEAD_REVOKE_drop, BULKHEAD_CHANGE_trial, 0, 1, "trial");
    change_booleans(BULKHEAD_REVOKE_report, 0, 0, 1, "report");
    change_booleans(BULKHEAD_REVOKE_drain, 0, 0, 1, "drain");
    held_as(false, true, true, true, "so far");
    watch();
    change_booleans(BULKHEAD_REVOKE_drop, 0, 0, 1, "drop");
    gone_cmos = 1;
    watch_end("drop");
    held_as(false, false, true, true, "drop");

    tap_is(boolean_set("may_tpm", false, false), 0, "the TPM denied, not in force");
    change_booleans(BULKHEAD_REVOKE_drop, BULKHEAD_CHANGE_trial, 0, 1, "trial");
    change_booleans(BULKHEAD_REVOKE_report, 0, 0, 1, "report");
    change_booleans(BULKHEAD_REVOKE_drain, 0, 0, 1, "drain");
    held_as(false, false, true, true, "so far");
    watch();
    change_booleans(BULKHEAD_REVOKE_drop, 0, 0, 1, "drop");
    gone_tpm = 1;
    watch_end("drop");
    held_as(false, false, true, false, "drop");

    /* Another label for half of a range, that of ports which have none: a range goes as it was given. */
    tap_is(port_label(FLASK_DEL_OCONTEXT, 0xb4, 0), -XEN_ENOENT, "there is no label for another port");
    held_as(false, false, true, false, "so far");
    watch();
    tap_is(port_label(FLASK_DEL_OCONTEXT, 0xb2, 0), 0, "one of two apm ports has its label no more");
    gone_apm = 1;
    watch_end("drop");
    held_as(false, false, false, false, "drop");

    /* Rights that come back bring nothing back: it was given at launch. */
    tap_ok(boolean_set("may_cmos", true, false) == 0 && boolean_set("may_tpm", true, true) == 0 &&
               port_label(FLASK_ADD_OCONTEXT, 0xb2, label_sid("system_u:object_r:apm_control_t")) == 0,
           "the rights are back");
    held_as(false, false, false, false, "the resources are not");
}

static void admin_main(void)
{
    long pages = pages_now();

    tap_is(mm_map(TPM, 1, MM_WRITE | MM_UNCACHED), 0, "the TPM's page is reached");
    /* The owner may not have got there yet. */
    for (unsigned int i = 0; i < 200; i++) {
        if (map_foreign() == 0 && mm_map(place, 1, MM_WRITE) == 0 && here()[0] == plain[0]) {
            break;
        }
        time_delay_ns(10 * NS_PER_MS);
    }
    held_as(true, true, true, true, "at first");
    tap_is(unmap_foreign(), 0, "and given back");
    test_foreign();
    test_labels();
    test_resources();
    tap_is(pages_now(), pages, "as many pages as before");
    hold();
    here()[0] = 'q';
    tap_is(unmap_foreign(), 0, "the last mapping is given back");
    tap_done();
}

void stub_main(void)
{
    char role[8] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "owner") == 0) {
        owner_main();
    } else {
        admin_main();
    }
}
