/* SPDX-License-Identifier: Apache-2.0 */
#include "path.h"

#include <public/io/xs_wire.h>
#include <stdio.h>
#include <string.h>

#define DOMID_LAST 32751u            /* below DOMID_FIRST_RESERVED */

static bool char_is_valid(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '@' || c == '/';
}

bool path_is_valid(const char *path, size_t length)
{
    if (length == 0 || length > XENSTORE_ABS_PATH_MAX || path[0] != '/') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!char_is_valid(path[i]) || (i > 0 && path[i] == '/' && path[i - 1] == '/')) {
            return false;
        }
    }
    return length == 1 || path[length - 1] != '/';
}

bool path_is_special(const char *path, size_t length)
{
    return (length == sizeof(PATH_INTRODUCE) - 1 && memcmp(path, PATH_INTRODUCE, length) == 0) ||
           (length == sizeof(PATH_RELEASE) - 1 && memcmp(path, PATH_RELEASE, length) == 0);
}

size_t path_canonical(uint16_t domid, const char *text, size_t length, char *out)
{
    int n = 0;

    if (length == 0 || length > XENSTORE_ABS_PATH_MAX || text[0] == '@') {
        return 0;
    }
    if (text[0] != '/') {
        if (length > XENSTORE_REL_PATH_MAX) {
            return 0;
        }
        n = snprintf(out, 32, "/local/domain/%u/", domid);
    }
    memcpy(out + n, text, length);
    length += (size_t)n;
    out[length] = '\0';
    return path_is_valid(out, length) ? length : 0;
}

bool path_is_below(const char *path, size_t length, const char *top, size_t top_len)
{
    if (top_len == 1 && top[0] == '/') {
        return length > 0 && path[0] == '/';
    }
    return length >= top_len && memcmp(path, top, top_len) == 0 &&
           (length == top_len || path[top_len] == '/');
}

bool domid_parse(const char *text, size_t length, uint16_t *domid)
{
    uint32_t value = 0;

    if (length == 0 || length > 5) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint32_t)(text[i] - '0');
    }
    *domid = (uint16_t)value;
    return value <= DOMID_LAST;
}

bool perm_parse(const char *text, size_t length, struct perm *perm)
{
    if (length < 2 || !domid_parse(text + 1, length - 1, &perm->domid)) {
        return false;
    }
    switch (text[0]) {
    case 'n': perm->access = 0; return true;
    case 'r': perm->access = ACCESS_READ; return true;
    case 'w': perm->access = ACCESS_WRITE; return true;
    case 'b': perm->access = ACCESS_READ | ACCESS_WRITE; return true;
    default: return false;
    }
}

size_t perm_format(const struct perm *perm, char *text)
{
    static const char letters[] = "nrwb";

    return (size_t)snprintf(text, 8, "%c%u", letters[perm->access & 3], perm->domid);
}
