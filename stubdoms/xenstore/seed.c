/* SPDX-License-Identifier: Apache-2.0 */
#include "seed.h"

#include "path.h"
#include "request.h"

#include <public/errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 3u
#define SEED_PERMS 64u

struct field {
    const uint8_t *text;
    size_t length;
};

struct seed {
    struct server *server;
    struct seed_error *error;
    struct field field[FIELDS];
    unsigned int field_count;
    uint8_t value[XENSTORE_PAYLOAD_MAX];
};

static bool fail(struct seed *seed, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool fail(struct seed *seed, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(seed->error->reason, sizeof(seed->error->reason), format, args);
    va_end(args);
    return false;
}

/* Cut a line at its TABs; the last field has what is left, where further TABs are mistakes. */
static bool split_line(struct seed *seed, const uint8_t *line, size_t length)
{
    size_t start = 0;

    seed->field_count = 0;
    for (size_t i = 0; i <= length; i++) {
        if (i < length && line[i] != '\t') {
            continue;
        }
        if (seed->field_count == FIELDS) {
            return fail(seed, "more than three fields; a TAB in a value is written \\x09");
        }
        seed->field[seed->field_count].text = line + start;
        seed->field[seed->field_count].length = i - start;
        seed->field_count++;
        start = i + 1;
    }
    if (seed->field_count != FIELDS) {
        return fail(seed, "%u field%s, expected three separated by one TAB each",
                    seed->field_count, seed->field_count == 1 ? "" : "s");
    }
    return true;
}

static bool is_word(const struct field *f, const char *word)
{
    return f->length == strlen(word) && memcmp(f->text, word, f->length) == 0;
}

static bool take_sid(struct seed *seed, const struct field *f, sid_t *sid)
{
    struct mac *mac = &seed->server->mac;
    char context[CONTEXT_MAX];
    int rc;

    *sid = SID_NONE;
    if (f->length == 0 || f->length >= sizeof(context)) {
        return fail(seed, "label of %zu bytes, expected 1 to %u", f->length, CONTEXT_MAX - 1);
    }
    for (size_t i = 0; i < f->length; i++) {
        if (f->text[i] <= ' ' || f->text[i] > '~') {
            return fail(seed, "label with byte 0x%02x, expected printable ASCII", f->text[i]);
        }
    }
    memcpy(context, f->text, f->length);
    context[f->length] = '\0';
    if (!mac->enabled) {
        return true;
    }
    rc = mac->ops->context_to_sid(mac->arg, context, sid);
    return rc == 0 || fail(seed, "the policy has no context '%.100s' (error %d)", context, rc);
}

static bool domain_line(struct seed *seed)
{
    const struct field *f = &seed->field[1];
    uint16_t domid;
    sid_t sid;

    if (!domid_parse((const char *)f->text, f->length, &domid)) {
        return fail(seed, "domain id '%.*s', expected a number from 0 to 32751",
                    (int)(f->length < 40 ? f->length : 40), (const char *)f->text);
    }
    if (server_find(seed->server, domid) != NULL) {
        return fail(seed, "domain %u is named twice", domid);
    }
    if (!take_sid(seed, &seed->field[2], &sid)) {
        return false;
    }
    if (mac_label_domain(&seed->server->mac, domid, sid) != 0 ||
        connection_new(seed->server, domid) == NULL) {
        return fail(seed, "out of memory");
    }
    return true;
}

static bool check_path(struct seed *seed, const struct field *f, bool special_too)
{
    const char *path = (const char *)f->text;

    return path_is_valid(path, f->length) || (special_too && path_is_special(path, f->length)) ||
           fail(seed, "'%.*s' is not an absolute path of letters, digits, -_@ and single slashes",
                (int)(f->length < 60 ? f->length : 60), path);
}

static bool label_line(struct seed *seed)
{
    const struct field *f = &seed->field[1];
    sid_t sid;
    int rc;

    if (!check_path(seed, f, false) || !take_sid(seed, &seed->field[2], &sid)) {
        return false;
    }
    rc = mac_label_subtree(&seed->server->mac, (const char *)f->text, f->length, sid);
    return rc == 0 || fail(seed, "%s", rc == -XEN_EEXIST ? "this subtree already has a label"
                                                         : "out of memory");
}

static bool take_perms(struct seed *seed, struct perm *perms, uint32_t *count)
{
    const struct field *f = &seed->field[1];
    size_t start = 0;

    *count = 0;
    for (size_t i = 0; i <= f->length; i++) {
        if (i < f->length && f->text[i] != ',') {
            continue;
        }
        if (*count == SEED_PERMS) {
            return fail(seed, "more than %u permissions", SEED_PERMS);
        }
        if (!perm_parse((const char *)f->text + start, i - start, &perms[*count])) {
            return fail(seed, "permission '%.*s', expected n, r, w or b and a domain id",
                        (int)(i - start < 40 ? i - start : 40), (const char *)f->text + start);
        }
        (*count)++;
        start = i + 1;
    }
    return true;
}

static int hex_digit(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
           c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_value(struct seed *seed, size_t *length)
{
    const struct field *f = &seed->field[2];
    size_t i = 0;

    *length = 0;
    while (i < f->length) {
        uint8_t c = f->text[i++];

        if (*length == sizeof(seed->value)) {
            return fail(seed, "value longer than %zu bytes", sizeof(seed->value));
        }
        if (c == '\\' && i < f->length && f->text[i] == '\\') {
            i++;
        } else if (c == '\\') {
            int high = f->length - i >= 3 && f->text[i] == 'x' ? hex_digit(f->text[i + 1]) : -1;
            if (high < 0 || hex_digit(f->text[i + 2]) < 0) {
                return fail(seed, "column %zu of the value: expected \\\\ or \\xHH", i);
            }
            c = (uint8_t)(high * 16 + hex_digit(f->text[i + 2]));
            i += 3;
        } else if (c < ' ' || c == 0x7f) {
            return fail(seed, "control byte 0x%02x in the value, expected \\x%02x", c, c);
        }
        seed->value[(*length)++] = c;
    }
    return true;
}

/* Make or change the node of this line in a transaction. */
static bool node_put(struct seed *seed, struct transaction *t)
{
    const struct field *f = &seed->field[0];
    const char *path = (const char *)f->text;
    struct perm perms[SEED_PERMS];
    const struct node *there = NULL;
    struct node *node = NULL;
    uint32_t count;
    size_t length;
    int rc;

    if (!check_path(seed, f, true) || !take_perms(seed, perms, &count) || !take_value(seed, &length)) {
        return false;
    }
    rc = store_read(t->store, t, path, f->length, &there);
    if (rc == 0) {
        rc = there != NULL ? transaction_change(t, path, f->length, &node)
                           : nodes_create(t, path, f->length, DOMID_NONE, &node);
    }
    rc = rc != 0 ? rc : node_set_perms(node, perms, count);
    rc = rc != 0 ? rc : node_set_value(node, seed->value, length);
    return rc == 0 || fail(seed, "cannot create the node (error %d)", rc);
}

static bool node_line(struct seed *seed)
{
    const struct field *f = &seed->field[0];
    const char *path = (const char *)f->text;
    struct store *store = &seed->server->store;
    const struct node *node = map_find(&store->nodes, path, f->length);
    struct transaction t;
    bool good;

    if (node != NULL && (node->flags & NODE_SEEDED) != 0) {
        return check_path(seed, f, true) && fail(seed, "this node is already there");
    }
    transaction_init(&t, store, 0);
    good = node_put(seed, &t);
    if (good) {
        int rc = transaction_commit(&t);

        good = rc == 0 || fail(seed, "cannot create the node (error %d)", rc);
    }
    transaction_destroy(&t);
    if (good) {
        map_find(&store->nodes, path, f->length)->flags |= NODE_SEEDED;
    }
    return good;
}

static bool take_line(struct seed *seed, const uint8_t *line, size_t length)
{
    if (length == 0 || line[0] == '#') {
        return true;
    }
    if (memchr(line, '\0', length) != NULL) {
        return fail(seed, "NUL byte");
    }
    if (!split_line(seed, line, length)) {
        return false;
    }
    if (is_word(&seed->field[0], "!domain")) {
        return domain_line(seed);
    }
    if (is_word(&seed->field[0], "!label")) {
        return label_line(seed);
    }
    if (seed->field[0].length != 0 && seed->field[0].text[0] == '!') {
        return fail(seed, "'%.*s', expected !domain, !label or a path",
                    (int)(seed->field[0].length < 40 ? seed->field[0].length : 40),
                    (const char *)seed->field[0].text);
    }
    return node_line(seed);
}

bool seed_load(struct server *s, const uint8_t *data, size_t size, struct seed_error *error)
{
    struct seed seed = { .server = s, .error = error };
    size_t at = 0;
    bool good = true;

    memset(error, 0, sizeof(*error));
    s->store.loading = true;
    while (at < size && good) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - (data + at)) : size - at;

        error->line++;
        good = take_line(&seed, data + at, length);
        at += length + 1;
    }
    s->store.loading = false;
    return good;
}

