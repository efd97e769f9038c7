/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/sidtab.h>

#include <flask/env.h>
#include <xen/errno.h>
#include <xen/lib.h>

#define PAGE_ENTRIES 128U
#define PAGES (SIDTAB_MAX / PAGE_ENTRIES)
#define BUCKETS 512U

/* SID n lives in pages[(n - 1) / PAGE_ENTRIES]. */
static struct sid_entry *pages[PAGES];
static struct sid_entry *buckets[BUCKETS];
static uint32_t count;

/* What an entry becomes under the new policy. */
struct converted {
    struct context context;
    char *stale;
};

struct sid_entry *sidtab_get(xsm_sid_t sid)
{
    if (sid == XSM_SID_NULL || sid > count) {
        return NULL;
    }
    return &pages[(sid - 1) / PAGE_ENTRIES][(sid - 1) % PAGE_ENTRIES];
}

const struct context *sidtab_context(xsm_sid_t sid)
{
    struct sid_entry *e = sidtab_get(sid);

    if (e != NULL && e->stale != NULL) {
        e = sidtab_get(XSM_SID_UNLABELED);
    }
    return e != NULL ? &e->context : NULL;
}

uint32_t sidtab_count(void)
{
    return count;
}

/* The lowest SID of a context comes first in its chain. */
static void chain(struct sid_entry *e)
{
    struct sid_entry **at;

    e->hash = context_hash(&e->context);
    at = &buckets[e->hash % BUCKETS];
    while (*at != NULL && (*at)->sid < e->sid) {
        at = &(*at)->next;
    }
    e->next = *at;
    *at = e;
}

static int entry_new(struct sid_entry **out)
{
    uint32_t page = count / PAGE_ENTRIES;

    if (count == SIDTAB_MAX) {
        return -ENOSPC;
    }
    if (pages[page] == NULL) {
        pages[page] = xsm_env_alloc(PAGE_ENTRIES * sizeof(**pages));
        if (pages[page] == NULL) {
            return -ENOMEM;
        }
        memset(pages[page], 0, PAGE_ENTRIES * sizeof(**pages));
    }
    *out = &pages[page][count % PAGE_ENTRIES];
    return 0;
}

int sidtab_find(const struct context *c, xsm_sid_t *out)
{
    uint32_t hash = context_hash(c);
    struct sid_entry *e;
    int rc;

    for (e = buckets[hash % BUCKETS]; e != NULL; e = e->next) {
        if (e->hash == hash && context_equal(&e->context, c)) {
            *out = e->sid;
            return 0;
        }
    }
    rc = entry_new(&e);
    if (rc == 0) {
        rc = context_copy(&e->context, c);
    }
    if (rc == 0) {
        e->sid = ++count;
        chain(e);
        *out = e->sid;
    }
    return rc;
}

static int stale_text(const struct policydb *from, const struct sid_entry *e, char **out)
{
    size_t size = e->stale != NULL ? strlen(e->stale) + 1 :
                                     context_format(from, &e->context, NULL, 0);

    *out = xsm_env_alloc(size);
    if (*out == NULL) {
        return -ENOMEM;
    }
    if (e->stale != NULL) {
        memcpy(*out, e->stale, size);
    } else {
        context_format(from, &e->context, *out, size);
    }
    return 0;
}

static const struct context *initial_context(const struct policydb *p, xsm_sid_t sid)
{
    const struct ocontext *o, *unlabeled = NULL;

    for (o = p->ocon[OCON_ISID]; o != NULL; o = o->next) {
        if (o->first == sid) {
            return &o->context;
        }
        if (o->first == XSM_SID_UNLABELED) {
            unlabeled = o;
        }
    }
    return &unlabeled->context;  /* the reader has made sure of it */
}

static int convert_one(const struct policydb *from, const struct policydb *to,
                       const struct sid_entry *e, struct converted *out)
{
    char *text;
    int rc;

    if (e->sid <= XSM_SID_INITIAL_COUNT) {
        return context_copy(&out->context, initial_context(to, e->sid));
    }
    rc = stale_text(from, e, &text);
    if (rc != 0) {
        return rc;
    }
    rc = context_parse(to, text, strlen(text), &out->context);
    if (rc == -EINVAL) {
        out->stale = text;
        return 0;
    }
    xsm_env_free(text);
    return rc;
}

int sidtab_context_in(const struct policydb *from, const struct policydb *to, xsm_sid_t sid,
                      struct context *out, bool *known)
{
    const struct sid_entry *e = sidtab_get(sid);
    struct converted v = { .stale = NULL };
    int rc = e != NULL ? convert_one(from, to, e, &v) : -EINVAL;

    if (rc != 0) {
        return rc;
    }
    *known = v.stale == NULL;
    if (*known) {
        *out = v.context;
        return 0;
    }
    xsm_env_free(v.stale);
    return context_copy(out, initial_context(to, XSM_SID_UNLABELED));
}

static void converted_free(struct converted *v, uint32_t n)
{
    while (n > 0) {
        n--;
        context_free(&v[n].context);
        xsm_env_free(v[n].stale);
    }
    xsm_env_free(v);
}

static int add_initial(void)
{
    struct sid_entry *e;
    int rc = 0;

    while (rc == 0 && count < XSM_SID_INITIAL_COUNT) {
        rc = entry_new(&e);
        if (rc == 0) {
            e->sid = ++count;
        }
    }
    return rc;
}

int sidtab_convert(const struct policydb *from, const struct policydb *to)
{
    struct converted *v;
    struct sid_entry *e;
    uint32_t i;
    int rc = add_initial();

    if (rc != 0) {
        return rc;
    }
    v = xsm_env_alloc(count * sizeof(*v));
    if (v == NULL) {
        return -ENOMEM;
    }
    memset(v, 0, count * sizeof(*v));
    for (i = 0; i < count; i++) {
        rc = convert_one(from, to, sidtab_get(i + 1), &v[i]);
        if (rc != 0) {
            converted_free(v, i);
            return rc;
        }
    }
    memset(buckets, 0, sizeof(buckets));
    for (i = count; i > 0; i--) {
        e = sidtab_get(i);
        context_free(&e->context);
        xsm_env_free(e->stale);
        e->context = v[i - 1].context;
        e->stale = v[i - 1].stale;
        if (e->stale == NULL) {
            chain(e);
        }
    }
    xsm_env_free(v);
    return 0;
}

void sidtab_clear(void)
{
    uint32_t i;

    for (i = 1; i <= count; i++) {
        context_free(&sidtab_get(i)->context);
        xsm_env_free(sidtab_get(i)->stale);
    }
    for (i = 0; i < PAGES; i++) {
        xsm_env_free(pages[i]);
        pages[i] = NULL;
    }
    memset(buckets, 0, sizeof(buckets));
    count = 0;
}
