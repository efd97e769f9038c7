/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

bool name_is_good(const char *text)
{
    size_t len = strlen(text);

    if (len < 1 || len > 15 || text[0] < 'a' || text[0] > 'z') {
        return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

bool value_single(const struct value_context *vc, const struct conf_entry *entry, const char **out)
{
    if (entry->value_count != 1) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%zu values where one is expected; leave one, or quote the value if the comma "
                   "belongs to it", entry->value_count);
        return false;
    }
    *out = entry->values[0];
    return true;
}

/* Digits up to the end or to a suffix; false if there are none or the number is too big. */
static bool number_scan(const char *text, uint64_t *value, const char **rest)
{
    char *end;
    int base = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 16 : 10;

    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    errno = 0;
    *value = strtoull(text, &end, base);
    *rest = end;
    return errno == 0 && end != text && (base == 10 || end - text > 2);
}

bool value_number(const struct value_context *vc, const struct conf_entry *entry, uint64_t low,
                  uint64_t high, uint64_t *out)
{
    const char *text, *rest;
    uint64_t value;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    if (!number_scan(text, &value, &rest) || *rest != '\0') {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "'%s' is not a whole number; write one from %llu to %llu", text,
                   (unsigned long long)low, (unsigned long long)high);
        return false;
    }
    if (value < low || value > high) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%s is out of range; write a number from %llu to %llu", text,
                   (unsigned long long)low, (unsigned long long)high);
        return false;
    }
    *out = value;
    return true;
}

static void memory_format(uint64_t kib, char *text, size_t size)
{
    if (kib % (1024 * 1024) == 0) {
        snprintf(text, size, "%lluG", (unsigned long long)(kib / (1024 * 1024)));
    } else if (kib % 1024 == 0) {
        snprintf(text, size, "%lluM", (unsigned long long)(kib / 1024));
    } else {
        snprintf(text, size, "%lluK", (unsigned long long)kib);
    }
}

bool value_memory(const struct value_context *vc, const struct conf_entry *entry, uint64_t low_kib,
                  uint64_t high_kib, uint64_t *out_kib)
{
    const char *text, *rest;
    uint64_t value, unit;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    if (!number_scan(text, &value, &rest)) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "'%s' is not an amount of memory; write a number with a unit, such as 256M",
                   text);
        return false;
    }
    while (*rest == ' ') {
        rest++;
    }
    if (strcmp(rest, "K") == 0 || strcmp(rest, "KiB") == 0) {
        unit = 1;
    } else if (strcmp(rest, "M") == 0 || strcmp(rest, "MiB") == 0) {
        unit = 1024;
    } else if (strcmp(rest, "G") == 0 || strcmp(rest, "GiB") == 0) {
        unit = 1024 * 1024;
    } else {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' has %s; write K, M or G "
                   "after the number (1024 bytes, and so on), such as 256M", text,
                   *rest == '\0' ? "no unit" : "an unknown unit");
        return false;
    }
    if (value > high_kib / unit || value * unit < low_kib) {
        char low[32], high[32];

        memory_format(low_kib, low, sizeof(low));
        memory_format(high_kib, high, sizeof(high));
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%s is out of range; write an amount from %s to %s", text, low, high);
        return false;
    }
    if (value * unit % 4 != 0) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%s is not a whole number of 4 KiB pages; write %lluK", text,
                   (unsigned long long)((value * unit + 3) / 4 * 4));
        return false;
    }
    *out_kib = value * unit;
    return true;
}

bool value_choice(const struct value_context *vc, const struct conf_entry *entry,
                  const char *const *choices, size_t count, unsigned int *out)
{
    const char *text;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, choices[i]) == 0) {
            *out = (unsigned int)i;
            return true;
        }
    }
    const char *near = suggest_nearest(text, choices, count);
    struct buf list = { 0 };

    if (near != NULL) {
        buf_printf(&list, "did you mean '%s'? ", near);
    }
    buf_puts(&list, "Possible:");
    for (size_t i = 0; i < count; i++) {
        buf_printf(&list, "%s %s", i != 0 ? "," : "", choices[i]);
    }
    diag_error(vc->diag, vc->file, entry->line, entry->key, "there is no '%s'; %s", text,
               list.data);
    buf_free(&list);
    return false;
}

