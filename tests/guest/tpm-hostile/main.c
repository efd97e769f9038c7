/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile attest domain. It holds the page of the TPM's locality 0 and tries to change PCR 21 and 22, to get another
 * locality, to keep the TPM, and every command that changes the whole TPM. A second domain without TPM tries to get one.
 *
 * Source: TCG PC Client Platform TPM Profile 1.05, 4.6 (PCR attributes) and 6.5 (TIS); TPM 2.0 Library part 3. With a
 * correct hypervisor PCR 21 and 22 are at any time, in every active bank, what the measurement log explains, and what
 * happens after an attack is measured. A broken one lets a domain reach a locality of its own, stops measuring, or
 * leaves a bank out. Addresses of a PC's chipset where a domain has nothing read as ones.
 */
#include "../change.h"
#include "../guest.h"
#include "../tis.h"

#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/tap.h>

#include <public/domctl.h>
#include <public/sched.h>
#include <xen/sha1.h>
#include <xen/sha256.h>
#include <xen/sha512.h>

#define OUTSIDER 2
#define LOCALITIES 5u
#define BANKS_MAX 4u
#define DIGEST_MAX 64u

#define RC_LOCALITY 0x907
#define RC_BAD_AUTH 0x9a2
#define RC_AUTH_FAIL 0x8e
#define RC_DISABLED 0x120
#define RC_INITIALIZE 0x100
#define PASSWORD 0x00, 0x00, 0x00, 0x09, 0x40, 0x00, 0x00, 0x09, 0, 0, 0, 0, 0
/* A digest that no session has: who needs such a policy cannot. */
#define NO_POLICY 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define LOCKOUT 0x40, 0x00, 0x00, 0x0a
#define OWNER 0x40, 0x00, 0x00, 0x01
#define ENDORSEMENT 0x40, 0x00, 0x00, 0x0b
#define PLATFORM 0x40, 0x00, 0x00, 0x0c

/* -- the outsider ---------------------------------------------------------------------------------------- */

static bool boolean_is(const char *name)
{
    struct xen_flask_op op = { .cmd = FLASK_GETBOOL, .interface_version = XEN_FLASK_INTERFACE_VERSION };

    op.u.boolean.bool_id = ~0u;
    op.u.boolean.size = (uint32_t)strlen(name);
    set_xen_guest_handle(op.u.boolean.name, (char *)(uintptr_t)name);
    return hc_xsm_op(&op) == 0 && op.u.boolean.enforcing == 1;
}

/* Every call that gives device memory or ports, for itself: how many of them succeed. */
static unsigned int ask_for(uint64_t mfn, uint32_t port)
{
    struct xen_domctl op = { .interface_version = XEN_DOMCTL_INTERFACE_VERSION, .domain = domain_self() };
    struct xen_add_to_physmap add = { .domid = DOMID_SELF, .size = 1, .idx = mfn, .gpfn = 0xfec20 };
    unsigned int given = 0;

    op.cmd = XEN_DOMCTL_iomem_permission;
    op.u.iomem_permission = (struct xen_domctl_iomem_permission){ .first_mfn = mfn, .nr_mfns = 1, .allow_access = 1 };
    given += hc_domctl(&op) == 0;
    op.cmd = XEN_DOMCTL_memory_mapping;
    op.u.memory_mapping = (struct xen_domctl_memory_mapping){ .first_gfn = 0xfec20, .first_mfn = mfn, .nr_mfns = 1,
                                                             .add_mapping = DPCI_ADD_MAPPING };
    given += hc_domctl(&op) == 0;
    op.cmd = XEN_DOMCTL_ioport_permission;
    op.u.ioport_permission = (struct xen_domctl_ioport_permission){ .first_port = port, .nr_ports = 16,
                                                                    .allow_access = 1 };
    given += hc_domctl(&op) == 0;
    op.cmd = XEN_DOMCTL_ioport_mapping;
    op.u.ioport_mapping = (struct xen_domctl_ioport_mapping){ .first_gport = port, .first_mport = port, .nr_ports = 16,
                                                              .add_mapping = DPCI_ADD_MAPPING };
    given += hc_domctl(&op) == 0;
    /* Not XENMAPSPACE_shared_info, which takes no frame: the domain's own page is placed whatever is asked for. */
    for (unsigned int space = XENMAPSPACE_grant_table; space <= XENMAPSPACE_dev_mmio; space++) {
        add.space = (uint16_t)space;
        given += hc_memory_op(XENMEM_add_to_physmap, &add) == 0;
    }
    return given;
}

