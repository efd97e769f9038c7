/* SPDX-License-Identifier: Apache-2.0 */
/* What the test kernels share: addresses that cannot be used, and waiting with a limit. */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <runtime/hypercall.h>
#include <runtime/time.h>

/* Page 0 is unmapped; above 1 TiB nothing is mapped; the others are not ours to reach. */
static void *const bad_pointers[] = {
    NULL, (void *)8, (void *)(1ul << 40), (void *)0xffff800000000000ul,
    (void *)0xffffffff80100000ul, (void *)0x8000000000000000ul, (void *)0x00007ffffffffff8ul,
    (void *)0xfffffffffffffff8ul,
};

/** Spin until *@what is @value; @return whether it came within @ms. */
static inline bool wait_for(const volatile unsigned int *what, unsigned int value, unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;

    while (*what != value) {
        if (time_now_ns() > end) {
            return false;
        }
        cpu_relax();
    }
    return true;
}

/** How many of the bad pointers a call does not refuse by @error; 0 is right. */
#define NOT_REFUSED(error, call)                                                                   \
    ({                                                                                             \
        unsigned int wrong_ = 0;                                                                   \
        for (unsigned int i_ = 0; i_ < ARRAY_SIZE(bad_pointers); i_++) {                           \
            void *bad = bad_pointers[i_];                                                          \
            long rc_ = (call);                                                                     \
            if (rc_ != (error)) {                                                                  \
                tap_note("pointer %p: %ld", bad, rc_);                                             \
                wrong_++;                                                                          \
            }                                                                                      \
        }                                                                                          \
        wrong_;                                                                                    \
    })

#endif
