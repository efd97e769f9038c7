/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy as what it allows: for each pair of types and class, permissions. Rules are libsepol's, expanded; constraints and bounds are
 * applied by the hypervisor's own engine, which is built in. Numbers count from 0 and are the model's own; names are the policy's.
 */
#ifndef BH_POLICY_MODEL_H
#define BH_POLICY_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sepol/policydb.h>
#pragma push_macro("bool") /* libsepol has a field of that name */
#undef bool
#include <sepol/policydb/policydb.h>
#include <sepol/policydb/conditional.h>
#pragma pop_macro("bool")

#include "source.h"

struct grant {
    uint16_t source, target;   /* types */
    uint16_t tclass;
    uint32_t allowed;          /* with the booleans as the policy sets them, constraints applied */
    uint32_t denied;           /* what a rule allows and a constraint or the bounds of a type deny */
    uint32_t conditional;      /* allowed by rules that hang on a boolean alone, whichever way it stands; not in `allowed` where it is off */
};

struct model {
    char *name;
    sepol_policydb_t *policy;  /* owned */
    const policydb_t *db;      /* the same, from inside */
    char **types;              /* borrowed names; an attribute has one too */
    bool *is_attribute;
    size_t type_count;
    const char **classes;
    size_t class_count;
    struct grant *grants;      /* sorted by source, target, class */
    size_t grant_count;
    size_t *of_source;         /* type_count + 1 indices into grants: those of one source are together */
};

/** Compile or read, and expand. @return false: `m` says why */
bool model_load(struct model *out, const struct source *s, struct messages *m);
/** source_read() and model_load(). @return false: reported, and nothing is held of either */
bool model_read(struct model *out, struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m);
/** The same of words with commas between them. */
bool model_read_list(struct model *out, struct source *s, const char *tree, const char *list, struct messages *m);
/** A model of a compiled policy, which it owns from then on, whatever comes of it. */
bool model_of_policy(struct model *out, const char *name, sepol_policydb_t *policy, struct messages *m);
void model_free(struct model *p);

/**
 * A type by name, as a person or an audit line writes it: guest_t or guest.t, guest, system_u:system_r:guest_t.
 *
 * @return its number; -1: reported with what is near
 */
int model_type(const struct model *p, const char *word, struct messages *m);
/** A class, and a permission's bit number of it; -1: reported with what is near. */
int model_class(const struct model *p, const char *word, struct messages *m);
int model_perm(const struct model *p, int tclass, const char *word, struct messages *m);
/** The same, silently. */
int model_type_named(const struct model *p, const char *name);
int model_class_named(const struct model *p, const char *name);
int model_perm_named(const struct model *p, int tclass, const char *name);

/** Name of permission bit 0..31; NULL if the class has no such. */
const char *model_perm_name(const struct model *p, int tclass, unsigned int bit);
/** Bits the class has. */
uint32_t model_perms(const struct model *p, int tclass);
/** "read write", in the order of the bits; owned. */
char *model_perm_names(const struct model *p, int tclass, uint32_t perms);

/** What is granted; NULL: nothing. */
const struct grant *model_grant(const struct model *p, int source, int target, int tclass);

/** Is it in that attribute? A type is in itself. */
bool model_type_in(const struct model *p, int type, int attribute);
/** An attribute by name; -1: there is none. */
int model_attribute_named(const struct model *p, const char *name);

#endif
