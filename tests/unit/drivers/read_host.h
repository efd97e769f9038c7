/* SPDX-License-Identifier: Apache-2.0 */
/* What tests share that bend the tables of one host and have them read: all of it is used by each. */
#ifndef TEST_READ_HOST_H
#define TEST_READ_HOST_H

#include <xen/acpi.h>

#include "../measure/fake_log.h"
#include "tables.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct host host;

/** Of each test: a PC as QEMU describes itself. */
static int setup(void **state)
{
    (void)state;
    host_q35(&host, 8);
    fake_log_last[0] = '\0';
    return 0;
}

static int read_host(void)
{
    return acpi_init(HOST_BASE + host.rsdp, host_map);
}

/** The tables as they are now are refused, with this in the last line logged. */
static void expect_refused(int code, const char *text)
{
    assert_int_equal(read_host(), code);
    if (strstr(fake_log_last, text) == NULL) {
        fail_msg("expected \"%s\" in: %s", text, fake_log_last);
    }
}

#endif
