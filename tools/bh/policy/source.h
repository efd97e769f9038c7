/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person means by a policy, in memory. A policy is named by words, each one of:
 *
 *   FILE.cil      CIL. If none of the files orders the classes (`classorder`, but for `unordered` ones behind the others), the
 *                 reference policy of the source tree comes first
 *   FOLDER        its *.cil and those of its subfolder kinds/, sorted
 *   FILE.te, FOLDER with *.te or modules/   the language of Xen's own policy: see te.h
 *   HOST.conf     a host description: the reference policy and the rules that `bh build` derives from it; these are in the lines of HOST.conf
 *   IMAGE         a folder made by `bh build`: the policy it starts with
 *   FILE          a binary policy, for target Xen
 *
 * CIL and .te keep their files and lines, so that answers can name them; a binary policy has only its rules.
 */
#ifndef BH_POLICY_SOURCE_H
#define BH_POLICY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "../build/buf.h"
#include "../build/host.h"
#include "message.h"

struct source_file {
    char *name;            /* as messages name it; owned */
    struct buf text;
    bool reference;        /* of the reference policy, not named by the person */
    bool shown;            /* no CIL: a description or .te, kept so that messages can show its lines */
    unsigned int rank;     /* of .te: where it stands among the others */
    struct cil_tree *tree; /* of source_tree(); owned, NULL until then */
};

struct source {
    char *name;            /* the words, as one line; owned */
    struct source_file *files;
    size_t file_count;
    bool binary;           /* no CIL: `image` is all there is, with `conf` in the case of .te */
    struct buf image;
    struct buf broken;     /* .te whose assertions need not hold: what checkpolicy says of those that do not; te.h makes rules of it */
    struct buf conf;       /* .te after m4, with marks of the lines it comes from; rules.h finds places in it; empty: there is no .te */
};

/**
 * Read a policy.
 *
 * @param tree   source tree that holds policy/
 * @param words  at least one; a binary policy stands alone
 * @return false: reported, and nothing is held
 */
bool source_read(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m);

/** The same, and assertions of .te need not hold: rules_find() tells which do not. Those of CIL are for compile.h in any case. */
bool source_read_unchecked(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m);

/** As source_read(), of words with commas between them, such as host.conf,more.cil. */
bool source_read_list(struct source *s, const char *tree, const char *list, struct messages *m);

/** A host description alone, checked as for a build. @param text  gets its bytes @return false: reported, and nothing is held */
bool source_host(struct host *host, struct buf *text, const char *tree, const char *path, struct messages *m);

/** The reference policy of a source tree alone. */
bool source_read_reference(struct source *s, const char *tree, struct messages *m);

/** As source_read(), lines in messages: .te is not compiled. */
bool source_read_text(struct source *s, const char *tree, const char *const *words, size_t count, struct messages *m);

/** Do rules have places? Not those of a policy that is only there as binary. */
bool source_has_places(const struct source *s);

/** Add an empty file. Borrowed until the next is added. */
struct source_file *source_add_file(struct source *s, const char *name);

/** Add CIL that is in no file. @param name how messages call it; both are copied */
void source_add(struct source *s, const char *name, const char *text, size_t len);

/** The text as a tree, read once; NULL if its parentheses do not match. Borrowed until source_free(). */
const struct cil_tree *source_tree(struct source_file *f);

/** The file of that name, NULL if there is none. */
struct source_file *source_find(const struct source *s, const char *name);

void source_free(struct source *s);

#endif
