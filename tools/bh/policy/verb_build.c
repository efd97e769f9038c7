/* SPDX-License-Identifier: Apache-2.0 */
/* bh policy build: sources to a binary policy. */
#include <stdlib.h>
#include <string.h>

#include "../build/file.h"
#include "compile.h"
#include "model.h"
#include "table.h"
#include "te.h"
#include "trace.h"
#include "verb.h"

struct counts {
    size_t types, attributes, classes, rules, audited, booleans, labels;
};

static int count_rule(avtab_key_t *key, avtab_datum_t *datum, void *arg)
{
    struct counts *c = arg;

    (void)datum;
    c->rules += (key->specified & AVTAB_ALLOWED) != 0;
    c->audited += (key->specified & AVTAB_AUDITALLOW) != 0;
    return 0;
}

static struct counts count(const policydb_t *db)
{
    struct counts c = { .classes = db->p_classes.nprim, .booleans = db->p_bools.nprim };
    const avtab_t *tables[] = { &db->te_avtab, &db->te_cond_avtab };

    for (uint32_t i = 0; i < db->p_types.nprim; i++) {
        bool attribute = db->type_val_to_struct[i] != NULL && db->type_val_to_struct[i]->flavor == TYPE_ATTRIB;

        *(attribute ? &c.attributes : &c.types) += 1;
    }
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        union {
            const avtab_t *in;
            avtab_t *out; /* avtab_map() changes nothing */
        } table = { .in = tables[i] };

        avtab_map(table.out, count_rule, &c);
    }
    for (int i = 0; i < OCON_NUM; i++) {
        for (const ocontext_t *o = i != OCON_XEN_ISID ? db->ocontexts[i] : NULL; o != NULL; o = o->next) {
            c.labels++;
        }
    }
    return c;
}

static void tell(const struct verb_options *o, const char *out, unsigned int version, const struct buf *image, const struct counts *c)
{
    char hex[65];

    sha256_hex(image->data, image->len, hex);
    if (!o->json) {
        printf("%s: %zu bytes, version %u\n", out, image->len, version);
        printf("  %zu types in %zu attributes, %zu classes, %zu allow rules, %zu of them audited, %zu booleans, %zu labels of resources\n",
               c->types, c->attributes, c->classes, c->rules, c->audited, c->booleans, c->labels);
        printf("  sha256 %s\n", hex);
        return;
    }
    json_object *j = json_object_new_object();

    json_object_object_add(j, "file", json_object_new_string(out));
    json_object_object_add(j, "bytes", json_object_new_int64((int64_t)image->len));
    json_object_object_add(j, "version", json_object_new_int64(version));
    json_object_object_add(j, "sha256", json_object_new_string(hex));
    json_object_object_add(j, "types", json_object_new_int64((int64_t)c->types));
    json_object_object_add(j, "attributes", json_object_new_int64((int64_t)c->attributes));
    json_object_object_add(j, "classes", json_object_new_int64((int64_t)c->classes));
    json_object_object_add(j, "rules", json_object_new_int64((int64_t)c->rules));
    json_object_object_add(j, "audited", json_object_new_int64((int64_t)c->audited));
    json_object_object_add(j, "booleans", json_object_new_int64((int64_t)c->booleans));
    json_object_object_add(j, "labels", json_object_new_int64((int64_t)c->labels));
    json_write(j, stdout);
}

/* @return 0: it is none, reported */
static unsigned int version_read(const char *word, struct messages *m)
{
    char *end;
    unsigned long version = word != NULL ? strtoul(word, &end, 10) : POLICY_VERSION_XEN;

    if (word != NULL && (*end != '\0' || version > UINT32_MAX || !compile_version((unsigned int)version))) {
        message_add(m, NULL, 0, 0, "--version %s: there are versions %u and %u for Xen", word, POLICY_VERSION_XEN_OLD, POLICY_VERSION_XEN);
        message_hint(m, "%u has labels of device tree nodes and of memory above 16 TiB; %u is for an old Xen", POLICY_VERSION_XEN,
                     POLICY_VERSION_XEN_OLD);
        return 0;
    }
    return (unsigned int)version;
}

static bool write_image(const char *path, const struct buf *image, struct messages *m)
{
    struct diag diag = { 0 };
    bool ok = file_save(path, image->data, image->len, &diag);

    messages_of_diag(m, &diag);
    return ok;
}

/* The bytes of upstream's compiler stay as they are, where nothing is added. */
static bool make_image(struct source *s, sepol_policydb_t *policy, unsigned int version, bool trace, struct buf *image, struct messages *m)
{
    if (s->conf.len > 0 && !trace) {
        buf_put(image, s->image.data, s->image.len);
        return true;
    }
    if (trace && !trace_add(policy)) {
        message_add(m, s->name, 0, 0, "memory is out");
        return false;
    }
    return compile_image_version(policy, version, image, m);
}

static int build_run(const struct verb_options *o, const struct verb_words *w, struct messages *m)
{
    const char *out = verb_value(&policy_build_verb, w, "-o");
    bool trace = verb_value(&policy_build_verb, w, "--trace") != NULL;
    unsigned int version = version_read(verb_value(&policy_build_verb, w, "--version"), m);
    sepol_policydb_t *policy = NULL;
    struct source s;
    struct buf image = { 0 };
    int rc = POLICY_WRONG;

    if (version == 0) {
        return rc;
    }
    if (out == NULL) {
        message_add(m, NULL, 0, 0, "where to?");
        message_hint(m, "-o FILE names the binary policy to write");
        return rc;
    }
    if (!source_read(&s, o->tree, o->policy, o->policy_count, m)) {
        return rc;
    }
    if (s.conf.len == 0 || version == POLICY_VERSION_XEN || te_compile(&s, version, false, m)) {
        policy = compile_policy(&s, m);
    }
    if (policy != NULL) {
        if (make_image(&s, policy, version, trace, &image, m) && write_image(out, &image, m)) {
            struct counts c = count(&policy->p);

            tell(o, out, version, &image, &c);
            rc = POLICY_YES;
        }
    }
    sepol_policydb_free(policy);
    buf_free(&image);
    source_free(&s);
    return rc;
}

static const struct verb_option build_options[] = {
    { "-o", "FILE", "the binary policy to write" },
    { "--version", "24|30", "version of the format (default: 30)" },
    { "--trace", NULL, "have every permission that is used written down (auditallow), to record what a host decides" },
};

const struct policy_verb policy_build_verb = {
    .name = "build",
    .words = "",
    .summary = "sources to a binary policy",
    .help = "Compiles CIL as secilc does for target Xen, to the same bytes; or modules in the language of Xen's own policy, by m4 and\n"
            "checkpolicy: a folder such as Xen's tools/flask/policy, FILE.te beside it, or a FILE.te that is whole. Prints the size, what\n"
            "is in it, and its SHA-256. Assertions (neverallow) that do not hold are errors. Nothing is written on failure.\n\n"
            "    bh policy build -p host.conf -o policy.bin\n"
            "    bh policy build -p xen/tools/flask/policy -p mine.te -o policy.bin",
    .options = build_options,
    .option_count = sizeof(build_options) / sizeof(build_options[0]),
    .run = build_run,
};
