/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of the logic of `bh run`: console lines, score, verdict, places to tamper with. */
#include "config.h"
#include "console.h"
#include "scenario.h"
#include "tamper.h"
#include "tamper_disk.h"
#include "verify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- console ----------------------------------------------------------------------------------- */
static char got[4096];

static void collect(void *context, int origin, const char *text)
{
    (void)context;
    snprintf(got + strlen(got), sizeof(got) - strlen(got), "[%d:%s]", origin, text);
}

static void feed(const char *bytes, size_t step)
{
    struct console console;

    got[0] = '\0';
    console_init(&console, collect, NULL);
    for (size_t at = 0; at < strlen(bytes); at += step) {
        size_t left = strlen(bytes) - at;

        console_feed(&console, bytes + at, left < step ? left : step);
    }
    console_flush(&console);
}

static void feed_prefixed_lines_gives_origins(void **state)
{
    (void)state;
    for (size_t step = 1; step < 40; step++) {
        feed("Booting\r\n(XEN) up\n(d5) hello\n(d12)\n(d0) x\n(dx) y\nrest", step);
        assert_string_equal(got, "[-1:Booting][0:up][5:hello][12:][-1:(d0) x][-1:(dx) y][-1:rest]");
    }
}

static void feed_escapes_removed(void **state)
{
    (void)state;
    feed("\033[2J\033[01;01Ha\033[0mb\033=c\x07\n", 1);
    assert_string_equal(got, "[-1:abc]");
}

static void feed_endless_line_is_cut(void **state)
{
    static char line[3 * CONSOLE_LINE_MAX];

    (void)state;
    memset(line, 'a', sizeof(line) - 1);
    feed(line, 100);
    assert_int_equal(got[0], '[');
    assert_non_null(strstr(got, "]["));
}

/* -- scenario ---------------------------------------------------------------------------------- */
static char said[8192];

static void listen(void *context, const char *text)
{
    (void)context;
    snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", text);
}

static struct config config = {
    .domain_count = 3,
    .domain = { { 1, (char[]){ "xenstore" } }, { 4, (char[]){ "attest" } },
                { 5, (char[]){ "guest" } } },
};

static const char *const good_steps[] = {
    "userspace ok kernel=6.1", "disk ok x", "net ok x", "write ok x", "refuse-evtchn-netdd ok x",
    "refuse-evtchn-stordd ok x", "refuse-grant ok x", "refuse-domctl ok x",
    "refuse-setenforce ok x", "refuse-xenstore ok x", "done",
};

static const char *const good_avc[] = { "event", "grant_op", "domctl", "flask_op", "xenstore" };

static void play(struct scenario *s, int without_step, int without_avc)
{
    char line[200];

    said[0] = '\0';
    scenario_init(s, &config, listen, NULL);
    for (int i = 0; i < 5; i++) {
        snprintf(line, sizeof(line), "avc:  denied  { x } for domid=5 scontext=a:b:guest_t "
                 "tcontext=a:b:c tclass=%s", good_avc[i]);
        if (i != without_avc) {
            scenario_line(s, i == 4 ? 1 : 0, line);
        }
    }
    for (int i = 0; i < 11; i++) {
        snprintf(line, sizeof(line), "SCENARIO %s", good_steps[i]);
        if (i != without_step) {
            scenario_line(s, 5, line);
        }
    }
}

static void judge_complete_run_holds(void **state)
{
    struct scenario s;

    (void)state;
    play(&s, -1, -1);
    assert_int_equal(scenario_judge(&s), 0);
    assert_true(s.done);
}

static void judge_missing_piece_is_named(void **state)
{
    struct scenario s;

    (void)state;
    for (int i = 0; i < 11; i++) {
        play(&s, i, -1);
        assert_int_equal(scenario_judge(&s), 1);
        assert_non_null(strstr(said, "expected:"));
    }
    for (int i = 0; i < 5; i++) {
        play(&s, -1, i);
        assert_int_equal(scenario_judge(&s), 1);
        assert_non_null(strstr(said, "AVC line"));
    }
}

