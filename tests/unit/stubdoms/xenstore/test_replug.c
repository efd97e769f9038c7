/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Domains that die and come back: what becomes of their nodes, of their peers' connections, and of nobody else's.
 *
 * Domain 2 serves a disk and 3 an interface of domain 5; 6 has a disk of 2's, too, and nothing of 3's.
 */
#include "replug.h"
#include "rig.h"

#include <string.h>

#define FRONT5 "/local/domain/5/device/vbd/51712"
#define BACK5 "/local/domain/2/backend/vbd/5/51712"
#define VIF5 "/local/domain/5/device/vif/0"
#define VIFBACK5 "/local/domain/3/backend/vif/5/0"
#define FRONT6 "/local/domain/6/device/vbd/51712"
#define BACK6 "/local/domain/2/backend/vbd/6/51712"

#define DOMAIN(n) "/local/domain/" n "\tn0,r" n "\t\n/local/domain/" n "/control/shutdown\tn" n "\t\n" \
                  "/local/domain/" n "/control/feature-suspend\tn" n "\t\n/local/domain/" n "/data\tn" n "\t\n"
#define LINK(front, back, f, b)                                                                    \
    front "\tn" f ",r" b "\t\n" front "/backend\tn0,r" f ",r" b "\t" back "\n" front "/state\tn" f ",r" b "\t1\n"     \
    back "\tn" b ",r" f "\t\n" back "/frontend\tn" b ",r" f "\t" front "\n" back "/state\tn" b ",r" f "\t1\n"

static const char seed[] = "# two servers, two clients\n!domain\t2\tlabel102\n!domain\t3\tlabel103\n"
    DOMAIN("2") DOMAIN("3") DOMAIN("5") DOMAIN("6")
    LINK(FRONT5, BACK5, "5", "2") LINK(VIF5, VIFBACK5, "5", "3") LINK(FRONT6, BACK6, "6", "2");

static struct replug replug;
static enum replug_domain states[8];
static unsigned int resumed[8];

static enum replug_domain state_of(void *arg, uint16_t domid)
{
    (void)arg;
    return states[domid];
}

static int resume(void *arg, uint16_t domid)
{
    (void)arg;
    assert_int_equal(states[domid], REPLUG_SUSPENDED);
    states[domid] = REPLUG_RUNNING;
    resumed[domid]++;
    return 0;
}

static const struct replug_ops ops = { state_of, resume };

static const char *value(struct rig *rig, const char *path)
{
    static char text[64];
    const struct node *n = map_find(&rig->server.store.nodes, path, strlen(path));

    if (n == NULL) {
        return "none";
    }
    for (size_t i = 0; i < n->value_len; i++) {
        text[i] = (char)n->value[i];
    }
    text[n->value_len] = '\0';
    return text;
}

static void put(struct rig *rig, const char *path, const char *text)
{
    char payload[256];
    size_t length = strlen(path) + 1;

    memcpy(payload, path, length);
    memcpy(payload + length, text, strlen(text));
    assert_string_equal(rig_raw(rig, 1, XS_WRITE, 0, payload, length + strlen(text)), "OK");
}

static void drain(struct rig *rig, uint16_t domid)
{
    while (rig_take(rig, domid)) {
    }
}

/* Everybody is connected, as after the boot. */
static int setup(void **state)
{
    struct seed_error error;
    struct rig *rig;

    assert_int_equal(rig_setup(state), 0);
    rig = *state;
    memset(resumed, 0, sizeof(resumed));
    for (unsigned int i = 0; i < 8; i++) {
        states[i] = REPLUG_RUNNING;
    }
    assert_true(seed_load(&rig->server, (const uint8_t *)seed, sizeof(seed) - 1, &error));
    assert_true(replug_init(&replug, &rig->server, (const uint8_t *)seed, sizeof(seed) - 1, &ops, NULL));
    assert_int_equal(replug.link_count, 3);
    put(rig, FRONT5 "/state", "4");
    put(rig, FRONT5 "/ring-ref", "9");
    put(rig, VIF5 "/state", "4");
    put(rig, FRONT6 "/state", "4");
    put(rig, BACK5 "/state", "4");
    put(rig, BACK5 "/physical-device", "1:0");
    put(rig, BACK6 "/state", "4");
    put(rig, VIFBACK5 "/state", "4");
    put(rig, "/local/domain/5/control/feature-suspend", "1");
    put(rig, "/local/domain/6/control/feature-suspend", "1");
    put(rig, "/local/domain/5/data/mine", "kept");
    put(rig, "/local/domain/2/data/left", "over");
    assert_false(replug_run(&replug));
    return 0;
}

