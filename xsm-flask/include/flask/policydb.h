/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy in memory, as read from one binary image for target Xen. Everything hangs on one arena.
 * Constant after policydb_load() but for what booleans and run-time resource labels change, which the
 * policy lock protects.
 *
 * The image, in this order: header, policy capabilities, permissive types, symbols (commons, classes,
 * roles, types, users, booleans, sensitivities, categories), rules, conditional rules, role
 * transitions, role allows, file name transitions, initial SIDs and resources, genfs (empty), range
 * transitions, the attributes of each type. Each part has a file in policydb/.
 */
#ifndef FLASK_POLICYDB_H
#define FLASK_POLICYDB_H

#include <flask/arena.h>
#include <flask/avtab.h>
#include <flask/constraint.h>
#include <flask/context.h>
#include <flask/cursor.h>
#include <flask/ebitmap.h>
#include <flask/rule_index.h>
#include <flask/symtab.h>
#include <xsm/xsm.h>

/* Versions of the format and what came with them. */
#define POLICY_VERSION_MIN              24U
#define POLICY_VERSION_FILENAME_TRANS   25U
#define POLICY_VERSION_ROLE_TRANS_CLASS 26U
#define POLICY_VERSION_OBJECT_DEFAULTS  27U
#define POLICY_VERSION_DEFAULT_TYPE     28U
#define POLICY_VERSION_CONSTRAINT_NAMES 29U
#define POLICY_VERSION_XEN_DEVICETREE   30U
#define POLICY_VERSION_MAX              30U

#define POLICY_VALUES_MAX   65535U   /* users, roles, types... of one kind */
#define POLICY_CLASSES_MAX  255U
#define POLICY_BOUNDS_MAX   4U       /* length of a chain of bounds */

/* What a policy wants for classes and permissions it does not declare. */
enum policy_unknown { UNKNOWN_DENY, UNKNOWN_REJECT, UNKNOWN_ALLOW };

/* Defaults of a class for labels of new objects. */
enum policy_default { DEFAULT_NONE, DEFAULT_SOURCE, DEFAULT_TARGET };
enum policy_default_range {
    RANGE_NONE, RANGE_SOURCE_LOW, RANGE_SOURCE_HIGH, RANGE_SOURCE_LOW_HIGH,
    RANGE_TARGET_LOW, RANGE_TARGET_HIGH, RANGE_TARGET_LOW_HIGH,
};

struct policy_common {
    const char *name;
    uint32_t count;              /* permissions, values 1..count */
    const char *permission[32];
};

struct policy_class {
    const char *name;            /* NULL: value not in use */
    uint32_t count;              /* permissions with those of the common */
    const char *permission[32];  /* by bit; NULL: not in use */
    struct constraint *constraint;
    uint32_t constraint_count;
    struct constraint *validatetrans;
    uint32_t validatetrans_count;
    uint32_t default_user, default_role, default_type;   /* enum policy_default */
    uint32_t default_range;      /* enum policy_default_range */
};

struct policy_role {
    const char *name;
    uint32_t bounds;
    struct ebitmap dominates;    /* bit = role - 1 */
    struct ebitmap types;        /* bit = type - 1 */
};

struct policy_type {
    const char *name;            /* NULL: value not in use */
    uint32_t bounds;
    bool attribute;
    struct ebitmap set;          /* the type and its attributes; bit = type - 1 */
};

struct policy_user {
    const char *name;
    uint32_t bounds;
    struct ebitmap roles;        /* bit = role - 1 */
    struct mls_range range;
    struct mls_level level;      /* default level */
};

struct policy_boolean {
    const char *name;
    bool current, pending;
};

struct policy_level {
    const char *name;
    struct ebitmap cats;         /* categories that may stand beside it */
};

struct cond_expr {
    uint32_t kind, boolean;
};

struct cond_rule {
    struct avtab_node *node;
    uint32_t kind, data;
};

struct policy_cond {
    struct cond_expr *expr;
    uint32_t expr_count;
    struct cond_rule *rule[2];   /* when false, when true */
    uint32_t rule_count[2];
};

struct role_trans {
    uint32_t role, type, tclass, new_role;
};

struct role_allow {
    uint32_t role, new_role;
};

struct range_trans {
    uint32_t source, target, tclass;
    struct mls_range range;
};

