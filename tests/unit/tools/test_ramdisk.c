/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ramdisks read back with libarchive: what is in them, in which order, with which owner and time;
 * modules in the order to load them; the same bytes whatever the order of the recipe.
 */
#include "cmocka_all.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tools/bh/build/file.h"
#include "../../../tools/bh/build/ramdisk.h"

static char folder[] = "/tmp/bh-ramdisk-XXXXXX";
static struct debian debian;
static struct origin origin; /* of the last build */
static struct inputs inputs;

static void put(const char *name, const char *text)
{
    struct diag diag = { 0 };
    char *path = bh_printf("%s/%s", folder, name);
    char *above = path_folder(path);

    assert_true(dir_make(above, &diag) && file_save(path, text, strlen(text), &diag));
    free(above);
    free(path);
}

/* Packages that are not to be downloaded: their folders are in the cache. */
#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KERNEL "debian/linux-image-9.9-bh-test_0123456789abcdef/lib/modules/9.9-bh-test/"

static int setup(void **state)
{
    static char cache[64], lock[64];

    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(cache, sizeof(cache), "%s/debian", folder);
    snprintf(lock, sizeof(lock), "%s/lock", folder);
    debian_init(&debian, cache, lock, false);
    put("lock", "linux-image-9.9-bh-test 9.9 " SHA "\ncoreutils 9 " SHA "\nlibs 1 " SHA "\n"
                "linked 1 " SHA "\n");
    put("debian/coreutils_0123456789abcdef.control",
        "Package: coreutils\nPre-Depends: awk, libs (>= 1:2)\nDescription: programs\n Depends: nothing here\n");
    put("debian/libs_0123456789abcdef.control", "Package: libs\n");
    put("debian/linked_0123456789abcdef.control", "Package: linked\n");
    put("debian/linux-image-9.9-bh-test_0123456789abcdef.control", "Depends: kmod\n");
    put(KERNEL "modules.dep",
        "kernel/a/xen-front.ko: kernel/a/mid.ko kernel/a/low_level.ko\n"
        "kernel/a/mid.ko: kernel/a/low_level.ko\nkernel/a/low_level.ko:\n");
    put(KERNEL "modules.builtin",
        "kernel/b/hvc_xen.ko\n");
    put(KERNEL "kernel/a/xen-front.ko", "front");
    put(KERNEL "kernel/a/mid.ko", "middle");
    put(KERNEL "kernel/a/low_level.ko", "low");
    put("recipe/hello.txt", "hello\n");
    put("build/bin/tool", "tool");
    put("build/bin/tool.linked", "libc6-dev 2.36 amd64\nlibgcc-12-dev 12.2 amd64\n");
    put("build/bin/unknown", "tool");
    put("build/bin/odd", "tool");
    put("build/bin/odd.linked", "libc6-dev 2.36\n");
    return 0;
}

static int teardown(void **state)
{
    struct diag diag = { 0 };

    (void)state;
    origin_free(&origin);
    debian_free(&debian);
    inputs_free(&inputs);
    return dir_remove(folder, &diag) ? 0 : -1;
}

static bool read_text(void *context, const char *path, struct buf *out, struct diag *diag)
{
    (void)path, (void)diag;
    buf_puts(out, *(const char *const *)context);
    return true;
}

static bool build(const char *text, struct buf *out, struct diag *diag)
{
    struct recipe recipe = { 0 };
    char *build_folder = bh_printf("%s/build", folder);
    char *path = bh_printf("%s/recipe/r", folder);
    char roles[] = "role r c\n";
    const struct ramdisk_derived derived = { "operators", { .data = roles, .len = sizeof(roles) - 1 } };
    const struct ramdisk_context rc = { build_folder, &debian, &inputs, 1234567, diag, &derived, 1 };

    assert_true(recipe_load(&recipe, path, read_text, &text, diag));
    origin_free(&origin);
    bool good = ramdisk_build(&rc, &recipe, out, &origin);

    recipe_free(&recipe);
    free(build_folder);
    free(path);
    return good;
}

/* "path mode content" for each entry, in order. */
static char *listing(const struct buf *image)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    struct buf text = { 0 };

    archive_read_support_filter_gzip(a);
    archive_read_support_format_cpio(a);
    assert_int_equal(archive_read_open_memory(a, image->data, image->len), ARCHIVE_OK);
    while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
        char content[200] = "";
        la_ssize_t got = archive_read_data(a, content, sizeof(content) - 1);

        assert_true(got >= 0);
        assert_int_equal(archive_entry_uid(e), 0);
        assert_int_equal(archive_entry_gid(e), 0);
        assert_int_equal(archive_entry_mtime(e), 1234567);
        buf_printf(&text, "%s %06o %s%s|", archive_entry_pathname(e), archive_entry_mode(e),
                   content, archive_entry_symlink(e) != NULL ? archive_entry_symlink(e) : "");
        if ((archive_entry_filetype(e) & AE_IFMT) == AE_IFCHR) {
            assert_int_equal(archive_entry_rdevmajor(e), 5);
            assert_int_equal(archive_entry_rdevminor(e), 1);
        }
    }
    archive_read_free(a);
    return text.data;
}

