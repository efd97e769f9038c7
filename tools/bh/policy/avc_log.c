/* SPDX-License-Identifier: Apache-2.0 */
#include "avc_log.h"

#include <inttypes.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "../build/buf.h"

/* -- decisions that are alike become one ------------------------------------------------------------------- */

static int order(const void *a, const void *b)
{
    const struct avc_decision *x = a, *y = b;
    int n = (int)x->kind - (int)y->kind;

    n = n != 0 ? n : strcmp(x->source, y->source);
    n = n != 0 ? n : strcmp(x->target, y->target);
    return n != 0 ? n : strcmp(x->tclass, y->tclass);
}

static char *copy(struct avc_slice s)
{
    return bh_strndup(s.at, s.len);
}

/* Keep a set of words sorted. */
static void put_word(char ***list, size_t *count, struct avc_slice word)
{
    size_t i = 0;

    for (; i < *count; i++) {
        int n = strncmp((*list)[i], word.at, word.len);

        n = n == 0 && (*list)[i][word.len] != '\0' ? 1 : n;
        if (n == 0) {
            return;
        }
        if (n > 0) {
            break;
        }
    }
    *list = bh_grow(*list, *count + 1, sizeof(**list));
    memmove(*list + i + 1, *list + i, (*count - i) * sizeof(**list));
    (*list)[i] = copy(word);
    (*count)++;
}

static void decision_clear(struct avc_decision *d)
{
    free(d->source);
    free(d->target);
    free(d->tclass);
    for (size_t i = 0; i < d->perm_count; i++) {
        free(d->perms[i]);
    }
    for (size_t i = 0; i < d->op_count; i++) {
        free(d->ops[i]);
    }
    for (size_t i = 0; i < d->domain_count; i++) {
        free(d->domains[i]);
    }
    free(d->perms);
    free(d->ops);
    free(d->domains);
}

static void decision_free(void *d)
{
    decision_clear(d);
    free(d);
}

static const char *name_of(const struct avc_log *log, int domid)
{
    return domid >= 0 && (size_t)domid < log->name_count ? log->names[domid] : NULL;
}

static void forget_names(struct avc_log *log)
{
    for (size_t i = 0; i < log->name_count; i++) {
        free(log->names[i]);
    }
    free(log->names);
    log->names = NULL;
    log->name_count = 0;
}

/* A number is a new domain's when the hypervisor says so, as after a second boot in the same log. */
static void name_domain(struct avc_log *log, const struct avc_line *l)
{
    size_t id = (size_t)l->domid;

    if (id >= log->name_count) {
        log->names = bh_grow(log->names, id + 1, sizeof(*log->names));
        memset(log->names + log->name_count, 0, (id + 1 - log->name_count) * sizeof(*log->names));
        log->name_count = id + 1;
    }
    free(log->names[id]);
    log->names[id] = copy(l->name);
}

static void put_decision(struct avc_log *log, const struct avc_line *l, struct avc_place at)
{
    struct avc_decision *d = bh_alloc(sizeof(*d)), **kept;
    struct avc_slice words = l->perms, word;

    *d = (struct avc_decision){ .kind = l->kind, .source = copy(avc_type(l->source)),
                                .target = copy(avc_type(l->target)), .tclass = copy(l->tclass), .first = at };
    kept = tsearch(d, &log->tree, order);
    if (kept == NULL) {
        abort(); /* out of memory, as in bh_alloc() */
    }
    if (*kept != d) {
        decision_free(d);
    }
    for (word = avc_word(&words); word.len > 0; word = avc_word(&words)) {
        put_word(&(*kept)->perms, &(*kept)->perm_count, word);
    }
    if (l->op.len > 0) {
        put_word(&(*kept)->ops, &(*kept)->op_count, l->op);
    }
    if (l->domid >= 0) {
        const char *name = name_of(log, l->domid);
        char *text = name != NULL ? bh_strdup(name) : bh_printf("domain %d", l->domid);

        put_word(&(*kept)->domains, &(*kept)->domain_count, (struct avc_slice){ text, strlen(text) });
        free(text);
    }
    (*kept)->permissive += l->permissive;
    (*kept)->count++;
    (*kept)->last = at;
    log->lines++;
}

/* -- lines ---------------------------------------------------------------------------------------------------- */

