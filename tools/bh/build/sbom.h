/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bill of materials: which files an image has, and which Debian packages, to the byte, went into
 * them. SPDX 2.3 as JSON. Nothing in it comes from the clock, the build machine or a key.
 */
#ifndef BH_BUILD_SBOM_H
#define BH_BUILD_SBOM_H

#include <time.h>

#include "debian.h"
#include "image.h"

#define SBOM_NAME "sbom.spdx.json"

/**
 * Write FOLDER/sbom.spdx.json.
 *
 * @param image   complete, with the origin of each module
 * @param debian  has looked up every package that is named there
 * @param folder  the image's folder, with every file in it but the list itself and what is made of a
 *                key: those are not listed
 * @param time    said to be that of the list
 */
bool sbom_write(const struct image *image, struct debian *debian, const char *folder, time_t time,
                struct diag *diag);

#endif
