/* SPDX-License-Identifier: Apache-2.0 */
/* Domains: who reaches whose memory, and who lacks what its kind needs. */
#include <stdlib.h>
#include <string.h>

#include "cil_tree.h"
#include "findings.h"

/* Ways to another domain's memory. Of classes that a policy lacks the published ones are asked about. */
static const struct {
    const char *how, *tclass, *unless; /* unless: counts only where the policy lacks that class */
    const char *perms[8];
} ways[] = {
    { "grant", "grant_op", NULL, { "map_read", "map_write", "copy_from", "copy_to" } },
    { "grant", "grant", "grant_op", { "map_read", "map_write", "copy" } },
    { "foreign mapping", "mmu", NULL, { "map_read", "map_write" } },
    { "control", "domctl", NULL, { "setvcpucontext", "getvcpucontext", "setdebugging" } },
    { "control", "domctl2", NULL, { "sethvmcontext", "gethvmcontext", "debug_op", "getpageframeinfo3", "mem_sharing_op", "set_ext_vcpucontext" } },
    { "control", "domctl3", NULL, { "gdbsx_guestmemio" } },
    { "control", "domain", "domctl", { "setvcpucontext", "getvcpucontext", "setdebugging" } },
    { "control", "memory_op", NULL, { "paging_op", "access_op", "sharing_op", "acquire_resource" } },
    { "control", "dm_op", NULL, { "set_mem_type", "modified_memory", "relocate_memory" } },
};

#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Which permissions of a way a grant has. */
static uint32_t reached(const struct model *p, const struct grant *g, size_t way)
{
    uint32_t bits = 0;

    if (strcmp(p->classes[g->tclass], ways[way].tclass) != 0 || (ways[way].unless != NULL && model_class_named(p, ways[way].unless) >= 0)) {
        return 0;
    }
    for (size_t i = 0; i < sizeof(ways[way].perms) / sizeof(ways[way].perms[0]) && ways[way].perms[i] != NULL; i++) {
        int bit = model_perm_named(p, g->tclass, ways[way].perms[i]);

        bits |= bit >= 0 ? g->allowed & 1u << bit : 0;
    }
    return bits;
}

/* Labels of domains: Xen's policy and ours have an attribute for them. */
static bool is_domain(const struct model *p, int type)
{
    int attribute = model_attribute_named(p, "domain_type");

    return attribute < 0 || model_type_in(p, type, attribute);
}

/* -- rules by the model's numbers, so that a table of many pairs takes no time ------------------------------------------------------ */

struct numbered {
    int source, target; /* -2: itself */
};

static struct numbered *number_rules(const struct checked *c)
{
    struct numbered *list = bh_alloc((c->rules->count + 1) * sizeof(*list));
    hashtab_t table = c->model->db->p_types.table;

    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *r = &c->rules->list[i];
        const type_datum_t *s = hashtab_search(table, r->source), *t = hashtab_search(table, r->target);

        list[i].source = s != NULL ? (int)s->s.value - 1 : -1;
        list[i].target = t != NULL ? (int)t->s.value - 1 : strcmp(r->target, "self") == 0 ? -2 : -1;
    }
    return list;
}

static bool covers(const struct model *p, int name, int type)
{
    return name >= 0 && (name == type || (p->is_attribute[name] && model_type_in(p, type, name)));
}

/* The first rule that gives one of these permissions; owned text; NULL. */
static char *rule_of(const struct checked *c, const struct numbered *numbers, const struct grant *g, uint32_t bits)
{
    for (size_t i = 0; i < c->rules->count; i++) {
        const struct rule *r = &c->rules->list[i];

        if (strcmp(r->tclass, c->model->classes[g->tclass]) != 0 || !covers(c->model, numbers[i].source, g->source) ||
            !covers(c->model, numbers[i].target, g->target)) {
            continue;
        }
        for (size_t k = 0; k < r->perm_count; k++) {
            int bit = model_perm_named(c->model, g->tclass, r->perms[k]);

            if (bit >= 0 && bits >> bit & 1) {
                return rule_origin(r);
            }
        }
    }
    return NULL;
}

/* -- memory -------------------------------------------------------------------------------------------------------------------------- */

struct reach_row *check_reach(const struct checked *c, size_t *count)
{
    const struct model *p = c->model;
    struct numbered *numbers = number_rules(c);
    struct reach_row *rows = NULL;

