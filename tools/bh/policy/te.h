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

/** Is it a file or folder of this language? */
bool te_is(const char *word);

/** Read its files into a source, each with a rank. */
bool te_add(struct source *s, const char *word, struct messages *m);

/** Bring them into the order that checkpolicy wants. */
void te_sort(struct source *s);

/** Compile to `conf` and `image`. @return false: `m` says why, with places and hints */
bool te_compile(struct source *s, unsigned int version, struct messages *m);

/** Rules with places, as rules_find() has them; no violations, for checkpolicy refuses what breaks an assertion. */
bool te_rules(const struct source *s, const struct question *questions, size_t count, struct rules *out, struct messages *m);

#endif