/* Resources, by Xen's numbers. */
enum policy_ocon { OCON_ISID, OCON_PIRQ, OCON_IOPORT, OCON_IOMEM, OCON_DEVICE, OCON_DTREE, OCON_COUNT };

struct ocontext {
    struct ocontext *next;
    uint64_t first, last;        /* inclusive; the SID's number for OCON_ISID */
    const char *path;            /* OCON_DTREE */
    struct context context;      /* borrowed from the arena; unused when added at run time */
    xsm_sid_t sid;               /* 0: not looked up yet */
    bool heap;                   /* added at run time: not in the arena */
};

struct policydb {
    struct arena arena;
    uint32_t version;
    bool mls;
    enum policy_unknown unknown;
    size_t classes_at;           /* offset of the section in the image */
    struct ebitmap permissive;   /* bit = type */

    struct symtab class_tab, role_tab, type_tab, user_tab, bool_tab, sens_tab, cat_tab;
    struct symtab common_tab;
    struct policy_common *commons;   /* by value, as all arrays here: element 0 is unused */
    struct policy_class *classes;
    struct policy_role *roles;
    struct policy_type *types;
    struct policy_user *users;
    struct policy_boolean *bools;
    struct policy_level *levels;
    const char **cats;

    struct avtab avtab;
    struct policy_cond *cond;
    uint32_t cond_count;
    struct role_trans *role_trans;
    uint32_t role_trans_count;
    struct role_allow *role_allow;
    uint32_t role_allow_count;
    struct range_trans *range_trans;
    uint32_t range_trans_count;
    struct ocontext *ocon[OCON_COUNT];

    struct rule_index rules;     /* of the vectors in avtab */

    uint32_t domain_class;       /* value of class "domain", 0 without */
    uint32_t domain_transition;  /* its bit of permission "transition", 0 without */
};

/**
 * Read, check and index a policy.
 *
 * @param p    out: the policy, policydb_free() when done; on failure nothing is held
 * @param err  out on -EINVAL
 * @return 0; -EINVAL; -ENOMEM; -E2BIG the image wants more memory than its size justifies
 */
int policydb_load(struct policydb *p, const uint8_t *image, size_t size, struct xsm_error *err);
void policydb_free(struct policydb *p);

/** Recompute conditional rules from the booleans' current values. */
void policydb_apply_booleans(struct policydb *p);

/* Parts of the reader, in the order of the image; each in the file of its name in policydb/. */
int policydb_read_header(struct policydb *p, struct cursor *c, uint32_t *ocon_count);
int policydb_read_commons(struct policydb *p, struct cursor *c);
int policydb_read_classes(struct policydb *p, struct cursor *c);
int policydb_read_roles(struct policydb *p, struct cursor *c);
int policydb_read_types(struct policydb *p, struct cursor *c);
int policydb_read_users(struct policydb *p, struct cursor *c);
int policydb_read_booleans(struct policydb *p, struct cursor *c);
int policydb_read_sensitivities(struct policydb *p, struct cursor *c);
int policydb_read_categories(struct policydb *p, struct cursor *c);
int policydb_check_symbols(struct policydb *p, struct cursor *c);
int policydb_read_rules(struct policydb *p, struct cursor *c);
int policydb_read_conditionals(struct policydb *p, struct cursor *c);
int policydb_read_transitions(struct policydb *p, struct cursor *c);
int policydb_read_ocontexts(struct policydb *p, struct cursor *c, uint32_t ocon_count);
int policydb_read_range_transitions(struct policydb *p, struct cursor *c);
int policydb_read_attributes(struct policydb *p, struct cursor *c);

/** Read one MLS level or range as the image stores it; discarded without MLS. */
int policydb_read_level(struct policydb *p, struct cursor *c, struct mls_level *out);
int policydb_read_range(struct policydb *p, struct cursor *c, struct mls_range *out);

/**
 * The two counts that open a symbol table: the number of values and of records.
 * @param record  least bytes of a record
 */
int policydb_read_counts(struct cursor *c, uint32_t *prim, uint32_t *count, size_t record);
/** Enter a name; a second use of the name is refused. */
int policydb_add_name(struct policydb *p, struct cursor *c, struct symtab *t, const char *name,
                      uint32_t value);

#endif
