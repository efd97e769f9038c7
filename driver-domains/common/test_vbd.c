/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices: what is refused for its text, and, with the kernel's own loop devices and a file
 * system (root alone may), what is served, shared and refused for its state. Images that are not raw are tested where
 * Debian's kernel and its tools are: in the step that boots them.
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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend.h"
#include "claim.h"
#include "fake_store.h"
#include "nbd.h"
#include "qcow2.h"
#include "target.h"
#include "volume.h"

static struct store store;

static struct backend device(unsigned int domid, const char *params, const char *mode)
{
    struct backend b = { .domid = domid, .device = 51712 };
    char path[BACKEND_PATH_MAX + 16];

    snprintf(b.path, sizeof(b.path), "backend/vbd/%u/51712", domid);
    snprintf(path, sizeof(path), "%s/params", b.path);
    fake_store_set(path, params, strlen(params));
    snprintf(path, sizeof(path), "%s/mode", b.path);
    fake_store_set(path, mode, strlen(mode));
    return b;
}

static struct backend device_in(unsigned int domid, const char *params, const char *mode, const char *format)
{
    struct backend b = device(domid, params, mode);
    char path[BACKEND_PATH_MAX + 16];

    snprintf(path, sizeof(path), "%s/format", b.path);
    fake_store_set(path, format, strlen(format));
    return b;
}

static const char *node(const struct backend *b, const char *name)
{
    static char path[BACKEND_PATH_MAX + 32];

    snprintf(path, sizeof(path), "%s/%s", b->path, name);
    return fake_store_get(path);
}

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
        struct backend b = device(5, bad[i], "w");

        assert_int_equal(target_parse(bad[i], &t), -1);
        assert_int_equal(plug(&b), HOTPLUG_ERROR);
        assert_string_equal(node(&b, "hotplug-status"), "error");
        assert_non_null(strstr(node(&b, "hotplug-error"), "target: "));
        assert_null(node(&b, "physical-device"));
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
    struct backend b = device(5, "x", "w");
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
    struct backend b = device(5, "/dev/no-such-disk", "w");
    struct backend f = device(6, "/dev/null/x", "w");
    struct backend c = device(7, "/dev/null", "w");

    (void)state;
    assert_int_equal(plug(&b), HOTPLUG_LATER);
    assert_null(node(&b, "hotplug-error"));
    assert_int_equal(plug(&f), HOTPLUG_LATER);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&c, "hotplug-error"), "/dev/null: opening it: Block device"));
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

static void format_is_said_or_raw(void **state)
{
    struct backend a = device_in(5, "/dev/sda:/vm/guest", "w", "vmdk"), b = device_in(6, "/dev/sda:/vm/guest", "w", ""),
                   c = device_in(7, "/images/disk", "w", "qcow2"), d = device_in(8, "/dev/sda", "w", "qcow2"),
                   e = device_in(9, "/dev/no-such-disk", "w", "raw");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_string_equal(node(&a, "hotplug-error"), "format: write raw or qcow2");
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&c, "hotplug-error"), "format: an image that is not raw is /dev/NAME:/PATH"));
    assert_int_equal(plug(&d), HOTPLUG_ERROR);
    assert_int_equal(plug(&e), HOTPLUG_LATER);
}

static void qcow2_header_that_names_more_refused(void **state)
{
    static const struct {
        unsigned int at;
        uint8_t value;
        const char *why;
    } wrong[] = {
        { 0, 'q', "no qcow2 image" },  { 3, 0, "no qcow2 image" },       { 7, 1, "another version" },
        { 7, 4, "another version" },   { 8, 1, "a backing file" },       { 15, 1, "a backing file" },
        { 19, 1, "a backing file" },   { 35, 2, "encrypted" },           { 79, 4, "in another file" },
        { 79, 6, "in another file" },  { 79, 2, "marked as corrupt" },   { 79, 32, "not known here" },
        { 72, 128, "not known here" },
    };
    const uint8_t good[QCOW2_HEADER_BYTES] = { 'Q', 'F', 'I', 0xfb, [7] = 3, [103] = 104 };
    uint8_t header[QCOW2_HEADER_BYTES];

    (void)state;
    assert_null(qcow2_wrong(good, sizeof(good)));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        memcpy(header, good, sizeof(header));
        header[wrong[i].at] = wrong[i].value;
        assert_non_null(qcow2_wrong(header, sizeof(header)));
        assert_non_null(strstr(qcow2_wrong(header, sizeof(header)), wrong[i].why));
    }
    memcpy(header, good, sizeof(header));
    header[79] = 1 | 8 | 16;
    assert_null(qcow2_wrong(header, sizeof(header)));
    assert_non_null(qcow2_wrong(good, QCOW2_HEADER_BYTES - 1));
    header[7] = 2; /* which has no features */
    header[79] = 4;
    assert_null(qcow2_wrong(header, 72));
    assert_non_null(qcow2_wrong(header, 71));
    assert_non_null(qcow2_wrong(header, 0));
}

