/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of each kind of section: a row says how the value is read and whether the key must be
 * there. docs/host.conf.md explains them; a test checks that it names each.
 */
#ifndef BH_BUILD_HOST_KEYS_H
#define BH_BUILD_HOST_KEYS_H

#include "host.h"
#include "value.h"

struct host_key {
    const char *name;
    bool required;
    /* object: the structure that the section fills */
    void (*read)(const struct value_context *vc, const struct conf_entry *entry, void *object);
    const char *example; /* for "is missing" */
};

struct host_keys {
    const char *section;
    const struct host_key *keys;
    size_t count;
};

extern const struct host_keys host_section_keys;   /* of struct host */
extern const struct host_keys domain_section_keys; /* of struct host_domain */
extern const struct host_keys disk_section_keys;   /* of struct host_disk */
extern const struct host_keys attest_section_keys;   /* of struct host */
extern const struct host_keys control_section_keys;  /* of struct host */
extern const struct host_keys operator_section_keys; /* of struct host_operator */
extern const struct host_keys net_section_keys;    /* of struct host_net */

#endif
