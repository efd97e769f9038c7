/* SPDX-License-Identifier: Apache-2.0 */
#include "avc_line.h"

#include <string.h>

#define HYPERVISOR "(XEN) "
#define AVC "avc:  "
#define TRACE "flask-trace: what the policy grants is on the console"
#define LINE_CUT 1023u    /* the hypervisor cuts its lines here, behind the prefix */
#define DOMID_MAX 32751u  /* the last number of a domain */

/* -- bytes ---------------------------------------------------------------------------------------------- */

/* Does the slice begin so? It is shortened then. */
static bool eat(struct avc_slice *s, const char *text)
{
    size_t n = strlen(text);

    if (s->len < n || memcmp(s->at, text, n) != 0) {
        return false;
    }
    s->at += n;
    s->len -= n;
    return true;
}

static bool eat_number(struct avc_slice *s, uint64_t max, uint64_t *out)
{
    size_t n = 0;

    *out = 0;
    while (n < s->len && s->at[n] >= '0' && s->at[n] <= '9') {
        uint64_t digit = (uint64_t)(s->at[n] - '0');

        if (*out > (max - digit) / 10) {
            return false;
        }
        *out = *out * 10 + digit;
        n++;
    }
    s->at += n;
    s->len -= n;
    return n > 0;
}

static bool holds(const char *text, size_t len, const char *what)
{
    return memmem(text, len, what, strlen(what)) != NULL;
}

static bool same(struct avc_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* A name as policies have them. */
static bool is_name(struct avc_slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.')) {
            return false;
        }
    }
    return s.len > 0;
}

struct avc_slice avc_word(struct avc_slice *text)
{
    struct avc_slice word;

    while (text->len > 0 && *text->at == ' ') {
        text->at++;
        text->len--;
    }
    word = *text;
    word.len = 0;
    while (text->len > 0 && *text->at != ' ') {
        text->at++;
        text->len--;
        word.len++;
    }
    return word;
}

struct avc_slice avc_type(struct avc_slice context)
{
    struct avc_slice part = context, type = { 0 };

    for (int i = 0; i < 3; i++) {
        const char *colon = part.len > 0 ? memchr(part.at, ':', part.len) : NULL;
        size_t n = colon != NULL ? (size_t)(colon - part.at) : part.len;

        if (!is_name((struct avc_slice){ part.at, n }) || (i < 2 && colon == NULL)) {
            return (struct avc_slice){ 0 };
        }
        type = (struct avc_slice){ part.at, n };
        part.at += n + (colon != NULL);
        part.len -= n + (colon != NULL);
    }
    return type;
}

/* -- a decision: "{ PERMISSIONS } for KEY=VALUE... scontext= tcontext= tclass= [permissive=|how=]" ---------------------------- */

struct field {
    const char *key;
    struct avc_slice *value;
    bool seen;
};

/* @return NULL; else what is wrong */
static const char *read_fields(struct avc_slice rest, struct avc_line *out)
{
    struct avc_slice domid = { 0 }, permissive = { 0 }, how = { 0 };
    struct field fields[] = { { "domid=", &domid, false },         { "op=", &out->op, false },         { "scontext=", &out->source, false },
                              { "tcontext=", &out->target, false }, { "tclass=", &out->tclass, false }, { "permissive=", &permissive, false },
                              { "how=", &how, false } };
    const size_t count = sizeof(fields) / sizeof(fields[0]), first_of_end = 2;
    size_t next = 0; /* behind scontext= nothing but the fields after it may come, in their order */
    uint64_t number;

    while (rest.len > 0) {
        struct avc_slice word;
        size_t i = 0;

        if (*rest.at != ' ') {
            return "has no blank between two words";
        }
        rest.at++;
        rest.len--;
        word = rest;
        word.len = 0;
        while (rest.len > 0 && *rest.at != ' ') {
            if ((unsigned char)*rest.at < ' ' || (unsigned char)*rest.at >= 0x7f) {
                return "has a byte that no decision has";
            }
            rest.at++;
            rest.len--;
            word.len++;
        }
        if (word.len == 0) {
            return "has two blanks between two words";
        }
        while (i < count && !eat(&word, fields[i].key)) {
            i++;
        }
        if (i == count ? next > 0 : fields[i].seen || i < next) {
            return i == count ? "goes on behind its labels" : "says the same thing twice, or in another order";
        }
        if (i < count) {
            fields[i].seen = true;
            *fields[i].value = word;
            next = i >= first_of_end ? i : next;
        }
    }
    if (!fields[2].seen || !fields[3].seen || !fields[4].seen) {
        return "does not name both labels and the class";
    }
    if (avc_type(out->source).len == 0 || avc_type(out->target).len == 0 || !is_name(out->tclass)) {
        return "has a label or a class that is none";
    }
    if (fields[5].seen && !same(permissive, "0") && !same(permissive, "1")) {
        return "has a mode that is none";
    }
    if ((out->kind == AVC_REVOKED) != fields[6].seen || (out->origin == 0 && (out->kind == AVC_DENIED) != fields[5].seen)) {
        return "is cut off, or says more than such a decision does";
    }
    if (fields[0].seen && (!eat_number(&domid, UINT16_MAX, &number) || domid.len > 0)) {
        return "has a domain that is none";
    }
    out->permissive = out->kind == AVC_DENIED && same(permissive, "1");
    out->domid = fields[0].seen ? (int)number : -1;
    return NULL;
}

