/* SPDX-License-Identifier: Apache-2.0 */
#include "sign.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include <attest/error.h>
#include <attest/jose.h>
#include <attest/refset.h>
#include <attest/utc.h>

#include "file.h"

static bool time_of(const char *option, const char *text, int64_t *out, struct diag *diag)
{
    if (utc_parse(text, out) != 0) {
        diag_error(diag, NULL, 0, option, "%.40s: expected UTC, 2026-01-31T12:00:00Z", text);
        return false;
    }
    return true;
}

static bool overlap_of(const char *text, int64_t *out, struct diag *diag)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || *out < 0 || *out > REFSET_OVERLAP_MAX) {
        diag_error(diag, NULL, 0, "--overlap", "%.40s: expected seconds, 0 to %d", text,
                   REFSET_OVERLAP_MAX);
        return false;
    }
    return true;
}

static bool fill(const struct sign_options *o, struct refset *set, struct diag *diag)
{
    struct attest_error why = { .text = "" };

    set->not_before = 0;
    if ((o->not_before != NULL && !time_of("--not-before", o->not_before, &set->not_before, diag))
        || !time_of("--not-after", o->not_after, &set->not_after, diag)
        || (o->overlap != NULL && !overlap_of(o->overlap, &set->overlap, diag))) {
        return false;
    }
    if (o->id != NULL && !refset_id_is_valid(o->id)) {
        diag_error(diag, NULL, 0, "--reference-id", "%.70s: expected letters, digits, . _ -, at most %d", o->id,
                   REFSET_ID_MAX);
        return false;
    }
    if (o->id != NULL) {
        strcpy(set->id, o->id);
    }
    for (unsigned int i = 0; i < o->supersedes_count; i++) {
        if (refset_supersede(set, o->supersedes[i], &why) != 0) {
            diag_error(diag, NULL, 0, "--supersedes", "%s", why.text);
            return false;
        }
    }
    return true;
}

static bool finish(struct refset *set, struct diag *diag)
{
    struct attest_error why = { .text = "" };

    if (refset_finish(set, &why) != 0) {
        diag_error(diag, NULL, 0, "--sign", "no set can be made with these options: %s", why.text);
        return false;
    }
    return true;
}

static EVP_PKEY *key_of(const struct sign_options *o, struct diag *diag)
{
    struct attest_error why = { .text = "" };
    EVP_PKEY *key = key_read_private(o->key, &why);

    if (key == NULL) {
        diag_error(diag, NULL, 0, "--sign", "%s; `openssl genpkey -algorithm ED25519 -out KEY` makes a key",
                   why.text);
    }
    return key;
}

static struct refset *set_read(const char *path, struct diag *diag)
{
    struct attest_error why = { .text = "" };
    struct buf text = { 0 };
    struct refset *set = NULL;

    if (file_load(path, &text, diag)) {
        set = refset_parse((const uint8_t *)text.data, text.len, &why);
        if (set == NULL) {
            diag_error(diag, path, 0, NULL, "is no reference set: %s", why.text);
        }
    }
    buf_free(&text);
    return set;
}

/* Values of PCRs and a name, and nothing else. */
static struct refset *profile_read(const char *path, struct diag *diag)
{
    struct refset *set = set_read(path, diag);
    bool good = set != NULL && set->firmware[0] != '\0' && set->components->count > 0;

    for (size_t i = 0; good && i < set->components->count; i++) {
        good = set->components->component[i].kind == REFERENCE_PCR;
    }
    if (set != NULL && !good) {
        diag_error(diag, path, 0, "--firmware-profile", "is no firmware's profile: `bh attest ref firmware` makes one");
        refset_free(set);
        set = NULL;
    }
    return set;
}

/* Each can be read, and no two have one name. */
static bool profiles_check(const struct sign_options *o, struct diag *diag)
{
    char names[SIGN_PROFILES_MAX][REFSET_ID_MAX + 1];

    for (unsigned int i = 0; i < o->profile_count; i++) {
        struct refset *set = profile_read(o->profiles[i], diag);

        if (set == NULL) {
            return false;
        }
        strcpy(names[i], set->firmware);
        refset_free(set);
        for (unsigned int k = 0; k < i; k++) {
            if (strcmp(names[k], names[i]) == 0) {
                diag_error(diag, o->profiles[i], 0, "--firmware-profile", "%s is the name of %s too", names[i],
                           o->profiles[k]);
                return false;
            }
        }
    }
    return true;
}

