/* SPDX-License-Identifier: Apache-2.0 */
/* A driver keeps its state for good, as after a boot: each case runs in a process of its own, on the machine that host() makes. */
#ifndef TEST_IOMMU_CASE_H
#define TEST_IOMMU_CASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void host(void);

struct one {
    void (*fn)(void);
    void (*change)(void); /* of the machine; NULL none */
};

static void in_own_process(void **state)
{
    const struct one *one = *state;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        host();
        if (one->change != NULL) {
            one->change();
        }
        one->fn();
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

#define CASE(name) { #name, in_own_process, NULL, NULL, &(struct one){ name, NULL } }

#endif
