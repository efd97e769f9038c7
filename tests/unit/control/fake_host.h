/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A made-up host below the daemon: five domains, a policy of a table, a XenStore of a list, and a count of everything done. Stands
 * in the place of control/daemon/hyper.c and driver-domains/common/store.c; nanosleep() takes no time but the clock's.
 */
#ifndef CONTROL_FAKE_HOST_H
#define CONTROL_FAKE_HOST_H

#include "../../../control/daemon/session.h"

#define FAKE_STORD 2
#define FAKE_NETDD 3
#define FAKE_CONTROL 4
#define FAKE_GUEST 5

#define FAKE_ROLE_SID 100 /* of system_u:system_r:admin_operator_t */

struct fake_node {
    char path[128], value[256], permissions[64];
};

struct fake_host {
    struct hyper_domain domain[5];
    uint32_t allowed[16]; /* of the role, by the target's sid */
    bool permissive;
    int answer;           /* what acts return */
    unsigned int acts;    /* hypercalls that change something, and writes to XenStore */
    int restarted;        /* domid of the last restart, or -1 */
    bool told_before_restart; /* the peer had its reply when that happened */
    bool comes_back;      /* a restarted domain starts again */
    bool connects;        /* devices connect, and close, at once */
    const char *says, *says_nonce; /* stordd's answer about a PCI function; NULL: none, that of the question */
    char question[32];    /* the last that stordd was asked, without its nonce */
    unsigned int questions; /* looks for its answer */
    unsigned int look_ms;   /* that XenStore takes for each of them */
    bool asked_first;     /* ... before the function was taken */
    bool keeps_nodes;     /* removing does nothing */
    struct fake_node node[64];
    unsigned int node_count;
};

extern struct fake_host fake_host;

/** The host as it is before anything was asked: everything running, nothing allowed. */
void fake_host_reset(void);
const struct fake_node *fake_node(const char *path);

/**
 * Have the daemon read these bytes as what a peer sent, until their end.
 * @param out  what it answers, without the heads of frames, one reply a line; at least 64 KiB
 */
int fake_peer(struct session *s, const uint8_t *data, size_t size, char *out, size_t out_size);

#endif