static void ramdisk_build_holds_all_sorted(void **state)
{
    struct buf out = { 0 };
    struct diag diag = { 0 };

    (void)state;
    if (!build("node 0600 c 5 1 /dev/console\nfile 0644 hello.txt /etc/hello\n"
               "built 0755 bin/tool /sbin/tool\nlink /bin/sh tool\ndir 1777 /tmp\nhost 0600 operators /etc/roles\n", &out,
               &diag)) {
        fail_msg("%s", diag.text.data);
    }
    char *text = listing(&out);

    assert_string_equal(text, "bin 040755 |bin/sh 120777 tool|dev 040755 |"
                              "dev/console 020600 |etc 040755 |etc/hello 100644 hello\n|etc/roles 100600 role r c\n|"
                              "sbin 040755 |sbin/tool 100755 tool|tmp 041777 |");
    free(text);
    buf_free(&out);
}

static void ramdisk_build_modules_bring_dependencies(void **state)
{
    struct buf out = { 0 };
    struct diag diag = { 0 };

    (void)state;
    if (!build("module xen_front\nmodule hvc-xen\nmodule mid\n", &out, &diag)) {
        fail_msg("%s", diag.text.data);
    }
    char *text = listing(&out);

    assert_string_equal(text, "etc 040755 |etc/modules 100644 /lib/modules/low_level.ko\n"
                              "/lib/modules/mid.ko\n/lib/modules/xen-front.ko\n|"
                              "lib 040755 |lib/modules 040755 |lib/modules/low_level.ko 100644 "
                              "low|lib/modules/mid.ko 100644 middle|"
                              "lib/modules/xen-front.ko 100644 front|");
    free(text);
    buf_free(&out);
}

static void ramdisk_build_order_does_not_show(void **state)
{
    struct buf one = { 0 }, two = { 0 };
    struct diag diag = { 0 };

    (void)state;
    assert_true(build("dir 0755 /a\nfile 0644 hello.txt /a/b\nlink /z y\n", &one, &diag));
    assert_true(build("link /z y\nfile 0644 hello.txt /a/b\ndir 0755 /a\n", &two, &diag));
    assert_int_equal(one.len, two.len);
    assert_memory_equal(one.data, two.data, one.len);
    buf_free(&one);
    buf_free(&two);
}

static void ramdisk_build_missing_pieces_are_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "dir 0755 /a\nfile 0644 no.txt /b", "r:2: no.txt: there is no file" },
        { "built 0755 bin/toll /b", "build it first (make), or correct the name" },
        { "built 0755 bin/unknown /b", "bin/unknown: has no list of what it was linked with beside it, NAME.linked; build it again (make)" },
        { "built 0755 bin/odd /b", "bin/odd.linked: has a line that is not NAME VERSION ARCHITECTURE; build it again (make)" },
        { "module xen-fornt", "r:1: module: the kernel 9.9-bh-test has no module 'xen-fornt'; did "
          "you mean 'xen-front'?" },
        { "module zzzzzzzz", "has no module 'zzzzzzzz'; correct the name" },
        { "file 0644 hello.txt /etc/modules\nmodule mid", "/etc/modules: is in the recipe, but" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = { 0 };
        struct diag diag = { 0 };

        assert_false(build(cases[i].text, &out, &diag));
        assert_int_equal(out.len, 0);
        if (strstr(diag.text.data, cases[i].message) == NULL) {
            fail_msg("case %zu: %s", i, diag.text.data);
        }
        diag_free(&diag);
    }
}

