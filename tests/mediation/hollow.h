/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with nothing in it: every contract that handlers call, counting each call that would have an effect. */
#ifndef MEDIATION_HOLLOW_H
#define MEDIATION_HOLLOW_H

extern unsigned hollow_effects;

#endif
