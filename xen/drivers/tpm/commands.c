/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands that the hypervisor gives. They are built in a small fixed buffer whose size covers the largest of them; all
 * fields are big endian.
 * Source: TPM 2.0 Library part 3, each command by its name; part 1, 18.6 (password authorization).
 */
#include "commands.h"

#include <xen/errno.h>
#include <xen/lib.h>

#include "internal.h"

#define ST_NO_SESSIONS 0x8001u
#define ST_SESSIONS 0x8002u
#define CC_CLEAR_CONTROL 0x127u
#define CC_HIERARCHY_CHANGE_AUTH 0x129u
#define CC_PCR_RESET 0x13du
#define CC_SHUTDOWN 0x145u
#define CC_GET_CAPABILITY 0x17au
#define CC_GET_RANDOM 0x17bu
#define CC_PCR_EXTEND 0x182u
#define CC_PCR_SET_AUTH_VALUE 0x183u
#define CAP_PCRS 5u
#define CAP_TPM_PROPERTIES 6u
#define PT_PERMANENT 0x200u
#define SU_CLEAR 0u
#define RS_PW 0x40000009u
#define RC_INITIALIZE 0x100u
#define RC_YIELDED 0x908u
#define RC_TESTING 0x90au
#define RC_NV_RATE 0x920u
#define RC_RETRY 0x922u
#define RC_NV_UNAVAILABLE 0x923u
/* A self-test, which any locality can begin, takes seconds on some. */
#define RETRY_FOR_NS 5000000000ull
#define RETRY_WAIT_NS 20000000ull

/* header 10, handle 4, authorization 13 and the password, count 4, four digests with algorithm */
#define COMMAND_MAX (10 + 4 + 13 + TPM_AUTH_MAX + 4 + TPM_BANK_MAX * (2 + TPM_DIGEST_MAX))

struct command {
    uint8_t data[COMMAND_MAX];
    size_t len;
};

static void put(struct command *c, uint64_t value, unsigned int bytes)
{
    ASSERT(c->len + bytes <= sizeof(c->data));
    for (unsigned int i = bytes; i-- > 0;) {
        c->data[c->len++] = (uint8_t)(value >> (8 * i));
    }
}

static struct command command_start(uint32_t tag, uint32_t code)
{
    struct command c = {.len = 0};

    put(&c, tag, 2);
    put(&c, 0, 4); /* size, set when sent */
    put(&c, code, 4);
    return c;
}

static void put_auth(struct command *c, const struct tpm_auth *auth)
{
    put(c, auth->size, 2);
    for (unsigned int i = 0; i < auth->size; i++) {
        put(c, auth->bytes[i], 1);
    }
}

