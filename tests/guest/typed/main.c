/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is typed on the host's serial console reaches the domain that may read it, all of it, however late it reads.
 *
 * Source: Xen ABI, CONSOLEIO_read; PC16550D datasheet: the port holds 16 characters. A correct hypervisor hands over line after
 * line, and leaves in the port what it has no room for. With a broken one the pin of the I/O APIC leads nowhere, as where
 * interrupts are remapped and its entry is not; or what nobody has read yet is thrown away.
 */
#include "../guest.h"

#include <runtime/start.h>
#include <runtime/tap.h>
#include <runtime/time.h>
#include <string.h>

#include <public/io/console.h>
#include <public/xen.h>

#define LINE "bulkhead\n"
#define LINES 300u /* ../run types as many */
#define ALL (LINES * (sizeof(LINE) - 1))
#define RING sizeof(((struct xencons_interface *)NULL)->in) /* nobody reads it here: it takes the first that come */
#define EARLY 17u /* at most: what the port holds before the hypervisor sets it up, which is lost */
#define LATE_NS (500 * NS_PER_MS)
#define LIMIT_NS (10 * NS_PER_S)

void stub_main(void)
{
    static char text[ALL];
    const unsigned int least = ALL - EARLY - RING;
    unsigned int got = 0, wrong = 0;
    uint64_t end;

    tap_plan(2);
    time_delay_ns(LATE_NS);
    end = time_now_ns() + LIMIT_NS;
    while (got < least && time_now_ns() < end) {
        long n = hc_console_io(CONSOLEIO_read, 63, text + got);

        if (n < 0) {
            break;
        }
        got += (unsigned int)n;
        time_delay_ns(NS_PER_MS);
    }
    tap_ok(got >= least, "%u characters that were typed, of %u", got, least);
    for (unsigned int i = 0; i < got; i++) {
        wrong += i >= sizeof(LINE) - 1 && text[i] != text[i - sizeof(LINE) + 1];
    }
    text[sizeof(LINE) * 2] = '\0';
    tap_ok(wrong == 0 && strstr(text, LINE) != NULL, "each in its place");
    tap_done();
}
