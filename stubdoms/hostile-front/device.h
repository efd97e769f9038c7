/* SPDX-License-Identifier: Apache-2.0 */
/* The front end of one device, as far as an attacker needs it. */
#ifndef HOSTILE_FRONT_DEVICE_H
#define HOSTILE_FRONT_DEVICE_H

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/xen.h>

#include <public/io/xenbus.h>

struct device {
    char front[64], back[96]; /* its folders in XenStore */
    domid_t backend;
    evtchn_port_t port;       /* 0: none */
};

struct attack {
    const char *name;
    void (*run)(struct device *dev);
};

/** The first device of a kind ("vbd", "vif"). @return whether there is one */
bool device_find(struct device *dev, const char *kind);
/** Write a node of the front end; text of any kind. */
void device_write(const struct device *dev, const char *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void device_state(const struct device *dev, enum xenbus_state state);
/** Wait until the back end is in a state, at most @ms. */
bool device_wait(const struct device *dev, enum xenbus_state state, unsigned int ms);
/** A page of zeroes that the back end may map. */
void *device_share(const struct device *dev, grant_ref_t *ref);
/** A new port for the back end, in the node event-channel. */
void device_port(struct device *dev);
/** Close the old connection and make ready for a new one. @return whether the back end took part */
bool device_restart(struct device *dev);
/** Run attacks in their order, each on a device that was made ready. */
void device_attack(struct device *dev, const char *kind, const struct attack *attacks, size_t count);

/** Some number. */
uint64_t any(void);
/** Send for so long, as fast as can be. */
void storm(const struct device *dev, unsigned int ms);
/** States one after the other, as they come, and numbers that are none. */
void device_flap(struct device *dev);

#endif
