/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference values: everything a host built from this image extends into PCRs 4, 8, 9, 21 and 22,
 * computed from the files and by the sources that the hypervisor measures with.
 */
#ifndef BH_BUILD_MEASURED_H
#define BH_BUILD_MEASURED_H

#include "image.h"

/** The launch digests of all domains, by the hypervisor's own builder. */
bool measured_domains(struct image *image, struct diag *diag);

/**
 * "bulkhead version=... build-id=<hex>", which is in the hypervisor's file as it will be measured.
 *
 * @return the text in image->hypervisor; NULL: the file does not have it
 */
const char *measured_version(const struct image *image);

/**
 * Write reference.json.
 *
 * @param folder  the image's folder, with all files in it
 * @param path    file to write
 */
bool measured_write(const struct image *image, const char *folder, const char *path,
                    struct diag *diag);

#endif
