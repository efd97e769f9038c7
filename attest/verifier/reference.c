/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: the list in memory, its JSON form, and the rules a component must keep. */
#include <attest/reference.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>
#include <openssl/evp.h>

#include <attest/error.h>

#define FORMAT "bulkhead-reference-1"
#define FILE_MAX_BYTES ((size_t)1 << 31)
#define JSON_MAX_BYTES ((size_t)8 << 20)
#define FIRMWARE_PCR_LAST 7

static const struct {
    const char *name;
    int pcr;          /* -1: one of firmware's, 0 to FIRMWARE_PCR_LAST */
    bool from_detail; /* digest is that of the detail when none is given */
} kinds[] = {
    [REFERENCE_GRUB_PE] = {"grub-pe", 4, false},
    [REFERENCE_EFI_IMAGE] = {"efi-image", 4, false},
    [REFERENCE_GRUB_CMD] = {"grub-cmd", 8, true},
    [REFERENCE_FILE] = {"file", 9, false},
    [REFERENCE_HYPERVISOR_EVENT] = {"hypervisor-event", 21, true},
    [REFERENCE_PROTECTION] = {"protection", 21, true},
    [REFERENCE_DOMAIN] = {"domain", 22, true},
    [REFERENCE_BOOT_SECTOR] = {"boot-sector", 4, false},
    [REFERENCE_PARTITION_TABLE] = {"partition-table", 5, false},
    [REFERENCE_PCR] = {"pcr", -1, false},
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

const char *reference_kind_name(enum reference_kind kind)
{
    return (size_t)kind < KIND_COUNT ? kinds[kind].name : "unknown";
}

struct reference *reference_new(void)
{
    return calloc(1, sizeof(struct reference));
}

void reference_free(struct reference *ref)
{
    if (ref == NULL) {
        return;
    }
    for (size_t i = 0; i < ref->count; i++) {
        free(ref->component[i].name);
        free(ref->component[i].detail);
    }
    free(ref->component);
    free(ref);
}

static bool name_is_valid(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > REFERENCE_NAME_MAX) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if (!isalnum((unsigned char)*name) && strchr("._/-", *name) == NULL) {
            return false;
        }
    }
    return true;
}

static bool detail_is_valid(const char *detail)
{
    size_t len = strlen(detail);

    if (len > REFERENCE_DETAIL_MAX) {
        return false;
    }
    for (; *detail != '\0'; detail++) {
        if ((unsigned char)*detail < 0x20 || *detail == 0x7f) {
            return false;
        }
    }
    return true;
}

/* Components of other kinds are a sequence, each to be found; a PCR has one final value. */
static bool has_pcr(const struct reference *ref, unsigned int pcr)
{
    for (size_t i = 0; i < ref->count; i++) {
        if (ref->component[i].kind == REFERENCE_PCR && ref->component[i].pcr == pcr) {
            return true;
        }
    }
    return false;
}

int reference_add(struct reference *ref, const char *name, enum reference_kind kind,
                  unsigned int pcr, const uint8_t *sha256, const char *detail,
                  struct attest_error *err)
{
    struct reference_component c = {.kind = kind, .pcr = pcr}, *list;

    if ((size_t)kind >= KIND_COUNT || !name_is_valid(name)) {
        return attest_fail(err, -EINVAL, "component \"%.40s\": bad name or kind", name);
    }
    if (kinds[kind].pcr < 0 ? pcr > FIRMWARE_PCR_LAST : pcr != (unsigned int)kinds[kind].pcr) {
        return attest_fail(err, -EINVAL, "component %s: PCR %u, expected %s%d for kind %s", name, pcr, kinds[kind].pcr < 0 ? "0 to " : "",
                           kinds[kind].pcr < 0 ? FIRMWARE_PCR_LAST : kinds[kind].pcr, kinds[kind].name);
    }
    if (!detail_is_valid(detail)) {
        return attest_fail(err, -EINVAL, "component %s: detail too long or with control characters",
                           name);
    }
    if (ref->count == REFERENCE_COMPONENT_MAX) {
        return attest_fail(err, -EINVAL, "more than %d components", REFERENCE_COMPONENT_MAX);
    }
    if (sha256 != NULL) {
        memcpy(c.sha256, sha256, sizeof(c.sha256));
    } else if (!kinds[kind].from_detail) {
        return attest_fail(err, -EINVAL, "component %s: kind %s needs a digest", name,
                           kinds[kind].name);
    } else if (EVP_Digest(detail, strlen(detail), c.sha256, NULL, EVP_sha256(), NULL) != 1) {
        return attest_fail(err, -ENOMEM, "hash failure");
    }
    if (kind == REFERENCE_PCR && has_pcr(ref, pcr)) {
        return attest_fail(err, -EINVAL, "component %s: a second value of PCR %u", name, pcr);
    }
    list = realloc(ref->component, (ref->count + 1) * sizeof(*list));
    if (list == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    ref->component = list;
    c.name = strdup(name);
    c.detail = strdup(detail);
    if (c.name == NULL || c.detail == NULL) {
        free(c.name);
        free(c.detail);
        return attest_fail(err, -ENOMEM, "no memory");
    }
    list[ref->count++] = c;
    return 0;
}

int reference_add_file(struct reference *ref, const char *name, const char *host_path,
                       const char *measured_path, struct attest_error *err)
{
    uint8_t *data, digest[32];
    size_t size;
    int rc = file_read(host_path, FILE_MAX_BYTES, &data, &size, err);

    if (rc != 0) {
        return rc;
    }
    if (EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) != 1) {
        rc = attest_fail(err, -ENOMEM, "hash failure");
    } else {
        rc = reference_add(ref, name, REFERENCE_FILE, 9, digest, measured_path, err);
    }
    free(data);
    return rc;
}