static int negotiate_with(const void *answer, size_t size, struct nbd_export *export)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(send(ends[1], answer, size, 0), (int)size);
    shutdown(ends[1], SHUT_WR);
    int rc = nbd_negotiate(ends[0], export), error = errno;

    close(ends[0]);
    close(ends[1]);
    errno = error;
    return rc;
}

static void nbd_server_is_asked_for_its_only_export(void **state)
{
    uint8_t answer[28] = "NBDMAGICIHAVEOPT\0\3\0\0\0\0\0\x10\0\0\0\xd";
    struct nbd_export export;

    (void)state;
    assert_int_equal(negotiate_with(answer, 28, &export), 0);
    assert_int_equal(export.size, 1 << 20);
    assert_int_equal(export.flags, 13);
    assert_int_equal(negotiate_with(answer, 27, &export), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(negotiate_with(answer, 0, &export), -1);
    assert_int_equal(errno, EPIPE);
    answer[23] = 0; /* no size */
    assert_int_equal(negotiate_with(answer, 28, &export), -1);
    assert_int_equal(errno, EPROTO);
    answer[23] = 16;
    answer[17] = 0; /* the old protocol */
    assert_int_equal(negotiate_with(answer, 28, &export), -1);
    assert_int_equal(errno, EPROTO);
    answer[17] = 3;
    answer[0] = 'X';
    assert_int_equal(negotiate_with(answer, 28, &export), -1);
    assert_int_equal(errno, EPROTO);
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
    struct backend a = device(5, "/images/disk", "w"), b = device(6, "/images/disk", "w"),
                   c = device(7, "/images/disk", "r"), d = device(8, "/images/disk", "r");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(node(&a, "physical-device"), "7:", 2);
    assert_string_equal(node(&a, "hotplug-status"), "connected");
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&b, "hotplug-error"), "another disk is served from it for writing"));
    assert_null(node(&b, "physical-device"));
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    /* A guest that restarts comes by again: the same device. */
    char *first = strdup(node(&a, "physical-device"));

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_string_equal(node(&a, "physical-device"), first);
    free(first);
    backend_vbd.release(&a);
    assert_int_equal(plug(&c), HOTPLUG_DONE);
    assert_int_equal(plug(&d), HOTPLUG_DONE);
    assert_ptr_equal(c.claim, d.claim);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&a, "hotplug-error"), "mode = ro"));

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
    struct backend a = device(5, "/images/link", "r"), b = device(6, "/images/none", "r"),
                   c = device(7, "/images/.", "r");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&b, "hotplug-error"), "there is no such file"));
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
    struct backend a = device(5, one, "w"), b = device(6, two, "w"), c = device(7, disk, "w"),
                   d = device(8, disk, "r"), e = device(9, file, "r");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&c, "hotplug-error"), "a part of this disk"));
    assert_int_equal(plug(&d), HOTPLUG_ERROR);
    assert_int_equal(plug(&e), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&e, "hotplug-error"), "mounting its ext4 file system: Device or resource busy"));
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
    struct backend fs = device(5, "/images/fs", "w");

    assert_int_equal(plug(&fs), HOTPLUG_DONE);
    snprintf(disk, sizeof(disk), "%.60s", fs.claim->path);
    snprintf(target, sizeof(target), "%s:/vm/guest.raw", disk);
    struct backend a = device(6, target, "r"), b = device(7, target, "r"), c = device(8, target, "w");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    backend_vbd.release(&a);
    backend_vbd.release(&b);
    assert_int_equal(plug(&c), HOTPLUG_DONE); /* mounted for reading until now */
    backend_vbd.release(&c);
    snprintf(target, sizeof(target), "%s:/vm/out", disk);
    a = device(6, target, "r");
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&a, "hotplug-error"), "symbolic links"));
    backend_vbd.release(&fs);
}

