/* SPDX-License-Identifier: Apache-2.0 */
/* Options that all verbs for a running host have: how to reach it. */
#ifndef CONTROL_CLI_H
#define CONTROL_CLI_H

#include <getopt.h>

#include "client.h"

extern const struct option cli_where_options[];

/** From the environment: BH_HOST, BH_KEYS, BH_OPERATOR. */
void cli_where_defaults(struct where *w);
/** @param c  what getopt_long() returned for one of the options above. @return 0; -1 no such option, or a bad value */
int cli_where_option(struct where *w, int c, const char *value);

#endif
