/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's requests as clients see them: nodes, permissions, transactions, watches, quotas,
 * policy, domains.
 */
#include "rig.h"

#include <public/errno.h>
#include <stdio.h>
#include <string.h>

#define HOME5 "/local/domain/5"

/* Give domains 5 and 6 their homes, as a seed does. */
static int setup(void **state)
{
    struct rig *rig;

    rig_setup(state);
    rig = *state;
    assert_string_equal(rig_ask(rig, 1, XS_MKDIR, 0, HOME5), "OK");
    assert_string_equal(rig_ask(rig, 1, XS_SET_PERMS, 0, HOME5 "\0n5"), "OK");
    assert_string_equal(rig_ask(rig, 1, XS_MKDIR, 0, "/local/domain/6"), "OK");
    assert_string_equal(rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/6\0n6"), "OK");
    return 0;
}

static void read_value_written_relative_is_seen_absolute(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_write(rig, 5, 0, "a/b/c\0hello"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, HOME5 "/a/b/c"), "hello");
    assert_int_equal(rig->length, 5);
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "a/b"), "");
    assert_int_equal(rig->type, XS_READ);
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, "a"), "b");
}

static void write_value_with_nuls_is_kept_whole(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_write(rig, 5, 0, "bin\0a\0b\0"), "OK");
    rig_ask(rig, 5, XS_READ, 0, "bin");
    assert_int_equal(rig->length, 4);
    assert_memory_equal(rig->payload, "a\0b\0", 4);
}

static void paths_malformed_are_refused(void **state)
{
    struct rig *rig = *state;
    static char longest[XENSTORE_ABS_PATH_MAX + 2];

    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, ""), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "//"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "/a//b"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "/a/"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "/a b"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "/a\xc3"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_READ, 0, "@releaseDomain"), "EINVAL");
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[XENSTORE_ABS_PATH_MAX] = '\0';
    assert_string_equal(rig_raw(rig, 1, XS_READ, 0, longest, XENSTORE_ABS_PATH_MAX + 1), "ENOENT");
    longest[XENSTORE_ABS_PATH_MAX] = 'a';
    longest[XENSTORE_ABS_PATH_MAX + 1] = '\0';
    assert_string_equal(rig_raw(rig, 1, XS_READ, 0, longest, sizeof(longest)), "EINVAL");
    longest[0] = 'a';
    longest[XENSTORE_REL_PATH_MAX + 1] = '\0';
    assert_string_equal(rig_raw(rig, 1, XS_READ, 0, longest, XENSTORE_REL_PATH_MAX + 2), "EINVAL");
}

static void payload_without_terminator_is_refused(void **state)
{
    struct rig *rig = *state;
    static const uint32_t types[] = {
        XS_DIRECTORY, XS_READ, XS_GET_PERMS, XS_WATCH, XS_UNWATCH, XS_TRANSACTION_END, XS_INTRODUCE,
        XS_RELEASE, XS_GET_DOMAIN_PATH, XS_WRITE, XS_MKDIR, XS_RM, XS_SET_PERMS, XS_CONTROL,
        XS_IS_DOMAIN_INTRODUCED, XS_RESUME, XS_SET_TARGET, XS_DIRECTORY_PART,
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_string_equal(rig_raw(rig, 1, types[i], 0, "/abc", 4), "EINVAL");
        assert_string_equal(rig_raw(rig, 1, types[i], 0, "", 0), "EINVAL");
    }
}

static void request_type_unknown_is_enosys(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_ask(rig, 5, XS_TYPE_COUNT, 0, "a"), "ENOSYS");
    assert_string_equal(rig_ask(rig, 5, XS_INVALID, 0, "a"), "ENOSYS");
    assert_string_equal(rig_ask(rig, 5, 0xffffffffu, 0, "a"), "ENOSYS");
    assert_string_equal(rig_ask(rig, 5, XS_WATCH_EVENT, 0, "a\0b"), "ENOSYS");
    assert_string_equal(rig_ask(rig, 5, XS_ERROR, 0, "EINVAL"), "ENOSYS");
    assert_string_equal(rig_ask(rig, 5, XS_SET_TARGET + 1, 0, "a"), "ENOSYS");
}

static void mkdir_of_existing_node_keeps_its_value(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_write(rig, 5, 0, "a\0v"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_MKDIR, 0, "a"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "a"), "v");
}

