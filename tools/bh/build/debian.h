/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files out of Debian packages: from the running system when the package is installed there, else
 * from the package, downloaded and unpacked into the build folder. Nothing is installed.
 */
#ifndef BH_BUILD_DEBIAN_H
#define BH_BUILD_DEBIAN_H

#include <stdbool.h>

#include "buf.h"
#include "diag.h"

struct debian {
    const char *cache; /* folder for downloads: BUILD/debian; borrowed */
    char **names;      /* packages looked up already */
    char **roots;      /* where each one's files are: "" for the system, or a folder */
    size_t count;
    char *kernel;      /* package of the kernel, once known */
    char *release;     /* its release: 6.1.0-56-amd64 */
};

void debian_init(struct debian *debian, const char *cache);
void debian_free(struct debian *debian);

/**
 * The folder that stands for / in a package.
 *
 * @return "" when the package is installed, a folder below the cache, or NULL after reporting
 */
const char *debian_root(struct debian *debian, const char *package, struct diag *diag);

/** Every root found so far, for shared libraries of other packages. */
const char *debian_root_at(const struct debian *debian, size_t index);

/** The kernel that linux-image-amd64 depends on. @return its release, or NULL after reporting */
const char *debian_kernel_release(struct debian *debian, struct diag *diag);
/** Path of the bzImage; owned; NULL after reporting. */
char *debian_kernel_path(struct debian *debian, struct diag *diag);
/** Folder with modules.dep; owned; NULL after reporting. */
char *debian_modules_path(struct debian *debian, struct diag *diag);

#endif
