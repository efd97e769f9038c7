/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh build` from end to end, for a host of one stub domain: the same bytes twice, an incremental
 * second run, and nothing left behind or lost by a build that fails.
 */
#include "cmocka_all.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tools/bh/build/file.h"
#include "../../../tools/bh/build/spawn.h"
#include "bh/verbs.h"

static char folder[] = "/tmp/bh-build-XXXXXX";
static struct diag diag;

static char *in_folder(const char *name)
{
    return bh_printf("%s/%s", folder, name);
}

static void put(const char *name, const void *data, size_t len)
{
    char *path = in_folder(name);
    char *above = path_folder(path);

    assert_true(dir_make(above, &diag) && file_save(path, data, len, &diag));
    free(above);
    free(path);
}

/* A kernel with the PVH entry note and one page of code. */
static void put_kernel(const char *name)
{
    struct {
        Elf64_Ehdr e;
        Elf64_Phdr p[2];
        struct {
            uint32_t namesz, descsz, type;
            char owner[4];
            uint32_t entry;
        } note;
        uint8_t code[64];
    } k = { .e = { .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
                   .e_entry = 0x200000, .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr), .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 2 },
            .note = { 4, 4, 18, "Xen", 0x200000 } };
    struct buf image = { 0 };

    memcpy(k.e.e_ident, ELFMAG, SELFMAG);
    k.e.e_ident[EI_CLASS] = ELFCLASS64;
    k.e.e_ident[EI_DATA] = ELFDATA2LSB;
    k.e.e_ident[EI_VERSION] = EV_CURRENT;
    k.p[0] = (Elf64_Phdr){ PT_LOAD, PF_R | PF_X, 0x1000, 0x200000, 0x200000, 0x1000, 0x1000,
                           0x1000 };
    k.p[1] = (Elf64_Phdr){ PT_NOTE, PF_R, offsetof(typeof(k), note), 0, 0, sizeof(k.note),
                           sizeof(k.note), 4 };
    memset(k.code, 0xf4, sizeof(k.code));
    buf_put(&image, &k, sizeof(k));
    buf_zero(&image, 0x2000 - image.len);
    memset(image.data + 0x1000, 0xf4, 0x800);
    put(name, image.data, image.len);
    buf_free(&image);
}

static const char description[] = "host {\n name = tiny\n memory = 256M\n tpm = none\n}\n"
                                  "domain hello {\n id = 1\n kind = guest\n"
                                  " kernel = stubdom:hello\n memory = 16M\n%s}\n";

static void put_description(const char *more)
{
    struct buf text = { 0 };
    const char *at = strstr(description, "%s");

    buf_put(&text, description, (size_t)(at - description));
    buf_puts(&text, more);
    buf_puts(&text, at + 2);
    put("tiny.conf", text.data, text.len);
    buf_free(&text);
}

static int build(const char *output, bool force)
{
    char build_word[] = "build", o[] = "-O", d[] = "-o", f[] = "-f", q[] = "-q";
    char *build_folder = in_folder("build");
    char *output_folder = in_folder(output);
    char *conf = in_folder("tiny.conf");
    char *argv[] = { build_word, q, o, build_folder, d, output_folder, force ? f : q, conf, NULL };
    int status = build_main(8, argv);

    free(build_folder);
    free(output_folder);
    free(conf);
    return status;
}

static int setup(void **state)
{
    static const char version[] = "\177ELF bulkhead version=\0 "
                                  "bulkhead version=1 build-id=0123abcd";

    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    put("build/xen/bulkhead", version, sizeof(version));
    put_kernel("build/stubdoms/hello.elf");
    put_description("");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return dir_remove(folder, &diag) ? 0 : -1;
}

static bool same(const char *one, const char *two)
{
    char *a = in_folder(one), *b = in_folder(two);
    const char *argv[] = { "diff", "-r", "-q", "-x", ".inputs", a, b, NULL };
    struct buf out = { 0 };
    bool equal = spawn_run(argv, NULL, &out, NULL, &diag) == 0;

    if (!equal && out.data != NULL) {
        print_message("%s", out.data);
    }
    buf_free(&out);
    free(a);
    free(b);
    return equal;
}

static bool there(const char *name)
{
    char *path = in_folder(name);
    bool is = file_exists(path);

    free(path);
    return is;
}

static ino_t inode(const char *name)
{
    char *path = in_folder(name);
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    free(path);
    return st.st_ino;
}

static void build_twice_same_bytes(void **state)
{
    (void)state;
    assert_int_equal(build("one", false), BH_EXIT_OK);
    sleep(2); /* FAT keeps times to two seconds */
    assert_int_equal(build("two", false), BH_EXIT_OK);
    assert_true(there("one/disk.img"));
    assert_true(there("one/boot/hello.elf"));
    assert_true(there("one/policy/host.cil"));
    assert_true(same("one", "two"));
    assert_false(there("one.tmp"));
    assert_false(there("one.old"));
}

static void build_unchanged_does_nothing(void **state)
{
    (void)state;
    assert_int_equal(build("one", false), BH_EXIT_OK);
    ino_t before = inode("one/disk.img");

    assert_int_equal(build("one", false), BH_EXIT_OK);
    assert_int_equal(inode("one/disk.img"), before);
    put_description(" cpus = 2\n");
    assert_int_equal(build("one", false), BH_EXIT_OK);
    assert_int_not_equal(inode("one/disk.img"), before);
    assert_false(same("one/reference.json", "two/reference.json"));
    put_description("");
    assert_int_equal(build("one", false), BH_EXIT_OK);
    assert_true(same("one", "two"));
}

static void build_failed_leaves_old_image(void **state)
{
    (void)state;
    assert_int_equal(build("one", false), BH_EXIT_OK);
    put_description(" ramdisk = recipe:none.recipe\n");
    assert_int_equal(build("one", false), BH_EXIT_FAILURE);
    assert_int_equal(build("three", false), BH_EXIT_FAILURE);
    assert_true(same("one", "two"));
    assert_false(there("one.tmp"));
    assert_false(there("three"));
    assert_false(there("three.tmp"));
    put_description(" tpm = yes\n"); /* contradicts the host's tpm = none */
    assert_int_equal(build("three", false), BH_EXIT_FAILURE);
    assert_false(there("three"));
    put_description("");
}

static void build_usage_is_told(void **state)
{
    char word[] = "build", bad[] = "-x", conf[] = "a", conf2[] = "b";
    char *none[] = { word, NULL }, *unknown[] = { word, bad, conf, NULL };
    char *two[] = { word, conf, conf2, NULL };

    (void)state;
    assert_int_equal(build_main(1, none), BH_EXIT_USAGE);
    assert_int_equal(build_main(3, unknown), BH_EXIT_USAGE);
    assert_int_equal(build_main(3, two), BH_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build_twice_same_bytes),
        cmocka_unit_test(build_unchanged_does_nothing),
        cmocka_unit_test(build_failed_leaves_old_image),
        cmocka_unit_test(build_usage_is_told),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
