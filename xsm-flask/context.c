/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/context.h>

#include <flask/mls.h>
#include <flask/policydb.h>
#include <flask/text.h>
#include <xen/errno.h>
#include <xen/lib.h>

bool context_equal(const struct context *a, const struct context *b)
{
    return a->user == b->user && a->role == b->role && a->type == b->type &&
           mls_level_equal(&a->range.level[0], &b->range.level[0]) &&
           mls_level_equal(&a->range.level[1], &b->range.level[1]);
}

uint32_t context_hash(const struct context *c)
{
    uint64_t h = (uint64_t)c->user * 31 + (uint64_t)c->role * 131 + c->type;
    uint32_t l, i;

    for (l = 0; l < 2; l++) {
        h = h * 0x100000001b3ULL + c->range.level[l].sens;
        for (i = 0; i < c->range.level[l].cats.count; i++) {
            h = (h ^ c->range.level[l].cats.node[i].map) * 0x100000001b3ULL;
        }
    }
    return (uint32_t)(h * 0x9e3779b97f4a7c15ULL >> 32);
}

int context_copy(struct context *dst, const struct context *src)
{
    struct context c = *src;
    int rc = mls_range_copy(&c.range, &src->range);

    if (rc == 0) {
        *dst = c;
    }
    return rc;
}

void context_free(struct context *c)
{
    mls_range_free(&c->range);
    *c = (struct context){ 0 };
}

bool context_valid(const struct policydb *p, const struct context *c)
{
    const struct policy_type *t;

    if (c->user == 0 || c->user > p->user_tab.prim || p->users[c->user].name == NULL ||
        c->role == 0 || c->role > p->role_tab.prim || p->roles[c->role].name == NULL ||
        c->type == 0 || c->type > p->type_tab.prim) {
        return false;
    }
    t = &p->types[c->type];
    if (t->name == NULL || t->attribute) {
        return false;
    }
    /* Objects may be of any type and belong to any user. */
    if (c->role != OBJECT_R && (!ebitmap_test(&p->roles[c->role].types, c->type - 1) ||
                                !ebitmap_test(&p->users[c->user].roles, c->role - 1))) {
        return false;
    }
    return mls_context_valid(p, c);
}

/* Length of the part before ':' or the end. */
static size_t part(const char *text, size_t size)
{
    size_t n = 0;

    while (n < size && text[n] != ':') {
        n++;
    }
    return n;
}

int context_parse(const struct policydb *p, const char *text, size_t size, struct context *out)
{
    const struct symtab *tab[3] = { &p->user_tab, &p->role_tab, &p->type_tab };
    uint32_t value[3], i;
    struct context c;
    size_t n;
    int rc;

    for (i = 0; i < 3; i++) {
        n = part(text, size);
        value[i] = symtab_find(tab[i], text, n);
        if (value[i] == 0 || (i < 2 && n == size)) {
            return -EINVAL;
        }
        text += n;
        size -= n;
        if (i < 2) {
            text++;
            size--;
        }
    }
    c = (struct context){ .user = value[0], .role = value[1], .type = value[2] };
    if (!p->mls) {
        if (size != 0) {
            return -EINVAL;
        }
    } else {
        if (size < 2) {
            return -EINVAL;      /* ':' and a level are due */
        }
        rc = mls_parse(p, text + 1, size - 1, &c.range);
        if (rc != 0) {
            return rc;
        }
    }
    if (!context_valid(p, &c)) {
        context_free(&c);
        return -EINVAL;
    }
    *out = c;
    return 0;
}

size_t context_format(const struct policydb *p, const struct context *c, char *buf, size_t size)
{
    struct text t = { .buf = buf, .size = size };

    text_add(&t, p->users[c->user].name);
    text_char(&t, ':');
    text_add(&t, p->roles[c->role].name);
    text_char(&t, ':');
    text_add(&t, p->types[c->type].name);
    if (p->mls) {
        mls_format(p, &c->range, &t);
    }
    return t.length + 1;
}
