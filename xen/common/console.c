/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console on a 16550 UART. Output is by lines: one domain's half-written line never mixes with another's. What is
 * printed before console_init() is kept and shown then. A domain's bytes are made printable, so that nothing it writes can
 * pass for a line of the hypervisor.
 */
#include <xen/console.h>

#include <asm/cpu.h>
#include <asm/io.h>
#include <asm/lapic.h>
#include <asm/trap.h>
#include <xen/cmdline.h>
#include <xen/domain.h>
#include <xen/power.h>
#include <xen/softirq.h>

#define EARLY_MAX 8192
#define LINE_MAX 1024
#define DOMAIN_LINE_MAX 512
#define INPUT_MAX 256 /* power of two */
#define UART_THRE 0x20
#define UART_TEMT 0x40
#define UART_DR 0x01
#define UART_TURN 64

static uint16_t uart; /* port base; 0 until console_init() */
static spinlock_t console_lock = SPINLOCK_INIT(LOCK_CONSOLE);
static char early[EARLY_MAX];
static size_t early_used;
static unsigned level = LOG_INFO;
static bool panicking;

static char input[INPUT_MAX];
static unsigned input_in, input_out; /* console_lock */
static bool input_held;              /* console_lock: the port keeps the rest until somebody reads */
void (*console_input_notify)(void);

static void put(char c)
{
    if (!uart) {
        if (early_used < EARLY_MAX) {
            early[early_used++] = c;
        }
        return;
    }
    for (unsigned i = 0; i < 100000 && !(inb(uart + 5) & UART_THRE); i++) {
        cpu_relax();
    }
    outb(uart, (uint8_t)c);
}

static void put_text(const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '\n') {
            put('\r');
        }
        put(s[i]);
    }
}

static void lock(void)
{
    if (!panicking) {
        spin_lock(&console_lock);
    }
}

static void unlock(void)
{
    if (!panicking) {
        spin_unlock(&console_lock);
    }
}

void console_flush(void)
{
    for (unsigned i = 0; uart && i < 1000000 && !(inb(uart + 5) & UART_TEMT); i++) {
        cpu_relax();
    }
}

void console_puts(const char *text, size_t size)
{
    lock();
    put_text(text, size);
    unlock();
}

static void vprint(const char *prefix, const char *fmt, va_list ap)
{
    static char line[LINE_MAX]; /* console_lock */
    int n;

    lock();
    n = vsnprintf(line, sizeof(line), fmt, ap);
    put_text(prefix, strlen(prefix));
    put_text(line, min((size_t)n, sizeof(line) - 1));
    put_text("\n", 1);
    unlock();
}

void printk(enum log_level l, const char *fmt, ...)
{
    va_list ap;

    if ((unsigned)l > level) {
        return;
    }
    va_start(ap, fmt);
    vprint("(XEN) ", fmt, ap);
    va_end(ap);
}

void panic(const char *fmt, ...)
{
    va_list ap;

    irq_disable();
    panicking = true;
    if (!uart) { /* a death before console_init() must be seen: the usual first port */
        uart = 0x3f8;
        put_text(early, early_used);
    }
    va_start(ap, fmt);
    vprint("(XEN) PANIC: ", fmt, ap);
    va_end(ap);
    machine_stop_after_panic();
}

/* Bytes of a domain: tabs stay, escape sequences go through only to the domain that has the terminal. */
static char made_safe(unsigned char c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f) ? (char)c : c == 0x1b ? '^' : '?';
}

struct domain_line {
    size_t used;
    char text[DOMAIN_LINE_MAX];
};

static void flush_line(const struct domain *d, struct domain_line *l)
{
    char prefix[16];
    int n = snprintf(prefix, sizeof(prefix), "(d%u) ", d->id);

    put_text(prefix, (size_t)n);
    put_text(l->text, l->used);
    put_text("\n", 1);
    l->used = 0;
}

