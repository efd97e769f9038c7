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

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <attest/jose.h>
#include <attest/refset.h>
#include <attest/utc.h>

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

/* Build with further words, ending in NULL. */
static int build_with(const char *output, const char *const *more)
{
    char *build_folder = in_folder("build");
    char *output_folder = in_folder(output);
    char *conf = in_folder("tiny.conf");
    const char *words[32] = { "build", "-q", "-O", build_folder, "-o", output_folder };
    char *argv[32];
    int argc = 6;

    for (; *more != NULL; more++) {
        words[argc++] = *more;
    }
    words[argc++] = conf;
    for (int i = 0; i < argc; i++) {
        argv[i] = bh_strdup(words[i]);
    }
    argv[argc] = NULL;
    char *kept[32];

    memcpy(kept, argv, sizeof(kept)); /* getopt changes their order */
    int status = build_main(argc, argv);

    for (int i = 0; i < argc; i++) {
        free(kept[i]);
    }
    free(build_folder);
    free(output_folder);
    free(conf);
    return status;
}

#define BUILD(output, ...) build_with(output, (const char *const[]){ __VA_ARGS__, NULL })

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

/* -- policy ------------------------------------------------------------------------------------ */

/* secilc, of the same files with the options of policy/files.mk. */
static void build_policy_is_secilc_s(void **state)
{
    char *cil = in_folder("one/policy/host.cil"), *ours = in_folder("one/boot/policy.bin");
    char *theirs = in_folder("secilc.bin");
    char *words = bh_printf("cd policy && secilc --target=xen --policyvers=30 --mls=false --handle-unknown=deny "
                            "--filecontext=/dev/null -o %s access_vectors.cil fine_vectors.cil base.cil macros.cil "
                            "kinds/*.cil assertions.cil %s && cmp %s %s", theirs, cil, theirs, ours);

    (void)state;
    assert_int_equal(build("one", false), BH_EXIT_OK);
    assert_true(spawn_check((const char *[]){ "sh", "-c", words, NULL }, NULL, NULL, &diag));
    free(words);
    free(theirs);
    free(ours);
    free(cil);
}

/* A kind that breaks an assertion: the line of the description, the assertion and the macro are named, nothing is written. */
static void build_policy_mistake_has_a_line(void **state)
{
    static const char kind[] = "(macro spy_kind ((type d) (type e))\n    (call guest_kind (d e))\n"
                               "    (allow d d (platform_op (all))))\n";
    char *tree = in_folder("tree"), *errors = in_folder("errors");
    int old = dup(2);
    struct buf said = { 0 };

    (void)state;
    assert_true(dir_make(tree, &diag));
    assert_true(spawn_check((const char *[]){ "cp", "-r", "policy", "stubdoms", tree, NULL }, NULL, NULL, &diag));
    put("tree/policy/kinds/spy.cil", kind, sizeof(kind) - 1);
    put_description(" kind = spy\n");
    char *conf = in_folder("tiny.conf");
    struct buf text = { 0 };

    assert_true(file_load(conf, &text, &diag));
    memcpy(strstr(text.data, " kind = guest"), "#            ", 13);
    put("tiny.conf", text.data, text.len);
    assert_non_null(freopen(errors, "w", stderr));
    int status = BUILD("spied", "-S", tree);

    fflush(stderr);
    dup2(old, 2);
    close(old);
    assert_int_equal(status, BH_EXIT_FAILURE);
    assert_true(file_load(errors, &said, &diag));
    assert_non_null(strstr(said.data, "tiny.conf:6: "));
    assert_non_null(strstr(said.data, "breaks the assertion of "));
    assert_non_null(strstr(said.data, "The machine as a whole is for control domains"));
    assert_non_null(strstr(said.data, "policy/kinds/spy.cil:3, called at tiny.conf:6"));
    assert_false(there("spied"));
    put_description("");
    buf_free(&said);
    buf_free(&text);
    free(conf);
    free(errors);
    free(tree);
}

