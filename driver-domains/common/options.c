/* SPDX-License-Identifier: Apache-2.0 */
/* One function a key, one table of them. */
#include "options.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int options_number(const char *text, unsigned int max, unsigned int *out)
{
    char *end;

    if (text[0] < '0' || text[0] > '9') {
        return -1;
    }
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);

    if (errno != 0 || *end != '\0' || value > max) {
        return -1;
    }
    *out = (unsigned int)value;
    return 0;
}

int options_address(const char *text, struct link_address *address)
{
    char dotted[INET_ADDRSTRLEN];
    size_t length = strcspn(text, "/");

    if (text[length] != '/' || length >= sizeof(dotted)
        || options_number(text + length + 1, 32, &address->bits) < 0) {
        return -1;
    }
    memcpy(dotted, text, length);
    dotted[length] = '\0';
    return inet_pton(AF_INET, dotted, &address->address) == 1 ? 0 : -1;
}

static const char *key_address(struct options *options, const char *value)
{
    if (options->address_count == OPTIONS_ADDRESSES_MAX) {
        return "more addresses than there is room for";
    }
    if (options_address(value, &options->address[options->address_count]) < 0) {
        return "write address=A.B.C.D/BITS";
    }
    options->address_count++;
    return NULL;
}

static const char *key_gateway(struct options *options, const char *value)
{
    return inet_pton(AF_INET, value, &options->gateway) == 1 ? NULL : "write gateway=A.B.C.D";
}

static const struct {
    const char *key;
    const char *(*take)(struct options *options, const char *value);
} keys[] = {
    { "address", key_address },
    { "gateway", key_gateway },
};

const char *options_word(struct options *options, const char *word)
{
    size_t length = strcspn(word, "=");

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (word[length] == '=' && strlen(keys[i].key) == length
            && memcmp(keys[i].key, word, length) == 0) {
            return keys[i].take(options, word + length + 1);
        }
    }
    return "there is no such option; there are address=A.B.C.D/BITS and gateway=A.B.C.D";
}

const char *options_cmdline(struct options *options, char *line, const char **bad)
{
    char *save = NULL;

    for (char *word = strtok_r(line, " \n", &save); word != NULL;
         word = strtok_r(NULL, " \n", &save)) {
        if (strncmp(word, OPTIONS_PREFIX, strlen(OPTIONS_PREFIX)) == 0) {
            const char *wrong = options_word(options, word + strlen(OPTIONS_PREFIX));

            if (wrong != NULL) {
                *bad = word;
                return wrong;
            }
        }
    }
    return NULL;
}