void console_domain_write(struct domain *d, const char *text, size_t size)
{
    struct domain_line *l, *fresh = NULL;

    if (!read_once(d->console_line)) { /* not within our lock, which is the heap's inner one */
        fresh = xzalloc(struct domain_line);
    }
    lock();
    if (options.console_raw && console_has_focus(d)) {
        for (size_t i = 0; i < size; i++) {
            put(text[i]);
        }
        unlock();
        xfree(fresh);
        return;
    }
    if (!d->console_line) {
        d->console_line = fresh;
        fresh = NULL;
    }
    l = d->console_line;
    for (size_t i = 0; l && i < size; i++) {
        if (text[i] == '\n') {
            flush_line(d, l);
        } else if (text[i] != '\r' && text[i]) {
            l->text[l->used++] = made_safe((unsigned char)text[i]);
            if (l->used == DOMAIN_LINE_MAX) {
                flush_line(d, l);
            }
        }
    }
    unlock();
    xfree(fresh);
}

void console_domain_end(struct domain *d)
{
    lock();
    if (d->console_line) {
        struct domain_line *l = d->console_line;

        if (l->used) {
            flush_line(d, l);
        }
        d->console_line = NULL;
        unlock();
        xfree(l);
        return;
    }
    unlock();
}

size_t console_read(char *buf, size_t size)
{
    size_t n = 0;

    lock();
    while (n < size && input_out != input_in) {
        buf[n++] = input[input_out++ % INPUT_MAX];
    }
    if (n && input_held) {
        input_held = false;
        outb(uart + 1, 1);
    }
    unlock();
    return n;
}

bool console_has_focus(const struct domain *d)
{
    return options.console_focus[0] ? !strcmp(options.console_focus, d->name)
                                    : (d->functions & DOMAIN_FUNCTION_LEGACY) != 0;
}

static void console_softirq(void)
{
    lock();
    /* Bounded: a port with nothing behind it reads as always ready. */
    for (unsigned i = 0; i < UART_TURN && input_in - input_out < INPUT_MAX && (inb(uart + 5) & UART_DR); i++) {
        input[input_in++ % INPUT_MAX] = (char)inb(uart);
    }
    /* The interrupt is an edge: switched off and on it comes again for what is left. Without room it stays off. */
    input_held = input_in - input_out == INPUT_MAX;
    outb(uart + 1, 0);
    if (!input_held) {
        outb(uart + 1, 1);
    }
    unlock();
    if (console_input_notify) {
        console_input_notify();
    }
}

static void uart_interrupt(void)
{
    softirq_raise(SOFTIRQ_CONSOLE);
}

/* com1=BAUD[/CLOCK][,DPS[,PORT[,IRQ]]] as Xen writes it; only the baud rate and the port matter here. */
static uint16_t port_of(const char *console, const char *com_spec, uint32_t *baud)
{
    const char *p = com_spec;
    uint64_t v;
    uint16_t base = !strcmp(console, "com2") ? 0x2f8 : 0x3f8;

    if (!parse_u64(p, &p, &v) && v >= 50 && v <= 115200) {
        *baud = (uint32_t)v;
    }
    for (unsigned commas = 0; (p = strchr(p, ',')); commas++) {
        p++;
        if (commas == 1 && !parse_u64(p, &p, &v) && v < 0xfff8) {
            base = (uint16_t)v;
        }
    }
    return base;
}

void console_init(const char *com_spec)
{
    uint32_t baud = 115200;
    uint16_t base = port_of(options.console, com_spec, &baud);
    uint16_t divisor = (uint16_t)(115200 / baud);

    outb(base + 1, 0);
    outb(base + 3, 0x80);
    outb(base + 0, (uint8_t)divisor);
    outb(base + 1, (uint8_t)(divisor >> 8));
    outb(base + 3, 0x03);
    outb(base + 2, 0xc7);
    outb(base + 4, 0x0b);
    lock();
    uart = base;
    level = options.loglvl;
    put_text(early, early_used);
    unlock();
}

void console_enable_input(void)
{
    unsigned irq = uart == 0x2f8 ? 3 : 4;

    softirq_register(SOFTIRQ_CONSOLE, console_softirq);
    irq_set_handler(VECTOR_UART, uart_interrupt);
    if (!ioapic_route_isa(irq, VECTOR_UART)) {
        outb(uart + 1, 0x01);
        (void)inb(uart);
    } else {
        pr_warn("console: no interrupt for typed input");
    }
}
