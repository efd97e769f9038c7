/* SPDX-License-Identifier: Apache-2.0 */
#include "peer.h"

#include <runtime/mm.h>
#include <runtime/time.h>
#include <runtime/xenbus.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t any(void)
{
    static uint64_t seed = 0x2545f4914f6cdd1du;

    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed ^ seed >> 29;
}

void (*peer_idle)(void);

void pause_ms(unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;

    do {
        if (peer_idle != NULL) {
            peer_idle();
        }
        (void)event_wait(end);
    } while (time_now_ns() < end);
}

/* The names in a folder, one after the other, and an empty one. */
static bool list(const char *path, char *names, size_t size)
{
    size_t got = 0;

    memset(names, 0, size);
    return xenbus_request(XS_DIRECTORY, 0, path, strlen(path) + 1, names, size - 2, &got) == 0 && got != 0;
}

void peer_each(const char *kind, void (*serve)(const struct peer *p, unsigned int number))
{
    static char guests[64], devices[512];
    char path[64];
    unsigned int number = 0;

    snprintf(path, sizeof(path), "backend/%s", kind);
    if (!list(path, guests, sizeof(guests))) {
        return;
    }
    for (const char *g = guests; *g != '\0'; g += strlen(g) + 1) {
        snprintf(path, sizeof(path), "backend/%s/%s", kind, g);
        if (!list(path, devices, sizeof(devices))) {
            continue;
        }
        for (const char *d = devices; *d != '\0'; d += strlen(d) + 1) {
            struct peer p = { .guest = (domid_t)strtoul(g, NULL, 10) };

            snprintf(p.back, sizeof(p.back), "backend/%s/%s/%s", kind, g, d);
            snprintf(path, sizeof(path), "%s/frontend", p.back);
            if (number < PEERS_MAX && xenbus_read(0, path, p.front, sizeof(p.front)) == 0) {
                serve(&p, number++);
            }
        }
    }
}

void peer_write(const struct peer *p, const char *node, const char *format, ...)
{
    char path[96], value[96];
    va_list args;

    snprintf(path, sizeof(path), "%s/%s", p->back, node);
    va_start(args, format);
    vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    (void)xenbus_write(0, path, value);
}

void peer_state(const struct peer *p, enum xenbus_state state)
{
    peer_write(p, "state", "%d", state);
}

static unsigned long read_number(const struct peer *p, const char *node)
{
    char path[128], text[24] = "";

    snprintf(path, sizeof(path), "%s/%s", p->front, node);
    return xenbus_read(0, path, text, sizeof(text)) == 0 ? strtoul(text, NULL, 10) : 0;
}

bool peer_wait(const struct peer *p, enum xenbus_state state, unsigned int ms)
{
    uint64_t end = time_now_ns() + ms * NS_PER_MS;

    while (read_number(p, "state") < (unsigned long)state) {
        if (time_now_ns() > end) {
            return false;
        }
        pause_ms(20);
    }
    return true;
}

void *peer_map(const struct peer *p, const char *node)
{
    struct grant_map map;

    return grant_map(p->guest, (grant_ref_t)read_number(p, node), false, &map) == 0 ? map.page : NULL;
}

static void woken(evtchn_port_t port, void *arg)
{
    (void)port;
    (void)arg;
}

bool peer_bind(struct peer *p)
{
    if (evtchn_bind_interdomain(p->guest, (evtchn_port_t)read_number(p, "event-channel"), &p->port) != 0) {
        return false;
    }
    evtchn_set_handler(p->port, woken, NULL);
    return true;
}

void peer_notify(const struct peer *p)
{
    (void)evtchn_send(p->port);
}

void peer_storm(const struct peer *p)
{
    uint64_t end = time_now_ns() + NS_PER_S;

    while (time_now_ns() < end) {
        peer_notify(p);
    }
}

void peer_flap(const struct peer *p, unsigned int but)
{
    for (unsigned int i = 0; i < 300; i++) {
        unsigned int state = (unsigned int)(any() >> 7) % 9;

        if (!(but >> state & 1)) {
            peer_write(p, "state", "%u", state);
        }
    }
    peer_write(p, "state", "closed, I think");
    peer_state(p, XenbusStateClosed);
}

void scribble(void *page)
{
    ((uint64_t *)page)[any() % (PAGE_SIZE / sizeof(uint64_t))] = any();
}