/* -- signed sets ------------------------------------------------------------------------------- */
#define END "2099-01-01T00:00:00Z"

static char *put_key(const char *name, EVP_PKEY *key)
{
    char *path = in_folder(name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL), 1);
    fclose(f);
    EVP_PKEY_free(key);
    return path;
}

/* The set of an image, checked with the image's own signer.pem, which has to be this key's. */
static struct refset *signed_set(const char *image, const char *key)
{
    char *jws = bh_printf("%s/%s/reference.jws", folder, image);
    char *pem = bh_printf("%s/%s/signer.pem", folder, image);
    struct attest_error why = { .text = "" };
    EVP_PKEY *mine = key_read_private(key, &why), *theirs = key_read_public(pem, &why);
    struct bytes payload;
    struct buf text = { 0 };

    assert_true(file_load(jws, &text, &diag));
    assert_non_null(mine);
    assert_non_null(theirs);
    assert_int_equal(EVP_PKEY_eq(mine, theirs), 1);
    assert_int_equal(jws_verify(text.data, text.len, REFSET_TYPE, &theirs, 1, &payload, NULL, &why), 0);
    struct refset *set = refset_parse(payload.data, payload.size, &why);

    assert_non_null(set);
    free(payload.data);
    buf_free(&text);
    EVP_PKEY_free(mine);
    EVP_PKEY_free(theirs);
    free(jws);
    free(pem);
    return set;
}

