/* SPDX-License-Identifier: Apache-2.0 */
/* Test Anything Protocol output. */
#include <runtime/tap.h>

#include <runtime/console.h>
#include <runtime/start.h>
#include <stdio.h>

#include <public/sched.h>

static unsigned int planned, passed, failed;

void tap_plan(unsigned int count)
{
    planned = count;
    if (count != 0) {
        printk("1..%u\n", count);
    }
}

static void result(bool ok, const char *format, va_list args, const char *tail)
{
    char text[256];

    passed += ok ? 1 : 0;
    failed += ok ? 0 : 1;
    vsnprintf(text, sizeof(text), format, args);
    printk("%s %u - %s%s\n", ok ? "ok" : "not ok", passed + failed, text, tail);
}

bool tap_ok(bool condition, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    result(condition, format, args, "");
    va_end(args);
    return condition;
}

bool tap_is(long got, long want, const char *format, ...)
{
    char tail[64] = "";
    va_list args;

    if (got != want) {
        snprintf(tail, sizeof(tail), " (got %ld, want %ld)", got, want);
    }
    va_start(args, format);
    result(got == want, format, args, tail);
    va_end(args);
    return got == want;
}

void tap_skip(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    passed++;
    printk("ok %u # SKIP %s\n", passed + failed, text);
}

void tap_note(const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printk("# %s\n", text);
}

void tap_done(void)
{
    if (planned == 0) {
        planned = passed + failed;
        printk("1..%u\n", planned);
    }
    if (passed + failed != planned) {
        printk("# planned %u tests but ran %u\n", planned, passed + failed);
        failed++;
    }
    printk("# done: %u passed, %u failed\n", passed, failed);
    domain_shutdown(SHUTDOWN_poweroff);
}
