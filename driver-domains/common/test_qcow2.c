/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that are not raw: what is refused for its header; and, where Debian's kernel and its tools are (the step that
 * boots them), what is served, kept, refused, and out of the tool's reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend.h"
#include "claim.h"
#include "fake_device.h"
#include "fake_store.h"
#include "nbd.h"
#include "qcow2.h"

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

static void format_is_said_or_raw(void **state)
{
    struct backend a = fake_device_in(5, "/dev/sda:/vm/guest", "w", "vmdk"), b = fake_device_in(6, "/dev/sda:/vm/guest", "w", ""),
                   c = fake_device_in(7, "/images/disk", "w", "qcow2"), d = fake_device_in(8, "/dev/sda", "w", "qcow2"),
                   e = fake_device_in(9, "/dev/no-such-disk", "w", "raw");

    (void)state;
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_string_equal(fake_device_node(&a, "hotplug-error"), "format: write raw or qcow2");
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_int_equal(plug(&c), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&c, "hotplug-error"), "format: an image that is not raw is /dev/NAME:/PATH"));
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
    struct backend a = fake_device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2"), b = fake_device_in(6, "/dev/sda:/good.qcow2", "r", "qcow2"),
                   c = fake_device_in(7, "/dev/sda:/./good.qcow2", "r", "qcow2"), d = fake_device(8, "/dev/sda:/good.qcow2", "r"),
                   e = fake_device_in(9, "/dev/sda:/old.qcow2", "w", "qcow2");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(fake_device_node(&a, "physical-device"), "2b:", 3);
    assert_int_equal(system("[ $(busybox cat /sys/block/nbd0/size) = 32768 ] && busybox grep -q 'write back' /sys/block/nbd0/queue/write_cache"),
                     0);
    image_write(&a, "first", 0);
    image_write(&a, "last", (16 << 20) - 4096);
    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&b, "hotplug-error"), "served from it for writing"));
    assert_int_equal(backend_vbd.look(&store, &a), HOTPLUG_LATER);
    pid_t tool = tool_of(&a);

    backend_vbd.release(&a);
    assert_int_equal(kill(tool, 0), -1);

    assert_int_equal(plug(&b), HOTPLUG_DONE);
    assert_int_equal(plug(&c), HOTPLUG_DONE);
    assert_ptr_equal(b.claim, c.claim);
    image_holds(&b, "first", 0);
    image_holds(&b, "last", (16 << 20) - 4096);
    assert_int_equal(system("[ $(busybox cat /sys/block/nbd0/ro) = 1 ]"), 0);
    assert_int_equal(plug(&a), HOTPLUG_ERROR);
    assert_int_equal(plug(&d), HOTPLUG_ERROR);
    assert_non_null(strstr(fake_device_node(&d, "hotplug-error"), "in another format"));
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
    struct backend b = fake_device_in(5, target, "w", "qcow2");

    assert_int_equal(plug(&b), HOTPLUG_ERROR);
    print_message("%s\n", fake_device_node(&b, "hotplug-error"));
    assert_non_null(strstr(fake_device_node(&b, "hotplug-error"), why));
    assert_null(fake_device_node(&b, "physical-device"));
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
    struct backend a = fake_device(5, "/dev/sda:/header.raw", "r");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    assert_memory_equal(fake_device_node(&a, "physical-device"), "7:", 2);
    image_holds(&a, "QFI\xfb", 0);
    backend_vbd.release(&a);
}

