/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A block device of the kernel whose blocks a process of this domain serves over a socket: module nbd,
 * and the protocol's beginning (the NBD project's doc/proto.md, "fixed newstyle"). The requests themselves are the
 * kernel's affair.
 */
#ifndef DRIVER_DOMAINS_NBD_H
#define DRIVER_DOMAINS_NBD_H

#include <stddef.h>
#include <stdint.h>

struct nbd_export {
    uint64_t size;  /* bytes */
    uint16_t flags; /* NBD_FLAG_..., what the server can do */
};

/**
 * Choose the server's only export.
 *
 * @param sock  connected, with a limit to how long an answer may take
 * @return 0; -1 with errno: EPIPE the server has gone, EPROTO it says something else
 */
int nbd_negotiate(int sock, struct nbd_export *export);

/** May devices be made? @return 0; -1 `why` says what the image lacks */
int nbd_ready(const char **why);

/**
 * Make a device of a socket; the kernel keeps the socket. The device goes when its last user closes it.
 *
 * @param label  what nbd_label() will tell of it
 * @param path   out: its name
 * @return its number; -1 with errno
 */
int nbd_connect(int sock, const struct nbd_export *export, const char *label, char *path, size_t size);

/** End a device: what was asked is answered first. */
void nbd_disconnect(int number);

/** What a device was made with. @return 0; -1 with errno */
int nbd_label(int number, char *label, size_t size);

#endif