int reference_add_pe(struct reference *ref, const char *name, enum reference_kind kind,
                     const char *host_path, const char *measured_path, struct attest_error *err)
{
    uint8_t *data, digest[32];
    size_t size;
    int rc = file_read(host_path, FILE_MAX_BYTES, &data, &size, err);

    if (rc != 0) {
        return rc;
    }
    rc = authenticode_sha256(data, size, digest, err);
    if (rc == 0) {
        rc = reference_add(ref, name, kind, 4, digest, measured_path, err);
    }
    free(data);
    return rc;
}

json_object *reference_components_json(const struct reference *ref)
{
    json_object *list = json_object_new_array();

    for (size_t i = 0; i < ref->count; i++) {
        const struct reference_component *c = &ref->component[i];
        json_object *o = json_object_new_object();
        char hex[65];

        hex_encode(hex, c->sha256, 32);
        json_object_object_add(o, "name", json_object_new_string(c->name));
        json_object_object_add(o, "kind", json_object_new_string(kinds[c->kind].name));
        json_object_object_add(o, "pcr", json_object_new_int((int)c->pcr));
        json_object_object_add(o, "sha256", json_object_new_string(hex));
        json_object_object_add(o, "detail", json_object_new_string(c->detail));
        json_object_array_add(list, o);
    }
    return list;
}

static json_object *to_json(const struct reference *ref)
{
    json_object *root = json_object_new_object();

    json_object_object_add(root, "format", json_object_new_string(FORMAT));
    json_object_object_add(root, "components", reference_components_json(ref));
    return root;
}

int reference_write(const struct reference *ref, const char *path, struct attest_error *err)
{
    json_object *root = to_json(ref);
    char *temporary = NULL;
    FILE *f;
    int rc = 0;

    if (asprintf(&temporary, "%s.tmp", path) < 0) {
        json_object_put(root);
        return attest_fail(err, -ENOMEM, "no memory");
    }
    f = fopen(temporary, "we");
    if (f == NULL ||
        fprintf(f, "%s\n",
                json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                         JSON_C_TO_STRING_NOSLASHESCAPE)) < 0) {
        rc = attest_fail(err, -errno, "%s: %s", temporary, strerror(errno));
    }
    if (f != NULL && fclose(f) != 0 && rc == 0) {
        rc = attest_fail(err, -errno, "%s: %s", temporary, strerror(errno));
    }
    if (rc == 0 && rename(temporary, path) != 0) {
        rc = attest_fail(err, -errno, "%s: %s", path, strerror(errno));
    }
    if (rc != 0) {
        unlink(temporary);
    }
    free(temporary);
    json_object_put(root);
    return rc;
}

static const char *string_of(json_object *o)
{
    if (!json_object_is_type(o, json_type_string) ||
        strlen(json_object_get_string(o)) != (size_t)json_object_get_string_len(o)) {
        return NULL;
    }
    return json_object_get_string(o);
}

static int parse_component(struct reference *ref, size_t index, json_object *o,
                           struct attest_error *err)
{
    const char *name = NULL, *kind = NULL, *hex = NULL, *detail = NULL;
    int64_t pcr = -1;
    uint8_t digest[32];
    size_t k;