/* Localities from @first on: how many can be got by a call, or answer where they are on the machine. */
static unsigned int other_pages(unsigned int first)
{
    unsigned int got = 0;

    for (unsigned int n = first; n < LOCALITIES; n++) {
        volatile uint8_t *page = (volatile uint8_t *)((TIS_GFN + n) << PAGE_SHIFT);

        if (mm_map(TIS_GFN + n, 1, MM_WRITE | MM_UNCACHED) != 0) {
            return 100; /* not tried */
        }
        page[TIS_ACCESS] = TIS_ACCESS_USE;
        got += page[TIS_ACCESS] != 0xff;
        page[TIS_ACCESS] = TIS_ACCESS_SEIZE;
        got += page[TIS_ACCESS] != 0xff || page[0xf00] != 0xff;
        got += ask_for(TIS_GFN + n, 0x4e);
    }
    return got;
}

static void outsider_main(void)
{
    bool second = boolean_is("again");
    unsigned int got = other_pages(0);

    tap_note("outsider: %s", got == 0 ? "nothing was given" : "was given what is not its own");
    for (;;) {
        if (boolean_is("end")) {
            domain_shutdown(SHUTDOWN_poweroff);
        }
        if (!second && boolean_is("again")) {
            domain_shutdown(SHUTDOWN_reboot);
        }
        time_delay_ns(10 * NS_PER_MS);
    }
}

/* -- locality 0 ------------------------------------------------------------------------------------------- */

static uint8_t response[1024];
static uint32_t response_len;

/* A command without its header. The response code; negative when there is no answer. */
static long run(uint16_t tag, uint32_t code, const uint8_t *body, uint32_t len)
{
    uint32_t size = len + 10;
    const uint8_t head[10] = { (uint8_t)(tag >> 8), (uint8_t)tag, (uint8_t)(size >> 24), (uint8_t)(size >> 16),
                               (uint8_t)(size >> 8), (uint8_t)size, (uint8_t)(code >> 24), (uint8_t)(code >> 16),
                               (uint8_t)(code >> 8), (uint8_t)code };

    if (!tis_take()) {
        return -1;
    }
    if (!tis_begin()) {
        return -2;
    }
    tis_put(head, sizeof(head));
    tis_put(body, len);
    response_len = tis_go(response, sizeof(response));
    if (response_len < 10) {
        return -3;
    }
    tis_give_back();
    return (long)tis_get32(response + 6);
}

#define RUN(tag, code, ...)                                                                        \
    ({                                                                                             \
        const uint8_t body_[] = { __VA_ARGS__ };                                                   \
        run(tag, code, body_, sizeof(body_));                                                      \
    })

/* -- banks, and what the log says they hold --------------------------------------------------------------- */

static struct bank {
    uint16_t alg;
    uint16_t size;
    uint8_t want[24][DIGEST_MAX]; /* by the log */
} bank[BANKS_MAX];
static unsigned int bank_count;
static uint8_t measured[0x20000];
static unsigned int events_in[24]; /* by PCR, as of the last replay() */
static bool says_locality0;

static uint16_t alg_size(uint16_t alg)
{
    return alg == 0x04 ? 20 : alg == 0x0b ? 32 : alg == 0x0c ? 48 : alg == 0x0d ? 64 : 0;
}

static void hash(uint16_t alg, const void *data, size_t len, uint8_t *out)
{
    struct sha1 s1;
    struct sha512 s512;

    switch (alg) {
    case 0x04:
        sha1_init(&s1);
        sha1_update(&s1, data, len);
        sha1_final(&s1, out);
        break;
    case 0x0b:
        sha256(data, len, out);
        break;
    case 0x0c:
        sha384_init(&s512);
        sha512_update(&s512, data, len);
        sha384_final(&s512, out);
        break;
    default:
        sha512_init(&s512);
        sha512_update(&s512, data, len);
        sha512_final(&s512, out);
        break;
    }
}

