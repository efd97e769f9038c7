/* SPDX-License-Identifier: Apache-2.0 */
/* A description with one of everything, and an image of it with labels and modules filled in. */
#ifndef TESTS_UNIT_TOOLS_SMALL_HOST_H
#define TESTS_UNIT_TOOLS_SMALL_HOST_H

#include "../../../tools/bh/build/image.h"

/** Parse the description; fails the test if that fails. */
void small_host(struct host *host);

/** Labels, kernels (module 2 and 3) and ramdisks (module 4 and up) of all domains. */
void small_image(struct image *image, const struct host *host);

#endif
