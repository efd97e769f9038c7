/* SPDX-License-Identifier: Apache-2.0 */
#include "unpack.h"

#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define CHUNK (1u << 20)
#define Z_LEVEL 6 /* 9 takes three times as long to save two parts in a hundred */

typedef const char *(*unpack_fn)(const uint8_t *in, size_t len, struct buf *out);

static const char too_big[] = "it unpacks to more than 512 MiB";
static const char cut_short[] = "the compressed data ends too early";
static const char damaged[] = "the compressed data is damaged";

static const char *unpack_gzip(const uint8_t *in, size_t len, struct buf *out)
{
    z_stream z = { 0 };
    uint8_t *chunk = bh_alloc(CHUNK);
    union {
        const uint8_t *in;
        uint8_t *out;
    } input = { .in = in }; /* zlib reads through a pointer that is not const */
    const char *error = NULL;
    int rc = Z_OK;

    z.next_in = input.out;
    z.avail_in = (uInt)len;
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) {
        free(chunk);
        return "no memory to unpack it";
    }
    while (rc == Z_OK && error == NULL) {
        z.next_out = chunk;
        z.avail_out = CHUNK;
        rc = inflate(&z, Z_NO_FLUSH);
        if (rc == Z_BUF_ERROR || (rc == Z_OK && z.avail_out == CHUNK)) {
            error = cut_short;
        } else if (rc != Z_OK && rc != Z_STREAM_END) {
            error = damaged;
        } else if (out->len + (CHUNK - z.avail_out) > UNPACK_MAX) {
            error = too_big;
        } else {
            buf_put(out, chunk, CHUNK - z.avail_out);
        }
    }
    inflateEnd(&z);
    free(chunk);
    return error;
}

static const char *unpack_lzma(const uint8_t *in, size_t len, struct buf *out)
{
    lzma_stream s = LZMA_STREAM_INIT;
    uint8_t *chunk = bh_alloc(CHUNK);
    const char *error = NULL;
    lzma_ret rc = len > 1 && in[0] == 0xfd ? lzma_stream_decoder(&s, 1u << 30, 0)
                                           : lzma_alone_decoder(&s, 1u << 30);

    s.next_in = in;
    s.avail_in = len;
    while (rc == LZMA_OK && error == NULL) {
        s.next_out = chunk;
        s.avail_out = CHUNK;
        rc = lzma_code(&s, LZMA_RUN);
        if (rc == LZMA_BUF_ERROR || (rc == LZMA_OK && s.avail_out == CHUNK)) {
            error = cut_short;
        } else if (rc != LZMA_OK && rc != LZMA_STREAM_END) {
            error = damaged;
        } else if (out->len + (CHUNK - s.avail_out) > UNPACK_MAX) {
            error = too_big;
        } else {
            buf_put(out, chunk, CHUNK - s.avail_out);
        }
    }
    lzma_end(&s);
    free(chunk);
    return error;
}

static const char *unpack_zstd(const uint8_t *in, size_t len, struct buf *out)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    uint8_t *chunk = bh_alloc(CHUNK);
    ZSTD_inBuffer input = { .src = in, .size = len };
    const char *error = NULL;
    size_t rc = 1;

    while (rc != 0 && error == NULL) {
        ZSTD_outBuffer output = { .dst = chunk, .size = CHUNK };

        rc = ZSTD_decompressStream(z, &output, &input);
        if (ZSTD_isError(rc)) {
            error = damaged;
        } else if (rc != 0 && output.pos < CHUNK && input.pos == input.size) {
            error = cut_short;
        } else if (out->len + output.pos > UNPACK_MAX) {
            error = too_big;
        } else {
            buf_put(out, chunk, output.pos);
        }
    }
    ZSTD_freeDStream(z);
    free(chunk);
    return error;
}

static const struct {
    uint8_t magic[6];
    size_t len;
    unpack_fn run;
} formats[] = {
    { { 0x1f, 0x8b, 0x08 }, 3, unpack_gzip },
    { { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unpack_lzma },
    { { 0x5d, 0, 0 }, 3, unpack_lzma },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, unpack_zstd },
};

static unpack_fn format_find(const uint8_t *in, size_t len)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (len >= formats[i].len && memcmp(in, formats[i].magic, formats[i].len) == 0) {
            return formats[i].run;
        }
    }
    return NULL;
}

bool unpack_is_packed(const uint8_t *in, size_t len)
{
    return format_find(in, len) != NULL;
}

bool unpack(const char *name, const uint8_t *in, size_t len, struct buf *out, struct diag *diag)
{
    unpack_fn run = format_find(in, len);
    const char *error;

    if (run == NULL) {
        diag_error(diag, name, 0, NULL, "is compressed in an unknown way; gzip, xz, lzma and zstd "
                   "are known");
        return false;
    }
    if (len > UNPACK_MAX) {
        error = too_big;
    } else {
        error = run(in, len, out);
    }
    if (error != NULL) {
        diag_error(diag, name, 0, NULL, "cannot be unpacked: %s", error);
        return false;
    }
    return true;
}

void pack_gzip(const uint8_t *in, size_t len, struct buf *out)
{
    z_stream z = { 0 };
    uint8_t *chunk = bh_alloc(CHUNK);
    gz_header header = { .os = 3 }; /* Unix; no time, no name */
    union {
        const uint8_t *in;
        uint8_t *out;
    } input = { .in = in };
    int rc;

    if (deflateInit2(&z, Z_LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
        abort(); /* no memory, or not the zlib this was compiled for */
    }
    deflateSetHeader(&z, &header);
    z.next_in = input.out;
    z.avail_in = (uInt)len;
    do {
        z.next_out = chunk;
        z.avail_out = CHUNK;
        rc = deflate(&z, Z_FINISH);
        buf_put(out, chunk, CHUNK - z.avail_out);
    } while (rc == Z_OK || rc == Z_BUF_ERROR);
    deflateEnd(&z);
    free(chunk);
}
