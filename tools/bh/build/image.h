/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host image in the making: the multiboot modules with their bytes, and which of them each domain
 * is built from. Filled step by step by build.c; written out when all steps succeeded.
 */
#ifndef BH_BUILD_IMAGE_H
#define BH_BUILD_IMAGE_H

#include "host.h"
#include "origin.h"

#define IMAGE_MANIFEST 0 /* module index, fixed by docs/formats.md */
#define IMAGE_POLICY 1
#define IMAGE_MODULES_MAX (2 + 2 * HOST_DOMAINS_MAX)
#define IMAGE_NO_MODULE 0xffffffffu

struct image_module {
    char *name;        /* file below boot/ */
    struct buf data;
    struct origin origin;
};

struct image_domain {
    char *label;         /* security context of the domain */
    unsigned int kernel; /* module index */
    unsigned int ramdisk; /* or IMAGE_NO_MODULE */
    uint8_t digest[32];  /* launch digest */
};

struct image {
    const struct host *host;
    struct buf hypervisor;
    char *cmdline;     /* the hypervisor's, complete */
    struct image_module modules[IMAGE_MODULES_MAX];
    unsigned int module_count;
    struct image_domain domains[HOST_DOMAINS_MAX]; /* as host->domains */
};

/**
 * Add a module, or find the one of this name.
 * @return its index
 */
unsigned int image_module(struct image *image, const char *name);

void image_free(struct image *image);

#endif
