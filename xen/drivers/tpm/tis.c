/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FIFO interface ("TIS") at locality 2. The locality's life: idle -> requested (or seized) ->
 * active -> FIFO cleared -> relinquished. A command's life, in the STS register: commandReady -> bytes while Expect
 * -> tpmGo -> dataAvail -> bytes -> commandReady, which also aborts at any point. Source: TCG PC
 * Client Platform TPM Profile 1.05, 6.5.2 (registers) and 6.5.3 (state transitions).
 */
#include "internal.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define ACCESS 0x00
#define ACCESS_REQUEST_USE 0x02u
#define ACCESS_PENDING 0x04u
#define ACCESS_SEIZE 0x08u
#define ACCESS_BEEN_SEIZED 0x10u
#define ACCESS_ACTIVE 0x20u
#define ACCESS_VALID 0x80u

#define STS 0x18
#define STS_EXPECT 0x08u
#define STS_DATA_AVAIL 0x10u
#define STS_GO 0x20u
#define STS_COMMAND_READY 0x40u
#define STS_VALID 0x80u
#define STS_BURST_SHIFT 8
#define STS_BURST_MASK 0xffffu

#define DATA_FIFO 0x24
#define DID_VID 0xf00

/* commandReady is written again after this: where the first only ends a command, the next makes ready. */
#define CLEAR_AGAIN_NS 20000000ull

/*
 * Who lets the locality go while its command executes leaves that command to us: ours may be dropped then, and the other's answer
 * pass for its answer. So before the first command half a one is begun and aborted, which has an end only when nothing executes.
 * Until then the TPM may also still change the locality, as the other asked it to before.
 */
static enum { FIFO_UNKNOWN, FIFO_BEGUN, FIFO_ABORTED, FIFO_CLEAR } fifo;
static uint64_t clear_again_ns;
static bool seizing; /* until it is ours: cannot be taken back */

int tpm_tis_probe(volatile uint8_t *regs)
{
    uint32_t id = tpm_io_read32(regs + DID_VID);

    if (id == 0 || id == 0xffffffffu) {
        return -ENODEV;
    }
    if (tpm_wait8(regs + ACCESS, ACCESS_VALID, ACCESS_VALID, TPM_TIMEOUT_A_NS) != 0 ||
        tpm_io_read8(regs + ACCESS) == 0xff) {
        return -ENODEV;
    }
    /* Firmware may have left its locality active. No domain runs yet, so there is nothing to wait
     * for. */
    tpm_io_write8(regs + ACCESS, ACCESS_SEIZE);
    fifo = FIFO_UNKNOWN;
    seizing = false;
    return 0;
}

static bool is_active(uint8_t access)
{
    return (access & (ACCESS_VALID | ACCESS_ACTIVE)) == (ACCESS_VALID | ACCESS_ACTIVE);
}

static void command_ready(volatile uint8_t *regs)
{
    tpm_io_write32(regs + STS, STS_COMMAND_READY);
    clear_again_ns = tpm_io_now_ns() + CLEAR_AGAIN_NS;
}

static bool is_ready(volatile uint8_t *regs)
{
    /* All ones: the locality is not ours any more. */
    return (tpm_io_read32(regs + STS) & (STS_COMMAND_READY | STS_EXPECT)) == STS_COMMAND_READY;
}

/* Active: go on clearing the FIFO. */
static bool is_clear(volatile uint8_t *regs)
{
    if (fifo == FIFO_CLEAR) {
        return true;
    }
    if (fifo == FIFO_UNKNOWN) {
        command_ready(regs);
        fifo = FIFO_BEGUN;
    }
    if (fifo == FIFO_BEGUN && is_ready(regs)) {
        tpm_io_write8(regs + DATA_FIFO, 0x80);
        command_ready(regs);
        fifo = FIFO_ABORTED;
    }
    if (fifo == FIFO_ABORTED && is_ready(regs)) {
        fifo = FIFO_CLEAR;
        return true;
    }
    if (tpm_io_now_ns() >= clear_again_ns) {
        command_ready(regs);
    }
    return false;
}

static int tis_ask(volatile uint8_t *regs)
{
    uint8_t access = tpm_io_read8(regs + ACCESS);

    if (!is_active(access)) {
        fifo = FIFO_UNKNOWN;
    }
    if (!is_active(access) && (access & ACCESS_BEEN_SEIZED)) {
        tpm_io_write8(regs + ACCESS, ACCESS_BEEN_SEIZED);
    }
    if (!is_active(access) && !(access & ACCESS_REQUEST_USE)) {
        tpm_io_write8(regs + ACCESS, ACCESS_REQUEST_USE);
        access = tpm_io_read8(regs + ACCESS); /* at once, where nobody has it */
    }
    if (!is_active(access)) {
        return seizing ? -EBUSY : -EAGAIN;
    }
    seizing = false;
    return is_clear(regs) ? 0 : -EBUSY;
}

static void tis_seize(volatile uint8_t *regs)
{
    if (is_active(tpm_io_read8(regs + ACCESS))) {
        return;
    }
    seizing = true;
    pr_warn("tpm: locality 0 does not let go, seizing");
    tpm_io_write8(regs + ACCESS, ACCESS_SEIZE);
}