/* How often the disk below was told to flush: the 16th number of its statistics. */
static unsigned long flushes(void)
{
    static char text[512];
    int fd = open("/sys/block/sda/stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof(text) - 1);
    char *at = text;
    unsigned long value = 0;

    close(fd);
    text[n > 0 ? n : 0] = '\0';
    for (int i = 0; i < 16; i++) {
        value = strtoul(at, &at, 10);
    }
    return value;
}

static void flush_reaches_the_image(void **state)
{
    unsigned long before;

    (void)state;
    need_lab();
    struct backend a = fake_device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2");

    assert_int_equal(plug(&a), HOTPLUG_DONE);
    before = flushes();
    image_write(&a, "flushed", 4 << 20);
    assert_true(flushes() > before);
    assert_int_equal(syscall(SYS_pidfd_send_signal, a.claim->tool.process, SIGKILL, NULL, 0), 0);
    for (int i = 0; i < 100 && backend_vbd.look(&store, &a) == HOTPLUG_LATER; i++) {
        usleep(20000);
    }
    assert_null(a.claim);
    assert_string_equal(fake_device_node(&a, "hotplug-status"), "error");
    assert_non_null(strstr(fake_device_node(&a, "hotplug-error"), "qemu-nbd has ended, signal 9"));
    assert_int_equal(plug(&a), HOTPLUG_DONE);
    image_holds(&a, "flushed", 4 << 20);
    backend_vbd.release(&a);
}

static void qcow2_is_known_to_a_later_life(void **state)
{
    int said[2] = { -1, -1 }, held[2] = { -1, -1 };
    char path[32] = "";

    (void)state;
    need_lab();
    struct backend a = fake_device_in(5, "/dev/sda:/good.qcow2", "w", "qcow2"), b = fake_device_in(6, "/dev/sda:/good.qcow2", "r", "qcow2");

    assert_true(pipe(said) == 0 && pipe(held) == 0);
    pid_t earlier = fork();

    if (earlier == 0) {
        if (plug(&a) == HOTPLUG_DONE) {
            (void)!write(said[1], a.claim->path, strlen(a.claim->path));
            (void)!read(held[0], path, 1);
        }
        _exit(0);
    }
    close(said[1]);
    assert_true(read(said[0], path, sizeof(path) - 1) > 0);
    int guest = open(path, O_RDWR | O_CLOEXEC);

    assert_int_equal(write(held[1], "x", 1), 1);
    assert_int_equal(waitpid(earlier, NULL, 0), earlier);
    fake_device_set(&a, "physical-device-path", path);
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
    int more = fcntl(5, F_GETFD), file = open("/proc/self/fd/4", O_RDWR | O_CLOEXEC), other = open("/tmp/new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    fprintf(stderr, "%s\n", file < 0 ? "does not reach its file" : other >= 0 ? "makes files" : getpid() != 1 ? "sees processes"
                            : mount(NULL, "/", NULL, MS_REMOUNT, NULL) == 0 || sethostname("x", 1) == 0 ? "has capabilities"
                            : truncate("/run/mnt/8-0/plain.raw", 1 << 20) == 0 ? "changes files by name"
                            : more >= 0 ? "has more descriptors" : "is shut in");
    return 1;
}

static void tool_reaches_its_image_alone(void **state)
{
    (void)state;
    need_lab();
    assert_int_equal(mount("/bin/lab-qcow2", TOOL, NULL, MS_BIND, NULL), 0);
    image_is_refused("good.qcow2", "qemu-nbd: is shut in");
    assert_int_equal(umount(TOOL), 0);
}

int main(int argc, char **argv)
{
    if (argc > 0 && strcmp(argv[0], "qemu-nbd") == 0) {
        return in_place_of_the_tool();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(format_is_said_or_raw, setup),
        cmocka_unit_test_setup(qcow2_header_that_names_more_refused, setup),
        cmocka_unit_test_setup(nbd_server_is_asked_for_its_only_export, setup),
        cmocka_unit_test_setup(qcow2_is_served_and_keeps_what_is_written, setup),
        cmocka_unit_test_setup(qcow2_that_is_none_or_names_more_refused, setup),
        cmocka_unit_test_setup(raw_is_never_taken_for_qcow2, setup),
        cmocka_unit_test_setup(flush_reaches_the_image, setup),
        cmocka_unit_test_setup(qcow2_is_known_to_a_later_life, setup),
        cmocka_unit_test_setup(tool_reaches_its_image_alone, setup),
    };

    return cmocka_run_group_tests(tests, images_make, NULL);
}
