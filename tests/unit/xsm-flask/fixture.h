/* SPDX-License-Identifier: Apache-2.0 */
/* Policy images for the tests of the engine; built by files.mk into FLASK_TEST_DIR. */
#ifndef TEST_XSM_FLASK_FIXTURE_H
#define TEST_XSM_FLASK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <xen/types.h>
#include <xsm/xsm.h>

struct image {
    uint8_t *data;               /* malloc'd to exactly `size` bytes, so that ASan sees one too far */
    size_t size;
};

/** A file of FLASK_TEST_DIR, or of FLASK_POLICY_DIR when the name starts with '@'. Fails the test. */
struct image image_read(const char *name);
void image_free(struct image *i);

/** Initialise the engine with 2 CPUs and load a policy; fails the test. */
void engine_start(const char *name);
/** Undo it and assert that no allocation is left. */
void engine_stop(void);

/** SID of a context text; fails the test when there is none. */
xsm_sid_t sid_of(const char *context);

/* Audit lines since engine_start(); the last one in full. */
extern unsigned int audit_count;
extern char audit_last[2048];

#endif
