/* SPDX-License-Identifier: Apache-2.0 */
/* `bh build`: options, then one step after the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bh/verbs.h"
#include "file.h"
#include "host.h"

struct options {
    const char *output;
    const char *build;
    const char *tree;
    const char *conf;
    bool force;
    bool quiet;
    bool check_only;
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

int build_main(int argc, char **argv)
{
    struct options o;
    struct diag diag = { 0 };
    struct buf text = { 0 };
    static struct host host;

    if (!options_read(&o, argc, argv)) {
        return BH_EXIT_USAGE;
    }
    if (file_read(o.conf, &text, &diag)) {
        char *folder = bh_printf("%s/policy/kinds", o.tree);
        char **kinds;
        size_t kind_count = dir_names(folder, ".cil", &kinds);

        host_parse(&host, o.conf, (const uint8_t *)text.data, text.len,
                   (const char *const *)kinds, kind_count, &diag);
        names_free(kinds, kind_count);
        free(folder);
        host_free(&host);
    }
    if (diag.error_count != 0) {
        fputs(diag.text.data, stderr);
        fprintf(stderr, "bh: %u mistake%s in %s, nothing was written\n", diag.error_count,
                diag.error_count == 1 ? "" : "s", o.conf);
    }
    int status = diag.error_count != 0 ? BH_EXIT_FAILURE : BH_EXIT_OK;

    buf_free(&text);
    diag_free(&diag);
    return status;
}
