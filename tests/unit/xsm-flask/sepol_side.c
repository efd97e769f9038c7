/* SPDX-License-Identifier: Apache-2.0 */
#include <sepol/debug.h>
#include <sepol/policydb/conditional.h>
#include <sepol/policydb/policydb.h>
#include <sepol/policydb/services.h>
#include <sepol/policydb/sidtab.h>

/* After libsepol's, which have a member named bool. */
#include "sepol_side.h"

#include <stdlib.h>

static policydb_t db;
static sidtab_t sids;
static uint32_t *bounds;         /* by type - 1, when own_bounds */
static bool own_bounds;

static void domain_is_process(void)
{
    const class_datum_t *class = hashtab_search(db.p_classes.table, (hashtab_key_t)(uintptr_t)"domain");
    const perm_datum_t *perm = NULL;

    db.process_class = 0;
    db.process_trans = db.process_trans_dyntrans = 0;
    if (class != NULL) {
        db.process_class = (sepol_security_class_t)class->s.value;
        perm = hashtab_search(class->permissions.table, (hashtab_key_t)(uintptr_t)"transition");
    }
    if (perm != NULL) {
        db.process_trans = db.process_trans_dyntrans = 1U << (perm->s.value - 1);
    }
}

static bool has_constraints(void)
{
    uint32_t i;

    for (i = 0; i < db.p_classes.nprim; i++) {
        if (db.class_val_to_struct[i] != NULL && db.class_val_to_struct[i]->constraints != NULL) {
            return true;
        }
    }
    return false;
}

static bool has_chain(void)
{
    const type_datum_t *t;
    uint32_t i;

    for (i = 0; i < db.p_types.nprim; i++) {
        t = db.type_val_to_struct[i];
        if (t != NULL && t->bounds != 0 && db.type_val_to_struct[t->bounds - 1]->bounds != 0) {
            return true;
        }
    }
    return false;
}

/*
 * libsepol 3.4 writes through a NULL pointer when a constraint, or bounds in turn, deny something to the
 * type that bounds another. Bounds of policies with either are kept here and not there.
 */
static void take_bounds(void)
{
    uint32_t i;

    own_bounds = has_constraints() || has_chain();
    if (!own_bounds) {
        return;
    }
    bounds = calloc(db.p_types.nprim, sizeof(*bounds));
    for (i = 0; bounds != NULL && i < db.p_types.nprim; i++) {
        if (db.type_val_to_struct[i] != NULL) {
            bounds[i] = db.type_val_to_struct[i]->bounds;
            db.type_val_to_struct[i]->bounds = 0;
        }
    }
}

int sepol_side_load(uint8_t *image, size_t size)
{
    struct policy_file pf;

    sepol_debug(0);
    policy_file_init(&pf);
    pf.type = PF_USE_MEMORY;
    pf.data = (char *)image;
    pf.len = size;
    if (policydb_init(&db) != 0) {
        return -1;
    }
    if (policydb_read(&db, &pf, 0) != 0) {
        policydb_destroy(&db);
        return -1;
    }
    domain_is_process();
    take_bounds();
    sepol_set_policydb(&db);
    sepol_set_sidtab(&sids);
    return policydb_load_isids(&db, &sids);
}

void sepol_side_free(void)
{
    free(bounds);
    bounds = NULL;
    policydb_destroy(&db);
    sepol_sidtab_destroy(&sids);
}

bool sepol_side_mls(void)
{
    return db.mls != 0;
}

uint32_t sepol_side_users(void)
{
    return db.p_users.nprim;
}

uint32_t sepol_side_roles(void)
{
    return db.p_roles.nprim;
}

uint32_t sepol_side_types(void)
{
    return db.p_types.nprim;
}

uint32_t sepol_side_classes(void)
{
    return db.p_classes.nprim;
}

uint32_t sepol_side_booleans(void)
{
    return db.p_bools.nprim;
}

const char *sepol_side_user(uint32_t value)
{
    return db.p_user_val_to_name[value - 1];
}

const char *sepol_side_role(uint32_t value)
{
    return db.p_role_val_to_name[value - 1];
}

const char *sepol_side_type(uint32_t value)
{
    const type_datum_t *type = db.type_val_to_struct[value - 1];

    return type == NULL || type->flavor == TYPE_ATTRIB ? NULL : db.p_type_val_to_name[value - 1];
}

uint32_t sepol_side_bounds(uint32_t value)
{
    return own_bounds ? bounds[value - 1] : 0;
}

bool sepol_side_permissive(uint32_t value)
{
    return ebitmap_get_bit(&db.permissive_map, value) != 0;
}

