/* SPDX-License-Identifier: Apache-2.0 */
#include <attest/utc.h>

#include <errno.h>
#include <string.h>
#include <time.h>

#define LAST 253402300799ll /* 9999-12-31T23:59:59Z */

const char *utc_format(char buf[UTC_SIZE], int64_t t)
{
    time_t clamped = t < 0 ? 0 : t > LAST ? LAST : (time_t)t;
    struct tm tm;

    if (gmtime_r(&clamped, &tm) == NULL || strftime(buf, UTC_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) {
        strcpy(buf, "?");
    }
    return buf;
}

int utc_parse(const char *text, int64_t *out)
{
    struct tm tm = {.tm_isdst = 0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    char again[UTC_SIZE];
    time_t t;

    if (end == NULL || *end != '\0') {
        return -EINVAL;
    }
    t = timegm(&tm);
    if (t < 0 || t > LAST || strcmp(utc_format(again, t), text) != 0) {
        return -EINVAL; /* such as 31 February */
    }
    *out = t;
    return 0;
}
