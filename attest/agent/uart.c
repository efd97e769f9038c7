/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550 driven from user space. The evidence channel needs no interrupt: reading polls every
 * millisecond when idle and not at all while bytes are there.
 * Source: National Semiconductor PC16550D data sheet.
 */
#include "uart.h"

#include <errno.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>

#include <attest/error.h>

#define DATA 0
#define IER 1
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5
#define SCRATCH 7
#define LSR_DATA 0x01
#define LSR_THR_EMPTY 0x20
#define FIFO_SIZE 16
#define DIVISOR_115200 1

static unsigned short port(const struct uart *uart, unsigned int reg)
{
    return (unsigned short)(uart->base + reg);
}

static void nap(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static int uart_read(void *context, uint8_t *buf, size_t n, int64_t end_ms)
{
    struct uart *uart = context;
    int got = 0;

    for (;;) {
        while ((size_t)got < n && got < 65536 && (inb(port(uart, LSR)) & LSR_DATA)) {
            buf[got++] = inb(port(uart, DATA));
        }
        if (got > 0 || (end_ms >= 0 && stream_now_ms() >= end_ms)) {
            return got;
        }
        nap();
    }
}

static int uart_write(void *context, const uint8_t *buf, size_t n, int64_t end_ms)
{
    struct uart *uart = context;

    while (n > 0) {
        int64_t pause = stream_now_ms() + 5000, end = pause < end_ms ? pause : end_ms;
        size_t burst = n < FIFO_SIZE ? n : FIFO_SIZE;

        for (unsigned int tries = 0; !(inb(port(uart, LSR)) & LSR_THR_EMPTY); tries++) {
            if (stream_now_ms() >= end) {
                return -ETIMEDOUT; /* nobody takes the bytes at the other end */
            }
            if (tries > 1000) {
                nap();
            }
        }
        for (size_t i = 0; i < burst; i++) {
            outb(*buf++, port(uart, DATA));
        }
        n -= burst;
    }
    return 0;
}

int uart_open(struct uart *uart, unsigned short base, struct stream *stream,
              struct attest_error *err)
{
    if (ioperm(base, 8, 1) != 0) {
        return attest_fail(err, -errno, "ports 0x%x-0x%x: %s", base, base + 7, strerror(errno));
    }
    uart->base = base;
    outb(0x5a, port(uart, SCRATCH));
    if (inb(port(uart, SCRATCH)) != 0x5a) {
        return attest_fail(err, -ENODEV, "no UART at port 0x%x", base);
    }
    outb(0x00, port(uart, IER));
    outb(0x80, port(uart, LCR)); /* divisor latch */
    outb(DIVISOR_115200, port(uart, DATA));
    outb(0x00, port(uart, IER));
    outb(0x03, port(uart, LCR)); /* 8n1 */
    outb(0x07, port(uart, FCR)); /* enable and clear both FIFOs */
    outb(0x03, port(uart, MCR)); /* DTR, RTS */
    *stream = (struct stream){.context = uart, .read = uart_read, .write = uart_write};
    return 0;
}