static void build_signed_twice_same_bytes(void **state)
{
    char *key = put_key("a.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    char hex[13], id[32];

    (void)state;
    assert_int_equal(BUILD("s1", "--sign", key, "--not-after", END), BH_EXIT_OK);
    sleep(2); /* a time of the clock would differ */
    assert_int_equal(BUILD("s2", "--sign", key, "--not-after", END), BH_EXIT_OK);
    assert_true(same("s1", "s2"));
    struct refset *set = signed_set("s1", key);

    for (int i = 0; i < 6; i++) {
        snprintf(hex + 2 * i, 3, "%02x", set->digest[i]);
    }
    snprintf(id, sizeof(id), "tiny-%s", hex);
    assert_string_equal(set->id, id);
    assert_int_equal(set->not_before, 0);
    assert_int_equal(set->overlap, 0);
    assert_int_equal(set->supersedes_count, 0);
    assert_true(set->components->count > 0);
    refset_free(set);
    free(key);
}

static void build_signed_as_the_options_say(void **state)
{
    char *key = put_key("b.key", EVP_EC_gen("P-256"));
    int64_t from, to;

    (void)state;
    assert_int_equal(BUILD("s3", "--sign", key, "--not-before", "2026-01-31T12:00:00Z", "--not-after", END,
                           "--reference-id", "tiny-2", "--supersedes", "tiny-0", "--supersedes", "tiny-1",
                           "--overlap", "604800"), BH_EXIT_OK);
    struct refset *set = signed_set("s3", key);

    assert_int_equal(utc_parse("2026-01-31T12:00:00Z", &from) + utc_parse(END, &to), 0);
    assert_string_equal(set->id, "tiny-2");
    assert_true(set->not_before == from && set->not_after == to);
    assert_int_equal(set->overlap, 604800);
    assert_int_equal(set->supersedes_count, 2);
    assert_string_equal(set->supersedes[0], "tiny-0");
    assert_string_equal(set->supersedes[1], "tiny-1");
    refset_free(set);
    free(key);
}

/* Each option, and the key's bytes, is an input: an image signed otherwise is not up to date. */
static void build_signed_otherwise_is_another_image(void **state)
{
    char *key = put_key("c.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));

    (void)state;
    assert_int_equal(BUILD("s4", "--sign", key, "--not-after", END), BH_EXIT_OK);
    ino_t before = inode("s4/reference.jws");

    assert_int_equal(BUILD("s4", "--sign", key, "--not-after", END), BH_EXIT_OK);
    assert_int_equal(inode("s4/reference.jws"), before);
    assert_int_equal(BUILD("s4", "--sign", key, "--not-after", "2098-01-01T00:00:00Z"), BH_EXIT_OK);
    struct refset *set = signed_set("s4", key);
    int64_t to;

    assert_int_equal(utc_parse("2098-01-01T00:00:00Z", &to), 0);
    assert_true(set->not_after == to);
    refset_free(set);
    free(key);
    key = put_key("c.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    assert_int_equal(BUILD("s4", "--sign", key, "--not-after", "2098-01-01T00:00:00Z"), BH_EXIT_OK);
    refset_free(signed_set("s4", key));
    assert_int_equal(build("s4", false), BH_EXIT_OK); /* and unsigned, it has no signature left */
    assert_true(there("s4/reference.json"));
    assert_false(there("s4/reference.jws"));
    assert_false(there("s4/signer.pem"));
    free(key);
}

static void build_sign_mistakes_write_nothing(void **state)
{
    char *key = put_key("d.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    char *rsa = put_key("rsa.key", EVP_RSA_gen(2048));
    char *none = in_folder("none.key");
    const char *const wrong[][10] = {
        { "--sign", key },
        { "--not-after", END },
        { "--reference-id", "a" },
        { "--supersedes", "a" },
        { "--overlap", "1" },
        { "--not-before", END },
        { "--sign", key, "--not-after", "tomorrow" },
        { "--sign", key, "--not-after", END, "--not-before", "2026-02-31T00:00:00Z" },
        { "--sign", key, "--not-after", END, "--not-before", END },
        { "--sign", key, "--not-after", END, "--reference-id", "a b" },
        { "--sign", key, "--not-after", END, "--reference-id", "a", "--supersedes", "a" },
        { "--sign", key, "--not-after", END, "--supersedes", "a/b" },
        { "--sign", key, "--not-after", END, "--overlap", "1d" },
        { "--sign", key, "--not-after", END, "--overlap", "-1" },
        { "--sign", key, "--not-after", END, "--overlap", "99999999999999999999" },
        { "--sign", rsa, "--not-after", END },
        { "--sign", none, "--not-after", END },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (build_with("s5", wrong[i]) != BH_EXIT_FAILURE || there("s5") || there("s5.tmp")) {
            fail_msg("row %zu: %s %s", i, wrong[i][0], wrong[i][1]);
        }
    }
    free(key);
    free(rsa);
    free(none);
}

static void build_usage_is_told(void **state)
{
    char word[] = "build", bad[] = "-x", conf[] = "a", conf2[] = "b";
    char *none[] = { word, NULL }, *unknown[] = { word, bad, conf, NULL };
    char *two[] = { word, conf, conf2, NULL };
    char sign[] = "--sign", *bare[] = { word, sign, NULL };

    (void)state;
    assert_int_equal(build_main(1, none), BH_EXIT_USAGE);
    assert_int_equal(build_main(3, unknown), BH_EXIT_USAGE);
    assert_int_equal(build_main(3, two), BH_EXIT_USAGE);
    assert_int_equal(build_main(2, bare), BH_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build_twice_same_bytes),
        cmocka_unit_test(build_unchanged_does_nothing),
        cmocka_unit_test(build_failed_leaves_old_image),
        cmocka_unit_test(build_policy_is_secilc_s),
        cmocka_unit_test(build_policy_mistake_has_a_line),
        cmocka_unit_test(build_signed_twice_same_bytes),
        cmocka_unit_test(build_signed_as_the_options_say),
        cmocka_unit_test(build_signed_otherwise_is_another_image),
        cmocka_unit_test(build_sign_mistakes_write_nothing),
        cmocka_unit_test(build_usage_is_told),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
