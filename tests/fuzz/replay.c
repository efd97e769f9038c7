/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzzer's entry without libFuzzer: one test per run, that feeds it every file of a kept corpus. Link
 * with -DREPLAY_CORPUS='"folder"'. Inputs sit at the end of their allocation, so that ASan sees one byte
 * too far; a broken promise aborts, as under the fuzzer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <glob.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data;
    long size;

    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size = ftell(f);
    rewind(f);
    data = malloc((size_t)size + (size == 0));
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, f), size);
    fclose(f);
    assert_int_equal(LLVMFuzzerTestOneInput(data, (size_t)size), 0);
    free(data);
}

static void every_kept_input_keeps_the_promises(void **state)
{
    glob_t g;
    size_t i;

    (void)state;
    assert_int_equal(glob(REPLAY_CORPUS "/*", 0, NULL, &g), 0);
    for (i = 0; i < g.gl_pathc; i++) {
        replay(g.gl_pathv[i]);
    }
    print_message("%zu inputs of " REPLAY_CORPUS "\n", g.gl_pathc);
    assert_true(g.gl_pathc >= REPLAY_MIN);
    globfree(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kept_input_keeps_the_promises),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
