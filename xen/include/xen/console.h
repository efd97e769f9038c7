/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: the host's UART, shared line by line between the hypervisor's log ("(XEN) ") and the domains ("(dN) ").
 * Input goes to the domain that has the focus.
 */
#ifndef XEN_CONSOLE_H
#define XEN_CONSOLE_H

#include <xen/p2m.h>
#include <xen/types.h>

struct domain;

/** Set up the UART from the console=, com1= words; before it, output is kept and printed later. */
void console_init(const char *com_spec);
/** Write bytes of a domain (CONSOLEIO_write, console ring): buffered to whole lines and prefixed. Any byte is made safe. */
void console_domain_write(struct domain *d, const char *text, size_t size);
/** d is gone: show its half line, free it. */
void console_domain_end(struct domain *d);
/** Take typed input by interrupt; after the I/O APICs are set up. */
void console_enable_input(void);
/** Raw bytes without prefix, for the domain with focus in raw mode and for panics. */
void console_puts(const char *text, size_t size);
/** Up to size bytes of pending input (CONSOLEIO_read by the focused domain, console ring). */
size_t console_read(char *buf, size_t size);
/** Domain name given by console-focus=; NULL none. Input notifies it through console_input_notify. */
bool console_has_focus(const struct domain *d);
/** Called from SOFTIRQ_CONSOLE when input arrived; set by console_ring.c. */
extern void (*console_input_notify)(void);

/** PV console ring in the hypervisor, for domains without a console domain: HVM params set, port 2 bound. */
int console_ring_init(struct domain *d, gfn_t gfn, uint32_t port) must_check;
/** d is dead: its last words, a ring full at most, and the end of the ring. @return 0, or -ERESTART: again, there is more to print */
int console_ring_destroy(struct domain *d) must_check;
/** Print what d has written so far, at most a ring full, however long it takes: the host ends. */
void console_ring_flush(struct domain *d);
/** Wait until the UART has sent everything. */
void console_flush(void);

#endif
