/* SPDX-License-Identifier: Apache-2.0 */
/* Private to measured launch: what its files want of each other. */
#ifndef MEASURE_INTERNAL_H
#define MEASURE_INTERNAL_H

#include <stdbool.h>

/** tpm_ask() and tpm_seize(), but at the machine's end, when it is ours for good. */
int measure_ask(void);
void measure_seize(void);
/** Our locality goes back, unless the machine is at its end. */
void measure_give_back(void);
/** No domain with locality 0 runs, once it has returned true. Does not wait: call again. */
bool holders_stop(void);
void holders_go_on(void);
/** Before anybody wants a turn. */
void turn_init(void);

#endif /* MEASURE_INTERNAL_H */