static void gone_server_has_the_seeds_nodes(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 5, XS_WATCH, 0, BACK5 "/state\0t");
    drain(rig, 5);
    replug_gone(&replug, 2);
    assert_string_equal(value(rig, BACK5 "/state"), "1");
    assert_string_equal(value(rig, BACK5 "/physical-device"), "none");
    assert_string_equal(value(rig, "/local/domain/2/data/left"), "none");
    assert_string_equal(value(rig, FRONT5 "/state"), "1");
    assert_string_equal(value(rig, FRONT5 "/ring-ref"), "none");
    assert_string_equal(value(rig, FRONT5 "/backend"), BACK5);
    assert_string_equal(rig_event(rig, 5), BACK5 "/state t");
    assert_string_equal(rig_event(rig, 5), "");
    /* Others' nodes stay. */
    assert_string_equal(value(rig, "/local/domain/5/data/mine"), "kept");
    assert_string_equal(value(rig, VIF5 "/state"), "4");
    assert_string_equal(value(rig, VIFBACK5 "/state"), "4");
}

static void nodes_of_the_seed_keep_owner_and_account(void **state)
{
    struct rig *rig = *state;
    uint32_t before;

    replug_gone(&replug, 2);
    before = store_account(&rig->server.store, 2)->node_count;
    for (unsigned int i = 0; i < 20; i++) {
        put(rig, BACK5 "/more", "x");
        replug_gone(&replug, 2);
    }
    assert_int_equal(store_account(&rig->server.store, 2)->node_count, before);
    assert_string_equal(rig_ask(rig, 6, XS_GET_PERMS, 0, BACK6 "/state"), "n2");
}

static void clients_suspend_when_their_server_is_back(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 2);
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "");
    put(rig, BACK5 "/state", "2");
    assert_true(replug_run(&replug));
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "suspend");
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), ""); /* its own back end is not there yet */
    put(rig, BACK6 "/state", "2");
    assert_true(replug_run(&replug));
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "suspend");
    assert_int_equal(resumed[5] + resumed[6], 0);
}

static void suspended_client_goes_on_when_all_its_back_ends_wait(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 2);
    put(rig, BACK5 "/state", "2");
    rig_ask(rig, 5, XS_WATCH, 0, VIFBACK5 "\0t");
    (void)replug_run(&replug);
    assert_non_null(rig_conn(rig, 5)->watches);
    states[5] = REPLUG_SUSPENDED;
    assert_true(replug_run(&replug));
    assert_null(rig_conn(rig, 5)->watches);
    assert_string_equal(value(rig, VIF5 "/state"), "6");
    assert_int_equal(resumed[5], 0);
    put(rig, VIFBACK5 "/state", "6");
    assert_true(replug_run(&replug));
    assert_string_equal(value(rig, VIF5 "/state"), "1");
    assert_int_equal(resumed[5], 0);
    put(rig, VIFBACK5 "/state", "2");
    (void)replug_run(&replug);
    assert_int_equal(resumed[5], 1);
    assert_int_equal(resumed[6], 0);
    rig->now_ns += 2 * REPLUG_ASK_NS;
    assert_false(replug_run(&replug)); /* once */
    assert_string_equal(value(rig, FRONT5 "/state"), "1");
}

static void client_of_another_server_is_left_alone(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 3);
    put(rig, VIFBACK5 "/state", "2");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "suspend");
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
    assert_string_equal(value(rig, FRONT6 "/state"), "4");
    assert_string_equal(value(rig, BACK6 "/state"), "4");
}

static void client_that_was_not_connected_is_not_asked(void **state)
{
    struct rig *rig = *state;

    put(rig, FRONT6 "/state", "1");
    replug_gone(&replug, 2);
    put(rig, BACK6 "/state", "2");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
}

static void client_that_cannot_suspend_is_not_asked(void **state)
{
    struct rig *rig = *state;

    put(rig, "/local/domain/6/control/feature-suspend", "");
    replug_gone(&replug, 2);
    put(rig, BACK6 "/state", "2");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
    assert_false(replug_run(&replug) && false);
    put(rig, "/local/domain/6/control/feature-suspend", "1");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "suspend");
}

static void client_that_does_not_suspend_is_asked_again(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 2);
    put(rig, BACK6 "/state", "2");
    (void)replug_run(&replug);
    put(rig, "/local/domain/6/control/shutdown", ""); /* seen */
    rig->now_ns += REPLUG_ASK_NS + 1;
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "suspend");
    assert_non_null(strstr(rig->log, "does not suspend"));
}

