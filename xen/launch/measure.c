/* SPDX-License-Identifier: Apache-2.0 */
#include "measure.h"

#include <asm/cpu.h>
#include <asm/paging.h>
#include <launch/build_id.h>
#include <xen/acpi.h>
#include <xen/cmdline.h>
#include <xen/iommu.h>
#include <xen/lib.h>
#include <xen/measure.h>
#include <xen/mm.h>
#include <xen/tpm.h>

#define FIRMWARE_LOG_MAX (1u << 20)

const char launch_version_text[] = "bulkhead version=" LAUNCH_VERSION " build-id=" LAUNCH_BUILD_ID LAUNCH_KIND;

static unsigned order_of(size_t size)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < size) {
        order++;
    }
    return order;
}

/* An ACPI log area that firmware has never written to. */
static bool is_unused(const uint8_t *p, size_t size)
{
    size_t i;

    for (i = 1; i < min(size, (size_t)32); i++) {
        if (p[i] != p[0]) {
            return false;
        }
    }
    return p[0] == 0 || p[0] == 0xff;
}

/* The log as the loader's firmware interface gave it, or, under BIOS, where the ACPI table says. */
static const uint8_t *find_firmware_log(const struct boot_info *bi, size_t *size)
{
    const struct acpi_tpm2_info *tpm2 = &acpi_info.tpm2;
    const uint8_t *log;

    if (bi->firmware_log != NULL) {
        *size = bi->firmware_log_size;
        return bi->firmware_log;
    }
    if (bi->efi || !tpm2->present || tpm2->log_addr == 0 || tpm2->log_size == 0) {
        return NULL;
    }
    *size = min(tpm2->log_size, FIRMWARE_LOG_MAX);
    log = paging_map_readonly(tpm2->log_addr, *size);
    if (log == NULL) {
        panic("launch: the firmware's event log at %#llx cannot be read",
              (unsigned long long)tpm2->log_addr);
    }
    return is_unused(log, *size) ? NULL : log;
}

static void start_log(const struct boot_info *bi, bool tpm)
{
    size_t size = 0;
    const uint8_t *log = tpm ? find_firmware_log(bi, &size) : NULL;
    unsigned order = order_of(size);
    struct measure_setup setup = {
        .tpm = tpm,
        .buf = pages_alloc(order_of(MEASURE_LOG_SIZE)),
        .buf_size = MEASURE_LOG_SIZE,
    };
    uint8_t *copy = NULL;
    int ret;

    if (log != NULL) {
        copy = size <= FIRMWARE_LOG_MAX ? pages_alloc(order) : NULL;
        if (copy != NULL) {
            memcpy(copy, log, size);
        }
        setup.fw_log = copy;
        setup.fw_log_size = size;
    }
    if (setup.buf == NULL || (log != NULL && copy == NULL)) {
        panic("launch: no memory for an event log of %zu bytes", size);
    }
    ret = measure_init(&setup);
    if (ret != 0) {
        panic("launch: the event log cannot be started (error %d)", -ret);
    }
    if (copy != NULL) {
        pages_free(copy, order);
    }
}

static void must(int ret, const char *what)
{
    if (ret != 0) {
        panic("launch: %s cannot be measured (error %d)", what, -ret);
    }
}

void launch_measure(const struct boot_info *bi)
{
    const struct measure_protection protection = {
        .svm = true,
        .npt = true,
        .smep = cpu_has_smep,
        .smap = cpu_has_smap,
        .umip = cpu_has_umip,
        .nx = true,
        .iommu = iommu_name(),
    };
    bool tpm = options.tpm != TPM_NONE;

    if (tpm && !acpi_info.tpm2.present) {
        panic("launch: no TPM 2.0 (no ACPI table TPM2): expected one, or tpm=none on the command line");
    }
    if (tpm && tpm_init(&acpi_info.tpm2) != 0) {
        panic("launch: the TPM does not answer: expected a TPM 2.0, or tpm=none on the command line");
    }
    if (!tpm) {
        pr_warn("tpm=none: nothing is measured into a TPM");
    }
    start_log(bi, tpm);
    must(measure_firmware_log(), "the log of what came before");
    must(measure_event(MEASURE_PCR_HYPERVISOR, launch_version_text, strlen(launch_version_text)),
         "version");
    must(measure_cmdline(bi->cmdline, strlen(bi->cmdline)), "command line");
    must(measure_protection(&protection), "protection");
}
