/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments with which each call would do something, if it were let. */
#ifndef MEDIATION_ARGS_H
#define MEDIATION_ARGS_H

#include <runtime/evtchn.h>
#include <runtime/grant.h>

/* What the calls work on: set up by main.c. */
struct stage {
    uint8_t *victim;             /* a page that many calls would take away or overwrite */
    xen_pfn_t victim_gfn, window;
    evtchn_port_t unbound, ipi;
    grant_ref_t ref;
    struct grant_map mapped;     /* of ref */
    uint32_t usual_sid;          /* of the label the domain had */
};

extern struct stage stage;

/** The five arguments of a call, its structure filled in; returns where its status will be, NULL for those without. */
int16_t *prepare(unsigned int nr, unsigned int op, unsigned long args[5]);

#endif
