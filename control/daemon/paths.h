/* SPDX-License-Identifier: Apache-2.0 */
/* Where the control domain has what; a test puts its own folders in their place. */
#ifndef CONTROL_PATHS_H
#define CONTROL_PATHS_H

struct control_paths {
    const char *operators;   /* roles.h; in the measured image */
    const char *authority;   /* certificate; in the measured image */
    const char *key;         /* private key of the host; made here, in memory, gone with the domain */
    const char *certificate; /* for it, from enrolling */
    const char *lock;        /* a file whose byte N is held by who gives or takes a PCI function of domain N */
};

extern struct control_paths control_paths;

#endif
