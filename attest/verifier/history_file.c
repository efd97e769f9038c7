/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host's memory on disk. Every field has to be there and of its form: a file that was cut short or
 * edited by mistake is an error to be seen, not a host without a past.
 */
#include <attest/history.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <attest/error.h>
#include <attest/utc.h>

#define FORMAT "bulkhead-attest-history-1"

static char *path_of(const char *folder, const char *host, const char *suffix)
{
    char *path;

    return asprintf(&path, "%s/%s%s", folder, host, suffix) < 0 ? NULL : path;
}

static int is_history(const struct dirent *d)
{
    size_t n = strlen(d->d_name);

    return d->d_name[0] != '.' && n > 5 && strcmp(d->d_name + n - 5, ".json") == 0;
}

int history_list(const char *folder, char ***names, struct attest_error *err)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, is_history, alphasort), rc = n;

    *names = n < 0 ? NULL : calloc((size_t)n + 1, sizeof(char *));
    if (*names == NULL) {
        rc = n < 0 ? attest_fail(err, -errno, "%s: %s", folder, strerror(errno)) : attest_fail(err, -ENOMEM, "no memory");
    }
    for (int i = 0; i < n; i++) {
        if (rc >= 0 && *names != NULL) {
            (*names)[i] = strndup(entry[i]->d_name, strlen(entry[i]->d_name) - 5);
            rc = (*names)[i] == NULL ? attest_fail(err, -ENOMEM, "no memory") : rc;
        }
        free(entry[i]);
    }
    free(entry);
    if (rc < 0) {
        for (int i = 0; *names != NULL && i < n; i++) {
            free((*names)[i]);
        }
        free(*names);
        *names = NULL;
    }
    return rc;
}