    if (!json_object_is_type(o, json_type_object)) {
        return attest_fail(err, -EINVAL, "components[%zu]: expected an object", index);
    }
    json_object_object_foreach(o, key, value)
    {
        if (strcmp(key, "name") == 0) {
            name = string_of(value);
        } else if (strcmp(key, "kind") == 0) {
            kind = string_of(value);
        } else if (strcmp(key, "sha256") == 0) {
            hex = string_of(value);
        } else if (strcmp(key, "detail") == 0) {
            detail = string_of(value);
        } else if (strcmp(key, "pcr") == 0 && json_object_is_type(value, json_type_int)) {
            pcr = json_object_get_int64(value);
        } else {
            return attest_fail(err, -EINVAL, "components[%zu]: unknown or wrong key \"%.40s\"",
                               index, key);
        }
    }
    if (name == NULL || kind == NULL || hex == NULL || detail == NULL || pcr < 0 || pcr > 23 ||
        hex_decode(digest, 32, hex) != 0) {
        return attest_fail(
            err, -EINVAL,
            "components[%zu]: expected name, kind, pcr 0..23, sha256 of 64 hex digits "
            "and detail",
            index);
    }
    for (k = 0; k < KIND_COUNT && strcmp(kinds[k].name, kind) != 0; k++) {
    }
    if (k == KIND_COUNT) {
        return attest_fail(err, -EINVAL, "components[%zu]: unknown kind \"%.40s\"", index, kind);
    }
    if (kinds[k].from_detail && k != REFERENCE_GRUB_CMD) {
        uint8_t own[32];

        if (EVP_Digest(detail, strlen(detail), own, NULL, EVP_sha256(), NULL) != 1 ||
            memcmp(own, digest, 32) != 0) {
            return attest_fail(err, -EINVAL, "components[%zu]: sha256 is not that of detail",
                               index);
        }
    }
    return reference_add(ref, name, (enum reference_kind)k, (unsigned int)pcr, digest, detail, err);
}

int reference_components_parse(struct reference *ref, json_object *list, struct attest_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_object_array_length(list); i++) {
        rc = parse_component(ref, i, json_object_array_get_idx(list, i), err);
    }
    return rc;
}

static int parse_root(struct reference *ref, json_object *root, struct attest_error *err)
{
    json_object *list = NULL;
    const char *format = NULL;

    if (!json_object_is_type(root, json_type_object)) {
        return attest_fail(err, -EINVAL, "reference: expected a JSON object");
    }
    json_object_object_foreach(root, key, value)
    {
        if (strcmp(key, "format") == 0) {
            format = string_of(value);
        } else if (strcmp(key, "components") == 0 && json_object_is_type(value, json_type_array)) {
            list = value;
        } else {
            return attest_fail(err, -EINVAL, "reference: unknown or wrong key \"%.40s\"", key);
        }
    }
    if (format == NULL || strcmp(format, FORMAT) != 0 || list == NULL) {
        return attest_fail(err, -EINVAL,
                           "reference: expected format \"" FORMAT "\" and components");
    }
    return reference_components_parse(ref, list, err);
}

struct reference *reference_parse(const uint8_t *json, size_t len, struct attest_error *err)
{
    struct reference *ref = reference_new();
    json_tokener *tok = json_tokener_new_ex(16);
    json_object *root = NULL;
    int rc = -ENOMEM;

    if (ref != NULL && tok != NULL && len <= JSON_MAX_BYTES) {
        json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        root = json_tokener_parse_ex(tok, (const char *)json, (int)len);
        if (json_tokener_get_error(tok) == json_tokener_continue) {
            root = json_tokener_parse_ex(tok, "", -1); /* a bare end of file */
        }
        if (root == NULL) {
            rc = attest_fail(err, -EINVAL, "reference offset %zu: %s",
                             json_tokener_get_parse_end(tok),
                             json_tokener_error_desc(json_tokener_get_error(tok)));
        } else {
            rc = parse_root(ref, root, err);
        }
    } else {
        attest_fail(err, -ENOMEM, "reference: no memory, or more than 8 MiB");
    }
    json_object_put(root);
    if (tok != NULL) {
        json_tokener_free(tok);
    }
    if (rc != 0) {
        reference_free(ref);
        return NULL;
    }
    return ref;
}

struct reference *reference_read(const char *path, struct attest_error *err)
{
    struct reference *ref;
    uint8_t *data;
    size_t size;
    struct attest_error inner = {""};

    if (file_read(path, JSON_MAX_BYTES, &data, &size, err) != 0) {
        return NULL;
    }
    ref = reference_parse(data, size, &inner);
    if (ref == NULL) {
        attest_fail(err, -EINVAL, "%.100s: %.140s", path, inner.text);
    }
    free(data);
    return ref;
}
