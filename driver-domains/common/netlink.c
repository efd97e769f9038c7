/* SPDX-License-Identifier: Apache-2.0 */
/* Building and sending of netlink messages. */
#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void netlink_clear(struct netlink *nl)
{
    memset(nl, 0, sizeof(*nl));
}

/* Room for `size` bytes, zeroed and rounded up to the alignment of four. @return NULL: none left */
static void *room(struct netlink *nl, size_t size)
{
    size_t whole = NLMSG_ALIGN(size);

    if (nl->overflow || whole > sizeof(nl->data) - nl->used) {
        nl->overflow = 1;
        return NULL;
    }
    void *at = nl->data + nl->used;

    memset(at, 0, whole);
    nl->used += whole;
    return at;
}

static void message_grow(struct netlink *nl)
{
    struct nlmsghdr *message = (void *)(nl->data + nl->message);

    message->nlmsg_len = (uint32_t)(nl->used - nl->message);
}

void netlink_begin(struct netlink *nl, uint16_t type, uint16_t flags, const void *head, size_t size)
{
    size_t place = nl->used;
    struct nlmsghdr *message = room(nl, sizeof(*message));
    void *family = room(nl, size);

    if (message == NULL || family == NULL) {
        return;
    }
    nl->message = place;
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nlmsg_seq = ++nl->sequence;
    memcpy(family, head, size);
    message_grow(nl);
}

void netlink_put(struct netlink *nl, uint16_t attribute, const void *value, size_t size)
{
    struct nlattr *at = room(nl, sizeof(*at) + size);

    if (at == NULL) {
        return;
    }
    at->nla_type = attribute;
    at->nla_len = (uint16_t)(sizeof(*at) + size);
    if (size > 0) {
        memcpy(at + 1, value, size);
    }
    message_grow(nl);
}

void netlink_put_u32(struct netlink *nl, uint16_t attribute, uint32_t value)
{
    netlink_put(nl, attribute, &value, sizeof(value));
}

void netlink_put_text(struct netlink *nl, uint16_t attribute, const char *text)
{
    netlink_put(nl, attribute, text, strlen(text) + 1);
}

size_t netlink_open(struct netlink *nl, uint16_t attribute)
{
    size_t place = nl->used;

    netlink_put(nl, attribute | NLA_F_NESTED, NULL, 0);
    return place;
}

void netlink_close(struct netlink *nl, size_t place)
{
    if (!nl->overflow) {
        struct nlattr *at = (void *)(nl->data + place);

        at->nla_len = (uint16_t)(nl->used - place);
    }
}

/* The number of the last message that asked for an answer. */
static unsigned int last_asked(const struct netlink *nl)
{
    unsigned int last = 0;

    for (size_t at = 0; at < nl->used;) {
        const struct nlmsghdr *message = (const void *)(nl->data + at);

        if ((message->nlmsg_flags & NLM_F_ACK) != 0) {
            last = message->nlmsg_seq;
        }
        at += NLMSG_ALIGN(message->nlmsg_len);
    }
    return last;
}

/* @return 0 all acknowledged; -1 with errno */
static int answers_read(int sock, unsigned int last)
{
    struct nlmsghdr answer[64]; /* an error quotes the request; the head is all that is read */
    int error = 0;

    for (unsigned int seen = 0; seen < last;) {
        ssize_t n = recv(sock, answer, sizeof(answer), 0);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < (ssize_t)(sizeof(answer[0]) + sizeof(int))) {
            errno = n < 0 && errno != EAGAIN ? errno : ETIMEDOUT;
            return -1;
        }
        const struct nlmsgerr *result = NLMSG_DATA(answer);

        if (answer->nlmsg_type == NLMSG_ERROR) {
            seen = answer->nlmsg_seq;
            error = error == 0 ? -result->error : error;
            if (error != 0) {
                break;
            }
        }
    }
    errno = error;
    return error == 0 ? 0 : -1;
}

/* @return a socket on which all messages were sent; -1 with errno */
static int messages_send(const struct netlink *nl, int protocol)
{
    static const struct timeval limit = { .tv_sec = 5 };
    struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

    if (nl->overflow) {
        errno = E2BIG;
        return -1;
    }
    int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

    if (sock < 0) {
        return -1;
    }
    if (setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0
        || sendto(sock, nl->data, nl->used, 0, (const void *)&kernel, sizeof(kernel)) != (ssize_t)nl->used) {
        int error = errno;

        close(sock);
        errno = error;
        return -1;
    }
    return sock;
}

int netlink_send(struct netlink *nl, int protocol)
{
    int sock = messages_send(nl, protocol);

    if (sock < 0) {
        return -1;
    }
    int rc = answers_read(sock, last_asked(nl));
    int error = errno;

    close(sock);
    errno = error;
    return rc;
}

/* @return 0 found; -1 with errno */
static int attribute_find(const uint8_t *at, size_t left, uint16_t attribute, void *value, size_t size)
{
    struct nlattr one;

    while (left >= sizeof(one)) {
        memcpy(&one, at, sizeof(one));
        if (one.nla_len < sizeof(one) || one.nla_len > left) {
            break;
        }
        if ((one.nla_type & NLA_TYPE_MASK) == attribute && one.nla_len - sizeof(one) <= size) {
            memcpy(value, at + sizeof(one), one.nla_len - sizeof(one));
            return 0;
        }
        size_t whole = (size_t)NLA_ALIGN(one.nla_len);

        whole = whole < left ? whole : left;

        at += whole;
        left -= whole;
    }
    errno = EPROTO;
    return -1;
}

int netlink_ask(struct netlink *nl, int protocol, size_t head, uint16_t attribute, void *value, size_t size)
{
    uint8_t answer[NETLINK_BUFFER] __attribute__((aligned(4)));
    const struct nlmsghdr *message = (const void *)answer;
    int sock = messages_send(nl, protocol);
    int rc = -1;

    if (sock < 0) {
        return -1;
    }
    ssize_t n = recv(sock, answer, sizeof(answer), 0);
    int error = n < 0 && errno != EAGAIN ? errno : ETIMEDOUT;

    close(sock);
    if (n < (ssize_t)(sizeof(*message) + sizeof(int)) || message->nlmsg_len > (size_t)n
        || message->nlmsg_len < sizeof(*message) + sizeof(int)) {
        errno = error;
    } else if (message->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *result = NLMSG_DATA(answer);

        errno = result->error != 0 ? -result->error : EPROTO;
    } else if (message->nlmsg_len < sizeof(*message) + NLMSG_ALIGN(head)) {
        errno = EPROTO;
    } else {
        rc = attribute_find(answer + sizeof(*message) + NLMSG_ALIGN(head),
                            message->nlmsg_len - sizeof(*message) - NLMSG_ALIGN(head), attribute, value, size);
    }
    return rc;
}
