/* SPDX-License-Identifier: Apache-2.0 */
/* One reference set: its fields, its JSON, its signature. Which of several count: refset_list.c. */
#include <attest/refset.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include <attest/error.h>
#include <attest/utc.h>

#define FORMAT "bulkhead-reference-2"
#define PLAIN "bulkhead-reference-1"
#define JSON_MAX_BYTES ((size_t)8 << 20)

bool refset_id_is_valid(const char *id)
{
    size_t len = strlen(id);

    if (len == 0 || len > REFSET_ID_MAX || id[0] == '.') {
        return false;
    }
    for (; *id != '\0'; id++) {
        if (!isalnum((unsigned char)*id) && strchr("._-", *id) == NULL) {
            return false;
        }
    }
    return true;
}

struct refset *refset_new(void)
{
    struct refset *set = calloc(1, sizeof(*set));

    if (set != NULL && (set->components = reference_new()) == NULL) {
        free(set);
        set = NULL;
    }
    return set;
}

void refset_free(struct refset *set)
{
    if (set != NULL) {
        reference_free(set->components);
        free(set->supersedes);
        free(set);
    }
}

int refset_supersede(struct refset *set, const char *id, struct attest_error *err)
{
    char(*list)[REFSET_ID_MAX + 1];

    for (size_t i = 0; i < set->supersedes_count; i++) {
        if (strcmp(set->supersedes[i], id) == 0) {
            return 0;
        }
    }
    if (!refset_id_is_valid(id) || set->supersedes_count == REFSET_SUPERSEDES_MAX) {
        return attest_fail(err, -EINVAL, "superseded \"%.70s\": no name of a set, or too many", id);
    }
    list = realloc(set->supersedes, (set->supersedes_count + 1) * sizeof(*list));
    if (list == NULL) {
        return attest_fail(err, -ENOMEM, "no memory");
    }
    strcpy(list[set->supersedes_count], id);
    set->supersedes = list;
    set->supersedes_count++;
    return 0;
}

static int digest_components(struct refset *set, struct attest_error *err)
{
    json_object *list = reference_components_json(set->components);
    size_t len = 0;
    const char *text = json_object_to_json_string_length(list, JSON_C_TO_STRING_PLAIN, &len);
    bool ok =
        text != NULL && EVP_Digest(text, len, set->digest, NULL, EVP_sha256(), NULL) == 1;

    json_object_put(list);
    return ok ? 0 : attest_fail(err, -ENOMEM, "hash failure");
}

int refset_finish(struct refset *set, struct attest_error *err)
{
    bool firmware = false;

    for (size_t i = 0; i < set->components->count; i++) {
        firmware |= set->components->component[i].kind == REFERENCE_PCR;
    }
    if (!refset_id_is_valid(set->id)) {
        return attest_fail(err, -EINVAL, "id \"%.70s\": expected letters, digits, . _ -", set->id);
    }
    if (set->not_after <= set->not_before) {
        return attest_fail(err, -EINVAL, "not-after is not later than not-before");
    }
    if (set->overlap < 0 || set->overlap > REFSET_OVERLAP_MAX) {
        return attest_fail(err, -EINVAL, "overlap: expected 0 to %d seconds", REFSET_OVERLAP_MAX);
    }
    if (set->firmware[0] != '\0' && !refset_id_is_valid(set->firmware)) {
        return attest_fail(err, -EINVAL, "firmware \"%.70s\": expected letters, digits, . _ -", set->firmware);
    }
    if (firmware != (set->firmware[0] != '\0')) {
        return attest_fail(err, -EINVAL, "a firmware profile has a name and values of PCRs");
    }
    for (size_t i = 0; i < set->supersedes_count; i++) {
        if (strcmp(set->supersedes[i], set->id) == 0) {
            return attest_fail(err, -EINVAL, "%s supersedes itself", set->id);
        }
    }
    return digest_components(set, err);
}

/* -- JSON --------------------------------------------------------------------------------------- */
int refset_print(const struct refset *set, char **out, struct attest_error *err)
{
    json_object *root = json_object_new_object(), *list = json_object_new_array();
    char t[UTC_SIZE];
    const char *text;

    *out = NULL;
    for (size_t i = 0; i < set->supersedes_count; i++) {
        json_object_array_add(list, json_object_new_string(set->supersedes[i]));
    }
    message_add_string(root, "format", FORMAT);
    message_add_string(root, "id", set->id);
    message_add_string(root, "firmware", set->firmware);
    message_add_string(root, "not-before", utc_format(t, set->not_before));
    message_add_string(root, "not-after", utc_format(t, set->not_after));
    json_object_object_add(root, "supersedes", list);
    json_object_object_add(root, "overlap", json_object_new_int64(set->overlap));
    json_object_object_add(root, "components", reference_components_json(set->components));
    text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY |
                                                    JSON_C_TO_STRING_NOSLASHESCAPE);
    if (text == NULL || asprintf(out, "%s\n", text) < 0) {
        *out = NULL;
    }
    json_object_put(root);
    return *out != NULL ? 0 : attest_fail(err, -ENOMEM, "no memory");
}