static void ramdisk_build_program_brings_libraries(void **state)
{
    struct buf out = { 0 };
    struct diag diag = { 0 };

    (void)state;
    /* A program that is on every Debian, in a package, with its libraries in one that it depends on. */
    char *copy = bh_printf("cd %s/debian && mkdir -p coreutils_0123456789abcdef/bin "
                           "libs_0123456789abcdef/lib/x86_64-linux-gnu linked_0123456789abcdef && "
                           "cp /bin/ls coreutils_0123456789abcdef/bin && "
                           "ln -s /bin/ls linked_0123456789abcdef/ls && "
                           "cp $(ldd /bin/ls | grep -o '/[^ ]*') libs_0123456789abcdef/lib/x86_64-linux-gnu",
                           folder);

    assert_int_equal(system(copy), 0);
    free(copy);
    if (!build("program coreutils /bin/ls /bin/ls\n", &out, &diag)) {
        fail_msg("%s", diag.text.data);
    }
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    bool libc = false, loader = false;

    archive_read_support_filter_gzip(a);
    archive_read_support_format_cpio(a);
    assert_int_equal(archive_read_open_memory(a, out.data, out.len), ARCHIVE_OK);
    while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
        libc = libc || strcmp(archive_entry_pathname(e), "lib/x86_64-linux-gnu/libc.so.6") == 0;
        loader = loader || strcmp(archive_entry_pathname(e), "lib64/ld-linux-x86-64.so.2") == 0;
    }
    archive_read_free(a);
    assert_true(libc);
    assert_true(loader);
    /* What went in, and nothing that was only looked up or looked into. */
    assert_int_equal(origin.packages.count, 2);
    assert_string_equal(origin.packages.names[0], "coreutils");
    assert_string_equal(origin.packages.names[1], "libs");
    assert_false(origin.built);
    buf_free(&out);
    assert_true(build("module xen_front\npackage coreutils /bin/ls /a\nbuilt 0755 bin/tool /t\n", &out, &diag));
    assert_int_equal(origin.packages.count, 2);
    assert_string_equal(origin.packages.names[0], "coreutils");
    assert_string_equal(origin.packages.names[1], "linux-image-9.9-bh-test");
    assert_true(origin.built);
    assert_int_equal(origin.linked.count, 2);
    assert_string_equal(origin.linked.names[0], "libc6-dev 2.36 amd64");
    buf_free(&out);
    assert_true(build("module hvc_xen\nfile 0644 hello.txt /a\n", &out, &diag));
    assert_int_equal(origin.packages.count, 0);
    assert_false(origin.built);
    assert_int_equal(origin.linked.count, 0);
    buf_free(&out);
}

static void ramdisk_build_package_mistake_is_named(void **state)
{
    static const char *const cases[][2] = {
        { "package busybox-static /a /a\n", "/lock: busybox-static: is not pinned; bh build -u" },
        { "package linked /ls /ls\n", "is a link that leads out of its package" },
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct buf out = { 0 };
        struct diag diag = { 0 };

        assert_false(build(cases[i][0], &out, &diag));
        if (strstr(diag.text.data, cases[i][1]) == NULL) {
            fail_msg("case %zu: %s", i, diag.text.data);
        }
        diag_free(&diag);
        buf_free(&out);
    }
}

static void inputs_unchanged_sees_bytes_not_times(void **state)
{
    struct inputs list = { 0 };
    struct diag diag = { 0 };
    char *file = bh_printf("%s/recipe/watched", folder);
    char *names = bh_printf("%s/recipe", folder);
    char *where = bh_printf("%s/list", folder);

    (void)state;
    put("recipe/watched", "one");
    list.words = bh_strdup("words");
    inputs_add(&list, file);
    inputs_add(&list, names);
    assert_true(inputs_write(&list, where, &diag));
    assert_true(inputs_unchanged(where, "words"));
    assert_false(inputs_unchanged(where, "other words"));
    put("recipe/watched", "one"); /* a new time, the same bytes */
    assert_true(inputs_unchanged(where, "words"));
    put("recipe/watched", "two");
    assert_false(inputs_unchanged(where, "words"));
    put("recipe/watched", "one");
    put("recipe/new", "");
    assert_false(inputs_unchanged(where, "words")); /* one more name in the folder */
    char *extra = bh_printf("%s/recipe/new", folder);

    assert_int_equal(unlink(extra), 0);
    assert_true(inputs_unchanged(where, "words"));
    assert_int_equal(unlink(file), 0);
    assert_false(inputs_unchanged(where, "words"));
    assert_false(inputs_unchanged("/nonexistent", "words"));
    free(extra);
    free(file);
    free(names);
    free(where);
    inputs_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ramdisk_build_holds_all_sorted),
        cmocka_unit_test(ramdisk_build_modules_bring_dependencies),
        cmocka_unit_test(ramdisk_build_order_does_not_show),
        cmocka_unit_test(ramdisk_build_missing_pieces_are_named),
        cmocka_unit_test(ramdisk_build_program_brings_libraries),
        cmocka_unit_test(ramdisk_build_package_mistake_is_named),
        cmocka_unit_test(inputs_unchanged_sees_bytes_not_times),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
