/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What GRUB is told to do and what it is expected to measure are two lists of the same thing. The
 * order of events is that of an event log taken under OVMF with GRUB 2.06: of each command its
 * text, then the file it loads, then what follows the file's name.
 */
#include "cmocka_all.h"

#include "../../../tools/bh/build/loader.h"
#include "small_host.h"

static void loader_events_follow_config(void **state)
{
    static struct host host;
    static struct image image;
    struct buf config = { 0 };
    struct loader_event *events;
    char *save = NULL;
    size_t at = 0;

    (void)state;
    small_host(&host);
    small_image(&image, &host);
    loader_config(&image, &config);
    size_t count = loader_events(&image, &events);

    for (char *line = strtok_r(config.data, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        assert_true(at < count);
        assert_int_equal(events[at].kind, LOADER_COMMAND);
        assert_string_equal(events[at].text, line);
        at++;
        if (strcmp(line, "boot") == 0) {
            break;
        }
        assert_true(at + 1 < count);
        char *file = strstr(line, "/boot/");

        assert_non_null(file);
        assert_int_equal(events[at].kind, LOADER_FILE);
        assert_int_equal(strncmp(events[at].text, file, strlen(events[at].text)), 0);
        const char *rest = file + strlen(events[at].text);

        at++;
        assert_int_equal(events[at].kind, LOADER_COMMAND);
        assert_string_equal(events[at].text, *rest == ' ' ? rest + 1 : "");
        at++;
    }
    assert_int_equal(at, count);
    assert_string_equal(events[0].text, "multiboot2 /boot/bulkhead console=com1 loglvl=info");
    assert_string_equal(events[1].component, "hypervisor");
    assert_string_equal(events[2].text, "console=com1 loglvl=info");
    assert_string_equal(events[4].text, "/boot/manifest.dtb");
    loader_events_free(events, count);
    buf_free(&config);
    image_free(&image);
    host_free(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loader_events_follow_config),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