static void rm_takes_the_subtree(void **state)
{
    struct rig *rig = *state;
    struct account *a = store_account(&rig->server.store, 5);
    uint32_t before = a->node_count;
    uint64_t bytes = a->node_bytes;

    rig_write(rig, 5, 0, "a/b/c\0x");
    rig_write(rig, 5, 0, "a/b/d\0y");
    assert_int_equal(a->node_count, before + 4);
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "a/b/c"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, HOME5), "");
    assert_int_equal(a->node_count, before);
    assert_int_equal(a->node_bytes, bytes);
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a/b"), "ENOENT");
    assert_string_equal(rig_ask(rig, 1, XS_RM, 0, "/"), "EINVAL");
}

static void directory_too_long_is_read_in_parts(void **state)
{
    struct rig *rig = *state;
    char path[64], ask[64], seen[400] = "";
    size_t offset = 0;
    unsigned int count = 0;
    bool end = false;

    for (unsigned int i = 0; i < 300; i++) {
        int n = snprintf(path, sizeof(path), "dir/child-number-%04u", i);

        assert_string_equal(rig_raw(rig, 5, XS_MKDIR, 0, path, (size_t)n + 1), "OK");
    }
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, "dir"), "E2BIG");
    while (!end) {
        int n = snprintf(ask, sizeof(ask), "dir%c%zu", 0, offset);
        size_t at;

        rig_raw(rig, 5, XS_DIRECTORY_PART, 0, ask, (size_t)n + 1);
        assert_int_equal(rig->type, XS_DIRECTORY_PART);
        at = strlen(rig->payload) + 1;
        while (at < rig->length && rig->payload[at] != '\0') {
            unsigned int which = (unsigned int)atoi(rig->payload + at + strlen("child-number-"));

            assert_int_equal(seen[which], 0);
            seen[which] = 1;
            count++;
            offset += strlen(rig->payload + at) + 1;
            at += strlen(rig->payload + at) + 1;
        }
        end = at < rig->length;
    }
    assert_int_equal(count, 300);
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY_PART, 0, "dir\0" "999999"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY_PART, 0, "dir\0" "-1"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY_PART, 0, "dir\0" "1x"), "EINVAL");
}

static void permissions_of_others_are_honoured(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "secret\0s");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/secret"), "EACCES");
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/secret\0t"), "EACCES");
    assert_string_equal(rig_ask(rig, 6, XS_RM, 0, HOME5 "/secret"), "EACCES");
    assert_string_equal(rig_ask(rig, 6, XS_DIRECTORY, 0, HOME5), "EACCES");
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/new\0t"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "secret\0n5\0r6"), "OK");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/secret"), "s");
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/secret\0t"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "secret\0n5\0w6"), "OK");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/secret"), "EACCES");
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/secret\0t"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "secret"), "t");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "secret\0b5"), "OK");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/secret"), "t");
}

static void absence_is_hidden_from_those_who_cannot_look(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/nothing"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, HOME5 "/nothing"), "ENOENT");
}

static void permissions_are_inherited_with_the_creator_as_owner(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 5, XS_SET_PERMS, 0, HOME5 "\0n5\0b6");
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/theirs\0x"), "OK");
    rig_ask(rig, 6, XS_GET_PERMS, 0, HOME5 "/theirs");
    assert_int_equal(rig->length, 6);
    assert_memory_equal(rig->payload, "n6\0b6", 6);
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "theirs\0n5"), "EACCES");
    assert_string_equal(rig_ask(rig, 6, XS_SET_PERMS, 0, HOME5 "/theirs\0n5"), "EPERM");
}

static void permission_strings_malformed_are_refused(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "a\0v");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "a\0x5"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "a\0n"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "a\0n99999"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0, "a\0n5\0"), "EINVAL");
    assert_string_equal(rig_raw(rig, 5, XS_SET_PERMS, 0, "a\0n5\0r6", 7), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_SET_PERMS, 0,
                                "a\0n5\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1\0r1"
                                "\0r1"), "ENOSPC");
}

static void transaction_is_invisible_until_its_end(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5);

    assert_int_not_equal(t, 0);
    assert_string_equal(rig_write(rig, 5, t, "x\0one"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, t, "x"), "one");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "x"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, t, HOME5), "x");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "x"), "one");
    assert_string_equal(rig_ask(rig, 5, XS_READ, t, "x"), "ENOENT");
}

static void transaction_aborted_leaves_nothing(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5);

    rig_write(rig, 5, t, "x\0one");
    rig_ask(rig, 5, XS_RM, t, "y");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "F"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "x"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "F"), "ENOENT");
}

static void transaction_end_malformed_is_refused_and_stays_open(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5);

    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "X"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_START, t, ""), "EBUSY");
    assert_string_equal(rig_ask(rig, 6, XS_TRANSACTION_END, t, "T"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, 0, "T"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "OK");
}

