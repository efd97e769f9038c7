/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of /etc/init.conf. */
#include "conf.h"

#include <stdio.h>
#include <string.h>

static int line_split(char *text, struct conf_line *line)
{
    char *save = NULL;

    line->count = 0;
    for (char *word = strtok_r(text, " \t\r", &save); word != NULL;
         word = strtok_r(NULL, " \t\r", &save)) {
        if (word[0] == '#') {
            break;
        }
        if (line->count == CONF_WORDS_MAX) {
            return -1;
        }
        line->words[line->count++] = word;
    }
    line->words[line->count] = NULL;
    return 0;
}

int conf_parse(char *text, struct conf *conf, unsigned int *error)
{
    unsigned int number = 0;

    conf->count = 0;
    *error = 0;
    while (text != NULL) {
        char *end = strchr(text, '\n');
        struct conf_line line;

        if (end != NULL) {
            *end++ = '\0';
        }
        line.number = ++number;
        if (line_split(text, &line) < 0) {
            *error = number;
            return -1;
        }
        if (line.count > 0) {
            if (conf->count == CONF_LINES_MAX) {
                *error = number;
                return -1;
            }
            conf->line[conf->count++] = line;
        }
        text = end;
    }
    return 0;
}

int conf_module_same(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char ca = a[i] == '-' ? '_' : a[i];
        char cb = b[i] == '-' ? '_' : b[i];

        if (ca != cb || ca == '\0') {
            return 0;
        }
    }
    return a[length] == '\0';
}

int conf_module_options(const struct conf *conf, const char *name, char *out, size_t size)
{
    size_t used = 0;

    out[0] = '\0';
    for (unsigned int i = 0; i < conf->count; i++) {
        const struct conf_line *line = &conf->line[i];

        if (strcmp(line->words[0], "options") != 0 || line->count < 2
            || !conf_module_same(line->words[1], name, strlen(name))) {
            continue;
        }
        for (unsigned int w = 2; w < line->count; w++) {
            int n = snprintf(out + used, size - used, "%s%s", used > 0 ? " " : "", line->words[w]);

            if (n < 0 || (size_t)n >= size - used) {
                return -1;
            }
            used += (size_t)n;
        }
    }
    return 0;
}
