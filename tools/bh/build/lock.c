/* SPDX-License-Identifier: Apache-2.0 */
#include "lock.h"

#include <stdlib.h>
#include <string.h>

static bool words_good(const char *package, const char *version, const char *sha256)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "+-.~:";

    return strspn(package, name) == strlen(package) && package[0] != '-'
           && strspn(version, letters) == strlen(version) && version[0] != '-'
           && strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64;
}

static void line_parse(struct lock *lock, const char *file, unsigned int line, char *text,
                       struct diag *diag)
{
    char *save = NULL;
    const char *words[4] = { NULL, NULL, NULL, NULL };
    size_t count = 0;

    text[strcspn(text, "#")] = '\0';
    for (char *word = strtok_r(text, " \t\r", &save); word != NULL && count < 4;
         word = strtok_r(NULL, " \t\r", &save)) {
        words[count++] = word;
    }
    if (count == 0) {
        return;
    }
    if (count != 3 || !words_good(words[0], words[1], words[2])) {
        diag_error(diag, file, line, words[0], "not a pinned package; write NAME VERSION SHA256, or "
                   "let bh build -u write the file");
    } else if (lock_find(lock, words[0]) != NULL) {
        diag_error(diag, file, line, words[0], "pinned already; remove one of the lines");
    } else {
        lock_set(lock, words[0], words[1], words[2]);
    }
}

bool lock_parse(struct lock *lock, const char *file, const uint8_t *text, size_t len,
                struct diag *diag)
{
    unsigned int before = diag->error_count;
    unsigned int line = 1;

    *lock = (struct lock){ 0 };
    for (size_t at = 0; at < len; line++) {
        const uint8_t *end = memchr(text + at, '\n', len - at);
        size_t size = end != NULL ? (size_t)(end - (text + at)) : len - at;
        char *copy = bh_strndup((const char *)text + at, size);

        line_parse(lock, file, line, copy, diag);
        free(copy);
        at += size + 1;
    }
    return diag->error_count == before;
}

const struct lock_pin *lock_find(const struct lock *lock, const char *package)
{
    for (size_t i = 0; i < lock->count; i++) {
        if (strcmp(lock->pins[i].package, package) == 0) {
            return &lock->pins[i];
        }
    }
    return NULL;
}

void lock_remove(struct lock *lock, const char *package)
{
    for (size_t i = 0; i < lock->count; i++) {
        if (strcmp(lock->pins[i].package, package) == 0) {
            free(lock->pins[i].package);
            free(lock->pins[i].version);
            memmove(&lock->pins[i], &lock->pins[i + 1],
                    (lock->count - i - 1) * sizeof(lock->pins[0]));
            lock->count--;
            return;
        }
    }
}

void lock_set(struct lock *lock, const char *package, const char *version, const char *sha256)
{
    size_t at = 0;

    lock_remove(lock, package);
    while (at < lock->count && strcmp(lock->pins[at].package, package) < 0) {
        at++;
    }
    lock->pins = bh_grow(lock->pins, lock->count + 1, sizeof(lock->pins[0]));
    memmove(&lock->pins[at + 1], &lock->pins[at], (lock->count - at) * sizeof(lock->pins[0]));
    lock->pins[at].package = bh_strdup(package);
    lock->pins[at].version = bh_strdup(version);
    memcpy(lock->pins[at].sha256, sha256, 64);
    lock->pins[at].sha256[64] = '\0';
    lock->count++;
}

void lock_text(const struct lock *lock, struct buf *out)
{
    buf_puts(out, "# The Debian packages that images are made from: name, version, SHA-256 of the "
                  "file.\n# `bh build -u HOST.CONF` pins what the archive has now.\n");
    for (size_t i = 0; i < lock->count; i++) {
        buf_printf(out, "%s %s %s\n", lock->pins[i].package, lock->pins[i].version,
                   lock->pins[i].sha256);
    }
}

void lock_free(struct lock *lock)
{
    while (lock->count != 0) {
        lock_remove(lock, lock->pins[lock->count - 1].package);
    }
    free(lock->pins);
    *lock = (struct lock){ 0 };
}
