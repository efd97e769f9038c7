/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UEFI step: runs one to one under the firmware's tables while boot services are still there. It copies the TCG
 * event log, finds the RSDP, leaves boot services and records the memory that is free from then on. Nothing else of the
 * firmware is used afterwards.
 * Sources: UEFI 2.10 (4.3 system table, 7.2 memory services), TCG EFI Protocol Specification 1.0 (6.5 GetEventLog, 7 final events).
 */
#include "efi.h"

#include "uefi.h"

struct efi_boot_info efi_boot_info;

static const struct efi_guid guid_tcg2 = { 0x607f766c, 0x7455, 0x42be, { 0x93, 0x0b, 0xe4, 0xd7, 0x6d, 0xb2, 0x72, 0x0f } };
static const struct efi_guid guid_final = { 0x1e2ed096, 0x30e2, 0x4254, { 0xbd, 0x89, 0x86, 0x3b, 0xbe, 0xf8, 0x23, 0x25 } };
static const struct efi_guid guid_acpi2 = { 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 } };

#define MAP_BYTES (32 * 1024)
static uint8_t memory_map[MAP_BYTES] __aligned_to(8);

static bool guid_equal(const struct efi_guid *a, const struct efi_guid *b)
{
    const uint64_t *x = (const uint64_t *)(const void *)a, *y = (const uint64_t *)(const void *)b;

    return x[0] == y[0] && x[1] == y[1];
}

static void copy(uint8_t *dst, const uint8_t *src, uint64_t n)
{
    __asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n)::"memory");
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint64_t config_table(const struct efi_system_table *st, const struct efi_guid *guid)
{
    for (uint64_t i = 0; i < st->entry_count; i++) {
        if (guid_equal(&st->entries[i].guid, guid)) {
            return st->entries[i].table;
        }
    }
    return 0;
}

/* Length of a TCG_PCR_EVENT2 at p, given the digest sizes of the log's header; 0 when it does not fit. */
static uint64_t event2_length(const uint8_t *header, const uint8_t *p, uint64_t room)
{
    uint64_t at = 12;
    uint32_t count, algs = get32(header + 32 + 24);

    if (room < at || (count = get32(p + 8)) > 16 || algs > 16) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = 0;

        if (at + 2 > room) {
            return 0;
        }
        for (uint32_t k = 0; k < algs; k++) {
            const uint8_t *a = header + 32 + 28 + 4 * k;

            if (get16(a) == get16(p + at)) {
                size = get16(a + 2);
            }
        }
        if (!size) {
            return 0;
        }
        at += 2 + size;
    }
    if (at + 4 > room) {
        return 0;
    }
    at += 4 + get32(p + at);
    return at <= room ? at : 0;
}

/* Length of the header event: a TCG_PCClientPCREvent. */
static uint64_t header_length(const uint8_t *p)
{
    return 32 + get32(p + 28);
}

static void copy_log(struct efi_system_table *st, uint8_t *buf)
{
    struct efi_tcg2 *tcg2 = NULL;
    uint64_t start = 0, last = 0, size, len;
    uint8_t truncated = 0;
    const uint8_t *log, *end;

    if (st->boot->locate_protocol(&guid_tcg2, NULL, (void **)&tcg2) || !tcg2 ||
        tcg2->get_event_log(tcg2, 2, &start, &last, &truncated) || !start) {
        return;
    }
    if (truncated) {
        efi_boot_info.error = "the firmware's event log is truncated";
        return;
    }
    log = (const uint8_t *)start;
    end = (const uint8_t *)last;
    /* last points at the last event: the header when it is alone. */
    len = end == log ? header_length(log) : event2_length(log, end, EFI_LOG_MAX);
    size = (uint64_t)(end - log) + len;
    if (!len || end < log || size > EFI_LOG_MAX) {
        efi_boot_info.error = "the firmware's event log is malformed or above 256 KiB";
        return;
    }
    copy(buf, log, size);
    efi_boot_info.log = (uint64_t)buf;
    efi_boot_info.log_size = size;
}

/* Events measured after GetEventLog (ExitBootServices itself among them) stand in the final-events table. */
static void append_final_events(uint64_t table)
{
    const uint8_t *t = (const uint8_t *)table;
    uint8_t *buf = (uint8_t *)efi_boot_info.log;
    uint64_t count, at = 16;

    if (!table || !buf) {
        return;
    }
    count = *(const uint64_t *)(const void *)(t + 8);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t len = event2_length(buf, t + at, EFI_LOG_MAX);

        if (!len || efi_boot_info.log_size + len > EFI_LOG_MAX) {
            efi_boot_info.error = "the firmware's final events are malformed or too many";
            return;
        }
        copy(buf + efi_boot_info.log_size, t + at, len);
        efi_boot_info.log_size += len;
        at += len;
    }
}

static bool usable_type(uint32_t type)
{
    return type >= 1 && type <= 4 ? true : type == 7; /* loader, boot services, conventional */
}

static void record_memory(uint64_t size, uint64_t desc_size)
{
    struct efi_boot_info *info = &efi_boot_info;

    for (uint64_t at = 0; at + desc_size <= size; at += desc_size) {
        const struct efi_memory_descriptor *d = (const void *)(memory_map + at);
        uint64_t end = d->physical + d->pages * 4096;

        if (!usable_type(d->type)) {
            continue;
        }
        if (info->range_count && info->ranges[info->range_count - 1].end == d->physical) {
            info->ranges[info->range_count - 1].end = end;
            continue;
        }
        if (info->range_count == EFI_RANGES_MAX) {
            info->error = "the firmware's memory map has too many ranges";
            return;
        }
        info->ranges[info->range_count].start = d->physical;
        info->ranges[info->range_count].end = end;
        info->range_count++;
    }
}

void efi_boot(uint32_t mbi)
{
    const uint8_t *p = (const uint8_t *)(uint64_t)mbi;
    uint32_t total = get32(p);
    struct efi_system_table *st = NULL;
    void *image = NULL;
    uint64_t buf = 0xffffffff, size, key, desc_size, final;
    uint32_t version;

    for (uint32_t at = 8; at + 8 <= total; at += (get32(p + at + 4) + 7) & ~7u) {
        uint32_t type = get32(p + at);

        if (type == 12) {
            st = *(struct efi_system_table *const *)(const void *)(p + at + 8);
        } else if (type == 20) {
            image = *(void *const *)(const void *)(p + at + 8);
        } else if (type == 0 || get32(p + at + 4) < 8) {
            break;
        }
    }
    if (!st || !image) {
        return; /* boot services already gone: an ordinary multiboot 2 start */
    }
    efi_boot_info.valid = true;
    efi_boot_info.rsdp = config_table(st, &guid_acpi2);
    final = 0;
    if (!st->boot->allocate_pages(EFI_BELOW, EFI_LOADER_DATA, EFI_LOG_MAX / 4096, &buf)) {
        copy_log(st, (uint8_t *)buf);
        final = config_table(st, &guid_final);
    }
    for (unsigned tries = 0; tries < 8; tries++) {
        size = MAP_BYTES;
        if (st->boot->get_memory_map(&size, memory_map, &key, &desc_size, &version)) {
            efi_boot_info.error = "the firmware gives no memory map";
            return;
        }
        if (!st->boot->exit_boot_services(image, key)) {
            append_final_events(final);
            record_memory(size, desc_size);
            return;
        }
    }
    efi_boot_info.error = "the firmware does not leave boot services";
}
