/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the TPM driver: the commands, marshalled by hand. The TPM is open in all of them. */
#ifndef TPM_COMMANDS_H
#define TPM_COMMANDS_H

#include <xen/tpm.h>

/* An authorization value; {.size = 0} is the empty one. 160 bits, which every TPM takes. */
#define TPM_AUTH_MAX 20
struct tpm_auth {
    uint16_t size;
    uint8_t bytes[TPM_AUTH_MAX];
};

#define TPM_RH_LOCKOUT 0x4000000au
#define TPM_RH_PLATFORM 0x4000000cu

/* TPMA_PERMANENT, as far as it is looked at. */
#define TPM_PERMANENT_LOCKOUT_AUTH_SET (1u << 2)
#define TPM_PERMANENT_DISABLE_CLEAR (1u << 8)

/** Active banks that can be hashed here. -EOPNOTSUPP none; -EIO malformed or refused; -ETIMEDOUT */
int tpm_command_banks(struct tpm_digests *banks);
/** TPMA_PERMANENT. Errors as above. */
int tpm_command_permanent(uint32_t *attributes);
/** A new value that nobody knows. Errors as above. */
int tpm_command_random(struct tpm_auth *auth);

/** @return 0; -EIO refused, with the response code printed; -ETIMEDOUT */
int tpm_command_pcr_reset(unsigned int pcr, const struct tpm_auth *auth);
int tpm_command_shutdown(void);
int tpm_command_pcr_extend(unsigned int pcr, const struct tpm_digests *digests, const struct tpm_auth *auth);

/** What may be refused for good reasons: the response code is the caller's to judge. @return 0 the TPM answered; -EIO; -ETIMEDOUT */
int tpm_command_pcr_set_auth(unsigned int pcr, const struct tpm_auth *old, const struct tpm_auth *new, uint32_t *code);
int tpm_command_hierarchy_set_auth(uint32_t hierarchy, const struct tpm_auth *old, const struct tpm_auth *new,
                                   uint32_t *code);
int tpm_command_clear_disable(uint32_t hierarchy, const struct tpm_auth *auth, uint32_t *code);

#endif /* TPM_COMMANDS_H */
