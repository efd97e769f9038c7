/* SPDX-License-Identifier: Apache-2.0 */
/* Number conversion and sorting with the standard's contracts. */
#include <stdlib.h>

#include <stdint.h>
#include <string.h>

static unsigned int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned int)(c - '0');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned int)(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'Z') {
        return (unsigned int)(c - 'A') + 10;
    }
    return 99;
}

unsigned long strtoul(const char *s, char **end, int base)
{
    const char *p = s, *digits;
    unsigned long value = 0;
    int negative = 0, overflow = 0;
    unsigned int radix = (unsigned int)base;

    while (*p == ' ' || (*p >= '\t' && *p <= '\r')) {
        p++;
    }
    if (*p == '+' || *p == '-') {
        negative = *p++ == '-';
    }
    if ((radix == 0 || radix == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
        digit_value(p[2]) < 16) {
        p += 2;
        radix = 16;
    } else if (radix == 0) {
        radix = *p == '0' ? 8 : 10;
    }
    digits = p;
    while (digit_value(*p) < radix) {
        overflow |= __builtin_mul_overflow(value, (unsigned long)radix, &value);
        overflow |= __builtin_add_overflow(value, (unsigned long)digit_value(*p), &value);
        p++;
    }
    if (end != NULL) {
        *end = (char *)(uintptr_t)(p == digits ? s : p);
    }
    if (overflow) {
        return UINT64_MAX;
    }
    return negative ? 0ul - value : value;
}

static void swap(unsigned char *a, unsigned char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char t = a[i];

        a[i] = b[i];
        b[i] = t;
    }
}

/* Heap sort: no recursion and no bad case. */
static void sift(unsigned char *base, size_t root, size_t count, size_t size,
                 int (*compare)(const void *, const void *))
{
    for (;;) {
        size_t child = 2 * root + 1;

        if (child >= count) {
            return;
        }
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0) {
            child++;
        }
        if (compare(base + root * size, base + child * size) >= 0) {
            return;
        }
        swap(base + root * size, base + child * size, size);
        root = child;
    }
}

void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *))
{
    unsigned char *b = base;

    for (size_t i = count / 2; i-- > 0;) {
        sift(b, i, count, size, compare);
    }
    for (size_t end = count; end-- > 1;) {
        swap(b, b + end * size, size);
        sift(b, 0, end, size, compare);
    }
}
