/* SPDX-License-Identifier: Apache-2.0 */
/* What a fuzz entry provides, beside the entry itself. */
#ifndef FUZZ_RUNNER_H
#define FUZZ_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Write a valid input. @return its size */
size_t fuzz_seed(uint8_t *buf, size_t max);
/** Set by the entry when an input was accepted. */
extern bool fuzz_seed_accepted;

#endif
