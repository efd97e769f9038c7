/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM as the rest of the hypervisor sees it: chosen once from the ACPI table, then opened,
 * given commands, closed. Callers serialise.
 */
#include <xen/tpm.h>

#include <xen/acpi.h>
#include <xen/errno.h>
#include <xen/lib.h>

#include "commands.h"
#include "internal.h"
#include "reserve.h"

/* Constant after tpm_init(). */
static const struct tpm_transport *transport;
static volatile uint8_t *regs;
static struct tpm_digests active;

static bool kept;                    /* atomic: between tpm_keep() and tpm_close() */
static uint64_t end_ns = UINT64_MAX; /* atomic: when the machine's end waits for the TPM no longer */

uint32_t tpm_header_size(const uint8_t *header)
{
    return (uint32_t)header[2] << 24 | (uint32_t)header[3] << 16 | (uint32_t)header[4] << 8 |
           header[5];
}

bool tpm_is_late(uint64_t until_ns)
{
    uint64_t now = tpm_io_now_ns();

    return (until_ns != 0 && now >= until_ns) || now >= __atomic_load_n(&end_ns, __ATOMIC_RELAXED);
}

int tpm_wait8(const volatile uint8_t *reg, uint8_t mask, uint8_t want, uint64_t timeout_ns)
{
    uint64_t end = tpm_io_now_ns() + timeout_ns;

    for (;;) {
        bool late = tpm_is_late(end); /* before the read: one look after the deadline */

        if ((tpm_io_read8(reg) & mask) == want) {
            return 0;
        }
        if (late) {
            return -ETIMEDOUT;
        }
        tpm_io_relax();
    }
}

int tpm_wait32(const volatile uint8_t *reg, uint32_t mask, uint32_t want, uint64_t timeout_ns)
{
    uint64_t end = tpm_io_now_ns() + timeout_ns;

    for (;;) {
        bool late = tpm_is_late(end);

        if ((tpm_io_read32(reg) & mask) == want) {
            return 0;
        }
        if (late) {
            return -ETIMEDOUT;
        }
        tpm_io_relax();
    }
}

static int probe(const struct acpi_tpm2_info *info)
{
    uint64_t page;
    int rc;

    switch (info->start_method) {
    case ACPI_TPM2_START_TIS:
        transport = &tpm_tis;
        regs = tpm_io_map(tpm_locality_maddr(tpm_tis.locality), TPM_LOCALITY_SIZE);
        rc = regs == NULL ? -ENOMEM : tpm_tis_probe(regs);
        break;
    case ACPI_TPM2_START_CRB:
        page = info->control_area & ~(TPM_LOCALITY_SIZE - 1);
        if ((info->control_area & (TPM_LOCALITY_SIZE - 1)) != 0x40) {
            pr_err("tpm: CRB control area at 0x%llx is not at offset 0x40 of a page",
                   (unsigned long long)info->control_area);
            return -EOPNOTSUPP;
        }
        transport = &tpm_crb;
        regs = tpm_io_map(page, TPM_LOCALITY_SIZE);
        rc = regs == NULL ? -ENOMEM : tpm_crb_probe(regs, page);
        break;
    default:
        pr_err("tpm: ACPI TPM2 start method %u, expected 6 (TIS) or 7 (CRB)", info->start_method);
        return -ENODEV;
    }
    if (rc != 0) {
        pr_err("tpm: no usable %s interface answers (%d)", transport->name, rc);
    }
    return rc;
}

int tpm_init(const struct acpi_tpm2_info *info)
{
    int rc = info->present ? probe(info) : -ENODEV;

    if (!info->present) {
        pr_err("tpm: no TPM2 table in ACPI");
    }
    reserve_forget();
    if (rc == 0) {
        rc = tpm_open();
        if (rc == 0) {
            rc = tpm_command_banks(&active);
            tpm_close();
        }
        if (rc != 0) {
            pr_err("tpm: %s interface found, but its PCR banks cannot be read (%d)",
                   transport->name, rc);
        }
    }
    if (rc != 0) {
        transport = NULL;
        active.count = 0;
        return rc;
    }
    pr_info("tpm: %s, locality %u, %u PCR bank(s), first 0x%x", transport->name,
            transport->locality, active.count, active.digest[0].alg);
    return 0;
}

bool tpm_is_present(void)
{
    return transport != NULL;
}

unsigned int tpm_locality(void)
{
    return transport == NULL ? 0 : transport->locality;
}

bool tpm_is_shareable(void)
{
    return transport == &tpm_tis;
}

void tpm_banks(struct tpm_digests *banks)
{
    *banks = active;
}

int tpm_ask(void)
{
    return transport == NULL ? -ENODEV : transport->ask(regs);
}

int tpm_open(void)
{
    int rc = transport == NULL ? -ENODEV : transport->open(regs);

    if (rc == -EBUSY) {
        pr_err("tpm: locality %u is not granted", transport->locality);
    }
    return rc;
}

void tpm_seize(void)
{
    if (transport != NULL) {
        transport->seize(regs);
    }
}

void tpm_keep(void)
{
    __atomic_store_n(&kept, true, __ATOMIC_RELAXED);
}

void tpm_close(void)
{
    __atomic_store_n(&kept, false, __ATOMIC_RELAXED);
    if (transport != NULL) {
        transport->close(regs);
    }
}

static void close_unless_kept(void)
{
    if (!__atomic_load_n(&kept, __ATOMIC_RELAXED)) {
        tpm_close();
    }
}

int tpm_transmit(const uint8_t *cmd, size_t len, uint8_t *resp, size_t *rlen)
{
    int rc;

    if (transport == NULL) {
        return -ENODEV;
    }
    if (len < TPM_HEADER_SIZE || tpm_header_size(cmd) != len) {
        return -EINVAL;
    }
    rc = transport->send(regs, cmd, len);
    if (rc == 0) {
        rc = transport->receive(regs, resp, rlen);
    }
    if (rc != 0) {
        pr_err("tpm: %s transfer failed (%d)", transport->name, rc);
    }
    return rc;
}

void tpm_hurry(void)
{
    __atomic_store_n(&end_ns, tpm_io_now_ns() + TPM_TIMEOUT_END_NS, __ATOMIC_RELAXED);
}

int tpm_shutdown(void)
{
    int rc = tpm_open();

    return rc != 0 ? rc : tpm_command_shutdown();
}

int tpm_reserve(const unsigned int *pcrs, unsigned int count)
{
    int rc = tpm_open();

    if (rc == 0) {
        rc = reserve(pcrs, count);
        close_unless_kept();
    }
    return rc;
}

int tpm_pcr_reset(unsigned int pcr)
{
    int rc = pcr < TPM_PCR_COUNT ? tpm_open() : -EINVAL;

    if (rc == 0) {
        rc = tpm_command_pcr_reset(pcr, reserve_auth(pcr));
        close_unless_kept();
    }
    return rc;
}

int tpm_pcr_extend(unsigned int pcr, const struct tpm_digests *digests)
{
    int rc;

    if (pcr >= TPM_PCR_COUNT || digests->count != active.count) {
        return -EINVAL;
    }
    for (unsigned int i = 0; i < active.count; i++) {
        if (digests->digest[i].alg != active.digest[i].alg ||
            digests->digest[i].size != active.digest[i].size) {
            return -EINVAL;
        }
    }
    rc = tpm_open();
    if (rc == 0) {
        rc = tpm_command_pcr_extend(pcr, digests, reserve_auth(pcr));
        close_unless_kept();
    }
    return rc;
}
