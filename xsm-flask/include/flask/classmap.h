/* SPDX-License-Identifier: Apache-2.0 */
/* Our classes and permissions (policy/access_vectors.cil) against those of the policy in force. */
#ifndef FLASK_CLASSMAP_H
#define FLASK_CLASSMAP_H

#include <flask/policydb.h>
#include <xsm/av_permissions.h>

/*
 * A permission asked about in place of another that the policy does not declare; class FALLBACK_ALLOWED: it is
 * allowed then, since a policy written for Xen is not asked there.
 */
#define FALLBACK_ALLOWED 0xffff
struct class_fallback {
    uint16_t tclass;
    uint32_t permission;
};

struct class_map {
    uint16_t value;              /* class in the policy, 0: not declared */
    bool identity;               /* bits are the same on both sides */
    uint32_t declared;           /* our bits that the policy declares */
    uint32_t denied_unknown;     /* our bits it does not, and that stay denied */
    uint8_t bit[32];             /* bit in the policy, for declared ones */
};

struct class_maps {
    struct class_map map[SECCLASS_COUNT + 1];
};

/** @return 0; -EINVAL a policy that rejects unknown permissions lacks a published one (err filled) */
int class_maps_build(struct class_maps *m, const struct policydb *p, struct xsm_error *err);

/** Bits of the policy's vector in our numbering; undeclared ones are 0. */
uint32_t class_map_in(const struct class_map *m, uint32_t policy_bits);

/** Whether the policy lacks a class of our own, so that fallbacks answer for it. */
static inline bool class_falls_back(const struct class_map *m, uint16_t tclass)
{
    return m->value == 0 && tclass > SECCLASS_ARGO;
}

/** What to ask for a permission bit whose class the policy lacks; tclass 0: nothing. */
struct class_fallback class_fallback(uint16_t tclass, unsigned int bit);

/** Permissions of a class that fall back to class `to`. */
uint32_t class_fallback_group(uint16_t tclass, uint16_t to);

/* Permissions of one class, in our numbering. */
struct class_bits {
    uint16_t tclass;
    uint32_t permissions;
};

/**
 * In the words of the policy: take from `bits` those that the class of the lowest one answers for.
 *
 * @param m     NULL without a policy: our own words then
 * @param bits  in and out, not 0: those of class `tclass` that are left
 */
struct class_bits class_in_words(const struct class_maps *m, uint16_t tclass, uint32_t *bits);

#endif