static void transaction_conflicts_when_a_node_read_was_changed(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_write(rig, 5, 0, "state\0" "1");
    t = rig_start(rig, 5);
    rig_ask(rig, 5, XS_READ, t, "state");
    rig_write(rig, 5, t, "other\0x");
    rig_write(rig, 5, 0, "state\0" "2");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "EAGAIN");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "other"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "state"), "2");
}

static void transaction_conflicts_when_an_absent_node_appeared(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5);

    assert_string_equal(rig_ask(rig, 5, XS_READ, t, "late"), "ENOENT");
    rig_write(rig, 5, 0, "late\0x");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "EAGAIN");
}

static void transaction_conflicts_when_both_created_the_same_node(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5), u = rig_start(rig, 5);

    rig_write(rig, 5, t, "n\0t");
    rig_write(rig, 5, u, "n\0u");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, u, "T"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "EAGAIN");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "u");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, HOME5), "n");
}

static void transaction_commits_beside_unrelated_changes(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_write(rig, 5, 0, "a/x\0" "1");
    rig_write(rig, 5, 0, "b/x\0" "1");
    t = rig_start(rig, 5);
    rig_write(rig, 5, t, "a/x\0" "2");
    rig_write(rig, 5, 0, "b/x\0" "2");
    rig_write(rig, 5, 0, "b/y\0" "2");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "a/x"), "2");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "b/x"), "2");
}

static void transaction_deleting_a_tree_conflicts_with_growth_in_it(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_write(rig, 5, 0, "d/e/f\0x");
    t = rig_start(rig, 5);
    assert_string_equal(rig_ask(rig, 5, XS_RM, t, "d"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, t, "d/e/f"), "ENOENT");
    rig_write(rig, 5, 0, "d/e/g\0y");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "EAGAIN");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "d/e/f"), "x");
}

static void transaction_may_delete_and_create_again(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_write(rig, 5, 0, "d/e\0x");
    t = rig_start(rig, 5);
    rig_ask(rig, 5, XS_RM, t, "d");
    rig_write(rig, 5, t, "d\0fresh");
    rig_write(rig, 5, t, "d/q\0z");
    rig_ask(rig, 5, XS_RM, t, "d/q");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "d"), "fresh");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, "d"), "");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "d/e"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_DIRECTORY, 0, HOME5), "d");
}

static void watch_first_event_follows_the_reply(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_ask(rig, 5, XS_WATCH, 0, "a\0tok"), "OK");
    assert_string_equal(rig_event(rig, 5), "a tok");
    assert_string_equal(rig_event(rig, 5), "");
    assert_string_equal(rig_ask(rig, 5, XS_WATCH, 0, "a\0tok"), "EEXIST");
}

static void watch_sees_changes_at_and_below_its_path(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 5, XS_WATCH, 0, "a\0rel");
    rig_event(rig, 5);
    rig_ask(rig, 5, XS_WATCH, 0, HOME5 "/a\0abs");
    rig_event(rig, 5);
    assert_string_equal(rig_write(rig, 5, 0, "a/b/c\0x"), "OK");
    assert_string_equal(rig_event(rig, 5), HOME5 "/a/b/c abs");
    assert_string_equal(rig_event(rig, 5), "a/b/c rel");
    assert_string_equal(rig_event(rig, 5), "");
    assert_string_equal(rig_write(rig, 5, 0, "ab\0x"), "OK");
    assert_string_equal(rig_event(rig, 5), "");
}

static void watch_below_a_removed_tree_gets_its_own_path(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "a/b/c\0x");
    rig_ask(rig, 5, XS_WATCH, 0, "a/b/c\0deep");
    rig_event(rig, 5);
    rig_ask(rig, 5, XS_WATCH, 0, "a\0top");
    rig_event(rig, 5);
    rig_ask(rig, 5, XS_RM, 0, "a");
    assert_string_equal(rig_event(rig, 5), "a top");
    assert_string_equal(rig_event(rig, 5), "a/b/c deep");
    assert_string_equal(rig_event(rig, 5), "");
}

static void watch_events_of_a_transaction_come_in_order_of_change(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_ask(rig, 6, XS_WATCH, 0, HOME5 "\0t");
    rig_event(rig, 6);
    rig_ask(rig, 5, XS_SET_PERMS, 0, HOME5 "\0r5");
    rig_event(rig, 6);
    t = rig_start(rig, 5);
    rig_write(rig, 5, t, "z\0" "1");
    rig_write(rig, 5, t, "a\0" "1");
    rig_write(rig, 5, t, "m\0" "1");
    rig_write(rig, 5, t, "z\0" "2");
    assert_string_equal(rig_event(rig, 6), "");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "OK");
    assert_string_equal(rig_event(rig, 6), HOME5 "/z t");
    assert_string_equal(rig_event(rig, 6), HOME5 "/a t");
    assert_string_equal(rig_event(rig, 6), HOME5 "/m t");
    assert_string_equal(rig_event(rig, 6), "");
}

