/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of front ends with back ends, when one of the two domains dies and comes back.
 *
 * A link is a device of the seed: a front end's folder and a back end's. When a domain is gone, its subtree is put back to the
 * seed's, and so are the folders of front ends that it served. What a front end's kernel holds then is a connection with
 * nobody; it makes a new one only in the way it does after a restore, so its domain is taken through one:
 *
 *   RUNNING -> (a server of its is gone, and back: its back ends wait, InitWait): HELD -> control/shutdown = suspend: ASKED
 *           -> it is suspended: all its other back ends are made to let go and wait: SUSPENDED -> resumed: RUNNING
 *
 * It is asked only when its other links are at rest. Linux freezes its tasks in the thread that would bring a device's connection to
 * its end; a task that waits for a disk which is just being connected cannot be frozen, so that each of them would wait for the other
 * until Linux gives up. One that waits for a disk whose server is away would make it give up, too.
 *
 * A link with the node `reconnect` = "ring" needs none of this. Its front end's folder stays, and the back end that comes takes up
 * the ring where the former one left it: it answers what has no answer yet, and the front end notices nothing. That is right only
 * for a server that answers in the order of the requests: an answer takes its request's place in the ring, so that where a later one
 * was answered first, the one that is lost is not there to be read again.
 *
 * A back end that says `reattach` = 1 in its own folder needs none of that: its next life takes up the front end's rings as they are.
 * Then the front end's folder is left alone, and its domain is not told. (Who says so and does not do it harms those it serves, as
 * it may without; a server that dies before it has said anything again is believed what it said before.)
 *
 * A link whose other side lives is taken down as a toolstack does it: the front end's state says Closed until the back end's does,
 * then Initialising until the back end's says InitWait.
 *
 * Writing control/shutdown and states of front ends needs no right that this service has not got: it holds every node. That a
 * domain is suspended, and that it goes on, is the hypervisor's to say, and its policy's (domctl getdomaininfo, resumedomain).
 * Nobody is waited for without an end: a back end that does not answer, or a domain that does not suspend, costs time and a line.
 */
#ifndef XENSTORE_REPLUG_H
#define XENSTORE_REPLUG_H

#include "server.h"

#define REPLUG_LINKS_MAX 256u
#define REPLUG_PATH_MAX 96u
#define REPLUG_LINK_NS UINT64_C(10000000000)  /* that a back end may take to let go, or to come */
#define REPLUG_REST_NS UINT64_C(30000000000)  /* that a domain's other links may take to come to rest before it is asked to suspend */
#define REPLUG_ASK_NS UINT64_C(30000000000)   /* that a domain may take to suspend; Linux gives up after 20 s */

enum replug_domain { REPLUG_GONE, REPLUG_RUNNING, REPLUG_SUSPENDED };

struct replug_ops {
    /** What the hypervisor says of a domain. */
    enum replug_domain (*state)(void *arg, uint16_t domid);
    /** Have a suspended domain go on: 0 or a negative XEN_E* number. */
    int (*resume)(void *arg, uint16_t domid);
};

enum link_state {
    LINK_IDLE,                       /* both sides do as they like */
    LINK_CLOSING,                    /* the back end is to let go */
    LINK_OPENING,                    /* the back end is to wait for a front end */
    LINK_READY,                      /* it waits */
};

struct replug_link {
    uint16_t front, back;            /* domains */
    char front_path[REPLUG_PATH_MAX];
    char back_path[REPLUG_PATH_MAX];
    bool keeps_ring;                 /* reconnect = ring */
    enum link_state state;
    bool reattach;                   /* the back end takes up what its former life has left */
    bool cut;                        /* its front end was connected when the back end's domain went */
    uint64_t since_ns;
};

enum replug_phase { REPLUG_IDLE, REPLUG_HELD, REPLUG_ASKED, REPLUG_RESUMING };

/* A domain with front ends. */
struct replug_client {
    uint16_t domid;
    enum replug_phase phase;
    uint64_t since_ns;
};

struct replug {
    struct server *server;
    const uint8_t *seed;
    size_t seed_size;
    const struct replug_ops *ops;
    void *arg;
    struct replug_link links[REPLUG_LINKS_MAX];
    unsigned int link_count;
    struct replug_client clients[REPLUG_LINKS_MAX];
    unsigned int client_count;
};

/** Find the links of a seed that has been loaded. @return false: there are too many, or one's path is too long */
bool replug_init(struct replug *r, struct server *s, const uint8_t *seed, size_t size, const struct replug_ops *ops,
                 void *arg);

/** A domain is gone, and its connection detached. */
void replug_gone(struct replug *r, uint16_t domid);

/** May this domain be served, or are its back ends still busy with its former life? */
bool replug_may_serve(const struct replug *r, uint16_t domid);

/** Go on with what is under way: when nodes have changed, domains come and gone, time passed. @return whether time matters */
bool replug_run(struct replug *r);

#endif
