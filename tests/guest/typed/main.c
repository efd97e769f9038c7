/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is typed on the host's serial console reaches the domain that may read it: the serial port's interrupt arrives.
 *
 * Source: Xen ABI, CONSOLEIO_read; PC16550D datasheet: the port holds 16 characters. A correct hypervisor hands over line after
 * line. With a broken one the pin of the I/O APIC leads nowhere, as where interrupts are remapped and its entry is not.
 */
#include "../guest.h"

#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <string.h>

#include <public/xen.h>

#define ENOUGH 500u
#define LIMIT_NS (10 * NS_PER_S)

void stub_main(void)
{
    static char text[ENOUGH + 64];
    uint64_t end = time_now_ns() + LIMIT_NS;
    unsigned int got = 0;

    tap_plan(2);
    while (got < ENOUGH && time_now_ns() < end) {
        long n = hc_console_io(CONSOLEIO_read, 63, text + got);

        if (n < 0) {
            break;
        }
        got += (unsigned int)n;
        time_delay_ns(NS_PER_MS);
    }
    tap_ok(got >= ENOUGH, "%u characters that were typed", got);
    text[got] = '\0';
    tap_ok(strstr(text, "bulkhead\nbulkhead\n") != NULL, "lines of them, whole");
    tap_done();
}
