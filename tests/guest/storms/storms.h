/* SPDX-License-Identifier: Apache-2.0 */
/* The storms: what one vCPU does as fast as it can. */
#ifndef TESTS_GUEST_STORMS_H
#define TESTS_GUEST_STORMS_H

#include <runtime/evtchn.h>

#define ATTACKER_CPUS 2u

/* What the attacker has to do it with. */
struct arms {
    evtchn_port_t victim;             /* a port of the victim is at its other end */
    evtchn_port_t self[ATTACKER_CPUS]; /* IPIs to each of its own vCPUs */
};

struct storm {
    const char *name;
    void (*begin)(const struct arms *a, unsigned int cpu); /* NULL: nothing */
    void (*turn)(const struct arms *a, unsigned int cpu);  /* again and again */
    void (*end)(const struct arms *a, unsigned int cpu);
};

/* The first is calm: the attacker computes, as the others do. */
extern const struct storm storms[];
extern const unsigned int storm_count;

#endif
