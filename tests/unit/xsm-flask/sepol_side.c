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
    sepol_set_policydb(&db);
    sepol_set_sidtab(&sids);
    return policydb_load_isids(&db, &sids);
}

void sepol_side_free(void)
{
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
