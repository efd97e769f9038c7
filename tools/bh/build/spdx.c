/* SPDX-License-Identifier: Apache-2.0 */
#include "spdx.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

#define CHUNK (1u << 20)
#define SHA1_DIGITS 40

void spdx_init(struct spdx *s)
{
    *s = (struct spdx){ json_object_new_array(), json_object_new_array(), json_object_new_array(), { 0 } };
}

void spdx_free(struct spdx *s)
{
    json_object_put(s->packages);
    json_object_put(s->files);
    json_object_put(s->relationships);
    name_set_free(&s->digests);
    *s = (struct spdx){ 0 };
}

/* Letters, digits, - and . are allowed: a slash is a dash, any other byte .XX. */
char *spdx_id(const char *kind, const char *name)
{
    struct buf id = { 0 };

    buf_printf(&id, "SPDXRef-%s-", kind);
    for (; *name != '\0'; name++) {
        if (*name == '/') {
            buf_puts(&id, "-");
        } else if (isalnum((unsigned char)*name) || *name == '-' || *name == '.') {
            buf_put(&id, name, 1);
        } else {
            buf_printf(&id, ".%02x", (unsigned char)*name);
        }
    }
    return id.data;
}

void spdx_put(json_object *object, const char *key, const char *text)
{
    json_object_object_add(object, key, json_object_new_string(text));
}

void spdx_relate(struct spdx *s, const char *from, const char *type, const char *to)
{
    json_object *relationship = json_object_new_object();

    spdx_put(relationship, "spdxElementId", from);
    spdx_put(relationship, "relationshipType", type);
    spdx_put(relationship, "relatedSpdxElement", to);
    json_object_array_add(s->relationships, relationship);
}

static void checksum_add(json_object *sums, const char *algorithm, const char *value)
{
    json_object *sum = json_object_new_object();

    spdx_put(sum, "algorithm", algorithm);
    spdx_put(sum, "checksumValue", value);
    json_object_array_add(sums, sum);
}

/* -- packages ------------------------------------------------------------------------------------ */
json_object *spdx_package(struct spdx *s, const char *id, const char *name)
{
    json_object *package = json_object_new_object();

    spdx_put(package, "SPDXID", id);
    spdx_put(package, "name", name);
    spdx_put(package, "downloadLocation", "NOASSERTION");
    json_object_object_add(package, "filesAnalyzed", json_object_new_boolean(false));
    spdx_put(package, "licenseConcluded", "NOASSERTION");
    spdx_put(package, "licenseDeclared", "NOASSERTION");
    spdx_put(package, "copyrightText", "NOASSERTION");
    json_object_array_add(s->packages, package);
    return package;
}

static void hex_of(const unsigned char *digest, unsigned int size, char *hex)
{
    for (unsigned int i = 0; i < size; i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

/* Chapter 7.9: the SHA-1 of all files' SHA-1 in hexadecimal, sorted, one behind the other. */
void spdx_package_verify(const struct spdx *s, json_object *package, const char *const *excluded, size_t count)
{
    json_object *code = json_object_new_object(), *names = json_object_new_array();
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    struct buf all = { 0 };
    unsigned int size = 0;

    for (size_t i = 0; i < s->digests.count; i++) {
        buf_put(&all, s->digests.names[i], SHA1_DIGITS);
    }
    if (EVP_Digest(all.data, all.len, digest, &size, EVP_sha1(), NULL) != 1) {
        abort(); /* no memory */
    }
    hex_of(digest, size, hex);
    for (size_t i = 0; i < count; i++) {
        char *name = bh_printf("./%s", excluded[i]);

        json_object_array_add(names, json_object_new_string(name));
        free(name);
    }
    spdx_put(code, "packageVerificationCodeValue", hex);
    json_object_object_add(code, "packageVerificationCodeExcludedFiles", names);
    json_object_object_add(package, "filesAnalyzed", json_object_new_boolean(true));
    json_object_object_add(package, "packageVerificationCode", code);
    buf_free(&all);
}

void spdx_package_sha256(json_object *package, const char *sha256)
{
    json_object *sums = json_object_new_array();

    checksum_add(sums, "SHA256", sha256);
    json_object_object_add(package, "checksums", sums);
}

/* purl-spec: RFC 3986's unreserved bytes and the colon stand as they are. */
static void purl_put(struct buf *purl, const char *text)
{
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text) || strchr("-._~:", *text) != NULL) {
            buf_put(purl, text, 1);
        } else {
            buf_printf(purl, "%%%02X", (unsigned char)*text);
        }
    }
}