static bool find_banks(void)
{
    const uint8_t *p = response + 19;

    if (RUN(0x8001, 0x17a, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1) != 0) {
        return false;
    }
    for (uint32_t n = tis_get32(response + 15); n > 0 && bank_count < BANKS_MAX; n--, p += 3 + p[2]) {
        uint16_t alg = (uint16_t)(p[0] << 8 | p[1]);

        if (p[3] | p[4] | p[5]) {
            bank[bank_count++] = (struct bank){ .alg = alg, .size = alg_size(alg) };
        }
    }
    return bank_count > 0;
}

static uint32_t le32(const uint8_t *p)
{
    return tis_get32((const uint8_t[]){ p[3], p[2], p[1], p[0] });
}

/* Replay every PCR. @return events in 21 and 22; negative: no log of this form. */
static int replay(void)
{
    struct bulkhead_log_read a = { .buffer = (uintptr_t)measured };
    uint32_t len = 0, at, events = 0;

    do {
        long n;

        a.offset = len;
        a.buffer = (uintptr_t)measured + len;
        a.size = sizeof(measured) - len < 0x8000 ? (uint32_t)sizeof(measured) - len : 0x8000;
        n = hypercall_raw(__HYPERVISOR_bulkhead_op, BULKHEAD_log_read, (unsigned long)&a, 0, 0, 0);
        if (n < 0) {
            return (int)n;
        }
        len += (uint32_t)n;
        if (n == 0) {
            break;
        }
    } while (len < a.total);
    for (unsigned int b = 0; b < bank_count; b++) {
        memset(bank[b].want, 0, sizeof(bank[b].want));
    }
    memset(events_in, 0, sizeof(events_in));
    for (at = 32 + le32(measured + 28); at + 12 <= len;) {
        uint32_t pcr = le32(measured + at), count = le32(measured + at + 8), seen = 0, size_text;

        at += 12;
        while (count-- > 0) {
            uint16_t alg = (uint16_t)(measured[at] | measured[at + 1] << 8), size = alg_size(alg);

            for (unsigned int b = 0; b < bank_count; b++) {
                if (bank[b].alg == alg && pcr < 24) {
                    uint8_t both[2 * DIGEST_MAX];

                    memcpy(both, bank[b].want[pcr], size);
                    memcpy(both + size, measured + at + 2, size);
                    hash(alg, both, 2u * size, bank[b].want[pcr]);
                    seen++;
                }
            }
            at += 2u + size;
        }
        if (pcr == 21 || pcr == 22) {
            if (seen != bank_count) {
                return -1000;
            }
            events++;
        }
        if (pcr < 24) {
            events_in[pcr]++;
        }
        size_text = le32(measured + at);
        says_locality0 |= size_text > 11 && memcmp(measured + at + 4 + size_text - 11, " locality=0", 11) == 0;
        at += 4 + size_text;
    }
    return (int)events;
}

static bool pcr_read(unsigned int b, unsigned int pcr, uint8_t *out)
{
    uint8_t select[3] = { 0, 0, 0 };

    select[pcr / 8] = (uint8_t)(1u << pcr % 8);
    if (RUN(0x8001, 0x17e, 0, 0, 0, 1, (uint8_t)(bank[b].alg >> 8), (uint8_t)bank[b].alg, 3, select[0], select[1],
            select[2]) != 0 || response_len < bank[b].size) {
        return false;
    }
    memcpy(out, response + response_len - bank[b].size, bank[b].size);
    return true;
}

/* Whether PCR @pcr is what the log says, in every bank. */
static bool explained(unsigned int pcr)
{
    bool same = true;

    for (unsigned int b = 0; b < bank_count; b++) {
        uint8_t value[DIGEST_MAX];

        same &= pcr_read(b, pcr, value) && memcmp(value, bank[b].want[pcr], bank[b].size) == 0;
    }
    return same;
}

static int events_before;

static void still_explained(const char *after)
{
    int events = replay();

    tap_ok(events == events_before && explained(21) && explained(22), "%s: 21 and 22 are what the log says", after);
}

