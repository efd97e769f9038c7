/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime tests itself: what of it only shows inside a domain. Prints TAP, powers off; with
 * "overflow" on the command line it runs into the stack's guard page instead, which must crash it.
 */
#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <runtime/trap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char __text_start[], __rodata_start[], __stack_guard[];

static volatile unsigned int events;
static volatile unsigned int ap_ran_on;
static volatile evtchn_port_t ap_port;

static void undefined(void *arg)
{
    (void)arg;
    __asm__ volatile("ud2");
}

static void run_data(void *arg)
{
    __asm__ volatile("call *%0" : : "r"(arg) : "memory");
}

static void test_protection(void)
{
    struct trap_info_rt info;
    uint8_t *page = page_alloc(1);
    uint8_t byte;
    uint64_t value;

    tap_is(trap_read8(NULL, &byte), TRAP_PF, "page 0 is not mapped");
    tap_is(trap_write8(__text_start, 1), TRAP_PF, "text cannot be written");
    tap_is(trap_write8(__rodata_start, 1), TRAP_PF, "read-only data cannot be written");
    tap_is(trap_read8(__stack_guard, &byte), TRAP_PF, "the stack guard is not mapped");
    page[0] = 0xc3;
    tap_is(trap_try(run_data, page, &info), TRAP_PF, "the heap cannot be executed");
    tap_ok((info.error & 0x10) != 0 && info.cr2 == (uintptr_t)page, "that was a fetch from it");
    tap_is(trap_try(undefined, NULL, &info), TRAP_UD, "ud2 is caught");
    tap_is(trap_rdmsr(0x12345678, &value), TRAP_GP, "an unknown MSR is caught");
    page_free(page, 1);
}

static void test_grants(void)
{
    struct grant_map map;
    grant_ref_t ref = 0;
    char *page = page_alloc(1);
    int rc;

    memcpy(page, "shared", 7);
    rc = grant_give(domain_self(), virt_to_gfn(page), true, &ref);
    tap_ok(rc == 0 && ref >= GNTTAB_NR_RESERVED_ENTRIES, "grant to self, ref %u, rc %d", ref, rc);
    rc = grant_map(domain_self(), ref, true, &map);
    if (rc != 0) {
        tap_skip("mapping one's own grant is refused here: rc %d, status %d", rc, map.status);
        return;
    }
    tap_ok(strcmp(map.page, "shared") == 0, "the mapping shows the page");
    tap_is(trap_write8(map.page, 1), TRAP_PF, "a read-only mapping cannot be written");
    tap_is(grant_take_back(ref), -XEN_EBUSY, "a grant in use is not taken back");
    tap_is(grant_unmap(&map), 0, "unmap");
    tap_is(grant_take_back(ref), 0, "then it is");
}

static int compare_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static void test_library(void)
{
    int numbers[] = { 5, 3, 9, 1, 7, 7, 0 };
    void *blocks[50];
    char text[64];
    size_t used = heap_used();

    snprintf(text, sizeof(text), "[%5d|%-5s|%05x|%#lx|%.3s|%+d|%c|%%]", -42, "ab", 0xbeefu, 16ul,
             "abcdef", 7, 'z');
    tap_ok(strcmp(text, "[  -42|ab   |0beef|0x10|abc|+7|z|%]") == 0, "snprintf gives %s", text);
    tap_is(snprintf(text, 4, "%s", "abcdef"), 6, "snprintf tells the whole length");
    tap_ok(strcmp(text, "abc") == 0, "snprintf cuts");
    qsort(numbers, ARRAY_SIZE(numbers), sizeof(numbers[0]), compare_int);
    tap_ok(numbers[0] == 0 && numbers[3] == 5 && numbers[6] == 9, "qsort sorts");
    tap_ok(strtoul("0x1f", NULL, 0) == 31 && strtoul("077", NULL, 0) == 63 &&
           strtoul("12a", NULL, 10) == 12, "strtoul reads three bases");
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        blocks[i] = malloc(i * 97 + 1);
        memset(blocks[i], (int)i, i * 97 + 1);
    }
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        free(blocks[i]);
    }
    tap_is((long)heap_used(), (long)used, "freed memory is free");
    tap_ok(malloc(SIZE_MAX - 8) == NULL && malloc(1ul << 40) == NULL, "too much is refused");
}

static void count_event(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
    events++;
}

static void wait_for_events(unsigned int count)
{
    uint64_t deadline = time_now_ns() + 2 * NS_PER_S;

    while (events < count && time_now_ns() < deadline) {
        (void)event_wait(deadline);
    }
}

static void test_sleep(void)
{
    uint64_t start = time_now_ns(), end = start + 50 * NS_PER_MS;
    evtchn_port_t port = 0;

    while (time_now_ns() < end) {
        (void)event_wait(end);
    }
    tap_ok(time_now_ns() - start < 2 * NS_PER_S, "sleeping 50 ms took %lu ms",
           (unsigned long)((time_now_ns() - start) / NS_PER_MS));
    events = 0;
    tap_is(evtchn_bind_ipi(0, &port), 0, "bind an IPI");
    tap_is(evtchn_send(port), 0, "send it before anybody waits");
    evtchn_set_handler(port, count_event, NULL);
    wait_for_events(1);
    tap_is(events, 1, "an event that came while masked is not lost");
    (void)evtchn_close(port);
}

static void ap_wait(void *arg)
{
    unsigned int *count = arg;
    evtchn_port_t port = 0;

    ap_ran_on = smp_cpu();
    if (evtchn_bind_ipi(smp_cpu(), &port) == 0) {
        evtchn_set_handler(port, count_event, NULL);
        ap_port = port;
        while (events < *count) {
            (void)event_wait(UINT64_MAX);
        }
        (void)evtchn_close(port);
    }
}

static void test_smp(void)
{
    unsigned int count = 20;
    uint64_t deadline;
    int rc;

    if (smp_cpu_count() < 2) {
        tap_skip("one vCPU only");
        return;
    }
    events = 0;
    rc = smp_start(1, ap_wait, &count);
    if (!tap_is(rc, 0, "start vCPU 1")) {
        return;
    }
    deadline = time_now_ns() + 5 * NS_PER_S;
    while (ap_port == 0 && time_now_ns() < deadline) {
        cpu_relax();
    }
    for (unsigned int i = 0; i < count && time_now_ns() < deadline; i++) {
        unsigned int before = events;

        (void)evtchn_send(ap_port);
        while (events == before && time_now_ns() < deadline) {
            cpu_relax();
        }
    }
    tap_is(events, count, "vCPU 1 woke for each of %u events", count);
    if (events == count) {
        smp_wait(1);
        tap_is(ap_ran_on, 1, "it knew its number");
    }
}

static unsigned int overflow(unsigned int depth)
{
    volatile char block[2048];

    block[0] = (char)depth;
    return depth != 0 ? overflow(depth + 1) + (unsigned int)block[0] : 0;
}

void stub_main(void)
{
    char value[8];

    if (start_cmdline_get("overflow", value, sizeof(value))) {
        (void)overflow(1);
    }
    tap_plan(0);
    test_protection();
    test_grants();
    test_library();
    test_sleep();
    test_smp();
    tap_done();
}
