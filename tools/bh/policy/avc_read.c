/* SPDX-License-Identifier: Apache-2.0 */
/* Logs from files and standard input. */
#include "avc_log.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "../build/file.h"

static bool read_input(struct buf *text, struct messages *m)
{
    char part[65536];
    ssize_t n;

    while ((n = read(STDIN_FILENO, part, sizeof(part))) > 0) {
        buf_put(text, part, (size_t)n);
        if (text->len > FILE_SIZE_MAX) {
            message_add(m, NULL, 0, 0, "standard input has more than %" PRIu64 " bytes", FILE_SIZE_MAX);
            return false;
        }
    }
    if (n < 0) {
        message_add(m, NULL, 0, 0, "standard input cannot be read");
    }
    return n == 0;
}

bool avc_log_read(struct avc_log *log, const char *const *paths, size_t count, struct messages *m)
{
    static const char *const input[] = { "-" };
    bool ok = true;

    *log = (struct avc_log){ 0 };
    if (count == 0) {
        paths = input;
        count = 1;
    }
    for (size_t i = 0; ok && i < count; i++) {
        struct buf text = { 0 };
        struct diag diag = { 0 };
        bool piped = strcmp(paths[i], "-") == 0;

        ok = piped ? read_input(&text, m) : file_load(paths[i], &text, &diag);
        messages_of_diag(m, &diag);
        if (ok) {
            avc_log_add(log, piped ? "(input)" : paths[i], text.data != NULL ? text.data : "", text.len);
        }
        buf_free(&text);
    }
    avc_log_end(log);
    if (!ok) {
        avc_log_free(log);
    }
    return ok;
}