/* Where Debian's kernel has disks of its own and LVM's tool: the step that boots it. */
static void volume_is_activated_when_asked_for(void **state)
{
    struct backend a = device(5, "/dev/vg0/guest", "w"), b = device(6, "/dev/vg0/none", "w"),
                   c = device(7, "/dev/vda", "w");

    (void)state;
    if (access("/etc/lab", F_OK) < 0) {
        skip();
    }
    assert_int_equal(system("/sbin/lvm pvcreate -qq /dev/vda && /sbin/lvm vgcreate -qq vg0 /dev/vda && "
                            "/sbin/lvm lvcreate -qq -an -Zn -Wn -L 8M -n guest vg0"), 0);
    assert_int_equal(access("/dev/vg0/guest", F_OK), -1);
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(node(&a, "physical-device"), "fe:", 3);
    assert_int_equal(plug(&b), HOTPLUG_LATER);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&c, "hotplug-error"), "its volume group is in use"));
    backend_vbd.release(&a);
}

/* -- images that are not raw -------------------------------------------------------------------- */

#define IMAGES "/tmp/fs"
#define TOOL "/usr/bin/qemu-nbd"

static void need_lab(void)
{
    if (access("/etc/lab", F_OK) < 0) {
        skip();
    }
}

/* A file system with one image of each kind, on the SATA disk. */
static int images_make(void **state)
{
    (void)state;
    if (access("/etc/lab", F_OK) < 0) {
        return 0;
    }
    return system("exec >/dev/null; cd /tmp; PATH=/bin; mkdir " IMAGES "; /sbin/mke2fs -q -F -t ext4 -O ^has_journal /dev/sda &&"
                  "busybox mount -t ext4 /dev/sda " IMAGES " && cd " IMAGES " && "
                  "qemu-img create -q -f qcow2 good.qcow2 16M && qemu-img create -q -f qcow2 -o compat=0.10 old.qcow2 4M && "
                  "busybox cp good.qcow2 header.raw && busybox truncate -s 1M plain.raw && "
                  "qemu-img create -q -f qcow2 -F raw -b /etc/lab back.qcow2 1M && "
                  "qemu-img create -q -f qcow2 -o data_file=" IMAGES "/data.raw data.qcow2 1M && "
                  "busybox cp good.qcow2 broken.qcow2 && "
                  "echo broken | busybox dd of=broken.qcow2 bs=1 seek=40 conv=notrunc 2>/dev/null && "
                  "cd / && busybox umount " IMAGES) == 0 ? 0 : -1;
}

static void image_write(const struct backend *b, const char *text, off_t at)
{
    static char block[4096] __attribute__((aligned(4096)));
    int fd = open(b->claim->path, O_WRONLY | O_DIRECT | O_CLOEXEC);

    snprintf(block, sizeof(block), "%s", text);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, block, sizeof(block), at), (int)sizeof(block));
    assert_int_equal(fdatasync(fd), 0);
    close(fd);
}

