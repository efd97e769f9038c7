/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the reader of /etc/init.conf. */
#include "conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void parse_mixed_lines_keeps_directives(void **state)
{
    char text[] = "# head\n\nhostname a\t# tail\nservice /x -y  z\r\nlast";
    struct conf conf;
    unsigned int error;

    (void)state;
    assert_int_equal(conf_parse(text, &conf, &error), 0);
    assert_int_equal(conf.count, 3);
    assert_string_equal(conf.line[0].words[1], "a");
    assert_int_equal(conf.line[0].count, 2);
    assert_int_equal(conf.line[0].number, 3);
    assert_string_equal(conf.line[1].words[3], "z");
    assert_null(conf.line[1].words[4]);
    assert_string_equal(conf.line[2].words[0], "last");
}

static void parse_too_many_words_refused(void **state)
{
    char text[256] = "ok 1\n";
    struct conf conf;
    unsigned int error;

    (void)state;
    for (int i = 0; i <= CONF_WORDS_MAX; i++) {
        strcat(text, "w ");
    }
    assert_int_equal(conf_parse(text, &conf, &error), -1);
    assert_int_equal(error, 2);
}

static void parse_too_many_lines_refused(void **state)
{
    char text[4 * CONF_LINES_MAX] = "";
    struct conf conf;
    unsigned int error;

    (void)state;
    for (int i = 0; i <= CONF_LINES_MAX; i++) {
        strcat(text, "x\n");
    }
    assert_int_equal(conf_parse(text, &conf, &error), -1);
    assert_int_equal(error, CONF_LINES_MAX + 1);
}

static void module_options_dash_and_underscore_equal(void **state)
{
    char text[] = "options xen_privcmd unrestricted=1\noptions brd rd_nr=1 rd_size=8\n"
                  "options brd max_part=0\n";
    char out[64];
    struct conf conf;
    unsigned int error;

    (void)state;
    assert_int_equal(conf_parse(text, &conf, &error), 0);
    assert_int_equal(conf_module_options(&conf, "xen-privcmd", out, sizeof(out)), 0);
    assert_string_equal(out, "unrestricted=1");
    assert_int_equal(conf_module_options(&conf, "brd", out, sizeof(out)), 0);
    assert_string_equal(out, "rd_nr=1 rd_size=8 max_part=0");
    assert_int_equal(conf_module_options(&conf, "br", out, sizeof(out)), 0);
    assert_string_equal(out, "");
    assert_int_equal(conf_module_options(&conf, "brd", out, 12), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_mixed_lines_keeps_directives),
        cmocka_unit_test(parse_too_many_words_refused),
        cmocka_unit_test(parse_too_many_lines_refused),
        cmocka_unit_test(module_options_dash_and_underscore_equal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