static void watch_is_silent_about_what_its_owner_may_not_read(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "s\0x");
    rig_ask(rig, 6, XS_WATCH, 0, HOME5 "\0t");
    rig_event(rig, 6);
    rig_write(rig, 5, 0, "s\0y");
    assert_string_equal(rig_event(rig, 6), "");
    rig_ask(rig, 5, XS_SET_PERMS, 0, "s\0n5\0r6");
    assert_string_equal(rig_event(rig, 6), HOME5 "/s t");
    rig_ask(rig, 5, XS_SET_PERMS, 0, "s\0n5");
    assert_string_equal(rig_event(rig, 6), HOME5 "/s t");
    rig_write(rig, 5, 0, "s\0z");
    assert_string_equal(rig_event(rig, 6), "");
}

static void watch_events_alike_are_not_queued_twice(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 1, XS_WATCH, 0, HOME5 "\0t");
    rig_event(rig, 1);
    for (int i = 0; i < 10; i++) {
        rig_write(rig, 5, 0, "x\0y");
    }
    assert_string_equal(rig_event(rig, 1), HOME5 "/x t");
    assert_string_equal(rig_event(rig, 1), "");
}

static void unwatch_stops_events(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 5, XS_WATCH, 0, "a\0t");
    rig_event(rig, 5);
    assert_string_equal(rig_ask(rig, 5, XS_UNWATCH, 0, "a\0u"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_UNWATCH, 0, "a\0t"), "OK");
    rig_write(rig, 5, 0, "a\0v");
    assert_string_equal(rig_event(rig, 5), "");
}

static void reset_watches_drops_watches_and_transactions(void **state)
{
    struct rig *rig = *state;
    uint32_t t = rig_start(rig, 5);

    rig_ask(rig, 5, XS_WATCH, 0, "a\0t");
    rig_event(rig, 5);
    assert_string_equal(rig_ask(rig, 5, XS_RESET_WATCHES, 0, ""), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "ENOENT");
    rig_write(rig, 5, 0, "a\0v");
    assert_string_equal(rig_event(rig, 5), "");
    assert_int_equal(store_account(&rig->server.store, 5)->watch_count, 0);
    assert_int_equal(store_account(&rig->server.store, 5)->transaction_count, 0);
}

static void quota_of_nodes_holds_inside_and_outside_transactions(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig->server.store.quota.nodes = 4;
    assert_string_equal(rig_write(rig, 5, 0, "a\0x"), "OK");
    assert_string_equal(rig_write(rig, 5, 0, "b\0x"), "OK");
    t = rig_start(rig, 5);
    assert_string_equal(rig_write(rig, 5, t, "c\0x"), "OK");
    assert_string_equal(rig_write(rig, 5, t, "d\0x"), "ENOSPC");
    assert_string_equal(rig_write(rig, 5, 0, "e\0x"), "OK");
    assert_string_equal(rig_write(rig, 5, 0, "f\0x"), "ENOSPC");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "EAGAIN");
    assert_string_equal(rig_write(rig, 5, 0, "q/r/s\0x"), "ENOSPC");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "q"), "ENOENT");
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a"), "OK");
    assert_string_equal(rig_write(rig, 5, 0, "f\0x"), "OK");
}

static void quota_of_nodes_spent_meanwhile_fails_the_commit(void **state)
{
    struct rig *rig = *state;
    uint32_t t;

    rig_write(rig, 5, 0, "p\0x");
    rig_write(rig, 5, 0, "q\0x");
    rig->server.store.quota.nodes = 4;
    t = rig_start(rig, 5);
    assert_string_equal(rig_write(rig, 5, t, "p/1\0x"), "OK");
    assert_string_equal(rig_write(rig, 5, 0, "q/1\0x"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_END, t, "T"), "ENOSPC");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "p/1"), "ENOENT");
    assert_int_equal(store_account(&rig->server.store, 5)->node_count, 4);
}