bool sign_check(const struct sign_options *o, struct diag *diag)
{
    if (o->key == NULL) {
        if (o->id != NULL || o->not_before != NULL || o->not_after != NULL || o->overlap != NULL
            || o->supersedes_count != 0 || o->profile_count != 0) {
            diag_error(diag, NULL, 0, "--sign", "is missing: --reference-id, --not-before, --not-after, "
                       "--supersedes, --overlap and --firmware-profile are of a signed set");
            return false;
        }
        return true;
    }
    if (o->not_after == NULL) {
        diag_error(diag, NULL, 0, "--not-after", "is missing: --sign needs the time from which the set "
                   "counts for nothing, such as --not-after 2027-06-01T00:00:00Z");
        return false;
    }
    struct refset *set = refset_new();
    EVP_PKEY *key = NULL;
    bool good = set != NULL && fill(o, set, diag);

    if (good && o->id == NULL) {
        strcpy(set->id, "by-default");
    }
    good = good && profiles_check(o, diag) && finish(set, diag) && (key = key_of(o, diag)) != NULL;
    EVP_PKEY_free(key);
    refset_free(set);
    return good;
}

void sign_words(const struct sign_options *o, struct buf *out)
{
    const char *const one[] = { o->key, o->id, o->not_before, o->not_after, o->overlap };

    for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
        buf_printf(out, " %s", one[i] != NULL ? one[i] : "");
    }
    for (unsigned int i = 0; i < o->supersedes_count; i++) {
        buf_printf(out, " %s", o->supersedes[i]);
    }
    for (unsigned int i = 0; i < o->profile_count; i++) {
        buf_printf(out, " profile=%s", o->profiles[i]);
    }
}

static bool write_signer(EVP_PKEY *key, const char *folder, struct diag *diag)
{
    char *path = bh_printf("%s/signer.pem", folder), *text;
    BIO *bio = BIO_new(BIO_s_mem());
    bool good = bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1;

    if (!good) {
        diag_error(diag, path, 0, NULL, "the public key of --sign cannot be written as PEM");
    } else {
        long size = BIO_get_mem_data(bio, &text);

        good = file_save(path, text, (size_t)size, diag);
    }
    BIO_free(bio);
    free(path);
    return good;
}

static bool write_set(struct refset *set, EVP_PKEY *key, const char *folder, struct diag *diag)
{
    bool profile = set->firmware[0] != '\0';
    char *path = bh_printf("%s/reference%s%s.jws", folder, profile ? "-" : "", set->firmware), *jws = NULL;
    struct attest_error why = { .text = "" };
    bool good = refset_sign(set, key, &jws, &why) == 0;

    if (!good) {
        diag_error(diag, path, 0, NULL, "cannot be signed: %s", why.text);
    }
    good = good && file_save(path, jws, strlen(jws), diag);
    free(jws);
    free(path);
    return good;
}

static bool add_profile(struct refset *set, const char *path, struct diag *diag)
{
    struct refset *profile = profile_read(path, diag);
    struct attest_error why = { .text = "" };
    bool good = profile != NULL;

    for (size_t i = 0; good && i < profile->components->count; i++) {
        const struct reference_component *c = &profile->components->component[i];

        good = reference_add(set->components, c->name, c->kind, c->pcr, c->sha256, c->detail, &why) == 0;
    }
    if (good) {
        strcpy(set->firmware, profile->firmware);
    } else if (profile != NULL) {
        diag_error(diag, path, 0, "--firmware-profile", "cannot be added: %s", why.text);
    }
    refset_free(profile);
    return good;
}

/* Each set needs a name of its own. */
static bool name_set(const struct sign_options *o, const char *host, struct refset *set, struct diag *diag)
{
    char digits[13];

    if (o->id == NULL) {
        strcpy(set->id, "by-default"); /* the digest is of the components alone */
        if (!finish(set, diag)) {
            return false;
        }
        hex_encode(digits, set->digest, 6);
        snprintf(set->id, sizeof(set->id), "%.40s-%s", host, digits);
    } else if (set->firmware[0] != '\0') {
        if (strlen(o->id) + 1 + strlen(set->firmware) > REFSET_ID_MAX) {
            diag_error(diag, NULL, 0, "--reference-id", "%.70s-%.70s: more than %d characters", o->id, set->firmware,
                       REFSET_ID_MAX);
            return false;
        }
        strcat(strcat(set->id, "-"), set->firmware);
    }
    return finish(set, diag);
}

/* @param profile  file, or NULL */
static bool sign_one(const struct sign_options *o, const char *host, const char *folder, const char *profile,
                     EVP_PKEY *key, struct diag *diag)
{
    char *path = bh_printf("%s/reference.json", folder);
    struct refset *set = set_read(path, diag);
    bool good = set != NULL && fill(o, set, diag) && (profile == NULL || add_profile(set, profile, diag))
                && name_set(o, host, set, diag) && write_set(set, key, folder, diag);

    refset_free(set);
    free(path);
    return good;
}

bool sign_write(const struct sign_options *o, const char *host, const char *folder, struct diag *diag)
{
    EVP_PKEY *key = key_of(o, diag);
    bool good = key != NULL && sign_one(o, host, folder, NULL, key, diag) && write_signer(key, folder, diag);

    for (unsigned int i = 0; good && i < o->profile_count; i++) {
        good = sign_one(o, host, folder, o->profiles[i], key, diag);
    }
    EVP_PKEY_free(key);
    return good;
}