int history_lock(struct history *h, const char *folder, struct attest_error *err)
{
    char *path = path_of(folder, h->host, ".lock");
    int rc = 0;

    if (path == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    h->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (h->lock < 0 || flock(h->lock, LOCK_EX | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK
                 ? attest_fail(err, -EBUSY, "%s: another verifier has this host", path)
                 : attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    free(path);
    return rc;
}

/* -- reading ------------------------------------------------------------------------------------ */
static bool get_hex(json_object *o, const char *key, uint8_t *out, size_t n)
{
    const char *text = message_string(o, key);

    return text != NULL && hex_decode(out, n, text) == 0;
}

static bool get_time(json_object *o, const char *key, int64_t *out)
{
    const char *text = message_string(o, key);

    return text != NULL && (*text == '\0' ? (*out = 0, true) : utc_parse(text, out) == 0);
}

static bool get_number(json_object *o, const char *key, int64_t *out)
{
    json_object *v;

    if (!json_object_object_get_ex(o, key, &v) || !json_object_is_type(v, json_type_int)) {
        return false;
    }
    *out = json_object_get_int64(v);
    return true;
}

static bool get_word(json_object *o, const char *key, char *out, size_t size)
{
    const char *text = message_string(o, key);

    return text != NULL && strlen(text) < size && strcpy(out, text) != NULL;
}

static bool get_copy(json_object *o, const char *key, char **out)
{
    const char *text = message_string(o, key);

    free(*out);
    *out = text == NULL ? NULL : strdup(text);
    return *out != NULL;
}

static json_object *get_array(json_object *o, const char *key, size_t max)
{
    json_object *v;

    return json_object_object_get_ex(o, key, &v) && json_object_is_type(v, json_type_array) &&
                   json_object_array_length(v) <= max
               ? v
               : NULL;
}

static bool get_clock(struct history *h, json_object *root)
{
    json_object *o, *safe, *ms;
    int64_t clock, reset, restart;

    if (!json_object_object_get_ex(root, "clock", &o)) {
        return false;
    }
    if (o == NULL) {
        return true; /* no quote yet */
    }
    if (!json_object_is_type(o, json_type_object) || !get_number(o, "ms", &clock) ||
        !get_number(o, "resets", &reset) || !get_number(o, "restarts", &restart) || clock < 0 ||
        !json_object_object_get_ex(o, "safe", &safe) ||
        !json_object_is_type(safe, json_type_boolean)) {
        return false;
    }
    h->has_clock = true;
    json_object_object_get_ex(o, "ms", &ms); /* whoever owns the TPM may put its clock beyond 2^63 */
    h->clock = (struct clock_info){.clock = json_object_get_uint64(ms),
                                   .reset = (uint32_t)reset,
                                   .restart = (uint32_t)restart,
                                   .safe = json_object_get_boolean(safe)};
    return true;
}

static bool get_recent(struct history *h, json_object *root)
{
    json_object *nonces = get_array(root, "nonces", HISTORY_RECENT);
    json_object *quotes = get_array(root, "quotes", HISTORY_RECENT);
    bool ok = nonces != NULL && quotes != NULL;

    for (size_t i = 0; ok && i < json_object_array_length(nonces); i++) {
        json_object *o = json_object_array_get_idx(nonces, i);

        ok = json_object_is_type(o, json_type_object) &&
             get_hex(o, "sha256", h->nonce[i].sha256, 32) && get_time(o, "at", &h->nonce[i].at);
        h->nonce_count = i + 1;
    }
    for (size_t i = 0; ok && i < json_object_array_length(quotes); i++) {
        json_object *o = json_object_array_get_idx(quotes, i);

        ok = json_object_is_type(o, json_type_string) &&
             hex_decode(h->quote[i], 32, json_object_get_string(o)) == 0;
        h->quote_count = i + 1;
    }
    return ok;
}

static bool get_sets(struct history *h, json_object *root)
{
    json_object *list = get_array(root, "sets", HISTORY_SET_MAX);
    bool ok = list != NULL;

    if (ok) {
        free(h->set);
        h->set = calloc(json_object_array_length(list) + 1, sizeof(*h->set));
        ok = h->set != NULL;
    }
    for (size_t i = 0; ok && i < json_object_array_length(list); i++) {
        json_object *o = json_object_array_get_idx(list, i);
        struct history_set *s = &h->set[i];

        ok = json_object_is_type(o, json_type_object) && get_word(o, "id", s->id, sizeof(s->id)) &&
             get_hex(o, "components", s->digest, 32) && get_time(o, "met", &s->met) && get_time(o, "ends", &s->ends);
        h->set_count = i + 1;
    }
    return ok;
}

static bool get_facts(struct history *h, json_object *root)
{
    json_object *list = get_array(root, "findings", 65536);
    bool ok = list != NULL;

    if (ok) {
        h->fact = calloc(json_object_array_length(list) + 1, sizeof(*h->fact));
        ok = h->fact != NULL;
    }
    for (size_t i = 0; ok && i < json_object_array_length(list); i++) {
        json_object *o = json_object_array_get_idx(list, i);
        struct history_fact *f = &h->fact[i];
        int64_t pcr = -2;

        h->fact_count = i + 1;
        ok = json_object_is_type(o, json_type_object) && get_number(o, "pcr", &pcr) && pcr >= -1 &&
             pcr < 24 && get_copy(o, "component", &f->component) && get_copy(o, "code", &f->code) &&
             get_copy(o, "found", &f->found) && get_time(o, "since", &f->since);
        f->pcr = (int)pcr;
    }
    return ok;
}

static const char *damaged(struct history *h, json_object *root)
{
    const char *format = message_string(root, "format"), *host = message_string(root, "host");

    if (format == NULL || strcmp(format, FORMAT) != 0) {
        return "format";
    }
    if (host == NULL || strcmp(host, h->host) != 0) {
        return "host";
    }
    if (!get_copy(root, "connect", &h->connect) || !get_time(root, "enrolled", &h->enrolled)) {
        return "connect, enrolled";
    }
    if (!get_hex(root, "ek", h->ek, 32) || !get_hex(root, "ak", h->ak, NAME_SIZE)) {
        return "ek, ak";
    }
    if (!get_clock(h, root)) {
        return "clock";
    }
    if (!get_recent(h, root)) {
        return "nonces, quotes";
    }
    if (!get_sets(h, root)) {
        return "sets";
    }
    if (!get_facts(h, root)) {
        return "findings";
    }
    if (!get_word(root, "verdict", h->verdict, sizeof(h->verdict)) ||
        !get_time(root, "verdict-at", &h->verdict_at) ||
        !get_time(root, "verdict-since", &h->verdict_since) || !get_copy(root, "codes", &h->codes) ||
        !get_word(root, "explained-by", h->explained_by, sizeof(h->explained_by))) {
        return "verdict";
    }
    return NULL;
}

const char *history_parse(struct history *h, const uint8_t *text, size_t size)
{
    json_object *root;
    const char *where;

    while (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    root = message_parse(text, size, NULL);
    where = root == NULL ? "it is no JSON object" : damaged(h, root);
    json_object_put(root);
    return where;
}

static int read_into(struct history *h, const char *folder, struct attest_error *err)
{
    char *path = path_of(folder, h->host, ".json");
    const char *where;
    uint8_t *data;
    size_t size;
    int rc = path == NULL ? -ENOMEM : file_read(path, HISTORY_FILE_MAX, &data, &size, err);

    if (path == NULL || rc != 0) {
        free(path);
        return rc;
    }
    where = history_parse(h, data, size);
    if (where != NULL) {
        rc = attest_fail(err, -EINVAL, "%.150s: damaged: %s; restore it from a copy", path,
                         where);
    }
    free(data);
    free(path);
    return rc;
}

static int open_with(struct history **out, const char *folder, const char *host, bool lock,
                     struct attest_error *err)
{
    struct history *h = history_name_is_valid(host) ? history_new(host) : NULL;
    int rc;

    if (h == NULL) {
        attest_fail(err, 0, "\"%.70s\": no name of a host", host);
        return -EINVAL;
    }
    rc = lock ? history_lock(h, folder, err) : 0;
    if (rc == 0) {
        rc = read_into(h, folder, err);
    }
    if (rc != 0) {
        history_free(h);
        return rc;
    }
    *out = h;
    return 0;
}

int history_open(struct history **out, const char *folder, const char *host,
                 struct attest_error *err)
{
    return open_with(out, folder, host, true, err);
}

int history_read(struct history **out, const char *folder, const char *host,
                 struct attest_error *err)
{
    return open_with(out, folder, host, false, err);
}

/* -- writing ------------------------------------------------------------------------------------ */
static void add_hex(json_object *o, const char *key, const uint8_t *bytes, size_t n)
{
    char hex[2 * 64 + 1];

    hex_encode(hex, bytes, n);
    message_add_string(o, key, hex);
}

static void add_time(json_object *o, const char *key, int64_t t)
{
    char text[UTC_SIZE];

    message_add_string(o, key, t == 0 ? "" : utc_format(text, t));
}

static void add_number(json_object *o, const char *key, int64_t n)
{
    json_object_object_add(o, key, json_object_new_int64(n));
}

static void add_recent(json_object *root, const struct history *h)
{
    json_object *nonces = json_object_new_array(), *quotes = json_object_new_array();

    for (size_t i = 0; i < h->nonce_count; i++) {
        json_object *o = json_object_new_object();

        add_hex(o, "sha256", h->nonce[i].sha256, 32);
        add_time(o, "at", h->nonce[i].at);
        json_object_array_add(nonces, o);
    }
    for (size_t i = 0; i < h->quote_count; i++) {
        char hex[65];

        hex_encode(hex, h->quote[i], 32);
        json_object_array_add(quotes, json_object_new_string(hex));
    }
    json_object_object_add(root, "nonces", nonces);
    json_object_object_add(root, "quotes", quotes);
}

static void add_lists(json_object *root, const struct history *h)
{
    json_object *sets = json_object_new_array(), *facts = json_object_new_array();

    for (size_t i = 0; i < h->set_count; i++) {
        json_object *o = json_object_new_object();

        message_add_string(o, "id", h->set[i].id);
        add_hex(o, "components", h->set[i].digest, 32);
        add_time(o, "met", h->set[i].met);
        add_time(o, "ends", h->set[i].ends);
        json_object_array_add(sets, o);
    }
    for (size_t i = 0; i < h->fact_count; i++) {
        json_object *o = json_object_new_object();

        add_number(o, "pcr", h->fact[i].pcr);
        message_add_string(o, "component", h->fact[i].component);
        message_add_string(o, "code", h->fact[i].code);
        message_add_string(o, "found", h->fact[i].found);
        add_time(o, "since", h->fact[i].since);
        json_object_array_add(facts, o);
    }
    json_object_object_add(root, "sets", sets);
    json_object_object_add(root, "findings", facts);
}

int history_print(const struct history *h, char **out)
{
    json_object *root = json_object_new_object(), *clock = NULL;
    const char *text;

    if (h->has_clock) {
        clock = json_object_new_object();
        json_object_object_add(clock, "ms", json_object_new_uint64(h->clock.clock));
        add_number(clock, "resets", h->clock.reset);
        add_number(clock, "restarts", h->clock.restart);
        json_object_object_add(clock, "safe", json_object_new_boolean(h->clock.safe));
    }
    message_add_string(root, "format", FORMAT);
    message_add_string(root, "host", h->host);
    message_add_string(root, "connect", h->connect);
    add_time(root, "enrolled", h->enrolled);
    add_hex(root, "ek", h->ek, 32);
    add_hex(root, "ak", h->ak, NAME_SIZE);
    json_object_object_add(root, "clock", clock);
    message_add_string(root, "verdict", h->verdict);
    add_time(root, "verdict-at", h->verdict_at);
    add_time(root, "verdict-since", h->verdict_since);
    message_add_string(root, "codes", h->codes);
    message_add_string(root, "explained-by", h->explained_by);
    add_lists(root, h);
    add_recent(root, h);
    text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    *out = text != NULL ? strdup(text) : NULL;
    json_object_put(root);
    return *out != NULL ? 0 : -ENOMEM;
}

/* A memory that was written and cannot be read is worse than one of the time before. */
static int check_text(const struct history *h, const char *text, struct attest_error *err)
{
    struct history *again;
    const char *where;
    int rc = 0;

    if (strlen(text) > HISTORY_FILE_MAX) {
        return attest_fail(err, -EFBIG, "%s: more to remember than %zu bytes", h->host, HISTORY_FILE_MAX);
    }
    again = history_new(h->host);
    if (again == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    where = history_parse(again, (const uint8_t *)text, strlen(text));
    if (where != NULL) {
        rc = attest_fail(err, -EINVAL, "%s: not written, as it could not be read again: %s", h->host, where);
    }
    history_free(again);
    return rc;
}

int history_write(const struct history *h, const char *folder, struct attest_error *err)
{
    char *path = path_of(folder, h->host, ".json"), *text = NULL;
    int rc = path == NULL ? -ENOMEM : history_print(h, &text);

    rc = rc == 0 ? check_text(h, text, err) : attest_fail(err, rc, "no memory");
    if (rc == 0) {
        rc = file_write(path, text, strlen(text), err);
    }
    free(text);
    free(path);
    return rc;
}
