/* SPDX-License-Identifier: Apache-2.0 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "suggest.h"

char *module_name_of(const char *path)
{
    const char *base = strrchr(path, '/');

    base = base != NULL ? base + 1 : path;
    return bh_strndup(base, strcspn(base, "."));
}

static bool names_equal(const char *path, size_t path_len, const char *name)
{
    size_t start = path_len;

    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    size_t len = 0;

    while (start + len < path_len && path[start + len] != '.') {
        char a = path[start + len], b = name[len];

        if (a != b && !((a == '-' || a == '_') && (b == '-' || b == '_'))) {
            return false;
        }
        len++;
    }
    return name[len] == '\0' && len != 0;
}

enum module_where module_files(const struct module_index *index, const char *name, char ***files,
                               size_t *count)
{
    *files = NULL;
    *count = 0;
    for (const char *line = index->depends.data; line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        size_t colon = strcspn(line, ":\n");

        if (colon < len && names_equal(line, colon, name)) {
            char *rest = bh_strndup(line + colon + 1, len - colon - 1);
            char *save = NULL;

            *files = bh_grow(*files, 1, sizeof(**files));
            (*files)[(*count)++] = bh_strndup(line, colon);
            for (char *word = strtok_r(rest, " ", &save); word != NULL;
                 word = strtok_r(NULL, " ", &save)) {
                *files = bh_grow(*files, *count + 1, sizeof(**files));
                (*files)[(*count)++] = bh_strdup(word);
            }
            free(rest);
            /* The list is the module, then what it needs, nearest first: loading goes backwards. */
            for (size_t i = 0; i < *count / 2; i++) {
                char *other = (*files)[*count - 1 - i];

                (*files)[*count - 1 - i] = (*files)[i];
                (*files)[i] = other;
            }
            return MODULE_FILES;
        }
        line += len + (line[len] == '\n');
    }
    for (const char *line = index->builtin.data; line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");

        if (names_equal(line, len, name)) {
            return MODULE_BUILTIN;
        }
        line += len + (line[len] == '\n');
    }
    return MODULE_ABSENT;
}

char *module_nearest(const struct module_index *index, const char *name)
{
    char **names = NULL;
    size_t count = 0;
    char *result = NULL;

    for (const char *line = index->depends.data; line != NULL && *line != '\0';) {
        size_t len = strcspn(line, "\n");
        char *path = bh_strndup(line, strcspn(line, ":\n"));

        names = bh_grow(names, count + 1, sizeof(*names));
        names[count++] = module_name_of(path);
        free(path);
        line += len + (line[len] == '\n');
    }
    const char *near = suggest_nearest(name, (const char *const *)names, count);

    if (near != NULL) {
        result = bh_strdup(near);
    }
    names_free(names, count);
    return result;
}
