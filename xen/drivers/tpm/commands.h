/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the TPM driver: the commands, marshalled by hand. The TPM is open in all of them. */
#ifndef TPM_COMMANDS_H
#define TPM_COMMANDS_H

#include <xen/tpm.h>

/** Active banks that can be hashed here. -EOPNOTSUPP none; -EIO malformed or refused; -ETIMEDOUT */
int tpm_command_banks(struct tpm_digests *banks);
/** @return 0; -EIO refused, with the response code printed; -ETIMEDOUT */
int tpm_command_pcr_reset(unsigned int pcr);
int tpm_command_shutdown(void);
int tpm_command_pcr_extend(unsigned int pcr, const struct tpm_digests *digests);

#endif /* TPM_COMMANDS_H */