static void quota_of_sizes_watches_and_transactions_hold(void **state)
{
    struct rig *rig = *state;
    static char big[XENSTORE_PAYLOAD_MAX];

    rig->server.store.quota.watches = 2;
    rig->server.store.quota.transactions = 2;
    memcpy(big, "v", 2);
    assert_string_equal(rig_raw(rig, 5, XS_WRITE, 0, big, 2 + 2048), "OK");
    assert_string_equal(rig_raw(rig, 5, XS_WRITE, 0, big, 2 + 2049), "ENOSPC");
    rig_ask(rig, 5, XS_WATCH, 0, "a\0" "1");
    rig_event(rig, 5);
    rig_ask(rig, 5, XS_WATCH, 0, "a\0" "2");
    rig_event(rig, 5);
    assert_string_equal(rig_ask(rig, 5, XS_WATCH, 0, "a\0" "3"), "ENOSPC");
    rig_start(rig, 5);
    rig_start(rig, 5);
    assert_string_equal(rig_ask(rig, 5, XS_TRANSACTION_START, 0, ""), "ENOSPC");
}

static void quota_of_transaction_memory_holds(void **state)
{
    struct rig *rig = *state;
    uint32_t t;
    char path[64];
    int refused = 0;

    rig->server.store.quota.transaction_bytes = 20000;
    t = rig_start(rig, 5);
    for (unsigned int i = 0; i < 1000 && !refused; i++) {
        int n = snprintf(path, sizeof(path), "not/there/%u", i);

        refused = strcmp(rig_raw(rig, 5, XS_READ, t, path, (size_t)n + 1), "ENOSPC") == 0;
    }
    assert_true(refused);
}

static void quota_of_bytes_charges_the_owner_only(void **state)
{
    struct rig *rig = *state;
    static char value[1026] = "h/00";
    int i;

    rig->server.store.quota.node_bytes = 8192;
    assert_string_equal(rig_ask(rig, 1, XS_SET_PERMS, 0, HOME5 "\0n0\0b5\0b6"), "OK");
    assert_string_equal(rig_write(rig, 5, 0, "h\0"), "OK");
    for (i = 0; i < 20; i++) {
        value[2] = (char)('a' + i);
        if (strcmp(rig_raw(rig, 5, XS_WRITE, 0, value, sizeof(value)), "OK") != 0) {
            break;
        }
    }
    assert_string_equal(rig->payload, "ENOSPC");
    assert_in_range(i, 3, 8);
    assert_string_equal(rig_write(rig, 6, 0, HOME5 "/six\0x"), "OK");
}

static void events_not_taken_end_the_connection(void **state)
{
    struct rig *rig = *state;
    char path[40];

    rig->server.store.quota.event_bytes = 1000;
    rig_ask(rig, 6, XS_WATCH, 0, "a\0t");
    rig_event(rig, 6);
    for (unsigned int i = 0; i < 100; i++) {
        int n = snprintf(path, sizeof(path), "/local/domain/6/a/%u", i);

        rig_raw(rig, 1, XS_MKDIR, 0, path, (size_t)n + 1);
    }
    assert_int_equal(rig_conn(rig, 6)->state, CONNECTION_FAILED);
    assert_in_range(rig_conn(rig, 6)->event_bytes, 1, 1000);
    assert_non_null(strstr(rig->log, "domain 6: does not take its events"));
}

static void policy_refusal_comes_before_permissions_and_is_audited(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "name\0guest");
    rig_ask(rig, 5, XS_SET_PERMS, 0, "name\0b5");
    rig_mac(rig);
    rig_allow(rig, 105, 105, P_ALL);
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "name"), "guest");
    assert_string_equal(rig->log, "");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/name"), "EACCES");
    assert_string_equal(rig->log, "avc:  denied  { read } for domid=6 path=" HOME5 "/name "
                        "scontext=label106 tcontext=label105 tclass=xenstore\n");
    rig_allow(rig, 106, 105, P_READ);
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5 "/name"), "guest");
}

static void policy_is_asked_for_each_operation(void **state)
{
    struct rig *rig = *state;
    static const struct {
        uint32_t type, need;
        const char *name, *payload;
        size_t length;
    } rows[] = {
        { XS_READ, P_READ, "read", "n", 2 }, { XS_GET_PERMS, P_READ, "read", "n", 2 },
        { XS_WRITE, P_WRITE, "write", "n\0v", 3 }, { XS_MKDIR, P_WRITE, "write", "n", 2 },
        { XS_WRITE, P_CREATE, "create", "m\0v", 3 }, { XS_MKDIR, P_CREATE, "create", "o", 2 },
        { XS_DIRECTORY, P_LIST, "list", "n", 2 },
        { XS_DIRECTORY_PART, P_LIST, "list", "n\0" "0", 4 },
        { XS_SET_PERMS, P_SETPERMS, "setperms", "n\0n5", 5 },
        { XS_WATCH, P_WATCH, "watch", "n\0t", 4 }, { XS_RM, P_DELETE, "delete", "n", 2 },
    };

    rig_write(rig, 5, 0, "n\0v");
    rig_mac(rig);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char want[32];

        rig->rule_count = 0;
        rig->log[0] = '\0';
        rig_allow(rig, 105, 105, P_ALL & ~rows[i].need);
        assert_string_equal(rig_raw(rig, 5, rows[i].type, 0, rows[i].payload, rows[i].length),
                            "EACCES");
        snprintf(want, sizeof(want), "{ %s }", rows[i].name);
        assert_non_null(strstr(rig->log, want));
        rig->rule_count = 0;
        rig_allow(rig, 105, 105, rows[i].need);
        rig_raw(rig, 5, rows[i].type, 0, rows[i].payload, rows[i].length);
        assert_int_equal(rig->type, rows[i].type);
        rig->now_ns += UINT64_C(2000000000);
        while (rig_take(rig, 5)) {
        }
    }
}

