/* SPDX-License-Identifier: Apache-2.0 */
/* Formatted output into a bounded buffer. */
#include <stdio.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct sink {
    char *text;
    size_t size, length;
};

struct spec {
    bool left, zero, plus, space, alt;
    int width, precision;            /* precision < 0: none given */
    char length;                     /* 0, h, H (hh), l, z */
};

static void put(struct sink *sink, char c)
{
    if (sink->length + 1 < sink->size) {
        sink->text[sink->length] = c;
    }
    sink->length++;
}

static void pad(struct sink *sink, char c, int count)
{
    while (count-- > 0) {
        put(sink, c);
    }
}

static void put_text(struct sink *sink, const struct spec *spec, const char *s, size_t n)
{
    int fill = spec->width > (int)n ? spec->width - (int)n : 0;

    pad(sink, ' ', spec->left ? 0 : fill);
    for (size_t i = 0; i < n; i++) {
        put(sink, s[i]);
    }
    pad(sink, ' ', spec->left ? fill : 0);
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value,
                       unsigned int base, bool upper, const char *prefix)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24];
    int count = 0, zeros, fill;
    int prefix_len = (int)strlen(prefix);

    while (value != 0 || (count == 0 && spec->precision != 0)) {
        text[count++] = digits[value % base];
        value /= base;
    }
    zeros = spec->precision > count ? spec->precision - count : 0;
    fill = spec->width - count - zeros - prefix_len;
    if (spec->zero && !spec->left && spec->precision < 0 && fill > 0) {
        zeros += fill;
        fill = 0;
    }
    pad(sink, ' ', spec->left ? 0 : fill);
    while (*prefix != '\0') {
        put(sink, *prefix++);
    }
    pad(sink, '0', zeros);
    while (count > 0) {
        put(sink, text[--count]);
    }
    pad(sink, ' ', spec->left ? fill : 0);
}

static const char *parse_flags(const char *f, struct spec *spec)
{
    for (;; f++) {
        switch (*f) {
        case '-': spec->left = true; break;
        case '0': spec->zero = true; break;
        case '+': spec->plus = true; break;
        case ' ': spec->space = true; break;
        case '#': spec->alt = true; break;
        default: return f;
        }
    }
}

static const char *parse_count(const char *f, int *value)
{
    *value = 0;
    while (*f >= '0' && *f <= '9') {
        *value = *value < 100000 ? *value * 10 + (*f - '0') : *value;
        f++;
    }
    return f;
}

static const char *parse_length(const char *f, struct spec *spec)
{
    for (;; f++) {
        switch (*f) {
        case 'h': spec->length = spec->length == 'h' ? 'H' : 'h'; break;
        case 'l': case 'j': case 'z': case 't': spec->length = 'l'; break;
        default: return f;
        }
    }
}

static uint64_t narrow_unsigned(uint64_t value, char length)
{
    switch (length) {
    case 'l': return value;
    case 'h': return (uint16_t)value;
    case 'H': return (uint8_t)value;
    default: return (uint32_t)value;
    }
}

static int64_t narrow_signed(uint64_t value, char length)
{
    switch (length) {
    case 'l': return (int64_t)value;
    case 'h': return (int16_t)value;
    case 'H': return (int8_t)value;
    default: return (int32_t)value;
    }
}

static void put_signed(struct sink *sink, const struct spec *spec, uint64_t raw)
{
    int64_t v = narrow_signed(raw, spec->length);

    put_number(sink, spec, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, false,
               v < 0 ? "-" : spec->plus ? "+" : spec->space ? " " : "");
}

static void put_unsigned(struct sink *sink, const struct spec *spec, uint64_t raw, char kind)
{
    uint64_t v = narrow_unsigned(raw, spec->length);
    unsigned int base = kind == 'u' ? 10 : kind == 'o' ? 8 : 16;
    const char *prefix = !spec->alt || v == 0 ? "" : kind == 'x' ? "0x" : kind == 'X' ? "0X" :
                         kind == 'o' ? "0" : "";

    put_number(sink, spec, v, base, kind == 'X', prefix);
}

int vsnprintf(char *text, size_t size, const char *f, va_list args)
{
    struct sink sink = { text, size, 0 };

    while (*f != '\0') {
        struct spec spec = { .precision = -1 };
        const char *s;
        char c;

        if (*f != '%') {
            put(&sink, *f++);
            continue;
        }
        f = parse_flags(f + 1, &spec);
        if (*f == '*') {
            spec.width = va_arg(args, int);
            spec.left |= spec.width < 0;
            spec.width = spec.width < 0 ? -spec.width : spec.width;
            f++;
        } else {
            f = parse_count(f, &spec.width);
        }
        if (*f == '.') {
            f++;
            if (*f == '*') {
                spec.precision = va_arg(args, int);
                f++;
            } else {
                f = parse_count(f, &spec.precision);
            }
        }
        f = parse_length(f, &spec);
        switch (*f) {
        case 'd': case 'i':
            put_signed(&sink, &spec, spec.length == 'l' ? (uint64_t)va_arg(args, long)
                                                        : (uint64_t)va_arg(args, int));
            break;
        case 'u': case 'x': case 'X': case 'o':
            put_unsigned(&sink, &spec, spec.length == 'l' ? va_arg(args, unsigned long)
                                                          : va_arg(args, unsigned int), *f);
            break;
        case 'p':
            put_number(&sink, &spec, (uint64_t)(uintptr_t)va_arg(args, void *), 16, false, "0x");
            break;
        case 'c':
            c = (char)va_arg(args, int);
            put_text(&sink, &spec, &c, 1);
            break;
        case 's':
            s = va_arg(args, const char *);
            s = s != NULL ? s : "(null)";
            put_text(&sink, &spec, s, spec.precision >= 0 ? strnlen(s, (size_t)spec.precision)
                                                          : strlen(s));
            break;
        case '\0':
            continue;
        default:
            put(&sink, *f);
            break;
        }
        f++;
    }
    if (size != 0) {
        text[sink.length < size ? sink.length : size - 1] = '\0';
    }
    return (int)sink.length;
}

int snprintf(char *text, size_t size, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, size, format, args);
    va_end(args);
    return length;
}
