/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer entry of the policy reader: the input is an image. A refusal must name a section and an offset
 * within the image; an image that is taken is asked everything that walks its tables; in both cases the
 * reader stays within the memory it promises. `make fuzz-policy` runs it over the policies of the unit
 * tests, `make test` over the kept corpus.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <flask/services.h>
#include <xsm/xsm.h>

#include "../../xsm-flask/host/env.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The arena's promise, and what a load takes beside it: structures of fixed size, 13 initial contexts. */
#define LOAD_BYTES(size) (((size_t)1 << 20) + 16 * (size) + (64U << 10))

static void require(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "policy fuzzer: not so: %s\n", what);
        abort();
    }
}

static void check_refusal(int rc, const struct xsm_error *err, size_t size)
{
    if (size > XSM_POLICY_SIZE_MAX) {
        require(rc == -E2BIG, "an image above the limit is refused unread");
        return;
    }
    require(rc == -EINVAL || rc == -E2BIG, "a refusal is one of content or size");
    require(err->section != NULL && err->section[0] != '\0', "a refusal names a section");
    require(err->expected != NULL && err->expected[0] != '\0', "a refusal says what was expected");
    require(err->offset <= size, "a refusal's offset is within the image");
}

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
                (void)xsm_change_sid(s, t, c, &sid);
                (void)xsm_validate_transition(s, t, s, c);
            }
        }
    }
    for (i = 0; xsm_boolean_set(i, i % 2 == 0) == 0; i++) {
    }
    (void)xsm_boolean_commit();
    (void)xsm_ioport_sid(0x3f8, &sid);
    (void)xsm_iomem_sid(0xfee00, &sid);
    (void)xsm_pirq_sid(33, &sid);
    (void)xsm_device_sid(0xc800, &sid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xsm_error err = { 0 };
    size_t before;
    int rc;

    require(xsm_init(1) == 0, "the engine starts");
    before = host_env_bytes;
    rc = xsm_policy_load(data, size, &err);
    require(host_env_bytes - before <= LOAD_BYTES(size), "a load stays within its memory");
    if (rc == 0) {
        require(current_policy->db.arena.used <= ((size_t)1 << 20) + 16 * size, "so does the policy");
        ask();
        /* A second load converts the SIDs of the first. */
        require(xsm_policy_load(data, size, NULL) == 0, "what was taken once is taken again");
    } else {
        check_refusal(rc, &err, size);
        require(!xsm_policy_loaded(), "what was refused is not in force");
    }
    xsm_fini();
    require(host_env_live == 0 && host_env_locked == 0, "nothing is left behind");
    return 0;
}
