/* SPDX-License-Identifier: Apache-2.0 */
#include "verdict_show.h"

#include <stdlib.h>

#include "cite.h"

/* -- the decision --------------------------------------------------------------------------------------------------- */

char *avc_joined(char *const *words, size_t count, const char *between)
{
    struct buf text = { 0 };

    for (size_t i = 0; i < count; i++) {
        buf_printf(&text, "%s%s", i > 0 ? between : "", words[i]);
    }
    return text.data != NULL ? text.data : bh_strdup("");
}

static json_object *words_json(char *const *words, size_t count)
{
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < count; i++) {
        json_object_array_add(list, json_object_new_string(words[i]));
    }
    return list;
}

static json_object *place_json(const struct avc_place *p)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "file", json_object_new_string(p->file));
    json_object_object_add(o, "line", json_object_new_int64((int64_t)p->line));
    return o;
}

json_object *avc_json(const struct avc_decision *d)
{
    json_object *o = json_object_new_object();

    json_object_object_add(o, "decision", json_object_new_string(avc_verdict(d)));
    json_object_object_add(o, "source", json_object_new_string(d->source));
    json_object_object_add(o, "target", json_object_new_string(d->target));
    json_object_object_add(o, "class", json_object_new_string(d->tclass));
    json_object_object_add(o, "permissions", words_json(d->perms, d->perm_count));
    json_object_object_add(o, "operations", words_json(d->ops, d->op_count));
    json_object_object_add(o, "domains", words_json(d->domains, d->domain_count));
    json_object_object_add(o, "lines", json_object_new_int64((int64_t)d->count));
    json_object_object_add(o, "permissive", json_object_new_int64((int64_t)d->permissive));
    json_object_object_add(o, "first", place_json(&d->first));
    json_object_object_add(o, "last", place_json(&d->last));
    return o;
}

void avc_lines(const struct avc_decision *d, FILE *out)
{
    char *ops = avc_joined(d->ops, d->op_count, ", "), *domains = avc_joined(d->domains, d->domain_count, ", ");

    fprintf(out, "%zu line%s, %s:%zu", d->count, d->count == 1 ? "" : "s", d->first.file, d->first.line);
    if (d->count > 1) {
        fprintf(out, " to %s:%zu", d->last.file, d->last.line);
    }
    fprintf(out, "%s%s%s%s\n", *domains != '\0' ? ", asked by " : "", domains, *ops != '\0' ? ", " : "", ops);
    free(ops);
    free(domains);
}

/* -- what the policy says to it ------------------------------------------------------------------------------------- */

static void add_reason(const struct verdict_view *a, const struct verdict *v, json_object *forbidden, const char *kind, const char *file, unsigned int line,
                       uint32_t perms, const char *why)
{
    json_object *o = json_object_new_object();
    char *names = model_perm_names(a->model, v->tclass, perms);

    json_object_object_add(o, "by", json_object_new_string(kind));
    json_object_object_add(o, "file", json_object_new_string(file));
    json_object_object_add(o, "line", json_object_new_int64(line));
    json_object_object_add(o, "permissions", json_object_new_string(names));
    json_object_object_add(o, "why", json_object_new_string(why));
    json_object_array_add(forbidden, o);
    if (!a->json) {
        printf("  { %s } forbidden by the %s of %s:%u%s%s\n", names, kind, file, line, *why != '\0' ? ": " : "", why);
    }
    free(names);
}

static void tell_constraints(const struct verdict_view *a, const struct verdict *v, uint32_t perms, json_object *forbidden)
{
    for (unsigned int bit = 0; bit < 32; bit++) {
        const char *perm = perms >> bit & 1 ? model_perm_name(a->model, v->tclass, bit) : NULL, *file;
        const struct cil_node *n = perm != NULL ? cite_constraint(a->source, v->of->tclass, perm, NULL, &file) : NULL;

        for (; n != NULL; n = cite_constraint(a->source, v->of->tclass, perm, n, &file)) {
            add_reason(a, v, forbidden, "constraint", file, n->line, 1u << bit, n->comment != NULL ? n->comment : "");
        }
    }
}

void verdict_cil(const struct verdict_view *a, const char *heading, const char *cil)
{
    if (!a->json) {
        printf("  %s\n", heading);
        for (const char *p = cil; *p != '\0';) {
            size_t n = strcspn(p, "\n");

            printf("      %.*s\n", (int)n, p);
            p += n + (p[n] != '\0');
        }
    }
}

static void tell_bits(const struct verdict_view *a, const struct verdict *v, json_object *o, const char *key, uint32_t perms, const char *before,
                      const char *after)
{
    char *names = model_perm_names(a->model, v->tclass, perms);

    json_object_object_add(o, key, json_object_new_string(names));
    if (!a->json) {
        printf("  %s { %s }%s\n", before, names, after);
    }
    free(names);
}

void verdict_show(const struct verdict_view *a, const struct verdict *v, json_object *o)
{
    json_object *forbidden = json_object_new_array();

    if (v->unknown != NULL) {
        json_object_object_add(o, "unknown", json_object_new_string(v->unknown));
        if (!a->json) {
            printf("  %s has no %s\n", a->source->name, v->unknown);
        }
    }
    if (v->switched != 0) {
        tell_bits(a, v, o, "by_boolean", v->switched, "rules give", " when a boolean is set: `bh policy why` names them");
    }
    if (v->cil != NULL) {
        json_object_object_add(o, "cil", json_object_new_string(v->cil));
        verdict_cil(a, verdict_may(v) == v->missing ? "allow it with" : "allow what may be allowed with", v->cil);
    }
    for (size_t i = 0; i < v->obstacle_count; i++) {
        const struct obstacle *f = &v->obstacles[i];

        add_reason(a, v, forbidden, "assertion", f->file, f->line, f->perms, cite_comment(a->source, f->file, f->line));
    }
    if ((v->constrained | v->still) != 0) {
        tell_constraints(a, v, v->constrained | v->still, forbidden);
    }
    json_object_object_add(o, "forbidden", forbidden);
}

json_object *avc_gaps_json(const struct avc_log *log)
{
    json_object *gaps = json_object_new_object();

    json_object_object_add(gaps, "whole", json_object_new_boolean(!avc_log_misses(log)));
    json_object_object_add(gaps, "lost", json_object_new_uint64(log->lost));
    json_object_object_add(gaps, "damaged", json_object_new_int64((int64_t)log->odd_count));
    json_object_object_add(gaps, "stray", json_object_new_int64((int64_t)log->stray));
    json_object_object_add(gaps, "granted_told", json_object_new_boolean(log->traced));
    return gaps;
}
