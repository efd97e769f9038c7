/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ATTEST_MESSAGE_H
#define ATTEST_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

#include <attest/frame.h>
#include <attest/reference.h>

/* JSON messages in frames; binary fields are base64 strings. The operations: attest/README.md. */

#define MESSAGE_FORMAT "bulkhead-attest-1"

struct bytes {
    uint8_t *data; /* owned, malloc */
    size_t size;
};

void bytes_free(struct bytes *b);
/** @return 0 or -ENOMEM */
int bytes_set(struct bytes *b, const void *data, size_t size);

/** Strict JSON of limited depth, an object at the top. NULL with err. */
json_object *message_parse(const uint8_t *json, size_t size, struct attest_error *err);

/** String field without embedded NUL; NULL when absent or of another type. Borrowed. */
const char *message_string(json_object *o, const char *key);
/** Base64 field of at most max bytes. @return 0; -EINVAL absent or malformed; -ENOMEM */
int message_bytes(json_object *o, const char *key, size_t max, struct bytes *out,
                  struct attest_error *err);
/** Add fields. @return 0 or -ENOMEM */
int message_add_bytes(json_object *o, const char *key, const void *data, size_t size);
int message_add_string(json_object *o, const char *key, const char *value);

/** Send a message; takes no ownership. @return 0 or -errno */
int message_send(struct stream *s, json_object *o);

#endif /* ATTEST_MESSAGE_H */
