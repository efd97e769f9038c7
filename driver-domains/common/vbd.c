/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices. `params` names what is served (target.h), `mode` whether the guest may write, `format` how a file is to be
 * read. The format is never found out from the content, which a guest writes.
 * blkback opens the numbers in `physical-device`, so they are taken from the claimed device itself
 * and not from its name a second time.
 */
#include "backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "claim.h"
#include "target.h"

static int is_readonly(struct store *store, const struct backend *backend)
{
    char text[BACKEND_VALUE_MAX];

    return backend_read(store, backend, "mode", text) < 0 || strcmp(text, "w") != 0;
}

/* @return 0; -1 it is none */
static int format_read(struct store *store, const struct backend *backend, enum claim_format *format)
{
    char text[BACKEND_VALUE_MAX];

    *format = FORMAT_RAW;
    if (backend_read(store, backend, "format", text) < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    *format = strcmp(text, "qcow2") == 0 ? FORMAT_QCOW2 : FORMAT_RAW;
    return *format == FORMAT_QCOW2 || strcmp(text, "raw") == 0 ? 0 : -1;
}

static enum hotplug_result claim_target(struct store *store, struct backend *backend)
{
    char params[BACKEND_VALUE_MAX];
    enum claim_format format;
    struct target target;
    const char *why;
    int readonly = is_readonly(store, backend);

    if (backend_read(store, backend, "params", params) < 0 || target_parse(params, &target) < 0) {
        return backend_fail(store, backend, "target",
                            "write /dev/NAME, /dev/NAME:/PATH or /images/PATH");
    }
    if (format_read(store, backend, &format) < 0) {
        return backend_fail(store, backend, "format", "write raw or qcow2");
    }
    if (format != FORMAT_RAW && (target.device[0] == '\0' || target.file[0] == '\0')) {
        return backend_fail(store, backend, "format", "an image that is not raw is /dev/NAME:/PATH; remove format");
    }
    int fd = target_open(&target, readonly, backend->attempts++, &why);

    if (fd < 0 && (errno == ENOENT || errno == ENXIO)) {
        return HOTPLUG_LATER;
    }
    if (fd < 0) {
        return backend_fail(store, backend, "target", "%.120s: %s: %s", params, why,
                            strerror(errno));
    }
    backend->claim = claim_take(fd, target.device, readonly, format, &why);
    int error = errno;

    close(fd);
    if (backend->claim == NULL && error == 0) {
        return backend_fail(store, backend, "target", "%.80s: %s", params, why);
    }
    if (backend->claim == NULL) {
        return backend_fail(store, backend, "target", "%.80s: %s (%s)", params, why,
                            strerror(error));
    }
    return HOTPLUG_DONE;
}

static enum hotplug_result vbd_hotplug(struct store *store, struct backend *backend)
{
    char text[64];

    enum hotplug_result result = backend->claim != NULL ? HOTPLUG_DONE
                                                        : claim_target(store, backend);
    const struct claim *claim = backend->claim;

    if (claim == NULL) {
        return result;
    }
    /* The number last: it is what blkback waits for. */

    snprintf(text, sizeof(text), "%x:%x", major(claim->number), minor(claim->number));
    if (backend_write(store, backend, "physical-device-path", claim->path) < 0
        || backend_write(store, backend, "hotplug-status", "connected") < 0
        || backend_write(store, backend, "physical-device", text) < 0) {
        return backend_fail(store, backend, "physical-device", "%s", strerror(errno));
    }
    printf("backendd: vbd %u/%u: %s connected%s\n", backend->domid, backend->device, claim->path,
           claim->readonly ? ", read only" : "");
    return HOTPLUG_DONE;
}

static enum hotplug_result vbd_adopt(struct store *store, struct backend *backend)
{
    char path[BACKEND_VALUE_MAX];

    if (backend->claim != NULL
        || backend_read(store, backend, "physical-device-path", path) < 0) {
        return HOTPLUG_DONE;
    }
    if (strncmp(path, "/dev/nbd", 8) == 0) {
        backend->claim = claim_adopt_nbd(path, is_readonly(store, backend));
        return backend->claim != NULL ? HOTPLUG_DONE
                                      : backend_fail(store, backend, "target", "%s: its qemu-nbd has ended", path);
    }
    if (strncmp(path, "/dev/loop", 9) == 0) {
        backend->claim = claim_adopt_loop(path, is_readonly(store, backend));
    }
    if (backend->claim == NULL && claim_target(store, backend) != HOTPLUG_DONE) {
        fprintf(stderr, "backendd: %s: in use, but %s could not be claimed again\n", backend->path,
                path);
    }
    return HOTPLUG_DONE;
}

static void vbd_release(struct backend *backend)
{
    claim_release(backend->claim);
    backend->claim = NULL;
}

static enum hotplug_result vbd_look(struct store *store, struct backend *backend)
{
    const char *why;

    if (backend->claim == NULL || backend->claim->format == FORMAT_RAW) {
        return HOTPLUG_DONE;
    }
    if (claim_look(backend->claim, &why) == 0) {
        return HOTPLUG_LATER;
    }
    (void)backend_fail(store, backend, "target", "%s: %s", backend->claim->path, why);
    vbd_release(backend);
    return HOTPLUG_ERROR;
}

const struct backend_kind backend_vbd = {
    .type = "vbd",
    .late = "there is no such device; correct target, or add its driver's fragment to the image",
    .hotplug = vbd_hotplug,
    .adopt = vbd_adopt,
    .look = vbd_look,
    .release = vbd_release,
};