int refset_sign(const struct refset *set, EVP_PKEY *key, char **jws, struct attest_error *err)
{
    char *text = NULL;
    int rc = refset_print(set, &text, err);

    if (text != NULL) {
        rc = jws_sign(key, REFSET_TYPE, text, strlen(text), jws, err);
        free(text);
    }
    return rc;
}

static int copy_word(char *out, json_object *root, const char *key)
{
    const char *text = message_string(root, key);

    if (text == NULL || strlen(text) > REFSET_ID_MAX) {
        return -EINVAL;
    }
    strcpy(out, text);
    return 0;
}

static int parse_time(int64_t *out, json_object *root, const char *key)
{
    const char *text = message_string(root, key);

    return text == NULL ? -EINVAL : utc_parse(text, out);
}

static int parse_supersedes(struct refset *set, json_object *list, struct attest_error *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_object_array_length(list); i++) {
        json_object *o = json_object_array_get_idx(list, i);

        rc = json_object_is_type(o, json_type_string) &&
                     strlen(json_object_get_string(o)) == (size_t)json_object_get_string_len(o)
                 ? refset_supersede(set, json_object_get_string(o), err)
                 : attest_fail(err, -EINVAL, "supersedes: expected names");
    }
    return rc;
}

static int parse_fields(struct refset *set, json_object *root, struct attest_error *err)
{
    json_object *list, *supersedes, *overlap;
    int rc;

    /* eight keys are named below; with all of them there and eight in all, none is unknown */
    if (json_object_object_length(root) != 8 || copy_word(set->id, root, "id") != 0 ||
        copy_word(set->firmware, root, "firmware") != 0 ||
        parse_time(&set->not_before, root, "not-before") != 0 ||
        parse_time(&set->not_after, root, "not-after") != 0 ||
        !json_object_object_get_ex(root, "overlap", &overlap) ||
        !json_object_is_type(overlap, json_type_int) ||
        !json_object_object_get_ex(root, "supersedes", &supersedes) ||
        !json_object_is_type(supersedes, json_type_array) ||
        !json_object_object_get_ex(root, "components", &list) ||
        !json_object_is_type(list, json_type_array)) {
        return attest_fail(err, -EINVAL,
                           "reference set: expected exactly format, id, firmware, not-before, "
                           "not-after (UTC, 2026-01-31T12:00:00Z), supersedes, overlap, components");
    }
    set->overlap = json_object_get_int64(overlap);
    rc = parse_supersedes(set, supersedes, err);
    if (rc == 0) {
        rc = reference_components_parse(set->components, list, err);
    }
    return rc == 0 ? refset_finish(set, err) : rc;
}

static struct refset *parse_plain(const uint8_t *json, size_t size, struct attest_error *err)
{
    struct refset *set = refset_new();
    struct reference *ref = set == NULL ? NULL : reference_parse(json, size, err);

    if (ref == NULL) {
        refset_free(set);
        return NULL;
    }
    reference_free(set->components);
    set->components = ref;
    strcpy(set->id, "unnamed");
    set->not_after = INT64_MAX;
    if (digest_components(set, err) != 0) {
        refset_free(set);
        set = NULL;
    }
    return set;
}

struct refset *refset_parse(const uint8_t *json, size_t size, struct attest_error *err)
{
    struct refset *set = NULL;
    json_object *root;
    const char *format;

    if (size > JSON_MAX_BYTES) {
        attest_fail(err, -EINVAL, "more than 8 MiB");
        return NULL;
    }
    while (size > 0 && isspace(json[size - 1])) {
        size--;
    }
    root = message_parse(json, size, err);
    format = root == NULL ? NULL : message_string(root, "format");
    if (format != NULL && strcmp(format, PLAIN) == 0) {
        set = parse_plain(json, size, err);
    } else if (format != NULL && strcmp(format, FORMAT) == 0) {
        set = refset_new();
        if (set != NULL && parse_fields(set, root, err) != 0) {
            refset_free(set);
            set = NULL;
        }
    } else if (root != NULL) {
        attest_fail(err, -EINVAL, "expected format \"" FORMAT "\" or \"" PLAIN "\"");
    }
    json_object_put(root);
    return set;
}
