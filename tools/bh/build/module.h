/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel modules and what they depend on, from the kernel package's modules.dep. */
#ifndef BH_BUILD_MODULE_H
#define BH_BUILD_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "diag.h"

struct module_index {
    char *folder;      /* that of modules.dep */
    struct buf depends; /* modules.dep */
    struct buf builtin; /* modules.builtin */
};

enum module_where {
    MODULE_ABSENT,
    MODULE_BUILTIN, /* part of the kernel; nothing to load */
    MODULE_FILES,
};

/**
 * Find the files a module needs, in the order to load them, itself last.
 *
 * @param name   module name; - and _ are the same
 * @param files  out: paths relative to the index's folder, owned by the caller (names_free)
 * @param count  out: how many
 */
enum module_where module_files(const struct module_index *index, const char *name, char ***files,
                               size_t *count);

/** The module whose name is nearest, for "did you mean"; owned; NULL if none is near. */
char *module_nearest(const struct module_index *index, const char *name);

/** "kernel/net/xen-netback.ko.xz" -> "xen-netback"; owned. */
char *module_name_of(const char *path);

#endif
