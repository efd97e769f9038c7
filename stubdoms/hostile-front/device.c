/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <runtime/console.h>
#include <runtime/evtchn.h>
#include <runtime/mm.h>
#include <runtime/start.h>
#include <runtime/time.h>
#include <runtime/xenbus.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATE_MS 3000u

uint64_t any(void)
{
    static uint64_t seed = 0x9e3779b97f4a7c15u;

    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed ^ seed >> 29;
}

bool device_find(struct device *dev, const char *kind)
{
    char path[64], names[128] = "", text[16];
    size_t got = 0;

    memset(dev, 0, sizeof(*dev));
    snprintf(path, sizeof(path), "device/%s", kind);
    if (xenbus_request(XS_DIRECTORY, 0, path, strlen(path) + 1, names, sizeof(names) - 1, &got) != 0 || got == 0) {
        return false;
    }
    snprintf(dev->front, sizeof(dev->front), "%s/%s", path, names);
    snprintf(path, sizeof(path), "%s/backend", dev->front);
    if (xenbus_read(0, path, dev->back, sizeof(dev->back)) != 0) {
        return false;
    }
    snprintf(path, sizeof(path), "%s/backend-id", dev->front);
    (void)xenbus_read(0, path, text, sizeof(text));
    dev->backend = (domid_t)strtoul(text, NULL, 10);
    return true;
}

void device_write(const struct device *dev, const char *node, const char *format, ...)
{
    char path[96], value[96];
    va_list args;

    snprintf(path, sizeof(path), "%s/%s", dev->front, node);
    va_start(args, format);
    vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    (void)xenbus_write(0, path, value);
}

void device_state(const struct device *dev, enum xenbus_state state)
{
    device_write(dev, "state", "%d", state);
}

bool device_wait(const struct device *dev, enum xenbus_state state, unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;
    char path[112], text[16] = "";

    snprintf(path, sizeof(path), "%s/state", dev->back);
    for (;;) {
        (void)xenbus_read(0, path, text, sizeof(text));
        if (strtoul(text, NULL, 10) == (unsigned long)state) {
            return true;
        }
        if (time_now_ns() > end) {
            return false;
        }
        (void)event_wait(time_now_ns() + 10 * NS_PER_MS);
    }
}

void *device_share(const struct device *dev, grant_ref_t *ref)
{
    void *page = page_alloc(1); /* never given back: the back end may still have it */

    if (page == NULL || grant_give(dev->backend, virt_to_gfn(page), false, ref) != 0) {
        rt_panic("no page to share");
    }
    memset(page, 0, PAGE_SIZE);
    return page;
}

void device_port(struct device *dev)
{
    if (dev->port != 0) {
        (void)evtchn_close(dev->port);
    }
    if (evtchn_alloc_unbound(dev->backend, &dev->port) != 0) {
        rt_panic("no port");
    }
    device_write(dev, "event-channel", "%u", dev->port);
}

bool device_restart(struct device *dev)
{
    static const char *const nodes[] = { "ring-ref", "ring-ref0", "ring-page-order", "multi-queue-num-queues",
                                         "event-channel", "tx-ring-ref", "rx-ring-ref", "protocol" };
    char path[96];

    device_state(dev, XenbusStateClosing);
    device_state(dev, XenbusStateClosed);
    (void)device_wait(dev, XenbusStateClosed, STATE_MS);
    for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
        snprintf(path, sizeof(path), "%s/%s", dev->front, nodes[i]);
        (void)xenbus_rm(0, path);
    }
    device_state(dev, XenbusStateInitialising);
    return device_wait(dev, XenbusStateInitWait, STATE_MS);
}

void device_flap(struct device *dev)
{
    for (unsigned int i = 0; i < 300; i++) {
        device_write(dev, "state", "%u", (unsigned int)(any() >> 7) % 9);
    }
}

void storm(const struct device *dev, unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;

    while (time_now_ns() < end) {
        (void)evtchn_send(dev->port);
    }
}

void device_attack(struct device *dev, const char *kind, const struct attack *attacks, size_t count)
{
    if (!device_find(dev, kind)) {
        printk("HOSTILE %s: there is none\n", kind);
        return;
    }
    if (!device_wait(dev, XenbusStateInitWait, 60000)) {
        printk("HOSTILE %s: its back end does not come\n", kind);
    }
    for (size_t i = 0; i < count; i++) {
        bool ready = i == 0 || device_restart(dev);

        printk("HOSTILE %s: %s%s\n", kind, attacks[i].name, ready ? "" : " (the back end did not start over)");
        attacks[i].run(dev);
    }
}
