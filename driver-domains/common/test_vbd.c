/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices: what is refused for its text, and, with the kernel's own loop devices and a file
 * system (root alone may), what is served, shared and refused for its state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend.h"
#include "claim.h"
#include "fake_device.h"
#include "fake_store.h"
#include "target.h"
#include "volume.h"

static struct store store;

static enum hotplug_result plug(struct backend *b)
{
    return backend_vbd.hotplug(&store, b);
}

static int setup(void **state)
{
    (void)state;
    fake_store_clear();
    return 0;
}

static void target_hostile_text_refused(void **state)
{
    static const char *const bad[] = {
        "", "/", "/dev/", "dev/ram0", "/etc/passwd", "/dev/../etc/passwd", "/images/../init",
        "/images/", "/dev//ram0", "/dev/sda:", "/dev/sda:image", "/dev/sda:/a/../../b", "/dev/:/x",
        "/imagesx/a", "/dev/sda:/", "//dev/sda",
    };
    struct target t;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct backend b = fake_device(5, bad[i], "w");

        assert_int_equal(target_parse(bad[i], &t), -1);
        assert_int_equal(plug(&b), HOTPLUG_ERROR);
        assert_string_equal(fake_device_node(&b, "hotplug-status"), "error");
        assert_non_null(strstr(fake_device_node(&b, "hotplug-error"), "target: "));
        assert_null(fake_device_node(&b, "physical-device"));
    }
}

static void target_good_text_is_taken_apart(void **state)
{
    struct target t;

    (void)state;
    assert_int_equal(target_parse("/dev/nvme0n1p2", &t), 0);
    assert_string_equal(t.device, "/dev/nvme0n1p2");
    assert_string_equal(t.file, "");
    assert_int_equal(target_parse("/dev/sda3:/vm/guest.raw", &t), 0);
    assert_string_equal(t.device, "/dev/sda3");
    assert_string_equal(t.file, "vm/guest.raw");
    assert_int_equal(target_parse("/images/disk", &t), 0);
    assert_string_equal(t.device, "");
    assert_string_equal(t.file, "disk");
}

static void params_with_hostile_bytes_refused(void **state)
{
    struct backend b = fake_device(5, "x", "w");
    char path[BACKEND_PATH_MAX + 16], longer[2000];

    (void)state;
    snprintf(path, sizeof(path), "%s/params", b.path);
    fake_store_set(path, "/dev/ram0\0/x", 12);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    fake_store_set(path, "/dev/ram0\n", 10);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    memset(longer, 'a', sizeof(longer));
    memcpy(longer, "/dev/", 5);
    fake_store_set(path, longer, sizeof(longer));
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
}

static void device_that_is_absent_is_waited_for(void **state)
{
    struct backend b = fake_device(5, "/dev/no-such-disk", "w");
    struct backend f = fake_device(6, "/dev/null/x", "w");
    struct backend c = fake_device(7, "/dev/null", "w");

    (void)state;
    assert_int_equal(plug(&b), HOTPLUG_LATER);
    assert_null(fake_device_node(&b, "hotplug-error"));
    assert_int_equal(plug(&f), HOTPLUG_LATER);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&c, "hotplug-error"), "/dev/null: opening it: Block device"));
}

static void volume_names_are_lvms(void **state)
{
    char name[VOLUME_NAME_MAX];

    (void)state;
    assert_true(volume_name("/dev/vg0/guest-1", name));
    assert_string_equal(name, "vg0/guest-1");
    assert_false(volume_name("/dev/sda", name));
    assert_false(volume_name("/dev/-a/b", name));
    assert_false(volume_name("/dev/vg/-b", name));
    assert_false(volume_name("/dev/vg/a/b", name));
    assert_false(volume_name("/dev/vg/a b", name));
    assert_false(volume_name("/dev/mapper/vg-a", name));
    assert_false(volume_name("/dev/vg/.", name));
}

/* -- with real devices -------------------------------------------------------------------------- */

static void need_root(void)
{
    if (geteuid() != 0 || access("/dev/loop-control", R_OK | W_OK) < 0) {
        skip();
    }
}