uint32_t sepol_side_unknown(void)
{
    return db.handle_unknown == SEPOL_REJECT_UNKNOWN ? 1 : db.handle_unknown == SEPOL_ALLOW_UNKNOWN ? 2 : 0;
}

uint32_t sepol_side_class(const char *name)
{
    sepol_security_class_t value = 0;

    return sepol_string_to_security_class(name, &value) == 0 ? value : 0;
}

uint32_t sepol_side_permission(uint32_t tclass, const char *name)
{
    sepol_access_vector_t bit = 0;

    return sepol_string_to_av_perm((sepol_security_class_t)tclass, name, &bit) == 0 ? bit : 0;
}

uint32_t sepol_side_validatetrans_rules(uint32_t tclass)
{
    const constraint_node_t *c;
    uint32_t n = 0;

    for (c = db.class_val_to_struct[tclass - 1]->validatetrans; c != NULL; c = c->next) {
        n++;
    }
    return n;
}

bool sepol_side_ocontext(uint32_t kind, uint32_t index, struct sepol_ocontext *out)
{
    ocontext_t *o;
    sepol_security_id_t sid;
    size_t size;

    for (o = db.ocontexts[kind]; o != NULL && index > 0; o = o->next) {
        index--;
    }
    if (o == NULL) {
        return false;
    }
    *out = (struct sepol_ocontext){ .first = 0 };
    switch (kind) {
    case OCON_XEN_ISID:
        out->first = out->last = o->sid[0];
        break;
    case OCON_XEN_PIRQ:
        out->first = out->last = o->u.pirq;
        break;
    case OCON_XEN_IOPORT:
        out->first = o->u.ioport.low_ioport;
        out->last = o->u.ioport.high_ioport;
        break;
    case OCON_XEN_IOMEM:
        out->first = o->u.iomem.low_iomem;
        out->last = o->u.iomem.high_iomem;
        break;
    case OCON_XEN_PCIDEVICE:
        out->first = out->last = o->u.device;
        break;
    default:
        out->path = o->u.name;
        break;
    }
    return sepol_sidtab_context_to_sid(&sids, &o->context[0], &sid) == 0 &&
           sepol_sid_to_context(sid, &out->context, &size) == 0;
}

int sepol_side_context(const char *text, uint32_t *sid)
{
    size_t size = 0;

    while (text[size] != '\0') {
        size++;
    }
    return sepol_context_to_sid(text, size + 1, sid);
}

int sepol_side_av(uint32_t ssid, uint32_t tsid, uint32_t tclass, struct sepol_answer *out)
{
    struct sepol_av_decision av;
    unsigned int reason;
    int rc = sepol_compute_av_reason(ssid, tsid, (sepol_security_class_t)tclass, 0, &av, &reason);

    out->allowed = av.allowed;
    out->audit_allow = av.auditallow;
    out->audit_deny = av.auditdeny;
    return rc;
}

uint32_t sepol_side_outer(uint32_t sid)
{
    context_struct_t *c = sepol_sidtab_search(&sids, sid), outer;
    sepol_security_id_t out = 0;

    if (c == NULL || sepol_side_bounds(c->type) == 0) {
        return 0;
    }
    outer = *c;                  /* the range is shared for the look-up, which copies */
    outer.type = sepol_side_bounds(c->type);
    return sepol_sidtab_context_to_sid(&sids, &outer, &out) == 0 ? out : 0;
}

int sepol_side_label(uint32_t ssid, uint32_t tsid, uint32_t tclass, enum sepol_kind kind, char **out)
{
    sepol_security_class_t c = (sepol_security_class_t)tclass;
    sepol_security_id_t sid;
    size_t size;
    int rc;

    rc = kind == SEPOL_TRANSITION ? sepol_transition_sid(ssid, tsid, c, &sid) :
         kind == SEPOL_MEMBER     ? sepol_member_sid(ssid, tsid, c, &sid) :
                                    sepol_change_sid(ssid, tsid, c, &sid);
    return rc != 0 ? rc : sepol_sid_to_context(sid, out, &size);
}

int sepol_side_validatetrans(uint32_t oldsid, uint32_t newsid, uint32_t tasksid, uint32_t tclass)
{
    char *reason = NULL;
    int rc = sepol_validate_transition_reason_buffer(oldsid, newsid, tasksid,
                                                     (sepol_security_class_t)tclass, &reason, 0);

    free(reason);
    return rc;
}

void sepol_side_set_booleans(uint32_t bits)
{
    uint32_t i;

    for (i = 0; i < db.p_bools.nprim; i++) {
        db.bool_val_to_struct[i]->state = (int)(bits >> i & 1);
    }
    evaluate_conds(&db);
}