static void image_holds(const struct backend *b, const char *text, off_t at)
{
    static char block[4096] __attribute__((aligned(4096)));
    int fd = open(b->claim->path, O_RDONLY | O_DIRECT | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(pread(fd, block, sizeof(block), at), (int)sizeof(block));
    assert_memory_equal(block, text, strlen(text));
    close(fd);
}

static pid_t tool_of(const struct backend *b)
{
    char label[80];

    assert_int_equal(nbd_label(b->claim->tool.number, label, sizeof(label)), 0);
    return (pid_t)atoi(label);
}

static void qcow2_is_served_and_keeps_what_is_written(void **state)
{
    (void)state;
    need_lab();
    struct backend a = device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2"), b = device_in(6, "/dev/sda:/good.qcow2", "r", "qcow2"),
                   c = device_in(7, "/dev/sda:/./good.qcow2", "r", "qcow2"), d = device(8, "/dev/sda:/good.qcow2", "r"),
                   e = device_in(9, "/dev/sda:/old.qcow2", "w", "qcow2");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(node(&a, "physical-device"), "2b:", 3);
    assert_int_equal(system("[ $(busybox cat /sys/block/nbd0/size) = 32768 ] && busybox grep -q 'write back' /sys/block/nbd0/queue/write_cache"),
                     0);
    image_write(&a, "first", 0);
    image_write(&a, "last", (16 << 20) - 4096);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&b, "hotplug-error"), "served from it for writing"));
    assert_int_equal(backend_vbd.look(&store, &a), HOTPLUG_LATER);
    pid_t tool = tool_of(&a);

    backend_vbd.release(&a);
    assert_int_equal(kill(tool, 0), -1);

    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_DONE);
    assert_ptr_equal(b.claim, c.claim);
    image_holds(&b, "first", 0);
    image_holds(&b, "last", (16 << 20) - 4096);
    assert_int_equal(open(b.claim->path, O_RDWR | O_CLOEXEC), -1);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_int_equal(plug(&d), HOTPLUG_ERROR);
    assert_non_null(strstr(node(&d, "hotplug-error"), "in another format"));
    backend_vbd.release(&b);
    image_holds(&c, "first", 0);

    assert_int_equal(plug(&e), HOTPLUG_DONE); /* beside it, of version 2 */
    image_write(&e, "old", 0);
    image_holds(&e, "old", 0);
    backend_vbd.release(&e);
    backend_vbd.release(&c);
}

static void image_is_refused(const char *file, const char *why)
{
    char target[64];

    snprintf(target, sizeof(target), "/dev/sda:/%s", file);
    struct backend b = device_in(5, target, "w", "qcow2");

    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    print_message("%s\n", node(&b, "hotplug-error"));
    assert_non_null(strstr(node(&b, "hotplug-error"), why));
    assert_null(node(&b, "physical-device"));
}

static void qcow2_that_is_none_or_names_more_refused(void **state)
{
    (void)state;
    need_lab();
    image_is_refused("plain.raw", "it is no qcow2 image");
    image_is_refused("back.qcow2", "it has a backing file");
    image_is_refused("data.qcow2", "its data is in another file");
    image_is_refused("broken.qcow2", "qemu-nbd: ");
    assert_int_equal(rename(TOOL, TOOL "-away"), 0);
    image_is_refused("good.qcow2", "storage/qcow2.recipe");
    assert_int_equal(rename(TOOL "-away", TOOL), 0);
}

static void raw_is_never_taken_for_qcow2(void **state)
{
    (void)state;
    need_lab();
    struct backend a = device(5, "/dev/sda:/header.raw", "r");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(node(&a, "physical-device"), "7:", 2);
    image_holds(&a, "QFI\xfb", 0);
    backend_vbd.release(&a);
}

static void flush_reaches_the_image(void **state)
{
    (void)state;
    need_lab();
    struct backend a = device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    image_write(&a, "flushed", 4 << 20);
    assert_int_equal(syscall(SYS_pidfd_send_signal, a.claim->tool.process, SIGKILL, NULL, 0), 0);
    for (int i = 0; i < 100 && backend_vbd.look(&store, &a) == HOTPLUG_LATER; i++) {
        usleep(20000);
    }
    assert_null(a.claim);
    assert_string_equal(node(&a, "hotplug-status"), "error");
    assert_non_null(strstr(node(&a, "hotplug-error"), "qemu-nbd has ended, signal 9"));
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    image_holds(&a, "flushed", 4 << 20);
    backend_vbd.release(&a);
}

