/* SPDX-License-Identifier: Apache-2.0 */
/* What a disk's two sides tell each other in XenStore, from the first connection to taking up what a former life left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "fake_store.h"

#define BACK "backend/vbd/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

static struct store store;
static struct blkd blkd;
static struct disk disk;

/* -- queues and devices that are made up --------------------------------------------------------- */

static struct queue_address opened[DISK_QUEUES_MAX + 1];
static unsigned int open_count, closed_count, stopped_count;
static bool quiet, refuse;

struct queue *queue_open(struct blkd *b, const struct device *device, const struct queue_address *address)
{
    struct queue *q;

    (void)b;
    (void)device;
    if (refuse) {
        errno = EINVAL;
        return NULL;
    }
    opened[open_count++] = *address;
    q = calloc(1, sizeof(*q));
    return q;
}

void queue_stop(struct queue *q)
{
    (void)q;
    stopped_count++;
}

bool queue_is_quiet(const struct queue *q)
{
    (void)q;
    return quiet;
}

void queue_close(struct queue *q)
{
    closed_count++;
    free(q);
}

int device_open(struct device *device, const char *path, const char *number, bool readonly)
{
    assert_string_equal(path, "/dev/x");
    assert_string_equal(number, "103:0");
    *device = (struct device){ .fd = 7, .sectors = 1000, .logical = 512, .physical = 4096, .discard_granularity = 512,
                               .readonly = readonly };
    return 0;
}

void device_close(struct device *device)
{
    device->fd = -1;
}

int store_watch(struct store *s, const char *path)
{
    (void)s;
    assert_string_equal(path, FRONT);
    return 0;
}

/* -- helpers -------------------------------------------------------------------------------------- */

static void set(const char *path, const char *value)
{
    fake_store_set(path, value, strlen(value));
}

static const char *state(void)
{
    return fake_store_get(BACK "/state");
}

static void steps(void)
{
    for (unsigned int i = 0; i < 5 && disk_step(&blkd, &store, &disk); i++) {
    }
}

static void rings(void)
{
    set(FRONT "/ring-ref", "8");
    set(FRONT "/event-channel", "21");
    set(FRONT "/protocol", "x86_64-abi");
    set(FRONT "/feature-persistent", "1");
}

static void device_known(void)
{
    set(BACK "/physical-device-path", "/dev/x");
    set(BACK "/physical-device", "103:0");
}

static int setup(void **unused)
{
    (void)unused;
    fake_store_clear();
    memset(opened, 0, sizeof(opened));
    open_count = closed_count = stopped_count = 0;
    quiet = true;
    refuse = false;
    disk = (struct disk){ .used = true, .device.fd = -1, .backend = { .path = BACK, .domid = 5, .device = 51712 } };
    set(BACK "/state", "1");
    set(BACK "/frontend", FRONT);
    set(BACK "/frontend-id", "5");
    set(BACK "/mode", "w");
    set(FRONT "/state", "1");
    return 0;
}

static int teardown(void **unused)
{
    (void)unused;
    for (unsigned int i = 0; i < disk.queue_count; i++) {
        free(disk.queue[i]);
    }
    return 0;
}

static void connect_both(void)
{
    steps();
    device_known();
    rings();
    set(FRONT "/state", "3");
    steps();
    assert_string_equal(state(), "4");
    set(FRONT "/state", "4");
    steps();
    assert_int_equal(disk.phase, DISK_SERVING);
}

/* -- cases ---------------------------------------------------------------------------------------- */

