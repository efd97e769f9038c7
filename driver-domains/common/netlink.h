/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the kernel over netlink: a message is built in a bounded buffer, attribute by
 * attribute, sent, and answered by an acknowledgement. No more of the protocol than a daemon needs
 * that mostly changes things: nearly all that it asks about is in sysfs.
 */
#ifndef DRIVER_DOMAINS_NETLINK_H
#define DRIVER_DOMAINS_NETLINK_H

#include <stddef.h>
#include <stdint.h>

#define NETLINK_BUFFER 4096

struct netlink {
    size_t used;          /* bytes of finished and begun messages */
    size_t message;       /* where the last message begins */
    unsigned int sequence;
    int overflow;         /* something did not fit: nothing will be sent */
    uint8_t data[NETLINK_BUFFER] __attribute__((aligned(4)));
};

/** Forget all messages. */
void netlink_clear(struct netlink *nl);

/**
 * Begin a message after those that are there already.
 *
 * @param type   nlmsg_type
 * @param flags  nlmsg_flags besides NLM_F_REQUEST
 * @param head   the family's own header, `size` bytes
 */
void netlink_begin(struct netlink *nl, uint16_t type, uint16_t flags, const void *head, size_t size);

/** Add an attribute to the last message. */
void netlink_put(struct netlink *nl, uint16_t attribute, const void *value, size_t size);
void netlink_put_u32(struct netlink *nl, uint16_t attribute, uint32_t value);
/** The text with its NUL. */
void netlink_put_text(struct netlink *nl, uint16_t attribute, const char *text);

/** Open an attribute that holds others. @return its place, for netlink_close() */
size_t netlink_open(struct netlink *nl, uint16_t attribute);
void netlink_close(struct netlink *nl, size_t place);

/**
 * Send all messages and wait for the answer to those with NLM_F_ACK.
 *
 * @param protocol  NETLINK_ROUTE, NETLINK_NETFILTER
 * @return 0; -1 with errno: the kernel's for the first message that it refused, E2BIG overflow,
 *         ETIMEDOUT no answer within 5 s
 */
int netlink_send(struct netlink *nl, int protocol);

/**
 * Send one message that asks for something, and find an attribute of what is answered.
 *
 * @param head       bytes of the family's own header in the answer
 * @param attribute  which one; its value is not longer than `size`
 * @param value      out, `size` bytes
 * @return 0; -1 with errno: as netlink_send(), EPROTO the answer lacks it
 */
int netlink_ask(struct netlink *nl, int protocol, size_t head, uint16_t attribute, void *value, size_t size);

#endif
