/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/mls.h>

#include <flask/env.h>
#include <flask/policydb.h>
#include <xen/errno.h>
#include <xen/lib.h>

bool mls_level_equal(const struct mls_level *a, const struct mls_level *b)
{
    return a->sens == b->sens && ebitmap_equal(&a->cats, &b->cats);
}

bool mls_level_dominates(const struct mls_level *a, const struct mls_level *b)
{
    return a->sens >= b->sens && ebitmap_includes(&a->cats, &b->cats);
}

bool mls_range_contains(const struct mls_range *outer, const struct mls_range *inner)
{
    return mls_level_dominates(&inner->level[0], &outer->level[0]) &&
           mls_level_dominates(&outer->level[1], &inner->level[1]);
}

static bool level_valid(const struct policydb *p, const struct mls_level *l)
{
    return l->sens != 0 && l->sens <= p->sens_tab.prim && p->levels[l->sens].name != NULL &&
           ebitmap_includes(&p->levels[l->sens].cats, &l->cats);
}

bool mls_context_valid(const struct policydb *p, const struct context *c)
{
    const struct mls_range *r = &c->range;

    if (!p->mls) {
        return true;
    }
    return level_valid(p, &r->level[0]) && level_valid(p, &r->level[1]) &&
           mls_level_dominates(&r->level[1], &r->level[0]) &&
           (c->role == OBJECT_R || mls_range_contains(&p->users[c->user].range, r));
}

static int cats_copy(struct ebitmap *dst, const struct ebitmap *src)
{
    *dst = (struct ebitmap){ 0 };
    if (src->count == 0) {
        return 0;
    }
    dst->node = xsm_env_alloc(src->count * sizeof(*src->node));
    if (dst->node == NULL) {
        return -ENOMEM;
    }
    memcpy(dst->node, src->node, src->count * sizeof(*src->node));
    dst->count = src->count;
    return 0;
}

int mls_range_copy(struct mls_range *dst, const struct mls_range *src)
{
    struct mls_range r = *src;
    int rc = cats_copy(&r.level[0].cats, &src->level[0].cats);

    if (rc == 0) {
        rc = cats_copy(&r.level[1].cats, &src->level[1].cats);
        if (rc != 0) {
            xsm_env_free(r.level[0].cats.node);
        }
    }
    if (rc == 0) {
        *dst = r;
    }
    return rc;
}

void mls_range_free(struct mls_range *r)
{
    xsm_env_free(r->level[0].cats.node);
    xsm_env_free(r->level[1].cats.node);
    *r = (struct mls_range){ 0 };
}

/* Categories "c0,c2.c5": names separated by ',', runs joined by '.', which names may contain too. */
static int parse_cats(const struct policydb *p, const char *text, size_t size, uint32_t room,
                      struct ebitmap *cats)
{
    uint32_t first, last, bit;
    size_t n, dot;

    while (size > 0) {
        for (n = 0; n < size && text[n] != ','; n++) {
        }
        first = last = symtab_find(&p->cat_tab, text, n);
        for (dot = 0; first == 0 && dot < n; dot++) {
            if (text[dot] == '.') {
                first = symtab_find(&p->cat_tab, text, dot);
                last = symtab_find(&p->cat_tab, text + dot + 1, n - dot - 1);
                if (last == 0) {
                    first = 0;
                }
            }
        }
        if (first == 0 || first > last) {
            return -EINVAL;
        }
        for (bit = first - 1; bit < last; bit++) {
            if (ebitmap_set(cats, room, bit) != 0) {
                return -EINVAL;
            }
        }
        if (n + 1 == size) {
            return -EINVAL;      /* ends in ',' */
        }
        text += n < size ? n + 1 : n;
        size -= n < size ? n + 1 : n;
    }
    return 0;
}

static int parse_level(const struct policydb *p, const char *text, size_t size,
                       struct mls_level *out)
{
    uint32_t room = p->cat_tab.prim / 64 + 1;
    size_t n = 0;
    int rc;

    while (n < size && text[n] != ':') {
        n++;
    }
    out->sens = symtab_find(&p->sens_tab, text, n);
    if (out->sens == 0) {
        return -EINVAL;
    }
    if (n == size) {
        return 0;
    }
    if (n + 1 == size) {
        return -EINVAL;
    }
    out->cats.node = xsm_env_alloc(room * sizeof(*out->cats.node));
    if (out->cats.node == NULL) {
        return -ENOMEM;
    }
    rc = parse_cats(p, text + n + 1, size - n - 1, room, &out->cats);
    if (rc != 0) {
        xsm_env_free(out->cats.node);
        out->cats = (struct ebitmap){ 0 };
    }
    return rc;
}

int mls_parse(const struct policydb *p, const char *text, size_t size, struct mls_range *out)
{
    struct mls_range r = { 0 };
    size_t dash = 0;
    int rc;

    while (dash < size && text[dash] != '-') {
        dash++;
    }
    rc = parse_level(p, text, dash, &r.level[0]);
    if (rc == 0 && dash < size) {
        rc = parse_level(p, text + dash + 1, size - dash - 1, &r.level[1]);
    } else if (rc == 0) {
        r.level[1].sens = r.level[0].sens;
        rc = cats_copy(&r.level[1].cats, &r.level[0].cats);
    }
    if (rc != 0) {
        mls_range_free(&r);
        return rc;
    }
    *out = r;
    return 0;
}

static void format_level(const struct policydb *p, const struct mls_level *l, struct text *t)
{
    uint32_t first, last;
    char sep = ':';

    text_add(t, p->levels[l->sens].name);
    for (first = ebitmap_next(&l->cats, 0); first < EBITMAP_BITS_MAX;
         first = ebitmap_next(&l->cats, last + 1)) {
        for (last = first; ebitmap_test(&l->cats, last + 1); last++) {
        }
        text_char(t, sep);
        sep = ',';
        text_add(t, p->cats[first + 1]);
        if (last != first) {
            text_char(t, last > first + 1 ? '.' : ',');
            text_add(t, p->cats[last + 1]);
        }
    }
}

void mls_format(const struct policydb *p, const struct mls_range *r, struct text *t)
{
    text_char(t, ':');
    format_level(p, &r->level[0], t);
    if (!mls_level_equal(&r->level[0], &r->level[1])) {
        text_char(t, '-');
        format_level(p, &r->level[1], t);
    }
}
