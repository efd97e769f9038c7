/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a boot shows on the console, kept as a score: how far it has come, which steps of the
 * guest's scenario held, and which refusals the policy engine logged. Lines go in; what is worth
 * telling a person comes out in words through a callback. No I/O and no clock in here.
 */
#ifndef BH_RUN_SCENARIO_H
#define BH_RUN_SCENARIO_H

#include <stddef.h>

#include "config.h"

#define SCENARIO_STEPS 10
#define SCENARIO_AVC 5

enum step_state {
    STEP_MISSING,
    STEP_OK,
    STEP_FAIL,
};

/* Text of one thing worth telling, without a line end. */
typedef void scenario_say_fn(void *context, const char *text);

struct scenario {
    const struct config *config; /* borrowed */
    scenario_say_fn *say;
    void *context;
    unsigned int guest;           /* domid whose SCENARIO lines count; 0: none */
    unsigned int attest;          /* domid of the domain that answers the verifier; 0: none */
    int loader_seen;
    int hypervisor_seen;
    int done;                     /* the guest has printed SCENARIO done */
    int attest_ready;
    int dead;                     /* the hypervisor panicked */
    int crashed;                  /* a domain crashed */
    enum step_state step[SCENARIO_STEPS];
    unsigned int avc[SCENARIO_AVC]; /* denials of the guest, by kind of refusal */
    unsigned int failures;        /* steps that failed, also unknown ones */
};

void scenario_init(struct scenario *scenario, const struct config *config, scenario_say_fn *say,
                   void *context);

/** Take one console line in. */
void scenario_line(struct scenario *scenario, int origin, const char *text);

/**
 * Judge: every step held, and every kind of refusal was logged.
 *
 * @return number of things that did not hold, each told through say()
 */
unsigned int scenario_judge(const struct scenario *scenario);

#endif
