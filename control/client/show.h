/* SPDX-License-Identifier: Apache-2.0 */
/* What a host says, as tables. Fields that are missing or of another type are shown as such, never trusted. */
#ifndef CONTROL_SHOW_H
#define CONTROL_SHOW_H

#include <stdio.h>

#include <json-c/json.h>

/** The table of `bh status`. */
void show_status(FILE *out, json_object *reply);
/** The same reply as JSON, on one line, with nothing in it that a terminal obeys. */
void show_json(FILE *out, json_object *reply);
/** The table of `bh top`: what each domain used since the earlier reply (NULL: nothing is known yet), busiest first. */
void show_top(FILE *out, json_object *before, json_object *now);

#endif
