/* SPDX-License-Identifier: Apache-2.0 */
/* JSON messages: strict reading, base64 fields. */
#include <attest/message.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>

#define DEPTH_MAX 8

void bytes_free(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){NULL, 0};
}

int bytes_set(struct bytes *b, const void *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    if (copy == NULL) {
        return -ENOMEM;
    }
    if (size > 0) {
        memcpy(copy, data, size);
    }
    free(b->data);
    *b = (struct bytes){copy, size};
    return 0;
}

json_object *message_parse(const uint8_t *json, size_t size, struct attest_error *err)
{
    json_tokener *tok = json_tokener_new_ex(DEPTH_MAX);
    json_object *root;

    if (tok == NULL || size > FRAME_MAX) {
        attest_fail(err, -ENOMEM, "message: no memory or too long");
        return NULL;
    }
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    root = json_tokener_parse_ex(tok, (const char *)json, (int)size);
    if (!json_object_is_type(root, json_type_object)) {
        attest_fail(err, -EINVAL, "message offset %zu: %s", json_tokener_get_parse_end(tok),
                    root != NULL ? "expected an object"
                                 : json_tokener_error_desc(json_tokener_get_error(tok)));
        json_object_put(root);
        root = NULL;
    }
    json_tokener_free(tok);
    return root;
}

const char *message_string(json_object *o, const char *key)
{
    json_object *v;

    if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_string) ||
        strlen(json_object_get_string(v)) != (size_t)json_object_get_string_len(v)) {
        return NULL;
    }
    return json_object_get_string(v);
}

int message_bytes(json_object *o, const char *key, size_t max, struct bytes *out,
                  struct attest_error *err)
{
    const char *text = message_string(o, key);
    size_t len, size;
    uint8_t *buf;
    int got;

    if (text == NULL) {
        return attest_fail(err, -EINVAL, "message: no string \"%s\"", key);
    }
    len = strlen(text);
    size = len / 4 * 3;
    if (len % 4 != 0 || size > max + 2) {
        return attest_fail(err, -EINVAL, "message: \"%s\" is no base64 of at most %zu bytes", key,
                           max);
    }
    buf = malloc(size + 1);
    if (buf == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    got = EVP_DecodeBlock(buf, (const unsigned char *)text, (int)len);
    if (got < 0 || (size_t)got != size) {
        free(buf);
        return attest_fail(err, -EINVAL, "message: \"%s\" is no base64", key);
    }
    for (unsigned int i = 1; i <= 2 && len >= 4 && text[len - i] == '='; i++) {
        size--;
    }
    if (size > max) {
        free(buf);
        return attest_fail(err, -EINVAL, "message: \"%s\" has more than %zu bytes", key, max);
    }
    free(out->data);
    *out = (struct bytes){buf, size};
    return 0;
}

int message_add_bytes(json_object *o, const char *key, const void *data, size_t size)
{
    char *text = malloc(size / 3 * 4 + 5);
    int rc;

    if (text == NULL) {
        return -ENOMEM;
    }
    EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    rc = message_add_string(o, key, text);
    free(text);
    return rc;
}

int message_add_string(json_object *o, const char *key, const char *value)
{
    json_object *v = json_object_new_string(value);

    if (v == NULL || json_object_object_add(o, key, v) != 0) {
        json_object_put(v);
        return -ENOMEM;
    }
    return 0;
}

int message_send(struct stream *s, json_object *o)
{
    size_t len;
    const char *text = json_object_to_json_string_length(o, JSON_C_TO_STRING_PLAIN, &len);

    return text == NULL ? -ENOMEM : frame_send(s, (const uint8_t *)text, len);
}
