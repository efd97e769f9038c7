/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block devices. `params` names what is served (target.h), `mode` whether the guest may write.
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

static enum hotplug_result claim_target(struct store *store, struct backend *backend)
{
    char params[BACKEND_VALUE_MAX];
    struct target target;
    const char *why;
    int readonly = is_readonly(store, backend);

    if (backend_read(store, backend, "params", params) < 0 || target_parse(params, &target) < 0) {
        return backend_fail(store, backend, "target",
                            "write /dev/NAME, /dev/NAME:/PATH or /images/PATH");
    }
    int fd = target_open(&target, readonly, backend->attempts++, &why);

    if (fd < 0 && (errno == ENOENT || errno == ENXIO)) {
        return HOTPLUG_LATER;
    }
    if (fd < 0) {
        return backend_fail(store, backend, "target", "%.120s: %s: %s", params, why,
                            strerror(errno));
    }
    backend->claim = claim_take(fd, target.device, readonly, &why);
    int error = errno;

    close(fd);
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

static void vbd_adopt(struct store *store, struct backend *backend)
{
    char path[BACKEND_VALUE_MAX];

    if (backend->claim != NULL
        || backend_read(store, backend, "physical-device-path", path) < 0) {
        return;
    }
    if (strncmp(path, "/dev/loop", 9) == 0) {
        backend->claim = claim_adopt_loop(path, is_readonly(store, backend));
    }
    if (backend->claim == NULL && claim_target(store, backend) != HOTPLUG_DONE) {
        fprintf(stderr, "backendd: %s: in use, but %s could not be claimed again\n", backend->path,
                path);
    }
}

static void vbd_release(struct backend *backend)
{
    claim_release(backend->claim);
    backend->claim = NULL;
}

const struct backend_kind backend_vbd = {
    .type = "vbd",
    .late = "there is no such device; correct target, or add its driver's fragment to the image",
    .hotplug = vbd_hotplug,
    .adopt = vbd_adopt,
    .release = vbd_release,
};