static void policy_label_of_the_longest_subtree_counts(void **state)
{
    struct rig *rig = *state;
    struct mac *mac = &rig->server.mac;

    rig_mac(rig);
    assert_int_equal(mac_label_subtree(mac, "/", 1, 1), 0);
    assert_int_equal(mac_label_subtree(mac, HOME5 "/data", 20, 7), 0);
    assert_int_equal(mac_label_subtree(mac, HOME5 "/data/x", 22, 8), 0);
    assert_int_equal(mac_label_subtree(mac, HOME5 "/data", 20, 9), -XEN_EEXIST);
    assert_int_equal(mac_path_sid(mac, HOME5, 15), 105);
    assert_int_equal(mac_path_sid(mac, HOME5 "/datum", 21), 105);
    assert_int_equal(mac_path_sid(mac, HOME5 "/data", 20), 7);
    assert_int_equal(mac_path_sid(mac, HOME5 "/data/x/y", 24), 8);
    assert_int_equal(mac_path_sid(mac, "/local/domain/77/a", 18), 1);
    assert_int_equal(mac_path_sid(mac, "/", 1), 1);
    assert_int_equal(mac_path_sid(mac, "@releaseDomain", 14), 1);
}

static void policy_protects_labelled_subtrees_from_removal_above(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "a/b\0x");
    rig_mac(rig);
    mac_label_subtree(&rig->server.mac, HOME5 "/a/b", 19, 7);
    rig_allow(rig, 105, 105, P_ALL);
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a"), "EACCES");
    rig_allow(rig, 105, 7, P_DELETE);
    assert_string_equal(rig_ask(rig, 5, XS_RM, 0, "a"), "OK");
}

static void policy_decisions_are_cached_for_a_second(void **state)
{
    struct rig *rig = *state;
    unsigned int calls;

    rig_write(rig, 5, 0, "n\0v");
    rig_mac(rig);
    rig_allow(rig, 105, 105, P_READ);
    for (int i = 0; i < 10; i++) {
        assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "v");
    }
    calls = rig->access_calls;
    rig->rule_count = 0;
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "v");
    assert_int_equal(rig->access_calls, calls);
    rig->now_ns += MAC_CACHE_NS + 1;
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "EACCES");
}

static void policy_permissive_logs_and_allows(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 5, 0, "n\0v");
    rig_mac(rig);
    rig->permissive = true;
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "v");
    assert_non_null(strstr(rig->log, "permissive=1"));
}

static void policy_audit_is_limited_per_second_and_source(void **state)
{
    struct rig *rig = *state;
    unsigned int lines = 0;

    rig_mac(rig);
    for (int i = 0; i < 100; i++) {
        assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "n"), "EACCES");
    }
    for (const char *p = rig->log; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    assert_int_equal(lines, MAC_AUDIT_PER_SECOND);
    rig_ask(rig, 6, XS_READ, 0, "n");
    assert_non_null(strstr(rig->log, "domid=6 path=/local/domain/6/n"));
    rig->now_ns += UINT64_C(1000000000);
    rig_ask(rig, 5, XS_READ, 0, "n");
    assert_non_null(strstr(rig->log, "90 denials of domid=5 not shown"));
}

static void policy_filters_events_without_audit(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 5, XS_SET_PERMS, 0, HOME5 "\0r5");
    rig_ask(rig, 6, XS_WATCH, 0, HOME5 "\0t");
    rig_event(rig, 6);
    rig_mac(rig);
    rig_allow(rig, 105, 105, P_ALL);
    assert_string_equal(rig_write(rig, 5, 0, "n\0v"), "OK");
    assert_string_equal(rig_event(rig, 6), "");
    assert_string_equal(rig->log, "");
    rig_allow(rig, 106, 105, P_WATCH);
    assert_string_equal(rig_write(rig, 5, 0, "n\0w"), "OK");
    assert_string_equal(rig_event(rig, 6), HOME5 "/n t");
}

