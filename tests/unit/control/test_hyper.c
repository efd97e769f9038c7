/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of hypercalls: each connection's process has its own, whose answers no other reads. Devices of the kernel are files here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../control/daemon/hyper.h"

#define PAGE 4096

static int pages = -1; /* of the last that was opened in this process */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int __wrap_open(const char *path, int flags, ...)
{
    if (strcmp(path, "/dev/xen/hypercall") == 0) {
        int fd = memfd_create("pages", 0);

        pages = dup(fd);
        return ftruncate(fd, 4 * PAGE) == 0 ? fd : -1;
    }
    return __real_open(strcmp(path, "/dev/xen/privcmd") == 0 ? "/dev/null" : path, flags);
}

/* What a hypercall would have found in the second page; none of them gets so far here. */
static void asks(const char *context)
{
    uint32_t sid;

    (void)hyper_context_to_sid(context, &sid);
}

static void holds(const char *context)
{
    char text[32] = "";

    assert_int_equal(pread(pages, text, sizeof(text), PAGE), sizeof(text));
    assert_string_equal(text, context);
}

static int child(int opens)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        if (!opens || hyper_open() == 0) {
            asks("child");
        }
        _exit(0);
    }
    return waitpid(pid, &status, 0) == pid ? status : -1;
}

static void processes_have_memory_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(hyper_open(), 0);
    asks("parent");
    holds("parent");
    assert_int_equal(child(1), 0);
    holds("parent");
}

static void a_child_that_opens_nothing_has_none(void **state)
{
    (void)state;
    assert_int_equal(hyper_open(), 0);
    asks("parent");
    assert_true(WIFSIGNALED(child(0)));
    holds("parent");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(processes_have_memory_of_their_own),
        cmocka_unit_test(a_child_that_opens_nothing_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
