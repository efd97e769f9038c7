/* SPDX-License-Identifier: Apache-2.0 */
#include "inputs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"

void inputs_add(struct inputs *inputs, const char *path)
{
    for (size_t i = 0; i < inputs->count; i++) {
        if (strcmp(inputs->paths[i], path) == 0) {
            return;
        }
    }
    inputs->paths = bh_grow(inputs->paths, inputs->count + 1, sizeof(*inputs->paths));
    inputs->paths[inputs->count++] = bh_strdup(path);
}

bool inputs_read(struct inputs *inputs, const char *path, struct buf *out, struct diag *diag)
{
    inputs_add(inputs, path);
    return file_load(path, out, diag);
}

/* "size seconds.nanoseconds" of a file; false if it is not there. */
static bool state_of(const char *path, struct buf *out, bool *is_folder)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return false;
    }
    *is_folder = S_ISDIR(st.st_mode);
    buf_printf(out, "%lld %lld.%09ld", (long long)st.st_size, (long long)st.st_mtim.tv_sec,
               st.st_mtim.tv_nsec);
    return true;
}

static bool content_of(const char *path, bool is_folder, char hex[65])
{
    struct buf content = { 0 };
    struct diag quiet = { 0 };
    bool good = true;

    if (is_folder) {
        char **names;
        size_t count = dir_names(path, "", &names);

        for (size_t i = 0; i < count; i++) {
            buf_printf(&content, "%s\n", names[i]);
        }
        names_free(names, count);
    } else {
        good = file_load(path, &content, &quiet);
    }
    sha256_hex(content.data != NULL ? content.data : "", content.len, hex);
    buf_free(&content);
    diag_free(&quiet);
    return good;
}

bool inputs_write(const struct inputs *inputs, const char *list, struct diag *diag)
{
    struct buf text = { 0 };

    buf_printf(&text, "%s\n", inputs->words != NULL ? inputs->words : "");
    for (size_t i = 0; i < inputs->count; i++) {
        struct buf state = { 0 };
        char hex[65];
        bool is_folder;

        if (!state_of(inputs->paths[i], &state, &is_folder)
            || !content_of(inputs->paths[i], is_folder, hex)) {
            diag_error(diag, inputs->paths[i], 0, NULL, "went away while the image was built");
            buf_free(&state);
            buf_free(&text);
            return false;
        }
        buf_printf(&text, "%s\t%s\t%s\n", hex, state.data, inputs->paths[i]);
        buf_free(&state);
    }
    bool good = file_save(list, text.data, text.len, diag);

    buf_free(&text);
    return good;
}

static bool line_unchanged(char *line)
{
    char *state = strchr(line, '\t');
    char *path = state != NULL ? strchr(state + 1, '\t') : NULL;
    struct buf now = { 0 };
    char hex[65];
    bool is_folder;

    if (path == NULL) {
        return false;
    }
    *state++ = '\0';
    *path++ = '\0';
    bool same = state_of(path, &now, &is_folder)
                && (strcmp(now.data, state) == 0
                    || (content_of(path, is_folder, hex) && strcmp(hex, line) == 0));

    buf_free(&now);
    return same;
}

bool inputs_unchanged(const char *list, const char *words)
{
    struct buf text = { 0 };
    struct diag quiet = { 0 };
    char *save = NULL;

    if (!file_exists(list) || !file_load(list, &text, &quiet)) {
        diag_free(&quiet);
        buf_free(&text);
        return false;
    }
    char *line = strtok_r(text.data, "\n", &save);
    bool same = line != NULL && strcmp(line, words) == 0;

    while (same && (line = strtok_r(NULL, "\n", &save)) != NULL) {
        same = line_unchanged(line);
    }
    buf_free(&text);
    return same;
}

void inputs_free(struct inputs *inputs)
{
    names_free(inputs->paths, inputs->count);
    free(inputs->words);
    *inputs = (struct inputs){ 0 };
}
