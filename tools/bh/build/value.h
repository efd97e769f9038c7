/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of a description, from text to number, each refused with what would be right. A function
 * returns false when it reported a mistake; its output is untouched then.
 */
#ifndef BH_BUILD_VALUE_H
#define BH_BUILD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "diag.h"

struct value_context {
    const char *file;
    struct diag *diag;
};

/** The one value of an entry that takes no list. */
bool value_single(const struct value_context *vc, const struct conf_entry *entry,
                  const char **out);
/** A whole number, decimal or 0x hexadecimal. */
bool value_number(const struct value_context *vc, const struct conf_entry *entry, uint64_t low,
                  uint64_t high, uint64_t *out);
/** An amount of memory: a number with K, M or G, in KiB; a multiple of 4 KiB. */
bool value_memory(const struct value_context *vc, const struct conf_entry *entry, uint64_t low_kib,
                  uint64_t high_kib, uint64_t *out_kib);
/** A rate: a number with Kb/s, Mb/s, Gb/s (bits) or KB/s, MB/s, GB/s, in bytes a second. */
bool value_rate(const struct value_context *vc, const struct conf_entry *entry, uint64_t *out);
/** yes or no. */
bool value_bool(const struct value_context *vc, const struct conf_entry *entry, bool *out);
/** One of a few words; out is its index. */
bool value_choice(const struct value_context *vc, const struct conf_entry *entry,
                  const char *const *choices, size_t count, unsigned int *out);
/** Text for a command line or a store value: printable ASCII, at most `max` bytes. */
bool value_text(const struct value_context *vc, const struct conf_entry *entry, size_t max,
                char **out);
/** Six hexadecimal bytes; not a group address, not all zero. */
bool value_mac(const struct value_context *vc, const struct conf_entry *entry, uint8_t out[6]);
/** Ports written 0x2f8-0x2ff, or one port. */
/** A PCI function of segment 0, BUS:DEVICE.FUNCTION in hexadecimal as lspci writes it; one of the entry's values. */
bool value_pci(const struct value_context *vc, const struct conf_entry *entry, const char *text, uint16_t *function);
bool value_ioports(const struct value_context *vc, const struct conf_entry *entry,
                   const char *text, uint16_t *first, uint16_t *count);

/** Is the text a name: [a-z][a-z0-9-]{0,14}? */
bool name_is_good(const char *text);

#endif
