/* SPDX-License-Identifier: Apache-2.0 */
#ifndef XEN_TPM_H
#define XEN_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TPM 2.0 transport and the five commands the hypervisor uses.
 *
 * A TPM with localities (TIS/FIFO interface) is shared by locality: 2 is the hypervisor's, the page
 * of locality 0 is mapped into the attest domain. The hypervisor takes locality 2 by request at
 * boot and by seizing later, and gives it back after each batch of commands. A TPM with one
 * locality (CRB as QEMU has it) is owned by the hypervisor alone.
 *
 * Callers serialise: measure.c holds its lock around all of this.
 * Source: TCG PC Client Platform TPM Profile 1.05; TPM 2.0 Library part 3; TCG ACPI
 * Specification 1.3.
 */

struct acpi_tpm2_info; /* <xen/acpi.h> */

/* Values of its start_method that are supported. */
#define ACPI_TPM2_START_TIS 6
#define ACPI_TPM2_START_CRB 7

/* maddr of locality n's page; the attest domain gets exactly tpm_locality_maddr(0), 4096 bytes. */
#define TPM_MMIO_BASE 0xfed40000ULL
#define TPM_LOCALITY_SIZE 0x1000ULL
#define TPM_LOCALITY_COUNT 5

static inline uint64_t tpm_locality_maddr(unsigned int locality)
{
    return TPM_MMIO_BASE + (uint64_t)locality * TPM_LOCALITY_SIZE;
}

/* TPM_ALG_ID values of the PCR banks that can be extended here. */
#define TPM_ALG_SHA1 0x0004
#define TPM_ALG_SHA256 0x000b
#define TPM_ALG_SHA384 0x000c
#define TPM_ALG_SHA512 0x000d

#define TPM_BANK_MAX 4
#define TPM_DIGEST_MAX 64
#define TPM_PCR_COUNT 24
#define TPM_RESPONSE_MAX 4096

struct tpm_digest {
    uint16_t alg;
    uint16_t size; /* bytes */
    uint8_t bytes[TPM_DIGEST_MAX];
};

/* The same data hashed once per bank. */
struct tpm_digests {
    unsigned int count;
    struct tpm_digest digest[TPM_BANK_MAX];
};

/** Bytes of a digest of this algorithm, or 0 when the algorithm is not one of the four. */
unsigned int tpm_alg_size(uint16_t alg);

/**
 * Find the transport, take the TPM and read which PCR banks are active. Leaves no locality active.
 *
 * @param info  from ACPI; info->present must be true
 * @return 0; -ENODEV no TPM answers there or the start method is unknown; -ETIMEDOUT the TPM does
 * not become ready; -EIO a malformed response; -EOPNOTSUPP no active bank can be hashed here.
 * Prints one line that says which, in every case.
 */
int tpm_init(const struct acpi_tpm2_info *info);

/** Whether tpm_init() succeeded. */
bool tpm_is_present(void);

/** Locality the hypervisor works at: 2 (TIS), 0 (CRB). Meaningless while !tpm_is_present(). */
unsigned int tpm_locality(void);

/** Whether locality 0's page may be given to the attest domain: TIS only. */
bool tpm_is_shareable(void);

/** Active banks: fills in alg and size of each and zeroes the bytes. Empty without TPM. */
void tpm_banks(struct tpm_digests *banks);

/**
 * Ask for our locality, and do not wait: locality 0 may be at a command that takes seconds, and would lose it if it were seized.
 * @return 0 it is ours until tpm_close(), and tpm_open() has no wait; -EAGAIN asked for: call again, and in the end tpm_open()
 *         or tpm_close(); -EBUSY the same, but it will be ours, when what another locality began has ended, and cannot be taken
 *         back: tpm_close() not before 0; -ENODEV no TPM
 */
int tpm_ask(void);

/**
 * Take our locality for a batch of commands. Requests it first; when another locality does not let
 * go within TIMEOUT_A it is seized, so a domain cannot hold the hypervisor up.
 * @return 0; -ENODEV no TPM; -EBUSY another locality has it
 */
int tpm_open(void);

/**
 * Take our locality from whoever has it, who loses what it does. Does not wait for that: tpm_ask() until 0. Meanwhile nobody may
 * touch locality 0's page: TPMs (QEMU's) forget who seized when a command is aborted there, and then take no other seize.
 */
void tpm_seize(void);

/** Commands that open our locality leave it open from now on, until the next tpm_close(). */
void tpm_keep(void);

/** Give the locality back. Safe after a failed command. Takes a request back that was not granted yet. */
void tpm_close(void);

/**
 * One command and its response, between tpm_open() and tpm_close().
 *
 * @param cmd,len  whole command with header; len as in its header
 * @param resp     out: response
 * @param rlen     in: size of resp; out: bytes written, at least 10
 * @return 0 when a well-formed response arrived, whatever its response code; -EINVAL len is not the
 *         header's; -ETIMEDOUT; -EIO transport error or malformed header; -ENOSPC resp too small
 */
int tpm_transmit(const uint8_t *cmd, size_t len, uint8_t *resp, size_t *rlen);

/**
 * Keep from locality 0 the commands by which it could end the extending of these PCRs. Once, before a domain can reach the TPM:
 *
 * - The PCRs that can have an authorization value get one that only the hypervisor knows, and from now on gives with each of its
 *   commands. The TPM forgets it when it is started again (TPM2_Startup(CLEAR)).
 * - TPM2_Clear, which would empty those values, is disabled. That lasts: only firmware can allow it again, with the platform's
 *   authorization. It cannot be disabled when the lockout hierarchy has an authorization; a line says so.
 * - Firmware that left the platform hierarchy open has it closed: it gets a value that nobody knows, until the TPM is started again.
 *
 * @return 0, and so where the PCRs have no such value; -EIO somebody gave them one before, or the TPM fails; -ETIMEDOUT; -ENODEV
 */
int tpm_reserve(const unsigned int *pcrs, unsigned int count);

/**
 * TPM2_PCR_Reset and TPM2_PCR_Extend with a password session, at our locality; they open and
 * (but for tpm_keep) close it. extend takes exactly the active banks.
 * @return 0; -ENODEV; -ETIMEDOUT; -EINVAL pcr or digests out of range; -EIO the TPM answered with
 * an error code, which is printed; -EBUSY nothing was done: another locality has the TPM, or it wants to be asked later
 */
int tpm_pcr_reset(unsigned int pcr);
int tpm_pcr_extend(unsigned int pcr, const struct tpm_digests *digests);

/**
 * From now on all waits for the TPM, also those that have begun, end within three seconds: the machine is to stop.
 * Any CPU, without the callers' lock.
 */
void tpm_hurry(void);

/**
 * TPM2_Shutdown(CLEAR): what makes the next boot's clock and counters trustworthy. Keeps the locality on success, so that
 * nobody's later command undoes it; nothing else of this file is to be called any more.
 * @return as tpm_pcr_extend()
 */
int tpm_shutdown(void);

#endif /* XEN_TPM_H */
