/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a peer of the control domain may send: frames, JSON in them, requests. Twice each: with everything allowed, so that all of
 * it is reached, and with nothing, when nothing may happen.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/control/fake_host.h"
#include "manifest_elf_runner.h"

bool fuzz_seed_accepted;

static const char *const requests[] = {
    "{\"version\":1,\"id\":\"1\",\"op\":\"hello\"}",
    "{\"version\":1,\"id\":\"2\",\"op\":\"status\"}",
    "{\"version\":1,\"id\":\"3\",\"op\":\"restart\",\"domain\":\"stordd\"}",
    "{\"version\":1,\"id\":\"4\",\"op\":\"attach-disk\",\"domain\":\"guest\",\"name\":\"xvdb1\",\"backend\":\"stordd\","
    "\"target\":\"/dev/ram0\",\"mode\":\"rw\"}",
    "{\"version\":1,\"id\":\"5\",\"op\":\"attach-interface\",\"domain\":\"guest\",\"name\":\"eth1\",\"backend\":\"netdd\","
    "\"ip\":\"10.0.0.9\"}",
    "{\"version\":1,\"id\":\"6\",\"op\":\"detach-disk\",\"domain\":\"guest\",\"name\":\"xvdb1\"}",
    "{\"version\":1,\"id\":\"7\",\"op\":\"enroll\",\"certificate\":\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END\"}",
};

size_t fuzz_seed(uint8_t *buf, size_t max)
{
    size_t at = 0;

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        size_t n = strlen(requests[i]);

        if (at + n + 8 > max) {
            abort();
        }
        memcpy(buf + at, "BHC1\0\0\0", 7);
        buf[at + 7] = (uint8_t)n;
        memcpy(buf + at + 8, requests[i], n);
        at += n + 8;
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct role role = { "admin", "system_u:system_r:admin_operator_t" };
    static char reply[1 << 16];
    struct session s = { .who = "alice", .via = "tls", .role = &role };

    fake_host_reset();
    (void)fake_peer(&s, data, size, reply, sizeof(reply));
    if (fake_host.acts != 0) {
        abort();
    }
    fake_host_reset();
    memset(fake_host.allowed, 0xff, sizeof(fake_host.allowed));
    (void)fake_peer(&s, data, size, reply, sizeof(reply));
    fuzz_seed_accepted = fuzz_seed_accepted || fake_host.acts > 10;
    return 0;
}