static void qcow2_is_known_to_a_later_life(void **state)
{
    int said[2], held[2];
    char path[32] = "";

    (void)state;
    need_lab();
    struct backend a = device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2"), b = device_in(6, "/dev/sda:/good.qcow2", "r", "qcow2");

    assert_true(pipe(said) == 0 && pipe(held) == 0);
    pid_t earlier = fork();

    if (earlier == 0) {
        if (plug(&a) == HOTPLUG_DONE) {
            (void)!write(said[1], a.claim->path, strlen(a.claim->path));
            (void)!read(held[0], path, 1);
        }
        _exit(0);
    }
    assert_true(read(said[0], path, sizeof(path) - 1) > 0);
    int guest = open(path, O_RDWR | O_CLOEXEC);

    assert_int_equal(write(held[1], "x", 1), 1);
    assert_int_equal(waitpid(earlier, NULL, 0), earlier);
    char node_path[BACKEND_PATH_MAX + 32];

    snprintf(node_path, sizeof(node_path), "%s/physical-device-path", a.path);
    fake_store_set(node_path, path, strlen(path));
    assert_int_equal(backend_vbd.adopt(&store, &a), HOTPLUG_DONE);
    assert_non_null(a.claim);
    image_holds(&a, "first", 0);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_int_equal(backend_vbd.look(&store, &a), HOTPLUG_LATER);
    backend_vbd.release(&a);
    close(guest);
    assert_int_equal(backend_vbd.adopt(&store, &a), HOTPLUG_ERROR); /* of no use: nobody serves it */
    assert_int_equal(plug(&b), HOTPLUG_DONE);
    backend_vbd.release(&b);
    close(said[0]);
    close(said[1]);
    close(held[0]);
    close(held[1]);
}

/* This program in the tool's place: what can it reach? */
static int in_place_of_the_tool(void)
{
    static const char *const others[] = { "/etc/lab", "/dev/sda", "/dev/nbd0", "/proc/1/environ", "/proc/cmdline", IMAGES,
                                          "/bin/busybox", "/tmp", "/run/mnt" };

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (open(others[i], O_RDONLY | O_CLOEXEC) >= 0) {
            fprintf(stderr, "reaches %s\n", others[i]);
            return 1;
        }
    }
    execl("/bin/busybox", "busybox", "true", NULL);
    int file = open("/proc/self/fd/4", O_RDWR | O_CLOEXEC), other = open("/tmp/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    fprintf(stderr, "%s\n", file < 0 ? "does not reach its file" : other >= 0 ? "makes files" : getpid() != 1 ? "sees processes"
                            : mount(NULL, "/", NULL, MS_REMOUNT, NULL) == 0 || sethostname("x", 1) == 0 ? "has capabilities"
                            : fcntl(5, F_GETFD) >= 0 ? "has more descriptors" : "is shut in");
    return 1;
}

static void tool_reaches_its_image_alone(void **state)
{
    (void)state;
    need_lab();
    assert_int_equal(mount("/bin/lab-vbd", TOOL, NULL, MS_BIND, NULL), 0);
    image_is_refused("good.qcow2", "qemu-nbd: is shut in");
    assert_int_equal(umount(TOOL), 0);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "qemu-nbd") == 0) {
        return in_place_of_the_tool();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(target_hostile_text_refused, setup),
        cmocka_unit_test_setup(target_good_text_is_taken_apart, setup),
        cmocka_unit_test_setup(params_with_hostile_bytes_refused, setup),
        cmocka_unit_test_setup(device_that_is_absent_is_waited_for, setup),
        cmocka_unit_test_setup(volume_names_are_lvms, setup),
        cmocka_unit_test_setup(format_is_said_or_raw, setup),
        cmocka_unit_test_setup(qcow2_header_that_names_more_refused, setup),
        cmocka_unit_test_setup(nbd_server_is_asked_for_its_only_export, setup),
        cmocka_unit_test_setup(file_shared_only_when_all_read, setup),
        cmocka_unit_test_setup(file_behind_a_link_refused, setup),
        cmocka_unit_test_setup(parts_of_a_disk_exclude_the_whole, setup),
        cmocka_unit_test_setup(file_in_a_file_system_is_served, setup),
        cmocka_unit_test_setup(volume_is_activated_when_asked_for, setup),
        cmocka_unit_test_setup(qcow2_is_served_and_keeps_what_is_written, setup),
        cmocka_unit_test_setup(qcow2_that_is_none_or_names_more_refused, setup),
        cmocka_unit_test_setup(raw_is_never_taken_for_qcow2, setup),
        cmocka_unit_test_setup(flush_reaches_the_image, setup),
        cmocka_unit_test_setup(qcow2_is_known_to_a_later_life, setup),
        cmocka_unit_test_setup(tool_reaches_its_image_alone, setup),
    };

    return cmocka_run_group_tests(tests, images_make, NULL);
}
