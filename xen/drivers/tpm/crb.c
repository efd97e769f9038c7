/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command/response buffer interface with a single locality, which the hypervisor owns alone. Only
 * the layout with the buffers in the register page is taken: everything stays inside one mapped
 * page. Source: TCG PC Client Platform TPM Profile 1.05, 6.5.3 (CRB registers, locality and command
 * states).
 */
#include "internal.h"

#include <xen/errno.h>
#include <xen/lib.h>

#define LOC_CTRL 0x08
#define LOC_CTRL_REQUEST 0x1u
#define LOC_CTRL_RELINQUISH 0x2u
#define LOC_STS 0x0c
#define LOC_STS_GRANTED 0x1u
#define INTF_ID 0x30
#define INTF_ID_TYPE_MASK 0xfu
#define INTF_ID_TYPE_CRB 0x1u
#define CTRL_REQ 0x40
#define CTRL_REQ_READY 0x1u
#define CTRL_REQ_IDLE 0x2u
#define CTRL_STS 0x44
#define CTRL_STS_ERROR 0x1u
#define CTRL_START 0x4c
#define CTRL_CMD_SIZE 0x58
#define CTRL_CMD_ADDR 0x5c /* low, high: not 8-byte aligned */
#define CTRL_RSP_SIZE 0x64
#define CTRL_RSP_ADDR 0x68
#define DATA_BUFFER 0x80
#define PAGE_BYTES 0x1000u

static uint64_t read_addr(const volatile uint8_t *reg)
{
    return tpm_io_read32(reg) | (uint64_t)tpm_io_read32(reg + 4) << 32;
}

int tpm_crb_probe(volatile uint8_t *regs, uint64_t page_maddr)
{
    uint32_t id = tpm_io_read32(regs + INTF_ID);
    uint32_t cmd_size = tpm_io_read32(regs + CTRL_CMD_SIZE);
    uint32_t rsp_size = tpm_io_read32(regs + CTRL_RSP_SIZE);

    if (id == 0xffffffffu || (id & INTF_ID_TYPE_MASK) != INTF_ID_TYPE_CRB) {
        return -ENODEV;
    }
    if (read_addr(regs + CTRL_CMD_ADDR) != page_maddr + DATA_BUFFER ||
        read_addr(regs + CTRL_RSP_ADDR) != page_maddr + DATA_BUFFER || cmd_size < 256 ||
        cmd_size > PAGE_BYTES - DATA_BUFFER || rsp_size < 256 ||
        rsp_size > PAGE_BYTES - DATA_BUFFER) {
        return -EOPNOTSUPP;
    }
    return 0;
}

/* Nobody else has it. */
static int crb_ask(volatile uint8_t *regs)
{
    (void)regs;
    return 0;
}

static void crb_seize(volatile uint8_t *regs)
{
    (void)regs;
}

static int crb_open(volatile uint8_t *regs)
{
    tpm_io_write32(regs + LOC_CTRL, LOC_CTRL_REQUEST);
    return tpm_wait32(regs + LOC_STS, LOC_STS_GRANTED, LOC_STS_GRANTED, TPM_TIMEOUT_A_NS);
}

static void crb_close(volatile uint8_t *regs)
{
    tpm_io_write32(regs + LOC_CTRL, LOC_CTRL_RELINQUISH);
}

static int crb_send(volatile uint8_t *regs, const uint8_t *cmd, size_t len)
{
    int rc;

    if (len > tpm_io_read32(regs + CTRL_CMD_SIZE) || len > PAGE_BYTES - DATA_BUFFER) {
        return -ENOSPC;
    }
    tpm_io_write32(regs + CTRL_REQ, CTRL_REQ_READY);
    rc = tpm_wait32(regs + CTRL_REQ, CTRL_REQ_READY, 0, TPM_TIMEOUT_C_NS);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < len; i++) {
        tpm_io_write8(regs + DATA_BUFFER + i, cmd[i]);
    }
    tpm_io_write32(regs + CTRL_START, 1);
    return 0;
}

static int crb_receive(volatile uint8_t *regs, uint8_t *resp, size_t *rlen)
{
    size_t size = 0;
    int rc = tpm_wait32(regs + CTRL_START, 1, 0, TPM_TIMEOUT_COMMAND_NS);

    if (rc == 0 && (tpm_io_read32(regs + CTRL_STS) & CTRL_STS_ERROR)) {
        rc = -EIO;
    }
    if (rc == 0 && *rlen < TPM_HEADER_SIZE) {
        rc = -ENOSPC;
    }
    if (rc == 0) {
        for (size_t i = 0; i < TPM_HEADER_SIZE; i++) {
            resp[i] = tpm_io_read8(regs + DATA_BUFFER + i);
        }
        size = tpm_header_size(resp);
        if (size < TPM_HEADER_SIZE || size > PAGE_BYTES - DATA_BUFFER) {
            rc = -EIO;
        } else if (size > *rlen) {
            rc = -ENOSPC;
        }
    }
    if (rc == 0) {
        for (size_t i = TPM_HEADER_SIZE; i < size; i++) {
            resp[i] = tpm_io_read8(regs + DATA_BUFFER + i);
        }
    }
    tpm_io_write32(regs + CTRL_REQ, CTRL_REQ_IDLE);
    *rlen = rc == 0 ? size : 0;
    return rc;
}

const struct tpm_transport tpm_crb = {
    .name = "CRB",
    .locality = 0,
    .ask = crb_ask,
    .seize = crb_seize,
    .open = crb_open,
    .close = crb_close,
    .send = crb_send,
    .receive = crb_receive,
};
