/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of nodes that manifest.c puts together. Each is called behind the begin of its node and reads to its end. */
#ifndef LAUNCH_MANIFEST_PARTS_H
#define LAUNCH_MANIFEST_PARTS_H

#include "manifest.h"
#include "manifest_node.h"

enum module_word { MODULE_MULTIBOOT, MODULE_KERNEL, MODULE_RAMDISK, MODULE_POLICY };

struct module_node {
    uint32_t role; /* enum module_word */
    uint32_t index;
    const char *bootargs;
};

/** @return 0; -EINVAL */
int manifest_read_module(struct manifest_reader *r, struct module_node *out) must_check;
/** Appends to m->domain. @return 0; -EINVAL */
int manifest_read_domain(struct manifest_reader *r, struct manifest *m) must_check;

#endif