    *count = 0;
    for (size_t i = 0; i < p->grant_count; i++) {
        const struct grant *g = &p->grants[i];

        for (size_t w = 0; g->source != g->target && w < WAYS; w++) {
            uint32_t bits = reached(p, g, w);

            if (bits == 0 || !is_domain(p, g->source) || !is_domain(p, g->target)) {
                continue;
            }
            if ((*count & (*count - 1)) == 0) {
                rows = bh_grow(rows, *count == 0 ? 1 : 2 * *count, sizeof(*rows));
            }
            rows[(*count)++] = (struct reach_row){ .from = p->types[g->source],
                                                   .of = p->types[g->target],
                                                   .how = ways[w].how,
                                                   .perms = model_perm_names(p, g->tclass, bits),
                                                   .rule = rule_of(c, numbers, g, bits) };
        }
    }
    free(numbers);
    return rows;
}

void check_reach_free(struct reach_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(rows[i].perms);
        free(rows[i].rule);
    }
    free(rows);
}

/* Does the other reach back? Who controls is above, and not besides. */
static const struct reach_row *back(const struct reach_row *rows, size_t count, const struct reach_row *r)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].from == r->of && rows[i].of == r->from) {
            return &rows[i];
        }
    }
    return NULL;
}

static void mutual(const struct checked *c)
{
    size_t count;
    struct reach_row *rows = check_reach(c, &count);

    for (size_t i = 0; i < count; i++) {
        const struct reach_row *r = &rows[i], *b = strcmp(r->from, r->of) < 0 ? back(rows, count, r) : NULL;
        struct declared_at at = { 0 };

        if (b == NULL || (i > 0 && rows[i - 1].from == r->from && rows[i - 1].of == r->of)) {
            continue;
        }
        at = checked_place(c, "type", r->from);
        if (finding_add(c->out, "mutual-memory", false, at.file, at.line, at.column, "%s and %s reach each other's memory: %s { %s }, and %s { %s }",
                        r->from, r->of, r->how, r->perms, b->how, b->perms)) {
            finding_hint(c->out, "one is at the mercy of the other then; the rules: %s; and %s", r->rule != NULL ? r->rule : "(not known)",
                         b->rule != NULL ? b->rule : "(not known)");
        }
    }
    check_reach_free(rows, count);
}

/* -- kinds -------------------------------------------------------------------------------------------------------------------------------- */

#define KINDS_MAX 32
#define TRIED "bh_kind_%zu"

struct kind {
    const char *macro, *attribute;
};

/* The attribute that a macro NAME_kind gives its domain, beside those that all have. */
static const char *attribute_of(const struct cil_node *macro)
{
    const char *domain = cil_node_text(cil_node_nth(cil_node_nth(macro, 2), 0), 1);

    for (const struct cil_node *n = macro->first; n != NULL; n = n->next) {
        if (n->word == NULL && strcmp(cil_node_text(n, 0), "typeattributeset") == 0 && strcmp(cil_node_text(n, 1), "domain_type") != 0 &&
            strcmp(cil_node_text(cil_node_nth(n, 2), 0), domain) == 0) {
            return cil_node_text(n, 1);
        }
    }
    return NULL;
}

static bool is_kind(const struct name *n)
{
    const struct cil_node *params = cil_node_nth(n->node, 2);
    size_t len = strlen(n->word), count = 0;

    for (const struct cil_node *p = params != NULL ? params->first : NULL; p != NULL; p = p->next) {
        count++;
    }
    return strcmp(n->kind, "macro") == 0 && len > 5 && strcmp(n->word + len - 5, "_kind") == 0 && count == 2;
}

/* Permissions that a rule of a tried kind gives and a type has not; owned text; NULL: it has them. */
static char *lacking(const struct model *p, const struct rule *r, const char *tried, int type)
{
    bool self = strcmp(r->target, "self") == 0 || strcmp(r->target, tried) == 0;
    int target = self ? type : model_type_named(p, r->target), tclass = model_class_named(p, r->tclass);
    const struct grant *g = target >= 0 && tclass >= 0 ? model_grant(p, type, target, tclass) : NULL;
    struct buf text = { 0 };

    if (target < 0 || tclass < 0) {
        return NULL; /* about its channels, or all of an attribute */
    }
    for (size_t i = 0; i < r->perm_count; i++) {
        int bit = model_perm_named(p, tclass, r->perms[i]);

        if (bit >= 0 && (g == NULL || !((g->allowed | g->denied | g->conditional) >> bit & 1))) {
            buf_printf(&text, "%s%s", text.len > 0 ? " " : "", r->perms[i]);
        }
    }
    if (text.len > 0) {
        char *all = bh_printf("%s { %s }", r->tclass, text.data);

        buf_free(&text);
        return all;
    }
    return NULL;
}

#define MISSING_SHOWN 3

