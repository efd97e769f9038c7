/* SPDX-License-Identifier: Apache-2.0 */
#include <flask/classmap.h>

#include <xen/errno.h>
#include <xen/lib.h>

struct perm_row {
    uint16_t tclass;
    uint8_t bit;
    const char *name;
    struct class_fallback fallback;
};

#define CLASS(name, count)
#define PERM(c, b, n) { .tclass = c, .bit = b, .name = #n },
#define PERM_ELSE(c, b, n, fc, fp) { .tclass = c, .bit = b, .name = #n, .fallback = { fc, fp } },
static const struct perm_row perm_rows[] = {
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

static const struct perm_row *row_find(uint16_t tclass, unsigned int bit)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(perm_rows); i++) {
        if (perm_rows[i].tclass == tclass && perm_rows[i].bit == bit) {
            return &perm_rows[i];
        }
    }
    return NULL;
}

const char *xsm_permission_name(uint16_t tclass, unsigned int bit)
{
    const struct perm_row *r = row_find(tclass, bit);

    return r != NULL ? r->name : NULL;
}

struct class_fallback class_fallback(uint16_t tclass, unsigned int bit)
{
    const struct perm_row *r = row_find(tclass, bit);

    return r != NULL ? r->fallback : (struct class_fallback){ 0 };
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

int class_maps_build(struct class_maps *m, const struct policydb *p, struct xsm_error *err)
{
    uint16_t i;
    size_t r;

    *m = (struct class_maps){ 0 };
    for (i = 1; i <= SECCLASS_COUNT; i++) {
        m->map[i].value =
            (uint16_t)symtab_find(&p->class_tab, class_names[i], strlen(class_names[i]));
        m->map[i].identity = true;
    }
    for (r = 0; r < ARRAY_SIZE(perm_rows); r++) {
        const struct perm_row *row = &perm_rows[r];
        struct class_map *k = &m->map[row->tclass];
        unsigned int bit = k->value != 0 ? policy_bit(&p->classes[k->value], row->name) : 32;

        if (bit < 32) {
            k->declared |= 1U << row->bit;
            k->bit[row->bit] = (uint8_t)bit;
            k->identity = k->identity && bit == row->bit;
        } else if (p->unknown == UNKNOWN_REJECT && row->tclass <= SECCLASS_ARGO) {
            if (err != NULL) {
                *err = (struct xsm_error){ .section = "classes", .expected = row->name };
            }
            return -EINVAL;
        } else if (p->unknown != UNKNOWN_ALLOW) {
            k->denied_unknown |= 1U << row->bit;
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
