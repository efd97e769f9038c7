/* SPDX-License-Identifier: Apache-2.0 */
/* Formatted text into a bounded buffer: d i u x X c s p %, flags 0 - # + space, width, precision, h hh l ll z. */
#include <xen/lib.h>

struct sink {
    char *buf;
    size_t size, used; /* used counts what did not fit as well */
};

struct spec {
    bool left, zero, alt, plus, space;
    unsigned width;
    int precision; /* -1: none given */
};

static void put(struct sink *s, char c)
{
    if (s->used < s->size) {
        s->buf[s->used] = c;
    }
    s->used++;
}

static void put_pad(struct sink *s, char c, size_t n)
{
    while (n-- != 0) {
        put(s, c);
    }
}

static void put_text(struct sink *s, const struct spec *sp, const char *text, size_t len)
{
    size_t pad = sp->width > len ? sp->width - len : 0;

    if (!sp->left) {
        put_pad(s, ' ', pad);
    }
    for (size_t i = 0; i < len; i++) {
        put(s, text[i]);
    }
    if (sp->left) {
        put_pad(s, ' ', pad);
    }
}

static void put_number(struct sink *s, const struct spec *sp, uint64_t v, unsigned base, bool upper,
                       const char *prefix)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    size_t n = 0, prefix_len = strlen(prefix), zeros = 0, total;

    while (v != 0) {
        text[n++] = digits[v % base];
        v /= base;
    }
    if (n == 0 && sp->precision != 0) {
        text[n++] = '0';
    }
    if (sp->precision > 0 && (size_t)sp->precision > n) {
        zeros = (size_t)sp->precision - n;
    }
    total = prefix_len + zeros + n;
    if (sp->zero && !sp->left && sp->precision < 0 && sp->width > total) {
        zeros += sp->width - total;
        total = sp->width;
    }
    if (!sp->left && sp->width > total) {
        put_pad(s, ' ', sp->width - total);
    }
    while (*prefix != '\0') {
        put(s, *prefix++);
    }
    put_pad(s, '0', zeros);
    while (n != 0) {
        put(s, text[--n]);
    }
    if (sp->left && sp->width > total) {
        put_pad(s, ' ', sp->width - total);
    }
}

static const char *read_flags(const char *f, struct spec *sp)
{
    for (;; f++) {
        switch (*f) {
        case '-':
            sp->left = true;
            break;
        case '0':
            sp->zero = true;
            break;
        case '#':
            sp->alt = true;
            break;
        case '+':
            sp->plus = true;
            break;
        case ' ':
            sp->space = true;
            break;
        default:
            return f;
        }
    }
}

/* Numbers in formats are our own, and small: no overflow to care for beyond a cap. */
static const char *read_count(const char *f, unsigned *out)
{
    unsigned v = 0;

    while (*f >= '0' && *f <= '9') {
        v = v * 10 + (unsigned)(*f++ - '0');
        v = min(v, 4096u);
    }
    *out = v;
    return f;
}

enum length { LEN_CHAR, LEN_SHORT, LEN_INT, LEN_LONG };

static const char *read_length(const char *f, enum length *len)
{
    *len = LEN_INT;
    if (*f == 'h') {
        *len = LEN_SHORT;
        if (*++f == 'h') {
            *len = LEN_CHAR;
            f++;
        }
    } else if (*f == 'l') {
        *len = LEN_LONG;
        if (*++f == 'l') {
            f++;
        }
    } else if (*f == 'z' || *f == 'j' || *f == 't') {
        *len = LEN_LONG;
        f++;
    }
    return f;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct sink s = { .buf = buf, .size = size != 0 ? size - 1 : 0 };

    for (const char *f = fmt; *f != '\0'; f++) {
        struct spec sp = { .precision = -1 };
        enum length len;
        uint64_t u;
        int64_t i;

        if (*f != '%') {
            put(&s, *f);
            continue;
        }
        f = read_flags(f + 1, &sp);
        if (*f == '*') {
            int w = va_arg(ap, int);

            sp.left = sp.left || w < 0;
            sp.width = (unsigned)(w < 0 ? -w : w);
            f++;
        } else {
            f = read_count(f, &sp.width);
        }
        if (*f == '.') {
            f++;
            if (*f == '*') {
                sp.precision = va_arg(ap, int);
                f++;
            } else {
                unsigned p;

                f = read_count(f, &p);
                sp.precision = (int)p;
            }
        }
        f = read_length(f, &len);

        switch (*f) {
        case 'd':
        case 'i':
            i = len == LEN_LONG ? va_arg(ap, long) : va_arg(ap, int);
            i = len == LEN_CHAR ? (signed char)i : len == LEN_SHORT ? (short)i : i;
            put_number(&s, &sp, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 10, false,
                       i < 0 ? "-" : sp.plus ? "+" : sp.space ? " " : "");
            break;
        case 'u':
        case 'x':
        case 'X':
            u = len == LEN_LONG ? va_arg(ap, unsigned long) : va_arg(ap, unsigned);
            u = len == LEN_CHAR ? (uint8_t)u : len == LEN_SHORT ? (uint16_t)u : u;
            put_number(&s, &sp, u, *f == 'u' ? 10 : 16, *f == 'X',
                       sp.alt && *f != 'u' && u != 0 ? (*f == 'X' ? "0X" : "0x") : "");
            break;
        case 'p':
            put_number(&s, &sp, (uint64_t)va_arg(ap, void *), 16, false, "0x");
            break;
        case 'c': {
            char c = (char)va_arg(ap, int);

            put_text(&s, &sp, &c, 1);
            break;
        }
        case 's': {
            const char *text = va_arg(ap, const char *);

            text = text != NULL ? text : "(null)";
            put_text(&s, &sp, text,
                     strnlen(text, sp.precision < 0 ? SIZE_MAX : (size_t)sp.precision));
            break;
        }
        case '%':
            put(&s, '%');
            break;
        default: /* a format of ours that is not in the list above */
            BUG();
        }
    }
    if (size != 0) {
        buf[min(s.used, s.size)] = '\0';
    }
    return (int)s.used;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
