/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the TPM driver: PCRs that nobody but the hypervisor may authorize. Contract: tpm_reserve() in <xen/tpm.h>. */
#ifndef TPM_RESERVE_H
#define TPM_RESERVE_H

#include "commands.h"

/** tpm_reserve() with the TPM open. */
int reserve(const unsigned int *pcrs, unsigned int count);
/** What authorizes commands on this PCR: ours, or empty. */
const struct tpm_auth *reserve_auth(unsigned int pcr);
/** Another TPM: nothing is reserved. */
void reserve_forget(void);

#endif /* TPM_RESERVE_H */
