/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seed holds, for each domain and connection, what Xen's toolstack would have written, with
 * permissions that let each side write its own end only.
 */
#include "cmocka_all.h"

#include "../../../tools/bh/build/policy.h"
#include "../../../tools/bh/build/seed.h"
#include "small_host.h"

static struct host host;
static struct image image;
static struct buf seed;

static int setup(void **state)
{
    (void)state;
    small_host(&host);
    small_image(&image, &host);
    seed_write(&image, policy_label, &seed);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_free(&seed);
    image_free(&image);
    host_free(&host);
    return 0;
}

static void seed_has_line(const char *line)
{
    char *whole = bh_printf("\n%s\n", line);

    if (strstr(seed.data, whole) == NULL) {
        fail_msg("the seed has no line '%s'", line);
    }
    free(whole);
}

static void seed_write_directives_cover_domains(void **state)
{
    (void)state;
    seed_has_line("!domain\t2\tsystem_u:system_r:disks_t");
    seed_has_line("!domain\t17\tsystem_u:system_r:guest_t");
    seed_has_line("!label\t/local/domain/1\tsystem_u:system_r:store_t");
    seed_has_line("!label\t/local/domain/17\tsystem_u:system_r:guest_t");
    /* The service does not serve itself. */
    assert_null(strstr(seed.data, "!domain\t1\t"));
}

static void seed_write_domain_has_its_nodes(void **state)
{
    (void)state;
    seed_has_line("/local/domain/17\tn0,r17\t");
    seed_has_line("/local/domain/17/name\tn0,r17\tguest");
    seed_has_line("/local/domain/17/domid\tn0,r17\t17");
    seed_has_line("/local/domain/17/memory/target\tn0,r17\t131072");
    seed_has_line("/local/domain/17/memory/static-max\tn0,r17\t262144");
    seed_has_line("/local/domain/17/cpu/2/availability\tn0,r17\tonline");
    seed_has_line("/local/domain/17/control/shutdown\tn17\t");
    seed_has_line("/local/domain/17/control/platform-feature-xs_reset_watches\tn0,r17\t1");
    seed_has_line("/local/domain/17/data\tn17\t");
    assert_null(strstr(seed.data, "/local/domain/17/cpu/3"));
    /* Only those who serve may create below backend/. */
    seed_has_line("/local/domain/2/backend\tn2\t");
    assert_null(strstr(seed.data, "/local/domain/17/backend"));
}

static void seed_write_disk_has_both_ends(void **state)
{
    (void)state;
    seed_has_line("/local/domain/17/device/vbd/51712\tn17,r2\t");
    seed_has_line("/local/domain/17/device/vbd/51712/state\tn17,r2\t1");
    seed_has_line("/local/domain/17/device/vbd/51712/backend\tn0,r17,r2\t"
                  "/local/domain/2/backend/vbd/17/51712");
    seed_has_line("/local/domain/17/device/vbd/51712/backend-id\tn0,r17,r2\t2");
    seed_has_line("/local/domain/17/device/vbd/51712/virtual-device\tn0,r17,r2\t51712");
    seed_has_line("/local/domain/2/backend/vbd/17/51712\tn2,r17\t");
    seed_has_line("/local/domain/2/backend/vbd/17/51712/frontend\tn2,r17\t"
                  "/local/domain/17/device/vbd/51712");
    seed_has_line("/local/domain/2/backend/vbd/17/51712/frontend-id\tn2,r17\t17");
    seed_has_line("/local/domain/2/backend/vbd/17/51712/mode\tn2,r17\tr");
    seed_has_line("/local/domain/2/backend/vbd/17/51712/params\tn2,r17\t/dev/a\\\\b:/c");
    seed_has_line("/local/domain/2/backend/vbd/17/51712/format\tn2,r17\tqcow2");
}

static void seed_write_net_has_both_ends(void **state)
{
    (void)state;
    seed_has_line("/local/domain/17/device/vif/1/mac\tn0,r17,r3\t00:16:3e:00:11:01");
    seed_has_line("/local/domain/17/device/vif/1/handle\tn0,r17,r3\t1");
    seed_has_line("/local/domain/17/device/vif/1/state\tn17,r3\t1");
    seed_has_line("/local/domain/3/backend/vif/17/1/mac\tn3,r17\t00:16:3e:00:11:01");
    seed_has_line("/local/domain/3/backend/vif/17/1/ip\tn3,r17\t10.0.0.2");
    seed_has_line("/local/domain/3/backend/vif/17/1/net-mode\tn3,r17\tbridge");
    seed_has_line("/local/domain/3/backend/vif/17/1/vlan\tn3,r17\t7");
    seed_has_line("/local/domain/3/backend/vif/17/1/rate\tn3,r17\t50000,50000");
    seed_has_line("/local/domain/3/backend/vif/17/1/online\tn3,r17\t1");
}

/* Each node's parent comes before it, no path twice: the service need not invent any. */
static void seed_write_parents_come_first(void **state)
{
    char *copy = bh_strdup(seed.data);
    char *save = NULL;
    unsigned int nodes = 0;

    (void)state;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] != '/') {
            assert_true(line[0] == '!' || line[0] == '#');
            continue;
        }
        nodes++;
        char *path = bh_strndup(line, strcspn(line, "\t"));
        char *own = bh_printf("\n%s\t", path);
        const char *first = strstr(seed.data, own);

        assert_non_null(first);
        if (strstr(first + 1, own) != NULL) {
            fail_msg("%s is there twice", path);
        }
        char *slash = strrchr(path, '/');

        if (slash != path) {
            *slash = '\0';
            char *above = bh_printf("\n%s\t", path);
            const char *parent = strstr(seed.data, above);

            if (parent == NULL || parent > first) {
                fail_msg("%s is not there before what is in it", path);
            }
            free(above);
        }
        free(own);
        free(path);
    }
    assert_true(nodes > 100);
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_write_directives_cover_domains),
        cmocka_unit_test(seed_write_domain_has_its_nodes),
        cmocka_unit_test(seed_write_disk_has_both_ends),
        cmocka_unit_test(seed_write_net_has_both_ends),
        cmocka_unit_test(seed_write_parents_come_first),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