static void new_front_end_is_connected_step_by_step(void **unused)
{
    (void)unused;
    steps();
    assert_string_equal(state(), "2");
    assert_string_equal(fake_store_get(BACK "/feature-persistent"), "1");
    assert_string_equal(fake_store_get(BACK "/feature-flush-cache"), "1");
    assert_string_equal(fake_store_get(BACK "/feature-max-indirect-segments"), "256");
    assert_string_equal(fake_store_get(BACK "/reattach"), "1");
    rings();
    set(FRONT "/state", "3");
    steps(); /* the device is not known */
    assert_string_equal(state(), "2");
    device_known();
    steps();
    assert_string_equal(state(), "4");
    assert_string_equal(fake_store_get(BACK "/sectors"), "1000");
    assert_string_equal(fake_store_get(BACK "/sector-size"), "512");
    assert_string_equal(fake_store_get(BACK "/info"), "0");
    assert_string_equal(fake_store_get(BACK "/feature-discard"), "1");
    assert_int_equal(open_count, 1);
    assert_int_equal(opened[0].domid, 5);
    assert_int_equal(opened[0].port, 21);
    assert_int_equal(opened[0].pages, 1);
    assert_int_equal(opened[0].refs[0], 8);
    assert_true(opened[0].persistent);
}

static void several_rings_of_several_pages(void **unused)
{
    (void)unused;
    set(FRONT "/multi-queue-num-queues", "2");
    set(FRONT "/ring-page-order", "1");
    set(FRONT "/queue-0/ring-ref0", "10");
    set(FRONT "/queue-0/ring-ref1", "11");
    set(FRONT "/queue-0/event-channel", "31");
    set(FRONT "/queue-1/ring-ref0", "12");
    set(FRONT "/queue-1/ring-ref1", "13");
    set(FRONT "/queue-1/event-channel", "32");
    device_known();
    set(FRONT "/state", "3");
    steps();
    assert_string_equal(state(), "4");
    assert_int_equal(open_count, 2);
    assert_int_equal(opened[1].port, 32);
    assert_int_equal(opened[1].pages, 2);
    assert_int_equal(opened[1].refs[1], 13);
    assert_false(opened[1].persistent);
}

static void read_only_disk_says_so(void **unused)
{
    (void)unused;
    set(BACK "/mode", "r");
    connect_both();
    assert_true(disk.device.readonly);
    assert_string_equal(fake_store_get(BACK "/info"), "4");
    assert_string_equal(fake_store_get(BACK "/feature-discard"), "0");
}

static void connected_front_end_of_a_former_domain_is_attached(void **unused)
{
    (void)unused;
    rings();
    set(FRONT "/state", "4");
    steps();
    assert_string_equal(state(), "2"); /* backendd waits for it; a front end that is connected does not mind */
    assert_int_equal(open_count, 0);
    device_known();
    steps();
    assert_string_equal(state(), "4");
    assert_int_equal(open_count, 1);
    assert_int_equal(opened[0].port, 21);
    steps();
    assert_int_equal(disk.phase, DISK_SERVING);
    assert_int_equal(stopped_count, 0);
}

static void connected_front_end_of_a_former_process_sees_no_state_at_all(void **unused)
{
    (void)unused;
    rings();
    device_known();
    set(FRONT "/state", "4");
    set(BACK "/state", "4");
    (void)disk_step(&blkd, &store, &disk);
    assert_string_equal(state(), "4");
    steps();
    assert_string_equal(state(), "4");
    assert_int_equal(open_count, 1);
}

static void port_that_is_not_offered_yet_is_tried_again(void **unused)
{
    (void)unused;
    rings();
    device_known();
    set(FRONT "/state", "4");
    refuse = true;
    for (unsigned int i = 0; i < 20; i++) {
        assert_true(disk_step(&blkd, &store, &disk));
    }
    assert_null(fake_store_get(BACK "/blkd-error"));
    refuse = false;
    steps();
    assert_string_equal(state(), "4");
    disk.phase = DISK_WAITING;
    teardown(NULL);
    disk.queue_count = 0;
    refuse = true;
    for (unsigned int i = 0; i < 1000; i++) {
        (void)disk_step(&blkd, &store, &disk);
    }
    assert_false(disk_step(&blkd, &store, &disk)); /* told, and left */
    assert_non_null(strstr(fake_store_get(BACK "/blkd-error"), "rings cannot be attached"));
}