static void make_file(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0 && ftruncate(fd, (off_t)size) == 0);
    close(fd);
}

static void file_shared_only_when_all_read(void **state)
{
    need_root();
    mkdir(TARGET_IMAGES, 0700);
    make_file(TARGET_IMAGES "/disk", 1 << 20);
    struct backend a = fake_device(5, "/images/disk", "w"), b = fake_device(6, "/images/disk", "w"),
                   c = fake_device(7, "/images/disk", "r"), d = fake_device(8, "/images/disk", "r");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(fake_device_node(&a, "physical-device"), "7:", 2);
    assert_string_equal(fake_device_node(&a, "hotplug-status"), "connected");
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&b, "hotplug-error"), "another disk is served from it for writing"));
    assert_null(fake_device_node(&b, "physical-device"));
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    /* A guest that restarts comes by again: the same device. */
    char *first = strdup(fake_device_node(&a, "physical-device"));

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_string_equal(fake_device_node(&a, "physical-device"), first);
    free(first);
    backend_vbd.release(&a);
    assert_int_equal(plug(&c), HOTPLUG_DONE);
    assert_int_equal(plug(&d), HOTPLUG_DONE);
    assert_ptr_equal(c.claim, d.claim);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&a, "hotplug-error"), "mode = ro"));

    /* A later life of the daemon knows who uses what. */
    int ro = 0;
    int fd = open(c.claim->path, O_RDONLY | O_CLOEXEC);

    assert_int_equal(ioctl(fd, BLKROGET, &ro), 0);
    assert_int_equal(ro, 1);
    backend_vbd.release(&c);
    backend_vbd.release(&d);
    backend_vbd.adopt(&store, &c);
    assert_non_null(c.claim);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    close(fd);
    backend_vbd.release(&c);
    unlink(TARGET_IMAGES "/disk");
}

static void file_behind_a_link_refused(void **state)
{
    need_root();
    mkdir(TARGET_IMAGES, 0700);
    unlink(TARGET_IMAGES "/link");
    assert_int_equal(symlink("/etc/passwd", TARGET_IMAGES "/link"), 0);
    struct backend a = fake_device(5, "/images/link", "r"), b = fake_device(6, "/images/none", "r"),
                   c = fake_device(7, "/images/.", "r");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&b, "hotplug-error"), "there is no such file"));
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    unlink(TARGET_IMAGES "/link");
}

/* A disk of 8 MiB with two partitions, on a loop device that looks for them. */
static int disk_make(char path[64])
{
    struct loop_config config = { .info.lo_flags = LO_FLAGS_PARTSCAN | LO_FLAGS_AUTOCLEAR };
    uint8_t mbr[512] = { [446 + 4] = 0x83, [446 + 9] = 8, [446 + 13] = 16, /* sectors 2048..6143 */
                         [462 + 4] = 0x83, [462 + 9] = 24, [462 + 13] = 32, [510] = 0x55, 0xaa };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int number = ioctl(control, LOOP_CTL_GET_FREE);
    int file = open(TARGET_IMAGES "/whole", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    close(control);
    assert_true(ftruncate(file, 8 << 20) == 0 && pwrite(file, mbr, 512, 0) == 512);
    snprintf(path, 64, "/dev/loop%d", number);
    int loop = open(path, O_RDWR | O_CLOEXEC);

    config.fd = (unsigned int)file;
    assert_int_equal(ioctl(loop, LOOP_CONFIGURE, &config), 0);
    close(file);
    return loop;
}

static void parts_of_a_disk_exclude_the_whole(void **state)
{
    char disk[64], one[70], two[70], file[90];

    (void)state;
    need_root();
    mkdir(TARGET_IMAGES, 0700);
    int loop = disk_make(disk);

    snprintf(one, sizeof(one), "%sp1", disk);
    snprintf(two, sizeof(two), "%sp2", disk);
    snprintf(file, sizeof(file), "%sp1:/vm/guest.raw", disk);
    if (access(one, F_OK) < 0) {
        close(loop);
        skip(); /* this kernel knows no partition tables, or its /dev is not the kernel's */
    }
    struct backend a = fake_device(5, one, "w"), b = fake_device(6, two, "w"), c = fake_device(7, disk, "w"),
                   d = fake_device(8, disk, "r"), e = fake_device(9, file, "r");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&c, "hotplug-error"), "a part of this disk"));
    assert_int_equal(plug(&d), HOTPLUG_ERROR);
    assert_int_equal(plug(&e), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&e, "hotplug-error"), "mounting its ext4 file system: Device or resource busy"));
    backend_vbd.release(&a);
    backend_vbd.release(&b);
    assert_int_equal(plug(&c), HOTPLUG_DONE);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    backend_vbd.release(&c);
    close(loop);
    unlink(TARGET_IMAGES "/whole");
}

