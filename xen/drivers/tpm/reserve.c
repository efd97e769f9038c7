/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCRs that nobody but the hypervisor may authorize. Localities keep others from extending them, but not from giving them an
 * authorization value or policy, after which the hypervisor could not extend them either. So they get a value first.
 *
 * What could take that away: the value itself (nobody else knows it), TPM2_Clear (authorized by the lockout or the platform
 * hierarchy), and TPM2_PCR_SetAuthPolicy (platform), which also outlives restarts. PC firmware gives the platform hierarchy a
 * random value before it starts a loader; it is done again here, for those that do not.
 *
 * Source: TPM 2.0 Library part 1, 17.8 (PCR authorizations); part 3, 22.6, 22.7, 24.5 to 24.8.
 */
#include "reserve.h"

#include <xen/errno.h>
#include <xen/lib.h>

/* Response codes of format one, without the bits that say which handle, session or parameter is meant. */
#define RC_FORMAT_ONE 0xbfu
#define RC_VALUE 0x84u
#define RC_HIERARCHY 0x85u
#define RC_AUTH_FAIL 0x8eu
#define RC_BAD_AUTH 0xa2u
#define RC_COMMAND_CODE 0x143u

static const struct tpm_auth empty;

/* Constant after reserve(). */
static struct tpm_auth ours;
static uint32_t reserved; /* bit for each PCR that has it */

static bool is_code(uint32_t code, uint32_t one)
{
    return (code & RC_FORMAT_ONE) == one;
}

static bool is_auth_refused(uint32_t code)
{
    return is_code(code, RC_AUTH_FAIL) || is_code(code, RC_BAD_AUTH);
}

/* PCRs may share a value: then the second has ours already. */
static int reserve_pcr(unsigned int pcr)
{
    uint32_t code;
    int rc = tpm_command_pcr_set_auth(pcr, &empty, &ours, &code);

    if (rc == 0 && is_auth_refused(code) && reserved != 0) {
        rc = tpm_command_pcr_set_auth(pcr, &ours, &ours, &code);
    }
    if (rc != 0) {
        return rc;
    }
    if (code == 0) {
        reserved |= 1u << pcr;
        return 0;
    }
    if (is_code(code, RC_VALUE) || code == RC_COMMAND_CODE) {
        return 0; /* it can have none, from nobody */
    }
    pr_err("tpm: PCR %u could not be reserved: response code 0x%x%s", pcr, code,
           is_auth_refused(code) ? " (firmware or loader gave it an authorization value)" : "");
    return -EIO;
}

/* A wrong value for the lockout hierarchy would lock it for its owner: it is not tried where there is one. */
static int disable_clear(void)
{
    uint32_t attributes, code = 0;
    int rc = tpm_command_permanent(&attributes);
    bool owned = rc == 0 && (attributes & TPM_PERMANENT_LOCKOUT_AUTH_SET) != 0;

    if (rc != 0 || (attributes & TPM_PERMANENT_DISABLE_CLEAR) != 0) {
        return rc;
    }
    rc = tpm_command_clear_disable(owned ? TPM_RH_PLATFORM : TPM_RH_LOCKOUT, &empty, &code);
    if (rc == 0 && code != 0) {
        pr_warn("tpm: TPM2_Clear could not be disabled (response code 0x%x): who has the lockout authorization can end measuring",
                code);
    }
    return rc;
}

static int close_platform(void)
{
    struct tpm_auth unknown;
    uint32_t code = 0;
    int rc = tpm_command_random(&unknown);

    if (rc == 0) {
        rc = tpm_command_hierarchy_set_auth(TPM_RH_PLATFORM, &empty, &unknown, &code);
    }
    if (rc == 0 && code == 0) {
        pr_info("tpm: firmware left the platform hierarchy open; closed");
    } else if (rc == 0 && !is_auth_refused(code) && !is_code(code, RC_HIERARCHY)) {
        pr_err("tpm: the platform hierarchy could not be closed: response code 0x%x", code);
        rc = -EIO; /* it may be open: a domain could end measuring */
    }
    return rc;
}

int reserve(const unsigned int *pcrs, unsigned int count)
{
    int rc = tpm_command_random(&ours);

    for (unsigned int i = 0; rc == 0 && i < count; i++) {
        rc = reserve_pcr(pcrs[i]);
    }
    if (rc == 0 && reserved != 0) {
        rc = disable_clear();
    }
    return rc != 0 ? rc : close_platform();
}

const struct tpm_auth *reserve_auth(unsigned int pcr)
{
    return reserved >> pcr & 1 ? &ours : &empty;
}

void reserve_forget(void)
{
    reserved = 0;
}