/* 5's interface is to be connected anew; its disk's server has taken part in nothing of that, or is away itself. */
static void client_is_asked_when_its_other_links_are_at_rest(void **state)
{
    static const struct {
        const char *front, *back;
        bool rests;
    } disk[] = {
        { "4", "4", true }, { "1", "2", true }, { "6", "6", true },
        { "3", "2", false }, { "3", "1", false }, { "3", "4", false }, /* its kernel has yet to see that it is connected */
        { "4", "1", false }, { "4", "2", false },                      /* to be taken up as it is */
    };
    struct rig *rig = *state;

    put(rig, BACK5 "/reattach", "1");
    for (unsigned int i = 0; i < sizeof(disk) / sizeof(disk[0]); i++) {
        bool late = i % 2 == 0;

        put(rig, FRONT5 "/state", disk[i].front);
        put(rig, BACK5 "/state", disk[i].back);
        put(rig, VIF5 "/state", "4");
        replug_gone(&replug, 3);
        put(rig, VIFBACK5 "/state", "2");
        assert_true(replug_run(&replug));
        assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), disk[i].rests ? "suspend" : "");
        if (!disk[i].rests && late) { /* nobody is waited for without an end */
            rig->now_ns += REPLUG_REST_NS;
            assert_true(replug_run(&replug));
            assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "");
            rig->now_ns++;
        } else {
            put(rig, FRONT5 "/state", "4");
            put(rig, BACK5 "/state", "4");
        }
        assert_true(replug_run(&replug));
        assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "suspend");
        states[5] = REPLUG_SUSPENDED;
        put(rig, "/local/domain/5/control/shutdown", "");
        (void)replug_run(&replug);
        put(rig, BACK5 "/state", "6");
        (void)replug_run(&replug);
        put(rig, BACK5 "/state", "2");
        (void)replug_run(&replug);
        assert_int_equal(resumed[5], i + 1);
    }
}

/* The server that is back dies again before its client was asked. */
static void client_that_is_held_is_asked_when_its_server_is_back_again(void **state)
{
    struct rig *rig = *state;

    put(rig, FRONT5 "/state", "3");
    replug_gone(&replug, 3);
    put(rig, VIFBACK5 "/state", "2");
    assert_true(replug_run(&replug));
    replug_gone(&replug, 3);
    put(rig, FRONT5 "/state", "4");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "");
    put(rig, VIFBACK5 "/state", "2");
    assert_true(replug_run(&replug));
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "suspend");
}

static void back_end_that_does_not_answer_is_not_waited_for(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 2);
    put(rig, BACK5 "/state", "2");
    (void)replug_run(&replug);
    states[5] = REPLUG_SUSPENDED;
    (void)replug_run(&replug);
    rig->now_ns += REPLUG_LINK_NS + 1;
    (void)replug_run(&replug);
    assert_int_equal(resumed[5], 1);
    assert_non_null(strstr(rig->log, "does not answer"));
}

static void server_that_dies_again_costs_one_suspension(void **state)
{
    struct rig *rig = *state;

    replug_gone(&replug, 2);
    put(rig, BACK6 "/state", "2");
    (void)replug_run(&replug);
    replug_gone(&replug, 2); /* before the client has stopped */
    states[6] = REPLUG_SUSPENDED;
    (void)replug_run(&replug);
    assert_int_equal(resumed[6], 0);
    put(rig, BACK6 "/state", "2");
    (void)replug_run(&replug);
    assert_int_equal(resumed[6], 1);
    put(rig, "/local/domain/6/control/shutdown", "");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
}

static void gone_client_has_its_back_ends_let_go_before_it_is_served(void **state)
{
    struct rig *rig = *state;

    assert_true(replug_may_serve(&replug, 6));
    replug_gone(&replug, 6);
    assert_string_equal(value(rig, FRONT6 "/state"), "6");
    assert_false(replug_may_serve(&replug, 6));
    assert_true(replug_may_serve(&replug, 5));
    put(rig, BACK6 "/state", "6");
    assert_true(replug_run(&replug));
    assert_string_equal(value(rig, FRONT6 "/state"), "1");
    assert_true(replug_may_serve(&replug, 6));
    put(rig, BACK6 "/state", "2");
    assert_false(replug_run(&replug));
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
}

