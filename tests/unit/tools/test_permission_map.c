/* SPDX-License-Identifier: Apache-2.0 */
/* The permission map: what is in it, and what is wrong with it; and the one of policy/ has every permission of its classes, and no other. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../tools/bh/build/file.h"
#include "../../../tools/bh/policy/permission_map.h"
#include "../../../tools/bh/policy/source.h"

/* Messages look here for the line to show; no policy is at hand. */
struct source_file *source_find(const struct source *s, const char *name)
{
    (void)s;
    (void)name;
    return NULL;
}

static bool reads(const char *text, unsigned int line, const char *what)
{
    struct permission_map map;
    struct messages m = { 0 };
    bool ok = permission_map_read(&map, "map", text, strlen(text), &m);

    if (ok) {
        permission_map_free(&map);
    } else {
        assert_int_equal(m.count, 1);
        assert_int_equal(m.list[0].line, line);
        assert_non_null(strstr(m.list[0].what, what));
        assert_non_null(m.list[0].hint);
    }
    messages_free(&m);
    return ok;
}

static void read_wrong_names_line(void **state)
{
    (void)state;
    assert_true(reads("# c\n1\n\nclass a 2\nx r 1 # as SETools takes it\ny  b\t10\n", 0, ""));
    assert_false(reads("", 1, "too early"));
    assert_false(reads("class a 1\n", 1, "number of classes"));
    assert_false(reads("1\nclass a 0\n", 2, "a class is expected"));
    assert_false(reads("1\nclass a 33\n", 2, "a class is expected"));
    assert_false(reads("1\nclass a 1\nx q 1\n", 3, "a permission is expected"));
    assert_false(reads("1\nclass a 1\nx r 0\n", 3, "a permission is expected"));
    assert_false(reads("1\nclass a 1\nx r 11\n", 3, "a permission is expected"));
    assert_false(reads("1\nclass a 1\nx rw 1\n", 3, "a permission is expected"));
    assert_false(reads("1\nclass a 2\nx r 1\nx r 1\n", 4, "there before"));
    assert_false(reads("1\nclass a 2\nx r 1\n", 4, "too early"));
    assert_false(reads("2\nclass a 1\nx r 1\n", 4, "too early"));
    assert_false(reads("2\nclass a 1\nx r 1\nclass a 1\n", 4, "there before"));
    assert_false(reads("1\nclass a 1\nx r 1\nclass b 1\n", 4, "more than the head"));
}

/* Words of the next class of a policy: its name and permissions, without comments. NULL: there is none */
static char *next_class(char **text)
{
    char *start = strstr(*text, "(class "), *end = start != NULL ? strstr(start, "))") : NULL;

    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    *text = end + 1;
    for (char *p = start; *p != '\0'; p++) {
        if (*p == ';') {
            memset(p, ' ', strcspn(p, "\n"));
        }
        *p = *p == '(' || *p == '\n' ? ' ' : *p;
    }
    return start + strlen("(class ");
}

static void map_of_policy_complete(void **state)
{
    static const char *const files[] = { "policy/access_vectors.cil", "policy/fine_vectors.cil" };
    struct permission_map map;
    struct messages m = { 0 };
    struct diag diag = { 0 };
    struct buf text = { 0 };
    size_t classes = 0, bad = 0;

    (void)state;
    assert_true(file_load("policy/permission_map", &text, &diag));
    assert_true(permission_map_read(&map, "policy/permission_map", text.data, text.len, &m));
    for (size_t i = 0; i < 2; i++) {
        struct buf cil = { 0 };
        char *rest, *words, *word, *name;

        assert_true(file_load(files[i], &cil, &diag));
        rest = cil.data;
        while ((words = next_class(&rest)) != NULL) {
            size_t perms = 0, known = 0;

            name = strtok(words, " ");
            while ((word = strtok(NULL, " ")) != NULL) {
                const struct mapped *one = permission_map_find(&map, name, word);

                perms++;
                if (one == NULL || one->way == 'u') {
                    print_error("the map has no %s %s\n", name, word);
                    bad++;
                }
            }
            for (size_t c = 0; c < map.class_count; c++) {
                known = strcmp(map.classes[c].name, name) == 0 ? map.classes[c].perm_count : known;
            }
            if (known != perms) {
                print_error("class %s has %zu permissions, the map %zu\n", name, perms, known);
                bad++;
            }
            classes++;
        }
        buf_free(&cil);
    }
    assert_int_equal(bad, 0);
    assert_true(classes > 30);
    assert_int_equal(classes, map.class_count);
    permission_map_free(&map);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_wrong_names_line),
        cmocka_unit_test(map_of_policy_complete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
