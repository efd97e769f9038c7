/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libsepol says, as messages for people. Of a name that does not exist it tells the line and not which word; the line is then looked
 * through for a word that nothing declares, and what is near is offered.
 */
#ifndef BH_POLICY_SAID_H
#define BH_POLICY_SAID_H

#include "source.h"

/** @param log  all that was said while compiling `s` */
void said_messages(const char *log, const struct source *s, struct messages *m);

#endif