static int wait_ours(volatile uint8_t *regs, uint64_t timeout_ns)
{
    uint64_t end = tpm_io_now_ns() + timeout_ns;

    for (;;) {
        bool late = tpm_is_late(end);

        if (tis_ask(regs) == 0) {
            return 0;
        }
        if (late) {
            return -EBUSY;
        }
        tpm_io_relax();
    }
}

static int tis_open(volatile uint8_t *regs)
{
    if (wait_ours(regs, TPM_TIMEOUT_A_NS) == 0) {
        return 0;
    }
    tis_seize(regs);
    return wait_ours(regs, TPM_TIMEOUT_SEIZE_NS);
}

static void tis_close(volatile uint8_t *regs)
{
    if (fifo == FIFO_CLEAR) {
        tpm_io_write32(regs + STS, STS_COMMAND_READY); /* aborts whatever is left */
    }
    fifo = FIFO_UNKNOWN;
    tpm_io_write8(regs + ACCESS, ACCESS_ACTIVE);   /* writing 1 relinquishes, or takes a request back */
}

/* Bytes the FIFO takes or gives without a wait; 0 after TIMEOUT_C. */
static size_t burst(volatile uint8_t *regs)
{
    uint64_t end = tpm_io_now_ns() + TPM_TIMEOUT_C_NS;

    for (;;) {
        bool late = tpm_is_late(end);
        size_t n = (tpm_io_read32(regs + STS) >> STS_BURST_SHIFT) & STS_BURST_MASK;

        if (n > 0 || late) {
            return n;
        }
        tpm_io_relax();
    }
}

static int wait_status(volatile uint8_t *regs, uint32_t mask, uint32_t want, uint64_t timeout_ns)
{
    return tpm_wait32(regs + STS, STS_VALID | mask, STS_VALID | want, timeout_ns);
}

static int write_fifo(volatile uint8_t *regs, const uint8_t *p, size_t len)
{
    while (len > 0) {
        size_t n = burst(regs);

        if (n == 0) {
            return -ETIMEDOUT;
        }
        n = min(n, len);
        for (size_t i = 0; i < n; i++) {
            tpm_io_write8(regs + DATA_FIFO, p[i]);
        }
        p += n;
        len -= n;
    }
    return 0;
}

static int tis_send(volatile uint8_t *regs, const uint8_t *cmd, size_t len)
{
    int rc;

    tpm_io_write32(regs + STS, STS_COMMAND_READY);
    rc = tpm_wait32(regs + STS, STS_COMMAND_READY, STS_COMMAND_READY, TPM_TIMEOUT_B_NS);
    if (rc != 0) {
        return rc;
    }
    /* The last byte goes alone: before it the TPM must still expect data, after it no more. */
    rc = write_fifo(regs, cmd, len - 1);
    if (rc == 0 && wait_status(regs, STS_EXPECT, STS_EXPECT, TPM_TIMEOUT_C_NS) != 0) {
        rc = -EIO;
    }
    if (rc == 0) {
        rc = write_fifo(regs, cmd + len - 1, 1);
    }
    if (rc == 0 && wait_status(regs, STS_EXPECT, 0, TPM_TIMEOUT_C_NS) != 0) {
        rc = -EIO;
    }
    if (rc == 0) {
        tpm_io_write32(regs + STS, STS_GO);
    } else {
        tpm_io_write32(regs + STS, STS_COMMAND_READY);
    }
    return rc;
}

static int read_fifo(volatile uint8_t *regs, uint8_t *p, size_t len)
{
    while (len > 0) {
        size_t n;

        if (wait_status(regs, STS_DATA_AVAIL, STS_DATA_AVAIL, TPM_TIMEOUT_C_NS) != 0) {
            return -EIO;
        }
        n = burst(regs);
        if (n == 0) {
            return -ETIMEDOUT;
        }
        n = min(n, len);
        for (size_t i = 0; i < n; i++) {
            p[i] = tpm_io_read8(regs + DATA_FIFO);
        }
        p += n;
        len -= n;
    }
    return 0;
}

static int tis_receive(volatile uint8_t *regs, uint8_t *resp, size_t *rlen)
{
    size_t size = 0;
    int rc = wait_status(regs, STS_DATA_AVAIL, STS_DATA_AVAIL, TPM_TIMEOUT_COMMAND_NS);

    if (rc == 0) {
        rc = *rlen < TPM_HEADER_SIZE ? -ENOSPC : read_fifo(regs, resp, TPM_HEADER_SIZE);
    }
    if (rc == 0) {
        size = tpm_header_size(resp);
        if (size < TPM_HEADER_SIZE) {
            rc = -EIO;
        } else if (size > *rlen) {
            rc = -ENOSPC;
        } else {
            rc = read_fifo(regs, resp + TPM_HEADER_SIZE, size - TPM_HEADER_SIZE);
        }
    }
    if (rc == 0 && wait_status(regs, STS_DATA_AVAIL, 0, TPM_TIMEOUT_C_NS) != 0) {
        rc = -EIO; /* more bytes than the header says */
    }
    tpm_io_write32(regs + STS, STS_COMMAND_READY);
    *rlen = rc == 0 ? size : 0;
    return rc;
}

const struct tpm_transport tpm_tis = {
    .name = "TIS",
    .locality = 2,
    .ask = tis_ask,
    .seize = tis_seize,
    .open = tis_open,
    .close = tis_close,
    .send = tis_send,
    .receive = tis_receive,
};
