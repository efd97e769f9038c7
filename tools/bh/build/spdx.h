/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document of SPDX 2.3, as JSON: packages, files, and how they relate. Its namespace is derived from
 * what is in it, so that the same contents have the same name, and no two others do.
 * Source: SPDX Specification 2.3, chapters 6 (document), 7 (package), 8 (file), 11 (relationship).
 */
#ifndef BH_BUILD_SPDX_H
#define BH_BUILD_SPDX_H

#include <json-c/json.h>
#include <time.h>

#include "buf.h"
#include "diag.h"
#include "origin.h"

#define SPDX_DOCUMENT "SPDXRef-DOCUMENT"

struct spdx {
    json_object *packages, *files, *relationships;
    struct name_set digests; /* "SHA1 NAME" of each file, for the verification code */
};

void spdx_init(struct spdx *s);
void spdx_free(struct spdx *s);

/** An identifier, SPDXRef-KIND-NAME; owned. */
char *spdx_id(const char *kind, const char *name);

/** Put a text into an object. */
void spdx_put(json_object *object, const char *key, const char *text);

/**
 * Add a package, of which neither place nor licence is known.
 *
 * @return borrowed, to put more into
 */
json_object *spdx_package(struct spdx *s, const char *id, const char *name);

/** Say that a package consists of all files that were added, and those in `excluded`, which is sorted. */
void spdx_package_verify(const struct spdx *s, json_object *package, const char *const *excluded, size_t count);

/** What the file of a package has to be. */
void spdx_package_sha256(json_object *package, const char *sha256);

/** The package's name for tools: pkg:deb/debian/NAME@VERSION?arch=ARCH. */
void spdx_package_deb(json_object *package, const char *name, const char *version, const char *arch);

/**
 * Add a file with its SHA-1, which SPDX asks for, and SHA-256.
 *
 * @param path     where it is
 * @param name     relative to the root of what it belongs to
 * @param comment  what it is
 */
bool spdx_file(struct spdx *s, const char *path, const char *name, const char *comment, struct diag *diag);

/** Relate two elements by their identifiers. */
void spdx_relate(struct spdx *s, const char *from, const char *type, const char *to);

/**
 * The whole document.
 *
 * @param name   of the document
 * @param tool   what made it, with its version
 * @param out    appended
 */
void spdx_write(struct spdx *s, const char *name, const char *tool, time_t created, struct buf *out);

#endif
