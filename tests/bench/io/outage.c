/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outage: uses a disk or a network until it has once been away for longer than half a second, and says for how many milliseconds.
 *
 *   outage disk DEVICE    the wait for one read
 *   outage net ADDRESS    from one answer to an echo request to the next
 *
 * Milliseconds are of CLOCK_BOOTTIME, which goes on while the guest is suspended.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 1024 /* of the disk that are read */
#define PAUSE_MS 5
#define AWAY_MS 500.0

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* @return ms; -1: it failed */
static double disk_wait(int fd)
{
    static uint8_t data[BLOCK] __attribute__((aligned(BLOCK)));
    double before = now_ms();

    return pread(fd, data, BLOCK, (off_t)(random() % BLOCKS) * BLOCK) == BLOCK ? now_ms() - before : -1;
}

static uint16_t checksum(const struct icmphdr *packet)
{
    uint16_t word[sizeof(*packet) / 2];
    uint32_t sum = 0;

    memcpy(word, packet, sizeof(word));
    for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
        sum += word[i];
    }
    return (uint16_t)~((sum & 0xffff) + (sum >> 16));
}

static void ask(int fd, const struct sockaddr_in *to)
{
    struct icmphdr echo = { .type = ICMP_ECHO };

    echo.checksum = checksum(&echo);
    (void)!sendto(fd, &echo, sizeof(echo), 0, (const struct sockaddr *)to, sizeof(*to)); /* it may be away */
}

/* Whether an answer came within the pause. */
static int answered(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    uint8_t packet[256];
    int came = 0;

    while (poll(&p, 1, came ? 0 : PAUSE_MS) > 0) {
        ssize_t n = recv(fd, packet, sizeof(packet), 0);

        came = came || (n >= 28 && packet[20] == ICMP_ECHOREPLY);
    }
    return came;
}

/* The time to the next answer. */
static double net_wait(int fd, const struct sockaddr_in *to)
{
    double before = now_ms();

    do {
        ask(fd, to);
    } while (!answered(fd));
    return now_ms() - before;
}

int main(int argc, char **argv)
{
    int disk = argc == 3 && strcmp(argv[1], "disk") == 0, net = argc == 3 && strcmp(argv[1], "net") == 0;
    struct sockaddr_in to = { .sin_family = AF_INET };
    double wait = 0;
    int fd = -1;

    if (disk) {
        fd = open(argv[2], O_RDONLY | O_DIRECT);
    } else if (net && inet_pton(AF_INET, argv[2], &to.sin_addr) == 1) {
        fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
    }
    if (fd < 0) {
        fprintf(stderr, "usage: outage disk DEVICE | outage net ADDRESS\n");
        return 2;
    }
    while (wait >= 0 && wait < AWAY_MS) {
        usleep(PAUSE_MS * 1000);
        wait = disk ? disk_wait(fd) : net_wait(fd, &to);
    }
    printf(wait < 0 ? "IO failed: outage: %s\n" : "IO outage-%s %.1f\n", argv[1], wait);
    return wait < 0;
}