/* Something to measure, and it is; or the log does not explain the TPM any more. */
static void measures(const char *after)
{
    static bool value;
    int events;
    long rc;

    value = !value;
    rc = boolean_set("measured", value, true);
    events = replay();
    tap_ok(rc == 0 && events == events_before + 1 && explained(21) && explained(22),
           "%s: what follows is measured (%ld, %d events more)", after, rc, events - events_before);
    events_before = events;
}

/* -- attacks ------------------------------------------------------------------------------------------------ */

static long extend(unsigned int pcr)
{
    uint8_t body[32 + BANKS_MAX * (2 + DIGEST_MAX)] = { 0, 0, 0, (uint8_t)pcr, PASSWORD };
    uint32_t len = 17;

    len += 3;
    body[len++] = (uint8_t)bank_count;
    for (unsigned int b = 0; b < bank_count; b++) {
        body[len++] = (uint8_t)(bank[b].alg >> 8);
        body[len++] = (uint8_t)bank[b].alg;
        memset(body + len, 0x5a, bank[b].size);
        len += bank[b].size;
    }
    return run(0x8002, 0x182, body, len);
}

/* 20 to 22 have an authorization value, which is looked at before the locality. */
static long refusal(unsigned int pcr)
{
    return pcr >= 20 ? RC_BAD_AUTH : RC_LOCALITY;
}

static void test_pcrs(void)
{
    for (unsigned int pcr = 17; pcr <= 22; pcr++) {
        tap_is(extend(pcr), refusal(pcr), "extend PCR %u", pcr);
    }
    for (unsigned int pcr = 0; pcr <= 22; pcr++) {
        if (pcr != 16) {
            long rc = RUN(0x8002, 0x13d, 0, 0, 0, (uint8_t)pcr, PASSWORD);

            if (pcr >= 21 || rc != refusal(pcr)) {
                tap_is(rc, refusal(pcr), "reset PCR %u", pcr);
            }
        }
    }
    tap_is(RUN(0x8002, 0x13c, 0, 0, 0, 21, PASSWORD, 0, 1, 'x'), RC_BAD_AUTH, "event into PCR 21");
    still_explained("extend, reset, event");
    /* It may extend these: the log does not explain them then, so that the host does not pass. */
    tap_is(replay() >= 0 && explained(4), true, "PCR 4 is what the log says");
    tap_is(extend(4), 0, "extend PCR 4");
    tap_ok(!explained(4) && explained(21) && explained(22), "it is seen: PCR 4 is not what the log says");
    measures("PCRs");
}

/* CreatePrimary of an RSA key: some hundred milliseconds of the TPM. */
static const uint8_t long_command[] = { 0x80, 2, 0, 0, 0, 67, 0, 0, 1, 0x31, 0x40, 0, 0, 7, PASSWORD, 0, 4, 0, 0, 0, 0, 0, 26, 0, 1,
                                        0, 0x0b, 0, 3, 0, 0x72, 0, 0, 0, 6, 0, 0x80, 0, 0x43, 0, 0x10, 8, 0, 0, 0, 0, 0, 0, 0,
                                        0, 0, 0, 0, 0, 0 };
static const uint8_t self_test[] = { 0x80, 1, 0, 0, 0, 11, 0, 0, 1, 0x43, 1 };

static bool begin_and_go(const uint8_t *command, uint32_t len)
{
    if (!tis_take() || !tis_begin()) {
        return false;
    }
    tis_put(command, len);
    tis[TIS_STS] = TIS_STS_GO;
    return true;
}

/* The locality is free while the command executes: what the hypervisor sends then may be lost, and this answer pass for its answer. */
static void test_command_left_behind(void)
{
    for (unsigned int i = 0; i < 12; i++) {
        bool gone = i < 4 ? begin_and_go(long_command, sizeof(long_command)) : begin_and_go(self_test, sizeof(self_test));

        tis[TIS_ACCESS] = TIS_ACCESS_ACTIVE;
        if (gone) {
            measures(i < 4 ? "a long command left behind" : "a self-test left behind");
        } else {
            tap_ok(false, "a command is sent");
        }
        (void)RUN(0x8001, 0x165, 0x80, 0, 0, 0); /* FlushContext, of the key if it was made */
    }
}