static void line_failed_step_never_becomes_ok(void **state)
{
    struct scenario s;

    (void)state;
    play(&s, 1, -1);
    scenario_line(&s, 5, "SCENARIO disk FAIL no device");
    scenario_line(&s, 5, "SCENARIO disk ok again");
    assert_int_equal(scenario_judge(&s), 1);
}

static void line_of_other_domain_does_not_count(void **state)
{
    struct scenario s;

    (void)state;
    play(&s, 1, 0);
    scenario_line(&s, 4, "SCENARIO disk ok forged");
    scenario_line(&s, 5, "avc:  denied  { x } for domid=5 scontext=a tcontext=a tclass=event");
    scenario_line(&s, 0, "avc:  denied  { x } for domid=3 scontext=a tcontext=a tclass=event");
    scenario_line(&s, -1, "SCENARIO disk ok forged");
    assert_int_equal(scenario_judge(&s), 2);
}

static void line_panic_and_ready_are_seen(void **state)
{
    struct scenario s;

    (void)state;
    scenario_init(&s, &config, listen, NULL);
    scenario_line(&s, 5, "attest-agent: ready on port 0x2f8");
    scenario_line(&s, 4, "attest-agent: no TPM");
    assert_false(s.attest_ready);
    scenario_line(&s, 4, "attest-agent: ready on port 0x2f8");
    assert_true(s.attest_ready);
    scenario_line(&s, 0, "Bulkhead 0.1.0");
    scenario_line(&s, 5, "Kernel panic - not syncing");
    assert_false(s.dead);
    assert_false(s.crashed);
    scenario_line(&s, 0, "domain 3 netdd: shut down, power off");
    assert_false(s.crashed);
    scenario_line(&s, 0, "domain 3 netdd: shut down, crash");
    assert_true(s.crashed);
    scenario_line(&s, 0, "panic: out of memory");
    assert_true(s.dead);
}

/* -- verdict ----------------------------------------------------------------------------------- */
static void names_component_in_fail_line_only(void **state)
{
    (void)state;
    assert_true(verify_names("hypervisor 9 ok x\nFAIL policy (PCR 21): changed: expected a, found b\n"
                             "verdict: FAIL\n", "policy"));
    assert_false(verify_names("policy 21 ok x\nFAIL cmdline (PCR 21): changed\nverdict: FAIL\n",
                              "policy"));
    assert_false(verify_names("FAIL policy (PCR 21): changed\nverdict: PASS\n", "policy"));
    assert_false(verify_names("FAIL policy-kinds (PCR 9): x\nverdict: FAIL\n", "policy"));
    assert_false(verify_names("FAIL poli", "policy"));
    assert_false(verify_names("", "policy"));
}

/* -- tampering --------------------------------------------------------------------------------- */
static void find_policy_skips_names_in_use(void **state)
{
    uint8_t policy[128] = { 0 };

    (void)state;
    policy[8] = 7;
    memcpy(policy + 24, "guest_t", 7);
    policy[40] = 6;
    memcpy(policy + 56, "free_t", 6);
    assert_int_equal(tamper_find_policy(policy, sizeof(policy), (const uint8_t *)"xguest_t", 8),
                     56 + 5);
    assert_int_equal(tamper_find_policy(policy, 40, (const uint8_t *)"xguest_t", 8), -1);
    policy[40] = 5;
    assert_int_equal(tamper_find_policy(policy, sizeof(policy), (const uint8_t *)"xguest_t", 8),
                     -1);
}

static void find_elf_byte_is_not_loaded(void **state)
{
    uint8_t elf[400] = { 0 };
    Elf32_Ehdr head = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32 }, .e_phoff = 52, .e_phnum = 1 };
    Elf32_Phdr ph = { .p_type = PT_LOAD, .p_offset = 100, .p_filesz = 290 };

    (void)state;
    memcpy(elf, &head, sizeof(head));
    memcpy(elf + 52, &ph, sizeof(ph));
    assert_int_equal(tamper_find_elf(elf, sizeof(elf)), 399);
    assert_int_equal(tamper_find_elf(elf, 390), 99);
    head.e_phoff = 1000;
    memcpy(elf, &head, sizeof(head));
    assert_int_equal(tamper_find_elf(elf, sizeof(elf)), -1);
    assert_int_equal(tamper_find_elf((const uint8_t *)"no", 2), -1);
}

