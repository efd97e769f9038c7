/* SPDX-License-Identifier: Apache-2.0 */
/* The table as UEFI reads it: both headers sound, both lists the same, the partition inside. */
#include "cmocka_all.h"

#include <zlib.h>

#include "../../../tools/bh/build/gpt.h"

#define SECTORS 81920u

static uint32_t get32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint64_t get64(const char *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

/* UEFI 2.10, 5.3.2: what firmware checks before it believes a header. */
static void header_is_sound(const char *header, const char *entries, uint64_t self)
{
    char copy[92];

    assert_memory_equal(header, "EFI PART", 8);
    assert_int_equal(get32(header + 12), 92);
    memcpy(copy, header, sizeof(copy));
    memset(copy + 16, 0, 4);
    assert_int_equal(get32(header + 16), crc32(0, (const Bytef *)copy, sizeof(copy)));
    assert_int_equal(get64(header + 24), self);
    assert_int_equal(get32(header + 80), 128);
    assert_int_equal(get32(header + 84), 128);
    assert_int_equal(get32(header + 88), crc32(0, (const Bytef *)entries, 128 * 128));
}

static void gpt_make_both_ends_are_sound(void **state)
{
    struct buf head = { 0 }, tail = { 0 };
    uint64_t last = GPT_FIRST_SECTOR + SECTORS + GPT_TAIL_SECTORS - 1;

    (void)state;
    gpt_make("seed", SECTORS, NULL, &head, &tail);
    assert_int_equal(head.len, GPT_HEAD_SECTORS * GPT_SECTOR);
    assert_int_equal(tail.len, GPT_TAIL_SECTORS * GPT_SECTOR);
    const char *entries = head.data + 2 * GPT_SECTOR;
    const char *backup = tail.data + 32 * GPT_SECTOR;

    assert_int_equal((uint8_t)head.data[510], 0x55);
    assert_int_equal((uint8_t)head.data[446 + 4], 0xee);
    header_is_sound(head.data + GPT_SECTOR, entries, 1);
    header_is_sound(backup, tail.data, last);
    assert_memory_equal(entries, tail.data, 128 * 128);
    assert_int_equal(get64(head.data + GPT_SECTOR + 32), last); /* each names the other */
    assert_int_equal(get64(backup + 32), 1);
    assert_int_equal(get64(head.data + GPT_SECTOR + 72), 2);
    assert_int_equal(get64(backup + 72), last - 32);
    assert_int_equal(get64(entries + 32), 2048);
    assert_int_equal(get64(entries + 40), 2048 + SECTORS - 1);
    assert_true(get64(entries + 40) <= get64(head.data + GPT_SECTOR + 48));
    buf_free(&head);
    buf_free(&tail);
}

static void gpt_make_same_seed_same_bytes(void **state)
{
    struct buf head[3] = { { 0 } }, tail[3] = { { 0 } };

    (void)state;
    gpt_make("one", SECTORS, NULL, &head[0], &tail[0]);
    gpt_make("one", SECTORS, NULL, &head[1], &tail[1]);
    gpt_make("two", SECTORS, NULL, &head[2], &tail[2]);
    assert_memory_equal(head[0].data, head[1].data, head[0].len);
    assert_memory_equal(tail[0].data, tail[1].data, tail[0].len);
    assert_memory_not_equal(head[0].data, head[2].data, head[0].len);
    for (int i = 0; i < 3; i++) {
        buf_free(&head[i]);
        buf_free(&tail[i]);
    }
}

/* What a BIOS runs is in the first sector, and its partition lies in the gap before the ESP. */
static void gpt_make_with_bios_boot_partition(void **state)
{
    struct buf head = { 0 }, tail = { 0 }, plain = { 0 }, plain_tail = { 0 };
    uint8_t code[GPT_BOOT_CODE];

    (void)state;
    memset(code, 0x5a, sizeof(code));
    gpt_make("seed", SECTORS, code, &head, &tail);
    gpt_make("seed", SECTORS, NULL, &plain, &plain_tail);
    assert_memory_equal(head.data, code, sizeof(code));
    assert_memory_equal(head.data + 440, plain.data + 440, 72);
    const char *entries = head.data + 2 * GPT_SECTOR;

    header_is_sound(head.data + GPT_SECTOR, entries, 1);
    assert_memory_equal(entries, plain.data + 2 * GPT_SECTOR, 128);
    assert_memory_equal(entries + 128, "Hah!IdontNeedEFI", 16);
    assert_true(get64(entries + 128 + 32) >= GPT_HEAD_SECTORS);
    assert_int_equal(get64(entries + 128 + 40), get64(entries + 32) - 1);
    buf_free(&head);
    buf_free(&tail);
    buf_free(&plain);
    buf_free(&plain_tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpt_make_both_ends_are_sound),
        cmocka_unit_test(gpt_make_same_seed_same_bytes),
        cmocka_unit_test(gpt_make_with_bios_boot_partition),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
