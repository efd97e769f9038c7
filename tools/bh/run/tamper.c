/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a host image and changing one thing, in its folder and in the ESP of its disk. */
#include "tamper.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "config.h"
#include "proc.h"
#include "tamper_disk.h"

static const struct {
    const char *what;
    const char *component; /* as the verifier calls it */
    const char *words;     /* for the hypervisor's command line, or NULL */
} kinds[] = {
    { "policy", "policy", NULL },
    { "hypervisor", "hypervisor", NULL },
    { "initramfs", "guest", NULL },
    { "cmdline", "cmdline", " loglvl=warning" },
    { "permissive", "policy", " flask=permissive" },
};

#define PROGRAM "EFI/BOOT/BOOTX64.EFI"
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *tamper_component(const char *what, int efi)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            /* The hypervisor says of itself only what it was built from. */
            return efi && strcmp(what, "hypervisor") == 0 ? "bulkhead.efi" : kinds[i].component;
        }
    }
    return NULL;
}

int tamper_in_loader(const char *what)
{
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            return kinds[i].words != NULL;
        }
    }
    return 0;
}

const char *tamper_words(void)
{
    return "policy, hypervisor, initramfs, cmdline, permissive";
}

static int complain(const char *path, const char *what)
{
    fprintf(stderr, "bh tamper: %s: %s\n", path, what);
    return -1;
}

static int copy_tree(const char *from, const char *to)
{
    static const char *const parts[] = { "boot", "disk.img", "run.json", "reference.json", "reference.jws",
                                         "signer.pem" };
    const size_t always = 4; /* the rest is of a signed image */
    char source[PATH_MAX];

    if (mkdir(to, 0755) < 0 && errno != EEXIST) {
        return complain(to, strerror(errno));
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        struct proc proc;
        char *argv[] = { (char[]){ "cp" }, (char[]){ "-a" }, (char[]){ "--sparse=always" }, source,
                         strdupa(to), NULL };

        snprintf(source, sizeof(source), "%s/%s", to, parts[i]);
        if (i >= always && unlink(source) < 0 && errno != ENOENT) {
            return complain(source, strerror(errno));
        }
        snprintf(source, sizeof(source), "%s/%s", from, parts[i]);
        if (i >= always && access(source, F_OK) < 0) {
            continue;
        }
        int status = proc_start(&proc, argv, NULL, NULL, 0) == 0 ? proc_wait(&proc, 60) : -1;

        proc_end(&proc, 1);
        if (status != 0) {
            return complain(source, "cannot be copied");
        }
    }
    return 0;
}

/* Types that the manifest or the seed name must keep their names. */
static uint8_t *names_read(const char *to, size_t *size)
{
    char path[PATH_MAX];
    size_t manifest_size = 0;
    size_t seed_size = 0;

    snprintf(path, sizeof(path), "%s/boot/manifest.dtb", to);
    uint8_t *manifest = tamper_read(path, &manifest_size);

    snprintf(path, sizeof(path), "%s/boot/seed.xs", to);
    uint8_t *seed = access(path, R_OK) == 0 ? tamper_read(path, &seed_size) : NULL;
    uint8_t *names = manifest != NULL ? realloc(manifest, manifest_size + seed_size) : NULL;

    if (names != NULL && seed != NULL) {
        memcpy(names + manifest_size, seed, seed_size);
    }
    free(seed);
    *size = manifest_size + seed_size;
    return names;
}

/* File below boot/ that holds the guest's ramdisk. */
static int ramdisk_name(const char *to, char *name, size_t size)
{
    struct config config;
    int found = -1;

    if (config_read(to, &config) == 0) {
        for (size_t i = 0; i < config.module_count; i++) {
            if (strstr(config.module[i].file, "guest") != NULL
                && strstr(config.module[i].file, "cpio") != NULL) {
                snprintf(name, size, "%s", config.module[i].file);
                found = 0;
            }
        }
    }
    config_free(&config);
    return found;
}

static ssize_t place_find(const char *to, const char *what, const uint8_t *data, size_t size)
{
    if (strcmp(what, "hypervisor") == 0) {
        return tamper_find_elf(data, size);
    }
    if (strcmp(what, "initramfs") == 0) {
        return tamper_find_gzip(data, size);
    }
    size_t names_size;
    uint8_t *names = names_read(to, &names_size);
    ssize_t at = names != NULL ? tamper_find_policy(data, size, names, names_size) : -1;

    free(names);
    return at;
}

/* The program that firmware starts, out of the disk; `path` (PATH_MAX) is a file for it meanwhile. */
static uint8_t *program_get(const char *to, char *path, size_t *size)
{
    snprintf(path, PATH_MAX, "%s/program.efi", to);
    return tamper_disk_get(to, path, PROGRAM) < 0 ? NULL : tamper_read(path, size);
}

static int program_put(const char *to, const char *path, const uint8_t *program, size_t size)
{
    return tamper_write(path, program, size) == 0 ? tamper_disk_put(to, path, PROGRAM) : -1;
}

