/* SPDX-License-Identifier: Apache-2.0 */
#include <xen/errno.h>
#include <xen/lib.h>

static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return (unsigned)(c - 'A') + 10;
    }
    return 16;
}

int parse_u64(const char *s, const char **end, uint64_t *out)
{
    unsigned base = 10;
    uint64_t v = 0;
    const char *p = s;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        p = s + 2;
    }
    if (digit_value(*p) >= base) {
        return -EINVAL;
    }
    for (; digit_value(*p) < base; p++) {
        if (mul_overflows(v, (uint64_t)base, &v) ||
            add_overflows(v, (uint64_t)digit_value(*p), &v)) {
            return -EINVAL;
        }
    }
    if (end != NULL) {
        *end = p;
    }
    *out = v;
    return 0;
}
