/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_DOOR_H
#define ATTEST_DOOR_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many connections there are at a time, and how fast they come: a bucket of tokens, one for each that enters. Whoever is above
 * is turned away at once, so that a flood costs the time of an accept().
 */
struct door {
    unsigned int inside_max, burst; /* constant: at a time; that may come at once, */
    int refill_ms;                  /* and one more each */
    unsigned int inside, tokens;
    int64_t refilled; /* ms */
    unsigned long turned_away;
};

/** A door that nobody came to yet: tokens for a burst. */
void door_make(struct door *d, unsigned int inside_max, unsigned int burst, int refill_ms, int64_t now_ms);
/** Whether one more would get in now; nothing changes but time. */
bool door_is_open(struct door *d, int64_t now_ms);
void door_enter(struct door *d);
void door_leave(struct door *d);
/** Count one that was turned away. @return whether it is worth a line: the 1st, 2nd, 4th, 8th... */
bool door_turn_away(struct door *d);

#endif /* ATTEST_DOOR_H */
