/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files out of Debian packages: pinned by debian.lock, downloaded, checked against it, and unpacked
 * into the build folder. Nothing is installed, and nothing is taken from the running system.
 */
#ifndef BH_BUILD_DEBIAN_H
#define BH_BUILD_DEBIAN_H

#include <stdbool.h>

#include "buf.h"
#include "diag.h"
#include "lock.h"

struct debian {
    const char *cache;     /* folder for downloads: BUILD/debian; borrowed */
    const char *lock_file; /* borrowed */
    bool update;           /* take what the archive has now, and pin it */
    bool lock_read;        /* the lock file has been read, with or without success */
    struct lock lock;
    char **names;          /* packages looked up already, in that order */
    char **roots;          /* the folder of each one's files */
    size_t count;
    char *kernel;          /* package of the kernel, once known */
    char *release;         /* its release: 6.1.0-56-amd64 */
};

void debian_init(struct debian *debian, const char *cache, const char *lock_file, bool update);
void debian_free(struct debian *debian);

/** The folder that stands for / in a package, or NULL after reporting. */
const char *debian_root(struct debian *debian, const char *package, struct diag *diag);

/**
 * One field of the control file of a package that was looked up already.
 *
 * @return its first line, owned; "" if it is not there; NULL after reporting
 */
char *debian_field(const struct debian *debian, const char *package, const char *field, struct diag *diag);

/**
 * Look a shared library up in the packages that were looked up so far, then in the library
 * packages that those depend on.
 *
 * @param package  out: the one that has it, borrowed from `debian`
 * @return its path, owned; NULL: nowhere, or after reporting
 */
char *debian_library(struct debian *debian, const char *name, const char **package, struct diag *diag);

/** The kernel: the one that is pinned, or that linux-image-amd64 depends on when updating.
 *  @return its release, or NULL after reporting */
const char *debian_kernel_release(struct debian *debian, struct diag *diag);
/** Path of the bzImage; owned; NULL after reporting. */
char *debian_kernel_path(struct debian *debian, struct diag *diag);
/** Folder with modules.dep; owned; NULL after reporting. */
char *debian_modules_path(struct debian *debian, struct diag *diag);

/** After a build that updates: write the lock file, if it changed. */
bool debian_lock_write(struct debian *debian, struct diag *diag);

#endif
