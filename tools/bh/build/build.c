/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `bh build`: one step after the other into DIR.tmp, which takes the place of DIR when all of them
 * succeeded. What failed leaves nothing behind, and an older DIR as it was.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "file.h"
#include "host_check.h"
#include "policy.h"
#include "steps.h"

enum { OPTION_SIGN = 256, OPTION_ID, OPTION_NOT_BEFORE, OPTION_NOT_AFTER, OPTION_SUPERSEDES, OPTION_OVERLAP,
       OPTION_PROFILE, OPTION_HYPERVISOR };

static const struct option long_options[] = {
    { "sign", required_argument, NULL, OPTION_SIGN },
    { "reference-id", required_argument, NULL, OPTION_ID },
    { "not-before", required_argument, NULL, OPTION_NOT_BEFORE },
    { "not-after", required_argument, NULL, OPTION_NOT_AFTER },
    { "supersedes", required_argument, NULL, OPTION_SUPERSEDES },
    { "overlap", required_argument, NULL, OPTION_OVERLAP },
    { "firmware-profile", required_argument, NULL, OPTION_PROFILE },
    { "hypervisor", required_argument, NULL, OPTION_HYPERVISOR },
    { NULL, 0, NULL, 0 },
};

static bool supersede(struct sign_options *sign, const char *id)
{
    if (sign->supersedes_count == SIGN_SUPERSEDES_MAX) {
        fprintf(stderr, "bh build: more than %d --supersedes\n", SIGN_SUPERSEDES_MAX);
        return false;
    }
    sign->supersedes[sign->supersedes_count++] = id;
    return true;
}

static bool add_profile(struct sign_options *sign, const char *path)
{
    if (sign->profile_count == SIGN_PROFILES_MAX) {
        fprintf(stderr, "bh build: more than %d --firmware-profile\n", SIGN_PROFILES_MAX);
        return false;
    }
    sign->profiles[sign->profile_count++] = path;
    return true;
}

/* @return false after saying what is wrong */
static bool sign_option(struct sign_options *sign, int c, const char *value)
{
    switch (c) {
    case OPTION_SIGN:
        sign->key = value;
        return true;
    case OPTION_ID:
        sign->id = value;
        return true;
    case OPTION_NOT_BEFORE:
        sign->not_before = value;
        return true;
    case OPTION_NOT_AFTER:
        sign->not_after = value;
        return true;
    case OPTION_OVERLAP:
        sign->overlap = value;
        return true;
    case OPTION_PROFILE:
        return add_profile(sign, value);
    default:
        return supersede(sign, value);
    }
}

static bool options_read(struct build_options *o, int argc, char **argv)
{
    int c;

    *o = (struct build_options){ .build = "build", .tree = "." };
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(argc, argv, "+:o:L:O:S:fqnu", long_options, NULL)) != -1) {
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
        case 'L':
            o->lock = optarg;
            break;
        case 'u':
            o->update = true;
            o->force = true;
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
        case OPTION_HYPERVISOR:
            o->hypervisor = optarg;
            break;
        case ':':
            fprintf(stderr, "bh build: %s needs a value; see `bh help build`\n", argv[optind - 1]);
            return false;
        default:
            if (c >= OPTION_SIGN) {
                if (!sign_option(&o->sign, c, optarg)) {
                    return false;
                }
                break;
            }
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

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool steps_run(struct build *b)
{
    double begin = now();

    for (size_t i = 0; i < build_step_count; i++) {
        double start = now();

        if (!build_steps[i].run(b)) {
            struct diag quiet = { 0 };

            dir_remove(b->part, &quiet);
            diag_free(&quiet);
            return false;
        }
        if (!b->options->quiet && build_steps[i].name != NULL) {
            fprintf(stderr, "  %-18s %5.1f s\n", build_steps[i].name, now() - start);
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
static char *build_words(const struct build_options *o)
{
    char *cwd = getcwd(NULL, 0);
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    struct buf sign = { 0 };

    buf_puts(&sign, "");
    sign_words(&o->sign, &sign);
    char *words = bh_printf("4 %s %s %s %s %s hypervisor=%s epoch=%s%s", o->conf, o->build, o->tree,
                            o->lock != NULL ? o->lock : "", cwd != NULL ? cwd : "",
                            o->hypervisor != NULL ? o->hypervisor : "", epoch != NULL ? epoch : DEFAULT_EPOCH,
                            sign.data);

    buf_free(&sign);
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
                && policy_check(&b->host, b->options->tree, &b->diag)
                && (b->options->hypervisor == NULL || host_hypervisor_add(&b->host, b->options->hypervisor, &b->diag));

    names_free(kinds, kind_count);
    buf_free(&text);
    return good;
}

static bool build_run(struct build *b)
{
    const struct build_options *o = b->options;

    if (!sign_check(&o->sign, &b->diag) || !description_read(b)) {
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
    b->lock = o->lock != NULL ? bh_strdup(o->lock) : bh_printf("%s/debian.lock", o->tree);
    b->inputs.words = build_words(o);
    if (!o->force && inputs_unchanged(b->list, b->inputs.words)) {
        if (!o->quiet) {
            fprintf(stderr, "bh: %s is up to date\n", b->output);
        }
        return true;
    }
    b->debian_cache = bh_printf("%s/debian", o->build);
    debian_init(&b->debian, b->debian_cache, b->lock, o->update);
    b->image.host = &b->host;
    b->image.cmdline = cmdline_of(&b->host);
    if (strstr(b->image.cmdline, "flask=permissive") != NULL) {
        bool by_option = o->hypervisor != NULL && strstr(o->hypervisor, "flask=permissive") != NULL;
        char *where = by_option ? bh_strdup("bh: --hypervisor") : bh_printf("%s:%u: hypervisor", o->conf, b->host.cmdline_line);

        fprintf(stderr, "%s: warning: flask=permissive refuses nothing; this host will fail attestation\n", where);
        free(where);
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
    free(b->lock);
    free(b->folder);
    free(b->output);
    free(b->part);
    free(b->list);
}

int build_main(int argc, char **argv)
{
    static struct build b; /* large: every domain with its devices */
    struct build_options o;

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