/* The next line of the seed and its length; NULL at the end. */
static const uint8_t *next_line(const uint8_t *data, size_t size, size_t *at, size_t *length)
{
    const uint8_t *line = data + *at, *end;

    if (*at >= size) {
        return NULL;
    }
    end = memchr(line, '\n', size - *at);
    *length = end != NULL ? (size_t)(end - line) : size - *at;
    *at += *length + 1;
    return line;
}

static bool is_node(const uint8_t *line, size_t length)
{
    return length != 0 && line[0] == '/';
}

static bool is_wanted(const struct seed *seed, const char *const *tops, unsigned int count)
{
    const struct field *f = &seed->field[0];

    for (unsigned int i = 0; i < count; i++) {
        if (path_is_below((const char *)f->text, f->length, tops[i], strlen(tops[i]))) {
            return true;
        }
    }
    return false;
}

bool seed_restore(struct server *s, const uint8_t *data, size_t size, const char *const *tops, unsigned int count,
                  struct seed_error *error)
{
    struct seed seed = { .server = s, .error = error };
    struct transaction t;
    const uint8_t *line;
    size_t at = 0, length;
    bool good = true;
    int rc = 0;

    memset(error, 0, sizeof(*error));
    transaction_init(&t, &s->store, 0);
    for (unsigned int i = 0; rc == 0 && i < count; i++) {
        if (map_find(&s->store.nodes, tops[i], strlen(tops[i])) != NULL) {
            rc = transaction_delete(&t, tops[i], strlen(tops[i]));
        }
    }
    s->store.loading = true;
    while (rc == 0 && good && (line = next_line(data, size, &at, &length)) != NULL) {
        error->line++;
        if (is_node(line, length)) {
            good = split_line(&seed, line, length) && (!is_wanted(&seed, tops, count) || node_put(&seed, &t));
        }
    }
    rc = good && rc == 0 ? transaction_commit(&t) : rc;
    s->store.loading = false;
    if (rc != 0) {
        good = fail(&seed, "cannot put the nodes back (error %d)", rc);
    }
    if (good) {
        request_report(s, &t);
    }
    transaction_destroy(&t);
    return good;
}

bool seed_each(const uint8_t *data, size_t size, seed_node_fn *fn, void *arg)
{
    struct seed_error error;
    struct seed seed = { .error = &error };
    const uint8_t *line;
    size_t at = 0, length;

    while ((line = next_line(data, size, &at, &length)) != NULL) {
        if (is_node(line, length) && split_line(&seed, line, length) && take_value(&seed, &length) &&
            !fn(arg, (const char *)seed.field[0].text, seed.field[0].length, (const char *)seed.value, length)) {
            return false;
        }
    }
    return true;
}
