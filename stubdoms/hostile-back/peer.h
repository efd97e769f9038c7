/* SPDX-License-Identifier: Apache-2.0 */
/* The back end of one device, as far as an attacker needs it. */
#ifndef HOSTILE_BACK_PEER_H
#define HOSTILE_BACK_PEER_H

#include <runtime/evtchn.h>
#include <runtime/grant.h>
#include <runtime/xen.h>

#include <public/io/xenbus.h>

struct peer {
    char back[64], front[96]; /* the folders in XenStore */
    domid_t guest;
    evtchn_port_t port;
};

/** Every device of a kind ("vbd", "vif") that is to be served; number counts them. */
void peer_each(const char *kind, void (*serve)(const struct peer *p, unsigned int number));
void peer_write(const struct peer *p, const char *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void peer_state(const struct peer *p, enum xenbus_state state);
/** Wait until the front end is in this state or a later one. */
bool peer_wait(const struct peer *p, enum xenbus_state state, unsigned int ms);
/** The page whose reference the front end wrote; NULL: none. */
void *peer_map(const struct peer *p, const char *node);
bool peer_bind(struct peer *p);
void peer_notify(const struct peer *p);
void pause_ms(unsigned int ms);
/** What is done in pauses, too; NULL: nothing. */
extern void (*peer_idle)(void);
uint64_t any(void);
/** Attacks that are the same for all. */
void peer_storm(const struct peer *p);
/** Any states, but never those of the mask `but`, a bit for each. */
void peer_flap(const struct peer *p, unsigned int but);
void scribble(void *page);

#define PEERS_MAX 16u

/** Connect to a device's front end, as a good back end would; number counts the devices of its kind. */
void vbd_serve(const struct peer *p, unsigned int number);
void vif_serve(const struct peer *p, unsigned int number);
/** Then attack them all. */
void vbd_attack(void);
void vif_attack(void);

#endif