/* Until both events of the outsider's new start are there: commands, each aborted while it executes. A seize comes in between. */
static int abort_until(int events_wanted)
{
    uint64_t end = time_now_ns() + 30 * NS_PER_S;
    unsigned int n = 0;
    int events = replay();

    while (events < events_wanted && time_now_ns() < end) {
        for (unsigned int i = 0; i < 10; i++, n++) {
            if (!begin_and_go(long_command, sizeof(long_command))) {
                continue;
            }
            do { /* each is an abort in favour of locality 0; where it is not active any more, all bits are set */
                tis[TIS_STS] = TIS_STS_READY;
            } while (!(tis[TIS_STS] & TIS_STS_READY) && time_now_ns() < end);
        }
        events = replay();
    }
    tis_give_back();
    tap_note("%u commands aborted", n);
    return events;
}

static void test_localities(void)
{
    tap_ok(tis_take(), "locality 0 is taken and kept");
    tis_begin();
    tis_put((const uint8_t[]){ 0x80, 1, 0, 0, 0, 22 }, 6); /* half a command */
    measures("half a command in locality 0");
    tis_take();
    tis[TIS_ACCESS] = TIS_ACCESS_SEIZE;
    measures("seize by locality 0");
}

static void test_commands(void)
{
    tap_is(RUN(0x8001, 0x144, 0, 0), RC_INITIALIZE, "Startup(CLEAR)");
    tap_is(RUN(0x8001, 0x144, 0, 1), RC_INITIALIZE, "Startup(STATE)");
    measures("Startup");
    tap_is(RUN(0x8001, 0x145, 0, 1), 0, "Shutdown(STATE)");
    measures("Shutdown(STATE)");
    tap_is(RUN(0x8001, 0x145, 0, 0), 0, "Shutdown(CLEAR)");
    tap_is(RUN(0x8001, 0x144, 0, 0), RC_INITIALIZE, "and Startup(CLEAR)");
    measures("Shutdown(CLEAR)");
    tap_is(RUN(0x8001, 0x143, 1), 0, "SelfTest");
    measures("SelfTest");
    tap_is(RUN(0x8002, 0x139, LOCKOUT, PASSWORD), 0, "DictionaryAttackLockReset");
    tap_is(RUN(0x8002, 0x13a, LOCKOUT, PASSWORD, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), 0, "DictionaryAttackParameters");
    measures("DictionaryAttack");
    tap_is(RUN(0x8002, 0x121, PLATFORM, PASSWORD, PLATFORM, 0), RC_BAD_AUTH, "HierarchyControl(platform)");
    tap_is(RUN(0x8002, 0x121, ENDORSEMENT, PASSWORD, ENDORSEMENT, 0), 0, "HierarchyControl(endorsement)");
    tap_is(RUN(0x8002, 0x121, OWNER, PASSWORD, OWNER, 0), 0, "HierarchyControl(owner)");
    measures("HierarchyControl");
    /* All of sha256 off: takes effect when the machine starts again, if at all. */
    tap_is(RUN(0x8002, 0x12b, PLATFORM, PASSWORD, 0, 0, 0, 1, 0, 0x0b, 3, 0, 0, 0), RC_BAD_AUTH, "PCR_Allocate");
    measures("PCR_Allocate");
}

/*
 * PCR 20 to 22 share an authorization value, which TPM2_PCR_SetAuthValue sets at any locality and TPM2_Clear empties: with one of its
 * own, or a policy in its place, the domain would end measuring.
 */
