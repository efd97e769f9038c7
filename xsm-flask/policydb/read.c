/* SPDX-License-Identifier: Apache-2.0 */
/* The order of the parts of a policy image, and what must hold when all are read. */
#include <flask/policydb.h>

#include <flask/env.h>
#include <xen/errno.h>
#include <xen/lib.h>

/* Memory a policy may take: the largest real ones stay below a third of this. */
#define ARENA_BASE   (1U << 20)
#define ARENA_FACTOR 16U

typedef int read_part(struct policydb *p, struct cursor *c);

static int check_initial_sids(struct policydb *p, struct cursor *c)
{
    uint32_t sid;

    /* Resources and unlabelled domains have a default; the rest must be stated. */
    for (sid = XSM_SID_XENBOOT; sid <= XSM_SID_SECURITY; sid++) {
        const struct ocontext *o;

        for (o = p->ocon[OCON_ISID]; o != NULL && o->first != sid; o = o->next) {
        }
        if (o == NULL) {
            c->section = "initial SIDs";
            return cursor_fail(c, 0, "initial SIDs 1 to 7: xenboot xen dom0 domio domxen "
                                     "unlabeled security");
        }
    }
    return 0;
}

static void find_domain_class(struct policydb *p)
{
    uint32_t bit;

    p->domain_class = symtab_find(&p->class_tab, "domain", 6);
    if (p->domain_class == 0) {
        return;
    }
    for (bit = 0; bit < 32; bit++) {
        const char *name = p->classes[p->domain_class].permission[bit];

        if (name != NULL && strcmp(name, "transition") == 0) {
            p->domain_transition = 1U << bit;
        }
    }
}

static int read_parts(struct policydb *p, struct cursor *c)
{
    static read_part *const symbols[] = {
        policydb_read_commons,       policydb_read_classes,    policydb_read_roles,
        policydb_read_types,         policydb_read_users,      policydb_read_booleans,
        policydb_read_sensitivities, policydb_read_categories, policydb_check_symbols,
        policydb_read_rules,         policydb_read_conditionals,
    };
    uint32_t i, ocon_count;
    int rc = policydb_read_header(p, c, &ocon_count);

    for (i = 0; rc == 0 && i < ARRAY_SIZE(symbols); i++) {
        rc = symbols[i](p, c);
    }
    if (rc == 0) {
        find_domain_class(p);
        rc = policydb_read_transitions(p, c);
    }
    if (rc == 0) {
        rc = policydb_read_ocontexts(p, c, ocon_count);
    }
    if (rc == 0) {
        rc = policydb_read_range_transitions(p, c);
    }
    if (rc == 0) {
        rc = policydb_read_attributes(p, c);
    }
    if (rc == 0 && c->at != c->size) {
        c->section = "end";
        return cursor_fail(c, 0, "nothing after the attributes of the last type");
    }
    return rc != 0 ? rc : check_initial_sids(p, c);
}

int policydb_load(struct policydb *p, const uint8_t *image, size_t size, struct xsm_error *err)
{
    struct cursor c;
    int rc;

    if (size > XSM_POLICY_SIZE_MAX) {
        return -E2BIG;
    }
    *p = (struct policydb){ 0 };
    arena_init(&p->arena, ARENA_BASE + ARENA_FACTOR * size);
    cursor_init(&c, image, size, &p->arena);
    rc = read_parts(p, &c);
    if (rc != 0) {
        if (rc == -E2BIG) {
            c.err = (struct xsm_error){ .section = c.section, .offset = c.at,
                                        .expected = "a policy that needs less memory" };
        }
        if (err != NULL && rc != -ENOMEM) {
            *err = c.err;
        }
        arena_free(&p->arena);
        return rc;
    }
    policydb_apply_booleans(p);
    return 0;
}

void policydb_free(struct policydb *p)
{
    struct ocontext *o, *next;
    uint32_t kind;

    for (kind = 0; kind < OCON_COUNT; kind++) {
        for (o = p->ocon[kind]; o != NULL; o = next) {
            next = o->next;
            if (o->heap) {
                xsm_env_free(o);
            }
        }
    }
    arena_free(&p->arena);
}