static void domain_requests_need_privilege(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_ask(rig, 5, XS_INTRODUCE, 0, "9\0" "100\0" "3"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_RELEASE, 0, "6"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_SET_TARGET, 0, "5\0" "6"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_RESUME, 0, "6"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_CONTROL, 0, "print\0x"), "EACCES");
    assert_string_equal(rig_ask(rig, 5, XS_GET_DOMAIN_PATH, 0, "6"), "/local/domain/6");
    assert_string_equal(rig_ask(rig, 5, XS_IS_DOMAIN_INTRODUCED, 0, "77"), "F");
    assert_string_equal(rig_ask(rig, 5, XS_GET_DOMAIN_PATH, 0, "6x"), "EINVAL");
    assert_string_equal(rig_ask(rig, 5, XS_GET_DOMAIN_PATH, 0, "40000"), "EINVAL");
}

static void introduce_and_release_fire_special_watches(void **state)
{
    struct rig *rig = *state;

    rig_ask(rig, 1, XS_WATCH, 0, "@introduceDomain\0in");
    rig_event(rig, 1);
    rig_ask(rig, 1, XS_WATCH, 0, "@releaseDomain\0out");
    rig_event(rig, 1);
    rig_ask(rig, 6, XS_WATCH, 0, "@releaseDomain\0out");
    rig_event(rig, 6);
    assert_string_equal(rig_ask(rig, 1, XS_INTRODUCE, 0, "9\0" "100\0" "3"), "OK");
    assert_string_equal(rig_event(rig, 1), "@introduceDomain in");
    assert_string_equal(rig_ask(rig, 5, XS_IS_DOMAIN_INTRODUCED, 0, "9"), "T");
    assert_string_equal(rig_write(rig, 9, 0, "/local/domain/9/x\0y"), "EACCES");
    rig_ask(rig, 1, XS_MKDIR, 0, "/local/domain/9");
    rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/9\0n9\0r5");
    rig_ask(rig, 1, XS_SET_PERMS, 0, "/local/domain/6\0n6\0r9\0r5");
    assert_string_equal(rig_ask(rig, 1, XS_RELEASE, 0, "9"), "OK");
    assert_string_equal(rig_event(rig, 1), "@releaseDomain out");
    assert_string_equal(rig_event(rig, 6), "");
    rig_ask(rig, 1, XS_GET_PERMS, 0, "/local/domain/9");
    assert_memory_equal(rig->payload, "n0\0r5", 6);
    rig_ask(rig, 1, XS_GET_PERMS, 0, "/local/domain/6");
    assert_memory_equal(rig->payload, "n6\0r5", 6);
    assert_string_equal(rig_ask(rig, 1, XS_RELEASE, 0, "9"), "ENOENT");
    rig->introduce_rc = -XEN_EINVAL;
    assert_string_equal(rig_ask(rig, 1, XS_INTRODUCE, 0, "9\0" "100\0" "3"), "EINVAL");
}

static void target_gives_its_rights(void **state)
{
    struct rig *rig = *state;

    rig_write(rig, 6, 0, "x\0y");
    assert_string_equal(rig_ask(rig, 1, XS_SET_TARGET, 0, "5\0" "6"), "OK");
    assert_string_equal(rig_ask(rig, 5, XS_READ, 0, "/local/domain/6/x"), "y");
    assert_string_equal(rig_ask(rig, 6, XS_READ, 0, HOME5), "EACCES");
}

static void control_print_refuses_control_characters(void **state)
{
    struct rig *rig = *state;

    assert_string_equal(rig_ask(rig, 1, XS_CONTROL, 0, "print\0hi there"), "OK");
    assert_non_null(strstr(rig->log, "hi there"));
    assert_string_equal(rig_ask(rig, 1, XS_CONTROL, 0, "print\0a\033[0m"), "EINVAL");
    assert_string_equal(rig_ask(rig, 1, XS_CONTROL, 0, "nonsense"), "EINVAL");
    assert_non_null(strstr(rig_ask(rig, 1, XS_CONTROL, 0, "quota"), "nodes 1000"));
}