static void test_auth(void)
{
    for (uint8_t pcr = 20; pcr <= 22; pcr++) {
        tap_is(RUN(0x8002, 0x183, 0, 0, 0, pcr, PASSWORD, 0, 1, 'x'), RC_BAD_AUTH, "PCR_SetAuthValue(%u)", pcr);
    }
    tap_is(RUN(0x8002, 0x183, 0, 0, 0, 21, 0, 0, 0, 10, 0x40, 0, 0, 9, 0, 0, 0, 0, 1, 'x', 0, 0), RC_BAD_AUTH,
           "PCR_SetAuthValue(21), another guess");
    for (unsigned int i = 0; i < 40; i++) {
        RUN(0x8002, 0x183, 0, 0, 0, 21, PASSWORD, 0, 0);
    }
    measures("PCR_SetAuthValue");
    tap_is(RUN(0x8002, 0x12c, PLATFORM, PASSWORD, 0, 32, NO_POLICY, 0, 0x0b, 0, 0, 0, 21), RC_BAD_AUTH, "PCR_SetAuthPolicy");
    tap_is(RUN(0x8002, 0x129, PLATFORM, PASSWORD, 0, 1, 'x'), RC_BAD_AUTH, "HierarchyChangeAuth(platform)");
    measures("PCR_SetAuthPolicy");
    tap_is(RUN(0x8002, 0x126, LOCKOUT, PASSWORD), RC_DISABLED, "Clear");
    tap_is(RUN(0x8002, 0x127, LOCKOUT, PASSWORD, 0), RC_AUTH_FAIL, "ClearControl, to allow it");
    tap_is(RUN(0x8002, 0x127, PLATFORM, PASSWORD, 0), RC_BAD_AUTH, "ClearControl, by the platform");
    tap_is(RUN(0x8002, 0x129, LOCKOUT, PASSWORD, 0, 0), 0, "HierarchyChangeAuth(lockout)");
    tap_is(RUN(0x8002, 0x126, LOCKOUT, PASSWORD), RC_DISABLED, "Clear, once more");
    tap_is(RUN(0x8002, 0x183, 0, 0, 0, 22, PASSWORD, 0, 1, 'x'), RC_BAD_AUTH, "PCR_SetAuthValue(22), once more");
    measures("Clear");
}

/* A TPM with one locality is the hypervisor's alone; the log says so, for the verifier to fail the host. */
static void alone_main(void)
{
    unsigned int before;

    tap_is(replay(), 0, "no event in PCR 21 and 22");
    tap_ok(events_in[12] > 2 && events_in[13] == 2, "they are in 12 and 13");
    tap_ok(says_locality0, "the log says locality=0");
    tap_is(other_pages(0), 0, "no call gives a page of the TPM, and nothing is there");
    before = events_in[12];
    tap_ok(boolean_set("end", true, true) == 0 && replay() == 0 && events_in[12] == before + 1, "more is measured");
    tap_done();
}

static void attest_main(void)
{
    char word[8];
    bool found, patient;
    int events = 0;

    tap_is(mm_map(TIS_GFN, 1, MM_WRITE | MM_UNCACHED), 0, "the TPM's page is there");
    /* Before any change of policy, which would take away what the policy does not allow. */
    tap_is(other_pages(1), 0, "no call gives a page of localities 1 to 4, and nothing is there");
    found = find_banks();
    tap_ok(found, "%u banks", bank_count);
    for (unsigned int b = 0; b < bank_count; b++) {
        tap_note("bank 0x%x", bank[b].alg);
    }
    events_before = replay();
    tap_ok(events_before > 4, "%d events in 21 and 22, each in every bank", events_before);
    still_explained("at first");
    test_pcrs();
    patient = start_cmdline_get("patience", word, sizeof(word));
    if (!patient) {
        test_localities(); /* 20 s */
    }
    test_command_left_behind();
    test_commands();
    test_auth();
    tap_is(boolean_set("again", true, true), 0, "the outsider is to start again");
    if (!patient) {
        events = abort_until(events_before + 2);
    }
    for (unsigned int i = 0; patient && i < 300; i++) {
        events = replay();
        if (events >= events_before + 2) {
            break;
        }
        time_delay_ns(20 * NS_PER_MS);
    }
    tap_is(events, events_before + 2, "its start is measured");
    events_before = events;
    still_explained("a domain's start");
    measures("aborted commands");
    tap_is(boolean_set("end", true, true), 0, "and the outsider is to end");
    tap_done();
}

void stub_main(void)
{
    char role[12] = "";

    (void)start_cmdline_get("role", role, sizeof(role));
    if (strcmp(role, "outsider") == 0) {
        outsider_main();
    } else if (strcmp(role, "alone") == 0) {
        alone_main();
    } else {
        attest_main();
    }
}
