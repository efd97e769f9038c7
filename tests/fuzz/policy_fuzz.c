/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer entry of the policy reader: the input is an image; when it is taken, everything that walks its
 * tables is asked. `make fuzz-policy` runs it, FUZZ_SECONDS long, over the policies of the unit tests.
 */
#include <stdint.h>
#include <stdlib.h>

#include <xsm/xsm.h>

#include "../../xsm-flask/host/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(void)
{
    static const char *const contexts[] = { "u0:r0:t1:s0:c0.c3-s1:c0.c7", "u0:object_r:t1",
                                            "system_u:system_r:dom0_t" };
    xsm_sid_t s, t, sid;
    struct xsm_av av;
    char text[1024];
    uint16_t c;
    uint32_t i;

    for (i = 0; i < 3; i++) {
        size_t n = 0;

        while (contexts[i][n] != '\0') {
            n++;
        }
        (void)xsm_context_to_sid(contexts[i], n, &sid);
    }
    for (s = 1; s <= XSM_SID_INITIAL_COUNT + 2; s += 2) {
        (void)xsm_sid_to_context(s, text, sizeof(text), NULL);
        for (t = 1; t <= XSM_SID_INITIAL_COUNT + 2; t += 3) {
            for (c = 1; c <= SECCLASS_COUNT; c++) {
                (void)xsm_compute_av(s, t, c, &av);
                (void)xsm_check_noaudit(s, t, c, 1);
                (void)xsm_transition_sid(s, t, c, &sid);
                (void)xsm_member_sid(s, t, c, &sid);
                (void)xsm_validate_transition(s, t, s, c);
            }
        }
    }
    for (i = 0; xsm_boolean_set(i, i % 2 == 0) == 0; i++) {
    }
    (void)xsm_boolean_commit();
    (void)xsm_ioport_sid(0x3f8, &sid);
    (void)xsm_iomem_sid(0xfee00, &sid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xsm_error err = { 0 };
    int rc;

    (void)xsm_init(1);
    rc = xsm_policy_load(data, size, &err);
    if (rc == 0) {
        ask();
        /* A second load converts the SIDs of the first. */
        (void)xsm_policy_load(data, size, NULL);
    } else if (err.section == NULL || err.expected == NULL || err.offset > size) {
        abort();
    }
    xsm_fini();
    if (host_env_live != 0 || host_env_locked != 0) {
        abort();
    }
    return 0;
}
