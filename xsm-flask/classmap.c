/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/classmap.h>

#include <xen/errno.h>
#include <xen/lib.h>

struct perm_row {
    const char *name;            /* NULL: no such permission */
    struct class_fallback fallback;
};

#define CLASS(name, count)
#define PERM(c, b, n) [c][b] = { .name = #n },
#define PERM_ELSE(c, b, n, fc, fp) [c][b] = { .name = #n, .fallback = { fc, fp } },
static const struct perm_row perm_rows[SECCLASS_COUNT + 1][32] = {
#include <xsm/av_names.h>
};
#undef CLASS
#undef PERM
#undef PERM_ELSE

#define CLASS(n, count) #n,
#define PERM(c, b, n)
#define PERM_ELSE(c, b, n, fc, fp)
static const char *const class_names[SECCLASS_COUNT + 1] = {
    NULL,
#include <xsm/av_names.h>
};
#undef CLASS
#undef PERM
#undef PERM_ELSE

const char *xsm_class_name(uint16_t tclass)
{
    return tclass <= SECCLASS_COUNT ? class_names[tclass] : NULL;
}

const char *xsm_permission_name(uint16_t tclass, unsigned int bit)
{
    return tclass <= SECCLASS_COUNT && bit < 32 ? perm_rows[tclass][bit].name : NULL;
}

struct class_fallback class_fallback(uint16_t tclass, unsigned int bit)
{
    return tclass <= SECCLASS_COUNT && bit < 32 ? perm_rows[tclass][bit].fallback :
                                                  (struct class_fallback){ 0 };
}

uint32_t class_fallback_group(uint16_t tclass, uint16_t to)
{
    const struct perm_row *row = perm_rows[tclass];
    uint32_t group = 0;
    unsigned int bit;

    for (bit = 0; bit < 32 && row[bit].name != NULL; bit++) {
        group |= (uint32_t)(row[bit].fallback.tclass == to) << bit;
    }
    return group;
}

struct class_bits class_in_words(const struct class_maps *m, uint16_t tclass, uint32_t *bits)
{
    struct class_bits own = { tclass, *bits }, words = { 0 };
    struct class_fallback first = class_fallback(tclass, (unsigned int)__builtin_ctz(*bits));
    uint32_t left;

    if (m == NULL || tclass > SECCLASS_COUNT || !class_falls_back(&m->map[tclass], tclass)) {
        *bits = 0;
        return own;
    }
    for (left = *bits; left != 0; left &= left - 1) {
        struct class_fallback f = class_fallback(tclass, (unsigned int)__builtin_ctz(left));

        if (f.tclass == first.tclass) {
            words.permissions |= f.permission;
            *bits &= ~(left & -left);
        }
    }
    /* Nothing stands for these, so they keep their name. */
    if (first.tclass == 0 || first.tclass == FALLBACK_ALLOWED) {
        own.permissions &= ~*bits;
        return own;
    }
    words.tclass = first.tclass;
    return words;
}

static unsigned int policy_bit(const struct policy_class *k, const char *name)
{
    unsigned int bit;

    for (bit = 0; bit < 32; bit++) {
        if (k->permission[bit] != NULL && strcmp(k->permission[bit], name) == 0) {
            break;
        }
    }
    return bit;
}

/* @return false: the policy rejects what it does not know, and lacks a published permission */
static bool permission_map(struct class_map *k, const struct policydb *p, uint16_t tclass,
                           unsigned int ours)
{
    const char *name = perm_rows[tclass][ours].name;
    unsigned int bit = k->value != 0 ? policy_bit(&p->classes[k->value], name) : 32;

    if (bit < 32) {
        k->declared |= 1U << ours;
        k->bit[ours] = (uint8_t)bit;
        k->identity = k->identity && bit == ours;
    } else if (p->unknown == UNKNOWN_REJECT && tclass <= SECCLASS_ARGO) {
        return false;
    } else if (p->unknown != UNKNOWN_ALLOW) {
        k->denied_unknown |= 1U << ours;
    }
    return true;
}

int class_maps_build(struct class_maps *m, const struct policydb *p, struct xsm_error *err)
{
    unsigned int bit;
    uint16_t i;

    *m = (struct class_maps){ 0 };
    for (i = 1; i <= SECCLASS_COUNT; i++) {
        struct class_map *k = &m->map[i];

        k->value = (uint16_t)symtab_find(&p->class_tab, class_names[i], strlen(class_names[i]));
        k->identity = true;
        for (bit = 0; bit < 32 && perm_rows[i][bit].name != NULL; bit++) {
            if (permission_map(k, p, i, bit)) {
                continue;
            }
            if (err != NULL) {
                *err = (struct xsm_error){ .section = "classes", .offset = p->classes_at,
                                           .expected = perm_rows[i][bit].name };
            }
            return -EINVAL;
        }
    }
    return 0;
}

uint32_t class_map_in(const struct class_map *m, uint32_t policy_bits)
{
    uint32_t bits = 0, left;

    if (m->identity) {
        return policy_bits & m->declared;
    }
    for (left = m->declared; left != 0; left &= left - 1) {
        unsigned int bit = (unsigned int)__builtin_ctz(left);

        bits |= (policy_bits >> m->bit[bit] & 1) << bit;
    }
    return bits;
}