static void file_in_a_file_system_is_served(void **state)
{
    char disk[64], command[400], target[90];

    (void)state;
    need_root();
    mkdir(TARGET_IMAGES, 0700);
    make_file(TARGET_IMAGES "/guest.raw", 1 << 20);
    make_file(TARGET_IMAGES "/fs", 8 << 20);
    snprintf(command, sizeof(command),
             "/sbin/mke2fs -q -F -t ext4 -O ^has_journal %s/fs && printf 'mkdir vm\\ncd vm\\nwrite %s/guest.raw guest.raw\\n"
             "symlink out /etc/passwd\\n' | /sbin/debugfs -w -f - %s/fs >/dev/null 2>&1",
             TARGET_IMAGES, TARGET_IMAGES, TARGET_IMAGES);
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
        || system(command) != 0) {
        skip();
    }
    struct backend fs = fake_device(5, "/images/fs", "w");

    assert_int_equal(plug(&fs), HOTPLUG_DONE);
    snprintf(disk, sizeof(disk), "%.60s", fs.claim->path);
    snprintf(target, sizeof(target), "%s:/vm/guest.raw", disk);
    struct backend a = fake_device(6, target, "r"), b = fake_device(7, target, "r"), c = fake_device(8, target, "w");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    backend_vbd.release(&a);
    backend_vbd.release(&b);
    assert_int_equal(plug(&c), HOTPLUG_DONE); /* mounted for reading until now */
    backend_vbd.release(&c);
    snprintf(target, sizeof(target), "%s:/vm/out", disk);
    a = fake_device(6, target, "r");
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&a, "hotplug-error"), "symbolic links"));
    backend_vbd.release(&fs);
}

/* Where Debian's kernel has disks of its own and LVM's tool: the step that boots it. */
static void volume_is_activated_when_asked_for(void **state)
{
    struct backend a = fake_device(5, "/dev/vg0/guest", "w"), b = fake_device(6, "/dev/vg0/none", "w"),
                   c = fake_device(7, "/dev/vda", "w");

    (void)state;
    if (access("/etc/lab", F_OK) < 0) {
        skip();
    }
    assert_int_equal(system("/sbin/lvm pvcreate -qq /dev/vda && /sbin/lvm vgcreate -qq vg0 /dev/vda && "
                            "/sbin/lvm lvcreate -qq -an -Zn -Wn -L 8M -n guest vg0"), 0);
    assert_int_equal(access("/dev/vg0/guest", F_OK), -1);
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(fake_device_node(&a, "physical-device"), "fe:", 3);
    assert_int_equal(plug(&b), HOTPLUG_LATER);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&c, "hotplug-error"), "its volume group is in use"));
    backend_vbd.release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(target_hostile_text_refused, setup),
        cmocka_unit_test_setup(target_good_text_is_taken_apart, setup),
        cmocka_unit_test_setup(params_with_hostile_bytes_refused, setup),
        cmocka_unit_test_setup(device_that_is_absent_is_waited_for, setup),
        cmocka_unit_test_setup(volume_names_are_lvms, setup),
        cmocka_unit_test_setup(file_shared_only_when_all_read, setup),
        cmocka_unit_test_setup(file_behind_a_link_refused, setup),
        cmocka_unit_test_setup(parts_of_a_disk_exclude_the_whole, setup),
        cmocka_unit_test_setup(file_in_a_file_system_is_served, setup),
        cmocka_unit_test_setup(volume_is_activated_when_asked_for, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
