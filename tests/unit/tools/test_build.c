/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh build` from end to end, for a host of one stub domain: the same bytes twice, an incremental
 * second run, and nothing left behind or lost by a build that fails.
 */
#include "cmocka_all.h"

#include <elf.h>
#include <json-c/json.h>
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
    char *lock = in_folder("lock");
    const char *words[32] = { "build", "-q", "-O", build_folder, "-L", lock, "-o", output_folder };
    char *argv[32];
    int argc = 8;

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
    free(lock);
    free(conf);
    return status;
}

#define BUILD(output, ...) build_with(output, (const char *const[]){ __VA_ARGS__, NULL })

static int build(const char *output, bool force)
{
    return force ? BUILD(output, "-f") : BUILD(output, "-q");
}

/* GRUB's packages as the build machine has them, in the cache of those that need no download. */
#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void put_grub(const char *package)
{
    char *control = bh_printf("build/debian/%s_%.16s.control", package, SHA);
    char *lib = bh_printf("build/debian/%s_%.16s/usr/lib/none", package, SHA);
    char *link = bh_printf("%s/build/debian/%s_%.16s/usr/lib/grub", folder, package, SHA);
    static const char text[] = "Package: any\nArchitecture: amd64\n";

    put(control, text, sizeof(text) - 1);
    put(lib, "", 0);
    assert_int_equal(symlink("/usr/lib/grub", link), 0);
    free(control);
    free(lib);
    free(link);
}

static int setup_hypervisor(void)
{
    static const char version[] = "\177ELF bulkhead version=\0 "
                                  "bulkhead version=1 build-id=0123abcd";

    put("build/xen/bulkhead", version, sizeof(version));
    return 0;
}

static int setup(void **state)
{
    static const char lock[] = "grub-efi-amd64-bin 2:1+x~y " SHA "\ngrub-pc-bin 2 " SHA "\n";

    (void)state;
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    setup_hypervisor();
    put_kernel("build/stubdoms/hello.elf");
    put_description("");
    put_grub("grub-efi-amd64-bin");
    put_grub("grub-pc-bin");
    put("lock", lock, sizeof(lock) - 1);
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
    assert_true(there("one/sbom.spdx.json"));
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
static struct refset *signed_set_of(const char *image, const char *file, const char *key)
{
    char *jws = bh_printf("%s/%s/%s", folder, image, file);
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

static struct refset *signed_set(const char *image, const char *key)
{
    return signed_set_of(image, "reference.jws", key);
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

#define PROFILE_HEAD(name, firmware) "{\"format\":\"bulkhead-reference-2\",\"id\":\"" name "\",\"firmware\":\"" firmware \
    "\",\"not-before\":\"1970-01-01T00:00:00Z\",\"not-after\":\"9999-12-31T23:59:59Z\",\"supersedes\":[],\"overlap\":0," \
    "\"components\":[{\"name\":\"firmware\",\"kind\":\"pcr\",\"pcr\":7,\"sha256\":\"" \
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"detail\":\"an event\"}"

/* One set more for each profile, with its values, under a name of its own. */
static void build_signs_a_set_for_each_firmware(void **state)
{
    static const char one[] = PROFILE_HEAD("fw-1", "fw-1") "]}";
    static const char more[] = PROFILE_HEAD("fw-2", "fw-2") ",{\"name\":\"x\",\"kind\":\"file\",\"pcr\":9,\"sha256\":\""
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\",\"detail\":\"x\"}]}";
    static const char nameless[] = PROFILE_HEAD("fw-3", "") "]}";
    char *key = put_key("d.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    char *fw1 = in_folder("fw-1.json"), *bad[2] = { in_folder("fw-2.json"), in_folder("fw-3.json") };

    (void)state;
    put("fw-1.json", one, strlen(one));
    put("fw-2.json", more, strlen(more));
    put("fw-3.json", nameless, strlen(nameless));
    assert_int_equal(BUILD("f5", "--sign", key, "--not-after", END, "--firmware-profile", fw1), BH_EXIT_OK);
    struct refset *plain = signed_set("f5", key), *with = signed_set_of("f5", "reference-fw-1.jws", key);

    assert_string_equal(plain->firmware, "");
    assert_string_equal(with->firmware, "fw-1");
    assert_string_not_equal(plain->id, with->id);
    assert_int_equal(with->components->count, plain->components->count + 1);
    assert_int_equal(with->components->component[plain->components->count].pcr, 7);
    assert_int_equal(with->components->component[plain->components->count].sha256[1], 0x11);
    refset_free(plain);
    refset_free(with);
    assert_int_equal(BUILD("f5", "--sign", key, "--not-after", END, "--reference-id", "t", "--firmware-profile", fw1), BH_EXIT_OK);
    with = signed_set_of("f5", "reference-fw-1.jws", key);
    assert_string_equal(with->id, "t-fw-1");
    refset_free(with);
    for (int i = 0; i < 2; i++) { /* nothing but a firmware's, with a name */
        assert_int_not_equal(BUILD("f6", "--sign", key, "--not-after", END, "--firmware-profile", bad[i]), BH_EXIT_OK);
        free(bad[i]);
    }
    assert_int_not_equal(BUILD("f6", "--sign", key, "--not-after", END, "--firmware-profile", fw1, "--firmware-profile", fw1),
                         BH_EXIT_OK);
    assert_int_not_equal(BUILD("f6", "--firmware-profile", fw1), BH_EXIT_OK);
    assert_false(there("f6"));
    free(fw1);
    free(key);
}

/* A debug build of the hypervisor can be built into a host: what it will measure is what it says. */
static void build_takes_a_debug_hypervisor(void **state)
{
    static const char debug[] = "\177ELF bulkhead version=1 build-id=0123abcd debug";
    static const char odd[] = "\177ELF bulkhead version=1 build-id=0123abcd debugged";
    char *key = put_key("e.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    bool found = false;

    (void)state;
    put("build/xen/bulkhead", odd, sizeof(odd));
    assert_int_not_equal(BUILD("f7", "--sign", key, "--not-after", END), BH_EXIT_OK);
    put("build/xen/bulkhead", debug, sizeof(debug));
    assert_int_equal(BUILD("f7", "--sign", key, "--not-after", END), BH_EXIT_OK);
    struct refset *set = signed_set("f7", key);

    for (size_t i = 0; i < set->components->count; i++) {
        found |= strcmp(set->components->component[i].detail, "bulkhead version=1 build-id=0123abcd debug") == 0;
    }
    assert_true(found);
    refset_free(set);
    free(key);
    assert_int_equal(setup_hypervisor(), 0);
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

/* -- more for the hypervisor's command line ----------------------------------------------------- */
static bool holds(const char *file, const char *what)
{
    char *path = in_folder(file);
    struct buf text = { 0 };
    bool found = file_load(path, &text, &diag) && memmem(text.data, text.len, what, strlen(what)) != NULL;

    buf_free(&text);
    free(path);
    return found;
}

static void build_adds_words_for_the_hypervisor(void **state)
{
    (void)state;
    put_description("");
    assert_int_equal(BUILD("more", "-q"), BH_EXIT_OK);
    assert_true(holds("more/run.json", "\"tpm=none\""));
    assert_int_equal(BUILD("more", "--hypervisor", "flask-trace  loglvl=all"), BH_EXIT_OK); /* another image: it is made anew */
    assert_true(holds("more/run.json", "\"flask-trace loglvl=all tpm=none\""));
    assert_true(holds("more/reference.json", "flask-trace loglvl=all tpm=none"));
    assert_int_equal(BUILD("more", "-q"), BH_EXIT_OK);
    assert_false(holds("more/run.json", "flask-trace"));
}

static void build_refuses_wrong_words_for_the_hypervisor(void **state)
{
    char longer[1100];

    (void)state;
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(BUILD("wrong", "--hypervisor", "a;b"), BH_EXIT_FAILURE);
    assert_int_equal(BUILD("wrong", "--hypervisor", longer), BH_EXIT_FAILURE);
    assert_false(there("wrong"));
}

/* -- the bill of materials --------------------------------------------------------------------- */
static json_object *bill_of(const char *image)
{
    char *path = bh_printf("%s/%s/sbom.spdx.json", folder, image);
    json_object *root = json_object_from_file(path);

    free(path);
    assert_non_null(root);
    return root;
}

static const char *text_in(json_object *object, const char *key)
{
    json_object *value = json_object_object_get(object, key);

    return value != NULL ? json_object_get_string(value) : "";
}

/* The element of a list whose `key` is `value`, or NULL. */
static json_object *element(json_object *root, const char *list, const char *key, const char *value)
{
    json_object *array = json_object_object_get(root, list);

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        if (strcmp(text_in(json_object_array_get_idx(array, i), key), value) == 0) {
            return json_object_array_get_idx(array, i);
        }
    }
    return NULL;
}

static bool related(json_object *root, const char *from, const char *type, const char *to)
{
    json_object *array = json_object_object_get(root, "relationships");

    for (size_t i = 0; i < json_object_array_length(array); i++) {
        json_object *r = json_object_array_get_idx(array, i);

        if (strcmp(text_in(r, "spdxElementId"), from) == 0 && strcmp(text_in(r, "relationshipType"), type) == 0
            && strcmp(text_in(r, "relatedSpdxElement"), to) == 0) {
            return true;
        }
    }
    return false;
}

/* tests/system/sbom checks the form, and what went into ramdisks; here is what the values come from. */
static void build_bill_of_materials_says_what_is_in_it(void **state)
{
    (void)state;
    setenv("SOURCE_DATE_EPOCH", "1700000001", 1);
    assert_int_equal(build("bill", false), BH_EXIT_OK);
    setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
    assert_int_equal(build("bill0", false), BH_EXIT_OK);
    json_object *root = bill_of("bill"), *other = bill_of("bill0");
    json_object *made = json_object_object_get(root, "creationInfo");
    json_object *grub = element(root, "packages", "SPDXID", "SPDXRef-Debian-grub-efi-amd64-bin");
    json_object *bulkhead = element(root, "packages", "SPDXID", "SPDXRef-Bulkhead");

    assert_string_equal(text_in(made, "created"), "2023-11-14T22:13:21Z");
    assert_string_equal(text_in(json_object_object_get(other, "creationInfo"), "created"), "2023-11-14T22:13:20Z");
    assert_string_not_equal(text_in(root, "documentNamespace"), text_in(other, "documentNamespace"));
    assert_string_equal(text_in(bulkhead, "versionInfo"), "1");
    assert_non_null(strstr(text_in(bulkhead, "comment"), "build id 0123abcd,"));
    assert_string_equal(text_in(grub, "versionInfo"), "2:1+x~y");
    assert_string_equal(text_in(grub, "packageFileName"), "grub-efi-amd64-bin_1+x~y_amd64.deb");
    assert_string_equal(text_in(json_object_array_get_idx(json_object_object_get(grub, "checksums"), 0), "checksumValue"), SHA);
    assert_string_equal(text_in(json_object_array_get_idx(json_object_object_get(grub, "externalRefs"), 0), "referenceLocator"),
                        "pkg:deb/debian/grub-efi-amd64-bin@2:1%2Bx~y?arch=amd64");
    assert_non_null(element(root, "files", "fileName", "./boot/hello.elf"));
    assert_null(element(root, "files", "fileName", "./sbom.spdx.json"));
    assert_true(related(root, "SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-Image"));
    assert_true(related(root, "SPDXRef-Domain-hello", "DEPENDS_ON", "SPDXRef-File-boot-hello.elf"));
    assert_true(related(root, "SPDXRef-File-boot-hello.elf", "GENERATED_FROM", "SPDXRef-Bulkhead"));
    assert_true(related(root, "SPDXRef-File-EFI-BOOT-BOOTX64.EFI", "GENERATED_FROM", "SPDXRef-Debian-grub-efi-amd64-bin"));
    assert_true(related(root, "SPDXRef-File-disk.img", "GENERATED_FROM", "SPDXRef-Debian-grub-pc-bin"));
    assert_true(related(root, "SPDXRef-File-disk.img", "CONTAINS", "SPDXRef-File-boot-policy.bin"));
    json_object_put(root);
    json_object_put(other);
}

/* Who rebuilds an image without the signer's key gets the same list. */
static void build_signed_has_the_same_bill(void **state)
{
    char *key = put_key("bill.key", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));

    (void)state;
    assert_int_equal(BUILD("bill1", "--sign", key, "--not-after", END), BH_EXIT_OK);
    assert_true(there("bill1/reference.jws"));
    assert_true(same("bill0/sbom.spdx.json", "bill1/sbom.spdx.json"));
    free(key);
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
        cmocka_unit_test(build_adds_words_for_the_hypervisor),
        cmocka_unit_test(build_refuses_wrong_words_for_the_hypervisor),
        cmocka_unit_test(build_bill_of_materials_says_what_is_in_it),
        cmocka_unit_test(build_signed_has_the_same_bill),
        cmocka_unit_test(build_policy_is_secilc_s),
        cmocka_unit_test(build_policy_mistake_has_a_line),
        cmocka_unit_test(build_signed_twice_same_bytes),
        cmocka_unit_test(build_signed_as_the_options_say),
        cmocka_unit_test(build_signed_otherwise_is_another_image),
        cmocka_unit_test(build_signs_a_set_for_each_firmware),
        cmocka_unit_test(build_takes_a_debug_hypervisor),
        cmocka_unit_test(build_sign_mistakes_write_nothing),
        cmocka_unit_test(build_usage_is_told),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
