/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What tests of the host's PCI functions share. What was found out about a function is kept for good, as after a boot: each case runs in a
 * process of its own.
 */
#ifndef TEST_PCI_H
#define TEST_PCI_H

#include "bus.h"
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <xen/acpi.h>
#include <xen/pci.h>
#include <xen/time.h>

#define NIC 0x0018u
#define OTHER 0x0020u
#define REGISTERS 0xfd000000ull

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #what);                            \
            fflush(stdout);                                                                        \
            _exit(1);                                                                              \
        }                                                                                          \
    } while (0)

static inline struct bus_function *nic(void)
{
    struct bus_function *f = bus_add(NIC, 0x0200);

    bus_bar(f, 0, REGISTERS, 0x4000, 0);
    return f;
}

static inline int look(struct pci_function **out)
{
    const char *why = NULL;
    int ret;

    bus_ready();
    ret = pci_function_get(NIC, out, &why);
    CHECK((ret == 0) == (why == NULL));
    return ret;
}

/* Looks at it and expects this error. */
static inline void refused(int error)
{
    struct pci_function *f;

    CHECK(look(&f) == error);
}

static inline struct pci_function *found(void)
{
    struct pci_function *f;

    CHECK(look(&f) == 0);
    return f;
}

struct one {
    void (*fn)(void);
};

static inline void in_own_process(void **state)
{
    const struct one *one = *state;
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        fake_core_reset();
        bus_clear();
        one->fn();
        _exit(0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

#define CASE(name) { #name, in_own_process, NULL, NULL, &(struct one){ name } }

#endif
