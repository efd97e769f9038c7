/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh build`: one step after the other into DIR.tmp, which takes the place of DIR when all of them
 * succeeded. What failed leaves nothing behind, and an older DIR as it was.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "debian.h"
#include "disk.h"
#include "file.h"
#include "host.h"
#include "image.h"
#include "inputs.h"
#include "loader.h"
#include "manifest.h"
#include "measured.h"
#include "modules.h"
#include "policy.h"
#include "run_json.h"
#include "seed.h"

#define DEFAULT_EPOCH "1700000000" /* as the Makefile's */

struct options {
    const char *output;
    const char *build;
    const char *tree;
    const char *conf;
    bool force;
    bool quiet;
    bool check_only;
};

struct build {
    const struct options *options;
    struct diag diag;
    struct host host;
    struct image image;
    struct inputs inputs;
    struct debian debian;
    char *debian_cache;
    char *folder; /* of the description */
    char *output; /* DIR */
    char *part;   /* DIR.tmp */
    char *list;   /* DIR/.inputs */
};

static bool options_read(struct options *o, int argc, char **argv)
{
    int c;

    *o = (struct options){ .build = "build", .tree = "." };
    optind = 1;
    opterr = 0;
    while ((c = getopt(argc, argv, "+:o:O:S:fqn")) != -1) {
        switch (c) {
        case 'o':
            o->output = optarg;
            break;
        case 'O':
            o->build = optarg;
            break;
        case 'S':
            o->tree = optarg;
            break;
        case 'f':
            o->force = true;
            break;
        case 'q':
            o->quiet = true;
            break;
        case 'n':
            o->check_only = true;
            break;
        case ':':
            fprintf(stderr, "bh build: -%c needs a value; see `bh help build`\n", optopt);
            return false;
        default:
            fprintf(stderr, "bh build: unknown option '%s'; see `bh help build`\n",
                    argv[optind - 1]);
            return false;
        }
    }
    if (argc - optind != 1) {
        fprintf(stderr, "bh build: %s; usage: bh build [-o DIR] [-O BUILD] HOST.CONF\n",
                argc == optind ? "no host description given" : "more than one host description");
        return false;
    }
    o->conf = argv[optind];
    return true;
}

/* -- steps ------------------------------------------------------------------------------------- */

static char *in_part(const struct build *b, const char *name)
{
    return bh_printf("%s/%s", b->part, name);
}

static bool write_part(struct build *b, const char *name, const struct buf *data)
{
    char *path = in_part(b, name);
    bool good = file_save(path, data->data, data->len, &b->diag);

    free(path);
    return good;
}

static bool step_folders(struct build *b)
{
    static const char *const folders[] = { "boot", "EFI/BOOT", "policy" };
    bool good = dir_remove(b->part, &b->diag);

    for (size_t i = 0; i < 3 && good; i++) {
        char *path = in_part(b, folders[i]);

        good = dir_make(path, &b->diag);
        free(path);
    }
    return good;
}

static bool step_hypervisor(struct build *b)
{
    char *path = bh_printf("%s/xen/bulkhead", b->options->build);
    bool good = file_exists(path);

    if (!good) {
        diag_error(&b->diag, path, 0, NULL, "the hypervisor is not there; build it first (make), "
                   "or give the build folder with -O");
    } else {
        good = inputs_read(&b->inputs, path, &b->image.hypervisor, &b->diag);
    }
    free(path);
    return good && write_part(b, "boot/bulkhead", &b->image.hypervisor);
}

static struct modules_context modules_context(struct build *b)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");

    return (struct modules_context){
        .image = &b->image, .folder = b->folder, .build = b->options->build,
        .debian = &b->debian, .inputs = &b->inputs, .diag = &b->diag,
        .time = (time_t)strtoll(epoch != NULL ? epoch : DEFAULT_EPOCH, NULL, 10),
    };
}

static bool step_kernels(struct build *b)
{
    const struct modules_context mc = modules_context(b);

    image_module(&b->image, "manifest.dtb");
    image_module(&b->image, "policy.bin");
    return modules_kernels(&mc);
}

static bool step_ramdisks(struct build *b)
{
    const struct modules_context mc = modules_context(b);

    return modules_ramdisks(&mc);
}

static bool step_policy(struct build *b)
{
    struct buf cil = { 0 };
    char *source = in_part(b, "policy/host.cil");
    char *binary = in_part(b, "boot/policy.bin");

    for (size_t i = 0; i < b->host.domain_count; i++) {
        b->image.domains[i].label = policy_label(&b->host.domains[i]);
    }
    policy_cil(&b->host, &cil);
    bool good = file_save(source, cil.data, cil.len, &b->diag)
                && policy_compile(&b->host, b->options->tree, source, binary, &b->inputs,
                                  &b->diag)
                && file_load(binary, &b->image.modules[IMAGE_POLICY].data, &b->diag);

    buf_free(&cil);
    free(source);
    free(binary);
    return good;
}

static bool step_seed(struct build *b)
{
    for (size_t i = 0; i < b->host.domain_count; i++) {
        if (b->host.domains[i].xenstore) {
            unsigned int module = image_module(&b->image, "seed.xs");

            b->image.domains[i].ramdisk = module;
            seed_write(&b->image, policy_label, &b->image.modules[module].data);
        }
    }
    return true;
}

static bool step_manifest(struct build *b)
{
    return manifest_write(&b->image, &b->image.modules[IMAGE_MANIFEST].data, &b->diag);
}

static bool step_files(struct build *b)
{
    struct buf json = { 0 };
    bool good = true;

    for (unsigned int i = 0; i < b->image.module_count && good; i++) {
        char *name = bh_printf("boot/%s", b->image.modules[i].name);

        good = write_part(b, name, &b->image.modules[i].data);
        free(name);
    }
    run_json(&b->image, &json);
    good = good && write_part(b, "run.json", &json);
    buf_free(&json);
    return good;
}

static bool step_loader(struct build *b)
{
    char *path = in_part(b, LOADER_PATH);
    bool good = loader_make(&b->image, b->part, path, &b->diag);

    free(path);
    return good;
}

static bool step_disk(struct build *b)
{
    char *path = in_part(b, "disk.img");
    bool good = disk_make(&b->image, b->part, path, &b->diag);

    free(path);
    return good;
}

static bool step_digests(struct build *b)
{
    return measured_domains(&b->image, &b->diag);
}

static bool step_reference(struct build *b)
{
    char *path = in_part(b, "reference.json");
    bool good = measured_write(&b->image, b->part, path, &b->diag);

    free(path);
    return good;
}

static bool step_inputs(struct build *b)
{
    char *path = in_part(b, ".inputs");

    inputs_add(&b->inputs, b->options->conf);
    inputs_add(&b->inputs, "/proc/self/exe");
    if (b->debian.count != 0) {
        inputs_add(&b->inputs, "/var/lib/dpkg/status");
    }
    bool good = inputs_write(&b->inputs, path, &b->diag);

    free(path);
    return good;
}

static bool step_rename(struct build *b)
{
    char *old = bh_printf("%s.old", b->output);
    bool good = dir_remove(old, &b->diag);

    if (good && rename(b->output, old) != 0 && errno != ENOENT) {
        diag_error(&b->diag, b->output, 0, NULL, "cannot be replaced: %s", strerror(errno));
        good = false;
    }
    if (good && rename(b->part, b->output) != 0) {
        diag_error(&b->diag, b->output, 0, NULL, "cannot be put in place: %s", strerror(errno));
        good = false;
    }
    good = good && dir_remove(old, &b->diag);
    free(old);
    return good;
}

static const struct {
    const char *name;
    bool (*run)(struct build *b);
} steps[] = {
    { NULL, step_folders },
    { "hypervisor", step_hypervisor },
    { "kernels", step_kernels },
    { "ramdisks", step_ramdisks },
    { "policy", step_policy },
    { "XenStore seed", step_seed },
    { "launch manifest", step_manifest },
    { NULL, step_files },
    { "boot loader", step_loader },
    { "disk", step_disk },
    { "launch digests", step_digests },
    { "reference values", step_reference },
    { NULL, step_inputs },
    { NULL, step_rename },
};

/* -- the whole --------------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool steps_run(struct build *b)
{
    double begin = now();

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        double start = now();

        if (!steps[i].run(b)) {
            struct diag quiet = { 0 };

            dir_remove(b->part, &quiet);
            diag_free(&quiet);
            return false;
        }
        if (!b->options->quiet && steps[i].name != NULL) {
            fprintf(stderr, "  %-18s %5.1f s\n", steps[i].name, now() - start);
        }
    }
    if (!b->options->quiet) {
        fprintf(stderr, "bh: %s built in %.1f s\n", b->output, now() - begin);
    }
    return true;
}

/* One blank between words, as the loader joins them again. */
static char *cmdline_of(const struct host *host)
{
    struct buf line = { 0 };
    char *words = bh_strdup(host->hypervisor_cmdline);
    char *save = NULL;
    bool none = false;

    buf_puts(&line, "");
    for (char *word = strtok_r(words, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        buf_printf(&line, "%s%s", line.len != 0 ? " " : "", word);
        none = none || strcmp(word, "tpm=none") == 0;
    }
    if (host->tpm == TPM_NONE && !none) {
        buf_printf(&line, "%stpm=none", line.len != 0 ? " " : "");
    }
    free(words);
    return line.data;
}

/* What besides files decides the result. */
static char *build_words(const struct options *o)
{
    char *cwd = getcwd(NULL, 0);
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    char *words = bh_printf("1 %s %s %s %s epoch=%s", o->conf, o->build, o->tree,
                            cwd != NULL ? cwd : "", epoch != NULL ? epoch : DEFAULT_EPOCH);

    free(cwd);
    return words;
}

static bool description_read(struct build *b)
{
    struct buf text = { 0 };
    char **kinds;
    size_t kind_count = policy_kinds(b->options->tree, &kinds);
    bool good = file_load(b->options->conf, &text, &b->diag)
                && host_parse(&b->host, b->options->conf, (const uint8_t *)text.data, text.len,
                              (const char *const *)kinds, kind_count, &b->diag)
                && policy_check(&b->host, b->options->tree, &b->diag);

    names_free(kinds, kind_count);
    buf_free(&text);
    return good;
}

static bool build_run(struct build *b)
{
    const struct options *o = b->options;

    if (!description_read(b)) {
        return false;
    }
    if (o->check_only) {
        return true;
    }
    b->output = o->output != NULL ? bh_strdup(o->output)
                                  : bh_printf("%s/host/%s", o->build, b->host.name);
    while (strlen(b->output) > 1 && b->output[strlen(b->output) - 1] == '/') {
        b->output[strlen(b->output) - 1] = '\0';
    }
    b->part = bh_printf("%s.tmp", b->output);
    b->list = bh_printf("%s/.inputs", b->output);
    b->folder = path_folder(o->conf);
    b->inputs.words = build_words(o);
    if (!o->force && inputs_unchanged(b->list, b->inputs.words)) {
        if (!o->quiet) {
            fprintf(stderr, "bh: %s is up to date\n", b->output);
        }
        return true;
    }
    b->debian_cache = bh_printf("%s/debian", o->build);
    debian_init(&b->debian, b->debian_cache);
    b->image.host = &b->host;
    b->image.cmdline = cmdline_of(&b->host);
    if (strstr(b->image.cmdline, "flask=permissive") != NULL) {
        fprintf(stderr, "%s:%u: hypervisor: warning: flask=permissive refuses nothing; this host "
                "will fail attestation\n", o->conf, b->host.cmdline_line);
    }
    if (setenv("SOURCE_DATE_EPOCH", DEFAULT_EPOCH, 0) != 0) {
        return false;
    }
    return steps_run(b);
}

static void build_free(struct build *b)
{
    host_free(&b->host);
    image_free(&b->image);
    inputs_free(&b->inputs);
    debian_free(&b->debian);
    diag_free(&b->diag);
    free(b->debian_cache);
    free(b->folder);
    free(b->output);
    free(b->part);
    free(b->list);
}

int build_main(int argc, char **argv)
{
    static struct build b; /* large: every domain with its devices */
    struct options o;

    if (!options_read(&o, argc, argv)) {
        return BH_EXIT_USAGE;
    }
    memset(&b, 0, sizeof(b));
    b.options = &o;
    bool good = build_run(&b);

    if (!good) {
        fputs(b.diag.text.data != NULL ? b.diag.text.data : "", stderr);
        fprintf(stderr, "bh: %u mistake%s, nothing was written\n", b.diag.error_count,
                b.diag.error_count == 1 ? "" : "s");
    }
    build_free(&b);
    return good ? BH_EXIT_OK : BH_EXIT_FAILURE;
}