void spdx_package_deb(json_object *package, const char *name, const char *version, const char *arch)
{
    json_object *reference = json_object_new_object(), *list = json_object_new_array();
    struct buf purl = { 0 };

    buf_puts(&purl, "pkg:deb/debian/");
    purl_put(&purl, name);
    buf_puts(&purl, "@");
    purl_put(&purl, version);
    buf_puts(&purl, "?arch=");
    purl_put(&purl, arch);
    spdx_put(reference, "referenceCategory", "PACKAGE-MANAGER");
    spdx_put(reference, "referenceType", "purl");
    spdx_put(reference, "referenceLocator", purl.data);
    json_object_array_add(list, reference);
    json_object_object_add(package, "externalRefs", list);
    buf_free(&purl);
}

/* -- files --------------------------------------------------------------------------------------- */
/* In pieces: a disk may be large. */
static bool digests_of(const char *path, char sha1[SHA1_DIGITS + 1], char sha256[65])
{
    EVP_MD_CTX *one = EVP_MD_CTX_new(), *two = EVP_MD_CTX_new();
    unsigned char digest1[EVP_MAX_MD_SIZE], digest2[EVP_MAX_MD_SIZE];
    unsigned int size1 = 0, size2 = 0;
    char *chunk = bh_alloc(CHUNK);
    FILE *f = fopen(path, "re");
    bool good = f != NULL && one != NULL && two != NULL && EVP_DigestInit_ex(one, EVP_sha1(), NULL) == 1
                && EVP_DigestInit_ex(two, EVP_sha256(), NULL) == 1;

    for (size_t got; good && (got = fread(chunk, 1, CHUNK, f)) != 0;) {
        good = EVP_DigestUpdate(one, chunk, got) == 1 && EVP_DigestUpdate(two, chunk, got) == 1;
    }
    good = good && ferror(f) == 0 && EVP_DigestFinal_ex(one, digest1, &size1) == 1
           && EVP_DigestFinal_ex(two, digest2, &size2) == 1;
    if (good) {
        hex_of(digest1, size1, sha1);
        hex_of(digest2, size2, sha256);
    }
    if (f != NULL) {
        fclose(f);
    }
    free(chunk);
    EVP_MD_CTX_free(one);
    EVP_MD_CTX_free(two);
    return good;
}

bool spdx_file(struct spdx *s, const char *path, const char *name, const char *comment, struct diag *diag)
{
    char sha1[SHA1_DIGITS + 1], sha256[65];

    if (!digests_of(path, sha1, sha256)) {
        diag_error(diag, path, 0, NULL, "cannot be read for the bill of materials");
        return false;
    }
    json_object *file = json_object_new_object(), *sums = json_object_new_array();
    char *id = spdx_id("File", name), *from_root = bh_printf("./%s", name), *key = bh_printf("%s %s", sha1, name);

    spdx_put(file, "SPDXID", id);
    spdx_put(file, "fileName", from_root);
    checksum_add(sums, "SHA1", sha1);
    checksum_add(sums, "SHA256", sha256);
    json_object_object_add(file, "checksums", sums);
    spdx_put(file, "licenseConcluded", "NOASSERTION");
    spdx_put(file, "copyrightText", "NOASSERTION");
    spdx_put(file, "comment", comment);
    json_object_array_add(s->files, file);
    name_set_add(&s->digests, key);
    free(id);
    free(from_root);
    free(key);
    return true;
}

/* -- the document -------------------------------------------------------------------------------- */
static json_object *creation(const char *tool, time_t created)
{
    json_object *info = json_object_new_object(), *creators = json_object_new_array();
    char *creator = bh_printf("Tool: %s", tool), text[32] = "";
    struct tm tm;

    if (gmtime_r(&created, &tm) != NULL) {
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    spdx_put(info, "created", text);
    json_object_array_add(creators, json_object_new_string(creator));
    json_object_object_add(info, "creators", creators);
    free(creator);
    return info;
}

static const char *text_of(json_object *root)
{
    return json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
}

void spdx_write(struct spdx *s, const char *name, const char *tool, time_t created, struct buf *out)
{
    json_object *root = json_object_new_object();
    char digest[65];

    spdx_put(root, "spdxVersion", "SPDX-2.3");
    spdx_put(root, "dataLicense", "CC0-1.0");
    spdx_put(root, "SPDXID", SPDX_DOCUMENT);
    spdx_put(root, "name", name);
    json_object_object_add(root, "creationInfo", creation(tool, created));
    json_object_object_add(root, "packages", json_object_get(s->packages));
    json_object_object_add(root, "files", json_object_get(s->files));
    json_object_object_add(root, "relationships", json_object_get(s->relationships));
    /* The digest of everything above, then the name that is made of it. */
    sha256_hex(text_of(root), strlen(text_of(root)), digest);
    char *namespace = bh_printf("https://spdx.org/spdxdocs/%s-%s", name, digest);

    spdx_put(root, "documentNamespace", namespace);
    buf_printf(out, "%s\n", text_of(root));
    free(namespace);
    json_object_put(root);
}
