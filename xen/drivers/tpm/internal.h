/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the TPM driver: register access and the contract of a transport. */
#ifndef TPM_INTERNAL_H
#define TPM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TIMEOUT_A to D of the TPM Profile, 6.5.1.4, at their defaults or above, in nanoseconds. */
#define TPM_TIMEOUT_A_NS 750000000ull
#define TPM_TIMEOUT_B_NS 2000000000ull
#define TPM_TIMEOUT_C_NS 750000000ull
/* A seized TPM first finishes or aborts the other locality's command. */
#define TPM_TIMEOUT_SEIZE_NS 20000000000ull
/* The longest of our commands; key generation is none of them. */
#define TPM_TIMEOUT_COMMAND_NS 10000000000ull

/* What the machine's end may be put off for a TPM that does not answer, all of it together. */
#define TPM_TIMEOUT_END_NS 3000000000ull

#define TPM_HEADER_SIZE 10

/*
 * A register page and the three duties of a transport. send gets a whole command; receive fills
 * resp up to the size in the response header. Each returns 0, -ETIMEDOUT, -EIO or -ENOSPC; open -EBUSY
 * when another locality has the TPM.
 */
struct tpm_transport {
    const char *name;
    unsigned int locality;
    int (*ask)(volatile uint8_t *regs); /* as tpm_ask(), which is called again and again */
    void (*seize)(volatile uint8_t *regs);
    int (*open)(volatile uint8_t *regs);
    void (*close)(volatile uint8_t *regs);
    int (*send)(volatile uint8_t *regs, const uint8_t *cmd, size_t len);
    int (*receive)(volatile uint8_t *regs, uint8_t *resp, size_t *rlen);
};

extern const struct tpm_transport tpm_tis, tpm_crb;

/* Whether the registers look like such a TPM. 0, -ENODEV, -EOPNOTSUPP (CRB buffers elsewhere). */
int tpm_tis_probe(volatile uint8_t *regs);
int tpm_crb_probe(volatile uint8_t *regs, uint64_t page_maddr);

/* Size field of a command or response header, big endian at offset 2. */
uint32_t tpm_header_size(const uint8_t *header);

/* Hardware access, in io.c; unit tests link a register model instead. */
volatile uint8_t *tpm_io_map(uint64_t maddr, size_t size);
uint8_t tpm_io_read8(const volatile uint8_t *reg);
uint32_t tpm_io_read32(const volatile uint8_t *reg);
void tpm_io_write8(volatile uint8_t *reg, uint8_t value);
void tpm_io_write32(volatile uint8_t *reg, uint32_t value);
uint64_t tpm_io_now_ns(void);
void tpm_io_relax(void);

/** Whether a wait that began with this end is over, or all of them are (tpm_hurry). 0: the latter. */
bool tpm_is_late(uint64_t until_ns);

/**
 * Poll a register until (value & mask) == want.
 * @return 0 or -ETIMEDOUT
 */
int tpm_wait8(const volatile uint8_t *reg, uint8_t mask, uint8_t want, uint64_t timeout_ns);
int tpm_wait32(const volatile uint8_t *reg, uint32_t mask, uint32_t want, uint64_t timeout_ns);

#endif /* TPM_INTERNAL_H */
