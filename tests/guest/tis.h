/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locality 0 of the TPM, as a domain has it: the steps of a command, for kernels that stop half way. TCG PC Client Platform TPM
 * Profile 1.05, 6.5.2 and 6.5.3.
 */
#ifndef TESTS_GUEST_TIS_H
#define TESTS_GUEST_TIS_H

#include <runtime/time.h>
#include <runtime/xen.h>

#define TIS_GFN 0xfed40ul /* of locality 0; the others follow */

#define TIS_ACCESS 0x00u
#define TIS_STS 0x18u
#define TIS_FIFO 0x24u
#define TIS_ACCESS_USE 0x02u
#define TIS_ACCESS_SEIZE 0x08u
#define TIS_ACCESS_SEIZED 0x10u
#define TIS_ACCESS_ACTIVE 0x20u
#define TIS_STS_AVAIL 0x10u
#define TIS_STS_GO 0x20u
#define TIS_STS_READY 0x40u

static volatile uint8_t *const tis = (volatile uint8_t *)(TIS_GFN << PAGE_SHIFT); /* mapped by the kernel */

static inline uint32_t tis_get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/** Within 30 s, more than the hypervisor may keep the TPM. */
static inline bool tis_wait(unsigned int offset, uint8_t bits)
{
    uint64_t end = time_now_ns() + 30000 * NS_PER_MS;

    while ((tis[offset] & bits) != bits) {
        if (time_now_ns() > end) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

/** Get the locality. */
static inline bool tis_take(void)
{
    tis[TIS_ACCESS] = TIS_ACCESS_SEIZED; /* what was is over */
    tis[TIS_ACCESS] = TIS_ACCESS_USE;
    return tis_wait(TIS_ACCESS, TIS_ACCESS_ACTIVE);
}

static inline void tis_give_back(void)
{
    tis[TIS_STS] = TIS_STS_READY;
    tis[TIS_ACCESS] = TIS_ACCESS_ACTIVE;
}

/** Begin a command; tis_put() its bytes; tis_go(). */
static inline bool tis_begin(void)
{
    tis[TIS_STS] = TIS_STS_READY;
    return tis_wait(TIS_STS, TIS_STS_READY);
}

static inline void tis_put(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        tis[TIS_FIFO] = bytes[i];
    }
}

/** @return bytes of the response that fit; 0: there is none */
static inline uint32_t tis_go(uint8_t *response, uint32_t size)
{
    uint32_t len, want = 10;

    tis[TIS_STS] = TIS_STS_GO;
    if (!tis_wait(TIS_STS, TIS_STS_AVAIL)) {
        return 0;
    }
    for (len = 0; len < want && len < size; len++) {
        response[len] = tis[TIS_FIFO];
        if (len == 9) {
            want = tis_get32(response + 2);
        }
    }
    return len;
}

#endif