static void link_that_keeps_its_ring_is_left_alone(void **state)
{
    static const char more[] = LINK(FRONT6, BACK6, "6", "2") FRONT6 "/reconnect\tn0,r6,r2\tring\n";
    struct rig *rig = *state;

    assert_true(replug_init(&replug, &rig->server, (const uint8_t *)more, sizeof(more) - 1, &ops, NULL));
    put(rig, FRONT6 "/ring-ref", "7");
    replug_gone(&replug, 2);
    assert_string_equal(value(rig, FRONT6 "/state"), "4");
    assert_string_equal(value(rig, FRONT6 "/ring-ref"), "7");
    assert_string_equal(value(rig, BACK6 "/state"), "1");
    put(rig, BACK6 "/state", "2");
    assert_false(replug_run(&replug));
    assert_string_equal(value(rig, "/local/domain/6/control/shutdown"), "");
    /* Where it was not connected there is no ring to keep. */
    put(rig, FRONT6 "/state", "1");
    replug_gone(&replug, 2);
    assert_string_equal(value(rig, FRONT6 "/ring-ref"), "none");
}

static void front_end_of_a_server_that_reattaches_notices_nothing(void **state)
{
    struct rig *rig = *state;

    put(rig, BACK5 "/reattach", "1");
    for (unsigned int i = 0; i < 2; i++) { /* the second time before it has said so again */
        rig_ask(rig, 5, XS_WATCH, 0, FRONT5 "\0t");
        drain(rig, 5);
        replug_gone(&replug, 2);
        assert_string_equal(value(rig, BACK5 "/state"), "1");
        assert_string_equal(value(rig, BACK5 "/reattach"), "none");
        assert_string_equal(value(rig, FRONT5 "/state"), "4");
        assert_string_equal(value(rig, FRONT5 "/ring-ref"), "9");
        assert_string_equal(rig_event(rig, 5), "");
        assert_string_equal(value(rig, FRONT6 "/state"), "1"); /* whose back end has said nothing */
    }
    put(rig, BACK5 "/state", "4");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "");
    /* Its next life serves as others do: no longer. */
    replug_gone(&replug, 2);
    assert_string_equal(value(rig, FRONT5 "/state"), "1");
    put(rig, BACK5 "/state", "2");
    (void)replug_run(&replug);
    assert_string_equal(value(rig, "/local/domain/5/control/shutdown"), "suspend");
}

static void front_end_that_comes_back_is_served_afresh_whoever_died(void **state)
{
    struct rig *rig = *state;

    put(rig, BACK6 "/reattach", "1");
    replug_gone(&replug, 6);
    assert_string_equal(value(rig, FRONT6 "/state"), "6");
    replug_gone(&replug, 2); /* before it has let go */
    assert_string_equal(value(rig, FRONT6 "/state"), "1");
    assert_true(replug_may_serve(&replug, 6));
}

static void paths_that_are_no_links_are_none(void **state)
{
    struct rig *rig = *state;
    static const char odd[] = "/local/domain/5/device/vbd/1/backend\tn0\t/elsewhere\n/tool/backend\tn0\t" BACK5 "\n"
                              "/local/domain/x/device/vbd/1/backend\tn0\t" BACK5 "\n/backend\tn0\t" BACK5 "\n"
                              "/local/domain/5/data/backend\tn0\t" BACK5 "\n";

    assert_true(replug_init(&replug, &rig->server, (const uint8_t *)odd, sizeof(odd) - 1, &ops, NULL));
    assert_int_equal(replug.link_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gone_server_has_the_seeds_nodes),
        TEST(nodes_of_the_seed_keep_owner_and_account),
        TEST(clients_suspend_when_their_server_is_back),
        TEST(suspended_client_goes_on_when_all_its_back_ends_wait),
        TEST(client_of_another_server_is_left_alone),
        TEST(client_that_was_not_connected_is_not_asked),
        TEST(client_that_cannot_suspend_is_not_asked),
        TEST(client_that_does_not_suspend_is_asked_again),
        TEST(client_is_asked_when_its_other_links_are_at_rest),
        TEST(client_that_is_held_is_asked_when_its_server_is_back_again),
        TEST(back_end_that_does_not_answer_is_not_waited_for),
        TEST(server_that_dies_again_costs_one_suspension),
        TEST(gone_client_has_its_back_ends_let_go_before_it_is_served),
        TEST(link_that_keeps_its_ring_is_left_alone),
        TEST(front_end_of_a_server_that_reattaches_notices_nothing),
        TEST(front_end_that_comes_back_is_served_afresh_whoever_died),
        TEST(paths_that_are_no_links_are_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
