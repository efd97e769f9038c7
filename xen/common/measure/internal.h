/* SPDX-License-Identifier: Apache-2.0 */
/* Private to measured launch: what measure.c and turn.c want of each other. */
#ifndef MEASURE_INTERNAL_H
#define MEASURE_INTERNAL_H

/** Our locality goes back, unless the machine is at its end. */
void measure_give_back(void);
/** Before anybody wants a turn. */
void turn_init(void);

#endif /* MEASURE_INTERNAL_H */
