/* SPDX-License-Identifier: Apache-2.0 */
/* What `bh run` asks the verifier: a stand-in for `bh attest` prints its words. */
#include "cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../tools/bh/run/verify.h"
#include "bh/verbs.h"

static char folder[] = "/tmp/bh-verify-XXXXXX";
static struct verify verify;

/* Enrols as `bh attest` would, unless the host is to prove nothing. */
int attest_main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        printf("%s%s", argv[i], i + 1 < argc ? " " : "\n");
    }
    return strcmp(argv[1], "enroll") == 0 && getenv("NO_PROOF") != NULL ? 1 : 0;
}

static const char *in(const char *name)
{
    static char path[4][128];
    static unsigned int n;

    n = (n + 1) % 4;
    snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
    return path[n];
}

static void touch(const char *name)
{
    FILE *f = fopen(in(name), "w");

    assert_non_null(f);
    fclose(f);
}

static int ask(int unmeasured)
{
    assert_int_equal(verify_start(&verify, folder, folder, in("socket"), NULL, unmeasured), 0);
    while (verify.proc.out >= 0) {
        verify_read(&verify);
    }
    return proc_wait(&verify.proc, 10);
}

static bool asked(const char *words)
{
    return strstr(verify.output, words) != NULL;
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || mkdir(in("hosts"), 0700) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(in("hosts/run.json"));
    unlink(in("reference.jws"));
    unlink(in("signer.pem"));
    rmdir(in("hosts"));
    return rmdir(folder);
}

static void verify_unknown_host_is_enrolled_first(void **state)
{
    char words[256];

    (void)state;
    assert_int_equal(ask(0), 0);
    snprintf(words, sizeof(words), "attest enroll --host run --state %s --ca ", in("hosts"));
    assert_ptr_equal(strstr(verify.output, words), verify.output);
    snprintf(words, sizeof(words), "\nattest verify --reference %s", in("reference.json"));
    assert_true(asked(words));
    snprintf(words, sizeof(words), " --host run --state %s ", in("hosts"));
    assert_true(asked(words));
    assert_false(asked("--allow-no-history"));
}

static void verify_host_that_proves_nothing_is_not_judged(void **state)
{
    (void)state;
    setenv("NO_PROOF", "1", 1);
    assert_int_equal(ask(0), 1);
    unsetenv("NO_PROOF");
    assert_true(asked("attest enroll"));
    assert_false(asked("attest verify"));
}

static void verify_known_host_is_enrolled_anew(void **state)
{
    (void)state;
    touch("hosts/run.json");
    assert_int_equal(ask(0), 0);
    assert_true(asked("attest enroll"));
    assert_true(asked("--replace"));
    assert_true(asked("attest verify"));
}

/* Both files or neither: a set without the key of its signer is none. */
static void verify_signed_image_allows_nothing(void **state)
{
    char words[256];

    (void)state;
    touch("reference.jws");
    assert_int_equal(ask(1), 0);
    assert_true(asked("--allow-unsigned-reference"));
    assert_true(asked("--allow-unmeasured-hypervisor\n"));
    touch("signer.pem");
    assert_int_equal(ask(0), 0);
    snprintf(words, sizeof(words), "attest verify --reference %s --ca", in("reference.jws"));
    assert_true(asked(words));
    snprintf(words, sizeof(words), " --signer %s\n", in("signer.pem"));
    assert_true(asked(words));
    assert_false(asked("--allow"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_unknown_host_is_enrolled_first),
        cmocka_unit_test(verify_host_that_proves_nothing_is_not_judged),
        cmocka_unit_test(verify_known_host_is_enrolled_anew),
        cmocka_unit_test(verify_signed_image_allows_nothing),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
