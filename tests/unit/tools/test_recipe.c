/* SPDX-License-Identifier: Apache-2.0 */
#include "cmocka_all.h"

#include "../../../tools/bh/build/recipe.h"

static struct recipe recipe;

/* Files in memory: "r" is the text at hand, the others are always there. */
static struct buf at_hand;

static bool read_file(void *context, const char *path, struct buf *out, struct diag *diag)
{
    static const char *const files[][2] = {
        { "a/base", "dir 0755 /etc\nlink /bin/sh busybox\nmodule base\n" },
        { "a/one", "include base\ndir 0755 /etc\nmodule one\n" },
        { "b/two", "include ../a/base\nfile 0644 conf /etc/two\nmodule two\n" },
        { "a/clash", "include base\nlink /bin/sh dash\n" },
        { "a/modes", "include base\ndir 0700 /etc\n" },
        { "a/self", "include self\nmodule self\n" },
    };

    (void)context;
    if (strcmp(path, "r") == 0) {
        buf_put(out, at_hand.data, at_hand.len);
        return true;
    }
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(files[i][0], path) == 0) {
            buf_puts(out, files[i][1]);
            return true;
        }
    }
    diag_error(diag, path, 0, NULL, "cannot be read");
    return false;
}

static bool parse_bytes(const char *text, size_t len, struct diag *diag)
{
    buf_put(&at_hand, text, len);
    bool good = recipe_load(&recipe, "r", read_file, NULL, diag);

    buf_free(&at_hand);
    return good;
}

static bool parse(const char *text, struct diag *diag)
{
    return parse_bytes(text, strlen(text), diag);
}

static void recipe_include_stands_in_its_place_once(void **state)
{
    struct diag diag = { 0 };
    static const char *const modules[] = { "first", "base", "one", "two", "last" };
    size_t found = 0;

    (void)state;
    assert_true(parse("module first\ninclude a/one\ninclude b/two\ninclude a/one\nmodule last\n", &diag));
    for (size_t i = 0; i < recipe.count; i++) {
        if (recipe.entries[i].kind == RECIPE_MODULE) {
            assert_string_equal(recipe.entries[i].source, modules[found++]);
        }
        if (recipe.entries[i].kind == RECIPE_FILE) {
            assert_string_equal(recipe.entries[i].file, "b/two");
            assert_int_equal(recipe.entries[i].line, 2);
        }
    }
    assert_int_equal(found, 5);
    recipe_free(&recipe);
    assert_true(parse("include a/self\n", &diag));
    assert_int_equal(recipe.count, 1);
    recipe_free(&recipe);
}

static void recipe_include_mistake_is_named(void **state)
{
    static const char *const cases[][2] = {
        { "include none\n", "none: cannot be read" },
        { "include a/clash\n", "a/clash:2: link: /bin/sh is in a/base, line 2, already" },
        { "include a/modes\n", "a/modes:2: dir: /etc is in a/base, line 1, already" },
        { "include\n", "r:1: include: 0 words where 1 are expected; write include RECIPE" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = { 0 };

        assert_false(parse(cases[i][0], &diag));
        assert_ptr_equal(strstr(diag.text.data, cases[i][1]), diag.text.data);
        diag_free(&diag);
        recipe_free(&recipe);
    }
}

static void recipe_parse_every_kind(void **state)
{
    struct diag diag = { 0 };

    (void)state;
    assert_true(parse("# comment\n\n"
                      "dir      1777 /tmp\n"
                      "file\t0755 init /init   # why\n"
                      "built    0755 bin/x /sbin/x\n"
                      "package  busybox-static /bin/busybox /bin/busybox\r\n"
                      "program  tpm2-tools /usr/bin/tpm2 /usr/bin/tpm2\n"
                      "link     /bin/sh busybox\n"
                      "node     0600 c 5 1 /dev/console\n"
                      "module   xen-blkback", &diag));
    assert_int_equal(recipe.count, 8);
    assert_int_equal(recipe.entries[0].mode, 01777);
    assert_string_equal(recipe.entries[1].source, "init");
    assert_string_equal(recipe.entries[1].path, "/init");
    assert_string_equal(recipe.entries[3].package, "busybox-static");
    assert_string_equal(recipe.entries[3].path, "/bin/busybox");
    assert_string_equal(recipe.entries[5].source, "busybox");
    assert_int_equal(recipe.entries[6].node_type, 'c');
    assert_int_equal(recipe.entries[6].major, 5);
    assert_int_equal(recipe.entries[6].minor, 1);
    assert_string_equal(recipe.entries[7].source, "xen-blkback");
    assert_int_equal(recipe.entries[7].line, 10);
    recipe_free(&recipe);
}

static void recipe_parse_mistake_is_named(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "dri 0755 /etc", "r:1: dri: there is no such entry; did you mean 'dir'?" },
        { "\ndir /etc", "r:2: dir: 1 words where 2 are expected; write dir MODE /PATH" },
        { "dir 0999 /etc", "r:1: dir: '0999': a mode expected, octal, such as 0755" },
        { "dir 0755 etc", "r:1: dir: 'etc': an absolute path in the image expected" },
        { "dir 0755 /etc/", "r:1: dir: '/etc/': an absolute path" },
        { "dir 0755 /a//b", "r:1: dir: '/a//b': an absolute path" },
        { "dir 0755 /a/../b", "r:1: dir: '/a/../b': an absolute path" },
        { "file 0644 a /x\nlink /x y", "r:2: link: /x is in line 1 already; remove one" },
        { "node 0600 x 5 1 /dev/c", "r:1: node: 'x': c or b expected; write node MODE" },
        { "node 0600 c 5000 1 /dev/c", "r:1: node: '5000': a major number from 0 to 4095" },
        { "module kernel/x.ko", "r:1: module: 'kernel/x.ko': a module's name expected" },
        { "package Bad_Name /a /a", "r:1: package: 'Bad_Name': a Debian package's name" },
        { "package -o /a /a", "r:1: package: '-o': a Debian package's name expected" },
        { "package x a /a", "r:1: package: 'a': an absolute path in the package expected" },
        { "file 0644 a b c d e f g h i", "r:1: file: 8 words where 3 are expected" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct diag diag = { 0 };

        assert_false(parse(cases[i].text, &diag));
        if (strstr(diag.text.data, cases[i].message) != diag.text.data) {
            fail_msg("case %zu: expected\n%s\ngot\n%s", i, cases[i].message, diag.text.data);
        }
        diag_free(&diag);
        recipe_free(&recipe);
    }
}

static void recipe_parse_zero_byte_is_refused(void **state)
{
    static const char text[] = "dir 0755 /a\ndir 0755\0 /b\n";
    struct diag diag = { 0 };

    (void)state;
    assert_false(parse_bytes(text, sizeof(text) - 1, &diag));
    assert_non_null(strstr(diag.text.data, "r:2: has a zero byte"));
    diag_free(&diag);
    recipe_free(&recipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recipe_parse_every_kind),
        cmocka_unit_test(recipe_parse_mistake_is_named),
        cmocka_unit_test(recipe_parse_zero_byte_is_refused),
        cmocka_unit_test(recipe_include_stands_in_its_place_once),
        cmocka_unit_test(recipe_include_mistake_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
