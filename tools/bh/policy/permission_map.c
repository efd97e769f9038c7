/* SPDX-License-Identifier: Apache-2.0 */
#include "permission_map.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"

#define DEFAULT_MAP "policy/permission_map"
#define WORDS 3

struct reader {
    struct permission_map *map;
    struct messages *m;
    unsigned int line;
    unsigned long classes;  /* that the head announces; 0: the head has not been read */
    unsigned long perms;    /* that the class announces and that have not come */
    bool ok;
};

static void wrong(struct reader *r, const char *what, const char *hint)
{
    message_add(r->m, r->map->name, r->line, 0, "%s", what);
    message_hint(r->m, "%s", hint);
    r->ok = false;
}

/* 1 to `most`; 0: it is no such number */
static unsigned long number(const char *word, unsigned long most)
{
    char *end = NULL;
    unsigned long n = word != NULL && isdigit((unsigned char)word[0]) ? strtoul(word, &end, 10) : 0;

    return end != NULL && *end == '\0' && n <= most ? n : 0;
}

static struct mapped_class *last(const struct permission_map *map)
{
    return &map->classes[map->class_count - 1];
}

static const struct mapped_class *class_find(const struct permission_map *map, const char *name)
{
    for (size_t i = 0; i < map->class_count; i++) {
        if (strcmp(map->classes[i].name, name) == 0) {
            return &map->classes[i];
        }
    }
    return NULL;
}

static void read_class(struct reader *r, char *const *words, size_t count)
{
    struct permission_map *map = r->map;
    unsigned long perms = count == 3 && strcmp(words[0], "class") == 0 ? number(words[2], 32) : 0;

    if (perms == 0) {
        wrong(r, "a class is expected", "class NAME COUNT, with 1 to 32 permissions after it");
    } else if (class_find(map, words[1]) != NULL) {
        wrong(r, "this class was there before", "each has one list");
    } else if (map->class_count == r->classes) {
        wrong(r, "one class more than the head announces", "the first number is how many there are");
    } else {
        map->classes = bh_grow(map->classes, map->class_count + 1, sizeof(*map->classes));
        map->classes[map->class_count++] = (struct mapped_class){ .name = bh_strdup(words[1]) };
        r->perms = perms;
    }
}

static void read_perm(struct reader *r, char *const *words, size_t count)
{
    struct mapped_class *c = last(r->map);
    unsigned long weight = count >= 3 ? number(words[2], PERMISSION_MAP_WEIGHT_MAX) : 0;

    if (weight == 0 || words[1][1] != '\0' || strchr("rwbnu", words[1][0]) == NULL) {
        wrong(r, "a permission is expected", "PERMISSION r|w|b|n|u WEIGHT, with a weight of 1 to 10; the class may announce too many");
        return;
    }
    if (permission_map_find(r->map, c->name, words[0]) != NULL) {
        wrong(r, "this permission was there before", "each has one line");
        return;
    }
    c->perms = bh_grow(c->perms, c->perm_count + 1, sizeof(*c->perms));
    c->perms[c->perm_count++] = (struct mapped){ bh_strdup(words[0]), words[1][0], (unsigned int)weight };
    r->perms--;
}

static void read_line(struct reader *r, char *line)
{
    char *words[WORDS + 1], *word;
    size_t count = 0;

    while (count <= WORDS && (word = strsep(&line, " \t\r")) != NULL) {
        if (*word != '\0') {
            words[count++] = word;
        }
    }
    if (count == 0 || words[0][0] == '#') {
        return;
    }
    if (r->classes == 0) {
        r->classes = number(words[0], 65535);
        if (r->classes == 0) {
            wrong(r, "the number of classes is expected", "a permission map begins with it; the format is that of SETools");
        }
    } else if (r->perms == 0) {
        read_class(r, words, count);
    } else {
        read_perm(r, words, count);
    }
}

bool permission_map_read(struct permission_map *map, const char *name, const char *text, size_t len, struct messages *m)
{
    char *copy = bh_strndup(text, len), *rest = copy, *line;
    struct reader r = { .map = map, .m = m, .ok = true };

    *map = (struct permission_map){ .name = bh_strdup(name) };
    while (r.ok && (line = strsep(&rest, "\n")) != NULL) {
        r.line++;
        read_line(&r, line);
    }
    if (r.ok && (r.classes == 0 || r.perms > 0 || map->class_count < r.classes)) {
        wrong(&r, "it ends too early", "a class has fewer permissions, or the map fewer classes, than is announced");
    }
    free(copy);
    if (!r.ok) {
        permission_map_free(map);
    }
    return r.ok;
}

bool permission_map_load(struct permission_map *map, const struct verb_options *o, const char *file, struct messages *m)
{
    char *path = file != NULL ? bh_strdup(file) : bh_printf("%s/" DEFAULT_MAP, o->tree);
    struct buf text = { 0 };
    struct diag diag = { 0 };
    bool ok = true;

    if (file == NULL && !file_exists(path)) {
        message_add(m, path, 0, 0, "is not there");
        message_hint(m, "give the source tree with -S, or a permission map with --map");
        ok = false;
    } else if (!file_load(path, &text, &diag)) {
        messages_of_diag(m, &diag);
        ok = false;
    }
    ok = ok && permission_map_read(map, path, text.data != NULL ? text.data : "", text.len, m);
    buf_free(&text);
    free(path);
    return ok;
}

const struct mapped *permission_map_find(const struct permission_map *map, const char *tclass, const char *perm)
{
    const struct mapped_class *c = class_find(map, tclass);

    for (size_t i = 0; c != NULL && i < c->perm_count; i++) {
        if (strcmp(c->perms[i].perm, perm) == 0) {
            return &c->perms[i];
        }
    }
    return NULL;
}

void permission_map_free(struct permission_map *map)
{
    for (size_t i = 0; i < map->class_count; i++) {
        for (size_t k = 0; k < map->classes[i].perm_count; k++) {
            free(map->classes[i].perms[k].perm);
        }
        free(map->classes[i].perms);
        free(map->classes[i].name);
    }
    free(map->classes);
    free(map->name);
    *map = (struct permission_map){ 0 };
}
