/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make a policy of this language, and in which order. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../build/file.h"
#include "te.h"

#define FLASK_FOLDER "../../../xen/xsm/flask/policy" /* of Xen's tree, seen from tools/flask/policy */

enum rank { CLASSES = 1, SIDS, VECTORS, SUPPORT, MLS, INTERFACE, TUNABLES, MODULE, USERS, CONSTRAINTS, CONTEXTS, DEVICES };

/* Files that have a name of their own; the initial SIDs are declared in one file and labelled in another of the same name. */
static const struct {
    const char *name;
    enum rank rank;
} named[] = {
    { "security_classes", CLASSES }, { "initial_sids", SIDS },    { "access_vectors", VECTORS },         { "mls", MLS },
    { "global_tunables", TUNABLES }, { "users", USERS },          { "initial_sid_contexts", CONTEXTS },  { "device_contexts", DEVICES },
};

static const struct {
    const char *suffix;
    enum rank rank;
} kinds[] = { { ".spt", SUPPORT }, { ".m4", SUPPORT }, { ".if", INTERFACE }, { ".te", MODULE }, { ".cons", CONSTRAINTS } };

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);

    return n > s && strcmp(name + n - s, suffix) == 0;
}

/* A folder that has one below it. */
static bool has_folder(const char *path, const char *below)
{
    char *folder = bh_printf("%s/%s", path, below);
    bool is = is_folder(folder);

    free(folder);
    return is;
}

bool te_is(const char *word)
{
    char **names;
    size_t count;

    if (!is_folder(word)) {
        return ends_in(word, ".te");
    }
    count = dir_names(word, ".te", &names);
    names_free(names, count);
    return count > 0 || has_folder(word, "modules");
}

static bool add_path(struct source *s, char *path, enum rank rank, struct messages *m)
{
    struct source_file *f;
    struct diag diag = { 0 };
    bool ok = true;

    if (source_find(s, path) == NULL) {
        f = source_add_file(s, path);
        f->rank = rank;
        f->shown = true;
        ok = file_load(path, &f->text, &diag);
        messages_of_diag(m, &diag);
    }
    free(path);
    return ok;
}

static bool add_if_there(struct source *s, char *path, enum rank rank, struct messages *m)
{
    if (file_exists(path)) {
        return add_path(s, path, rank, m);
    }
    free(path);
    return true;
}

/* Files of a folder that have names of their own. */
static bool add_named(struct source *s, const char *folder, bool labels, struct messages *m)
{
    bool ok = true;

    for (size_t i = 0; ok && i < sizeof(named) / sizeof(named[0]); i++) {
        enum rank rank = named[i].rank == SIDS && labels ? CONTEXTS : named[i].rank;

        ok = add_if_there(s, bh_printf("%s/%s", folder, named[i].name), rank, m);
    }
    return ok;
}

static bool add_suffix(struct source *s, const char *folder, const char *suffix, enum rank rank, struct messages *m)
{
    char **names;
    size_t count = dir_names(folder, suffix, &names);
    bool ok = true;

    for (size_t i = 0; ok && i < count; i++) {
        ok = add_path(s, bh_printf("%s/%s%s", folder, names[i], suffix), rank, m);
    }
    names_free(names, count);
    return ok;
}

/* A module, with what stands beside it. */
static bool add_module(struct source *s, const char *path, struct messages *m)
{
    size_t n = strlen(path) - strlen(".te");

    return add_if_there(s, bh_printf("%.*s.if", (int)n, path), INTERFACE, m) && add_path(s, bh_strdup(path), MODULE, m) &&
           add_if_there(s, bh_printf("%.*s.cons", (int)n, path), CONSTRAINTS, m);
}

/* Lines "NAME = on" of modules.conf, in their order; without that file all modules. */
static bool add_modules(struct source *s, const char *folder, struct messages *m)
{
    char *path = bh_printf("%s/modules.conf", folder), *line, *rest;
    struct buf text = { 0 };
    struct diag diag = { 0 };
    bool ok = true;

    if (!file_exists(path)) {
        free(path);
        return add_suffix(s, folder, ".if", INTERFACE, m) && add_suffix(s, folder, ".te", MODULE, m) &&
               add_suffix(s, folder, ".cons", CONSTRAINTS, m);
    }
    ok = file_load(path, &text, &diag);
    messages_of_diag(m, &diag);
    rest = text.data;
    for (unsigned int n = 1; ok && rest != NULL && (line = strsep(&rest, "\n")) != NULL; n++) {
        char name[64], set[8];

        if (sscanf(line, " %63[A-Za-z0-9_] = %7s", name, set) == 2 && strcmp(set, "on") == 0) {
            char *module = bh_printf("%s/%s.te", folder, name);

            ok = file_exists(module);
            if (!ok) {
                message_add(m, path, n, 0, "module '%s' has no file %s", name, module);
                message_hint(m, "write the file, or switch the module off");
            }
            ok = ok && add_module(s, module, m);
            free(module);
        }
    }
    buf_free(&text);
    free(path);
    return ok;
}

static bool add_tree(struct source *s, const char *folder, struct messages *m)
{
    char *flask = bh_printf("%s/" FLASK_FOLDER, folder), *policy = bh_printf("%s/policy", folder);
    char *support = bh_printf("%s/support", policy), *modules = bh_printf("%s/modules", folder);
    bool ok;

    if (!is_folder(flask)) {
        free(flask);
        flask = bh_printf("%s/flask", folder);
    }
    ok = is_folder(flask);
    if (!ok) {
        message_add(m, folder, 0, 0, "has modules, and the classes of the hypervisor are not there");
        message_hint(m, "they are in %s of Xen's tree; name the policy inside of that tree, or put them into %s", "xen/xsm/flask/policy", flask);
    }
    ok = ok && add_named(s, flask, false, m) && add_named(s, policy, true, m) && add_suffix(s, support, ".spt", SUPPORT, m) &&
         add_modules(s, modules, m);
    free(flask);
    free(policy);
    free(support);
    free(modules);
    return ok;
}

bool te_add(struct source *s, const char *word, struct messages *m)
{
    bool ok = true;

    if (!is_folder(word)) {
        return add_module(s, word, m);
    }
    if (has_folder(word, "modules")) {
        return add_tree(s, word, m);
    }
    for (size_t i = 0; ok && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ok = add_suffix(s, word, kinds[i].suffix, kinds[i].rank, m);
    }
    return ok && add_named(s, word, false, m);
}

/* Stable, by insertion: there are a few dozen files. */
void te_sort(struct source *s)
{
    for (size_t i = 1; i < s->file_count; i++) {
        struct source_file one = s->files[i];
        size_t k = i;

        for (; k > 0 && s->files[k - 1].rank > one.rank; k--) {
            s->files[k] = s->files[k - 1];
        }
        s->files[k] = one;
    }
}