static void front_end_that_begins_again_is_served_afresh_when_nothing_runs(void **unused)
{
    (void)unused;
    connect_both();
    quiet = false;
    set(FRONT "/state", "1");
    steps();
    assert_int_equal(stopped_count, 1);
    assert_int_equal(closed_count, 0); /* its pages are in use */
    assert_string_equal(state(), "4");
    quiet = true;
    steps();
    assert_int_equal(closed_count, 1);
    assert_string_equal(state(), "2");
    set(FRONT "/ring-ref", "9");
    set(FRONT "/state", "3");
    steps();
    assert_string_equal(state(), "4");
    assert_int_equal(opened[1].refs[0], 9);
}

static void front_end_that_began_again_unseen_is_served_afresh(void **unused)
{
    (void)unused;
    connect_both();
    set(FRONT "/ring-ref", "9");
    set(FRONT "/state", "3");
    steps();
    assert_int_equal(closed_count, 1);
    assert_int_equal(open_count, 2);
    assert_int_equal(opened[1].refs[0], 9);
    assert_string_equal(state(), "4");
}

static void front_end_that_closes_is_closed(void **unused)
{
    (void)unused;
    connect_both();
    set(FRONT "/state", "5");
    steps();
    assert_string_equal(state(), "5");
    set(FRONT "/state", "6");
    steps();
    assert_string_equal(state(), "6");
    assert_int_equal(closed_count, 1);
    assert_int_equal(disk.device.fd, -1);
    set(FRONT "/state", "1");
    steps();
    assert_string_equal(state(), "2");
}

static void front_end_that_closed_while_we_were_away_is_closed(void **unused)
{
    (void)unused;
    set(BACK "/state", "4");
    set(FRONT "/state", "6");
    steps();
    assert_string_equal(state(), "6");
}

static void wrong_addresses_are_not_attached(void **unused)
{
    static const struct { const char *node, *value; } wrong[] = {
        { "/multi-queue-num-queues", "0" },   { "/multi-queue-num-queues", "4" }, { "/event-channel", "" },
        { "/event-channel", "4294967296" },   { "/ring-ref", "-1" },              { "/ring-ref", "8 " },
        { "/protocol", "x86_32-abi" },        { "/ring-page-order", "1" },        { "/ring-ref", "99999999999999999999" },
    };

    (void)unused;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char path[128];

        setup(NULL);
        rings();
        device_known();
        snprintf(path, sizeof(path), FRONT "%s", wrong[i].node);
        set(path, wrong[i].value);
        set(FRONT "/state", "3");
        steps();
        assert_string_equal(state(), "2");
        assert_int_equal(open_count, 0);
    }
}

static void folder_that_names_another_front_end_is_ignored(void **unused)
{
    (void)unused;
    set(BACK "/frontend", "/local/domain/6/device/vbd/51712");
    steps();
    assert_false(disk.used);
    assert_string_equal(state(), "1");
}

static void folder_that_is_removed_is_forgotten(void **unused)
{
    (void)unused;
    connect_both();
    fake_store_clear();
    steps();
    assert_false(disk.used);
    assert_int_equal(closed_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(new_front_end_is_connected_step_by_step),
        TEST(several_rings_of_several_pages),
        TEST(read_only_disk_says_so),
        TEST(connected_front_end_of_a_former_domain_is_attached),
        TEST(connected_front_end_of_a_former_process_sees_no_state_at_all),
        TEST(port_that_is_not_offered_yet_is_tried_again),
        TEST(front_end_that_begins_again_is_served_afresh_when_nothing_runs),
        TEST(front_end_that_began_again_unseen_is_served_afresh),
        TEST(front_end_that_closes_is_closed),
        TEST(front_end_that_closed_while_we_were_away_is_closed),
        TEST(wrong_addresses_are_not_attached),
        TEST(folder_that_names_another_front_end_is_ignored),
        TEST(folder_that_is_removed_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
