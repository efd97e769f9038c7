/* SPDX-License-Identifier: Apache-2.0 */
/* What bh writes, the hypervisor's own reader takes, and reads the same. */
#include "cmocka_all.h"

#include "../../../tools/bh/build/manifest.h"
#include "../../../xen/launch/manifest.h"
#include "small_host.h"

#include <public/sched.h>

static void manifest_write_is_read_back(void **state)
{
    static struct host host;
    static struct image image;
    static struct manifest m;
    struct launch_error why = { .text = "" };
    struct diag diag = { 0 };
    struct buf dtb = { 0 };

    (void)state;
    small_host(&host);
    small_image(&image, &host);
    assert_true(manifest_write(&image, &dtb, &diag));
    uint8_t *copy = malloc(dtb.len);

    assert_non_null(copy);
    memcpy(copy, dtb.data, dtb.len);
    if (manifest_parse(copy, dtb.len, image.module_count, &m, &why) != 0) {
        fail_msg("%s", why.text);
    }
    assert_int_equal(m.policy, 1);
    assert_int_equal(m.domain_count, 4);
    /* In start order: the store, nets (5), disks (10), the guest (20). */
    assert_string_equal(m.domain[0].name, "store");
    assert_string_equal(m.domain[1].name, "nets");
    assert_string_equal(m.domain[2].name, "disks");
    const struct manifest_domain *d = &m.domain[3];

    assert_string_equal(d->name, "guest");
    assert_string_equal(d->label, "system_u:system_r:guest_t");
    assert_string_equal(d->bootargs, "console=hvc0 a=b");
    assert_int_equal(d->domid, 17);
    assert_int_equal(d->weight, 512);
    assert_int_equal(d->cpus, 3);
    assert_int_equal(d->memory_kib, 128 * 1024);
    assert_int_equal(d->max_memory_kib, 256 * 1024);
    assert_true(d->tpm);
    assert_int_equal(d->ioport_count, 2);
    assert_int_equal(d->ioports[0].first, 0x2f8);
    assert_int_equal(d->ioports[0].last, 0x2ff);
    assert_int_equal(d->ioports[1].last, 0x80);
    assert_int_equal(d->kernel, 4);
    assert_int_equal(d->ramdisk, 7);
    assert_int_equal(m.domain[1].restart_on, 1u << SHUTDOWN_reboot | 1u << SHUTDOWN_crash);
    assert_false(m.domain[1].waits_suspended);
    assert_int_equal(d->restart_on, 0);
    assert_true(d->waits_suspended);
    assert_ptr_equal(manifest_with_function(&m, MANIFEST_FUNCTION_XENSTORE), &m.domain[0]);
    free(copy);
    buf_free(&dtb);
    image_free(&image);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(manifest_write_is_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
