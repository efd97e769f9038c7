/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console. Early text and that of domains without a ring goes to the hypervisor's console.
 */
#include <runtime/console.h>

#include <runtime/evtchn.h>
#include <runtime/hypercall.h>
#include <runtime/mm.h>
#include <runtime/ring.h>
#include <runtime/smp.h>
#include <runtime/start.h>
#include <stdio.h>
#include <string.h>

#include <public/hvm/params.h>
#include <public/io/console.h>
#include <public/sched.h>

#include "internal.h"

#define FULL_RETRIES 200u               /* yields granted to a slow reader before text is dropped */

static struct xencons_interface *ring;
static evtchn_port_t ring_port;
static uint32_t out_prod, in_cons;      /* our indexes; the ring only gets copies */
static bool use_hv = true;
static unsigned long lost;
static struct spinlock lock;

static size_t ring_put(const char *text, size_t length)
{
    uint32_t space, done = 0;

    if (!ring_space(out_prod, READ_ONCE(ring->out_cons), sizeof(ring->out), &space)) {
        return 0;
    }
    smp_mb();
    while (done < length && done < space) {
        ring->out[MASK_XENCONS_IDX(out_prod + done, ring->out)] = text[done];
        done++;
    }
    smp_wmb();
    out_prod += done;
    WRITE_ONCE(ring->out_prod, out_prod);
    if (done != 0) {
        (void)evtchn_send(ring_port);
    }
    return done;
}

static void ring_write(const char *text, size_t length)
{
    unsigned int tries = 0;

    while (length != 0) {
        size_t done = ring_put(text, length);

        text += done;
        length -= done;
        if (done != 0) {
            tries = 0;
        } else if (++tries > FULL_RETRIES) {
            lost += length;
            return;
        } else {
            (void)evtchn_send(ring_port);
            (void)hc_sched_op(SCHEDOP_yield, NULL);
        }
    }
}

void console_write(const char *text, size_t length)
{
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
    spin_lock(&lock);
    if (ring != NULL) {
        ring_write(text, length);
    }
    if (use_hv) {
        /* The hypervisor only reads it; the ABI's handle type is not const. */
        (void)hc_console_io(CONSOLEIO_write, (unsigned int)length, (void *)(uintptr_t)text);
    }
    spin_unlock(&lock);
    if ((flags & 0x200) != 0) {
        irq_enable();
    }
}

void vprintk(const char *format, va_list args)
{
    char text[1024];
    int length = vsnprintf(text, sizeof(text), format, args);

    console_write(text, length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1);
}

void printk(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vprintk(format, args);
    va_end(args);
}

size_t console_read(char *text, size_t size)
{
    uint32_t count, done = 0;

    if (ring == NULL ||
        !ring_available(READ_ONCE(ring->in_prod), in_cons, sizeof(ring->in), &count)) {
        return 0;
    }
    smp_rmb();
    while (done < size && done < count) {
        text[done] = ring->in[MASK_XENCONS_IDX(in_cons + done, ring->in)];
        done++;
    }
    smp_mb();
    in_cons += done;
    WRITE_ONCE(ring->in_cons, in_cons);
    if (done != 0) {
        (void)evtchn_send(ring_port);
    }
    return done;
}

unsigned long console_lost(void)
{
    return lost;
}

void console_init(void)
{
    uint64_t gfn = 0, port = 0;
    char how[8] = "";
    bool want_hv, want_ring;

    (void)start_cmdline_get("rt.console", how, sizeof(how));
    want_hv = strcmp(how, "hv") == 0 || strcmp(how, "both") == 0;
    want_ring = strcmp(how, "hv") != 0 && strcmp(how, "none") != 0;
    if (want_ring && hvm_param_get(HVM_PARAM_CONSOLE_PFN, &gfn) == 0 && gfn != 0 &&
        hvm_param_get(HVM_PARAM_CONSOLE_EVTCHN, &port) == 0 && port != 0 &&
        mm_map(gfn, 1, MM_WRITE) == 0) {
        ring = (struct xencons_interface *)(gfn << PAGE_SHIFT);
        ring_port = (evtchn_port_t)port;
        out_prod = READ_ONCE(ring->out_prod);
        in_cons = READ_ONCE(ring->in_cons);
        use_hv = want_hv;
    } else {
        use_hv = strcmp(how, "none") != 0;
    }
}
