/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and string functions. Bulk copies move eight bytes at a time by rep movsq, the rest by overlapping
 * loads and stores of fixed sizes: no byte loops in the common cases.
 */
#include <xen/lib.h>

/* Fixed-size accesses at any alignment; the compiler makes one instruction of each. */
#define LOAD(type, p)                                                                              \
    ({                                                                                             \
        type v_;                                                                                   \
        __builtin_memcpy(&v_, (p), sizeof(v_));                                                    \
        v_;                                                                                        \
    })
#define STORE(p, v) __builtin_memcpy((p), &(v), sizeof(v))

static void copy_tail(char *d, const char *s, size_t n) /* n < 8, may overlap */
{
    if (n >= 4) {
        uint32_t a = LOAD(uint32_t, s), b = LOAD(uint32_t, s + n - 4);

        STORE(d, a);
        STORE(d + n - 4, b);
    } else if (n >= 2) {
        uint16_t a = LOAD(uint16_t, s), b = LOAD(uint16_t, s + n - 2);

        STORE(d, a);
        STORE(d + n - 2, b);
    } else if (n == 1) {
        *d = *s;
    }
}

void *memcpy(void *restrict dst, const void *restrict src, size_t n)
{
    char *d = dst;
    const char *s = src;
    uint64_t last;
    size_t words = n / 8;

    if (n < 8) {
        copy_tail(d, s, n);
        return dst;
    }
    last = LOAD(uint64_t, s + n - 8);
    __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
    if (n % 8 != 0) {
        d = (char *)dst + n - 8;
        STORE(d, last);
    }
    return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;

    if (n < 8) {
        copy_tail(d, s, n);
    } else if ((size_t)(d - s) >= n) { /* also when dst is below src: the difference wraps */
        uint64_t last = LOAD(uint64_t, s + n - 8);
        size_t words = n / 8;

        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
        if (n % 8 != 0) {
            d = (char *)dst + n - 8;
            STORE(d, last);
        }
    } else {
        uint64_t first = LOAD(uint64_t, s);

        for (; n >= 8; n -= 8) {
            uint64_t w = LOAD(uint64_t, s + n - 8);

            STORE(d + n - 8, w);
            __asm__ volatile("" ::: "memory"); /* keeps the loop from becoming a call of memmove */
        }
        if (n != 0) {
            STORE(d, first);
        }
    }
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    uint64_t pattern = (uint8_t)c * 0x0101010101010101ull;
    char *d = dst;
    size_t words = n / 8;

    if (n < 8) {
        for (size_t i = 0; i < n; i++) {
            d[i] = (char)c;
            __asm__ volatile("" ::: "memory");
        }
        return dst;
    }
    __asm__ volatile("rep stosq" : "+D"(d), "+c"(words) : "a"(pattern) : "memory");
    d = (char *)dst + n - 8;
    STORE(d, pattern);
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = a, *y = b;

    for (; n >= 8; n -= 8, x += 8, y += 8) {
        if (LOAD(uint64_t, x) != LOAD(uint64_t, y)) {
            break;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

void *memchr(const void *s, int c, size_t n)
{
    const char *p = s;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == (char)c) {
            return (void *)(uintptr_t)(p + i);
        }
    }
    return NULL;
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0') {
        n++;
        __asm__ volatile("" ::: "memory");
    }
    return n;
}

size_t strlen(const char *s)
{
    return strnlen(s, SIZE_MAX);
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return (uint8_t)a[i] < (uint8_t)b[i] ? -1 : 1;
        }
        if (a[i] == '\0') {
            break;
        }
    }
    return 0;
}

int strcmp(const char *a, const char *b)
{
    return strncmp(a, b, SIZE_MAX);
}

char *strchr(const char *s, int c)
{
    for (;; s++) {
        if (*s == (char)c) {
            return (char *)(uintptr_t)s;
        }
        if (*s == '\0') {
            return NULL;
        }
    }
}