/* What a type has not of a kind: the first few rules. @return how many */
static size_t missing(const struct checked *c, const struct rules *tried, size_t kind, int type, struct buf *text)
{
    size_t count = 0;
    char name[64];

    snprintf(name, sizeof(name), TRIED, kind);
    for (size_t i = 0; i < tried->count; i++) {
        char *lacks = strcmp(tried->list[i].source, name) == 0 ? lacking(c->model, &tried->list[i], name, type) : NULL;

        if (lacks != NULL && count++ < MISSING_SHOWN) {
            buf_printf(text, "%s%s", text->len > 0 ? ", " : "", lacks);
        }
        free(lacks);
    }
    if (count > MISSING_SHOWN) {
        buf_printf(text, ", and %zu more", count - MISSING_SHOWN);
    }
    return count;
}

static void judge(const struct checked *c, const struct kind *kinds, size_t count, const struct rules *tried, int type)
{
    struct buf least = { 0 };
    size_t best = count, fewest = 0;

    for (size_t k = 0; k < count; k++) {
        int attribute = model_attribute_named(c->model, kinds[k].attribute);

        if (attribute < 0 || !model_type_in(c->model, type, attribute)) {
            continue;
        }
        struct buf one = { 0 };
        size_t lacks = missing(c, tried, k, type, &one);

        if (best == count || lacks < fewest) {
            buf_free(&least);
            least = one;
            fewest = lacks;
            best = k;
        } else {
            buf_free(&one);
        }
    }
    if (best < count && fewest > 0) {
        struct declared_at at = checked_place(c, "type", c->model->types[type]);

        if (finding_add(c->out, "kind", true, at.file, at.line, at.column, "%s is in %s, and lacks what that kind needs: %s", c->model->types[type],
                        kinds[best].attribute, least.data)) {
            finding_hint(c->out, "(call %s (%s ...)) gives it all", kinds[best].macro, c->model->types[type]);
        }
    }
    buf_free(&least);
}

/* A client without a store cannot find its devices. */
static void without_store(const struct checked *c, int type)
{
    const struct model *p = c->model;
    int store = model_attribute_named(p, "store_type"), guest = model_attribute_named(p, "guest_type"), back = model_attribute_named(p, "backend_type");
    int tclass = model_class_named(p, "grant_op");
    bool any = false, is_client = (guest >= 0 && model_type_in(p, type, guest)) || (back >= 0 && model_type_in(p, type, back));

    if (store < 0 || tclass < 0 || !is_client) {
        return;
    }
    for (size_t i = 0; i < p->type_count; i++) {
        if (!p->is_attribute[i] && model_type_in(p, (int)i, store)) {
            any = true;
            if (model_grant(p, (int)i, type, tclass) != NULL) {
                return;
            }
        }
    }
    if (any) {
        struct declared_at at = checked_place(c, "type", p->types[type]);

        if (finding_add(c->out, "kind", false, at.file, at.line, at.column, "%s has no connection with the XenStore service: it finds no device",
                        p->types[type])) {
            finding_hint(c->out, "(call xenstore_client (%s ...))", p->types[type]);
        }
    }
}

/* Each kind there is, with a call of its macro for types of its own: line by line. */
static size_t kinds_of(const struct names *names, struct kind *kinds, struct buf *trial)
{
    size_t count = 0;

    for (size_t i = 0; i < names->count && count < KINDS_MAX; i++) {
        const struct name *n = &names->list[i];
        const char *attribute = is_kind(n) ? attribute_of(n->node) : NULL;

        if (attribute != NULL) {
            buf_printf(trial, "(type " TRIED ") (type " TRIED "_e) (call %s (" TRIED " " TRIED "_e))\n", count, count, n->word, count, count);
            kinds[count++] = (struct kind){ n->word, attribute };
        }
    }
    return count;
}

char *check_kinds_trial(const struct names *names)
{
    struct kind kinds[KINDS_MAX];
    struct buf trial = { 0 };

    (void)kinds_of(names, kinds, &trial);
    return trial.data != NULL ? trial.data : bh_strdup("");
}

static void check_kinds(const struct checked *c)
{
    struct kind kinds[KINDS_MAX];
    struct buf ignored = { 0 };
    size_t count = kinds_of(c->names, kinds, &ignored);

    for (size_t i = 0; i < c->model->type_count; i++) {
        if (!c->model->is_attribute[i]) {
            judge(c, kinds, count, c->tried, (int)i);
            without_store(c, (int)i);
        }
    }
    buf_free(&ignored);
}

void check_domains(const struct checked *c)
{
    mutual(c);
    check_kinds(c);
}
