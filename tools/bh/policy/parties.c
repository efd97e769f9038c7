/* SPDX-License-Identifier: Apache-2.0 */
#include "parties.h"

#include <stdlib.h>
#include <string.h>

#define SECINITSID_XENBOOT 1 /* the first of `sidorder` */

static bool in(const struct model *p, int type, const char *attribute)
{
    int a = model_attribute_named(p, attribute);

    return a >= 0 && model_type_in(p, type, a);
}

enum party *parties_of(const struct model *p)
{
    enum party *list = bh_alloc((p->type_count + 1) * sizeof(*list));
    int event = model_class_named(p, "event"), bind = event >= 0 ? model_perm_named(p, event, "bind") : -1;

    for (size_t t = 0; t < p->type_count; t++) {
        list[t] = p->is_attribute[t] ? PARTY_THING : in(p, (int)t, "domain_type") ? PARTY_DOMAIN :
                  in(p, (int)t, "evtchn_type") || in(p, (int)t, "event_type") ? PARTY_END : PARTY_THING;
    }
    for (size_t i = 0; bind >= 0 && i < p->grant_count; i++) {
        const struct grant *g = &p->grants[i];

        if (g->tclass == event && (g->allowed >> bind & 1) && list[g->source] == PARTY_THING) {
            list[g->source] = PARTY_END;
        }
    }
    return list;
}

int party_boot(const struct model *p)
{
    for (const ocontext_t *c = p->db->ocontexts[OCON_XEN_ISID]; c != NULL; c = c->next) {
        if (c->sid[0] == SECINITSID_XENBOOT) {
            return (int)c->context[0].type - 1;
        }
    }
    return -1;
}

const char *party_kind(const struct model *p, int type)
{
    static const char *const kinds[][2] = {
        { "guest_type", "guest" },        { "backend_type", "driver domain" },     { "store_type", "XenStore" },
        { "attest_type", "attest" },      { "control_type", "control" },           { "policy_admin_type", "policy admin" },
        { "operator_type", "operators" }, { "audit_reader_type", "reads records" },
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (in(p, type, kinds[i][0])) {
            return kinds[i][1];
        }
    }
    return "";
}