/* bulkhead.efi holds the files as they are; `data` is one of them with byte `at` changed already. */
static int program_byte(const char *to, uint8_t *data, size_t size, size_t at)
{
    char path[PATH_MAX];
    size_t program_size;
    uint8_t *program = program_get(to, path, &program_size);

    data[at] ^= 1;
    uint8_t *place = program != NULL ? memmem(program, program_size, data, size) : NULL;
    int rc = -1;

    data[at] ^= 1;
    if (place != NULL) {
        place[at] ^= 1;
        rc = program_put(to, path, program, program_size);
    } else if (program != NULL) {
        rc = complain(path, "the file is not in it");
    }
    free(program);
    unlink(path);
    return rc;
}

/* Change one byte of a file of boot/, and the same file on the disk. */
static int tamper_file(const char *to, const char *what, int efi)
{
    char name[PATH_MAX] = "boot/policy.bin";
    char path[2 * PATH_MAX];
    size_t size;

    if (strcmp(what, "hypervisor") == 0) {
        snprintf(name, sizeof(name), "boot/bulkhead");
    } else if (strcmp(what, "initramfs") == 0 && ramdisk_name(to, name, sizeof(name)) < 0) {
        return complain(to, "no module whose name has 'guest' and 'cpio' in it");
    }
    snprintf(path, sizeof(path), "%s/%s", to, name);
    uint8_t *data = tamper_read(path, &size);
    ssize_t at = data != NULL ? place_find(to, what, data, size) : -1;
    int rc = -1;

    if (data != NULL && at < 0) {
        rc = complain(path, "no byte found that can change without breaking the boot");
    } else if (data != NULL) {
        uint8_t before = data[at];

        data[at] ^= 1;
        printf("tamper: %s: byte %zd changed from 0x%02x to 0x%02x\n", name, at, before, data[at]);
        fflush(stdout);
        rc = tamper_write(path, data, size);
        if (rc == 0) {
            rc = efi ? program_byte(to, data, size, (size_t)at) : tamper_disk_put(to, path, name);
        }
    }
    free(data);
    return rc;
}

static int run_json_extend(const char *to, const char *words)
{
    char path[PATH_MAX];
    char text[8192];
    json_object *value;

    snprintf(path, sizeof(path), "%s/run.json", to);
    json_object *root = json_object_from_file(path);

    if (root == NULL || !json_object_object_get_ex(root, "cmdline", &value)) {
        json_object_put(root);
        return complain(path, "no command line in it");
    }
    snprintf(text, sizeof(text), "%s%s", json_object_get_string(value), words);
    json_object_object_add(root, "cmdline", json_object_new_string(text));
    int rc = json_object_to_file_ext(path, root, JSON_C_TO_STRING_PRETTY);

    json_object_put(root);
    return rc < 0 ? complain(path, json_util_get_last_err()) : 0;
}

static int words_put(const char *path, uint8_t *program, size_t size, const char *words, int efi)
{
    if (efi && tamper_efi_cmdline(program, size, words) < 0) {
        return complain(path, "no section .cmdline with room to grow");
    }
    if (!efi && tamper_grub(program, size, words) < 0) {
        return complain(path, "no multiboot2 line in an embedded grub.cfg with room to grow");
    }
    printf("copy in %s:%s appended to the hypervisor's command line\n", path, words);
    fflush(stdout);
    return 0;
}

static int tamper_cmdline(const char *to, const char *words, int efi)
{
    char path[PATH_MAX];
    size_t size;

    uint8_t *program = run_json_extend(to, words) < 0 ? NULL : program_get(to, path, &size);
    int rc = program == NULL || words_put(path, program, size, words, efi) < 0
                 ? -1 : program_put(to, path, program, size);

    free(program);
    unlink(path);
    return rc;
}

static int image_is_efi(const char *dir)
{
    struct config config;
    int efi = config_read(dir, &config) < 0 ? -1 : config.efi;

    config_free(&config);
    return efi;
}

int tamper_append(const char *from, const char *to, const char *words)
{
    int efi = image_is_efi(from);

    return efi < 0 || copy_tree(from, to) < 0 ? -1 : tamper_cmdline(to, words, efi);
}

int tamper_image(const char *from, const char *to, const char *what)
{
    int efi = image_is_efi(from);

    if (efi < 0 || copy_tree(from, to) < 0) {
        return -1;
    }
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (strcmp(kinds[i].what, what) == 0) {
            return kinds[i].words != NULL ? tamper_cmdline(to, kinds[i].words, efi)
                                          : tamper_file(to, what, efi);
        }
    }
    return complain(what, "no such kind of tampering");
}

int tamper_main(int argc, char **argv)
{
    const char *what = NULL;
    const char *dir[2] = { NULL, NULL };
    int dirs = 0;

    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--what=", 7) == 0) {
            what = argv[i] + 7;
        } else if (strcmp(argv[i], "--what") == 0 && i + 1 < argc) {
            what = argv[++i];
        } else if (dirs < 2 && argv[i][0] != '-') {
            dir[dirs++] = argv[i];
        } else {
            dirs = 3;
        }
    }
    if (dirs != 2 || what == NULL || tamper_component(what, 0) == NULL) {
        fprintf(stderr, "usage: bh tamper --what=WHAT DIR OUT\nWHAT is one of: %s\n",
                tamper_words());
        return BH_EXIT_USAGE;
    }
    return tamper_image(dir[0], dir[1], what) == 0 ? BH_EXIT_OK : BH_EXIT_FAILURE;
}