static void grub_line_grows_into_padding(void **state)
{
    static uint8_t image[4096];
    const char *text = "set timeout=0\n  multiboot2 /boot/bulkhead console=com1\nboot\n";

    (void)state;
    memset(image, 0, sizeof(image));
    memcpy(image + 1000, "boot/grub/grub.cfg", 18);
    memcpy(image + 1000 + 257, "ustar  ", 7);
    snprintf((char *)image + 1000 + 124, 12, "%011zo", strlen(text));
    memcpy(image + 1512, text, strlen(text));
    assert_int_equal(tamper_grub(image, sizeof(image), " evil=1"), 0);
    assert_non_null(strstr((char *)image + 1512, "bulkhead console=com1 evil=1\nboot\n"));
    assert_int_equal(strtoul((char *)image + 1000 + 124, NULL, 8), strlen(text) + 7);

    char *big = calloc(1, 600);

    assert_non_null(big);
    memset(big, 'x', 599);
    assert_int_equal(tamper_grub(image, sizeof(image), big), -1);
    free(big);
    assert_int_equal(tamper_grub(image, 1200, " a"), -1);
}

static void efi_cmdline_grows_in_its_section(void **state)
{
    uint8_t pe[1024] = { 'M', 'Z' };
    uint8_t *table = pe + 64 + 24 + 240, *text = pe + 600;

    (void)state;
    pe[0x3c] = 64;
    memcpy(pe + 64, "PE", 2);
    pe[64 + 6] = 2;
    pe[64 + 20] = 240;
    memcpy(table, ".hv", 3);
    memcpy(table + 40, ".cmdline", 8);
    table[48] = 32;
    memcpy(table + 60, (uint8_t[]){ 600 & 255, 600 >> 8 }, 2);
    strcpy((char *)text, "console=com1");
    assert_int_equal(tamper_efi_cmdline(pe, sizeof(pe), " evil=1"), 0);
    assert_string_equal((char *)text, "console=com1 evil=1");
    assert_int_equal(tamper_efi_cmdline(pe, sizeof(pe), " 0123456789ab"), -1);
    assert_int_equal(tamper_efi_cmdline(pe, 631, " a"), -1);
    assert_int_equal(tamper_efi_cmdline(pe, 400, " a"), -1);
    assert_int_equal(tamper_efi_cmdline(pe, 10, " a"), -1);
    table[40] = ',';
    assert_int_equal(tamper_efi_cmdline(pe, sizeof(pe), " a"), -1);
}

static void esp_offset_reads_gpt(void **state)
{
    static uint8_t disk[34 * 512];
    const uint8_t type[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                               0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

    (void)state;
    assert_int_equal(tamper_esp_offset(disk, sizeof(disk)), 0);
    memcpy(disk + 512, "EFI PART", 8);
    disk[512 + 72] = 2;
    disk[512 + 80] = 128;
    disk[512 + 84] = 128;
    assert_int_equal(tamper_esp_offset(disk, sizeof(disk)), 0);
    memcpy(disk + 1024 + 128, type, 16);
    disk[1024 + 128 + 33] = 8;
    assert_int_equal(tamper_esp_offset(disk, sizeof(disk)), 2048 * 512);
    disk[512 + 72] = 0xff;
    assert_int_equal(tamper_esp_offset(disk, sizeof(disk)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feed_prefixed_lines_gives_origins),
        cmocka_unit_test(feed_escapes_removed),
        cmocka_unit_test(feed_endless_line_is_cut),
        cmocka_unit_test(judge_complete_run_holds),
        cmocka_unit_test(judge_missing_piece_is_named),
        cmocka_unit_test(line_failed_step_never_becomes_ok),
        cmocka_unit_test(line_of_other_domain_does_not_count),
        cmocka_unit_test(line_panic_and_ready_are_seen),
        cmocka_unit_test(names_component_in_fail_line_only),
        cmocka_unit_test(find_policy_skips_names_in_use),
        cmocka_unit_test(find_elf_byte_is_not_loaded),
        cmocka_unit_test(grub_line_grows_into_padding),
        cmocka_unit_test(efi_cmdline_grows_in_its_section),
        cmocka_unit_test(esp_offset_reads_gpt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
