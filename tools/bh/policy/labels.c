/* SPDX-License-Identifier: Apache-2.0 */
#include "labels.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *const sids[] = { "?", "xenboot", "xen", "dom0", "domio", "domxen", "unlabeled", "security", "ioport", "iomem", "irq", "device",
                                    "domU", "domDM" };

static void put(struct labels *l, const policydb_t *db, const char *kind, char *object, const context_struct_t *c)
{
    l->list = bh_grow(l->list, l->count + 1, sizeof(*l->list));
    l->list[l->count++] = (struct label){ kind, object, bh_printf("%s:%s:%s", db->p_user_val_to_name[c->user - 1],
                                                                  db->p_role_val_to_name[c->role - 1], db->p_type_val_to_name[c->type - 1]) };
}

/* PCI functions as people write them. */
static char *function_text(uint32_t device)
{
    return bh_printf("%04x:%02x:%02x.%x", device >> 16, device >> 8 & 255, device >> 3 & 31, device & 7);
}

void labels_collect(struct labels *l, const struct model *p)
{
    const policydb_t *db = p->db;
    const ocontext_t *o;

    *l = (struct labels){ 0 };
    for (o = db->ocontexts[OCON_XEN_ISID]; o != NULL; o = o->next) {
        put(l, db, "sid", bh_strdup(o->sid[0] < sizeof(sids) / sizeof(sids[0]) ? sids[o->sid[0]] : "?"), &o->context[0]);
    }
    for (o = db->ocontexts[OCON_XEN_IOPORT]; o != NULL; o = o->next) {
        put(l, db, "ioport", bh_printf("0x%x-0x%x", o->u.ioport.low_ioport, o->u.ioport.high_ioport), &o->context[0]);
    }
    for (o = db->ocontexts[OCON_XEN_IOMEM]; o != NULL; o = o->next) {
        put(l, db, "iomem", bh_printf("0x%" PRIx64 "-0x%" PRIx64, o->u.iomem.low_iomem, o->u.iomem.high_iomem), &o->context[0]);
    }
    for (o = db->ocontexts[OCON_XEN_PIRQ]; o != NULL; o = o->next) {
        put(l, db, "pirq", bh_printf("%u", o->u.pirq), &o->context[0]);
    }
    for (o = db->ocontexts[OCON_XEN_PCIDEVICE]; o != NULL; o = o->next) {
        put(l, db, "pcidevice", function_text(o->u.device), &o->context[0]);
    }
    for (o = db->ocontexts[OCON_XEN_DEVICETREE]; o != NULL; o = o->next) {
        put(l, db, "devicetree", bh_strdup(o->u.name), &o->context[0]);
    }
}

void labels_free(struct labels *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->list[i].object);
        free(l->list[i].context);
    }
    free(l->list);
    *l = (struct labels){ 0 };
}
