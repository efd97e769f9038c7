/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The language of Xen's own policy: modules (.te) with interfaces (.if) and constraints (.cons), by m4 and checkpolicy, in the order of
 * its Makefile. Three things can be named, and added to each other:
 *
 *   a folder such as Xen's tools/flask/policy   modules/ as modules.conf switches them on, policy/, and the classes of
 *                                               ../../../xen/xsm/flask/policy (or flask/ in the folder)
 *   a folder of such files                      all of them
 *   FILE.te                                     with FILE.if and FILE.cons beside it
 *
 * m4's output, `conf` of a source, has marks of the lines it comes from. Lines are those of the files: of what a macro makes, the line
 * of the call.
 */
#ifndef BH_POLICY_TE_H
#define BH_POLICY_TE_H

#include "rules.h"
#include "source.h"

struct te_words;

/** Is it a file or folder of this language? */
bool te_is(const char *word);

/** Read its files into a source, each with a rank. */
bool te_add(struct source *s, const char *word, struct messages *m);

/** Bring them into the order that checkpolicy wants. */
void te_sort(struct source *s);

/**
 * Compile to `conf` and `image`.
 *
 * @param unchecked  assertions need not hold: what checkpolicy says of them becomes `broken`, and `image` is the policy without them
 * @return false: `m` says why, with places and hints
 */
bool te_compile(struct source *s, unsigned int version, bool unchecked, struct messages *m);

/** Does checkpolicy say that an assertion does not hold? NULL: it says nothing. */
bool te_is_broken(const char *said);
/**
 * One more for the violations of `out`, of one such line; its rules name what of them is forbidden, the first has no place if none is known.
 *
 * @param w  words of `conf`
 * @return false: the line is about something else
 */
bool te_violation(const struct source *s, const struct te_words *w, const char *line, struct rules *out, struct messages *m);
/** All of `broken`. */
void te_violations(const struct source *s, struct rules *out, struct messages *m);

/** Rules with places, as rules_find() has them, without violations. */
bool te_rules(const struct source *s, const struct question *questions, size_t count, struct rules *out, struct messages *m);

#endif
