/* SPDX-License-Identifier: Apache-2.0 */
#include "nbd.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/nbd-netlink.h>
#include <linux/nbd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"

/* doc/proto.md; <linux/nbd.h> has the transmission phase alone. */
#define MAGIC_SERVER 0x4e42444d41474943ULL
#define MAGIC_OPTION 0x49484156454f5054ULL
#define FLAG_FIXED_NEWSTYLE 1u
#define FLAG_NO_ZEROES 2u
#define OPTION_EXPORT_NAME 1u

#define SECTOR 512u
#define ANSWER_WITHIN_SECONDS 60u /* to a request; else the disk has failed, and nobody waits for it any more */

static int receive(int sock, void *data, size_t size)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = recv(sock, (uint8_t *)data + have, size - have, 0);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 || errno == ECONNRESET ? EPIPE : errno == EAGAIN ? ETIMEDOUT : errno;
            return -1;
        }
        have += (size_t)n;
    }
    return 0;
}

int nbd_negotiate(int sock, struct nbd_export *export)
{
    struct {
        uint64_t server, option;
        uint16_t flags;
    } __attribute__((packed)) hello;
    struct {
        uint32_t flags;
        uint64_t magic;
        uint32_t option, length; /* the export's name is the empty one */
    } __attribute__((packed)) choice = { htobe32(FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES), htobe64(MAGIC_OPTION),
                                         htobe32(OPTION_EXPORT_NAME), 0 };
    struct {
        uint64_t size;
        uint16_t flags;
    } __attribute__((packed)) chosen;
    const uint16_t both = FLAG_FIXED_NEWSTYLE | FLAG_NO_ZEROES;

    if (receive(sock, &hello, sizeof(hello)) < 0) {
        return -1;
    }
    if (be64toh(hello.server) != MAGIC_SERVER || be64toh(hello.option) != MAGIC_OPTION
        || (be16toh(hello.flags) & both) != both) {
        errno = EPROTO;
        return -1;
    }
    if (send(sock, &choice, sizeof(choice), MSG_NOSIGNAL) != (ssize_t)sizeof(choice)
        || receive(sock, &chosen, sizeof(chosen)) < 0) {
        return -1;
    }
    export->size = be64toh(chosen.size);
    export->flags = be16toh(chosen.flags);
    if ((export->flags & NBD_FLAG_HAS_FLAGS) == 0 || export->size == 0 || export->size % SECTOR != 0
        || export->size > INT64_MAX) {
        errno = EPROTO;
        return -1;
    }
    return 0;
}

/* The number that the kernel gave to its family of messages. @return 0 the module is not there */
static uint16_t family(void)
{
    static const struct genlmsghdr head = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
    uint16_t id = 0;
    struct netlink nl;

    netlink_clear(&nl);
    netlink_begin(&nl, GENL_ID_CTRL, 0, &head, sizeof(head));
    netlink_put_text(&nl, CTRL_ATTR_FAMILY_NAME, NBD_GENL_FAMILY_NAME);
    return netlink_ask(&nl, NETLINK_GENERIC, sizeof(head), CTRL_ATTR_FAMILY_ID, &id, sizeof(id)) == 0 ? id : 0;
}

static int read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return n > 0 ? 0 : -1;
}

int nbd_ready(const char **why)
{
    char text[16];

    if (family() == 0) {
        *why = "the module nbd is not loaded; add the fragment storage/qcow2.recipe to the image";
        errno = ENODEV;
        return -1;
    }
    if (read_text("/sys/module/nbd/parameters/max_part", text, sizeof(text)) < 0 || strcmp(text, "0") != 0) {
        *why = "the kernel would read the guest's partition table; add `options nbd max_part=0` to the image's init.conf";
        errno = EPERM;
        return -1;
    }
    return 0;
}

static void begin(struct netlink *nl, uint8_t command)
{
    const struct genlmsghdr head = { .cmd = command, .version = NBD_GENL_VERSION };

    netlink_clear(nl);
    netlink_begin(nl, family(), command == NBD_CMD_CONNECT ? 0 : NLM_F_ACK, &head, sizeof(head));
}

static void put_u64(struct netlink *nl, uint16_t attribute, uint64_t value)
{
    netlink_put(nl, attribute, &value, sizeof(value));
}

int nbd_connect(int sock, const struct nbd_export *export, const char *label, char *path, size_t size)
{
    uint32_t number;
    struct netlink nl;

    begin(&nl, NBD_CMD_CONNECT);
    put_u64(&nl, NBD_ATTR_SIZE_BYTES, export->size);
    put_u64(&nl, NBD_ATTR_BLOCK_SIZE_BYTES, SECTOR);
    put_u64(&nl, NBD_ATTR_SERVER_FLAGS, export->flags);
    put_u64(&nl, NBD_ATTR_CLIENT_FLAGS, NBD_CFLAG_DISCONNECT_ON_CLOSE);
    put_u64(&nl, NBD_ATTR_TIMEOUT, ANSWER_WITHIN_SECONDS);
    netlink_put_text(&nl, NBD_ATTR_BACKEND_IDENTIFIER, label);
    size_t sockets = netlink_open(&nl, NBD_ATTR_SOCKETS), item = netlink_open(&nl, NBD_SOCK_ITEM);

    netlink_put_u32(&nl, NBD_SOCK_FD, (uint32_t)sock);
    netlink_close(&nl, item);
    netlink_close(&nl, sockets);
    if (netlink_ask(&nl, NETLINK_GENERIC, sizeof(struct genlmsghdr), NBD_ATTR_INDEX, &number, sizeof(number)) < 0) {
        return -1;
    }
    snprintf(path, size, "/dev/nbd%u", number);
    return (int)number;
}

void nbd_disconnect(int number)
{
    struct netlink nl;

    begin(&nl, NBD_CMD_DISCONNECT);
    netlink_put_u32(&nl, NBD_ATTR_INDEX, (uint32_t)number);
    (void)netlink_send(&nl, NETLINK_GENERIC); /* one that has ended is as good */
}

int nbd_label(int number, char *label, size_t size)
{
    char path[64];

    snprintf(path, sizeof(path), "/sys/block/nbd%d/backend", number);
    return read_text(path, label, size);
}
