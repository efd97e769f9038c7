/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe.h"

#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "suggest.h"

#define WORDS_MAX 8

/* What a line of each kind looks like; `M` a mode, `S` a source, `P` a path in the image, `K` a
 * package, `T` a node type, `1` and `2` its numbers. */
static const struct {
    const char *word;
    const char *shape;
    const char *usage;
} kinds[] = {
    [RECIPE_DIR] = { "dir", "MP", "dir MODE /PATH" },
    [RECIPE_FILE] = { "file", "MSP", "file MODE SOURCE /PATH" },
    [RECIPE_BUILT] = { "built", "MSP", "built MODE SOURCE /PATH" },
    [RECIPE_PACKAGE] = { "package", "KSP", "package PACKAGE /SOURCE /PATH" },
    [RECIPE_PROGRAM] = { "program", "KSP", "program PACKAGE /SOURCE /PATH" },
    [RECIPE_LINK] = { "link", "PS", "link /PATH TARGET" },
    [RECIPE_NODE] = { "node", "MT12P", "node MODE c|b MAJOR MINOR /PATH" },
    [RECIPE_MODULE] = { "module", "S", "module NAME" },
    [RECIPE_HOST] = { "host", "MSP", "host MODE NAME /PATH" },
    [RECIPE_INCLUDE] = { "include", "S", "include RECIPE" },
};