static bool is(struct avc_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* May its writer decide that? The words of others say what they like. */
static bool counts(const struct avc_log *log, const struct avc_line *l)
{
    const char *name = name_of(log, l->origin);
    bool xenstore = name != NULL && strcmp(name, "xenstore") == 0, control = name != NULL && strcmp(name, "control") == 0;

    if (l->origin == 0) {
        return true;
    }
    if (l->kind == AVC_LOST || l->kind == AVC_BROKEN) {
        return xenstore || control;
    }
    return l->kind != AVC_REVOKED && ((xenstore && is(l->tclass, AVC_CLASS_XENSTORE)) || (control && is(l->tclass, AVC_CLASS_OPERATOR)));
}

static void take(struct avc_log *log, const struct avc_line *l, struct avc_place at)
{
    if (l->kind == AVC_DOMAIN) {
        name_domain(log, l);
    } else if (l->kind == AVC_TRACE) {
        log->traced = true;
    } else if (l->kind == AVC_STRAY || (l->kind != AVC_NONE && !counts(log, l))) {
        log->stray_first = log->stray == 0 ? at : log->stray_first;
        log->stray++;
    } else if (l->kind == AVC_LOST) {
        log->lost_first = log->lost == 0 ? at : log->lost_first;
        log->lost = log->lost > UINT64_MAX - l->lost ? UINT64_MAX : log->lost + l->lost;
    } else if (l->kind == AVC_BROKEN) {
        if (log->odd_count < AVC_ODD_MAX) {
            log->odd[log->odd_count] = (struct avc_oddity){ at, l->why };
        }
        log->odd_count++;
    } else if (l->kind != AVC_NONE) {
        put_decision(log, l, at);
    }
}

void avc_log_add(struct avc_log *log, const char *name, const char *text, size_t len)
{
    struct avc_place at = { 0 };

    log->files = bh_grow(log->files, log->file_count + 1, sizeof(*log->files));
    at.file = log->files[log->file_count++] = bh_strdup(name);
    forget_names(log);
    while (len > 0) {
        const char *end = memchr(text, '\n', len);
        size_t n = end != NULL ? (size_t)(end - text) : len;
        struct avc_line line;

        at.line++;
        avc_line_read(text, n, end != NULL, &line);
        take(log, &line, at);
        text += n + (end != NULL);
        len -= n + (end != NULL);
    }
}

static struct avc_log *walked; /* twalk() has no argument of the caller's */

static void collect(const void *node, VISIT visit, int depth)
{
    struct avc_decision *const *d = node;

    (void)depth;
    if (visit == postorder || visit == leaf) {
        walked->list[walked->count++] = **d;
    }
}

void avc_log_end(struct avc_log *log)
{
    log->list = bh_alloc((log->lines + 1) * sizeof(*log->list));
    walked = log;
    twalk(log->tree, collect);
    tdestroy(log->tree, free); /* what they hold is in the list now */
    log->tree = NULL;
    forget_names(log);
}

void avc_log_free(struct avc_log *log)
{
    tdestroy(log->tree, decision_free);
    forget_names(log);
    for (size_t i = 0; i < log->count; i++) {
        decision_clear(&log->list[i]);
    }
    for (size_t i = 0; i < log->file_count; i++) {
        free(log->files[i]);
    }
    free(log->list);
    free(log->files);
    *log = (struct avc_log){ 0 };
}

/* -- what is said of it ------------------------------------------------------------------------------------------ */

void avc_log_gaps(const struct avc_log *log, FILE *out)
{
    if (log->lost > 0) {
        fprintf(out, "%s:%zu: the log is not whole: %" PRIu64 " decisions were made and have no line, first those before this one\n",
                log->lost_first.file, log->lost_first.line, log->lost);
    }
    for (size_t i = 0; i < log->odd_count && i < AVC_ODD_MAX; i++) {
        fprintf(out, "%s:%zu: the line begins as a decision and %s; it does not count\n", log->odd[i].at.file, log->odd[i].at.line,
                log->odd[i].why);
    }
    if (log->odd_count > AVC_ODD_MAX) {
        fprintf(out, "and %zu more such lines\n", log->odd_count - AVC_ODD_MAX);
    }
    if (log->stray > 0) {
        fprintf(out, "%s:%zu: %zu line%s with the words of a decision, written by somebody who does not decide it, do%s not count\n",
                log->stray_first.file, log->stray_first.line, log->stray, log->stray == 1 ? "" : "s, this the first,",
                log->stray == 1 ? "es" : "");
    }
}

bool avc_log_misses(const struct avc_log *log)
{
    return log->lost > 0 || log->odd_count > 0;
}

const char *avc_verdict(const struct avc_decision *d)
{
    return d->kind == AVC_GRANTED ? "granted" : d->kind == AVC_REVOKED ? "revoked" : "denied";
}