static const char *read_decision(struct avc_slice rest, struct avc_line *out)
{
    struct avc_slice words, word;

    out->perms = rest;
    while (rest.len > 0 && *rest.at != '}') {
        rest.at++;
        rest.len--;
    }
    out->perms.len -= rest.len;
    words = out->perms;
    word = avc_word(&words);
    if (word.len == 0) {
        return "names no permission";
    }
    for (; word.len > 0; word = avc_word(&words)) {
        if (!is_name(word)) {
            return "has a permission that is none";
        }
    }
    if (!eat(&rest, "} for")) {
        return "is cut off";
    }
    return read_fields(rest, out);
}

/* "lost 5 messages scontext=..." of the hypervisor, of a trace with " traced" at the end; "5 denials of domid=3 not shown", "5 decisions about operator=x not shown" of domains. */
static bool read_loss(struct avc_slice rest, struct avc_line *out)
{
    const size_t traced = strlen(" traced");

    if (out->origin == 0) {
        if (rest.len > traced && memcmp(rest.at + rest.len - traced, " traced", traced) == 0) {
            rest.len -= traced;
        }
        return eat(&rest, "lost ") && eat_number(&rest, UINT64_MAX, &out->lost) &&
               (eat(&rest, " messages scontext=") || eat(&rest, " messages ssid=")) && rest.len > 0 && memchr(rest.at, ' ', rest.len) == NULL;
    }
    return eat_number(&rest, UINT32_MAX, &out->lost) && (eat(&rest, " denials of domid=") || eat(&rest, " decisions about operator=")) &&
           rest.len > strlen(" not shown") && memcmp(rest.at + rest.len - strlen(" not shown"), " not shown", strlen(" not shown")) == 0;
}

static void read_avc(struct avc_slice rest, struct avc_line *out)
{
    if (read_loss(rest, out)) {
        out->kind = AVC_LOST;
        return;
    }
    out->kind = eat(&rest, "denied  { ") ? AVC_DENIED : eat(&rest, "granted  { ") ? AVC_GRANTED : eat(&rest, "revoked  { ") ? AVC_REVOKED :
                AVC_BROKEN;
    out->why = out->kind == AVC_BROKEN ? "is no decision that is known" : read_decision(rest, out);
    if (out->why != NULL) {
        out->kind = AVC_BROKEN;
    }
}

/* "domain 3 netdd: built in 832 ms, ..." */
static bool read_domain(struct avc_slice rest, struct avc_line *out)
{
    uint64_t number;
    struct avc_slice name;

    if (!eat(&rest, "domain ") || !eat_number(&rest, DOMID_MAX, &number) || !eat(&rest, " ")) {
        return false;
    }
    name = rest;
    name.len = 0;
    while (name.len < rest.len && rest.at[name.len] != ':') {
        name.len++;
    }
    rest.at += name.len;
    rest.len -= name.len;
    if (!is_name(name) || !eat(&rest, ": built in ")) {
        return false;
    }
    out->kind = AVC_DOMAIN;
    out->domid = (int)number;
    out->name = name;
    return true;
}

void avc_line_read(const char *line, size_t len, bool whole, struct avc_line *out)
{
    struct avc_slice rest = { line, len };
    uint64_t number;

    *out = (struct avc_line){ .domid = -1 };
    if (rest.len > 0 && rest.at[rest.len - 1] == '\r') {
        rest.len--;
    }
    if (eat(&rest, HYPERVISOR)) {
        size_t text = rest.len;

        if (read_domain(rest, out)) {
            return;
        }
        if (same(rest, TRACE)) {
            out->kind = AVC_TRACE;
            return;
        }
        if (eat(&rest, AVC)) {
            read_avc(rest, out);
            if (!whole || text >= LINE_CUT) {
                out->kind = AVC_BROKEN;
                out->why = "is cut off";
            }
            return;
        }
    } else if (eat(&rest, "(d") && eat_number(&rest, DOMID_MAX, &number) && eat(&rest, ") " AVC)) {
        out->origin = (int)number;
        read_avc(rest, out);
        if (!whole) {
            out->kind = AVC_BROKEN;
            out->why = "is cut off";
        }
        return;
    }
    if (holds(line, len, AVC "denied") || holds(line, len, AVC "granted") || holds(line, len, AVC "revoked") || holds(line, len, AVC "lost")) {
        out->kind = AVC_STRAY;
    }
}
