/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AGENT_UART_H
#define AGENT_UART_H

#include <attest/frame.h>

struct uart {
    unsigned short base; /* I/O port of a 16550 given to this domain */
};

/**
 * Take a 16550 by its I/O ports (needs root): 115200 8n1, FIFOs on, polled, no interrupts.
 * @return 0; -errno from ioperm(); -ENODEV no UART answers
 */
int uart_open(struct uart *uart, unsigned short base, struct stream *stream,
              struct attest_error *err);

#endif /* AGENT_UART_H */
