/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel modules of a Linux service domain: loaded once, at start, from the list in the image. */
#ifndef DRIVER_DOMAINS_MODULES_H
#define DRIVER_DOMAINS_MODULES_H

#include "conf.h"

/**
 * Load every module that the list names, in its order. A line is the path of a module file; a bare
 * name NAME stands for /lib/modules/NAME.ko. A module that is loaded already is no error.
 *
 * @param list  path of the list; an absent list means no modules
 * @param conf  for the modules' parameters
 * @return number of modules that failed to load, not counting those whose hardware is absent; each
 *         is named on stderr
 * State: after this call nothing in the domain needs to load modules any more.
 */
unsigned int modules_load(const char *list, const struct conf *conf);

#endif