/* A password session: TPM_RS_PW, no nonce, no attributes, the password. */
static void put_password(struct command *c, const struct tpm_auth *auth)
{
    put(c, 9u + auth->size, 4);
    put(c, RS_PW, 4);
    put(c, 0, 2);
    put(c, 0, 1);
    put_auth(c, auth);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void pause_ns(uint64_t ns)
{
    uint64_t end = tpm_io_now_ns() + ns;

    while (tpm_io_now_ns() < end) {
        tpm_io_relax();
    }
}

/* The command was not carried out, and may be the next time. */
static bool is_for_later(uint32_t code)
{
    return code == RC_RETRY || code == RC_YIELDED || code == RC_TESTING || code == RC_NV_RATE || code == RC_NV_UNAVAILABLE;
}

/* Send, and repeat while the TPM asks for patience. @return 0: it has answered, with this code */
static int command_send(struct command *c, uint32_t *code, uint8_t *resp, size_t *rlen)
{
    uint64_t end = tpm_io_now_ns() + RETRY_FOR_NS;
    size_t size = *rlen;

    for (;;) {
        uint32_t len = (uint32_t)c->len;
        int rc;

        for (unsigned int b = 0; b < 4; b++) {
            c->data[2 + b] = (uint8_t)(len >> (24 - 8 * b));
        }
        *rlen = size;
        rc = tpm_transmit(c->data, c->len, resp, rlen);
        if (rc != 0) {
            return rc;
        }
        *code = get32(resp + 6);
        if (!is_for_later(*code) || tpm_is_late(end)) {
            return 0;
        }
        pause_ns(RETRY_WAIT_NS);
    }
}

/* The same for a command that is to succeed: turns a response code into -EIO, or -EBUSY when it was for later, with a line. */
static int command_run(struct command *c, const char *name, uint8_t *resp, size_t *rlen)
{
    uint32_t code;
    int rc = command_send(c, &code, resp, rlen);

    if (rc == 0 && code != 0) {
        pr_err("tpm: %s refused with response code 0x%x%s", name, code,
               code == RC_INITIALIZE ? " (the firmware has not started the TPM)" : "");
        rc = is_for_later(code) ? -EBUSY : -EIO;
    }
    return rc;
}

int tpm_command_banks(struct tpm_digests *banks)
{
    struct command c = command_start(ST_NO_SESSIONS, CC_GET_CAPABILITY);
    uint8_t resp[256];
    size_t len = sizeof(resp), pos = 19;
    uint32_t count;
    int rc;

    put(&c, CAP_PCRS, 4);
    put(&c, 0, 4);
    put(&c, 1, 4);
    rc = command_run(&c, "GetCapability", resp, &len);
    if (rc != 0) {
        return rc;
    }
    /* header 10, moreData 1, capability 4, count 4, then count x { u16 hash, u8 n, n bytes } */
    if (len < pos || get32(resp + 11) != CAP_PCRS) {
        return -EIO;
    }
    memset(banks, 0, sizeof(*banks));
    for (count = get32(resp + 15); count > 0; count--) {
        uint16_t alg;
        uint8_t n, any = 0;

        if (len - pos < 3 || len - pos - 3 < resp[pos + 2]) {
            return -EIO;
        }
        alg = (uint16_t)(resp[pos] << 8 | resp[pos + 1]);
        n = resp[pos + 2];
        for (uint8_t i = 0; i < n; i++) {
            any |= resp[pos + 3 + i];
        }
        pos += 3u + n;
        if (any == 0) {
            continue;
        }
        if (tpm_alg_size(alg) == 0 || banks->count == TPM_BANK_MAX) {
            pr_warn("tpm: PCR bank 0x%x is active, but nothing here can extend it", alg);
            continue;
        }
        banks->digest[banks->count].alg = alg;
        banks->digest[banks->count].size = (uint16_t)tpm_alg_size(alg);
        banks->count++;
    }
    return banks->count == 0 ? -EOPNOTSUPP : 0;
}

int tpm_command_shutdown(void)
{
    struct command c = command_start(ST_NO_SESSIONS, CC_SHUTDOWN);
    uint8_t resp[64];
    size_t len = sizeof(resp);

    put(&c, SU_CLEAR, 2);
    return command_run(&c, "Shutdown", resp, &len);
}

int tpm_command_permanent(uint32_t *attributes)
{
    struct command c = command_start(ST_NO_SESSIONS, CC_GET_CAPABILITY);
    uint8_t resp[64];
    size_t len = sizeof(resp);
    int rc;

    put(&c, CAP_TPM_PROPERTIES, 4);
    put(&c, PT_PERMANENT, 4);
    put(&c, 1, 4);
    rc = command_run(&c, "GetCapability", resp, &len);
    if (rc != 0) {
        return rc;
    }
    /* header 10, moreData 1, capability 4, count 4, then { property 4, value 4 } */
    if (len < 27 || get32(resp + 11) != CAP_TPM_PROPERTIES || get32(resp + 15) != 1 || get32(resp + 19) != PT_PERMANENT) {
        return -EIO;
    }
    *attributes = get32(resp + 23);
    return 0;
}

int tpm_command_random(struct tpm_auth *auth)
{
    auth->size = 0;
    while (auth->size < TPM_AUTH_MAX) { /* a TPM may give less than it is asked for */
        struct command c = command_start(ST_NO_SESSIONS, CC_GET_RANDOM);
        unsigned int want = TPM_AUTH_MAX - auth->size, got;
        uint8_t resp[64];
        size_t len = sizeof(resp);
        int rc;

        put(&c, want, 2);
        rc = command_run(&c, "GetRandom", resp, &len);
        if (rc != 0) {
            return rc;
        }
        got = len < 12 ? 0 : (unsigned int)(resp[10] << 8 | resp[11]);
        if (got == 0 || got > want || len != 12 + got) {
            return -EIO;
        }
        memcpy(auth->bytes + auth->size, resp + 12, got);
        auth->size = (uint16_t)(auth->size + got);
    }
    return 0;
}

/* A new authorization value for what has one: both commands for that have the same parameters. */
static int set_auth(uint32_t command, uint32_t handle, const struct tpm_auth *old, const struct tpm_auth *new, uint32_t *code)
{
    struct command c = command_start(ST_SESSIONS, command);
    uint8_t resp[64];
    size_t len = sizeof(resp);

    put(&c, handle, 4);
    put_password(&c, old);
    put_auth(&c, new);
    return command_send(&c, code, resp, &len);
}

int tpm_command_pcr_set_auth(unsigned int pcr, const struct tpm_auth *old, const struct tpm_auth *new, uint32_t *code)
{
    return set_auth(CC_PCR_SET_AUTH_VALUE, pcr, old, new, code);
}

int tpm_command_hierarchy_set_auth(uint32_t hierarchy, const struct tpm_auth *old, const struct tpm_auth *new,
                                   uint32_t *code)
{
    return set_auth(CC_HIERARCHY_CHANGE_AUTH, hierarchy, old, new, code);
}

int tpm_command_clear_disable(uint32_t hierarchy, const struct tpm_auth *auth, uint32_t *code)
{
    struct command c = command_start(ST_SESSIONS, CC_CLEAR_CONTROL);
    uint8_t resp[64];
    size_t len = sizeof(resp);

    put(&c, hierarchy, 4);
    put_password(&c, auth);
    put(&c, 1, 1);
    return command_send(&c, code, resp, &len);
}

int tpm_command_pcr_reset(unsigned int pcr, const struct tpm_auth *auth)
{
    struct command c = command_start(ST_SESSIONS, CC_PCR_RESET);
    uint8_t resp[64];
    size_t len = sizeof(resp);

    put(&c, pcr, 4);
    put_password(&c, auth);
    return command_run(&c, "PCR_Reset", resp, &len);
}

int tpm_command_pcr_extend(unsigned int pcr, const struct tpm_digests *digests, const struct tpm_auth *auth)
{
    struct command c = command_start(ST_SESSIONS, CC_PCR_EXTEND);
    uint8_t resp[64];
    size_t len = sizeof(resp);

    put(&c, pcr, 4);
    put_password(&c, auth);
    put(&c, digests->count, 4);
    for (unsigned int i = 0; i < digests->count; i++) {
        const struct tpm_digest *d = &digests->digest[i];

        put(&c, d->alg, 2);
        for (unsigned int b = 0; b < d->size; b++) {
            put(&c, d->bytes[b], 1);
        }
    }
    return command_run(&c, "PCR_Extend", resp, &len);
}
