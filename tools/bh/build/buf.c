/* SPDX-License-Identifier: Apache-2.0 */
#include "buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("bh: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void *bh_alloc(size_t size)
{
    return checked(calloc(1, size != 0 ? size : 1));
}

void *bh_grow(void *old, size_t count, size_t size)
{
    return checked(reallocarray(old, count != 0 ? count : 1, size));
}

char *bh_strdup(const char *text)
{
    return checked(strdup(text));
}

char *bh_strndup(const char *text, size_t len)
{
    return checked(strndup(text, len));
}

char *bh_vprintf(const char *format, va_list args)
{
    struct buf b = { 0 };

    buf_vprintf(&b, format, args);
    return b.data;
}

char *bh_printf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = bh_vprintf(format, args);
    va_end(args);
    return text;
}

static void buf_reserve(struct buf *b, size_t more)
{
    size_t need = b->len + more + 1;

    if (need <= b->cap) {
        return;
    }
    b->cap = need > b->cap * 2 ? need : b->cap * 2;
    b->data = checked(realloc(b->data, b->cap));
}

void buf_put(struct buf *b, const void *data, size_t len)
{
    buf_reserve(b, len);
    if (len != 0) {
        memcpy(b->data + b->len, data, len);
    }
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_zero(struct buf *b, size_t len)
{
    buf_reserve(b, len);
    memset(b->data + b->len, 0, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;

    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);

    va_end(again);
    if (len < 0) {
        fputs("bh: cannot format a message\n", stderr);
        exit(1);
    }
    buf_reserve(b, (size_t)len);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    b->len += (size_t)len;
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_free(struct buf *b)
{
    free(b->data);
    *b = (struct buf){ 0 };
}