/* What goes along while a recipe is read. */
struct reader {
    struct recipe *recipe;
    recipe_read_fn *read;
    void *context;
    struct diag *diag;
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static bool number_parse(const char *word, int base, unsigned int high, unsigned int *out)
{
    char *end;
    unsigned long value = strtoul(word, &end, base);

    if (word[0] < '0' || word[0] > '9' || *end != '\0' || value > high) {
        return false;
    }
    *out = (unsigned int)value;
    return true;
}

/* Absolute, no empty, "." or ".." parts, no slash at the end. */
static bool path_is_clean(const char *path)
{
    if (path[0] != '/' || path[1] == '\0' || strlen(path) > 255) {
        return false;
    }
    for (const char *part = path; *part == '/';) {
        size_t len = strcspn(part + 1, "/");

        if (len == 0 || (len == 1 && part[1] == '.')
            || (len == 2 && part[1] == '.' && part[2] == '.')) {
            return false;
        }
        part += 1 + len;
    }
    return true;
}

static const char *word_take(struct recipe_entry *entry, char shape, const char *word)
{
    switch (shape) {
    case 'M':
        return number_parse(word, 8, 07777, &entry->mode) ? NULL
               : "a mode expected, octal, such as 0755";
    case 'P':
        entry->path = bh_strdup(word);
        return path_is_clean(word) ? NULL
               : "an absolute path in the image expected, without . or .. in it";
    case 'S':
        entry->source = bh_strdup(word);
        if ((entry->kind == RECIPE_PACKAGE || entry->kind == RECIPE_PROGRAM)
            && !path_is_clean(word)) {
            return "an absolute path in the package expected";
        }
        if (entry->kind == RECIPE_MODULE && strchr(word, '/') != NULL) {
            return "a module's name expected, without folder and .ko";
        }
        return NULL;
    case 'K':
        entry->package = bh_strdup(word);
        return strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789+-.:") == strlen(word)
               && word[0] != '-' ? NULL : "a Debian package's name expected";
    case 'T':
        entry->node_type = word[0];
        return strcmp(word, "c") == 0 || strcmp(word, "b") == 0 ? NULL : "c or b expected";
    case '1':
        return number_parse(word, 10, 4095, &entry->major) ? NULL
               : "a major number from 0 to 4095 expected";
    default:
        return number_parse(word, 10, 1048575, &entry->minor) ? NULL
               : "a minor number from 0 to 1048575 expected";
    }
}

/* The same path twice. Fragments may each make the folders that they need. */
static void check_repeated(const struct recipe *recipe, const struct recipe_entry *entry,
                           struct diag *diag)
{
    for (size_t i = 0; i + 1 < recipe->count && entry->path != NULL; i++) {
        const struct recipe_entry *other = &recipe->entries[i];

        if (other->path == NULL || strcmp(other->path, entry->path) != 0) {
            continue;
        }
        if (other->file == entry->file) {
            diag_error(diag, entry->file, entry->line, kinds[entry->kind].word,
                       "%s is in line %u already; remove one", entry->path, other->line);
        } else if (entry->kind != RECIPE_DIR || other->kind != RECIPE_DIR
                   || entry->mode != other->mode) {
            diag_error(diag, entry->file, entry->line, kinds[entry->kind].word,
                       "%s is in %s, line %u, already; remove one", entry->path, other->file,
                       other->line);
        }
    }
}

static void file_parse(struct reader *reader, const char *path);

static void line_parse(struct reader *reader, const char *file, unsigned int line, char *text)
{
    struct recipe *recipe = reader->recipe;
    struct diag *diag = reader->diag;
    char *words[WORDS_MAX + 1];
    size_t count = 0;
    char *save = NULL;
    size_t kind = 0;

    for (char *word = strtok_r(text, " \t\r", &save); word != NULL && *word != '#'
         && count <= WORDS_MAX; word = strtok_r(NULL, " \t\r", &save)) {
        words[count++] = word;
    }
    if (count == 0) {
        return;
    }
    while (kind < KIND_COUNT && strcmp(kinds[kind].word, words[0]) != 0) {
        kind++;
    }
    if (kind == KIND_COUNT) {
        const char *known[KIND_COUNT];

        for (size_t i = 0; i < KIND_COUNT; i++) {
            known[i] = kinds[i].word;
        }
        const char *near = suggest_nearest(words[0], known, KIND_COUNT);

        diag_error(diag, file, line, words[0], "there is no such entry; %s%s%s"
                   "Possible: dir, file, built, package, program, link, node, module, host, include",
                   near != NULL ? "did you mean '" : "", near != NULL ? near : "",
                   near != NULL ? "'? " : "");
        return;
    }
    if (count - 1 != strlen(kinds[kind].shape)) {
        diag_error(diag, file, line, words[0], "%zu words where %zu are expected; write %s",
                   count - 1, strlen(kinds[kind].shape), kinds[kind].usage);
        return;
    }
    recipe->entries = bh_grow(recipe->entries, recipe->count + 1, sizeof(recipe->entries[0]));
    struct recipe_entry *entry = &recipe->entries[recipe->count++];

    *entry = (struct recipe_entry){ .kind = (enum recipe_kind)kind, .file = file, .line = line };
    for (size_t i = 1; i < count; i++) {
        const char *error = word_take(entry, kinds[kind].shape[i - 1], words[i]);

        if (error != NULL) {
            diag_error(diag, file, line, words[0], "'%s': %s; write %s", words[i], error,
                       kinds[kind].usage);
            return;
        }
    }
    if (entry->kind == RECIPE_INCLUDE) {
        char *folder = path_folder(file);
        char *path = path_join(folder, entry->source);

        free(entry->source);
        recipe->count--;
        file_parse(reader, path);
        free(path);
        free(folder);
        return;
    }
    check_repeated(recipe, entry, diag);
}

static void text_parse(struct reader *reader, const char *file, const struct buf *text)
{
    unsigned int line = 1;

    for (size_t at = 0; at < text->len; line++) {
        const char *begin = text->data + at;
        const char *end = memchr(begin, '\n', text->len - at);
        size_t size = end != NULL ? (size_t)(end - begin) : text->len - at;

        if (memchr(begin, '\0', size) != NULL) {
            diag_error(reader->diag, file, line, NULL, "has a zero byte; recipes are text");
        } else {
            char *copy = bh_strndup(begin, size);

            line_parse(reader, file, line, copy);
            free(copy);
        }
        at += size + 1;
    }
}

/* A file that is in already adds nothing: two fragments may rest on the same third one. */
static void file_parse(struct reader *reader, const char *path)
{
    struct recipe *recipe = reader->recipe;
    struct buf text = { 0 };

    for (size_t i = 0; i < recipe->file_count; i++) {
        if (strcmp(recipe->files[i], path) == 0) {
            return;
        }
    }
    if (recipe->file_count == RECIPE_FILES_MAX) {
        diag_error(reader->diag, path, 0, "include", "more than %d files in one recipe; leave some out",
                   RECIPE_FILES_MAX);
        return;
    }
    const char *file = recipe->files[recipe->file_count++] = bh_strdup(path);

    if (reader->read(reader->context, path, &text, reader->diag)) {
        text_parse(reader, file, &text);
    }
    buf_free(&text);
}

bool recipe_load(struct recipe *recipe, const char *path, recipe_read_fn *read, void *context,
                 struct diag *diag)
{
    struct reader reader = { recipe, read, context, diag };
    unsigned int before = diag->error_count;

    file_parse(&reader, path);
    return diag->error_count == before;
}

void recipe_free(struct recipe *recipe)
{
    for (size_t i = 0; i < recipe->count; i++) {
        free(recipe->entries[i].package);
        free(recipe->entries[i].source);
        free(recipe->entries[i].path);
    }
    free(recipe->entries);
    for (size_t i = 0; i < recipe->file_count; i++) {
        free(recipe->files[i]);
    }
    *recipe = (struct recipe){ 0 };
}
