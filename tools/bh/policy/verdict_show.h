/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of a log, and what a policy says to them, for people and programs: the same words in each verb. */
#ifndef BH_POLICY_VERDICT_SHOW_H
#define BH_POLICY_VERDICT_SHOW_H

#include <stdio.h>

#include <json-c/json.h>

#include "verdict.h"

struct verdict_view {
    bool json;                 /* nothing is printed */
    const struct source *source;
    const struct model *model;
};

/** Words with something between them; owned. */
char *avc_joined(char *const *words, size_t count, const char *between);
/** All of a decision but what a policy says. */
json_object *avc_json(const struct avc_decision *d);
json_object *avc_gaps_json(const struct avc_log *log);
/** "3 lines, console.log:7 to console.log:12, asked by guest, GNTTABOP_map_grant_ref" and the end of the line. */
void avc_lines(const struct avc_decision *d, FILE *out);

/** Why it is refused, and the least that would allow it; into `o`, and printed as lines with two blanks before them. */
void verdict_show(const struct verdict_view *view, const struct verdict *v, json_object *o);
/** CIL below a heading. */
void verdict_cil(const struct verdict_view *view, const char *heading, const char *cil);

#endif