/* Random requests with random payloads of plausible and implausible bytes: nothing may break. */
static void requests_random_keep_the_accounts_right(void **state)
{
    struct rig *rig = *state;
    static const char *const words[] = { "a", "b", "a/b", "a/b/c", HOME5, "/", "T", "F", "n5",
                                         "b6", "tok", "@releaseDomain", "5", "0", "//", "" };
    uint32_t ids[4] = { 0, 1, 2, 3 };
    uint32_t seed = 12345;

    rig->server.store.quota.nodes = 12;
    for (unsigned int i = 0; i < 60000; i++) {
        static const uint16_t domains[] = { 5, 6 };
        uint8_t payload[128];
        size_t length = 0;
        struct xsd_sockmsg h;

        seed = seed * 1664525u + 1013904223u;
        h.type = (seed >> 8) % (XS_TYPE_COUNT + 1);
        h.tx_id = ids[(seed >> 16) & 3];
        h.req_id = i;
        for (unsigned int k = 0; k < ((seed >> 20) & 3); k++) {
            const char *w = words[(seed >> (4 * k)) & 15];

            memcpy(payload + length, w, strlen(w) + 1);
            length += strlen(w) + 1;
        }
        length -= length != 0 && (seed >> 30) == 0 ? 1 : 0;
        h.len = (uint32_t)length;
        request_handle(rig_conn(rig, domains[(seed >> 24) & 1]), &h, payload);
        while (rig_take(rig, 5)) {
            if (rig->type == XS_TRANSACTION_START) {
                ids[i & 3] = (uint32_t)strtoul(rig->payload, NULL, 10);
            }
        }
        while (rig_take(rig, 6)) {
        }
    }
    for (uint16_t domid = 5; domid <= 6; domid++) {
        const struct node_map *nodes = &rig->server.store.nodes;
        uint32_t count = 0;
        uint64_t bytes = 0;

        for (uint32_t b = 0; b < nodes->bucket_count; b++) {
            for (const struct node *n = nodes->buckets[b]; n != NULL; n = n->chain) {
                count += n->perms[0].domid == domid;
                bytes += n->perms[0].domid == domid ? node_cost(n) : 0;
            }
        }
        assert_int_equal(store_account(&rig->server.store, domid)->node_count, count);
        assert_int_equal(store_account(&rig->server.store, domid)->node_bytes, bytes);
        assert_in_range(count, 0, 12);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(read_value_written_relative_is_seen_absolute), T(write_value_with_nuls_is_kept_whole),
        T(paths_malformed_are_refused), T(payload_without_terminator_is_refused),
        T(request_type_unknown_is_enosys), T(mkdir_of_existing_node_keeps_its_value),
        T(rm_takes_the_subtree), T(directory_too_long_is_read_in_parts),
        T(permissions_of_others_are_honoured), T(absence_is_hidden_from_those_who_cannot_look),
        T(permissions_are_inherited_with_the_creator_as_owner),
        T(permission_strings_malformed_are_refused), T(transaction_is_invisible_until_its_end),
        T(transaction_aborted_leaves_nothing),
        T(transaction_end_malformed_is_refused_and_stays_open),
        T(transaction_conflicts_when_a_node_read_was_changed),
        T(transaction_conflicts_when_an_absent_node_appeared),
        T(transaction_conflicts_when_both_created_the_same_node),
        T(transaction_commits_beside_unrelated_changes),
        T(transaction_deleting_a_tree_conflicts_with_growth_in_it),
        T(transaction_may_delete_and_create_again), T(watch_first_event_follows_the_reply),
        T(watch_sees_changes_at_and_below_its_path),
        T(watch_below_a_removed_tree_gets_its_own_path),
        T(watch_events_of_a_transaction_come_in_order_of_change),
        T(watch_is_silent_about_what_its_owner_may_not_read),
        T(watch_events_alike_are_not_queued_twice), T(unwatch_stops_events),
        T(reset_watches_drops_watches_and_transactions),
        T(quota_of_nodes_holds_inside_and_outside_transactions),
        T(quota_of_nodes_spent_meanwhile_fails_the_commit),
        T(quota_of_sizes_watches_and_transactions_hold), T(quota_of_transaction_memory_holds),
        T(quota_of_bytes_charges_the_owner_only), T(events_not_taken_end_the_connection),
        T(policy_refusal_comes_before_permissions_and_is_audited),
        T(policy_is_asked_for_each_operation), T(policy_label_of_the_longest_subtree_counts),
        T(policy_protects_labelled_subtrees_from_removal_above),
        T(policy_decisions_are_cached_for_a_second), T(policy_permissive_logs_and_allows),
        T(policy_audit_is_limited_per_second_and_source), T(policy_filters_events_without_audit),
        T(domain_requests_need_privilege), T(introduce_and_release_fire_special_watches),
        T(target_gives_its_rights), T(control_print_refuses_control_characters),
        T(requests_random_keep_the_accounts_right),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
