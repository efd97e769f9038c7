/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions that come and go, with files in the place of the kernel's: what is asked, what is written where, what is answered.
 * That the kernel does it is tested with a device (tests/steps/55-control).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake_store.h"
#include "functions.h"
#include "slot.h"

static struct store store;

int store_watch(struct store *s, const char *path)
{
    (void)s;
    (void)path;
    return 0;
}

#define DEVICES SLOT_SYSFS "/bus/pci/devices"

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static const char *get(const char *path)
{
    static char text[64];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0) {
        close(fd);
    }
    return text;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(system("rm -rf '" SLOT_SYSFS "'; mkdir -p '" DEVICES "' '" SLOT_SYSFS "/block'"), 0);
    put(SLOT_SYSFS "/bus/pci/rescan", "");
    fake_store_clear();
    (void)functions_step(&store); /* no question stands from the last test */
    return 0;
}

/* There is a function in slot 2 with that driver, which no writing to `remove` takes away. */
static void device(const char *driver)
{
    mkdir(DEVICES "/0000:00:02.0", 0700);
    put(DEVICES "/0000:00:02.0/remove", "");
    if (driver != NULL) {
        char target[64];

        snprintf(target, sizeof(target), "../../drivers/%s", driver);
        assert_int_equal(symlink(target, DEVICES "/0000:00:02.0/driver"), 0);
    }
}

static const char *ask(const char *question)
{
    fake_store_set("pci/answer", "", 0);
    fake_store_set("pci/request", question, strlen(question));
    for (int i = 0; functions_step(&store) && i < 1000; i++) {
        usleep(5000);
    }
    return fake_store_get("pci/answer");
}

static void what_is_not_a_question_is_not_answered(void **state)
{
    static const char *const bad[] = {
        "", " ", "1", "1 attach", "1 attach x", "1 attach 0", "1 attach 32", "1 attach -1", "1 attach 2 3", "1 remove 2",
        "1 attach 2x", "12345678901234567 attach 2", "1 attach 99999999999999999999",
        "111111111111111111111111111111111111111111111111111111 attach 2",
    };

    (void)state;
    device("nvme");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (strcmp(ask(bad[i]), "") != 0) {
            fail_msg("'%s': %s", bad[i], fake_store_get("pci/answer"));
        }
    }
    assert_string_equal(get(SLOT_SYSFS "/bus/pci/rescan"), "");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "");
}

static void a_question_is_answered_once(void **state)
{
    (void)state;
    assert_string_equal(ask("aa detach 2"), "aa done "); /* nothing is there to let go */
    assert_string_equal(ask("aa detach 2"), "");
    assert_string_equal(ask("ab detach 2"), "ab done ");
}

static void attach_has_the_kernel_look(void **state)
{
    (void)state;
    assert_string_equal(ask("a1 attach 2"), "a1 failed "); /* it looked, and nothing was there */
    assert_string_equal(get(SLOT_SYSFS "/bus/pci/rescan"), "1");
}

/* A shell in the place of a new function is removed before the kernel looks: here it does not go, so nothing is looked for. */
static void attach_removes_what_is_left_there(void **state)
{
    (void)state;
    device("nvme");
    assert_string_equal(ask("a2 attach 2"), "a2 failed ");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "1");
    assert_string_equal(get(SLOT_SYSFS "/bus/pci/rescan"), "");
}

static void detach_has_the_kernel_let_go(void **state)
{
    (void)state;
    device("nvme");
    assert_string_equal(ask("a3 detach 3"), "a3 done ");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "");
    assert_string_equal(ask("a4 detach 2"), "a4 failed "); /* it was told, and did not */
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "1");
}

static void driver_is_told(void **state)
{
    char name[SLOT_DRIVER_MAX];

    (void)state;
    device(NULL);
    assert_int_equal(slot_driver(2, name), -1);
    device("a-driver-whose-name-is-longer-than-any-that-there-is");
    assert_int_equal(slot_driver(2, name), 0);
    assert_string_equal(name, "a-driver-whose-name-is-longer-t");
}

/* What stood when this life began is done only where nothing can be lost by it. */
static void start_lets_go_of_nothing(void **state)
{
    (void)state;
    device("nvme");
    fake_store_set("pci/answer", "", 0);
    fake_store_set("pci/request", "a5 detach 2", 11);
    functions_start(&store);
    assert_int_equal(functions_step(&store), 0);
    assert_string_equal(fake_store_get("pci/answer"), "");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "");
    assert_string_equal(ask("a6 force 2"), "a6 failed ");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "1");
}

/* A disk behind the place that somebody has for himself keeps it; root alone has disks to try with. */
static void disk_in_use_keeps_its_place(void **state)
{
    char disk[64] = "", path[128];
    FILE *p = geteuid() == 0 ? popen("f=$(mktemp) && truncate -s 1M $f && losetup -f --show $f 2>/dev/null; rm -f $f", "r") : NULL;
    int fd;

    (void)state;
    if (p == NULL || fgets(disk, sizeof(disk), p) == NULL) {
        print_message("no loop device to be had\n");
        (void)(p != NULL && pclose(p));
        return;
    }
    (void)pclose(p);
    disk[strcspn(disk, "\n")] = '\0';
    device("nvme");
    snprintf(path, sizeof(path), SLOT_SYSFS "/block/%s", strrchr(disk, '/') + 1);
    assert_int_equal(symlink("../devices/pci0000:00/0000:00:02.0/nvme/nvme0/nvme0n1", path), 0);
    fd = open(disk, O_RDONLY | O_EXCL);
    assert_true(fd >= 0);
    assert_string_equal(ask("a7 detach 2"), "a7 busy ");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "");
    assert_string_equal(ask("a9 attach 2"), "a9 busy ");
    assert_string_equal(get(SLOT_SYSFS "/bus/pci/rescan"), "");
    assert_string_equal(ask("a8 force 2"), "a8 failed ");
    assert_string_equal(get(DEVICES "/0000:00:02.0/remove"), "1");
    close(fd);
    snprintf(path, sizeof(path), "losetup -d %s", disk);
    assert_int_equal(system(path), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(start_lets_go_of_nothing), /* the first: there is one start */
        T(what_is_not_a_question_is_not_answered),
        T(a_question_is_answered_once),
        T(attach_has_the_kernel_look),
        T(attach_removes_what_is_left_there),
        T(detach_has_the_kernel_let_go),
        T(driver_is_told),
        T(disk_in_use_keeps_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