bool value_rate(const struct value_context *vc, const struct conf_entry *entry, uint64_t *out)
{
    static const struct {
        const char *unit;
        uint64_t bits;
    } units[] = {
        { "Kb/s", 1000 },         { "Mb/s", 1000000 },     { "Gb/s", 1000000000 },
        { "KB/s", 8 * 1000 },     { "MB/s", 8 * 1000000 }, { "GB/s", UINT64_C(8) * 1000000000 },
    };
    const uint64_t low = 64 * 1000, high = UINT64_C(100) * 1000000000;
    const char *text;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    size_t digits = strspn(text, "0123456789");

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (digits == 0 || digits > 7 || strcmp(text + digits, units[i].unit) != 0) {
            continue;
        }
        uint64_t bits = strtoull(text, NULL, 10) * units[i].bits;

        if (bits < low || bits > high) {
            diag_error(vc->diag, vc->file, entry->line, entry->key,
                       "%s is out of range; write a rate from 64Kb/s to 100Gb/s", text);
            return false;
        }
        *out = bits / 8;
        return true;
    }
    diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is not a rate; write a number and "
               "Kb/s, Mb/s, Gb/s, KB/s, MB/s or GB/s, such as 100Mb/s", text);
    return false;
}

bool value_bool(const struct value_context *vc, const struct conf_entry *entry, bool *out)
{
    static const char *const choices[] = { "no", "yes" };
    unsigned int choice;

    if (!value_choice(vc, entry, choices, 2, &choice)) {
        return false;
    }
    *out = choice == 1;
    return true;
}

bool value_text(const struct value_context *vc, const struct conf_entry *entry, size_t max,
                char **out)
{
    const char *text;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    if (strlen(text) > max) {
        diag_error(vc->diag, vc->file, entry->line, entry->key,
                   "%zu characters are too many; shorten it to %zu", strlen(text), max);
        return false;
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            diag_error(vc->diag, vc->file, entry->line, entry->key, "byte %zu is 0x%02x, not "
                       "printable ASCII; remove it", (size_t)(c - text) + 1, (unsigned char)*c);
            return false;
        }
    }
    free(*out);
    *out = bh_strdup(text);
    return true;
}

bool value_mac(const struct value_context *vc, const struct conf_entry *entry, uint8_t out[6])
{
    const char *text;
    unsigned int part[6];
    int end = 0;

    if (!value_single(vc, entry, &text)) {
        return false;
    }
    if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17
        || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &part[0], &part[1], &part[2], &part[3],
                  &part[4], &part[5], &end) != 6
        || end != 17) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is not a hardware address; "
                   "write six hexadecimal bytes, such as 00:16:3e:00:05:00", text);
        return false;
    }
    if ((part[0] & 1) != 0) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "%s is a group address; make the "
                   "first byte even, such as 00:16:3e:00:05:00", text);
        return false;
    }
    for (unsigned int i = 0; i < 6; i++) {
        out[i] = (uint8_t)part[i];
    }
    return true;
}

bool value_pci(const struct value_context *vc, const struct conf_entry *entry, const char *text, uint16_t *function)
{
    unsigned int bus, device, number;
    int end = 0;

    text += strncmp(text, "0000:", 5) == 0 ? 5 : 0;
    if (strspn(text, "0123456789abcdefABCDEF:.") != strlen(text) ||
        sscanf(text, "%2x:%2x.%1x%n", &bus, &device, &number, &end) != 3 || text[end] != '\0' || device > 31 ||
        number > 7) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is not a PCI function; write "
                   "BUS:DEVICE.FUNCTION as lspci does, such as 00:03.0", text);
        return false;
    }
    *function = (uint16_t)(bus << 8 | device << 3 | number);
    return true;
}

bool value_ioports(const struct value_context *vc, const struct conf_entry *entry,
                   const char *text, uint16_t *first, uint16_t *count)
{
    uint64_t low = 0, high = 0;
    const char *rest;
    bool good = number_scan(text, &low, &rest);

    if (good && *rest == '-') {
        good = number_scan(rest + 1, &high, &rest);
    } else {
        high = low;
    }
    if (!good || *rest != '\0' || high > 0xffff || low > high) {
        diag_error(vc->diag, vc->file, entry->line, entry->key, "'%s' is not a range of ports; "
                   "write FIRST-LAST within 0x0-0xffff, such as 0x2f8-0x2ff", text);
        return false;
    }
    *first = (uint16_t)low;
    *count = (uint16_t)(high - low + 1 > 0xffff ? 0xffff : high - low + 1);
    return true;
}
